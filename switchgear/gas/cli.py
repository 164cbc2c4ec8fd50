"""``ape run gas``: what everything costs, against the snapshot."""

from __future__ import annotations

import json

import click
from ape.utils import ManagerAccessMixin
from rich.console import Console

from switchgear.foreign import artifacts
from switchgear.gas import plots, report
from switchgear.gas.crowd import QUICK_SIZES, SIZES


@click.command()
@click.option("--json", "as_json", is_flag=True, help="Print the snapshot as JSON.")
@click.option("--write", is_flag=True, help="Make it the new snapshot, and write docs/gas.md and its figures.")
@click.option("--quick", is_flag=True, help=f"Enrol {QUICK_SIZES[-1]:,} agents at most, not {SIZES[-1]:,}.")
def cli(as_json: bool, write: bool, quick: bool) -> None:
    """Measures what every path of the core costs, and other people's guards beside it.

    Exit code 1 if a figure is not what the snapshot says; --write accepts it.
    """
    if write and quick:
        message = "--write takes the full measurement: leave --quick out"
        raise click.UsageError(message)
    console = Console(stderr=as_json, width=None if as_json else 160)
    compiled = artifacts.of(ManagerAccessMixin.local_project)
    snapshot = report.take(
        compiled,
        QUICK_SIZES if quick else SIZES,
        lambda size: console.print(f"[dim]measured with {size:,} agents enrolled[/]"),
    )
    if as_json:
        click.echo(json.dumps(snapshot, indent=2))
    else:
        report.show(console, snapshot)
    if write:
        report.write(snapshot)
        report.PAGE.write_text(report.page(report.PAGE.read_text(), snapshot))
        plots.draw(snapshot, report.PAGE.parent)
        console.print("written: the snapshot, docs/gas.md, its figures")
        return
    if changed := report.drift(report.read(), snapshot):
        for line in changed:
            console.print(f"[bold red]drift[/] {line}", highlight=False)
        console.print("to accept this: ape run gas --write")
        raise SystemExit(1)
    console.print("every figure is the snapshot's")
