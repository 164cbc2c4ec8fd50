"""Runs: episodes of steps, on one core or several; what failed is cut down to the steps that matter."""

from __future__ import annotations

import time
from collections import Counter
from concurrent.futures import ProcessPoolExecutor
from functools import partial
from itertools import repeat
from multiprocessing import get_context
from random import Random
from typing import TYPE_CHECKING, NamedTuple

from switchgear.fuzz.backends import Pyrevm, anvil
from switchgear.fuzz.coverage import Coverage, Mark
from switchgear.fuzz.machine import START, Divergence, Machine
from switchgear.fuzz.planner import Planner
from switchgear.fuzz.rules import Rules
from switchgear.fuzz.shrink import shrink
from switchgear.model import Core

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from switchgear.fuzz.abi import Artifact
    from switchgear.fuzz.steps import Step

EPISODE = 1_000
"""Steps of one run from an empty core."""
COMPARE_ALL = 500
"""Steps between two comparisons of every word."""
RULED = 16
"""Every so many episodes, the rules that do not depend on the model are checked too: it takes many more reads."""

Artifacts = dict[str, "Artifact"]


class Failure(NamedTuple):
    """A divergence, and the steps that lead to it, the last being the one that shows it."""

    what: str
    model: str
    core: str
    steps: list[Step]
    names: dict[str, str]
    """What the addresses of the core and of the registries are called."""

    def __str__(self) -> str:
        """Both sides."""
        return f"{self.what}\n  model: {self.model}\n  core:  {self.core}"


class Result(NamedTuple):
    """What one or more episodes came to."""

    steps: int
    counts: Counter[Mark]
    failure: Failure | None = None

    def __add__(self, other: object) -> Result:
        """Both together; the first failure stays."""
        if not isinstance(other, Result):
            return NotImplemented
        return Result(self.steps + other.steps, self.counts + other.counts, self.failure or other.failure)


def episode(artifacts: Artifacts, seed: int, number: int, length: int, model: Callable[[], Core] = Core) -> Result:
    """One episode on pyrevm; seed, number and length fix every step of it."""
    machine = Machine(Pyrevm(START), artifacts, model())
    planner = Planner(Random(f"{seed}/{number}"), machine)  # noqa: S311 - repeatable, not secret
    coverage = Coverage()
    rules = Rules(machine) if number % RULED == 0 else None
    done: list[Step] = []
    try:
        for _ in range(length):
            step = planner.step()
            done.append(step)
            do(machine, step, rules)
            coverage.observe(machine, step)
            if len(done) % COMPARE_ALL == 0:
                machine.compare_all()
        finish(machine, rules)
    except Divergence as divergence:
        return Result(len(done), coverage.counts, _failure(machine, divergence, done))
    return Result(len(done), coverage.counts)


def do(machine: Machine, step: Step, rules: Rules | None) -> None:
    """One step, with the rules' checks around it."""
    if rules:
        rules.before(step)
    machine.apply(step)
    if rules:
        rules.after(step)


def finish(machine: Machine, rules: Rules | None) -> None:
    """The checks at the end of an episode."""
    machine.compare_all()
    if rules:
        rules.finish()


def replay(artifacts: Artifacts, steps: list[Step], model: Callable[[], Core] = Core) -> Failure | None:
    """Do given steps on pyrevm, with all checks, and every word compared at the end."""
    machine = Machine(Pyrevm(START), artifacts, model())
    rules = Rules(machine)
    done: list[Step] = []
    try:
        for step in steps:
            done.append(step)
            do(machine, step, rules)
        finish(machine, rules)
    except Divergence as divergence:
        return _failure(machine, divergence, done)
    return None


def minimal(artifacts: Artifacts, failure: Failure, model: Callable[[], Core] = Core) -> Failure:
    """The same failure in fewer steps."""

    def fails(steps: list[Step]) -> bool:
        found = replay(artifacts, steps, model)
        return found is not None and _kind(found) == _kind(failure)

    if not fails(failure.steps):
        return failure
    return replay(artifacts, shrink(failure.steps, fails), model) or failure


def episodes(artifacts: Artifacts, seed: int, steps: int, workers: int = 1) -> Iterator[Result]:
    """Results of enough episodes on pyrevm for so many steps, in order, until one fails."""
    count = -(-steps // EPISODE)
    lengths = [min(EPISODE, steps - number * EPISODE) for number in range(count)]
    if workers == 1:
        results = map(partial(episode, artifacts, seed), range(count), lengths)
        yield from _until_failure(results)
        return
    with ProcessPoolExecutor(workers, get_context("spawn"), _set_artifacts, (artifacts,)) as pool:
        yield from _until_failure(pool.map(_episode, repeat(seed), range(count), lengths))
        pool.shutdown(cancel_futures=True)


def on_anvil(artifacts: Artifacts, seed: int, steps: int) -> Iterator[Result]:
    """The same steps on pyrevm and on an anvil of our own: both against the model, and raw bytes against each other."""
    with anvil(START) as node:
        near, far = Machine(Pyrevm(START), artifacts), Machine(node, artifacts)
        planner = Planner(Random(f"{seed}/anvil"), near)  # noqa: S311 - repeatable, not secret
        done: list[Step] = []
        for _ in range(steps):
            coverage = Coverage()
            step = planner.step()
            done.append(step)
            try:
                near.apply(step)
                far.apply(step)
                if near.answer != far.answer:
                    raise Divergence("pyrevm and anvil differ", near.answer, far.answer)
                if len(done) == steps:
                    far.compare_all()
            except Divergence as divergence:
                yield Result(1, coverage.counts, _failure(near, divergence, done))
                return
            coverage.observe(near, step)
            yield Result(1, coverage.counts)


class Timer:
    """Steps a second since it was made."""

    def __init__(self) -> None:
        self._start = time.perf_counter()

    @property
    def seconds(self) -> float:
        """Since it was made."""
        return time.perf_counter() - self._start


_shared: Artifacts = {}


def _set_artifacts(artifacts: Artifacts) -> None:
    _shared.update(artifacts)


def _episode(seed: int, number: int, length: int) -> Result:
    return episode(_shared, seed, number, length)


def _until_failure(results: Iterator[Result]) -> Iterator[Result]:
    for result in results:
        yield result
        if result.failure:
            return


def _failure(machine: Machine, divergence: Divergence, steps: list[Step]) -> Failure:
    names = {machine.core: "core"} | {registry: f"registry{n}" for n, registry in enumerate(machine.registries)}
    return Failure(divergence.what, str(divergence.model), str(divergence.core), list(steps), names)


def _kind(failure: Failure) -> tuple[str, str]:
    """What makes two failures the same one: the step that shows it, and which comparison failed."""
    return failure.steps[-1].op, failure.what.split("(")[0]
