"""What the core refuses (``contracts/interfaces/``), and protocols that ask it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from switchgear.errors.base import ContractReverted
from switchgear.types import Field, Subject, Verdict


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
