"""Registration: ERC-8004 "Registration", in all three forms, and what a receiver can do with it."""

from __future__ import annotations

from typing import Any

import pytest

from tests.identity.conftest import URI, logs
from tests.support.reverts import reverts_with

ZERO = "0x0000000000000000000000000000000000000000"
KEY = "agentName"
VALUE = b"Ada"
ENTRIES = [("b", b"\x01"), ("a", b""), ("b", b"\x02" * 70)]

# The order of modes in IdentityReceiverMock.
ACCEPT, REGISTER, REWRITE, FORWARD, REFUSE, REVERT = range(6)


@pytest.fixture
def receiver(project: Any, accounts: Any, empty_registry: Any, buyer: Any) -> Any:
    """A contract that registers agents and re-enters when they arrive."""
    return accounts[0].deploy(project.IdentityReceiverMock, empty_registry, buyer)


def wallet_set(agent_id: int, wallet: Any) -> tuple[str, dict[str, Any]]:
    """The event by which `agentWallet` is announced."""
    return metadata_set(agent_id, "agentWallet", bytes.fromhex(wallet.address[2:]) if wallet else b"")


def metadata_set(agent_id: int, key: str, value: bytes) -> tuple[str, dict[str, Any]]:
    """The event of one metadata value."""
    fields = {"agentId": agent_id, "indexedMetadataKey": ..., "metadataKey": key, "metadataValue": value}
    return ("MetadataSet", fields)


def without_topics(events: list[tuple[str, dict[str, Any]]]) -> list[tuple[str, dict[str, Any]]]:
    """The same events, the hashed key (which repeats the key) left out."""
    return [
        (name, {key: ... if key == "indexedMetadataKey" else value for key, value in fields.items()})
        for name, fields in events
    ]


def test_register__first_agent__has_id_zero(empty_registry: Any, owner: Any) -> None:
    """The first agentId is 0 and they count up from there (ID-2)."""
    with reverts_with(empty_registry, "ERC721NonexistentToken", tokenId=0):
        empty_registry.ownerOf(0)
    for expected in range(3):
        receipt = empty_registry.register(sender=owner)
        assert receipt.return_value == expected
        assert empty_registry.ownerOf(expected) == owner
    assert empty_registry.balanceOf(owner) == 3


def test_register__no_arguments__emits_in_the_deployed_order(empty_registry: Any, owner: Any) -> None:
    """register() emits Transfer, Registered, and MetadataSet for the caller as wallet; no URI is set (ERC-8004)."""
    receipt = empty_registry.register(sender=owner)
    assert without_topics(logs(receipt, empty_registry)) == [
        ("Transfer", {"from": ZERO, "to": owner, "tokenId": 0}),
        ("Registered", {"agentId": 0, "agentURI": "", "owner": owner}),
        wallet_set(0, owner),
    ]
    assert empty_registry.tokenURI(0) == ""
    assert empty_registry.getAgentWallet(0) == owner
    assert empty_registry.getMetadata(0, "agentWallet") == bytes.fromhex(owner.address[2:])


def test_register__with_uri__stores_it(empty_registry: Any, owner: Any) -> None:
    """register(string) stores the URI, and says so by ERC-4906's MetadataUpdate as well (ERC-8004)."""
    receipt = empty_registry.register(URI, sender=owner)
    assert without_topics(logs(receipt, empty_registry)) == [
        ("Transfer", {"from": ZERO, "to": owner, "tokenId": 0}),
        ("MetadataUpdate", {"_tokenId": 0}),
        ("Registered", {"agentId": 0, "agentURI": URI, "owner": owner}),
        wallet_set(0, owner),
    ]
    assert empty_registry.tokenURI(0) == URI


def test_register__with_metadata__emits_wallet_first_then_entries_in_order(empty_registry: Any, owner: Any) -> None:
    """One MetadataSet for agentWallet, then one for each entry as given; the later of equal keys stays (ERC-8004)."""
    receipt = empty_registry.register(URI, ENTRIES, sender=owner)
    assert without_topics(logs(receipt, empty_registry)) == [
        ("Transfer", {"from": ZERO, "to": owner, "tokenId": 0}),
        ("MetadataUpdate", {"_tokenId": 0}),
        ("Registered", {"agentId": 0, "agentURI": URI, "owner": owner}),
        wallet_set(0, owner),
        *(metadata_set(0, key, value) for key, value in ENTRIES),
    ]
    assert empty_registry.getMetadata(0, "b") == b"\x02" * 70
    assert empty_registry.getMetadata(0, "a") == b""


def test_register__empty_uri_and_metadata__equals_no_arguments(empty_registry: Any, owner: Any) -> None:
    """register("", []) leaves what register() leaves (ERC-8004)."""
    receipt = empty_registry.register("", [], sender=owner)
    assert [name for name, _ in logs(receipt, empty_registry)] == ["Transfer", "Registered", "MetadataSet"]
    assert empty_registry.tokenURI(0) == ""


@pytest.mark.parametrize("place", [0, 1, 2])
def test_register__reserved_key_anywhere__reverts(empty_registry: Any, owner: Any, place: int) -> None:
    """AgentWallet cannot be set during register(), wherever it stands in the array, and no id is used up (ERC-8004)."""
    entries = [("a", b"1"), ("b", b"2")]
    entries.insert(place, ("agentWallet", b"\x11" * 20))
    with reverts_with(empty_registry, "MetadataKeyReserved", metadataKey="agentWallet"):
        empty_registry.register(URI, entries, sender=owner)
    assert empty_registry.register(sender=owner).return_value == 0


