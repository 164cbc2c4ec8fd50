"""A registry, an old owner or a buyer is hostile (ID-4)."""

from __future__ import annotations

from enum import IntEnum
from typing import Any

import ape
import pytest

from switchgear import signing
from switchgear.types import LanePolicy, Reason, Scope, Target
from switchgear.words import decode_verdict
from tests.support.core import DAY, HOUR, LIMITS, NEVER_EXPIRES, NOTE, POLICY, WINDOW, World
from tests.support.reverts import reverts_with


class Mode(IntEnum):
    """`HostileRegistry.Mode`."""

    HONEST = 0
    EMPTY = 1
    SHORT = 2
    LONG = 3
    DIRTY = 4
    ZERO = 5
    REVERT = 6
    BURN_GAS = 7
    BOMB = 8
    BY_GAS = 9
    BY_CALLER = 10
    REENTER = 11


UNREADABLE = (Mode.EMPTY, Mode.SHORT, Mode.LONG, Mode.DIRTY, Mode.ZERO, Mode.REVERT, Mode.BURN_GAS, Mode.BOMB)


@pytest.fixture
def foreign(world: World) -> tuple[int, int]:
    """An agent of the foreign registry, with `spare` as its wallet; its handle and its number."""
    agent = world.enroll(world.owner, registry=world.foreign)
    world.bind(agent, world.spare)
    return agent, int(world.core.identityOf(agent)[1])


def _mode(world: World, mode: Mode, other: Any = None, threshold: int = 0) -> None:
    world.foreign.setMode(mode, other or world.buyer, threshold, sender=world.deployer)


def test_transfer__of_an_AgentIdentity__kills_bindings_in_the_same_transaction(world: World) -> None:
    """ID-4: the registry tells the core of the transfer, and the old owner's wallet is stale at once."""
    receipt = world.registry.transferFrom(world.owner, world.buyer, world.agent_id, sender=world.owner)
    (changed,) = world.events(receipt)
    assert changed.fields == {
        "agent": world.agent,
        "previousOwner": world.owner.address,
        "newOwner": world.buyer.address,
        "epoch": 1,
    }
    assert world.admit(0).reason is Reason.WALLET_STALE
    world.bind(world.agent, world.wallet, world.buyer)
    assert world.admit(0).admitted


def test_transfer__to_oneself__kills_bindings_too(world: World) -> None:
    """ID-4: a self-transfer is a transfer."""
    world.registry.transferFrom(world.owner, world.owner, world.agent_id, sender=world.owner)
    assert world.status().reason is Reason.WALLET_STALE
    assert world.agent_word().epoch == 1


def test_powers__after_a_sale__are_the_new_owners(world: World) -> None:
    """ID-7: the old owner has no power left, and its pending loosenings are the new owner's to execute or cancel."""
    core = world.core
    core.setLineage(world.agent, world.lineage, sender=world.owner)
    core.setAgentGuardian(world.agent, world.agent_guardian, 0, sender=world.owner)
    world.registry.transferFrom(world.owner, world.buyer, world.agent_id, sender=world.owner)
    world.wait(DAY)
    lineage = Target.lineage(world.agent)
    dismissal = Target.agent_guardian(world.agent, world.agent_guardian.address)
    for function, arguments in (
        ("executeLoosening", (lineage,)),
        ("executeLoosening", (dismissal,)),
        ("cancelLoosening", (lineage,)),
        ("tripAgent", (world.agent, NOTE)),
        ("resetAgent", (world.agent, 63)),
        ("revokeWallet", (world.wallet,)),
        ("grantSpawn", (world.agent, 1, NEVER_EXPIRES)),
    ):
        with reverts_with(core, "NotAuthorized", actor=world.owner):
            getattr(core, function)(*arguments, sender=world.owner)
    assert world.agent_word().lineage == 0
    core.cancelLoosening(lineage, sender=world.buyer)
    with reverts_with(core, "NoLoosening"):
        core.executeLoosening(lineage, sender=world.buyer)


def test_admit__foreign_registry_sold__until_somebody_syncs(world: World, foreign: tuple[int, int]) -> None:
    """ID-4: the stated residual risk, and its end: a foreign transfer counts once anyone calls sync."""
    agent, agent_id = foreign
    world.foreign.setOwner(agent_id, world.buyer, sender=world.deployer)
    assert world.admit(0, world.spare).admitted
    world.core.sync(world.foreign, agent_id, sender=world.stranger)
    assert world.admit(0, world.spare).reason is Reason.WALLET_STALE
    assert world.core.identityOf(agent)[2] == world.buyer
    with reverts_with(world.core, "OwnerUnchanged", owner=world.buyer):
        world.core.sync(world.foreign, agent_id, sender=world.stranger)


def test_admit__live_lane__needs_no_sync(world: World, foreign: tuple[int, int]) -> None:
    """ID-4: a lane with live verification refuses the old owner's wallet at the next call."""
    world.open_lane(1, LIMITS, POLICY._replace(live=True))
    assert world.admit(0, world.spare, lane=1).admitted
    world.foreign.setOwner(foreign[1], world.buyer, sender=world.deployer)
    verdict = world.admit(0, world.spare, lane=1)
    assert (verdict.reason, verdict.scope) == (Reason.WALLET_STALE, Scope.WALLET)


