"""What the client's reads return: the core's words and structs as Python values, the raw ones beside them.

Instants are aware UTC datetimes, None for "never"; durations are timedeltas; caps are None if unlimited; amounts are
Decimals in the unit that the reader chose (`decimals`), exact. `raw` is what the chain said.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal

from switchgear.display import to_instant
from switchgear.errors import InvalidInput
from switchgear.model.breaker import kill_switch_state, lane_state
from switchgear.types import (
    LOOSENING_WINDOW,
    NEVER_STRIKE,
    NEVER_TRIP,
    UNLIMITED_COUNT,
    UNLIMITED_VALUE,
    Cause,
    Causes,
    LanePolicy,
    Limits,
    Scope,
    State,
    Subject,
    Usage,
    Verdict,
)
from switchgear.values import to_amount
from switchgear.words import (
    LATCHED_ADMIN,
    LATCHED_PROTOCOL,
    AgentWord,
    BreakerWord,
    LimitsWord,
    WalletWord,
)


@dataclass(frozen=True)
class WalletView:
    """A wallet's binding (``walletWord``). `status` says whether it counts."""

    address: str
    agent: int
    """Handle of the agent; 0 if the wallet was never bound."""
    epoch: int
    expiry: datetime | None
    nonce: int
    """Goes into the next binding's signature."""
    revoked_at: datetime | None
    raw: WalletWord

    @classmethod
    def of(cls, address: str, word: WalletWord) -> WalletView:
        """From the word."""
        revoked = to_instant(word.revoked_at) if word.revoked_at else None
        return cls(address, word.agent, word.epoch, to_instant(word.expiry), word.nonce, revoked, word)


@dataclass(frozen=True)
class AgentView:
    """An agent, its kill switch included (``identityOf``, ``agentWord``, ``beatDelegateOf``)."""

    agent: int
    registry: str
    agent_id: int
    recorded_owner: str
    """Under whom its wallets were bound; the live owner may be another by now."""
    lineage: int
    parent: int
    depth: int
    attested: bool
    enrolled_at: datetime | None
    spawns_left: int
    spawn_expiry: datetime | None
    latched: bool
    """Whether the owner tripped the kill switch."""
    guardian_until: datetime | None
    """End of the last guardian's trip; None if there was none."""
    beat_interval: timedelta | None
    beat_deadline: datetime | None
    beat_delegate: str
    raw: AgentWord

    @classmethod
    def of(cls, agent: int, identity: tuple[str, int, str, int, int], word: AgentWord, delegate: str) -> AgentView:
        """From the answers of the three views."""
        registry, agent_id, owner, spawns, spawn_expiry = identity
        beats = word.beat_interval != 0
        return cls(
            agent=agent,
            registry=registry,
            agent_id=agent_id,
            recorded_owner=owner,
            lineage=word.lineage,
            parent=word.parent,
            depth=word.depth,
            attested=bool(word.attested),
            enrolled_at=to_instant(word.enrolled_at),
            spawns_left=spawns,
            spawn_expiry=to_instant(spawn_expiry) if spawn_expiry else None,
            latched=bool(word.latched),
            guardian_until=to_instant(word.guardian_until) if word.guardian_until else None,
            beat_interval=timedelta(seconds=word.beat_interval) if beats else None,
            beat_deadline=to_instant(word.beat_deadline) if beats else None,
            beat_delegate=delegate,
            raw=word,
        )

    def state(self, now: int) -> State:
        """Of the kill switch at a time in Unix seconds."""
        return kill_switch_state(self.raw, now)

    def causes(self, now: int) -> Causes:
        """What holds the kill switch open at a time in Unix seconds: what a reset would have to name."""
        causes = Causes.OWNER if self.latched else Causes(0)
        if now < self.raw.guardian_until:
            causes |= Causes.GUARDIAN
        if self.raw.beat_interval and now > self.raw.beat_deadline:
            causes |= Causes.HEARTBEAT
        return causes


