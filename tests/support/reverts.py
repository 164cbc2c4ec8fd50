"""Strict assertions about reverts: the error's selector and every one of its fields, from the raw revert data.

`ape.reverts` accepts any custom error in several situations (an error taken from a container, a view call) and ignores
misspelled field names. These helpers compare bytes instead:

    with reverts_with(registry, "MetadataKeyReserved", metadataKey="agentWallet"):
        registry.setMetadata(agent_id, "agentWallet", b"", sender=owner)

A transaction must have been mined and have failed there; its revert data is taken from that very execution, not from a
later replay, so that boundaries in time are exact. A view or `.call()` is judged by the node's answer to that call.

`check_revert` does the same for revert data from anywhere else, such as pyrevm.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any
from unittest.mock import patch

import ape
from ape.exceptions import TransactionError, VirtualMachineError
from eth_abi.abi import decode, encode
from eth_abi.exceptions import DecodingError, EncodingError
from eth_utils.abi import function_signature_to_4byte_selector
from eth_utils.address import to_checksum_address

if TYPE_CHECKING:
    from types import EllipsisType

ANY: EllipsisType = ...
"""As the value of a field: it must be there, whatever it is."""

_SEND = "_send_transaction"  # Ape's one way to send; returns the transaction's hash

BUILTIN = (
    {"type": "error", "name": "Error", "inputs": [{"name": "message", "type": "string"}]},
    {"type": "error", "name": "Panic", "inputs": [{"name": "code", "type": "uint256"}]},
)
"""Solidity's own two errors; known to every source."""


@dataclass
class Revert:
    """What a call reverted with; filled in when the `with` block ends.

    Attributes:
        data: The raw revert data.
        fields: The decoded fields of the error, addresses checksummed.
        tx_hash: The failed transaction, or None if it was a call.
    """

    data: bytes = b""
    fields: dict[str, Any] = field(default_factory=dict)
    tx_hash: str | None = None


def check_revert(data: bytes, source: Any, error: str, /, **fields: Any) -> dict[str, Any]:
    """Asserts that revert data is one named error with these fields, and nothing else.

    Args:
        data: The raw revert data.
        source: Whose error it is: an Ape contract (instance, container or type), or a JSON ABI or part of one.
        error: The error's name.
        **fields: A value for each field of the error, by its Solidity name; `ANY` (`...`) for one of no interest.
            An unnamed field goes by its position: `_0`. A contract or account stands for its address.

    Returns:
        The decoded fields.

    Raises:
        AssertionError: If the revert data is anything else.
        LookupError: If the source has no error of that name.
        TypeError: If fields are missing, misspelled, or of the wrong type.

    Example:
        >>> abi = [{"type": "error", "name": "Late", "inputs": [{"name": "by", "type": "uint256"}]}]
        >>> check_revert(bytes.fromhex("3ce7fa97" + "00" * 31 + "05"), abi, "Late", by=5)
        {'by': 5}
    """
    return _Expected.of(source, error, fields).match(data)


@contextmanager
def reverts_with(source: Any, error: str, /, **fields: Any) -> Iterator[Revert]:
    """Asserts that the one transaction or call in the block reverts with one named error and these fields.

    Args:
        source: As for `check_revert`.
        error: As for `check_revert`; `"Error"` with `message` and `"Panic"` with `code` are Solidity's own.
        **fields: As for `check_revert`.

    Yields:
        The revert, empty until the block has ended.

    Raises:
        AssertionError: If nothing reverts, something else is reverted with, or a transaction was not mined as failed.
        LookupError: As for `check_revert`, before anything is sent.
        TypeError: As for `check_revert`, before anything is sent.
    """
    expected = _Expected.of(source, error, fields)
    revert = Revert()
    with _captured(revert, str(expected)):
        yield revert
    revert.fields = expected.match(revert.data)


