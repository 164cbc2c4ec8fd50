"""What the guard costs, in gas of whole transactions, and what the dearest answer of the core costs."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from tests.adapters.conftest import CLOSED_LANE, OPEN_LANE
from tests.adapters.test_answers import ANSWER_GAS, raw_call
from tests.adapters.world import REASON, SCOPE, Limits, Policy, World, reason_and_scope

if TYPE_CHECKING:
    from ape.api import ReceiptAPI

GAS = 2_000_000
VALUE = 1
FLOOR, BUDGET = 13_900, 15_900
"""Marginal gas of an admission: wallet, agent and lane words read, one breaker written, all cold."""
COLD_CALL = 2_600
BURN_GAS = 7
"""`HostileRegistry.Mode`."""


@pytest.fixture
def lane(probe: Any, admin: Any, agent: int, wallet: Any) -> int:
    """A lane in which the agent has acted before, so that its words are not zero."""
    assert agent
    probe.openLane(CLOSED_LANE, Limits(), Policy(), [], sender=admin)
    probe.actHard(CLOSED_LANE, VALUE, sender=wallet, gas=GAS)
    return CLOSED_LANE


def marginal(guarded: ReceiptAPI, unguarded: ReceiptAPI) -> int:
    """Gas beyond the same action without a guard."""
    return int(guarded.gas_used) - int(unguarded.gas_used)


def test_admit__admitted__costs_within_budget(probe: Any, lane: int, wallet: Any) -> None:
    """The marginal cost of a guarded action lies between its floor and the budget."""
    unguarded = probe.act(lane, VALUE, sender=wallet, gas=GAS)
    guarded = probe.actHard(lane, VALUE, sender=wallet, gas=GAS)
    assert FLOOR <= marginal(guarded, unguarded) <= BUDGET


def test_guarded__live_lane__costs_what_is_documented(probe: Any, lane: int, admin: Any, wallet: Any) -> None:
    """ID-4: reading the live owner from AgentIdentity costs 10,000 to 20,000 gas."""
    live = lane + 1
    probe.openLane(live, Limits(), Policy(live=True), [], sender=admin)
    probe.actHard(live, VALUE, sender=wallet, gas=GAS)
    without = probe.actHard(lane, VALUE, sender=wallet, gas=GAS)
    verified = probe.actHard(live, VALUE, sender=wallet, gas=GAS)
    assert 10_000 <= marginal(verified, without) <= 20_000


def test_admit__adapter__adds_little(probe: Any, lane: int, wallet: Any) -> None:
    """Of the marginal cost, AgentGuarded itself takes a few hundred gas; the rest is the call and the core."""
    unguarded = probe.act(lane, VALUE, sender=wallet, gas=GAS)
    guarded = probe.actHard(lane, VALUE, sender=wallet, gas=GAS)
    assert marginal(guarded, unguarded) - COLD_CALL - core_gas(probe, guarded) <= 450


def test_softly_guarded__kill_switch_open__costs_within_budget(
    world: World, probe: Any, lane: int, agent: int, owner: Any, wallet: Any
) -> None:
    """A soft refusal by the kill switch costs less than 11,000 gas, of which AgentGuarded takes a few hundred."""
    world.core.tripAgent(agent, b"", sender=owner)
    refused = probe.actSoftly(lane, VALUE, sender=wallet, gas=GAS)
    nothing = probe.nothing(lane, VALUE, sender=wallet, gas=GAS)
    assert marginal(refused, nothing) <= 11_000
    assert marginal(refused, nothing) - COLD_CALL - core_gas(probe, refused) <= 450


@pytest.fixture
def deepest(project: Any, accounts: Any, world: World, probe: Any, admin: Any, owner: Any) -> Any:
    """A wallet whose series is the dearest there is, in two lanes, with its registry and the handle of its root.

    Four ancestors and a lineage, and every breaker is fresh and tripped by its first charge. In the second lane the
    owner is read at each admission, for which the registry can be made to burn all the gas that it is given.
    """
    registry = accounts[0].deploy(project.HostileRegistry)
    lineage = world.core.LineageRegistered.from_receipt(world.core.registerLineage("model", sender=owner))[0].lineage
    wallet, agent, line = accounts[7], 0, []
    for agent_id in range(5):
        registry.setOwner(agent_id, owner, sender=owner)
        world.core.enroll(registry, agent_id, agent, lineage, 0, b"", sender=owner)
        agent = world.core.agentOf(registry, agent_id)
        line.append(agent)
    world.bind(agent, owner, wallet)
    limits = Limits(count_cap=100, trip_level=1, probation=2)
    for lane, live in ((CLOSED_LANE, False), (OPEN_LANE, True)):
        policy = Policy(lineage=True, lineage_count=1, live=live)
        probe.openLane(lane, limits, policy, [lineage], sender=admin)
    return registry, wallet, line[0]


def test_admit__dearest_series__stays_within_the_bound(world: World, probe: Any, deepest: Any) -> None:
    """BR-16: the dearest answer takes less than two thirds of the bound: no agent can make the core run out."""
    registry, wallet, _ = deepest
    receipt = probe.actHard(CLOSED_LANE, VALUE, sender=wallet, gas=GAS)
    assert [name for name, _ in world.events(receipt)] == ["BreakerTripped"] * 6
    series = core_gas(probe, receipt)

    registry.setMode(BURN_GAS, wallet, 0, sender=wallet)
    receipt = probe.actSoftly(OPEN_LANE, VALUE, sender=wallet, gas=GAS)
    (event,) = world.events(receipt)
    assert event[0] == "Denied"
    assert reason_and_scope(event[1]["verdict"]) == (REASON["WalletStale"], SCOPE["Wallet"])
    burnt = core_gas(probe, receipt)
    assert burnt > 100_000, "the owner read is to burn all of its gas"
    assert 3 * (series + burnt) < 2 * ANSWER_GAS


def core_gas(probe: Any, receipt: ReceiptAPI) -> int:
    """Gas that the core's answer took, from the trace of the transaction."""
    trace = probe.provider.make_request("debug_traceTransaction", [receipt.txn_hash, {"tracer": "callTracer"}])
    (call,) = trace["calls"]
    return int(call["gasUsed"], 16)


def test_admit__dearest_series_at_any_gas__acts_only_if_admitted(
    world: World, probe: Any, deepest: Any, owner: Any
) -> None:
    """BR-16: with the real core too, no gas limit lets a tripped agent through a lane that fails open."""
    _, wallet, root = deepest
    data = probe.actHard.encode_input(OPEN_LANE, VALUE).to_0x_hex()

    def passes(gas: int) -> bool:
        return "result" in raw_call(probe, {"from": wallet.address, "to": probe.address, "data": data, "gas": hex(gas)})

    assert passes(GAS)
    world.core.tripAgent(root, b"", sender=owner)
    assert not any(passes(gas) for gas in range(40_000, 700_000, 5_000))
