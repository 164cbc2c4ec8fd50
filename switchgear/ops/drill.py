"""``ape agents drill``: could it be shut down right now? Asked without sending or, on request, done and undone."""

from __future__ import annotations

import time
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from decimal import Decimal
from functools import partial
from typing import TYPE_CHECKING, Any

import click
from ape.cli import AccountAliasPromptChoice
from rich.table import Table

from switchgear.chain import sender_address
from switchgear.display import plural
from switchgear.errors import ContractReverted, InvalidInput, NothingToReset
from switchgear.ops.cli import Command, Exit, account_option, console, core_option, json_option, note, print_json
from switchgear.ops.context import Context, context, resolve_agent
from switchgear.ops.reset import open_causes
from switchgear.ops.subjects import AGENT_HELP, Chosen
from switchgear.types import LANE, Causes, State, Subject
from switchgear.values import to_address, to_uint

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from datetime import timedelta

    from switchgear.breaker import Breaker
    from switchgear.chain import Transaction

FEE_FACTOR = 10
"""In an incident everybody is in a hurry: whoever trips must be able to pay this many times the present base fee."""
_WHY = "drill"
_DELEGATED = bytes.fromhex("ef0100")
"""How the code of a key begins that has delegated to a contract (EIP-7702); it still pays for itself."""
_SHORT = "{balance} wei do not pay for {gas:,} gas at {factor} times the base fee: it needs {needed} wei"


@dataclass(frozen=True)
class Check:
    """Whether somebody could do something, were it asked for now."""

    action: str
    role: str
    who: str | None
    passed: bool
    lasts: timedelta | None
    """Of a guardian's trip; None if it holds until it is reset, or is no trip."""
    detail: str
    """Why not, or what to know."""


@dataclass(frozen=True)
class Step:
    """A transaction of the rehearsal, from the moment it was to be sent until the chain said that it is so."""

    by: str
    transaction: str
    blocks: int
    seconds: Decimal
    state: State
    """Of the kill switch, read back."""
    admitted: bool
    """Whether the core would let the agent act, read back."""


@dataclass(frozen=True)
class Drill:
    """What was found."""

    agent: int
    passed: bool
    checks: tuple[Check, ...]
    trip: Step | None = None
    reset: Step | None = None


@click.command(cls=Command)
@click.option("--agent", metavar="AGENT", required=True, help=AGENT_HELP)
@click.option("--protocol", metavar="ADDRESS", help="Its breakers too, the agent's and the lane's own.")
@click.option("--lane", type=int, default=0, show_default=True, help="The protocol's lane.")
@click.option(
    "--guardian",
    "guardians",
    metavar="ADDRESS",
    multiple=True,
    help="Who must be able to trip as guardian; repeatable.  [default: all who are appointed]",
)
@click.option("--execute", is_flag=True, help="Trip the agent's kill switch, read it back, and reset it.")
@account_option
@click.option(
    "--reset-account",
    type=AccountAliasPromptChoice(),
    metavar="ALIAS",
    help="Ape account of the owner, who resets.  [default: the account that trips]",
)
@core_option
@json_option
@click.pass_context
def cli(
    click_context: click.Context,
    agent: str,
    protocol: str | None,
    lane: int,
    guardians: tuple[str, ...],
    execute: bool,
    account: Any,
    reset_account: Any,
    core: str | None,
    as_json: bool,
) -> None:
    """Check that owner, admin and guardians could trip and reset right now: that they may, and can pay.

    Nothing is sent, except with --execute. That takes --account, or a chain that goes with its node, where the owner
    acts without a key. The exit code is 1 if a check or a step failed.
    """
    if not execute and (account or reset_account):
        message = "--account and --reset-account are for --execute: the checks need no key"
        raise InvalidInput(message)
    ctx = context()
    breaker = ctx.breaker(core)
    handle = resolve_agent(ctx, breaker, agent)
    place = None if protocol is None else (to_address(protocol, name="--protocol"), to_uint(lane, name="--lane"))
    drill = check(ctx, breaker, handle, place, [to_address(one, name="--guardian") for one in guardians])
    if not as_json:
        _print_checks(drill)
    if execute:
        drill = rehearse(ctx, breaker, drill, account, reset_account)
    if as_json:
        print_json(drill)
    elif drill.trip and drill.reset:
        for name, step in (("trip", drill.trip), ("reset", drill.reset)):
            verdict = "admitted" if step.admitted else "denied"
            console().print(
                f"{name} by {step.by}: {plural(step.blocks, 'block')}, {step.seconds} seconds, then "
                f"{step.state.name.lower()} and the agent {verdict} ({step.transaction})"
            )
    click_context.exit(Exit.OK if drill.passed else Exit.FAILED)


def check(ctx: Context, breaker: Breaker, agent: int, place: tuple[str, int] | None, guardians: list[str]) -> Drill:
    """Who could trip and reset what: each is simulated as whoever has the power."""
    first = ctx.from_block(breaker)
    subject = Subject.of_agent(agent)
    places: list[tuple[str, Chosen, str | None, str]] = [
        ("the kill switch", Chosen(None, 0, subject), breaker.owner_of(agent), "owner")
    ]
    if place is not None:
        admin, _ = breaker.admin_of(place[0])
        breakers = (("the agent's breaker", subject), ("the lane", LANE))
        places += [(name, Chosen(*place, one), admin, "admin") for name, one in breakers]
    checks = []
    for name, chosen, chief, role in places:
        appointed = breaker.guardians(chosen.agent if chosen.protocol is None else chosen.protocol, from_block=first)
        parties = [(chief, role, None), *((one, "guardian", appointed.get(one)) for one in guardians or appointed)]
        checks += [_simulate(breaker, f"trip {name}", *party, _trip(breaker, chosen)) for party in parties]
        checks.append(_simulate(breaker, f"reset {name}", chief, role, None, _reset(breaker, chosen)))
    return Drill(agent, all(one.passed for one in checks), tuple(checks))


