"""One second either side of every deadline."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from switchgear import signing
from switchgear.types import LANE, UNKNOWN_WALLETS, Reason, Scope, State, Subject, Target, UnknownPolicy, Usage
from switchgear.words import load_value_cap
from tests.support.core import BOUND, DAY, HOUR, INTERVAL, LIMITS, NOTE, POLICY, WINDOW, ZERO, World
from tests.support.reverts import reverts_with

if TYPE_CHECKING:
    from switchgear.types import Limits

REBIND = 30 * DAY
NEVER = 2**32 - 1
TRIPPING = LIMITS._replace(trip_level=95)
"""The tenth action is the last straw."""


def _trip(world: World, limits: Limits, lane: int = 1) -> int:
    """Opens a lane with these limits and trips the agent's breaker in one go; returns the second of the trip."""
    world.open_lane(lane, limits)
    when = world.now + 100
    for _ in range(limits.count_cap - 1):
        world.admit(lane=lane)
    world.admit(lane=lane, when=when)
    return when


def _state(world: World, lane: int = 1) -> State:
    return Usage.of(world.core.usage(world.protocol, lane, world.subject)).state


def test_admit__autoUntil__is_the_first_second_it_is_not_open(world: World) -> None:
    """BR-6: an automatic trip lasts the cooldown to the second, and says how long to wait."""
    when = _trip(world, TRIPPING._replace(cooldown=3 * HOUR))
    until = world.breaker(lane=1).auto_until
    assert until == when + 3 * HOUR
    world.move_to(until - 1)
    verdict = world.preview(lane=1)
    assert (verdict.reason, verdict.scope, verdict.retry_after) == (Reason.BREAKER_OPEN, Scope.AGENT, 1)
    assert _state(world) is State.OPEN
    world.move_to(until)
    assert world.preview(lane=1).admitted


def test_usage__end_of_probation__is_the_first_second_it_is_closed(world: World) -> None:
    """BR-6: half-open for `probation` windows with scaled caps, then closed."""
    _trip(world, TRIPPING._replace(probation=2))
    closed_at = world.breaker(lane=1).auto_until + 2 * WINDOW
    world.move_to(closed_at - 1)
    half = Usage.of(world.core.usage(world.protocol, 1, world.subject))
    assert (half.state, half.count_cap, half.value_cap) == (State.HALF_OPEN, 5, 500)
    world.move_to(closed_at)
    closed = Usage.of(world.core.usage(world.protocol, 1, world.subject))
    assert (closed.state, closed.count_cap, closed.value_cap) == (State.CLOSED, 10, 1_000)


def test_admit__too_much_for_half_open_alone__waits_for_the_end_of_probation(world: World) -> None:
    """BR-6, BR-13: what only a closed breaker admits is refused with the time until it closes, and then admitted."""
    _trip(world, TRIPPING._replace(probation=1))
    closed_at = world.breaker(lane=1).auto_until + WINDOW
    world.move_to(closed_at - 7)
    verdict = world.preview(501, lane=1)
    assert (verdict.reason, verdict.retry_after) == (Reason.VALUE_LIMIT, 7)
    assert world.preview(500, lane=1).admitted
    assert world.preview(1_001, lane=1).reason is Reason.VALUE_OVERSIZED
    world.move_to(closed_at)
    assert world.preview(501, lane=1).admitted


@pytest.mark.parametrize("subject", ["agent", "lane", "kill switch", "lineage"])
def test_trip__by_a_guardian__lasts_its_bound_to_the_second(world: World, subject: str) -> None:
    """BR-8: a guardian's trip ends by itself after its bound."""
    when = world.soon()
    core = world.core
    if subject == "kill switch":
        core.tripAgent(world.agent, NOTE, sender=world.agent_guardian)
    elif subject == "lineage":
        world.open_lane(1, LIMITS, POLICY._replace(lineage=True))
        when = world.soon()
        core.trip(world.protocol, 1, Subject.of_lineage(0), NOTE, sender=world.guardian)
    else:
        core.trip(world.protocol, 0, LANE if subject == "lane" else world.subject, NOTE, sender=world.guardian)
    lane = int(subject == "lineage")
    scope = {"agent": Scope.AGENT, "lane": Scope.LANE, "kill switch": Scope.KILL_SWITCH, "lineage": Scope.LINEAGE}
    world.move_to(when + BOUND - 1)
    verdict = world.preview(lane=lane)
    assert (verdict.reason, verdict.scope, verdict.retry_after) == (Reason.BREAKER_OPEN, scope[subject], 1)
    world.move_to(when + BOUND)
    assert world.preview(lane=lane).admitted


