"""A world for each module."""

from typing import Any

import pytest

from tests.support.core import World


@pytest.fixture(scope="module")
def world(project: Any) -> World:
    """The core with everybody in place."""
    return World(project)
