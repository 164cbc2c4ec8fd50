"""``ape run detect-bench``: how well the detectors do."""

from __future__ import annotations

import json

import click
from rich.console import Console

from switchgear.detect import bench, plots, report


@click.command()
@click.option("--json", "as_json", is_flag=True, help="Print what was found as JSON.")
@click.option("--write", is_flag=True, help="Make it the new snapshot, with its thresholds, docs/detect.md and figure.")
@click.option("--quick", is_flag=True, help="Few agents for few days, and one rate of false alarms: seconds.")
@click.option(
    "--development",
    is_flag=True,
    help="Measure on the seeds for developing, as --quick does: look at them as often as you like.",
)
def cli(as_json: bool, write: bool, quick: bool, development: bool) -> None:
    """Calibrates the detectors, a z-score and an isolation forest alike, and measures them on other seeds.

    Whoever changes a detector tries it with --development. Without, the seeds are those that figures are published
    from, and that nothing is chosen by. Exit code 1 if a figure is not what the snapshot says; --write accepts it.
    """
    if write and (quick or development):
        message = "--write takes the full measurement on the published seeds: leave --quick and --development out"
        raise click.UsageError(message)
    console = Console(stderr=as_json, width=None if as_json else 160)
    snapshot = bench.take(
        bench.QUICK if quick else bench.FULL,
        bench.DEVELOPMENT if quick or development else bench.PUBLISHED,
        lambda text: console.print(f"[dim]{text}[/]", highlight=False),
    )
    if as_json:
        click.echo(json.dumps(snapshot, indent=2))
    else:
        report.show(console, snapshot)
    if write:
        quick_snapshot = bench.take(bench.QUICK, bench.DEVELOPMENT)
        report.write(snapshot, quick_snapshot, bench.costs())
        plots.draw(snapshot, report.PAGE.parent)
        console.print("written: the snapshot, thresholds.json, docs/detect.md, its figure")
        return
    if development and not quick:
        return
    if changed := report.drift(report.read()["quick" if quick else "full"], snapshot):
        for line in changed:
            console.print(f"[bold red]drift[/] {line}", highlight=False)
        console.print("to accept this: ape run detect-bench --write")
        raise SystemExit(1)
    console.print("every figure is the snapshot's")
