"""What is charged, to whom, and what stops it: budgets, families, breakers, a core that is gone (BR-1, BR-5, ID-6)."""

from __future__ import annotations

from typing import Any

import pytest

from switchgear.errors import AgentDenied, ContractReverted, CoreUnavailable, GasTooLow, NotPermitted
from switchgear.foreign.safe import Call, Safes
from switchgear.types import LANE, LanePolicy, Reason, Scope
from tests.support.guarded import (
    AGENT,
    BOB,
    CAP,
    CHIEF,
    CHILD,
    COUNT,
    HOUR,
    HUMAN,
    LIMITS,
    OTHER,
    WINDOW,
    Field,
    Guarded,
    refuses,
)

DEAR = 300_000
"""Gas that a core takes here; it gets up to 500,000."""


def lane_of(guarded: Guarded) -> int:
    """Of the token."""
    return int(guarded.field.token.address, 16)


def test_act__cap__n_and_no_more(guarded: Guarded) -> None:
    """BR-2: the window's value is the account's own limit, whatever the permission says."""
    guarded.grant()
    guarded.transfer(CAP)
    with refuses(
        AgentDenied, wallet=AGENT.address, lane=lane_of(guarded), reason=Reason.VALUE_LIMIT, scope=Scope.AGENT
    ):
        guarded.transfer(1)


def test_act__more_than_the_cap__oversized(guarded: Guarded) -> None:
    """BR-1: what never fits says so."""
    guarded.grant()
    with refuses(AgentDenied, reason=Reason.VALUE_OVERSIZED):
        guarded.transfer(CAP + 1)
    assert guarded.charged() == 0


def test_act__count__n_and_no_more(guarded: Guarded) -> None:
    """BR-2: so is the number of calls."""
    guarded.grant()
    for _ in range(COUNT):
        guarded.transfer(1)
    with refuses(AgentDenied, reason=Reason.COUNT_LIMIT, scope=Scope.AGENT):
        guarded.transfer(1)


