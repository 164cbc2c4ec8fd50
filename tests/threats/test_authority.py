"""A guardian, a protocol's admin or a neighbour protocol is hostile (BR-5, BR-8, BR-9, BR-11)."""

from __future__ import annotations

from typing import Any

import pytest

from switchgear.types import LANE, Cause, Causes, LanePolicy, Reason, Scope, Subject, Target, UnknownPolicy
from tests.support.core import BOUND, DAY, HOUR, LIMITS, NOTE, POLICY, WINDOW, World
from tests.support.reverts import ANY, reverts_with

NEVER = 2**32 - 1


def _guardians(world: World, number: int) -> list[Any]:
    """Guardians of the world's protocol beside the one it has, each with a longer bound than the one before."""
    guardians = [world.fresh(n) for n in range(number)]
    for n, guardian in enumerate(guardians):
        world.core.setGuardian(world.protocol, guardian, BOUND + (n + 1) * HOUR, sender=world.admin)
    return guardians


# ---------------------------------------------------------------------- a guardian


def test_trip__by_a_guardian_again__is_refused_until_rearmed(world: World) -> None:
    """BR-8: one trip of one breaker, also after its end, until the admin re-arms; other breakers are unaffected."""
    core = world.core
    core.trip(world.protocol, 0, world.subject, NOTE, sender=world.guardian)
    for _ in range(2):
        with reverts_with(core, "GuardianSpent", guardian=world.guardian):
            core.trip(world.protocol, 0, world.subject, NOTE, sender=world.guardian)
        world.wait(BOUND)
    core.trip(world.protocol, 0, LANE, NOTE, sender=world.guardian)
    core.reset(world.protocol, 0, world.subject, Causes.GUARDIAN, sender=world.admin)
    core.trip(world.protocol, 0, world.subject, NOTE, sender=world.guardian)
    assert world.breaker().spent == 1


def test_trip__all_guardians_in_turn__stop_for_the_sum_of_their_bounds(world: World) -> None:
    """BR-8: eight colluding guardians, one after the other, stop a breaker for the sum of bounds."""
    guardians = [world.guardian, *_guardians(world, 7)]
    bounds = [BOUND + n * HOUR for n in range(8)]
    start = when = world.soon()
    for guardian, bound in zip(guardians, bounds, strict=True):
        world.at(when)
        world.core.trip(world.protocol, 0, world.subject, NOTE, sender=guardian)
        when += bound
    assert when == start + sum(bounds)
    world.move_to(when - 1)
    assert not world.preview().admitted
    world.move_to(when)
    assert world.preview().admitted
    for guardian in guardians:
        with reverts_with(world.core, "GuardianSpent", guardian=guardian):
            world.core.trip(world.protocol, 0, world.subject, NOTE, sender=guardian)


def test_trip__at_the_same_time__lasts_the_longest_bound(world: World) -> None:
    """BR-8: trips overlap and do not add up; a shorter one shortens nothing."""
    (longer,) = _guardians(world, 1)
    when = world.soon()
    world.core.trip(world.protocol, 0, LANE, NOTE, sender=longer)
    world.core.trip(world.protocol, 0, LANE, NOTE, sender=world.guardian)
    assert world.lane_word().guardian_until == when + BOUND + HOUR


def test_trip__by_one_guardian__does_not_disarm_another(world: World) -> None:
    """BR-8: each has a bit of its own, so a hostile one that trips early spends nobody else's."""
    (other,) = _guardians(world, 1)
    world.core.trip(world.protocol, 0, world.subject, NOTE, sender=other)
    world.core.trip(world.protocol, 0, world.subject, NOTE, sender=world.guardian)
    assert world.breaker().spent == 0b11


def test_setGuardian__dismissed_and_appointed_again__is_as_spent_as_before(world: World) -> None:
    """BR-8: no fresh bit comes of a dismissal: the freed one may be spent until the breaker is re-armed."""
    core = world.core
    core.trip(world.protocol, 0, world.subject, NOTE, sender=world.guardian)
    core.setGuardian(world.protocol, world.guardian, 0, sender=world.admin)
    world.wait(DAY)
    core.executeLoosening(Target.guardian(world.protocol.address, world.guardian.address), sender=world.admin)
    with reverts_with(core, "NotAuthorized", actor=world.guardian):
        core.trip(world.protocol, 0, world.subject, NOTE, sender=world.guardian)
    core.setGuardian(world.protocol, world.guardian, BOUND, sender=world.admin)
    with reverts_with(core, "GuardianSpent", guardian=world.guardian):
        core.trip(world.protocol, 0, world.subject, NOTE, sender=world.guardian)


