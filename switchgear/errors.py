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
from switchgear.types import Field, JobState, Subject, Verdict
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
    return hint(value) if hint in (Field, JobState, Subject) else value


# -------------------------------------------------------------------------------------- countersigning


@dataclass(eq=False)
class SignaturesMissing(SwitchgearError):
    """Too few have signed a proposal yet."""

    given: int
    threshold: int
    missing: tuple[bytes, ...]
    """Who else could sign."""

    def __str__(self) -> str:
        """How many signatures are missing, and whose they could be."""
        names = ", ".join(map(show, self.missing))
        return f"{self.given} of {self.threshold} signatures: ask {self.threshold - self.given} of {names}"


class _Countersignable:
    """An execution was refused for want of signatures."""

    payload: dict[str, Any] | None = None
    """What has to be signed, as EIP-712 typed data; `Countersign.propose_for` puts it here."""


@dataclass(eq=False)
class NeedsCountersignature(_Countersignable, ContractReverted):
    """The action needs countersignatures, and the policy names no council (WP-7)."""

    signature = "NeedsCountersignature(address,bytes32)"
    text = "{wallet} needs countersignatures for the execution {calls}, and the policy has no council: give it one"
    wallet: str
    calls: bytes


@dataclass(eq=False)
class NotCountersigned(_Countersignable, ContractReverted):
    """The council has not approved this, or the approval expired, was vetoed, was used, or waits until `eta` (WP-7)."""

    signature = "NotCountersigned(address,address,bytes32,uint40)"
    policy: str
    wallet: str
    calls: bytes
    eta: datetime | None

    def __str__(self) -> str:
        """What to do next: wait, or collect signatures."""
        if self.eta is not None and self.eta.timestamp():
            return f"the approval of {show(self.calls)} still waits: execute it from {show(self.eta)} on"
        return f"{self.wallet} has no approval that counts for {show(self.calls)}: propose it and collect signatures"


@dataclass(eq=False)
class ActionExpired(ContractReverted):
    """The proposal's expiry has passed (WP-7)."""

    signature = "ActionExpired(uint40)"
    text = "the proposal expired at {expiry}: propose it anew"
    expiry: datetime | None


@dataclass(eq=False)
class NonceUsed(ContractReverted):
    """A nonce of a policy serves one approval, whatever became of it (WP-7)."""

    signature = "NonceUsed(address,uint256)"
    text = "nonce {nonce} of policy {policy} was approved or vetoed before: propose with another"
    policy: str
    nonce: int


@dataclass(eq=False)
class AlreadyApproved(ContractReverted):
    """An equal action is approved and unused (WP-7)."""

    signature = "AlreadyApproved(bytes32)"
    text = "an equal action is approved as {id} and unused: consume it, veto it, or let it expire first"
    id: bytes


@dataclass(eq=False)
class NotSigner(ContractReverted):
    """A signature is of somebody who is not in the council (WP-7)."""

    signature = "NotSigner(bytes)"
    text = "{signer} is no signer of this council: leave the signature out"
    signer: bytes


@dataclass(eq=False)
class TooFewSignatures(ContractReverted):
    """Fewer signatures than the threshold (WP-7)."""

    signature = "TooFewSignatures(uint256,uint256)"
    text = "{given} of {threshold} signatures: collect more"
    given: int
    threshold: int


@dataclass(eq=False)
class InvalidSignatures(ContractReverted):
    """A signature is not its signer's, or a signer is there twice (WP-7)."""

    signature = "InvalidSignatures(bytes32)"
    text = "a signature over {digest} is not its signer's, or a signer is there twice: compare what each has signed"
    digest: bytes


@dataclass(eq=False)
class NotVetoer(ContractReverted):
    """Owner, signers and the policy's guardians veto; nobody else (WP-7)."""

    signature = "NotVetoer(address)"
    text = "{caller} is neither owner nor signer of the council nor a guardian of the approval's policy"
    caller: str


# ---------------------------------------------------------------------------- commerce (ERC-8183): escrow, hook


