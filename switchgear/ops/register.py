"""``ape agents register``: an identity in an ERC-8004 registry."""

from __future__ import annotations

from typing import Any

import click

from switchgear.ops.cli import Command, core_option, describe_transaction, json_option, sending_options
from switchgear.ops.context import ANYBODY, actor, context
from switchgear.registry import Registry


@click.command(cls=Command)
@click.option(
    "--registry", metavar="ADDRESS", help="Identity registry.  [default: the recorded or deterministic AgentIdentity]"
)
@click.option("--uri", default="", help="Of the agent's registration file.")
@sending_options
@core_option
@json_option
def cli(
    registry: str | None,
    uri: str,
    account: Any,
    dry_run: bool,
    actor_address: str | None,
    core: str | None,
    as_json: bool,
) -> None:
    """Register an identity; the sender owns it and answers for the agent. Enrolling comes next: `ape agents enroll`."""
    ctx = context()
    identity = Registry(ctx.web3, registry or ctx.registry(ctx.breaker(core)))
    sender, dry = actor(account, dry_run, actor_address, ANYBODY, "owner")
    describe_transaction(identity.register(uri or None, sender=sender, dry_run=dry), as_json)