@pytest.mark.parametrize("scope", ["protocol", "agent"])
def test_setGuardian__the_eighth_and_the_ninth__the_ninth_is_refused(world: World, scope: str) -> None:
    """BR-8: eight a scope."""
    core, where = world.core, (world.protocol if scope == "protocol" else world.agent)
    appoint = core.setGuardian if scope == "protocol" else core.setAgentGuardian
    authority = world.admin if scope == "protocol" else world.owner
    for number in range(7):
        appoint(where, world.fresh(number), BOUND, sender=authority)
    of = core.guardianOf if scope == "protocol" else core.agentGuardianOf
    assert tuple(of(where, world.fresh(6))) == (BOUND, 7)
    with reverts_with(core, "TooManyGuardians"):
        appoint(where, world.spare, BOUND, sender=authority)


def test_guardian__of_an_agent__has_no_power_in_a_protocol_nor_the_reverse(world: World) -> None:
    """BR-8: powers are per scope."""
    with reverts_with(world.core, "NotAuthorized", actor=world.agent_guardian):
        world.core.trip(world.protocol, 0, world.subject, NOTE, sender=world.agent_guardian)
    with reverts_with(world.core, "NotAuthorized", actor=world.guardian):
        world.core.tripAgent(world.agent, NOTE, sender=world.guardian)


def test_trip__of_an_open_breaker__still_records_its_cause(world: World) -> None:
    """BR-7, BR-8: causes are independent: clearing one leaves the rest."""
    core, place = world.core, (world.protocol, 0, world.subject)
    for actor in (world.guardian, world.admin, world.protocol):
        core.trip(*place, NOTE, sender=actor)
    word = world.breaker()
    assert (word.latched, word.spent) == (0b11, 1)
    for causes, left in ((Causes.PROTOCOL, 0b10), (Causes.ADMIN, 0)):
        core.reset(*place, causes, sender=world.admin)
        assert world.breaker().latched == left
        assert world.preview().reason is Reason.BREAKER_OPEN
    core.reset(*place, Causes.GUARDIAN, sender=world.admin)
    assert world.preview().admitted
    with reverts_with(core, "NothingToReset"):
        core.reset(*place, Causes.ALL, sender=world.admin)


def test_reset__of_the_kill_switch__clears_only_what_it_names(world: World) -> None:
    """BR-7: the owner's cause and a guardian's are independent."""
    world.core.tripAgent(world.agent, NOTE, sender=world.owner)
    world.core.tripAgent(world.agent, NOTE, sender=world.agent_guardian)
    world.core.resetAgent(world.agent, Causes.OWNER, sender=world.owner)
    assert world.status().scope is Scope.KILL_SWITCH
    world.core.resetAgent(world.agent, Causes.GUARDIAN, sender=world.owner)
    assert world.status().admitted


def test_reset__by_the_admin__never_refills_a_meter(world: World) -> None:
    """BR-8: resetting is not loosening: used quota stays used."""
    world.open_lane(1, LIMITS._replace(trip_level=95, probation=1))
    for _ in range(10):
        world.admit(50, lane=1)
    word = world.breaker(lane=1)
    assert world.preview(lane=1).reason is Reason.BREAKER_OPEN
    world.core.reset(world.protocol, 1, world.subject, Causes.AUTOMATIC, sender=world.admin)
    after = world.breaker(lane=1)
    assert (after.count_tat, after.value_tat) == (word.count_tat, word.value_tat)
    assert after.backoff == word.backoff + 1, "BR-6: closing does not lower the level of the next trip"


# ---------------------------------------------------------------------- the admin, and loosening

