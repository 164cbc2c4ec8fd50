"""The fuzzer finds what is wrong, says it shortly, and finds nothing where nothing is."""

from __future__ import annotations

import json
from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from switchgear.fuzz import run
from switchgear.fuzz.abi import Interface
from switchgear.fuzz.cli import cli
from switchgear.fuzz.coverage import expected
from switchgear.fuzz.planner import WEIGHTS
from switchgear.fuzz.run import Artifacts, Failure, Result, episode, episodes, minimal, on_anvil, replay
from switchgear.fuzz.steps import from_json, to_json
from switchgear.model import Core, breaker
from switchgear.types import State, Verdict

SEED = 8004
ENOUGH = 40_000
"""Steps within which every mutant below must be found; most fall within a few hundred."""


def find(artifacts: Artifacts) -> Failure:
    """The first failure of a run, cut down; fails the test if there is none."""
    for result in episodes(artifacts, SEED, ENOUGH):
        if result.failure:
            return minimal(artifacts, result.failure)
    pytest.fail("the fuzzer found nothing")


def test_episodes__core_and_model__never_disagree(artifacts: Artifacts) -> None:
    """Eight episodes, the first with the rules that do not depend on the model; they admit, deny and trip."""
    total = sum(episodes(artifacts, SEED, 8 * run.EPISODE), Result(0, Counter()))
    assert total.failure is None
    assert total.steps == 8 * run.EPISODE
    assert set(WEIGHTS) <= {text for group, text in total.counts if group == "operation"}
    for reached in (("verdict", "ADMITTED"), ("verdict", "COUNT_LIMIT AGENT"), ("trip", "STRIKES AGENT")):
        assert total.counts[reached] > 0


def test_episodes__two_workers__do_the_same_steps(artifacts: Artifacts) -> None:
    """Seed and number fix an episode, wherever it runs."""
    alone, together = (
        sum(episodes(artifacts, SEED, 2 * run.EPISODE, workers), Result(0, Counter())) for workers in (1, 2)
    )
    assert alone == together


def test_on_anvil__same_steps__agree_with_model_and_pyrevm(artifacts: Artifacts) -> None:
    """A slice on a real node: return data, revert data, topics and log data are equal byte for byte."""
    total = sum(on_anvil(artifacts, SEED, 200), Result(0, Counter()))
    assert total.failure is None
    assert total.steps == 200


def _longer_strikes(patch: pytest.MonkeyPatch) -> None:
    strike = breaker.Breaker.strike

    def later(self: breaker.Breaker, now: int) -> Any:
        return strike(self._replace(limits=self.limits._replace(strikes=min(self.limits.strikes + 1, 63))), now)

    patch.setattr(breaker.Breaker, "strike", later)


