"""How well the detectors do, beside a naive z-score and an isolation forest, on streams with known attacks.

There are three sets of seeds. Thresholds are calibrated on the first. The second is for developing: whoever changes a
detector looks at it as often as wanted. Figures are published from the third, which nothing is chosen by: it is
measured when a change is finished, and whatever comes out is published. Each candidate, the detectors of an agent
together being one, has the whole rate of false alarms to itself.
"""

from __future__ import annotations

import json
import time
from collections import Counter
from copy import deepcopy
from dataclasses import dataclass, field
from math import inf
from statistics import median
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from switchgear.detect.baselines import Features, ZScore
from switchgear.detect.detectors import LEARNING, Burst
from switchgear.detect.lineage import LineageSynchrony
from switchgear.detect.streams import (
    ATTACKS,
    DAY,
    GENESIS,
    KINDS,
    SHOCK,
    SYNCHRONY,
    attack,
    honest,
    merged,
    population,
    together,
)
from switchgear.detect.suite import (
    AGENT_DETECTORS,
    RATES,
    SIGNALS,
    STIR,
    STIR_DAYS,
    Peaks,
    Thresholds,
    agent_detectors,
    calibrated,
    lineage_detector,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

    from numpy.typing import NDArray

    from switchgear.detect.streams import Stream
    from switchgear.detect.types import Observation

Snapshot = dict[str, Any]
"""What was found, as tests/detect/snapshot.json holds it."""

OURS, ZSCORE, FOREST = "detectors", "z-score", "isolation forest"
ALONE = "without the others"
"""Detectors to which the other lineages are no witnesses: what being relative is worth."""
OF_AGENT: dict[str, tuple[str, ...]] = {OURS: AGENT_DETECTORS, ZSCORE: (ZSCORE,), FOREST: (FOREST,)}
"""Candidates that watch agents, each with the scores it fires by."""
OF_LINEAGE = (OURS, ALONE, ZSCORE)
"""Candidates that watch lineages."""
AMONG: dict[str, tuple[str, ...]] = {
    OURS: AGENT_DETECTORS,
    ALONE: tuple(f"{ALONE}, {name}" for name in AGENT_DETECTORS),
    ZSCORE: (ZSCORE,),
}
"""Candidates that watch agents among others."""
BURST = "rate burst"
MASKED = "rate burst in a market shock"


class Size(NamedTuple):
    """How much is measured."""

    agents: int
    """Of each kind, in each set."""
    days: int
    """That each of them is watched."""
    populations: int
    """In each set."""
    population_days: int
    herds: int
    """Times that each of the disturbances happens in each population that is measured."""
    rates: tuple[int, ...]


FULL = Size(agents=32, days=60, populations=5, population_days=45, herds=20, rates=RATES)
QUICK = Size(agents=5, days=20, populations=1, population_days=22, herds=2, rates=RATES[:1])
CALIBRATION, DEVELOPMENT, PUBLISHED = 1, 2, 3
"""Seeds of the three sets. The last is frozen: no design, no threshold, no size is chosen by what is measured on it."""
LINEAGES, MEMBERS = 4, 8
_NOBODY = LINEAGES + 1
"""A lineage without members."""
FOREST_ROWS, FOREST_TREES = 20_000, 100
_WARM = 14 * DAY
"""Seconds of a stream before the first attack on it."""
_TAIL = 2 * DAY
"""Seconds that the longest attack lasts."""


def take(size: Size, seeds: int, progress: Callable[[str], None] = lambda _: None) -> Snapshot:
    """Calibrates, and measures everything.

    Args:
        size: How much.
        seeds: The set that is measured: `DEVELOPMENT` or `PUBLISHED`.
        progress: Is told in words what has been done.
    """
    agents = _Agents(size, seeds, progress)
    thresholds = agents.calibrate()
    herds = _Herds(size, seeds, thresholds, progress)
    herds.calibrate()
    return {
        "size": size._asdict(),
        "seeds": seeds,
        "thresholds": thresholds,
        "agents": agents.measure(thresholds),
        "among": _Among(size, seeds, progress).measure(thresholds),
        "lineages": herds.measure(thresholds),
    }


def costs(days: int = 15) -> dict[str, dict[str, float]]:
    """What each detector takes, measured: microseconds an action (of this machine), and bytes of state an agent."""
    ones = dict.fromkeys((*AGENT_DETECTORS, LineageSynchrony.name), 1.0)
    observations = merged(population(days=days, seed=CALIBRATION, lineages=1, members=len(KINDS)))
    found = {}
    for detector in (*agent_detectors(ones), lineage_detector(1.0, ones)):
        began = time.process_time()
        for one in observations:
            detector.observe(one)
        passed = time.process_time() - began
        found[detector.name] = {
            "microseconds": round(1e6 * passed / len(observations), 1),
            "bytes": round(len(json.dumps(detector.state())) / len(KINDS)),
        }
    return found


# ---------------------------------------------------------------------------------------------- agents


class _Watch:
    """Everything that watches one agent."""

    def __init__(self) -> None:
        self._detectors = agent_detectors(dict.fromkeys(AGENT_DETECTORS, inf))
        self._zscore, self._features = ZScore(), Features()

    def see(self, o: Observation) -> tuple[dict[str, float], tuple[float, ...]]:
        """The scores of an action, that of the forest left out, and what the forest judges by."""
        scores = {one.name: score.score for one in self._detectors if (score := one.observe(o))}
        return {**scores, ZSCORE: self._zscore.score(o)}, self._features.of(o)


class _Seen(NamedTuple):
    """One action, as everything that watches sees it."""

    bad: bool
    scores: dict[str, float]
    features: tuple[float, ...] = ()


@dataclass
class _Trial:
    """What was seen of one agent under attack."""

    seen: list[_Seen]

    def alarm(self, thresholds: Mapping[str, float], names: Sequence[str]) -> tuple[int, str] | None:
        """Bad actions until the first alarm, and what gave it; None if there was none."""
        bad = 0
        for one in self.seen:
            bad += one.bad
            for name in names:
                if bad and one.scores.get(name, 0.0) > thresholds[name]:
                    return bad, name
        return None


@dataclass
class _Agents:
    """The part of the benchmark in which each agent is alone."""

    size: Size
    seeds: int
    progress: Callable[[str], None]
    forest: Any = None
    days: float = field(init=False)
    """Agent-days that are judged in each set."""

    def __post_init__(self) -> None:
        self.days = len(KINDS) * self.size.agents * (self.size.days - LEARNING / DAY)

    def calibrate(self) -> Thresholds:
        """Of all candidates, on the first set."""
        peaks = self._empty()
        rows = [self._watch(_Watch(), stream.observations, peaks) for stream in self._streams(CALIBRATION)]
        features = np.concatenate([features for _, features in rows])
        self.forest = _forest(features)
        self._judge_by_forest(rows, peaks)
        self.progress(f"calibrated on {self.days:,.0f} agent-days, {len(features):,} actions")
        found: Thresholds = {STIR: calibrated(peaks, self.days, STIR_DAYS, SIGNALS)}
        for rate in self.size.rates:
            found[str(rate)] = {}
            for names in OF_AGENT.values():
                found[str(rate)] |= calibrated(peaks, self.days, rate, names)
        return found

    def measure(self, thresholds: Thresholds) -> dict[str, Any]:
        """False alarms and attacks, on the set that is measured."""
        peaks = self._empty()
        trials: dict[str, list[_Trial]] = {name: [] for name in (*ATTACKS, SHOCK)}
        rows = [self._attacked(stream, peaks, trials) for stream in self._streams(self.seeds)]
        self._judge_by_forest(rows, peaks)
        seen = [one for found in trials.values() for trial in found for one in trial.seen]
        for one, score in zip(seen, self._score(np.array([one.features for one in seen])), strict=True):
            one.scores[FOREST] = score
        self.progress(f"watched {self.days:,.0f} other agent-days, and {len(ATTACKS)} attacks on each agent")
        return {
            "days": self.days,
            "false_alarms": {
                str(rate): {
                    name: round(rate * _alarm_hours(peaks, thresholds[str(rate)], names) / self.days, 2)
                    for name, names in OF_AGENT.items()
                }
                for rate in self.size.rates
            },
            "attacks": {
                name: {
                    str(rate): {
                        candidate: _summary([one.alarm(thresholds[str(rate)], names) for one in found])
                        for candidate, names in OF_AGENT.items()
                    }
                    for rate in self.size.rates
                }
                for name, found in trials.items()
            },
        }

    def _streams(self, seed: int) -> Iterator[Stream]:
        for index, kind in enumerate(KINDS):
            for number in range(self.size.agents):
                yield honest(kind, agent=1 + index * self.size.agents + number, days=self.size.days, seed=seed)

    def _empty(self) -> dict[str, Peaks]:
        return {name: Peaks() for names in OF_AGENT.values() for name in names}

    @staticmethod
    def _watch(
        watch: _Watch, observations: Sequence[Observation], peaks: Mapping[str, Peaks]
    ) -> tuple[Sequence[Observation], NDArray[np.float64]]:
        """Lets an agent act, and keeps the peaks of every score; returns what the forest has yet to judge."""
        features = []
        judged_from = GENESIS + LEARNING
        for o in observations:
            scores, row = watch.see(o)
            features.append(row)
            if o.time >= judged_from:
                for name, score in scores.items():
                    peaks[name].add(o.agent, o.time, score)
        return observations, np.array(features).reshape(-1, len(Features.NAMES))

    def _attacked(
        self, stream: Stream, peaks: Mapping[str, Peaks], trials: Mapping[str, list[_Trial]]
    ) -> tuple[Sequence[Observation], NDArray[np.float64]]:
        """The same, with one attack of each kind from some moment on, after which nothing of it has happened."""
        rng = np.random.Generator(np.random.PCG64([self.seeds, stream.agent, 1]))
        last = self.size.days * DAY - _TAIL
        moments = sorted((GENESIS + int(rng.integers(_WARM, last)), name) for name in trials)
        watch, start, rows = _Watch(), 0, []
        for at, name in moments:
            end = next((i for i, o in enumerate(stream.observations) if o.time >= at), len(stream.observations))
            rows.append(self._watch(watch, stream.observations[start:end], peaks)[1])
            start = end
            trials[name].append(self._trial(deepcopy(watch), attack(name, stream, at=at, seed=self.seeds)))
        rows.append(self._watch(watch, stream.observations[start:], peaks)[1])
        return stream.observations, np.concatenate(rows)

    @staticmethod
    def _trial(watch: _Watch, actions: Sequence[tuple[Observation, bool]]) -> _Trial:
        return _Trial([_Seen(bad, *watch.see(o)) for o, bad in actions])

    def _judge_by_forest(
        self, rows: Sequence[tuple[Sequence[Observation], NDArray[np.float64]]], peaks: Mapping[str, Peaks]
    ) -> None:
        scores = self._score(np.concatenate([features for _, features in rows]))
        observations = (o for part, _ in rows for o in part)
        for o, score in zip(observations, scores, strict=True):
            if o.time >= GENESIS + LEARNING:
                peaks[FOREST].add(o.agent, o.time, score)

    def _score(self, features: NDArray[np.float64]) -> list[float]:
        return [float(score) for score in 100 * -self.forest.score_samples(features)]


def _alarm_hours(peaks: Mapping[str, Peaks], thresholds: Mapping[str, float], names: Sequence[str]) -> int:
    return len(set().union(*(peaks[name].hours(thresholds[name]) for name in names)))


def _population(size: Size, seeds: int, number: int) -> list[Stream]:
    return population(days=size.population_days, seed=1000 * seeds + number, lineages=LINEAGES, members=MEMBERS)


def _forest(features: NDArray[np.float64]) -> Any:
    # Only the benchmark needs it, and it is heavy.
    from sklearn.ensemble import IsolationForest  # type: ignore[import-untyped]  # noqa: PLC0415

    chosen = np.random.Generator(np.random.PCG64(CALIBRATION)).permutation(len(features))[:FOREST_ROWS]
    return IsolationForest(n_estimators=FOREST_TREES, random_state=CALIBRATION).fit(features[chosen])


def _summary(alarms: Sequence[tuple[int, str] | None]) -> dict[str, Any]:
    """Of many attacks: the share that gave an alarm, the bad actions until then, and what gave it most often."""
    given = [alarm for alarm in alarms if alarm]
    by = Counter(name for _, name in given).most_common(1)
    return {
        "recall": round(len(given) / len(alarms), 3),
        "until": median(bad for bad, _ in given) if given else None,
        "by": by[0][0] if by else None,
        "trials": len(alarms),
    }


# ---------------------------------------------------------------------------------------------- agents among others


class _Neighbours:
    """Everything that watches the agents of one population, each with an eye on the others."""

    def __init__(self) -> None:
        self._ours = agent_detectors(dict.fromkeys(AGENT_DETECTORS, inf))
        # Nothing but bursts looks at others.
        self._alone = [Burst(one.window, inf, alone=True) for one in self._ours if isinstance(one, Burst)]
        self._zscores: dict[int, ZScore] = {}

    def see(self, o: Observation) -> dict[str, float]:
        """The scores of its agent after an action."""
        ours = {one.name: score.score for one in self._ours if (score := one.observe(o))}
        alone = {**ours, **{one.name: score.score for one in self._alone if (score := one.observe(o))}}
        zscore = self._zscores.setdefault(o.agent, ZScore()).score(o)
        return {**ours, **{f"{ALONE}, {name}": score for name, score in alone.items()}, ZSCORE: zscore}


@dataclass
class _Among:
    """The part of the benchmark in which agents are attacked, or taken for attacked, while others act."""

    size: Size
    seeds: int
    progress: Callable[[str], None]
    days: float = field(init=False)
    """Agent-days that are judged."""

    def __post_init__(self) -> None:
        self.days = self.size.populations * LINEAGES * MEMBERS * (self.size.population_days - 2 * LEARNING / DAY)

    def measure(self, thresholds: Thresholds) -> dict[str, Any]:
        """False alarms, bursts of one agent in and out of shocks, and the shocks themselves."""
        peaks = {name: Peaks() for names in AMONG.values() for name in names}
        trials: dict[str, list[_Trial]] = {BURST: [], MASKED: [], SHOCK: []}
        for number in range(self.size.populations):
            self._disturbed(number, peaks, trials)
        self.progress(f"watched {self.days:,.0f} agent-days among others, with bursts and shocks")
        return {
            "days": self.days,
            "false_alarms": {
                str(rate): {
                    name: round(rate * _alarm_hours(peaks, _limits(thresholds, rate), names) / self.days, 2)
                    for name, names in AMONG.items()
                }
                for rate in self.size.rates
            },
            "attacks": {
                sort: {
                    str(rate): {
                        name: _summary([one.alarm(_limits(thresholds, rate), names) for one in found])
                        for name, names in AMONG.items()
                    }
                    for rate in self.size.rates
                }
                for sort, found in trials.items()
            },
        }

    def _disturbed(self, number: int, peaks: Mapping[str, Peaks], trials: Mapping[str, list[_Trial]]) -> None:
        streams = _population(self.size, self.seeds, number)
        observations = merged(streams)
        rng = np.random.Generator(np.random.PCG64([self.seeds, number, 3]))
        span = _WARM + DAY, self.size.population_days * DAY - _TAIL
        moments = sorted((GENESIS + int(rng.integers(*span)), sort) for sort in trials for _ in range(self.size.herds))
        neighbours, start = _Neighbours(), 0
        for at, sort in moments:
            end = next(index for index, o in enumerate(observations) if o.time >= at)
            self._watch(neighbours, observations[start:end], number, peaks)
            start = end
            victim = streams[int(rng.integers(len(streams)))]
            branch = deepcopy(neighbours)
            seen: dict[int, list[_Seen]] = {}
            for o, bad in self._actions(sort, streams, victim, at):
                seen.setdefault(o.agent, []).append(_Seen(bad, branch.see(o)))
            chosen = [victim.agent] if sort != SHOCK else list(seen)
            trials[sort].extend(_Trial(seen[agent]) for agent in chosen if any(one.bad for one in seen[agent]))
        self._watch(neighbours, observations[start:], number, peaks)

    def _actions(self, sort: str, streams: Sequence[Stream], victim: Stream, at: int) -> list[tuple[Observation, bool]]:
        """An hour of everybody, with whether what an agent does is part of what is tried on it."""
        everybody = together(streams, at=at, seed=self.seeds, lineage=None if sort != BURST else _NOBODY)
        if sort == SHOCK:
            return everybody
        others = [(o, False) for o, _ in everybody if o.agent != victim.agent]
        return sorted([*others, *attack(BURST, victim, at=at, seed=self.seeds)], key=lambda pair: pair[0].time)

    @staticmethod
    def _watch(
        neighbours: _Neighbours, observations: Sequence[Observation], number: int, peaks: Mapping[str, Peaks]
    ) -> None:
        for o in observations:
            scores = neighbours.see(o)
            if o.time >= GENESIS + 2 * LEARNING:
                for name, score in scores.items():
                    peaks[name].add(number * LINEAGES * MEMBERS + o.agent, o.time, score)


def _limits(thresholds: Thresholds, rate: int) -> dict[str, float]:
    """Those of a rate; without the others the detectors have the same."""
    found = thresholds[str(rate)]
    return {**found, **{f"{ALONE}, {name}": found[name] for name in AGENT_DETECTORS}}


# ---------------------------------------------------------------------------------------------- lineages


class _Crowd:
    """Everything that watches the lineages of one population."""

    def __init__(self, stir: Mapping[str, float]) -> None:
        self._ours = lineage_detector(inf, stir)
        self._alone = LineageSynchrony(inf, self._ours.signals, witnesses=0)
        self._zscores: dict[int, ZScore] = {}

    def see(self, o: Observation) -> dict[str, float]:
        """The scores of its lineage after an action."""
        stirs = self._ours.stirs(o)
        scores = {OURS: self._ours.note(o, stirs=stirs), ALONE: self._alone.note(o, stirs=stirs)}
        zscore = self._zscores.setdefault(o.lineage, ZScore(LineageSynchrony.WINDOW)).score(o)
        return {ZSCORE: zscore, **{name: score.score for name, score in scores.items() if score}}


@dataclass
class _Herds:
    """The part of the benchmark in which lineages live in one market."""

    size: Size
    seeds: int
    thresholds: Thresholds
    progress: Callable[[str], None]
    days: float = field(init=False)
    """Lineage-days that are judged in each set."""

    def __post_init__(self) -> None:
        judged = self.size.population_days - 2 * LEARNING / DAY
        self.days = self.size.populations * LINEAGES * judged

    def calibrate(self) -> None:
        """Adds the thresholds of lineages to those of agents."""
        peaks = {name: Peaks() for name in OF_LINEAGE}
        for number in range(self.size.populations):
            self._watch(
                _Crowd(self.thresholds[STIR]), merged(_population(self.size, CALIBRATION, number)), number, peaks
            )
        self.progress(f"calibrated on {self.days:,.0f} lineage-days")
        for rate in self.size.rates:
            for name in OF_LINEAGE:
                found = calibrated(peaks, self.days, rate, [name])[name]
                self.thresholds[str(rate)][_lineage(name)] = found

    def measure(self, thresholds: Thresholds) -> dict[str, Any]:
        """False alarms, herds and shocks, on the set that is measured."""
        peaks = {name: Peaks() for name in OF_LINEAGE}
        trials: dict[str, list[_Trial]] = {SYNCHRONY: [], SHOCK: []}
        for number in range(self.size.populations):
            self._disturbed(number, peaks, trials)
        self.progress(f"watched {self.days:,.0f} other lineage-days, with herds and shocks")
        return {
            "days": self.days,
            "false_alarms": {
                str(rate): {
                    name: round(rate * len(peaks[name].hours(thresholds[str(rate)][_lineage(name)])) / self.days, 2)
                    for name in OF_LINEAGE
                }
                for rate in self.size.rates
            },
            "attacks": {
                sort: {
                    str(rate): {
                        name: _summary(
                            [one.alarm({name: thresholds[str(rate)][_lineage(name)]}, [name]) for one in found]
                        )
                        for name in OF_LINEAGE
                    }
                    for rate in self.size.rates
                }
                for sort, found in trials.items()
            },
        }

    @staticmethod
    def _watch(crowd: _Crowd, observations: Sequence[Observation], number: int, peaks: Mapping[str, Peaks]) -> None:
        for o in observations:
            scores = crowd.see(o)
            if o.time >= GENESIS + 2 * LEARNING:
                for name, score in scores.items():
                    peaks[name].add(number * LINEAGES + o.lineage, o.time, score)

    def _disturbed(self, number: int, peaks: Mapping[str, Peaks], trials: Mapping[str, list[_Trial]]) -> None:
        streams = _population(self.size, self.seeds, number)
        observations = merged(streams)
        rng = np.random.Generator(np.random.PCG64([self.seeds, number, 2]))
        span = _WARM + DAY, self.size.population_days * DAY - _TAIL
        moments = sorted((GENESIS + int(rng.integers(*span)), sort) for sort in trials for _ in range(self.size.herds))
        crowd, start = _Crowd(self.thresholds[STIR]), 0
        for at, sort in moments:
            end = next(index for index, o in enumerate(observations) if o.time >= at)
            self._watch(crowd, observations[start:end], number, peaks)
            start = end
            herd = 1 + int(rng.integers(LINEAGES)) if sort == SYNCHRONY else None
            branch = deepcopy(crowd)
            seen = [
                _Seen(bad, scores if herd in (None, o.lineage) else {})
                for o, bad in together(streams, at=at, seed=self.seeds, lineage=herd)
                for scores in [branch.see(o)]
            ]
            trials[sort].append(_Trial(seen))
        self._watch(crowd, observations[start:], number, peaks)


def _lineage(candidate: str) -> str:
    """Under which name a candidate's threshold for lineages is kept."""
    return LineageSynchrony.name if candidate == OURS else f"lineage, {candidate}"
