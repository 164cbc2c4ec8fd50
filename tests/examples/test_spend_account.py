"""The account that a tree of agents pays its bills from (ID-6)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

import pytest

from tests.adapters.world import FOREVER, HOUR, REASON, SCOPE, World, deny, reason_and_scope
from tests.support.reverts import reverts_with

if TYPE_CHECKING:
    from ape.api import ChainManager

BUDGET = 12_000
FRESH = BUDGET // 4
"""What a fresh agent may spend of it (ID-9)."""
LANE = 0
GAS = 1_000_000


class Tree(NamedTuple):
    """Handles, root first."""

    root: int
    child: int
    grandchild: int
    stranger: int


class Wallets(NamedTuple):
    """Their wallets."""

    root: Any
    child: Any
    grandchild: Any
    stranger: Any


@pytest.fixture(scope="module")
def wallets(accounts: Any) -> Wallets:
    """A wallet for each agent."""
    return Wallets(accounts[3], accounts[6], accounts[7], accounts[8])


@pytest.fixture(scope="module")
def tree(world: World, owner: Any, wallets: Wallets) -> Tree:
    """An agent, its child, its grandchild; and a stranger, which is nobody's child."""
    root = world.agent(owner, wallets.root)
    child = world.agent(owner, wallets.child, parent=root)
    grandchild = world.agent(owner, wallets.grandchild, parent=child)
    return Tree(root, child, grandchild, world.agent(owner, wallets.stranger))


@pytest.fixture(scope="module")
def treasurer(accounts: Any) -> Any:
    """Owns the money."""
    return accounts[9]


@pytest.fixture(scope="module")
def account(project: Any, deployer: Any, world: World, quote: Any, treasurer: Any, tree: Tree) -> Any:
    """The account, with a hundred budgets in it."""
    deployed = deployer.deploy(project.SpendAccount, world.core, quote, treasurer, tree.root, BUDGET)
    quote.mint(deployed, 100 * BUDGET, sender=deployer)
    return deployed


@pytest.mark.parametrize("who", ["root", "child", "grandchild"])
def test_pay__agent_of_the_tree__pays(
    who: str, account: Any, wallets: Wallets, tree: Tree, quote: Any, payee: Any
) -> None:
    """ID-6: the root and whatever descends from it pay their bills, and the payment names the agent."""
    wallet, agent = getattr(wallets, who), getattr(tree, who)
    receipt = account.pay(payee, FRESH, sender=wallet)
    assert quote.balanceOf(payee) == FRESH
    assert account.Paid.from_receipt(receipt) == [account.Paid(agent=agent, wallet=wallet, to=payee, amount=FRESH)]


def test_pay__agent_of_no_tree__reverts_uncharged(
    account: Any, world: World, wallets: Wallets, tree: Tree, payee: Any
) -> None:
    """BR-11: an agent from outside is admitted by the core but has no part in the account, and leaves no charge."""
    with reverts_with(account, "NotInTree", agent=tree.stranger, root=tree.root):
        account.pay(payee, 1, sender=wallets.stranger, gas=GAS)
    assert world.core.usage(account, LANE, tree.stranger).countUsed == 0


def test_pay__nobodys_wallet__denied(account: Any, user: Any, payee: Any) -> None:
    """ID-5: a fresh key spends nothing."""
    with reverts_with(account, "AgentDenied", lane=LANE, wallet=user, verdict=deny("WalletUnknown", "Wallet")):
        account.pay(payee, 1, sender=user, gas=GAS)


