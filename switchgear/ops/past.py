"""The past that a command looks at: on the chain, or in a file."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple, TypeVar

import click

from switchgear.detect.history import Place, Roster, read_chain, read_file
from switchgear.errors import InvalidInput
from switchgear.ops.cli import note
from switchgear.ops.context import context
from switchgear.values import to_address, to_uint

if TYPE_CHECKING:
    from collections.abc import Callable

    from switchgear.detect.types import Observation

_Function = TypeVar("_Function", bound="Callable[..., Any]")


class Past(NamedTuple):
    """A history, and where it is from."""

    observations: list[Observation]
    roster: Roster
    source: str


def history_options(function: _Function) -> _Function:
    """Where the history is: on the chain, or in a file."""
    for option in (
        click.option(
            "--observations",
            "path",
            type=click.Path(exists=True, dir_okay=False, path_type=Path),
            help="Take the past from this JSON or CSV file, not from the chain.",
        ),
        click.option("--token", metavar="ADDRESS", help="The ERC-20 in which the lane counts value."),
        click.option("--to-block", type=click.IntRange(0), help="Last block.  [default: the newest]"),
        click.option("--from-block", type=click.IntRange(0), help="First block.  [default: the core's]"),
        click.option("--lane", type=int, default=0, show_default=True, help="The protocol's lane."),
        click.option("--protocol", metavar="ADDRESS", help="The protocol."),
    ):
        function = option(function)
    return function


def load(core: str | None, **options: Any) -> Past:
    """The history that the options name.

    Raises:
        InvalidInput: They name none, or it is empty.
    """
    if options["path"]:
        past = Past(read_file(options["path"]), Roster(), str(options["path"]))
    else:
        place = place_of(options)
        ctx = context()
        breaker = ctx.breaker(core)
        since = ctx.from_block(breaker)
        first = since if options["from_block"] is None else options["from_block"]
        last = int(breaker.node.block()["number"], 16) if options["to_block"] is None else options["to_block"]
        if first > last:
            message = f"--from-block {first} is after --to-block {last}"
            raise InvalidInput(message)
        note(f"reading blocks {first:,} to {last:,}")
        roster = Roster()
        found = list(read_chain(breaker, place, first, last, roster=roster, since=since))
        past = Past(found, roster, f"blocks {first:,} to {last:,}")
    if not past.observations:
        message = f"no agent acted there ({past.source})"
        raise InvalidInput(message)
    return past


def place_of(options: dict[str, Any]) -> Place:
    """Protocol, lane and token that the options name; `InvalidInput` without a protocol."""
    if options["protocol"] is None:
        message = "name the --protocol, or give --observations"
        raise InvalidInput(message)
    token = None if options["token"] is None else to_address(options["token"], name="--token")
    lane = to_uint(options["lane"], name="--lane")
    return Place(to_address(options["protocol"], name="--protocol"), lane, token)
