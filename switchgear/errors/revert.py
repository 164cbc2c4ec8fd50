"""From revert data to the exception."""

from __future__ import annotations

from dataclasses import fields
from datetime import datetime, timedelta
from functools import cache
from typing import Any, get_type_hints

from eth_abi.abi import decode, encode
from eth_abi.exceptions import DecodingError
from eth_utils.abi import function_signature_to_4byte_selector
from eth_utils.address import to_checksum_address

from switchgear.display import to_instant
from switchgear.errors.base import ContractReverted
from switchgear.types import Field, JobState, Subject, Verdict
from switchgear.words import decode_verdict


@cache
def known() -> dict[bytes, type[ContractReverted]]:
    """Every class of contract error by its selector."""
    return {function_signature_to_4byte_selector(kind.signature): kind for kind in ContractReverted.__subclasses__()}


def from_revert(data: bytes, tx_hash: str | None = None) -> ContractReverted:
    """The exception for revert data: of its own class, or a plain `ContractReverted` if no class fits.

    >>> from_revert(bytes.fromhex("17ab80a7") + (7).to_bytes(32, "big")).data.hex()[:8]
    '17ab80a7'
    """
    error = _decode(data) or ContractReverted()
    error.data, error.tx_hash = data, tx_hash
    return error


def _decode(data: bytes) -> ContractReverted | None:
    kind = known().get(data[:4])
    if kind is None:
        return None
    names = [field.name for field in fields(kind)]  # type: ignore[arg-type]
    types = kind.signature.partition("(")[2][:-1].split(",") if names else []
    try:
        values = decode(types, data[4:])
    except DecodingError:
        return None
    if encode(types, values) != data[4:]:  # truncated data decode too
        return None
    hints = get_type_hints(kind)
    named = zip(names, types, values, strict=True)
    return kind(**{name: _convert(hints[name], abi_type, value) for name, abi_type, value in named})


def _convert(hint: Any, abi_type: str, value: Any) -> Any:
    if abi_type == "address":
        return to_checksum_address(value)
    if hint == datetime | None:
        return to_instant(value)
    if hint is timedelta:
        return timedelta(seconds=value)
    if hint is Verdict:
        return decode_verdict(value)
    return hint(value) if hint in (Field, JobState, Subject) else value
