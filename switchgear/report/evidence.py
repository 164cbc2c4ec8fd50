"""What a chain has to say about one agent in a range of blocks; what follows from it, `findings` says."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, field
from decimal import Decimal
from enum import Enum
from typing import TYPE_CHECKING, Any, NamedTuple, TypeAlias

from switchgear.types import Cause, State, Verdict
from switchgear.values import to_amount
from switchgear.views import LimitsView

if TYPE_CHECKING:
    from switchgear.interface import Event
    from switchgear.types import Causes
    from switchgear.views import AgentView


class Source(NamedTuple):
    """Where something is on the chain."""

    block: int
    transaction: str
    log_index: int | None = None
    """None for the transaction as a whole."""

    @classmethod
    def of(cls, event: Event) -> Source:
        """Where an event is."""
        return cls(event.block_number, event.transaction_hash, event.log_index)


class Block(NamedTuple):
    """One block."""

    number: int
    hash: str
    time: int
    """Unix time in seconds."""


class Read(NamedTuple):
    """What a contract answers as of a block: for what no event says."""

    block: int
    to: str
    call: str
    """In words: the function and its arguments."""
    data: str
    """The calldata, in 0x hex."""
    answer: str
    """What came back, in 0x hex."""


Origin: TypeAlias = "Source | Read | Block"
"""Where a figure comes from: a log or a transaction; or else an answer as of a block; of times, a block's header."""


class ScoreRow(NamedTuple):
    """What a detector made of the agent at one block, as a sentinel recorded it."""

    block: int
    detector: str
    score: float
    threshold: float
    source: Source | None = None
    """The action that was scored: its log, or its transaction where it left none. None if that was not recorded."""

    @property
    def alarming(self) -> bool:
        """Whether it reached its threshold."""
        return self.score >= self.threshold


class Measure(NamedTuple):
    """What amounts are counted in: the unit of a protocol's lane, or a token."""

    address: str
    """Of the protocol or the token; zero for the chain's own coin."""
    lane: int | None
    """None for a token."""


class Admission(NamedTuple):
    """A question that a protocol put to the core, and its answer; from the transaction's trace."""

    protocol: str
    lane: int
    wallet: str
    value: int
    verdict: Verdict


class Movement(NamedTuple):
    """A token's Transfer event, or the coin that a transaction carried."""

    asset: str
    sender: str
    receiver: str
    value: int
    source: Source


class Outcome(Enum):
    """What became of an action."""

    DONE = "done"
    DENIED = "denied"
    """By revert or, softly, by an event."""
    FAILED = "failed"
    """Reverted for a reason of its own."""


@dataclass(frozen=True)
class Action:
    """A transaction of one of the agent's wallets."""

    source: Source
    index: int
    """In its block."""
    time: int
    wallet: str
    sender: str
    """Who signed it: the wallet, or whoever called it if that is a contract."""
    to: str | None
    selector: str
    outcome: Outcome
    answer: str
    """The error it reverted with or the verdict it met, in words; empty if done."""
    gas_used: int
    admissions: tuple[Admission, ...]
    movements: tuple[Movement, ...]
    denials: tuple[Event, ...]
    """Events of the core that say so."""

    @property
    def position(self) -> tuple[int, int]:
        """Block, and index in it."""
        return self.source.block, self.index

    def amounts(self) -> dict[Measure, int]:
        """What it was charged, and what it moved: of each token the sum that changed hands for good."""
        if self.outcome is not Outcome.DONE:
            return {}
        found: dict[Measure, int] = defaultdict(int)
        for one in self.admissions:
            if one.verdict.admitted:
                found[Measure(one.protocol, one.lane)] += one.value
        for asset in dict.fromkeys(movement.asset for movement in self.movements):
            balance: dict[str, int] = defaultdict(int)
            for movement in self.movements:
                if movement.asset == asset:
                    balance[movement.sender] -= movement.value
                    balance[movement.receiver] += movement.value
            found[Measure(asset, None)] = sum(change for change in balance.values() if change > 0)
        return {measure: value for measure, value in found.items() if value}

    def asked(self) -> dict[Measure, int]:
        """What it asked for and was denied."""
        found: dict[Measure, int] = defaultdict(int)
        refused = [one for one in self.admissions if not one.verdict.admitted]
        for one in refused:
            found[Measure(one.protocol, one.lane)] += one.value
        if not refused:
            for event in self.denials:
                found[Measure(event.args["protocol"], event.args["lane"])] += event.args["value"]
        return dict(found)


