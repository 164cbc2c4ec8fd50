"""``ape run reset``: close what was opened, cause by cause."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from switchgear.errors import NothingToReset
from switchgear.ops.cli import Command, core_option, describe_transaction, json_option, sending_options
from switchgear.ops.context import actor, context
from switchgear.ops.subjects import choose, subject_options
from switchgear.types import LANE, Causes

if TYPE_CHECKING:
    from switchgear.breaker import Breaker
    from switchgear.chain import Transaction
    from switchgear.ops.subjects import Chosen

_NAMES = [cause.name.lower() for cause in Causes if cause.name and cause is not Causes.ALL]


@click.command(cls=Command)
@subject_options
@click.option(
    "--cause",
    "causes",
    multiple=True,
    type=click.Choice(_NAMES),
    help="What to clear; repeatable.  [default: what holds it open]",
)
@sending_options
@core_option
@json_option
def cli(
    causes: tuple[str, ...],
    account: Any,
    dry_run: bool,
    actor_address: str | None,
    core: str | None,
    as_json: bool,
    **options: Any,
) -> None:
    """Clear causes of a kill switch (--agent alone) or of a breaker of a protocol (--protocol ...).

    The owner resets a kill switch, the admin everything of a protocol. Nothing here refills a meter. Clearing
    `guardian` re-arms every guardian; clearing `heartbeat` starts a new interval.
    """
    ctx = context()
    breaker = ctx.breaker(core)
    mask = Causes(0)
    for cause in causes:
        mask |= Causes[cause.upper()]
    transaction = run(breaker, choose(ctx, breaker, **options), mask, account, dry_run, actor_address)
    describe_transaction(transaction, as_json)


def run(
    breaker: Breaker, chosen: Chosen, causes: Causes, account: Any, dry_run: bool, chosen_actor: str | None
) -> Transaction:
    """Resets it; without causes, those that hold it open now."""
    if chosen.protocol is None:
        sender, dry = actor(account, dry_run, chosen_actor, breaker.owner_of(chosen.agent), "owner")
    else:
        sender, dry = actor(account, dry_run, chosen_actor, breaker.admin_of(chosen.protocol)[0], "admin")
    causes = causes or open_causes(breaker, chosen)
    if not causes:
        raise NothingToReset
    if chosen.protocol is None:
        return breaker.reset_agent(chosen.agent, causes, sender=sender, dry_run=dry)
    return breaker.reset(chosen.protocol, chosen.lane, chosen.subject, causes, sender=sender, dry_run=dry)


def open_causes(breaker: Breaker, chosen: Chosen) -> Causes:
    """What holds it open as of the pending block."""
    now = int(breaker.node.block("pending")["timestamp"], 16)
    if chosen.protocol is None:
        return breaker.agent(chosen.agent).causes(now)
    if chosen.subject == LANE:
        return breaker.lane(chosen.protocol, chosen.lane).causes(now)
    return breaker.breaker(chosen.protocol, chosen.lane, chosen.subject).causes(now)
