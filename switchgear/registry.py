"""`Registry`: the client of an ERC-8004 identity registry, the canonical one or `AgentIdentity`.

>>> registry = Registry(connect("http://127.0.0.1:8545"), "0x8004...")           # doctest: +SKIP
>>> agent_id = registry.register("ipfs://...", sender=owner).event("Registered").args["agentId"]  # doctest: +SKIP
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from switchgear import signing
from switchgear.artifacts import load
from switchgear.chain import BlockIdentifier, Contract, Transaction
from switchgear.errors import AnswerInvalid, ContractReverted, OwnerUnavailable
from switchgear.interface import Interface
from switchgear.types import ZERO_ADDRESS
from switchgear.values import from_instant, to_address, to_uint

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime

    from web3 import Web3


class Registry(Contract):
    """An identity registry (``IERC8004Identity``), with what deployed ones have beyond the ERC's text.

    Agent ids are the registry's own and start at 0. Every read takes `block_identifier`; everything that changes state
    takes `sender` and `dry_run`, simulates first and returns a `Transaction`; see `Contract.send` for the errors. The
    errors of AgentIdentity have exceptions of their own; another registry's are `ContractReverted` with their data.

    Args:
        web3: A node; see `switchgear.connect`.
        address: Of the registry.
        chain_id: The chain that the node must serve; any if None.
    """

    name = "identity registry"

    def __init__(self, web3: Web3, address: str, *, chain_id: int | None = None) -> None:
        super().__init__(web3, address, Interface(load("AgentIdentity").abi), chain_id=chain_id)

    # ------------------------------------------------------------------ reads

    def owner_of(self, agent_id: int, *, block_identifier: BlockIdentifier = "latest") -> str:
        """Who answers for an agent; `OwnerUnavailable` unless the registry names exactly one address (ID-4)."""
        agent_id = to_uint(agent_id, name="agent_id")
        try:
            owner = self.read("ownerOf", agent_id, block_identifier=block_identifier)
        except (ContractReverted, AnswerInvalid) as error:
            raise OwnerUnavailable(self.address, agent_id) from error
        if owner == ZERO_ADDRESS:
            raise OwnerUnavailable(self.address, agent_id)
        return str(owner)

    def agent_uri(self, agent_id: int, *, block_identifier: BlockIdentifier = "latest") -> str:
        """Where an agent's registration file is; empty if none was named (``tokenURI``)."""
        return str(self.read("tokenURI", to_uint(agent_id, name="agent_id"), block_identifier=block_identifier))

    def agent_wallet(self, agent_id: int, *, block_identifier: BlockIdentifier = "latest") -> str | None:
        """Where an agent is paid, None if nowhere (``getAgentWallet``). Not the wallet that the core admits."""
        wallet = self.read("getAgentWallet", to_uint(agent_id, name="agent_id"), block_identifier=block_identifier)
        return None if wallet == ZERO_ADDRESS else str(wallet)

    def metadata(self, agent_id: int, key: str, *, block_identifier: BlockIdentifier = "latest") -> bytes:
        """One metadata value of an agent; empty if never set (``getMetadata``)."""
        agent_id = to_uint(agent_id, name="agent_id")
        return bytes(self.read("getMetadata", agent_id, key, block_identifier=block_identifier))

    def balance_of(self, owner: str, *, block_identifier: BlockIdentifier = "latest") -> int:
        """Number of agents that an address owns (ERC-721)."""
        return int(self.read("balanceOf", to_address(owner, name="owner"), block_identifier=block_identifier))

    def is_authorized_or_owner(
        self, spender: str, agent_id: int, *, block_identifier: BlockIdentifier = "latest"
    ) -> bool:
        """Whether an address may write an agent's record (``isAuthorizedOrOwner``).

        No power in the core comes of it (ID-7).
        """
        pair = to_address(spender, name="spender"), to_uint(agent_id, name="agent_id")
        return bool(self.read("isAuthorizedOrOwner", *pair, block_identifier=block_identifier))

    def version(self, *, block_identifier: BlockIdentifier = "latest") -> str:
        """Of the registry's code (``getVersion``)."""
        return str(self.read("getVersion", block_identifier=block_identifier))

    def core(self, *, block_identifier: BlockIdentifier = "latest") -> str | None:
        """The core that is told of transfers (``circuitBreaker``); None if the registry is no AgentIdentity."""
        try:
            return str(self.read("circuitBreaker", block_identifier=block_identifier))
        except (ContractReverted, AnswerInvalid):
            return None

    def eip712_domain(self, *, block_identifier: BlockIdentifier = "latest") -> tuple[str, str]:
        """Name and version of the registry's EIP-712 domain (EIP-5267); the ERC's own if it does not say."""
        try:
            _, name, version, *_ = self.read("eip712Domain", block_identifier=block_identifier)
        except (ContractReverted, AnswerInvalid):
            return signing.REGISTRY_DOMAIN
        return name, version

    # ------------------------------------------------------------------ messages to sign

    def agent_wallet_set(self, agent_id: int, wallet: str, deadline: datetime | int) -> signing.TypedData:
        """What a wallet signs to become where the agent is paid; the deadline is at most 5 minutes ahead."""
        return signing.agent_wallet_set(
            chain_id=self.node.chain_id,
            registry=self.address,
            agent_id=agent_id,
            new_wallet=wallet,
            owner=self.owner_of(agent_id),
            deadline=deadline,
            domain=self.eip712_domain(),
        )

    # ------------------------------------------------------------------ transactions

    def register(
        self,
        uri: str | None = None,
        metadata: Mapping[str, bytes] | None = None,
        *,
        sender: Any,
        dry_run: bool = False,
    ) -> Transaction:
        """Register an agent that belongs to the sender (``register``). Its id is in the event Registered.

        Args:
            uri: Where its registration file is.
            metadata: Entries by key; the key `agentWallet` is the registry's own.
            sender: The owner to be.
            dry_run: Simulate only.
        """
        if metadata:
            entries = list(metadata.items())
            return self.send(_REGISTER_FULL, uri or "", entries, sender=sender, dry_run=dry_run)
        if uri is None:
            return self.send("register()", sender=sender, dry_run=dry_run)
        return self.send("register(string)", uri, sender=sender, dry_run=dry_run)

    def set_agent_uri(self, agent_id: int, uri: str, *, sender: Any, dry_run: bool = False) -> Transaction:
        """Change where an agent's registration file is (``setAgentURI``). Owner, approved or operator."""
        return self.send("setAgentURI", to_uint(agent_id, name="agent_id"), uri, sender=sender, dry_run=dry_run)

    def set_metadata(self, agent_id: int, key: str, value: bytes, *, sender: Any, dry_run: bool = False) -> Transaction:
        """Write one metadata value (``setMetadata``). Owner, approved or operator."""
        agent_id = to_uint(agent_id, name="agent_id")
        return self.send("setMetadata", agent_id, key, value, sender=sender, dry_run=dry_run)

    def set_agent_wallet(
        self,
        agent_id: int,
        wallet: str,
        *,
        deadline: datetime | int,
        signature: bytes,
        sender: Any,
        dry_run: bool = False,
    ) -> Transaction:
        """Name where an agent is paid, with that wallet's signature over `agent_wallet_set` (``setAgentWallet``)."""
        pair = to_uint(agent_id, name="agent_id"), to_address(wallet, name="wallet")
        until = from_instant(deadline, name="deadline")
        return self.send("setAgentWallet", *pair, until, signature, sender=sender, dry_run=dry_run)

    def unset_agent_wallet(self, agent_id: int, *, sender: Any, dry_run: bool = False) -> Transaction:
        """Clear where an agent is paid (``unsetAgentWallet``)."""
        return self.send("unsetAgentWallet", to_uint(agent_id, name="agent_id"), sender=sender, dry_run=dry_run)

    def transfer(self, agent_id: int, to: str, *, sender: Any, dry_run: bool = False) -> Transaction:
        """Hand an agent to another owner (ERC-721 ``transferFrom``); its wallet bindings end (ID-4). Owner."""
        pair = to_address(sender, name="sender"), to_address(to, name="to")
        agent_id = to_uint(agent_id, name="agent_id")
        return self.send("transferFrom", *pair, agent_id, sender=sender, dry_run=dry_run)


_REGISTER_FULL = "register(string,(string,bytes)[])"
