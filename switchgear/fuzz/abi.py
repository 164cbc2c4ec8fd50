"""Calldata, return data, errors and events by ABI, fast enough for many thousand calls a second.

Everything the core is asked many times has static types only, which are words laid end to end; the few calls
with dynamic ones go through eth_abi. Decoded integers, enums and booleans are `int`, addresses are lower-case strings.
"""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING, Any, NamedTuple

from eth_abi.abi import decode, encode
from eth_utils.abi import collapse_if_tuple, function_signature_to_4byte_selector
from eth_utils.crypto import keccak

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

WORD = 32
Entry = dict[str, Any]


class Artifact(NamedTuple):
    """What is needed to deploy a contract and talk to it."""

    abi: list[Entry]
    bytecode: bytes


class Log(NamedTuple):
    """An event as a node gives it."""

    address: str
    topics: list[bytes]
    data: bytes


class Codec:
    """Values of a list of ABI types to bytes, and back."""

    def __init__(self, inputs: Sequence[Entry]) -> None:
        self.types = [collapse_if_tuple(entry) for entry in inputs]
        leaves = [leaf for entry in inputs for leaf in _leaves(entry)]
        self.static = not any(leaf.endswith("]") or leaf in {"bytes", "string"} for leaf in leaves)
        self.readers = [_READERS.get(leaf, _as_int) for leaf in leaves]

    def encode(self, values: Sequence[object]) -> bytes:
        """ABI encoding; an integer that does not fit its type is not noticed if all types are static."""
        return b"".join(map(_word, _flat(values))) if self.static else encode(self.types, values)

    def decode(self, data: bytes) -> tuple[object, ...]:
        """The values in `data`; those of a static struct are not nested."""
        if self.static:
            return tuple(
                read(data[start : start + WORD])
                for read, start in zip(self.readers, range(0, len(data), WORD), strict=True)
            )
        return decode(self.types, data)


class Interface:
    """The functions, errors and events of a contract, by name and by selector."""

    def __init__(self, abi: Iterable[Entry]) -> None:
        self.inputs: dict[str, tuple[bytes, Codec]] = {}
        self.outputs: dict[str, Codec] = {}
        self.errors: dict[bytes, tuple[str, Codec]] = {}
        self.events: dict[bytes, tuple[str, list[Entry]]] = {}
        for entry in abi:
            if entry["type"] in {"constructor", "fallback", "receive"}:
                continue
            name, inputs = entry["name"], entry["inputs"]
            signature = f"{name}({','.join(collapse_if_tuple(item) for item in inputs)})"
            if entry["type"] == "function":
                self.inputs[name] = function_signature_to_4byte_selector(signature), Codec(inputs)
                self.outputs[name] = Codec(entry["outputs"])
            elif entry["type"] == "error":
                self.errors[function_signature_to_4byte_selector(signature)] = name, Codec(inputs)
            elif entry["type"] == "event":
                self.events[keccak(text=signature)] = name, inputs

    def call(self, function: str, *arguments: object) -> bytes:
        """Calldata."""
        selector, codec = self.inputs[function]
        return selector + codec.encode(arguments)

    def result(self, function: str, data: bytes) -> tuple[object, ...]:
        """Return values."""
        return self.outputs[function].decode(data)

    def error(self, data: bytes) -> tuple[str, tuple[object, ...]]:
        """Name and arguments of a custom error; for anything else, its hex as the name."""
        known = self.errors.get(data[:4])
        return (known[0], known[1].decode(data[4:])) if known else ("0x" + data.hex(), ())

    def event(self, log: Log) -> tuple[str, tuple[object, ...]]:
        """Name of an event, and its arguments in the ABI's order."""
        known = self.events.get(log.topics[0]) if log.topics else None
        if known is None:
            return "0x" + (log.topics[0] if log.topics else b"").hex(), (log.data,)
        name, inputs = known
        topics = iter(log.topics[1:])
        plain = iter(_event_codec(tuple(item["type"] for item in inputs if not item["indexed"])).decode(log.data))
        return name, tuple(
            _READERS.get(item["type"], _as_int)(next(topics)) if item["indexed"] else next(plain) for item in inputs
        )


@lru_cache(maxsize=64)
def _event_codec(types: tuple[str, ...]) -> Codec:
    return Codec([{"type": item} for item in types])


def _leaves(entry: Entry) -> list[str]:
    """Elementary types in order; a list of anything stands for itself."""
    kind: str = entry["type"]
    if kind == "tuple":
        return [leaf for item in entry["components"] for leaf in _leaves(item)]
    return [kind]


def _flat(values: Iterable[object]) -> Iterable[object]:
    for value in values:
        if isinstance(value, tuple):
            yield from _flat(value)
        else:
            yield value


def _word(value: object) -> bytes:
    if isinstance(value, int):
        return value.to_bytes(WORD, "big")
    if isinstance(value, str):
        return _address_word(value)
    if isinstance(value, bytes):
        return value.ljust(WORD, b"\0")
    message = f"no ABI value: {value!r}"
    raise TypeError(message)


@lru_cache(maxsize=4096)
def _address_word(address: str) -> bytes:
    return bytes.fromhex(address[2:]).rjust(WORD, b"\0")


def _as_int(word: bytes) -> int:
    return int.from_bytes(word, "big")


def _as_address(word: bytes) -> str:
    return "0x" + word[12:].hex()


def _as_bytes(word: bytes) -> bytes:
    return word


_READERS: dict[str, Any] = {"address": _as_address, "bytes32": _as_bytes}
