"""The streams: the same seed gives the same stream, and an attack is what it is called."""

from __future__ import annotations

from hashlib import sha256
from itertools import pairwise

import pytest

from switchgear.detect.streams import (
    ATTACKS,
    DAY,
    GENESIS,
    HOUR,
    KINDS,
    SHOCK,
    Stream,
    attack,
    honest,
    merged,
    population,
    together,
)

AT = GENESIS + 10 * DAY


def stream(kind: str = "steady", seed: int = 1) -> Stream:
    """Ten days of an agent."""
    return honest(kind, agent=5, days=10, seed=seed)


@pytest.mark.parametrize("kind", list(KINDS))
def test_honest__same_seed__same_stream(kind: str) -> None:
    """Frozen by the seed; another seed or another agent is another stream; in order, and of whole values."""
    first = stream(kind)
    assert first.observations == stream(kind).observations
    assert first.observations != stream(kind, seed=2).observations
    assert first.observations != honest(kind, agent=6, days=10, seed=1).observations
    times = [o.time for o in first.observations]
    assert times == sorted(times)
    assert times[0] >= GENESIS
    assert times[-1] < AT
    assert len({o.tx_hash for o in first.observations}) == len(times)
    assert all(isinstance(o.value, int) and o.value > 0 for o in first.observations)


def test_honest__frozen_seed__is_the_stream_of_the_benchmark() -> None:
    """The figures in docs/detect.md are of these streams: a generator that changes makes them new."""
    seen = [(o.time, o.counterparty, o.selector) for o in stream().observations]
    assert sha256(repr(seen).encode()).hexdigest() == "065837769c7f644c271eabdd5fb9026012eb82f15d4eaa766cb251b9419edf94"


def test_honest__kinds__are_what_they_are_called() -> None:
    """Bursty agents act in sessions, diurnal ones sleep, heavy tails have values far above the median."""
    found = {kind: honest(kind, agent=1, days=60, seed=3).observations for kind in KINDS}
    close = {kind: sum(b.time - a.time < 60 for a, b in pairwise(seen)) / len(seen) for kind, seen in found.items()}
    night = {kind: sum(o.time % DAY < 6 * HOUR for o in seen) / len(seen) for kind, seen in found.items()}
    top = {
        kind: max(o.value for o in seen) / sorted(o.value for o in seen)[len(seen) // 2] for kind, seen in found.items()
    }
    assert close["bursty"] > 5 * close["steady"]
    assert night["diurnal"] < 0.15 < night["steady"]
    assert top["heavy-tailed"] > 3 * top["steady"]


@pytest.mark.parametrize("name", [*ATTACKS, SHOCK])
def test_attack__same_seed__same_attack(name: str) -> None:
    """Frozen by the seed; bad actions and the agent's own are told apart, in order, all of this agent."""
    first = attack(name, stream(), at=AT, seed=1)
    assert first == attack(name, stream(), at=AT, seed=1)
    assert first != attack(name, stream(), at=AT, seed=2)
    times = [o.time for o, _ in first]
    assert times == sorted(times)
    assert times[0] >= AT
    assert sum(bad for _, bad in first) >= 4
    assert {o.agent for o, _ in first} == {5}


def test_attack__each__differs_from_habit_as_it_says() -> None:
    """A spike is large, a stranger new and one, a fan new and many, a shift of other calls; a burst like the agent."""
    own = stream()
    known, calls = {o.counterparty for o in own.observations}, {o.selector for o in own.observations}
    bad = {name: [o for o, is_bad in attack(name, own, at=AT, seed=1) if is_bad] for name in ATTACKS}
    assert {o.value for o in bad["value spike"]} == {int(40 * own.habits.median * 10**6)}
    assert len({o.counterparty for o in bad["new counterparty"]} - known) == 1
    assert len({o.counterparty for o in bad["fan-out"]} - known) == len(bad["fan-out"])
    assert {o.selector for o in bad["selector shift"]}.isdisjoint(calls)
    assert {o.counterparty for o in bad["rate burst"]} <= known
    assert {o.selector for o in bad["rate burst"]} <= calls
    assert bad["rate burst"][-1].time - AT < 20 * 60
    assert bad["slow drain"][-1].time - AT > 36 * HOUR


def test_together__one_lineage_or_all__moves_whom_it_says() -> None:
    """Synchrony is a lineage's, a shock everybody's."""
    streams = population(days=3, seed=1, lineages=2, members=4)
    at = GENESIS + 2 * DAY
    herd = {o.lineage for o, bad in together(streams, at=at, seed=1, lineage=2) if bad}
    shock = {o.lineage for o, bad in together(streams, at=at, seed=1, lineage=None) if bad}
    assert (herd, shock) == ({2}, {1, 2})
    assert merged(streams) == merged(population(days=3, seed=1, lineages=2, members=4))
