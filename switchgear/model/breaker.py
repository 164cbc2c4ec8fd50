"""One breaker, pure: caps, meters, state, strikes and automatic trips (spec section 2).

Every function maps words to words and touches nothing else, so a client can plan with what it has read:

>>> from switchgear.types import Limits, LanePolicy
>>> lane = LimitsWord.of(Limits(6, 6_000, 127, 63, 7_201, 3, 8, 0), LanePolicy(window=60))
>>> fresh = Breaker.of(1, BreakerWord(), lane)
>>> headroom([fresh], now=1_000, value=1_500)
Headroom(actions=4, value=6000, retry_after=0)
>>> used, cause = fresh.charge(now=1_000, value=6_000)
>>> headroom([fresh.having(used)], now=1_000, value=1_500)
Headroom(actions=0, value=0, retry_after=15)
>>> headroom([fresh.having(used)], now=1_015, value=1_500)
Headroom(actions=1, value=1500, retry_after=0)

Times are seconds since the epoch; a value is in the unit of the lane's protocol. All rounding is against the agent.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from switchgear.types import (
    NEVER,
    NEVER_STRIKE,
    NEVER_TRIP,
    UNLIMITED_COUNT,
    UNLIMITED_VALUE,
    Cause,
    Kind,
    Reason,
    State,
    Usage,
)
from switchgear.words import MANTISSA_BITS, UNLIMITED_CAP, AgentWord, BreakerWord, LimitsWord

if TYPE_CHECKING:
    from collections.abc import Sequence

COUNT_UNIT = 24
"""The count meter's time unit is 2**-24 s."""
VALUE_UNIT = 32
"""The value meter's time unit is 2**-32 s."""
MAX_STRIKES = 63
MAX_STORED_BACKOFF = 15


class Caps(NamedTuple):
    """A count cap and a value cap, `None` if unlimited; the value cap is ``mantissa << exponent``."""

    actions: int | None
    mantissa: int | None
    exponent: int

    @classmethod
    def of(cls, limits: LimitsWord) -> Caps:
        """The caps in a limits word."""
        count, value = limits.count_cap, limits.value_cap
        if value == UNLIMITED_CAP:
            return cls(None if count == UNLIMITED_COUNT else count, None, 0)
        return cls(
            None if count == UNLIMITED_COUNT else count, value & ((1 << MANTISSA_BITS) - 1), value >> MANTISSA_BITS
        )

    @property
    def value(self) -> int | None:
        """The value cap as a full number."""
        return None if self.mantissa is None else self.mantissa << self.exponent

    def times(self, count: int, value: int) -> Caps:
        """A lane's caps multiplied for its lineages."""
        return Caps(
            None if self.actions is None else self.actions * count,
            None if self.mantissa is None else self.mantissa * value,
            self.exponent,
        )

    def clamped(self, lineage: Caps, share: int) -> Caps:
        """At most `share` percent of the lineage's caps, but never below 1 unless the lineage's cap is 0 (BR-11)."""
        actions, mantissa, exponent = self
        if lineage.actions is not None:
            most = _part(lineage.actions, share, 100)
            actions = most if actions is None else min(actions, most)
        if lineage.mantissa is not None:
            most = _part(lineage.mantissa, share, 100)
            if mantissa is None or most << lineage.exponent < mantissa << exponent:
                mantissa, exponent = most, lineage.exponent
        return Caps(actions, mantissa, exponent)

    def scaled(self, sixteenths: int) -> Caps:
        """What is available of them while half-open (BR-6)."""
        return Caps(
            None if self.actions is None else _part(self.actions, sixteenths, 16),
            None if self.mantissa is None else _part(self.mantissa, sixteenths, 16),
            self.exponent,
        )


