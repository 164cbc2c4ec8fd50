"""The report as its readers have it: HTML in a browser, Markdown, and the command that writes both."""

from __future__ import annotations

import json
import os
import re
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from click.testing import CliRunner
from eth_utils.crypto import keccak

from switchgear._cli import cli
from switchgear.errors import InvalidInput
from switchgear.ops.cli import Exit
from switchgear.report import compose, examine, gather, to_html, to_markdown
from switchgear.report.compose import FORMAT, data
from switchgear.report.document import heading_anchor
from switchgear.report.evidence import Unit
from switchgear.types import Causes
from switchgear.words import LimitsWord
from tests.support.incident import BILL, BILLS, GREED, HOSTILE_LINEAGE, HOSTILE_URI, LATE, Incident

if TYPE_CHECKING:
    from switchgear.report import Evidence, Findings
    from tests.support.browser import Browser, Page

DOCS = Path(__file__).parents[2] / "docs"
DOLLAR = BILL // 10
SECTIONS = [
    "Summary",
    "Timeline",
    "Reaction",
    "Baseline and incident",
    "Value before and after the trip",
    "Had the trip come at another time",
    "Detectors",
    "Transactions",
    "Who answers",
    "Configuration",
    "What this report cannot show",
    "Addresses",
    "Sources",
    "Data",
]


@pytest.fixture(scope="module")
def page(evidence: Evidence, findings: Findings, browser: Browser, tmp_path_factory: pytest.TempPathFactory) -> Page:
    """The file, opened."""
    file = tmp_path_factory.mktemp("report") / "report.html"
    file.write_text(to_html(compose(evidence, findings)))
    page = browser.page()
    page.view(1200, 1000)
    page.open(file.as_uri())
    return page


@pytest.fixture(scope="module")
def markdown(evidence: Evidence, findings: Findings) -> str:
    """The same as Markdown."""
    return to_markdown(compose(evidence, findings))


TABLES = """(() => {
  let here = false;
  const found = [];
  for (const one of document.body.children) {
    if (one.tagName === "H2") here = one.innerText === %s;
    else if (here) found.push(...one.querySelectorAll("table"));
  }
  return found.map((table) => [...table.rows].map((row) => [...row.cells].map(
    (cell) => [cell.innerText, cell.querySelectorAll("a.cite").length])));
})()"""
"""Tables of a section: rows of cells, each its text and how many sources it cites; the first row has the names."""


def tables(page: Page, section: str) -> list[list[list[tuple[str, int]]]]:
    """All of a section."""
    found: list[list[list[tuple[str, int]]]] = page.evaluate(TABLES % json.dumps(section))
    return found


def rows(page: Page, section: str) -> list[list[str]]:
    """Texts of a section's first table."""
    return [[text for text, _ in row] for row in tables(page, section)[0][1:]]


def test_html__opened__is_complete_and_asks_for_nothing(page: Page) -> None:
    """One self-contained file: no request beside itself, no error, no script, every section there."""
    assert len(page.requests) == 1
    assert page.errors == []
    assert page.texts("h2") == SECTIONS
    assert page.evaluate("document.scripts.length") == 0
    assert page.evaluate("document.querySelectorAll('svg').length") == 2


def test_html__tiles__say_what_happened(incident: Incident, page: Page) -> None:
    """S12: the figures at the top are those of the script."""
    blocks = incident.thefts[-1].block - incident.thefts[0].block
    moved = DOLLAR + BILLS * BILL + len(incident.thefts) * GREED
    tiles = dict(zip(page.texts(".tile b"), page.texts(".tile span"), strict=True))
    assert tiles == {
        "from its beginning to the trip": f"{blocks} blocks, {12 * blocks} seconds",
        "charged in lane 0 before the trip": f"{moved // DOLLAR:,}",
        "done after the trip": "0 actions",
        "denied after the trip": f"{LATE + 1} actions",
    }
    assert f"stopped in block {incident.thefts[-1].block}" in page.text()


def test_html__transactions__are_all_there(incident: Incident, page: Page) -> None:
    """OP-5: block, outcome and value of each, as the script knows them."""
    found = [(int(cells[0]), cells[5].split(":")[0], cells[6]) for cells in rows(page, "Transactions")][1:]
    thefts = [(one.block, "done", f"{GREED // DOLLAR} in lane 0; {GREED // DOLLAR} USD") for one in incident.thefts]
    bills = [(one.block, "done", f"{BILL // DOLLAR} in lane 0; {BILL // DOLLAR} USD") for one in incident.bills[:-1]]
    late = [(one.block, "denied", f"{GREED // DOLLAR} in lane 0") for one in incident.late[:-1]]
    last = (incident.late[-1].block, "denied", f"{BILL // DOLLAR} in lane 0")
    assert found == [*bills, (incident.bills[-1].block, "failed", ""), *thefts, *late, last]


