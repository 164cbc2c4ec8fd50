"""What the live page knows, compared with the chain."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pytest

from switchgear import LANE, Causes, Subject
from switchgear.chain import Node
from switchgear.errors import RPCFailed
from switchgear.serve import Watch
from tests.support.world import DECIMALS, HOUR, LANE_ID, LIMITS, POLICY, UNIT

if TYPE_CHECKING:
    from tests.support.world import World

BOUND = 3 * HOUR


def test_state__one_agent__is_shown_with_owner_wallet_and_headroom(world: World, watch: Watch) -> None:
    """S14: who is enrolled, and what its wallet may still do, as the client says."""
    world.breaker.admit(LANE_ID, world.wallet.address, 250 * UNIT, sender=world.protocol)
    state = watch.state()
    (agent,) = state["agents"]
    assert (agent["agent"], agent["owner"], agent["wallets"]) == (
        world.agent,
        world.owner.address,
        [world.wallet.address],
    )
    (series,) = state["series"]
    room = world.breaker.headroom(*world.place, world.wallet.address, decimals=DECIMALS)
    assert (series["actions"], series["room"]) == (room.actions, f"{room.value:f}".rstrip("0").rstrip("."))
    assert series["count"] == {"used": 1, "cap": LIMITS.count_cap}
    assert (series["value"]["used"], series["value"]["cap"]) == ("250", "1,000")
    assert state["open"] == []


@pytest.mark.parametrize("seconds", [-1, 0])
def test_state__guardians_trip__is_open_until_its_last_second(world: World, watch: Watch, seconds: int) -> None:
    """BR-8: the countdown ends when the trip does."""
    world.breaker.set_agent_guardian(world.agent, world.guardian.address, BOUND, sender=world.owner)
    world.breaker.trip_agent(world.agent, "why", sender=world.guardian)
    until = world.now + BOUND
    (switch,) = watch.state()["open"]
    assert switch == {"what": f"kill switch of agent {world.agent}", "causes": "guardian", "until": until}
    world.move_to(until + seconds)
    assert len(watch.state()["open"]) == (1 if seconds < 0 else 0)


def test_state__owners_and_admins_trips__have_no_end(world: World, watch: Watch) -> None:
    """BR-7: a latched trip ends by a reset alone; kill switch, breaker and lane are told apart."""
    world.breaker.trip_agent(world.agent, "why", sender=world.owner)
    for subject in (Subject.of_agent(world.agent), LANE):
        world.breaker.trip(*world.place, subject, "why", sender=world.admin)
    found = [(one["what"], one["causes"], one["until"]) for one in watch.state()["open"]]
    assert sorted(found) == [
        (f"agent {world.agent}", "admin", None),
        (f"kill switch of agent {world.agent}", "owner", None),
        ("the whole lane", "admin", None),
    ]
    world.breaker.reset(*world.place, LANE, Causes.ADMIN, sender=world.admin)
    assert len(watch.state()["open"]) == 2


def test_state__automatic_trip__says_what_tripped_it(world: World, watch: Watch) -> None:
    """BR-5, BR-6: the cause and the end of the cooldown."""
    limits = LIMITS._replace(trip_level=50)
    world.breaker.set_lane(*world.place, limits, POLICY, sender=world.admin)
    world.breaker.admit(LANE_ID, world.wallet.address, 600 * UNIT, sender=world.protocol)
    (breaker,) = watch.state()["open"]
    assert breaker["causes"] == "automatic, value last straw"
    assert breaker["until"] == world.now + limits.cooldown


def test_state__scheduled_loosening__is_pending_until_cancelled(world: World, watch: Watch) -> None:
    """BR-9: what will loosen, from when, until when."""
    looser = LIMITS._replace(count_cap=LIMITS.count_cap + 1)
    scheduled = world.breaker.set_lane(*world.place, looser, POLICY, sender=world.admin).event("LooseningScheduled")
    (one,) = watch.state()["pending"]
    assert one["what"] == f"limits and policy of lane {LANE_ID} of {world.protocol.address}"
    assert one["eta"] == int(scheduled.args["eta"].timestamp())
    assert one["expiry"] == int(scheduled.args["expiry"].timestamp())
    (target,) = world.breaker.loosenings(world.protocol.address)
    world.breaker.cancel_loosening(target, sender=world.admin)
    assert watch.state()["pending"] == []


def test_state__wallet_revoked__has_no_headroom(world: World, watch: Watch) -> None:
    """ID-1: headroom is a bound wallet's."""
    world.breaker.admit(LANE_ID, world.wallet.address, UNIT, sender=world.protocol)
    assert len(watch.state()["series"]) == 1
    world.breaker.revoke_wallet(world.wallet.address, sender=world.owner)
    state = watch.state()
    assert (state["agents"][0]["wallets"], state["series"]) == ([], [])


