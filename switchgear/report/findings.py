"""What follows from the evidence: phases, rates, latencies, and what another reaction would have cost. Pure arithmetic.

The *incident* ends with the range's first trip and begins with the first action in the window before it, unless a
detector's alarm or the reader says that it began earlier. Before it is the *baseline*.
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from datetime import timedelta
from enum import Enum
from fractions import Fraction
from typing import TYPE_CHECKING

from switchgear.errors import InvalidInput
from switchgear.report.evidence import Outcome, Source
from switchgear.types import Reason

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from switchgear.report.evidence import Action, Block, Evidence, Measure, Origin, Trip

KILL_SWITCH_WINDOW = 3600
"""Seconds, if no lane that the agent touched gives a window."""
DELAYS = (0, 1, 5, 20)
"""Blocks, of the counterfactuals."""


class Phase(Enum):
    """When an action was."""

    BASELINE = "baseline"
    INCIDENT = "incident"
    AFTER = "after the trip"


@dataclass(frozen=True)
class Figure:
    """A number, and everything on the chain that it was computed from."""

    value: int
    sources: tuple[Source, ...]


@dataclass(frozen=True)
class Projection:
    """What a pace comes to, and what it was measured by."""

    value: Fraction
    sources: tuple[Source, ...]


@dataclass(frozen=True)
class Rate:
    """What the agent did in one phase."""

    phase: Phase
    first: Block
    last: Block
    outcomes: dict[Outcome, Figure]
    amounts: dict[Measure, Figure]

    @property
    def seconds(self) -> int:
        """From the phase's first second to its last; 0 if it is one block."""
        return self.last.time - self.first.time

    @property
    def actions(self) -> int:
        """All of them."""
        return sum(figure.value for figure in self.outcomes.values())

    @property
    def sources(self) -> tuple[Source, ...]:
        """Of all of them."""
        return tuple(source for figure in self.outcomes.values() for source in figure.sources)

    def per_window(self, amount: int, window: int) -> Fraction | None:
        """An amount as so much a window; None for a phase that has no length."""
        return Fraction(amount * window, self.seconds) if self.seconds else None


@dataclass(frozen=True)
class Moment:
    """One instant of the reaction."""

    name: str
    block: int
    source: Origin
    """Of an alarm, the action that was scored, or that block if it was not recorded."""
    blocks: int
    """After the incident's beginning."""
    delay: timedelta


@dataclass(frozen=True)
class Sooner:
    """Had the trip come so many blocks after the incident began."""

    blocks: int
    amounts: dict[Measure, Figure]
    """What the incident would have moved by then."""
    spared: dict[Measure, Figure]
    """What it moved later, and would not have."""


@dataclass(frozen=True)
class Later:
    """Had the trip come so many blocks later than it did."""

    blocks: int
    attempts: dict[Measure, Figure]
    """What was asked for in those blocks, and denied."""
    pace: dict[Measure, Projection]
    """What the incident's pace comes to in as many blocks."""


@dataclass(frozen=True)
class Findings:
    """What the report says."""

    trip: Trip | None
    """The one that ended the incident: the range's first."""
    window: int
    """Seconds that rates are given for."""
    window_from: Origin | None
    """What set them; None if no lane did."""
    onset: Source | None
    """Where the incident began; None without a trip, or without an action before it."""
    onset_why: str
    phases: dict[Source, Phase]
    """Of each action."""
    rates: tuple[Rate, ...]
    moved: dict[str, dict[Measure, Figure]]
    """Before and after the trip; all of it before, if there was none."""
    moments: tuple[Moment, ...]
    sooner: tuple[Sooner, ...]
    later: tuple[Later, ...]


def examine(evidence: Evidence, *, onset: int | None = None) -> Findings:
    """Computes it.

    Args:
        evidence: What was read.
        onset: Block in which the incident began, if the reader knows better than the rule above.

    Raises:
        InvalidInput: `onset` is not in the range, or after the trip.
    """
    trip = evidence.trips[0] if evidence.trips else None
    widest = max(evidence.places, key=lambda place: place.window, default=None)
    window = widest.window if widest else KILL_SWITCH_WINDOW
    before = [one for one in evidence.actions if trip is None or one.position <= trip.position]
    after = evidence.actions[len(before) :]
    if trip is None:
        began, why = None, "nothing was tripped"
    else:
        began, why = _onset(evidence, trip, before, window, onset)
    started = (began.block, _index(evidence, began)) if began else None
    incident = [one for one in before if started and one.position >= started]
    baseline = before[: len(before) - len(incident)]
    groups = {Phase.BASELINE: baseline, Phase.INCIDENT: incident, Phase.AFTER: list(after)}
    return Findings(
        trip=trip,
        window=window,
        window_from=widest.set_by if widest else None,
        onset=began,
        onset_why=why,
        phases={one.source: phase for phase, actions in groups.items() for one in actions},
        rates=tuple(_rates(evidence, trip, began, groups)),
        moved={"before": _sum(before, _amounts), "after": _sum(after, _amounts)},
        moments=tuple(_moments(evidence, trip, began, incident, after)) if trip and began else (),
        sooner=tuple(_sooner(incident, began, delay) for delay in DELAYS) if trip and began else (),
        later=tuple(_later(incident, after, trip, began, delay) for delay in DELAYS) if trip and began else (),
    )


