"""``ape agents replay``: what detectors and limits would have made of a chain's past."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Any

import click
from rich.table import Table

from switchgear.detect.replay import Hypothesis, replay
from switchgear.detect.suite import RATES, suite
from switchgear.display import explain, show, show_amount, to_instant
from switchgear.errors import InvalidInput
from switchgear.events import subject_name
from switchgear.model import CoreRevert
from switchgear.ops.cli import Command, Duration, console, core_option, json_option, print_json
from switchgear.ops.limits import OPTIONS, changed, lane_to_try, limit_options, shown_fields
from switchgear.ops.past import history_options, load
from switchgear.types import LanePolicy
from switchgear.values import to_amount

if TYPE_CHECKING:
    from datetime import timedelta

    from switchgear.detect.replay import Denial, Replay
    from switchgear.detect.types import Observation
    from switchgear.ops.limits import Settings
    from switchgear.ops.past import Past


@click.command(cls=Command)
@history_options
@click.option("--window", type=Duration(), help="Try a lane with this window.  [default: the lane as it is]")
@limit_options
@click.option(
    "--false-alarms",
    type=click.Choice([str(rate) for rate in RATES]),
    default=str(RATES[-1]),
    show_default=True,
    help="Thresholds of the detectors: one false alarm an agent in so many days.",
)
@core_option
@json_option
def cli(
    window: timedelta | None,
    decimals: int,
    false_alarms: str,
    core: str | None,
    as_json: bool,
    **options: Any,
) -> None:
    """Show what detectors and limits would have denied, tripped and reported in the past; nothing is sent.

    Limits are those of the lane, with the fields that are named changed; with --window they are unlimited but for
    those. The past is taken as it happened, and every agent begins it fresh.

    It is what the sentinel would see: transactions that agents' wallets sent to the protocol, moves of the --token
    between the protocol and a wallet, a smart account's too, and denials. What a smart account was admitted to do
    without such a move is not seen; nor, without --token, any of it but denials.
    """
    wanted = {field: options.pop(field) for field in OPTIONS}
    settings = changed(lane_to_try(core, options, window), wanted, decimals)
    past = load(core, **options)
    lineages = max(o.lineage for o in past.observations)
    policy = settings.policy or LanePolicy(1)
    try:
        hypothesis = Hypothesis(settings.limits, policy, parents=past.roster.parents, lineages=lineages)
    except CoreRevert as error:
        message = f"the core would refuse these limits: {error}"
        raise InvalidInput(message) from error
    found = replay(past.observations, suite(int(false_alarms)), hypothesis)
    if as_json:
        print_json(_as_json(found, past, settings))
    else:
        _show(found, past, decimals)


def _place(o: Observation) -> dict[str, Any]:
    """What an action can be found by (OP-5)."""
    return {"time": to_instant(o.time), "block": o.block, "tx_hash": o.tx_hash, "log_index": o.log_index}


def _as_json(found: Replay, past: Past, settings: Settings) -> dict[str, Any]:
    return {
        "source": past.source,
        "limits": shown_fields(settings),
        "actions": len(found.observations),
        "denials": [
            {**_place(o), "agent": o.agent, "value": o.value, "verdict": verdict, "then": o.denied}
            for o, verdict in found.denials
        ],
        "trips": [
            {
                **_place(trip.observation),
                "breaker": subject_name(trip.subject),
                "cause": trip.cause,
                "until": to_instant(trip.until),
            }
            for trip in found.trips
        ],
        "alarms": [{**_place(o), "score": score} for o, score in found.alarms],
    }


def _show(found: Replay, past: Past, decimals: int) -> None:
    out = console()
    first, last = (to_instant(found.observations[index].time) for index in (0, -1))
    out.print(f"{len(found.observations):,} actions from {show(first)} to {show(last)} ({past.source})")
    actions, values = Counter[int](), Counter[int]()
    for o in found.observations:
        actions[o.agent] += 1
        values[o.agent] += o.value
    denied = Counter(o.agent for o, _ in found.denials)
    table = Table("agent")
    for column in ("actions", "value", "would be denied"):
        table.add_column(column, justify="right")
    for agent in sorted(actions):
        amount = show_amount(to_amount(values[agent], decimals=decimals))
        table.add_row(str(agent or "unknown"), f"{actions[agent]:,}", amount, f"{denied[agent]:,}")
    out.print(table)
    events = [(o, "denied first", _name(o), explain(verdict)) for o, verdict in _firsts(found)]
    events += [
        (
            trip.observation,
            "tripped",
            subject_name(trip.subject),
            f"{show(trip.cause)}, until {show(to_instant(trip.until))}",
        )
        for trip in found.trips
    ]
    events += [
        (o, f"alarm: {score.detector}", _name(o) if score.agent else f"lineage {score.lineage}", score.explanation)
        for o, score in found.alarms
    ]
    if not events:
        out.print("nothing would have been denied, tripped or reported")
        if not any(values.values()):
            out.print("no value was seen: with --token, the token that the lane counts in, value caps are tried too")
        return
    for o, what, whom, why in sorted(events, key=lambda event: event[0].time):
        out.print(f"{show(to_instant(o.time))}  {what}: {whom}: {why}")
        out.print(
            f"    block {o.block:,}, transaction {o.tx_hash}" + (f", log {o.log_index}" if o.log_index >= 0 else "")
        )


def _name(o: Observation) -> str:
    return f"agent {o.agent}" if o.agent else "unknown wallets"


def _firsts(found: Replay) -> list[Denial]:
    """The first denial of each agent."""
    firsts: dict[int, Denial] = {}
    for denial in found.denials:
        firsts.setdefault(denial.observation.agent, denial)
    return list(firsts.values())