def _part(cap: int, numerator: int, denominator: int) -> int:
    """A fraction of a cap, rounded down; only 0 becomes 0."""
    return max(1, cap * numerator // denominator) if cap else 0


class Denial(NamedTuple):
    """Why a meter pair does not take an action, and the seconds after which it would."""

    reason: Reason
    wait: int


class Breaker(NamedTuple):
    """A breaker with everything that decides about it."""

    subject: int
    """As in `switchgear.types.Subject`: an agent, the unknown wallets or a lineage."""
    word: BreakerWord
    limits: LimitsWord
    """The subject's: its override, or the lane's."""
    window: int
    """The lane's, in seconds."""
    caps: Caps
    """Closed caps: multiplied for a lineage, clamped for an acting agent."""

    @classmethod
    def of(cls, subject: int, word: BreakerWord, lane: LimitsWord, override: LimitsWord | None = None) -> Breaker:
        """With the limits that apply to the subject, not clamped; `override` counts only if the word says so."""
        limits = override if override is not None and word.overridden else lane
        caps = Caps.of(limits)
        if subject >> 32 == Kind.LINEAGE and not word.overridden:
            caps = caps.times(lane.lineage_count, lane.lineage_value)
        return cls(subject, word, limits, lane.window, caps)

    def clamped(self, lineage: Breaker, share: int) -> Breaker:
        """As the acting agent's breaker in a lane that charges lineages."""
        return self._replace(caps=self.caps.clamped(lineage.caps, share))

    def having(self, word: BreakerWord) -> Breaker:
        """With another word."""
        return self._replace(word=word)

    @property
    def probation(self) -> int:
        """Seconds that half-open lasts."""
        return self.limits.probation * self.window

    def state(self, now: int) -> State:
        """Closed, half-open or open (spec 2.2)."""
        word = self.word
        auto_until = word.auto_until
        if word.latched or now < auto_until or now < word.guardian_until:
            return State.OPEN
        probation = self.limits.probation
        if not probation:
            return State.CLOSED
        if auto_until == 0:
            return State.HALF_OPEN if 0 < self.subject < 1 << 32 else State.CLOSED
        return State.HALF_OPEN if now < auto_until + probation * self.window else State.CLOSED

    def open_wait(self, now: int) -> int:
        """Seconds until an open breaker is open no more; `NEVER` if it is latched."""
        word = self.word
        return NEVER if word.latched else max(word.auto_until, word.guardian_until) - now

    def effective(self, now: int) -> Caps:
        """The caps that count now, if it is not open."""
        if self.state(now) is State.HALF_OPEN:
            return self.caps.scaled(self.limits.half_open_scale)
        return self.caps

    def check(self, now: int, value: int) -> Denial | None:  # noqa: PLR0911 - one for each line of the spec
        """What the meter pair says to one action; `None` if it fits (spec 2.3). Says nothing about open."""
        caps = self.effective(now)
        if caps.actions is not None:
            if caps.actions == 0:
                return Denial(Reason.ZERO_LIMIT, NEVER)
            excess = self._count_excess(now, caps.actions)
            if excess > 0:
                return Denial(Reason.COUNT_LIMIT, _ceil_shift(excess, COUNT_UNIT))
        if caps.mantissa is not None:
            if caps.mantissa == 0:
                return Denial(Reason.ZERO_LIMIT, NEVER)
            if value > caps.mantissa << caps.exponent:
                closed = self.caps.value
                if closed is not None and value <= closed:
                    return Denial(Reason.VALUE_LIMIT, self._until_closed(now))
                return Denial(Reason.VALUE_OVERSIZED, NEVER)
            excess = self._value_excess(now, value, caps.mantissa, caps.exponent)
            if excess > 0:
                return Denial(Reason.VALUE_LIMIT, _ceil_shift(excess, VALUE_UNIT))
        return None

    def wait(self, now: int, value: int) -> int:
        """Seconds until one action passes this breaker, if nobody else acts; 0 if it does now, `NEVER` if never.

        Longer than the first denial's wait if something else denies then; shorter if half-open ends before.
        """
        passed = 0
        while passed < NEVER:
            state, denial = self.state(now + passed), self.check(now + passed, value)
            if state is State.OPEN:
                passed += self.open_wait(now + passed)
            elif denial is None:
                return passed
            elif state is State.HALF_OPEN and self.word.auto_until:
                passed += min(denial.wait, self._until_closed(now + passed))
            elif state is State.HALF_OPEN:  # the denial itself will start the probation
                return passed + denial.wait
            else:
                passed += denial.wait
        return NEVER

    def charge(self, now: int, value: int, *, shadow: bool = False) -> tuple[BreakerWord, Cause]:
        """The word after an admitted action, last straw and first touch included, and what opened it, if anything.

        In shadow mode the meters saturate and nothing trips (BR-15). Outside it, `check` must have passed.
        """
        caps = self.effective(now)
        count_tat, value_tat = self.word.count_tat, self.word.value_tat
        if caps.actions is not None:
            full = now + self.window << COUNT_UNIT
            excess = self._count_excess(now, caps.actions) if caps.actions else 0
            count_tat = full + (min(excess, 0) if shadow else excess)
        if caps.mantissa is not None:
            full = now + self.window << VALUE_UNIT
            if caps.mantissa == 0 or value > caps.mantissa << caps.exponent:
                value_tat = full
            elif value:
                excess = self._value_excess(now, value, caps.mantissa, caps.exponent)
                value_tat = full + (min(excess, 0) if shadow else excess)
        word = self.word._replace(count_tat=count_tat, value_tat=value_tat)
        cause = Cause.NONE if shadow else self._last_straw(now, word, caps, value)
        return (self._tripped(now, word, cause), cause) if cause else (self._touched(now, word), cause)

    def strike(self, now: int) -> tuple[BreakerWord, Cause]:
        """The word after a denial by the agent's own meters, and `Cause.STRIKES` if that opened it (BR-5)."""
        word = self.word
        if word.strikes == 0 or now >= word.strike_since + self.window:
            word = word._replace(strikes=1, strike_since=now)
        else:
            word = word._replace(strikes=min(word.strikes + 1, MAX_STRIKES))
        limit = self.limits.strikes
        if limit != NEVER_STRIKE and word.strikes >= limit:
            return self._tripped(now, word, Cause.STRIKES), Cause.STRIKES
        return self._touched(now, word), Cause.NONE

    def reset_automatic(self, now: int) -> BreakerWord:
        """The word after a reset of an automatic trip or its probation: closed, backoff kept (spec 4)."""
        word, probation = self.word, self.probation
        if word.auto_until == 0 or now >= word.auto_until + probation:
            return word
        backoff = min(word.backoff + 1, MAX_STORED_BACKOFF) if probation else word.backoff
        return word._replace(auto_until=max(now - probation, 1), backoff=backoff, strikes=0)

    def usage(self, now: int) -> Usage:
        """State, effective caps and what is used of them, rounded up (``ISeries.usage``)."""
        actions, mantissa, exponent = self.effective(now)
        return Usage(
            self.state(now),
            UNLIMITED_VALUE if actions is None else actions,
            0 if actions is None else self._used(now, self.word.count_tat, actions, COUNT_UNIT),
            UNLIMITED_VALUE if mantissa is None else mantissa << exponent,
            0 if mantissa is None else self._used(now, self.word.value_tat, mantissa, VALUE_UNIT) << exponent,
        )

    def _used(self, now: int, tat: int, cap: int, unit: int) -> int:
        return -(-max(0, tat - (now << unit)) * cap // (self.window << unit))

    def _count_increment(self, cap: int) -> int:
        return -(-(self.window << COUNT_UNIT) // cap)

    def _value_increment(self, value: int, mantissa: int, exponent: int) -> int:
        units = -(-value >> exponent)
        return -(-units * (self.window << VALUE_UNIT) // mantissa)

    def _count_excess(self, now: int, cap: int) -> int:
        """By how much one more action overfills the count meter; negative if it leaves room."""
        start = max(now << COUNT_UNIT, self.word.count_tat)
        return start + self._count_increment(cap) - (now + self.window << COUNT_UNIT)

    def _value_excess(self, now: int, value: int, mantissa: int, exponent: int) -> int:
        start = max(now << VALUE_UNIT, self.word.value_tat)
        return start + self._value_increment(value, mantissa, exponent) - (now + self.window << VALUE_UNIT)

    def _until_closed(self, now: int) -> int:
        auto_until = self.word.auto_until
        return auto_until + self.probation - now if auto_until else self.probation

    def _last_straw(self, now: int, word: BreakerWord, caps: Caps, value: int) -> Cause:
        level = self.limits.trip_level
        if level == NEVER_TRIP or self.subject == 0:
            return Cause.NONE
        if caps.actions is not None and _reaches(word.count_tat, now, self.window, level, COUNT_UNIT):
            return Cause.COUNT_LAST_STRAW
        if value and caps.mantissa is not None and _reaches(word.value_tat, now, self.window, level, VALUE_UNIT):
            return Cause.VALUE_LAST_STRAW
        return Cause.NONE

    def _tripped(self, now: int, word: BreakerWord, cause: Cause) -> BreakerWord:
        level = min(self._level(now), self.limits.max_backoff)
        until = min(now + (self.limits.cooldown << level), NEVER)
        return word._replace(auto_until=until, backoff=level, cause=cause, strikes=0)

    def _level(self, now: int) -> int:
        word, probation = self.word, self.probation
        if self.state(now) is State.HALF_OPEN:
            return word.backoff + 1
        if word.auto_until == 0 or probation == 0:
            return 0
        return max(0, word.backoff - (now - word.auto_until) // probation)

    def _touched(self, now: int, word: BreakerWord) -> BreakerWord:
        """First touch: a fresh agent's probation starts (ID-9)."""
        fresh_agent = word.auto_until == 0 and 0 < self.subject < 1 << 32
        return word._replace(auto_until=now) if fresh_agent else word


def _ceil_shift(number: int, bits: int) -> int:
    return -(-number >> bits)


def _reaches(tat: int, now: int, window: int, level: int, unit: int) -> bool:
    return (tat - (now << unit)) * 100 >= level * (window << unit)


class Headroom(NamedTuple):
    """What a series takes now."""

    actions: int | None
    """Actions of the given value that would be admitted this second, the last straw included; `None` if unlimited."""
    value: int | None
    """Largest value that one action could have; `None` if unlimited, 0 if none."""
    retry_after: int
    """Seconds until one action of the given value fits, if nobody else acts; `NEVER` if waiting cannot help."""


def headroom(series: Sequence[Breaker], now: int, value: int = 0) -> Headroom:
    """How many actions of `value`, and how much value in one action, the series admits at `now`.

    `series` holds the breakers that would be charged: the acting agent's own (see `Breaker.clamped`), its
    lineage's, its ancestors'. Kill switches and the lane's own breaker are not looked at.
    """
    wait = max((breaker.wait(now, value) for breaker in series), default=0)
    if any(breaker.state(now) is State.OPEN for breaker in series):
        return Headroom(0, 0, wait)
    actions: list[int] = []
    values: list[int] = []
    for breaker in series:
        caps = breaker.effective(now)
        actions += _room_in_actions(breaker, caps, now, value)
        values += _room_in_value(breaker, caps, now)
    return Headroom(min(actions, default=None), min(values, default=None), wait)


def _room_in_actions(breaker: Breaker, caps: Caps, now: int, value: int) -> list[int]:
    """For each meter, the actions that fit: no more than the window takes, none behind a last straw."""
    rooms = []
    if caps.actions is not None:
        increment = breaker._count_increment(caps.actions) if caps.actions else 0
        rooms.append(_fitting(breaker, now, breaker.word.count_tat, increment, COUNT_UNIT))
    if caps.mantissa is not None:
        if caps.mantissa == 0 or value > caps.mantissa << caps.exponent:
            rooms.append(0)
        elif value:
            increment = breaker._value_increment(value, caps.mantissa, caps.exponent)
            rooms.append(_fitting(breaker, now, breaker.word.value_tat, increment, VALUE_UNIT))
    return rooms


def _fitting(breaker: Breaker, now: int, tat: int, increment: int, unit: int) -> int:
    if not increment:
        return 0
    used = max(0, tat - (now << unit))
    full = breaker.window << unit
    fitting = (full - used) // increment
    level = breaker.limits.trip_level
    if level == NEVER_TRIP or breaker.subject == 0:
        return fitting
    straw = max(1, -(-(level * full - 100 * used) // (100 * increment)))
    return min(fitting, straw)


def _room_in_value(breaker: Breaker, caps: Caps, now: int) -> list[int]:
    if caps.actions is not None and breaker.check(now, 0) is not None:
        return [0]
    if caps.mantissa is None:
        return []
    free = (breaker.window << VALUE_UNIT) - max(0, breaker.word.value_tat - (now << VALUE_UNIT))
    return [(free * caps.mantissa // (breaker.window << VALUE_UNIT)) << caps.exponent]


def lane_state(lane: LimitsWord, now: int) -> State:
    """State of a lane's own breaker."""
    return State.OPEN if lane.latched or now < lane.guardian_until else State.CLOSED


def lane_wait(lane: LimitsWord, now: int) -> int:
    """Seconds until an open lane is open no more; `NEVER` if it is latched."""
    return NEVER if lane.latched else lane.guardian_until - now


def beat_missed(agent: AgentWord, now: int) -> bool:
    """Whether a heartbeat is required and late (BR-14)."""
    return agent.beat_interval != 0 and now > agent.beat_deadline


def kill_switch_state(agent: AgentWord, now: int) -> State:
    """State of an agent's kill switch."""
    return State.OPEN if agent.latched or now < agent.guardian_until or beat_missed(agent, now) else State.CLOSED


def kill_switch_wait(agent: AgentWord, now: int) -> int:
    """Seconds until an open kill switch is open no more; `NEVER` if only its owner can close it."""
    return NEVER if agent.latched or beat_missed(agent, now) else agent.guardian_until - now
