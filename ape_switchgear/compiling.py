"""Teaches Ape and ape-solidity three things that they have no setting for.

Each replaces a method of theirs, so both are pinned to one version; tests/toolchain/ compares the outcome with
what the compiler gives when it is asked directly.
"""

from __future__ import annotations

import shutil
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

from ape.managers.project import ContractManager, LocalProject, ProjectManager
from ape_solidity.compiler import SolidityCompiler
from ethpm_types import ContractType

from ape_switchgear.freshness import Freshness


def extend(checkout: Path) -> None:
    """Compile what is not fresh, with the remapped packages at hand and with `solidity.metadata` of ape-config.yaml."""
    freshness = Freshness(checkout)
    compile_copy = SolidityCompiler._compile
    store = LocalProject._update_contract_types
    has_changed = ContractManager._detect_change

    def compile_complete_copy(
        self: SolidityCompiler,
        paths: Iterable[Path],
        project: ProjectManager | None = None,
        settings: dict[str, Any] | None = None,
    ) -> Iterator[ContractType]:
        root = (project or self.local_project).path
        paths = list(paths)
        config = self.get_config(project=project)
        for folder in (remapping.value for remapping in config.import_remapping):
            # Ape compiles a copy of the project, without node_modules/. Not a link: native solc follows none that
            # leads out of the project.
            if folder.startswith("node_modules/") and not (root / folder).exists():
                shutil.copytree(checkout / folder, root / folder, ignore=shutil.ignore_patterns("*.json"))
        settings = {"metadata": getattr(config, "metadata", {}), **(settings or {})}
        yield from compile_copy(self, paths, project=project, settings=settings)
        freshness.compiled(root, (path.relative_to(root).as_posix() for path in paths))

    def store_and_record(self: LocalProject, contract_types: dict[str, ContractType]) -> None:
        store(self, contract_types)
        if self.path == checkout:
            freshness.stored()

    def is_not_fresh(self: ContractManager, path: Path | str) -> bool:
        file = self.project.path / path
        if self.project.path != checkout or file.suffix != ".sol":
            return has_changed(self, path)
        nothing_stored = not self.project.manifest.contract_types
        return file.is_file() and (nothing_stored or not freshness.is_fresh(file.relative_to(checkout).as_posix()))

    SolidityCompiler._compile = compile_complete_copy  # type: ignore[assignment, method-assign]
    LocalProject._update_contract_types = store_and_record  # type: ignore[method-assign]
    ContractManager._detect_change = is_not_fresh  # type: ignore[method-assign]