@contextmanager
def reverts_without_data() -> Iterator[Revert]:
    """Asserts that the one transaction or call in the block reverts with no data, and not by running out of gas.

    Raises:
        AssertionError: If nothing reverts, or there is revert data, or a transaction was not mined as failed.
    """
    revert = Revert()
    with _captured(revert, "a revert without data"):
        yield revert
    assert not revert.data, f"expected a revert without data, got 0x{revert.data.hex()}"


@dataclass(frozen=True)
class _Error:
    """One error of an ABI."""

    name: str
    inputs: tuple[Mapping[str, Any], ...]

    @property
    def names(self) -> tuple[str, ...]:
        return tuple(item["name"] or f"_{place}" for place, item in enumerate(self.inputs))

    @property
    def types(self) -> tuple[str, ...]:
        return tuple(_type(item) for item in self.inputs)

    @property
    def selector(self) -> bytes:
        return function_signature_to_4byte_selector(f"{self.name}({','.join(self.types)})")

    def decode(self, data: bytes) -> dict[str, Any] | None:
        """The fields, if the data is this error and canonical to the last byte."""
        if data[:4] != self.selector:
            return None
        try:
            values = decode(self.types, data[4:])
        except DecodingError:
            return None
        if encode(self.types, values) != data[4:]:
            return None
        return {
            name: to_checksum_address(value) if kind == "address" else value
            for name, kind, value in zip(self.names, self.types, values, strict=True)
        }


@dataclass(frozen=True)
class _Expected:
    """One error with the fields that it should have, and the other errors that its source knows."""

    error: _Error
    fields: Mapping[str, Any]
    known: Sequence[_Error]

    @classmethod
    def of(cls, source: Any, name: str, fields: Mapping[str, Any]) -> _Expected:
        known = [_Error(entry["name"], tuple(entry["inputs"])) for entry in (*_errors(source), *BUILTIN)]
        named = [error for error in known if error.name == name]
        if not named:
            raise LookupError(f"no error {name} here; there are {', '.join(sorted({e.name for e in known}))}")
        for error in named:  # more than one if the name is overloaded
            if set(error.names) == set(fields):
                for key, kind, item in zip(error.names, error.types, error.inputs, strict=True):
                    if fields[key] is not ANY:
                        _encoded(key, kind, _plain(fields[key], item))
                return cls(error, dict(fields), known)
        shapes = " or ".join(f"{name}({', '.join(error.names)})" for error in named)
        raise TypeError(f"the error is {shapes}; given: {', '.join(fields) or 'nothing'}")

    def match(self, data: bytes) -> dict[str, Any]:
        actual = self.error.decode(data)
        assert actual is not None, f"expected {self}, got {self._describe(data)}"
        for key, kind, item in zip(self.error.names, self.error.types, self.error.inputs, strict=True):
            wanted = self.fields[key]
            assert wanted is ANY or _encoded(key, kind, _plain(wanted, item)) == encode([kind], [actual[key]]), (
                f"expected {self}, got {self._describe(data)}: {key} differs"
            )
        return actual

    def __str__(self) -> str:
        fields = ", ".join(f"{key}={'ANY' if v is ANY else repr(v)}" for key, v in self.fields.items())
        return f"{self.error.name}({fields})"

    def _describe(self, data: bytes) -> str:
        if not data:
            return "a revert without data"
        for error in self.known:
            if (found := error.decode(data)) is not None:
                return f"{error.name}({', '.join(f'{key}={value!r}' for key, value in found.items())})"
        return f"revert data unknown here: 0x{data.hex()}"


def _errors(source: Any) -> list[Mapping[str, Any]]:
    """The error entries of an Ape contract or of a JSON ABI, as JSON."""
    abi = getattr(source, "contract_type", source)
    abi = _json(getattr(abi, "abi", abi))
    entries = [abi] if isinstance(abi, Mapping) else map(_json, abi)
    return [entry for entry in entries if entry["type"] == "error"]


def _json(model: Any) -> Any:
    return model.model_dump(mode="json") if hasattr(model, "model_dump") else model


