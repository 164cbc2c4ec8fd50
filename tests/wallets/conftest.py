"""One chain with every wallet on it, unguarded, and a token."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import pytest

from switchgear.errors import ContractReverted
from switchgear.foreign import artifacts
from switchgear.foreign.keys import key
from switchgear.gas.chain import Chain, Deployed, account, anvil

if TYPE_CHECKING:
    from collections.abc import Iterator

    from eth_account.signers.local import LocalAccount

FUNDS = 1_000
BOB = account("bob")
"""Gets what is transferred."""
AGENT: LocalAccount = key("agent")
"""Controls the wallets."""


class Money:
    """The token as the tests use it."""

    def __init__(self, chain: Chain, token: Deployed) -> None:
        self.chain = chain
        self.token = token
        self.address = token.address

    def give(self, wallet: str, amount: int = FUNDS) -> None:
        """Mints a wallet its funds."""
        self.chain.send(self.token, "mint", wallet, amount)

    def of(self, holder: str) -> int:
        """A balance."""
        return int(self.chain.call(self.token, "balanceOf", holder))

    def transfer(self, amount: int = 1, to: str = BOB) -> bytes:
        """A call that moves some."""
        return self.encode("transfer", to, amount)

    def encode(self, function: str, *args: Any) -> bytes:
        """Another call."""
        return self.token.interface.encode(function, args)

    @contextmanager
    def moves(self, amount: int, wallet: str, to: str = BOB) -> Iterator[None]:
        """Insists that a block takes this much from the wallet, and that it arrives."""
        before = self.of(wallet), self.of(to)
        yield
        assert (self.of(wallet), self.of(to)) == (before[0] - amount, before[1] + amount)


@contextmanager
def refused(data: bytes) -> Iterator[None]:
    """Insists that a block reverts, with these bytes among the revert data (a selector, a text), or without any."""
    with pytest.raises(ContractReverted) as revert:
        yield
    assert data in revert.value.data if data else revert.value.data == b""


@pytest.fixture(scope="package")
def chain(project: Any) -> Iterator[Chain]:
    """An anvil with all artifacts at hand."""
    with anvil(artifacts.of(project)) as running:
        yield running


@pytest.fixture(scope="package")
def money(chain: Chain) -> Money:
    """A token that does what one expects."""
    return Money(chain, chain.deploy("ExampleToken", "Dollar", "USD"))
