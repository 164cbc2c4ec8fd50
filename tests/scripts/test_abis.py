"""`ape run abis`; what it builds is tested with the artifacts."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from click.testing import CliRunner

from switchgear.ops import abis, build
from switchgear.ops.cli import Exit

if TYPE_CHECKING:
    from pathlib import Path

TEXTS = {"Fuse": "{}\n", "Relay": "[]\n"}


def test_abis__stale_folder__is_told_then_written_then_fresh(tmp_path: Path, monkeypatch: Any) -> None:
    """--check fails on stale files and changes nothing; without it they are written, and --check passes."""
    monkeypatch.setattr(abis, "build", lambda _project: TEXTS)
    monkeypatch.setattr(abis, "stale", lambda made: build.stale(made, tmp_path))
    monkeypatch.setattr(abis, "write", lambda made: build.write(made, tmp_path))

    def run(*options: str) -> tuple[int, str, str]:
        result = CliRunner(mix_stderr=False).invoke(abis.cli, options)
        return result.exit_code, result.stdout, result.stderr

    assert run("--check") == (Exit.FAILED, "stale: Fuse, Relay\n", "run `ape run abis`\n")
    assert list(tmp_path.iterdir()) == []
    assert run() == (Exit.OK, "written: Fuse, Relay\n", "")
    assert run("--check") == (Exit.OK, "all 2 are fresh\n", "")
    assert {path.name: path.read_text() for path in tmp_path.iterdir()} == {
        f"{name}.json": text for name, text in TEXTS.items()
    }
