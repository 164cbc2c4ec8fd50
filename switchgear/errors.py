"""Everything that can go wrong, as one tree of exceptions under `SwitchgearError`.

- `InvalidInput`: refused here, before anything was asked of a node.
- `ChainError`: no node, the wrong chain, no contract, other code, a transaction that did not get through.
- `ContractReverted`: a contract refused. Each custom error of the contracts has a class of the same name with the
  error's fields as attributes: instants as aware `datetime`, durations as `timedelta`, the rest as decoded.

The text of each says what to do next.

>>> print(LooseningNotReady(eta=datetime(2027, 1, 1, tzinfo=timezone.utc)))
this loosening still waits: execute it from 2027-01-01 00:00:00 UTC on
"""

from __future__ import annotations

from dataclasses import dataclass, fields, is_dataclass
from datetime import datetime, timedelta
from functools import cache
from typing import Any, ClassVar, get_type_hints

from eth_abi.abi import decode, encode
from eth_abi.exceptions import DecodingError
from eth_utils.abi import function_signature_to_4byte_selector
from eth_utils.address import to_checksum_address

from switchgear.display import show, to_instant
from switchgear.types import Field, Subject, Verdict
from switchgear.words import decode_verdict


class SwitchgearError(Exception):
    """Root of all errors of this package.

    Those with fields are dataclasses; `text`, with the fields filled in, is what they say.
    """

    text: ClassVar[str] = ""

    def __post_init__(self) -> None:
        """Makes the fields the exception's `args` too, so that it can be copied and pickled."""
        self.args = tuple(self.fields().values())

    def fields(self) -> dict[str, Any]:
        """The fields by name, in order."""
        return {field.name: getattr(self, field.name) for field in fields(self)} if is_dataclass(self) else {}

    def __str__(self) -> str:
        """What went wrong, and what to do next."""
        return self.text.format(**{k: show(v) for k, v in self.fields().items()}) if self.text else super().__str__()


class InvalidInput(SwitchgearError, ValueError):
    """An argument that no contract would take: of the wrong type, out of range, not an address..."""


class SignerRequired(SwitchgearError):
    """Something was to be sent, and nobody is there to sign it; give `sender`, or `dry_run=True`."""


class SignatureRefused(SwitchgearError):
    """The account was asked for a signature and gave none."""


class UnsupportedSender(SwitchgearError, TypeError):
    """`sender` is no LocalAccount, no Ape account and no address."""


# ---------------------------------------------------------------------------------------------- the chain


class ChainError(SwitchgearError):
    """The chain could not be read or written."""


class NoConnection(ChainError):
    """No node answers."""


@dataclass(eq=False)
class WrongChain(ChainError):
    """The node serves another chain than the one expected."""

    text = "the node is on chain {actual}, not {expected}: connect to the right network"
    expected: int
    actual: int


@dataclass(eq=False)
class ContractAbsent(ChainError):
    """There is no code at an address."""

    text = "no {name} at {address} on chain {chain_id}: check network and address, or deploy it (`ape run deploy`)"
    name: str
    address: str
    chain_id: int


@dataclass(eq=False)
class WrongCode(ChainError):
    """There is code at an address, but not the contract's."""

    text = (
        "the code at {address} is not this version's {name} (hash {actual}, expected {expected}): check the "
        "address, and the version of switchgear installed here"
    )
    name: str
    address: str
    expected: str
    """keccak-256 of the code that should be there."""
    actual: str
    """Of the code that is."""


@dataclass(eq=False)
class AnswerInvalid(ChainError):
    """A contract answered with data that its interface does not promise."""

    text = "the answer to {function} cannot be read: {address} is not the contract that it is taken for"
    function: str
    address: str


@dataclass(eq=False)
class DeployerAbsent(ChainError):
    """The network lacks the proxy through which contracts get the same address everywhere."""

    text = (
        "chain {chain_id} lacks the deterministic deployment proxy at {address}: fund "
        "0x3fAB184622Dc19b6109349B94811493BF2a45362, broadcast the signed transaction of "
        "github.com/Arachnid/deterministic-deployment-proxy once, and try again"
    )
    address: str
    chain_id: int


