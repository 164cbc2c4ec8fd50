"""Signers of other kinds than keys: contracts, passkeys, and those that misbehave (WP-7)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import ape
import pytest

from tests.countersign import p256
from tests.countersign.council import APPROVED, GAS, NONE, Council, party
from tests.support.reverts import reverts_with

if TYPE_CHECKING:
    from tests.support.core import World

SECRET = 0x5EC12E7
YES, NO, REVERT, BOMB, BURN_GAS, REENTER = range(6)
BLOCK_GAS = 30_000_000
"""Enough for a megabyte, twice."""


@pytest.fixture(scope="module")
def hostile(council: Council, world: World) -> Any:
    """Answers for anybody's signature, as scripted."""
    return world.deployer.deploy(council.project.HostileSigner)


@pytest.fixture(scope="module", params=["ERC-1271", "ERC-7913"])
def mixed(request: Any, council: Council, hostile: Any) -> tuple[Any, bytes]:
    """A council in which a hostile contract sits, as a signer or as somebody's verifier; and that signer."""
    signer = party(hostile) if request.param == "ERC-1271" else party(hostile) + b"key"
    return council.deploy(council.alice, council.bob, signer), signer


def test_approve__contract_that_signs__asks_ERC1271(council: Council, world: World) -> None:
    """S7: a Safe or another account of people signs by its own rules."""
    safe = world.deployer.deploy(council.project.ContractWallet, world.spare)
    contract = council.deploy(council.alice, safe)
    action, signers = council.action(), [party(council.alice), party(safe)]
    alice = council.sign(action, council.alice, contract)
    forged = council.sign(action, world.stranger, contract)
    with reverts_with(contract, "InvalidSignatures", digest=contract.digestOf(action)):
        council.approve(action, signers=signers, signatures=[alice, forged], contract=contract)
    good = council.sign(action, world.spare, contract)
    council.approve(action, signers=signers, signatures=[alice, good], contract=contract)
    assert contract.approvalOf(council.id(action)).state == APPROVED


def test_approve__passkey__asks_its_ERC7913_verifier(council: Council, world: World) -> None:
    """S7: a P-256 key that has no address signs through OpenZeppelin's verifier; another key of the kind does not."""
    verifier = world.deployer.deploy(council.project.P256Verifier)
    passkey = party(verifier) + p256.public_key(SECRET)
    contract = council.deploy(council.alice, passkey)
    action, signers = council.action(), [party(council.alice), passkey]
    digest = bytes(contract.digestOf(action))
    alice = council.sign(action, council.alice, contract)
    with reverts_with(contract, "InvalidSignatures", digest=digest):
        council.approve(
            action, signers=signers, signatures=[alice, p256.sign(SECRET + 1, digest)], contract=contract, gas=GAS
        )
    council.approve(action, signers=signers, signatures=[alice, p256.sign(SECRET, digest)], contract=contract)
    assert contract.approvalOf(council.id(action)).state == APPROVED


@pytest.mark.parametrize("mode", [NO, REVERT, BURN_GAS])
def test_approve__signer_that_does_not_say_yes__only_stops_itself(
    council: Council, world: World, hostile: Any, mixed: tuple[Any, bytes], mode: int
) -> None:
    """WP-7: no, a revert with the magic value, and all gas burnt are no signature; the others approve without it."""
    contract, signer = mixed
    action = council.action()
    hostile.setMode(mode, sender=world.deployer)
    signatures = [council.sign(action, council.alice, contract), b""]
    with reverts_with(contract, "InvalidSignatures", digest=contract.digestOf(action)):
        council.approve(
            action, signers=[party(council.alice), signer], signatures=signatures, contract=contract, gas=GAS // 3
        )
    council.approve(action, contract=contract)
    assert contract.approvalOf(council.id(action)).state == APPROVED


