"""The world of `tests.support.world`, once with nothing in it and once populated."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from switchgear import connect
from tests.support.world import create_world, populate

if TYPE_CHECKING:
    from web3 import Web3

    from tests.support.world import World


@pytest.fixture(scope="module")
def web3(chain: Any) -> Web3:
    """A plain connection to the node that Ape started."""
    return connect(chain.provider.http_uri)


@pytest.fixture(scope="module")
def empty(web3: Web3, accounts: Any) -> World:
    """Core and registry, and nobody."""
    return create_world(web3, [accounts[index] for index in range(8)])


@pytest.fixture(scope="module")
def world(empty: World) -> World:
    """One agent with a wallet, one protocol with a lane."""
    return populate(empty)