@pytest.mark.parametrize("late", [-2, 0])
def test_act__end_of_the_window__nothing_twice(guarded: Guarded, field: Field, late: int) -> None:
    """BR-2: no boundary of a window lets two budgets out: it flows back evenly, and is whole when it is over."""
    guarded.grant()
    guarded.transfer(CAP)
    spent = field.chain.now
    field.chain.now = spent + WINDOW // 2 - 1
    with refuses(AgentDenied, reason=Reason.VALUE_LIMIT):
        guarded.transfer(CAP // 2 + 1)
    field.chain.now = spent + WINDOW + late - 1
    if late < 0:
        with refuses(AgentDenied, reason=Reason.VALUE_LIMIT):
            guarded.transfer(CAP)
    else:
        guarded.transfer(CAP)
    with refuses(AgentDenied, reason=Reason.VALUE_LIMIT):
        guarded.transfer(CAP)


def test_batch__one_call_over__nothing_of_it(guarded: Guarded, field: Field) -> None:
    """BR-1: a batch is charged altogether or not at all."""
    guarded.grant()
    half = Call(field.token.address, field.encode("transfer", BOB, CAP // 2))
    over = Call(field.token.address, field.encode("transfer", BOB, CAP // 2 + 1))
    with refuses(AgentDenied, reason=Reason.VALUE_LIMIT), guarded.takes(0):
        guarded.batch(half, over)
    with guarded.takes(CAP):
        guarded.batch(half, half)


def test_act__income__restores_nothing(guarded: Guarded, field: Field) -> None:
    """WP-5: what comes back is no budget."""
    guarded.grant()
    guarded.transfer(CAP)
    field.chain.send(field.token, "transfer", guarded.address, CAP, sender=BOB)
    with refuses(AgentDenied, reason=Reason.VALUE_LIMIT):
        guarded.transfer(1)


def test_act__child__charges_its_parent(guarded: Guarded) -> None:
    """ID-6: spawning makes no budget: the child's spending is the parent's, not the other way round."""
    guarded.grant()
    guarded.grant(wallet=CHILD.address)
    guarded.transfer(CAP - 100, by=CHILD)
    with refuses(AgentDenied, wallet=AGENT.address, reason=Reason.VALUE_LIMIT, scope=Scope.AGENT):
        guarded.transfer(101)
    guarded.transfer(100)
    with refuses(AgentDenied, wallet=CHILD.address, reason=Reason.VALUE_LIMIT, scope=Scope.ANCESTOR):
        guarded.transfer(1, by=CHILD)


def test_act__two_agents__budgets_of_their_own(guarded: Guarded) -> None:
    """BR-1: without a lineage breaker each agent has the lane's limits to itself."""
    for signer in (AGENT, OTHER):
        guarded.grant(wallet=signer.address)
        guarded.transfer(CAP, by=signer)


def test_act__two_agents_one_budget__shared(field: Field, safes: Safes) -> None:
    """BR-1: a lane of one agent's worth for undeclared lineage makes the cap the account's."""
    shared = LanePolicy(window=WINDOW, lineage=True, lineage_count=1, lineage_value=1, share=100)
    guarded = Guarded(field, safes, assets=((field.token.address, LIMITS, shared),), label="shared")
    for signer in (AGENT, OTHER):
        guarded.grant(wallet=signer.address)
    guarded.transfer(CAP - 100)
    with refuses(AgentDenied, wallet=OTHER.address, reason=Reason.VALUE_LIMIT, scope=Scope.LINEAGE):
        guarded.transfer(101, by=OTHER)
    guarded.transfer(100, by=OTHER)
    with refuses(AgentDenied, wallet=AGENT.address, reason=Reason.VALUE_LIMIT, scope=Scope.LINEAGE):
        guarded.transfer(1)


# ------------------------------------------------------------------ open breakers


def test_act__kill_switch__stops_agent_and_child(guarded: Guarded, field: Field) -> None:
    """ID-6, BR-3: one trip by the agents' owner stops the agent and what it spawned, and nobody else."""
    for signer in (AGENT, OTHER, CHILD):
        guarded.grant(wallet=signer.address)
    field.chain.send(field.core, "tripAgent", field.handles[AGENT.address], bytes(32), sender=field.family)
    with refuses(AgentDenied, wallet=AGENT.address, reason=Reason.BREAKER_OPEN, scope=Scope.KILL_SWITCH):
        guarded.transfer()
    with refuses(AgentDenied, wallet=CHILD.address, reason=Reason.BREAKER_OPEN, scope=Scope.ANCESTOR_KILL_SWITCH):
        guarded.transfer(by=CHILD)
    guarded.transfer(by=OTHER)
    guarded.transfer(by=HUMAN)


def test_act__lane_tripped_by_the_admin__nobody_but_people(guarded: Guarded, field: Field) -> None:
    """BR-8: who owns the policy trips the lane of an asset: no agent moves it any more, people do."""
    for signer in (AGENT, OTHER):
        guarded.grant(wallet=signer.address)
    field.chain.send(field.core, "trip", guarded.guard.address, lane_of(guarded), int(LANE), bytes(32), sender=CHIEF)
    for signer in (AGENT, OTHER):
        with refuses(AgentDenied, wallet=signer.address, reason=Reason.BREAKER_OPEN, scope=Scope.LANE):
            guarded.transfer(by=signer)
    guarded.transfer(by=HUMAN)


def test_act__last_straw__done_and_tripped(field: Field, safes: Safes) -> None:
    """BR-5: what reaches the trip level still happens, and nothing after it."""
    limits = LIMITS._replace(trip_level=50)
    guarded = Guarded(field, safes, assets=((field.token.address, limits, LanePolicy(window=WINDOW)),), label="straw")
    guarded.grant()
    guarded.transfer(CAP // 2 - 1)
    with guarded.takes(2):
        guarded.transfer(2)
    with refuses(AgentDenied, reason=Reason.BREAKER_OPEN, scope=Scope.AGENT):
        guarded.transfer(1)


@pytest.mark.parametrize("asset", ["token", "watched"])
def test_act__revoked_wallet__denied(guarded: Guarded, field: Field, asset: str) -> None:
    """ID-1: a wallet that its owner revoked moves nothing, in short and in full."""
    guarded.grant(assets=(field.token.address,) if asset == "watched" else ())
    field.chain.send(field.core, "revokeWallet", AGENT.address, sender=field.family)
    with refuses(AgentDenied, wallet=AGENT.address, reason=Reason.WALLET_REVOKED, scope=Scope.WALLET):
        guarded.transfer()


# ------------------------------------------------------------------ a core that is gone or lies


def hostile(field: Field, answer: bytes, *, padding: int = 0, burn: int = 0, reverting: bool = False) -> None:
    """Puts another core in its place."""
    chain = field.chain
    chain.node.request("anvil_setCode", field.core.address, "0x" + chain.artifacts["HostileCore"].runtime.hex())
    chain.send(chain.at(field.core.address, "HostileCore"), "script", answer, padding, burn, reverting)


CORES: dict[str, Any] = {
    "reverts": {"answer": b"", "reverting": True},
    "reverts with an admission": {"answer": bytes(31) + b"\x01", "reverting": True},
    "says nothing": {"answer": b""},
    "says too little": {"answer": bytes(30) + b"\x01"},
    "says too much": {"answer": bytes(31) + b"\x01", "padding": 1},
    "floods": {"answer": bytes(31) + b"\x01", "padding": 2**16},
    "lies beyond the verdict": {"answer": b"\x01" + bytes(30) + b"\x01"},
    "burns all gas": {"answer": bytes(31) + b"\x01", "burn": 2**256 - 1},
}


@pytest.mark.parametrize("measured", [False, True])
@pytest.mark.parametrize("core", CORES)
def test_act__core_that_is_broken__fails_closed_for_agents_alone(
    guarded: Guarded, field: Field, core: str, measured: bool
) -> None:
    """BR-16, WP-6: whatever is wrong with the core, agents stop, and people still act and remove the guard."""
    guarded.grant(measured=measured)
    guarded.transfer()
    hostile(field, **CORES[core])
    with refuses(CoreUnavailable, core=field.core.address):
        guarded.transfer()
    guarded.transfer(by=HUMAN)
    guarded.remove()
    assert not guarded.guarded


def test_act__core_without_code__fails_closed_for_agents_alone(guarded: Guarded, field: Field) -> None:
    """BR-16, WP-6: so it is where there is none at all."""
    guarded.grant()
    field.chain.node.request("anvil_setCode", field.core.address, "0x")
    with refuses(CoreUnavailable, core=field.core.address):
        guarded.transfer()
    with refuses(NotPermitted, wallet=OTHER.address):
        guarded.transfer(by=OTHER)
    guarded.remove()
    assert not guarded.guarded


@pytest.mark.parametrize("lifetime_cap", [0, CAP])
def test_act__too_little_gas__no_open_door(
    guarded: Guarded, field: Field, lifetime_cap: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """BR-16: starving a dear core is the caller's fault: nothing moves, and the core is not to blame."""
    guarded.grant(lifetime_cap=lifetime_cap)
    hostile(field, bytes(31) + b"\x01", burn=DEAR)
    before, errors, passed = field.of(guarded.address), set(), 0
    for gas in range(150_000, 750_000, 30_000):
        monkeypatch.setattr("switchgear.gas.chain.GAS", gas)
        try:
            guarded.transfer()
        except ContractReverted as error:
            errors.add(type(error))
        else:
            passed += 1
    assert field.of(guarded.address) == before - passed
    assert passed > 0
    assert CoreUnavailable not in errors
    # In short, what is left after the core has failed does not even reach for the error.
    assert GasTooLow in errors or not lifetime_cap


def test_act__native_lane_missing__unknown_calls_denied(field: Field, safes: Safes) -> None:
    """BR-10: without limits of lane 0 an agent moves only what can be decoded."""
    guarded = Guarded(field, safes, assets=((field.token.address, LIMITS, LanePolicy(window=HOUR)),), label="no native")
    guarded.grant(selector="mint(address,uint256)")
    with refuses(AgentDenied, lane=0, reason=Reason.LANE_UNOPENED, scope=Scope.LANE):
        guarded.act(field.token.address, field.encode("mint", BOB, 1))
