"""``ape run bench``: what the sentinel keeps up with, beside others."""

from __future__ import annotations

import os
from dataclasses import asdict
from typing import TYPE_CHECKING

import click
from rich.table import Table

from switchgear.ops.cli import console, print_json

if TYPE_CHECKING:
    from switchgear.bench.run import Result


@click.command()
@click.option("--rounds", type=click.IntRange(1), default=10, show_default=True, help="Trips that are timed.")
@click.option(
    "--rate",
    "rates",
    type=click.IntRange(1),
    multiple=True,
    help="Denials in a block of one second; may be repeated.  [default: 100, 300, 1000, 3000]",
)
@click.option(
    "--watcher",
    "watchers",
    type=click.Choice(["sentinel", "silverback", "polling"]),
    multiple=True,
    help="Only this one; may be repeated.",
)
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
def cli(rounds: int, rates: tuple[int, ...], watchers: tuple[str, ...], as_json: bool) -> None:
    """Measure the sentinel, a Silverback bot and a polling loop, on one local chain each, one after the other."""
    from switchgear.bench.run import RATES, WATCHERS, memory_per_agent, run  # noqa: PLC0415 - takes a while

    results = run(rates=rates or RATES, rounds=rounds, watchers=watchers or WATCHERS)
    memory, load = memory_per_agent(), os.getloadavg()[0]
    if as_json:
        shown = [{**asdict(one), "p50": one.p50, "worst": one.worst} for one in results]
        # Latencies are fractions of a second: these are floats, and no amounts.
        print_json({"watchers": _plain(shown), "bytes_per_agent": round(memory), "load": round(load, 2)})
        return
    table = Table("Watcher", "Trip mined, median", "worst", "missed", "Denials/s within a block")
    for one in results:
        table.add_row(one.watcher, _seconds(one.p50), _seconds(one.worst), f"{one.missed} of {rounds}", _kept(one))
    out = console()
    out.print(table)
    out.print(f"the sentinel's view: {memory:,.0f} bytes for each agent; load of this machine at the end: {load:.1f}")


def _kept(result: Result) -> str:
    last = max(result.lags, default=0)
    if last == result.kept:
        return f"{result.kept:,}, the most that was tried"
    lag = result.lags[last]
    return f"{result.kept:,} ({last:,}: {'no trip' if lag is None else f'{lag:.1f} s'})"


def _seconds(value: float | None) -> str:
    return "-" if value is None else f"{1000 * value:,.0f} ms"


def _plain(value: object) -> object:
    """Floats as numbers to the millisecond."""
    if isinstance(value, float):
        return round(value, 4)
    if isinstance(value, dict):
        return {str(key): _plain(one) for key, one in value.items()}
    return [_plain(one) for one in value] if isinstance(value, list) else value
