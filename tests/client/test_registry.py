"""The client of identity registries."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from switchgear import InvalidInput, Registry, core_address, errors, signing
from switchgear.types import ZERO_ADDRESS

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.support.world import World

UNKNOWN = 999


def test_register__plain_uri_and_metadata__are_three_forms_of_one(world: World) -> None:
    """ERC-8004's three register functions are one here; each gives the next id, the first being 0 (ID-2)."""
    assert world.agent_id == 0
    plain = world.registry.register(sender=world.stranger).event("Registered").args
    named = world.registry.register("ipfs://b", sender=world.stranger).event("Registered").args
    full = world.registry.register("ipfs://c", {"model": b"m", "v": b"2"}, sender=world.stranger)
    agent_id = full.event("Registered").args["agentId"]

    assert [plain["agentId"], named["agentId"], agent_id] == [1, 2, 3]
    assert world.registry.agent_uri(1) == ""
    assert world.registry.agent_uri(2) == named["agentURI"] == "ipfs://b"
    assert (world.registry.metadata(3, "model"), world.registry.metadata(3, "v")) == (b"m", b"2")
    assert world.registry.balance_of(world.stranger.address) == 3


def test_register__reserved_key__is_refused(world: World) -> None:
    """The key agentWallet is the registry's own."""
    with pytest.raises(errors.MetadataKeyReserved) as raised:
        world.registry.register("", {"agentWallet": b"\x01"}, sender=world.stranger)
    assert raised.value.metadata_key == "agentWallet"


def test_reads__of_an_agent__are_what_was_written(world: World) -> None:
    """Owner, wallet, authorisation, version and core are read."""
    registry, agent = world.registry, world.agent_id

    assert registry.owner_of(agent) == world.owner.address
    assert registry.agent_wallet(agent) == world.owner.address
    assert registry.is_authorized_or_owner(world.owner.address, agent)
    assert not registry.is_authorized_or_owner(world.stranger.address, agent)
    assert registry.core() == core_address()
    assert registry.eip712_domain() == signing.REGISTRY_DOMAIN
    assert registry.version().startswith("2.0.0")


def test_writes__by_the_owner__change_the_record(world: World) -> None:
    """URI, metadata and wallet are written and cleared."""
    registry, agent = world.registry, world.agent_id
    registry.set_agent_uri(agent, "ipfs://new", sender=world.owner)
    registry.set_metadata(agent, "k", b"value", sender=world.owner)
    registry.unset_agent_wallet(agent, sender=world.owner)

    assert registry.agent_uri(agent) == "ipfs://new"
    assert registry.metadata(agent, "k") == b"value"
    assert registry.agent_wallet(agent) is None


def test_transfer__to_a_new_owner__ends_bindings_and_answers_at_each_block(world: World) -> None:
    """ID-4: the core is told in the same transaction; reads at the earlier block tell the earlier owner."""
    before = int(world.node.block()["number"], 16)
    world.registry.transfer(world.agent_id, world.stranger.address, sender=world.owner)

    assert world.registry.owner_of(world.agent_id) == world.stranger.address
    assert world.registry.owner_of(world.agent_id, block_identifier=before) == world.owner.address
    assert not world.breaker.status(world.wallet.address).admitted


@pytest.mark.parametrize(
    "write",
    [
        lambda w, s: w.registry.set_agent_uri(w.agent_id, "x", sender=s),
        lambda w, s: w.registry.set_metadata(w.agent_id, "k", b"", sender=s),
        lambda w, s: w.registry.unset_agent_wallet(w.agent_id, sender=s),
        lambda w, s: w.registry.transfer(w.agent_id, w.deployer.address, sender=s),
    ],
    ids=["uri", "metadata", "wallet", "transfer"],
)
def test_writes__by_a_stranger__raise_a_typed_error(world: World, write: Callable[..., Any]) -> None:
    """Nobody else writes an agent's record, and the error names who tried."""
    with pytest.raises((errors.ERC721InsufficientApproval, errors.ERC721IncorrectOwner)) as raised:
        write(world, world.stranger)
    assert world.stranger.address in raised.value.fields().values()


