"""Limits that a history supports: how tight they can be without tripping over what has always been normal.

A *false trip* is a window in which an agent of the history would have been denied, or have tripped by last straw;
however often within it. The caps are the smallest at which a false trip is as rare as wanted, with confidence: by the
upper end of the rate, not by its estimate. False trips count as a Poisson, but one as uneven as the agents are (its
variance is that between agents): others of their kind will differ as much. So a history that is too short for the rate
supports no caps at all, rather than any.
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

from switchgear.detect.tails import highest_mean
from switchgear.errors import InvalidInput
from switchgear.model.breaker import COUNT_UNIT, VALUE_UNIT
from switchgear.types import NEVER_TRIP
from switchgear.words import MANTISSA_BITS, store_value_cap

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from switchgear.detect.types import Observation

CONFIDENCE = 0.95
DAY = 86_400
_TWO_DIGITS = 100

_Past = dict[int, list[tuple[int, int]]]
"""Time and value of each action, by agent."""


class Backing(NamedTuple):
    """A cap, and what it rests on."""

    cap: int
    false_trips: int
    """Of the history, at this cap."""
    days: float
    """Of an agent, in which there is at most one false trip, at `CONFIDENCE`."""
    worst: int
    """The agent with most of them; 0 if there are none."""
    tighter: int
    """False trips at nine tenths of the cap: what a little less would cost."""


@dataclass(frozen=True)
class Suggestion:
    """A cap for each meter."""

    window: int
    days: float
    """Of an agent, in which there may be one false trip by either meter."""
    agent_days: float
    """Of history, each agent from its first action on."""
    actions: int
    agents: int
    count: Backing
    value: Backing | None
    """None if nothing in the history has a value."""


def suggest(observations: Sequence[Observation], window: int, days: float, trip_level: int = NEVER_TRIP) -> Suggestion:
    """Caps for every agent of a lane; each meter has half of the rate.

    Args:
        observations: The history, in the chain's order; what was denied is part of it.
        window: Of the lane, in seconds.
        days: Of an agent, in which there may be one false trip.
        trip_level: Of the lane, in percent.

    Raises:
        InvalidInput: The history is too short for the rate.
    """
    past: _Past = defaultdict(list)
    for o in observations:
        past[o.agent].append((o.time, o.value))
    agent_days = sum(observations[-1].time - actions[0][0] for actions in past.values()) / DAY
    needed = 2 * highest_mean(0, CONFIDENCE)
    if agent_days < days * needed:
        message = (
            f"{agent_days:.1f} agent-days of history support at best one false trip in {agent_days / needed:.1f} days; "
            f"one in {days:g} takes {days * needed:.0f}"
        )
        raise InvalidInput(message)
    meters = _Meters(past, window, trip_level, agent_days, 2 * days)
    total = max(sum(value for _, value in actions) for actions in past.values())
    return Suggestion(
        window,
        days,
        agent_days,
        len(observations),
        len(past),
        meters.backing(meters.count_trips, 2 * max(map(len, past.values()))),
        meters.backing(meters.value_trips, 2 * total) if total else None,
    )


class _Meters(NamedTuple):
    """A history, and the core's two meters over it (spec section 2), each by itself."""

    past: _Past
    window: int
    trip_level: int
    agent_days: float
    least: float
    """Days of an agent in which there may be one false trip by one meter."""

    def count_trips(self, cap: int) -> dict[int, int]:
        """False trips of each agent that has any."""
        increment = -(-(self.window << COUNT_UNIT) // cap)
        return self._trips(COUNT_UNIT, lambda _: increment)

    def value_trips(self, cap: int) -> dict[int, int]:
        """False trips of each agent that has any."""
        stored = store_value_cap(cap)
        mantissa, exponent = stored & ((1 << MANTISSA_BITS) - 1), stored >> MANTISSA_BITS
        full = self.window << VALUE_UNIT

        def increment(value: int) -> int:
            units = -(-value >> exponent)
            return -(-units * full // mantissa)

        return self._trips(VALUE_UNIT, increment)

    def backing(self, trips: Callable[[int], dict[int, int]], enough: int) -> Backing:
        """The smallest round cap at which false trips are rare enough; at `enough` there are none."""
        low, high = 1, 1
        while round_number(high) < enough:
            high *= 2
        while low < high:
            middle = (low + high) // 2
            if self.days(trips(round_number(middle))) >= self.least:
                high = middle
            else:
                low = middle + 1
        found = trips(round_number(low))
        return Backing(
            cap=round_number(low),
            false_trips=sum(found.values()),
            days=self.days(found),
            worst=max(found, key=lambda agent: found[agent], default=0),
            tighter=sum(trips(max(1, round_number(low) * 9 // 10)).values()),
        )

    def days(self, found: dict[int, int]) -> float:
        """Days of an agent in which there is at most one false trip, at `CONFIDENCE`, if these were found."""
        number, agents = sum(found.values()), len(self.past)
        uneven = 1.0
        if number and agents > 1:
            mean = number / agents
            squares = sum((count - mean) ** 2 for count in found.values()) + (agents - len(found)) * mean**2
            uneven = max(1.0, squares / (agents - 1) / mean)
        return self.agent_days / (uneven * highest_mean(number / uneven, CONFIDENCE))

    def _trips(self, unit: int, increment: Callable[[int], int]) -> dict[int, int]:
        found = {}
        for agent, actions in self.past.items():
            number = self._trips_of(actions, unit, increment)
            if number:
                found[agent] = number
        return found

    def _trips_of(self, actions: Iterable[tuple[int, int]], unit: int, increment: Callable[[int], int]) -> int:
        full = self.window << unit
        # Percent of a full meter at which an admitted action trips; beyond what fits, if it never does.
        straw = self.trip_level * full if self.trip_level != NEVER_TRIP else 101 * full
        tat = number = quiet_until = 0
        for time, value in actions:
            now = time << unit
            after = max(now, tat) + increment(value)
            tripped = (after - now) * 100 >= straw and after > max(now, tat)
            if after - now <= full:
                tat = after
            elif not tripped:
                tripped = True
            if tripped and time >= quiet_until:
                number += 1
                quiet_until = time + self.window
        return number


def round_number(index: int) -> int:
    """The numbers of two significant digits, counted from 1.

    >>> [round_number(index) for index in (1, 99, 100, 101, 189, 190)]
    [1, 99, 100, 110, 990, 1000]
    """
    if index < _TWO_DIGITS:
        return index
    power, rest = divmod(index - 10, 90)
    return int(10**power * (10 + rest))