@dataclass(eq=False)
class RPCFailed(ChainError):
    """The node answered a request with an error of its own."""

    text = "the node refused {method}: {reason}"
    method: str
    code: int | None
    reason: str


@dataclass(eq=False)
class InsufficientFunds(ChainError):
    """The sender cannot pay for the transaction."""

    text = "{sender} has {balance} wei and needs up to {needed}: fund it"
    sender: str
    balance: int
    """In wei."""
    needed: int
    """In wei: gas limit times the highest fee, and the value sent."""


@dataclass(eq=False)
class TransactionTimeout(ChainError):
    """A transaction was broadcast and not seen mined in time; it may be later."""

    text = "transaction {hash} was not mined within {seconds} s: look for it before sending another"
    hash: str
    seconds: float


@dataclass(eq=False)
class TransactionFailed(ChainError):
    """A transaction was mined and failed, and no revert data could be had (it ran out of gas, for one)."""

    text = "transaction {hash} was mined and failed without revert data"
    hash: str


# ---------------------------------------------------------------------------------------------- contracts


class ContractReverted(SwitchgearError):
    """A contract refused. Itself, for revert data that no class below knows."""

    signature: ClassVar[str] = ""
    """The error in Solidity."""
    data: bytes = b""
    """All of the revert data."""
    tx_hash: str | None = None
    """The failed transaction; None if a simulation told, and nothing was sent."""

    def __str__(self) -> str:
        """The revert data, where nothing better is known."""
        if self.text:
            return super().__str__()
        return (
            f"the contract reverted with unknown data 0x{self.data.hex()}"
            if self.data
            else "the contract reverted without data"
        )


# -------------------------------------------------------------------------------------------- the core


@dataclass(eq=False)
class AdminAlreadySet(ContractReverted):
    """The protocol has named its first admin already."""

    signature = "AdminAlreadySet(address)"
    text = "{admin} is admin already: it hands the role on with transferAdmin, and the new one accepts"
    admin: str


@dataclass(eq=False)
class AlreadyEnrolled(ContractReverted):
    """The identity has a handle already."""

    signature = "AlreadyEnrolled(uint32)"
    text = "already enrolled: use handle {agent}"
    agent: int


@dataclass(eq=False)
class BoundWalletHasNoAuthority(ContractReverted):
    """An address once bound to an agent can hold no authority (ID-7)."""

    signature = "BoundWalletHasNoAuthority(address,uint32)"
    text = "{wallet} is or was a wallet of agent {agent} and can hold no authority, ever: use another address"
    wallet: str
    agent: int


@dataclass(eq=False)
class DeadlineExpired(ContractReverted):
    """A signature was used too late."""

    signature = "DeadlineExpired(uint256)"
    text = "the signature was good until {deadline}: have it signed anew with a later deadline"
    deadline: datetime | None


@dataclass(eq=False)
class DepthExceeded(ContractReverted):
    """An agent has at most four generations above it (ID-6)."""

    signature = "DepthExceeded(uint32)"
    text = "agent {parent} is in the fourth generation and can have no children: choose another parent"
    parent: int


@dataclass(eq=False)
class ExpiryNotInFuture(ContractReverted):
    """A binding must end in the future."""

    signature = "ExpiryNotInFuture(uint40)"
    text = "the expiry {expiry} has passed: choose a later one"
    expiry: datetime | None


@dataclass(eq=False)
class GuardianSpent(ContractReverted):
    """A guardian trips one breaker once until it is re-armed (BR-8)."""

    signature = "GuardianSpent(address)"
    text = (
        "{guardian} has tripped this breaker already: the owner or admin re-arms guardians by a reset of "
        "the cause guardian"
    )
    guardian: str


@dataclass(eq=False)
class HeartbeatMissed(ContractReverted):
    """A late beat restores nothing (BR-14)."""

    signature = "HeartbeatMissed(uint32,uint32)"
    text = "agent {agent} missed its beat at {deadline}: only its owner restores it, by a reset of the cause heartbeat"
    agent: int
    deadline: datetime | None


