"""`ape agents drill`: what could be shut down right now, and the rehearsal (BR-8, OP-3)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from switchgear import LANE, Causes, State, Subject
from switchgear.ops.drill import FEE_FACTOR
from tests.support.world import HOUR, LANE_ID

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.scripts.conftest import Outcome
    from tests.support.world import World

    Run = Callable[..., Outcome]

OWNER, GUARDIAN, STRANGER = "TEST::1", "TEST::5", "TEST::7"
BOUND = 3 * HOUR


@pytest.fixture(scope="module")
def world(world: World) -> World:
    """With a guardian of agent and protocol."""
    world.breaker.set_agent_guardian(world.agent, world.guardian.address, BOUND, sender=world.owner)
    world.breaker.set_guardian(world.protocol.address, world.guardian.address, BOUND, sender=world.admin)
    return world


def head(world: World) -> str:
    """Number of the newest block."""
    return str(world.node.block()["number"])


def failed(drill: Any) -> list[tuple[str, str]]:
    """Action and role of the checks that failed."""
    return [(one["action"], one["role"]) for one in drill["checks"] if not one["passed"]]


def test_drill__everybody_in_place__passes_and_sends_nothing(agents: Run, world: World) -> None:
    """OP-3: who could trip and reset kill switch, breaker and lane, and for how long each trip holds."""
    before = head(world)
    place = ("--agent", world.agent, "--protocol", world.protocol.address, "--lane", LANE_ID)
    found = agents("drill", *place, "--json")

    assert (found.code, found.json["passed"], found.json["trip"]) == (0, True, None)
    assert [(one["action"], one["role"], one["who"], one["lasts"]) for one in found.json["checks"]] == [
        ("trip the kill switch", "owner", world.owner.address, None),
        ("trip the kill switch", "guardian", world.guardian.address, BOUND),
        ("reset the kill switch", "owner", world.owner.address, None),
        ("trip the agent's breaker", "admin", world.admin.address, None),
        ("trip the agent's breaker", "guardian", world.guardian.address, BOUND),
        ("reset the agent's breaker", "admin", world.admin.address, None),
        ("trip the lane", "admin", world.admin.address, None),
        ("trip the lane", "guardian", world.guardian.address, BOUND),
        ("reset the lane", "admin", world.admin.address, None),
    ]
    shown = agents("drill", *place)
    assert shown.out.count("pass ") == 9
    assert "3:00:00" in shown.out
    assert "all 9 checks passed" in shown.out
    assert head(world) == before


def test_drill__guardian_spent__fails_until_rearmed(agents: Run, world: World) -> None:
    """BR-8: a guardian that has tripped cannot again; the drill finds that out before an incident does."""
    world.breaker.trip_agent(world.agent, "why", sender=world.guardian)
    spent = agents("drill", "--agent", world.agent, "--json")

    assert spent.code == 1
    assert failed(spent.json) == [("trip the kill switch", "guardian")]
    assert "GuardianSpent" in spent.json["checks"][1]["detail"]
    world.breaker.reset_agent(world.agent, Causes.GUARDIAN, sender=world.owner)
    assert agents("drill", "--agent", world.agent).code == 0


def test_drill__guardian_named_who_is_none__fails(agents: Run, world: World) -> None:
    """BR-8: whoever was told to be a guardian must be one."""
    found = agents("drill", "--agent", world.agent, "--guardian", world.stranger.address)

    assert found.code == 1
    assert "1 of 3 checks failed" in found.out
    assert "NotAuthorized" in found.out


@pytest.mark.parametrize("missing", [0, 1])
def test_drill__balance_at_the_edge__decides(agents: Run, world: World, missing: int) -> None:
    """OP-2: who trips can pay ten times the base fee, to the wei; one wei less fails."""
    assert FEE_FACTOR == 10
    dry = world.breaker.trip_agent(world.agent, "drill", sender=world.guardian.address, dry_run=True).request
    base = int(world.node.block()["baseFeePerGas"], 16)
    needed = dry["gas"] * (FEE_FACTOR * base + dry["maxPriorityFeePerGas"])
    before = world.node.request("eth_getBalance", world.guardian.address, "latest")
    world.node.request("anvil_setBalance", world.guardian.address, hex(needed - missing))
    found = agents("drill", "--agent", world.agent, "--json")
    world.node.request("anvil_setBalance", world.guardian.address, before)

    assert found.code == missing
    assert failed(found.json) == [("trip the kill switch", "guardian")] * missing
    assert (str(needed) in found.json["checks"][1]["detail"]) == bool(missing)


def test_drill__nobody_is_admin_or_no_lane__fails(agents: Run, world: World) -> None:
    """BR-8: a protocol that never came has nobody to trip it; a lane that never opened cannot be tripped."""
    nobody = agents("drill", "--agent", world.agent, "--protocol", world.stranger.address, "--json")
    assert nobody.code == 1
    assert "appoint one" in nobody.json["checks"][-1]["detail"]
    place = ("--protocol", world.protocol.address, "--lane", LANE_ID + 1)
    closed = agents("drill", "--agent", world.agent, *place, "--json")
    assert closed.code == 1
    assert "LaneNotOpen" in closed.json["checks"][-1]["detail"]


@pytest.mark.parametrize("by", ["owner", "guardian", "nobody"])
def test_drill__execute__trips_reads_back_and_resets(agents: Run, world: World, by: str) -> None:
    """BR-8, BR-7: done and undone, with blocks and seconds; without an account only where the chain goes."""
    accounts = {
        "owner": ("--account", OWNER),
        "guardian": ("--account", GUARDIAN, "--reset-account", OWNER),
        "nobody": (),
    }
    done = agents("drill", "--agent", world.agent, "--execute", *accounts[by], "--json")

    assert (done.code, done.json["passed"]) == (0, True)
    tripper = world.guardian if by == "guardian" else world.owner
    trip, reset = done.json["trip"], done.json["reset"]
    assert (trip["by"], trip["state"], trip["admitted"], trip["blocks"]) == (tripper.address, "open", False, 1)
    assert (reset["by"], reset["state"], reset["admitted"]) == (world.owner.address, "closed", True)
    assert 0 < float(trip["seconds"]) < 60
    (event,) = world.breaker.events("AgentTripped", from_block=int(head(world), 16) - 1)
    assert event.args["actor"] == tripper.address
    assert world.breaker.agent(world.agent).state(world.now) is State.CLOSED
    assert agents("drill", "--agent", world.agent).code == 0
    assert "seconds, then open and the agent denied" in agents("drill", "--agent", world.agent, "--execute").out


def test_drill__who_resets_may_not__is_told_before_the_trip(agents: Run, world: World) -> None:
    """BR-8: a guardian cannot reset: nothing is sent that nobody there could undo."""
    before = head(world)
    refused = agents("drill", "--agent", world.agent, "--execute", "--account", GUARDIAN)

    assert (refused.code, "NotAuthorized" in refused.error) == (4, True)
    assert head(world) == before


def test_drill__kill_switch_open__is_not_drilled(agents: Run, world: World) -> None:
    """BR-7: a rehearsal never ends a trip that is meant."""
    world.breaker.trip_agent(world.agent, "meant", sender=world.owner)
    refused = agents("drill", "--agent", world.agent, "--execute")

    assert (refused.code, "choose another agent" in refused.error) == (2, True)
    assert world.breaker.agent(world.agent).state(world.now) is State.OPEN


def test_drill__account_without_execute__is_a_usage_error(agents: Run, world: World) -> None:
    """OP-3: an account that would do nothing is a mistake."""
    assert agents("drill", "--agent", world.agent, "--account", OWNER).code == 2


def test_drill__lane_and_breaker__are_simulated_where_they_are(agents: Run, world: World) -> None:
    """BR-8: a guardian spent at the agent's breaker is not at the lane's."""
    world.breaker.trip(*world.place, Subject.of_agent(world.agent), "why", sender=world.guardian)
    place = ("--agent", world.agent, "--protocol", world.protocol.address)
    assert failed(agents("drill", *place, "--json").json) == [("trip the agent's breaker", "guardian")]
    world.breaker.trip(*world.place, LANE, "why", sender=world.guardian)
    assert len(failed(agents("drill", *place, "--json").json)) == 2
