"""A vault on a real node, with a past that is known: what an agent did there, when, and what came of it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import pytest

from switchgear import Breaker, connect
from switchgear.detect.history import Place
from tests.support.core import LIMITS, POLICY, World

GAS = 1_000_000
CAP = 10
"""Actions that the vault takes of an agent within an hour."""
ALLOWANCE = 600
"""Of the user's shares, for each wallet: less than the value cap."""


@dataclass
class Story:
    """The past, as it happened."""

    world: World
    breaker: Breaker
    place: Place
    first: int
    last: int
    agent: int
    child: int
    hashes: list[str]
    """Of the agents' transactions to the vault, in order."""
    payee: str


@pytest.fixture(scope="module")
def story(project: Any, chain: Any) -> Story:
    """An agent takes 50 five times, its child 3 and 4; one call reverts; then come eight of 20."""
    world = World(project)
    token = world.deployer.deploy(project.ExampleToken, "Dollar", "USD")
    limits = LIMITS._replace(count_cap=CAP)
    vault = world.deployer.deploy(project.SoftGuardedVault, token, world.core, world.admin, limits, POLICY, [])
    other = world.deployer.deploy(project.SoftGuardedVault, token, world.core, world.admin, limits, POLICY, [])
    user, payee = world.buyer, world.spare
    child, child_wallet = world.enroll(world.owner, parent=world.agent, lineage=world.lineage), world.fresh(1)
    world.bind(child, child_wallet)
    first = int(chain.provider.get_block("latest").number) + 1
    for one in (vault, other):
        token.mint(user, 10_000, sender=world.deployer)
        token.approve(one, 2**256 - 1, sender=user)
        one.deposit(10_000, user, sender=user)
        for wallet in (world.wallet, child_wallet):
            one.approve(wallet, ALLOWANCE, sender=user)
    hashes: list[str] = []

    def withdraw(amount: int, wallet: Any, vault: Any = vault, **options: Any) -> None:
        receipt = vault.withdraw(amount, payee, user, sender=wallet, gas=GAS, **options)
        hashes.append(receipt.txn_hash)

    for _ in range(5):
        world.soon(1)
        withdraw(50, world.wallet)
    world.soon(1)
    withdraw(3, child_wallet)
    world.soon(1)
    withdraw(4, child_wallet)
    # None of this vault's and its agents': at another protocol, and the user's own.
    withdraw(5, world.wallet, vault=other)
    hashes.pop()
    vault.withdraw(7, payee, user, sender=user)
    # More than is left of the allowance: the vault reverts, and nothing is charged.
    world.soon(1)
    revert = vault.transferFrom(user, payee, ALLOWANCE, sender=world.wallet, gas=GAS, raise_on_revert=False)
    hashes.append(revert.txn_hash)
    for _ in range(8):
        world.soon(1)
        withdraw(20, world.wallet)
    last = int(chain.provider.get_block("latest").number)
    breaker = Breaker(connect(chain.provider.http_uri), world.core.address)
    return Story(
        world=world,
        breaker=breaker,
        place=Place(vault.address, 0, token.address),
        first=first,
        last=last,
        agent=world.agent,
        child=child,
        hashes=hashes,
        payee=payee.address,
    )
