"""``ape run fuzz``: the core against the reference model."""

from __future__ import annotations

from collections import Counter
from pathlib import Path
from secrets import randbits
from typing import TYPE_CHECKING

import click
from ape.utils import ManagerAccessMixin
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

from switchgear.fuzz import report, run
from switchgear.fuzz.abi import Interface
from switchgear.fuzz.artifacts import from_project
from switchgear.fuzz.steps import from_json, to_json

if TYPE_CHECKING:
    from collections.abc import Iterator

    from switchgear.fuzz.run import Artifacts, Result


@click.command()
@click.option(
    "--steps",
    type=click.IntRange(1),
    default=100_000,
    show_default=True,
    help="Steps in all; a few hundred suit anvil.",
)
@click.option(
    "--seed",
    type=int,
    help="Where the randomness begins: the same seed, the same steps.  [default: another every time]",
)
@click.option(
    "--backend",
    type=click.Choice(["pyrevm", "anvil"]),
    default="pyrevm",
    show_default=True,
    help="What runs the core; with anvil, pyrevm runs beside it.",
)
@click.option("--workers", type=click.IntRange(1), default=1, show_default=True, help="Processes (pyrevm only).")
@click.option(
    "--replay", type=click.Path(exists=True, dir_okay=False, path_type=Path), help="Do the steps in this file instead."
)
@click.option(
    "--save",
    type=click.Path(dir_okay=False, path_type=Path),
    default=".cache/fuzz/failure.json",
    show_default=True,
    help="Where the steps of a failure are written.",
)
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
def cli(
    steps: int, seed: int | None, backend: str, workers: int, replay: Path | None, save: Path, as_json: bool
) -> None:
    """Runs random operations on the core and on the reference model, and compares everything they say.

    Exit code 1 if they ever disagree, or a rule is broken; the shortest list of steps that shows it is printed, and
    written where --replay can read it.
    """
    console = Console(stderr=as_json)
    artifacts = from_project(ManagerAccessMixin.local_project)
    errors = [name for name, _ in Interface(artifacts["ICircuitBreaker"].abi).errors.values()]
    timer = run.Timer()
    if replay:
        given = from_json(replay.read_text())
        total = run.Result(len(given), Counter(), run.replay(artifacts, given))
    else:
        seed = randbits(32) if seed is None else seed
        console.print(f"seed {seed}, {steps:,} steps on {backend}")
        total = _run(console, artifacts, seed, steps, backend, workers)
    seconds = timer.seconds
    if total.failure:
        shortest = run.minimal(artifacts, total.failure)
        total = total._replace(failure=shortest)
        save.parent.mkdir(parents=True, exist_ok=True)
        save.write_text(to_json(shortest.steps))
        report.print_failure(console, shortest)
        console.print(f"again with: ape run fuzz --replay {save}")
    if as_json:
        click.echo(report.as_json(total, seconds, errors))
    elif not replay:
        report.print_report(console, total, seconds, errors)
    if total.failure:
        raise SystemExit(1)


def _run(console: Console, artifacts: Artifacts, seed: int, steps: int, backend: str, workers: int) -> Result:
    """Everything until the end or the first failure, with a bar that says how far and how fast."""
    results: Iterator[Result]
    if backend == "anvil":
        results = run.on_anvil(artifacts, seed, steps)
    else:
        results = run.episodes(artifacts, seed, steps, workers)
    speed = TextColumn("{task.fields[speed]:,.0f} steps/s")
    total, timer = run.Result(0, Counter()), run.Timer()
    with Progress(BarColumn(), MofNCompleteColumn(), speed, TimeElapsedColumn(), console=console) as progress:
        task = progress.add_task("", total=steps, speed=0.0)
        for result in results:
            total += result
            progress.update(task, completed=total.steps, speed=total.steps / timer.seconds)
    return total
