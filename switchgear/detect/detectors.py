"""The detectors of one agent: bursts, large values, drift, young counterparties, unusual sequences of calls.

Each keeps a memory of bounded size for every agent, and takes an observation in a time that does not depend on how many
went before. A score of a tail is in bits: 10 bits are one chance in about a thousand that the agent's own past gives.

>>> from switchgear.detect.types import Observation
>>> burst = Burst(60, threshold=20.0)
>>> for hour in range(200):
...     o = Observation(hour * 3600, hour, "0x", 0, 7, 1, "0xp", 0, "0xw", 5, None, None, False)
...     score = burst.observe(o)
>>> for second in range(9):
...     score = burst.observe(o._replace(time=720_000 + second))
>>> score.fires, score.explanation
(True, '9 actions within 60 s; usual 1, spread 0.1')
"""

from __future__ import annotations

from bisect import bisect_left, insort
from collections import Counter
from dataclasses import asdict, dataclass, field
from math import e, exp, log, log2, sqrt
from typing import TYPE_CHECKING, Any, ClassVar, Generic, TypeVar

from switchgear.detect.tails import BITS, binomial, bits, negative_binomial
from switchgear.detect.types import Score

if TYPE_CHECKING:
    from collections.abc import Mapping

    from switchgear.detect.types import Observation

HOUR, DAY = 3600, 86_400
HORIZON = 7 * DAY
"""Seconds over which the past fades to 1/e, where it fades."""
LEARNING = 7 * DAY
"""Seconds after an agent's first action before anything is said of it."""
LEARNING_ACTIONS = 20
"""Actions likewise."""

_Memory = TypeVar("_Memory", bound="_Age")


@dataclass
class _Age:
    """What every detector knows of an agent."""

    since: int
    """Time of its first action."""
    seen: int = 0
    """Actions so far."""


class _OfAgent(Generic[_Memory]):
    """A memory for each agent, and everything about it that detectors have in common."""

    name: str
    _memory: ClassVar[type[Any]]

    def __init__(self, threshold: float) -> None:
        self.threshold = threshold
        self._agents: dict[int, _Memory] = {}

    def observe(self, o: Observation) -> Score | None:
        """Take the next observation."""
        memory = self._agents.get(o.agent)
        if memory is None:
            memory = self._agents[o.agent] = self._memory(o.time)
        memory.seen += 1
        found = self._judge(memory, o)
        if found is None or o.time - memory.since < LEARNING or memory.seen <= LEARNING_ACTIONS:
            return None
        score, explanation = found
        return Score(self.name, o.agent, o.lineage, score, self.threshold, score > self.threshold, explanation)

    def _judge(self, memory: _Memory, o: Observation) -> tuple[float, str] | None:
        """Score an observation, then learn from it; None if it says nothing."""
        raise NotImplementedError

    def state(self) -> dict[str, Any]:
        """What it has learned, by agent."""
        return {str(agent): asdict(memory) for agent, memory in self._agents.items()}

    def restore(self, state: Mapping[str, Any]) -> None:
        """Go on from such a state."""
        self._agents = {int(agent): self._memory(**_copied(memory)) for agent, memory in state.items()}


def _copied(memory: Mapping[str, Any]) -> dict[str, Any]:
    """So that a detector does not write into the state that it was given."""
    return {name: type(value)(value) if isinstance(value, (list, dict)) else value for name, value in memory.items()}


# ---------------------------------------------------------------------------------------------- bursts


@dataclass
class _Counts(_Age):
    slot: int = 0
    """Number of the newest slice of time."""
    slots: list[int] = field(default_factory=list)
    """Actions in each of the last slices, the newest last."""
    window: int = 0
    """Number of the window that is being counted."""
    count: int = 0
    """Actions in it."""
    windows: int = 0
    """Windows learned of."""
    mean: float = 0.0
    """Of the actions beyond the first in a window that has any, fading."""
    variance: float = 0.0


