"""Made-up agents with known habits, and attacks on them: what detectors are calibrated and judged by.

Everything follows from seeds: the same seed, the same stream, to the last bit.

>>> agent = honest("steady", agent=7, days=3, seed=1)
>>> agent.observations == honest("steady", agent=7, days=3, seed=1).observations
True
>>> bad = [one for one, is_bad in attack("fan-out", agent, at=agent.observations[-1].time, seed=1) if is_bad]
>>> len(bad), len({one.counterparty for one in bad})
(40, 40)
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache, lru_cache
from hashlib import sha256
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from switchgear.detect.types import Observation

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from numpy.random import Generator
    from numpy.typing import NDArray

GENESIS = 1_800_000_000
"""Time at which all streams begin; a midnight, in the year 2027."""
HOUR, DAY = 3600, 86_400
UNIT = 10**6
PROTOCOL = "0x" + "50" * 20
BLOCK_TIME = 12


class Habits(NamedTuple):
    """How one agent behaves when nothing is wrong; each agent of a kind has its own."""

    kind: str
    rate: float
    """Actions an hour, on average."""
    session: float
    """Actions in one go, on average; 1 for one by one."""
    night: float
    """Rate at midnight, as a share of that at noon."""
    median: float
    """Value, in units."""
    spread: float
    """Of the logarithm of values; of a heavy tail, one over its exponent."""
    heavy: bool
    """Whether large values follow a power law."""
    fresh: float
    """Share of actions with a counterparty never met before."""
    circle: int
    """Counterparties that it deals with else."""
    order: tuple[tuple[float, ...], ...]
    """Chances of each of its calls after each."""


KINDS: dict[str, Habits] = {
    "steady": Habits("steady", 2.0, 1, 1.0, 200.0, 0.5, False, 0.01, 8, ()),
    "bursty": Habits("bursty", 2.0, 8, 1.0, 100.0, 0.7, False, 0.02, 12, ()),
    "diurnal": Habits("diurnal", 2.0, 1, 0.03, 150.0, 0.5, False, 0.02, 10, ()),
    "heavy-tailed": Habits("heavy-tailed", 1.5, 1.5, 0.5, 50.0, 0.8, True, 0.10, 20, ()),
}
"""The habits of each kind, around which those of its agents vary."""
CALLS = 4
"""Different calls that an agent makes."""


@dataclass(frozen=True)
class Stream:
    """One agent, and what it did."""

    agent: int
    lineage: int
    habits: Habits
    observations: list[Observation]


def honest(kind: str, *, agent: int, days: float, seed: int, lineage: int = 1, start: int = GENESIS) -> Stream:
    """An agent of a kind that does nothing wrong for so many days."""
    rng = _rng(seed, agent)
    habits = _individual(KINDS[kind], rng)
    times = _times(habits, rng, start, start + int(days * DAY))
    return Stream(agent, lineage, habits, _actions(habits, rng, agent, lineage, times))


# ---------------------------------------------------------------------------------------------- attacks

ATTACKS: dict[str, str] = {
    "rate burst": "40 more actions within 20 minutes, each like the agent's own",
    "value spike": "5 actions within an hour, each of 40 times the median value",
    "slow drain": "for two days, four times as many actions as usual, none of them remarkable",
    "new counterparty": "for twelve hours, twice as many actions as usual, all with one new counterparty",
    "selector shift": "for twelve hours, twice as many actions as usual, by two calls never made before",
    "fan-out": "40 small actions within an hour, each with another new counterparty",
}
"""On one agent, in words; those on a lineage are `SYNCHRONY` and `SHOCK`."""
SYNCHRONY = "lineage-wide synchrony"
SHOCK = "market shock"
"""A decoy: everybody acts six times within ten minutes, whatever the lineage; of one agent, its part in that."""


def attack(name: str, stream: Stream, *, at: int, seed: int) -> list[tuple[Observation, bool]]:
    """What the agent does from a time on, its own habits going on meanwhile; with each action, whether it is bad."""
    rng = _rng(seed, stream.agent, at, *name.encode())
    habits = stream.habits
    seconds, count = _EXTENT[name](habits)
    times = at + np.sort(rng.integers(0, seconds, count))
    bad = _actions(habits, rng, stream.agent, stream.lineage, times, tag=f"bad{at}")
    known = [o for o in stream.observations if o.time < at]
    bad = [_CHANGE.get(name, _unchanged)(one, index, habits, known) for index, one in enumerate(bad)]
    own = _actions(habits, rng, stream.agent, stream.lineage, _times(habits, rng, at, at + seconds), tag=f"own{at}")
    own = [_as_before(one, known) for one in own]
    both = [(one, True) for one in bad] + [(one, False) for one in own]
    return sorted(both, key=lambda pair: pair[0].time)


def _usual(hours: float, times: float) -> Callable[[Habits], tuple[int, int]]:
    return lambda habits: (int(hours * HOUR), max(4, round(hours * times * habits.rate)))


_EXTENT: dict[str, Callable[[Habits], tuple[int, int]]] = {
    "rate burst": lambda _: (1200, 40),
    "value spike": lambda _: (HOUR, 5),
    "slow drain": _usual(48, 3),
    "new counterparty": _usual(12, 1),
    "selector shift": _usual(12, 1),
    "fan-out": lambda _: (HOUR, 40),
    SHOCK: lambda _: (600, 6),
}
"""Seconds it lasts, and bad actions."""


def _unchanged(one: Observation, _index: int, _habits: Habits, known: Sequence[Observation]) -> Observation:
    return _as_before(one, known)


def _spike(one: Observation, _index: int, habits: Habits, known: Sequence[Observation]) -> Observation:
    return _as_before(one, known)._replace(value=int(40 * habits.median * UNIT))


def _stranger(one: Observation, _index: int, _habits: Habits, known: Sequence[Observation]) -> Observation:
    return _as_before(one, known)._replace(counterparty=_address("stranger", one.agent))


def _shifted(one: Observation, index: int, _habits: Habits, known: Sequence[Observation]) -> Observation:
    return _as_before(one, known)._replace(selector=_selector(CALLS + index % 2))


def _fanned(one: Observation, index: int, habits: Habits, known: Sequence[Observation]) -> Observation:
    value = int(habits.median * UNIT / 4)
    return _as_before(one, known)._replace(counterparty=_address(f"fan{index}", one.agent), value=value)


def _as_before(one: Observation, known: Sequence[Observation]) -> Observation:
    """With a counterparty that the agent has dealt with, unless it is new by habit."""
    if not known:
        return one
    return one._replace(counterparty=known[-1 - int(one.tx_hash[-6:], 16) % min(len(known), 50)].counterparty)


_CHANGE: dict[str, Callable[[Observation, int, Habits, Sequence[Observation]], Observation]] = {
    "value spike": _spike,
    "new counterparty": _stranger,
    "selector shift": _shifted,
    "fan-out": _fanned,
}


# ---------------------------------------------------------------------------------------------- many agents


def population(*, days: float, seed: int, lineages: int = 4, members: int = 12) -> list[Stream]:
    """Lineages of agents of all kinds that live in one market: every day or so it moves, and many of them act."""
    kinds = list(KINDS)
    streams = [
        honest(kinds[number % len(kinds)], agent=number + 1, days=days, seed=seed, lineage=1 + number // members)
        for number in range(lineages * members)
    ]
    rng = _rng(seed, 0)
    moves = rng.uniform(GENESIS, GENESIS + days * DAY, rng.poisson(days))
    return [
        _with(stream, [one for move in moves for one in _moved(stream, rng, int(move), 0.5, 3, 1800)])
        for stream in streams
    ]


def together(streams: Sequence[Stream], *, at: int, seed: int, lineage: int | None) -> list[tuple[Observation, bool]]:
    """Ten minutes in which the members of one lineage, or with None everybody, act six times each, as they usually do.

    Returns everything from `at` to an hour later, with each action whether it belongs to that.
    """
    rng = _rng(seed, at, lineage or 0)
    found = []
    for stream in streams:
        own = [o for o in stream.observations if at <= o.time < at + HOUR]
        found += [(o, False) for o in own]
        if lineage in (None, stream.lineage):
            found += [(o, True) for o in _moved(stream, rng, at, 0.9, 6, 600)]
    return sorted(found, key=lambda pair: pair[0].time)


def merged(streams: Sequence[Stream]) -> list[Observation]:
    """What all of them did, in the chain's order."""
    return sorted((o for stream in streams for o in stream.observations), key=lambda o: (o.time, o.agent, o.tx_hash))


