"""The ABIs and bytecode that the package ships."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from switchgear import InvalidInput, artifacts
from switchgear.chain import code_hash
from switchgear.ops.build import build, stale, write

if TYPE_CHECKING:
    from pathlib import Path

    from tests.support.world import World


@pytest.fixture(scope="module")
def built(project: Any) -> dict[str, str]:
    """What the contracts compile to now."""
    return build(project)


def test_build__from_the_contracts_as_they_are__is_what_is_shipped(built: dict[str, str]) -> None:
    """Every shipped file is byte for byte what the contracts compile to; `make abis` makes it so."""
    assert stale(built) == []


def test_stale__changed_missing_and_left_over__are_all_told(built: dict[str, str], tmp_path: Path) -> None:
    """Freshness is of every file, and none too many; writing restores it."""
    write(built, tmp_path)
    assert stale(built, tmp_path) == []
    (tmp_path / "AgentIdentity.json").write_text("{}")
    (tmp_path / "CircuitBreaker.json").unlink()
    (tmp_path / "Gone.json").write_text("{}")

    assert stale(built, tmp_path) == ["AgentIdentity", "CircuitBreaker", "Gone"]
    assert write(built, tmp_path) == ["AgentIdentity", "CircuitBreaker", "Gone"]
    assert stale(built, tmp_path) == []


@pytest.mark.parametrize("name", artifacts.names())
def test_load__each_shipped_name__is_whole(name: str) -> None:
    """Every artifact loads, with an ABI, and with code if it can be deployed."""
    artifact = artifacts.load(name)

    assert artifact.name == name
    assert artifact.abi
    assert bool(artifact.bytecode) == bool(artifact.code_hash)
    assert artifact.settings["evmVersion"] == "prague"
    assert artifact.settings["metadata"] == {"bytecodeHash": "none"}


def test_load__core__answers_for_its_whole_interface() -> None:
    """The core's ABI has what it answers through its fallback too."""
    functions = {entry["name"] for entry in artifacts.load("CircuitBreaker").abi if entry["type"] == "function"}

    assert {"admit", "enroll", "setLane", "trip", "administration"} <= functions


def test_load__unknown_name__says_which_there_are() -> None:
    """A misspelled name is told, with the right ones."""
    with pytest.raises(InvalidInput, match="CircuitBreaker"):
        artifacts.load("CircuitBraker")


def test_init_code__wrong_arguments__are_refused() -> None:
    """Constructor arguments are checked, and an interface cannot be created."""
    with pytest.raises(InvalidInput, match="constructor"):
        artifacts.load("AgentIdentity").init_code()
    with pytest.raises(InvalidInput, match="constructor"):
        artifacts.load("AgentIdentity").init_code("nobody")
    with pytest.raises(InvalidInput, match="constructor"):
        artifacts.load("CircuitBreaker").init_code(1)
    with pytest.raises(InvalidInput, match="interface"):
        artifacts.load("IERC8004Identity").init_code()


def test_matches__code_on_the_chain__is_recognised_and_no_other(empty: World) -> None:
    """Deployed code matches whatever its immutables; one changed byte, or another contract, does not."""
    core, identity = artifacts.load("CircuitBreaker"), artifacts.load("AgentIdentity")
    code = empty.node.code(empty.breaker.address)

    assert code_hash(code) != core.code_hash
    assert core.matches(code)
    assert identity.matches(empty.node.code(empty.registry.address))
    assert not identity.matches(code)
    assert not core.matches(code[:-1] + bytes([code[-1] ^ 1]))
    assert not core.matches(code + b"\x00")
    assert not core.matches(b"")
