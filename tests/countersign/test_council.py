"""The council itself: who is in it, how many must sign, how long things wait, who changes that, and how fast."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

import pytest
from eth_utils.crypto import keccak

from tests.countersign.council import DELAY, GAS, THRESHOLD, Council, party
from tests.support.core import DAY, HOUR, ZERO
from tests.support.reverts import reverts_with

if TYPE_CHECKING:
    from tests.support.core import World

ALLOWANCE = 2 * HOUR
LONGEST = 30 * DAY
IDENTITY_PRECOMPILE = b"\x00" * 19 + b"\x04"
LOOSENING_WINDOW = 7 * DAY


def test_constructor__everything_right__is_as_said(council: Council, world: World) -> None:
    """WP-7: what was asked for is what there is; delays are the core's."""
    contract = council.contract
    assert contract.circuitBreaker() == world.core.address
    assert (contract.owner(), contract.pendingOwner()) == (council.chief.address, ZERO)
    assert sorted(map(bytes, contract.getSigners(0, 2**64 - 1))) == sorted(map(party, council.people))
    assert (contract.threshold(), contract.delay()) == (THRESHOLD, DELAY)
    assert (contract.MAX_DELAY(), contract.APPROVAL_WINDOW()) == (LONGEST, 7 * DAY)
    assert contract.LOOSENING_DELAY() == world.core.LOOSENING_DELAY()
    assert contract.LOOSENING_WINDOW() == world.core.LOOSENING_WINDOW()
    assert contract.eip712Domain()[1:3] == ("Switchgear Countersign", "1")


@pytest.mark.parametrize("delay", [ALLOWANCE, ALLOWANCE + 1, LONGEST, LONGEST + 1])
def test_constructor__delay_at_its_bounds__is_taken_inside_only(council: Council, world: World, delay: int) -> None:
    """BR-17: the wait exceeds what a sequencer may be down, and ends within a month."""
    assert world.core.OUTAGE_ALLOWANCE() == ALLOWANCE
    if ALLOWANCE < delay <= LONGEST:
        assert council.deploy(*council.people, delay=delay).delay() == delay
    else:
        fields = {"duration": delay, "above": ALLOWANCE, "maximum": LONGEST}
        with reverts_with(council.contract, "InvalidDuration", **fields):
            council.deploy(*council.people, delay=delay, gas=GAS)


class Refusal(NamedTuple):
    """What a council cannot be made of."""

    signers: list[Any]
    options: dict[str, Any]
    error: str
    fields: dict[str, Any]


def refusals(council: Council) -> dict[str, Refusal]:
    """Each wrong argument."""
    alice, bob, wallet = council.alice, council.bob, council.wallet
    bound = {"wallet": wallet.address, "agent": council.world.agent}
    short, precompiled, codeless = party(alice)[:19], IDENTITY_PRECOMPILE + b"k", party(alice) + b"k"
    invalid = "MultiSignerERC7913InvalidSigner"
    return {
        "no-owner": Refusal([alice, bob], {"owner": ZERO}, "OwnableInvalidOwner", {"owner": ZERO}),
        "owner-is-wallet": Refusal([alice, bob], {"owner": wallet}, "BoundWalletHasNoAuthority", bound),
        "signer-is-wallet": Refusal([alice, wallet], {}, "BoundWalletHasNoAuthority", bound),
        "nobody-must-sign": Refusal([alice, bob], {"threshold": 0}, "MultiSignerERC7913ZeroThreshold", {}),
        "too-many-must-sign": Refusal(
            [alice, bob], {"threshold": 3}, "MultiSignerERC7913UnreachableThreshold", {"signers": 2, "threshold": 3}
        ),
        "twice": Refusal([alice, alice], {}, "MultiSignerERC7913AlreadyExists", {"signer": party(alice)}),
        "short": Refusal([alice, short], {}, invalid, {"signer": short}),
        "verifier-without-code": Refusal([alice, codeless], {}, invalid, {"signer": codeless}),
        "verifier-is-a-precompile": Refusal([alice, precompiled], {}, invalid, {"signer": precompiled}),
    }