FIELDS: dict[str, dict[str, int]] = {
    "count": {"count_cap": 11},
    "value": {"value_cap": 1_001},
    "trip level": {"trip_level": 100},
    "strikes": {"strikes": 6},
    "cooldown": {"cooldown": 2 * HOUR + 1},
    "backoff": {"max_backoff": 3},
    "half-open": {"half_open_scale": 9},
    "probation": {"probation": 0},
}
POLICIES: dict[str, dict[str, Any]] = {
    "lineage count": {"lineage_count": 3},
    "lineage value": {"lineage_value": 3},
    "share": {"share": 51},
    "shadow": {"shadow": True},
    "lineage off": {"lineage": False},
    "attested off": {"attested": False},
    "live off": {"live": False},
    "unknown shared": {"unknown": UnknownPolicy.SHARED},
    "unknown exempt": {"unknown": UnknownPolicy.EXEMPT},
    "any registry": {"registry": "0x" + "00" * 20},
    "other registry": {"registry": "0x" + "11" * 20},
}


def _strict(world: World) -> tuple[Any, LanePolicy]:
    """Opens lane 1 with settings that every field of FIELDS and POLICIES would loosen."""
    limits = LIMITS._replace(trip_level=90, strikes=5, probation=1)
    policy = LanePolicy(WINDOW, 2, 2, 50, True, True, True, False, UnknownPolicy.DENY, world.registry.address)
    world.open_lane(1, limits, policy)
    return limits, policy


@pytest.mark.parametrize("field", [*FIELDS, *POLICIES])
def test_setLane__loosening_smuggled_beside_a_tightening__waits(world: World, field: str) -> None:
    """BR-9: one looser field makes the whole word wait, however much tighter the rest."""
    limits, policy = _strict(world)
    before = world.core.laneWord(world.protocol, 1)
    tight = limits._replace(count_cap=1, value_cap=1, strikes=1)
    looser, wider = tight._replace(**FIELDS.get(field, {})), policy._replace(**POLICIES.get(field, {}))
    when = world.soon()
    receipt = world.core.setLane(world.protocol, 1, looser, wider, sender=world.admin)
    (event,) = world.events(receipt)
    assert (event.name, event.fields["eta"], event.fields["expiry"]) == (
        "LooseningScheduled",
        when + DAY,
        when + 8 * DAY,
    )
    assert world.core.laneWord(world.protocol, 1) == before


def test_setLane__attestations_asked_for__waits(world: World) -> None:
    """BR-9, ID-8: it looks like a tightening, and moves every unattested agent out of its lineage's breaker."""
    policy = POLICY._replace(lineage=True)
    world.open_lane(1, LIMITS, policy)
    world.core.setLane(world.protocol, 1, LIMITS, policy._replace(attested=True), sender=world.admin)
    assert world.core.looseningOf(Target.lane(world.protocol.address, 1))[1]
    assert not world.lane_word(1).attested


def test_setLane__same_word_or_tighter__lands_at_once(world: World) -> None:
    """BR-9: no field looser: at once, and unchanged counts as that."""
    limits, policy = _strict(world)
    changes: tuple[dict[str, int], ...] = ({}, {"count_cap": 1}, {"cooldown": 4 * HOUR}, {"probation": 2})
    for change in changes:
        limits = limits._replace(**change)
        (event,) = world.events(world.core.setLane(world.protocol, 1, limits, policy, sender=world.admin))
        assert event.name == "SettingChanged"


def test_setOverride__looser_than_the_lane__waits(world: World) -> None:
    """BR-9: an override is compared with what would apply without it, so it is no way round the delay."""
    world.core.setOverride(world.protocol, 0, world.subject, LIMITS._replace(count_cap=11), sender=world.admin)
    assert not world.breaker().overridden
    world.core.setOverride(world.protocol, 0, world.subject, LIMITS._replace(count_cap=9), sender=world.admin)
    assert world.breaker().overridden
    world.core.clearOverride(world.protocol, 0, world.subject, sender=world.admin)
    assert world.breaker().overridden, "clearing always waits"


