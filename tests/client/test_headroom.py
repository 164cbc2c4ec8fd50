"""What an agent may still do, and when: the plan against the contract's own answers."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal
from typing import TYPE_CHECKING

import pytest

from switchgear import InvalidInput, Reason, Scope, Subject, UnknownPolicy
from switchgear.types import NEVER, UNDECLARED_LINEAGE, UNLIMITED_COUNT, UNLIMITED_VALUE
from tests.support.world import DECIMALS, LANE_ID, LIMITS, POLICY, UNIT, WINDOW, World

if TYPE_CHECKING:
    from switchgear.views import Headroom

MICRO = Decimal(1).scaleb(-DECIMALS)


def plan(world: World, value: int | Decimal = 0, lane: int = LANE_ID) -> Headroom:
    """The plan for the world's wallet."""
    return world.breaker.headroom(world.protocol.address, lane, world.wallet.address, value, decimals=DECIMALS)


def admitted(world: World, value: Decimal, lane: int = LANE_ID) -> bool:
    """The contract's answer on the same state."""
    place = (world.protocol.address, lane)
    return world.breaker.preview(*place, world.wallet.address, value, decimals=DECIMALS).admitted


def test_headroom__untouched_breaker__has_all_of_its_caps(world: World) -> None:
    """Ten actions, or four of 250, or one of 1,000, and right now."""
    assert plan(world).actions == 10
    four = plan(world, 250)
    assert (four.actions, four.value, four.next_at) == (4, Decimal(1_000), four.as_of)
    assert four.narrowest is not None
    assert (four.narrowest.scope, four.narrowest.subject) == (Scope.AGENT, Subject.of_agent(world.agent))


def test_headroom__largest_value__is_the_contracts_boundary(world: World) -> None:
    """The value left is admitted, and one millionth more is not."""
    world.breaker.admit(LANE_ID, world.wallet.address, Decimal("333.333333"), decimals=DECIMALS, sender=world.protocol)
    left = plan(world).value

    assert left is not None
    assert 0 < left < 1_000
    assert admitted(world, left)
    assert not admitted(world, left + MICRO)


def test_headroom__used_up__names_the_second_at_which_it_is_admitted_again(world: World) -> None:
    """The next time is exact: a second before it is denied, at it admitted."""
    for _ in range(4):
        world.breaker.admit(LANE_ID, world.wallet.address, 250, decimals=DECIMALS, sender=world.protocol)
    spent = plan(world, 250)
    assert (spent.verdict.reason, spent.actions) == (Reason.VALUE_LIMIT, 0)
    assert spent.next_at is not None
    again = int(spent.next_at.timestamp())

    world.move_to(again - 1)
    assert not admitted(world, Decimal(250))
    world.move_to(again)
    assert admitted(world, Decimal(250))
    assert plan(world, 250).actions == 1


def test_headroom__as_many_actions_as_planned__are_admitted_and_no_more(world: World) -> None:
    """The contract admits what was planned, in one block, and denies the next."""
    count = plan(world, 150).actions
    assert count == 6
    world.node.request("evm_setAutomine", False)
    try:
        raw = world.breaker.interface.encode("admit", [LANE_ID, world.wallet.address, 150 * UNIT])
        for _ in range(count + 1):
            request = {"from": world.protocol.address, "to": world.breaker.address, "data": "0x" + raw.hex()}
            world.node.request("eth_sendTransaction", request | {"gas": hex(200_000)})
        world.node.request("evm_mine")
    finally:
        world.node.request("evm_setAutomine", True)
    block = int(world.node.block()["number"], 16)

    denied = list(world.breaker.events("Denied", from_block=block))
    assert len(denied) == 1
    # 900 were charged: of the six, none was denied.
    assert world.breaker.usage(*world.place, world.agent, decimals=DECIMALS).value_used == 900


def test_headroom__family_and_lineage__finds_the_narrowest(world: World) -> None:
    """ID-6, BR-11: the series holds own, lineage's and ancestors' breakers in order; the fullest is the narrowest."""
    breaker, lane = world.breaker, 5
    child = world.enroll(world.owner, parent=world.agent)
    world.bind(child, world.stranger, world.owner)
    policy = POLICY._replace(lineage=True, lineage_count=3, lineage_value=3, share=50)
    breaker.open_lane(lane, LIMITS, policy, sender=world.protocol)
    for _ in range(7):
        breaker.admit(lane, world.wallet.address, sender=world.protocol)

    of_child = breaker.headroom(world.protocol.address, lane, world.stranger.address)

    assert [(link.scope, link.distance, link.subject) for link in of_child.series] == [
        (Scope.AGENT, 0, Subject.of_agent(child)),
        (Scope.LINEAGE, 0, UNDECLARED_LINEAGE),
        (Scope.ANCESTOR, 1, Subject.of_agent(world.agent)),
    ]
    assert [link.actions for link in of_child.series] == [10, 23, 3]
    assert of_child.narrowest == of_child.series[2]
    assert of_child.actions == 3


def test_headroom__accepted_lineage_and_override__are_the_ones_that_count(world: World) -> None:
    """BR-11, ID-8: an accepted lineage has its own breaker, and an override its own caps."""
    breaker, lane = world.breaker, 6
    lineage = breaker.register_lineage("model", sender=world.provider).event("LineageRegistered").args["lineage"]
    member = world.enroll(world.owner, lineage=lineage)
    world.bind(member, world.stranger, world.owner)
    policy = POLICY._replace(lineage=True, lineage_count=2, lineage_value=2)
    breaker.open_lane(lane, LIMITS, policy, [lineage], sender=world.protocol)
    breaker.set_override(
        world.protocol.address, lane, Subject.of_agent(member), LIMITS._replace(count_cap=4), sender=world.admin
    )

    links = breaker.headroom(world.protocol.address, lane, world.stranger.address).series

    assert [(link.subject, link.actions) for link in links] == [
        (Subject.of_agent(member), 4),
        (Subject.of_lineage(lineage), 20),
    ]


