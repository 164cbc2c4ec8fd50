"""``ape run status``: one agent, and everything that could stop it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta, timezone
from decimal import Decimal
from typing import TYPE_CHECKING

import click
from rich.table import Table

from switchgear.display import explain, show, show_amount
from switchgear.errors import OwnerUnavailable
from switchgear.events import subject_name
from switchgear.model.breaker import lane_state
from switchgear.ops.cli import Command, console, core_option, json_option, print_json
from switchgear.ops.context import Context, context, resolve_agent
from switchgear.types import Causes, State, Subject, Verdict
from switchgear.values import to_address
from switchgear.words import LimitsWord

if TYPE_CHECKING:
    from collections.abc import Iterator

    from switchgear.breaker import Breaker
    from switchgear.types import Target
    from switchgear.views import AgentView, BreakerView, LooseningView, UsageView, WalletView

_BAR = 20
_COLOURS = {State.CLOSED: "green", State.HALF_OPEN: "yellow", State.OPEN: "red"}


@dataclass(frozen=True)
class Place:
    """The agent's breaker in one lane."""

    protocol: str
    lane: int
    lane_state: State
    breaker: BreakerView
    usage: UsageView
    causes: Causes
    override: bool


@dataclass(frozen=True)
class Status:
    """One agent as of one block."""

    as_of: datetime
    block: int
    agent: AgentView
    live_owner: str | None
    """None if its registry does not say."""
    verdict: Verdict
    """Of its kill switch and those above it."""
    kill_switch: State
    causes: Causes
    """What holds its kill switch open."""
    ancestors: tuple[AgentView, ...]
    wallets: tuple[WalletView, ...]
    wallet_verdicts: tuple[Verdict, ...]
    breakers: tuple[Place, ...]
    guardians: dict[str, timedelta]
    loosenings: dict[Target, LooseningView]


@click.command(cls=Command)
@click.argument("agent")
@click.option(
    "--protocol", metavar="ADDRESS", help="Only this protocol's lanes, the agent's untouched breakers included."
)
@click.option("--decimals", type=click.IntRange(0, 255), default=0, help="Of the lanes' unit of value.")
@click.option("--from-block", type=int, help="Where to start looking for events.  [default: the recorded deployment]")
@core_option
@json_option
def cli(
    agent: str, protocol: str | None, decimals: int, from_block: int | None, core: str | None, as_json: bool
) -> None:
    """Show AGENT: a handle, REGISTRY:ID, :ID of the default registry, or one of its wallets.

    Breakers are shown where the agent has left a trace. Exit code 0 whatever the agent's state.
    """
    ctx = context()
    breaker = ctx.breaker(core)
    status = run(ctx, breaker, agent, protocol=protocol, decimals=decimals, from_block=from_block)
    if as_json:
        shown = {**vars(status), "loosenings": [{"target": t, **vars(one)} for t, one in status.loosenings.items()]}
        print_json(shown)
    else:
        _print(status)


def run(
    ctx: Context,
    breaker: Breaker,
    reference: str,
    *,
    protocol: str | None = None,
    decimals: int = 0,
    from_block: int | None = None,
) -> Status:
    """Reads it, all at one block."""
    handle = resolve_agent(ctx, breaker, reference)
    header = breaker.node.block()
    block, now = int(header["number"], 16), int(header["timestamp"], 16)
    first = ctx.from_block(breaker) if from_block is None else from_block
    view = breaker.agent(handle, block_identifier=block)
    try:
        owner: str | None = breaker.owner_of(handle, block_identifier=block)
    except OwnerUnavailable:
        owner = None
    wallets = breaker.wallets_of(handle, from_block=first, block_identifier=block)
    verdicts = breaker.statuses([wallet.address for wallet in wallets], block_identifier=block)
    chosen = None if protocol is None else to_address(protocol, name="--protocol")
    places = breaker.lanes(chosen, from_block=first, block_identifier=block)
    return Status(
        as_of=datetime.fromtimestamp(now, tz=timezone.utc),
        block=block,
        agent=view,
        live_owner=owner,
        verdict=breaker.status_of(handle, block_identifier=block),
        kill_switch=view.state(now),
        causes=view.causes(now),
        ancestors=tuple(breaker.ancestors(handle, block_identifier=block)),
        wallets=tuple(wallets),
        wallet_verdicts=tuple(verdicts),
        breakers=tuple(_places(breaker, handle, places, chosen is not None, decimals, block, now)),
        guardians=breaker.guardians(handle, from_block=first, block_identifier=block),
        loosenings=breaker.loosenings(handle, from_block=first, block_identifier=block),
    )


