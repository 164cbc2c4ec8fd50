"""AgentGuarded against a core that is broken, hostile or gone (BR-16)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from eth_abi.abi import encode
from eth_utils.abi import function_signature_to_4byte_selector

from tests.adapters.conftest import CLOSED_LANE, OPEN_LANE
from tests.adapters.world import deny
from tests.support.reverts import reverts_with, reverts_without_data

if TYPE_CHECKING:
    from collections.abc import Callable

VALUE = 7
ADMITTED = 1 | 5 << 64
DENIED = deny("ValueLimit", "Agent", agent=5, retry_after=900)
LARGEST = 1 | 11 << 8 | 7 << 16 | 0xFF << 24 | (2**32 - 1) << 32 | (2**32 - 1) << 64
"""Each field of a verdict at the most that its type holds."""
ALL_GAS = 2**256 - 1
ANSWER_GAS = 500_000
REQUIRED_GAS = ANSWER_GAS * 64 // 63 + 10_000
PLENTY = 2_000_000
MEGABYTE = 2**20
LARGEST_RETURN = 2**18
"""Bytes that a callee can just about pay for with the gas it is given."""


def word(value: int) -> bytes:
    """As the core returns it."""
    return value.to_bytes(32, "big")


def no_code(core: Any) -> None:
    """The core vanishes."""
    core.provider.make_request("anvil_setCode", [core.address, "0x"])


def script(answer: bytes, padding: int = 0, burn: int = 0, *, reverting: bool = False) -> Callable[[Any], None]:
    """The core answers so from now on."""

    def apply(core: Any) -> None:
        core.script(answer, padding, burn, reverting, sender=core.provider.account_manager.test_accounts[0])

    return apply


NO_ANSWER = {
    "no code": no_code,
    "nothing": script(b""),
    "one byte too few": script(word(ADMITTED)[1:]),
    "one byte too many": script(word(ADMITTED), 1),
    "one word too many": script(word(ADMITTED), 32),
    "as much as it can pay for": script(word(ADMITTED), LARGEST_RETURN),
    "a megabyte": script(word(ADMITTED), MEGABYTE),
    "a revert": script(b"", reverting=True),
    "a revert with an admission": script(word(ADMITTED), reverting=True),
    "a revert with as much as it can pay for": script(word(ADMITTED), LARGEST_RETURN, reverting=True),
    "all gas burnt": script(word(ADMITTED), 0, ALL_GAS),
    "admitted is 2": script(word(ADMITTED + 1)),
    "reason beyond the last": script(word(LARGEST + (1 << 8))),
    "scope beyond the last": script(word(LARGEST + (1 << 16))),
    "agent beyond 32 bits": script(word(ADMITTED | 1 << 96)),
    "a dirty top bit": script(word(ADMITTED | 1 << 255)),
}


@pytest.fixture(params=list(NO_ANSWER.values()), ids=list(NO_ANSWER))
def broken_core(request: pytest.FixtureRequest, hostile_core: Any) -> Any:
    """A core that gives no answer, in every way."""
    request.param(hostile_core)
    return hostile_core


def test_guarded__no_answer__reverts(broken_core: Any, hostile_probe: Any, wallet: Any) -> None:
    """BR-16: a lane fails closed by default, whatever the core does instead of answering."""
    with reverts_with(hostile_probe, "CoreUnavailable", core=broken_core):
        hostile_probe.actHard(CLOSED_LANE, VALUE, sender=wallet, gas=PLENTY)
    assert hostile_probe.count() == 1


def test_softly_guarded__no_answer__reverts(broken_core: Any, hostile_probe: Any, wallet: Any) -> None:
    """BR-16: a soft lane fails closed by a revert too, since no evidence is lost with it."""
    with reverts_with(hostile_probe, "CoreUnavailable", core=broken_core):
        hostile_probe.actSoftly(CLOSED_LANE, VALUE, sender=wallet, gas=PLENTY)


def test_admit_then_try__no_answer__reverts(broken_core: Any, hostile_probe: Any, wallet: Any) -> None:
    """BR-16: charge-then-try fails closed likewise."""
    with reverts_with(hostile_probe, "CoreUnavailable", core=broken_core):
        hostile_probe.tryAct(CLOSED_LANE, VALUE, False, 0, sender=wallet, gas=PLENTY)


@pytest.mark.usefixtures("broken_core")
def test_guarded__no_answer_and_fail_open__acts_and_tells(hostile_probe: Any, wallet: Any) -> None:
    """BR-16: a lane that fails open lets the action pass, within a gas bound, and says so in an event."""
    receipt = hostile_probe.actHard(OPEN_LANE, VALUE, sender=wallet, gas=PLENTY)
    assert hostile_probe.count() == 2
    assert hostile_probe.FailedOpen.from_receipt(receipt) == [
        hostile_probe.FailedOpen(lane=OPEN_LANE, wallet=wallet, value=VALUE)
    ]
    assert receipt.gas_used < ANSWER_GAS + 50_000


@pytest.mark.usefixtures("broken_core")
def test_admit__no_answer_and_fail_open__verdict_is_clean(hostile_probe: Any, wallet: Any) -> None:
    """BR-16: nothing of a malformed answer gets into the verdict of a lane that failed open."""
    receipt = hostile_probe.ask(OPEN_LANE, VALUE, sender=wallet, gas=PLENTY)
    (event,) = hostile_probe.Answered.from_receipt(receipt)
    assert event.verdict == 1


def test_guarded__admitted__acts(hostile_core: Any, hostile_probe: Any, wallet: Any) -> None:
    """BR-5: the core is asked about the caller, with the protocol's lane and value, and its admission counts."""
    script(word(ADMITTED))(hostile_core)
    receipt = hostile_probe.actHard(CLOSED_LANE, VALUE, sender=wallet, gas=PLENTY)
    assert hostile_probe.count() == 2
    assert hostile_core.Asked.from_receipt(receipt) == [
        hostile_core.Asked(lane=CLOSED_LANE, wallet=wallet, value=VALUE)
    ]
    assert not hostile_probe.FailedOpen.from_receipt(receipt)