@pytest.mark.parametrize("scope", [Scope.KILL_SWITCH, Scope.AGENT, Scope.LANE])
def test_headroom__something_open__leaves_nothing(world: World, scope: Scope) -> None:
    """BR-3: with any breaker of the series open nothing may be done, and waiting does not help against a latch."""
    breaker = world.breaker
    if scope == Scope.KILL_SWITCH:
        breaker.trip_agent(world.agent, "why", sender=world.owner)
    else:
        subject = Subject.of_agent(world.agent) if scope == Scope.AGENT else Subject(2 << 32)
        breaker.trip(*world.place, subject, "why", sender=world.admin)
    nothing = plan(world, 1)

    assert nothing.verdict.scope == scope
    assert (nothing.actions, nothing.value, nothing.next_at) == (0, 0, None)
    assert nothing.verdict.retry_after == NEVER


def test_headroom__guardians_trip__names_its_end(world: World) -> None:
    """BR-8: a guardian's trip ends, and the plan says when."""
    world.breaker.set_agent_guardian(world.agent, world.guardian.address, 7_201, sender=world.owner)
    world.breaker.trip_agent(world.agent, "why", sender=world.guardian)
    waiting = plan(world)

    assert waiting.next_at == waiting.as_of + timedelta(seconds=7_201)


def test_headroom__value_above_the_cap__never_fits(world: World) -> None:
    """BR-1: what exceeds the cap by itself fits at no time, but less does now."""
    oversized = plan(world, 1_001)

    assert oversized.verdict.reason == Reason.VALUE_OVERSIZED
    assert (oversized.actions, oversized.value, oversized.next_at) == (0, Decimal(1_000), None)


def test_headroom__unlimited_caps__are_none(world: World) -> None:
    """BR-10: what is not metered has no number."""
    limits = LIMITS._replace(count_cap=UNLIMITED_COUNT, value_cap=UNLIMITED_VALUE)
    world.breaker.open_lane(7, limits, POLICY, sender=world.protocol)
    free = plan(world, 10**9, lane=7)

    assert (free.actions, free.value, free.verdict.admitted) == (None, None, True)


@pytest.mark.parametrize(
    ("unknown", "subjects", "actions"),
    [(UnknownPolicy.DENY, [0], 0), (UnknownPolicy.SHARED, [0], 10), (UnknownPolicy.EXEMPT, [], None)],
)
def test_headroom__unknown_wallet__follows_the_lanes_policy(
    world: World, unknown: UnknownPolicy, subjects: list[int], actions: int | None
) -> None:
    """ID-5: denied, charged to the shared breaker, or exempt."""
    world.breaker.open_lane(8, LIMITS, POLICY._replace(unknown=unknown), sender=world.protocol)
    of_stranger = world.breaker.headroom(world.protocol.address, 8, world.stranger.address)

    assert [link.subject for link in of_stranger.series] == subjects
    assert of_stranger.actions == actions


def test_headroom__unopened_lane__leaves_nothing(world: World) -> None:
    """BR-10: an unopened lane denies, and has no breakers."""
    nothing = plan(world, 1, lane=77)

    assert nothing.verdict.reason == Reason.LANE_UNOPENED
    assert (nothing.actions, nothing.value, nothing.next_at, nothing.narrowest) == (0, 0, None, None)


def test_headroom__probation__counts_the_scaled_caps(world: World) -> None:
    """ID-9: a fresh agent is half-open, and the plan has what that leaves."""
    world.breaker.open_lane(9, LIMITS._replace(probation=2), POLICY, sender=world.protocol)
    fresh = plan(world, 100, lane=9)

    assert (fresh.actions, fresh.value) == (5, Decimal(500))
    waiting = plan(world, 501, lane=9)
    assert waiting.next_at == waiting.as_of + timedelta(seconds=2 * WINDOW)


def test_headroom__shadow_mode__says_that_nothing_binds(world: World) -> None:
    """BR-15: a lane in shadow mode admits and says what it would have denied."""
    world.breaker.open_lane(10, LIMITS._replace(count_cap=0), POLICY._replace(shadow=True), sender=world.protocol)
    shadowed = plan(world, lane=10)

    assert shadowed.shadow
    assert shadowed.verdict.admitted
    assert shadowed.verdict.reason == Reason.ZERO_LIMIT


def test_headroom__historic_block__plans_on_the_state_then(world: World) -> None:
    """Every read takes a block, this one too."""
    before = world.node.block()["number"]
    world.breaker.admit(LANE_ID, world.wallet.address, 1_000, decimals=DECIMALS, sender=world.protocol)

    then = world.breaker.headroom(*world.place, world.wallet.address, block_identifier=int(before, 16))
    assert (then.actions, plan(world).actions) == (10, 9)


def test_headroom__bad_input__is_refused(world: World) -> None:
    """A plan for nobody or for a nonsense value is no plan."""
    with pytest.raises(InvalidInput, match="wallet"):
        world.breaker.headroom(*world.place, "0x" + "00" * 20)
    with pytest.raises(InvalidInput, match="decimals"):
        plan(world, Decimal("0.0000001"))
