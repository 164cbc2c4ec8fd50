"""Decides what Ape compiles anew.

Ape looks only at whether a file's own text has changed. So it would keep, test and deploy the old bytecode of contracts
whose base contract, library or compiler settings have changed; and it compiles files without a contract every time.
Here a file is fresh if it was compiled as it is, with all that it imports as that is, by the settings in force.
"""

from __future__ import annotations

import hashlib
import json
import os
import re
from collections.abc import Iterable
from functools import lru_cache
from pathlib import Path

from ape_switchgear.toolchain import write_file

RECORD = Path(".cache", "compiled.json")
"""A digest of each source, as it was when Ape stored its bytecode."""

SETTINGS = ("ape-config.yaml", "package-lock.json")
"""The compiler's settings; its version, and that of every import that is not a file of ours."""

# Wherever it stands: taking too much for an import does no harm.
_RELATIVE_IMPORT = re.compile(rb"""["'](\.\.?/[^"'\n]+\.sol)["']""")


class Freshness:
    """What a checkout has compiled.

    Read once, then written as this process knows it, just as Ape does with the bytecode itself: so neither speaks of
    what another process has put into the other.
    """

    def __init__(self, checkout: Path) -> None:
        """Read the record; without one nothing is fresh."""
        self._checkout = checkout
        self._compiled: dict[str, str] = {}
        self._stored: dict[str, str] = {}
        if (checkout / RECORD).is_file():
            self._stored = json.loads((checkout / RECORD).read_text())

    def is_fresh(self, source: str) -> bool:
        """Tell whether the stored bytecode of `source`, a path within the checkout, is that of its text."""
        return self._stored.get(source) == self.digest(self._checkout, source)

    def compiled(self, root: Path, sources: Iterable[str]) -> None:
        """Note that `sources` were compiled as they are in `root`, the checkout or a copy of it."""
        self._compiled.update((source, self.digest(root, source)) for source in sources)

    def stored(self) -> None:
        """Record what was compiled: Ape has stored it."""
        self._stored.update(self._compiled)
        self._compiled.clear()
        write_file(self._checkout / RECORD, json.dumps(self._stored, indent=1, sort_keys=True))

    def digest(self, root: Path, source: str) -> str:
        """Return a hash of the settings and of `source` with all that it imports."""
        digest = hashlib.sha256()
        for name in SETTINGS:
            digest.update(_read(self._checkout / name)[0])
        seen: set[Path] = set()
        left = [root / source]
        while left:
            file = left.pop()
            if file not in seen and file.is_file():
                seen.add(file)
                left += _read(file)[1]
        for file in sorted(seen):
            digest.update(file.relative_to(root).as_posix().encode() + _read(file)[0])
        return digest.hexdigest()


def _read(file: Path) -> tuple[bytes, list[Path]]:
    """Return the hash of a file, and the files that it imports by a relative path."""
    status = file.stat()
    return _read_unchanged(file, status.st_mtime_ns, status.st_size)


@lru_cache(maxsize=4096)
def _read_unchanged(file: Path, _modified: int, _size: int) -> tuple[bytes, list[Path]]:
    """Ape asks at every access to a contract, and hardly ever has anything changed."""
    text = file.read_bytes()
    imports = [Path(os.path.normpath(file.parent / found.decode())) for found in _RELATIVE_IMPORT.findall(text)]
    return hashlib.sha256(text).digest(), imports
