"""`docs/commerce.md`, as the tests read it."""

from __future__ import annotations

import re
from pathlib import Path

ROOT = Path(__file__).parents[2]
PAGE = ROOT / "docs" / "commerce.md"
FENCE = re.compile(r"^```(\w+)\n(.*?)^```$", re.MULTILINE | re.DOTALL)


def rows(heading: str) -> list[list[str]]:
    """Cells of the first table after a heading, its own heading left out."""
    section = PAGE.read_text().partition(f"## {heading}\n")[2].partition("\n## ")[0]
    lines = [line for line in section.splitlines() if line.startswith("|")]
    return [[cell.strip() for cell in line.strip("|").split("|")] for line in lines[2:]]


def blocks(language: str) -> list[str]:
    """Code of one language, block by block."""
    return [code for kind, code in FENCE.findall(PAGE.read_text()) if kind == language]


def costs() -> dict[str, tuple[int, int]]:
    """Gas of each step, without the hook and with it."""
    table = rows("What it costs")
    return {row[0].strip("`"): (int(row[1].replace(",", "")), int(row[2].replace(",", ""))) for row in table}
