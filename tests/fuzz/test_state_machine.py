"""The same machine driven by Hypothesis, which shrinks what it finds by itself."""

from __future__ import annotations

from random import Random
from typing import TYPE_CHECKING

from hypothesis import HealthCheck, note, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, rule, run_state_machine_as_test

from switchgear.fuzz.backends import Pyrevm
from switchgear.fuzz.machine import START, Machine
from switchgear.fuzz.planner import OPENING, WEIGHTS, Planner
from switchgear.fuzz.rules import Rules
from switchgear.fuzz.run import do
from switchgear.fuzz.steps import names, show

if TYPE_CHECKING:
    from switchgear.fuzz.run import Artifacts

RANDOMS = st.randoms(use_true_random=False)
OTHERS = sorted(set(WEIGHTS) - {"admit", "wait"})


class CoreMachine(RuleBasedStateMachine):
    """Steps of the planner; Hypothesis decides which, and draws their arguments."""

    artifacts: Artifacts

    def __init__(self) -> None:
        super().__init__()
        self.machine = Machine(Pyrevm(START), self.artifacts)
        self.planner = Planner(Random(0), self.machine)  # noqa: S311 - repeatable, not secret
        self.rules = Rules(self.machine)

    @initialize(seed=st.integers(0, 100))
    def open(self, seed: int) -> None:
        """A few agents, wallets and lanes."""
        self.planner = Planner(Random(seed), self.machine)  # noqa: S311 - repeatable, not secret
        for _ in OPENING:
            do(self.machine, self.planner.step(), self.rules)

    @rule(random=RANDOMS)
    def admit(self, random: Random) -> None:
        """What the core is for."""
        self._do("admit", random)

    @rule(random=RANDOMS)
    def wait(self, random: Random) -> None:
        """To a deadline, or a second beside it."""
        self._do("wait", random)

    @rule(op=st.sampled_from(OTHERS), random=RANDOMS)
    def act(self, op: str, random: Random) -> None:
        """Anything else."""
        self._do(op, random)

    def _do(self, op: str, random: Random) -> None:
        self.planner.random = random
        step = self.planner.plan(op)
        note(show(step, names()))
        do(self.machine, step, self.rules)

    def teardown(self) -> None:
        """Every word, and the loss bound."""
        self.machine.compare_all()
        self.rules.finish()


def test_core__any_operations__agree_with_the_model(artifacts: Artifacts) -> None:
    """Results, errors, events, previews and words of the core are those of the model (BR-1, BR-2, BR-3, BR-13)."""

    class WithArtifacts(CoreMachine):
        pass

    WithArtifacts.artifacts = artifacts
    run_state_machine_as_test(
        WithArtifacts,
        settings=settings(
            max_examples=40, stateful_step_count=60, deadline=None, suppress_health_check=list(HealthCheck)
        ),
    )
