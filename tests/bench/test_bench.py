"""The benchmark measures what it says; its figures are not judged here, since they are this machine's."""

from __future__ import annotations

import json

from click.testing import CliRunner

from switchgear.bench.cli import cli


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
