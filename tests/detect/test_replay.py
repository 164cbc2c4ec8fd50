"""Replay and suggested limits: on a real chain whose past is known, and on made-up agents that are held out."""

from __future__ import annotations

import json
from functools import cache
from importlib import import_module
from typing import TYPE_CHECKING, Any

import pytest
from click.testing import CliRunner

from switchgear._cli import cli
from switchgear.detect.history import read_chain
from switchgear.detect.replay import Hypothesis, replay
from switchgear.detect.streams import DAY, GENESIS, KINDS, attack, honest, merged
from switchgear.detect.suggest import CONFIDENCE, Suggestion, suggest
from switchgear.detect.suite import suite
from switchgear.detect.tails import highest_mean
from switchgear.detect.types import Observation
from switchgear.errors import InvalidInput
from switchgear.model import CoreRevert
from switchgear.ops.limits import UNLIMITED
from switchgear.types import Cause, LanePolicy, Limits, Reason, Scope, Subject
from tests.detect.conftest import CAP
from tests.support.core import LIMITS, POLICY

if TYPE_CHECKING:
    from pathlib import Path

    from tests.detect.conftest import Story

HOUR = 3600
PLAIN = Observation(GENESIS, 0, "0x", 0, 7, 1, "0xp", 0, "0xw", 100, None, None, denied=False)


def run(*arguments: Any) -> tuple[int, str, str]:
    """`ape agents ARGUMENTS`: exit code, output, errors."""
    result = CliRunner(mix_stderr=False).invoke(cli, [str(one) for one in arguments])
    if result.exception is not None and not isinstance(result.exception, SystemExit):
        raise result.exception
    return result.exit_code, result.stdout, result.stderr


# ---------------------------------------------------------------------------------------------- a real past


def test_replay__limits_as_they_were__denies_what_was_denied(story: Story) -> None:
    """The model is exact: with the limits that held, it denies and trips what the chain did, and nothing else."""
    past = list(read_chain(story.breaker, story.place, story.first, story.last))
    hypothesis = Hypothesis(LIMITS._replace(count_cap=CAP), POLICY, parents={story.child: story.agent}, lineages=1)
    charged = [o for o in past if not (o.denied and o.log_index == -1)]  # what reverted was never charged
    found = replay(charged, (), hypothesis)
    assert [denial.observation.tx_hash for denial in found.denials] == [o.tx_hash for o in charged if o.denied]
    for denial in found.denials:
        verdict = denial.verdict
        assert (verdict.reason, verdict.scope, verdict.agent) == (Reason.COUNT_LIMIT, Scope.AGENT, story.agent)
    assert found.trips == []


def test_replay__through_the_command__tries_other_limits(story: Story, chain: Any) -> None:
    """S4: a lane whose last straw is 90 % of five actions would have tripped on the fifth; nothing is sent."""
    block = story.breaker.node.block()["number"]
    place = ("--protocol", story.place.protocol, "--token", story.place.token, "--core", story.breaker.address)
    options = (*place, "--from-block", story.first, "--network", chain.provider.http_uri)
    code, out, _ = run("replay", *options, "--count-cap", "5", "--trip-level", "90", "--json")
    found = json.loads(out)
    assert code == 0
    assert found["limits"]["count_cap"] == 5
    # The lane's other limits are as they are.
    assert found["limits"]["value_cap"] == LIMITS.value_cap
    assert found["actions"] == len(story.hashes)
    (trip,) = found["trips"]
    assert (trip["tx_hash"], trip["breaker"]) == (story.hashes[4], f"agent {story.agent}")
    assert trip["cause"] == "count_last_straw"
    # Afterwards the agent's breaker is open, and its child is denied by it too (ID-6).
    assert [one["tx_hash"] for one in found["denials"]] == story.hashes[5:]
    assert [one["agent"] for one in found["denials"][:2]] == [story.child] * 2
    assert story.breaker.node.block()["number"] == block

    code, out, _ = run("replay", *options, "--window", "1h", "--value-cap", "250")
    assert code == 0
    assert f"denied first: agent {story.child}" in out
    assert f"transaction {story.hashes[5]}, log" in out


def test_suggest__through_the_command__refuses_a_short_past(story: Story, chain: Any) -> None:
    """A past of minutes supports no rate of days: exit code 2, and what it does support."""
    place = ("--protocol", story.place.protocol, "--token", story.place.token, "--core", story.breaker.address)
    code, _, err = run("limits", "suggest", *place, "--network", chain.provider.http_uri)
    assert code == 2
    assert "agent-days of history support at best" in err


