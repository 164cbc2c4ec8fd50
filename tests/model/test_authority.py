"""By whom: three powers, guardians, settings and the delay on loosening."""

import pytest

from switchgear.types import (
    LANE,
    LOOSENING_DELAY,
    LOOSENING_WINDOW,
    MAX_GUARDIAN_BOUND,
    NEVER,
    OUTAGE_ALLOWANCE,
    UNLIMITED_COUNT,
    UNLIMITED_VALUE,
    ZERO_ADDRESS,
    Cause,
    Causes,
    Field,
    LanePolicy,
    Setting,
    Subject,
    Target,
    UnknownPolicy,
)
from switchgear.words import LimitsWord
from tests.model.build import (
    ADMIN,
    GUARDIAN,
    LIMITS,
    NOW,
    OWNER,
    POLICY,
    PROTOCOL,
    REGISTRY,
    STRANGER,
    WALLET,
    WINDOW,
    core,
    enroll,
    limits,
)
from tests.model.test_enrolment import refused

NOTE = b"why".ljust(32, b"\0")
BOUND = 10_000


# -------------------------------------------------------------------------------------------------- trip and reset


@pytest.mark.parametrize(("sender", "cause", "latched"), [(PROTOCOL, Cause.PROTOCOL, 1), (ADMIN, Cause.ADMIN, 2)])
@pytest.mark.parametrize("subject", [1, 0, Subject.of_lineage(0), LANE])
def test_trip__protocol_or_admin__latches(sender, cause, latched, subject):
    """BR-8: either trips anything in the protocol's namespace, until the admin resets that cause."""
    model = core()
    model.trip(sender, PROTOCOL, 0, subject, NOTE)
    word = model.lane(PROTOCOL, 0) if subject == LANE else model.breaker(PROTOCOL, 0, subject)
    assert word.latched == latched
    assert model.events == [("BreakerTripped", (PROTOCOL, 0, subject, sender, cause, NEVER, NOTE))]
    other = Causes.ADMIN if cause is Cause.PROTOCOL else Causes.PROTOCOL
    with refused("NothingToReset"):
        model.reset(ADMIN, PROTOCOL, 0, subject, other)
    model.reset(ADMIN, PROTOCOL, 0, subject, Causes.ALL & ~other)
    word = model.lane(PROTOCOL, 0) if subject == LANE else model.breaker(PROTOCOL, 0, subject)
    assert word.latched == 0


@pytest.mark.parametrize(
    ("sender", "lane", "subject", "error"),
    [
        (STRANGER, 0, 1, ("NotAuthorized", STRANGER)),
        (OWNER, 0, 1, ("NotAuthorized", OWNER)),
        (ADMIN, 1, 1, ("LaneNotOpen", PROTOCOL, 1)),
        (ADMIN, 0, 2, ("UnknownAgent", 2)),
        (ADMIN, 0, Subject.of_lineage(1), ("UnknownLineage", 1)),
        (ADMIN, 0, LANE + 1, ("InvalidSubject", LANE + 1)),
    ],
)
def test_trip__wrong_caller_lane_or_subject__is_refused(sender, lane, subject, error):
    """BR-8: an agent's owner has no power in a protocol's namespace; the subject must exist."""
    model = core()
    with refused(*error):
        model.trip(sender, PROTOCOL, lane, subject, NOTE)


def test_trip__guardian__is_bounded_and_spent_until_rearmed():
    """BR-8: once, for its bound; only the reset authority gives it another."""
    model = core()
    model.set_guardian(ADMIN, PROTOCOL, GUARDIAN, BOUND)
    model.trip(GUARDIAN, PROTOCOL, 0, 1, NOTE)
    word = model.breaker(PROTOCOL, 0, 1)
    assert (word.guardian_until, word.spent, word.latched) == (NOW + BOUND, 1, 0)
    with refused("GuardianSpent", GUARDIAN):
        model.trip(GUARDIAN, PROTOCOL, 0, 1, NOTE)
    model.trip(GUARDIAN, PROTOCOL, 0, LANE, NOTE)
    with refused("NotAuthorized", GUARDIAN):
        model.reset(GUARDIAN, PROTOCOL, 0, 1, 63)
    model.reset(ADMIN, PROTOCOL, 0, 1, Causes.GUARDIAN)
    model.trip(GUARDIAN, PROTOCOL, 0, 1, NOTE)


