"""Bad input, and the named error for it."""

from __future__ import annotations

from typing import Any

import pytest

from switchgear.types import LANE, UNLIMITED_VALUE, VALUE_CAP_BOUND, Field, Subject, Target
from tests.support.core import BOUND, DAY, HOUR, INTERVAL, LIMITS, NEVER_EXPIRES, NOTE, POLICY, ZERO, World
from tests.support.reverts import reverts_with

UNKNOWN = 99
OUTAGE = 2 * HOUR

WRONG_LIMITS: list[tuple[Field, dict[str, int]]] = [
    (Field.VALUE_CAP, {"value_cap": VALUE_CAP_BOUND}),
    (Field.VALUE_CAP, {"value_cap": UNLIMITED_VALUE - 1}),
    (Field.TRIP_LEVEL, {"trip_level": 0}),
    (Field.TRIP_LEVEL, {"trip_level": 101}),
    (Field.TRIP_LEVEL, {"trip_level": 126}),
    (Field.TRIP_LEVEL, {"trip_level": 128}),
    (Field.STRIKES, {"strikes": 0}),
    (Field.STRIKES, {"strikes": 64}),
    (Field.COOLDOWN, {"cooldown": OUTAGE}),
    (Field.COOLDOWN, {"cooldown": 0}),
    (Field.MAX_BACKOFF, {"max_backoff": 9}),
    (Field.HALF_OPEN_SCALE, {"half_open_scale": 0}),
    (Field.HALF_OPEN_SCALE, {"half_open_scale": 16}),
    (Field.PROBATION, {"probation": 16}),
]
WRONG_POLICY: list[tuple[Field, dict[str, int]]] = [
    (Field.WINDOW, {"window": 0}),
    (Field.LINEAGE_COUNT, {"lineage_count": 0}),
    (Field.LINEAGE_COUNT, {"lineage_count": 4096}),
    (Field.LINEAGE_VALUE, {"lineage_value": 0}),
    (Field.LINEAGE_VALUE, {"lineage_value": 4096}),
    (Field.SHARE, {"share": 0}),
    (Field.SHARE, {"share": 101}),
]
RIGHT: list[dict[str, int]] = [
    {"value_cap": VALUE_CAP_BOUND - 1},
    {"value_cap": UNLIMITED_VALUE},
    {"value_cap": 0, "count_cap": 0},
    {"count_cap": 2**24 - 1},
    {"trip_level": 1},
    {"trip_level": 100},
    {"strikes": 1},
    {"strikes": 63},
    {"cooldown": OUTAGE + 1},
    {"cooldown": 2**16 - 1},
    {"max_backoff": 8},
    {"half_open_scale": 1},
    {"half_open_scale": 15},
    {"probation": 15},
    {"window": 1},
    {"window": 2**24 - 1},
    {"lineage_count": 4095, "lineage_value": 4095, "share": 1},
]


def _lane(changes: dict[str, Any]) -> tuple[Any, Any]:
    limits = {key: value for key, value in changes.items() if key in LIMITS._fields}
    policy = {key: value for key, value in changes.items() if key in POLICY._fields}
    return LIMITS._replace(**limits), POLICY._replace(**policy)


@pytest.mark.parametrize(("field", "changes"), WRONG_LIMITS + WRONG_POLICY)
def test_openLane__argument_out_of_range__is_named(world: World, field: Field, changes: dict[str, int]) -> None:
    """BR-10, BR-17: one past every range is refused, by the name of the field."""
    limits, policy = _lane(changes)
    with reverts_with(world.core, "InvalidLimits", field=field):
        world.open_lane(1, limits, policy)


@pytest.mark.parametrize(("field", "changes"), WRONG_LIMITS)
def test_setOverride__argument_out_of_range__is_named(world: World, field: Field, changes: dict[str, int]) -> None:
    """BR-10: an override has the same ranges."""
    with reverts_with(world.core, "InvalidLimits", field=field):
        world.core.setOverride(world.protocol, 0, world.subject, LIMITS._replace(**changes), sender=world.admin)


