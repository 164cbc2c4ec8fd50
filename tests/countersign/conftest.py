"""A world and a council for each module."""

from typing import Any

import pytest

from tests.countersign.council import Council
from tests.support.core import World


@pytest.fixture(scope="module")
def world(project: Any) -> World:
    """The core with everybody in place."""
    return World(project)


@pytest.fixture(scope="module")
def council(project: Any, world: World) -> Council:
    """Two of three."""
    return Council(project, world)
