"""``ape run deploy``: the core and its identity registry, each at its one address."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from switchgear.deployment import Record, core_address, deploy
from switchgear.ops.cli import Command, account_option, console, json_option, note, print_json
from switchgear.ops.context import Context, context

if TYPE_CHECKING:
    from switchgear.deployment import Deployed


@click.command(cls=Command)
@account_option
@click.option("--dry-run", is_flag=True, help="Simulate, send nothing.")
@click.option(
    "--record", type=click.Path(path_type=Path), help="Where to record it.  [default: deployments/<chain id>.json]"
)
@json_option
def cli(account: Any, dry_run: bool, record: Path | None, as_json: bool) -> None:
    """Deploy CircuitBreaker and AgentIdentity by CREATE2; what is there already stays.

    The addresses are the same on every chain. They are recorded in deployments/<chain id>.json or, for a chain that
    goes with its node, under .cache/. Without --account it is a dry run.
    """
    ctx = context(record)
    if account is None and not dry_run:
        note("no --account: dry run")
    contracts = run(ctx, account, dry_run=dry_run or account is None)
    if as_json:
        print_json({"network": ctx.network, "record": str(ctx.record_path), "contracts": contracts})
        return
    for one in contracts:
        state = (
            f"created in {one.transaction}"
            if one.created
            else "is there"
            if one.code_hash
            else "would be created (dry run)"
        )
        console().print(f"{one.name} {one.address}: {state}")
    if all(one.code_hash for one in contracts) and not (dry_run or account is None):
        where = f"recorded in {ctx.record_path}" + ("" if ctx.lasting else " (this chain goes with its node)")
        console().print(where)


def run(ctx: Context, account: Any, *, dry_run: bool) -> list[Deployed]:
    """Deploys what is missing and, unless it is a dry run, records everything once all of it is there."""
    core = deploy(ctx.node, "CircuitBreaker", sender=account, dry_run=dry_run)
    # A constructor that calls a core which is not there yet cannot be simulated.
    later = dry_run and not core.code_hash
    identity = deploy(ctx.node, "AgentIdentity", core_address(), sender=account, dry_run=dry_run, simulate=not later)
    known = ctx.last_record()
    contracts = [_dated(one, known) for one in (core, identity)]
    if not dry_run:
        Record(ctx.node.chain_id, {one.name: one for one in contracts}).write(ctx.record_path)
    return contracts


def _dated(one: Deployed, known: Record | None) -> Deployed:
    """With the creation that an earlier record knows of."""
    earlier = known.contracts.get(one.name) if known else None
    if one.created or earlier is None or earlier.address != one.address:
        return one
    return replace(one, transaction=earlier.transaction, block=earlier.block)
