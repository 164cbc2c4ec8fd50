"""Consents by signature: deadline, domain, nonce, signer (ID-1, ID-9)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from switchgear import signing
from switchgear.types import Reason
from tests.support.core import DAY, HOUR, NEVER_EXPIRES, World
from tests.support.reverts import reverts_with

if TYPE_CHECKING:
    from collections.abc import Callable

WRONG: dict[str, Callable[[World], object]] = {
    "chainId": lambda _: 1,
    "verifyingContract": lambda w: w.registry.address,
    "name": lambda _: "Switch",
    "version": lambda _: "2",
    "registry": lambda w: w.foreign.address,
    "agentId": lambda w: w.agent_id + 1,
    "owner": lambda w: w.stranger.address,
    "deadline": lambda w: w.now + DAY,
    "wallet": lambda w: w.stranger.address,
    "nonce": lambda _: 1,
    "parent": lambda w: w.agent + 1,
}
"""Fields in which a signed message differs from what the core expects."""
DOMAIN = ("chainId", "verifyingContract", "name", "version")


def _changed(world: World, message: dict[str, Any], field: str) -> dict[str, Any]:
    """The message with one field wrong."""
    part = message["domain" if field in DOMAIN else "message"]
    wrong = WRONG[field](world)
    assert part[field] != wrong
    part[field] = wrong
    return message


def _bind(world: World, deadline: int, signature: bytes, wallet: Any = None) -> Any:
    return world.core.bindWallet(
        world.agent, wallet or world.spare, NEVER_EXPIRES, deadline, signature, sender=world.owner
    )


@pytest.mark.parametrize("wrong", [field for field in WRONG if field != "parent"])
def test_bindWallet__signed_for_something_else__is_refused(world: World, wrong: str) -> None:
    """ID-1: a consent is for one core, chain, identity, owner, wallet, nonce and deadline."""
    deadline = world.now + HOUR
    message = _changed(world, world.binding(world.agent, world.spare, deadline), wrong)
    with reverts_with(world.core, "InvalidSignature", signer=world.spare):
        _bind(world, deadline, signing.sign(message, world.spare))


@pytest.mark.parametrize("damage", ["another key", "empty", "short", "high s", "zero"])
def test_bindWallet__damaged_signature__is_refused(world: World, damage: str) -> None:
    """ID-1: nothing but a canonical signature by the wallet itself is its consent."""
    deadline = world.now + HOUR
    message = world.binding(world.agent, world.spare, deadline)
    signature = signing.sign(message, world.owner if damage == "another key" else world.spare)
    order = 0xFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFEBAAEDCE6AF48A03BBFD25E8CD0364141
    if damage == "high s":
        s = order - int.from_bytes(signature[32:64], "big")
        signature = signature[:32] + s.to_bytes(32, "big") + bytes([55 - signature[64]])
    signature = {"empty": b"", "short": signature[:64], "zero": bytes(65)}.get(damage, signature)
    with reverts_with(world.core, "InvalidSignature", signer=world.spare):
        _bind(world, deadline, signature)


@pytest.mark.parametrize(("late", "passes"), [(0, True), (1, False)])
def test_bindWallet__at_the_deadline__passes_and_a_second_later_not(world: World, late: int, passes: bool) -> None:
    """ID-1: the deadline is the last second at which a signature is good."""
    deadline = world.now + HOUR
    signature = signing.sign(world.binding(world.agent, world.spare, deadline), world.spare)
    world.at(deadline + late)
    if passes:
        _bind(world, deadline, signature)
        assert world.wallet_word(world.spare).agent == world.agent
    else:
        with reverts_with(world.core, "DeadlineExpired", deadline=deadline):
            _bind(world, deadline, signature)


def test_bindWallet__signature_used_twice__is_refused(world: World) -> None:
    """ID-1: a signature serves once, also for the same agent after a revocation."""
    deadline = world.now + HOUR
    signature = signing.sign(world.binding(world.agent, world.spare, deadline), world.spare)
    _bind(world, deadline, signature)
    with reverts_with(world.core, "InvalidSignature", signer=world.spare):
        _bind(world, deadline, signature)
    world.core.revokeWallet(world.spare, sender=world.spare)
    with reverts_with(world.core, "InvalidSignature", signer=world.spare):
        _bind(world, deadline, signature)
    assert world.status(world.spare).reason is Reason.WALLET_REVOKED


def test_voidBinding__outstanding_signature__is_dead(world: World) -> None:
    """ID-1: a wallet can void what it has signed; the next nonce works."""
    deadline = world.now + HOUR
    signature = signing.sign(world.binding(world.agent, world.spare, deadline), world.spare)
    (voided,) = world.events(world.core.voidBinding(sender=world.spare))
    assert (voided.name, voided.fields) == ("BindingVoided", {"wallet": world.spare.address, "nonce": 1})
    with reverts_with(world.core, "InvalidSignature", signer=world.spare):
        _bind(world, deadline, signature)
    world.bind(world.agent, world.spare)
    assert world.status(world.spare).admitted


def test_voidBinding__by_a_wallet_never_bound__leaves_it_unknown(world: World) -> None:
    """ID-5: a used nonce does not make anybody known."""
    world.core.voidBinding(sender=world.spare)
    assert world.status(world.spare).reason is Reason.WALLET_UNKNOWN


def test_bindWallet__contract_wallet__asks_ERC1271(world: World, project: Any) -> None:
    """ID-1: a contract consents by ERC-1271, in its own or its key's signature."""
    wallet = world.deployer.deploy(project.ContractWallet, world.spare)
    deadline = world.now + HOUR
    message = world.binding(world.agent, wallet, deadline)
    with reverts_with(world.core, "InvalidSignature", signer=wallet):
        _bind(world, deadline, signing.sign(message, world.stranger), wallet)
    _bind(world, deadline, signing.sign(message, world.spare), wallet)
    assert world.status(wallet).agent == world.agent


