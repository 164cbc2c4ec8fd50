"""How well the detectors do, beside a naive z-score and an isolation forest, on streams with known attacks.

All are calibrated on one set of seeds, and every figure is from another. Each candidate, the detectors of an agent
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
from switchgear.detect.detectors import LEARNING
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
"""The lineage detector to which the other lineages are no witnesses: what being relative is worth."""
OF_AGENT: dict[str, tuple[str, ...]] = {OURS: AGENT_DETECTORS, ZSCORE: (ZSCORE,), FOREST: (FOREST,)}
"""Candidates that watch agents, each with the scores it fires by."""
OF_LINEAGE = (OURS, ALONE, ZSCORE)
"""Candidates that watch lineages."""


class Size(NamedTuple):
    """How much is measured."""

    agents: int
    """Of each kind, in each of the two sets."""
    days: int
    """That each of them is watched."""
    populations: int
    """In each of the two sets."""
    population_days: int
    herds: int
    """Times that a lineage, and that everybody moves, in each population that is held out."""
    rates: tuple[int, ...]


FULL = Size(agents=32, days=60, populations=5, population_days=45, herds=20, rates=RATES)
QUICK = Size(agents=5, days=20, populations=1, population_days=22, herds=2, rates=RATES[:1])
CALIBRATION, HELD_OUT = 1, 2
"""Seeds of the two sets."""
LINEAGES, MEMBERS = 4, 8
FOREST_ROWS, FOREST_TREES = 20_000, 100
_WARM = 14 * DAY
"""Seconds of a stream before the first attack on it."""
_TAIL = 2 * DAY
"""Seconds that the longest attack lasts."""


def take(size: Size = FULL, progress: Callable[[str], None] = lambda _: None) -> Snapshot:
    """Calibrates, and measures everything.

    Args:
        size: How much.
        progress: Is told in words what has been done.
    """
    agents = _Agents(size, progress)
    thresholds = agents.calibrate()
    herds = _Herds(size, thresholds, progress)
    herds.calibrate()
    return {
        "size": size._asdict(),
        "thresholds": thresholds,
        "agents": agents.measure(thresholds),
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
        """False alarms and attacks, on the second set."""
        peaks = self._empty()
        trials: dict[str, list[_Trial]] = {name: [] for name in (*ATTACKS, SHOCK)}
        rows = [self._attacked(stream, peaks, trials) for stream in self._streams(HELD_OUT)]
        self._judge_by_forest(rows, peaks)
        seen = [one for found in trials.values() for trial in found for one in trial.seen]
        for one, score in zip(seen, self._score(np.array([one.features for one in seen])), strict=True):
            one.scores[FOREST] = score
        self.progress(
            f"watched {self.days:,.0f} agent-days that are held out, and {len(ATTACKS)} attacks on each agent"
        )
        return {
            "days": self.days,
            "false_alarms": {
                str(rate): {
                    name: round(rate * self._alarm_hours(peaks, thresholds[str(rate)], names) / self.days, 2)
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
        rng = np.random.Generator(np.random.PCG64([HELD_OUT, stream.agent, 1]))
        last = self.size.days * DAY - _TAIL
        moments = sorted((GENESIS + int(rng.integers(_WARM, last)), name) for name in trials)
        watch, start, rows = _Watch(), 0, []
        for at, name in moments:
            end = next((i for i, o in enumerate(stream.observations) if o.time >= at), len(stream.observations))
            rows.append(self._watch(watch, stream.observations[start:end], peaks)[1])
            start = end
            trials[name].append(self._trial(deepcopy(watch), attack(name, stream, at=at, seed=HELD_OUT)))
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

    @staticmethod
    def _alarm_hours(peaks: Mapping[str, Peaks], thresholds: Mapping[str, float], names: Sequence[str]) -> int:
        return len(set().union(*(peaks[name].hours(thresholds[name]) for name in names)))


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
            self._watch(_Crowd(self.thresholds[STIR]), merged(self._population(CALIBRATION, number)), number, peaks)
        self.progress(f"calibrated on {self.days:,.0f} lineage-days")
        for rate in self.size.rates:
            for name in OF_LINEAGE:
                found = calibrated(peaks, self.days, rate, [name])[name]
                self.thresholds[str(rate)][_lineage(name)] = found

    def measure(self, thresholds: Thresholds) -> dict[str, Any]:
        """False alarms, herds and shocks, on the second set."""
        peaks = {name: Peaks() for name in OF_LINEAGE}
        trials: dict[str, list[_Trial]] = {SYNCHRONY: [], SHOCK: []}
        for number in range(self.size.populations):
            self._disturbed(number, peaks, trials)
        self.progress(f"watched {self.days:,.0f} lineage-days that are held out, with herds and shocks")
        return {
            "days": self.days,
            "false_alarms": {
                str(rate): {
                    name: round(rate * peaks[name].alarms(thresholds[str(rate)][_lineage(name)]) / self.days, 2)
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

    def _population(self, seed: int, number: int) -> list[Stream]:
        seed = 1000 * seed + number
        return population(days=self.size.population_days, seed=seed, lineages=LINEAGES, members=MEMBERS)

    @staticmethod
    def _watch(crowd: _Crowd, observations: Sequence[Observation], number: int, peaks: Mapping[str, Peaks]) -> None:
        for o in observations:
            scores = crowd.see(o)
            if o.time >= GENESIS + 2 * LEARNING:
                for name, score in scores.items():
                    peaks[name].add(number * LINEAGES + o.lineage, o.time, score)

    def _disturbed(self, number: int, peaks: Mapping[str, Peaks], trials: Mapping[str, list[_Trial]]) -> None:
        streams = self._population(HELD_OUT, number)
        observations = merged(streams)
        rng = np.random.Generator(np.random.PCG64([HELD_OUT, number, 2]))
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
                for o, bad in together(streams, at=at, seed=HELD_OUT, lineage=herd)
                for scores in [branch.see(o)]
            ]
            trials[sort].append(_Trial(seen))
        self._watch(crowd, observations[start:], number, peaks)


def _lineage(candidate: str) -> str:
    """Under which name a candidate's threshold for lineages is kept."""
    return LineageSynchrony.name if candidate == OURS else f"lineage, {candidate}"
