"""``ape run limits``: show, tighten and loosen the limits of a lane or of one breaker in it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING, Any, TypeVar

import click
from rich.table import Table

from switchgear.display import show, show_amount
from switchgear.errors import InvalidInput
from switchgear.model.breaker import Breaker as Meters
from switchgear.model.settings import lane_no_looser, limits_no_looser
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
from switchgear.ops.context import actor, context
from switchgear.ops.past import history_options, load, place_of
from switchgear.ops.subjects import Chosen, choose, subject_options
from switchgear.types import (
    LANE,
    LOOSENING_DELAY,
    NEVER_STRIKE,
    NEVER_TRIP,
    OUTAGE_ALLOWANCE,
    UNLIMITED_COUNT,
    UNLIMITED_VALUE,
    LanePolicy,
    Limits,
    Target,
    UnknownPolicy,
)
from switchgear.values import from_duration, to_address, to_amount, to_raw
from switchgear.words import LimitsWord

if TYPE_CHECKING:
    from collections.abc import Callable

    from switchgear.breaker import Breaker
    from switchgear.chain import Transaction
    from switchgear.views import LaneView

_Function = TypeVar("_Function", bound="Callable[..., Any]")

_WORDS = {
    "count_cap": {"unlimited": UNLIMITED_COUNT},
    "value_cap": {"unlimited": UNLIMITED_VALUE},
    "trip_level": {"never": NEVER_TRIP},
    "strikes": {"never": NEVER_STRIKE},
}
"""What a field's special value is called."""


@dataclass(frozen=True)
class Settings:
    """Limits and, of a lane, policy."""

    limits: Limits
    policy: LanePolicy | None


@dataclass(frozen=True)
class Change:
    """What a change does, field by field."""

    present: Settings
    new: Settings
    tightening: bool
    """Whether no field becomes looser, so that it lands at once (BR-9)."""

    @property
    def fields(self) -> dict[str, tuple[Any, Any]]:
        """Present and new value of every field that differs."""
        before, after = shown_fields(self.present), shown_fields(self.new)
        return {name: (before[name], after[name]) for name in after if before[name] != after[name]}


@click.group(name="limits")
def cli() -> None:
    """Show, set and schedule limits; tightening lands at once, loosening waits a day."""


@cli.command(name="show", cls=Command)
@subject_options
@click.option("--decimals", type=click.IntRange(0, 255), default=0, help="Of the lane's unit of value.")
@core_option
@json_option
def show_limits(decimals: int, core: str | None, as_json: bool, **options: Any) -> None:
    """Show what holds, and what is scheduled."""
    breaker, chosen = _chosen(core, options)
    present = settings_of(breaker, chosen)
    pending = breaker.loosening_of(target_of(chosen))
    if as_json:
        print_json(
            {
                **shown_fields(present),
                "scheduled": pending and {**_of_word(pending.value), "eta": pending.eta, "expiry": pending.expiry},
            }
        )
        return
    console().print(str(chosen))
    table = Table("field", "present", *(["scheduled"] if pending else []))
    scheduled = _of_word(pending.value) if pending else {}
    for name, value in shown_fields(present).items():
        later = [_cell(name, scheduled[name], decimals) if name in scheduled else "the lane's"] if pending else []
        table.add_row(name, _cell(name, value, decimals), *later)
    console().print(table)
    if pending:
        console().print(f"scheduled: executable from {show(pending.eta)} to {show(pending.expiry)}")