def test_executeLoosening__after_a_tightening_of_the_same_word__is_cancelled(world: World) -> None:
    """BR-9: a loosening that waits does not survive a tightening."""
    target = Target.lane(world.protocol.address, 0)
    world.core.setLane(world.protocol, 0, LIMITS._replace(count_cap=100), POLICY, sender=world.admin)
    events = world.events(
        world.core.setLane(world.protocol, 0, LIMITS._replace(count_cap=5), POLICY, sender=world.admin)
    )
    assert [event.name for event in events] == ["LooseningCancelled", "SettingChanged"]
    world.wait(DAY)
    with reverts_with(world.core, "NoLoosening"):
        world.core.executeLoosening(target, sender=world.admin)
    assert world.lane_word().count_cap == 5


def test_executeLoosening__replaced_by_another__waits_anew(world: World) -> None:
    """BR-9: a second loosening cannot slip in under the ETA of a harmless first one."""
    target = Target.lane(world.protocol.address, 0)
    world.core.setLane(world.protocol, 0, LIMITS._replace(count_cap=11), POLICY, sender=world.admin)
    world.wait(DAY - HOUR)
    eta = world.soon() + DAY
    world.core.setLane(world.protocol, 0, LIMITS._replace(count_cap=10_000), POLICY, sender=world.admin)
    world.wait(HOUR)
    with reverts_with(world.core, "LooseningNotReady", eta=eta):
        world.core.executeLoosening(target, sender=world.admin)


def test_executeLoosening__twice__is_refused(world: World) -> None:
    """BR-9: a loosening lands once: after a later tightening it is not there to be played again."""
    target = Target.lane(world.protocol.address, 0)
    world.core.setLane(world.protocol, 0, LIMITS._replace(count_cap=11), POLICY, sender=world.admin)
    world.wait(DAY)
    world.core.executeLoosening(target, sender=world.admin)
    with reverts_with(world.core, "NoLoosening"):
        world.core.executeLoosening(target, sender=world.admin)


def test_executeLoosening__cancelled__is_refused(world: World) -> None:
    """BR-9: cancelled is gone."""
    target = Target.lane(world.protocol.address, 0)
    world.core.setLane(world.protocol, 0, LIMITS._replace(count_cap=11), POLICY, sender=world.admin)
    world.core.cancelLoosening(target, sender=world.admin)
    world.wait(DAY)
    with reverts_with(world.core, "NoLoosening"):
        world.core.executeLoosening(target, sender=world.admin)


def test_setLane__keeps_the_lane_open_and_the_quota_used(world: World) -> None:
    """BR-3, BR-9: a setting never touches state: neither a tripped lane nor a meter."""
    world.admit(500)
    used = world.breaker().value_tat
    world.core.trip(world.protocol, 0, LANE, NOTE, sender=world.guardian)
    world.core.setLane(world.protocol, 0, LIMITS._replace(value_cap=600), POLICY, sender=world.admin)
    assert world.preview().scope is Scope.LANE
    assert world.lane_word().spent == 1
    assert world.breaker().value_tat == used


def test_setLane__another_window__is_refused(world: World) -> None:
    """BR-2: the window is fixed when a lane opens: stored times mean parts of it."""
    with reverts_with(world.core, "WindowIsFixed", window=WINDOW):
        world.core.setLane(world.protocol, 0, LIMITS, POLICY._replace(window=WINDOW - 1), sender=world.admin)


def test_setLane__shadow__admits_no_action_of_an_open_breaker(world: World) -> None:
    """BR-3, BR-15: shadow mode logs what meters say; open is open."""
    world.open_lane(1, LIMITS._replace(strikes=1, trip_level=1), POLICY._replace(shadow=True))
    verdict = world.admit(1_001, lane=1)
    assert (verdict.admitted, verdict.reason) == (True, Reason.VALUE_OVERSIZED)
    word = world.breaker(lane=1)
    assert (word.strikes, word.cause) == (0, 0), "no strike, no automatic trip"
    world.core.trip(world.protocol, 1, world.subject, NOTE, sender=world.admin)
    assert world.admit(lane=1).reason is Reason.BREAKER_OPEN


