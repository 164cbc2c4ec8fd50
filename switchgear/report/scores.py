"""What a sentinel made of an agent, from its database."""

from __future__ import annotations

from contextlib import closing
from typing import TYPE_CHECKING

from switchgear.report.evidence import ScoreRow
from switchgear.sentinel.store import Store

if TYPE_CHECKING:
    from pathlib import Path


def fired(database: Path, agent: int) -> list[ScoreRow]:
    """The scores of an agent that fired, each with its threshold, oldest first.

    Args:
        database: A sentinel's, running or not.
        agent: Handle.
    """
    with closing(Store(database)) as store:
        found = [(one["block"], one["score"]) for one in store.incidents() if one["score"]["agent"] == agent]
    return [ScoreRow(block, score["detector"], score["score"], score["threshold"]) for block, score in found]
