"""``ape agents list``: who is enrolled."""

from __future__ import annotations

import click
from rich.table import Table

from switchgear.display import show
from switchgear.ops.cli import Command, console, core_option, json_option, print_json
from switchgear.ops.context import context
from switchgear.types import State
from switchgear.values import to_address


@click.command(cls=Command)
@click.option("--owner", metavar="ADDRESS", help="Only agents that were enrolled or synced under this owner.")
@click.option("--lineage", type=int, metavar="ID", help="Only agents that declare this lineage; 0 for none.")
@click.option("--open", "only_open", is_flag=True, help="Only agents whose kill switch is open.")
@core_option
@json_option
def cli(owner: str | None, lineage: int | None, only_open: bool, core: str | None, as_json: bool) -> None:
    """List the agents of this chain, as of one block."""
    breaker = context().breaker(core)
    header = breaker.node.block()
    block, now = int(header["number"], 16), int(header["timestamp"], 16)
    chosen = None if owner is None else to_address(owner, name="--owner")
    handles = range(1, breaker.agent_count(block_identifier=block) + 1)
    agents = [
        agent
        for agent in breaker.agents(handles, block_identifier=block)
        if (chosen is None or agent.recorded_owner == chosen)
        and (lineage is None or agent.lineage == lineage)
        and (not only_open or agent.state(now) is State.OPEN)
    ]
    if as_json:
        print_json([{"kill_switch": agent.state(now), "agent": agent} for agent in agents])
        return
    table = Table("agent")
    for column in ("identity", "recorded owner", "parent", "lineage", "kill switch"):
        table.add_column(column, overflow="fold")
    for agent in agents:
        table.add_row(
            str(agent.agent),
            f"{agent.registry}:{agent.agent_id}",
            agent.recorded_owner,
            str(agent.parent or "none"),
            f"{agent.lineage or 'undeclared'}{', attested' if agent.attested else ''}",
            show(agent.state(now)),
        )
    console().print(table)
