"""S5: a lineage whose members move together stands out; a market that moves everybody trips none."""

from __future__ import annotations

from copy import deepcopy
from functools import cache
from math import inf

import pytest

from switchgear.detect.lineage import LineageSynchrony
from switchgear.detect.streams import DAY, GENESIS, Stream, merged, population, together
from switchgear.detect.suite import RATES, STIR, lineage_detector, shipped
from switchgear.detect.types import Observation, Score

SEED, LINEAGES = 78, 4
AT = GENESIS + 16 * DAY


@cache
def market() -> tuple[list[Stream], LineageSynchrony]:
    """Four lineages of eight, and a detector that has watched them for 16 days."""
    streams = population(days=17, seed=SEED, lineages=LINEAGES, members=8)
    thresholds = shipped()
    detector = lineage_detector(thresholds[str(RATES[-1])][LineageSynchrony.name], thresholds[STIR])
    for o in merged(streams):
        if o.time < AT:
            detector.observe(o)
    return streams, detector


def alarms(lineage: int | None, seed: int = SEED) -> dict[int, Score]:
    """The last alarm of each lineage while one of them, or with None everybody, moves."""
    streams, detector = market()
    watching = deepcopy(detector)
    scores = [watching.observe(o) for o, _ in together(streams, at=AT, seed=seed, lineage=lineage)]
    return {score.lineage: score for score in scores if score is not None and score.fires}


def test_observe__one_lineage_moves__that_one_fires() -> None:
    """S5: most of the time that a lineage moves, at one false alarm in 300 days; and never does another fire."""
    cases = [(lineage, seed) for lineage in range(1, LINEAGES + 1) for seed in range(4)]
    found = {(lineage, seed): alarms(lineage, seed) for lineage, seed in cases}
    assert sum(bool(one) for one in found.values()) >= 0.75 * len(cases)
    for (lineage, _), fired in found.items():
        assert fired.keys() <= {lineage}
        assert all(score.agent == 0 and "of 8 members" in score.explanation for score in fired.values())


@pytest.mark.parametrize("seed", range(5))
def test_observe__everybody_moves__none_fires(seed: int) -> None:
    """S5: a market shock raises what is expected of every lineage."""
    assert alarms(None, seed) == {}


def test_observe__shock_without_the_others_as_witnesses__would_fire() -> None:
    """S5: it is the comparison that keeps it silent."""
    streams, detector = market()
    alone = LineageSynchrony(detector.threshold, [], witnesses=0)
    alone.restore({**detector.state(), "signals": []})
    watching = deepcopy(detector)
    scores = [alone.note(o, stirs=watching.stirs(o)) for o, _ in together(streams, at=AT, seed=SEED, lineage=None)]
    assert any(score is not None and score.fires for score in scores)


def acting(agent: int, lineage: int, time: int) -> Observation:
    """An action."""
    return Observation(time, 0, "0x", 0, agent, lineage, "0xp", 0, "0xw", 1, None, None, denied=False)


def watched() -> tuple[LineageSynchrony, int]:
    """Two lineages of ten that never stirred, for 15 days."""
    detector = LineageSynchrony(inf, [])
    for day in range(16):
        for agent in range(20):
            detector.note(acting(1 + agent, 1 + agent // 10, GENESIS + day * DAY), stirs=False)
    return detector, GENESIS + 15 * DAY + 1


def test_note__members_stir__two_are_no_herd_and_three_are() -> None:
    """The score starts at the third member, and grows with each."""
    detector, now = watched()
    scores = [detector.note(acting(1 + index, 1, now), stirs=True) for index in range(5)]
    found = [score.score for score in scores if score]
    assert found[:2] == [0.0, 0.0]
    assert 0 < found[2] < found[3] < found[4]


def test_note__stirred_before_the_window__counts_no_more() -> None:
    """One second either side of ten minutes."""
    for age, members in ((LineageSynchrony.WINDOW - 1, 3), (LineageSynchrony.WINDOW, 2)):
        detector, now = watched()
        detector.note(acting(1, 1, now), stirs=True)
        detector.note(acting(2, 1, now + age), stirs=True)
        score = detector.note(acting(3, 1, now + age), stirs=True)
        assert score is not None
        assert score.explanation.startswith(f"{members} of 10 members")


def test_note__same_member_again__counts_once() -> None:
    """One agent is no herd, however often it acts."""
    detector, now = watched()
    scores = [detector.note(acting(1, 1, now + second), stirs=True) for second in range(20)]
    assert all(score is not None and score.score == 0 for score in scores)


def test_note__others_stir_as_well__lowers_the_score() -> None:
    """S5: the same four members are less of a surprise when three of the others stir."""
    alone, now = watched()
    for index in range(3):
        alone.note(acting(1 + index, 1, now), stirs=True)
    shocked, _ = watched()
    for index in range(3):
        shocked.note(acting(1 + index, 1, now), stirs=True)
        shocked.note(acting(11 + index, 2, now), stirs=True)
    last = [one.note(acting(4, 1, now), stirs=True) for one in (alone, shocked)]
    assert last[0] is not None
    assert last[1] is not None
    assert last[0].score > 2 * last[1].score > 0


def test_note__no_lineage_or_too_early__says_nothing() -> None:
    """Agents of no lineage are witnesses only; and for the first two weeks nobody is judged."""
    detector, now = watched()
    assert detector.note(acting(30, 0, now), stirs=True) is None
    young = LineageSynchrony(0.0, [])
    assert all(young.note(acting(agent, 1, GENESIS), stirs=True) is None for agent in range(10))
