"""The integrator's page shows code that is compiled and tested, and no other."""

from __future__ import annotations

import re
from pathlib import Path
from textwrap import dedent

ROOT = Path(__file__).parents[2]
PAGE = ROOT / "docs" / "integrate.md"
EXAMPLES = ROOT / "contracts" / "examples"
FENCE = re.compile(r"^```(\w*)\n(.*?)^```$", re.MULTILINE | re.DOTALL)


def test_integrate_page__every_code_block__is_in_an_example() -> None:
    """Each block is word for word in one of the examples, which the other tests here deploy."""
    sources = {path.name: path.read_text() for path in EXAMPLES.glob("*.sol")}
    blocks = FENCE.findall(PAGE.read_text())
    assert len(blocks) >= 10
    for language, block in blocks:
        assert language == "solidity"
        assert any(block in source for source in sources.values()), f"not in contracts/examples:\n{dedent(block)}"


def test_integrate_page__every_name_of_the_base__exists() -> None:
    """What the page calls by name in its text is in the base, its interface, or the core's types."""
    sources = "".join(path.read_text() for path in (ROOT / "contracts").rglob("*.sol"))
    names = set(re.findall(r"`_?([A-Za-z]\w+)`", FENCE.sub("", PAGE.read_text())))
    assert {"AgentDenied", "CoreUnavailable", "GasTooLow", "FailedOpen"} <= names
    assert not {name for name in names if not re.search(rf"\b_?{name}\b", sources)}