@pytest.mark.parametrize(
    "case",
    [
        "no-owner",
        "owner-is-wallet",
        "signer-is-wallet",
        "nobody-must-sign",
        "too-many-must-sign",
        "twice",
        "short",
        "verifier-without-code",
        "verifier-is-a-precompile",
    ],
)
def test_constructor__and_addSigners__refuse_what_cannot_sign(council: Council, case: str) -> None:
    """ID-7, WP-7: no agent's wallet, nobody twice, no precompile that says yes to everything, no empty council."""
    signers, options, error, fields = refusals(council)[case]
    with reverts_with(council.contract, error, **fields):
        council.deploy(*signers, **{"gas": 5_000_000, **options})
    if not options:
        unusable = [party(one) for one in signers if one is not council.alice] or [party(council.alice)]
        call = council.announce("addSigners", unusable)
        with reverts_with(council.contract, error, **fields):
            council.contract.execute(call, sender=council.chief, gas=GAS)


LOOSER: dict[str, Any] = {
    "addSigners": lambda c: ([party(c.account)],),
    "removeSigners": lambda c: ([party(c.carol)],),
    "setThreshold": lambda _: (THRESHOLD - 1,),
    "setDelay": lambda _: (DELAY - 1,),
}
UNCHANGED: dict[str, Any] = {"setThreshold": (THRESHOLD,), "setDelay": (DELAY,)}
TIGHTER: dict[str, Any] = {"setThreshold": (THRESHOLD + 1,), "setDelay": (DELAY + 1,)}
NOBODY = ("stranger", "wallet", "owner", "policy", "guardian", "admin", "alice")


@pytest.mark.parametrize("function", LOOSER)
def test_loosening__directly__is_refused_to_everybody(council: Council, world: World, function: str) -> None:
    """BR-9: what lets more happen, or fewer say no, waits, for the owner too."""
    arguments = LOOSER[function](council)
    with reverts_with(council.contract, "NotDelayed", caller=council.chief):
        getattr(council.contract, function)(*arguments, sender=council.chief)
    error = "NotOwner" if function in TIGHTER else "NotDelayed"
    for name in NOBODY:
        caller = getattr(council, name, None) or getattr(world, name)
        with reverts_with(council.contract, error, caller=caller):
            getattr(council.contract, function)(*arguments, sender=caller)


@pytest.mark.parametrize("function", TIGHTER)
def test_tightening__by_the_owner__lands_at_once(council: Council, world: World, function: str) -> None:
    """BR-9: more signatures and longer waits at once, by the owner alone; what changes nothing is no tightening."""
    for name in NOBODY:
        caller = getattr(council, name, None) or getattr(world, name)
        with reverts_with(council.contract, "NotOwner", caller=caller):
            getattr(council.contract, function)(*TIGHTER[function], sender=caller)
    with reverts_with(council.contract, "NotDelayed", caller=council.chief):
        getattr(council.contract, function)(*UNCHANGED[function], sender=council.chief)
    receipt = getattr(council.contract, function)(*TIGHTER[function], sender=council.chief)
    if function == "setDelay":
        assert council.contract.delay() == DELAY + 1
        (event,) = council.contract.DelayChanged.from_receipt(receipt)
        assert (event.actor, event.previous, event.delay) == (council.chief.address, DELAY, DELAY + 1)
    else:
        assert council.contract.threshold() == THRESHOLD + 1


@pytest.mark.parametrize("function", TIGHTER)
def test_tightening__cancels_what_was_announced_before(council: Council, world: World, function: str) -> None:
    """BR-9: a stricter setting ends an announced looser one of the same kind, and no other."""
    contract, looser = council.contract, LOOSER[function](council)
    others = [name for name in TIGHTER if name != function]
    call = getattr(contract, function).encode_input(*looser)
    other = getattr(contract, others[0]).encode_input(*LOOSER[others[0]](council))
    for announced in (call, other):
        contract.schedule(announced, sender=council.chief)
    at = world.soon()
    getattr(contract, function)(*TIGHTER[function], sender=council.chief)
    world.wait(DAY)
    with reverts_with(contract, "SupersededByTightening", tightenedAt=at):
        contract.execute(call, sender=council.chief)
    contract.execute(other, sender=council.chief)
    contract.cancel(keccak(call), sender=council.chief)
    council.loosen(function, *looser)


