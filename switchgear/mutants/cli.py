"""``ape run mutants``: does anything notice that a rule is broken?"""

from __future__ import annotations

from concurrent.futures import ProcessPoolExecutor
from itertools import repeat
from multiprocessing import get_context
from pathlib import Path

import click
from ape.utils import ManagerAccessMixin

from ape_switchgear import toolchain
from switchgear.mutants.run import (
    EPISODES,
    EQUIVALENT,
    SEED,
    Outcome,
    compiled,
    difference,
    failing_test,
    judge,
    sources,
)
from switchgear.mutants.table import MUTANTS

PAGE = Path("docs") / "mutants.md"


@click.command()
@click.option("--workers", default=2, show_default=True, help="Mutants at a time.")
@click.option("--only", default="", help="A rule, or part of a path: only those mutants; the page is not written.")
def cli(workers: int, only: str) -> None:
    """Break each rule in the sources, see what notices it, and write docs/mutants.md."""
    root = Path(ManagerAccessMixin.local_project.path)
    solc = toolchain.find_solc(root)
    if solc is None:
        message = "no solc: run `make install`"
        raise click.ClickException(message)
    chosen = [mutant for mutant in MUTANTS if only in mutant.path or only == mutant.rule]
    for mutant in chosen:  # all at once, before any work
        sources(root, mutant)
    if found := difference(compiled(root, solc, sources(root))):
        message = f"the unbroken core differs from the model: {found}"
        raise click.ClickException(message)
    if found := failing_test(root, sources(root)):
        message = f"a test fails on the unbroken core: {found}"
        raise click.ClickException(message)
    outcomes = []
    with ProcessPoolExecutor(workers, get_context("spawn")) as pool:
        for outcome in pool.map(judge, repeat(root), repeat(solc), chosen):
            click.echo(f"{outcome.mutant.rule:6} {outcome.mutant.what}: {_verdict(outcome)}")
            outcomes.append(outcome)
    if not only:
        (root / PAGE).write_text(page(outcomes))
    if bad := [outcome for outcome in outcomes if not outcome.expected]:
        message = f"{len(bad)} of {len(outcomes)} not as they should be"
        raise click.ClickException(message)


def _verdict(outcome: Outcome) -> str:
    return outcome.killer or ("equivalent" if outcome.expected else "SURVIVED")


def page(outcomes: list[Outcome]) -> str:
    """docs/mutants.md."""
    killed = sum(bool(outcome.killer) for outcome in outcomes)
    model = sum(outcome.killer.startswith("model") for outcome in outcomes)
    equivalent = sum(outcome.mutant.what.startswith(EQUIVALENT) for outcome in outcomes)
    rows = "\n".join(
        f"| {outcome.mutant.rule} | {outcome.mutant.path} | {outcome.mutant.what} | {_verdict(outcome)} |"
        for outcome in outcomes
    )
    return f"""# Mutants

Written by `ape run mutants`. Each rule is broken by one small change of the sources
(`switchgear/mutants/table.py`); then the core is compared with the reference model (seed {SEED}, at most
{EPISODES} episodes), and if they agree, the unit and threat suites run. A change that can make no difference is
explained as equivalent, and must survive.

{len(outcomes)} mutants: {killed} noticed, {model} of them by the model, {killed - model} by a test;
{equivalent} equivalent.

| Rule | Source | What is broken | Noticed by |
|---|---|---|---|
{rows}
"""
