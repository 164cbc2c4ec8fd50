"""Rules that must hold whatever the model says, checked on the core's own words and views (BR-1, BR-2, BR-3)."""

from __future__ import annotations

from fractions import Fraction
from typing import TYPE_CHECKING, Any, NamedTuple

from switchgear.fuzz.machine import Divergence
from switchgear.types import UNDECLARED_LINEAGE, UNLIMITED_VALUE, Causes, Reason, Scope, State, Usage
from switchgear.words import BreakerWord, LimitsWord, WalletWord, decode_verdict

if TYPE_CHECKING:
    from switchgear.fuzz.machine import Machine
    from switchgear.fuzz.steps import Step

_OWN_DENIALS = (Reason.ZERO_LIMIT, Reason.COUNT_LIMIT, Reason.VALUE_LIMIT, Reason.VALUE_OVERSIZED)


class Charge(NamedTuple):
    """One admitted action on a breaker: when, and the parts of the caps that it took."""

    time: int
    actions: Fraction
    value: Fraction


class _Before(NamedTuple):
    usage: Usage
    words: dict[tuple[Any, ...], int]


class Rules:
    """Watches one breaker of one lane (BR-1, BR-2, BR-3), and every latched kill switch (BR-3)."""

    def __init__(self, machine: Machine) -> None:
        self.machine = machine
        self.charges: list[Charge] = []
        self._watched: tuple[str, int, int] | None = None
        self._window = 0
        self._before: _Before | None = None
        self._parents: dict[int, int] = {}
        self._latched: set[int] = set()

    def before(self, step: Step) -> None:
        """Before a step: note what it must not change."""
        self._before = None
        if step.op != "admit":
            return
        protocol, lane, wallet, _ = step.args
        agent = WalletWord.decode(self.machine.view("walletWord", wallet)[0]).agent
        if self._watched is None and agent:
            (word,) = self.machine.view("laneWord", protocol, lane)
            self._window = LimitsWord.decode(word).window
            if self._window:
                self._watched = (protocol, lane, agent)  # type: ignore[assignment]
        if self._watched == (protocol, lane, agent):
            usage = Usage.of(self.machine.view("usage", *self._watched))
            self._before = _Before(usage, self._words(protocol, lane))

    def after(self, step: Step) -> None:
        """After a step: raises `Divergence` if a rule was broken."""
        self._follow()
        if step.op != "admit":
            return
        ((_, arguments),) = [log for log in self.machine.logs if log[0] in {"Denied", "Shadowed"}] or [("", ())]
        verdict = decode_verdict(arguments[3]) if arguments else None  # type: ignore[arg-type]
        admitted = verdict is None or verdict.admitted
        agent = WalletWord.decode(self.machine.view("walletWord", step.args[2])[0]).agent
        if admitted and self._latched.intersection(self._line(agent)):
            raise Divergence("BR-3: admitted behind a latched kill switch", "denied", self._line(agent))
        if self._before is None:
            return
        usage, words = self._before
        if usage.state is State.OPEN and admitted:
            raise Divergence("BR-3: admitted by an open breaker", "denied", usage)
        if not admitted and verdict is not None:
            own = verdict.scope is Scope.AGENT and verdict.reason in _OWN_DENIALS
            self._require_only_strike(words, self._words(step.args[0], step.args[1]), own=own)
        if verdict is None:
            value: Any = step.args[3]
            self.charges.append(
                Charge(self.machine.model.now, _part(1, usage.count_cap), _part(value, usage.value_cap))
            )

    def finish(self) -> None:
        """At the end of a run: BR-2 over every interval between two admitted actions."""
        for name in ("actions", "value"):
            require_loss_bound(name, [(charge.time, getattr(charge, name)) for charge in self.charges], self._window)

    def _follow(self) -> None:
        """Kill switches that owners have latched, and who descends from whom, by the core's events."""
        for name, arguments in self.machine.logs:
            details: Any = arguments
            if name == "AgentEnrolled":
                self._parents[details[0]] = details[4]
            elif name == "AgentTripped" and details[3] == 2**32 - 1:
                self._latched.add(details[0])
            elif name == "AgentReset" and details[2] & Causes.OWNER:
                self._latched.discard(details[0])

    def _line(self, agent: int) -> list[int]:
        line = []
        while agent:
            line.append(agent)
            agent = self._parents.get(agent, 0)
        return line

    def _words(self, protocol: object, lane: object) -> dict[tuple[Any, ...], int]:
        model = self.machine.model
        places = [("walletWord", wallet) for wallet in model.wallets]
        places += [("laneWord", protocol, lane)]  # type: ignore[list-item]
        agents = range(model.agent_count + 1)
        lineages = range(len(model.providers))
        for subject in (*agents, *(UNDECLARED_LINEAGE + lineage for lineage in lineages)):
            places += [("breakerWord", protocol, lane, subject)]  # type: ignore[list-item]
        places += [("agentWord", agent) for agent in agents]  # type: ignore[misc]
        return {place: self.machine.view(*place)[0] for place in places}

    def _require_only_strike(
        self, before: dict[tuple[Any, ...], int], after: dict[tuple[Any, ...], int], *, own: bool
    ) -> None:
        """BR-1: a denial writes nothing, but the strike of the agent's own breaker, and no meter at all."""
        changed = [place for place in before if before[place] != after[place]]
        own_breaker = ("breakerWord", *(self._watched or ()))
        if changed and (not own or changed != [own_breaker]):
            raise Divergence("BR-1: a denial wrote", "nothing but its own strike", changed)
        for place in changed:
            old, new = BreakerWord.decode(before[place]), BreakerWord.decode(after[place])
            if (old.count_tat, old.value_tat) != (new.count_tat, new.value_tat):
                raise Divergence("BR-1: a denial charged a meter", old, new)


def require_loss_bound(name: str, parts: list[tuple[int, Fraction]], window: int) -> None:
    """BR-2: over any interval of t seconds, the parts of the caps taken are at most 1 + t / window.

    `parts` are (time, part) in order; every interval between two of them is checked, exactly.
    """
    taken = Fraction(0)
    slack: Fraction | None = None
    for time, part in parts:
        opened = Fraction(time, window) - taken
        slack = opened if slack is None else max(slack, opened)
        taken += part
        excess = taken - Fraction(time, window) + slack - 1
        if excess > 0:
            raise Divergence(f"BR-2: more {name} than caps and windows allow", "at most 0", excess)


def _part(taken: int, cap: int) -> Fraction:
    return Fraction(0) if cap == UNLIMITED_VALUE else Fraction(taken, cap)