def test_beat__at_the_deadline__passes_and_a_second_later_only_the_owner_restores(world: World) -> None:
    """BR-14: the deadline is the last second for a beat; after it the agent is stopped until its owner resets."""
    when = world.soon()
    world.core.setHeartbeat(world.agent, INTERVAL, world.delegate, sender=world.owner)
    world.at(when + INTERVAL)
    (beat,) = world.events(world.core.beat(world.agent, sender=world.delegate))
    deadline = when + 2 * INTERVAL
    assert beat.fields == {"agent": world.agent, "actor": world.delegate.address, "deadline": deadline}
    world.move_to(deadline)
    assert world.status().admitted
    world.move_to(deadline + 1)
    verdict = world.status()
    assert (verdict.reason, verdict.scope, verdict.retry_after) == (Reason.BREAKER_OPEN, Scope.KILL_SWITCH, NEVER)
    for late in (world.delegate, world.owner):
        with reverts_with(world.core, "HeartbeatMissed", agent=world.agent, deadline=deadline):
            world.core.beat(world.agent, sender=late)
    when = world.soon()
    world.core.resetAgent(world.agent, 8, sender=world.owner)
    assert world.status().admitted
    assert world.agent_word().beat_deadline == when + INTERVAL


def test_setHeartbeat__after_a_missed_beat__does_not_restore(world: World) -> None:
    """BR-14: a new setting of the heartbeat is no beat."""
    world.core.setHeartbeat(world.agent, INTERVAL, world.delegate, sender=world.owner)
    world.wait(INTERVAL + 1)
    world.core.setHeartbeat(world.agent, INTERVAL - 1, world.delegate, sender=world.owner)
    assert world.status().scope is Scope.KILL_SWITCH


def test_admit__expiry__is_the_first_second_the_binding_does_not_count(world: World) -> None:
    """ID-1: a binding ends in the second of its expiry."""
    expiry = world.now + HOUR
    world.bind(world.agent, world.spare, expiry=expiry)
    world.move_to(expiry - 1)
    assert world.preview(wallet=world.spare).admitted
    world.move_to(expiry)
    assert world.preview(wallet=world.spare).reason is Reason.WALLET_EXPIRED
    assert world.status(world.spare).reason is Reason.WALLET_EXPIRED


@pytest.mark.parametrize(("ahead", "passes"), [(0, False), (1, True)])
def test_bindWallet__expiry_now_or_next_second__must_be_later(world: World, ahead: int, passes: bool) -> None:
    """ID-1: an expiry is in the future."""
    when = world.now + 100
    expiry = when + ahead
    signature = signing.sign(world.binding(world.agent, world.spare, when), world.spare)
    world.at(when)
    if passes:
        world.core.bindWallet(world.agent, world.spare, expiry, when, signature, sender=world.owner)
    else:
        with reverts_with(world.core, "ExpiryNotInFuture", expiry=expiry):
            world.core.bindWallet(world.agent, world.spare, expiry, when, signature, sender=world.owner)


@pytest.mark.parametrize(
    ("offset", "error"), [(-1, "LooseningNotReady"), (0, None), (7 * DAY, None), (7 * DAY + 1, "LooseningExpired")]
)
def test_executeLoosening__around_eta_and_expiry__only_between(world: World, offset: int, error: str | None) -> None:
    """BR-9: from the ETA to the expiry, both included, and never outside."""
    eta = world.soon() + DAY
    looser = LIMITS._replace(count_cap=11)
    world.core.setLane(world.protocol, 0, looser, POLICY, sender=world.admin)
    target = Target.lane(world.protocol.address, 0)
    assert world.core.looseningOf(target)[1] == eta
    world.at(eta + offset)
    if error is None:
        world.core.executeLoosening(target, sender=world.admin)
        assert world.lane_word().count_cap == 11
    else:
        field = {"eta": eta} if error == "LooseningNotReady" else {"expiry": eta + 7 * DAY}
        with reverts_with(world.core, error, **field):
            world.core.executeLoosening(target, sender=world.admin)
        assert world.lane_word().count_cap == 10


@pytest.mark.parametrize(("offset", "passes"), [(-1, False), (0, True)])
def test_bindWallet__another_agent__only_thirty_days_after_revocation(world: World, offset: int, passes: bool) -> None:
    """ID-1: a revoked wallet may serve another agent 30 days later, and not a second before."""
    other = world.enroll(world.owner)
    revoked = world.soon()
    world.core.revokeWallet(world.wallet, sender=world.wallet)
    free = revoked + REBIND
    assert world.core.REBIND_DELAY() == REBIND
    signature = signing.sign(world.binding(other, world.wallet, free + HOUR), world.wallet)
    arguments = (other, world.wallet, free + DAY, free + HOUR, signature)
    world.at(free + offset)
    if passes:
        world.core.bindWallet(*arguments, sender=world.owner)
        assert world.wallet_word(world.wallet).agent == other
    else:
        with reverts_with(world.core, "WalletBoundElsewhere", wallet=world.wallet, agent=world.agent, freeAt=free):
            world.core.bindWallet(*arguments, sender=world.owner)