@pytest.mark.parametrize("key", ["AgentWallet", "agentwallet", "agentWallet ", "agentWalle", ""])
def test_register__key_like_the_reserved__is_accepted(empty_registry: Any, owner: Any, key: str) -> None:
    """Only the exact bytes of agentWallet are reserved, and a similar key does not touch the wallet (ERC-8004)."""
    empty_registry.register(URI, [(key, b"\x11" * 20)], sender=owner)
    assert empty_registry.getMetadata(0, key) == b"\x11" * 20
    assert empty_registry.getAgentWallet(0) == owner


def test_register__mint__does_not_tell_the_core(empty_registry: Any, owner: Any, sink: Any) -> None:
    """A mint is no transfer: the core hears nothing (ID-4)."""
    before = sink.calls()
    empty_registry.register(URI, ENTRIES, sender=owner)
    assert sink.calls() == before


@pytest.mark.parametrize("form", [0, 1, 2])
def test_register__receiver_looks__sees_the_complete_record(
    empty_registry: Any, receiver: Any, accounts: Any, form: int
) -> None:
    """At the ERC-721 callback owner, URI, wallet and metadata are all there, and every event is out (ERC-8004)."""
    receiver.prepare(ACCEPT, KEY, sender=accounts[0])
    arguments: tuple[Any, ...] = ((), (URI,), (URI, [(KEY, VALUE)]))[form]
    call = empty_registry.register.encode_input(*arguments)
    receipt = receiver.forward(call, sender=accounts[0])
    events = logs(receipt, empty_registry, receiver)
    name, seen = events[-1]
    assert name == "Seen"
    assert seen == {
        "agentId": 0,
        "operator": receiver,
        "from": ZERO,
        "owner": receiver,
        "agentURI": URI if form else "",
        "wallet": receiver,
        "metadataValue": VALUE if form == 2 else b"",
        "data": b"",
    }
    assert [name for name, _ in events].count("MetadataSet") == (2 if form == 2 else 1)


def test_register__receiver_registers_again__both_are_complete(
    empty_registry: Any, receiver: Any, accounts: Any
) -> None:
    """A nested registration gets the next id and neither disturbs the other (ERC-8004)."""
    receiver.prepare(REGISTER, KEY, sender=accounts[0])
    call = empty_registry.register.encode_input(URI, [(KEY, VALUE)])
    receipt = receiver.forward(call, sender=accounts[0])
    seen = [fields for name, fields in logs(receipt, receiver) if name == "Seen"]
    assert [(each["agentId"], each["agentURI"], each["metadataValue"]) for each in seen] == [
        (0, URI, VALUE),
        (1, "ipfs://nested", b""),
    ]
    assert [empty_registry.tokenURI(agent_id) for agent_id in (0, 1)] == [URI, "ipfs://nested"]
    assert [empty_registry.getAgentWallet(agent_id) for agent_id in (0, 1)] == [receiver, receiver]


def test_register__receiver_rewrites__its_writing_stays(empty_registry: Any, receiver: Any, accounts: Any) -> None:
    """Nothing is written after the callback: what the receiver wrote there is not overwritten (ERC-8004)."""
    receiver.prepare(REWRITE, KEY, sender=accounts[0])
    call = empty_registry.register.encode_input(URI, [(KEY, VALUE)])
    receiver.forward(call, sender=accounts[0])
    assert empty_registry.tokenURI(0) == "ipfs://rewritten"
    assert empty_registry.getMetadata(0, KEY) == b"rewritten"
    assert empty_registry.getAgentWallet(0) == ZERO


def test_register__receiver_passes_it_on__new_owner_has_no_old_wallet(
    empty_registry: Any, receiver: Any, accounts: Any, buyer: Any, sink: Any
) -> None:
    """Moved on during its own registration, an agent arrives without wallet and the core hears of each move (ID-4)."""
    receiver.prepare(FORWARD, KEY, sender=accounts[0])
    call = empty_registry.register.encode_input(URI, [(KEY, VALUE)])
    receipt = receiver.forward(call, sender=accounts[0])
    assert empty_registry.ownerOf(0) == buyer
    assert empty_registry.getAgentWallet(0) == ZERO
    assert empty_registry.getMetadata(0, KEY) == VALUE
    names = [name for name, _ in logs(receipt, empty_registry, sink)]
    assert names.index("Registered") < names.index("Told")
    told = [fields["newOwner"] for name, fields in logs(receipt, sink) if name == "Told"]
    assert told == [receiver, buyer]


def test_register__receiver_answers_wrongly__reverts(empty_registry: Any, receiver: Any, accounts: Any) -> None:
    """A receiver that does not return the magic value gets no agent (ERC-721)."""
    receiver.prepare(REFUSE, KEY, sender=accounts[0])
    with reverts_with(empty_registry, "ERC721InvalidReceiver", receiver=receiver):
        receiver.forward(empty_registry.register.encode_input(), sender=accounts[0])


def test_register__receiver_reverts__passes_its_error_on(empty_registry: Any, receiver: Any, accounts: Any) -> None:
    """A receiver's own error reaches the caller (ERC-721)."""
    receiver.prepare(REVERT, KEY, sender=accounts[0])
    with reverts_with(receiver, "ReceiverRefused", agentId=0):
        receiver.forward(empty_registry.register.encode_input(URI), sender=accounts[0])
