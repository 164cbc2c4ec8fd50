"""Transfers: the payment wallet is cleared and the core is told, in every way an agent can move (ID-4)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from tests.identity.conftest import AGENT, URI, logs
from tests.support.reverts import reverts_with

if TYPE_CHECKING:
    from collections.abc import Callable

ZERO = "0x0000000000000000000000000000000000000000"
WAYS = ["transferFrom", "safeTransferFrom", "safeTransferFrom with data"]


@pytest.fixture
def move(registry: Any, owner: Any) -> Callable[..., Any]:
    """Moves the agent from its owner, one way or another."""

    def go(way: str, to: Any, sender: Any) -> Any:
        if way == "safeTransferFrom with data":
            return registry.safeTransferFrom(owner, to, AGENT, b"note", sender=sender)
        return getattr(registry, way)(owner, to, AGENT, sender=sender)

    return go


@pytest.mark.parametrize("sender", ["owner", "approved", "operator"])
@pytest.mark.parametrize("to", ["buyer", "owner"])
@pytest.mark.parametrize("way", WAYS)
def test_transfer__any_way_to_anyone__clears_wallet_and_tells_core(
    registry: Any, sink: Any, move: Any, name_wallet: Any, wallet: Any, request: Any, way: str, to: str, sender: str
) -> None:
    """Every transfer, to oneself too, clears agentWallet, moves the agent and tells the core (ID-4, ERC-8004)."""
    name_wallet(wallet)
    old, new = request.getfixturevalue("owner"), request.getfixturevalue(to)
    receipt = move(way, new, request.getfixturevalue(sender))
    cleared, moved, told = logs(receipt, registry, sink)
    assert (cleared[0], cleared[1]["metadataKey"], cleared[1]["metadataValue"]) == ("MetadataSet", "agentWallet", b"")
    assert moved == ("Transfer", {"from": old, "to": new, "tokenId": AGENT})
    assert told == (
        "Told",
        {"registry": registry, "agentId": AGENT, "newOwner": new, "ownerSeen": new, "walletSeen": ZERO},
    )
    assert registry.ownerOf(AGENT) == new
    assert registry.getAgentWallet(AGENT) == ZERO
    assert registry.getMetadata(AGENT, "agentWallet") == b""
    assert registry.getApproved(AGENT) == ZERO


def test_transfer__twice__tells_core_each_time(registry: Any, sink: Any, owner: Any, buyer: Any) -> None:
    """The core hears of each transfer once, there and back, although owner and wallet end as before (ID-4)."""
    before = sink.calls()
    registry.transferFrom(owner, buyer, AGENT, sender=owner)
    registry.transferFrom(buyer, owner, AGENT, sender=buyer)
    assert sink.calls() == before + 2
    assert registry.getAgentWallet(AGENT) == ZERO


def test_transfer__record__goes_with_the_agent(registry: Any, owner: Any, buyer: Any) -> None:
    """URI and metadata belong to the agent and stay; only the wallet goes (ERC-8004)."""
    registry.setMetadata(AGENT, "k", b"v", sender=owner)
    registry.transferFrom(owner, buyer, AGENT, sender=owner)
    assert registry.tokenURI(AGENT) == URI
    assert registry.getMetadata(AGENT, "k") == b"v"


def test_transfer__other_agents__are_untouched(registry: Any, owner: Any, buyer: Any) -> None:
    """The wallets of the owner's other agents stay (ERC-8004)."""
    registry.register(sender=owner)
    registry.transferFrom(owner, buyer, AGENT, sender=owner)
    assert registry.getAgentWallet(1) == owner


def test_transfer__approvals__neither_clear_nor_tell(registry: Any, sink: Any, owner: Any, stranger: Any) -> None:
    """Approvals are no transfer: wallet and core are left alone (ID-4)."""
    before = sink.calls()
    registry.approve(stranger, AGENT, sender=owner)
    registry.setApprovalForAll(stranger, True, sender=owner)
    assert registry.getAgentWallet(AGENT) == owner
    assert sink.calls() == before


@pytest.mark.parametrize("way", WAYS)
def test_transfer__by_stranger__reverts_and_leaves_all(
    registry: Any, sink: Any, move: Any, owner: Any, stranger: Any, way: str
) -> None:
    """Who may not transfer can clear no wallet and send the core nothing (ERC-721, ID-4)."""
    before = sink.calls()
    with reverts_with(registry, "ERC721InsufficientApproval", operator=stranger, tokenId=AGENT):
        move(way, stranger, stranger)
    assert registry.getAgentWallet(AGENT) == owner
    assert sink.calls() == before


