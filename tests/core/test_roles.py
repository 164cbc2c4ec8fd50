"""Role by function: who may do what, and the error of everybody else (BR-8, ID-7)."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any, NamedTuple

import pytest

from switchgear import signing
from switchgear.types import LANE, Subject, Target
from tests.support.core import BOUND, HOUR, INTERVAL, LIMITS, NEVER_EXPIRES, NOTE, POLICY, World
from tests.support.reverts import reverts_with

if TYPE_CHECKING:
    from collections.abc import Callable

ROLES = (
    "owner",
    "wallet",
    "protocol",
    "admin",
    "guardian",
    "agent_guardian",
    "delegate",
    "provider",
    "stranger",
)
LOOSER = LIMITS._replace(count_cap=LIMITS.count_cap + 1)
TIGHTER = LIMITS._replace(count_cap=LIMITS.count_cap - 1)

Call = tuple[Any, ...]


class Case(NamedTuple):
    """A function, who may call it, and how.

    Attributes:
        allowed: Roles for which it passes; for all others it reverts with NotAuthorized.
        call: Name of the function and its arguments.
        prepare: What has to be done before.
    """

    allowed: tuple[str, ...]
    call: Callable[[World], Call]
    prepare: Callable[[World], object] = lambda _: None


def _heartbeat(world: World) -> None:
    world.core.setHeartbeat(world.agent, INTERVAL, world.delegate, sender=world.owner)


def _offer_admin(world: World) -> None:
    world.core.transferAdmin(world.protocol, world.spare, sender=world.admin)
    world.core.transferAdmin(world.protocol, world.stranger, sender=world.admin)


def _declare(world: World) -> None:
    world.core.setLineage(world.agent, world.lineage, sender=world.owner)
    world.wait(24 * HOUR)
    world.core.executeLoosening(Target.lineage(world.agent), sender=world.owner)


def _override(world: World) -> None:
    world.core.setOverride(world.protocol, 0, world.subject, TIGHTER, sender=world.admin)


TARGETS: dict[str, tuple[str, Callable[[World], Target], Callable[[World], Call]]] = {
    "lane": (
        "admin",
        lambda w: Target.lane(w.protocol.address, 0),
        lambda w: ("setLane", w.protocol, 0, LOOSER, POLICY),
    ),
    "override": (
        "admin",
        lambda w: Target.override(w.protocol.address, 0, w.subject),
        lambda w: ("setOverride", w.protocol, 0, w.subject, LOOSER),
    ),
    "acceptance": (
        "admin",
        lambda w: Target.acceptance(w.protocol.address, 0, w.lineage),
        lambda w: ("acceptLineage", w.protocol, 0, w.lineage, True),
    ),
    "guardian": (
        "admin",
        lambda w: Target.guardian(w.protocol.address, w.guardian.address),
        lambda w: ("setGuardian", w.protocol, w.guardian, 0),
    ),
    "agent_guardian": (
        "owner",
        lambda w: Target.agent_guardian(w.agent, w.agent_guardian.address),
        lambda w: ("setAgentGuardian", w.agent, w.agent_guardian, 0),
    ),
    "heartbeat": (
        "owner",
        lambda w: Target.heartbeat(w.agent),
        lambda w: ("setHeartbeat", w.agent, 0, w.stranger),
    ),
    "lineage": (
        "owner",
        lambda w: Target.lineage(w.agent),
        lambda w: ("setLineage", w.agent, w.lineage),
    ),
    "attestation": (
        "provider",
        lambda w: Target.attestation(w.agent, w.lineage),
        lambda w: ("attestLineage", w.agent, w.lineage, False),
    ),
}
"""By setting: who has it, its name, and a call that schedules a loosening of it."""


def _scheduled(setting: str) -> Callable[[World], None]:
    def prepare(world: World) -> None:
        role, _, schedule = TARGETS[setting]
        if setting == "heartbeat":
            _heartbeat(world)
        if setting == "attestation":
            _declare(world)
            world.core.attestLineage(world.agent, world.lineage, True, sender=world.provider)
        function, *arguments = schedule(world)
        getattr(world.core, function)(*arguments, sender=getattr(world, role))
        world.wait(24 * HOUR)

    return prepare


def _decision(function: str, target: Callable[[World], Target], world: World) -> Call:
    return function, target(world)


def _bind_spare(world: World) -> Call:
    deadline = world.now + HOUR
    signature = signing.sign(world.binding(world.agent, world.spare, deadline), world.spare)
    return "bindWallet", world.agent, world.spare, NEVER_EXPIRES, deadline, signature


CASES: dict[str, Case] = {
    "grantSpawn": Case(("owner",), lambda w: ("grantSpawn", w.agent, 1, w.now + HOUR)),
    "revokeWallet": Case(("owner", "wallet"), lambda w: ("revokeWallet", w.wallet)),
    "bindWallet": Case(("owner",), _bind_spare),
    "transferLineage": Case(("provider",), lambda w: ("transferLineage", w.lineage, w.spare)),
    "attestLineage": Case(("provider",), lambda w: ("attestLineage", w.agent, w.lineage, True), _declare),
    "tripAgent": Case(("owner", "agent_guardian"), lambda w: ("tripAgent", w.agent, NOTE)),
    "resetAgent": Case(
        ("owner",),
        lambda w: ("resetAgent", w.agent, 63),
        lambda w: w.core.tripAgent(w.agent, NOTE, sender=w.owner),
    ),
    "beat": Case(("owner", "delegate"), lambda w: ("beat", w.agent), _heartbeat),
    "setAgentGuardian": Case(("owner",), lambda w: ("setAgentGuardian", w.agent, w.spare, BOUND)),
    "setHeartbeat": Case(("owner",), lambda w: ("setHeartbeat", w.agent, INTERVAL, w.delegate)),
    "setLineage": Case(("owner",), lambda w: ("setLineage", w.agent, w.lineage)),
    "trip breaker": Case(("protocol", "admin", "guardian"), lambda w: ("trip", w.protocol, 0, w.subject, NOTE)),
    "trip lane": Case(("protocol", "admin", "guardian"), lambda w: ("trip", w.protocol, 0, LANE, NOTE)),
    "reset breaker": Case(
        ("admin",),
        lambda w: ("reset", w.protocol, 0, w.subject, 63),
        lambda w: w.core.trip(w.protocol, 0, w.subject, NOTE, sender=w.guardian),
    ),
    "reset lane": Case(
        ("admin",),
        lambda w: ("reset", w.protocol, 0, LANE, 63),
        lambda w: w.core.trip(w.protocol, 0, LANE, NOTE, sender=w.protocol),
    ),
    "transferAdmin": Case(("admin",), lambda w: ("transferAdmin", w.protocol, w.spare)),
    "acceptAdmin": Case(("stranger",), lambda w: ("acceptAdmin", w.protocol), _offer_admin),
    "setLane": Case(("admin",), lambda w: ("setLane", w.protocol, 0, TIGHTER, POLICY)),
    "setOverride": Case(("admin",), lambda w: ("setOverride", w.protocol, 0, w.subject, TIGHTER)),
    "clearOverride": Case(("admin",), lambda w: ("clearOverride", w.protocol, 0, w.subject), _override),
    "acceptLineage": Case(("admin",), lambda w: ("acceptLineage", w.protocol, 0, w.lineage, True)),
    "setGuardian": Case(("admin",), lambda w: ("setGuardian", w.protocol, w.spare, BOUND)),
    **{
        f"{function} {setting}": Case((role,), partial(_decision, function, target), _scheduled(setting))
        for setting, (role, target, _) in TARGETS.items()
        for function in ("executeLoosening", "cancelLoosening")
    },
}


@pytest.mark.parametrize("role", ROLES)
@pytest.mark.parametrize("name", CASES)
def test_authority__each_role__passes_or_is_named(world: World, name: str, role: str) -> None:
    """BR-8, ID-7: each function passes for exactly the roles that it names; anyone else is refused by address."""
    case = CASES[name]
    case.prepare(world)
    function, *arguments = case.call(world)
    sender = getattr(world, role)
    if role in case.allowed:
        receipt = getattr(world.core, function)(*arguments, sender=sender)
        assert world.events(receipt), f"{function} left no event"
    else:
        with reverts_with(world.core, "NotAuthorized", actor=sender):
            getattr(world.core, function)(*arguments, sender=sender)


@pytest.mark.parametrize("role", ROLES)
def test_enroll__by_each_role__only_the_live_owner(world: World, role: str) -> None:
    """ID-7: only the identity's live owner enrols it, and no approval helps; a bound wallet never, even as owner."""
    sender = getattr(world, role)
    agent_id = world.register(world.buyer)
    world.registry.approve(sender, agent_id, sender=world.buyer)
    with reverts_with(world.core, "NotAuthorized", actor=sender):
        world.core.enroll(world.registry, agent_id, 0, 0, 0, b"", sender=sender)
    own = world.register(sender)
    if role == "wallet":
        with reverts_with(world.core, "BoundWalletHasNoAuthority", wallet=sender, agent=world.agent):
            world.core.enroll(world.registry, own, 0, 0, 0, b"", sender=sender)
    else:
        world.core.enroll(world.registry, own, 0, 0, 0, b"", sender=sender)
        assert world.core.agentOf(world.registry, own) == world.agent + 1


