"""Using an approval up: by whom, for what, when, how often (WP-7)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from tests.countersign.council import APPROVED, CONSUMED, DELAY, GAS, WINDOW, Council, party
from tests.support.core import DAY
from tests.support.reverts import reverts_with

if TYPE_CHECKING:
    from tests.support.core import World

EXACTLY = {"account": "0x" + "02" * 20, "wallet": "0x" + "03" * 20, "calls": b"\x04" * 32}


@pytest.fixture
def probe(council: Council, world: World) -> Any:
    """A policy that is a contract."""
    return world.deployer.deploy(council.project.PolicyProbe, council.contract)


def test_consume__approved__once(council: Council) -> None:
    """WP-7: the policy uses the approval up; the second time there is none."""
    action = council.action()
    council.approve(action)
    receipt = council.consume(action)
    (event,) = council.contract.Consumed.from_receipt(receipt)
    assert (bytes(event.id), event.policy, event.wallet) == (council.id(action), action.policy, action.wallet)
    assert (bytes(event.calls), event.delayed) == (action.calls, False)
    assert council.state(action) == CONSUMED
    with reverts_with(council.contract, "NotCountersigned", **council.waiting(action)):
        council.consume(action)


def test_consume__never_approved__is_refused(council: Council) -> None:
    """WP-7: nothing happens without signatures, delayed or not."""
    for delayed in (False, True):
        with reverts_with(council.contract, "NotCountersigned", **council.waiting(council.action())):
            council.consume(council.action(), delayed)


@pytest.mark.parametrize("who", ["stranger", "wallet", "owner", "admin", "guardian", "chief", "alice", "account"])
def test_consume__by_anybody_else__finds_nothing(council: Council, world: World, who: str) -> None:
    """WP-7: a policy consumes its own approvals; for everybody else there are none, and theirs stay."""
    action, caller = council.action(), getattr(council, who, None) or getattr(world, who)
    council.approve(action)
    with reverts_with(council.contract, "NotCountersigned", **{**council.waiting(action), "policy": caller}):
        council.consume(action, sender=caller)
    assert council.state(action) == APPROVED


@pytest.mark.parametrize("field", EXACTLY)
def test_consume__another_execution__finds_nothing(council: Council, field: str) -> None:
    """WP-7: another account, wallet or calls than those signed need signatures of their own."""
    action = council.action()
    council.approve(action)
    other = action._replace(**{field: EXACTLY[field]})
    with reverts_with(council.contract, "NotCountersigned", **council.waiting(other)):
        council.consume(other)
    assert council.state(action) == APPROVED


@pytest.mark.parametrize("late", [-1, 0, 1])
def test_consume__has_to_wait__from_the_eta_on(council: Council, world: World, late: int) -> None:
    """WP-7: above the delay threshold the wait is complete to the second, and the error says until when."""
    action, now = council.action(), world.soon()
    council.approve(action)
    world.at(now + DELAY + late)
    if late < 0:
        with reverts_with(council.contract, "NotCountersigned", **council.waiting(action, now + DELAY)):
            council.consume(action, delayed=True)
        assert council.state(action) == APPROVED
    else:
        council.consume(action, delayed=True)
        assert council.state(action) == CONSUMED


@pytest.mark.parametrize("delayed", [False, True])
@pytest.mark.parametrize(("life", "end"), [(DELAY + DAY, DELAY + DAY), (DELAY + 30 * DAY, DELAY + WINDOW)])
@pytest.mark.parametrize("late", [-1, 0])
def test_consume__at_the_end_and_a_second_before__is_over_and_good(
    council: Council, world: World, delayed: bool, life: int, end: int, late: int
) -> None:
    """WP-7: an approval ends at the action's expiry, and no later than seven days after its ETA."""
    now = world.soon()
    action = council.action(expiry=now + life)
    council.approve(action)
    assert council.contract.approvalOf(council.id(action)).expiry == now + end
    world.at(now + end + late)
    if late < 0:
        council.consume(action, delayed)
        assert council.state(action) == CONSUMED
    else:
        with reverts_with(council.contract, "NotCountersigned", **council.waiting(action)):
            council.consume(action, delayed)


def test_consume__expires_before_its_eta__can_never_serve_what_waits(council: Council, world: World) -> None:
    """WP-7: a short expiry does not shorten the wait."""
    now = world.soon()
    action = council.action(expiry=now + DELAY)
    council.approve(action)
    world.at(now + DELAY - 1)
    with reverts_with(council.contract, "NotCountersigned", **council.waiting(action, now + DELAY)):
        council.consume(action, delayed=True)
    world.at(now + DELAY)
    with reverts_with(council.contract, "NotCountersigned", **council.waiting(action)):
        council.consume(action, delayed=True)


def test_consume__policy_that_is_a_contract__goes_on_or_reverts(council: Council, world: World, probe: Any) -> None:
    """WP-7: the refusal reverts the execution that asked, with the error that says what is missing."""
    action = council.action(policy=probe.address)
    arguments = (action.account, action.wallet, action.calls)
    with reverts_with(council.contract, "NotCountersigned", **council.waiting(action)):
        probe.execute(*arguments, False, sender=world.stranger, gas=GAS)
    council.approve(action)
    probe.execute(*arguments, False, sender=world.stranger)
    assert (probe.executed(), council.state(action)) == (1, CONSUMED)


@pytest.mark.parametrize("delayed", [False, True])
def test_consume__in_the_transaction_of_the_approval__only_without_a_wait(
    council: Council, world: World, probe: Any, delayed: bool
) -> None:
    """WP-7: what does not wait can happen before anybody could say no: that is what the second threshold is for."""
    now = world.soon()
    action = council.action(policy=probe.address, expiry=now + 30 * DAY)
    signatures = [council.sign(action, one) for one in council.people[:2]]
    signers = [party(one) for one in council.people[:2]]
    if delayed:
        with reverts_with(council.contract, "NotCountersigned", **council.waiting(action, now + DELAY)):
            probe.approveAndExecute(action, signers, signatures, delayed, sender=world.stranger, gas=GAS)
        assert probe.executed() == 0
    else:
        probe.approveAndExecute(action, signers, signatures, delayed, sender=world.stranger)
        assert probe.executed() == 1