def test_pay__sub_agents_together__draw_on_the_root(
    account: Any, world: World, wallets: Wallets, tree: Tree, quote: Any, payee: Any
) -> None:
    """ID-6: what the descendants spend is the root's: together they get one budget, not one each."""
    account.pay(payee, FRESH // 2, sender=wallets.child)
    account.pay(payee, FRESH // 4, sender=wallets.grandchild)
    with reverts_with(account, "AgentDenied", lane=LANE, wallet=wallets.grandchild, verdict=...) as revert:
        account.pay(payee, FRESH // 2, sender=wallets.grandchild, gas=GAS)
    assert reason_and_scope(revert.fields["verdict"]) == (REASON["ValueLimit"], SCOPE["Ancestor"])
    assert quote.balanceOf(payee) == FRESH * 3 // 4
    assert world.core.usage(account, LANE, tree.root).countUsed == 2


def test_pay__root_tripped__stops_the_tree(
    account: Any, world: World, owner: Any, wallets: Wallets, tree: Tree, payee: Any
) -> None:
    """ID-6: the root's kill switch stops every descendant."""
    world.core.tripAgent(tree.root, b"", sender=owner)
    denials = {
        wallets.root: deny("BreakerOpen", "KillSwitch", agent=tree.root),
        wallets.child: deny("BreakerOpen", "AncestorKillSwitch", agent=tree.child, distance=1),
        wallets.grandchild: deny("BreakerOpen", "AncestorKillSwitch", agent=tree.grandchild, distance=2),
    }
    for wallet, verdict in denials.items():
        with reverts_with(account, "AgentDenied", lane=LANE, wallet=wallet, verdict=verdict):
            account.pay(payee, 1, sender=wallet, gas=GAS)


def test_pay__budget_used_up__stops_for_the_cooldown(
    account: Any, wallets: Wallets, tree: Tree, payee: Any, chain: ChainManager
) -> None:
    """BR-5, BR-6: the payment that uses the budget up goes through and stops the root, in probation for 6 hours."""
    account.pay(payee, FRESH, sender=wallets.root)
    cooldown = 6 * HOUR
    start = chain.blocks.head.timestamp
    for wait in (1, cooldown - 1):
        chain.pending_timestamp = start + wait
        verdict = deny("BreakerOpen", "Agent", agent=tree.root, retry_after=cooldown - wait)
        with reverts_with(account, "AgentDenied", lane=LANE, wallet=wallets.root, verdict=verdict):
            account.pay(payee, 1, sender=wallets.root, gas=GAS)
    chain.pending_timestamp = start + cooldown
    account.pay(payee, 1, sender=wallets.root)


def test_pay__agent_sold__stops_at_once(
    account: Any, world: World, owner: Any, user: Any, wallets: Wallets, tree: Tree, payee: Any
) -> None:
    """ID-4: a sold agent spends nothing more."""
    registry, agent_id, *_ = world.core.identityOf(tree.child)
    assert registry == world.registry
    world.registry.transferFrom(owner, user, agent_id, sender=owner)
    verdict = deny("WalletStale", "Wallet", agent=tree.child)
    with reverts_with(account, "AgentDenied", lane=LANE, wallet=wallets.child, verdict=verdict):
        account.pay(payee, 1, sender=wallets.child, gas=GAS)


def test_withdraw__tripped_or_core_gone__is_never_gated(
    account: Any, world: World, owner: Any, treasurer: Any, tree: Tree, quote: Any
) -> None:
    """BR-16: the treasurer takes the money back whatever is open, and without a core too."""
    world.core.trip(account, LANE, 2 << 32, b"", sender=treasurer)
    world.core.tripAgent(tree.root, b"", sender=owner)
    account.withdraw(BUDGET, sender=treasurer)
    world.core.provider.make_request("anvil_setCode", [world.core.address, "0x"])
    account.withdraw(99 * BUDGET, sender=treasurer)
    assert quote.balanceOf(treasurer) == 100 * BUDGET


def test_withdraw__anyone_else__reverts(account: Any, wallets: Wallets, owner: Any) -> None:
    """S6: neither an agent nor its owner takes money out but by paying a bill."""
    for caller in (wallets.root, owner):
        with reverts_with(account, "NotTreasurer", caller=caller):
            account.withdraw(1, sender=caller, gas=GAS)


@pytest.mark.parametrize("root", [0, FOREVER])
def test_constructor__root_not_enrolled__reverts(
    root: int, project: Any, deployer: Any, world: World, quote: Any, treasurer: Any
) -> None:
    """ID-2: 0 is no agent: as a root it would be everybody's."""
    with reverts_with(world.core, "UnknownAgent", agent=root):
        deployer.deploy(project.SpendAccount, world.core, quote, treasurer, root, BUDGET, gas=5_000_000)