@dataclass(frozen=True)
class LimitsView:
    """Limits of a lane or of one subject."""

    count_cap: int | None
    value_cap: Decimal | None
    trip_level: int | None
    """Percent of a meter at which an admitted action opens the breaker behind itself; None for never."""
    strikes: int | None
    """Denials within a window that open the breaker; None for never."""
    cooldown: timedelta
    max_backoff: int
    half_open_scale: int
    """Sixteenths."""
    probation: int
    """Windows."""
    raw: Limits

    @classmethod
    def of(cls, limits: Limits, decimals: int = 0) -> LimitsView:
        """From the struct."""
        return cls(
            count_cap=None if limits.count_cap == UNLIMITED_COUNT else limits.count_cap,
            value_cap=None if limits.value_cap == UNLIMITED_VALUE else to_amount(limits.value_cap, decimals=decimals),
            trip_level=None if limits.trip_level == NEVER_TRIP else limits.trip_level,
            strikes=None if limits.strikes == NEVER_STRIKE else limits.strikes,
            cooldown=timedelta(seconds=limits.cooldown),
            max_backoff=limits.max_backoff,
            half_open_scale=limits.half_open_scale,
            probation=limits.probation,
            raw=limits,
        )


@dataclass(frozen=True)
class LaneView:
    """An open lane: limits, policy and its own breaker (``laneWord``)."""

    protocol: str
    lane: int
    limits: LimitsView
    registry: str | None
    """The identity registry that the lane accepts; zero for any, None if it is none of those that the reader knew."""
    latched: Causes
    """PROTOCOL and ADMIN, if they tripped the lane."""
    guardian_until: datetime | None
    raw: LimitsWord

    @classmethod
    def of(cls, protocol: str, lane: int, word: LimitsWord, registry: str | None, decimals: int = 0) -> LaneView:
        """From the word, and the registry behind the index in it."""
        return cls(
            protocol=protocol,
            lane=lane,
            limits=LimitsView.of(word.limits(), decimals),
            registry=registry,
            latched=_latched(word.latched),
            guardian_until=to_instant(word.guardian_until) if word.guardian_until else None,
            raw=word,
        )

    @property
    def window(self) -> timedelta:
        """Of every meter of the lane."""
        return timedelta(seconds=self.raw.window)

    @property
    def policy(self) -> LanePolicy:
        """What the lane decides beside its limits, as `set_lane` takes it.

        Raises:
            InvalidInput: The registry is not known: read the lane again with `registries` that include it.
        """
        if self.registry is None:
            message = (
                f"lane {self.lane} accepts one registry (index {self.raw.registry}): read it with that registry named"
            )
            raise InvalidInput(message)
        return LanePolicy(
            window=self.raw.window,
            lineage_count=self.raw.lineage_count,
            lineage_value=self.raw.lineage_value,
            share=self.raw.share,
            lineage=self.raw.lineage,
            attested=self.raw.attested,
            live=self.raw.live,
            shadow=self.raw.shadow,
            unknown=self.raw.unknown,
            registry=self.registry,
        )

    def state(self, now: int) -> State:
        """Of the lane's own breaker at a time in Unix seconds."""
        return lane_state(self.raw, now)

    def causes(self, now: int) -> Causes:
        """What holds the lane open at a time in Unix seconds: what a reset would have to name."""
        return self.latched | (Causes.GUARDIAN if now < self.raw.guardian_until else Causes(0))


