"""The Makefile says what is missing, and names every target that the documents name."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import pytest

from tests.toolchain.conftest import write_script

ROOT = Path(__file__).parents[2]
NEEDED = ("Makefile", "requirements.lock", "pyproject.toml", "package.json", "package-lock.json", ".npmrc")
FINE = "exit 0"
PYTHONS = ("python3", "python3.12", "python3.11", "python3.10")


@pytest.fixture
def install(tmp_path: Path) -> list[str]:
    """The command that installs, in a copy where nothing is installed and PATH has only what a test puts there."""
    for name in NEEDED:
        shutil.copy(ROOT / name, tmp_path)
    for name in ("bash", "sh", "test", "touch"):
        tool = shutil.which(name)
        assert tool
        (tmp_path / "bin").mkdir(exist_ok=True)
        (tmp_path / "bin" / name).symlink_to(tool)
    make = shutil.which("make")
    env = shutil.which("env")
    assert make
    assert env
    return [env, "-i", f"PATH={tmp_path / 'bin'}", make, "-C", str(tmp_path), "--no-print-directory", "install"]


@pytest.mark.parametrize(
    ("tools", "message"),
    [
        ({"node": FINE, "npm": "echo 10.0.0"}, "Switchgear needs Python 3.10, 3.11 or 3.12 with its venv module"),
        (dict.fromkeys(PYTHONS, "exit 1") | {"node": FINE, "npm": "echo 10"}, "Switchgear needs Python 3.10"),
        ({"python3": FINE}, "Switchgear needs Node.js 18 or newer with npm"),
        ({"python3": FINE, "node": FINE}, "Switchgear needs Node.js 18 or newer with npm"),
        ({"python3": FINE, "node": "exit 1", "npm": "echo 10.0.0"}, "Switchgear needs Node.js 18 or newer with npm"),
    ],
    ids=["no python", "no fitting python", "no node", "no npm", "old node"],
)
def test_install__prerequisite_missing__says_so_in_one_line(
    install: list[str], tmp_path: Path, tools: dict[str, str], message: str
) -> None:
    """One line names what is missing and what to install, before anything is installed."""
    for name, script in tools.items():
        write_script(tmp_path / "bin" / name, script)
    done = subprocess.run(install, capture_output=True, text=True, check=False)
    assert done.returncode != 0
    (line,) = (done.stdout + done.stderr).splitlines()
    assert message in line
    assert "install" in line
    assert not (tmp_path / ".venv").exists()
    assert not (tmp_path / "node_modules").exists()


def test_help__no_target__lists_each_target_with_a_word_on_it() -> None:
    """`make` alone changes nothing and lists what it can do."""
    done = subprocess.run(["make", "-C", ROOT, "--no-print-directory"], capture_output=True, text=True, check=True)
    targets = [line.split()[1] for line in done.stdout.splitlines()]
    assert targets == [
        "help",
        "install",
        "demo",
        "test",
        "lint",
        "fmt",
        "gas",
        "fuzz",
        "mutants",
        "bench",
        "detect",
        "abis",
        "lock",
        "clean",
    ]
