"""A detector that knows what is wrong, and remembers everything it saw."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from switchgear.detect.types import Score

if TYPE_CHECKING:
    from collections.abc import Mapping

    from switchgear.detect.types import Observation

ROGUE = 7
"""Last digit of a value that gives an agent away."""


class Marks:
    """Fires for values that end in 7; with `lineage`, for the lineage instead of the agent."""

    def __init__(self, name: str = "marks", *, lineage: bool = False, weight: float = 1.0) -> None:
        self.name = name
        self._weight = weight
        self._lineage = lineage
        self.seen: list[str] = []
        self.observations: list[Observation] = []
        """Since it was made."""

    def observe(self, o: Observation) -> Score | None:
        """Whether it is marked; the larger, the worse."""
        self.seen.append(f"{o.tx_hash}:{o.log_index}")
        self.observations.append(o)
        agent = 0 if self._lineage else o.agent
        return Score(
            self.name, agent, o.lineage, o.value * self._weight, 1.0, o.value % 10 == ROGUE, f"a value of {o.value}"
        )

    def state(self) -> dict[str, Any]:
        """Everything it saw."""
        return {"seen": self.seen}

    def restore(self, state: Mapping[str, Any]) -> None:
        """Goes on."""
        self.seen = list(state["seen"])
