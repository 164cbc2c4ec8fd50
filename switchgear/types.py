"""Names and plain values of the core: enums, structs and sentinels, as in ``contracts/types/Types.sol``.

Nothing here needs a node, Ape or an EVM. Structs are named tuples with the fields of the Solidity struct in its
order, so that they can be passed to an ABI encoder as they are, and built from what a decoder returns:

>>> Verdict.of((False, 9, 3, 0, 42, 1))
Verdict(admitted=False, reason=<Reason.COUNT_LIMIT: 9>, scope=<Scope.AGENT: 3>, distance=0, retry_after=42, agent=1)

Addresses are strings; times and durations are seconds; values are in the unit of the lane's protocol.
"""

from __future__ import annotations

from enum import IntEnum, IntFlag
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Sequence

ZERO_ADDRESS = "0x0000000000000000000000000000000000000000"

UNLIMITED_COUNT = 2**24 - 1
"""`Limits.count_cap` that is not metered."""
UNLIMITED_VALUE = 2**256 - 1
"""`Limits.value_cap` that is not metered; also what `Usage` reports for an unlimited cap."""
VALUE_CAP_BOUND = 2**236
"""Finite value caps are below this."""
NEVER_TRIP = 127
"""`Limits.trip_level` that never trips by last straw."""
NEVER_STRIKE = 63
"""`Limits.strikes` that never trips by strikes."""
NO_EXPIRY = 2**40 - 1
"""Expiry of a binding that does not end."""
NEVER = 2**32 - 1
"""`Verdict.retry_after` if waiting cannot help, and `until` of a latched trip."""

OUTAGE_ALLOWANCE = 2 * 3600
"""Seconds that every cooldown, guardian bound and heartbeat interval must exceed (BR-17)."""
LOOSENING_DELAY = 24 * 3600
"""Seconds a loosening waits before it can be executed (BR-9)."""
LOOSENING_WINDOW = 7 * 24 * 3600
"""Seconds after its ETA at which a loosening can last be executed (BR-9)."""
REBIND_DELAY = 30 * 24 * 3600
"""Seconds after its revocation before a wallet may be bound to another agent (ID-1)."""
MAX_GUARDIAN_BOUND = 30 * 24 * 3600
"""Longest trip, in seconds, that a guardian can cause (BR-8)."""
MAX_GUARDIANS = 8
"""Guardians of one agent, or of one protocol (BR-8)."""
MAX_DEPTH = 4
"""Generations above an agent at most (ID-6)."""


class State(IntEnum):
    """State of a breaker."""

    CLOSED = 0
    HALF_OPEN = 1
    OPEN = 2


class Reason(IntEnum):
    """Why an action was denied or, in shadow mode, would have been."""

    NONE = 0
    WALLET_UNKNOWN = 1
    WALLET_REVOKED = 2
    WALLET_EXPIRED = 3
    WALLET_STALE = 4
    BREAKER_OPEN = 5
    LANE_UNOPENED = 6
    REGISTRY_REFUSED = 7
    ZERO_LIMIT = 8
    COUNT_LIMIT = 9
    VALUE_LIMIT = 10
    VALUE_OVERSIZED = 11


class Scope(IntEnum):
    """Which part of the series a verdict speaks of."""

    NONE = 0
    WALLET = 1
    KILL_SWITCH = 2
    AGENT = 3
    LANE = 4
    ANCESTOR_KILL_SWITCH = 5
    LINEAGE = 6
    ANCESTOR = 7


class Cause(IntEnum):
    """What opened a breaker."""

    NONE = 0
    COUNT_LAST_STRAW = 1
    VALUE_LAST_STRAW = 2
    STRIKES = 3
    GUARDIAN = 4
    OWNER = 5
    HEARTBEAT = 6
    PROTOCOL = 7
    ADMIN = 8


class Causes(IntFlag):
    """The mask that a reset takes (``CAUSE_*``): which causes to clear."""

    AUTOMATIC = 1
    GUARDIAN = 2
    OWNER = 4
    HEARTBEAT = 8
    PROTOCOL = 16
    ADMIN = 32
    ALL = 63


