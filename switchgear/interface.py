"""An ABI as the clients use it: calls to data, answers and logs to values. Pure; nothing here talks to a node."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from eth_abi.abi import decode, encode
from eth_abi.exceptions import EncodingError
from eth_utils.abi import collapse_if_tuple, event_signature_to_log_topic, function_signature_to_4byte_selector
from eth_utils.address import to_checksum_address

from switchgear.errors import InvalidInput

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence


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
        self._events: dict[bytes, Mapping[str, Any]] = {}
        for entry in abi:
            if entry["type"] == "function":
                self._functions[_signature(entry)] = self._functions[entry["name"]] = entry
            elif entry["type"] == "event":
                self._events[event_signature_to_log_topic(_signature(entry))] = entry

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
        topics = [bytes.fromhex(topic[2:]) for topic in log["topics"]]
        entry = self._events.get(topics[0]) if topics else None
        if entry is None:
            return None
        indexed = [field for field in entry["inputs"] if field["indexed"]]
        plain = [field for field in entry["inputs"] if not field["indexed"]]
        if len(indexed) != len(topics) - 1:
            return None
        values = dict(
            zip((field["name"] for field in plain), decode(_types(plain), bytes.fromhex(log["data"][2:])), strict=True)
        )
        # Of what has no fixed size a topic is the hash. All at once: decoding is what reading many logs takes.
        types = ["bytes32" if _is_dynamic(field["type"]) else field["type"] for field in indexed]
        values |= zip((field["name"] for field in indexed), decode(types, b"".join(topics[1:])), strict=True)
        return Event(
            name=entry["name"],
            args={field["name"]: _checksummed(field, values[field["name"]]) for field in entry["inputs"]},
            address=to_checksum_address(log["address"]),
            block_number=int(log["blockNumber"], 16),
            transaction_hash=log["transactionHash"],
            log_index=int(log["logIndex"], 16),
        )

    def topic(self, event: str) -> str:
        """First topic of an event's logs."""
        return next("0x" + topic.hex() for topic, entry in self._events.items() if entry["name"] == event)

    def topics(self, event: str, values: Mapping[str, Any]) -> list[str | None]:
        """The topics by which to filter an event's logs, given values of some of its indexed fields."""
        entry = next(entry for entry in self._events.values() if entry["name"] == event)
        indexed = [field for field in entry["inputs"] if field["indexed"]]
        if unknown := values.keys() - {field["name"] for field in indexed}:
            message = f"{event} has no indexed {', '.join(sorted(unknown))}"
            raise InvalidInput(message)
        chosen = (
            "0x" + encode([field["type"]], [values[field["name"]]]).hex() if field["name"] in values else None
            for field in indexed
        )
        return [self.topic(event), *chosen]


def _types(fields: Sequence[Mapping[str, Any]]) -> list[str]:
    return [collapse_if_tuple(dict(field)) for field in fields]


def _is_dynamic(kind: str) -> bool:
    return kind in ("string", "bytes") or kind.endswith("]")


def _signature(entry: Mapping[str, Any]) -> str:
    return f"{entry['name']}({','.join(_types(entry['inputs']))})"


def _checksummed(field: Mapping[str, Any], value: Any) -> Any:
    return to_checksum_address(value) if field["type"] == "address" else value
