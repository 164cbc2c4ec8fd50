"""The detector of a lineage: its members move together, and the others do not."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Any

from switchgear.detect.detectors import DAY, HORIZON, LEARNING
from switchgear.detect.tails import binomial, highest_chance
from switchgear.detect.types import Score

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from switchgear.detect.types import Detector, Observation


class _Recent:
    """Agents that did something within a span of time, and how many of them each lineage has."""

    def __init__(self, span: int, entries: Iterable[Sequence[int]] = ()) -> None:
        self.span = span
        self.entries: dict[int, tuple[int, int]] = {agent: (lineage, time) for agent, lineage, time in entries}
        """Lineage and time of each agent, the newest last."""
        self.of = Counter(lineage for lineage, _ in self.entries.values())

    def add(self, agent: int, lineage: int, time: int) -> None:
        """An agent did it now."""
        self._drop(agent)
        self.entries[agent] = (lineage, time)
        self.of[lineage] += 1

    def expire(self, now: int) -> None:
        """Forget who did it too long ago."""
        while self.entries:
            agent = next(iter(self.entries))
            if self.entries[agent][1] > now - self.span:
                return
            self._drop(agent)

    def _drop(self, agent: int) -> None:
        if agent in self.entries:
            lineage, _ = self.entries.pop(agent)
            self.of[lineage] -= 1


class LineageSynchrony:
    """More members of a lineage stir within ten minutes than the other lineages explain (S5).

    A member stirs when one of `signals`, detectors with a low threshold, fires for it. The chance that a member stirs
    now is learned from the others now: a Beta whose prior is the long-run rate, and in which the others count as
    `WITNESSES` at most, since no lineage is quite like another. The score is the binomial tail of the members that
    stir, at the upper end (`CREDIBLE`) of that chance. So a shock that moves everybody raises the chance along with
    the count, and no lineage stands out. Members without declared lineage count among the others only.
    """

    WINDOW = 600
    WITNESSES = 20
    PRIOR = 8
    """Witnesses that the long-run rate counts as."""
    CREDIBLE = 0.9
    LEAST = 3
    """Members that must stir: two are no herd."""
    _FADE = WINDOW / HORIZON
    name = "lineage"

    def __init__(self, threshold: float, signals: Sequence[Detector], *, witnesses: int = WITNESSES) -> None:
        self.threshold = threshold
        self._witnesses = witnesses
        self.signals = signals
        self._members = _Recent(7 * DAY)
        self._stirred = _Recent(self.WINDOW)
        self._since: int | None = None
        self._window = 0
        """Number of the window whose share of stirred members is being counted."""
        self._most = 0
        """Members stirred at once in it, at most."""
        self._rate = 0.0

    def observe(self, o: Observation) -> Score | None:
        """Take the next observation; None unless its agent stirs."""
        return self.note(o, stirs=self.stirs(o))

    def stirs(self, o: Observation) -> bool:
        """Whether a signal fires; each of them takes the observation."""
        scores = [signal.observe(o) for signal in self.signals]
        return any(score is not None and score.fires for score in scores)

    def note(self, o: Observation, *, stirs: bool) -> Score | None:
        """`observe`, for who has run the signals already."""
        if self._since is None:
            self._since, self._window = o.time, o.time // self.WINDOW
        self._close(o.time // self.WINDOW)
        self._members.expire(o.time)
        self._stirred.expire(o.time)
        self._members.add(o.agent, o.lineage, o.time)
        if not stirs:
            return None
        self._stirred.add(o.agent, o.lineage, o.time)
        self._most = max(self._most, len(self._stirred.entries))
        if not o.lineage or o.time - self._since < 2 * LEARNING:  # of the second, its members are known well enough
            return None
        return self._judge(o)

    def _judge(self, o: Observation) -> Score:
        stirred, members = self._stirred.of[o.lineage], self._members.of[o.lineage]
        others_stirred = len(self._stirred.entries) - stirred
        others = len(self._members.entries) - members
        weight = min(1.0, self._witnesses / others) if others else 0.0
        rate = max(self._rate, 0.01)
        yes = self.PRIOR * rate + weight * others_stirred
        no = self.PRIOR * (1 - rate) + weight * (others - others_stirred)
        chance = highest_chance(yes, no, self.CREDIBLE)
        score = binomial(stirred, members, chance) if stirred >= self.LEAST else 0.0
        text = (
            f"{stirred} of {members} members stirred within {self.WINDOW} s, {others_stirred} of {others} others; "
            f"chance of each at most {chance:.0%}"
        )
        return Score(self.name, 0, o.lineage, score, self.threshold, score > self.threshold, text)

    def _close(self, window: int) -> None:
        passed = window - self._window
        if passed <= 0:
            return
        share = self._most / max(1, len(self._members.entries))
        self._rate += (share - self._rate) * self._FADE
        self._rate *= (1 - self._FADE) ** (passed - 1)
        self._window, self._most = window, 0

    def state(self) -> dict[str, Any]:
        """What it has learned."""
        return {
            "members": [[agent, *entry] for agent, entry in self._members.entries.items()],
            "stirred": [[agent, *entry] for agent, entry in self._stirred.entries.items()],
            "since": self._since,
            "window": self._window,
            "most": self._most,
            "rate": self._rate,
            "signals": [signal.state() for signal in self.signals],
        }

    def restore(self, state: Mapping[str, Any]) -> None:
        """Go on from such a state."""
        self._members = _Recent(self._members.span, state["members"])
        self._stirred = _Recent(self._stirred.span, state["stirred"])
        self._since, self._window = state["since"], state["window"]
        self._most, self._rate = state["most"], state["rate"]
        for signal, learned in zip(self.signals, state["signals"], strict=True):
            signal.restore(learned)