def test_reads__unknown_agent__raise_typed_errors(world: World) -> None:
    """An agent that was never registered has no owner and no URI, and that is told."""
    with pytest.raises(errors.OwnerUnavailable) as raised:
        world.registry.owner_of(UNKNOWN)
    assert raised.value.fields() == {"registry": world.registry.address, "agent_id": UNKNOWN}
    with pytest.raises(errors.ERC721NonexistentToken):
        world.registry.agent_uri(UNKNOWN)
    assert world.registry.agent_wallet(UNKNOWN) is None
    assert world.registry.metadata(UNKNOWN, "k") == b""


@pytest.mark.parametrize("agent_id", [-1, 2**256, "0", None, True])
def test_reads__id_that_no_uint256_is__are_refused(world: World, agent_id: Any) -> None:
    """An id is a uint256."""
    with pytest.raises(InvalidInput, match="agent_id"):
        world.registry.owner_of(agent_id)


def test_transfer__to_the_zero_address__is_refused(world: World) -> None:
    """An agent cannot be burned by mistake."""
    with pytest.raises(InvalidInput, match="to is the zero address"):
        world.registry.transfer(world.agent_id, ZERO_ADDRESS, sender=world.owner)


def test_set_agent_wallet__stale_far_or_foreign_signature__raises_its_error(world: World) -> None:
    """Each thing that can be wrong with a consent has its own error."""
    registry, agent, wallet = world.registry, world.agent_id, world.stranger
    now = world.now

    def consent(deadline: int) -> dict[str, Any]:
        message = registry.agent_wallet_set(agent, wallet.address, deadline)
        return {"deadline": deadline, "signature": signing.sign(message, wallet), "sender": world.owner}

    with pytest.raises(errors.DeadlinePassed):
        registry.set_agent_wallet(agent, wallet.address, **consent(now - 10))
    with pytest.raises(errors.DeadlineTooFar) as raised:
        registry.set_agent_wallet(agent, wallet.address, **consent(now + 3_600))
    assert raised.value.latest_deadline is not None
    wrong = consent(now + 100) | {
        "signature": signing.sign(registry.agent_wallet_set(agent, wallet.address, 1), wallet)
    }
    with pytest.raises(errors.AgentWalletSignatureInvalid) as invalid:
        registry.set_agent_wallet(agent, wallet.address, **wrong)
    assert invalid.value.new_wallet == wallet.address


def test_core__of_a_registry_that_is_no_agent_identity__is_none(world: World) -> None:
    """A foreign registry tells no core of transfers: somebody has to call sync (ID-4)."""
    assert Registry(world.web3, world.breaker.address).core() is None


ANSWERS_TOO_MUCH = "0x" + "7f" + "ff" * 32 + "60005260206000f3"
"""Answers 32 bytes of ones to everything: no address."""
ANSWERS_ZERO = "0x60206000f3"


@pytest.mark.parametrize("code", [ANSWERS_TOO_MUCH, ANSWERS_ZERO, "0x60006000fd"], ids=["dirty", "zero", "reverts"])
def test_owner_of__registry_that_does_not_name_one_address__raises_owner_unavailable(world: World, code: str) -> None:
    """ID-4: what the core takes for no owner is none for the client either."""
    foreign = "0x" + "77" * 20
    world.node.request("anvil_setCode", foreign, code)

    with pytest.raises(errors.OwnerUnavailable) as raised:
        Registry(world.web3, foreign).owner_of(5)
    assert raised.value.fields() == {"registry": foreign, "agent_id": 5}


def test_reads__registry_that_answers_nonsense__raise_answer_invalid(world: World) -> None:
    """An answer that the ABI does not promise is told by function and address, not as a decoder's error."""
    foreign = "0x" + "77" * 20
    world.node.request("anvil_setCode", foreign, ANSWERS_TOO_MUCH)

    with pytest.raises(errors.AnswerInvalid) as raised:
        Registry(world.web3, foreign).version()
    assert raised.value.fields() == {"function": "getVersion", "address": foreign}
