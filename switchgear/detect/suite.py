"""All detectors, with thresholds for a rate of false alarms; and where such thresholds come from.

An *alarm* is an hour in which a detector fires for one agent, or one lineage; however often within it. Thresholds are
calibrated on agents that do nothing wrong: the detectors of an agent share its rate of false alarms evenly, that of the
lineages has the rate of each lineage to itself. ``ape run detect-bench --write`` makes ``thresholds.json``.

>>> [detector.name for detector in suite(30)][:4]
['burst-60', 'burst-600', 'burst-3600', 'value']
"""

from __future__ import annotations

import json
from importlib.resources import files
from typing import TYPE_CHECKING

from switchgear.detect.detectors import Burst, Drift, LargeValue, SelectorSequence, YoungCounterparties
from switchgear.detect.lineage import LineageSynchrony
from switchgear.errors import InvalidInput

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from switchgear.detect.types import Detector

RATES = (30, 300)
"""Days in which an agent, or a lineage, may have one false alarm: thresholds are shipped for these."""
STIR = "stir"
"""Name of the low thresholds at which a member of a lineage stirs: once in `STIR_DAYS` by itself."""
STIR_DAYS = 1.0
HOUR = 3600

Thresholds = dict[str, dict[str, float]]
"""By rate (its days, or `STIR`), then by name of the detector."""


def agent_detectors(thresholds: Mapping[str, float]) -> list[Detector]:
    """Those of an agent, by thresholds under their names."""
    return [
        *(Burst(window, thresholds[f"burst-{window}"]) for window in (60, 600, 3600)),
        LargeValue(thresholds["value"]),
        Drift(thresholds["drift"]),
        YoungCounterparties(thresholds["counterparties"]),
        SelectorSequence(thresholds["selectors"]),
    ]


def lineage_detector(threshold: float, stir: Mapping[str, float] | None = None) -> LineageSynchrony:
    """That of the lineages; its members stir by these thresholds, or those that are shipped."""
    stir = shipped()[STIR] if stir is None else stir
    signals: list[Detector] = [
        # What everybody does is the lineage detector's own to weigh.
        Burst(600, stir["burst-600"], alone=True),
        LargeValue(stir["value"]),
        YoungCounterparties(stir["counterparties"]),
        SelectorSequence(stir["selectors"]),
    ]
    return LineageSynchrony(threshold, signals)


AGENT_DETECTORS = ("burst-60", "burst-600", "burst-3600", "value", "drift", "counterparties", "selectors")
"""Names of `agent_detectors`."""
SIGNALS = ("burst-600", "value", "counterparties", "selectors")
"""Names of what members stir by."""


def suite(days: int = RATES[-1], thresholds: Thresholds | None = None) -> list[Detector]:
    """All of them, at one false alarm per agent (and per lineage) in so many days.

    Args:
        days: One of `RATES`.
        thresholds: Calibrated on something else than what ships with the package.

    Raises:
        InvalidInput: There are no thresholds for this rate.
    """
    known = shipped() if thresholds is None else thresholds
    if str(days) not in known:
        message = f"no thresholds for one false alarm in {days} days; there are {', '.join(map(str, RATES))}"
        raise InvalidInput(message)
    chosen = known[str(days)]
    return [*agent_detectors(chosen), lineage_detector(chosen[LineageSynchrony.name], known[STIR])]


def shipped() -> Thresholds:
    """The thresholds that come with the package."""
    return dict(json.loads((files("switchgear") / "detect" / "thresholds.json").read_text()))


class Peaks:
    """The highest score of each hour of each subject: what thresholds and rates of alarms are reckoned from."""

    def __init__(self) -> None:
        self._highest: dict[tuple[int, int], float] = {}

    def add(self, subject: int, time: int, score: float) -> None:
        """One score of a subject."""
        key = subject, time // HOUR
        if score > self._highest.get(key, 0.0):
            self._highest[key] = score

    def hours(self, threshold: float) -> set[tuple[int, int]]:
        """Hours in which a subject exceeds a threshold, each with its subject."""
        return {key for key, score in self._highest.items() if score > threshold}

    def threshold(self, subject_days: float, days: float) -> float:
        """The lowest threshold with at most one alarm a subject in so many days.

        Raises:
            InvalidInput: Too few days were observed for even one alarm at that rate.
        """
        allowed = int(subject_days / days)
        if allowed < 1:
            message = f"{subject_days:.0f} days observed are too few for one alarm in {days:.0f} days"
            raise InvalidInput(message)
        ordered = sorted(self._highest.values(), reverse=True)
        return ordered[allowed] if allowed < len(ordered) else 0.0


def calibrated(peaks: Mapping[str, Peaks], subject_days: float, days: float, names: Sequence[str]) -> dict[str, float]:
    """Thresholds of several detectors that share one rate evenly, rounded up to what a person would read."""
    return {name: _up(peaks[name].threshold(subject_days, days * len(names))) for name in names}


def _up(threshold: float) -> float:
    return round(threshold + 0.005, 2)
