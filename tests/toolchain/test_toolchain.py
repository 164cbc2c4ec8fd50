"""The Ape plugin finds the pinned tools, in the stated order, and disturbs nothing else."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from ape_switchgear import toolchain
from tests.toolchain.conftest import VERSION, Sandbox, write_script, write_solc

NAME = f"solc-v{VERSION}"


def test_find_solc__one_more_way_each_time__the_callers_choice_comes_first(
    sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """The order is SOLCX_BINARY_PATH, ~/.solcx, PATH, npm."""
    assert toolchain.find_solc(sandbox.checkout) is None

    sandbox.install_npm_solc()
    assert toolchain.find_solc(sandbox.checkout) == sandbox.look_alike

    on_path = write_solc(sandbox.path / "solc")
    assert toolchain.find_solc(sandbox.checkout) == on_path

    in_home = write_solc(sandbox.home / ".solcx" / NAME)
    assert toolchain.find_solc(sandbox.checkout) == in_home

    chosen = write_solc(tmp_path / "chosen" / NAME)
    monkeypatch.setenv("SOLCX_BINARY_PATH", str(chosen.parent))
    assert toolchain.find_solc(sandbox.checkout) == chosen


@pytest.mark.parametrize("version", ["0.8.36", "0.8.38", "0.8.3"])
def test_find_solc__another_version__is_not_used(sandbox: Sandbox, version: str) -> None:
    """Only the pinned version counts, on PATH and from npm."""
    write_solc(sandbox.path / "solc", version)
    write_solc(sandbox.home / ".solcx" / f"solc-v{version}", version)
    sandbox.install_npm_solc(version)
    assert toolchain.find_solc(sandbox.checkout) is None


def test_find_solc__callers_folder_without_the_version__chooses_nothing_else(
    sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """A folder that the caller named is never replaced by another."""
    sandbox.install_npm_solc()
    monkeypatch.setenv("SOLCX_BINARY_PATH", str(tmp_path))
    toolchain.activate(sandbox.checkout)
    assert os.environ["SOLCX_BINARY_PATH"] == str(tmp_path)
    assert not (sandbox.checkout / toolchain.SOLCX).exists()


def test_find_solc__solc_select_of_the_environment__is_not_asked(
    sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The script that slither brings along would try to download a compiler."""
    write_solc(sandbox.path / "solc")
    monkeypatch.setattr(sys, "executable", str(sandbox.path / "python"))
    assert toolchain.find_solc(sandbox.checkout) is None


def test_find_solc__broken_solc_on_path__falls_back_to_npm(sandbox: Sandbox) -> None:
    """A compiler that cannot tell its version is as good as none."""
    write_script(sandbox.path / "solc", "exit 1")
    sandbox.install_npm_solc()
    assert toolchain.find_solc(sandbox.checkout) == sandbox.look_alike


def test_activate__npm_solc__ape_and_forge_get_the_same(sandbox: Sandbox) -> None:
    """Ape's folder holds one link, which is also the path in foundry.toml, and it leads to the compiler."""
    sandbox.install_npm_solc()
    toolchain.activate(sandbox.checkout)
    folder = sandbox.checkout / toolchain.SOLCX
    assert os.environ["SOLCX_BINARY_PATH"] == str(folder)
    assert [(link.name, link.readlink()) for link in folder.iterdir()] == [(NAME, sandbox.look_alike)]


def test_activate__callers_choice__is_left_alone_and_forge_follows(
    sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """SOLCX_BINARY_PATH stays as the caller set it."""
    chosen = write_solc(tmp_path / "chosen" / NAME)
    monkeypatch.setenv("SOLCX_BINARY_PATH", str(chosen.parent))
    toolchain.activate(sandbox.checkout)
    assert os.environ["SOLCX_BINARY_PATH"] == str(chosen.parent)
    assert (sandbox.checkout / toolchain.SOLCX / NAME).readlink() == chosen


def test_activate__started_by_another_ape_command__decides_anew(sandbox: Sandbox) -> None:
    """What a parent process set is not the caller's choice; PATH names the tools once."""
    sandbox.install_npm_solc()
    toolchain.activate(sandbox.checkout)
    native = write_solc(sandbox.path / "solc")
    toolchain.activate(sandbox.checkout)
    assert (sandbox.checkout / toolchain.SOLCX / NAME).readlink() == native
    assert os.environ["PATH"].split(os.pathsep) == [str(sandbox.checkout / toolchain.TOOLS), str(sandbox.path)]


@pytest.mark.parametrize("folder", ["node_modules/.bin", "../bin"])
def test_activate__anvil_from_npm_or_path__leaves_no_state_behind(sandbox: Sandbox, folder: str) -> None:
    """Anvil is started through a script that keeps its state out of the home folder."""
    write_script(sandbox.checkout / folder / "anvil", 'echo "$HOME" "$@"')
    toolchain.activate(sandbox.checkout)
    done = subprocess.run(
        [sandbox.checkout / toolchain.TOOLS / "anvil", "--port", "1"], capture_output=True, text=True, check=True
    )
    assert done.stdout == f"{sandbox.checkout}/.cache --max-persisted-states 0 --port 1\n"


def test_activate__npm_and_path_have_forge__npms_is_taken(sandbox: Sandbox) -> None:
    """The locked tool goes before whatever the machine has, and a changed script replaces the old."""
    write_script(sandbox.path / "forge", "echo path")
    toolchain.activate(sandbox.checkout)
    write_script(sandbox.checkout / "node_modules" / ".bin" / "forge", "echo npm")
    toolchain.activate(sandbox.checkout)
    done = subprocess.run([sandbox.checkout / toolchain.TOOLS / "forge"], capture_output=True, text=True, check=True)
    assert done.stdout == "npm\n"


def test_find_checkout__inside_and_outside__only_inside(sandbox: Sandbox, tmp_path: Path) -> None:
    """Elsewhere the plugin finds no checkout, and so does nothing."""
    assert toolchain.find_checkout(sandbox.checkout) == sandbox.checkout
    assert toolchain.find_checkout(sandbox.look_alike.parent) == sandbox.checkout
    assert toolchain.find_checkout(tmp_path) is None


def test_import__outside_a_checkout__changes_nothing(tmp_path: Path) -> None:
    """Ape in another project sees the environment that it was started in."""
    code = "import os; before = dict(os.environ); import ape_switchgear; assert dict(os.environ) == before"
    subprocess.run([sys.executable, "-c", code], cwd=tmp_path, check=True)
