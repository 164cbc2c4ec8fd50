"""Finds the tools that a checkout is pinned to, and puts them where Ape and forge look.

Everything made here lies in the checkout's .cache/, is made anew when it no longer fits, and may be deleted.
"""

from __future__ import annotations

import json
import os
import re
import shlex
import shutil
import subprocess
import sys
from pathlib import Path

LOOK_ALIKE = Path("ape_switchgear", "solc.js")
"""Looks like native solc, and runs npm's build of the same compiler. It also marks a checkout."""

TOOLS = Path(".cache", "bin")
"""What goes on PATH."""

SOLCX = Path(".cache", "solcx")
"""What SOLCX_BINARY_PATH names; foundry.toml names the compiler in it."""


def find_checkout(start: Path | None = None) -> Path | None:
    """Return the checkout of Switchgear that `start`, else the working directory, lies in."""
    start = start or Path.cwd()
    return next((folder for folder in (start, *start.parents) if (folder / LOOK_ALIKE).is_file()), None)


def activate(checkout: Path) -> None:
    """Let this process, and those it starts, find the checkout's compiler and local chain."""
    solc = find_solc(checkout)
    if solc is not None:
        # Forge knows the compiler by this link alone, so it is made for a chosen one too.
        _link(checkout / SOLCX / f"solc-v{pinned_solc(checkout)}", solc)
        if not _chosen_solcx(checkout):
            os.environ["SOLCX_BINARY_PATH"] = str(checkout / SOLCX)
    provide_tools(checkout)
    os.environ["PATH"] = os.pathsep.join([str(checkout / TOOLS), *_other_path(checkout)])


def pinned_solc(checkout: Path) -> str:
    """Return the compiler's version: package.json has the pin, and tests hold the other files to it."""
    return str(json.loads((checkout / "package.json").read_text())["devDependencies"]["solc"])


def find_solc(checkout: Path) -> Path | None:
    """Return the pinned compiler: the caller's choice, else a native one, else npm's, else none.

    With none, SOLCX_BINARY_PATH stays as it is and Ape's own installer has its turn.
    """
    version = pinned_solc(checkout)
    name = f"solc-v{version}"
    if chosen := _chosen_solcx(checkout):
        return chosen / name if (chosen / name).is_file() else None
    if (native := Path.home() / ".solcx" / name).is_file():
        return native
    # The environment's own solc-select, which comes with slither, tries to download whatever it is asked.
    path = [entry for entry in _other_path(checkout) if Path(entry) != Path(sys.executable).parent]
    if (on_path := shutil.which("solc", path=os.pathsep.join(path))) and _version_of(on_path) == version:
        return Path(on_path)
    package = checkout / "node_modules" / "solc" / "package.json"
    if package.is_file() and json.loads(package.read_text())["version"] == version:
        return checkout / LOOK_ALIKE
    return None


def provide_tools(checkout: Path) -> None:
    """Fill the tools folder: anvil, forge and cast as npm installed them, else as found on PATH."""
    search = os.pathsep.join([str(checkout / "node_modules" / ".bin"), *_other_path(checkout)])
    # Both write to ~/.foundry: anvil hundreds of megabytes of old state a run, which it never removes. So they get
    # another home. Anvil keeps the newest 500 states in memory: those stay readable.
    for name, options in (("anvil", " --max-persisted-states 0"), ("forge", "")):
        if tool := shutil.which(name, path=search):
            home = shlex.quote(str(checkout / ".cache"))
            script = f'#!/bin/sh\nHOME={home} exec {shlex.quote(tool)}{options} "$@"\n'
            write_file(checkout / TOOLS / name, script, mode=0o755)
    # Cast keeps the user's home, where the user's keystores are.
    if tool := shutil.which("cast", path=search):
        _link(checkout / TOOLS / "cast", Path(tool))


def _chosen_solcx(checkout: Path) -> Path | None:
    """Return the folder that the caller's SOLCX_BINARY_PATH names; ours, handed down by a parent process, is none."""
    chosen = os.environ.get("SOLCX_BINARY_PATH")
    return Path(chosen).absolute() if chosen and Path(chosen) != checkout / SOLCX else None


def _other_path(checkout: Path) -> list[str]:
    """Return PATH without the tools folder, lest a wrapper call itself."""
    ours = str(checkout / TOOLS)
    return [entry for entry in os.environ.get("PATH", os.defpath).split(os.pathsep) if entry != ours]


def _version_of(solc: str) -> str | None:
    """Return the version that a compiler gives of itself, if it does so without delay."""
    try:
        done = subprocess.run([solc, "--version"], capture_output=True, text=True, check=False, timeout=5)
    except (OSError, subprocess.TimeoutExpired):
        return None
    found = re.search(r"^Version: (\d+\.\d+\.\d+)\+commit", done.stdout, re.MULTILINE)
    return found[1] if found else None


def _link(link: Path, target: Path) -> None:
    """Make `link` lead to `target`."""
    if not (link.is_symlink() and link.readlink() == target):
        new = _beside(link)
        new.symlink_to(target)
        new.replace(link)


def write_file(file: Path, text: str, mode: int = 0o644) -> None:
    """Make `file` a file that reads `text`."""
    if file.is_symlink() or not file.is_file() or file.read_text() != text:
        new = _beside(file)
        new.write_text(text)
        new.chmod(mode)
        new.replace(file)


def _beside(path: Path) -> Path:
    """Return a name to make a thing under before it takes the place of `path`: so no process finds it half made."""
    path.parent.mkdir(parents=True, exist_ok=True)
    new = path.with_name(f".{path.name}.{os.getpid()}")
    new.unlink(missing_ok=True)
    return new
