"""The real core, a token, agents as client and provider, an escrow whose jobs must have the hook, and one without."""

from __future__ import annotations

from typing import Any

import pytest

from switchgear.commerce import DELIVERY_LANE, ERC_TEXT, PAYMENT_LANE, Lane, next_address
from tests.adapters.world import Limits, Policy, World
from tests.commerce.market import BUDGET, CAP, FUNDS, Market, expiry

DELIVERIES = 3
"""Per hour and provider."""


@pytest.fixture(scope="module")
def deployer(accounts: Any) -> Any:
    """Deploys everything; holds no power after."""
    return accounts[0]


@pytest.fixture(scope="module")
def admin(accounts: Any) -> Any:
    """Admin of the hook's lanes."""
    return accounts[1]


@pytest.fixture(scope="module")
def owner(accounts: Any) -> Any:
    """Owns the agents."""
    return accounts[2]


@pytest.fixture(scope="module")
def client(accounts: Any) -> Any:
    """Wallet of the agent that hires."""
    return accounts[3]


@pytest.fixture(scope="module")
def provider(accounts: Any) -> Any:
    """Wallet of the agent that works."""
    return accounts[4]


@pytest.fixture(scope="module")
def evaluator(accounts: Any) -> Any:
    """Judges; a person."""
    return accounts[5]


@pytest.fixture(scope="module")
def stranger(accounts: Any) -> Any:
    """No party to anything, and no agent."""
    return accounts[6]


@pytest.fixture(scope="module")
def world(project: Any, deployer: Any) -> World:
    """The real core."""
    return World(project, deployer)


@pytest.fixture(scope="module")
def client_agent(world: World, owner: Any, client: Any) -> int:
    """Handle of the agent that hires."""
    return world.agent(owner, client)


@pytest.fixture(scope="module")
def provider_agent(world: World, owner: Any, provider: Any) -> int:
    """Handle of the agent that works."""
    return world.agent(owner, provider)


@pytest.fixture(scope="module")
def token(project: Any, deployer: Any) -> Any:
    """What jobs are paid in."""
    return deployer.deploy(project.ExampleToken, "Dollar", "USD")


@pytest.fixture(scope="module")
def plain(project: Any, deployer: Any, token: Any, client: Any, provider: Any, evaluator: Any) -> Market:
    """An escrow in which clients choose the hook."""
    zero = "0x" + "00" * 20
    jobs = deployer.deploy(project.AgenticCommerce, token, zero)
    return Market(jobs, token, client, provider, evaluator, zero)


@pytest.fixture(scope="module")
def lanes() -> list[Lane]:
    """A budget and a half an hour for clients, three deliveries for providers."""
    return [
        Lane(PAYMENT_LANE, Limits(value_cap=CAP, trip_level=95), Policy()),  # type: ignore[arg-type]
        Lane(DELIVERY_LANE, Limits(count_cap=DELIVERIES, value_cap=1), Policy()),  # type: ignore[arg-type]
    ]


@pytest.fixture(scope="module")
def reputation(project: Any, deployer: Any) -> Any:
    """An ERC-8004 reputation registry."""
    return deployer.deploy(project.ReputationMock)


@pytest.fixture(scope="module")
def guarded(
    project: Any,
    deployer: Any,
    admin: Any,
    world: World,
    token: Any,
    lanes: list[Lane],
    reputation: Any,
    client: Any,
    provider: Any,
    evaluator: Any,
    client_agent: int,
    provider_agent: int,
) -> Market:
    """An escrow that insists on the hook; both agents are enrolled."""
    assert client_agent != provider_agent
    there = next_address(deployer.address, deployer.nonce + 1)
    jobs = deployer.deploy(project.AgenticCommerce, token, there)
    setup = ERC_TEXT.setup(
        world.core.address,
        admin.address,
        [jobs.address],
        lanes,
        reputation=reputation.address,
        identity=world.registry.address,
    )
    hook = deployer.deploy(project.CommerceHook, setup)
    assert hook.address == there
    return Market(jobs, token, client, provider, evaluator, hook.address)


@pytest.fixture(scope="module")
def hook(project: Any, guarded: Market) -> Any:
    """The hook of the guarded escrow."""
    return project.CommerceHook.at(guarded.hook)


@pytest.fixture(scope="module", autouse=True)
def rich(token: Any, plain: Market, client: Any, stranger: Any) -> None:
    """Client and stranger have money, and approved the escrow without a hook."""
    for one in (client, stranger):
        token.mint(one, FUNDS, sender=one)
        token.approve(plain.jobs, FUNDS, sender=one)
    assert BUDGET < CAP < FUNDS
    assert expiry() > 0
