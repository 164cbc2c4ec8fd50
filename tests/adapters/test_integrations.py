"""The three integrations of AgentGuarded with the real core: what each keeps of a charge and of a denial (BR-4)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from tests.adapters.conftest import CLOSED_LANE, OPEN_LANE
from tests.adapters.world import CAUSE, FOREVER, HOUR, REASON, SCOPE, Limits, Policy, World, deny, reason_and_scope
from tests.support.reverts import reverts_with

if TYPE_CHECKING:
    from collections.abc import Callable

    from ape.api import ChainManager

VALUE = 100
GAS = 1_000_000
ONE_ACTION = Limits(count_cap=1, strikes=2)


@pytest.fixture
def open_lane(probe: Any, admin: Any) -> Callable[..., None]:
    """Opens a lane of the probe."""

    def opened(lane: int = CLOSED_LANE, limits: Limits = Limits(), policy: Policy = Policy()) -> None:  # noqa: B008
        probe.openLane(lane, limits, policy, [], sender=admin)

    return opened


def used(world: World, protocol: Any, agent: int, lane: int = CLOSED_LANE) -> tuple[int, int]:
    """How many actions and how much value of an agent's caps are in use."""
    usage = world.core.usage(protocol, lane, agent)
    return usage.countUsed, usage.valueUsed


def strikes(world: World, protocol: Any, agent: int) -> int:
    """The strikes that an agent has."""
    return (int(world.core.breakerWord(protocol, CLOSED_LANE, agent)) >> 120) & 63


def test_constructor__admin__is_named(world: World, probe: Any, admin: Any) -> None:
    """BR-11: the contract under construction is the protocol, and names its admin."""
    assert world.core.adminOf(probe) == (admin, "0x" + "00" * 20)
    assert probe.circuitBreaker() == world.core


def test_guarded__lane_unopened__denied(world: World, probe: Any, agent: int, wallet: Any) -> None:
    """BR-10: a lane that was never opened denies, in the adapter as in the core."""
    verdict = deny("LaneUnopened", "Lane", agent=agent)
    assert world.core.preview(probe, CLOSED_LANE, wallet, VALUE) == verdict
    with reverts_with(probe, "AgentDenied", lane=CLOSED_LANE, wallet=wallet, verdict=verdict):
        probe.actHard(CLOSED_LANE, VALUE, sender=wallet, gas=GAS)


def test_guarded__stranger__denied(open_lane: Callable[..., None], probe: Any, stranger: Any) -> None:
    """ID-5: a caller with no agent is denied by default."""
    open_lane()
    verdict = deny("WalletUnknown", "Wallet")
    with reverts_with(probe, "AgentDenied", lane=CLOSED_LANE, wallet=stranger, verdict=verdict):
        probe.actHard(CLOSED_LANE, VALUE, sender=stranger, gas=GAS)


def test_guarded__within_limits__charges_the_caller(
    open_lane: Callable[..., None], world: World, probe: Any, agent: int, wallet: Any
) -> None:
    """BR-5: an admitted action charges its caller's agent, once, with the value asked for."""
    open_lane()
    probe.actHard(CLOSED_LANE, VALUE, sender=wallet, gas=GAS)
    assert probe.count() == 2
    assert used(world, probe, agent) == (1, VALUE)


def test_guarded__denied__leaves_no_strike(
    open_lane: Callable[..., None], world: World, probe: Any, agent: int, wallet: Any, chain: ChainManager
) -> None:
    """BR-4: under a hard revert a denial leaves nothing, however often it is provoked."""
    open_lane(limits=ONE_ACTION)
    probe.actHard(CLOSED_LANE, 0, sender=wallet, gas=GAS)
    start = chain.blocks.head.timestamp
    for attempt in range(1, 4):
        chain.pending_timestamp = start + attempt
        verdict = deny("CountLimit", "Agent", agent=agent, retry_after=HOUR - attempt)
        with reverts_with(probe, "AgentDenied", lane=CLOSED_LANE, wallet=wallet, verdict=verdict):
            probe.actHard(CLOSED_LANE, 0, sender=wallet, gas=GAS)
    assert strikes(world, probe, agent) == 0
    assert world.core.usage(probe, CLOSED_LANE, agent).state == 0