@pytest.mark.parametrize("changes", RIGHT)
def test_openLane__argument_at_the_end_of_its_range__is_stored(world: World, changes: dict[str, int]) -> None:
    """BR-10: the ends of every range are inside."""
    world.open_lane(1, *_lane(changes))
    word = world.lane_word(1)
    assert word.limits()._replace(value_cap=0) == _lane(changes)[0]._replace(value_cap=0)
    assert word.window == _lane(changes)[1].window


@pytest.mark.parametrize("cap", ["count", "value"])
def test_admit__zero_cap__is_a_denial_for_ever(world: World, cap: str) -> None:
    """BR-10: zero denies, even an action without value."""
    world.open_lane(1, LIMITS._replace(**{f"{cap}_cap": 0}))
    verdict = world.admit(0, lane=1)
    assert (verdict.reason.name, verdict.scope.name, verdict.retry_after) == ("ZERO_LIMIT", "AGENT", 2**32 - 1)


@pytest.mark.parametrize(
    ("call", "error", "fields"),
    [
        (lambda w: (w.owner, "grantSpawn", (UNKNOWN, 1, 1)), "UnknownAgent", {"agent": UNKNOWN}),
        (lambda w: (w.owner, "tripAgent", (0, NOTE)), "UnknownAgent", {"agent": 0}),
        (lambda w: (w.owner, "resetAgent", (UNKNOWN, 63)), "UnknownAgent", {"agent": UNKNOWN}),
        (lambda w: (w.owner, "beat", (UNKNOWN,)), "UnknownAgent", {"agent": UNKNOWN}),
        (lambda w: (w.provider, "attestLineage", (UNKNOWN, w.lineage, True)), "UnknownAgent", {"agent": UNKNOWN}),
        (lambda w: (w.provider, "attestLineage", (w.agent, 0, True)), "UnknownLineage", {"lineage": 0}),
        (
            lambda w: (w.provider, "attestLineage", (w.agent, w.lineage, True)),
            "LineageNotDeclared",
            {"agent": 1, "lineage": 1},
        ),
        (lambda w: (w.provider, "transferLineage", (2, w.spare)), "UnknownLineage", {"lineage": 2}),
        (lambda w: (w.provider, "transferLineage", (0, w.spare)), "UnknownLineage", {"lineage": 0}),
        (lambda w: (w.provider, "transferLineage", (1, ZERO)), "ZeroAddress", {}),
        (lambda w: (w.owner, "setLineage", (w.agent, 2)), "UnknownLineage", {"lineage": 2}),
        (lambda w: (w.admin, "acceptLineage", (w.protocol, 0, 0, True)), "UnknownLineage", {"lineage": 0}),
        (lambda w: (w.admin, "acceptLineage", (w.protocol, 0, 2, True)), "UnknownLineage", {"lineage": 2}),
        (lambda w: (w.stranger, "setAdmin", (ZERO,)), "ZeroAddress", {}),
        (lambda w: (w.admin, "setGuardian", (w.protocol, ZERO, BOUND)), "ZeroAddress", {}),
        (lambda w: (w.owner, "setAgentGuardian", (w.agent, ZERO, BOUND)), "ZeroAddress", {}),
        (lambda w: (w.admin, "setGuardian", (w.protocol, w.spare, 0)), "NotGuardian", {"guardian": "spare"}),
        (lambda w: (w.owner, "setAgentGuardian", (w.agent, w.spare, 0)), "NotGuardian", {"guardian": "spare"}),
        (lambda w: (w.admin, "setGuardian", (w.protocol, w.admin, BOUND)), "NotAuthorized", {"actor": "admin"}),
        (lambda w: (w.owner, "setAgentGuardian", (w.agent, w.owner, BOUND)), "NotAuthorized", {"actor": "owner"}),
        (lambda w: (w.owner, "beat", (w.agent,)), "NoHeartbeat", {"agent": 1}),
        (lambda w: (w.owner, "resetAgent", (w.agent, 63)), "NothingToReset", {}),
        (lambda w: (w.admin, "reset", (w.protocol, 0, w.subject, 63)), "NothingToReset", {}),
        (lambda w: (w.admin, "reset", (w.protocol, 0, LANE, 63)), "NothingToReset", {}),
        (lambda w: (w.admin, "clearOverride", (w.protocol, 0, w.subject)), "NoOverride", {"subject": 1}),
        (lambda w: (w.stranger, "revokeWallet", (w.spare,)), "WalletNotBound", {"wallet": "spare"}),
        (lambda w: (w.admin, "trip", (w.protocol, 0, UNKNOWN, NOTE)), "UnknownAgent", {"agent": UNKNOWN}),
        (
            lambda w: (w.admin, "trip", (w.protocol, 0, Subject.of_lineage(2), NOTE)),
            "UnknownLineage",
            {"lineage": 2},
        ),
        (lambda w: (w.admin, "trip", (w.protocol, 0, LANE + 1, NOTE)), "InvalidSubject", {"subject": LANE + 1}),
        (
            lambda w: (w.admin, "setOverride", (w.protocol, 0, LANE, LIMITS)),
            "InvalidSubject",
            {"subject": LANE},
        ),
        (
            lambda w: (w.owner, "cancelLoosening", (Target.lineage(w.agent),)),
            "NoLoosening",
            {},
        ),
        (
            lambda w: (w.protocol, "openLane", (0, LIMITS, POLICY, [])),
            "LaneAlreadyOpen",
            {"protocol": "protocol", "lane": 0},
        ),
        (lambda w: (w.stranger, "sync", (w.foreign, 5)), "NotEnrolled", {"registry": "foreign", "agentId": 5}),
        (
            lambda w: (w.owner, "enroll", (w.registry, w.agent_id, 0, 0, 0, b"")),
            "AlreadyEnrolled",
            {"agent": 1},
        ),
        (
            lambda w: (w.owner, "enroll", (w.registry, w.agent_id, UNKNOWN, 0, 0, b"")),
            "UnknownAgent",
            {"agent": UNKNOWN},
        ),
        (
            lambda w: (w.owner, "enroll", (w.registry, w.agent_id, 0, 2, 0, b"")),
            "UnknownLineage",
            {"lineage": 2},
        ),
        (
            lambda w: (w.owner, "enroll", (w.stranger, 0, 0, 0, 0, b"")),
            "OwnerUnavailable",
            {"registry": "stranger", "agentId": 0},
        ),
        (lambda w: (w.owner, "bindWallet", (w.agent, ZERO, NEVER_EXPIRES, 0, b"")), "ZeroAddress", {}),
        (
            lambda w: (w.owner, "bindWallet", (w.agent, w.owner, NEVER_EXPIRES, 0, b"")),
            "WalletIsOwner",
            {"wallet": "owner"},
        ),
    ],
)
def test_call__bad_input__has_a_name(world: World, call: Any, error: str, fields: dict[str, Any]) -> None:
    """BR-4: what cannot be done is refused by a named error with what the caller needs next."""
    sender, function, arguments = call(world)
    expected = {key: getattr(world, value) if isinstance(value, str) else value for key, value in fields.items()}
    with reverts_with(world.core, error, **expected):
        getattr(world.core, function)(*arguments, sender=sender)


