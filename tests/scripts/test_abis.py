"""`ape run abis`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from click.testing import CliRunner

from switchgear.ops import abis, build
from switchgear.ops.cli import Exit

if TYPE_CHECKING:
    from pathlib import Path


def test_abis__stale_folder__is_told_then_written_then_fresh(project: Any, tmp_path: Path, monkeypatch: Any) -> None:
    """--check fails on stale files and changes nothing; without it they are written, and --check passes."""
    texts = build.build(project)
    monkeypatch.setattr(abis, "stale", lambda made: build.stale(made, tmp_path))
    monkeypatch.setattr(abis, "write", lambda made: build.write(made, tmp_path))

    def run(*options: str) -> tuple[int, str]:
        result = CliRunner(mix_stderr=False).invoke(abis.cli, options)
        return result.exit_code, result.stdout

    assert run("--check") == (Exit.FAILED, f"stale: {', '.join(sorted(texts))}\n")
    assert list(tmp_path.iterdir()) == []
    assert run() == (Exit.OK, f"written: {', '.join(sorted(texts))}\n")
    assert run("--check") == (Exit.OK, f"all {len(texts)} are fresh\n")
