"""OP-5: every figure of a report leads to a transaction's hash and a log's index, or to what a node answers at a block.

What "every figure" means is defined here, mechanically, for the three forms of a report:

- HTML: every text with a digit in it, and every cell of a column of numbers, lies within an element with a
  ``data-source``. Left out are the titles, what is to be copied (``code``: addresses, hashes, words), the citations
  themselves, and the directory of addresses.
- Markdown: every line with a digit in it cites something, and every cell of a column of numbers does, or else the next
  column to its right that is named "source".
- JSON: every object with a ``value`` has ``sources``; so has everything that was read.

And each source is looked up on the chain, by the test itself.
"""

from __future__ import annotations

import json
import re
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest

from switchgear import signing
from switchgear.demo.vaults import LIMITS, POLICY
from switchgear.report import ScoreRow, compose, examine, gather, to_html, to_markdown
from switchgear.report.compose import data
from switchgear.report.evidence import Source
from switchgear.types import LANE, LOOSENING_DELAY, Setting, Subject, Target
from switchgear.values import to_amount
from switchgear.words import CONFIGURATION_MASK, LimitsWord

if TYPE_CHECKING:
    from pathlib import Path

    from switchgear.report import Evidence
    from tests.support.browser import Browser
    from tests.support.incident import Incident

TRANSFER = "0xddf252ad1be2c89b69c2b068fc378daa952ba7f163c4a11628f55a4df523b3ef"
WALK = """(() => {
  const bare = [], keys = new Set(), rows = [];
  let section = "";
  for (const part of document.body.children) {
    if (part.tagName === "H2") section = part.innerText;
    const texts = document.createTreeWalker(part, NodeFilter.SHOW_TEXT);
    while (texts.nextNode()) {
      const text = texts.currentNode, holder = text.parentElement;
      if (!/[0-9]/.test(text.data) || section === "Addresses") continue;
      if (holder.closest("h1, h2, nav, thead, code, .cite, .data")) continue;
      const from = holder.closest("[data-source]");
      if (from) from.dataset.source.split(" ").forEach((key) => keys.add(key));
      else bare.push([section, text.data]);
    }
    for (const cell of part.querySelectorAll("tbody td.number")) {
      const from = (cell.closest("[data-source]") || {dataset: {source: ""}}).dataset.source;
      if (/[0-9]/.test(cell.innerText)) rows.push([section, cell.parentElement.innerText, cell.innerText, from]);
    }
  }
  return [bare, [...keys], rows];
})()"""
"""Texts without a source; all sources; and section, row, text and sources of every number."""
ROWS = """(() => {
  const part = [...document.querySelectorAll("h2")].find((one) => one.innerText === "Transactions");
  let table = part;
  while (!table.querySelector("table")) table = table.nextElementSibling;
  return [...table.querySelectorAll("tbody tr")].map((row) => row.dataset.source + " ");
})()"""
"""Sources of each transaction's row."""
REPORTS = {"incident": 30, "scored": 30, "calm": 30, "late": 15, "untraced": 30, "idle": 4}
"""Kinds of reports, and how many numbers each has at least."""


def scored(incident: Incident, evidence: Evidence) -> Evidence:
    """With scores: of an action with a log, and of one that left none."""
    theft, late = incident.thefts[2], incident.late[0]
    transfer = next(one for one in evidence.actions if one.source.transaction == theft.hash).movements[0]
    rows = (
        ScoreRow(theft.block, "burst-600", 17.25, 16.5, transfer.source),
        ScoreRow(late.block, "drift", 3.5, 18.25, Source(late.block, late.hash)),
    )
    return gather(incident.stage.breaker, incident.agent, decimals=18, scores=rows)


@pytest.fixture(scope="module")
def reports(incident: Incident, evidence: Evidence) -> dict[str, Evidence]:
    """Of an incident; with scores; of a time before; with no past; without traces; of an agent that never acted."""
    start = incident.thefts[0].block
    return {
        "incident": evidence,
        "scored": scored(incident, evidence),
        "calm": gather(incident.stage.breaker, incident.agent, last=start - 1, decimals=18),
        "late": gather(incident.stage.breaker, incident.agent, first=start, origin=start),
        "untraced": replace(evidence, traced=False, actions=tuple(replace(a, admissions=()) for a in evidence.actions)),
        "idle": gather(incident.stage.breaker, incident.stage.enroll(incident.stage.actor())),
    }


