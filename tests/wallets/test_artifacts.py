"""Wallets are read from where npm puts them."""

from __future__ import annotations

from pathlib import Path

import pytest

from switchgear.errors import InvalidInput
from switchgear.foreign import artifacts

NODE_MODULES = Path(__file__).parents[2] / "node_modules"


def test_load__installed__all_can_be_deployed() -> None:
    """Every wallet has creation bytecode, and nothing in it is left to be linked."""
    found = artifacts.load(NODE_MODULES)
    assert {f"Safe {version}" for version in artifacts.SAFES} <= found.keys()
    assert {"EntryPoint 0.8", "EntryPoint 0.7", "Nexus", "Kernel", "Safe7579", "DelegationManager"} <= found.keys()
    assert all(compiled.creation and compiled.abi for compiled in found.values())


def test_load__not_installed__says_what_to_do(tmp_path: Path) -> None:
    """Without npm's packages the error tells to install them."""
    with pytest.raises(InvalidInput, match="npm ci"):
        artifacts.load(tmp_path)


@pytest.mark.parametrize(
    ("text", "inputs", "outputs"),
    [
        ("call((address,bytes)[],uint8) (uint32,address)", ["(address,bytes)[]", "uint8"], ["(uint32,address)"]),
        ("call(bytes32) bytes4", ["bytes32"], ["bytes4"]),
        ("call(bytes)", ["bytes"], []),
        ("call() string", [], ["string"]),
    ],
)
def test_function__text__is_an_abi_entry(text: str, inputs: list[str], outputs: list[str]) -> None:
    """Types are told apart at the outermost commas."""
    entry = artifacts.function(text)
    assert (entry["type"], entry["name"]) == ("function", "call")
    assert [field["type"] for field in entry["inputs"]] == inputs
    assert [field["type"] for field in entry["outputs"]] == outputs
