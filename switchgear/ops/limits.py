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
from switchgear.ops.subjects import choose, subject_options
from switchgear.types import (
    LANE,
    LOOSENING_DELAY,
    NEVER_STRIKE,
    NEVER_TRIP,
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
    from switchgear.ops.subjects import Chosen
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
        before, after = _fields(self.present), _fields(self.new)
        return {name: (before[name], after[name]) for name in after if before[name] != after[name]}


@click.group(name="limits")
def cli() -> None:
    """Show, set and schedule limits; tightening lands at once, loosening waits a day (BR-9)."""


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
                **_fields(present),
                "scheduled": pending and {**_of_word(pending.value), "eta": pending.eta, "expiry": pending.expiry},
            }
        )
        return
    console().print(str(chosen))
    table = Table("field", "present", *(["scheduled"] if pending else []))
    scheduled = _of_word(pending.value) if pending else {}
    for name, value in _fields(present).items():
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
    wanted = {name: options.pop(name) for name in _OPTIONS}
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
    limits = present.limits._replace(
        **{name: _limit(name, value, decimals) for name, value in named.items() if name in Limits._fields}
    )
    of_lane = {_POLICY.get(name, name): value for name, value in named.items() if name not in Limits._fields}
    if present.policy is None:
        if of_lane:
            message = f"{', '.join(sorted(of_lane))}: these are the lane's to set (--whole-lane)"
            raise InvalidInput(message)
        new = Settings(limits, None)
        meters = _meters(breaker, chosen)
        tightening = limits_no_looser(_word(limits), meters.limits, meters.caps)
        return Change(present, new, tightening)
    lane = breaker.lane(*_place(chosen))
    if "unknown" in of_lane:
        of_lane["unknown"] = UnknownPolicy[of_lane["unknown"].upper()]
    if registry is not None:
        of_lane["registry"] = registry
    elif lane.raw.registry:
        of_lane["registry"] = lane.policy.registry
    policy = present.policy._replace(**of_lane)
    index = breaker.registry_index(policy.registry) if int(policy.registry, 16) else 0
    # One that has no index yet is another than the present one, whatever its index will be.
    word = _word(limits, policy, index or (lane.raw.registry + 1) * bool(int(policy.registry, 16)))
    return Change(present, Settings(limits, policy), lane_no_looser(word, lane.raw))


def apply(breaker: Breaker, chosen: Chosen, change: Change, sender: Any, dry_run: bool) -> Transaction:
    """Sends the change."""
    place = _place(chosen)
    if change.new.policy is not None:
        return breaker.set_lane(*place, change.new.limits, change.new.policy, sender=sender, dry_run=dry_run)
    return breaker.set_override(*place, chosen.subject, change.new.limits, sender=sender, dry_run=dry_run)


_OPTIONS = (
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


def _fields(settings: Settings) -> dict[str, Any]:
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
