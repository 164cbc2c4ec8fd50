"""``ape run abis``: the ABIs and bytecode that the package ships."""

from __future__ import annotations

import click
from ape.utils import ManagerAccessMixin

from switchgear.ops.build import build, stale, write
from switchgear.ops.cli import Exit


@click.command()
@click.option("--check", is_flag=True, help="Change nothing; fail if a file is not what the contracts compile to.")
def cli(check: bool) -> None:
    """Write switchgear/abi/ from the contracts as they are."""
    texts = build(ManagerAccessMixin.local_project)
    names = stale(texts) if check else write(texts)
    verb = "stale" if check else "written"
    click.echo(f"{verb}: {', '.join(names)}" if names else f"all {len(texts)} are fresh")
    if check and names:
        click.echo("run `ape run abis`", err=True)
        raise SystemExit(Exit.FAILED)
