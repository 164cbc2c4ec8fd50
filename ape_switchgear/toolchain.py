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
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from ape.managers.project import ProjectManager
    from ethpm_types import ContractType

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
            _write_script(checkout / TOOLS / name, f'#!/bin/sh\nHOME={home} exec {shlex.quote(tool)}{options} "$@"\n')
    # Cast keeps the user's home, where the user's keystores are.
    if tool := shutil.which("cast", path=search):
        _link(checkout / TOOLS / "cast", Path(tool))


def extend_ape_solidity(checkout: Path) -> None:
    """Teach ape-solidity two things that it has no setting for.

    It compiles a copy of the project, where it would miss what remappings find in node_modules/; and it
    hands on no `metadata` settings, which decide whether bytecode ends in a hash of its sources.
    """
    from ape_solidity.compiler import SolidityCompiler  # noqa: PLC0415 - heavy, and only compiling needs it

    compile_copy = SolidityCompiler._compile

    def compile_complete_copy(
        self: SolidityCompiler,
        paths: Iterable[Path],
        project: ProjectManager | None = None,
        settings: dict[str, Any] | None = None,
    ) -> Iterator[ContractType]:
        config = self.get_config(project=project)
        for folder in (remapping.value for remapping in config.import_remapping):
            copy = (project or self.local_project).path / folder
            # Not a link, since native solc follows none that leads out of the project.
            if folder.startswith("node_modules/") and not copy.exists():
                shutil.copytree(checkout / folder, copy, ignore=shutil.ignore_patterns("*.json"))
        settings = {"metadata": getattr(config, "metadata", {}), **(settings or {})}
        yield from compile_copy(self, paths, project=project, settings=settings)

    SolidityCompiler._compile = compile_complete_copy  # type: ignore[assignment, method-assign]


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
    """Make `link` lead to `target`; a command that runs at the same time never finds it missing."""
    if link.is_symlink() and link.readlink() == target:
        return
    new = _beside(link)
    new.symlink_to(target)
    new.replace(link)


def _write_script(script: Path, text: str) -> None:
    """Make `script` an executable that reads `text`, likewise."""
    if not script.is_symlink() and script.is_file() and script.read_text() == text:
        return
    new = _beside(script)
    new.write_text(text)
    new.chmod(0o755)
    new.replace(script)


def _beside(path: Path) -> Path:
    """Return a name next to `path` that no other process uses."""
    path.parent.mkdir(parents=True, exist_ok=True)
    new = path.with_name(f".{path.name}.{os.getpid()}")
    new.unlink(missing_ok=True)
    return new
