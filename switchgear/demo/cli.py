"""``ape run demo``: the story, scene by scene."""

from __future__ import annotations

import json
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from switchgear.demo import cascade, commerce, council, drain, evasion, identity, leak, operate, rome, session, spawn
from switchgear.demo.figure import draw
from switchgear.demo.scene import ClaimFailed, Figures, Scene, Script, dollars
from switchgear.demo.stage import DOLLAR, Stage
from switchgear.ops.cli import Command, Exit, json_option

if TYPE_CHECKING:
    from collections.abc import Sequence

SCRIPTS: tuple[Script, ...] = (
    identity.SCRIPT,
    rome.SCRIPT,
    cascade.SCRIPT,
    spawn.SCRIPT,
    evasion.SCRIPT,
    leak.SCRIPT,
    operate.SCRIPT,
    session.SCRIPT,
    council.PROPOSAL,
    council.VETO,
    commerce.SCRIPT,
    drain.SCRIPT,
)


@dataclass(frozen=True)
class Played:
    """A scene that was played."""

    script: Script
    figures: Figures | None
    """None if a claim did not hold."""
    claims: list[str]
    """Those that held."""
    failure: ClaimFailed | None
    gas: int
    """Of all its transactions."""
    transactions: list[str]
    """Hashes of them, its deployments included."""

    @property
    def ok(self) -> bool:
        """Whether every claim held."""
        return self.failure is None

    def as_json(self) -> dict[str, Any]:
        """As ``--json`` prints it; amounts in dollars, null where the scene did not get so far."""
        figures = self.figures
        return {
            "title": self.script.title,
            "seeds": list(self.script.seeds),
            "ok": self.ok,
            "lost_without": _number(figures.lost_without) if figures else None,
            "lost_with": _number(figures.lost_with) if figures else None,
            "blocks_to_stop": figures.blocks_to_stop if figures else None,
            "gas": self.gas,
            "transactions": self.transactions,
            "claims": self.claims,
            "failure": self.failure.fields() if self.failure else None,
            "more": figures.more if figures else {},
        }


@click.command(cls=Command)
@click.option(
    "--scene", "names", multiple=True, metavar="NAME", help="Play this scene only; repeatable.  [default: all]"
)
@click.option(
    "--figure",
    type=click.Path(dir_okay=False, path_type=Path),
    help="Draw the prices of the cascade into this file (svg, png).",
)
@json_option
def cli(names: tuple[str, ...], figure: Path | None, as_json: bool) -> None:
    """Show agents at work, gone rogue, stopped and reset, with and without Switchgear, on a local chain of its own.

    Exits with 1 if a claim of any scene does not hold. Another network must be a local Anvil: its clock is moved.
    """
    chosen = choose(names)
    if figure and cascade.SCRIPT not in chosen:
        message = f"only scene {cascade.SCRIPT.name} has a figure"
        raise click.BadParameter(message, param_hint="--figure")
    out = Console(highlight=False)
    errors = Console(stderr=True, highlight=False)
    errors.print("[dim]Compiling what has changed, and deploying the core.[/]")
    with Stage.open() as stage:
        played = [
            perform(stage, script, errors if as_json else out, number, len(chosen), terse=as_json)
            for number, script in enumerate(chosen, start=1)
        ]
    for one in played:
        if figure and one.figures and one.script is cascade.SCRIPT:
            draw(one.figures.more, figure)
    if as_json:
        click.echo(json.dumps({"scenes": {one.script.name: one.as_json() for one in played}}, indent=2))
    else:
        out.print(summary(played))
    failures = [one.failure for one in played if one.failure]
    for failure in failures:
        errors.print(f"[bold red]failed[/] {escape(str(failure))}")
    if failures:
        raise SystemExit(Exit.FAILED)


def choose(names: Sequence[str]) -> list[Script]:
    """The scenes of these names, or all.

    Raises:
        BadParameter: There is no such scene.
    """
    known = {script.name: script for script in SCRIPTS}
    if unknown := [name for name in names if name not in known]:
        message = f"no scene {unknown[0]!r}; there are {', '.join(known)}"
        raise click.BadParameter(message, param_hint="--scene")
    return [known[name] for name in known if not names or name in names]


def perform(stage: Stage, script: Script, console: Console, number: int, of: int, *, terse: bool) -> Played:
    """Plays one scene and reads from its blocks what it cost.

    Args:
        stage: Where.
        script: What.
        console: Where people read.
        number: Of the scene.
        of: How many there are.
        terse: Print the heading only.
    """
    console.print(f"\n[bold cyan]{number}/{of} {escape(script.title)}[/] [dim]{', '.join(script.seeds)}[/]")
    scene = Scene(script.name, stage, None if terse else console)
    first = stage.block + 1
    figures, failure = None, None
    try:
        figures = script.play(stage, scene)
    except ClaimFailed as error:
        failure = error
        console.print(f"[bold red]{escape(str(error))}[/]")
    receipts = stage.receipts(first, stage.block)
    return Played(
        script,
        figures,
        scene.claims,
        failure,
        gas=sum(int(receipt["gasUsed"], 16) for receipt in receipts),
        transactions=[receipt["transactionHash"] for receipt in receipts],
    )


def summary(played: Sequence[Played]) -> Table:
    """Value lost, blocks from the first harm to its end, and transactions sent, scene by scene."""
    table = Table(
        title="\nValue lost, and blocks until it was stopped (0: the same block)",
        title_style="bold",
        title_justify="left",
    )
    table.add_column("scene", no_wrap=True)
    for column in ("lost without", "lost with", "blocks", "sent", "gas", "claims"):
        table.add_column(column, justify="right", no_wrap=True)
    for one in played:
        figures = one.figures
        table.add_row(
            one.script.name,
            *((dollars(figures.lost_without), dollars(figures.lost_with)) if figures else ("-", "-")),
            str(figures.blocks_to_stop) if figures else "-",
            str(len(one.transactions)),
            f"{one.gas:,}",
            f"[green]{len(one.claims)} hold[/]" if one.ok else "[bold red]one fails[/]",
        )
    return table


def _number(raw: int) -> float:
    return float(round(Decimal(raw) / DOLLAR, 2))