@pytest.mark.parametrize("wrong", [field for field in WRONG if field not in {"wallet", "nonce"}])
def test_enroll__consent_for_something_else__is_refused(world: World, wrong: str) -> None:
    """ID-9: a parent's owner consents to one child of one owner, once and until a deadline."""
    deadline = world.now + HOUR
    child = world.register(world.buyer)
    message = world.parent_consent(world.buyer, child, world.agent, deadline)
    if wrong == "agentId":
        message["message"]["agentId"] = child + 1
    else:
        _changed(world, message, wrong)
    signature = signing.sign(message, world.owner)
    with reverts_with(world.core, "InvalidSignature", signer=world.owner):
        world.core.enroll(world.registry, child, world.agent, 0, deadline, signature, sender=world.buyer)


@pytest.mark.parametrize(("late", "passes"), [(0, True), (1, False)])
def test_enroll__consent_at_its_deadline__passes_and_a_second_later_not(world: World, late: int, passes: bool) -> None:
    """ID-9: the deadline is the last second at which a consent is good."""
    deadline = world.now + HOUR
    child = world.register(world.buyer)
    message = world.parent_consent(world.buyer, child, world.agent, deadline)
    arguments = (world.registry, child, world.agent, 0, deadline, signing.sign(message, world.owner))
    world.at(deadline + late)
    if passes:
        world.core.enroll(*arguments, sender=world.buyer)
        assert world.agent_word(world.agent + 1).parent == world.agent
    else:
        with reverts_with(world.core, "DeadlineExpired", deadline=deadline):
            world.core.enroll(*arguments, sender=world.buyer)


def test_domainSeparator__matches_EIP5267(world: World) -> None:
    """ID-1: the domain has the live chain id and this core's address, and says so."""
    fields, name, version, chain, core, salt, extensions = world.core.eip712Domain()
    assert (bytes(fields), name, version, core) == (b"\x0f", "Switchgear", "1", world.core.address)
    assert (bytes(salt), list(extensions)) == (bytes(32), [])
    message = world.binding(world.agent, world.spare, world.now + HOUR)
    assert chain == message["domain"]["chainId"]
    from eth_account.messages import encode_typed_data  # noqa: PLC0415

    assert bytes(world.core.domainSeparator()) == encode_typed_data(full_message=message).header
