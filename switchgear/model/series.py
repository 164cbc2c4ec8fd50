"""What: the series and the question (spec section 3)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from switchgear.model.breaker import Breaker, Denial, kill_switch_state, kill_switch_wait, lane_state, lane_wait
from switchgear.model.errors import CoreRevert, require
from switchgear.model.ledger import Ledger
from switchgear.types import (
    LANE,
    NEVER,
    UNDECLARED_LINEAGE,
    Cause,
    Query,
    Reason,
    Scope,
    State,
    UnknownPolicy,
    Usage,
    Verdict,
)
from switchgear.words import encode_verdict

if TYPE_CHECKING:
    from collections.abc import Iterator

    from switchgear.words import AgentWord, LimitsWord

_NOTE = b"\0" * 32


class Series(Ledger):
    """Functions of ``ISeries``; the first argument of `admit` is the calling protocol."""

    def admit(self, protocol: str, lane: int, wallet: str, value: int) -> Verdict:
        """Ask and charge in one call."""
        verdict, charged = self._ask(protocol, lane, wallet, value)
        shadow = self.lane(protocol, lane).shadow
        if not verdict.admitted:
            if charged and not shadow:
                self._strike(protocol, lane, wallet, charged[0])
        else:
            for breaker in reversed(charged):
                word, cause = breaker.charge(self.now, value, shadow=shadow)
                self._put_breaker(protocol, lane, breaker.subject, word)
                if cause:
                    self._tripped(protocol, lane, wallet, breaker.having(word), cause)
        if verdict.reason:
            self._emit(
                "Shadowed" if verdict.admitted else "Denied", protocol, lane, wallet, encode_verdict(verdict), value
            )
        return verdict

    def preview(self, protocol: str, lane: int, wallet: str, value: int) -> Verdict:
        """What `admit` would return."""
        return self._ask(protocol, lane, wallet, value)[0]

    def preview_batch(self, queries: list[Query]) -> list[Verdict]:
        """`preview`, each on the present state."""
        return [self.preview(*query) for query in queries]

    def status(self, wallet: str) -> Verdict:
        """Identity and kill switches."""
        denied = self._ask_wallet(wallet, UnknownPolicy.DENY)
        if denied:
            return denied
        return self.status_of(self.wallet(wallet).agent)

    def status_of(self, agent: int) -> Verdict:
        """Kill switches, by handle."""
        require(0 < agent < len(self.agents), "UnknownAgent", agent)
        return self._ask_kill_switch(agent) or self._ask_ancestors(agent) or Verdict(admitted=True, agent=agent)

    def usage(self, protocol: str, lane: int, subject: int) -> Usage:
        """State and consumption of one breaker; an agent's as if it were the one to act."""
        word = self.lane(protocol, lane)
        require(word.window, "LaneNotOpen", protocol, lane)
        if subject == LANE:
            return Usage(lane_state(word, self.now), 0, 0, 0, 0)
        breaker = self._breaker(protocol, lane, subject, word)
        if 0 < subject < 1 << 32 and word.lineage:
            breaker = breaker.clamped(self._lineage_breaker(protocol, lane, self.agent(subject), word), word.share)
        return breaker.usage(self.now)

    def _ask(self, protocol: str, lane: int, wallet: str, value: int) -> tuple[Verdict, list[Breaker]]:
        """The verdict, and the breakers to charge; on a denial by the agent's own meters, the one to strike."""
        now, rules = self.now, self.lane(protocol, lane)
        denied = self._ask_wallet(wallet, rules.unknown)
        if denied:
            return denied, []
        agent = self.wallet(wallet).agent
        word = self.agents[agent]
        exempt = not agent and rules.unknown == UnknownPolicy.EXEMPT
        own = self._breaker(protocol, lane, agent, rules)

        denied = self._ask_kill_switch(agent) if agent else None
        if not denied and not exempt and own.state(now) is State.OPEN:
            denied = Verdict(False, Reason.BREAKER_OPEN, Scope.AGENT, 0, own.open_wait(now), agent)
        denied = denied or self._ask_lane(agent, word, rules)
        if denied or exempt:
            return denied or Verdict(admitted=True), []
        denied = self._ask_ancestors(agent) if agent else None
        if denied:
            return denied, []

        first: Verdict | None = None
        charged: list[Breaker] = []
        for scope, distance, breaker in self._charged(protocol, lane, own, rules):
            if scope is not Scope.AGENT and breaker.state(now) is State.OPEN:
                wait = breaker.open_wait(now)
                return Verdict(False, Reason.BREAKER_OPEN, scope, distance, wait, agent), []
            denial: Denial | None = breaker.check(now, value)
            if denial and not rules.shadow:
                strikes = [breaker] if scope is Scope.AGENT and agent else []
                return Verdict(False, denial.reason, scope, distance, denial.wait, agent), strikes
            if denial and first is None:
                first = Verdict(True, denial.reason, scope, distance, denial.wait, agent)
            charged.append(breaker)
        return first or Verdict(admitted=True, agent=agent), charged

    def _charged(
        self, protocol: str, lane: int, own: Breaker, rules: LimitsWord
    ) -> Iterator[tuple[Scope, int, Breaker]]:
        """Steps 6 to 8: the breakers whose meters an action passes, with scope and distance."""
        word = self.agents[own.subject]
        if not (rules.lineage and own.subject):
            yield Scope.AGENT, 0, own
        else:
            lineage = self._lineage_breaker(protocol, lane, word, rules)
            yield Scope.AGENT, 0, own.clamped(lineage, rules.share)
            yield Scope.LINEAGE, 0, lineage
        for distance, ancestor in self._ancestors(own.subject):
            yield Scope.ANCESTOR, distance, self._breaker(protocol, lane, ancestor, rules)

    def _ask_wallet(self, wallet: str, policy: UnknownPolicy) -> Verdict | None:
        """Step 1."""
        word = self.wallet(wallet)
        reason = Reason.NONE
        if not word.agent:
            if policy == UnknownPolicy.DENY:
                reason = Reason.WALLET_UNKNOWN
        elif word.revoked_at:
            reason = Reason.WALLET_REVOKED
        elif word.epoch != self.agents[word.agent].epoch:
            reason = Reason.WALLET_STALE
        elif self.now >= word.expiry:
            reason = Reason.WALLET_EXPIRED
        return Verdict(False, reason, Scope.WALLET, 0, NEVER, word.agent) if reason else None

    def _ask_kill_switch(self, agent: int) -> Verdict | None:
        """Step 2."""
        word = self.agents[agent]
        if kill_switch_state(word, self.now) is State.CLOSED:
            return None
        wait = kill_switch_wait(word, self.now)
        return Verdict(False, Reason.BREAKER_OPEN, Scope.KILL_SWITCH, 0, wait, agent)

    def _ask_lane(self, agent: int, word: AgentWord, rules: LimitsWord) -> Verdict | None:
        """Step 4."""
        if not rules.window:
            return Verdict(False, Reason.LANE_UNOPENED, Scope.LANE, 0, NEVER, agent)
        if lane_state(rules, self.now) is State.OPEN:
            return Verdict(False, Reason.BREAKER_OPEN, Scope.LANE, 0, lane_wait(rules, self.now), agent)
        if agent and rules.registry not in (0, word.registry):
            return Verdict(False, Reason.REGISTRY_REFUSED, Scope.LANE, 0, NEVER, agent)
        if agent and rules.live and not self._is_owner_recorded(agent):
            return Verdict(False, Reason.WALLET_STALE, Scope.WALLET, 0, NEVER, agent)
        return None

    def _ask_ancestors(self, agent: int) -> Verdict | None:
        """Step 5."""
        for distance, ancestor in self._ancestors(agent):
            word = self.agents[ancestor]
            if kill_switch_state(word, self.now) is State.OPEN:
                wait = kill_switch_wait(word, self.now)
                return Verdict(False, Reason.BREAKER_OPEN, Scope.ANCESTOR_KILL_SWITCH, distance, wait, agent)
        return None

    def _ancestors(self, agent: int) -> Iterator[tuple[int, int]]:
        """Distance and handle, nearest first."""
        distance, ancestor = 1, self.agents[agent].parent
        while ancestor:
            yield distance, ancestor
            distance, ancestor = distance + 1, self.agents[ancestor].parent

    def _is_owner_recorded(self, agent: int) -> bool:
        identity = self.identities[agent]
        try:
            return self.live_owner(identity.registry, identity.agent_id) == identity.recorded_owner
        except CoreRevert:
            return False  # the lane asked for a live answer: no answer is no yes (ID-4)

    def _breaker(self, protocol: str, lane: int, subject: int, rules: LimitsWord) -> Breaker:
        word = self.breaker(protocol, lane, subject)
        override = self.override(protocol, lane, subject) if word.overridden else None
        return Breaker.of(subject, word, rules, override)

    def _lineage_breaker(self, protocol: str, lane: int, agent: AgentWord, rules: LimitsWord) -> Breaker:
        """Step 7: the breaker of the agent's lineage, or the one for undeclared lineage."""
        if agent.lineage and (agent.attested or not rules.attested):
            breaker = self._breaker(protocol, lane, UNDECLARED_LINEAGE + agent.lineage, rules)
            if breaker.word.accepted:
                return breaker
        return self._breaker(protocol, lane, UNDECLARED_LINEAGE, rules)

    def _strike(self, protocol: str, lane: int, wallet: str, breaker: Breaker) -> None:
        word, cause = breaker.strike(self.now)
        self._put_breaker(protocol, lane, breaker.subject, word)
        if cause:
            self._tripped(protocol, lane, wallet, breaker.having(word), cause)

    def _tripped(self, protocol: str, lane: int, wallet: str, breaker: Breaker, cause: Cause) -> None:
        until = breaker.word.auto_until
        self._emit("BreakerTripped", protocol, lane, breaker.subject, wallet, cause, until, _NOTE)
