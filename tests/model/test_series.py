"""What: the order of the series, what it charges, strikes, last straws and shadow mode."""

from fractions import Fraction

import pytest

from switchgear.types import (
    LANE,
    NEVER,
    UNDECLARED_LINEAGE,
    Cause,
    LanePolicy,
    Reason,
    Scope,
    State,
    Subject,
    UnknownPolicy,
    Verdict,
)
from switchgear.words import encode_verdict
from tests.model.build import (
    ADMIN,
    COOLDOWN,
    NOW,
    OWNER,
    PROTOCOL,
    REGISTRY,
    STRANGER,
    WALLET,
    WINDOW,
    bind,
    core,
    enroll,
    limits,
    used_count,
    used_value,
)

NOTE = bytes(32)
WALLET_2, WALLET_3, *UNKNOWN = (f"0x{number:040x}" for number in range(20, 25))


def test_admit__closed_series__charges_the_agents_breaker():
    """BR-1: one action takes a sixth of the count and its part of the value."""
    model = core()
    assert model.admit(PROTOCOL, 0, WALLET, 1_500) == Verdict(True, agent=1)
    word = model.breaker(PROTOCOL, 0, 1)
    assert word.count_tat == used_count(Fraction(1, 6))
    assert word.value_tat == used_value(Fraction(1, 4))
    assert word.auto_until == NOW
    assert model.events == []


@pytest.mark.parametrize(
    ("wallet", "lane", "reason", "scope"),
    [
        (STRANGER, 0, Reason.WALLET_UNKNOWN, Scope.WALLET),
        (STRANGER, 1, Reason.WALLET_UNKNOWN, Scope.WALLET),
        (WALLET, 1, Reason.LANE_UNOPENED, Scope.LANE),
    ],
)
def test_admit__unknown_wallet_or_unopened_lane__is_denied_without_a_trace(wallet, lane, reason, scope):
    """BR-1, BR-10, ID-5: a denial is a verdict and an event, and writes nothing."""
    model = core()
    model.touched.clear()
    verdict = model.admit(PROTOCOL, lane, wallet, 3)
    assert verdict == Verdict(False, reason, scope, 0, NEVER, 1 if wallet == WALLET else 0)
    assert model.events == [("Denied", (PROTOCOL, lane, wallet, encode_verdict(verdict), 3))]
    assert model.touched == set()


def test_admit__everything_open__names_the_first_of_the_series():
    """BR-1: wallet, kill switch, agent, lane, ancestors' kill switches, in that order."""
    model = core()
    enroll(model, 2, OWNER, parent=1)
    bind(model, 2, WALLET_2)
    model.trip_agent(OWNER, 1, NOTE)
    model.trip(ADMIN, PROTOCOL, 0, LANE, NOTE)
    model.trip(PROTOCOL, PROTOCOL, 0, 2, NOTE)
    model.trip_agent(OWNER, 2, NOTE)
    model.revoke_wallet(WALLET_2, WALLET_2)
    assert model.admit(PROTOCOL, 0, WALLET_2, 0).scope is Scope.WALLET
    bind(model, 2, WALLET_2)
    assert model.admit(PROTOCOL, 0, WALLET_2, 0).scope is Scope.KILL_SWITCH
    model.reset_agent(OWNER, 2, 63)
    assert model.admit(PROTOCOL, 0, WALLET_2, 0).scope is Scope.AGENT
    model.reset(ADMIN, PROTOCOL, 0, 2, 63)
    assert model.admit(PROTOCOL, 0, WALLET_2, 0).scope is Scope.LANE
    model.reset(ADMIN, PROTOCOL, 0, LANE, 63)
    verdict = model.admit(PROTOCOL, 0, WALLET_2, 0)
    assert (verdict.scope, verdict.distance) == (Scope.ANCESTOR_KILL_SWITCH, 1)
    model.reset_agent(OWNER, 1, 63)
    assert model.admit(PROTOCOL, 0, WALLET_2, 0).admitted


def test_admit__registry_of_another_lane__is_refused():
    """ID-8: a lane names the registry that it accepts."""
    model = core(policy=LanePolicy(WINDOW, registry=STRANGER))
    assert model.admit(PROTOCOL, 0, WALLET, 0).reason is Reason.REGISTRY_REFUSED