@pytest.mark.parametrize("lane", [CLOSED_LANE, OPEN_LANE])
def test_guarded__denied__reverts_with_verdict(lane: int, hostile_core: Any, hostile_probe: Any, wallet: Any) -> None:
    """BR-4: a denial reverts with the lane, the caller and the whole verdict, in lanes that fail open too."""
    script(word(DENIED))(hostile_core)
    with reverts_with(hostile_probe, "AgentDenied", lane=lane, wallet=wallet, verdict=DENIED):
        hostile_probe.actHard(lane, VALUE, sender=wallet, gas=PLENTY)


@pytest.mark.parametrize("lane", [CLOSED_LANE, OPEN_LANE])
def test_softly_guarded__denied__does_nothing(lane: int, hostile_core: Any, hostile_probe: Any, wallet: Any) -> None:
    """BR-4: a soft refusal succeeds, does nothing and returns zero, in lanes that fail open too."""
    script(word(DENIED))(hostile_core)
    assert hostile_probe.actSoftly.call(lane, VALUE, sender=wallet) is False
    hostile_probe.actSoftly(lane, VALUE, sender=wallet, gas=PLENTY)
    assert hostile_probe.count() == 1


def test_softly_guarded__admitted__acts(hostile_core: Any, hostile_probe: Any, wallet: Any) -> None:
    """BR-4: an admitted action runs and returns what it returns."""
    script(word(ADMITTED))(hostile_core)
    assert hostile_probe.actSoftly.call(CLOSED_LANE, VALUE, sender=wallet) is True
    hostile_probe.actSoftly(CLOSED_LANE, VALUE, sender=wallet, gas=PLENTY)
    assert hostile_probe.count() == 2


@pytest.mark.parametrize("verdict", [ADMITTED, DENIED, LARGEST, 0])
def test_admit__well_formed_answer__is_the_verdict(
    verdict: int, hostile_core: Any, hostile_probe: Any, wallet: Any
) -> None:
    """BR-16: every value that a field's type holds is taken as it is."""
    script(word(verdict))(hostile_core)
    receipt = hostile_probe.ask(CLOSED_LANE, VALUE, sender=wallet, gas=PLENTY)
    (event,) = hostile_probe.Answered.from_receipt(receipt)
    assert event.verdict == verdict


def test_admit__answer_dearer_than_the_bound__counts_as_none(
    hostile_core: Any, hostile_probe: Any, wallet: Any
) -> None:
    """BR-16: the core gets 500,000 gas and no more, however much the caller sends."""
    script(word(ADMITTED), 0, ANSWER_GAS - 40_000)(hostile_core)
    hostile_probe.actHard(CLOSED_LANE, VALUE, sender=wallet, gas=5_000_000)
    script(word(ADMITTED), 0, ANSWER_GAS)(hostile_core)
    with reverts_with(hostile_probe, "CoreUnavailable", core=hostile_core):
        hostile_probe.actHard(CLOSED_LANE, VALUE, sender=wallet, gas=5_000_000)


def test_admit__cheap_answer__needs_no_reserve(hostile_core: Any, hostile_probe: Any, wallet: Any) -> None:
    """BR-16: while the core answers, the caller need not send the gas of the dearest answer."""
    script(word(ADMITTED))(hostile_core)
    hostile_probe.actHard(OPEN_LANE, VALUE, sender=wallet, gas=150_000)
    assert hostile_probe.count() == 2


@pytest.mark.parametrize("lane", [CLOSED_LANE, OPEN_LANE])
def test_admit__starved_by_the_caller__reverts(lane: int, hostile_core: Any, hostile_probe: Any, wallet: Any) -> None:
    """BR-16: a failure under too little gas is the caller's: it reverts, in lanes that fail open too."""
    script(word(DENIED), 0, 300_000)(hostile_core)
    with reverts_with(hostile_probe, "GasTooLow", available=..., required=REQUIRED_GAS) as revert:
        hostile_probe.actHard(lane, VALUE, sender=wallet, gas=300_000)
    assert 200_000 < revert.fields["available"] < 300_000


