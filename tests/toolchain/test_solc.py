"""The stand-in for the native compiler speaks as the native one does."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path
from typing import Any

import pytest

from ape_switchgear import toolchain

ROOT = Path(__file__).parents[2]
A = "pragma solidity 0.8.37; contract A { function f() external pure returns (uint256) { return 1; } }"
B = 'pragma solidity 0.8.37; import {A} from "lib/A.sol"; contract B is A {}'


def solc(*arguments: str | Path, given: str = "", cwd: Path | None = None) -> subprocess.CompletedProcess[str]:
    """Run the stand-in."""
    return subprocess.run(
        [ROOT / toolchain.LOOK_ALIKE, *arguments], input=given, capture_output=True, text=True, check=False, cwd=cwd
    )


def standard_input(content: str) -> str:
    """Ask for the bytecode of one source."""
    selection = {"*": {"*": ["evm.bytecode.object"]}}
    request = {"language": "Solidity", "sources": {"B.sol": {"content": content}}}
    return json.dumps({**request, "settings": {"outputSelection": selection}})


def errors(output: dict[str, Any]) -> list[str]:
    """The messages of a compiler's output."""
    return [error["message"] for error in output.get("errors", []) if error["severity"] == "error"]


def test_version__pinned__has_the_native_form() -> None:
    """Tools look for `Version: <version>+commit.<hash>` in the second line."""
    done = solc("--version")
    assert done.returncode == 0
    first, second = done.stdout.splitlines()
    assert first.startswith("solc, the solidity compiler")
    assert second.startswith(f"Version: {toolchain.pinned_solc(ROOT)}+commit.")


@pytest.mark.parametrize("form", ["{}", "{}={}"])
def test_standard_json__import_by_base_and_include_path__compiles(tmp_path: Path, form: str) -> None:
    """Imports are looked for in the base path, then in the include paths, in both spellings of an option."""
    for folder, found in (("base", False), ("include", True)):
        (tmp_path / folder / "lib").mkdir(parents=True)
        if found:
            (tmp_path / folder / "lib" / "A.sol").write_text(A)
    options = {"--base-path": str(tmp_path / "base"), "--include-path": str(tmp_path / "include")}
    words = [f"{k}={v}" for k, v in options.items()] if "=" in form else [w for pair in options.items() for w in pair]
    output = json.loads(solc("--standard-json", *words, given=standard_input(B)).stdout)
    assert errors(output) == []
    assert output["contracts"]["B.sol"]["B"]["evm"]["bytecode"]["object"]


def test_standard_json__input_file__is_read(tmp_path: Path) -> None:
    """The input may be a file instead of standard input."""
    (tmp_path / "input.json").write_text(standard_input(A))
    output = json.loads(solc("--standard-json", tmp_path / "input.json").stdout)
    assert "A" in output["contracts"]["B.sol"]


def test_standard_json__import_not_there__is_an_error_in_the_output(tmp_path: Path) -> None:
    """As the native compiler does, it exits with 0 and reports within the output."""
    done = solc("--standard-json", "--base-path", tmp_path, given=standard_input(B))
    assert done.returncode == 0
    assert errors(json.loads(done.stdout)) == ['Source "lib/A.sol" not found: File not found: lib/A.sol']


def test_standard_json__link_out_of_the_allowed_folders__is_refused_unless_allowed(tmp_path: Path) -> None:
    """What Ape compiles here must compile with the native compiler too, which follows no such link."""
    (tmp_path / "elsewhere").mkdir()
    (tmp_path / "elsewhere" / "A.sol").write_text(A)
    (tmp_path / "base").mkdir()
    (tmp_path / "base" / "lib").symlink_to(tmp_path / "elsewhere")
    words = ["--standard-json", "--base-path", tmp_path / "base"]
    (refusal,) = errors(json.loads(solc(*words, given=standard_input(B)).stdout))
    assert "outside of allowed directories" in refusal
    allowed = solc(*words, "--allow-paths", tmp_path / "elsewhere", given=standard_input(B))
    assert errors(json.loads(allowed.stdout)) == []


@pytest.mark.parametrize("words", [(), ("--bin", "A.sol"), ("--standard-json", "--gas")])
def test_options__unknown__are_refused(words: tuple[str, ...]) -> None:
    """It says what it cannot do, rather than to do something else."""
    done = solc(*words)
    assert done.returncode == 1
    assert "stand-in" in done.stderr
    assert done.stdout == ""