def test_settings__out_of_bounds__are_refused_later_too(council: Council) -> None:
    """BR-17: neither at once nor a day later is a wait too short or too long, or a threshold out of reach."""
    fields = {"above": ALLOWANCE, "maximum": LONGEST}
    with reverts_with(council.contract, "InvalidDuration", duration=LONGEST + 1, **fields):
        council.contract.setDelay(LONGEST + 1, sender=council.chief)
    call = council.announce("setDelay", ALLOWANCE)
    with reverts_with(council.contract, "InvalidDuration", duration=ALLOWANCE, **fields):
        council.contract.execute(call, sender=council.chief)
    with reverts_with(council.contract, "MultiSignerERC7913UnreachableThreshold", signers=3, threshold=4):
        council.contract.setThreshold(4, sender=council.chief)
    call = council.announce("setThreshold", 0)
    with reverts_with(council.contract, "MultiSignerERC7913ZeroThreshold"):
        council.contract.execute(call, sender=council.chief)


@pytest.mark.parametrize("function", LOOSER)
def test_loosening__after_a_day__is_done(council: Council, function: str) -> None:
    """BR-9: what was announced takes effect, and the council decides by it."""
    council.loosen(function, *LOOSER[function](council))
    contract, action = council.contract, council.action()
    if function == "addSigners":
        council.approve(action, (council.alice, council.account))
    elif function == "removeSigners":
        assert not contract.isSigner(party(council.carol))
    elif function == "setThreshold":
        council.approve(action, (council.alice,))
    else:
        now = council.world.soon()
        council.approve(action)
        assert contract.approvalOf(council.id(action)).eta == now + DELAY - 1


def test_setThreshold__raised_later__leaves_what_was_approved(council: Council) -> None:
    """WP-7: an approval counts as it was given; who wants it gone vetoes it."""
    action = council.action()
    council.approve(action)
    council.contract.setThreshold(THRESHOLD + 1, sender=council.chief)
    council.consume(action)


def test_removeSigners__below_the_threshold__is_refused(council: Council) -> None:
    """WP-7: a council that can approve nothing any more is not what anybody meant."""
    call = council.announce("removeSigners", [party(council.bob), party(council.carol)])
    fields = {"signers": 1, "threshold": THRESHOLD}
    with reverts_with(council.contract, "MultiSignerERC7913UnreachableThreshold", **fields):
        council.contract.execute(call, sender=council.chief)
    call = council.announce("removeSigners", [party(council.account)])
    with reverts_with(council.contract, "MultiSignerERC7913NonexistentSigner", signer=party(council.account)):
        council.contract.execute(call, sender=council.chief)


# ------------------------------------------------------------------ loosening waits


@pytest.fixture
def change(council: Council) -> bytes:
    """A call that loosens."""
    return bytes(council.contract.setThreshold.encode_input(THRESHOLD - 1))


@pytest.mark.parametrize("late", [-1, 0, LOOSENING_WINDOW, LOOSENING_WINDOW + 1])
def test_execute__eta_and_expiry_and_a_second_either_side__is_done_between(
    council: Council, world: World, change: bytes, late: int
) -> None:
    """BR-9: from the ETA to the expiry, both included."""
    now = world.soon()
    receipt = council.contract.schedule(change, sender=council.chief)
    (event,) = council.contract.LooseningScheduled.from_receipt(receipt)
    eta = now + DAY
    assert (event.actor, bytes(event.call)) == (council.chief.address, change)
    assert (event.eta, event.expiry) == (eta, eta + LOOSENING_WINDOW)
    assert council.contract.etaOf(event.id) == eta
    world.at(eta + late)
    if late < 0:
        with reverts_with(council.contract, "LooseningNotReady", eta=eta):
            council.contract.execute(change, sender=council.chief)
    elif late > LOOSENING_WINDOW:
        with reverts_with(council.contract, "LooseningExpired", expiry=eta + LOOSENING_WINDOW):
            council.contract.execute(change, sender=council.chief)
    else:
        executed = council.contract.execute(change, sender=council.chief)
        (done,) = council.contract.LooseningExecuted.from_receipt(executed)
        assert (bytes(done.id), done.actor) == (bytes(event.id), council.chief.address)
        assert (council.contract.threshold(), council.contract.etaOf(event.id)) == (THRESHOLD - 1, 0)
        with reverts_with(council.contract, "NotScheduled", id=event.id):
            council.contract.execute(change, sender=council.chief)


