"""``ape agents beat``: the dead man's switch is not needed yet."""

from __future__ import annotations

from typing import Any

import click

from switchgear.ops.cli import Command, core_option, describe_transaction, json_option, sending_options
from switchgear.ops.context import actor, context, resolve_agent


@click.command(cls=Command)
@click.argument("agent")
@sending_options
@core_option
@json_option
def cli(agent: str, account: Any, dry_run: bool, actor_address: str | None, core: str | None, as_json: bool) -> None:
    """Send the heartbeat of AGENT, before it is due. By its owner or its delegate; never by its own wallets."""
    ctx = context()
    breaker = ctx.breaker(core)
    handle = resolve_agent(ctx, breaker, agent)
    sender, dry = actor(account, dry_run, actor_address, breaker.owner_of(handle), "owner")
    describe_transaction(breaker.beat(handle, sender=sender, dry_run=dry), as_json)