@pytest.mark.parametrize("role", [role for role in ROLES if role != "wallet"])
def test_spawn__by_each_role__only_an_admitted_wallet(world: World, role: str) -> None:
    """ID-9: spawning is for a bound wallet of the parent; even the owner enrols, and does not spawn."""
    world.core.grantSpawn(world.agent, 1, NEVER_EXPIRES, sender=world.owner)
    agent_id = world.register(world.owner)
    sender = getattr(world, role)
    with reverts_with(world.core, "SpawnerFrozen", wallet=sender):
        world.core.spawn(world.registry, agent_id, world.spare, NEVER_EXPIRES, world.now, b"", sender=sender)


@pytest.mark.parametrize("role", ROLES)
def test_admit__by_each_role__only_ones_own_namespace(world: World, role: str) -> None:
    """BR-11: the key is the caller, so nobody but the protocol reaches its lanes."""
    sender = getattr(world, role)
    before = world.core.breakerWord(world.protocol, 0, world.subject)
    verdict = world.admit(1, protocol=sender)
    assert verdict.admitted is (role == "protocol")
    if role != "protocol":
        assert (verdict.reason.name, verdict.scope.name) == ("LANE_UNOPENED", "LANE")
        assert world.core.breakerWord(world.protocol, 0, world.subject) == before


