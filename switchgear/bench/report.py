"""What was measured, as tables: for a terminal, and for docs/watch.md."""

from __future__ import annotations

import os
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING

from switchgear.tables import Measured

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from switchgear.bench.run import Result

PAGE = Path(__file__).parents[2] / "docs" / "watch.md"
MARK = "bench"
"""Of the page's markers."""


def measured(results: Sequence[Result], rounds: int, memory: float) -> Iterator[Measured]:
    """Latencies and rates, and what they depend on.

    Args:
        results: Of each watcher.
        rounds: Trips that were timed.
        memory: Bytes of the sentinel's view for each agent.
    """
    rows = [
        [one.watcher, _milliseconds(one.p50), _milliseconds(one.worst), f"{one.missed} of {rounds}", _megabytes(one)]
        for one in results
    ]
    header = ["Watcher", "From log to trip, median", "Worst", "Missed", "Memory of its process"]
    yield Measured("latency", header, rows)
    rates = sorted({rate for one in results for rate in one.lags})
    rows = [[one.watcher, *(_lag(one, rate) for rate in rates)] for one in results]
    yield Measured("rates", ["Watcher", *(f"{rate:,} denials a block" for rate in rates)], rows)
    facts = [
        ["Cores", f"{os.cpu_count()}"],
        ["Silverback", version("silverback")],
        ["Bytes of the sentinel's view for each agent", f"{memory:,.0f}"],
    ]
    yield Measured("facts", ["What", "Figure"], facts)


def _milliseconds(seconds: float | None) -> str:
    return "none" if seconds is None else f"{1000 * seconds:,.0f} ms"


def _megabytes(result: Result) -> str:
    return "" if result.memory is None else f"{result.memory / 1e6:,.0f} MB"


def _lag(result: Result, rate: int) -> str:
    """How long after the mark's block; empty if it was not tried."""
    if rate not in result.lags:
        return ""
    lag = result.lags[rate]
    shown = "no trip" if lag is None else f"{lag:.2f} s"
    return shown if rate <= result.kept else f"**{shown}**"
