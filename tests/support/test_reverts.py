"""The strict revert helper is itself held to account: whatever is not exactly right has to fail."""

from __future__ import annotations

from enum import IntEnum
from typing import Any

import pytest
from eth_abi.abi import encode
from eth_utils.abi import function_signature_to_4byte_selector

from tests.support.reverts import ANY, check_revert, reverts_with, reverts_without_data

BOB = "0x00000000000000000000000000000000000000b0"


def error(name: str, *inputs: tuple[str, str], components: dict[str, list[dict[str, str]]] | None = None) -> Any:
    """A JSON ABI entry of an error with (name, type) fields."""
    parts = components or {}
    fields = [
        {"name": key, "type": kind, **({"components": parts[key]} if key in parts else {})} for key, kind in inputs
    ]
    return {"type": "error", "name": name, "inputs": fields}


def data(signature: str, *values: Any) -> bytes:
    """The revert data of an error, encoded independently of the helper's reading of the ABI."""
    kinds = signature[signature.index("(") + 1 : -1]
    return function_signature_to_4byte_selector(signature) + (encode(kinds.split(","), values) if kinds else b"")


LATE = error("Late", ("by", "uint256"), ("who", "address"))
EARLY = error("Early")
ABI = [{"type": "function", "name": "f", "inputs": [], "outputs": []}, LATE, EARLY]
LATE_DATA = data("Late(uint256,address)", 5, BOB)


def test_check_revert__exact__returns_fields() -> None:
    """The right error with the right fields passes and comes back decoded, addresses checksummed."""
    assert check_revert(LATE_DATA, ABI, "Late", by=5, who=BOB) == {
        "by": 5,
        "who": "0x00000000000000000000000000000000000000B0",
    }
    assert check_revert(data("Early()"), ABI, "Early") == {}


def test_check_revert__any__accepts_every_value_of_that_field() -> None:
    """A field of no interest still has to be named."""
    assert check_revert(LATE_DATA, LATE, "Late", by=ANY, who=BOB)["by"] == 5


@pytest.mark.parametrize(
    ("raw", "found"),
    [
        (data("Early()"), r"got Early\(\)"),
        (b"", "got a revert without data"),
        (data("Other()"), "unknown here: 0x"),
        (data("Late(uint256,address)", 6, BOB), r"got Late\(by=6.*by differs"),
        (data("Late(uint256,address)", 5, "0x" + "00" * 20), "who differs"),
        (LATE_DATA[:-1], "unknown here"),
        (LATE_DATA + b"\x00", "unknown here"),
        (LATE_DATA[:4] + b"\xff" * 64, "unknown here"),
        (LATE_DATA[:3], "unknown here"),
        (data("Error(string)", "Late"), r"got Error\(message='Late'\)"),
        (data("Panic(uint256)", 17), r"got Panic\(code=17\)"),
    ],
)
def test_check_revert__anything_else__fails(raw: bytes, found: str) -> None:
    """Another error, another value, missing, superfluous or dirty bytes fail, and the message says what was there."""
    with pytest.raises(AssertionError, match=found):
        check_revert(raw, ABI, "Late", by=5, who=BOB)


@pytest.mark.parametrize("fields", [{}, {"by": 5}, {"by": 5, "woh": BOB}, {"by": 5, "who": BOB, "why": 1}])
def test_check_revert__fields_missing_or_misspelled__is_a_type_error(fields: dict[str, Any]) -> None:
    """Every field has to be named, as Solidity names it, even where the data would match."""
    with pytest.raises(TypeError, match=r"the error is Late\(by, who\)"):
        check_revert(LATE_DATA, ABI, "Late", **fields)


@pytest.mark.parametrize("fields", [{"by": "5", "who": BOB}, {"by": -1, "who": BOB}, {"by": 5, "who": 176}])
def test_check_revert__value_of_wrong_type__is_a_type_error(fields: dict[str, Any]) -> None:
    """A value that the field cannot have is a mistake in the test, not a mismatch."""
    with pytest.raises(TypeError, match="field"):
        check_revert(LATE_DATA, ABI, "Late", **fields)


def test_check_revert__unknown_error__is_a_lookup_error() -> None:
    """A misspelled error name fails and shows the names there are."""
    with pytest.raises(LookupError, match="no error Lat here; there are Early, Error, Late, Panic"):
        check_revert(LATE_DATA, ABI, "Lat", by=5, who=BOB)


def test_check_revert__builtin_errors__are_known_everywhere() -> None:
    """Error(string) and Panic(uint256) belong to every contract."""
    check_revert(data("Error(string)", "no"), [], "Error", message="no")
    check_revert(data("Panic(uint256)", 0x11), EARLY, "Panic", code=0x11)
    with pytest.raises(AssertionError, match="message differs"):
        check_revert(data("Error(string)", "no"), [], "Error", message="No")


