"""Every dependency is pinned, locked with hashes, and says what it is for."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

ROOT = Path(__file__).parents[2]
PYPROJECT: dict[str, Any] = tomllib.loads((ROOT / "pyproject.toml").read_text())
PACKAGE: dict[str, Any] = json.loads((ROOT / "package.json").read_text())
PACKAGE_LOCK: dict[str, Any] = json.loads((ROOT / "package-lock.json").read_text())
REQUIREMENTS_LOCK = (ROOT / "requirements.lock").read_text()

BASE: list[str] = PYPROJECT["project"]["dependencies"]
EXACT: list[str] = [
    *(name for names in PYPROJECT["project"]["optional-dependencies"].values() for name in names),
    *(name for names in PYPROJECT["dependency-groups"].values() for name in names),
]


def test_pyproject__dependency_of_the_client__has_a_lower_and_an_upper_bound() -> None:
    """An agent's process shares its environment with others, so bounds and no exact pins."""
    for requirement in map(Requirement, BASE):
        assert {bound.operator for bound in requirement.specifier} == {">=", "<"}, requirement


def test_pyproject__dependency_of_the_checkout__is_pinned() -> None:
    """What builds and tests is one exact version."""
    for requirement in map(Requirement, EXACT):
        assert [bound.operator for bound in requirement.specifier] == ["=="], requirement


def test_pyproject__every_dependency__says_what_it_is_for() -> None:
    """Each stands on a line of its own that ends in a reason."""
    lines = (ROOT / "pyproject.toml").read_text().splitlines()
    for requirement in (*BASE, *EXACT):
        (line,) = [line for line in lines if line.strip().startswith(f'"{requirement}"')]
        assert re.search(r'",\s+# \w.+$', line), line


def test_requirements_lock__every_package__has_one_version_and_hashes() -> None:
    """Pip installs nothing else, and refuses a file with another hash."""
    entries = re.split(r"\n(?=\w)", re.sub(r"^\s*#.*\n", "", REQUIREMENTS_LOCK, flags=re.MULTILINE).strip())
    locked: dict[str, list[str]] = {}
    for entry in entries:
        match = re.fullmatch(r"([\w.-]+)==(\S+)( ; [^\\]+)? \\\n(    --hash=sha256:[0-9a-f]{64}( \\\n|))+", entry)
        assert match, entry
        locked.setdefault(canonicalize_name(match[1]), []).append(match[2])
    for requirement in map(Requirement, (*BASE, *EXACT)):
        assert all(version in requirement.specifier for version in locked[canonicalize_name(requirement.name)])


def test_requirements_lock__installed__lacks_nothing() -> None:
    """Pip installs the lock without resolving, so every package must find there what it needs."""
    check = subprocess.run([sys.executable, "-m", "pip", "check"], capture_output=True, text=True, check=False)
    assert check.returncode == 0, check.stdout


def test_package_json__every_dependency__is_pinned_and_says_what_it_is_for() -> None:
    """JSON has no comments: the reasons stand under "//", a scope's packages together."""
    reasons = PACKAGE["//"]
    for name, version in {**PACKAGE["devDependencies"], **PACKAGE["optionalDependencies"]}.items():
        assert re.fullmatch(r"\d+\.\d+\.\d+", version), name
        assert name in reasons or f"{name.split('/')[0]}/*" in reasons, name


def test_package_lock__every_package__has_a_hash() -> None:
    """Npm refuses a file with another hash."""
    for name, package in PACKAGE_LOCK["packages"].items():
        assert not name or package["integrity"].startswith("sha512-"), name


@pytest.mark.parametrize("lock", ["requirements.lock", "package-lock.json"])
def test_locks__address_of_a_registry__is_not_in_them(lock: str) -> None:
    """Where packages come from is the installing machine's business; the hash decides what they are."""
    assert "://" not in re.sub(r'"funding": \{[^}]*\}|"url": "[^"]*"', "", (ROOT / lock).read_text())


def test_compiler__every_file_that_names_a_version__names_the_same() -> None:
    """package.json has the pin; Ape and forge are told it too."""
    version = PACKAGE["devDependencies"]["solc"]
    assert PACKAGE_LOCK["packages"]["node_modules/solc"]["version"] == version
    assert str(yaml.safe_load((ROOT / "ape-config.yaml").read_text())["solidity"]["version"]) == version
    foundry = tomllib.loads((ROOT / "foundry.toml").read_text())["profile"]["default"]
    assert foundry["solc"] == f".cache/solcx/solc-v{version}"


def test_compiler__ape_and_forge__have_the_same_settings() -> None:
    """Each has its own names for them."""
    ape = yaml.safe_load((ROOT / "ape-config.yaml").read_text())["solidity"]
    forge = tomllib.loads((ROOT / "foundry.toml").read_text())["profile"]["default"]
    assert (ape["evm_version"], ape["via_ir"], ape["optimize"], ape["optimization_runs"]) == (
        forge["evm_version"],
        forge["via_ir"],
        forge["optimizer"],
        forge["optimizer_runs"],
    )
    assert ape["metadata"]["bytecodeHash"] == forge["bytecode_hash"]
    assert ape["import_remapping"] == forge["remappings"]
