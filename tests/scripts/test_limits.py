"""`ape run limits`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from eth_account import Account

from switchgear import LANE, Subject, Target, UnknownPolicy
from switchgear.types import LOOSENING_DELAY
from tests.support.world import LIMITS, POLICY, UNIT

if TYPE_CHECKING:
    from tests.scripts.conftest import Outcome, Scripts
    from tests.support.world import World

ADMIN, STRANGER = "TEST::4", "TEST::7"
WHOLE_LANE = ("--whole-lane",)


def limits(run: Scripts, world: World, verb: str, *options: Any) -> Outcome:
    """`ape run limits VERB` on the world's protocol."""
    return run("limits", verb, "--protocol", world.protocol.address, *options)


def test_show__lane__has_every_field(run: Scripts, world: World) -> None:
    """All fields of limits and policy are shown, special values by name."""
    shown = limits(run, world, "show", *WHOLE_LANE, "--decimals", "6")
    data = limits(run, world, "show", *WHOLE_LANE, "--json").json

    assert shown.code == 0
    for field in (*LIMITS._fields, *POLICY._fields):
        assert field in shown.out
        assert field in data
    assert "1,000 " in shown.out
    assert data["count_cap"] == 10
    assert data["scheduled"] is None


def test_set__tighter__lands_at_once(run: Scripts, world: World) -> None:
    """BR-9: a tightening lands, with the fields that were not named as they were."""
    done = limits(run, world, "set", *WHOLE_LANE, "--value-cap", "900", "--decimals", "6", "--account", ADMIN)

    assert done.code == 0
    assert "tightening: lands at once" in done.out
    assert world.breaker.lane(*world.place).limits.raw == LIMITS._replace(value_cap=900 * UNIT)


def test_set__looser__is_scheduled_shown_and_executed(run: Scripts, world: World) -> None:
    """BR-9: a loosening waits a day, is shown meanwhile, and lands when executed."""
    done = limits(run, world, "set", *WHOLE_LANE, "--count-cap", "11", "--unknown", "shared", "--account", ADMIN)
    assert "loosening: is scheduled" in done.out
    data = limits(run, world, "show", *WHOLE_LANE, "--json").json
    assert (data["count_cap"], data["scheduled"]["count_cap"], data["scheduled"]["unknown"]) == (10, 11, "shared")

    early = limits(run, world, "execute", *WHOLE_LANE, "--account", ADMIN)
    assert (early.code, "LooseningNotReady" in early.error) == (4, True)
    world.pass_time(LOOSENING_DELAY)
    assert limits(run, world, "execute", *WHOLE_LANE, "--account", ADMIN).code == 0
    lane = world.breaker.lane(*world.place)
    assert (lane.limits.count_cap, lane.policy.unknown) == (11, UnknownPolicy.SHARED)


def test_cancel__scheduled__leaves_nothing_to_cancel(run: Scripts, world: World) -> None:
    """BR-9: what is scheduled can be cancelled, once."""
    limits(run, world, "set", *WHOLE_LANE, "--count-cap", "unlimited", "--account", ADMIN)

    assert limits(run, world, "cancel", *WHOLE_LANE, "--account", ADMIN).code == 0
    assert world.breaker.loosening_of(Target.lane(*world.place)) is None
    assert "NoLoosening" in limits(run, world, "cancel", *WHOLE_LANE, "--account", ADMIN).error


def test_set__one_agent__overrides_and_clears(run: Scripts, world: World) -> None:
    """BR-11: one agent's limits start from the lane's, and clearing them waits."""
    agent = ("--agent", world.agent, "--account", ADMIN)
    assert limits(run, world, "set", *agent, "--count-cap", "3").code == 0
    own = world.breaker.override(*world.place, Subject.of_agent(world.agent))
    assert own is not None
    assert own.raw == LIMITS._replace(count_cap=3)

    assert limits(run, world, "clear", *agent).code == 0
    data = limits(run, world, "show", "--agent", world.agent, "--json").json
    assert data["count_cap"] == 3
    assert data["scheduled"].keys() == {"eta", "expiry"}


def test_set__lane_with_a_registry__keeps_it(run: Scripts, world: World) -> None:
    """What is not named stays, the accepted registry too; naming one is a tightening, dropping it is not."""
    registry = ("--registry", world.registry.address)
    assert "tightening" in limits(run, world, "set", *WHOLE_LANE, *registry, "--account", ADMIN).out
    assert "tightening" in limits(run, world, "set", *WHOLE_LANE, "--count-cap", "9", "--account", ADMIN).out
    assert world.breaker.lane(*world.place).policy.registry == world.registry.address

    other = ("--registry", Account.create().address)
    for change in (other, ("--registry", "0x" + "00" * 20)):
        assert "loosening" in limits(run, world, "set", *WHOLE_LANE, *change, "--account", ADMIN).out