def limit_options(function: _Function) -> _Function:
    """One option for each field of limits and lane policy."""
    for option in (
        click.option("--count-cap", metavar="N|unlimited", help="Actions per window."),
        click.option("--value-cap", metavar="X|unlimited", help="Value per window, in the unit that --decimals says."),
        click.option("--decimals", type=click.IntRange(0, 255), default=0, help="Of the lane's unit of value."),
        click.option("--trip-level", metavar="PERCENT|never", help="Last straw: percent of a meter, 1 to 100."),
        click.option("--strikes", metavar="N|never", help="Denials in a window that trip, 1 to 62."),
        click.option("--cooldown", type=Duration(), help="Of an automatic trip; more than 2h, at most 18h."),
        click.option("--max-backoff", type=int, help="Doublings of the cooldown, 0 to 8."),
        click.option("--half-open-scale", type=int, help="Sixteenths of the caps while half-open, 1 to 15."),
        click.option("--probation", type=int, help="Windows that half-open lasts, 0 to 15."),
        click.option("--lineage-count", type=int, help="Lane: count cap of a lineage, in multiples of an agent's."),
        click.option("--lineage-value", type=int, help="Lane: value cap of a lineage, in multiples of an agent's."),
        click.option("--share", type=int, help="Lane: percent of a lineage's caps that one member may take."),
        click.option(
            "--charge-lineages/--no-charge-lineages", "lineage_charged", default=None, help="Lane: charge lineages."
        ),
        click.option("--attested/--no-attested", default=None, help="Lane: a lineage counts only when attested."),
        click.option("--live/--no-live", default=None, help="Lane: compare the live owner at every admission."),
        click.option("--shadow/--no-shadow", default=None, help="Lane: only log what meters deny."),
        click.option(
            "--unknown", type=click.Choice([one.name.lower() for one in UnknownPolicy]), help="Lane: unknown wallets."
        ),
        click.option(
            "--registry", metavar="ADDRESS", help="Lane: the identity registry that it accepts; zero for any."
        ),
    ):
        function = option(function)
    return function


@cli.command(name="set", cls=Command)
@subject_options
@limit_options
@sending_options
@core_option
@json_option
def set_limits(
    decimals: int,
    account: Any,
    dry_run: bool,
    actor_address: str | None,
    core: str | None,
    as_json: bool,
    **options: Any,
) -> None:
    """Change the fields that are named; the others stay. Sent by the admin.

    No field looser: it lands at once, and cancels what was scheduled. Otherwise all of it is scheduled for a day later.
    """
    wanted = {name: options.pop(name) for name in OPTIONS}
    breaker, chosen = _chosen(core, options)
    change = plan(breaker, chosen, wanted, decimals)
    sender, dry = _admin(breaker, chosen, account, dry_run, actor_address)
    transaction = apply(breaker, chosen, change, sender, dry)
    if not as_json:
        _print_change(chosen, change, decimals)
    describe_transaction(transaction, as_json)


@cli.command(cls=Command)
@subject_options
@sending_options
@core_option
@json_option
def clear(
    account: Any, dry_run: bool, actor_address: str | None, core: str | None, as_json: bool, **options: Any
) -> None:
    """Schedule the return of a breaker to the lane's limits. Sent by the admin."""
    breaker, chosen = _chosen(core, options)
    sender, dry = _admin(breaker, chosen, account, dry_run, actor_address)
    place = _place(chosen)
    describe_transaction(breaker.clear_override(*place, chosen.subject, sender=sender, dry_run=dry), as_json)


@cli.command(cls=Command)
@subject_options
@sending_options
@core_option
@json_option
def execute(
    account: Any, dry_run: bool, actor_address: str | None, core: str | None, as_json: bool, **options: Any
) -> None:
    """Execute what was scheduled, between its ETA and its expiry. Sent by the admin."""
    breaker, chosen = _chosen(core, options)
    sender, dry = _admin(breaker, chosen, account, dry_run, actor_address)
    describe_transaction(breaker.execute_loosening(target_of(chosen), sender=sender, dry_run=dry), as_json)


@cli.command(cls=Command)
@subject_options
@sending_options
@core_option
@json_option
def cancel(
    account: Any, dry_run: bool, actor_address: str | None, core: str | None, as_json: bool, **options: Any
) -> None:
    """Cancel what was scheduled. Sent by the admin."""
    breaker, chosen = _chosen(core, options)
    sender, dry = _admin(breaker, chosen, account, dry_run, actor_address)
    describe_transaction(breaker.cancel_loosening(target_of(chosen), sender=sender, dry_run=dry), as_json)