@pytest.mark.parametrize("function", ["trip", "reset", "setLane", "setOverride", "clearOverride", "acceptLineage"])
def test_call__unopened_lane__is_named(world: World, function: str) -> None:
    """BR-11: only the protocol opens a lane; nothing can be done to one that is not."""
    arguments: dict[str, tuple[Any, ...]] = {
        "trip": (world.subject, NOTE),
        "reset": (world.subject, 63),
        "setLane": (LIMITS, POLICY),
        "setOverride": (world.subject, LIMITS),
        "clearOverride": (world.subject,),
        "acceptLineage": (world.lineage, True),
    }
    with reverts_with(world.core, "LaneNotOpen", protocol=world.protocol, lane=7):
        getattr(world.core, function)(world.protocol, 7, *arguments[function], sender=world.admin)
    with reverts_with(world.core, "LaneNotOpen", protocol=world.protocol, lane=7):
        world.core.usage(world.protocol, 7, world.subject)


@pytest.mark.parametrize(
    ("duration", "passes"), [(OUTAGE, False), (OUTAGE + 1, True), (30 * DAY, True), (30 * DAY + 1, False)]
)
@pytest.mark.parametrize("scope", ["protocol", "agent"])
def test_setGuardian__bound_around_its_range__only_inside(
    world: World, scope: str, duration: int, passes: bool
) -> None:
    """BR-8, BR-17: a bound outlasts an outage, and is at most 30 days."""
    where, authority = (world.protocol, world.admin) if scope == "protocol" else (world.agent, world.owner)
    appoint = world.core.setGuardian if scope == "protocol" else world.core.setAgentGuardian
    if passes:
        appoint(where, world.spare, duration, sender=authority)
    else:
        with reverts_with(world.core, "InvalidDuration", duration=duration, above=OUTAGE, maximum=30 * DAY):
            appoint(where, world.spare, duration, sender=authority)


