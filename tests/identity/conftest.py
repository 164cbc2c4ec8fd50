"""Roles, and a registry with one agent (number 0) of which every role has its relation."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from tests.identity.typed_data import agent_wallet_message, sign

if TYPE_CHECKING:
    from collections.abc import Callable

AGENT = 0
URI = "ipfs://agent"


@pytest.fixture(scope="module")
def owner(accounts: Any) -> Any:
    """Owns the agent."""
    return accounts[1]


@pytest.fixture(scope="module")
def approved(accounts: Any) -> Any:
    """Approved for the agent (ERC-721 approve)."""
    return accounts[2]


@pytest.fixture(scope="module")
def operator(accounts: Any) -> Any:
    """An operator of the owner (ERC-721 setApprovalForAll)."""
    return accounts[3]


@pytest.fixture(scope="module")
def stranger(accounts: Any) -> Any:
    """Has no relation to the agent."""
    return accounts[4]


@pytest.fixture(scope="module")
def wallet(accounts: Any) -> Any:
    """A key that is to be the agent's wallet."""
    return accounts[5]


@pytest.fixture(scope="module")
def buyer(accounts: Any) -> Any:
    """Gets the agent by transfer."""
    return accounts[6]


@pytest.fixture(scope="module")
def sink(project: Any, accounts: Any) -> Any:
    """In place of the core."""
    return accounts[0].deploy(project.IdentitySinkMock)


@pytest.fixture(scope="module")
def empty_registry(project: Any, accounts: Any, sink: Any) -> Any:
    """A registry without agents."""
    return accounts[0].deploy(project.AgentIdentity, sink)


@pytest.fixture(scope="module")
def registry(empty_registry: Any, owner: Any, approved: Any, operator: Any) -> Any:
    """A registry with the one agent, approvals given."""
    empty_registry.register(URI, sender=owner)
    empty_registry.approve(approved, AGENT, sender=owner)
    empty_registry.setApprovalForAll(operator, True, sender=owner)
    return empty_registry


@pytest.fixture
def at_time(chain: Any) -> Callable[[], int]:
    """Fixes the time of the next block to an hour from now, and says which second that is."""

    def fix() -> int:
        moment: int = chain.blocks.head.timestamp + 3600
        chain.pending_timestamp = moment
        return moment

    return fix


@pytest.fixture
def name_wallet(registry: Any, owner: Any, at_time: Callable[[], int]) -> Callable[..., Any]:
    """Names a key as the agent's wallet, the proper way."""

    def name(account: Any) -> Any:
        deadline = at_time() + 300
        fields = {"agentId": AGENT, "newWallet": account.address, "owner": owner.address, "deadline": deadline}
        signature = sign(account, agent_wallet_message(registry, **fields))
        return registry.setAgentWallet(AGENT, account, deadline, signature, sender=owner)

    return name


def logs(receipt: Any, *contracts: Any) -> list[tuple[str, dict[str, Any]]]:
    """The events of these contracts in the receipt, in order, as (name, fields)."""
    addresses = {contract.address for contract in contracts}
    return [(log.event_name, dict(log.event_arguments)) for log in receipt.events if log.contract_address in addresses]