@dataclass(eq=False)
class UnknownJob(ContractReverted):
    """There is no such job."""

    signature = "UnknownJob(uint256)"
    text = "there is no job {job_id}: check the id"
    job_id: int


@dataclass(eq=False)
class WrongJobState(ContractReverted):
    """The job is not in a state that allows this."""

    signature = "WrongJobState(uint256,uint8)"
    text = "job {job_id} does not allow this now: it is {state}"
    job_id: int
    state: JobState


@dataclass(eq=False)
class WrongJobParty(ContractReverted):
    """This is another party's part."""

    signature = "WrongJobParty(uint256,address,address)"
    text = "{caller} may not do this to job {job_id}: {expected} may"
    job_id: int
    caller: str
    expected: str


@dataclass(eq=False)
class InvalidExpiry(ContractReverted):
    """A job was to expire in the past, or never."""

    signature = "InvalidExpiry(uint256)"
    text = "a job cannot expire at {expired_at}: give a time in the future, in Unix seconds below 2**48"
    expired_at: int


@dataclass(eq=False)
class EvaluatorIsProvider(ContractReverted):
    """The provider would judge its own work."""

    signature = "EvaluatorIsProvider(address)"
    text = "{evaluator} cannot both do the work and judge it: name another"
    evaluator: str


@dataclass(eq=False)
class ProviderAlreadySet(ContractReverted):
    """The job has a provider."""

    signature = "ProviderAlreadySet(uint256,address)"
    text = "job {job_id} has provider {provider} already: reject it and create another"
    job_id: int
    provider: str


@dataclass(eq=False)
class ProviderNotSet(ContractReverted):
    """The job has no provider yet."""

    signature = "ProviderNotSet(uint256)"
    text = "job {job_id} has no provider: name one first"
    job_id: int


@dataclass(eq=False)
class BudgetNotSet(ContractReverted):
    """The job pays nothing yet."""

    signature = "BudgetNotSet(uint256)"
    text = "job {job_id} has no budget: set one first"
    job_id: int


@dataclass(eq=False)
class BudgetMismatch(ContractReverted):
    """The budget is not what the client agreed to."""

    signature = "BudgetMismatch(uint256,uint256,uint256)"
    text = "job {job_id} pays {budget} (smallest unit), not the {expected} agreed to: somebody changed it"
    job_id: int
    expected: int
    budget: int


@dataclass(eq=False)
class JobHasExpired(ContractReverted):
    """The job takes no money any more."""

    signature = "JobHasExpired(uint256,uint256)"
    text = "job {job_id} expired at {expired_at}: create another"
    job_id: int
    expired_at: datetime | None


@dataclass(eq=False)
class JobNotExpired(ContractReverted):
    """A refund comes too early."""

    signature = "JobNotExpired(uint256,uint256)"
    text = "job {job_id} can be refunded from {expired_at} on; until then its evaluator can reject it"
    job_id: int
    expired_at: datetime | None


@dataclass(eq=False)
class FundingMismatch(ContractReverted):
    """The token delivered another amount than it was asked for."""

    signature = "FundingMismatch(uint256,uint256,uint256)"
    text = "job {job_id} got {received} for {expected} (smallest unit): a token that charges for transfers will not do"
    job_id: int
    expected: int
    received: int


@dataclass(eq=False)
class NotHook(ContractReverted):
    """The address is no hook."""

    signature = "NotHook(address)"
    text = "{hook} does not say by ERC-165 that it is a hook of ERC-8183"
    hook: str


@dataclass(eq=False)
class HookRequired(ContractReverted):
    """Every job has a certain hook here."""

    signature = "HookRequired(address)"
    text = "every job here has the hook {hook}: name it"
    hook: str


@dataclass(eq=False)
class HookRefused(ContractReverted):
    """The job's hook refused; `refusal` says why."""

    signature = "HookRefused(address,bytes)"
    text = "the job's hook {hook} refuses: {reason}"
    hook: str
    reason: bytes

    @property
    def refusal(self) -> ContractReverted:
        """What the hook reverted with."""
        return from_revert(self.reason, self.tx_hash)

    def __str__(self) -> str:
        """Who refused, and why in words."""
        return self.text.format(hook=self.hook, reason=self.refusal)