@dataclass(eq=False)
class InvalidDuration(ContractReverted):
    """A guardian's bound or a heartbeat interval is out of range (BR-17)."""

    signature = "InvalidDuration(uint256,uint256,uint256)"
    text = "{duration} is out of range: choose more than {above} and at most {maximum}"
    duration: timedelta
    above: timedelta
    maximum: timedelta


@dataclass(eq=False)
class InvalidLimits(ContractReverted):
    """One field of limits or lane policy is out of range."""

    signature = "InvalidLimits(uint8)"
    text = "{field} is out of range: see Limits and LanePolicy for its bounds"
    field: Field


@dataclass(eq=False)
class InvalidSignature(ContractReverted):
    """The signature is not the signer's, neither by ECDSA nor by ERC-1271."""

    signature = "InvalidSignature(address)"
    text = (
        "not what {signer} had to sign: nonce, owner, chain or address may have changed since; build the "
        "message anew and sign it"
    )
    signer: str


@dataclass(eq=False)
class InvalidSubject(ContractReverted):
    """The subject names no breaker to which this can be done."""

    signature = "InvalidSubject(uint64)"
    text = "{subject} cannot be used here: it names no such breaker"
    subject: Subject


@dataclass(eq=False)
class LaneAlreadyOpen(ContractReverted):
    """A lane opens once."""

    signature = "LaneAlreadyOpen(address,uint256)"
    text = "lane {lane} of {protocol} is open: its admin changes it with set_lane"
    protocol: str
    lane: int


@dataclass(eq=False)
class LaneNotOpen(ContractReverted):
    """The protocol never opened the lane."""

    signature = "LaneNotOpen(address,uint256)"
    text = "{protocol} has not opened lane {lane}: only the protocol itself can"
    protocol: str
    lane: int


@dataclass(eq=False)
class LineageNotDeclared(ContractReverted):
    """A provider speaks only of agents that declare its lineage (ID-8)."""

    signature = "LineageNotDeclared(uint32,uint32)"
    text = "agent {agent} does not declare lineage {lineage}: its owner calls set_lineage, which waits"
    agent: int
    lineage: int


@dataclass(eq=False)
class LooseningExpired(ContractReverted):
    """A scheduled loosening was not executed in time (BR-9)."""

    signature = "LooseningExpired(uint40)"
    text = "this loosening lapsed at {expiry}: schedule it again by making the setting again"
    expiry: datetime | None


@dataclass(eq=False)
class LooseningNotReady(ContractReverted):
    """A scheduled loosening is not due (BR-9)."""

    signature = "LooseningNotReady(uint40)"
    text = "this loosening still waits: execute it from {eta} on"
    eta: datetime | None


@dataclass(eq=False)
class NoAdmin(ContractReverted):
    """The protocol has named no admin, who alone could ever reset a lane."""

    signature = "NoAdmin(address)"
    text = "{protocol} has no admin: the protocol itself names one first, by set_admin"
    protocol: str


@dataclass(eq=False)
class NoHeartbeat(ContractReverted):
    """The agent carries no heartbeat."""

    signature = "NoHeartbeat(uint32)"
    text = "agent {agent} has no heartbeat: its owner sets one with set_heartbeat"
    agent: int


@dataclass(eq=False)
class NoLoosening(ContractReverted):
    """Nothing is scheduled for this setting."""

    signature = "NoLoosening()"
    text = "nothing is scheduled for this setting: it was executed, cancelled by a tightening, or never asked for"


@dataclass(eq=False)
class NoOverride(ContractReverted):
    """The subject has no limits of its own."""

    signature = "NoOverride(uint64)"
    text = "{subject} has no limits of its own: the lane's hold already"
    subject: Subject


@dataclass(eq=False)
class NotAuthorized(ContractReverted):
    """The caller, or who was to be given power, is no authority here."""

    signature = "NotAuthorized(address)"
    text = "{actor} has no such power here: act as the owner, admin or guardian whom this function names"
    actor: str


@dataclass(eq=False)
class NotEnrolled(ContractReverted):
    """The identity has no handle."""

    signature = "NotEnrolled(address,uint256)"
    text = "agent {agent_id} of {registry} is not enrolled: its owner calls enroll"
    registry: str
    agent_id: int