def test_admin__of_a_protocol__has_no_power_over_agents_or_other_protocols(world: World) -> None:
    """BR-11: an admin's namespace is its protocol's."""
    world.core.setAdmin(world.spare, sender=world.stranger)
    world.open_lane(protocol=world.stranger)
    for function, arguments in (
        ("tripAgent", (world.agent, NOTE)),
        ("trip", (world.stranger, 0, LANE, NOTE)),
        ("reset", (world.stranger, 0, LANE, 63)),
        ("setLane", (world.stranger, 0, LIMITS, POLICY)),
    ):
        with reverts_with(world.core, "NotAuthorized", actor=world.admin):
            getattr(world.core, function)(*arguments, sender=world.admin)


def test_transferAdmin__takes_two_steps_and_can_be_withdrawn(world: World) -> None:
    """BR-11: an offer moves nothing, zero withdraws it, acceptance moves it, and the old admin is then nobody."""
    core = world.core
    core.transferAdmin(world.protocol, world.spare, sender=world.admin)
    assert tuple(core.adminOf(world.protocol)) == (world.admin, world.spare)
    core.transferAdmin(world.protocol, "0x" + "00" * 20, sender=world.admin)
    with reverts_with(core, "NotAuthorized", actor=world.spare):
        core.acceptAdmin(world.protocol, sender=world.spare)
    core.transferAdmin(world.protocol, world.spare, sender=world.admin)
    core.acceptAdmin(world.protocol, sender=world.spare)
    with reverts_with(core, "NotAuthorized", actor=world.admin):
        core.reset(world.protocol, 0, LANE, 63, sender=world.admin)
    with reverts_with(core, "AdminAlreadySet", admin=world.spare):
        core.setAdmin(world.protocol, sender=world.protocol)


def test_trip__by_an_admin_that_had_been_a_guardian__still_latches(world: World) -> None:
    """BR-8: an admin's power to stop is not lessened by having been a guardian."""
    world.core.transferAdmin(world.protocol, world.guardian, sender=world.admin)
    world.core.acceptAdmin(world.protocol, sender=world.guardian)
    world.core.trip(world.protocol, 0, LANE, NOTE, sender=world.guardian)
    world.core.trip(world.protocol, 0, LANE, NOTE, sender=world.guardian)
    assert world.lane_word().latched == 0b10


# ---------------------------------------------------------------------- a neighbour, a stranger


def test_admit__by_a_neighbour__charges_and_strikes_nothing_of_others(world: World) -> None:
    """BR-5, BR-11: a hostile protocol that asks for an honest agent's wallet reaches its own namespace only."""
    evil = world.stranger
    world.core.setAdmin(world.spare, sender=evil)
    world.open_lane(0, LIMITS._replace(strikes=1), protocol=evil)
    before = world.breaker().encode()
    for _ in range(3):
        world.admit(2**200, protocol=evil)
    assert world.breaker().encode() == before
    assert world.admit(1_000).admitted
    assert world.status().admitted


@pytest.mark.parametrize("case", ["unknown wallet", "revoked wallet", "expired wallet", "shared breaker"])
def test_admit__denied_for_another_cause__is_no_strike(world: World, case: str) -> None:
    """BR-5: only the agent's own meter strikes; a stranger or a dead wallet cannot."""
    policy = POLICY._replace(unknown=UnknownPolicy.SHARED if case == "shared breaker" else UnknownPolicy.DENY)
    world.open_lane(1, LIMITS._replace(strikes=1), policy)
    wallet = world.wallet
    if case == "revoked wallet":
        world.core.revokeWallet(wallet, sender=wallet)
    elif case == "expired wallet":
        world.bind(world.agent, wallet, expiry=world.now + HOUR)
        world.wait(HOUR)
    else:
        wallet = world.stranger
    assert not world.admit(2**200, wallet, lane=1).admitted
    assert world.breaker(lane=1).encode() == 0
    assert world.core.breakerWord(world.protocol, 1, 0) == 0


def test_admit__denied_by_a_lineage_or_ancestor__is_no_strike(world: World) -> None:
    """BR-5: a sibling that empties a shared meter cannot strike the others."""
    world.open_lane(1, LIMITS._replace(strikes=1), POLICY._replace(lineage=True))
    sibling = world.enroll(world.owner)
    world.bind(sibling, world.spare)
    assert world.admit(900, world.spare, lane=1).admitted
    verdict = world.admit(200, lane=1)
    assert (verdict.reason, verdict.scope) == (Reason.VALUE_LIMIT, Scope.LINEAGE)
    assert world.breaker(lane=1).encode() == 0