def test_softly_guarded__denied__strikes_and_trips(
    open_lane: Callable[..., None], world: World, probe: Any, agent: int, wallet: Any, chain: ChainManager
) -> None:
    """BR-4, BR-5: a soft refusal leaves a strike and its event; the last strike opens the agent's breaker."""
    open_lane(limits=ONE_ACTION)
    probe.actSoftly(CLOSED_LANE, 0, sender=wallet, gas=GAS)
    first = probe.actSoftly(CLOSED_LANE, 0, sender=wallet, gas=GAS)
    assert [name for name, _ in world.events(first)] == ["Denied"]
    assert strikes(world, probe, agent) == 1
    second = probe.actSoftly(CLOSED_LANE, 0, sender=wallet, gas=GAS)
    (tripped, trip), (denied, denial) = world.events(second)
    assert (tripped, trip["cause"], trip["actor"]) == ("BreakerTripped", CAUSE["Strikes"], wallet)
    assert trip["until"] == chain.blocks.head.timestamp + ONE_ACTION.cooldown
    assert denied == "Denied"
    assert reason_and_scope(denial["verdict"]) == (REASON["CountLimit"], SCOPE["Agent"])
    assert probe.count() == 2
    assert world.core.usage(probe, CLOSED_LANE, agent).state == 2


def test_softly_guarded__wallet_insists_on_a_result__leaves_no_strike(
    open_lane: Callable[..., None], project: Any, accounts: Any, world: World, probe: Any, owner: Any
) -> None:
    """BR-4: evidence lasts unless the caller reverts, which a contract wallet can choose to."""
    key = accounts[7]
    contract_wallet = key.deploy(project.ContractWallet, key)
    agent = world.enroll(owner)
    world.bind(agent, owner, contract_wallet, signer=key)
    open_lane(limits=ONE_ACTION)
    action = probe.actSoftly.encode_input(CLOSED_LANE, 0)
    contract_wallet.executeOrRevert(probe, action, sender=key, gas=GAS)
    with reverts_with(contract_wallet, "ZeroResult"):
        contract_wallet.executeOrRevert(probe, action, sender=key, gas=GAS)
    assert strikes(world, probe, agent) == 0
    contract_wallet.execute(probe, action, sender=key, gas=GAS)
    assert strikes(world, probe, agent) == 1


def test_admit_then_try__action_fails__stays_charged(
    open_lane: Callable[..., None], world: World, probe: Any, agent: int, wallet: Any
) -> None:
    """BR-4: in charge-then-try a failed action is undone and its charge stays."""
    open_lane()
    probe.tryAct(CLOSED_LANE, VALUE, True, 1, sender=wallet, gas=GAS)
    assert probe.count() == 1
    assert used(world, probe, agent) == (1, VALUE)


def test_admit_then_try__failed_last_straw__stays_open(
    open_lane: Callable[..., None], world: World, probe: Any, agent: int, wallet: Any
) -> None:
    """BR-4, BR-5: a trip by the last straw outlives the failure of the action that was it."""
    open_lane(limits=Limits(count_cap=1, trip_level=100))
    receipt = probe.tryAct(CLOSED_LANE, VALUE, True, 1, sender=wallet, gas=GAS)
    assert [(name, fields["cause"]) for name, fields in world.events(receipt)] == [
        ("BreakerTripped", CAUSE["CountLastStraw"])
    ]
    assert world.core.usage(probe, CLOSED_LANE, agent).state == 2


def test_guarded__last_straw__trips_behind_itself(
    open_lane: Callable[..., None], probe: Any, agent: int, wallet: Any, chain: ChainManager
) -> None:
    """BR-5: the action that reaches the trip level is admitted and opens the breaker: a hard form trips too."""
    limits = Limits(value_cap=2 * VALUE, trip_level=50)
    open_lane(limits=limits)
    probe.actHard(CLOSED_LANE, VALUE, sender=wallet, gas=GAS)
    assert probe.count() == 2
    chain.pending_timestamp = chain.blocks.head.timestamp + 1
    verdict = deny("BreakerOpen", "Agent", agent=agent, retry_after=limits.cooldown - 1)
    with reverts_with(probe, "AgentDenied", lane=CLOSED_LANE, wallet=wallet, verdict=verdict):
        probe.actHard(CLOSED_LANE, VALUE, sender=wallet, gas=GAS)