@cli.command(cls=Command)
@history_options
@click.option("--window", type=Duration(), help="Of the lane.  [default: as the lane has it]")
@click.option("--trip-level", metavar="PERCENT|never", help="Last straw.  [default: as the lane has it, else never]")
@click.option(
    "--days",
    type=click.FloatRange(min=0, min_open=True),
    default=30.0,
    show_default=True,
    help="Days of an agent in which there may be one false trip.",
)
@click.option("--decimals", type=click.IntRange(0, 255), default=0, help="Of the lane's unit of value.")
@core_option
@json_option
def suggest(
    window: timedelta | None,
    trip_level: str | None,
    days: float,
    decimals: int,
    core: str | None,
    as_json: bool,
    **options: Any,
) -> None:
    """Suggest caps for a lane, from what its agents did; nothing is sent.

    The smallest caps at which a false trip of an agent's own breaker is as rare as --days says, with 95 % confidence,
    if nothing in the past was wrong. A past too short for that is refused. Lineages and ancestors are not looked at.
    """
    # What this needs beside Ape, the other commands of this group do not.
    from switchgear.detect.suggest import CONFIDENCE  # noqa: PLC0415
    from switchgear.detect.suggest import suggest as suggested  # noqa: PLC0415

    settings = changed(lane_to_try(core, options, window), {"trip_level": trip_level}, decimals)
    past = load(core, **options)
    seconds = settings.policy.window if settings.policy else 0
    found = suggested(past.observations, seconds, days, settings.limits.trip_level)
    if as_json:
        print_json({"source": past.source, "confidence": CONFIDENCE, "suggestion": found})
        return
    out = console()
    out.print(
        f"{found.actions:,} actions of {found.agents:,} agents in {found.agent_days:,.1f} agent-days ({past.source}); "
        f"window {timedelta(seconds=seconds)}"
    )
    table = Table("cap", "suggested", "false trips then", "one in at least", "worst agent", "false trips at 9/10")
    for field, backing in (("count_cap", found.count), ("value_cap", found.value)):
        if backing is None:
            table.add_row(field, "nothing had a value", "", "", "", "")
            continue
        table.add_row(
            field,
            _cell(field, backing.cap, decimals),
            f"{backing.false_trips:,}",
            f"{backing.days:,.0f} days of an agent",
            str(backing.worst or "none"),
            f"{backing.tighter:,}",
        )
    out.print(table)
    plain = "" if found.value is None else show_amount(to_amount(found.value.cap, decimals=decimals)).replace(",", "")
    value = plain and f" --value-cap {plain}"
    unit = f" --decimals {decimals}" if decimals and value else ""
    out.print(f"ape agents limits set --protocol ... --whole-lane --count-cap {found.count.cap}{value}{unit}")


# ---------------------------------------------------------------------------------------------- work


def target_of(chosen: Chosen) -> Target:
    """The setting behind a lane's or a breaker's limits."""
    place = _place(chosen)
    return Target.lane(*place) if chosen.subject == LANE else Target.override(*place, chosen.subject)


def settings_of(breaker: Breaker, chosen: Chosen, registries: tuple[str, ...] = ()) -> Settings:
    """What holds for a lane, or for one breaker in it."""
    place = _place(chosen)
    lane = breaker.lane(*place, registries=registries)
    if chosen.subject == LANE:
        # A registry that is not known by address is still the one that the lane has; only a change needs its address.
        return Settings(lane.limits.raw, _policy(lane))
    override = breaker.override(*place, chosen.subject)
    if override:
        return Settings(override.raw, None)
    meters = _meters(breaker, chosen)
    count, value = meters.caps.actions, meters.caps.value
    return Settings(
        lane.limits.raw._replace(
            count_cap=UNLIMITED_COUNT if count is None else count, value_cap=UNLIMITED_VALUE if value is None else value
        ),
        None,
    )


