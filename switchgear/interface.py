"""An ABI as the clients use it: calls to data, answers and logs to values. Pure; nothing here talks to a node."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING, Any

from eth_abi.abi import decode, encode
from eth_abi.exceptions import EncodingError
from eth_utils.abi import collapse_if_tuple, event_signature_to_log_topic, function_signature_to_4byte_selector
from eth_utils.address import to_checksum_address

from switchgear.errors import InvalidInput

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence


_WORD = 32
_DIRTY = object()
"""A word that no compiler writes."""


@dataclass(frozen=True)
class Event:
    """One log of a contract, decoded."""

    name: str
    args: dict[str, Any]
    """By the ABI's names, addresses checksummed; an indexed string or bytes is its 32-byte hash. A client puts its own
    types in place of numbers where it has some."""
    address: str
    block_number: int
    transaction_hash: str
    log_index: int


class Interface:
    """Encodes and decodes by a JSON ABI. Functions are named by name or, if overloaded, by signature."""

    def __init__(self, abi: Sequence[Mapping[str, Any]]) -> None:
        """Index the ABI's functions and events."""
        self._functions: dict[str, Mapping[str, Any]] = {}
        self._events: dict[str, _Layout] = {}
        for entry in abi:
            if entry["type"] == "function":
                self._functions[_signature(entry)] = self._functions[entry["name"]] = entry
            elif entry["type"] == "event":
                self._events["0x" + event_signature_to_log_topic(_signature(entry)).hex()] = _Layout(entry)

    def encode(self, function: str, args: Sequence[Any]) -> bytes:
        """Calldata of a call; `InvalidInput` if the arguments do not fit."""
        entry = self._functions[function]
        try:
            data = encode(_types(entry["inputs"]), args)
        except (EncodingError, TypeError, ValueError) as error:
            message = f"arguments of {entry['name']}: {error}"
            raise InvalidInput(message) from error
        return function_signature_to_4byte_selector(_signature(entry)) + data

    def decode(self, function: str, data: bytes) -> Any:
        """What a call returned: a single value, or a tuple of them; None where nothing is returned."""
        outputs = self._functions[function]["outputs"]
        values = tuple(map(_checksummed, outputs, decode(_types(outputs), data)))
        return values[0] if len(values) == 1 else values or None

    def returns(self, function: str) -> bool:
        """Whether the function returns anything."""
        return bool(self._functions[function]["outputs"])

    def decode_log(self, log: Mapping[str, Any]) -> Event | None:
        """A log as a node gives it; None if its event is not of this ABI."""
        topics = log["topics"]
        layout = self._events.get(topics[0].lower()) if topics else None
        if layout is None or len(layout.indexed.fields) != len(topics) - 1:
            return None
        words = bytes.fromhex("".join(topic[2:] for topic in topics[1:]))
        values = {**layout.plain.read(bytes.fromhex(log["data"][2:])), **layout.indexed.read(words)}
        return Event(
            name=layout.name,
            args={name: values[name] for name in layout.names},
            address=_checksum(log["address"]),
            block_number=int(log["blockNumber"], 16),
            transaction_hash=log["transactionHash"],
            log_index=int(log["logIndex"], 16),
        )

    def topic(self, event: str) -> str:
        """First topic of an event's logs."""
        return next(topic for topic, layout in self._events.items() if layout.name == event)

    def topics(self, event: str, values: Mapping[str, Any]) -> list[str | None]:
        """The topics by which to filter an event's logs, given values of some of its indexed fields."""
        indexed = next(layout.indexed for layout in self._events.values() if layout.name == event).fields
        if unknown := values.keys() - {field["name"] for field in indexed}:
            message = f"{event} has no indexed {', '.join(sorted(unknown))}"
            raise InvalidInput(message)
        chosen = (
            "0x" + encode([field["type"]], [values[field["name"]]]).hex() if field["name"] in values else None
            for field in indexed
        )
        return [self.topic(event), *chosen]


class _Fields:
    """Fields that are encoded one after the other.

    Where each is one word they are read here, since decoding is what reading many logs takes. Whatever is not as a
    compiler writes it goes to eth_abi, which refuses it.
    """

    def __init__(self, fields: Sequence[Mapping[str, Any]], types: Sequence[str]) -> None:
        self.fields = tuple(fields)
        self._types = types
        readers = [_reader(kind) for kind in types]
        self._readers = None if None in readers else readers

    def read(self, data: bytes) -> dict[str, Any]:
        """Values by name; `DecodingError` if the data are no such fields."""
        if self._readers is not None and len(data) >= _WORD * len(self.fields):
            values = {
                field["name"]: read(data[at : at + _WORD])  # type: ignore[misc]  # none is None
                for field, read, at in zip(self.fields, self._readers, range(0, len(data) + 1, _WORD), strict=False)
            }
            if _DIRTY not in values.values():
                return values
        decoded = decode(self._types, data)
        return {field["name"]: _checksummed(field, one) for field, one in zip(self.fields, decoded, strict=True)}


class _Layout:
    """How an event is logged."""

    def __init__(self, entry: Mapping[str, Any]) -> None:
        self.name: str = entry["name"]
        self.names = [field["name"] for field in entry["inputs"]]
        indexed = [field for field in entry["inputs"] if field["indexed"]]
        plain = [field for field in entry["inputs"] if not field["indexed"]]
        # Of what has no fixed size a topic is the hash.
        self.indexed = _Fields(
            indexed,
            [
                "bytes32" if _is_dynamic(one["type"]) else kind
                for one, kind in zip(indexed, _types(indexed), strict=True)
            ],
        )
        self.plain = _Fields(plain, _types(plain))


def _reader(kind: str) -> Callable[[bytes], Any] | None:
    """Reads a word of a type, or finds it dirty; None if the type is not one word."""
    match = re.fullmatch(r"(uint|int|bytes)(\d+)|address|bool", kind)
    if match is None:
        return None
    size = int(match[2] or 0)
    if kind == "address":
        return lambda word: _DIRTY if any(word[:12]) else _checksum(word[12:])
    if kind == "bool":
        return lambda word: {0: False, 1: True}.get(int.from_bytes(word, "big"), _DIRTY)
    if match[1] == "bytes":
        return lambda word: _DIRTY if any(word[size:]) else word[:size]
    if match[1] == "uint":
        return lambda word: _DIRTY if (number := int.from_bytes(word, "big")) >> size else number
    least = -1 << size - 1
    return lambda word: number if least <= (number := int.from_bytes(word, "big", signed=True)) <= ~least else _DIRTY


@lru_cache(maxsize=1 << 12)
def _checksum(address: str | bytes) -> str:
    return to_checksum_address(address)


def _types(fields: Sequence[Mapping[str, Any]]) -> list[str]:
    return [collapse_if_tuple(dict(field)) for field in fields]


def _is_dynamic(kind: str) -> bool:
    return kind in ("string", "bytes") or kind.endswith("]")


def _signature(entry: Mapping[str, Any]) -> str:
    return f"{entry['name']}({','.join(_types(entry['inputs']))})"


def _checksummed(field: Mapping[str, Any], value: Any) -> Any:
    return _checksum(value) if field["type"] == "address" else value