def test_admit__registry_that_burns_gas__costs_a_bounded_amount(world: World, foreign: tuple[int, int]) -> None:
    """BR-16: a registry gets 100,000 gas for its answer, however much the transaction brings."""
    world.open_lane(1, LIMITS, POLICY._replace(live=True))
    assert foreign
    _mode(world, Mode.BURN_GAS)
    receipt = world.core.admit(1, world.spare, 0, sender=world.protocol, gas_limit=5_000_000)
    (denied,) = world.events(receipt)
    assert decode_verdict(denied.fields["verdict"]).reason is Reason.WALLET_STALE
    assert 100_000 < receipt.gas_used < 200_000


@pytest.mark.parametrize("mode", UNREADABLE)
def test_sync__unreadable_owner__changes_nothing(world: World, foreign: tuple[int, int], mode: Mode) -> None:
    """ID-4: only exactly one address is an answer: whatever else a registry says neither revokes nor gives power."""
    agent, agent_id = foreign
    world.foreign.setOwner(agent_id, world.buyer, sender=world.deployer)
    _mode(world, mode)
    before = world.core.agentWord(agent)
    for function, arguments, sender in (
        ("sync", (world.foreign, agent_id), world.stranger),
        ("tripAgent", (agent, NOTE), world.buyer),
        ("grantSpawn", (agent, 1, NEVER_EXPIRES), world.buyer),
        ("enroll", (world.foreign, agent_id + 1, 0, 0, 0, b""), world.buyer),
    ):
        number = agent_id + (function == "enroll")
        with reverts_with(world.core, "OwnerUnavailable", registry=world.foreign, agentId=number):
            getattr(world.core, function)(*arguments, sender=sender)
    assert world.core.agentWord(agent) == before
    assert world.status(world.spare).admitted, "neither revoked"
    world.open_lane(1, LIMITS, POLICY._replace(live=True))
    assert world.admit(0, world.spare, lane=1).reason is Reason.WALLET_STALE


def test_sync__starved_of_gas__never_revokes(world: World) -> None:
    """ID-4: whatever gas a stranger leaves to the question, the bindings of an honest registry's agent stay."""
    before = world.core.agentWord(world.agent)
    for gas in range(22_000, 70_000, 2_000):
        request = {
            "from": world.stranger.address,
            "to": world.core.address,
            "data": world.core.sync.encode_input(world.registry, world.agent_id).to_0x_hex(),
            "gas": hex(gas),
        }
        answer = world.core.provider.web3.provider.make_request("eth_call", [request, "latest"])
        assert "error" in answer, f"sync passed with {gas} gas"
    assert world.core.agentWord(world.agent) == before
    assert world.status().admitted


def test_sync__registry_that_answers_by_gas__is_believed_as_to_its_own_agents(
    world: World, foreign: tuple[int, int]
) -> None:
    """ID-4: a lying registry can end its own agents' bindings, and nobody else's."""
    _mode(world, Mode.BY_GAS, world.buyer, 90_000)
    with reverts_with(world.core, "OwnerUnchanged", owner=world.owner):
        world.core.sync(world.foreign, foreign[1], sender=world.stranger)
    world.core.sync(world.foreign, foreign[1], sender=world.stranger, gas_limit=100_000)
    assert world.status(world.spare).reason is Reason.WALLET_STALE
    assert world.status().admitted


def test_ownerOf__that_calls_back__can_write_nothing(world: World, foreign: tuple[int, int]) -> None:
    """ID-4: the question is a static call: a registry that re-enters fails, and is heard as if it had not tried."""
    call = world.core.onAgentTransfer.encode_input(foreign[1], world.buyer)
    world.foreign.setTarget(world.core, call, sender=world.deployer)
    _mode(world, Mode.REENTER)
    before = world.core.agentWord(foreign[0])
    world.core.tripAgent(foreign[0], NOTE, sender=world.owner)
    world.core.resetAgent(foreign[0], 4, sender=world.owner)
    assert world.core.agentWord(foreign[0]) == before


def test_onAgentTransfer__false_report__reaches_only_the_liars_agents(world: World, foreign: tuple[int, int]) -> None:
    """ID-4: a registry that reports transfers that never were stops its own agents, and gives nobody power."""
    report = world.core.onAgentTransfer.encode_input(world.agent_id, world.stranger)
    world.foreign.forward(world.core, report, sender=world.deployer)
    assert world.status().admitted
    report = world.core.onAgentTransfer.encode_input(foreign[1], world.stranger)
    world.foreign.forward(world.core, report, sender=world.deployer)
    assert world.status(world.spare).reason is Reason.WALLET_STALE
    with reverts_with(world.core, "NotAuthorized", actor=world.stranger):
        world.core.tripAgent(foreign[0], NOTE, sender=world.stranger)