def test_replay__nobody_acted_or_nothing_named__is_a_usage_error(story: Story, chain: Any) -> None:
    """What to look at has to be named, and to be there."""
    node = ("--core", story.breaker.address, "--network", chain.provider.http_uri)
    place = ("--protocol", story.place.protocol)
    assert run("replay", *node)[0] == 2
    empty = run("replay", *place, "--from-block", 0, "--to-block", 1, *node)
    assert (empty[0], "no agent acted there" in empty[2]) == (2, True)
    backwards = run("replay", *place, "--from-block", 2, "--to-block", 1, *node)
    assert (backwards[0], "is after" in backwards[2]) == (2, True)
    refused = run("replay", *place, "--strikes", "0", *node)
    assert (refused[0], "the core would refuse" in refused[2]) == (2, True)


def test_commands__from_a_file__need_no_protocol(tmp_path: Path, chain: Any) -> None:
    """The past can be a file: ten agents that act once an hour for thirty days support two an hour."""
    path = tmp_path / "past.json"
    past = [
        {"time": GENESIS + hour * HOUR + agent, "agent": agent, "value": 5_000_000}
        for hour in range(30 * 24)
        for agent in range(1, 11)
    ]
    path.write_text(json.dumps(past))
    options = ("--observations", path, "--window", "1h", "--network", chain.provider.http_uri)
    code, out, _ = run("limits", "suggest", *options, "--days", "30", "--json")
    found = json.loads(out)["suggestion"]
    assert code == 0
    assert (found["actions"], found["agents"], found["count"]["cap"], found["value"]["cap"]) == (
        7_200,
        10,
        1,
        5_000_000,
    )
    assert found["count"]["false_trips"] == 0
    code, out, _ = run("limits", "suggest", *options, "--decimals", "6")
    assert (code, "--count-cap 1 --value-cap 5 --decimals 6" in out) == (0, True)
    code, out, _ = run("replay", *options, "--count-cap", "1")
    assert (code, "nothing would have been denied" in out) == (0, True)


def test_script__detect_bench__is_the_command() -> None:
    """`ape run detect-bench` is the command of the package."""
    assert import_module("scripts.detect-bench").cli is import_module("switchgear.detect.cli").cli


# ---------------------------------------------------------------------------------------------- the hypothesis


@pytest.mark.parametrize(("actions", "denied"), [(3, 0), (4, 1)])
def test_act__cap_and_one_more__denies_the_last(actions: int, denied: int) -> None:
    """N and n + 1 actions at a cap of n."""
    hypothesis = Hypothesis(UNLIMITED._replace(count_cap=3), LanePolicy(60))
    found = replay([PLAIN] * actions, (), hypothesis)
    assert len(found.denials) == denied


def test_act__lineage_of_two_agents__is_charged_together() -> None:
    """S5: a lineage's breaker takes what two agents do together, and opens by last straw."""
    policy = LanePolicy(60, lineage=True)
    hypothesis = Hypothesis(UNLIMITED._replace(count_cap=4, trip_level=100), policy, lineages=2)
    past = [PLAIN._replace(agent=agent, lineage=2, wallet=f"0x{agent}") for agent in (1, 2, 1, 2, 1)]
    found = replay(past, (), hypothesis)
    (trip,) = found.trips
    assert (trip.subject, trip.cause) == (Subject.of_lineage(2), Cause.COUNT_LAST_STRAW)
    assert [denial.verdict.scope for denial in found.denials] == [Scope.LINEAGE]


def test_act__wallet_that_changes_hands__acts_for_its_agent_of_then() -> None:
    """ID-1: a wallet that was bound to one agent, and then to another, is charged to each in its time."""
    hypothesis = Hypothesis(UNLIMITED._replace(count_cap=1), LanePolicy(60))
    past = [PLAIN._replace(agent=agent) for agent in (1, 2, 1)]
    denials = replay(past, (), hypothesis).denials
    assert [denial.verdict.agent for denial in denials] == [1]


def test_hypothesis__limits_out_of_range__are_refused() -> None:
    """The model refuses what the core would."""
    with pytest.raises(CoreRevert, match="InvalidLimits"):
        Hypothesis(UNLIMITED._replace(strikes=0), LanePolicy(60))