@dataclass(eq=False)
class NotGuardian(ContractReverted):
    """Who was to be dismissed is no guardian."""

    signature = "NotGuardian(address)"
    text = "{guardian} is no guardian here: there is nobody to dismiss"
    guardian: str


@dataclass(eq=False)
class NothingToReset(ContractReverted):
    """None of the causes given holds the breaker open."""

    signature = "NothingToReset()"
    text = "none of these causes holds it open: read its state, and name the causes that do"


@dataclass(eq=False)
class OwnerUnavailable(ContractReverted):
    """The registry did not answer `ownerOf` with exactly one address."""

    signature = "OwnerUnavailable(address,uint256)"
    text = "{registry} does not say who owns agent {agent_id}: check registry and id"
    registry: str
    agent_id: int


@dataclass(eq=False)
class OwnerUnchanged(ContractReverted):
    """There is no change of owner to report (ID-4)."""

    signature = "OwnerUnchanged(address)"
    text = "{owner} is the owner that is recorded: there is nothing to do"
    owner: str


@dataclass(eq=False)
class SpawnNotGranted(ContractReverted):
    """The parent's owner has granted no more children (ID-9)."""

    signature = "SpawnNotGranted(uint32)"
    text = "agent {parent} may not spawn now: its owner calls grant_spawn"
    parent: int


@dataclass(eq=False)
class SpawnOwnerMismatch(ContractReverted):
    """A child belongs to its parent's owner (ID-9)."""

    signature = "SpawnOwnerMismatch(address,address)"
    text = "the child belongs to {child_owner}, the parent to {parent_owner}: transfer the child first"
    child_owner: str
    parent_owner: str


@dataclass(eq=False)
class SpawnerFrozen(ContractReverted):
    """The wallet, its agent or an ancestor may not act now."""

    signature = "SpawnerFrozen(address)"
    text = "{wallet} may not act now: ask status() which breaker is open"
    wallet: str


@dataclass(eq=False)
class TooManyGuardians(ContractReverted):
    """A scope has at most eight guardians (BR-8)."""

    signature = "TooManyGuardians()"
    text = "there are eight guardians: dismiss one first, which waits the loosening delay"


@dataclass(eq=False)
class TooManyRegistries(ContractReverted):
    """The core gave out all its registry indexes before it saw this one; a lane cannot name it."""

    signature = "TooManyRegistries()"
    text = "a lane of this core can name no further registry: name one it knows, or none"


@dataclass(eq=False)
class UnknownAgent(ContractReverted):
    """No agent has this handle."""

    signature = "UnknownAgent(uint32)"
    text = "no agent has handle {agent}: handles are 1 to agent_count()"
    agent: int


@dataclass(eq=False)
class UnknownLineage(ContractReverted):
    """No lineage has this id."""

    signature = "UnknownLineage(uint32)"
    text = "no lineage has id {lineage}: its provider calls register_lineage"
    lineage: int


@dataclass(eq=False)
class WalletAlreadyRevoked(ContractReverted):
    """The binding ended before."""

    signature = "WalletAlreadyRevoked(address)"
    text = "{wallet} is revoked already: there is nothing to do"
    wallet: str


@dataclass(eq=False)
class WalletBoundElsewhere(ContractReverted):
    """A wallet serves one agent, and another only long after its revocation (ID-1)."""

    signature = "WalletBoundElsewhere(address,uint32,uint256)"
    text = (
        "{wallet} belongs to agent {agent} (free for another: {free_at}): use a fresh wallet, or revoke it and wait "
        "30 days"
    )
    wallet: str
    agent: int
    free_at: datetime | None


@dataclass(eq=False)
class WalletIsOwner(ContractReverted):
    """The owner of an agent cannot be its wallet (ID-7)."""

    signature = "WalletIsOwner(address)"
    text = "{wallet} owns the agent: use another wallet for it to act through"
    wallet: str


@dataclass(eq=False)
class WalletNotBound(ContractReverted):
    """The wallet was never bound."""

    signature = "WalletNotBound(address)"
    text = "{wallet} is bound to no agent, and never was"
    wallet: str


@dataclass(eq=False)
class WindowIsFixed(ContractReverted):
    """A lane's window is fixed when it opens (BR-2)."""

    signature = "WindowIsFixed(uint24)"
    text = "the window of this lane is {window} for good: keep it, or open another lane"
    window: timedelta


