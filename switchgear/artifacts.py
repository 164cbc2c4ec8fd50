"""ABIs and creation bytecode of the contracts, shipped with the package as `abi/<name>.json`.

`ape run abis` writes them from what `ape compile` makes; a test compiles again and compares.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import TYPE_CHECKING, Any

from eth_abi.abi import encode
from eth_abi.exceptions import EncodingError
from eth_utils.abi import collapse_if_tuple
from eth_utils.crypto import keccak

from switchgear.errors import InvalidInput

if TYPE_CHECKING:
    from collections.abc import Mapping

BEHIND_FALLBACK = {
    "CircuitBreaker": ("ICircuitBreaker",),
    "SafeAgentGuard": ("PolicyAdministration", "ITransactionGuard"),
    "AgentHook7579": ("PolicyAdministration",),
    "AgentCaveat": ("PolicyAdministration",),
}
"""Whose functions a contract answers for through its fallback."""


def whole_abi(name: str, abis: Mapping[str, list[dict[str, Any]]]) -> list[dict[str, Any]]:
    """A contract's ABI with that of what it answers for through its fallback; some entries may be there twice.

    Args:
        name: The contract.
        abis: Of all contracts, as the compiler gives them.
    """
    behind = (entry for other in BEHIND_FALLBACK.get(name, ()) for entry in abis[other])
    return [*abis[name], *(entry for entry in behind if entry["type"] != "constructor")]


@dataclass(frozen=True)
class Artifact:
    """One compiled contract."""

    name: str
    abi: list[dict[str, Any]]
    bytecode: bytes
    """Creation bytecode without constructor arguments; empty for an interface."""
    code_hash: str | None
    """keccak-256 of its code on-chain, immutables blanked, in 0x hex; None for an interface."""
    immutables: list[int]
    """Where in that code values lie that deployment puts in, 32 bytes each."""
    compiler: str
    """Full version of solc."""
    settings: dict[str, Any]
    """Settings of solc on which the bytecode depends."""

    def blank(self, code: bytes) -> bytes:
        """Code from the chain with the places of immutables zeroed."""
        blanked = bytearray(code)
        for start in self.immutables:
            blanked[start : start + 32] = bytes(32)
        return bytes(blanked)

    def matches(self, code: bytes) -> bool:
        """Whether code from the chain is this contract's, whatever its immutables."""
        return "0x" + keccak(self.blank(code)).hex() == self.code_hash

    def values(self, code: bytes) -> set[bytes]:
        """What deployment put in the places of immutables, in code that `matches`."""
        return {code[start : start + 32] for start in self.immutables}

    def init_code(self, *args: Any) -> bytes:
        """Creation bytecode with its encoded constructor arguments.

        Raises:
            InvalidInput: It is an interface, or the arguments do not fit the constructor.
        """
        if not self.bytecode:
            message = f"{self.name} is an interface and cannot be deployed"
            raise InvalidInput(message)
        inputs: list[dict[str, Any]] = next(
            (entry["inputs"] for entry in self.abi if entry["type"] == "constructor"), []
        )
        try:
            return self.bytecode + encode([collapse_if_tuple(entry) for entry in inputs], args)
        except (EncodingError, TypeError, ValueError) as error:
            message = f"constructor arguments of {self.name}: {error}"
            raise InvalidInput(message) from error


def names() -> list[str]:
    """Names that `load` takes."""
    return sorted(entry.name[:-5] for entry in _folder().iterdir() if entry.name.endswith(".json"))


@cache
def load(name: str) -> Artifact:
    """The artifact of a contract or interface by its Solidity name.

    Raises:
        InvalidInput: No such contract is shipped.

    >>> load("CircuitBreaker").name
    'CircuitBreaker'
    """
    if name not in names():
        message = f"no artifact {name!r}; there are {', '.join(names())}"
        raise InvalidInput(message)
    data = json.loads((_folder() / f"{name}.json").read_text())
    data["bytecode"] = bytes.fromhex(data["bytecode"].removeprefix("0x"))
    return Artifact(**data)


def _folder() -> Any:
    return files("switchgear") / "abi"