def test_admit__lane_that_names_a_registry__refuses_all_others(world: World, foreign: tuple[int, int]) -> None:
    """ID-8: a made-up registry is worth nothing in a lane that names the one it accepts."""
    policy = LanePolicy(window=WINDOW, registry=world.registry.address)
    world.open_lane(1, LIMITS, policy)
    assert world.admit(0, lane=1).admitted
    verdict = world.admit(0, world.spare, lane=1)
    assert (verdict.reason, verdict.scope, verdict.agent) == (Reason.REGISTRY_REFUSED, Scope.LANE, foreign[0])


def test_bindWallet__by_the_buyer_before_any_sync__leaves_the_old_wallets_behind(
    world: World, foreign: tuple[int, int]
) -> None:
    """ID-4: the new owner's first binding ends the old owner's, though nobody reported the transfer."""
    agent, agent_id = foreign
    world.foreign.setOwner(agent_id, world.buyer, sender=world.deployer)
    world.bind(agent, world.fresh(), world.buyer)
    assert world.status(world.spare).reason is Reason.WALLET_STALE
    assert world.status(world.fresh()).admitted


def test_spawn__by_the_old_owners_wallet_after_an_unreported_sale__is_refused(
    world: World, foreign: tuple[int, int]
) -> None:
    """ID-1, ID-4, ID-9: the old owner's grant makes no child of the new owner: its wallet would survive a sync."""
    agent, agent_id = foreign
    world.core.grantSpawn(agent, 1, NEVER_EXPIRES, sender=world.owner)
    world.foreign.setOwner(agent_id, world.buyer, sender=world.deployer)
    child = agent_id + 500
    world.foreign.setOwner(child, world.buyer, sender=world.deployer)
    wallet = world.fresh(3)
    message = world.child_binding(world.foreign, child, wallet, world.now + HOUR, world.buyer.address)
    signature = signing.sign(message, wallet)
    deadline = message["message"]["deadline"]
    with reverts_with(world.core, "SpawnNotGranted", parent=agent):
        world.core.spawn(world.foreign, child, wallet, NEVER_EXPIRES, deadline, signature, sender=world.spare)


def test_spawn__by_an_old_owners_grant_after_a_sale__is_refused(world: World) -> None:
    """ID-9: a wallet spawns within a grant of its owner; what the owner before allowed has gone with it."""
    world.core.grantSpawn(world.agent, 1, NEVER_EXPIRES, sender=world.owner)
    world.registry.transferFrom(world.owner, world.buyer, world.agent_id, sender=world.owner)
    world.bind(world.agent, world.spare, world.buyer)
    child = world.register(world.buyer)
    wallet = world.fresh(3)
    message = world.child_binding(world.registry, child, wallet, world.now + HOUR, world.buyer.address)
    signature = signing.sign(message, wallet)
    deadline = message["message"]["deadline"]
    with reverts_with(world.core, "SpawnNotGranted", parent=world.agent):
        world.core.spawn(world.registry, child, wallet, NEVER_EXPIRES, deadline, signature, sender=world.spare)


def test_tripAgent__by_a_buyer_whom_the_seller_appointed_guardian__still_latches(world: World) -> None:
    """BR-8: the owner's power to stop is not lessened by having been a guardian."""
    world.core.setAgentGuardian(world.agent, world.buyer, 3 * HOUR, sender=world.owner)
    world.registry.transferFrom(world.owner, world.buyer, world.agent_id, sender=world.owner)
    world.core.tripAgent(world.agent, NOTE, sender=world.buyer)
    world.core.tripAgent(world.agent, NOTE, sender=world.buyer)
    assert world.agent_word().latched == 1


def test_enroll__every_registry_index_taken__goes_on_unlisted(world: World) -> None:
    """ID-8: whoever uses up the indexes stops nobody from enrolling; lanes can name each registry seen before."""
    counts = 9  # slot of agentCount 32 | lineageCount 32 | registryCount 32
    word = int.from_bytes(ape.chain.provider.get_storage(world.core.address, counts), "big")
    assert word & 0xFFFFFFFF == world.core.agentCount()
    assert word >> 64 == world.core.registryIndex(world.registry)
    word = word & (2**64 - 1) | (2**20 - 2) << 64
    ape.chain.provider.make_request("anvil_setStorageAt", [world.core.address, f"0x{counts:064x}", f"0x{word:064x}"])
    assert not world.core.registryIndex(world.foreign)
    agent = world.enroll(world.owner, registry=world.foreign)
    world.bind(agent, world.spare)
    assert (world.core.registryIndex(world.foreign), world.agent_word(agent).registry) == (0, 2**20 - 1)
    assert world.admit(1, wallet=world.spare).admitted
    with reverts_with(world.core, "TooManyRegistries"):
        world.open_lane(1, LIMITS, POLICY._replace(registry=world.foreign.address))
    world.open_lane(1, LIMITS, POLICY._replace(registry=world.registry.address))
    assert world.admit(1, lane=1).admitted
    assert world.admit(1, lane=1, wallet=world.spare).reason is Reason.REGISTRY_REFUSED