def test_trip__two_guardians__take_the_later_end_and_their_own_bits():
    """BR-8: one of them cannot disarm another; a shorter trip does not shorten."""
    model = core()
    model.set_guardian(ADMIN, PROTOCOL, GUARDIAN, 2 * BOUND)
    model.set_guardian(ADMIN, PROTOCOL, STRANGER, BOUND)
    model.trip(GUARDIAN, PROTOCOL, 0, 1, NOTE)
    model.trip(STRANGER, PROTOCOL, 0, 1, NOTE)
    word = model.breaker(PROTOCOL, 0, 1)
    assert (word.guardian_until, word.spent) == (NOW + 2 * BOUND, 0b11)


def test_trip__guardian_that_became_admin__latches_once_spent_and_can_leave():
    """BR-8: as a guardian first, then as what it is too; the authority is never appointed, but can be dismissed."""
    model = core()
    with refused("NotAuthorized", ADMIN):
        model.set_guardian(ADMIN, PROTOCOL, ADMIN, BOUND)
    model.set_guardian(ADMIN, PROTOCOL, GUARDIAN, BOUND)
    model.transfer_admin(ADMIN, PROTOCOL, GUARDIAN)
    model.accept_admin(GUARDIAN, PROTOCOL)
    for _ in range(2):
        model.trip(GUARDIAN, PROTOCOL, 0, 1, NOTE)
    assert [args[4] for name, args in model.events if name == "BreakerTripped"] == [Cause.GUARDIAN, Cause.ADMIN]
    assert model.breaker(PROTOCOL, 0, 1).latched == 2
    model.set_guardian(GUARDIAN, PROTOCOL, GUARDIAN, 0)
    assert model.loosening_of(Target.guardian(PROTOCOL, GUARDIAN)).eta == NOW + LOOSENING_DELAY


def test_trip_agent__spent_guardian_that_became_owner__latches():
    """BR-8: the agent's kill switch likewise; a spent guardian who is nothing else is refused."""
    model = core()
    model.set_agent_guardian(OWNER, 1, GUARDIAN, BOUND)
    model.trip_agent(GUARDIAN, 1, NOTE)
    with refused("GuardianSpent", GUARDIAN):
        model.trip_agent(GUARDIAN, 1, NOTE)
    model.owners[REGISTRY, 1] = GUARDIAN
    model.trip_agent(GUARDIAN, 1, NOTE)
    assert model.agent(1).latched == 1


def test_trip_agent__guardian_then_owner__are_independent_causes():
    """BR-7: clearing one leaves the rest; NFT transfers clear nothing (ID-3)."""
    model = core()
    model.set_agent_guardian(OWNER, 1, GUARDIAN, BOUND)
    model.trip_agent(GUARDIAN, 1, NOTE)
    model.trip_agent(OWNER, 1, NOTE)
    assert [args[2:4] for name, args in model.events if name == "AgentTripped"] == [
        (Cause.GUARDIAN, NOW + BOUND),
        (Cause.OWNER, NEVER),
    ]
    model.reset_agent(OWNER, 1, Causes.OWNER)
    assert not model.status_of(1).admitted
    model.now += BOUND
    assert model.status_of(1).admitted


def test_trip_agent__bound_wallet_or_stranger__has_no_power():
    """ID-7: an agent holds no power over itself."""
    model = core()
    with refused("NotAuthorized", WALLET):
        model.trip_agent(WALLET, 1, NOTE)
    with refused("BoundWalletHasNoAuthority", WALLET, 1):
        model.set_agent_guardian(OWNER, 1, WALLET, BOUND)


# -------------------------------------------------------------------------------------------------- admin


def test_admin__two_steps__move_when_accepted():
    """BR-11: the role moves when the new admin accepts; zero withdraws the offer."""
    model = core()
    with refused("AdminAlreadySet", ADMIN):
        model.set_admin(PROTOCOL, STRANGER)
    model.transfer_admin(ADMIN, PROTOCOL, STRANGER)
    model.transfer_admin(ADMIN, PROTOCOL, ZERO_ADDRESS)
    with refused("NotAuthorized", STRANGER):
        model.accept_admin(STRANGER, PROTOCOL)
    model.transfer_admin(ADMIN, PROTOCOL, STRANGER)
    model.accept_admin(STRANGER, PROTOCOL)
    assert model.admin_of(PROTOCOL) == (STRANGER, ZERO_ADDRESS)
    with refused("NotAuthorized", ADMIN):
        model.reset(ADMIN, PROTOCOL, 0, 1, 63)


