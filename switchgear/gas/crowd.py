"""What an admission costs while more and more agents are enrolled: always the same, since nothing loops over them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from switchgear.gas.rows import marginal
from switchgear.gas.world import LINEAGE_LANE, MODEL, PLAIN_LANE, SETTLED, World

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

SIZES = (1, 10, 100, 1_000, 10_000)
"""Numbers of enrolled agents, for docs/gas.md."""
QUICK_SIZES = (1, 10, 100)
"""Likewise, for the tests."""
PER_TRANSACTION = 40
"""Enrolments that fit a block."""

LINES = {
    "first": "the first agent enrolled",
    "newest": "the agent enrolled last, ancestor charged",
    "family": "the agent enrolled last, lineage and ancestor charged",
}


def measure_crowd(
    world: World, sizes: Sequence[int] = SIZES, progress: Callable[[int], None] = lambda _: None
) -> dict[str, dict[str, int]]:
    """Marginal gas of an admission by number of enrolled agents, for each of `LINES`.

    All agents but the first are children of the first and run on its model: one tree, one lineage.

    Args:
        world: With nobody enrolled yet.
        sizes: Ascending, the first of them 1.
        progress: Is told each number when it is reached.
    """
    probes = world.protocols("GasHard", lanes=(PLAIN_LANE, LINEAGE_LANE), label="crowd")
    first = newest = world.enroll(lineage=MODEL)
    enrolled = 1
    figures = {}
    for size in sizes:
        while enrolled < size:
            count = min(PER_TRANSACTION, size - enrolled)
            newest = world.enroll(1, MODEL, count)
            enrolled += count
        figures[str(size)] = {
            line: _admission(world, probes, lane, wallet)
            for line, lane, wallet in (
                ("first", PLAIN_LANE, first),
                ("newest", PLAIN_LANE, newest),
                ("family", LINEAGE_LANE, newest),
            )
            # The first agent has no ancestor.
            if line == "first" or size > 1
        }
        progress(size)
    return figures


def _admission(world: World, probes: Any, lane: int, wallet: str) -> int:
    world.chain.later(SETTLED)
    world.settle(probes[0], lane, wallet)
    return marginal(world, probes, lane, wallet).gas
