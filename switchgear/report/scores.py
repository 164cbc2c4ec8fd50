"""What a sentinel made of an agent, from its database."""

from __future__ import annotations

from contextlib import closing
from typing import TYPE_CHECKING, Any

from switchgear.report.evidence import ScoreRow, Source
from switchgear.sentinel.store import Store

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path


def fired(database: Path, agent: int) -> list[ScoreRow]:
    """The scores of an agent that fired, each with its threshold, oldest first.

    Args:
        database: A sentinel's, running or not.
        agent: Handle.
    """
    with closing(Store(database)) as store:
        found = [one for one in store.incidents() if one["score"]["agent"] == agent]
    return [_row(one["block"], one["score"], one.get("tx_hash"), one.get("log_index", -1)) for one in found]


def _row(block: int, score: Mapping[str, Any], transaction: str | None, log_index: int) -> ScoreRow:
    source = Source(block, transaction, log_index if log_index >= 0 else None) if transaction else None
    return ScoreRow(block, score["detector"], score["score"], score["threshold"], source)