def test_admit__any_gas__never_opens_the_door(
    project: Any, accounts: Any, hostile_core: Any, hostile_probe: Any, wallet: Any
) -> None:
    """BR-16: no gas limit turns a denial into an admission; a guard without the check can be starved (EIP-150)."""
    script(word(DENIED), 0, 400_000)(hostile_core)
    naive = accounts[0].deploy(project.NaiveProbe, hostile_core)

    def passes(probe: Any, gas: int) -> bool:
        data = probe.actHard.encode_input(OPEN_LANE, VALUE)
        call = {"from": wallet.address, "to": probe.address, "data": data.to_0x_hex(), "gas": hex(gas)}
        return "result" in raw_call(probe, call)

    limits = range(60_000, 700_000, 4_000)
    assert any(passes(naive, gas) for gas in limits), "the attack does not work: this test shows nothing"
    assert not any(passes(hostile_probe, gas) for gas in limits)


def raw_call(contract: Any, call: dict[str, str]) -> dict[str, Any]:
    """The node's answer to eth_call, an error included."""
    answer: dict[str, Any] = contract.provider.web3.provider.make_request("eth_call", [call, "latest"])
    return answer


def test_admit_then_try__action_succeeds__returns_its_result(
    hostile_core: Any, hostile_probe: Any, wallet: Any
) -> None:
    """BR-4: the action runs as a call of the protocol to itself, for the caller, and its result comes back whole."""
    script(word(ADMITTED))(hostile_core)
    receipt = hostile_probe.tryAct(CLOSED_LANE, VALUE, False, 1, sender=wallet, gas=PLENTY)
    (event,) = hostile_probe.Answered.from_receipt(receipt)
    assert event.verdict == ADMITTED
    assert event.success
    assert bytes(event.result) == encode(["address", "uint256"], [wallet.address, 2])
    assert hostile_probe.count() == 2


@pytest.mark.parametrize(("size", "kept"), [(1, 100), (128, 196), (192, 256), (100_000, 256)])
def test_admit_then_try__action_fails__is_undone_and_told(
    size: int, kept: int, hostile_core: Any, hostile_probe: Any, wallet: Any
) -> None:
    """BR-4: a failing action is undone, the transaction goes through, and of the revert data 256 bytes are kept."""
    script(word(ADMITTED))(hostile_core)
    receipt = hostile_probe.tryAct(CLOSED_LANE, VALUE, True, size, sender=wallet, gas=PLENTY)
    (event,) = hostile_probe.Answered.from_receipt(receipt)
    assert event.verdict == ADMITTED
    assert not event.success
    (failed,) = hostile_probe.ActionFailed.from_receipt(receipt)
    assert (failed.lane, failed.wallet, failed.value) == (CLOSED_LANE, wallet, VALUE)
    whole = function_signature_to_4byte_selector("ActionRefused(bytes)") + encode(["bytes"], [bytes(size)])
    assert bytes(failed.reason) == bytes(event.result) == whole[:kept]
    assert hostile_probe.count() == 1


def test_admit_then_try__action_burns_all_gas__charge_stays(hostile_core: Any, hostile_probe: Any, wallet: Any) -> None:
    """BR-4: an action that runs out of gas leaves 1/64 of it: enough to end well, so that the charge stays."""
    script(word(ADMITTED))(hostile_core)
    receipt = hostile_probe.tryAct(CLOSED_LANE, VALUE, True, 0, sender=wallet, gas=PLENTY)
    (failed,) = hostile_probe.ActionFailed.from_receipt(receipt)
    assert bytes(failed.reason) == b""
    assert len(hostile_core.Asked.from_receipt(receipt)) == 1


def test_admit_then_try__denied__runs_nothing(hostile_core: Any, hostile_probe: Any, wallet: Any) -> None:
    """BR-4: a denied caller's action is not run."""
    script(word(DENIED))(hostile_core)
    receipt = hostile_probe.tryAct(CLOSED_LANE, VALUE, False, 1, sender=wallet, gas=PLENTY)
    (event,) = hostile_probe.Answered.from_receipt(receipt)
    assert event.verdict == DENIED
    assert (event.success, bytes(event.result)) == (False, b"")
    assert hostile_probe.count() == 1
    assert not hostile_probe.ActionFailed.from_receipt(receipt)


def test_only_self__anyone_else__reverts(hostile_probe: Any, wallet: Any, admin: Any) -> None:
    """BR-5: the inner half, which believes the wallet it is given, is closed to everyone but the protocol."""
    for caller in (wallet, admin):
        with reverts_with(hostile_probe, "NotSelf", caller=caller):
            hostile_probe.actFor(wallet, False, 1, sender=caller, gas=PLENTY)


def test_constructor__core_without_code__reverts(project: Any, accounts: Any, admin: Any, stranger: Any) -> None:
    """BR-16: a protocol cannot be deployed with an address that is no contract as its core."""
    with reverts_without_data():
        accounts[0].deploy(project.GuardedProbe, stranger, admin, 0, gas=PLENTY)
