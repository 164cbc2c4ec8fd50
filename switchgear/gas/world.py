"""Who acts in the measurements: a core, a registry, one owner of many agents, and protocols with lanes."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from switchgear.gas.chain import Chain, Deployed, account
from switchgear.types import LanePolicy, Limits

if TYPE_CHECKING:
    from collections.abc import Iterable

HOUR = 3600
LIMITS = Limits(
    count_cap=1_000,
    value_cap=1_000_000 * 10**18,
    trip_level=100,
    strikes=5,
    cooldown=3 * HOUR,
    max_backoff=3,
    half_open_scale=4,
    probation=2,
)
"""Finite caps, and every automatic trip switched on."""
POLICY = LanePolicy(window=HOUR)
LINEAGE_POLICY = LanePolicy(window=HOUR, lineage=True, lineage_count=10, lineage_value=10, share=25)
"""A lineage may take ten agents' limits, and one of them a quarter of that: its own limit is what binds."""
CLAMPED_POLICY = LanePolicy(window=HOUR, lineage=True, lineage_count=2, lineage_value=2, share=25)
"""One member's share of the lineage's limits is less than its own limit."""
PLAIN_LANE, LINEAGE_LANE, CLAMPED_LANE = 1, 2, 3
MODEL = 1
"""Handle of the lineage."""
VALUE = LIMITS.value_cap // 100
"""What an action is worth: a hundredth of the cap, which takes 36 s to be free again."""
SETTLED = 30 * 24 * HOUR
"""Seconds after which every probation is over, every trip has ended and every meter is empty."""

ADMIN, GUARDIAN = account("admin"), account("guardian")


class World:
    """One core, and whatever the measurements need around it."""

    def __init__(self, chain: Chain) -> None:
        self.chain = chain
        deployed = chain.deploy("CircuitBreaker")
        self.core = chain.at(deployed.address, "ICircuitBreaker")
        self.registry = chain.deploy("AgentIdentity", self.core.address)
        self.crowd = chain.deploy("GasCrowd", self.core.address, self.registry.address)
        chain.send(self.core, "registerLineage", "model")

    def enroll(self, parent: int = 0, lineage: int = 0, count: int = 1) -> str:
        """Enrols agents with a wallet each; returns the wallet of the last."""
        self.chain.send(self.crowd, "enroll", count, parent, lineage)
        return str(self.chain.call(self.crowd, "newest"))

    @property
    def newest(self) -> int:
        """Handle of the agent enrolled last."""
        return int(self.chain.call(self.core, "agentCount"))

    def protocols(self, name: str, *, lanes: Iterable[int] = (), label: str = "") -> tuple[Deployed, Deployed]:
        """The same probe asking and not asking, the first with lanes. A second pair of one kind needs a label."""
        asking, silent = (
            self.chain.deploy(name, asks, self.core.address, ADMIN, label=f"{label} {asks}") for asks in (True, False)
        )
        policies = {PLAIN_LANE: POLICY, LINEAGE_LANE: LINEAGE_POLICY, CLAMPED_LANE: CLAMPED_POLICY}
        for lane in lanes:
            policy = policies[lane]
            self.chain.send(asking, "openLane", lane, LIMITS, policy, [MODEL] if policy.lineage else [])
        return asking, silent

    def act(self, probe: Deployed, lane: int, wallet: str, value: int = VALUE) -> dict[str, Any]:
        """One action of a wallet; its receipt."""
        return self.chain.send(probe, "act", lane, value, sender=wallet)

    def settle(self, probe: Deployed, lane: int, wallet: str) -> None:
        """Brings a wallet's series to where it is most of the time: touched, out of probation, its meters in use."""
        self.act(probe, lane, wallet)
        self.chain.later(SETTLED)
        self.act(probe, lane, wallet)
