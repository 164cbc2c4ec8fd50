"""What the benchmark compares the detectors with: a naive z-score, and what an isolation forest is fed."""

from __future__ import annotations

from collections import Counter, deque
from math import log, log1p, sqrt

from switchgear.detect.streams import DAY, HOUR
from switchgear.detect.types import Observation


class _Moments:
    """Mean and deviation of everything so far (Welford)."""

    def __init__(self) -> None:
        self.count, self.mean, self._sum = 0, 0.0, 0.0

    def add(self, value: float) -> None:
        """One more."""
        self.count += 1
        step = value - self.mean
        self.mean += step / self.count
        self._sum += step * (value - self.mean)

    def z(self, value: float) -> float:
        """Deviations above the mean."""
        spread = sqrt(self._sum / self.count) if self.count else 0.0
        return (value - self.mean) / spread if spread else 0.0


class ZScore:
    """The larger of two z-scores: of the value, and of the actions in the last `window` seconds."""

    def __init__(self, window: int = HOUR) -> None:
        self._window = window
        self._values, self._counts = _Moments(), _Moments()
        self._recent: deque[int] = deque()
        self._current, self._count = -1, 0

    def score(self, o: Observation) -> float:
        """Score an action, then learn from it."""
        window = o.time // self._window
        if window != self._current:
            for gone in range(self._current, window) if self._current >= 0 else ():
                self._counts.add(self._count if gone == self._current else 0)
            self._current, self._count = window, 0
        self._count += 1
        self._recent.append(o.time)
        while self._recent[0] <= o.time - self._window:
            self._recent.popleft()
        score = max(self._values.z(o.value), self._counts.z(len(self._recent)))
        self._values.add(o.value)
        return score


class Features:
    """What is known of an action beside its agent's past, as numbers."""

    NAMES = ("value", "gap", "60 s", "600 s", "3600 s", "new", "young", "call", "pair")

    def __init__(self) -> None:
        self._values = _Moments()
        self._gaps = _Moments()
        self._recent: deque[int] = deque()
        self._last, self._call = 0, b""
        self._met: dict[str, int] = {}
        self._young: deque[int] = deque(maxlen=16)
        self._calls: Counter[bytes] = Counter()

    def of(self, o: Observation) -> tuple[float, ...]:
        """The features of an action; then learn from it."""
        value, gap, call = log(max(1, o.value)), log1p(o.time - self._last), o.selector or b""
        self._recent.append(o.time)
        while self._recent[0] <= o.time - HOUR:
            self._recent.popleft()
        met = self._met.setdefault(str(o.counterparty), o.time)
        self._young.append(int(o.time - met < DAY))
        pair, total = self._call + call, max(1, self._values.count)
        found = (
            self._values.z(value),
            self._gaps.z(gap),
            log1p(self._within(o.time, 60)),
            log1p(self._within(o.time, 600)),
            log1p(len(self._recent)),
            float(met == o.time),
            sum(self._young) / len(self._young),
            log1p(self._calls[call] / total),
            log1p(self._calls[pair] / max(1, self._calls[self._call])),
        )
        self._values.add(value)
        self._gaps.add(gap)
        self._calls[call] += 1
        self._calls[pair] += 1
        self._last, self._call = o.time, call
        return found

    def _within(self, now: int, seconds: int) -> int:
        count = 0
        for time in reversed(self._recent):
            if time <= now - seconds:
                break
            count += 1
        return count