def _moved(stream: Stream, rng: Generator, at: int, share: float, count: int, seconds: int) -> list[Observation]:
    """So many more actions of the agent within so many seconds, if it takes part."""
    taking_part, times = rng.random() < share, at + np.sort(rng.integers(0, seconds, count))
    made = _actions(stream.habits, rng, stream.agent, stream.lineage, times, tag=f"moved{at}")
    known = [o for o in stream.observations if o.time < at]
    return [_as_before(one, known) for one in made] if taking_part else []


def _with(stream: Stream, more: Sequence[Observation]) -> Stream:
    everything = sorted([*stream.observations, *more], key=lambda o: (o.time, o.tx_hash))
    return Stream(stream.agent, stream.lineage, stream.habits, everything)


# ---------------------------------------------------------------------------------------------- one agent


def _rng(*seeds: int) -> Generator:
    return np.random.Generator(np.random.PCG64(list(seeds)))


def _individual(habits: Habits, rng: Generator) -> Habits:
    """One agent of a kind."""
    order = rng.dirichlet([0.5] * CALLS, CALLS)
    return habits._replace(
        rate=habits.rate * float(np.exp(0.3 * rng.standard_normal())),
        median=habits.median * float(np.exp(rng.standard_normal())),
        spread=habits.spread * float(np.exp(0.2 * rng.standard_normal())),
        order=tuple(tuple(map(float, row)) for row in order),
    )