def test_guarded__kill_switch__denied(
    open_lane: Callable[..., None], world: World, probe: Any, agent: int, owner: Any, wallet: Any
) -> None:
    """BR-3: an owner's trip stops the agent at the protocol at once, in every form, failing open or not."""
    open_lane(OPEN_LANE)
    probe.actHard(OPEN_LANE, VALUE, sender=wallet, gas=GAS)
    world.core.tripAgent(agent, b"runaway".ljust(32, b"\0"), sender=owner)
    verdict = deny("BreakerOpen", "KillSwitch", agent=agent, retry_after=FOREVER)
    with reverts_with(probe, "AgentDenied", lane=OPEN_LANE, wallet=wallet, verdict=verdict):
        probe.actHard(OPEN_LANE, VALUE, sender=wallet, gas=GAS)
    probe.actSoftly(OPEN_LANE, VALUE, sender=wallet, gas=GAS)
    probe.tryAct(OPEN_LANE, VALUE, False, 1, sender=wallet, gas=GAS)
    assert probe.count() == 2


def test_guarded__agent_sold_in_foreign_registry__live_lane_denies(
    project: Any,
    accounts: Any,
    open_lane: Callable[..., None],
    world: World,
    probe: Any,
    owner: Any,
    stranger: Any,
) -> None:
    """ID-4: where nobody called `sync`, a live lane denies a sold agent, and another one admits it."""
    registry = accounts[0].deploy(project.HostileRegistry)
    wallet = accounts[7]
    registry.setOwner(1, owner, sender=owner)
    world.core.enroll(registry, 1, 0, 0, 0, b"", sender=owner)
    agent = world.core.agentOf(registry, 1)
    world.bind(agent, owner, wallet)
    live = 1
    open_lane()
    open_lane(live, policy=Policy(live=True))
    probe.actHard(live, VALUE, sender=wallet, gas=GAS)
    registry.setOwner(1, stranger, sender=owner)
    probe.actHard(CLOSED_LANE, VALUE, sender=wallet, gas=GAS)
    verdict = deny("WalletStale", "Wallet", agent=agent)
    with reverts_with(probe, "AgentDenied", lane=live, wallet=wallet, verdict=verdict):
        probe.actHard(live, VALUE, sender=wallet, gas=GAS)


def test_guarded__reentered__charges_each_action(
    project: Any, accounts: Any, world: World, owner: Any, admin: Any
) -> None:
    """BR-1: an action within an action is charged by itself; where that one is denied, all of it goes."""
    key = accounts[7]
    protocol = accounts[0].deploy(project.ReentrantProtocol, world.core, admin, Limits(count_cap=4), Policy())
    contract_wallet = key.deploy(project.ContractWallet, key)
    agent = world.enroll(owner)
    world.bind(agent, owner, contract_wallet, signer=key)
    act = protocol.act.encode_input(VALUE)
    contract_wallet.setRepeats(2, sender=key)
    contract_wallet.execute(protocol, act, sender=key, gas=GAS)
    assert protocol.finished() == 3
    assert used(world, protocol, agent) == (3, 3 * VALUE)
    contract_wallet.setRepeats(1, sender=key)
    with reverts_with(protocol, "AgentDenied", lane=0, wallet=contract_wallet, verdict=...) as revert:
        contract_wallet.execute(protocol, act, sender=key, gas=GAS)
    assert reason_and_scope(revert.fields["verdict"]) == (REASON["CountLimit"], SCOPE["Agent"])
    assert protocol.finished() == 3
    assert used(world, protocol, agent)[0] == 3


def test_admit__on_behalf_of_an_argument__lets_a_stranger_strike(
    project: Any, accounts: Any, world: World, agent: int, admin: Any, wallet: Any, stranger: Any
) -> None:
    """BR-5: why no form takes a wallet: if the caller may name it, anyone opens anyone's breaker."""
    protocol = accounts[0].deploy(project.ReentrantProtocol, world.core, admin, ONE_ACTION, Policy())
    for _ in range(1 + ONE_ACTION.strikes):
        protocol.actOnBehalfOf(wallet, 0, sender=stranger, gas=GAS)
    assert world.core.usage(protocol, 0, agent).state == 2
