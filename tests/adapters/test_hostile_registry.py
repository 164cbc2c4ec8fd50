"""The core and an identity registry that anyone may deploy (ID-4, BR-16)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

import pytest

from tests.adapters.conftest import CLOSED_LANE
from tests.adapters.test_answers import raw_call
from tests.adapters.world import Limits, Policy, World, deny
from tests.support.reverts import reverts_with

if TYPE_CHECKING:
    from collections.abc import Callable

MODES = [
    "Honest", "Empty", "Short", "Long", "Dirty", "Zero", "Revert", "BurnGas", "Bomb", "ByGas", "ByCaller", "Reenter",
]  # fmt: skip
UNUSABLE = ["Empty", "Short", "Long", "Dirty", "Zero", "Revert", "BurnGas", "Bomb"]
"""Modes that are no answer: not exactly one word holding one address that is not zero."""
OWNER_GAS = 100_000
AGENT_ID = 7
GAS = 1_000_000


class Enrolled(NamedTuple):
    """An agent of the hostile registry: its handle and its wallet."""

    agent: int
    wallet: Any


@pytest.fixture(scope="module")
def registry(project: Any, accounts: Any, owner: Any) -> Any:
    """The registry, honest at first."""
    deployed = accounts[0].deploy(project.HostileRegistry)
    deployed.setOwner(AGENT_ID, owner, sender=owner)
    deployed.setOwner(AGENT_ID + 1, owner, sender=owner)
    return deployed


@pytest.fixture(scope="module")
def enrolled(world: World, registry: Any, owner: Any, accounts: Any) -> Enrolled:
    """An agent of it."""
    world.core.enroll(registry, AGENT_ID, 0, 0, 0, b"", sender=owner)
    agent = world.core.agentOf(registry, AGENT_ID)
    world.bind(agent, owner, accounts[7])
    return Enrolled(agent, accounts[7])


@pytest.fixture
def answer(registry: Any, stranger: Any) -> Callable[..., None]:
    """Chooses how the registry answers from now on."""

    def choose(mode: str, threshold: int = 0) -> None:
        registry.setMode(MODES.index(mode), stranger, threshold, sender=stranger)

    return choose


def words(world: World, enrolled: Enrolled) -> tuple[int, int]:
    """All that the core keeps about the agent and its wallet."""
    return world.core.agentWord(enrolled.agent), world.core.walletWord(enrolled.wallet)


@pytest.mark.parametrize("mode", UNUSABLE)
def test_sync__no_usable_answer__reverts_and_changes_nothing(
    mode: str, answer: Callable[..., None], world: World, registry: Any, enrolled: Enrolled, stranger: Any
) -> None:
    """ID-4: bindings end only on a successful answer of exactly one address."""
    before = words(world, enrolled)
    answer(mode)
    with reverts_with(world.core, "OwnerUnavailable", registry=registry, agentId=AGENT_ID):
        world.core.sync(registry, AGENT_ID, sender=stranger, gas=GAS)
    assert words(world, enrolled) == before


@pytest.mark.parametrize("mode", UNUSABLE)
def test_enroll__no_usable_answer__reverts(
    mode: str, answer: Callable[..., None], world: World, registry: Any, owner: Any
) -> None:
    """ID-7: without a live owner there is nobody who could enrol."""
    answer(mode)
    with reverts_with(world.core, "OwnerUnavailable", registry=registry, agentId=AGENT_ID + 1):
        world.core.enroll(registry, AGENT_ID + 1, 0, 0, 0, b"", sender=owner, gas=GAS)


@pytest.mark.parametrize("mode", [*UNUSABLE, "ByCaller"])
def test_admit__no_usable_or_another_answer__live_lane_denies(
    mode: str,
    answer: Callable[..., None],
    world: World,
    probe: Any,
    enrolled: Enrolled,
    admin: Any,
) -> None:
    """ID-4, BR-16: a live lane denies on any answer but the recorded owner, within the gas and the memory it allows."""
    probe.openLane(CLOSED_LANE, Limits(), Policy(live=True), [], sender=admin)
    answer(mode)
    verdict = deny("WalletStale", "Wallet", agent=enrolled.agent)
    assert world.core.preview(probe, CLOSED_LANE, enrolled.wallet, 1) == verdict
    with reverts_with(probe, "AgentDenied", lane=CLOSED_LANE, wallet=enrolled.wallet, verdict=verdict):
        probe.actHard(CLOSED_LANE, 1, sender=enrolled.wallet, gas=GAS)
    receipt = probe.actSoftly(CLOSED_LANE, 1, sender=enrolled.wallet, gas=GAS)
    assert receipt.gas_used < 21_000 + OWNER_GAS + 50_000


def test_sync__any_gas__never_revokes_for_want_of_it(
    answer: Callable[..., None], world: World, registry: Any, stranger: Any
) -> None:
    """ID-4: a caller who starves the registry's answer gets a revert, not a revocation."""
    answer("Honest")
    data = world.core.sync.encode_input(registry, AGENT_ID).to_0x_hex()
    for gas in range(25_000, 200_000, 1_000):
        call = {"from": stranger.address, "to": world.core.address, "data": data, "gas": hex(gas)}
        assert "error" in raw_call(world.core, call), f"revoked with {gas} gas"