# -------------------------------------------------------------------------------------------------- limits


@pytest.mark.parametrize(
    ("changed", "field"),
    [
        ({"value_cap": 2**236}, Field.VALUE_CAP),
        ({"value_cap": UNLIMITED_VALUE - 1}, Field.VALUE_CAP),
        ({"trip_level": 0}, Field.TRIP_LEVEL),
        ({"trip_level": 101}, Field.TRIP_LEVEL),
        ({"trip_level": 126}, Field.TRIP_LEVEL),
        ({"strikes": 0}, Field.STRIKES),
        ({"strikes": 64}, Field.STRIKES),
        ({"cooldown": OUTAGE_ALLOWANCE}, Field.COOLDOWN),
        ({"max_backoff": 9}, Field.MAX_BACKOFF),
        ({"half_open_scale": 0}, Field.HALF_OPEN_SCALE),
        ({"half_open_scale": 16}, Field.HALF_OPEN_SCALE),
        ({"probation": 16}, Field.PROBATION),
    ],
)
def test_open_lane__limit_out_of_range__names_the_field(changed, field):
    """BR-17 and the ranges of `Limits`: one past the last good value."""
    with refused("InvalidLimits", field):
        core().open_lane(PROTOCOL, 1, limits(**changed), POLICY, [])


@pytest.mark.parametrize(
    ("policy", "field"),
    [
        (LanePolicy(0), Field.WINDOW),
        (LanePolicy(1, lineage_count=0), Field.LINEAGE_COUNT),
        (LanePolicy(1, lineage_value=4_096), Field.LINEAGE_VALUE),
        (LanePolicy(1, share=0), Field.SHARE),
        (LanePolicy(1, share=101), Field.SHARE),
    ],
)
def test_open_lane__policy_out_of_range__names_the_field(policy, field):
    """The ranges of `LanePolicy`."""
    with refused("InvalidLimits", field):
        core().open_lane(PROTOCOL, 1, LIMITS, policy, [])


LOOSER = [
    ({"count_cap": 7}, {}),
    ({"count_cap": UNLIMITED_COUNT}, {}),
    ({"value_cap": 6_001}, {}),
    ({"trip_level": 127}, {}),
    ({"strikes": 6}, {}),
    ({"cooldown": 7_999}, {}),
    ({"max_backoff": 4}, {}),
    ({"half_open_scale": 9}, {}),
    ({"probation": 1}, {}),
    ({}, {"lineage_count": 4}),
    ({}, {"lineage_value": 4}),
    ({}, {"share": 51}),
    ({}, {"lineage": False}),
    ({}, {"attested": False}),
    ({}, {"live": False}),
    ({}, {"shadow": True}),
    ({}, {"unknown": UnknownPolicy.EXEMPT}),
    ({}, {"registry": ZERO_ADDRESS}),
    ({}, {"registry": OWNER}),
]
TIGHTER = [
    ({"count_cap": 5}, {}),
    ({"value_cap": 5_999}, {}),
    ({"trip_level": 99}, {}),
    ({"strikes": 4}, {}),
    ({"cooldown": 8_001}, {}),
    ({"max_backoff": 2}, {}),
    ({"half_open_scale": 7}, {}),
    ({"probation": 3}, {}),
    ({}, {"lineage_count": 2}),
    ({}, {"lineage_value": 2}),
    ({}, {"share": 49}),
    ({}, {"unknown": UnknownPolicy.DENY}),
    ({}, {}),
]
MIDDLE = limits(trip_level=100, strikes=5, cooldown=8_000, probation=2)
MIDDLE_POLICY = LanePolicy(WINDOW, 3, 3, 50, True, True, True, False, UnknownPolicy.SHARED, REGISTRY)


@pytest.mark.parametrize(("limit", "policy"), LOOSER)
def test_set_lane__one_field_looser__waits(limit, policy):
    """BR-9: anything looser in any field, tighter in others or not, is scheduled."""
    model = core(policy=MIDDLE_POLICY, **MIDDLE._asdict())
    before = model.lane(PROTOCOL, 0)
    tighter = MIDDLE._replace(max_backoff=1, count_cap=1)._replace(**limit)
    model.set_lane(ADMIN, PROTOCOL, 0, tighter, MIDDLE_POLICY._replace(**policy))
    assert model.lane(PROTOCOL, 0) == before
    assert model.loosening_of(Target.lane(PROTOCOL, 0)).eta == NOW + LOOSENING_DELAY


