"""The benchmark measures what it says; its figures are not judged here, since they are this machine's."""

from __future__ import annotations

import json

from click.testing import CliRunner

from switchgear import tables
from switchgear.bench import report
from switchgear.bench.cli import cli
from switchgear.bench.run import Result


def test_bench__two_watchers__every_mark_is_tripped_for() -> None:
    """OP-1, OP-2: each watcher trips for each mark, on a chain of its own, and JSON says how fast."""
    words = ["--rounds", "1", "--rate", "10", "--watcher", "sentinel", "--watcher", "polling", "--json"]
    shown = json.loads(CliRunner(mix_stderr=False).invoke(cli, words, catch_exceptions=False).stdout)
    assert [(one["watcher"], one["missed"], len(one["latencies"])) for one in shown["watchers"]] == [
        ("sentinel", 0, 1),
        ("polling", 0, 1),
    ]
    assert all(one["lags"]["10"] is not None for one in shown["watchers"])
    assert shown["bytes_per_agent"] > 0


def test_page__its_marks__take_what_is_measured() -> None:
    """docs/watch.md has a place for every table that `--write` makes, and each figure is where it belongs."""
    results = [
        Result("sentinel", [0.005, 0.007, 0.006], 0, 300, {100: 0.01, 300: 0.5}, 123_456_789),
        Result("polling", [], 3, 100, {100: 0.9, 300: None}),
    ]
    page = tables.fill(report.PAGE.read_text(), report.MARK, report.measured(results, 3, 1234.5))
    assert "| sentinel | 6 ms | 7 ms | 0 of 3 | 123 MB |\n| polling | none | none | 3 of 3 |  |" in page
    assert "| sentinel | 0.01 s | 0.50 s |\n| polling | 0.90 s | **no trip** |" in page