def test_state__same_block__asks_the_node_for_nothing_but_the_head(world: World, watch: Watch) -> None:
    """A page that is open in ten tabs costs the node little."""
    first = watch.state()
    asked: list[str] = []
    node = world.breaker.node
    request = node.request
    node.request = lambda method, *params: asked.append(method) or request(method, *params)  # type: ignore[method-assign]
    try:
        assert watch.state() is first
    finally:
        del node.request  # type: ignore[method-assign]
    assert asked == ["eth_getBlockByNumber"]


def test_state__blocks_replaced__forgets_what_was_in_them(world: World, watch: Watch) -> None:
    """OP-1: events of blocks that are no longer there are gone, and the new ones are there."""
    node = world.node
    snapshot = node.request("evm_snapshot")
    world.breaker.trip_agent(world.agent, "first", sender=world.owner)
    world.pass_time(1)
    assert dict(watch.state()["events"][0]["what"])["note"] == "first"
    node.request("evm_revert", snapshot)
    node.request(
        "anvil_setNonce", world.owner.address, node.request("eth_getTransactionCount", world.owner.address, "latest")
    )
    assert watch.state()["open"] == []
    world.breaker.trip_agent(world.agent, "second", sender=world.owner)
    events = watch.state()["events"]
    assert [dict(one["what"])["note"] for one in events if one["name"] == "AgentTripped"] == ["second"]


def test_state__node_fails_halfway__the_next_look_has_everything_once(
    world: World, watch: Watch, monkeypatch: pytest.MonkeyPatch
) -> None:
    """OP-1: an error is an error, and no event is lost or doubled by it."""
    watch.state()
    world.breaker.trip_agent(world.agent, "why", sender=world.owner)
    logs = Node.logs

    def broken(self: Node, *args: Any) -> Any:
        yield from logs(self, *args)
        raise RPCFailed("eth_getLogs", None, "overloaded")

    monkeypatch.setattr(Node, "logs", broken)
    with pytest.raises(RPCFailed, match="overloaded"):
        watch.state()
    monkeypatch.undo()
    tripped = [one for one in watch.state()["events"] if one["name"] == "AgentTripped"]
    assert len(tripped) == 1


def test_state__protocol_chosen__has_no_other_lanes(world: World) -> None:
    """A protocol's operator looks at his own lanes."""
    world.breaker.trip(*world.place, LANE, "why", sender=world.admin)
    own = Watch(world.breaker, protocol=world.protocol.address).state()
    other = Watch(world.breaker, protocol=world.stranger.address).state()
    assert (len(own["open"]), len(other["open"])) == (1, 0)


def test_state__past_the_heartbeat__the_kill_switch_is_open(world: World, watch: Watch) -> None:
    """BR-14: nobody sends a transaction for that, and the page shows it."""
    world.breaker.set_heartbeat(world.agent, timedelta(hours=3), sender=world.owner)
    deadline = world.now + 3 * HOUR
    world.move_to(deadline)
    assert watch.state()["open"] == []
    world.move_to(deadline + 1)
    (switch,) = watch.state()["open"]
    assert (switch["causes"], switch["until"]) == ("heartbeat", None)