def test_check_revert__overloaded_error__is_chosen_by_its_fields() -> None:
    """Of two errors with one name the fields given decide, and the other one does not pass."""
    abi = [error("Late", ("by", "uint256")), LATE]
    check_revert(data("Late(uint256)", 5), abi, "Late", by=5)
    check_revert(LATE_DATA, abi, "Late", by=5, who=BOB)
    with pytest.raises(AssertionError, match=r"got Late\(by=5, who="):
        check_revert(LATE_DATA, abi, "Late", by=5)


def test_check_revert__structs_arrays_bytes_enums__compare_by_encoding() -> None:
    """Tuples come as tuple or mapping, bytes as bytes or hex, enums as members, and unnamed fields by position."""

    class Reason(IntEnum):
        """One value is enough."""

        SLOW = 2

    parts = [{"name": "id", "type": "uint64"}, {"name": "tag", "type": "bytes4"}]
    abi = error("Denied", ("items", "tuple[]"), ("reason", "uint8"), ("", "bytes"), components={"items": parts})
    selector = function_signature_to_4byte_selector("Denied((uint64,bytes4)[],uint8,bytes)")
    raw = selector + encode(["(uint64,bytes4)[]", "uint8", "bytes"], [[(1, b"abcd")], 2, b"\x01"])
    check_revert(raw, abi, "Denied", items=[(1, b"abcd")], reason=Reason.SLOW, _2=b"\x01")
    check_revert(raw, abi, "Denied", items=[{"id": 1, "tag": "0x61626364"}], reason=2, _2="0x01")
    with pytest.raises(AssertionError, match="items differs"):
        check_revert(raw, abi, "Denied", items=[(2, b"abcd")], reason=2, _2="0x01")
    with pytest.raises(AssertionError, match="_2 differs"):
        check_revert(raw, abi, "Denied", items=[(1, b"abcd")], reason=2, _2="0x02")


@pytest.fixture(scope="module")
def registry(project: Any, accounts: Any) -> Any:
    """A contract with errors: a registry with one agent of accounts[1]."""
    sink = accounts[0].deploy(project.IdentitySinkMock)
    registry = accounts[0].deploy(project.AgentIdentity, sink)
    registry.register(sender=accounts[1])
    return registry


def attempt(kind: str, registry: Any, agent_id: int, sender: Any) -> None:
    """A transaction, a view or a simulated transaction that reverts if there is no such agent."""
    if kind == "transaction":
        registry.setAgentURI(agent_id, "", sender=sender)
    elif kind == "view":
        registry.ownerOf(agent_id)
    else:
        registry.setAgentURI.call(agent_id, "", sender=sender)


def test_reverts_with__transaction__was_mined_and_failed(registry: Any, accounts: Any, chain: Any) -> None:
    """A reverting transaction is on the chain with status 0, and its revert is yielded; nonces stay in step."""
    with reverts_with(registry, "ERC721InsufficientApproval", operator=accounts[2], tokenId=0) as revert:
        registry.setAgentURI(0, "", sender=accounts[2])
    receipt = chain.provider.web3.eth.get_transaction_receipt(revert.tx_hash)
    assert (receipt["status"], receipt["from"], receipt["to"]) == (0, accounts[2], registry)
    assert revert.fields == {"operator": accounts[2], "tokenId": 0}
    assert revert.data[:4] == function_signature_to_4byte_selector("ERC721InsufficientApproval(address,uint256)")
    accounts[2].transfer(accounts[3], 1)


@pytest.mark.parametrize("options", [{}, {"gas": 100_000}, {"gas": "auto"}, {"gas": "max"}])
def test_reverts_with__any_gas_setting__is_mined(registry: Any, accounts: Any, options: dict[str, Any]) -> None:
    """Gas estimation, which would stop a reverting transaction before it is sent, does not."""
    with reverts_with(registry, "MetadataKeyReserved", metadataKey="agentWallet") as revert:
        registry.setMetadata(0, "agentWallet", b"", sender=accounts[1], **options)
    assert revert.tx_hash is not None


def test_reverts_with__view_and_call__have_no_transaction(registry: Any, accounts: Any) -> None:
    """Views and simulated transactions are judged by the node's answer."""
    with reverts_with(registry, "ERC721NonexistentToken", tokenId=9) as revert:
        registry.ownerOf(9)
    assert revert.tx_hash is None
    with reverts_with(registry, "MetadataKeyReserved", metadataKey="agentWallet") as revert:
        registry.setMetadata.call(0, "agentWallet", b"", sender=accounts[1])
    assert revert.tx_hash is None


def test_reverts_with__deployment__takes_the_constructors_error(project: Any, accounts: Any) -> None:
    """A deployment is a transaction like any other, and a container is a source of errors."""
    with reverts_with(project.AgentIdentity, "NotAgentTransferSink", core=accounts[0]):
        project.AgentIdentity.deploy(accounts[0], sender=accounts[0])


def test_reverts_with__impersonated_sender__works(registry: Any, accounts: Any) -> None:
    """A contract as sender has no key to sign with; its transactions are found all the same."""
    sender = accounts[registry.address]
    sender.balance = 10**18
    with reverts_with(registry, "ERC721InsufficientApproval", operator=sender, tokenId=0):
        registry.unsetAgentWallet(0, sender=sender)