@dataclass(eq=False)
class ZeroAddress(ContractReverted):
    """The zero address was given where somebody is meant."""

    signature = "ZeroAddress()"
    text = "the zero address was given: name somebody"


# ----------------------------------------------------------------------------------- guarded protocols


@dataclass(eq=False)
class AgentDenied(ContractReverted):
    """A guarded protocol refused: the series does not admit the caller."""

    signature = "AgentDenied(uint256,address,uint256)"
    text = "denied in lane {lane}: {verdict}"
    lane: int
    wallet: str
    verdict: Verdict


@dataclass(eq=False)
class CoreUnavailable(ContractReverted):
    """A guarded protocol got no answer from its core, and fails closed (BR-16)."""

    signature = "CoreUnavailable(address)"
    text = "the core at {core} gave no answer: the protocol fails closed"
    core: str


@dataclass(eq=False)
class GasTooLow(ContractReverted):
    """A guarded protocol got no answer from its core, for want of gas."""

    signature = "GasTooLow(uint256,uint256)"
    text = "{available} gas was left and {required} is needed: send with a higher gas limit"
    available: int
    required: int


@dataclass(eq=False)
class NotSelf(ContractReverted):
    """Only the protocol itself may call this."""

    signature = "NotSelf(address)"
    text = "{caller} is not the protocol itself: call the outer function"
    caller: str


# --------------------------------------------------------------------------------- identity registries


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


# -------------------------------------------------------------------------------------------- Solidity


@dataclass(eq=False)
class RevertedWithReason(ContractReverted):
    """A contract refused with a text."""

    signature = "Error(string)"
    text = "{message}"
    message: str


@dataclass(eq=False)
class Panicked(ContractReverted):
    """A contract met a condition that its author took for impossible."""

    signature = "Panic(uint256)"
    text = "panic {code} (Solidity's codes): report it to the contract's author"
    code: int


@cache
def known() -> dict[bytes, type[ContractReverted]]:
    """Every class of contract error by its selector."""
    return {function_signature_to_4byte_selector(kind.signature): kind for kind in ContractReverted.__subclasses__()}


def from_revert(data: bytes, tx_hash: str | None = None) -> ContractReverted:
    """The exception for revert data: of its own class, or a plain `ContractReverted` if no class fits.

    >>> from_revert(bytes.fromhex("17ab80a7") + (7).to_bytes(32, "big")).data.hex()[:8]
    '17ab80a7'
    """
    error = _decode(data) or ContractReverted()
    error.data, error.tx_hash = data, tx_hash
    return error


def _decode(data: bytes) -> ContractReverted | None:
    kind = known().get(data[:4])
    if kind is None:
        return None
    names = [field.name for field in fields(kind)]  # type: ignore[arg-type]
    types = kind.signature.partition("(")[2][:-1].split(",") if names else []
    try:
        values = decode(types, data[4:])
    except DecodingError:
        return None
    if encode(types, values) != data[4:]:  # truncated data decode too
        return None
    hints = get_type_hints(kind)
    named = zip(names, types, values, strict=True)
    return kind(**{name: _convert(hints[name], abi_type, value) for name, abi_type, value in named})


def _convert(hint: Any, abi_type: str, value: Any) -> Any:
    if abi_type == "address":
        return to_checksum_address(value)
    if hint == datetime | None:
        return to_instant(value)
    if hint is timedelta:
        return timedelta(seconds=value)
    if hint is Verdict:
        return decode_verdict(value)
    return hint(value) if hint in (Field, Subject) else value


# -------------------------------------------------------------------------------------------- report and live page


@dataclass(eq=False)
class RangeReorganised(ChainError):
    """The chain replaced blocks while they were read."""

    text = "block {block} was {before} and is {after} by now: run it again, or up to an older block (--to-block)"
    block: int
    before: str
    after: str


@dataclass(eq=False)
class NotLoopback(InvalidInput):
    """The live page has no login, so only this machine may ask for it."""

    text = "{host} is not this machine: serve on 127.0.0.1 or ::1, and let a proxy of yours guard it"
    host: str
