"""What a detector takes and gives. Nothing here needs numpy, a node or Ape."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple, Protocol

if TYPE_CHECKING:
    from collections.abc import Mapping


class Observation(NamedTuple):
    """One action of an agent at a protocol, as the chain shows it; detectors get them in the chain's order."""

    time: int
    """Unix time of its block, in seconds."""
    block: int
    tx_hash: str
    log_index: int
    """Of the log that shows the value, or that it was denied; -1 if no log does (OP-5)."""
    agent: int
    """Handle; 0 if the wallet is unknown."""
    lineage: int
    """Declared when it acted; 0 for none."""
    protocol: str
    lane: int
    wallet: str
    value: int
    """In the smallest unit of the lane."""
    counterparty: str | None
    """Whom value went to or came from; None if not known."""
    selector: bytes | None
    """First four bytes of the calldata; None if there are none."""
    denied: bool
    """Whether the core denied it, or the transaction reverted."""


class Score(NamedTuple):
    """What one detector says of one agent or, with `agent` 0, of one lineage, after an observation."""

    detector: str
    agent: int
    """Handle; 0 if the score is the lineage's."""
    lineage: int
    score: float
    """The higher, the less like the past; in bits (-log2 of a probability) where the detector is a tail."""
    threshold: float
    fires: bool
    """Whether the score exceeds the threshold."""
    explanation: str
    """One sentence with the figures behind the score."""


class Detector(Protocol):
    """Scores a stream of observations of many agents; O(1) an event, bounded memory an agent."""

    name: str
    """Unique; calibrated thresholds are kept by it."""

    def observe(self, o: Observation) -> Score | None:
        """Take the next observation; None while there is too little to judge by."""

    def state(self) -> dict[str, Any]:
        """Everything it has learned, as JSON can hold it."""

    def restore(self, state: Mapping[str, Any]) -> None:
        """Go on from such a state: all later scores are as if it had never been interrupted."""
