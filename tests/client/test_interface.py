"""Logs are read as eth_abi reads them, and refused as it refuses them."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING, Any

import pytest
from eth_abi.abi import decode, encode
from eth_abi.exceptions import DecodingError
from eth_abi.tools import get_abi_strategy
from eth_utils.abi import collapse_if_tuple, event_signature_to_log_topic
from eth_utils.address import to_checksum_address
from hypothesis import given, settings
from hypothesis import strategies as st

from switchgear.artifacts import load
from switchgear.interface import Interface

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

CONTRACTS = ("CircuitBreaker", "AgentIdentity", "Countersign", "AgenticCommerce", "AgentHook7579")
INTERFACES = {contract: Interface(load(contract).abi) for contract in CONTRACTS}
EVENTS = {
    f"{contract}.{entry['name']}": (INTERFACES[contract], entry)
    for contract in CONTRACTS
    for entry in load(contract).abi
    if entry["type"] == "event"
}
KINDS = [f"{kind}{bits}" for kind in ("uint", "int") for bits in (8, 24, 40, 160, 248, 256)]
KINDS += ["address", "bool", "bytes1", "bytes20", "bytes32"]


def types_of(fields: list[Mapping[str, Any]]) -> list[str]:
    """As eth_abi names them."""
    return [collapse_if_tuple(dict(field)) for field in fields]


def topic_types(fields: list[Mapping[str, Any]]) -> list[str]:
    """Of what has no fixed size a topic is the hash."""
    return ["bytes32" if kind in ("string", "bytes") else kind for kind in types_of(fields)]


def log_of(entry: Mapping[str, Any], topics: bytes, data: bytes) -> dict[str, Any]:
    """As a node gives it."""
    first = event_signature_to_log_topic(f"{entry['name']}({','.join(types_of(entry['inputs']))})")
    words = [first, *(topics[at : at + 32] for at in range(0, len(topics), 32))]
    return {
        "address": "0x" + "ab" * 20,
        "topics": ["0x" + word.hex() for word in words],
        "data": "0x" + data.hex(),
        "blockNumber": "0x7",
        "transactionHash": "0x" + "11" * 32,
        "logIndex": "0x3",
    }


def outcome(read: Callable[[], dict[str, Any]]) -> dict[str, Any] | type[Exception]:
    """What it returns, or what it fails with."""
    try:
        return read()
    except (DecodingError, OverflowError, UnicodeDecodeError) as error:
        return type(error)


def by_eth_abi(entry: Mapping[str, Any], topics: bytes, data: bytes) -> dict[str, Any]:
    """The fields, in their order, with addresses checksummed."""
    indexed = [field for field in entry["inputs"] if field["indexed"]]
    plain = [field for field in entry["inputs"] if not field["indexed"]]
    values = dict(zip((one["name"] for one in plain), decode(types_of(plain), data), strict=True))
    values |= zip((one["name"] for one in indexed), decode(topic_types(indexed), topics), strict=True)
    return {
        one["name"]: to_checksum_address(values[one["name"]]) if one["type"] == "address" else values[one["name"]]
        for one in entry["inputs"]
    }


@cache
def values_of(*kinds: str) -> st.SearchStrategy[tuple[Any, ...]]:
    """Values of these types."""
    return st.tuples(*map(get_abi_strategy, kinds))


def changed(draw: st.DataObject, data: bytes) -> bytes:
    """The same, or with a byte or a bit that is another, or cut, or longer."""
    kind = draw.draw(st.sampled_from(["same", "bit", "byte", "cut", "longer"]))
    if kind == "longer":
        return data + draw.draw(st.binary(min_size=1, max_size=40))
    if kind == "same" or not data:
        return data
    at = draw.draw(st.integers(0, len(data) - 1))
    if kind == "cut":
        return data[:at]
    byte = data[at] ^ 1 << draw.draw(st.integers(0, 7)) if kind == "bit" else draw.draw(st.integers(0, 255))
    return data[:at] + bytes([byte]) + data[at + 1 :]


@pytest.mark.parametrize("name", EVENTS)
@settings(max_examples=30, deadline=None)
@given(draw=st.data())
def test_decode_log__any_event__as_eth_abi_reads_or_refuses_it(name: str, draw: st.DataObject) -> None:
    """OP-1: whoever sends a log, what is read of it is what any other reader of the ABI would read, or nothing."""
    interface, entry = EVENTS[name]
    indexed = [field for field in entry["inputs"] if field["indexed"]]
    plain = [field for field in entry["inputs"] if not field["indexed"]]
    encoded = [encode(kinds, draw.draw(values_of(*kinds))) for kinds in (topic_types(indexed), types_of(plain))]
    topics, data = changed(draw, encoded[0]), changed(draw, encoded[1])
    if -(-len(topics) // 32) != len(indexed):
        assert interface.decode_log(log_of(entry, topics, data)) is None
        return

    def read() -> dict[str, Any]:
        event = interface.decode_log(log_of(entry, topics, data))
        assert event is not None
        assert (event.name, event.address) == (entry["name"], to_checksum_address("0x" + "ab" * 20))
        assert (event.block_number, event.log_index) == (7, 3)
        assert list(event.args) == [field["name"] for field in entry["inputs"]]
        return event.args

    assert outcome(read) == outcome(lambda: by_eth_abi(entry, topics, data))


@pytest.mark.parametrize("kind", KINDS)
@settings(max_examples=100, deadline=None)
@given(draw=st.data())
def test_decode_log__any_word__as_eth_abi_reads_or_refuses_it(kind: str, draw: st.DataObject) -> None:
    """OP-1: the same for every type that is one word, at the edges of its range and beyond them."""
    entry = {"type": "event", "name": "E", "inputs": [{"name": "x", "type": kind, "indexed": False}]}
    edges = st.sampled_from([2**bit + step for bit in (0, 1, 7, 8, 159, 160, 247, 248, 255) for step in (-1, 0)])
    word = draw.draw(st.one_of(st.binary(max_size=33), edges.map(lambda one: one.to_bytes(32, "big"))))
    if draw.draw(st.booleans()):
        word = encode([kind], draw.draw(values_of(kind)))

    def read() -> dict[str, Any]:
        event = Interface([entry]).decode_log(log_of(entry, b"", word))
        assert event is not None
        return event.args

    assert outcome(read) == outcome(lambda: by_eth_abi(entry, b"", word))