class UnknownPolicy(IntEnum):
    """What a lane does with wallets that were never bound to an agent (ID-5)."""

    DENY = 0
    SHARED = 1
    EXEMPT = 2


class Field(IntEnum):
    """Which field of `Limits` or `LanePolicy` is out of range."""

    VALUE_CAP = 0
    TRIP_LEVEL = 1
    STRIKES = 2
    COOLDOWN = 3
    MAX_BACKOFF = 4
    HALF_OPEN_SCALE = 5
    PROBATION = 6
    WINDOW = 7
    LINEAGE_COUNT = 8
    LINEAGE_VALUE = 9
    SHARE = 10


class Setting(IntEnum):
    """What a setting is about; every setting is one word (BR-9)."""

    LANE = 0
    OVERRIDE = 1
    ACCEPTANCE = 2
    PROTOCOL_GUARDIAN = 3
    AGENT_GUARDIAN = 4
    HEARTBEAT = 5
    LINEAGE = 6
    ATTESTATION = 7


class Kind(IntEnum):
    """What a subject is: the high 32 bits of it."""

    AGENT = 0
    LINEAGE = 1
    LANE = 2


class Subject(int):
    """Names one breaker within a lane: kind in the high 32 bits, id in the low 32.

    >>> Subject.of_lineage(3) == (1 << 32) + 3
    True
    >>> Subject.of_agent(7)
    Subject(AGENT, 7)
    """

    @classmethod
    def of_agent(cls, agent: int) -> Subject:
        """The breaker of an agent; of handle 0, the one that all unknown wallets share."""
        return cls(agent)

    @classmethod
    def of_lineage(cls, lineage: int) -> Subject:
        """The breaker of a lineage; of 0, the one that all agents of no accepted lineage share."""
        return cls(1 << 32 | lineage)

    @property
    def kind(self) -> Kind:
        """What it names; `ValueError` for a subject that the core would refuse."""
        return Kind(self >> 32)

    @property
    def id(self) -> int:
        """Agent handle or lineage id."""
        return self & 0xFFFFFFFF

    def __repr__(self) -> str:
        """Kind and id, or the number if it names nothing."""
        return f"Subject({self.kind.name}, {self.id})" if self >> 32 in tuple(Kind) else f"Subject({int(self)})"

    __str__ = __repr__


UNKNOWN_WALLETS = Subject(0)
"""The breaker that all unknown wallets of a lane share."""
UNDECLARED_LINEAGE = Subject(1 << 32)
"""The breaker that all agents of no accepted lineage share."""
LANE = Subject(2 << 32)
"""The lane's own breaker."""


class Verdict(NamedTuple):
    """The answer to "may this wallet act?" (``ISeries.admit``, ``preview``, ``status``)."""

    admitted: bool
    reason: Reason = Reason.NONE
    """First failure of the series; in shadow mode set on an admitted verdict too."""
    scope: Scope = Scope.NONE
    distance: int = 0
    """Generations up for an ancestor's scope (1 = parent), else 0."""
    retry_after: int = 0
    """Seconds; `NEVER` if waiting cannot help."""
    agent: int = 0
    """Handle of the agent behind the wallet; 0 if unknown."""

    @classmethod
    def of(cls, fields: Sequence[int]) -> Verdict:
        """From the decoded struct."""
        admitted, reason, scope, distance, retry_after, agent = fields
        return cls(bool(admitted), Reason(reason), Scope(scope), distance, retry_after, agent)


class Limits(NamedTuple):
    """Limits of one breaker (struct ``Limits``)."""

    count_cap: int
    """Actions per window; 0 denies, `UNLIMITED_COUNT` is unlimited."""
    value_cap: int
    """Value per window; 0 denies, `UNLIMITED_VALUE` is unlimited. Stored rounded down to 56 significant bits."""
    trip_level: int
    """Percent of a meter at which an admitted action opens the breaker behind itself: 1..100, or `NEVER_TRIP`."""
    strikes: int
    """Denials within a window that open the breaker: 1..62, or `NEVER_STRIKE`."""
    cooldown: int
    """Seconds an automatic trip lasts at backoff 0; more than `OUTAGE_ALLOWANCE`, below 2**16."""
    max_backoff: int
    """Doublings of the cooldown at most: 0..8."""
    half_open_scale: int
    """Sixteenths of the caps that are available while half-open: 1..15."""
    probation: int
    """Windows that half-open lasts: 0..15."""