@pytest.mark.parametrize("late", [0, 1])
def test_schedule__twice__only_once_the_first_expired(council: Council, world: World, change: bytes, late: int) -> None:
    """BR-9: an announcement is not renewed while it counts; after that it starts anew."""
    now = world.soon()
    council.contract.schedule(change, sender=council.chief)
    eta = now + DAY
    world.at(eta + LOOSENING_WINDOW + late)
    if late:
        receipt = council.contract.schedule(change, sender=council.chief)
        (event,) = council.contract.LooseningScheduled.from_receipt(receipt)
        assert event.eta == eta + LOOSENING_WINDOW + 1 + DAY
    else:
        with reverts_with(council.contract, "AlreadyScheduled", id=..., eta=eta):
            council.contract.schedule(change, sender=council.chief)


def test_cancel__takes_it_back(council: Council, world: World, change: bytes) -> None:
    """BR-9: what was cancelled cannot be executed, nor cancelled again."""
    receipt = council.contract.schedule(change, sender=council.chief)
    announced = bytes(council.contract.LooseningScheduled.from_receipt(receipt)[0].id)
    cancelled = council.contract.cancel(announced, sender=council.chief)
    (event,) = council.contract.LooseningCancelled.from_receipt(cancelled)
    assert (bytes(event.id), event.actor) == (announced, council.chief.address)
    world.wait(DAY)
    with reverts_with(council.contract, "NotScheduled", id=announced):
        council.contract.execute(change, sender=council.chief)
    with reverts_with(council.contract, "NotScheduled", id=announced):
        council.contract.cancel(announced, sender=council.chief)


@pytest.mark.parametrize("name", NOBODY)
def test_owner_functions__by_anybody_else__are_refused(
    council: Council, world: World, change: bytes, name: str
) -> None:
    """BR-9: only the owner announces, executes, cancels and hands over."""
    caller = getattr(council, name, None) or getattr(world, name)
    contract = council.contract
    for function, argument in (
        ("schedule", change),
        ("execute", change),
        ("cancel", b"\x01" * 32),
        ("transferOwnership", caller),
    ):
        with reverts_with(contract, "NotOwner", caller=caller):
            getattr(contract, function)(argument, sender=caller)


def test_execute__a_call_of_no_function__fails_and_stays_announced(council: Council, world: World) -> None:
    """BR-9: an announced call that fails changes nothing, its own announcement included."""
    receipt = council.contract.schedule(b"\x01\x02\x03\x04", sender=council.chief)
    announced = council.contract.LooseningScheduled.from_receipt(receipt)[0]
    world.wait(DAY)
    with reverts_with(council.contract, "FailedCall"):
        council.contract.execute(b"\x01\x02\x03\x04", sender=council.chief)
    assert council.contract.etaOf(announced.id) == announced.eta


def test_owner__moves_in_two_steps__and_never_to_nobody(council: Council, world: World) -> None:
    """WP-6: the new owner has to say yes, and there is always one."""
    contract = council.contract
    contract.transferOwnership(world.spare, sender=council.chief)
    assert contract.owner() == council.chief.address
    with reverts_with(contract, "OwnableUnauthorizedAccount", account=world.stranger):
        contract.acceptOwnership(sender=world.stranger)
    contract.acceptOwnership(sender=world.spare)
    assert contract.owner() == world.spare.address
    contract.setDelay(DELAY + 1, sender=world.spare)
    for caller in (world.spare, council.chief):
        with reverts_with(contract, "OwnableInvalidOwner", owner=ZERO):
            contract.renounceOwnership(sender=caller)


def test_owner__that_is_a_wallet__has_no_power(council: Council, world: World, change: bytes) -> None:
    """ID-7: checked when it would become owner, and whenever it acts."""
    contract = council.contract
    contract.transferOwnership(world.wallet, sender=council.chief)
    with reverts_with(contract, "BoundWalletHasNoAuthority", wallet=world.wallet, agent=world.agent):
        contract.acceptOwnership(sender=world.wallet)
    world.bind(world.agent, council.chief)
    bound = {"wallet": council.chief, "agent": world.agent}
    for function, argument in (("schedule", change), ("setDelay", DELAY + 1), ("transferOwnership", world.spare)):
        with reverts_with(contract, "BoundWalletHasNoAuthority", **bound):
            getattr(contract, function)(argument, sender=council.chief)