def _onset(
    evidence: Evidence, trip: Trip, before: Sequence[Action], window: int, chosen: int | None
) -> tuple[Source | None, str]:
    if chosen is not None:
        if not evidence.first.number <= chosen <= trip.source.block:
            message = (
                f"the incident cannot begin in block {chosen}: give one from {evidence.first.number} to the trip's"
            )
            raise InvalidInput(message)
        why = f"the first action from block {chosen} on, as the reader chose"
        return next((one.source for one in before if one.source.block >= chosen), None), why
    recent = [one.source for one in before if trip.time - one.time < window]
    alarms = [row.block for row in evidence.scores if row.alarming and row.block <= trip.source.block]
    if alarms:
        alarmed = [one.source for one in before if one.source.block >= min(alarms)]
        if alarmed and (not recent or alarmed[0] < recent[0]):
            return alarmed[0], f"the first action from block {min(alarms)} on, when a detector first raised an alarm"
    return next(iter(recent), None), f"the first action within {window} seconds before the trip"


def _index(evidence: Evidence, source: Source) -> int:
    return next(one.index for one in evidence.actions if one.source == source)


def _rates(
    evidence: Evidence, trip: Trip | None, began: Source | None, groups: dict[Phase, list[Action]]
) -> list[Rate]:
    start, end = evidence.first, evidence.last
    tripped = evidence.blocks[trip.source.block] if trip else end
    onset = evidence.blocks[began.block] if began else tripped
    spans = {Phase.BASELINE: (start, onset), Phase.INCIDENT: (onset, tripped), Phase.AFTER: (tripped, end)}
    return [
        Rate(
            phase=phase,
            first=spans[phase][0],
            last=spans[phase][1],
            outcomes={
                outcome: Figure(len(found), tuple(one.source for one in found))
                for outcome in Outcome
                for found in [[one for one in actions if one.outcome is outcome]]
            },
            amounts=_sum(actions, _amounts),
        )
        for phase, actions in groups.items()
        if trip or phase is Phase.BASELINE
    ]


def _moments(
    evidence: Evidence, trip: Trip, began: Source, incident: Sequence[Action], after: Sequence[Action]
) -> list[Moment]:
    start = evidence.blocks[began.block]
    denied = [one.source for one in (*incident, *after) if one.outcome is Outcome.DENIED]
    done = [one.source for one in after if one.outcome is Outcome.DONE]
    named: list[tuple[str, int, Origin]] = [("incident begins", began.block, began)]
    alarm = min((row for row in evidence.scores if row.alarming), key=lambda row: row.block, default=None)
    named += [("first alarm of a detector", alarm.block, alarm.source or evidence.blocks[alarm.block])] if alarm else []
    named += [("first denial", denied[0].block, denied[0])] if denied else []
    named += [(f"trip, by {trip.cause.name.lower().replace('_', ' ')}", trip.source.block, trip.source)]
    named += [("last attempt", after[-1].source.block, after[-1].source)] if after else []
    named += [("last action that was done", done[-1].block, done[-1])] if done else []
    moments = [
        Moment(name, block, source, block - start.number, timedelta(seconds=evidence.blocks[block].time - start.time))
        for name, block, source in named
    ]
    return sorted(moments, key=lambda moment: moment.block)


def _sooner(incident: Sequence[Action], began: Source, delay: int) -> Sooner:
    early = [one for one in incident if one.source.block <= began.block + delay]
    return Sooner(delay, _sum(early, _amounts), _sum(incident[len(early) :], _amounts))


def _later(incident: Sequence[Action], after: Sequence[Action], trip: Trip, began: Source, delay: int) -> Later:
    attempts = [one for one in after if one.source.block <= trip.source.block + delay]
    blocks = trip.source.block - began.block + 1
    pace = {
        measure: Projection(Fraction(figure.value * delay, blocks), figure.sources)
        for measure, figure in _sum(incident, _amounts).items()
    }
    return Later(delay, _sum(attempts, _asked), pace)


def _amounts(action: Action) -> dict[Measure, int]:
    return action.amounts()


def _asked(action: Action) -> dict[Measure, int]:
    """What an open breaker denied it: nothing else would have gone through."""
    open_ = [one for one in action.admissions if one.verdict.reason == Reason.BREAKER_OPEN]
    softly = [event for event in action.denials if event.args["verdict"].reason == Reason.BREAKER_OPEN]
    return action.asked() if open_ or softly else {}


def _sum(actions: Sequence[Action], amounts: Callable[[Action], dict[Measure, int]]) -> dict[Measure, Figure]:
    totals: dict[Measure, int] = defaultdict(int)
    sources: dict[Measure, list[Source]] = defaultdict(list)
    for action in actions:
        for measure, value in amounts(action).items():
            totals[measure] += value
            logs = [movement.source for movement in action.movements if movement.asset == measure.address]
            sources[measure] += logs if measure.lane is None and logs else [action.source]
    return {measure: Figure(total, tuple(sources[measure])) for measure, total in totals.items()}
