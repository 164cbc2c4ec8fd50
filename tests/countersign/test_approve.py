"""Handing in signatures: who, how many, over what, until when, how often (WP-7)."""

from __future__ import annotations

from dataclasses import astuple, dataclass
from typing import TYPE_CHECKING, Any

import ape
import pytest
from eth_utils.address import to_checksum_address

from switchgear import signing
from tests.countersign.council import (
    APPROVED,
    CONSUMED,
    DELAY,
    GAS,
    LIFE,
    NONE,
    THRESHOLD,
    VETOED,
    WINDOW,
    Council,
    party,
)
from tests.support.reverts import reverts_with

if TYPE_CHECKING:
    from tests.support.core import World


def test_approve__two_of_three__is_recorded_with_everything(council: Council, world: World) -> None:
    """WP-7: the event has all that somebody needs to veto or to look it up, and the wait starts at once."""
    action, now = council.action(), world.soon()
    receipt = council.approve(action)
    (event,) = council.contract.Countersigned.from_receipt(receipt)
    assert bytes(event.id) == council.id(action)
    assert (event.policy, event.wallet, event.actor) == (action.policy, action.wallet, world.stranger.address)
    *parties, calls, nonce, expiry = event.action
    assert (*map(to_checksum_address, parties), bytes(calls), nonce, expiry) == action
    assert (event.eta, event.expiry) == (now + DELAY, now + DELAY + WINDOW)
    assert [bytes(one) for one in event.signers] == [party(council.alice), party(council.bob)]
    assert tuple(council.contract.approvalOf(event.id)) == (action.policy, event.eta, event.expiry, APPROVED)
    newest = council.contract.newestOf(action.policy, action.account, action.wallet, action.calls)
    assert bytes(newest) == council.id(action)


@pytest.mark.parametrize("number", [THRESHOLD - 1, THRESHOLD, THRESHOLD + 1])
def test_approve__threshold_and_one_either_side__counts(council: Council, number: int) -> None:
    """WP-7: one too few is refused; more than enough is fine."""
    action, people = council.action(), council.people[:number]
    if number < THRESHOLD:
        with reverts_with(council.contract, "TooFewSignatures", given=number, threshold=THRESHOLD):
            council.approve(action, people)
        assert council.state(action) == NONE
    else:
        council.approve(action, people)
        assert council.state(action) == APPROVED


def test_approve__signers_in_any_order__counts(council: Council) -> None:
    """WP-7: sorting by hash only saves gas."""
    for nonce, people in enumerate([(council.alice, council.bob), (council.bob, council.alice)]):
        action = council.action(nonce, calls=bytes([nonce]) * 32)
        council.approve(action, people)
        assert council.state(action) == APPROVED


@pytest.mark.parametrize("order", ["aa", "aba", "baa"])
def test_approve__a_signer_twice__is_refused(council: Council, order: str) -> None:
    """WP-7: one person is one signature, in whatever place the second one is."""
    action = council.action()
    people = [council.alice if one == "a" else council.bob for one in order]
    with reverts_with(council.contract, "InvalidSignatures", digest=council.contract.digestOf(action)):
        council.approve(action, people)


@pytest.mark.parametrize("number", [1, 3])
def test_approve__not_one_signature_each__is_refused(council: Council, number: int) -> None:
    """WP-7: signers and signatures are pairs."""
    action = council.action()
    signatures = [council.sign(action, one) for one in council.people[:number]]
    with reverts_with(council.contract, "InvalidSignatures", digest=...):
        council.approve(action, signatures=signatures)


def test_approve__a_signature_of_somebody_else__is_refused(council: Council, world: World) -> None:
    """WP-7: neither may a stranger sign in a signer's name, nor under their own."""
    action = council.action()
    good, forged = council.sign(action, council.alice), council.sign(action, world.stranger)
    with reverts_with(council.contract, "InvalidSignatures", digest=council.contract.digestOf(action)):
        council.approve(action, signatures=[good, forged])
    with reverts_with(council.contract, "NotSigner", signer=party(world.stranger)):
        council.approve(action, (council.alice, world.stranger))


@pytest.mark.parametrize("form", ["empty", "compact", "high-s"])
def test_approve__a_signature_in_another_form__is_refused(council: Council, form: str) -> None:
    """WP-7: one signature has one form: a malleated one is none."""
    action = council.action()
    good = council.sign(action, council.bob)
    order = 0xFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFEBAAEDCE6AF48A03BBFD25E8CD0364141
    high = (order - int.from_bytes(good[32:64], "big")).to_bytes(32, "big")
    other = {"empty": b"", "compact": good[:64], "high-s": good[:32] + high + bytes([55 - good[64]])}[form]
    with reverts_with(council.contract, "InvalidSignatures", digest=...):
        council.approve(action, signatures=[council.sign(action, council.alice), other])


OTHERS: dict[str, Any] = {
    "policy": "0x" + "01" * 20,
    "account": "0x" + "02" * 20,
    "wallet": "0x" + "03" * 20,
    "calls": b"\x04" * 32,
    "nonce": 5,
    "expiry": 2**40 - 1,
}


@pytest.mark.parametrize("field", OTHERS)
def test_approve__signed_for_another_action__is_refused(council: Council, field: str) -> None:
    """WP-7: a signature is good for one action: its policy, account, wallet, calls, nonce and expiry."""
    signed = council.action()
    replayed = signed._replace(**{field: OTHERS[field]})
    signatures = [council.sign(signed, one) for one in council.people[:2]]
    with reverts_with(council.contract, "InvalidSignatures", digest=council.contract.digestOf(replayed)):
        council.approve(replayed, signatures=signatures)


