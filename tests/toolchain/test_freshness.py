"""Ape compiles what a change reaches, and nothing else."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from ape_switchgear.freshness import RECORD, Freshness

ROOT = Path(__file__).parents[2]
SOURCES = {
    "contracts/lib/Library.sol": "library Library { function f() internal pure returns (uint256) { return 1; } }",
    "contracts/Base.sol": """import {
            Library
        } from "./lib/Library.sol";
        abstract contract Base { function g() public pure returns (uint256) { return Library.f(); } }""",
    "contracts/Child.sol": 'import {Base} from "./Base.sol"; contract Child is Base {}',
    "contracts/Alone.sol": "contract Alone {}",
}


def edit(file: Path, text: str) -> None:
    """Write a file, and make sure that its time differs, which a test may be too fast for."""
    file.parent.mkdir(parents=True, exist_ok=True)
    before = file.stat().st_mtime_ns if file.exists() else 0
    file.write_text(text)
    os.utime(file, ns=(before + 10**9, before + 10**9))


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    """A few sources that import one another, and the files that have the settings."""
    for name, text in SOURCES.items():
        edit(tmp_path / name, f"// SPDX-License-Identifier: MIT\npragma solidity 0.8.37;\n{text}\n")
    for name in ("ape-config.yaml", "package-lock.json", "package.json"):
        shutil.copy(ROOT / name, tmp_path)
    return tmp_path


@pytest.fixture
def compiled(checkout: Path) -> Path:
    """The same, with every source on record as compiled."""
    freshness = Freshness(checkout)
    freshness.compiled(checkout, SOURCES)
    freshness.stored()
    return checkout


def stale(checkout: Path) -> set[str]:
    """What another process finds to compile."""
    freshness = Freshness(checkout)
    return {Path(source).stem for source in SOURCES if not freshness.is_fresh(source)}


def test_is_fresh__nothing_on_record__is_false(checkout: Path) -> None:
    """What was never compiled, or whose record was deleted, is compiled."""
    assert stale(checkout) == {"Library", "Base", "Child", "Alone"}


def test_is_fresh__nothing_changed__is_true(compiled: Path) -> None:
    """A second command compiles nothing."""
    assert stale(compiled) == set()


@pytest.mark.parametrize(
    ("changed", "reached"),
    [
        ("contracts/lib/Library.sol", {"Library", "Base", "Child"}),
        ("contracts/Base.sol", {"Base", "Child"}),
        ("contracts/Child.sol", {"Child"}),
        ("contracts/Alone.sol", {"Alone"}),
        ("ape-config.yaml", {"Library", "Base", "Child", "Alone"}),
        ("package-lock.json", {"Library", "Base", "Child", "Alone"}),
    ],
)
def test_is_fresh__file_changed__reaches_those_that_import_it(compiled: Path, changed: str, reached: set[str]) -> None:
    """A change reaches every importer, near and far, and a setting reaches all."""
    edit(compiled / changed, (compiled / changed).read_text() + "\n")
    assert stale(compiled) == reached


def test_is_fresh__import_deleted__reaches_its_importer(compiled: Path) -> None:
    """The compiler is to report what is missing."""
    (compiled / "contracts" / "Base.sol").unlink()
    assert "Child" in stale(compiled)


def test_stored__compiled_but_not_stored__is_not_on_record(checkout: Path) -> None:
    """A process that ends between compiling and storing leaves nothing that looks fresh."""
    Freshness(checkout).compiled(checkout, SOURCES)
    assert not (checkout / RECORD).exists()
    assert stale(checkout) == {"Library", "Base", "Child", "Alone"}


def test_ape_compile__library_changed__gives_the_contract_new_bytecode(checkout: Path) -> None:
    """BR-17: Ape by itself would keep, test and deploy the contract with the old library in it."""
    shutil.copytree(ROOT / "ape_switchgear", checkout / "ape_switchgear")
    (checkout / "node_modules").symlink_to(ROOT / "node_modules")
    ape = [Path(sys.executable).parent / "ape", "compile"]
    environment = {**os.environ, "SOLCX_BINARY_PATH": ""}

    def compile_child(*options: str) -> str:
        subprocess.run([*ape, *options], cwd=checkout, env=environment, check=True, capture_output=True)
        manifest = json.loads((checkout / ".build" / "__local__.json").read_text())
        return str(manifest["contractTypes"]["Child"]["runtimeBytecode"]["bytecode"])

    before = compile_child()
    library = checkout / "contracts" / "lib" / "Library.sol"
    edit(library, library.read_text().replace("return 1", "return 2"))
    after = compile_child()
    assert after != before
    assert after == compile_child("--force")
