"""One step of a run, its text and its JSON; and who plays."""

from __future__ import annotations

import json
from functools import lru_cache
from typing import Any, NamedTuple

from eth_utils.crypto import keccak

from switchgear.model import ParentConsent, Signature, WalletBinding
from switchgear.types import LanePolicy, Limits, Query, Target

Value = object
_STRUCTS: dict[str, Any] = {
    struct.__name__: struct for struct in (Limits, LanePolicy, Target, Query, Signature, WalletBinding, ParentConsent)
}


class Step(NamedTuple):
    """An operation and its arguments: those of the model's function of that name, the caller first."""

    op: str
    args: tuple[Value, ...] = ()


class Cast(NamedTuple):
    """The addresses that take part, by role; anybody may be tried in any role."""

    owners: tuple[str, ...]
    wallets: tuple[str, ...]
    protocols: tuple[str, ...]
    admins: tuple[str, ...]
    guardians: tuple[str, ...]
    delegates: tuple[str, ...]
    providers: tuple[str, ...]
    strangers: tuple[str, ...]

    @property
    def everybody(self) -> tuple[str, ...]:
        """All of them."""
        return tuple(address for role in self for address in role)


class Key(NamedTuple):
    """A private key that everybody can know, and its address."""

    secret: bytes
    address: str


@lru_cache(maxsize=256)
def key(name: str) -> Key:
    """The key of a member of the cast, from its name."""
    from coincurve import PublicKey  # noqa: PLC0415 - a development dependency

    secret = keccak(text=f"switchgear fuzz {name}")
    public = PublicKey.from_secret(secret).format(compressed=False)[1:]
    return Key(secret, "0x" + keccak(public)[12:].hex())


_SIZES = {
    "owners": 4,
    "wallets": 14,
    "protocols": 3,
    "admins": 3,
    "guardians": 10,
    "delegates": 2,
    "providers": 2,
    "strangers": 2,
}
_NAMES = {f"{role[:-1]}{number}": role for role, size in _SIZES.items() for number in range(size)}


@lru_cache(maxsize=1)
def keys() -> dict[str, bytes]:
    """Private key of each address of the cast."""
    return {key(name).address: key(name).secret for name in _NAMES}


@lru_cache(maxsize=1)
def cast() -> Cast:
    """Everybody."""
    return Cast(**{role: tuple(key(name).address for name in _NAMES if _NAMES[name] == role) for role in _SIZES})


def names() -> dict[str, str]:
    """Name of each address of the cast, for reports."""
    return {key(name).address: name for name in _NAMES}


def to_json(steps: list[Step]) -> str:
    """A step list as text, one step a line."""
    lines = ",\n".join(json.dumps([step.op, *map(_encoded, step.args)]) for step in steps)
    return f"[\n{lines}\n]\n"


def from_json(text: str) -> list[Step]:
    """The inverse of `to_json`."""
    return [Step(op, tuple(map(_decoded, args))) for op, *args in json.loads(text)]


def show(step: Step, known: dict[str, str]) -> str:
    """A step for people: addresses that are known by name."""
    text = f"{step.op}({', '.join(map(_shown, step.args))})"
    for address, name in known.items():
        text = text.replace(address, name).replace(str(int(address, 16)), f"uint({name})")
    return text


def _shown(value: Value) -> str:
    if isinstance(value, tuple) and hasattr(value, "_fields"):
        return f"{type(value).__name__}({', '.join(map(_shown, value))})"
    return value.hex() if isinstance(value, bytes) else str(value)


def _encoded(value: Value) -> Value:
    if isinstance(value, bytes):
        return {"bytes": value.hex()}
    if isinstance(value, tuple) and hasattr(value, "_fields"):
        return {type(value).__name__: [_encoded(item) for item in value]}
    if isinstance(value, list | tuple):
        return [_encoded(item) for item in value]
    return int(value) if isinstance(value, int) and not isinstance(value, bool) else value


def _decoded(value: Any) -> Value:
    if isinstance(value, list):
        return [_decoded(item) for item in value]
    if not isinstance(value, dict):
        return value
    ((name, content),) = value.items()
    return bytes.fromhex(content) if name == "bytes" else _STRUCTS[name](*map(_decoded, content))