def _generous_rounding(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(breaker.Breaker, "_count_increment", lambda self, cap: (self.window << 24) // cap)


def _longer_open(patch: pytest.MonkeyPatch) -> None:
    state = breaker.Breaker.state

    def late(self: breaker.Breaker, now: int) -> State:
        return State.OPEN if 0 < now == self.word.guardian_until else state(self, now)

    patch.setattr(breaker.Breaker, "state", late)


def _silent_owner_is_fine(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(Core, "_is_owner_recorded", lambda _self, _agent: True)


def _level_kept(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(breaker.Breaker, "_level", lambda self, _now: self.word.backoff)


@pytest.mark.parametrize(
    "mutate", [_longer_strikes, _generous_rounding, _longer_open, _silent_owner_is_fine, _level_kept]
)
def test_episodes__rule_of_the_model_broken__found_and_shrunk(
    artifacts: Artifacts, monkeypatch: pytest.MonkeyPatch, mutate: Any
) -> None:
    """A model that is wrong in one place is caught, by steps that agree again once it is right."""
    with monkeypatch.context() as patch:
        mutate(patch)
        failure = find(artifacts)
        assert replay(artifacts, failure.steps) == failure
        assert len(failure.steps) < 40
        for left_out in range(len(failure.steps) - 1):
            fewer = failure.steps[:left_out] + failure.steps[left_out + 1 :]
            found = replay(artifacts, fewer)
            assert found is None or found.what.split("(")[0] != failure.what.split("(")[0] or found.steps != fewer
    assert replay(artifacts, failure.steps) is None


@pytest.mark.parametrize(
    ("constant", "other"),
    [
        (bytes.fromhex("62015180"), bytes.fromhex("62015181")),  # LOOSENING_DELAY, PUSH3
        (bytes.fromhex("611c20"), bytes.fromhex("611c1f")),  # OUTAGE_ALLOWANCE, PUSH2
    ],
    ids=["LOOSENING_DELAY", "OUTAGE_ALLOWANCE"],
)
def test_episodes__bytecode_of_the_core_changed__found(artifacts: Artifacts, constant: bytes, other: bytes) -> None:
    """A core that is off by one second somewhere is caught."""
    core = artifacts["CircuitBreaker"]
    assert constant in core.bytecode
    wrong = artifacts | {"CircuitBreaker": core._replace(bytecode=core.bytecode.replace(constant, other))}
    failure = find(wrong)
    assert replay(wrong, failure.steps) == failure
    assert replay(artifacts, failure.steps) is None


def test_to_json__steps_of_an_episode__come_back(artifacts: Artifacts, monkeypatch: pytest.MonkeyPatch) -> None:
    """What is written for --replay is what was done."""
    with monkeypatch.context() as patch:
        patch.setattr(Core, "preview", lambda *_: Verdict(admitted=True))
        patch.setattr(Core, "status", lambda *_: Verdict(admitted=False))
        failure = next(result.failure for result in episodes(artifacts, SEED, ENOUGH) if result.failure)
    assert from_json(to_json(failure.steps)) == failure.steps


def test_expected__every_operation_and_error__is_listed(artifacts: Artifacts) -> None:
    """What is never reached is said: for that it must be expected."""
    errors = {name for name, _ in Interface(artifacts["ICircuitBreaker"].abi).errors.values()}
    marks = expected(errors)
    assert {text for group, text in marks if group == "operation"} == set(WEIGHTS)
    assert {text for group, text in marks if group == "error"} == errors - {"TooManyRegistries"}


def invoke(*args: str) -> int:
    """Exit code of the command."""
    with pytest.raises(SystemExit) as done:
        cli.main(list(args))
    return int(done.value.code or 0)


def test_cli__short_run__reports_json_and_passes(capsys: pytest.CaptureFixture[str]) -> None:
    """`ape run fuzz --json`: one JSON value on standard output, exit code 0."""
    assert invoke("--steps", "300", "--seed", "1", "--json") == 0
    report = json.loads(capsys.readouterr().out)
    assert report["steps"] == 300
    assert report["failure"] is None
    assert report["reached"]["operation: admit"] > 0
    assert set(report["reached"]).isdisjoint(report["not_reached"])


def test_cli__divergence__exits_with_one_and_can_be_replayed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """The steps of a failure are shown and written; --replay shows it again, until it is mended."""
    saved = tmp_path / "deep" / "failure.json"
    with monkeypatch.context() as patch:
        _generous_rounding(patch)
        assert invoke("--steps", str(ENOUGH), "--seed", str(SEED), "--save", str(saved)) == 1
        shown = capsys.readouterr().out
        assert "divergence" in shown
        assert "open_lane(protocol" in shown
        assert invoke("--replay", str(saved), "--save", str(tmp_path / "again.json")) == 1
    assert (tmp_path / "again.json").read_text() == saved.read_text()
    assert invoke("--replay", str(saved)) == 0


def test_episode__length_of_one__is_one_step(artifacts: Artifacts) -> None:
    """The last episode of a run is as long as what is left."""
    assert episode(artifacts, SEED, 3, 1).steps == 1
    assert sum(result.steps for result in episodes(artifacts, SEED, run.EPISODE + 1)) == run.EPISODE + 1
