"""Every figure of the snapshot is measured again, to the unit."""

from __future__ import annotations

import copy
from typing import Any

import pytest

from switchgear.foreign import artifacts
from switchgear.gas import report
from switchgear.gas.crowd import LINES, QUICK_SIZES, SIZES
from switchgear.gas.peers import PEERS
from switchgear.gas.plots import OUR_BARS
from switchgear.gas.report import Snapshot
from switchgear.gas.rows import BUDGETS, TITLES
from switchgear.gas.wallets import COLD_POLICY, WALLETS

FLAT_SPREAD = 0
"""Gas by which an admission may differ between numbers of agents."""


@pytest.fixture(scope="module")
def measured(project: Any) -> Snapshot:
    """Everything, with a hundred agents at most."""
    return report.take(artifacts.of(project), QUICK_SIZES)


@pytest.fixture(scope="module")
def snapshot() -> Snapshot:
    """The committed figures."""
    return report.read()


def test_take__same_contracts__gives_the_snapshot(measured: Snapshot, snapshot: Snapshot) -> None:
    """DESIGN 5: no row, peer or size moves unnoticed, in either direction."""
    assert report.drift(snapshot, measured) == []


def test_take__rows__are_those_of_the_budgets_and_more(measured: Snapshot) -> None:
    """DESIGN 5: every budgeted path is measured, and no floor is undercut, which would mean a warm access."""
    assert list(measured["rows"]) == list(TITLES)
    assert BUDGETS.keys() <= measured["rows"].keys()
    for name, (floor, budget) in BUDGETS.items():
        row = measured["rows"][name]
        assert row["budget"] == budget
        assert floor is None or row["gas"] > floor
        assert row["within_budget"] is (row["gas"] <= budget)


@pytest.mark.parametrize(
    ("name", "slots"),
    [
        ("admit", 1),
        ("admit_lineage", 2),
        ("admit_ancestor", 3),
        ("denied_open", 0),
        ("denied_kill_switch", 0),
        ("denied_strike", 1),
        ("status_view", 0),
        ("trip", 1),
    ],
)
def test_take__written_slots__one_a_breaker(measured: Snapshot, name: str, slots: int) -> None:
    """DESIGN 5: at most one written slot for each breaker that is charged, none for a denial that strikes nobody."""
    row = measured["rows"][name]
    assert row["written_slots"] == slots
    assert row["eip8038"] == row["gas"] + 10_000 * slots


def test_take__wallets__write_one_slot_and_keep_to_the_floor(measured: Snapshot) -> None:
    """DESIGN 5: a guarded transfer writes the one breaker that it charges, measured or not, and nothing is warm."""
    ours = {name: measured["wallets"][name] for name, wallet in WALLETS.items() if wallet.ours}
    assert all(row["written_slots"] == 1 for row in ours.values())
    assert all(row["gas"] > COLD_POLICY for row in ours.values())


def test_measure_crowd__more_agents__costs_the_same(measured: Snapshot, snapshot: Snapshot) -> None:
    """BR-12: an admission costs the same however many agents, children and members of the lineage there are."""
    assert list(measured["agents"]) == [str(size) for size in QUICK_SIZES]
    assert list(snapshot["agents"]) == [str(size) for size in SIZES]
    for figures in (measured["agents"], snapshot["agents"]):
        for line in LINES:
            found = [row[line] for row in figures.values() if line in row]
            assert len(found) >= len(figures) - 1
            assert max(found) - min(found) <= FLAT_SPREAD


def test_take__code__fits_the_limit(measured: Snapshot) -> None:
    """EIP-170: every contract can be deployed."""
    assert all(0 < one["bytes"] <= report.CODE_LIMIT for one in measured["code"].values())


def test_drift__figures_moved__names_each(snapshot: Snapshot) -> None:
    """A moved, a missing and a new figure are reported; fewer numbers of agents and other tools are not."""
    changed = copy.deepcopy(snapshot)
    changed["rows"]["admit"]["gas"] += 1
    del changed["peers"]["layerzero"]
    changed["code"]["Another"] = {"bytes": 1}
    changed["agents"] = {"1": {**changed["agents"]["1"], "first": 0}}
    changed["tools"] = {}
    gas = snapshot["rows"]["admit"]["gas"]
    assert report.drift(snapshot, changed) == [
        f"rows.admit.gas: {gas} -> {gas + 1}",
        f"peers.layerzero: {snapshot['peers']['layerzero']} -> None",
        f"agents.1.first: {snapshot['agents']['1']['first']} -> 0",
        "code.Another: None -> {'bytes': 1}",
    ]


def test_page__snapshot__is_what_the_page_shows(snapshot: Snapshot) -> None:
    """The tables of docs/gas.md are the snapshot's, and a row over its budget says so."""
    text = report.PAGE.read_text()
    assert report.page(text, snapshot) == text
    for excess in report.over_budget(snapshot).values():
        assert f"**over by {excess:,}**" in text


def test_page__table_without_place__refused(snapshot: Snapshot) -> None:
    """No table is left out of the page silently."""
    with pytest.raises(ValueError, match="gas: budgeted"):
        report.page("", snapshot)


def test_draw__snapshot__is_what_the_figures_show(snapshot: Snapshot) -> None:
    """The figures in docs/ bear the snapshot's numbers."""
    peers = (report.PAGE.parent / "gas-peers.svg").read_text()
    shown = [snapshot["peers"][name]["gas"] for name in PEERS] + [snapshot["rows"][name]["gas"] for name in OUR_BARS]
    assert all(f">{gas:,}</text>" in peers for gas in shown)
    agents = (report.PAGE.parent / "gas-agents.svg").read_text()
    assert all(f">{snapshot['agents'][str(SIZES[-1])][line]:,}</text>" in agents for line in LINES)