@dataclass(frozen=True)
class Trip:
    """A breaker that opened and stopped the agent."""

    source: Source
    index: int
    """Of its transaction, in the block."""
    time: int
    what: str
    place: tuple[str, int] | None
    """Protocol and lane; None for a kill switch."""
    actor: str
    cause: Cause
    until: Any
    """A datetime, or None until reset."""
    note: str

    @property
    def position(self) -> tuple[int, int]:
        """Block, and index in it."""
        return self.source.block, self.index


@dataclass(frozen=True)
class Tenure:
    """Somebody who answered for the agent, or for what it touched, and since when."""

    role: str
    holder: str
    detail: str
    since: Source | None
    """None if that was before anything that was read."""
    until: Source | None
    """None if it still holds at the end of the range."""
    read: Read | None = None
    """What says so at the end of the range, where no event does."""
    lapsed: int | None = None
    """Unix time at which it ended by itself, as was said when it began; None if it did not."""


@dataclass(frozen=True)
class Place:
    """A lane that the agent touched, as of a block."""

    protocol: str
    lane: int
    window: int
    word: int
    """The lane's configuration, packed (``LimitsWord``, low 212 bits)."""
    override: int | None
    """The agent's own limits, packed, if it has some there."""
    limits: LimitsView
    state: State
    """Of the agent's breaker."""
    causes: Causes
    set_by: Origin
    """The event that last set the lane's configuration by then; what the core says of it, if none was read."""
    overridden_by: Origin | None
    """Likewise of the agent's own limits."""
    state_read: tuple[Read, ...]
    """What the core says of state and causes."""


@dataclass(frozen=True)
class Unit:
    """How amounts of a measure are written."""

    name: str
    decimals: int
    read: tuple[Read, ...] = ()
    """What the token says of itself; nothing for a lane, whose unit the reader names."""

    def amount(self, raw: int | Decimal) -> Decimal:
        """In whole units."""
        return to_amount(raw, decimals=self.decimals) if isinstance(raw, int) else raw.scaleb(-self.decimals)


@dataclass(frozen=True)
class Evidence:
    """Everything that was read."""

    chain_id: int
    core: str
    agent: AgentView
    """At the end of the range."""
    identity: Origin
    """The event of its enrolment, or what the core says of it."""
    uri: str
    """Where its registration file is; empty if it has none."""
    uri_read: Read | None
    ancestors: tuple[AgentView, ...]
    first: Block
    last: Block
    tenures: tuple[Tenure, ...]
    events: tuple[Event, ...]
    """Of the core, that concern the agent, oldest first."""
    trips: tuple[Trip, ...]
    actions: tuple[Action, ...]
    places: tuple[Place, ...]
    """As of the first trip, or else of the end of the range."""
    places_at: int
    """That block."""
    kill_switch: State
    """At the end of the range."""
    causes: Causes
    kill_switch_read: Read
    loosening_delay: int
    """Seconds that a loosening of any of these settings waits."""
    loosening_delay_read: Read
    heartbeat: tuple[int, Origin] | None
    """Seconds within which the owner must beat, at the end of the range, and what set them; None if it need not."""
    units: dict[Measure, Unit]
    traced: bool
    """Whether the node could tell what was asked of the core; else only denials are known."""
    blocks: dict[int, Block] = field(default_factory=dict)
    """Every block that something above is in."""
    scores: tuple[ScoreRow, ...] = ()
    lost_scores: int = 0
    """Scores of transactions that are not on this chain (any more), left out."""