def check(incident: Incident, key: str) -> None:
    """That a source is on the chain: what it names is there, and says what the report says."""
    node = incident.stage.node
    if key.startswith("block:"):
        _, number, block_hash = key.split(":")
        assert node.block(int(number))["hash"] == block_hash
    elif key.startswith("call:"):
        call, block = key.split("@")
        _, to, calldata = call.split(":")
        assert node.request("eth_call", {"to": to, "data": calldata}, hex(int(block))) != "0x"
    else:
        transaction, _, index = key.partition(":")
        receipt = node.request("eth_getTransactionReceipt", transaction)
        assert receipt["transactionHash"] == transaction
        assert not index or int(index) in [int(log["logIndex"], 16) for log in receipt["logs"]]


@pytest.mark.parametrize("name", REPORTS)
def test_html__every_text_with_a_digit__has_a_source_on_the_chain(
    incident: Incident, reports: dict[str, Evidence], name: str, browser: Browser, tmp_path: Path
) -> None:
    """OP-5: no figure without a source, no source that is not there."""
    file = tmp_path / "report.html"
    file.write_text(to_html(compose(reports[name], examine(reports[name]))))
    page = browser.page()
    page.open(file.as_uri())
    bare_texts, keys, rows = page.evaluate(WALK)
    assert bare_texts == []
    assert [row for row in rows if not row[3]] == []
    assert len(rows) >= REPORTS[name]
    for key in keys:
        check(incident, key)


def test_html__sums__are_those_of_the_logs_and_transactions_that_they_cite(
    incident: Incident, evidence: Evidence, browser: Browser, tmp_path: Path
) -> None:
    """OP-5: whoever adds up the cited Transfer logs, or counts the cited transactions, gets the figure."""
    file = tmp_path / "report.html"
    file.write_text(to_html(compose(evidence, examine(evidence))))
    page = browser.page()
    page.open(file.as_uri())
    _, _, rows = page.evaluate(WALK)
    node, checked = incident.stage.node, 0
    for section, row, figure, keys in rows:
        parts = [key for key in keys.split(" ") if key.startswith("0x")]
        if section == "Value before and after the trip" and "USD moved" in row:
            moved = 0
            for key in parts:
                transaction, _, index = key.partition(":")
                logs = node.request("eth_getTransactionReceipt", transaction)["logs"]
                (log,) = [one for one in logs if int(one["logIndex"], 16) == int(index)]
                assert log["topics"][0] == TRANSFER
                moved += int(log["data"], 16)
            assert to_amount(moved, decimals=18) == int(figure.replace(",", ""))
            checked += 1
        # The first number of the row is the total.
        if section == "Baseline and incident" and "\tactions\t" in row and figure == row.split("\t")[2]:
            assert int(figure) == len(parts)
            checked += 1
    assert checked >= 5
    cited = page.evaluate(ROWS)
    for action in evidence.actions:
        for movement in action.movements:
            (row,) = [one for one in cited if one.startswith(f"{action.source.transaction} ")]
            assert f"{movement.source.transaction}:{movement.source.log_index}" in row.split(" ")


@pytest.mark.parametrize("name", REPORTS)
def test_markdown__every_line_with_a_digit__cites_a_source_on_the_chain(
    incident: Incident, reports: dict[str, Evidence], name: str
) -> None:
    """OP-5, in a ticket too: by line, and by cell of the columns of numbers."""
    text = to_markdown(compose(reports[name], examine(reports[name])))
    outside = text[: text.index("## Data")]
    links, checked, section = set[str](), 0, ""
    columns: list[str] = []
    numbers: list[bool] = []
    for line in outside.splitlines():
        if line.startswith("#"):
            section = line.lstrip("# ")
            continue
        if not line:
            columns, numbers = [], []
            continue
        if line.startswith("|--"):
            numbers = [rule.endswith(":") for rule in line.strip("|").split("|")]
            continue
        cells = re.split(r"(?<!\\)\|", line.strip())[1:-1] if line.startswith("|") else [line]
        if line.startswith("|") and not columns:
            columns = [cell.strip() for cell in cells]
            continue
        found = re.findall(r"\]\(#((?:tx|call|block)-[^)]+)\)|<a id=\"([^\"]+)\"", line)
        here = {one for pair in found for one in pair if one}
        links |= here
        if re.search(r"\d", bare(line)) and section != "Addresses":
            assert here, (section, line)
            checked += 1
        # A row that is itself what others cite has its anchor in front.
        for index, is_number in enumerate(numbers if "<a id=" not in line else ()):
            if is_number and re.search(r"\d", bare(cells[index])):
                where = [index, *[at for at in range(index + 1, len(columns)) if columns[at] == "source"][:1]]
                assert any("](#" in cells[at] for at in where), (section, line)
    assert checked >= REPORTS[name]
    for link in links:
        assert f'<a id="{link}">' in outside
        if link.startswith("tx-"):
            _, transaction, *log = link.split("-")
            check(incident, ":".join([transaction, *log]))