def test_html__every_link__leads_to_a_row_of_the_document(page: Page) -> None:
    """OP-5: a citation that leads nowhere is none."""
    dangling = page.evaluate(
        "[...document.querySelectorAll('a[href^=\"#\"]')].map((one) => one.getAttribute('href').slice(1))"
        ".filter((id) => !document.getElementById(id))"
    )
    assert dangling == []
    assert (
        page.evaluate(
            "(() => { const all = [...document.querySelectorAll('[id]')].map((one) => one.id);"
            "return all.filter((one, index) => all.indexOf(one) !== index); })()"
        )
        == []
    )
    assert page.evaluate("document.querySelectorAll('a.cite').length") > 50


def test_html__strangers_texts__stay_texts(page: Page) -> None:
    """The agent's file and its lineage may be named anything."""
    shown = page.text()
    assert HOSTILE_URI in shown
    assert HOSTILE_LINEAGE in shown
    assert page.evaluate("document.title").startswith("Incident report")
    assert page.evaluate("document.querySelectorAll('img').length") == 0


@pytest.mark.parametrize("dark", [False, True])
def test_html__light_and_dark__differ_and_can_be_read(page: Page, dark: bool) -> None:
    """Whoever reads it at night."""
    page.view(1200, 1000, dark=dark)
    ground, ink = page.evaluate(
        "[getComputedStyle(document.body).backgroundColor, getComputedStyle(document.body).color]"
    )
    levels = [sum(map(int, re.findall(r"\d+", colour)[:3])) for colour in (ground, ink)]
    darker, brighter = levels if dark else reversed(levels)
    assert darker < 150
    assert brighter > 500


def test_html__narrow_or_printed__nothing_sticks_out(page: Page) -> None:
    """On a phone, tables scroll by themselves; on paper there are no menus and no raw data."""
    page.view(400, 800)
    assert page.evaluate("document.documentElement.scrollWidth") <= 400
    page.view(1000, 1000, printed=True)
    assert page.evaluate("getComputedStyle(document.querySelector('nav')).display") == "none"
    assert page.evaluate("getComputedStyle(document.querySelector('.data')).display") == "none"
    page.view(1200, 1000)


def test_html__data__are_those_of_the_report(evidence: Evidence, findings: Findings, page: Page) -> None:
    """S12: machines read the same; the configuration's hash can be computed from them, and is of the limits then."""
    found = json.loads(page.evaluate("document.getElementById('raw').textContent"))
    assert found == data(evidence, findings)
    assert found["format"] == FORMAT
    canonical = json.dumps(found["configuration"], sort_keys=True, separators=(",", ":"))
    assert found["configuration_hash"] == "0x" + keccak(text=canonical).hex()
    assert found["configuration_hash"] in page.text()
    (lane,) = found["configuration"]["lanes"]
    assert LimitsWord.decode(int(lane["word"], 16)).limits() == evidence.places[0].limits.raw


def test_configuration_hash__limits_change__changes(evidence: Evidence, findings: Findings) -> None:
    """S12: it says under which limits it happened."""
    before = data(evidence, findings)["configuration_hash"]
    assert data(replace(evidence, uri=""), findings)["configuration_hash"] == before
    place = replace(evidence.places[0], word=evidence.places[0].word ^ 1)
    assert data(replace(evidence, places=(place,)), findings)["configuration_hash"] != before


def test_markdown__every_link__leads_to_an_anchor_in_it(markdown: str) -> None:
    """OP-5, in a ticket too."""
    targets = set(re.findall(r"\]\(#([^)]+)\)", markdown))
    assert targets
    headings = {heading_anchor(title) for title in re.findall(r"^## (.+)$", markdown, re.MULTILINE)}
    assert targets <= {*re.findall(r'<a id="([^"]+)">', markdown), *headings}


def test_markdown__strangers_texts__are_no_markup(evidence: Evidence, findings: Findings) -> None:
    """A name can neither break a table nor become HTML."""
    units = {
        measure: Unit("[x](http://evil.example)|`\n# y", unit.decimals) for measure, unit in evidence.units.items()
    }
    text = to_markdown(compose(replace(evidence, units=units), findings))
    outside = text[: text.index("## Data")]
    assert "[x](http" not in outside
    assert "<img" not in outside.replace("\\<img", "")
    for line in outside.splitlines():
        assert not line.startswith("# y")
    columns = {
        len(re.findall(r"(?<!\\)\|", re.sub(r"`[^`]*`", "", line)))
        for line in outside[outside.index("## Transactions") : outside.index("## Who answers")].splitlines()
        if line.startswith("|")
    }
    assert len(columns) == 1


