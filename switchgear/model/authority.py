"""By whom: trip, reset, settings and the delay on loosening (spec sections 4 and 5)."""

from __future__ import annotations

from typing import TypeVar

from switchgear.model import settings
from switchgear.model.breaker import Breaker, beat_missed
from switchgear.model.errors import require
from switchgear.model.ledger import Guardian, Ledger, Loosening, lowest_free_bit
from switchgear.types import (
    LANE,
    LOOSENING_DELAY,
    LOOSENING_WINDOW,
    NEVER,
    ZERO_ADDRESS,
    Cause,
    Causes,
    Kind,
    LanePolicy,
    Limits,
    Setting,
    Subject,
    Target,
)
from switchgear.words import LATCHED_ADMIN, LATCHED_OWNER, LATCHED_PROTOCOL, AgentWord, BreakerWord, LimitsWord

_Tripped = TypeVar("_Tripped", AgentWord, BreakerWord, LimitsWord)
"""A word with a guardian's part: `guardian_until` and `spent`."""

_OF_PROTOCOL = (Setting.LANE, Setting.OVERRIDE, Setting.ACCEPTANCE, Setting.PROTOCOL_GUARDIAN)
_INTERVAL_BITS = 24
_INTERVAL_MASK = 2**_INTERVAL_BITS - 1