class _Market:
    """How many times busier than usual the other lineages are: what moves everybody is no sign of one agent.

    Only agents that are past learning are witnesses, and only those of other lineages than the agent's own: neither
    fresh identities nor a herd excuse anybody. One agent counts for `MOST` actions in a window at most, so that it
    takes many of them, and up to `SLACK` times the usual is a busy hour of the day.
    """

    MOST = 8
    SLACK = 2.0
    _CREDIBLE = 1.28
    """Deviations below what is seen: the lower 90 % end of it."""

    def __init__(self, window: int, slices: int) -> None:
        self.window = window
        self._slice, self._slices = window // slices, slices
        self.since: int | None = None
        """Time of the first action of a witness."""
        self.now: list[list[int]] = []
        """Slice and lineage of each action within the window, the newest last."""
        self.recent: Counter[int] = Counter()
        """How many of them each lineage has."""
        self.usual: dict[int, list[float]] = {}
        """Actions of each lineage, fading, and the time up to which they have faded."""

    def add(self, lineage: int, time: int) -> None:
        """A witness acts."""
        self.since = time if self.since is None else self.since
        self._expire(time)
        self.now.append([time // self._slice, lineage])
        for key in (_ALL, lineage):
            self.recent[key] += 1
            self.usual[key] = [self._faded(key, time) + 1, time]

    def factor(self, lineage: int, time: int) -> float:
        """How many times busier than usual the others are now, at least; 1 if they are as usual, or unknown."""
        if self.since is None or time - self.since < DAY:
            return 1.0
        self._expire(time)
        seen = self.recent[_ALL] - self.recent[lineage]
        low = seen - self._CREDIBLE * sqrt(self.MOST * seen)
        if low <= self.SLACK:
            return 1.0
        learned = HORIZON * (1 - exp((self.since - time) / HORIZON))
        usual = (self._faded(_ALL, time) - self._faded(lineage, time)) * self.window / learned
        return max(1.0, low / (self.SLACK * max(usual, 1.0)))

    def _faded(self, lineage: int, time: int) -> float:
        count, then = self.usual.get(lineage, (0.0, time))
        return count * exp((then - time) / HORIZON)

    def _expire(self, time: int) -> None:
        oldest, expired = time // self._slice - self._slices, 0
        for slot, lineage in self.now:
            if slot > oldest:
                break
            expired += 1
            self.recent[_ALL] -= 1
            self.recent[lineage] -= 1
        del self.now[:expired]

    def state(self) -> dict[str, Any]:
        """What it has learned."""
        usual = {str(lineage): list(one) for lineage, one in self.usual.items()}
        return {"since": self.since, "now": [list(one) for one in self.now], "usual": usual}

    def restore(self, state: Mapping[str, Any]) -> None:
        """Go on from such a state."""
        self.since, self.now = state["since"], [list(one) for one in state["now"]]
        self.recent = Counter(key for _, lineage in self.now for key in (_ALL, lineage))
        self.usual = {int(lineage): list(one) for lineage, one in state["usual"].items()}


_ALL = -1
"""All lineages together."""


class Burst(_OfAgent[_Counts]):
    """More actions within a window than the agent's own past makes likely.

    The past is the mean and variance of actions beyond the first, over disjoint windows in which the agent acts at
    all. They give a negative binomial: a Poisson whose rate varies as much as this agent's does, by night, in
    sessions. The score is its tail at the actions within the last `window` seconds. What is learned of a window is
    capped, so that a burst does not become the rule at once.

    While the other lineages are so many times busier than usual, as much is expected of this agent.

    Args:
        window: Seconds.
        threshold: In bits.
        alone: Look at each agent by itself, whatever the others do.
    """

    SLICES = 6
    _FADE = 1 / 200
    _memory = _Counts

    def __init__(self, window: int, threshold: float, *, alone: bool = False) -> None:
        super().__init__(threshold)
        self.name = f"burst-{window}"
        self.window = window
        self._slice = window // self.SLICES
        self._market = None if alone else _Market(window, self.SLICES)

    def _judge(self, memory: _Counts, o: Observation) -> tuple[float, str] | None:
        window, slot = o.time // self.window, o.time // self._slice
        if window > memory.window:
            self._learn(memory)
            memory.window, memory.count = window, 0
        memory.count += 1
        passed = slot - memory.slot
        if passed >= self.SLICES or not memory.slots:
            memory.slots = [0] * self.SLICES
        elif passed > 0:
            memory.slots = memory.slots[passed:] + [0] * passed
        memory.slot = max(slot, memory.slot)
        memory.slots[-1] += 1
        count, mean = sum(memory.slots), max(memory.mean, 0.01)
        variance = max(memory.variance, 1.05 * mean)
        text = f"{count} actions within {self.window} s; usual {1 + mean:.2g}, spread {sqrt(variance):.2g}"
        factor = self._busier(memory, o, count)
        if factor > 1:
            # A rate so many times higher, that varies as much in proportion.
            mean, variance = factor * mean, factor * mean + factor * factor * (variance - mean)
            text += f"; the others {factor:.2g} times as busy as usual"
        return negative_binomial(count - 1, mean, variance), text

    def _busier(self, memory: _Counts, o: Observation, count: int) -> float:
        if self._market is None:
            return 1.0
        if count <= _Market.MOST and o.time - memory.since >= LEARNING and memory.seen > LEARNING_ACTIONS:
            self._market.add(o.lineage, o.time)
        return self._market.factor(o.lineage, o.time)

    def state(self) -> dict[str, Any]:
        """What it has learned: by agent, and of all of them."""
        return super().state() | ({} if self._market is None else {"market": self._market.state()})

    def restore(self, state: Mapping[str, Any]) -> None:
        """Go on from such a state, or from that of a detector to which each agent was alone."""
        super().restore({agent: memory for agent, memory in state.items() if agent != "market"})
        if self._market is not None and "market" in state:
            self._market.restore(state["market"])

    def _learn(self, memory: _Counts) -> None:
        """Of a window that is over."""
        if not memory.count:
            return
        more: float = memory.count - 1
        memory.windows += 1
        if memory.windows > LEARNING_ACTIONS:
            more = min(more, memory.mean + 5 * sqrt(memory.variance) + 1)
        fade = max(self._FADE, 1 / memory.windows)
        step = more - memory.mean
        memory.mean += fade * step
        memory.variance = (1 - fade) * (memory.variance + fade * step * step)


# ---------------------------------------------------------------------------------------------- values


@dataclass
class _Values(_Age):
    recent: list[float] = field(default_factory=list)
    """Logarithms of the last values, in the order they came."""

    def __post_init__(self) -> None:
        """Not a field: it follows from the values."""
        self.ordered = sorted(self.recent)


class LargeValue(_OfAgent[_Values]):
    """A value far above what the agent is used to.

    By the logarithms of its last `KEPT` values. Their upper tail is taken for exponential from the 90 % point on, as
    heavy tails are and light ones are below: its scale is the mean excess of the tenth above. The score is the tail's
    probability in bits. Robust, since the scale is at least what the median distance from the median (MAD) makes of a
    bell curve, and one twentieth, so that an agent which always pays the same may pay a little more.
    """

    KEPT = 256
    FLOOR = 0.05
    _BELL = 0.3 * 1.4826
    """Times the MAD: a bell's mean excess there is 0.42 deviations, estimated from few it can be less."""
    name = "value"
    _memory = _Values

    def _judge(self, memory: _Values, o: Observation) -> tuple[float, str] | None:
        if o.value <= 0:
            return None
        value, ordered = round(log(o.value), 4), memory.ordered
        found = None
        if len(ordered) > LEARNING_ACTIONS:
            point = ordered[len(ordered) * 9 // 10]
            tail = ordered[len(ordered) * 9 // 10 :]
            scale = max(self.FLOOR, self._BELL * deviation(ordered), sum(tail) / len(tail) - point)
            excess = (value - point) / scale
            score = min(BITS, log2(10) + excess * log2(e)) if excess > 0 else 0.0
            text = f"value {o.value}, {exp(value - centre(ordered)):.3g} times the median; tail {scale:.2g}"
            found = score, text
        memory.recent.append(value)
        insort(ordered, value)
        if len(memory.recent) > self.KEPT:
            del ordered[bisect_left(ordered, memory.recent.pop(0))]
        return found


def centre(ordered: list[float]) -> float:
    """The median of a sorted list, the upper one of two.

    >>> centre([1.0, 2.0, 9.0])
    2.0
    """
    return ordered[len(ordered) // 2]


def deviation(ordered: list[float]) -> float:
    """The median distance from the median, by bisection: so many lie within it to the left and to the right.

    >>> deviation([1.0, 2.0, 4.0, 8.0, 16.0])
    3.0
    """
    middle = len(ordered) // 2
    wanted = middle + 1
    median = ordered[middle]
    # The nearest `wanted` values are consecutive: find where they begin.
    low, high = 0, len(ordered) - wanted
    while low < high:
        start = (low + high) // 2
        if median - ordered[start] > ordered[start + wanted] - median:
            low = start + 1
        else:
            high = start
    return max(median - ordered[low], ordered[low + wanted - 1] - median)


# ---------------------------------------------------------------------------------------------- drift


@dataclass
class _Flow(_Age):
    hour: int = 0
    """Number of the hour that is being summed."""
    flow: float = 0.0
    """Value in it, in units of a typical value."""
    typical: float = 0.0
    """A typical value: exponential of the fading mean of logarithms."""
    means: list[float] = field(default_factory=list)
    """Flow of each hour of the day, fading."""
    mean: float = 0.0
    """Of any hour."""
    variance: float = 0.0
    total: float = 0.0
    """The sum that drifts."""


class Drift(_OfAgent[_Flow]):
    """A flow of value that stays above the usual for long, though no single hour is remarkable.

    The classic CUSUM: every hour, what flowed beyond the expected for this hour of the day and half a deviation is
    added to a sum that never falls below 0. Values count at most `LARGEST` times the typical one: single ones are
    `LargeValue`'s.
    """

    SLACK = 0.5
    LARGEST = 4.0
    _FADE = HOUR / (2 * HORIZON)
    _FADE_DAILY = DAY / (2 * HORIZON)
    name = "drift"
    _memory = _Flow

    def _judge(self, memory: _Flow, o: Observation) -> tuple[float, str] | None:
        hour = o.time // HOUR
        if not memory.means:
            memory.hour, memory.means = hour, [0.0] * 24
        while memory.hour < hour:
            if hour - memory.hour > 14 * 24:  # long gone: as if it began anew
                memory.hour, memory.total = hour, 0.0
                break
            self._close(memory)
        if o.value > 0:
            value = log(o.value)
            memory.typical += (value - memory.typical) * max(1 / memory.seen, 0.01)
            memory.flow += min(self.LARGEST, exp(value - memory.typical))
        excess = self._excess(memory)
        score = max(0.0, memory.total + excess)
        text = f"{memory.flow:.3g} typical values in this hour, {memory.mean:.3g} usual; CUSUM {score:.1f} deviations"
        return score, text

    def _expected(self, memory: _Flow) -> float:
        return 0.5 * memory.mean + 0.5 * memory.means[memory.hour % 24]

    def _excess(self, memory: _Flow) -> float:
        spread = sqrt(max(memory.variance, memory.mean, 1e-9))
        return (memory.flow - self._expected(memory)) / spread - self.SLACK

    def _close(self, memory: _Flow) -> None:
        """Learn of an hour that is over."""
        age = (memory.hour * HOUR - memory.since) // HOUR + 1
        excess = self._excess(memory)
        if age > LEARNING // HOUR:
            memory.total = max(0.0, memory.total + min(excess, 4.0))
        spread = sqrt(max(memory.variance, memory.mean))
        learned = min(memory.flow, memory.mean + 4 * spread + 1) if age > LEARNING // HOUR else memory.flow
        residual = learned - self._expected(memory)
        fade = max(self._FADE, 1 / max(age, 1))
        memory.variance += (residual * residual - memory.variance) * fade
        memory.mean += (learned - memory.mean) * fade
        slot = memory.hour % 24
        days = age // 24 + 1
        memory.means[slot] += (learned - memory.means[slot]) * max(self._FADE_DAILY, 1 / days)
        memory.hour, memory.flow = memory.hour + 1, 0.0


# ---------------------------------------------------------------------------------------------- counterparties


@dataclass
class _Known(_Age):
    first: dict[str, int] = field(default_factory=dict)
    """When each counterparty was first met, the one met last at the end."""
    young: list[int] = field(default_factory=list)
    """Of the last actions, 1 for a young counterparty."""
    share: float = 0.0
    """Of young ones in the past, fading."""


class YoungCounterparties(_OfAgent[_Known]):
    """Dealings with counterparties that the agent has known for less than a day.

    The score is the binomial tail of their number among the last `RECENT` actions, at the share that the agent's own
    past has.
    """

    RECENT = 16
    KEPT = 128
    _FADE = 1 / 200
    name = "counterparties"
    _memory = _Known

    def _judge(self, memory: _Known, o: Observation) -> tuple[float, str] | None:
        if o.counterparty is None:
            return None
        met = memory.first.pop(o.counterparty, o.time)
        memory.first[o.counterparty] = met
        if len(memory.first) > self.KEPT:
            del memory.first[next(iter(memory.first))]
        # In its first days an agent knows nobody: that is no sign of anything.
        young = int(o.time - met < DAY and o.time - memory.since >= DAY)
        memory.young.append(young)
        if len(memory.young) > self.RECENT:
            # What leaves the recent ones becomes the past.
            memory.share += (memory.young.pop(0) - memory.share) * self._FADE
        count, usual = sum(memory.young), max(memory.share, 0.01)
        score = binomial(count, len(memory.young), usual)
        text = (
            f"{count} of the last {len(memory.young)} actions with counterparties younger than a day; usual {usual:.0%}"
        )
        return score, text


# ---------------------------------------------------------------------------------------------- selectors


@dataclass
class _Bigrams(_Age):
    last: str = ""
    singles: dict[str, float] = field(default_factory=dict)
    pairs: dict[str, float] = field(default_factory=dict)
    usual: float = 0.0
    """Fading mean of surprisal."""
    total: float = 0.0


class SelectorSequence(_OfAgent[_Bigrams]):
    """Calls in an order that the agent did not use to make.

    The surprisal of a call is -log2 of its probability after the call before it, by counts of pairs, smoothed with
    those of single calls. What exceeds the agent's usual surprisal and two bits adds up to a sum that never falls
    below 0.
    """

    KEPT = 256
    SLACK = 2.0
    LARGEST = 10.0
    _FULL = 1024
    """Actions after which all counts are halved."""
    _FADE = 1 / 200
    name = "selectors"
    _memory = _Bigrams

    def _judge(self, memory: _Bigrams, o: Observation) -> tuple[float, str] | None:
        if o.selector is None:
            return None
        call = o.selector.hex()
        pair = memory.last + call
        total = max(memory.singles.get("", 0.0), 0.0)
        single = (memory.singles.get(call, 0.0) + 0.5) / (total + 0.5 * (len(memory.singles) + 1))
        before = memory.singles.get(memory.last, 0.0) if memory.last else 0.0
        chance = (memory.pairs.get(pair, 0.0) + 2 * single) / (before + 2)
        surprisal = min(bits(chance), self.LARGEST)
        memory.total = max(0.0, memory.total + surprisal - memory.usual - self.SLACK)
        text = f"0x{call} after 0x{memory.last}: {surprisal:.1f} bits, usual {memory.usual:.1f}; sum {memory.total:.1f}"
        score = memory.total
        memory.usual += (min(surprisal, memory.usual + 4) - memory.usual) * max(self._FADE, 1 / memory.seen)
        self._count(memory, call, pair)
        return score, text

    def _count(self, memory: _Bigrams, call: str, pair: str) -> None:
        for counts, key in ((memory.singles, call), (memory.singles, ""), (memory.pairs, pair)):
            counts[key] = counts.pop(key, 0.0) + 1
        memory.last = call
        for counts in (memory.singles, memory.pairs):
            if len(counts) > self.KEPT:
                del counts[next(iter(counts))]
        if memory.singles[""] > self._FULL:
            memory.singles = {key: count / 2 for key, count in memory.singles.items()}
            memory.pairs = {key: count / 2 for key, count in memory.pairs.items()}
