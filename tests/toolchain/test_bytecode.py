"""Ape, forge and the compiler itself give the same bytecode for every contract of this project."""

from __future__ import annotations

import json
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest

from ape_switchgear import toolchain

ROOT = Path(__file__).parents[2]
SOURCES = sorted(path.relative_to(ROOT).as_posix() for path in (ROOT / "contracts").rglob("[!.]*.sol"))

Bytecode = dict[tuple[str, str], tuple[str, str]]
"""Creation and runtime bytecode by source and contract."""


Layout = list[tuple[str, str, int]]
"""Name, slot and offset of each variable of a contract."""


def ask_solc(solc: Path, sources: list[str]) -> tuple[Bytecode, dict[str, Layout]]:
    """Compile with nothing between us and the compiler, by the settings that forge reads; with layouts by contract."""
    forge = subprocess.run(["forge", "config", "--json"], cwd=ROOT, capture_output=True, text=True, check=True)
    config = json.loads(forge.stdout)
    selection = ["evm.bytecode.object", "evm.deployedBytecode.object", "storageLayout"]
    request = {
        "language": "Solidity",
        "sources": {source: {"content": (ROOT / source).read_text()} for source in sources},
        "settings": {
            "optimizer": {"enabled": config["optimizer"], "runs": config["optimizer_runs"]},
            "viaIR": config["via_ir"],
            "evmVersion": config["evm_version"],
            "metadata": {"bytecodeHash": config["bytecode_hash"]},
            "remappings": config["remappings"],
            "outputSelection": {"*": {"*": selection}},
        },
    }
    done = subprocess.run(
        [solc, "--standard-json", "--base-path", ROOT],
        input=json.dumps(request),
        capture_output=True,
        text=True,
        check=True,
    )
    output = json.loads(done.stdout)
    assert [error["formattedMessage"] for error in output.get("errors", []) if error["severity"] == "error"] == []
    every = {
        (source, name): compiled
        for source, contracts in output["contracts"].items()
        for name, compiled in contracts.items()
    }
    layouts = {
        name: [(one["label"], one["slot"], one["offset"]) for one in compiled["storageLayout"]["storage"]]
        for (_, name), compiled in every.items()
    }
    code = {
        key: (one["evm"]["bytecode"]["object"], one["evm"]["deployedBytecode"]["object"]) for key, one in every.items()
    }
    return only_deployable(code), layouts


def only_deployable(bytecode: Bytecode) -> Bytecode:
    """Leave out interfaces, abstract contracts and what is not of this project; drop the prefix 0x."""
    return {
        key: (creation.removeprefix("0x"), runtime.removeprefix("0x"))
        for key, (creation, runtime) in bytecode.items()
        if key[0] in SOURCES and creation not in ("", "0x")
    }


def differing(one: Bytecode, other: Bytecode) -> list[tuple[str, str]]:
    """Name the contracts of which two ways give different bytecode, or only one gives any."""
    return sorted(key for key in one.keys() | other.keys() if one.get(key) != other.get(key))


@pytest.fixture(scope="session")
def compiled() -> tuple[Bytecode, dict[str, Layout]]:
    """What the compiler gives, asked directly."""
    solc = toolchain.find_solc(ROOT)
    assert solc is not None
    return ask_solc(solc, SOURCES)


@pytest.fixture(scope="session")
def reference(compiled: tuple[Bytecode, dict[str, Layout]]) -> Bytecode:
    """The bytecode of that."""
    return compiled[0]


@pytest.mark.parametrize(
    ("hot", "cold"),
    [
        ("CircuitBreaker", "Administration"),
        *((name, "PolicyAdministration") for name in ("SafeAgentGuard", "AgentHook7579", "AgentCaveat")),
    ],
)
def test_layout__of_both_halves__is_one(compiled: tuple[Bytecode, dict[str, Layout]], hot: str, cold: str) -> None:
    """WP-6: what runs on one storage agrees on it: the cold half has all that the hot one has, in its place."""
    first, second = compiled[1][hot], compiled[1][cold]
    assert first
    assert first == second[: len(first)]


def test_ape_compile__every_contract__equals_solc(project: Any, reference: Bytecode) -> None:
    """BR-17: what Ape deploys is what the pinned compiler makes of the sources."""
    ape = {
        (kind.source_id, kind.name): (kind.deployment_bytecode.bytecode or "", kind.runtime_bytecode.bytecode or "")
        for kind in (container.contract_type for container in project.contracts.values())
        if kind.deployment_bytecode and kind.runtime_bytecode
    }
    assert differing(only_deployable(ape), reference) == []


def test_forge_build__every_contract__equals_solc(reference: Bytecode) -> None:
    """BR-17: forge measures and fuzzes the bytecode that Ape deploys."""
    subprocess.run(["forge", "build", "--quiet"], cwd=ROOT, check=True)
    forge: Bytecode = {}
    for file in (ROOT / ".cache" / "forge" / "out").rglob("*.json"):
        artifact = json.loads(file.read_text())
        if metadata := artifact.get("metadata"):
            ((source, name),) = metadata["settings"]["compilationTarget"].items()
            forge[source, name] = (artifact["bytecode"]["object"], artifact["deployedBytecode"]["object"])
    assert differing(only_deployable(forge), reference) == []


def test_solc__one_source_alone__gives_the_same_as_all_together(reference: Bytecode) -> None:
    """BR-17: the address of a contract does not depend on what else was compiled with it."""
    solc = toolchain.find_solc(ROOT)
    assert solc is not None
    source = "contracts/CircuitBreaker.sol"
    alone, _ = ask_solc(solc, [source])
    assert alone
    assert differing(alone, {key: reference[key] for key in alone}) == []


def test_native_solc__where_there_is_one__equals_npms(reference: Bytecode) -> None:
    """BR-17: the native compiler and npm's build of it, which stands in for it, give the same."""
    version = toolchain.pinned_solc(ROOT)
    found = toolchain.find_solc(ROOT)
    if found is None or found == ROOT / toolchain.LOOK_ALIKE:
        pytest.skip(f"no native solc {version} on this machine")
    assert shutil.which("node")
    assert differing(ask_solc(ROOT / toolchain.LOOK_ALIKE, SOURCES)[0], reference) == []