def bare(line: str) -> str:
    """Without code, links and anchors."""
    return re.sub(r"`[^`]*`|\[[^\]]*\]\([^)]*\)|<a [^>]*>", "", line)


@pytest.mark.parametrize("name", REPORTS)
def test_data__every_value__has_its_sources(incident: Incident, reports: dict[str, Evidence], name: str) -> None:
    """OP-5, for programs: what is computed has sources; what was read says what was asked, and is answered again."""
    found = json.loads(json.dumps(data(reports[name], examine(reports[name]))))
    figures: list[Any] = []
    sources: list[Any] = []
    reads: list[Any] = []

    def walk(value: Any) -> None:
        if isinstance(value, dict):
            figures.extend([value] if {"value", "sources"} <= value.keys() else [])
            sources.extend([value] if {"transaction", "log_index"} <= value.keys() else [])
            reads.extend([value] if {"to", "call", "data", "answer"} <= value.keys() else [])
        for one in value.values() if isinstance(value, dict) else value if isinstance(value, list) else ():
            walk(one)

    walk(found)
    assert [one for one in figures if not one["sources"] and one["value"] not in (0, "0")] == []
    for key in {f"{one['transaction']}:{'' if one['log_index'] is None else one['log_index']}" for one in sources}:
        check(incident, key)
    assert reads
    for one in reads:
        request = {"to": one["to"], "data": one["data"]}
        assert incident.stage.node.request("eth_call", request, hex(one["block"])) == one["answer"]
    for place in found["evidence"]["places"]:
        assert place["set_by"]
        assert place["state_read"]
    for row in found["evidence"]["tenures"]:
        assert row["since"] or row["read"], row


def test_gather__scores__are_traced_to_the_action_or_left_out(incident: Incident, evidence: Evidence) -> None:
    """OP-5, OP-1: a log, a transaction without one, a fork that is gone, a log that is not in it."""
    theft = incident.thefts[2]
    kept = scored(incident, evidence)
    assert [row.source and row.source.log_index is None for row in kept.scores] == [False, True]
    assert kept.lost_scores == 0
    rows = [
        ScoreRow(theft.block, "gone", 1, 2, Source(theft.block, "0x" + "12" * 32)),
        ScoreRow(theft.block + 1, "moved", 1, 2, Source(theft.block + 1, theft.hash)),
        ScoreRow(theft.block, "no log", 1, 2, Source(theft.block, theft.hash, 999)),
    ]
    lost = gather(incident.stage.breaker, incident.agent, scores=rows)
    assert (lost.scores, lost.lost_scores) == ((), 3)
    assert "were left out" in to_markdown(compose(lost, examine(lost)))


def test_examine__alarm_with_a_source__is_cited_by_the_moment(incident: Incident, evidence: Evidence) -> None:
    """OP-5: the reaction's first alarm is the action that was scored."""
    kept = scored(incident, evidence)
    alarms = [one for one in examine(kept).moments if one.name == "first alarm of a detector"]
    assert [one.source for one in alarms] == [kept.scores[0].source]


def event(incident: Incident, source: Source) -> Any:
    """What the log at a source says."""
    logs = incident.stage.node.request("eth_getTransactionReceipt", source.transaction)["logs"]
    (log,) = [one for one in logs if int(one["logIndex"], 16) == source.log_index]
    found = incident.stage.breaker.decode_log(log)
    assert found is not None
    return found


