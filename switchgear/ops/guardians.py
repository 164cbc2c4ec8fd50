"""``ape agents guardians``: who else may trip, and for how long."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, TypeVar

import click
from rich.table import Table

from switchgear.errors import InvalidInput
from switchgear.ops.cli import (
    Command,
    Duration,
    console,
    core_option,
    describe_transaction,
    json_option,
    print_json,
    sending_options,
)
from switchgear.ops.context import Context, actor, context, resolve_agent
from switchgear.ops.subjects import AGENT_HELP
from switchgear.types import Target
from switchgear.values import from_duration, to_address

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import timedelta

    from switchgear.breaker import Breaker
    from switchgear.chain import Transaction

_Function = TypeVar("_Function", bound="Callable[..., Any]")


@click.group(name="guardians")
def cli() -> None:
    """Show, appoint and dismiss guardians; appointing lands at once, dismissing waits a day."""


def scope_options(function: _Function) -> _Function:
    """``--agent`` or ``--protocol``: whose guardians."""
    function = click.option("--protocol", metavar="ADDRESS", help="Guardians of all breakers of this protocol.")(
        function
    )
    return click.option("--agent", metavar="AGENT", help=f"Guardians of its kill switch. {AGENT_HELP}")(function)


@cli.command(name="show", cls=Command)
@scope_options
@core_option
@json_option
def show_guardians(agent: str | None, protocol: str | None, core: str | None, as_json: bool) -> None:
    """Show who is a guardian, and how long each one's trips last."""
    ctx = context()
    breaker = ctx.breaker(core)
    found = breaker.guardians(_scope(ctx, breaker, agent, protocol), from_block=ctx.from_block(breaker))
    if as_json:
        print_json(found)
        return
    table = Table("guardian", "a trip lasts")
    for guardian, bound in found.items():
        table.add_row(guardian, str(bound))
    console().print(table)


@cli.command(cls=Command)
@click.argument("guardian", metavar="ADDRESS")
@click.option("--bound", type=Duration(), required=True, help="How long its trips last; more than 2h, at most 30d.")
@scope_options
@sending_options
@core_option
@json_option
def appoint(guardian: str, bound: timedelta, as_json: bool, **options: Any) -> None:
    """Appoint a guardian, or change how long its trips last: a shorter bound waits."""
    seconds = from_duration(bound, bits=32, name="--bound")
    describe_transaction(_set(to_address(guardian, name="guardian"), seconds, **options), as_json)


@cli.command(cls=Command)
@click.argument("guardian", metavar="ADDRESS")
@scope_options
@sending_options
@core_option
@json_option
def dismiss(guardian: str, as_json: bool, **options: Any) -> None:
    """Schedule the dismissal of a guardian."""
    describe_transaction(_set(to_address(guardian, name="guardian"), 0, **options), as_json)


@cli.command(cls=Command)
@click.argument("guardian", metavar="ADDRESS")
@scope_options
@sending_options
@core_option
@json_option
def execute(guardian: str, as_json: bool, **options: Any) -> None:
    """Execute what was scheduled for a guardian, between its ETA and its expiry."""
    describe_transaction(_decide("execute_loosening", guardian, **options), as_json)


@cli.command(cls=Command)
@click.argument("guardian", metavar="ADDRESS")
@scope_options
@sending_options
@core_option
@json_option
def cancel(guardian: str, as_json: bool, **options: Any) -> None:
    """Cancel what was scheduled for a guardian."""
    describe_transaction(_decide("cancel_loosening", guardian, **options), as_json)


def _scope(ctx: Context, breaker: Breaker, agent: str | None, protocol: str | None) -> int | str:
    """An agent's handle, or a protocol."""
    if (agent is None) == (protocol is None):
        message = "name one of --agent and --protocol"
        raise InvalidInput(message)
    return resolve_agent(ctx, breaker, agent) if agent else to_address(protocol, name="--protocol")


def _who(
    agent: str | None, protocol: str | None, account: Any, dry_run: bool, actor_address: str | None, core: str | None
) -> tuple[Breaker, int | str, Any, bool]:
    ctx = context()
    breaker = ctx.breaker(core)
    scope = _scope(ctx, breaker, agent, protocol)
    powerful, role = (
        (breaker.owner_of(scope), "owner") if isinstance(scope, int) else (breaker.admin_of(scope)[0], "admin")
    )
    return breaker, scope, *actor(account, dry_run, actor_address, powerful, role)


def _set(guardian: str, bound: int, **options: Any) -> Transaction:
    breaker, scope, sender, dry = _who(**options)
    appoint_in = breaker.set_agent_guardian if isinstance(scope, int) else breaker.set_guardian
    transaction: Transaction = appoint_in(scope, guardian, bound, sender=sender, dry_run=dry)  # type: ignore[arg-type]
    return transaction


def _decide(function: str, guardian: str, **options: Any) -> Transaction:
    breaker, scope, sender, dry = _who(**options)
    address = to_address(guardian, name="guardian")
    target = Target.agent_guardian(scope, address) if isinstance(scope, int) else Target.guardian(scope, address)
    transaction: Transaction = getattr(breaker, function)(target, sender=sender, dry_run=dry)
    return transaction
