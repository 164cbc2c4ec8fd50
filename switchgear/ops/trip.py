"""``ape run trip``: open a kill switch, a breaker or a lane."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from switchgear.ops.cli import Command, core_option, describe_transaction, json_option, sending_options
from switchgear.ops.context import actor, context
from switchgear.ops.subjects import choose, subject_options
from switchgear.values import to_note

if TYPE_CHECKING:
    from switchgear.breaker import Breaker
    from switchgear.chain import Transaction
    from switchgear.ops.subjects import Chosen


@click.command(cls=Command)
@subject_options
@click.option(
    "--note", "why", required=True, help="Why, for the record: at most 32 bytes of text, or 0x and 64 hex digits."
)
@sending_options
@core_option
@json_option
def cli(
    why: str, account: Any, dry_run: bool, actor_address: str | None, core: str | None, as_json: bool, **options: Any
) -> None:
    """Open the kill switch of an agent (--agent alone) or a breaker of a protocol (--protocol ...).

    Owner, protocol and admin trip until they reset; a guardian trips for its bound, once until it is re-armed.
    """
    note = to_note(bytes.fromhex(why[2:]) if _is_hash(why) else why)
    ctx = context()
    breaker = ctx.breaker(core)
    transaction = run(breaker, choose(ctx, breaker, **options), note, account, dry_run, actor_address)
    describe_transaction(transaction, as_json)


def run(
    breaker: Breaker, chosen: Chosen, note: bytes, account: Any, dry_run: bool, chosen_actor: str | None
) -> Transaction:
    """Trips it."""
    if chosen.protocol is None:
        owner = breaker.owner_of(chosen.agent)
        sender, dry = actor(account, dry_run, chosen_actor, owner, "owner")
        return breaker.trip_agent(chosen.agent, note, sender=sender, dry_run=dry)
    admin, _ = breaker.admin_of(chosen.protocol)
    sender, dry = actor(account, dry_run, chosen_actor, admin, "admin")
    return breaker.trip(chosen.protocol, chosen.lane, chosen.subject, note, sender=sender, dry_run=dry)


def _is_hash(text: str) -> bool:
    if len(text) != 66 or not text.startswith("0x"):  # noqa: PLR2004 - 0x and 32 bytes
        return False
    try:
        bytes.fromhex(text[2:])
    except ValueError:
        return False
    return True
