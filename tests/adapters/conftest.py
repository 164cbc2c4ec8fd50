"""Probes behind a core that is broken in scripted ways, and behind the real one."""

from __future__ import annotations

from typing import Any

import pytest

from tests.adapters.world import World

OPEN_LANES_FROM = 100
"""The probe's lanes from this one on fail open."""
CLOSED_LANE, OPEN_LANE = 0, OPEN_LANES_FROM


@pytest.fixture(scope="module")
def admin(accounts: Any) -> Any:
    """Admin of every protocol."""
    return accounts[1]


@pytest.fixture(scope="module")
def owner(accounts: Any) -> Any:
    """Owns the agents."""
    return accounts[2]


@pytest.fixture(scope="module")
def wallet(accounts: Any) -> Any:
    """The agent's wallet."""
    return accounts[3]


@pytest.fixture(scope="module")
def stranger(accounts: Any) -> Any:
    """An address that no agent is behind."""
    return accounts[4]


@pytest.fixture(scope="module")
def hostile_core(project: Any, accounts: Any) -> Any:
    """A core that answers with whatever it is told to."""
    return accounts[0].deploy(project.HostileCore)


@pytest.fixture(scope="module")
def hostile_probe(project: Any, accounts: Any, hostile_core: Any, admin: Any) -> Any:
    """A probe that asks the hostile core."""
    return accounts[0].deploy(project.GuardedProbe, hostile_core, admin, OPEN_LANES_FROM)


@pytest.fixture(scope="module")
def world(project: Any, accounts: Any) -> World:
    """The real core."""
    return World(project, accounts[0])


@pytest.fixture(scope="module")
def probe(project: Any, accounts: Any, world: World, admin: Any) -> Any:
    """A probe that asks the real core; it has no lane yet."""
    return accounts[0].deploy(project.GuardedProbe, world.core, admin, OPEN_LANES_FROM)


@pytest.fixture(scope="module")
def agent(world: World, owner: Any, wallet: Any) -> int:
    """An agent with a wallet."""
    return world.agent(owner, wallet)
