"""What a sentinel's database tells a report."""

from __future__ import annotations

from contextlib import closing
from typing import TYPE_CHECKING

import pytest

from switchgear.detect.types import Score
from switchgear.report.evidence import ScoreRow, Source
from switchgear.report.scores import fired
from switchgear.sentinel.store import Store

if TYPE_CHECKING:
    from pathlib import Path


def test_fired__database_of_a_sentinel__gives_the_agents_scores_in_order(tmp_path: Path) -> None:
    """OP-5: each score that fired, with its threshold and block; other agents' and lineages' are theirs."""
    database = tmp_path / "sentinel.db"
    scores = {
        9: Score("drift", 7, 1, 20.5, 18.0, True, "a flow"),
        5: Score("burst-60", 7, 1, 17.0, 16.7, True, "a burst"),
        6: Score("burst-60", 8, 1, 30.0, 16.7, True, "another agent's"),
        7: Score("lineage", 0, 1, 30.0, 15.8, True, "a lineage's"),
    }
    with closing(Store(database)) as store:
        for block, score in scores.items():
            store.add_incident(f"{score.detector}:{block}", block, {"score": score._asdict()})
    assert fired(database, 7) == [ScoreRow(5, "burst-60", 17.0, 16.7), ScoreRow(9, "drift", 20.5, 18.0)]
    assert fired(database, 1) == []


@pytest.mark.parametrize(("log_index", "expected"), [(3, 3), (0, 0), (-1, None)])
def test_fired__action_that_was_scored__is_its_source(tmp_path: Path, log_index: int, expected: int | None) -> None:
    """OP-5: the log of the observation, or the transaction itself where it left none."""
    database, transaction = tmp_path / "sentinel.db", "0x" + "ab" * 32
    score = Score("drift", 7, 1, 20.5, 18.0, True, "a flow")
    with closing(Store(database)) as store:
        data = {"score": score._asdict(), "tx_hash": transaction, "log_index": log_index}
        store.add_incident("drift", 9, data)
    assert [row.source for row in fired(database, 7)] == [Source(9, transaction, expected)]