def test_transfer__wrong_from_or_zero_to_or_unknown__reverts(registry: Any, sink: Any, owner: Any, buyer: Any) -> None:
    """Transfers that ERC-721 refuses clear nothing and tell nobody; there is no burning (ERC-721)."""
    before = sink.calls()
    with reverts_with(registry, "ERC721IncorrectOwner", sender=buyer, tokenId=AGENT, owner=owner):
        registry.transferFrom(buyer, buyer, AGENT, sender=owner)
    with reverts_with(registry, "ERC721InvalidReceiver", receiver=ZERO):
        registry.transferFrom(owner, ZERO, AGENT, sender=owner)
    with reverts_with(registry, "ERC721NonexistentToken", tokenId=1):
        registry.transferFrom(owner, buyer, 1, sender=owner)
    assert registry.getAgentWallet(AGENT) == owner
    assert sink.calls() == before


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("to", ["buyer", "owner"])
def test_transfer__core_reverts__reverts_whole(
    registry: Any, sink: Any, accounts: Any, move: Any, owner: Any, request: Any, way: str, to: str
) -> None:
    """The core's revert is not caught: nothing moves, sooner than that old wallets should stay bound (ID-4)."""
    sink.setRefusing(True, sender=accounts[0])
    with reverts_with(sink, "SinkRefused", registry=registry, agentId=AGENT):
        move(way, request.getfixturevalue(to), owner)
    assert registry.ownerOf(AGENT) == owner
    assert registry.getAgentWallet(AGENT) == owner
    sink.setRefusing(False, sender=accounts[0])
    move(way, request.getfixturevalue(to), owner)


def test_transfer__core_reverts__everything_else_works(
    registry: Any, sink: Any, accounts: Any, owner: Any, approved: Any, name_wallet: Any, wallet: Any
) -> None:
    """Even then the registry registers agents and keeps their records: it needs the core for transfers alone (ID-4)."""
    sink.setRefusing(True, sender=accounts[0])
    registry.register(URI, [("k", b"v")], sender=owner)
    registry.setAgentURI(AGENT, "ipfs://new", sender=owner)
    registry.setMetadata(AGENT, "k", b"v", sender=approved)
    name_wallet(wallet)
    registry.unsetAgentWallet(AGENT, sender=owner)
    registry.approve(ZERO, AGENT, sender=owner)


def test_safeTransferFrom__receiver__sees_the_end_state(
    registry: Any, sink: Any, project: Any, accounts: Any, owner: Any, buyer: Any
) -> None:
    """When the receiver is called, the wallet is cleared and the core has been told already (ID-4)."""
    receiver = accounts[0].deploy(project.IdentityReceiverMock, registry, buyer)
    receiver.prepare(0, "agentWallet", sender=accounts[0])
    receipt = registry.safeTransferFrom(owner, receiver, AGENT, b"note", sender=owner)
    events = logs(receipt, registry, sink, receiver)
    assert [name for name, _ in events] == ["MetadataSet", "Transfer", "Told", "Seen"]
    assert events[-1][1] == {
        "agentId": AGENT,
        "operator": owner,
        "from": owner,
        "owner": receiver,
        "agentURI": URI,
        "wallet": ZERO,
        "metadataValue": b"",
        "data": b"note",
    }


def test_safeTransferFrom__receiver_moves_it_on__core_hears_every_move_in_order(
    registry: Any, sink: Any, project: Any, accounts: Any, owner: Any, buyer: Any
) -> None:
    """A receiver that re-enters with transfers leaves the core with the last owner as the last news (ID-4)."""
    receiver = accounts[0].deploy(project.IdentityReceiverMock, registry, buyer)
    receiver.prepare(3, "k", sender=accounts[0])
    receipt = registry.safeTransferFrom(owner, receiver, AGENT, sender=owner)
    told = [fields for name, fields in logs(receipt, sink) if name == "Told"]
    assert [each["newOwner"] for each in told] == [receiver, receiver, buyer]
    assert all(each["newOwner"] == each["ownerSeen"] for each in told)
    assert registry.ownerOf(AGENT) == buyer


def test_safeTransferFrom__receiver_cannot_receive__reverts(registry: Any, sink: Any, owner: Any) -> None:
    """A contract that takes no ERC-721 tokens gets none by the safe way, and nothing is cleared (ERC-721)."""
    with reverts_with(registry, "ERC721InvalidReceiver", receiver=sink):
        registry.safeTransferFrom(owner, sink, AGENT, sender=owner)
    assert registry.getAgentWallet(AGENT) == owner