def _times(habits: Habits, rng: Generator, first: int, last: int) -> NDArray[np.int64]:
    """Seconds of its actions, from `first` to before `last`."""
    hours = (last - first) / HOUR
    begun = rng.uniform(first, last, rng.poisson(hours * 2 * habits.rate / habits.session))
    noon = 1 - np.cos(2 * np.pi * (begun % DAY) / DAY)  # 0 at midnight, 2 at noon
    # Twice as many were drawn as the average asks for: at noon most are kept, at night few.
    share = (habits.night + (1 - habits.night) * noon / 2) / (habits.night + (1 - habits.night) / 2) / 2
    begun = begun[rng.random(len(begun)) < share]
    if habits.session > 1:
        sizes = rng.geometric(1 / habits.session, len(begun))
        begun = np.repeat(begun, sizes) + rng.exponential(60 * habits.session, int(sizes.sum()))
    times = np.sort(begun.astype(np.int64))
    return times[times < last]


def _actions(
    habits: Habits, rng: Generator, agent: int, lineage: int, times: NDArray[np.int64], tag: str = ""
) -> list[Observation]:
    """Actions at these times, after its habits."""
    count = len(times)
    noise = rng.exponential(habits.spread, count) if habits.heavy else habits.spread * rng.standard_normal(count)
    values = (habits.median * UNIT * np.exp(np.minimum(noise, 20.0))).astype(object)
    fresh = rng.random(count) < habits.fresh
    friends = np.minimum(rng.geometric(2 / habits.circle, count), habits.circle)
    chances, steps, call = rng.random(count), np.cumsum(habits.order, axis=1), 0
    wallet = _address("wallet", agent)
    made = []
    for index, time in enumerate(times.tolist()):
        call = min(int(np.searchsorted(steps[call], chances[index])), CALLS - 1)
        name = f"new{tag}{index}" if fresh[index] else f"friend{friends[index]}"
        made.append(
            Observation(
                time=time,
                block=(time - GENESIS) // BLOCK_TIME,
                tx_hash=f"0x{tag.encode().hex():0>40}{agent:08x}{index:016x}",
                log_index=0,
                agent=agent,
                lineage=lineage,
                protocol=PROTOCOL,
                lane=0,
                wallet=wallet,
                value=int(values[index]),
                counterparty=_address(name, agent),
                selector=_selector(call),
                denied=False,
            )
        )
    return made


@lru_cache(1 << 16)
def _address(name: str, agent: int) -> str:
    return "0x" + sha256(f"{name} of {agent}".encode()).hexdigest()[:40]


@cache
def _selector(call: int) -> bytes:
    return sha256(f"call {call}".encode()).digest()[:4]
