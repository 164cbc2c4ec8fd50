"""What a run has reached: operations, errors, verdicts, transitions of breakers; and what it has not."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Any

from switchgear.fuzz.planner import WEIGHTS
from switchgear.model import Breaker, CoreRevert
from switchgear.model.breaker import kill_switch_state, lane_state
from switchgear.types import LANE, NEVER, Cause, Causes, Kind, Reason, Scope, State, Verdict
from switchgear.words import FLAG_PLAIN, LATCHED_ADMIN, LATCHED_PROTOCOL, AgentWord, BreakerWord, LimitsWord

if TYPE_CHECKING:
    from collections.abc import Iterable

    from switchgear.fuzz.machine import Machine
    from switchgear.fuzz.steps import Step
    from switchgear.model.ledger import Place

Mark = tuple[str, str]
"""A group and what of it was reached."""

_METERS = (Reason.ZERO_LIMIT, Reason.COUNT_LIMIT, Reason.VALUE_LIMIT, Reason.VALUE_OVERSIZED)
_AUTOMATIC = (Cause.COUNT_LAST_STRAW, Cause.VALUE_LAST_STRAW, Cause.STRIKES)

UNREACHABLE = {
    ("error", "TooManyRegistries"): "needs 2**20 registries",
}
"""Never expected: why. Nor does a lineage's breaker refuse by zero or size: a member's cap is a share of its own."""


def expected(errors: Iterable[str]) -> set[Mark]:
    """All that a long run should reach, given the names of the core's errors."""
    meters = {(scope, reason) for scope in (Scope.AGENT, Scope.ANCESTOR) for reason in _METERS}
    meters |= {(Scope.LINEAGE, Reason.COUNT_LIMIT), (Scope.LINEAGE, Reason.VALUE_LIMIT)}
    denied = meters | {
        (Scope.WALLET, Reason.WALLET_UNKNOWN),
        (Scope.WALLET, Reason.WALLET_REVOKED),
        (Scope.WALLET, Reason.WALLET_EXPIRED),
        (Scope.WALLET, Reason.WALLET_STALE),
        (Scope.LANE, Reason.LANE_UNOPENED),
        (Scope.LANE, Reason.REGISTRY_REFUSED),
        *((scope, Reason.BREAKER_OPEN) for scope in Scope if scope not in {Scope.NONE, Scope.WALLET}),
    }
    marks = {(group, op) for group in ("operation", "passed") for op in WEIGHTS} | {("error", name) for name in errors}
    marks |= {("verdict", _verdict(reason, scope)) for scope, reason in denied} | {("verdict", "ADMITTED")}
    special = {Reason.REGISTRY_REFUSED, Reason.LANE_UNOPENED}
    plain = {(scope, reason) for scope, reason in denied if reason not in special}
    marks |= {("plain", _verdict(reason, scope)) for scope, reason in plain} | {("plain", "ADMITTED")}
    marks |= {("shadowed", _verdict(reason, scope)) for scope, reason in meters}
    marks |= {("trip", f"{cause.name} {what}") for cause in _AUTOMATIC[:2] for what in ("AGENT", "LINEAGE")}
    marks |= {("trip", "STRIKES AGENT"), ("trip", "GUARDIAN KILL_SWITCH"), ("trip", "OWNER KILL_SWITCH")}
    by_hand = (Cause.GUARDIAN, Cause.PROTOCOL, Cause.ADMIN)
    marks |= {("trip", f"{cause.name} {what}") for cause in by_hand for what in ("AGENT", "UNKNOWN", "LINEAGE", "LANE")}
    marks |= {("reset", cause.name) for cause in Causes if cause is not Causes.ALL and cause.name}
    marks |= {("reset", "AUTOMATIC without probation"), ("probation", "first touch")}
    marks |= {
        ("backoff", text) for text in ("fresh", "doubled", "kept", "dropped", "at its maximum", "until 2**32 - 1")
    }
    for what in ("AGENT", "LINEAGE"):
        marks |= {
            ("transition", f"{what} {text}")
            for text in ("CLOSED->OPEN", "HALF_OPEN->OPEN", "OPEN->OPEN", "OPEN->CLOSED")
        }
        marks |= {("time", f"{what} {text}") for text in ("OPEN->HALF_OPEN", "HALF_OPEN->CLOSED", "OPEN->CLOSED")}
    for what in ("UNKNOWN", "LANE", "KILL_SWITCH"):
        marks |= {("transition", f"{what} {text}") for text in ("CLOSED->OPEN", "OPEN->OPEN", "OPEN->CLOSED")}
        marks.add(("time", f"{what} OPEN->CLOSED"))
    marks.add(("time", "KILL_SWITCH CLOSED->OPEN"))
    return marks - set(UNREACHABLE)


