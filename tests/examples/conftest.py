"""The real core, tokens, and an agent with a wallet."""

from __future__ import annotations

from typing import Any

import pytest

from tests.adapters.world import World

RICH = 10**24


@pytest.fixture(scope="module")
def deployer(accounts: Any) -> Any:
    """Deploys everything; holds no power after."""
    return accounts[0]


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
def user(accounts: Any) -> Any:
    """A person with a deposit, and no agent."""
    return accounts[4]


@pytest.fixture(scope="module")
def payee(accounts: Any) -> Any:
    """Gets what is paid out."""
    return accounts[5]


@pytest.fixture(scope="module")
def world(project: Any, deployer: Any) -> World:
    """The real core."""
    return World(project, deployer)


@pytest.fixture(scope="module")
def agent(world: World, owner: Any, wallet: Any) -> int:
    """An agent with a wallet."""
    return world.agent(owner, wallet)


@pytest.fixture(scope="module")
def quote(project: Any, deployer: Any) -> Any:
    """A token that prices are in."""
    return deployer.deploy(project.ExampleToken, "Dollar", "USD")


@pytest.fixture(scope="module")
def base(project: Any, deployer: Any) -> Any:
    """A token that is traded."""
    return deployer.deploy(project.ExampleToken, "Ore", "ORE")
