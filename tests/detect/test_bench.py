"""The benchmark: its figures are those that are published, and come out the same again."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from click.testing import CliRunner

from switchgear.detect import bench, report
from switchgear.detect.bench import ALONE, AMONG, BURST, MASKED, OF_AGENT, OF_LINEAGE, OURS
from switchgear.detect.cli import cli
from switchgear.detect.plots import rows
from switchgear.detect.streams import ATTACKS, SHOCK, SYNCHRONY
from switchgear.detect.suite import RATES, shipped

if TYPE_CHECKING:
    from switchgear.detect.bench import Snapshot


@pytest.fixture(scope="module")
def snapshot() -> dict[str, Any]:
    """The committed figures."""
    return report.read()


@pytest.fixture(scope="module")
def full(snapshot: dict[str, Any]) -> Snapshot:
    """Those of the full measurement."""
    return dict(snapshot["full"])


def test_take__quick__gives_the_quick_snapshot(snapshot: dict[str, Any]) -> None:
    """Deterministic: whoever measures again gets every figure, so a detector that changes moves some."""
    assert report.drift(snapshot["quick"], bench.take(bench.QUICK, bench.DEVELOPMENT)) == []


def test_snapshot__size__is_the_full_one(full: Snapshot) -> None:
    """What is published was measured in full."""
    assert full["size"] == {**bench.FULL._asdict(), "rates": list(RATES)}
    for part, candidates, attacks in (
        ("agents", OF_AGENT, (*ATTACKS, SHOCK)),
        ("among", AMONG, (BURST, MASKED, SHOCK)),
        ("lineages", OF_LINEAGE, (SYNCHRONY, SHOCK)),
    ):
        assert tuple(full[part]["attacks"]) == attacks
        for found in full[part]["attacks"].values():
            assert list(found) == [str(rate) for rate in RATES]
            assert all(list(results) == list(candidates) for results in found.values())


def test_snapshot__seeds__are_three_sets(snapshot: dict[str, Any]) -> None:
    """What is published is from seeds that are neither calibrated on nor looked at; the quick are for developing."""
    assert len({bench.CALIBRATION, bench.DEVELOPMENT, bench.PUBLISHED}) == 3
    assert (snapshot["full"]["seeds"], snapshot["quick"]["seeds"]) == (bench.PUBLISHED, bench.DEVELOPMENT)


def test_cli__write_on_other_seeds__is_a_usage_error() -> None:
    """Nothing is published by accident that was looked at before."""
    for option in ("--quick", "--development"):
        refused = CliRunner().invoke(cli, ["--write", option])
        assert (refused.exit_code, "published seeds" in refused.output) == (2, True)


def test_snapshot__false_alarms__are_those_asked_for(full: Snapshot) -> None:
    """S4: on published seeds no candidate has twice the alarms that it was calibrated for, so that recalls compare."""
    assert all(alarms <= 2 for of in full["agents"]["false_alarms"].values() for alarms in of.values())
    assert all(of[OURS] <= 2 for of in full["lineages"]["false_alarms"].values())


def test_snapshot__detectors__find_attacks_and_spare_shocks(full: Snapshot) -> None:
    """S4, S5: most attacks are found at either rate; at the stricter hardly a shock trips a lineage."""
    for attack in ATTACKS:
        assert all(found[OURS]["recall"] >= 0.5 for found in full["agents"]["attacks"][attack].values())
    for rate in map(str, RATES):
        herd, shock = (full["lineages"]["attacks"][sort][rate] for sort in (SYNCHRONY, SHOCK))
        assert herd[OURS]["recall"] >= 0.8
        assert shock[OURS]["recall"] < 0.5 * shock[ALONE]["recall"]
    assert full["lineages"]["attacks"][SHOCK][str(RATES[-1])][OURS]["recall"] < 0.05


def test_snapshot__agents_among_others__are_spared_shocks_at_no_cost(full: Snapshot) -> None:
    """S4: with the others as witnesses a shock gives far fewer alarms, and no burst of one agent is missed for it."""
    for rate in map(str, RATES):
        burst, masked, shock = (full["among"]["attacks"][sort][rate] for sort in (BURST, MASKED, SHOCK))
        assert shock[OURS]["recall"] < 0.5 * shock[ALONE]["recall"]
        for found in (burst, masked):
            assert found[OURS]["recall"] >= found[ALONE]["recall"] - 0.05


def test_page__snapshot__is_what_the_page_shows(snapshot: dict[str, Any], full: Snapshot) -> None:
    """The tables of docs/detect.md are the snapshot's, where a rival wins included."""
    text = report.PAGE.read_text()
    assert report.page(text, snapshot) == text
    for attack, rate, _, ours, theirs in report.beaten(full):
        assert any(
            attack in line and f"1 in {rate} days" in line and ours in line and theirs in line
            for line in text.splitlines()
        )


def test_page__table_without_place__refused(snapshot: dict[str, Any]) -> None:
    """No table is left out of the page silently."""
    with pytest.raises(ValueError, match="detect: agents, 30"):
        report.page("", snapshot)


def test_draw__snapshot__is_what_the_figure_shows(full: Snapshot) -> None:
    """The figure in docs/ bears the snapshot's numbers."""
    figure = (report.PAGE.parent / "detect.svg").read_text()
    for attack, found in rows(full).items():
        assert f">{attack}</text>" in figure
        assert f">{found[str(RATES[0])][OURS]['recall']:.0%}</text>" in figure


def test_shipped__thresholds__are_the_snapshots(full: Snapshot) -> None:
    """What ships was calibrated by the measurement that is published; the stricter rate has the higher thresholds."""
    assert shipped() == report.shipped(full)
    often, seldom = (shipped()[str(rate)] for rate in RATES)
    assert all(often[name] < seldom[name] for name in often)


def test_drift__figure_moved__is_named(full: Snapshot) -> None:
    """A moved figure is reported by its path."""
    changed = {**full, "size": {**full["size"], "agents": 1}}
    assert report.drift(full, changed) == [f"size.agents: {full['size']['agents']} -> 1"]


def test_costs__each_detector__is_small() -> None:
    """S4: cheap; no detector takes a tenth of a second of a thousand actions, nor keeps 12 kB of an agent."""
    for cost in bench.costs(days=9).values():
        assert cost["microseconds"] < 1_000
        assert cost["bytes"] < 12_000