def test_set__lane_of_a_registry_that_is_not_known__asks_for_it(run: Scripts, world: World) -> None:
    """A registry that cannot be told from its index is asked for, not dropped."""
    other = Account.create().address
    world.breaker.open_lane(9, LIMITS, POLICY._replace(registry=other), sender=world.protocol)
    lane = ("--lane", "9", *WHOLE_LANE, "--count-cap", "9", "--account", ADMIN)

    asked = limits(run, world, "set", *lane)
    assert (asked.code, "registry" in asked.error) == (2, True)
    assert "tightening" in limits(run, world, "set", *lane, "--registry", other).out


@pytest.mark.parametrize(
    ("change", "verdict"),
    [
        (("--trip-level", "90"), "tightening"),
        (("--strikes", "5"), "tightening"),
        (("--cooldown", "3h"), "tightening"),
        (("--max-backoff", "4"), "loosening"),
        (("--half-open-scale", "9"), "loosening"),
        (("--probation", "1"), "tightening"),
        (("--share", "50"), "tightening"),
        (("--shadow",), "loosening"),
        (("--live",), "tightening"),
        (("--charge-lineages",), "tightening"),
        (("--count-cap", "9", "--value-cap", "unlimited"), "loosening"),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, tuple) else "",
)
def test_set__prediction__is_what_the_core_does(
    run: Scripts, world: World, change: tuple[str, ...], verdict: str
) -> None:
    """BR-9: what the script says beforehand, tightening or loosening, is what happens."""
    event = {"tightening": "SettingChanged", "loosening": "LooseningScheduled"}[verdict]
    done = limits(run, world, "set", *WHOLE_LANE, *change, "--account", ADMIN)

    assert done.code == 0
    assert f"{verdict}: " in done.out
    assert f"  {event}: " in done.out


@pytest.mark.parametrize("options", [(), ("--account", ADMIN, "--dry-run")], ids=["no-account", "dry-run"])
def test_set__dry__changes_nothing(run: Scripts, world: World, options: tuple[str, ...]) -> None:
    """OP-3: a dry run shows the change and sends nothing."""
    dry = limits(run, world, "set", *WHOLE_LANE, "--count-cap", "9", *options)

    assert (dry.code, "nothing was sent" in dry.out) == (0, True)
    assert world.breaker.lane(*world.place).limits.raw == LIMITS


@pytest.mark.parametrize(
    ("options", "code"),
    [
        ((), 2),
        (("--count-cap", str(2**24)), 2),
        (("--count-cap", "-1"), 2),
        (("--count-cap", "lots"), 2),
        (("--value-cap", "1.5"), 2),
        (("--value-cap", str(2**236)), 2),
        (("--value-cap", "1", "--decimals", "256"), 2),
        (("--cooldown", "soon"), 2),
        (("--cooldown", "20h"), 2),
        (("--unknown", "maybe"), 2),
        (("--registry", "0x12"), 2),
        (("--trip-level", "0"), 4),
        (("--strikes", "0"), 4),
        (("--cooldown", "2h"), 4),
        (("--share", "0"), 4),
        (("--max-backoff", "9"), 4),
    ],
    ids=str,
)
def test_set__value_out_of_range__is_refused(run: Scripts, world: World, options: tuple[str, ...], code: int) -> None:
    """What no field holds is a usage error, what is out of the core's range its refusal; nothing changes."""
    assert limits(run, world, "set", *WHOLE_LANE, *options, "--account", ADMIN).code == code
    assert world.breaker.lane(*world.place).limits.raw == LIMITS


def test_set__window_or_field_of_the_lane_for_one_agent__is_a_usage_error(run: Scripts, world: World) -> None:
    """BR-2: the window has no option; what is the lane's cannot be set for one breaker."""
    assert limits(run, world, "set", *WHOLE_LANE, "--window", "60").code == 2
    assert limits(run, world, "set", "--agent", world.agent, "--shadow", "--account", ADMIN).code == 2
    assert run("limits", "show", "--agent", world.agent).code == 2


def test_limits__wrong_account_lane_or_protocol__is_refused(run: Scripts, world: World) -> None:
    """BR-8: only the admin; BR-10: only open lanes; and a protocol without admin has nobody to act as."""
    change = (*WHOLE_LANE, "--count-cap", "9")
    assert "NotAuthorized" in limits(run, world, "set", *change, "--account", STRANGER).error
    assert "LaneNotOpen" in limits(run, world, "set", "--lane", "77", *change, "--account", ADMIN).error
    assert "LaneNotOpen" in limits(run, world, "show", "--lane", "77", *WHOLE_LANE).error
    nobody = ("--protocol", Account.create().address, *WHOLE_LANE)
    assert "nobody is admin" in run("limits", "cancel", *nobody).error
    assert world.breaker.loosening_of(Target.override(*world.place, LANE)) is None