def _type(item: Mapping[str, Any]) -> str:
    """The canonical type of an ABI parameter, tuples spelled out."""
    kind = str(item["type"])
    if not kind.startswith("tuple"):
        return kind
    inner = ",".join(_type(part) for part in item["components"])
    return f"({inner}){kind.removeprefix('tuple')}"


def _plain(value: Any, item: Mapping[str, Any]) -> Any:
    """A Python value as eth_abi wants it for this ABI parameter."""
    kind = str(item["type"])
    if kind.endswith("]"):
        inner = {**item, "type": kind[: kind.rindex("[")]}
        return [_plain(part, inner) for part in value]
    if kind == "tuple":
        parts = item["components"]
        if isinstance(value, Mapping):
            value = [value[part["name"]] for part in parts]
        return tuple(_plain(inside, part) for inside, part in zip(value, parts, strict=True))
    if kind == "address":
        return getattr(value, "address", value)
    if kind.startswith("bytes") and isinstance(value, str):
        return bytes.fromhex(value.removeprefix("0x"))
    return value


def _encoded(key: str, kind: str, value: Any) -> bytes:
    try:
        return encode([kind], [value])
    except (EncodingError, TypeError, ValueError) as err:
        raise TypeError(f"field {key} is {kind}, which {value!r} is not") from err


@contextmanager
def _captured(revert: Revert, wanted: str) -> Iterator[None]:
    """Runs one transaction or call that has to revert, and takes its revert data from the node.

    While it runs, Ape neither estimates gas (the transaction has to be mined, to fail on chain) nor dresses up the
    error, which would cost a trace and several requests each time, nor traces calls for its gas report (which then
    loses the revert).
    """
    provider = ape.chain.provider
    kind = type(provider)
    send = getattr(kind, _SEND)
    request = provider.web3.provider.make_request
    sent: list[str] = []
    refused: list[Mapping[str, Any]] = []

    def recording_send(self: Any, txn: Any) -> str:
        tx_hash: str = send(self, txn)
        sent.append(tx_hash)
        return tx_hash

    def bare_error(_self: Any, exception: Exception, **kwargs: Any) -> VirtualMachineError:
        return VirtualMachineError(base_err=exception, txn=kwargs.get("txn"))

    def recording_request(method: Any, params: Any) -> Any:
        response = request(method, params)
        if method == "eth_call" and "error" in response:
            refused.append(response["error"])
        return response

    with ExitStack() as stack:
        stack.enter_context(patch.object(provider.web3.provider, "make_request", recording_request))
        stack.enter_context(patch.object(kind, _SEND, recording_send))
        stack.enter_context(patch.object(kind, "get_virtual_machine_error", bare_error))
        stack.enter_context(patch.object(kind, "estimate_gas_cost", lambda self, *_, **__: self.max_gas))
        stack.enter_context(patch.object(kind, "_test_runner", None))
        try:
            yield
        except TransactionError as err:
            failure = err
        else:
            raise AssertionError(f"expected {wanted}, but nothing reverted")

    assert len(sent) <= 1, f"more than one transaction in the block; the last was {sent[-1]}"
    if sent:
        revert.tx_hash = sent[0]
        receipt = provider.web3.eth.get_transaction_receipt(revert.tx_hash)
        assert receipt["status"] == 0, f"expected {wanted}, but {revert.tx_hash} was mined and succeeded"
        tracer = {"tracer": "callTracer", "tracerConfig": {"onlyTopCall": True}}
        frame = provider.make_request("debug_traceTransaction", [revert.tx_hash, tracer])
        assert "revert" in frame["error"].lower(), f"expected {wanted}, but it failed otherwise: {frame['error']}"
        revert.data = bytes.fromhex(frame.get("output", "0x").removeprefix("0x"))
    else:
        assert refused, f"expected {wanted}, but the transaction was not mined: {failure.base_err!r}"
        answer = refused[-1]
        assert "revert" in answer["message"], f"expected {wanted}, but it failed otherwise: {answer['message']}"
        revert.data = bytes.fromhex((answer.get("data") or "0x").removeprefix("0x"))