@pytest.mark.parametrize("where", ["chain", "council"])
def test_approve__signed_for_another_place__is_refused(council: Council, where: str) -> None:
    """WP-7: nor on another chain or before another council of the same people."""
    action = council.action()
    other = council.deploy(*council.people)
    place = {"chain_id": ape.chain.chain_id + 1} if where == "chain" else {"contract": other}
    signatures = [council.sign(action, one, **place) for one in council.people[:2]]
    with reverts_with(council.contract, "InvalidSignatures", digest=...):
        council.approve(action, signatures=signatures)
    if where == "council":
        council.approve(action, signatures=signatures, contract=other)


def test_digestOf__is_EIP712_with_the_live_chain(council: Council) -> None:
    """WP-7: what wallets show and sign is what the contract checks; after a fork of the chain it is another."""
    action, chain_id = council.action(), ape.chain.chain_id
    assert bytes(council.contract.digestOf(action)) == signing.digest(council.message(action))
    calldata = council.contract.digestOf.encode_input(action)
    request = {"to": council.contract.address, "data": "0x" + bytes(calldata).hex()}
    node = ape.chain.provider.make_request
    node("anvil_setChainId", [chain_id + 1])
    try:
        forked = bytes.fromhex(node("eth_call", [request, "latest"])[2:])
    finally:
        node("anvil_setChainId", [chain_id])
    assert forked == signing.digest(council.message(action, chain_id=chain_id + 1))


@pytest.mark.parametrize("late", [-1, 0])
def test_approve__at_the_expiry_and_a_second_before__is_refused_and_taken(
    council: Council, world: World, late: int
) -> None:
    """WP-7: the expiry is the first second at which nothing counts any more."""
    action = council.action()
    world.at(action.expiry + late)
    if late < 0:
        council.approve(action)
        assert council.state(action) == APPROVED
    else:
        with reverts_with(council.contract, "ActionExpired", expiry=action.expiry):
            council.approve(action)


@pytest.mark.parametrize("fate", ["approved", "consumed", "vetoed", "expired"])
def test_approve__nonce_used__is_refused_whatever_became_of_it(council: Council, world: World, fate: str) -> None:
    """WP-7: a nonce serves one approval, even of another action; the same number of another policy is another nonce."""
    action = council.action()
    council.approve(action)
    if fate == "consumed":
        council.consume(action)
    elif fate == "vetoed":
        council.contract.veto(council.id(action), sender=council.chief)
    elif fate == "expired":
        world.wait(DELAY + WINDOW)
    for replayed in (action, action._replace(calls=b"\x07" * 32)):
        with reverts_with(council.contract, "NonceUsed", policy=action.policy, nonce=action.nonce):
            council.approve(replayed)
    other = action._replace(policy=world.stranger.address)
    council.approve(other)
    assert council.state(other) == APPROVED


@dataclass(frozen=True)
class Fate:
    """What happens to the first of two equal actions, and whether the second is taken then."""

    name: str
    taken: bool


FATES = [Fate("unused", False), Fate("ends-next-second", False), Fate("ended", True)]
FATES += [Fate("consumed", True), Fate("vetoed", True)]


@pytest.mark.parametrize(("fate", "taken"), [astuple(one) for one in FATES])
def test_approve__equal_action__waits_for_the_first(council: Council, world: World, fate: str, taken: bool) -> None:
    """WP-7: of equal actions one approval is unused at a time, so that consuming one never needs to choose."""
    first, second = council.action(1), council.action(2)
    now = world.soon()
    council.approve(first)
    end = now + DELAY + WINDOW
    if fate == "consumed":
        council.consume(first)
    elif fate == "vetoed":
        council.contract.veto(council.id(first), sender=council.bob)
    elif fate == "ends-next-second":
        world.at(end - 1)
    elif fate == "ended":
        world.at(end)
    if taken:
        council.approve(second)
        council.consume(second)
        assert council.state(second) == CONSUMED
        assert council.state(first) == {"consumed": CONSUMED, "vetoed": VETOED, "ended": APPROVED}[fate]
    else:
        with reverts_with(council.contract, "AlreadyApproved", id=council.id(first)):
            council.approve(second)


def test_approve__two_proposals_with_one_nonce__only_one_is_ever_approved(council: Council) -> None:
    """WP-7: people replace what they have signed by signing another action with its nonce."""
    signed, better = council.action(calls=b"\x01" * 32), council.action(calls=b"\x02" * 32)
    council.approve(better)
    with reverts_with(council.contract, "NonceUsed", policy=signed.policy, nonce=signed.nonce):
        council.approve(signed)


def test_approve__signer_became_a_wallet__is_refused(council: Council, world: World) -> None:
    """ID-7: who was bound to an agent after becoming a signer signs nothing more; the others go on."""
    action = council.action()
    world.bind(world.agent, council.bob)
    with reverts_with(world.core, "BoundWalletHasNoAuthority", wallet=council.bob.address, agent=world.agent):
        council.approve(action)
    council.approve(action, (council.alice, council.carol))
    assert council.state(action) == APPROVED


def test_approve__signer_removed__no_longer_counts(council: Council) -> None:
    """WP-7: a signature given before its signer was removed is worth nothing after."""
    action = council.action(expiry=council.world.now + LIFE)
    signatures = [council.sign(action, one) for one in council.people[:2]]
    council.loosen("removeSigners", [party(council.bob)])
    with reverts_with(council.contract, "NotSigner", signer=party(council.bob)):
        council.approve(action, signatures=signatures, gas=GAS)