def test_gather__configuration__is_that_of_the_events_that_it_cites(incident: Incident, evidence: Evidence) -> None:
    """OP-5, S12: the lane as it was opened; after that, the events that changed the lane and the agent's own limits."""
    stage, vault = incident.stage, incident.account.vault.address
    (place,) = evidence.places
    assert isinstance(place.set_by, Source)
    opened = event(incident, place.set_by)
    assert (opened.name, opened.args["value"] & CONFIGURATION_MASK) == ("LaneOpened", place.word)
    assert place.overridden_by is None
    assert (evidence.loosening_delay, evidence.heartbeat) == (LOOSENING_DELAY, None)

    snapshot = stage.node.request("evm_snapshot")
    tight = LIMITS._replace(count_cap=LIMITS.count_cap - 1)
    lane = stage.breaker.set_lane(vault, 0, tight, POLICY, sender=incident.admin)
    subject = Subject.of_agent(incident.agent)
    own = stage.breaker.set_override(vault, 0, subject, tight._replace(count_cap=3), sender=incident.admin)
    beat = stage.breaker.set_heartbeat(incident.agent, 10_800, sender=incident.owner)
    after = gather(stage.breaker, incident.agent, first=stage.block)
    (place,) = after.places
    for origin, transaction, setting, word in (
        (place.set_by, lane, Setting.LANE, place.word),
        (place.overridden_by, own, Setting.OVERRIDE, place.override),
    ):
        assert isinstance(origin, Source)
        changed = event(incident, origin)
        assert origin.transaction == transaction.hash
        assert (changed.args["setting"], changed.args["value"]) == (setting, word)
        assert changed.args["subject"] == (LANE if setting is Setting.LANE else subject)
    assert place.limits.count_cap == 3
    assert LimitsWord.decode(place.word).count_cap == tight.count_cap
    assert after.heartbeat is not None
    seconds, origin = after.heartbeat
    assert isinstance(origin, Source)
    assert (seconds, origin.transaction) == (10_800, beat.hash)
    text = to_markdown(compose(after, examine(after)))
    assert "the agent's own actions per window | 3 |" in text
    assert "heartbeat within | 10800 s |" in text
    stage.node.request("evm_revert", snapshot)


def test_gather__answers_that_end__end_where_the_events_are(incident: Incident) -> None:
    """S12: a provider that hands its lineage on, and an attestation that is withdrawn."""
    stage, breaker = incident.stage, incident.stage.breaker
    snapshot = stage.node.request("evm_snapshot")
    breaker.attest_lineage(incident.agent, incident.lineage, False, sender=incident.provider)
    stage.pass_time(LOOSENING_DELAY)
    target = Target.attestation(incident.agent, incident.lineage)
    withdrawn = breaker.execute_loosening(target, sender=incident.provider)
    heir = stage.actor()
    handed = breaker.transfer_lineage(incident.lineage, heir.address, sender=incident.provider)
    tenures = gather(breaker, incident.agent).tenures
    old, new = [one for one in tenures if one.role == "provider of the lineage"]
    assert (old.holder, new.holder) == (incident.provider.address, heir.address)
    assert old.until == new.since
    assert new.since is not None
    assert new.since.transaction == handed.hash
    (attested,) = [one for one in tenures if one.role == "lineage, attested"]
    (gone,) = [one for one in tenures if one.role == "lineage, attestation withdrawn"]
    assert attested.until == gone.since
    assert gone.since is not None
    assert (gone.since.transaction, gone.until) == (withdrawn.hash, None)
    stage.node.request("evm_revert", snapshot)


def test_gather__wallet_for_a_time__is_the_agents_until_then(incident: Incident) -> None:
    """S12, ID-1: a binding that has expired by the range's end ended by itself; one second before it holds."""
    stage, breaker = incident.stage, incident.stage.breaker
    snapshot = stage.node.request("evm_snapshot")
    wallet = stage.actor()
    expiry = stage.now + 600
    message = breaker.wallet_binding(incident.agent, wallet.address, stage.now + 3600)
    bound = breaker.bind_wallet(
        incident.agent,
        wallet.address,
        deadline=message["message"]["deadline"],
        signature=signing.sign(message, wallet),
        expiry=expiry,
        sender=incident.owner,
    )
    stage.pass_time(expiry - 1 - stage.now)
    held = stage.block
    stage.pass_time(1)
    for last, lapsed in ((held, None), (stage.block, expiry)):
        evidence = gather(breaker, incident.agent, last=last)
        (tenure,) = [one for one in evidence.tenures if one.holder == wallet.address]
        assert tenure.since is not None
        assert (tenure.since.transaction, tenure.until, tenure.lapsed) == (bound.hash, None, lapsed)
    assert "; expired |" in to_markdown(compose(evidence, examine(evidence)))
    stage.node.request("evm_revert", snapshot)