@dataclass(eq=False)
class NotJobContract(ContractReverted):
    """The hook answers other contracts."""

    signature = "NotJobContract(address)"
    text = "{caller} is no job contract of this hook: use one that it was deployed for"
    caller: str


@dataclass(eq=False)
class NotVetoable(ContractReverted):
    """It was consumed or vetoed already (WP-7)."""

    signature = "NotVetoable(bytes32,uint8)"
    text = "{id} is over (state {state}: 2 consumed, 3 vetoed): nothing is left to veto"
    id: bytes
    state: int


@dataclass(eq=False)
class MultiSignerERC7913AlreadyExists(ContractReverted):
    """Nobody is a signer twice."""

    signature = "MultiSignerERC7913AlreadyExists(bytes)"
    text = "{signer} is a signer already"
    signer: bytes


@dataclass(eq=False)
class MultiSignerERC7913NonexistentSigner(ContractReverted):
    """Only signers can be removed."""

    signature = "MultiSignerERC7913NonexistentSigner(bytes)"
    text = "{signer} is no signer"
    signer: bytes


@dataclass(eq=False)
class MultiSignerERC7913InvalidSigner(ContractReverted):
    """A signer is an address, or a verifier with code and its key."""

    signature = "MultiSignerERC7913InvalidSigner(bytes)"
    text = "{signer} cannot sign: give 20 bytes of an address, or a deployed ERC-7913 verifier and a key"
    signer: bytes


@dataclass(eq=False)
class MultiSignerERC7913ZeroThreshold(ContractReverted):
    """A council that nobody signs for approves everything."""

    signature = "MultiSignerERC7913ZeroThreshold()"
    text = "at least one must sign"


@dataclass(eq=False)
class MultiSignerERC7913UnreachableThreshold(ContractReverted):
    """More signatures than there are signers."""

    signature = "MultiSignerERC7913UnreachableThreshold(uint64,uint64)"
    text = "{threshold} signatures of {signers} signers: add signers, or lower the threshold first"
    signers: int
    threshold: int


# ------------------------------------------------------------------------------------ loosening waits


@dataclass(eq=False)
class NotOwner(ContractReverted):
    """The owner's alone."""

    signature = "NotOwner(address)"
    text = "{caller} is not the owner"
    caller: str


@dataclass(eq=False)
class NotDelayed(ContractReverted):
    """What loosens waits (BR-9)."""

    signature = "NotDelayed(address)"
    text = "this loosens, so {caller} has to schedule it, and execute it a day later"
    caller: str


@dataclass(eq=False)
class NotScheduled(ContractReverted):
    """No such call is scheduled (BR-9)."""

    signature = "NotScheduled(bytes32)"
    text = "{id} is not scheduled, or was executed or cancelled: schedule it"
    id: bytes


@dataclass(eq=False)
class AlreadyScheduled(ContractReverted):
    """The same call is scheduled and not expired (BR-9)."""

    signature = "AlreadyScheduled(bytes32,uint40)"
    text = "{id} is scheduled already: execute it from {eta} on"
    id: bytes
    eta: datetime | None


@dataclass(eq=False)
class OwnableInvalidOwner(ContractReverted):
    """There is always an owner."""

    signature = "OwnableInvalidOwner(address)"
    text = "{owner} cannot be the owner"
    owner: str


@dataclass(eq=False)
class OwnableUnauthorizedAccount(ContractReverted):
    """Only who was named accepts ownership."""

    signature = "OwnableUnauthorizedAccount(address)"
    text = "{account} was not named as the next owner"
    account: str


@dataclass(eq=False)
class FailedCall(ContractReverted):
    """A scheduled call failed and did not say why: there is no such function, most likely."""

    signature = "FailedCall()"
    text = "the call failed without a reason: compare it with the contract's functions"