@pytest.mark.parametrize(("limit", "policy"), TIGHTER)
def test_set_lane__no_field_looser__lands_and_cancels(limit, policy):
    """BR-9: tightening is immediate, and cancels a scheduled loosening of the same word."""
    model = core(policy=MIDDLE_POLICY, **MIDDLE._asdict())
    model.trip(ADMIN, PROTOCOL, 0, LANE, NOTE)
    model.set_lane(ADMIN, PROTOCOL, 0, limits(), MIDDLE_POLICY)
    model.events.clear()
    model.set_lane(ADMIN, PROTOCOL, 0, MIDDLE._replace(**limit), MIDDLE_POLICY._replace(**policy))
    assert [name for name, _ in model.events] == ["LooseningCancelled", "SettingChanged"]
    word = model.lane(PROTOCOL, 0)
    assert word.limits() == MIDDLE._replace(**limit)
    assert word.latched == 2, "a setting leaves the lane's own breaker alone"
    assert model.loosening_of(Target.lane(PROTOCOL, 0)).eta == 0


def test_set_lane__another_window__is_refused():
    """BR-2: the window is fixed when a lane opens."""
    with refused("WindowIsFixed", WINDOW):
        core().set_lane(ADMIN, PROTOCOL, 0, LIMITS, LanePolicy(WINDOW + 1))


@pytest.mark.parametrize(
    ("seconds", "error"),
    [
        (LOOSENING_DELAY - 1, ("LooseningNotReady", NOW + LOOSENING_DELAY)),
        (LOOSENING_DELAY, None),
        (LOOSENING_DELAY + LOOSENING_WINDOW, None),
        (LOOSENING_DELAY + LOOSENING_WINDOW + 1, ("LooseningExpired", NOW + LOOSENING_DELAY + LOOSENING_WINDOW)),
    ],
)
def test_execute_loosening__second_either_side_of_both_ends__only_between(seconds, error):
    """BR-9: from its ETA to its expiry, both included, by whoever may change the setting."""
    model = core()
    target = Target.lane(PROTOCOL, 0)
    model.set_lane(ADMIN, PROTOCOL, 0, limits(count_cap=7), POLICY)
    model.now += seconds
    with refused("NotAuthorized", OWNER):
        model.execute_loosening(OWNER, target)
    if error:
        with refused(*error):
            model.execute_loosening(ADMIN, target)
        return
    model.execute_loosening(ADMIN, target)
    assert model.lane(PROTOCOL, 0).count_cap == 7
    with refused("NoLoosening"):
        model.execute_loosening(ADMIN, target)


def test_cancel_loosening__scheduled__is_gone():
    """BR-9: it can be cancelled."""
    model = core()
    model.set_lineage(OWNER, 1, 0)
    model.cancel_loosening(OWNER, Target.lineage(1))
    assert model.events[-1] == ("LooseningCancelled", (ZERO_ADDRESS, 0, 1, Setting.LINEAGE, OWNER))
    with refused("NoLoosening"):
        model.cancel_loosening(OWNER, Target.lineage(1))


@pytest.mark.parametrize(("count", "lands"), [(18, True), (19, False), (UNLIMITED_COUNT, False)])
def test_set_override__lineage__is_compared_with_the_multiplied_caps(count, lands):
    """Spec 5: without an override, a lineage's limits are the lane's, multiplied."""
    model = core(policy=LanePolicy(WINDOW, 3, 2))
    subject = Subject.of_lineage(0)
    model.set_override(ADMIN, PROTOCOL, 0, subject, limits(count_cap=count, value_cap=12_000))
    assert model.breaker(PROTOCOL, 0, subject).overridden == lands
    expected = LimitsWord.of(limits(count_cap=count, value_cap=12_000)) if lands else LimitsWord()
    assert model.override(PROTOCOL, 0, subject) == expected


