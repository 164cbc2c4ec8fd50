"""What every script has: options, exit codes, output, errors.

Exit codes are those of `Exit`. With ``--json``, standard output is one JSON value and nothing else; an error is then an
object with `error`. Whatever sends has ``--dry-run``, and is dry without ``--account`` (OP-3). Keys come from Ape's
accounts only (OP-4).
"""

from __future__ import annotations

import json
import re
from contextlib import contextmanager
from datetime import datetime, timedelta, timezone
from enum import IntEnum
from typing import TYPE_CHECKING, Any, TypeVar

import click
from ape.cli import AccountAliasPromptChoice, ConnectedProviderCommand
from ape.exceptions import ApeException, ConfigError, NetworkError, ProviderError
from ape.logging import LogLevel, logger
from rich.console import Console

from switchgear.display import plain, show
from switchgear.errors import ChainError, ContractReverted, InvalidInput, SwitchgearError
from switchgear.values import from_note

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from switchgear.chain import Transaction

_Function = TypeVar("_Function", bound="Callable[..., Any]")


class Exit(IntEnum):
    """Exit codes of all scripts."""

    OK = 0
    FAILED = 1
    """What was to be shown or checked is not so."""
    USAGE = 2
    """Options or arguments make no sense."""
    CHAIN = 3
    """No node, another chain, no contract, or a transaction that did not get through."""
    REFUSED = 4
    """A contract refused."""


_EPILOG = "Exit codes: 0 done, 1 not as it should be, 2 usage, 3 node or chain, 4 refused by a contract."


class Command(ConnectedProviderCommand):
    """A command on a network, with Ape's `--network`; what goes wrong ends it with one line and an exit code."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **{"epilog": _EPILOG, **kwargs})  # type: ignore[no-untyped-call]  # Ape's has no types

    def invoke(self, ctx: click.Context) -> Any:
        """Runs it."""
        as_json = bool(ctx.params.get("as_json"))
        if as_json:
            # Ape would log on standard output that it starts a node.
            logger.set_level(LogLevel.WARNING)
        with _errors(as_json):
            return super().invoke(ctx)


def exit_code(error: BaseException) -> Exit:
    """The exit code for an error."""
    kinds: list[tuple[tuple[type[BaseException], ...], Exit]] = [
        ((InvalidInput,), Exit.USAGE),
        ((ContractReverted,), Exit.REFUSED),
        ((ChainError, ProviderError, NetworkError, ConfigError, OSError), Exit.CHAIN),
    ]
    return next((code for types, code in kinds if isinstance(error, types)), Exit.FAILED)


@contextmanager
def _errors(as_json: bool) -> Iterator[None]:
    try:
        yield
    except (SwitchgearError, ApeException, OSError) as error:
        # Click's own exceptions, usage errors of Ape's among them, keep their code and text.
        if isinstance(error, click.ClickException) and not isinstance(error, ApeException):
            raise
        kind, text = type(error).__name__, " ".join(str(error).split()) or type(error).__name__
        if as_json:
            details = error.fields() if isinstance(error, SwitchgearError) else {}
            print_json({"error": {"type": kind, "message": text, **({"fields": details} if details else {})}})
        click.echo(f"error: {kind}: {text}", err=True)
        raise SystemExit(exit_code(error)) from error


def json_option(function: _Function) -> _Function:
    """``--json``: one JSON value on standard output."""
    return click.option("--json", "as_json", is_flag=True, help="Print JSON.")(function)


def core_option(function: _Function) -> _Function:
    """``--core``: another core than this version's own."""
    text = "Address of the core.  [default: the recorded or deterministic one]"
    return click.option("--core", metavar="ADDRESS", help=text)(function)


def sending_options(function: _Function) -> _Function:
    """``--account``, ``--dry-run`` and ``--as``, of scripts that send."""
    function = click.option(
        "--as",
        "actor_address",
        metavar="ADDRESS",
        help="Simulate as this address (dry runs only).  [default: who has the power]",
    )(function)
    function = click.option("--dry-run", is_flag=True, help="Simulate, send nothing.")(function)
    return account_option(function)


def account_option(function: _Function) -> _Function:
    """``--account``, and no prompt for one."""
    text = "Ape account that signs: its alias, or TEST::<index>.  [default: none, a dry run]"
    return click.option("--account", type=AccountAliasPromptChoice(), metavar="ALIAS", help=text)(function)


class Instant(click.ParamType):
    """An instant: ISO 8601 (UTC if no zone is given), or a duration from now such as 30d, 12h, 5m, 90s."""

    name = "when"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> datetime:
        """To an aware datetime."""
        if isinstance(value, datetime):
            return value
        if (duration := parse_duration(str(value))) is not None:
            return datetime.now(timezone.utc).replace(microsecond=0) + duration
        try:
            when = datetime.fromisoformat(re.sub("Z$", "+00:00", str(value)))
        except ValueError:
            self.fail(f"{value!r} is neither an ISO 8601 time nor a duration such as 30d or 12h", param, ctx)
        return when if when.tzinfo else when.replace(tzinfo=timezone.utc)


class Duration(click.ParamType):
    """A duration such as 30d, 12h, 5m, 90s or 3600 (seconds)."""

    name = "duration"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> timedelta:
        """To a timedelta."""
        if isinstance(value, timedelta):
            return value
        duration = timedelta(seconds=int(value)) if str(value).isdigit() else parse_duration(str(value))
        if duration is None:
            self.fail(f"{value!r} is no duration such as 30d, 12h, 5m or 90s", param, ctx)
        return duration


def parse_duration(text: str) -> timedelta | None:
    """A number and its unit (d, h, m, s), or None."""
    match = re.fullmatch(r"(\d{1,7})([dhms])", text)
    return timedelta(**{_UNITS[match[2]]: int(match[1])}) if match else None


_UNITS = {"d": "days", "h": "hours", "m": "minutes", "s": "seconds"}


def console() -> Console:
    """Where people read."""
    return Console(highlight=False, soft_wrap=True)


def note(text: str) -> None:
    """A remark for people, out of the way of the output."""
    click.echo(text, err=True)


def print_json(value: Any) -> None:
    """One JSON value on standard output."""
    click.echo(json.dumps(plain(value), indent=2))


def describe_transaction(transaction: Transaction, as_json: bool) -> None:
    """Says what a transaction did, or would do."""
    if as_json:
        print_json({"dry_run": not transaction.sent, **plain(transaction)})
        return
    request, out = transaction.request, console()
    if not transaction.sent:
        gas = f"{request['gas']:,}"
        out.print(
            f"dry run: {transaction.function} by {request['from']} would succeed (at most {gas} gas); nothing was sent"
        )
        return
    where = f"in {transaction.hash}, block {transaction.block_number}, {transaction.gas_used:,} gas"
    out.print(f"{transaction.function}: sent {where}")
    for event in transaction.events:
        shown = ", ".join(f"{name} {_shown(name, value)}" for name, value in event.args.items())
        out.print(f"  {event.name}: {shown}")


def _shown(name: str, value: Any) -> str:
    return repr(from_note(value)) if name == "note" else show(value)
