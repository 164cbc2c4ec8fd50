"""What ERC-8004 identity registries refuse."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from switchgear.errors.base import ContractReverted


@dataclass(eq=False)
class AgentWalletSignatureInvalid(ContractReverted):
    """The wallet did not sign this, neither as an EOA nor by ERC-1271."""

    signature = "AgentWalletSignatureInvalid(address,bytes32)"
    text = "not what {new_wallet} had to sign: build AgentWalletSet anew with the present owner, and sign it"
    new_wallet: str
    digest: bytes


@dataclass(eq=False)
class AgentWalletZero(ContractReverted):
    """The zero address cannot be a wallet."""

    signature = "AgentWalletZero(uint256)"
    text = "the zero address cannot be the wallet of agent {agent_id}: unset_agent_wallet clears it"
    agent_id: int


@dataclass(eq=False)
class DeadlinePassed(ContractReverted):
    """The wallet's consent has run out."""

    signature = "DeadlinePassed(uint256,uint256)"
    text = "the signature was good until {deadline} and it is {current_time}: have it signed anew"
    deadline: datetime | None
    current_time: datetime | None


@dataclass(eq=False)
class DeadlineTooFar(ContractReverted):
    """The wallet's consent runs for too long."""

    signature = "DeadlineTooFar(uint256,uint256)"
    text = "the deadline {deadline} is too far off: choose {latest_deadline} at the latest, 5 minutes ahead"
    deadline: datetime | None
    latest_deadline: datetime | None


@dataclass(eq=False)
class MetadataKeyReserved(ContractReverted):
    """The registry alone writes this key."""

    signature = "MetadataKeyReserved(string)"
    text = "{metadata_key} is written by the registry alone: use set_agent_wallet or unset_agent_wallet"
    metadata_key: str


@dataclass(eq=False)
class NotAgentTransferSink(ContractReverted):
    """The registry was to be deployed with something that is no core."""

    signature = "NotAgentTransferSink(address)"
    text = "{core} takes no onAgentTransfer: give the address of a deployed CircuitBreaker"
    core: str


@dataclass(eq=False)
class ERC721IncorrectOwner(ContractReverted):
    """A transfer named the wrong owner."""

    signature = "ERC721IncorrectOwner(address,uint256,address)"
    text = "agent {token_id} belongs to {owner}, not to {sender}"
    sender: str
    token_id: int
    owner: str


@dataclass(eq=False)
class ERC721InsufficientApproval(ContractReverted):
    """The caller may not write the record of this agent."""

    signature = "ERC721InsufficientApproval(address,uint256)"
    text = "{operator} is neither owner of agent {token_id} nor approved for it"
    operator: str
    token_id: int


@dataclass(eq=False)
class ERC721InvalidApprover(ContractReverted):
    """The approver may not approve."""

    signature = "ERC721InvalidApprover(address)"
    text = "{approver} may not approve for this agent: its owner does"
    approver: str


@dataclass(eq=False)
class ERC721InvalidOperator(ContractReverted):
    """The operator cannot be one."""

    signature = "ERC721InvalidOperator(address)"
    text = "{operator} cannot be an operator"
    operator: str


@dataclass(eq=False)
class ERC721InvalidOwner(ContractReverted):
    """The owner cannot be one."""

    signature = "ERC721InvalidOwner(address)"
    text = "{owner} cannot own agents"
    owner: str


@dataclass(eq=False)
class ERC721InvalidReceiver(ContractReverted):
    """The receiver does not take ERC-721 tokens."""

    signature = "ERC721InvalidReceiver(address)"
    text = "{receiver} takes no ERC-721 tokens: use an EOA, or a contract with onERC721Received"
    receiver: str


@dataclass(eq=False)
class ERC721InvalidSender(ContractReverted):
    """The sender cannot be one."""

    signature = "ERC721InvalidSender(address)"
    text = "{sender} cannot send agents"
    sender: str


@dataclass(eq=False)
class ERC721NonexistentToken(ContractReverted):
    """The registry has no such agent."""

    signature = "ERC721NonexistentToken(uint256)"
    text = "the registry has no agent {token_id}: check the id"
    token_id: int
