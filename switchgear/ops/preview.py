"""``ape agents preview``: would it be admitted?"""

from __future__ import annotations

import click

from switchgear.display import explain
from switchgear.ops.cli import Command, Exit, console, core_option, json_option, print_json
from switchgear.ops.context import context
from switchgear.values import to_address, to_raw


@click.command(cls=Command)
@click.argument("wallet", metavar="ADDRESS")
@click.option("--protocol", metavar="ADDRESS", required=True, help="The protocol that would be called.")
@click.option("--lane", type=int, default=0, show_default=True, help="The protocol's lane.")
@click.option("--value", metavar="X", default="0", show_default=True, help="In the unit that --decimals says.")
@click.option("--decimals", type=click.IntRange(0, 255), default=0, help="Of the lane's unit of value.")
@core_option
@json_option
@click.pass_context
def cli(
    click_context: click.Context,
    wallet: str,
    protocol: str,
    lane: int,
    value: str,
    decimals: int,
    core: str | None,
    as_json: bool,
) -> None:
    """Ask whether an action of a wallet would be admitted now, why not, and for how long; nothing is charged.

    The exit code is 0 if it would be, and 1 if not.
    """
    breaker = context().breaker(core)
    place = to_address(protocol, name="--protocol"), lane, to_address(wallet, name="wallet")
    verdict = breaker.preview(*place, to_raw(value, decimals=decimals, name="--value"))
    if as_json:
        print_json(verdict)
    else:
        console().print(explain(verdict))
    click_context.exit(Exit.OK if verdict.admitted else Exit.FAILED)