def plan(breaker: Breaker, chosen: Chosen, wanted: dict[str, Any], decimals: int) -> Change:
    """What the named fields change, and whether that is a tightening.

    Raises:
        InvalidInput: Nothing is named, a value makes no sense, or a lane's field is named for one breaker.
    """
    named = {name: value for name, value in wanted.items() if value is not None}
    if not named:
        message = "name at least one field to change"
        raise InvalidInput(message)
    registry = to_address(named["registry"], name="--registry", zero=True) if "registry" in named else None
    present = settings_of(breaker, chosen, (registry,) if registry else ())
    if present.policy is None:
        new = changed(present, named, decimals)
        meters = _meters(breaker, chosen)
        return Change(present, new, limits_no_looser(_word(new.limits), meters.limits, meters.caps))
    lane = breaker.lane(*_place(chosen))
    if registry is not None:
        named["registry"] = registry
    elif lane.raw.registry:
        named["registry"] = lane.policy.registry
    new = changed(present, named, decimals)
    policy = new.policy or present.policy
    index = breaker.registry_index(policy.registry) if int(policy.registry, 16) else 0
    # One that has no index yet is another than the present one, whatever its index will be.
    word = _word(new.limits, policy, index or (lane.raw.registry + 1) * bool(int(policy.registry, 16)))
    return Change(present, new, lane_no_looser(word, lane.raw))


def changed(settings: Settings, wanted: dict[str, Any], decimals: int) -> Settings:
    """Settings with the fields that are named (not None) changed, by their options.

    Raises:
        InvalidInput: A value makes no sense, or a lane's field is named for one breaker.
    """
    named = {name: value for name, value in wanted.items() if value is not None}
    limits = settings.limits._replace(
        **{name: _limit(name, value, decimals) for name, value in named.items() if name in Limits._fields}
    )
    of_lane = {_POLICY.get(name, name): value for name, value in named.items() if name not in Limits._fields}
    if settings.policy is None:
        if of_lane:
            message = f"{', '.join(sorted(of_lane))}: these are the lane's to set (--whole-lane)"
            raise InvalidInput(message)
        return Settings(limits, None)
    if "unknown" in of_lane:
        of_lane["unknown"] = UnknownPolicy[of_lane["unknown"].upper()]
    return Settings(limits, settings.policy._replace(**of_lane))


def apply(breaker: Breaker, chosen: Chosen, change: Change, sender: Any, dry_run: bool) -> Transaction:
    """Sends the change."""
    place = _place(chosen)
    if change.new.policy is not None:
        return breaker.set_lane(*place, change.new.limits, change.new.policy, sender=sender, dry_run=dry_run)
    return breaker.set_override(*place, chosen.subject, change.new.limits, sender=sender, dry_run=dry_run)


def lane_to_try(core: str | None, options: dict[str, Any], window: timedelta | None) -> Settings:
    """Settings to start from when limits are tried on the past: unlimited, in a lane of this window, or the lane's own.

    Raises:
        InvalidInput: Neither a window nor a protocol is named.
    """
    if window is not None:
        return Settings(UNLIMITED, LanePolicy(from_duration(window, bits=24, name="--window")))
    if options["protocol"] is None:
        message = "name the --window of the limits to try, or the --protocol whose lane has them"
        raise InvalidInput(message)
    place = place_of(options)
    return settings_of(context().breaker(core), Chosen(place.protocol, place.lane, LANE))


UNLIMITED = Limits(UNLIMITED_COUNT, UNLIMITED_VALUE, NEVER_TRIP, NEVER_STRIKE, OUTAGE_ALLOWANCE + 1, 0, 8, 0)
"""Limits that deny nothing and never trip."""

OPTIONS = (
    *Limits._fields,
    "lineage_count",
    "lineage_value",
    "share",
    "lineage_charged",
    "attested",
    "live",
    "shadow",
    "unknown",
    "registry",
)
"""Names of what `limit_options` gives."""
_POLICY = {"lineage_charged": "lineage"}