def test_markdown__data__are_in_a_fence_that_they_cannot_end(evidence: Evidence, findings: Findings) -> None:
    """A text with backticks in it stays within."""
    text = to_markdown(compose(replace(evidence, uri="x\n````\n# y"), findings))
    fence, content = re.search(r"^(`{3,})json\n(.*)\n\1\n\Z", text, re.MULTILINE | re.DOTALL).groups()  # type: ignore[union-attr]
    assert fence not in content
    assert json.loads(content)["evidence"]["uri"] == "x\n````\n# y"


@pytest.mark.parametrize("explorer", ["javascript:alert('{hash}')", "https://scan.example/tx/", "scan.example/{hash}"])
def test_compose__explorer_that_is_no_address__invalid_input(
    evidence: Evidence, findings: Findings, explorer: str
) -> None:
    """A link is http(s), and has a place for the transaction."""
    with pytest.raises(InvalidInput, match="explorer"):
        compose(evidence, findings, explorer=explorer)


def test_compose__explorer__links_every_source(evidence: Evidence, findings: Findings, incident: Incident) -> None:
    """Whoever has no node looks there."""
    text = to_html(compose(evidence, findings, explorer="https://scan.example/tx/{hash}?a=1&b=2"))
    assert f'href="https://scan.example/tx/{incident.kill}?a=1&amp;b=2" rel="noreferrer"' in text


def test_compose__no_incident__says_so(incident: Incident) -> None:
    """A quiet range is reported as one."""
    calm = gather(incident.stage.breaker, incident.agent, last=incident.thefts[0].block - 1)
    text = to_markdown(compose(calm, examine(calm)))
    assert f"Agent {incident.agent} was not stopped" in text
    assert "There is no incident to measure: nothing was tripped." in text


def ask(incident: Incident, *words: Any) -> Any:
    """`ape agents report WORDS --network URI`."""
    uri = incident.stage.web3.provider.endpoint_uri  # type: ignore[attr-defined]
    return CliRunner(mix_stderr=False).invoke(cli, ["report", *map(str, words), "--network", uri])


def test_report__of_a_wallet__writes_both_files(incident: Incident, evidence: Evidence, tmp_path: Path) -> None:
    """One command: the same report that the functions make, and a summary for machines."""
    out = tmp_path / "incident"
    done = ask(incident, incident.wallet.address, "--decimals", 18, "--out", out, "--json")
    assert done.exit_code == Exit.OK, done.stderr
    summary = json.loads(done.stdout)
    assert summary["files"] == [f"{out}.html", f"{out}.md"]
    assert summary["trip"]["source"]["transaction"] == incident.thefts[-1].hash
    assert summary["actions"] == len(evidence.actions)
    document = compose(evidence, examine(evidence))
    assert Path(f"{out}.html").read_text() == to_html(document)
    assert Path(f"{out}.md").read_text() == to_markdown(document)


def test_report__nonsense__says_what_is_wrong(incident: Incident, tmp_path: Path) -> None:
    """Unknown agents, ranges and addresses are told apart by exit code, and leave no file."""
    for words, code, kind in [
        ((999,), Exit.REFUSED, "UnknownAgent"),
        ((incident.agent, "--to-block", 10**6), Exit.USAGE, "InvalidInput"),
        ((incident.agent, "--onset", incident.late[-1].block), Exit.USAGE, "InvalidInput"),
        ((incident.agent, "--explorer", "x"), Exit.USAGE, "InvalidInput"),
        ((incident.thief.address,), Exit.REFUSED, "WalletNotBound"),
    ]:
        asked = ask(incident, *words, "--out", tmp_path / "x")
        assert (asked.exit_code, f"error: {kind}" in asked.stderr) == (code, True), (words, asked.stderr)
    assert list(tmp_path.iterdir()) == []


def test_html__looked_at__makes_a_picture(
    evidence: Evidence, findings: Findings, browser: Browser, tmp_path: Path
) -> None:
    """docs/report.png is this one: made anew with SCREENSHOTS=1."""
    file = tmp_path / "report.html"
    file.write_text(to_html(compose(replace(evidence, uri="ipfs://agent.json"), findings)))
    page = browser.page()
    page.view(1200, 1180)
    page.open(file.as_uri())
    picture = (DOCS if os.environ.get("SCREENSHOTS") else tmp_path) / "report.png"
    page.screenshot(picture)
    assert picture.read_bytes().startswith(b"\x89PNG")


def test_summary__at_the_end__names_what_still_holds_it(evidence: Evidence, page: Page) -> None:
    """BR-7: the guardian's trip is a cause of its own."""
    assert evidence.causes == Causes.GUARDIAN
    assert "kill switch was open (guardian)" in page.text()