@pytest.mark.parametrize(("denials", "open_"), [(2, False), (3, True), (4, True)])
def test_admit__strikes__trip_at_n_and_only_that_breaker(world: World, denials: int, open_: bool) -> None:
    """BR-5: n denials by its own meter open the agent's breaker in that lane, and nothing else."""
    world.open_lane(1, LIMITS._replace(strikes=3), POLICY._replace(lineage=True))
    for _ in range(denials):
        world.admit(1_001, lane=1)
    word = world.breaker(lane=1)
    assert (word.cause == Cause.STRIKES) is open_
    assert (world.preview(lane=1).reason is Reason.BREAKER_OPEN) is open_
    assert world.breaker(Subject.of_lineage(0), lane=1).encode() == 0
    assert world.preview().admitted
    assert world.status().admitted


@pytest.mark.parametrize(("trips", "level"), [(1, 0), (2, 1), (3, 2), (4, 2)])
def test_admit__trips_in_half_open__double_the_cooldown_up_to_the_bound(world: World, trips: int, level: int) -> None:
    """BR-6: each trip in half-open doubles the cooldown, at most maxBackoff times; the first, in closed, does not."""
    world.open_lane(1, LIMITS._replace(strikes=1, probation=1, max_backoff=2))
    world.admit(0, lane=1)
    world.wait(WINDOW)
    for _ in range(trips):
        when = world.soon()
        assert world.admit(1_001, lane=1).reason is Reason.VALUE_OVERSIZED
        until = world.breaker(lane=1).auto_until
        world.move_to(until)
    assert world.breaker(lane=1).backoff == level
    assert until - when == LIMITS.cooldown << level


def test_admit__clean_probations__lower_the_level_one_by_one(world: World) -> None:
    """BR-6: the backoff drops one level a clean probation; closing alone does not zero it."""
    world.open_lane(1, LIMITS._replace(strikes=1, probation=1, max_backoff=2))
    world.admit(0, lane=1)
    world.wait(WINDOW)
    for _ in range(3):
        world.admit(1_001, lane=1)
        world.move_to(world.breaker(lane=1).auto_until)
    world.admit(1_001, lane=1, when=world.now + WINDOW)
    assert world.breaker(lane=1).backoff == 1


def test_admit__reentrant_protocol__is_charged_for_every_action(world: World, project: Any) -> None:
    """BR-2: a charge is written before a caller can act again, so re-entry takes no more than the cap."""
    limits = LIMITS._replace(count_cap=3)
    target = world.deployer.deploy(project.ReentrantProtocol, world.halves, world.admin, limits, POLICY)
    wallet = world.deployer.deploy(project.ContractWallet, world.spare)
    world.bind(world.agent, wallet, signer=world.spare)
    act = target.act.encode_input(300)
    wallet.setRepeats(2, sender=world.spare)
    wallet.execute(target, act, sender=world.spare)
    assert target.finished() == 3
    with reverts_with(project.ReentrantProtocol, "AgentDenied", lane=0, wallet=wallet, verdict=ANY):
        wallet.execute(target, act, sender=world.spare)


def test_admit__unknown_policy__denies_shares_or_exempts(world: World) -> None:
    """ID-5: deny is the default; shared is one meter that never trips; exempt charges nothing."""
    assert world.admit(0, world.stranger).reason is Reason.WALLET_UNKNOWN
    limits = LIMITS._replace(trip_level=1, strikes=1)
    world.open_lane(1, limits, POLICY._replace(unknown=UnknownPolicy.SHARED))
    assert world.admit(900, world.stranger, lane=1).admitted
    assert world.admit(200, world.spare, lane=1).reason is Reason.VALUE_LIMIT
    assert world.admit(100 - 50, world.spare, lane=1).admitted, "the last straw does not trip it"
    world.open_lane(2, limits._replace(count_cap=0), POLICY._replace(unknown=UnknownPolicy.EXEMPT))
    assert world.admit(2**255, world.stranger, lane=2).admitted
    world.core.trip(world.protocol, 2, LANE, NOTE, sender=world.admin)
    assert world.admit(0, world.stranger, lane=2).retry_after == NEVER