def test_owner_read__allowance__is_100_000_gas(
    answer: Callable[..., None], world: World, registry: Any, owner: Any, stranger: Any
) -> None:
    """BR-16: the core gives a registry at most 100,000 gas, however much it has itself."""
    answer("ByGas", OWNER_GAS + 1)  # given no more than 100,000, it names the stranger
    world.core.sync(registry, AGENT_ID, sender=stranger, gas=5_000_000)
    assert world.core.identityOf(world.core.agentOf(registry, AGENT_ID))[2] == stranger
    answer("ByGas", OWNER_GAS - 1_000)  # given nearly that, it names the owner
    world.core.sync(registry, AGENT_ID, sender=stranger, gas=5_000_000)
    assert world.core.identityOf(world.core.agentOf(registry, AGENT_ID))[2] == owner


def test_owner_read__registry_reenters__can_write_nothing(
    answer: Callable[..., None], world: World, probe: Any, registry: Any, enrolled: Enrolled, admin: Any, stranger: Any
) -> None:
    """BR-16: the owner is read by a static call: a registry that calls back as itself changes nothing."""
    probe.openLane(CLOSED_LANE, Limits(), Policy(live=True), [], sender=admin)
    transfer = world.core.onAgentTransfer.encode_input(AGENT_ID, stranger)
    registry.setTarget(world.core, transfer, sender=stranger)
    before = words(world, enrolled)
    answer("Reenter")  # it would name the stranger if its call had gone through
    probe.actHard(CLOSED_LANE, 1, sender=enrolled.wallet, gas=GAS)
    assert words(world, enrolled) == before
    registry.forward(world.core, transfer, sender=stranger)
    assert words(world, enrolled) != before


def test_enroll__owner_is_a_contract__has_all_the_power(
    project: Any, accounts: Any, world: World, registry: Any, wallet: Any, stranger: Any
) -> None:
    """ID-7: an owner may be a contract: it enrols, binds and trips as any other."""
    key = accounts[8]
    owner = key.deploy(project.ContractWallet, key)
    registry.setOwner(AGENT_ID + 1, owner, sender=stranger)
    owner.execute(world.core, world.core.enroll.encode_input(registry, AGENT_ID + 1, 0, 0, 0, b""), sender=key, gas=GAS)
    agent = world.core.agentOf(registry, AGENT_ID + 1)
    assert agent
    owner.execute(world.core, world.core.tripAgent.encode_input(agent, b""), sender=key, gas=GAS)
    assert world.core.statusOf(agent) == deny("BreakerOpen", "KillSwitch", agent=agent)
    with reverts_with(world.core, "NotAuthorized", actor=wallet):
        world.core.resetAgent(agent, 63, sender=wallet, gas=GAS)