def test_bindWallet__still_bound_elsewhere__is_never_free(world: World) -> None:
    """ID-1: without a revocation no time frees a wallet, an expired binding included."""
    other = world.enroll(world.owner)
    with reverts_with(world.core, "WalletBoundElsewhere", wallet=world.wallet, agent=world.agent, freeAt=2**256 - 1):
        world.bind(other, world.wallet)


@pytest.mark.parametrize(("offset", "passes"), [(-1, True), (0, False)])
def test_spawn__expiry_of_the_grant__is_the_first_second_too_late(world: World, offset: int, passes: bool) -> None:
    """ID-9: a grant ends in the second of its expiry."""
    expiry = world.now + HOUR
    world.core.grantSpawn(world.agent, 1, expiry, sender=world.owner)
    child = world.register(world.owner)
    message = world.child_binding(world.registry, child, world.spare, expiry + HOUR, world.owner.address)
    signature = signing.sign(message, world.spare)
    arguments = (world.registry, child, world.spare, expiry + DAY, expiry + HOUR, signature)
    world.at(expiry + offset)
    if passes:
        world.core.spawn(*arguments, sender=world.wallet)
        word = world.agent_word(world.agent + 1)
        assert (word.parent, word.depth) == (world.agent, 1)
        assert world.core.identityOf(world.agent)[3] == 0
    else:
        with reverts_with(world.core, "SpawnNotGranted", parent=world.agent):
            world.core.spawn(*arguments, sender=world.wallet)


@pytest.mark.parametrize(("gap", "strikes"), [(WINDOW - 1, 2), (WINDOW, 1)])
def test_admit__strikes__count_within_one_window(world: World, gap: int, strikes: int) -> None:
    """BR-5: strikes start afresh a window after the first of them."""
    world.open_lane(1, LIMITS._replace(count_cap=0, strikes=3))
    first = world.soon()
    world.admit(lane=1)
    world.admit(lane=1, when=first + gap)
    assert world.breaker(lane=1).strikes == strikes


def test_admit__count_meter__frees_one_action_each_share_of_the_window(world: World) -> None:
    """BR-2, BR-13: after a full burst the next action fits exactly when the verdict said so."""
    world.open_lane(1, LIMITS._replace(count_cap=8))
    start = world.soon(100)
    for number in range(8):
        assert world.admit(lane=1, when=start + number).admitted
    verdict = world.admit(lane=1)
    free = world.now + verdict.retry_after
    assert verdict.reason is Reason.COUNT_LIMIT
    world.move_to(free - 1)
    assert not world.preview(lane=1).admitted
    world.move_to(free)
    assert world.preview(lane=1).admitted
    assert free == start + WINDOW // 8


def test_usage__shared_breaker_of_unknown_wallets__has_no_probation(world: World) -> None:
    """ID-5, ID-9: probation is for agents; the shared breaker is closed from the start."""
    limits = LIMITS._replace(probation=3)
    world.open_lane(1, limits, POLICY._replace(unknown=UnknownPolicy.SHARED))
    shared = Usage.of(world.core.usage(world.protocol, 1, UNKNOWN_WALLETS))
    assert (shared.state, shared.count_cap) == (State.CLOSED, 10)
    assert _state(world) is State.HALF_OPEN
    assert load_value_cap(world.lane_word(1).value_cap) == limits.value_cap


def test_trip__in_the_last_month_of_32_bits__lasts_to_their_end(world: World) -> None:
    """BR-8: a guardian's bound does not wrap round to a time long past."""
    world.at(2**32 - BOUND)
    world.core.trip(world.protocol, 0, world.subject, NOTE, sender=world.guardian)
    assert world.breaker().guardian_until == 2**32 - 1
    assert world.admit(1).reason is Reason.BREAKER_OPEN


def test_setHeartbeat__in_the_last_month_of_32_bits__is_due_at_their_end(world: World) -> None:
    """BR-14: a deadline does not wrap round to a time long past, which would count as missed."""
    world.at(2**32 - INTERVAL)
    world.core.setHeartbeat(world.agent, INTERVAL, ZERO, sender=world.owner)
    assert world.agent_word().beat_deadline == 2**32 - 1
    (beat,) = world.events(world.core.beat(world.agent, sender=world.owner))
    assert beat.fields["deadline"] == 2**32 - 1