@pytest.mark.parametrize("owner", [STRANGER, None])
def test_admit__live_lane_and_an_owner_that_moved_or_is_silent__is_stale(owner):
    """ID-4: a lane may ask for the live owner at every call; no answer is no yes."""
    model = core(policy=LanePolicy(WINDOW, live=True))
    assert model.admit(PROTOCOL, 0, WALLET, 0).admitted
    model.owners[REGISTRY, 1] = owner
    verdict = model.admit(PROTOCOL, 0, WALLET, 0)
    assert (verdict.reason, verdict.scope) == (Reason.WALLET_STALE, Scope.WALLET)


def test_admit__shared_unknown_wallets__draw_on_one_breaker_that_never_trips():
    """ID-5: the unknown share one meter; no strikes, no last straw."""
    policy = LanePolicy(WINDOW, unknown=UnknownPolicy.SHARED)
    model = core(policy=policy, count_cap=2, trip_level=1, strikes=1)
    assert model.admit(PROTOCOL, 0, UNKNOWN[0], 0) == Verdict(True)
    assert model.admit(PROTOCOL, 0, UNKNOWN[1], 0) == Verdict(True)
    assert model.admit(PROTOCOL, 0, UNKNOWN[2], 0) == Verdict(False, Reason.COUNT_LIMIT, Scope.AGENT, 0, 30, 0)
    word = model.breaker(PROTOCOL, 0, 0)
    assert (word.strikes, word.auto_until) == (0, 0)


def test_admit__exempt_unknown_wallets__pass_uncharged_unless_the_lane_is_open():
    """ID-5: exempt is uncharged; an open lane stops them too (BR-3)."""
    model = core(policy=LanePolicy(WINDOW, unknown=UnknownPolicy.EXEMPT), count_cap=0)
    model.trip(ADMIN, PROTOCOL, 0, 0, NOTE)
    model.touched.clear()
    assert model.admit(PROTOCOL, 0, STRANGER, 10**30) == Verdict(True)
    assert model.touched == set()
    model.trip(ADMIN, PROTOCOL, 0, LANE, NOTE)
    assert model.admit(PROTOCOL, 0, STRANGER, 0).scope is Scope.LANE


def family(**changed):
    """Agents 1 > 2 > 3, a wallet of the grandchild, and a lane that charges lineages twice an agent's caps."""
    model = core(policy=LanePolicy(WINDOW, 2, 2, 100, lineage=True), **changed)
    for depth in (1, 2):
        enroll(model, depth + 1, OWNER, parent=depth)
    bind(model, 3, WALLET_2)
    model.touched.clear()
    return model


def test_admit__grandchild__charges_itself_its_lineage_and_its_ancestors():
    """ID-6, BR-1: every breaker of the series takes the same value."""
    model = family()
    assert model.admit(PROTOCOL, 0, WALLET_2, 600).admitted
    for subject in (1, 2, 3):
        assert model.breaker(PROTOCOL, 0, subject).value_tat == used_value(Fraction(600, 6_000))
    lineage = model.breaker(PROTOCOL, 0, UNDECLARED_LINEAGE)
    assert lineage.value_tat == used_value(Fraction(600, 12_000))
    assert lineage.auto_until == 0


def test_admit__ancestors_meter_full__denies_and_charges_nobody():
    """BR-1: all are charged or none; an ancestor's denial is no strike of anybody (BR-5)."""
    model = family(strikes=1)
    for _ in range(6):
        model.admit(PROTOCOL, 0, WALLET, 0)
    model.touched.clear()
    verdict = model.admit(PROTOCOL, 0, WALLET_2, 0)
    assert verdict == Verdict(False, Reason.COUNT_LIMIT, Scope.ANCESTOR, 2, 10, 3)
    assert model.touched == set()


def test_admit__last_straw_everywhere__trips_from_the_far_end_inwards():
    """BR-5: each breaker that reaches its level opens behind the action; the wallet is the actor."""
    model = family(trip_level=1)
    assert model.admit(PROTOCOL, 0, WALLET_2, 0).admitted
    assert [(name, args[2], args[3:6]) for name, args in model.events if name == "BreakerTripped"] == [
        ("BreakerTripped", subject, (WALLET_2, Cause.COUNT_LAST_STRAW, NOW + COOLDOWN))
        for subject in (1, 2, UNDECLARED_LINEAGE, 3)
    ]
    verdict = model.admit(PROTOCOL, 0, WALLET_2, 0)
    assert (verdict.scope, verdict.retry_after) == (Scope.AGENT, COOLDOWN)