def test_approve__signer_that_returns_a_megabyte__costs_whoever_asks_it(
    council: Council, world: World, hostile: Any, mixed: tuple[Any, bytes]
) -> None:
    """WP-7: what a signer returns beside its yes is paid for by who hands its signature in, and changes nothing."""
    contract, signer = mixed
    action = council.action()
    hostile.setMode(BOMB, sender=world.deployer)
    signatures = [council.sign(action, council.alice, contract), b""]
    council.approve(
        action, signers=[party(council.alice), signer], signatures=signatures, contract=contract, gas=BLOCK_GAS
    )
    assert contract.approvalOf(council.id(action)).state == APPROVED


@pytest.mark.parametrize("call", ["approve", "consume", "veto", "view"])
def test_approve__signer_that_calls_back__can_only_read(
    council: Council, world: World, hostile: Any, mixed: tuple[Any, bytes], call: str
) -> None:
    """WP-7: while signatures are checked nobody can write here: neither approve, nor consume, nor veto."""
    contract, signer = mixed
    action = council.action(policy=hostile.address)
    other = council.action(2, policy=hostile.address, calls=b"\x01" * 32)
    council.approve(other, contract=contract)
    arguments = {
        "approve": (action, [party(council.alice), party(council.bob)], _signatures(council, action, contract)),
        "consume": (other.account, other.wallet, other.calls, False),
        "veto": (council.id(other),),
        "view": (action,),
    }[call]
    data = getattr(contract, "digestOf" if call == "view" else call).encode_input(*arguments)
    if call in ("approve", "consume"):  # it would succeed, but for the static call
        snapshot = ape.chain.snapshot()
        hostile.forward(contract, data, sender=world.stranger)
        tried = action if call == "approve" else other
        assert contract.approvalOf(council.id(tried)).state == (APPROVED if call == "approve" else 2)
        ape.chain.restore(snapshot)
    hostile.setCall(contract, data, sender=world.deployer)
    hostile.setMode(REENTER, sender=world.deployer)
    both, signatures = [party(council.alice), signer], [council.sign(action, council.alice, contract), b""]
    if call == "view":
        council.approve(action, signers=both, signatures=signatures, contract=contract, gas=GAS)
        assert contract.approvalOf(council.id(action)).state == APPROVED
    else:
        with reverts_with(contract, "InvalidSignatures", digest=contract.digestOf(action)):
            council.approve(action, signers=both, signatures=signatures, contract=contract, gas=GAS)
        assert contract.approvalOf(council.id(action)).state == NONE
    assert contract.approvalOf(council.id(other)).state == APPROVED


def test_approve__verifier_became_a_wallet__is_refused(
    council: Council, world: World, hostile: Any, mixed: tuple[Any, bytes]
) -> None:
    """ID-7: a contract that was bound to an agent neither signs nor verifies any more."""
    contract, signer = mixed
    action = council.action()
    world.bind(world.agent, hostile, signer=world.spare)
    with reverts_with(contract, "BoundWalletHasNoAuthority", wallet=hostile, agent=world.agent):
        council.approve(
            action,
            signers=[party(council.alice), signer],
            signatures=[council.sign(action, council.alice, contract), b""],
            contract=contract,
            gas=GAS,
        )


def test_veto__by_a_verifier__is_refused(council: Council, world: World, hostile: Any) -> None:
    """WP-7: a verifier is no signer: it checks keys, and has no say itself."""
    contract = council.deploy(council.alice, council.bob, party(hostile) + b"key")
    action = council.action()
    council.approve(action, contract=contract)
    assert not hostile.forward.call(contract, contract.veto.encode_input(council.id(action)), sender=world.stranger)
    own = council.deploy(council.alice, council.bob, hostile)
    council.approve(action, contract=own)
    assert hostile.forward.call(own, own.veto.encode_input(council.id(action)), sender=world.stranger)


def _signatures(council: Council, action: Any, contract: Any) -> list[bytes]:
    return [council.sign(action, one, contract) for one in (council.alice, council.bob)]