def _chosen(core: str | None, options: dict[str, Any]) -> tuple[Breaker, Chosen]:
    ctx = context()
    breaker = ctx.breaker(core)
    chosen = choose(ctx, breaker, **options)
    if chosen.protocol is None:
        message = "limits are a protocol's: name it by --protocol"
        raise InvalidInput(message)
    return breaker, chosen


def _place(chosen: Chosen) -> tuple[str, int]:
    return str(chosen.protocol), chosen.lane


def _admin(breaker: Breaker, chosen: Chosen, account: Any, dry_run: bool, chosen_actor: str | None) -> tuple[Any, bool]:
    admin, _ = breaker.admin_of(str(chosen.protocol))
    return actor(account, dry_run, chosen_actor, admin, "admin")


def _meters(breaker: Breaker, chosen: Chosen) -> Meters:
    place = _place(chosen)
    lane = breaker.lane(*place).raw
    word = breaker.breaker(*place, chosen.subject).raw
    override = LimitsWord.decode(breaker.read("overrideWord", *place, chosen.subject))
    return Meters.of(chosen.subject, word, lane, override)


def _policy(lane: LaneView) -> LanePolicy:
    word = lane.raw
    return LanePolicy(
        window=word.window,
        lineage_count=word.lineage_count,
        lineage_value=word.lineage_value,
        share=word.share,
        lineage=word.lineage,
        attested=word.attested,
        live=word.live,
        shadow=word.shadow,
        unknown=word.unknown,
        registry=lane.registry or f"registry {word.registry}",
    )


def _limit(name: str, value: Any, decimals: int) -> int:
    special = _WORDS.get(name, {})
    if isinstance(value, str) and value in special:
        return special[value]
    if name == "value_cap":
        return to_raw(value, decimals=decimals, name="--value-cap")
    if isinstance(value, timedelta):
        return from_duration(value, bits=16, name="--cooldown")
    if isinstance(value, str) and not value.isdigit():
        message = f"--{name.replace('_', '-')} {value!r}: give a number or {' or '.join(special)}"
        raise InvalidInput(message)
    return int(value)


def _word(limits: Limits, policy: LanePolicy | None = None, registry: int = 0) -> LimitsWord:
    try:
        return LimitsWord.of(limits, policy, registry)
    except OverflowError as error:
        raise InvalidInput(str(error)) from error


def shown_fields(settings: Settings) -> dict[str, Any]:
    """Every field by its name."""
    return {**settings.limits._asdict(), **(settings.policy._asdict() if settings.policy else {})}


def _of_word(value: int) -> dict[str, Any]:
    """The fields of a scheduled word; none if it clears an override."""
    word = LimitsWord.decode(value)
    if not value:
        return {}
    fields = word.limits()._asdict()
    if word.window:
        fields |= {
            name: getattr(word, name)
            for name in (
                "window",
                "lineage_count",
                "lineage_value",
                "share",
                "lineage",
                "attested",
                "live",
                "shadow",
                "unknown",
            )
        }
    return fields


def _cell(name: str, value: Any, decimals: int) -> str:
    for word, special in _WORDS.get(name, {}).items():
        if value == special:
            return word
    if name == "value_cap":
        return show_amount(to_amount(value, decimals=decimals))
    if name in ("cooldown", "window"):
        return str(timedelta(seconds=value))
    return show(value)


def _print_change(chosen: Chosen, change: Change, decimals: int) -> None:
    console().print(str(chosen))
    table = Table("field", "present", "new")
    for name, (before, after) in change.fields.items():
        table.add_row(name, _cell(name, before, decimals), _cell(name, after, decimals))
    console().print(table)
    when = (
        "lands at once" if change.tightening else f"is scheduled: executable {timedelta(seconds=LOOSENING_DELAY)} later"
    )
    console().print(f"{'tightening' if change.tightening else 'loosening'}: {when}")