def rehearse(ctx: Context, breaker: Breaker, drill: Drill, account: Any, reset_account: Any) -> Drill:
    """Trips the agent's kill switch, reads it back, and resets it.

    Raises:
        InvalidInput: It is open already; or nobody is named on a chain that lasts.
        NotAuthorized: Who is to reset may not; nothing was sent then.
    """
    kill_switch = Chosen(None, 0, Subject.of_agent(drill.agent))
    causes = open_causes(breaker, kill_switch)
    if causes:
        message = f"the {kill_switch} is open: a drill would end what is meant. Reset it first, or choose another agent"
        raise InvalidInput(message)
    if account is None and ctx.lasting:
        message = "this chain lasts: name who trips by --account, and who resets by --reset-account"
        raise InvalidInput(message)
    with _key(breaker, drill.agent, account) as by:
        resetter = reset_account or by
        with suppress(NothingToReset):  # it may, and there is nothing yet
            _reset(breaker, kill_switch)(sender=resetter, dry_run=True)
        trip = _step(breaker, drill.agent, by, _trip(breaker, kill_switch))
        note(f"agent {drill.agent} is stopped; should this end here: ape agents reset --agent {drill.agent}")
        # Nothing but the trip: clearing `heartbeat` too would hide a beat that is about to be missed.
        causes = open_causes(breaker, kill_switch)
        undone = _step(breaker, drill.agent, resetter, partial(breaker.reset_agent, drill.agent, causes))
    done = (trip.state, trip.admitted, undone.state) == (State.OPEN, False, State.CLOSED)
    return Drill(drill.agent, drill.passed and done, drill.checks, trip, undone)


def _trip(breaker: Breaker, chosen: Chosen) -> Callable[..., Transaction]:
    if chosen.protocol is None:
        return partial(breaker.trip_agent, chosen.agent, _WHY)
    return partial(breaker.trip, chosen.protocol, chosen.lane, chosen.subject, _WHY)


def _reset(breaker: Breaker, chosen: Chosen) -> Callable[..., Transaction]:
    if chosen.protocol is None:
        return partial(breaker.reset_agent, chosen.agent, Causes.ALL)
    return partial(breaker.reset, chosen.protocol, chosen.lane, chosen.subject, Causes.ALL)


def _simulate(
    breaker: Breaker, action: str, who: str | None, role: str, lasts: timedelta | None, act: Callable[..., Transaction]
) -> Check:
    """Whether somebody may do it, and could pay for it."""
    if who is None:
        return Check(action, role, who, passed=False, lasts=None, detail=f"nobody is {role} here: appoint one")
    try:
        request = act(sender=who, dry_run=True).request
    except NothingToReset:
        # The core asks first who resets.
        return Check(action, role, who, passed=True, lasts=None, detail="nothing is open, or it could")
    except ContractReverted as error:
        return Check(action, role, who, passed=False, lasts=None, detail=f"{type(error).__name__}: {error}")
    code = breaker.node.code(who)
    if code and not code.startswith(_DELEGATED):
        return Check(action, role, who, passed=True, lasts=lasts, detail="a contract: whoever makes it act pays")
    base = int(breaker.node.block().get("baseFeePerGas", "0x0"), 16)
    needed = request["gas"] * (FEE_FACTOR * base + request.get("maxPriorityFeePerGas", request.get("gasPrice", 0)))
    balance = int(breaker.node.request("eth_getBalance", who, "latest"), 16)
    short = _SHORT.format(balance=balance, gas=request["gas"], factor=FEE_FACTOR, needed=needed)
    return Check(action, role, who, passed=balance >= needed, lasts=lasts, detail="" if balance >= needed else short)


def _step(breaker: Breaker, agent: int, sender: Any, act: Callable[..., Transaction]) -> Step:
    """Sends it, and reads back what it did."""
    start, block = time.monotonic(), int(breaker.node.block()["number"], 16)
    sent = act(sender=sender)
    now = int(breaker.node.block()["timestamp"], 16)
    state, verdict = breaker.agent(agent).state(now), breaker.status_of(agent)
    return Step(
        by=sender_address(sender),
        transaction=str(sent.hash),
        blocks=(sent.block_number or block) - block,
        seconds=Decimal(f"{time.monotonic() - start:.2f}"),
        state=state,
        admitted=verdict.admitted,
    )


@contextmanager
def _key(breaker: Breaker, agent: int, account: Any) -> Iterator[Any]:
    """Who trips: the account, or the agent's owner, as whom a chain that goes with its node lets anybody act."""
    if account is not None:
        yield account
        return
    owner = breaker.owner_of(agent)
    breaker.node.request("anvil_impersonateAccount", owner)
    try:
        yield owner
    finally:
        breaker.node.request("anvil_stopImpersonatingAccount", owner)


def _print_checks(drill: Drill) -> None:
    table = Table("", "who", "could", "for")
    for one in drill.checks:
        mark = "[green]pass[/]" if one.passed else "[red]FAIL[/]"
        for_ = "" if not one.passed or not one.action.startswith("trip") else str(one.lasts or "until reset")
        table.add_row(mark, f"{one.role} {one.who or ''}", one.action, for_)
    console().print(table)
    for one in drill.checks:
        if one.detail and not (one.passed and one.action.startswith("reset")):
            console().print(f"{one.role} {one.who or ''}, {one.action}: {one.detail}", markup=False)
    failed = sum(not one.passed for one in drill.checks)
    total = len(drill.checks)
    console().print(f"all {total} checks passed" if not failed else f"{failed} of {total} checks failed")