# ------------------------------------------------------------------------------------------- the decoder


@dataclass(eq=False)
class MalformedExecution(ContractReverted):
    """An account might read something else in this execution than the decoder (WP-2)."""

    signature = "MalformedExecution()"
    text = "the execution is not encoded strictly: encode it anew with an ordinary ABI encoder"


@dataclass(eq=False)
class DelegateCallRefused(ContractReverted):
    """Only MultiSendCallOnly is called by delegatecall (WP-4)."""

    signature = "DelegateCallRefused(address)"
    text = "no delegatecall to {target}: make it a plain call, or batch plain calls through MultiSendCallOnly"
    target: str


@dataclass(eq=False)
class ModeRefused(ContractReverted):
    """An ERC-7579 mode other than single or batch that reverts on failure."""

    signature = "ModeRefused(bytes32)"
    text = "mode {mode} is refused: use a single call (0x00...) or a batch (0x0100...), which revert on failure"
    mode: bytes


@dataclass(eq=False)
class NoSelector(ContractReverted):
    """The call's data name no function, and it is no plain transfer either."""

    signature = "NoSelector()"
    text = "one to three bytes of data, or a selector of zeros: name a function, or send no data"


@dataclass(eq=False)
class MalformedArguments(ContractReverted):
    """The arguments of a function that moves tokens are not canonical."""

    signature = "MalformedArguments(address,bytes4)"
    text = "the arguments of {selector} for {target} are cut short or not canonical: encode them anew"
    target: str
    selector: bytes


@dataclass(eq=False)
class UnknownAction(ContractReverted):
    """The hook does not know this function of the job contract."""

    signature = "UnknownAction(bytes4)"
    text = "the hook does not know the function {selector}: deploy one whose table has it"
    selector: bytes


@dataclass(eq=False)
class InvalidJobWords(ContractReverted):
    """The hook was to read a job too far behind its beginning."""

    signature = "InvalidJobWords()"
    text = "the hook reads the first 16 words of a job: give places below 16"


@dataclass(eq=False)
class JobUnreadable(ContractReverted):
    """The hook cannot read the job."""

    signature = "JobUnreadable(address,uint256)"
    text = "the hook cannot read job {job_id} of {job_contract}: it was deployed for another version"
    job_contract: str
    job_id: int


@dataclass(eq=False)
class ReentrancyGuardReentrantCall(ContractReverted):
    """Something called back in the middle of an action."""

    signature = "ReentrancyGuardReentrantCall()"
    text = "a token or hook called back in the middle of an action: do not use it"


@dataclass(eq=False)
class SafeERC20FailedOperation(ContractReverted):
    """A token did not do what it was asked for."""

    signature = "SafeERC20FailedOperation(address)"
    text = "the token {token} refused: check balance and allowance"
    token: str


# ------------------------------------------------------------------------------------ session policy, adapters


@dataclass(eq=False)
class NotPermitted(ContractReverted):
    """Nothing permits this; everything else is denied (WP-1)."""

    signature = "NotPermitted(address,address,bytes4)"
    text = "{wallet} has no permission for {selector} of {target}: its owner can grant one, a day ahead"
    wallet: str
    target: str
    selector: bytes


@dataclass(eq=False)
class PermissionExpired(ContractReverted):
    """The permission's time is over."""

    signature = "PermissionExpired(address,address,bytes4,uint40)"
    text = "the permission of {wallet} for {selector} of {target} ended at {expiry}: its owner can grant another"
    wallet: str
    target: str
    selector: bytes
    expiry: datetime | None


@dataclass(eq=False)
class PermissionUsedUp(ContractReverted):
    """The permission was used as often as it may be."""

    signature = "PermissionUsedUp(address,address,bytes4)"
    text = "the permission of {wallet} for {selector} of {target} is used up: its owner can grant another"
    wallet: str
    target: str
    selector: bytes


@dataclass(eq=False)
class CoolingDown(ContractReverted):
    """The permission was used a short time ago."""

    signature = "CoolingDown(address,address,bytes4,uint40)"
    text = "{wallet} may use {selector} of {target} again from {until} on"
    wallet: str
    target: str
    selector: bytes
    until: datetime | None