class Authority(Ledger):
    """Functions of ``IAuthority``; the first argument of each is the caller."""

    # ------------------------------------------------------------------ the protocol, about itself

    def set_admin(self, sender: str, admin: str) -> None:
        """Name the calling protocol's first admin."""
        present, _ = self.admin_of(sender)
        require(present == ZERO_ADDRESS, "AdminAlreadySet", present)
        require(admin != ZERO_ADDRESS, "ZeroAddress")
        self._require_never_bound(admin)
        self._put_admin(sender, admin, ZERO_ADDRESS)
        self._emit("AdminTransferred", sender, ZERO_ADDRESS, admin)

    def open_lane(self, sender: str, lane: int, limits: Limits, policy: LanePolicy, lineages: list[int]) -> None:
        """Open a lane of the calling protocol."""
        require(self.admin_of(sender)[0] != ZERO_ADDRESS, "NoAdmin", sender)
        require(not self.lane(sender, lane).window, "LaneAlreadyOpen", sender, lane)
        settings.require_limits(limits)
        settings.require_policy(policy)
        for lineage in lineages:
            require(0 < lineage < len(self.providers), "UnknownLineage", lineage)
        word = LimitsWord.of(limits, policy, self._lane_registry(policy.registry))
        self._put_lane(sender, lane, word)
        self._emit("LaneOpened", sender, lane, word.encode())
        for lineage in lineages:
            self._land(sender, Target.acceptance(sender, lane, lineage), 1)

    # ------------------------------------------------------------------ admin of a protocol

    def transfer_admin(self, sender: str, protocol: str, new_admin: str) -> None:
        """Offer the admin role."""
        self._require_admin(sender, protocol)
        self._require_never_bound(new_admin)
        self._put_admin(protocol, sender, new_admin)
        self._emit("AdminTransferStarted", protocol, sender, new_admin)

    def accept_admin(self, sender: str, protocol: str) -> None:
        """Accept the admin role."""
        admin, pending = self.admin_of(protocol)
        require(sender == pending, "NotAuthorized", sender)
        self._require_never_bound(sender)
        self._put_admin(protocol, sender, ZERO_ADDRESS)
        self._emit("AdminTransferred", protocol, admin, sender)

    def set_lane(self, sender: str, protocol: str, lane: int, limits: Limits, policy: LanePolicy) -> None:
        """Set limits and policy of a lane."""
        self._require_admin(sender, protocol)
        old = self._require_lane(protocol, lane)
        require(policy.window == old.window, "WindowIsFixed", old.window)
        settings.require_limits(limits)
        settings.require_policy(policy)
        new = LimitsWord.of(limits, policy, self._lane_registry(policy.registry))
        self._propose(sender, Target.lane(protocol, lane), new.encode(), settings.lane_no_looser(new, old))

    def set_override(self, sender: str, protocol: str, lane: int, subject: int, limits: Limits) -> None:
        """Give a subject limits of its own."""
        self._require_admin(sender, protocol)
        rules = self._require_lane(protocol, lane)
        self._require_subject(subject)
        require(subject != LANE, "InvalidSubject", subject)
        settings.require_limits(limits)
        new = LimitsWord.of(limits)
        old = Breaker.of(subject, self.breaker(protocol, lane, subject), rules, self.override(protocol, lane, subject))
        lands = settings.limits_no_looser(new, old.limits, old.caps)
        self._propose(sender, Target.override(protocol, lane, subject), new.encode(), lands)

    def clear_override(self, sender: str, protocol: str, lane: int, subject: int) -> None:
        """Return a subject to the lane's limits."""
        self._require_admin(sender, protocol)
        self._require_lane(protocol, lane)
        require(self.breaker(protocol, lane, subject).overridden, "NoOverride", subject)
        self._propose(sender, Target.override(protocol, lane, subject), 0, lands=False)

    def accept_lineage(self, sender: str, protocol: str, lane: int, lineage: int, accepted: bool) -> None:
        """Charge a lineage to its own breaker, or to the undeclared one."""
        self._require_admin(sender, protocol)
        self._require_lane(protocol, lane)
        require(0 < lineage < len(self.providers), "UnknownLineage", lineage)
        target = Target.acceptance(protocol, lane, lineage)
        self._propose(sender, target, int(accepted), lands=accepted == self._present(target))

    def set_guardian(self, sender: str, protocol: str, guardian: str, bound: int) -> None:
        """Appoint a guardian of a protocol, or dismiss it."""
        self._require_admin(sender, protocol)
        self._set_guardian(sender, Target.guardian(protocol, guardian), guardian, bound)

    def reset(self, sender: str, protocol: str, lane: int, subject: int, causes: int) -> None:
        """Clear causes of a breaker or, with `LANE`, of the lane."""
        self._require_admin(sender, protocol)
        rules = self._require_lane(protocol, lane)
        latched = LATCHED_PROTOCOL * bool(causes & Causes.PROTOCOL) | LATCHED_ADMIN * bool(causes & Causes.ADMIN)
        if subject == LANE:
            cleared = _rearmed(rules, causes)._replace(latched=rules.latched & ~latched)
            require(cleared != rules, "NothingToReset")
            self._put_lane(protocol, lane, cleared)
        else:
            old = self.breaker(protocol, lane, subject)
            word = old
            if causes & Causes.AUTOMATIC:
                word = Breaker.of(subject, old, rules, self.override(protocol, lane, subject)).reset_automatic(self.now)
            word = _rearmed(word, causes)._replace(latched=word.latched & ~latched)
            require(word != old, "NothingToReset")
            self._put_breaker(protocol, lane, subject, word)
        self._emit("BreakerReset", protocol, lane, subject, sender, causes)

    # ------------------------------------------------------------------ protocol, its admin, its guardians

    def trip(self, sender: str, protocol: str, lane: int, subject: int, note: bytes) -> None:
        """Open a breaker or, with `LANE`, a lane."""
        guardian, is_admin = self.guardian_of(protocol, sender), sender == self.admin_of(protocol)[0]
        require(sender == protocol or guardian.bound or is_admin, "NotAuthorized", sender)
        if sender != protocol:
            self._require_never_bound(sender)
        rules = self._require_lane(protocol, lane)
        self._require_subject(subject)
        role = Cause.PROTOCOL if sender == protocol else Cause.ADMIN if is_admin else Cause.GUARDIAN
        if subject == LANE:
            word, cause, until = self._tripped_by_hand(rules, sender, role, guardian)
            self._put_lane(protocol, lane, word)
        else:
            breaker = self.breaker(protocol, lane, subject)
            tripped, cause, until = self._tripped_by_hand(breaker, sender, role, guardian)
            self._put_breaker(protocol, lane, subject, tripped)
        self._emit("BreakerTripped", protocol, lane, subject, sender, cause, until, note)

    # ------------------------------------------------------------------ owner of an agent

    def reset_agent(self, sender: str, agent: int, causes: int) -> None:
        """Clear causes of a kill switch."""
        self._require_owner(sender, agent)
        old = self.agents[agent]
        word = _rearmed(old, causes)
        if causes & Causes.OWNER:
            word = word._replace(latched=word.latched & ~LATCHED_OWNER)
        if causes & Causes.HEARTBEAT and beat_missed(old, self.now):
            word = word._replace(beat_deadline=_saturated(self.now + word.beat_interval))
        require(word != old, "NothingToReset")
        self._put_agent(agent, word)
        self._emit("AgentReset", agent, sender, causes)

    def set_agent_guardian(self, sender: str, agent: int, guardian: str, bound: int) -> None:
        """Appoint a guardian of a kill switch, or dismiss it."""
        self._require_owner(sender, agent)
        self._set_guardian(sender, Target.agent_guardian(agent, guardian), guardian, bound)

    def set_heartbeat(self, sender: str, agent: int, interval: int, delegate: str) -> None:
        """Require a beat."""
        self._require_owner(sender, agent)
        settings.require_interval(interval)
        if interval:
            self._require_never_bound(delegate)
        target = Target.heartbeat(agent)
        present = self._present(target)
        value = interval | int(delegate, 16) << _INTERVAL_BITS if interval else 0
        old_interval, old_delegate = present & _INTERVAL_MASK, present >> _INTERVAL_BITS
        lands = not old_interval or (0 < interval <= old_interval and value >> _INTERVAL_BITS in (0, old_delegate))
        self._propose(sender, target, value, lands)

    def set_lineage(self, sender: str, agent: int, lineage: int) -> None:
        """Declare another lineage."""
        self._require_owner(sender, agent)
        require(lineage < len(self.providers), "UnknownLineage", lineage)
        self._propose(sender, Target.lineage(agent), lineage, lands=False)

    # ------------------------------------------------------------------ provider of a lineage

    def attest_lineage(self, sender: str, agent: int, lineage: int, attested: bool) -> None:
        """Confirm, or withdraw, that an agent runs on the lineage it declares."""
        require(0 < agent < len(self.agents), "UnknownAgent", agent)
        self._require_provider(sender, lineage)
        self._require_declared(agent, lineage)
        target = Target.attestation(agent, lineage)
        self._propose(sender, target, int(attested), lands=attested >= self._present(target))

    # ------------------------------------------------------------------ owner or guardian of an agent

    def trip_agent(self, sender: str, agent: int, note: bytes) -> None:
        """Open a kill switch."""
        require(0 < agent < len(self.agents), "UnknownAgent", agent)
        word = self.agents[agent]
        guardian = self.agent_guardian_of(agent, sender)
        if guardian.bound and not (_is_spent(word, guardian) and sender == self._owner_of(agent)):
            require(not _is_spent(word, guardian), "GuardianSpent", sender)
            self._require_never_bound(sender)
            word = _guardian_tripped(word, sender, guardian, self.now)
            cause, until = Cause.GUARDIAN, word.guardian_until
        else:
            self._require_owner(sender, agent)
            word = word._replace(latched=word.latched | LATCHED_OWNER)
            cause, until = Cause.OWNER, NEVER
        self._put_agent(agent, word)
        self._emit("AgentTripped", agent, sender, cause, until, note)

    # ------------------------------------------------------------------ owner or heartbeat delegate

    def beat(self, sender: str, agent: int) -> None:
        """Show that somebody still watches."""
        require(0 < agent < len(self.agents), "UnknownAgent", agent)
        word = self.agents[agent]
        if sender == self.delegates.get(agent):
            self._require_never_bound(sender)
        else:
            self._require_owner(sender, agent)
        require(word.beat_interval, "NoHeartbeat", agent)
        require(self.now <= word.beat_deadline, "HeartbeatMissed", agent, word.beat_deadline)
        deadline = _saturated(self.now + word.beat_interval)
        self._put_agent(agent, word._replace(beat_deadline=deadline))
        self._emit("HeartBeat", agent, sender, deadline)

    # ------------------------------------------------------------------ whoever may change the setting

    def execute_loosening(self, sender: str, target: Target) -> None:
        """Execute a scheduled loosening."""
        self._require_may_set(sender, target)
        value, eta = self.loosening_of(target)
        require(eta, "NoLoosening")
        require(self.now >= eta, "LooseningNotReady", eta)
        require(self.now <= eta + LOOSENING_WINDOW, "LooseningExpired", eta + LOOSENING_WINDOW)
        if target.setting is Setting.ATTESTATION:
            self._require_declared(target.subject, target.key)
        self._drop_loosening(target)
        self._land(sender, target, value)

    def cancel_loosening(self, sender: str, target: Target) -> None:
        """Cancel a scheduled loosening."""
        self._require_may_set(sender, target)
        require(self.loosening_of(target).eta, "NoLoosening")
        self._cancel_loosening(sender, target)

    # ------------------------------------------------------------------ internal

    def _require_lane(self, protocol: str, lane: int) -> LimitsWord:
        word = self.lane(protocol, lane)
        require(word.window, "LaneNotOpen", protocol, lane)
        return word

    def _require_subject(self, subject: int) -> None:
        """It names a breaker that exists: enrolled agent, registered lineage, 0 of either, or the lane."""
        kind, number = subject >> 32, subject & 0xFFFFFFFF
        if kind == Kind.AGENT:
            require(number < len(self.agents), "UnknownAgent", number)
        elif kind == Kind.LINEAGE:
            require(number < len(self.providers), "UnknownLineage", number)
        else:
            require(subject == LANE, "InvalidSubject", subject)

    def _require_may_set(self, sender: str, target: Target) -> None:
        if target.setting in _OF_PROTOCOL:
            self._require_admin(sender, target.protocol)
        elif target.setting is Setting.ATTESTATION:
            self._require_provider(sender, target.key)
        else:
            # Only subjects that are agents are ever scheduled: another one of that id finds nothing.
            self._require_owner(sender, Subject(target.subject).id)

    def _require_declared(self, agent: int, lineage: int) -> None:
        require(self.agents[agent].lineage == lineage, "LineageNotDeclared", agent, lineage)

    def _set_guardian(self, sender: str, target: Target, guardian: str, bound: int) -> None:
        require(guardian != ZERO_ADDRESS, "ZeroAddress")
        require(not bound or guardian != sender, "NotAuthorized", guardian)  # whoever resets is no guardian
        guardians = self._guardians(target)
        present = self._present(target)
        require(bound or present, "NotGuardian", guardian)
        if bound:  # one that was bound later can still be dismissed
            self._require_never_bound(guardian)
        settings.require_bound(bound)
        if bound and not present:
            lowest_free_bit(guardians)
        self._propose(sender, target, bound, lands=bound >= present)

    def _tripped_by_hand(
        self, word: _Tripped, sender: str, role: Cause, guardian: Guardian
    ) -> tuple[_Tripped, Cause, int]:
        """A guardian trips as one, unless it is the admin too and its bit is spent; everybody else latches."""
        if role is Cause.PROTOCOL:
            return word._replace(latched=word.latched | LATCHED_PROTOCOL), role, NEVER
        if role is Cause.ADMIN and (not guardian.bound or _is_spent(word, guardian)):
            return word._replace(latched=word.latched | LATCHED_ADMIN), role, NEVER
        word = _guardian_tripped(word, sender, guardian, self.now)
        return word, Cause.GUARDIAN, word.guardian_until

    def _put_admin(self, protocol: str, admin: str, pending: str) -> None:
        self.admins[protocol] = (admin, pending)
        self.touched.add(("admin", protocol))

    def _guardians(self, target: Target) -> dict[int, Guardian]:
        if target.setting is Setting.PROTOCOL_GUARDIAN:
            return self.guardians.setdefault(target.protocol, {})
        return self.agent_guardians.setdefault(target.subject, {})

    def _present(self, target: Target) -> int:  # noqa: PLR0911 - one for each setting
        """The setting's word as it is."""
        setting, protocol, key, subject = target
        if setting is Setting.LANE:
            return settings.configuration(self.lane(protocol, key))
        if setting is Setting.OVERRIDE:
            return self.override(protocol, key, subject).encode()
        if setting is Setting.ACCEPTANCE:
            return self.breaker(protocol, key, subject).accepted
        if setting is Setting.HEARTBEAT:
            interval = self.agents[subject].beat_interval
            return interval | int(self.delegates.get(subject, ZERO_ADDRESS), 16) << _INTERVAL_BITS
        if setting is Setting.LINEAGE:
            return self.agents[subject].lineage
        if setting is Setting.ATTESTATION:
            return self.agents[subject].attested
        return self._guardians(target).get(key, Guardian()).bound

    def _propose(self, sender: str, target: Target, value: int, lands: bool) -> None:
        if lands:
            if self.loosening_of(target).eta:
                self._cancel_loosening(sender, target)
            self._land(sender, target, value)
            return
        eta = self.now + LOOSENING_DELAY
        self.loosenings[target] = Loosening(value, eta)
        self.touched.add(("loosening", target))
        setting, protocol, key, subject = target
        self._emit("LooseningScheduled", protocol, key, subject, setting, sender, value, eta, eta + LOOSENING_WINDOW)

    def _drop_loosening(self, target: Target) -> None:
        del self.loosenings[target]
        self.touched.add(("loosening", target))

    def _cancel_loosening(self, sender: str, target: Target) -> None:
        self._drop_loosening(target)
        setting, protocol, key, subject = target
        self._emit("LooseningCancelled", protocol, key, subject, setting, sender)

    def _land(self, sender: str, target: Target, value: int) -> None:
        setting, protocol, key, subject = target
        previous = self._present(target)
        if setting is Setting.LANE:
            self._put_lane(protocol, key, settings.configured(self.lane(protocol, key), value))
        elif setting is Setting.OVERRIDE:
            self.overrides[protocol, key, subject] = LimitsWord.decode(value)
            self.touched.add(("override", protocol, key, subject))
            word = self.breaker(protocol, key, subject)
            self._put_breaker(protocol, key, subject, word._replace(overridden=int(value != 0)))
        elif setting is Setting.ACCEPTANCE:
            word = self.breaker(protocol, key, subject)
            self._put_breaker(protocol, key, subject, word._replace(accepted=value))
        elif setting is Setting.HEARTBEAT:
            self._land_heartbeat(subject, value)
        elif setting is Setting.LINEAGE:
            self._put_agent(subject, self.agents[subject]._replace(lineage=value, attested=0))
        elif setting is Setting.ATTESTATION:
            self._put_agent(subject, self.agents[subject]._replace(attested=value))
        else:
            self._land_guardian(target, value)
        self._emit("SettingChanged", protocol, key, subject, setting, sender, previous, value)

    def _land_heartbeat(self, agent: int, value: int) -> None:
        word = self.agents[agent]
        interval = value & _INTERVAL_MASK
        deadline = word.beat_deadline if beat_missed(word, self.now) else _saturated(self.now + interval)
        self._put_agent(agent, word._replace(beat_interval=interval, beat_deadline=deadline))
        self.delegates[agent] = f"0x{value >> _INTERVAL_BITS:040x}"
        self.touched.add(("delegate", agent))

    def _land_guardian(self, target: Target, bound: int) -> None:
        guardians = self._guardians(target)
        if not bound:
            guardians.pop(target.key, None)
        elif target.key in guardians:
            guardians[target.key] = guardians[target.key]._replace(bound=bound)
        else:
            guardians[target.key] = Guardian(bound, lowest_free_bit(guardians))
        self.touched.add(("guardian", target))


def _saturated(time: int) -> int:
    """The last second that 32 bits hold, if it is later."""
    return min(time, NEVER)


def _guardian_tripped(word: _Tripped, sender: str, guardian: Guardian, now: int) -> _Tripped:
    require(not _is_spent(word, guardian), "GuardianSpent", sender)
    until = max(word.guardian_until, _saturated(now + guardian.bound))
    return word._replace(guardian_until=until, spent=word.spent | 1 << guardian.bit)


def _is_spent(word: AgentWord | BreakerWord | LimitsWord, guardian: Guardian) -> bool:
    return bool(word.spent >> guardian.bit & 1)


def _rearmed(word: _Tripped, causes: int) -> _Tripped:
    return word._replace(guardian_until=0, spent=0) if causes & Causes.GUARDIAN else word