@dataclass(frozen=True)
class BreakerView:
    """One breaker's word (``breakerWord``). `usage` has its state and meters."""

    protocol: str
    lane: int
    subject: Subject
    strikes: int
    strike_since: datetime | None
    auto_until: datetime | None
    """End of the last automatic trip, or the first touch; None if there was neither."""
    cause: Cause
    """Of the last automatic trip."""
    backoff: int
    guardian_until: datetime | None
    latched: Causes
    """PROTOCOL and ADMIN, if they tripped it."""
    overridden: bool
    accepted: bool
    raw: BreakerWord

    @classmethod
    def of(cls, protocol: str, lane: int, subject: Subject, word: BreakerWord) -> BreakerView:
        """From the word."""
        return cls(
            protocol=protocol,
            lane=lane,
            subject=subject,
            strikes=word.strikes,
            strike_since=to_instant(word.strike_since) if word.strikes else None,
            auto_until=to_instant(word.auto_until) if word.auto_until else None,
            cause=Cause(word.cause),
            backoff=word.backoff,
            guardian_until=to_instant(word.guardian_until) if word.guardian_until else None,
            latched=_latched(word.latched),
            overridden=bool(word.overridden),
            accepted=bool(word.accepted),
            raw=word,
        )

    def causes(self, now: int) -> Causes:
        """What holds it open at a time in Unix seconds: what a reset would have to name."""
        causes = self.latched
        if now < self.raw.auto_until:
            causes |= Causes.AUTOMATIC
        if now < self.raw.guardian_until:
            causes |= Causes.GUARDIAN
        return causes


@dataclass(frozen=True)
class UsageView:
    """State and consumption of one breaker (``usage``)."""

    state: State
    count_cap: int | None
    count_used: int
    value_cap: Decimal | None
    value_used: Decimal
    raw: Usage

    @classmethod
    def of(cls, usage: Usage, decimals: int = 0) -> UsageView:
        """From the struct."""
        return cls(
            state=usage.state,
            count_cap=None if usage.count_cap == UNLIMITED_VALUE else usage.count_cap,
            count_used=usage.count_used,
            value_cap=None if usage.value_cap == UNLIMITED_VALUE else to_amount(usage.value_cap, decimals=decimals),
            value_used=to_amount(usage.value_used, decimals=decimals),
            raw=usage,
        )


@dataclass(frozen=True)
class LooseningView:
    """A scheduled loosening (``looseningOf``)."""

    value: int
    """The setting's word; see `Setting` for what is in it."""
    eta: datetime | None
    """First instant at which it can be executed."""
    expiry: datetime | None
    """Last instant at which it can."""

    @classmethod
    def of(cls, value: int, eta: int) -> LooseningView | None:
        """From the answer of the view; None if nothing is scheduled."""
        return cls(value, to_instant(eta), to_instant(eta + LOOSENING_WINDOW)) if eta else None


@dataclass(frozen=True)
class Link:
    """One breaker of a series, and what it would take now."""

    scope: Scope
    distance: int
    subject: Subject
    state: State
    actions: int | None
    """Actions that fit; None if unlimited."""
    value: Decimal | None
    """Largest value of one action; None if unlimited."""


@dataclass(frozen=True)
class Headroom:
    """What a wallet may still do in a lane, and when it may do more."""

    as_of: datetime
    """Time of the block that was read; meters refill from there on."""
    verdict: Verdict
    """Of one action with the value asked about."""
    actions: int | None
    """Actions of that value that would be admitted now; None if unlimited."""
    value: Decimal | None
    """Largest value that one action could have now; None if unlimited."""
    next_at: datetime | None
    """When one action of that value is next admitted, if nobody else acts; None if waiting does not help."""
    narrowest: Link | None
    """The breaker that leaves the fewest actions, of equals the least value; None if none is charged."""
    series: tuple[Link, ...]
    """Every breaker that would be charged, in the order in which they are asked."""
    shadow: bool
    """Whether the lane only logs what its meters would deny (BR-15): no figure here then binds."""


def _latched(bits: int) -> Causes:
    protocol = Causes.PROTOCOL if bits & LATCHED_PROTOCOL else Causes(0)
    return protocol | (Causes.ADMIN if bits & LATCHED_ADMIN else Causes(0))