def test_set_override__huge_count_product__only_unlimited_is_looser():
    """Spec 5: a count product is compared up to 2**24 - 2."""
    model = core(policy=LanePolicy(WINDOW, 4_095, 1), count_cap=10**6)
    subject = Subject.of_lineage(0)
    model.set_override(ADMIN, PROTOCOL, 0, subject, limits(count_cap=UNLIMITED_COUNT))
    assert model.breaker(PROTOCOL, 0, subject).overridden == 0
    model.set_override(ADMIN, PROTOCOL, 0, subject, limits(count_cap=UNLIMITED_COUNT - 1))
    assert model.breaker(PROTOCOL, 0, subject).overridden == 1


def test_clear_override__always__waits():
    """Spec 5: even back to tighter limits; without one there is nothing to clear."""
    model = core()
    with refused("NoOverride", 1):
        model.clear_override(ADMIN, PROTOCOL, 0, 1)
    model.set_override(ADMIN, PROTOCOL, 0, 1, limits(count_cap=1))
    model.clear_override(ADMIN, PROTOCOL, 0, 1)
    assert model.breaker(PROTOCOL, 0, 1).overridden == 1
    model.now += LOOSENING_DELAY
    model.execute_loosening(ADMIN, Target.override(PROTOCOL, 0, 1))
    assert model.breaker(PROTOCOL, 0, 1).overridden == 0
    assert model.override(PROTOCOL, 0, 1) == LimitsWord()


def test_accept_lineage__either_way__waits():
    """ID-8, BR-9: by either, agents leave one breaker for another."""
    model = core()
    model.register_lineage(STRANGER, "atlas")
    subject = Subject.of_lineage(1)
    model.accept_lineage(ADMIN, PROTOCOL, 0, 1, True)
    assert model.breaker(PROTOCOL, 0, subject).accepted == 0
    model.now += LOOSENING_DELAY
    model.execute_loosening(ADMIN, Target.acceptance(PROTOCOL, 0, 1))
    assert model.breaker(PROTOCOL, 0, subject).accepted == 1
    model.accept_lineage(ADMIN, PROTOCOL, 0, 1, False)
    assert model.breaker(PROTOCOL, 0, subject).accepted == 1
    model.accept_lineage(ADMIN, PROTOCOL, 0, 1, True)
    assert not model.loosening_of(Target.acceptance(PROTOCOL, 0, 1)).eta
    model.accept_lineage(ADMIN, PROTOCOL, 0, 1, False)
    model.now += LOOSENING_DELAY
    model.execute_loosening(ADMIN, Target.acceptance(PROTOCOL, 0, 1))
    assert model.breaker(PROTOCOL, 0, subject).accepted == 0


# ------------------------------------------------------------------------------------------- guardians and heartbeat


@pytest.mark.parametrize(
    ("bound", "valid"),
    [
        (OUTAGE_ALLOWANCE, False),
        (OUTAGE_ALLOWANCE + 1, True),
        (MAX_GUARDIAN_BOUND, True),
        (MAX_GUARDIAN_BOUND + 1, False),
    ],
)
def test_set_guardian__bound_around_its_limits__is_between(bound, valid):
    """BR-8, BR-17."""
    model = core()
    if valid:
        model.set_guardian(ADMIN, PROTOCOL, GUARDIAN, bound)
        assert model.guardian_of(PROTOCOL, GUARDIAN) == (bound, 0)
    else:
        with refused("InvalidDuration", bound, OUTAGE_ALLOWANCE, MAX_GUARDIAN_BOUND):
            model.set_guardian(ADMIN, PROTOCOL, GUARDIAN, bound)


def test_set_guardian__ninth__is_one_too_many_and_a_freed_bit_is_taken():
    """BR-8: at most 8 a scope, one bit each, the lowest free one for the next."""
    model = core()
    guardians = [f"0x{number + 50:040x}" for number in range(9)]
    for bit, guardian in enumerate(guardians[:8]):
        model.set_guardian(ADMIN, PROTOCOL, guardian, BOUND)
        assert model.guardian_of(PROTOCOL, guardian).bit == bit
    with refused("TooManyGuardians"):
        model.set_guardian(ADMIN, PROTOCOL, guardians[8], BOUND)
    model.set_guardian(ADMIN, PROTOCOL, guardians[3], 0)
    model.now += LOOSENING_DELAY
    model.execute_loosening(ADMIN, Target.guardian(PROTOCOL, guardians[3]))
    model.set_guardian(ADMIN, PROTOCOL, guardians[8], BOUND)
    assert model.guardian_of(PROTOCOL, guardians[8]).bit == 3


