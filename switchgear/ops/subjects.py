"""Which breaker a script means: the options, and what they name."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, TypeVar

import click

from switchgear.errors import InvalidInput
from switchgear.events import subject_name
from switchgear.ops.context import resolve_agent
from switchgear.types import LANE, UNKNOWN_WALLETS, Subject
from switchgear.values import to_address, to_uint

if TYPE_CHECKING:
    from collections.abc import Callable

    from switchgear.breaker import Breaker
    from switchgear.ops.context import Context

_Function = TypeVar("_Function", bound="Callable[..., Any]")

AGENT_HELP = "Agent: handle, REGISTRY:ID, :ID of the default registry, or one of its wallets."


@dataclass(frozen=True)
class Chosen:
    """What the options named: a kill switch (no protocol), or a breaker of a lane."""

    protocol: str | None
    lane: int
    subject: Subject

    @property
    def agent(self) -> int:
        """Handle, of a kill switch."""
        return self.subject.id

    def __str__(self) -> str:
        if self.protocol is None:
            return f"kill switch of agent {self.agent}"
        return f"{subject_name(self.subject)}, lane {self.lane} of {self.protocol}"


def subject_options(function: _Function) -> _Function:
    """``--protocol``, ``--lane`` and the options that name a breaker in it."""
    for option in (
        click.option("--whole-lane", is_flag=True, help="The lane's own breaker."),
        click.option("--unknown-wallets", is_flag=True, help="The breaker that all unknown wallets of the lane share."),
        click.option("--lineage", type=int, metavar="ID", help="The breaker of a lineage; 0 for the undeclared one."),
        click.option("--agent", metavar="AGENT", help=AGENT_HELP),
        click.option("--lane", type=int, default=0, show_default=True, help="The protocol's lane."),
        click.option("--protocol", metavar="ADDRESS", help="The protocol."),
    ):
        function = option(function)
    return function


def choose(
    ctx: Context,
    breaker: Breaker,
    *,
    protocol: str | None,
    lane: int,
    agent: str | None,
    lineage: int | None,
    unknown_wallets: bool,
    whole_lane: bool,
) -> Chosen:
    """What the options name, which must be one thing; without `protocol`, the kill switch of `agent`."""
    named = [agent is not None, lineage is not None, unknown_wallets, whole_lane]
    if sum(named) != 1 or (protocol is None and agent is None):
        message = (
            "name one: --agent for a kill switch; "
            "or --protocol with --agent, --lineage, --unknown-wallets or --whole-lane"
        )
        raise InvalidInput(message)
    to_uint(lane, name="--lane")
    place = None if protocol is None else to_address(protocol, name="--protocol")
    if agent is not None:
        return Chosen(place, lane, Subject.of_agent(resolve_agent(ctx, breaker, agent)))
    if lineage is not None:
        return Chosen(place, lane, Subject.of_lineage(to_uint(lineage, bits=32, name="--lineage")))
    return Chosen(place, lane, UNKNOWN_WALLETS if unknown_wallets else LANE)