@pytest.mark.parametrize("role", [role for role in ROLES if role != "protocol"])
def test_openLane__by_each_role__opens_only_ones_own(world: World, role: str) -> None:
    """BR-11: a lane of a protocol can be opened by no one else, its admin included."""
    sender = getattr(world, role)
    with reverts_with(world.core, "NoAdmin", protocol=sender):
        world.open_lane(1, protocol=sender)
    world.core.setAdmin(world.spare, sender=sender)
    world.open_lane(1, protocol=sender)
    assert world.core.laneWord(world.protocol, 1) == 0


@pytest.mark.parametrize("role", ROLES)
def test_sync__by_each_role__needs_a_new_owner_not_a_role(world: World, role: str) -> None:
    """ID-4: sync is for everybody, and does nothing but follow the registry."""
    with reverts_with(world.core, "OwnerUnchanged", owner=world.owner):
        world.core.sync(world.registry, world.agent_id, sender=getattr(world, role))


@pytest.mark.parametrize("role", ROLES)
def test_onAgentTransfer__by_each_role__touches_only_the_callers_agents(world: World, role: str) -> None:
    """ID-4: a report of a transfer counts for the agents of the registry that calls, so anyone else's is empty."""
    before = world.core.agentWord(world.agent)
    receipt = world.core.onAgentTransfer(world.agent_id, world.stranger, sender=getattr(world, role))
    assert world.events(receipt) == []
    assert world.core.agentWord(world.agent) == before
    assert Subject.of_agent(world.agent) == world.subject