def test_set_guardian__nobody_to_dismiss__frees_no_bit():
    """BR-8: one guardian never gets another's bit."""
    model = core()
    model.set_guardian(ADMIN, PROTOCOL, GUARDIAN, BOUND)
    with refused("NotGuardian", STRANGER):
        model.set_guardian(ADMIN, PROTOCOL, STRANGER, 0)
    model.set_guardian(ADMIN, PROTOCOL, STRANGER, BOUND)
    assert model.guardian_of(PROTOCOL, STRANGER).bit == 1


@pytest.mark.parametrize(("bound", "lands"), [(BOUND - 1, False), (BOUND, True), (BOUND + 1, True), (0, False)])
def test_set_agent_guardian__other_bound__lands_unless_shorter(bound, lands):
    """BR-9: fewer guardians, or weaker ones, is loosening."""
    model = core()
    model.set_agent_guardian(OWNER, 1, GUARDIAN, BOUND)
    model.set_agent_guardian(OWNER, 1, GUARDIAN, bound)
    assert (model.agent_guardian_of(1, GUARDIAN).bound == bound) == lands
    assert (model.loosening_of(Target.agent_guardian(1, GUARDIAN)).eta == 0) == lands


@pytest.mark.parametrize(("late", "error"), [(0, None), (1, ("HeartbeatMissed", 1, NOW + BOUND))])
def test_beat__at_the_deadline_and_after__only_the_reset_restores(late, error):
    """BR-14: a late beat reverts, and the owner's reset starts a new interval."""
    model = core()
    model.set_heartbeat(OWNER, 1, BOUND, STRANGER)
    model.now += BOUND + late
    if not error:
        model.beat(STRANGER, 1)
        assert model.agent(1).beat_deadline == model.now + BOUND
        assert model.events[-1] == ("HeartBeat", (1, STRANGER, model.now + BOUND))
        return
    with refused(*error):
        model.beat(OWNER, 1)
    assert not model.status(WALLET).admitted
    model.reset_agent(OWNER, 1, Causes.HEARTBEAT)
    assert model.status(WALLET).admitted
    model.beat(OWNER, 1)


@pytest.mark.parametrize(
    ("interval", "delegate", "lands"),
    [
        (BOUND, STRANGER, True),
        (BOUND - 1, STRANGER, True),
        (BOUND, ZERO_ADDRESS, True),
        (BOUND + 1, STRANGER, False),
        (BOUND, GUARDIAN, False),
        (0, ZERO_ADDRESS, False),
    ],
)
def test_set_heartbeat__second_time__lands_unless_longer_or_another(interval, delegate, lands):
    """Spec 5: longer, another delegate, or none: waits."""
    model = core()
    model.set_heartbeat(OWNER, 1, BOUND, STRANGER)
    model.now += 10
    model.set_heartbeat(OWNER, 1, interval, delegate)
    assert (model.loosening_of(Target.heartbeat(1)).eta == 0) == lands
    assert model.agent(1).beat_deadline == (model.now + interval if lands else NOW + BOUND)


def test_set_heartbeat__beat_missed__stays_missed():
    """BR-14: a setting does not restore; its own wallet cannot beat (ID-7)."""
    model = core()
    with refused("BoundWalletHasNoAuthority", WALLET, 1):
        model.set_heartbeat(OWNER, 1, BOUND, WALLET)
    model.set_heartbeat(OWNER, 1, BOUND, STRANGER)
    model.now += BOUND + 1
    model.set_heartbeat(OWNER, 1, BOUND - 1, STRANGER)
    assert model.agent(1).beat_deadline == NOW + BOUND
    assert not model.status_of(1).admitted


def test_set_lineage__when_it_lands__clears_the_attestation():
    """ID-8: changing lineage waits the loosening delay."""
    model = core()
    model.register_lineage(STRANGER, "atlas")
    agent = enroll(model, 2, OWNER, lineage=1)
    model.attest_lineage(STRANGER, agent, 1, True)
    model.set_lineage(OWNER, agent, 0)
    assert model.agent(agent).lineage == 1
    model.now += LOOSENING_DELAY
    model.execute_loosening(OWNER, Target.lineage(agent))
    assert (model.agent(agent).lineage, model.agent(agent).attested) == (0, 0)