def test_admit__denials_by_its_own_meter__strike_and_trip():
    """BR-5: the third denial within the window opens the agent's breaker, before Denied is emitted."""
    model = core(strikes=3, value_cap=10)
    for count in (1, 2):
        model.admit(PROTOCOL, 0, WALLET, 11)
        assert model.breaker(PROTOCOL, 0, 1).strikes == count
    model.events.clear()
    assert model.admit(PROTOCOL, 0, WALLET, 11).reason is Reason.VALUE_OVERSIZED
    assert [name for name, _ in model.events] == ["BreakerTripped", "Denied"]
    assert model.admit(PROTOCOL, 0, WALLET, 0).reason is Reason.BREAKER_OPEN


@pytest.mark.parametrize(
    ("accepted", "attested", "policy_attested", "own"),
    [(1, 0, False, True), (0, 0, False, False), (1, 0, True, False), (1, 1, True, True)],
)
def test_admit__lineage_accepted_and_attested__is_charged_to_its_own_breaker(accepted, attested, policy_attested, own):
    """ID-8: only an accepted lineage, attested if the lane asks for it; every other is undeclared."""
    model = core()
    model.register_lineage(STRANGER, "atlas")
    agent = enroll(model, 2, OWNER, lineage=1)
    bind(model, agent, WALLET_2)
    if attested:
        model.attest_lineage(STRANGER, agent, 1, True)
    policy = LanePolicy(WINDOW, lineage=True, attested=policy_attested)
    model.open_lane(PROTOCOL, 1, limits(), policy, [1] * accepted)
    assert model.admit(PROTOCOL, 1, WALLET_2, 0).admitted
    assert (model.breaker(PROTOCOL, 1, Subject.of_lineage(1)).count_tat > 0) == own
    assert (model.breaker(PROTOCOL, 1, UNDECLARED_LINEAGE).count_tat > 0) != own


def test_admit__lineage_used_up_by_siblings__denies_with_scope_lineage():
    """S5, BR-11: one shared breaker per lineage; a member takes its share at most."""
    model = core(policy=LanePolicy(WINDOW, 1, 1, 50, lineage=True))
    enroll(model, 2, OWNER)
    bind(model, 2, WALLET_2)
    enroll(model, 3, OWNER)
    bind(model, 3, WALLET_3)
    for wallet in (WALLET, WALLET_2):
        for _ in range(3):
            assert model.admit(PROTOCOL, 0, wallet, 0).admitted
        assert model.admit(PROTOCOL, 0, wallet, 0).scope is Scope.AGENT
    assert model.admit(PROTOCOL, 0, WALLET_3, 0) == Verdict(False, Reason.COUNT_LIMIT, Scope.LINEAGE, 0, 10, 3)


def test_admit__shadow_lane__admits_logs_and_saturates():
    """BR-15: the first failing meter is named, everything is charged, nothing strikes or trips."""
    model = core(policy=LanePolicy(WINDOW, shadow=True), count_cap=1, strikes=1, trip_level=1)
    assert model.admit(PROTOCOL, 0, WALLET, 0) == Verdict(True, agent=1)
    verdict = model.admit(PROTOCOL, 0, WALLET, 7)
    assert verdict == Verdict(True, Reason.COUNT_LIMIT, Scope.AGENT, 0, WINDOW, 1)
    assert model.events == [("Shadowed", (PROTOCOL, 0, WALLET, encode_verdict(verdict), 7))]
    word = model.breaker(PROTOCOL, 0, 1)
    assert (word.count_tat, word.strikes) == (used_count(Fraction(1)), 0)
    model.trip(ADMIN, PROTOCOL, 0, 1, NOTE)
    assert model.admit(PROTOCOL, 0, WALLET, 0).reason is Reason.BREAKER_OPEN


def test_preview__any_of_these_states__is_what_admit_then_says():
    """BR-13: the same verdict, and no write."""
    model = family(count_cap=2, strikes=2)
    for value in (0, 6_000, 1, 7_000, 0, 0):
        model.touched.clear()
        asked = model.preview(PROTOCOL, 0, WALLET_2, value)
        assert model.touched == set()
        assert model.admit(PROTOCOL, 0, WALLET_2, value) == asked


def test_usage__lane_and_agent__state_and_effective_caps():
    """`usage` of an agent is clamped as if it acted; a lane has a state only."""
    model = core(policy=LanePolicy(WINDOW, 1, 1, 50, lineage=True), probation=1)
    assert model.usage(PROTOCOL, 0, 1) == (State.HALF_OPEN, 1, 0, 1_500, 0)
    assert model.usage(PROTOCOL, 0, UNDECLARED_LINEAGE) == (State.CLOSED, 6, 0, 6_000, 0)
    assert model.usage(PROTOCOL, 0, LANE) == (State.CLOSED, 0, 0, 0, 0)
