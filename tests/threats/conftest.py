"""A world, or a chain, for each module; on the chain accounts behind a naive guard and behind ours."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from switchgear.foreign import artifacts
from switchgear.gas.chain import Chain, anvil
from tests.support.core import World
from tests.threats.accounts import Grounds, Side, create

if TYPE_CHECKING:
    from collections.abc import Iterator


@pytest.fixture(scope="module")
def world(project: Any) -> World:
    """The core with everybody in place."""
    return World(project)


@pytest.fixture(scope="module")
def chain(project: Any) -> Iterator[Chain]:
    """With all artifacts at hand."""
    with anvil(artifacts.of(project)) as running:
        yield running


@pytest.fixture(scope="module")
def grounds(chain: Chain) -> Grounds:
    """What accounts of all kinds share."""
    return Grounds(chain)


@pytest.fixture(scope="module")
def naive(grounds: Grounds, name: str) -> Side:
    """An account of the kind that a module names, behind the other guard."""
    return create(grounds, name, naive=True)


@pytest.fixture(scope="module")
def ours(grounds: Grounds, name: str) -> Side:
    """Behind ours."""
    return create(grounds, name, naive=False)
