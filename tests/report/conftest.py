"""One incident, read once; and a browser."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from switchgear.demo.stage import Stage
from switchgear.report import Evidence, Findings, examine, gather
from tests.support.browser import Browser, open_browser
from tests.support.incident import Incident, play

if TYPE_CHECKING:
    from collections.abc import Iterator


@pytest.fixture(scope="module")
def incident(chain: Any) -> Iterator[Incident]:
    """Played on the chain that the tests run on."""
    assert chain.chain_id == 31337
    with Stage.open() as stage:
        yield play(stage)


@pytest.fixture(scope="module")
def evidence(incident: Incident) -> Evidence:
    """All that the chain has to say about it."""
    return gather(incident.stage.breaker, incident.agent, decimals=18)


@pytest.fixture(scope="module")
def findings(evidence: Evidence) -> Findings:
    """What follows."""
    return examine(evidence)


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """A headless Chromium."""
    with open_browser() as opened:
        yield opened