class Coverage:
    """Counts what the steps of a machine reach."""

    def __init__(self) -> None:
        self.counts: Counter[Mark] = Counter()
        self._seen: dict[Place, tuple[AgentWord | LimitsWord | BreakerWord, State]] = {}

    def observe(self, machine: Machine, step: Step) -> None:
        """After a step."""
        counts = self.counts
        counts["operation", step.op] += 1
        outcome = machine.outcome
        if isinstance(outcome, CoreRevert):
            counts["error", outcome.name] += 1
        else:
            counts["passed", step.op] += 1
        if isinstance(outcome, Verdict) and step.op == "admit":
            protocol: Any = step.args[0]
            lane: Any = step.args[1]
            text = _verdict(outcome.reason, outcome.scope) if outcome.reason else "ADMITTED"
            counts["shadowed" if outcome.reason and outcome.admitted else "verdict", text] += 1
            if machine.model.lane(protocol, lane).flags & FLAG_PLAIN:
                counts["plain", text] += 1
        for name, arguments in machine.logs:
            details: Any = arguments
            if name == "BreakerTripped":
                counts["trip", f"{Cause(details[4]).name} {_kind(details[2])}"] += 1
            elif name == "AgentTripped":
                counts["trip", f"{Cause(details[2]).name} KILL_SWITCH"] += 1
        for place in machine.model.touched:
            if place[0] in {"breaker", "lane", "agent"}:
                self._observe_word(machine, place, step.op)

    def _observe_word(self, machine: Machine, place: Place, op: str) -> None:
        model, now = machine.model, machine.model.now
        kind: Any = place[0]
        key: Any = place[1:]
        word: AgentWord | LimitsWord | BreakerWord = getattr(model, kind)(*key)
        before, then = self._seen.get(place, (type(word)(), State.CLOSED))
        what = _kind(key[2]) if kind == "breaker" else ("LANE" if kind == "lane" else "KILL_SWITCH")

        def state(of: AgentWord | LimitsWord | BreakerWord) -> State:
            if isinstance(of, AgentWord):
                return kill_switch_state(of, now)
            if isinstance(of, LimitsWord):
                return lane_state(of, now)
            return _breaker(machine, place, of).state(now)

        passed, after = state(before), state(word)
        self._seen[place] = (word, after)
        if passed is not then:
            self.counts["time", f"{what} {then.name}->{passed.name}"] += 1
        if passed is not after or (after is State.OPEN and op in {"trip", "trip_agent"}):
            self.counts["transition", f"{what} {passed.name}->{after.name}"] += 1
        if op in {"reset", "reset_agent"}:
            self._observe_reset(machine, place, before, word)
        if isinstance(word, BreakerWord) and isinstance(before, BreakerWord):
            self._observe_trip(machine, place, before, word, passed)

    def _observe_trip(
        self, machine: Machine, place: Place, before: BreakerWord, word: BreakerWord, passed: State
    ) -> None:
        tripped = any(
            name == "BreakerTripped" and args[2] == place[3] and args[4] in _AUTOMATIC for name, args in machine.logs
        )
        if not tripped:
            if before.auto_until == 0 and word.auto_until:
                self.counts["probation", "first touch"] += 1
            return
        if word.auto_until == NEVER:
            self.counts["backoff", "until 2**32 - 1"] += 1
        most = _breaker(machine, place, word).limits.max_backoff
        if passed is State.HALF_OPEN:
            text = "doubled" if word.backoff == before.backoff + 1 else "at its maximum"
        elif before.auto_until == 0:
            text = "fresh"
        else:
            text = "kept" if word.backoff == before.backoff else "dropped" if word.backoff < most else "at its maximum"
        self.counts["backoff", text] += 1

    def _observe_reset(
        self,
        machine: Machine,
        place: Place,
        before: AgentWord | LimitsWord | BreakerWord,
        word: AgentWord | LimitsWord | BreakerWord,
    ) -> None:
        cleared = []
        if isinstance(before, AgentWord) and isinstance(word, AgentWord):
            cleared += [Causes.OWNER] * (before.latched > word.latched)
            cleared += [Causes.HEARTBEAT] * (before.beat_deadline != word.beat_deadline)
        else:
            gone = before.latched & ~word.latched
            cleared += [Causes.PROTOCOL] * bool(gone & LATCHED_PROTOCOL) + [Causes.ADMIN] * bool(gone & LATCHED_ADMIN)
        if before.spent != word.spent:
            cleared.append(Causes.GUARDIAN)
        if isinstance(before, BreakerWord) and isinstance(word, BreakerWord) and before.auto_until != word.auto_until:
            cleared.append(Causes.AUTOMATIC)
            if not _breaker(machine, place, word).probation:
                self.counts["reset", "AUTOMATIC without probation"] += 1
        for cause in cleared:
            self.counts["reset", str(cause.name)] += 1


def _breaker(machine: Machine, place: Place, word: BreakerWord) -> Breaker:
    _, protocol, lane, subject = place
    model = machine.model
    override = model.override(protocol, lane, subject)  # type: ignore[arg-type]
    return Breaker.of(subject, word, model.lane(protocol, lane), override)  # type: ignore[arg-type]


def _kind(subject: int) -> str:
    if subject == LANE:
        return "LANE"
    return "UNKNOWN" if subject == 0 else Kind(subject >> 32).name


def _verdict(reason: Reason, scope: Scope) -> str:
    return f"{reason.name} {scope.name}"