class LanePolicy(NamedTuple):
    """What a lane decides beside its limits (struct ``LanePolicy``)."""

    window: int
    """Seconds of every meter of the lane: 1..2**24-1; fixed when the lane opens."""
    lineage_count: int = 1
    """Lineage count cap as a multiple of the agent's: 1..4095."""
    lineage_value: int = 1
    """Lineage value cap as a multiple of the agent's: 1..4095."""
    share: int = 100
    """Percent of the lineage's caps that one member may take: 1..100."""
    lineage: bool = False
    """Whether lineages are charged at all."""
    attested: bool = False
    """Whether a lineage counts only when its provider attested it."""
    live: bool = False
    """Whether every admission compares the live owner with the one bindings were made under."""
    shadow: bool = False
    """Whether meter denials are only logged."""
    unknown: UnknownPolicy = UnknownPolicy.DENY
    """What happens to wallets that were never bound."""
    registry: str = ZERO_ADDRESS
    """The identity registry that the lane accepts; zero for any."""


class Target(NamedTuple):
    """Names one setting (struct ``Target``)."""

    setting: Setting
    protocol: str
    key: int
    """The lane, the guardian's address as a number, or the lineage attested; else 0."""
    subject: int

    @classmethod
    def lane(cls, protocol: str, lane: int) -> Target:
        """Limits and policy of a lane."""
        return cls(Setting.LANE, protocol, lane, LANE)

    @classmethod
    def override(cls, protocol: str, lane: int, subject: int) -> Target:
        """Limits of one subject."""
        return cls(Setting.OVERRIDE, protocol, lane, subject)

    @classmethod
    def acceptance(cls, protocol: str, lane: int, lineage: int) -> Target:
        """Whether a lane charges a lineage to its own breaker."""
        return cls(Setting.ACCEPTANCE, protocol, lane, Subject.of_lineage(lineage))

    @classmethod
    def guardian(cls, protocol: str, guardian: str) -> Target:
        """A guardian of a protocol."""
        return cls(Setting.PROTOCOL_GUARDIAN, protocol, int(guardian, 16), 0)

    @classmethod
    def agent_guardian(cls, agent: int, guardian: str) -> Target:
        """A guardian of an agent's kill switch."""
        return cls(Setting.AGENT_GUARDIAN, ZERO_ADDRESS, int(guardian, 16), agent)

    @classmethod
    def heartbeat(cls, agent: int) -> Target:
        """The heartbeat of an agent."""
        return cls(Setting.HEARTBEAT, ZERO_ADDRESS, 0, agent)

    @classmethod
    def lineage(cls, agent: int) -> Target:
        """The declared lineage of an agent."""
        return cls(Setting.LINEAGE, ZERO_ADDRESS, 0, agent)

    @classmethod
    def attestation(cls, agent: int, lineage: int) -> Target:
        """Whether the provider of a lineage says that an agent runs on it."""
        return cls(Setting.ATTESTATION, ZERO_ADDRESS, lineage, agent)


class Query(NamedTuple):
    """One question of a batch preview (struct ``Query``)."""

    protocol: str
    lane: int
    wallet: str
    value: int


class Usage(NamedTuple):
    """One meter reading (struct ``Usage``)."""

    state: State
    count_cap: int
    """Effective cap now; `UNLIMITED_VALUE` if unlimited."""
    count_used: int
    """Rounded up."""
    value_cap: int
    """Effective cap now; `UNLIMITED_VALUE` if unlimited."""
    value_used: int
    """Rounded up."""

    @classmethod
    def of(cls, fields: Sequence[int]) -> Usage:
        """From the decoded struct."""
        state, *rest = fields
        return cls(State(state), *rest)


class JobState(IntEnum):
    """Where a job of ERC-8183 stands; the last three are final."""

    OPEN = 0
    FUNDED = 1
    SUBMITTED = 2
    COMPLETED = 3
    REJECTED = 4
    EXPIRED = 5