def test_replay__detector_fires_all_hour__is_one_alarm() -> None:
    """Of each detector and agent the first alarm of an hour is kept, with its action."""
    stream = honest("steady", agent=3, days=20, seed=77)
    bad = [o for o, _ in attack("fan-out", stream, at=GENESIS + 20 * DAY, seed=77)]
    found = replay([*stream.observations, *bad], suite(300))
    strangers = [alarm for alarm in found.alarms if alarm.score.detector == "counterparties"]
    hours = [alarm.observation.time // HOUR for alarm in strangers]
    assert hours
    assert len(set(hours)) == len(hours)
    assert strangers[0].observation in bad
    assert (found.denials, found.trips) == ([], [])


# ---------------------------------------------------------------------------------------------- suggested limits


DAYS = 10.0
"""Of an agent, in which the suggested caps may have one false trip."""


def fleet(seed: int, days: float = 30) -> list[Observation]:
    """Twenty honest agents of all kinds."""
    return merged(
        [
            honest(kind, agent=1 + index * 5 + number, days=days, seed=seed)
            for index, kind in enumerate(KINDS)
            for number in range(5)
        ]
    )


def false_trips(past: list[Observation], limits: Limits) -> int:
    """Windows in which an agent is denied, in the model of the core."""
    quiet: dict[int, int] = {}
    trips = 0
    for denial in replay(past, (), Hypothesis(limits, LanePolicy(HOUR), lineages=1)).denials:
        o = denial.observation
        if o.time >= quiet.get(o.agent, 0):
            trips += 1
            quiet[o.agent] = o.time + HOUR
    return trips


@cache
def suggestion() -> Suggestion:
    """Caps for one fleet."""
    return suggest(fleet(1), HOUR, DAYS)


def test_suggest__held_out_agents__are_tripped_no_more_often_than_said() -> None:
    """S2: caps from one fleet keep their rate on two others of its kind, both meters together, in the exact model."""
    found, days = suggestion(), 30
    assert found.value is not None
    limits = UNLIMITED._replace(count_cap=found.count.cap, value_cap=found.value.cap)
    trips = sum(false_trips(fleet(seed, days), limits) for seed in (11, 12))
    assert trips / (2 * 20 * days) <= 1 / DAYS


def test_suggest__false_trips_of_each_meter__are_those_of_the_model() -> None:
    """What it counts is what the core would do; nine tenths of the cap would trip more often."""
    found, past = suggestion(), fleet(1)
    assert found.value is not None
    assert found.count.false_trips == false_trips(past, UNLIMITED._replace(count_cap=found.count.cap))
    assert found.value.false_trips == false_trips(past, UNLIMITED._replace(value_cap=found.value.cap))
    for backing in (found.count, found.value):
        assert 0 < backing.false_trips < backing.tighter
        assert backing.days >= 2 * DAYS
        assert backing.worst in range(1, 21)


def test_suggest__one_agent_has_most_false_trips__widens_the_caps() -> None:
    """The same number of them says less of other agents if it is all one agent's."""
    calm = [PLAIN._replace(agent=agent, time=GENESIS + hour * HOUR) for agent in range(1, 21) for hour in range(960)]
    doubled = [PLAIN._replace(time=GENESIS + day * DAY) for day in range(40)]
    alike = sorted([*calm, *(o._replace(agent=1 + index % 20) for index, o in enumerate(doubled))], key=_time)
    uneven = sorted([*calm, *doubled], key=_time)
    assert suggest(alike, 60, 5.0).count.cap == 1
    assert suggest(uneven, 60, 5.0).count.cap == 2


def _time(o: Observation) -> int:
    return o.time


@pytest.mark.parametrize(("trip_level", "cap"), [(127, 5), (100, 6), (50, 10)])
def test_suggest__last_straw__counts_as_a_false_trip(trip_level: int, cap: int) -> None:
    """With a last straw, five at once must not reach the level: at 100 % the sixth must fit, at 50 % five more."""
    past = [PLAIN._replace(time=GENESIS + hour * HOUR) for hour in range(2_000) for _ in range(5)]
    found = suggest(past, 60, 10.0, trip_level)
    assert found.count.cap in (cap, cap + 1)
    hypothesis = Hypothesis(UNLIMITED._replace(count_cap=found.count.cap, trip_level=trip_level), LanePolicy(60))
    again = replay(past[:50], (), hypothesis)
    assert (again.denials, again.trips) == ([], [])


def test_suggest__history_a_little_too_short__is_refused() -> None:
    """Three agent-days for each of twice the days, and not one hour less."""
    days = 5.0
    needed = 2 * days * highest_mean(0, CONFIDENCE)
    long = [PLAIN._replace(time=GENESIS + round(at * needed * DAY)) for at in (0, 0.5, 1)]
    long[-1] = long[-1]._replace(time=long[-1].time + 1)
    assert suggest(long, HOUR, days).count.cap == 1
    short = [*long[:-1], long[-1]._replace(time=long[-1].time - HOUR)]
    with pytest.raises(InvalidInput, match="agent-days of history support at best"):
        suggest(short, HOUR, days)


def test_suggest__nothing_has_a_value__suggests_a_count_only() -> None:
    """Without a token there is nothing to cap a value by."""
    past = [PLAIN._replace(time=GENESIS + hour * HOUR, value=0) for hour in range(3_000)]
    assert suggest(past, HOUR, 10.0).value is None
