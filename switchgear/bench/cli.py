"""``ape run bench``: what the sentinel keeps up with, beside others."""

from __future__ import annotations

import json
import os
from dataclasses import asdict

import click

from switchgear.ops.cli import console


@click.command()
@click.option("--rounds", type=click.IntRange(1), default=10, show_default=True, help="Trips that are timed.")
@click.option(
    "--rate",
    "rates",
    type=click.IntRange(1),
    multiple=True,
    help="Denials in a block of one second; may be repeated.  [default: 100, 300, 1000, 3000, 10000]",
)
@click.option(
    "--watcher",
    "watchers",
    type=click.Choice(["sentinel", "silverback", "polling"]),
    multiple=True,
    help="Only this one; may be repeated.",
)
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
@click.option("--write", is_flag=True, help="Write the figures into docs/watch.md.")
def cli(rounds: int, rates: tuple[int, ...], watchers: tuple[str, ...], as_json: bool, write: bool) -> None:
    """Measure the sentinel, a Silverback bot and a polling loop, on one local chain each, one after the other."""
    from switchgear import tables  # noqa: PLC0415 - takes a while
    from switchgear.bench import report  # noqa: PLC0415
    from switchgear.bench.run import RATES, WATCHERS, memory_per_agent, run  # noqa: PLC0415

    results = run(rates=rates or RATES, rounds=rounds, watchers=watchers or WATCHERS)
    memory, load = memory_per_agent(), os.getloadavg()[0]
    measured = list(report.measured(results, rounds, memory))
    if as_json:
        shown = [{**asdict(one), "p50": one.p50, "worst": one.worst} for one in results]
        # Latencies are fractions of a second: these are floats, and no amounts.
        told = {"watchers": _plain(shown), "bytes_per_agent": round(memory), "load": round(load, 2)}
        click.echo(json.dumps(told, indent=2))
    else:
        tables.show(console(), measured)
        console().print(f"load of this machine at the end: {load:.1f}")
    if write:
        report.PAGE.write_text(tables.fill(report.PAGE.read_text(), report.MARK, measured))


def _plain(value: object) -> object:
    """Floats as numbers to the tenth of a millisecond."""
    if isinstance(value, float):
        return round(value, 4)
    if isinstance(value, dict):
        return {str(key): _plain(one) for key, one in value.items()}
    return [_plain(one) for one in value] if isinstance(value, list) else value