@pytest.mark.parametrize(("interval", "passes"), [(OUTAGE, False), (OUTAGE + 1, True), (2**24 - 1, True)])
def test_setHeartbeat__interval_around_its_range__only_inside(world: World, interval: int, passes: bool) -> None:
    """BR-14, BR-17: an interval outlasts an outage."""
    if passes:
        world.core.setHeartbeat(world.agent, interval, ZERO, sender=world.owner)
        assert world.agent_word().beat_interval == interval
    else:
        with reverts_with(world.core, "InvalidDuration", duration=interval, above=OUTAGE, maximum=2**24 - 1):
            world.core.setHeartbeat(world.agent, interval, ZERO, sender=world.owner)


@pytest.mark.parametrize("change", ["longer", "other delegate", "none"])
def test_setHeartbeat__looser__waits(world: World, change: str) -> None:
    """BR-9, BR-14: a longer interval, another delegate and none at all wait."""
    world.core.setHeartbeat(world.agent, INTERVAL, world.delegate, sender=world.owner)
    arguments = {
        "longer": (INTERVAL + 1, world.delegate),
        "other delegate": (INTERVAL, world.spare),
        "none": (0, ZERO),
    }
    (event,) = world.events(world.core.setHeartbeat(world.agent, *arguments[change], sender=world.owner))
    assert event.name == "LooseningScheduled"
    assert world.agent_word().beat_interval == INTERVAL
    assert world.core.beatDelegateOf(world.agent) == world.delegate


def test_revokeWallet__twice__is_refused(world: World) -> None:
    """ID-1: a tombstone keeps its date: revoking again would move the thirty days."""
    world.core.revokeWallet(world.wallet, sender=world.wallet)
    with reverts_with(world.core, "WalletAlreadyRevoked", wallet=world.wallet):
        world.core.revokeWallet(world.wallet, sender=world.owner)
    assert world.core.agentOf(world.registry, world.agent_id) == world.agent


def test_enroll__token_number_zero__is_an_agent_like_any_other(world: World) -> None:
    """ID-2: ERC-8004 numbers from 0, handles from 1, and 0 is never an agent."""
    world.foreign.setOwner(0, world.buyer, sender=world.deployer)
    assert world.core.agentOf(world.foreign, 0) == 0
    world.core.enroll(world.foreign, 0, 0, 0, 0, b"", sender=world.buyer)
    assert world.core.agentOf(world.foreign, 0) == world.agent + 1
    assert world.core.agentWord(0) == 0