def test_reverts_with__time_dependent__is_read_from_the_mined_execution(
    registry: Any, accounts: Any, chain: Any
) -> None:
    """Revert data come from the block in which it failed: a field with the time there is exact to the second."""
    now = chain.blocks.head.timestamp + 100
    chain.pending_timestamp = now
    with reverts_with(registry, "DeadlinePassed", deadline=now - 1, currentTime=now):
        registry.setAgentWallet(0, accounts[2], now - 1, b"", sender=accounts[1])


@pytest.mark.parametrize("kind", ["transaction", "view", "call"])
def test_reverts_with__no_revert__fails(registry: Any, accounts: Any, kind: str) -> None:
    """What succeeds fails the test."""
    with (
        pytest.raises(AssertionError, match="but nothing reverted"),
        reverts_with(registry, "ERC721NonexistentToken", tokenId=0),
    ):
        attempt(kind, registry, 0, accounts[1])


@pytest.mark.parametrize("kind", ["transaction", "view", "call"])
def test_reverts_with__other_error_or_value__fails(registry: Any, accounts: Any, kind: str) -> None:
    """Another error of the same contract fails, and so does the same error with another value."""
    with (
        pytest.raises(AssertionError, match=r"got ERC721NonexistentToken\(tokenId=9\)"),
        reverts_with(registry, "MetadataKeyReserved", metadataKey=ANY),
    ):
        attempt(kind, registry, 9, accounts[1])
    with (
        pytest.raises(AssertionError, match="tokenId differs"),
        reverts_with(registry, "ERC721NonexistentToken", tokenId=8),
    ):
        attempt(kind, registry, 9, accounts[1])


def test_reverts_with__mistaken_expectation__fails_before_anything_is_sent(registry: Any, accounts: Any) -> None:
    """A wrong name or field is found at once, with nothing run."""
    nonce = accounts[1].nonce
    with pytest.raises(LookupError), reverts_with(registry, "NonexistentToken", tokenId=9):
        registry.setAgentURI(9, "", sender=accounts[1])
    with pytest.raises(TypeError), reverts_with(registry, "ERC721NonexistentToken", tokenID=9):
        registry.setAgentURI(9, "", sender=accounts[1])
    with pytest.raises(TypeError), reverts_with(registry, "ERC721NonexistentToken"):
        registry.setAgentURI(9, "", sender=accounts[1])
    assert accounts[1].nonce == nonce


def test_reverts_with__out_of_gas__fails(registry: Any, accounts: Any) -> None:
    """Running out of gas is no revert, even where a revert without data is expected."""
    with (
        pytest.raises(AssertionError, match="failed otherwise: out of gas"),
        reverts_with(registry, "MetadataKeyReserved", metadataKey=ANY),
    ):
        registry.setMetadata(0, "agentWallet", b"", sender=accounts[1], gas=26_000)
    with pytest.raises(AssertionError, match="failed otherwise: out of gas"), reverts_without_data():
        registry.setMetadata(0, "agentWallet", b"", sender=accounts[1], gas=26_000)


def test_reverts_with__refused_by_the_node__fails(registry: Any, accounts: Any) -> None:
    """A transaction that the node does not accept has not reverted."""
    with (
        pytest.raises(AssertionError, match="was not mined"),
        reverts_with(registry, "MetadataKeyReserved", metadataKey=ANY),
    ):
        registry.setMetadata(0, "agentWallet", b"", sender=accounts[1], gas=100)


def test_reverts_with__two_transactions__fails(registry: Any, accounts: Any) -> None:
    """One transaction in a block: with two, the wrong one could be the one that reverts."""

    def both() -> None:
        registry.setAgentURI(0, "", sender=accounts[1])
        registry.setAgentURI(9, "", sender=accounts[1])

    with (
        pytest.raises(AssertionError, match="more than one transaction"),
        reverts_with(registry, "ERC721NonexistentToken", tokenId=9),
    ):
        both()


def test_reverts_with__other_exception__passes_through(registry: Any) -> None:
    """A mistake in the block is not taken for a revert, and Ape is left as it was."""
    with pytest.raises(ZeroDivisionError), reverts_with(registry, "ERC721NonexistentToken", tokenId=9):
        1 / 0  # noqa: B018
    assert registry.balanceOf(registry) == 0


def test_reverts_without_data__empty_revert__passes(registry: Any, accounts: Any) -> None:
    """A refusal without reason passes, one with a reason does not, nor does success."""
    with reverts_without_data() as revert:
        accounts[1].transfer(registry, 1)
    assert revert.data == b""
    with pytest.raises(AssertionError, match="without data, got 0x7e273289"), reverts_without_data():
        registry.ownerOf(9)
    with pytest.raises(AssertionError, match="nothing reverted"), reverts_without_data():
        registry.ownerOf(0)
