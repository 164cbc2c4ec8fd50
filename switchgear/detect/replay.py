"""What detectors and hypothetical limits would have made of the past: limits can be tried before they are enforced.

The limits run in the reference model of the core, exactly. The past is taken as it happened: an agent that had been
denied might have gone on otherwise.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, NamedTuple

from switchgear.model import Core, Signature, WalletBinding
from switchgear.types import NO_EXPIRY, Cause, Kind, LanePolicy, Limits, Subject, Verdict

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from switchgear.detect.types import Detector, Observation, Score

HOUR = 3600
_PROTOCOL, _ADMIN, _OWNER, _REGISTRY = ("0x" + digit * 40 for digit in "1234")


class Denial(NamedTuple):
    """An action that the limits would have denied."""

    observation: Observation
    verdict: Verdict
    """Its `agent` is the handle of the observation."""


class Trip(NamedTuple):
    """A breaker that would have opened."""

    observation: Observation
    """The action that did it."""
    subject: Subject
    cause: Cause
    until: int


class Alarm(NamedTuple):
    """A detector that would have fired: the first time in an hour, for one subject."""

    observation: Observation
    score: Score


@dataclass
class Replay:
    """What would have happened."""

    observations: list[Observation] = field(default_factory=list)
    denials: list[Denial] = field(default_factory=list)
    trips: list[Trip] = field(default_factory=list)
    alarms: list[Alarm] = field(default_factory=list)


class Hypothesis:
    """One lane with these limits, and all agents of a past in it.

    Agents are enrolled and wallets bound at their first action; a lineage that an agent declared counts as accepted and
    attested. Shadow mode, live owners and the registry of a policy are left out: they are not what is tried.

    Args:
        limits: Of the lane.
        policy: Of the lane.
        parents: Parent of each agent that has one.
        lineages: How many there are.
    """

    def __init__(
        self, limits: Limits, policy: LanePolicy, *, parents: Mapping[int, int] | None = None, lineages: int = 0
    ) -> None:
        self._core = Core()
        self._parents = parents or {}
        self._handles: dict[int, int] = {}
        """Handle in the model of each agent: those are dense."""
        self._agents: dict[int, int] = {}
        plain = LanePolicy(
            policy.window, policy.lineage_count, policy.lineage_value, policy.share, policy.lineage, policy.attested
        )
        for lineage in range(1, lineages + 1):
            self._core.register_lineage(_OWNER, str(lineage))
        self._core.set_admin(_PROTOCOL, _ADMIN)
        self._core.open_lane(_PROTOCOL, 0, limits, plain._replace(unknown=policy.unknown), list(range(1, lineages + 1)))

    def act(self, o: Observation) -> tuple[Denial | None, list[Trip]]:
        """Ask for an action as its protocol would have: whether it is denied, and what trips.

        Raises:
            CoreRevert: The limits or the policy are out of range (at construction), or the past goes back in time.
        """
        core = self._core
        core.now = o.time
        core.events.clear()
        wallet = o.wallet or f"wallet of agent {o.agent}"
        if o.agent:
            handle = self._enrolled(o.agent)
            word = core.agents[handle]
            if word.lineage != o.lineage or not word.attested:
                core.agents[handle] = word._replace(lineage=o.lineage, attested=1)
            if core.wallet(wallet).agent != handle:
                self._bind(handle, wallet)
        verdict = core.admit(_PROTOCOL, 0, wallet, o.value)
        events: list[tuple[str, Any]] = [*core.events]
        trips = [
            Trip(o, self._outside(arguments[2]), arguments[4], arguments[5])
            for name, arguments in events
            if name == "BreakerTripped"
        ]
        return None if verdict.admitted else Denial(o, verdict._replace(agent=o.agent)), trips

    def _enrolled(self, agent: int) -> int:
        if agent not in self._handles:
            core, parent = self._core, self._parents.get(agent, 0)
            above = self._enrolled(parent) if parent else 0
            core.owners[_REGISTRY, agent] = _OWNER
            handle = core.enroll(_OWNER, _REGISTRY, agent, above, 0, core.now, None)
            self._handles[agent], self._agents[handle] = handle, agent
        return self._handles[agent]

    def _bind(self, handle: int, wallet: str) -> None:
        core = self._core
        # On the chain it was free to be bound, whatever the model would say of waiting.
        core.wallets.pop(wallet, None)
        agent = self._agents[handle]
        binding = WalletBinding(_REGISTRY, agent, _OWNER, wallet, 0, core.now)
        core.bind_wallet(_OWNER, handle, wallet, NO_EXPIRY, core.now, Signature(wallet, binding))

    def _outside(self, subject: int) -> Subject:
        named = Subject(subject)
        return Subject.of_agent(self._agents[named.id]) if named.kind is Kind.AGENT and named.id else named


def replay(
    observations: Iterable[Observation], detectors: Sequence[Detector] = (), hypothesis: Hypothesis | None = None
) -> Replay:
    """Runs detectors and limits over a past, which has to be in the chain's order."""
    found = Replay()
    last: dict[tuple[str, int, int], int] = {}
    for o in observations:
        found.observations.append(o)
        if hypothesis is not None:
            denial, trips = hypothesis.act(o)
            found.denials += [denial] if denial else []
            found.trips += trips
        for detector in detectors:
            score = detector.observe(o)
            if score is None or not score.fires:
                continue
            key = score.detector, score.agent, score.lineage if not score.agent else 0
            if last.get(key) != o.time // HOUR:
                found.alarms.append(Alarm(o, score))
            last[key] = o.time // HOUR
    return found