@dataclass(eq=False)
class NativeCapExceeded(ContractReverted):
    """The call would send too much of the chain's own coin."""

    signature = "NativeCapExceeded(address,address,bytes4,uint256,uint256)"
    text = "{value} wei with {selector} of {target} are more than the {cap} that {wallet} may send with it"
    wallet: str
    target: str
    selector: bytes
    value: int
    cap: int


@dataclass(eq=False)
class CallCapExceeded(ContractReverted):
    """One call would take too much, or an amount that nobody can read."""

    signature = "CallCapExceeded(address,address,bytes4,uint256,uint256)"
    text = "{amount} by {selector} of {target} is more than the {cap} that {wallet} may take by one call"
    wallet: str
    target: str
    selector: bytes
    amount: int
    cap: int


@dataclass(eq=False)
class LifetimeCapExceeded(ContractReverted):
    """All calls under a permission would take too much together."""

    signature = "LifetimeCapExceeded(address,address,bytes4,uint256,uint256)"
    text = "{amount} by {selector} of {target} is more than the {left} that the permission of {wallet} has left"
    wallet: str
    target: str
    selector: bytes
    amount: int
    left: int


@dataclass(eq=False)
class RuleViolated(ContractReverted):
    """An argument is none of those that the permission allows."""

    signature = "RuleViolated(address,address,bytes4,uint16)"
    text = (
        "argument word {word} of {selector} of {target} is none of those that {wallet} may use (65535: the recipient)"
    )
    wallet: str
    target: str
    selector: bytes
    word: int


@dataclass(eq=False)
class TargetRefused(ContractReverted):
    """The account, its policy, the core and the council are out of an agent's reach (WP-4)."""

    signature = "TargetRefused(address)"
    text = "no agent may be permitted to call {target}"
    target: str


@dataclass(eq=False)
class InnerCallFailed(ContractReverted):
    """A failed inner call would keep its charge: all of it is undone (WP-5)."""

    signature = "InnerCallFailed()"
    text = "the call inside the execution failed: nothing happened, and nothing was charged"


@dataclass(eq=False)
class WrongAccount(ContractReverted):
    """A policy guards one account."""

    signature = "WrongAccount(address,address)"
    text = "{caller} is not {account}, which this policy guards: deploy a policy of its own for it"
    caller: str
    account: str


@dataclass(eq=False)
class InvalidPermission(ContractReverted):
    """A permission, a trusted party or an asset that cannot be."""

    signature = "InvalidPermission()"
    text = (
        "this cannot be granted: check expiry (future), wallet (neither account nor owner nor trusted), thresholds "
        "(approve not above delay), standard (functions of tokens need one), assets (4 at most, no zero), rules (32 at "
        "most, in order, low <= high), and that unknown wallets are denied"
    )


@dataclass(eq=False)
class AlreadyConfigured(ContractReverted):
    """A policy's first configuration lands while it is being deployed."""

    signature = "AlreadyConfigured()"
    text = "the policy has its first configuration: schedule what loosens it, and execute that a day later"


@dataclass(eq=False)
class BalanceUnavailable(ContractReverted):
    """A balance could not be read, so that no drop could be charged."""

    signature = "BalanceUnavailable(address)"
    text = "{asset} does not say what the account has of it: it cannot be measured"
    asset: str


@dataclass(eq=False)
class SupersededByTightening(ContractReverted):
    """The same was tightened after this was announced (BR-9)."""

    signature = "SupersededByTightening(uint256)"
    text = "tightened at {tightened_at} (Unix seconds), which cancels what was announced before: announce it again"
    tightened_at: int


@dataclass(eq=False)
class TooDeep(ContractReverted):
    """Executions within executions within executions."""

    signature = "TooDeep()"
    text = "more than 31 executions within each other"


@dataclass(eq=False)
class TooManyWatches(ContractReverted):
    """One execution would have too many balances compared."""

    signature = "TooManyWatches()"
    text = "more than 16 assets are measured in one execution: split it"


