"""Rules have IDs, and docs/spec.md says what each stands for."""

from __future__ import annotations

import re
from pathlib import Path

ROOT = Path(__file__).parents[2]
ID = re.compile(r"\b(?:ID|BR|WP|CM|OP)-\d+\b")


def test_rules__each_that_is_cited__is_said_and_tested() -> None:
    """Whoever meets an ID finds the rule, and every rule has a test that carries its ID."""
    rows = re.findall(r"^\| ([A-Z]{2}-\d+) \| \S.* \|$", (ROOT / "docs" / "spec.md").read_text(), re.MULTILINE)
    assert len(rows) == len(set(rows))
    cited = {
        folder: {
            one
            for kind in ("*.py", "*.sol", "*.md")
            for path in (ROOT / folder).rglob(kind)
            for one in ID.findall(path.read_text())
        }
        for folder in ("contracts", "switchgear", "docs", "tests")
    }
    assert set().union(*cited.values()) == set(rows)
    assert cited["tests"] == set(rows)