def _places(
    breaker: Breaker, agent: int, lanes: list[tuple[str, int]], untouched: bool, decimals: int, block: int, now: int
) -> Iterator[Place]:
    """The agent's breakers in these lanes, without the untouched ones unless they are wanted."""
    subject = Subject.of_agent(agent)
    found = breaker.breakers([(*lane, subject) for lane in lanes], block_identifier=block)
    found = [one for one in found if untouched or any(one.raw)]
    keys = [(one.protocol, one.lane, subject) for one in found]
    usages = breaker.usages(keys, decimals=decimals, block_identifier=block)
    words = breaker.read_many([("laneWord", key[:2]) for key in keys], block_identifier=block)
    for one, usage, word in zip(found, usages, words, strict=True):
        state = lane_state(LimitsWord.decode(word), now)
        yield Place(one.protocol, one.lane, state, one, usage, one.causes(now), one.overridden)


def _print(status: Status) -> None:
    out = console()
    agent = status.agent
    out.print(f"[bold]agent {agent.agent}[/], as of block {status.block}, {show(status.as_of)}")
    table = Table.grid(padding=(0, 2))
    owner = status.live_owner or "unreadable"
    changed = "" if owner == agent.recorded_owner else f"  [red](recorded: {agent.recorded_owner}; sync it)[/]"
    table.add_row("identity", f"{agent.registry}:{agent.agent_id}")
    table.add_row("owner", f"{owner}{changed}")
    table.add_row("lineage", f"{agent.lineage or 'undeclared'}{', attested' if agent.attested else ''}")
    table.add_row("ancestors", ", ".join(str(one.agent) for one in status.ancestors) or "none: a root")
    table.add_row("enrolled", show(agent.enrolled_at))
    if agent.spawns_left:
        table.add_row("may spawn", f"{agent.spawns_left}, until {show(agent.spawn_expiry)}")
    table.add_row("kill switch", f"{_state(status.kill_switch)}{_by(status.causes)}")
    if agent.beat_interval:
        table.add_row(
            "heartbeat",
            f"every {agent.beat_interval}, next by {show(agent.beat_deadline)}, delegate {agent.beat_delegate}",
        )
    table.add_row("guardians", ", ".join(f"{one} ({bound})" for one, bound in status.guardians.items()) or "none")
    table.add_row("verdict", explain(status.verdict))
    out.print(table)

    out.print("\n[bold]wallets[/]" if status.wallets else "\nno wallets")
    for wallet, verdict in zip(status.wallets, status.wallet_verdicts, strict=True):
        out.print(f"{wallet.address}  expires {show(wallet.expiry)}  {explain(verdict)}")

    out.print("\n[bold]breakers[/]" if status.breakers else "\nno breaker touched")
    for place in status.breakers:
        usage, lane = place.usage, "" if place.lane_state is State.CLOSED else f", the lane {_state(place.lane_state)}"
        strikes = f", {place.breaker.strikes} strikes" if place.breaker.strikes else ""
        state = f"{_state(usage.state)}{_by(place.causes)}{strikes}{lane}"
        out.print(f"{place.protocol} lane {place.lane}: {state}")
        out.print(f"  actions {bar(usage.count_used, usage.count_cap)}")
        out.print(f"  value   {bar(usage.value_used, usage.value_cap)}")

    if status.loosenings:
        out.print("\n[bold]scheduled loosenings[/]")
        for target, one in status.loosenings.items():
            lane = f", lane {target.key} of {target.protocol}" if int(target.protocol, 16) else ""
            what = f"{show(target.setting)} of {subject_name(Subject(target.subject))}{lane}"
            out.print(f"{what}: executable from {show(one.eta)} to {show(one.expiry)}")


def bar(used: Decimal | int, cap: Decimal | int | None) -> str:
    """A meter as a bar of text: what is used of a cap.

    >>> bar(5, 10)
    '██████████░░░░░░░░░░ 5/10'
    """
    if cap is None:
        return "unlimited"
    share = min(Decimal(1), Decimal(used) / cap) if cap else Decimal(1)
    # Rounded up: whatever is used shows.
    filled = int(-(-share * _BAR // 1))
    return f"{'█' * filled}{'░' * (_BAR - filled)} {show_amount(used)}/{show_amount(cap)}"


def _state(state: State) -> str:
    return f"[{_COLOURS[state]}]{state.name.lower().replace('_', '-')}[/]"


def _by(causes: Causes) -> str:
    return f" ({show(causes)})" if causes else ""