@dataclass(eq=False)
class GasRefundRefused(ContractReverted):
    """A Safe pays gas refunds from what it holds, past every limit (WP-4)."""

    signature = "GasRefundRefused(uint256)"
    text = "an agent's Safe transaction has gasPrice 0, not {gas_price}: Safe would pay the rest past every limit"
    gas_price: int


@dataclass(eq=False)
class ModulesUnguarded(ContractReverted):
    """Modules act past a transaction guard."""

    signature = "ModulesUnguarded(address)"
    text = "module {module} would act past the guard: set it as module guard first (Safe 1.5.0), or disable the module"
    module: str


@dataclass(eq=False)
class HandlerRefused(ContractReverted):
    """Through such a fallback handler an agent that owns the Safe could sign messages for it (WP-4)."""

    signature = "HandlerRefused(address)"
    text = "through fallback handler {handler} agents could sign for the Safe: set the guard's own handler, or none"
    handler: str


@dataclass(eq=False)
class SignatureUnreadable(ContractReverted):
    """Signatures of a Safe transaction are cut short."""

    signature = "SignatureUnreadable()"
    text = "there are fewer signatures than the Safe's threshold"


@dataclass(eq=False)
class FunctionRefused(ContractReverted):
    """Of what only entry point and account may call, agents get `execute` (WP-4)."""

    signature = "FunctionRefused(bytes4)"
    text = "an agent may not call {selector} of its account: `execute` is what it gets"
    selector: bytes


@dataclass(eq=False)
class DelegatedAccount(ContractReverted):
    """The key of an EOA with delegated code acts past every hook (WP-9)."""

    signature = "DelegatedAccount(address)"
    text = "{account} is an EOA with delegated code (EIP-7702): its key acts past any hook, so that none guards it"
    account: str


@dataclass(eq=False)
class MalformedTerms(ContractReverted):
    """Terms of the caveat are one wallet."""

    signature = "MalformedTerms(uint256)"
    text = "the caveat's terms are the 20 bytes of a wallet, not {length} bytes"
    length: int


@dataclass(eq=False)
class NotManager(ContractReverted):
    """Only the delegation manager may ask the caveat."""

    signature = "NotManager(address)"
    text = "{caller} is not the delegation manager"
    caller: str


# ---------------------------------------------------------------------------------------------- the sentinel


class ConfigInvalid(InvalidInput):
    """The sentinel's configuration makes no sense; the text names the keys."""


@dataclass(eq=False)
class ChainReset(ChainError):
    """The chain is not the one that the sentinel has been watching, or lost more blocks than it remembers."""

    text = (
        "the chain does not have block {number} ({hash}) any more, nor any other that the sentinel remembers: if it "
        "was reset, start afresh (`--fresh` moves {database} aside); if not, the endpoints are on another chain"
    )
    number: int
    hash: str
    database: str


@dataclass(eq=False)
class ForeignDatabase(ChainError):
    """The database is of another chain or core."""

    text = "{database} was written for {expected}, not for {actual}: name another database, or start with `--fresh`"
    database: str
    expected: str
    actual: str


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


# --------------------------------------------------------------- operations of an agent's key (AgentHook7579)


@dataclass(eq=False)
class AccountWouldPay(ContractReverted):
    """An agent's operation has a price and no paymaster."""

    signature = "AccountWouldPay()"
    text = (
        "the account pays for no agent's gas: set the fees to 0 and hand the operation in yourself, or use a paymaster"
    )


# ------------------------------------------------------------------------------------------------------------- Safes


@dataclass(eq=False)
class SafeNotSigned(SignatureRefused):
    """A Safe of the plugin ape-safe did not get to act: too few of its owners are here, for one."""

    text = (
        "the Safe {safe} did not act: {reason}. Have its owners' accounts here, or let them execute it from their own "
        "interface: to {to}, value 0, data {data}"
    )
    safe: str
    reason: str
    to: str
    data: str
