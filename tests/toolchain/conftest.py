"""A checkout of nothing but what the resolver looks at, in a home and with a PATH of its own."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path

import pytest

from ape_switchgear import toolchain

VERSION = "0.8.37"


def write_script(path: Path, text: str) -> Path:
    """Write an executable shell script."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(f"#!/bin/sh\n{text}\n")
    path.chmod(0o755)
    return path


def write_solc(path: Path, version: str = VERSION) -> Path:
    """Write what answers --version as a native compiler does."""
    return write_script(path, f'echo "solc, the solidity compiler\nVersion: {version}+commit.f401782d.Linux.g++"')


@dataclass(frozen=True)
class Sandbox:
    """The folders that the resolver may find something in."""

    checkout: Path
    home: Path
    path: Path

    @property
    def look_alike(self) -> Path:
        """Where the stand-in for the native compiler lies."""
        return self.checkout / toolchain.LOOK_ALIKE

    def install_npm_solc(self, version: str = VERSION) -> None:
        """Install npm's solc, as far as the resolver looks."""
        package = self.checkout / "node_modules" / "solc" / "package.json"
        package.parent.mkdir(parents=True, exist_ok=True)
        package.write_text(json.dumps({"version": version}))


@pytest.fixture
def sandbox(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Sandbox:
    """A checkout without any compiler; the environment is put back after the test."""
    made = Sandbox(tmp_path / "a checkout", tmp_path / "home", tmp_path / "bin")
    made.look_alike.parent.mkdir(parents=True)
    made.look_alike.touch()
    (made.checkout / "package.json").write_text(json.dumps({"devDependencies": {"solc": VERSION}}))
    made.home.mkdir()
    made.path.mkdir()
    monkeypatch.setenv("HOME", str(made.home))
    monkeypatch.setenv("PATH", str(made.path))
    monkeypatch.setenv("SOLCX_BINARY_PATH", "")
    return made
