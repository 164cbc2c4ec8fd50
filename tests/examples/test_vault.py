"""The vaults: power over somebody else's shares is limited by every door, one's own exit by none."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from tests.adapters.world import HOUR, REASON, SCOPE, Limits, Policy, World, deny, reason_and_scope
from tests.support.reverts import reverts_with

if TYPE_CHECKING:
    from ape.api import ChainManager, ReceiptAPI

DEPOSIT = 10_000
CAP = 1_000
LANE = 0
GAS = 1_000_000
MAX = 2**256 - 1
LIMITS = Limits(count_cap=100, value_cap=CAP, strikes=3)
DOORS = ["withdraw", "redeem", "transferFrom"]
"""The functions that spend an allowance of shares. A share is worth one unit of the asset here."""


@pytest.fixture(scope="module")
def vaults(
    project: Any, deployer: Any, world: World, admin: Any, quote: Any, agent: int, wallet: Any, user: Any
) -> dict[str, Any]:
    """The three vaults, by name, each with the user's deposit and the user's allowance to the agent's wallet."""
    assert agent
    guard: tuple[Any, ...] = (quote, world.core, admin, LIMITS, Policy(), [])
    found = {
        "Vault": deployer.deploy(project.Vault, quote),
        "GuardedVault": deployer.deploy(project.GuardedVault, *guard),
        "SoftGuardedVault": deployer.deploy(project.SoftGuardedVault, *guard),
    }
    for vault in found.values():
        quote.mint(user, DEPOSIT, sender=deployer)
        quote.approve(vault, MAX, sender=user)
        vault.deposit(DEPOSIT, user, sender=user)
        vault.approve(wallet, MAX, sender=user)
    return found


@pytest.fixture
def vault(vaults: dict[str, Any]) -> Any:
    """The hard one."""
    return vaults["GuardedVault"]


@pytest.fixture
def soft_vault(vaults: dict[str, Any]) -> Any:
    """The soft one."""
    return vaults["SoftGuardedVault"]


def go(vault: Any, door: str, amount: int, *, source: Any, to: Any, sender: Any) -> ReceiptAPI:
    """Moves `amount` of the shares of `source` out through one of the doors."""
    arguments = (source, to, amount) if door == "transferFrom" else (amount, to, source)
    receipt: ReceiptAPI = getattr(vault, door)(*arguments, sender=sender, gas=GAS)
    return receipt


@pytest.mark.parametrize("door", DOORS)
def test_vault__unguarded__loses_everything(
    door: str, vaults: dict[str, Any], user: Any, wallet: Any, payee: Any
) -> None:
    """S2: without a guard an agent with an allowance takes the whole deposit at once."""
    go(vaults["Vault"], door, DEPOSIT, source=user, to=payee, sender=wallet)
    assert vaults["Vault"].balanceOf(user) == 0


@pytest.mark.parametrize("door", DOORS)
def test_guarded_vault__beyond_the_cap__reverts_by_every_door(
    door: str, vault: Any, user: Any, agent: int, wallet: Any, payee: Any
) -> None:
    """BR-2: an agent takes its cap and not one unit more, by whichever function it tries."""
    oversized = deny("ValueOversized", "Agent", agent=agent)
    with reverts_with(vault, "AgentDenied", lane=LANE, wallet=wallet, verdict=oversized):
        go(vault, door, CAP + 1, source=user, to=payee, sender=wallet)
    go(vault, door, CAP, source=user, to=payee, sender=wallet)
    assert vault.balanceOf(user) == DEPOSIT - CAP


def test_guarded_vault__doors_in_turn__share_one_meter(
    vault: Any, user: Any, agent: int, wallet: Any, payee: Any, chain: ChainManager
) -> None:
    """BR-2: what went out by one function counts against the others."""
    start = chain.blocks.head.timestamp + 10
    for door in DOORS:
        chain.pending_timestamp = start
        go(vault, door, CAP // 4, source=user, to=payee, sender=wallet)
        start += 1
    chain.pending_timestamp = start
    # 750 of 1,000 less what three seconds give back: 500 more fit once 250 have drained, a quarter of an hour on.
    verdict = deny("ValueLimit", "Agent", agent=agent, retry_after=HOUR // 4 - 3)
    with reverts_with(vault, "AgentDenied", lane=LANE, wallet=wallet, verdict=verdict):
        go(vault, "redeem", CAP // 2, source=user, to=payee, sender=wallet)


def test_guarded_vault__agent_takes_shares_first__gets_no_further(
    vault: Any, user: Any, wallet: Any, payee: Any, quote: Any
) -> None:
    """BR-2: transferring shares to itself and leaving as their owner gets an agent its cap, no more."""
    go(vault, "transferFrom", CAP, source=user, to=wallet, sender=wallet)
    go(vault, "withdraw", CAP, source=wallet, to=payee, sender=wallet)
    assert quote.balanceOf(payee) == CAP
    with reverts_with(vault, "AgentDenied", lane=LANE, wallet=wallet, verdict=...) as revert:
        go(vault, "transferFrom", CAP, source=user, to=wallet, sender=wallet)
    assert reason_and_scope(revert.fields["verdict"]) == (REASON["ValueLimit"], SCOPE["Agent"])


@pytest.mark.parametrize("name", ["Vault", "GuardedVault", "SoftGuardedVault"])
def test_vault__own_exit__is_never_gated(
    name: str, vaults: dict[str, Any], world: World, user: Any, admin: Any, quote: Any
) -> None:
    """BR-16: a user with no agent gets everything out, even from a vault whose lane was tripped."""
    vault = vaults[name]
    if name != "Vault":
        world.core.trip(vault, LANE, 2 << 32, b"", sender=admin)
    vault.transfer(admin, 1, sender=user)
    vault.redeem(CAP, user, user, sender=user)
    vault.withdraw(DEPOSIT - CAP - 1, user, user, sender=user)
    assert quote.balanceOf(user) == DEPOSIT - 1
    assert vault.balanceOf(user) == 0


@pytest.mark.parametrize("name", ["GuardedVault", "SoftGuardedVault"])
def test_vault__own_exit_without_a_core__is_never_gated(
    name: str, vaults: dict[str, Any], world: World, user: Any
) -> None:
    """BR-16: a user gets everything out even if the core is gone."""
    world.core.provider.make_request("anvil_setCode", [world.core.address, "0x"])
    vaults[name].redeem(DEPOSIT, user, user, sender=user)
    assert vaults[name].totalSupply() == 0


@pytest.mark.parametrize("door", DOORS)
def test_guarded_vault__stranger_with_allowance__denied(door: str, vault: Any, user: Any, payee: Any) -> None:
    """ID-5: an allowance alone is not enough: a spender with no agent is denied."""
    vault.approve(payee, MAX, sender=user)
    with reverts_with(vault, "AgentDenied", lane=LANE, wallet=payee, verdict=deny("WalletUnknown", "Wallet")):
        go(vault, door, 1, source=user, to=payee, sender=payee)


def test_guarded_vault__allowance_too_small__not_charged(
    vault: Any, world: World, user: Any, agent: int, wallet: Any, payee: Any
) -> None:
    """BR-4: in the hard form an action that fails for another reason takes its charge back."""
    vault.approve(wallet, CAP - 1, sender=user)
    with reverts_with(vault, "ERC20InsufficientAllowance", spender=wallet, allowance=CAP - 1, needed=CAP):
        go(vault, "redeem", CAP, source=user, to=payee, sender=wallet)
    assert world.core.usage(vault, LANE, agent).valueUsed == 0


@pytest.mark.parametrize("door", DOORS)
def test_guarded_vault__price_not_one__charges_assets_rounded_up(
    door: str, vault: Any, world: World, user: Any, agent: int, wallet: Any, payee: Any, quote: Any, deployer: Any
) -> None:
    """BR-2: the meter counts assets, not shares, rounded against the agent."""
    quote.mint(vault, DEPOSIT // 2, sender=deployer)  # a share is worth 1.5 less a little
    go(vault, door, 101, source=user, to=payee, sender=wallet)
    shares = DEPOSIT - vault.balanceOf(user)
    exact = shares * (DEPOSIT * 3 // 2 + 1) / (DEPOSIT + 1)
    used = world.core.usage(vault, LANE, agent).valueUsed
    assert exact <= used < exact + 2
    assert used >= quote.balanceOf(payee)


@pytest.mark.parametrize("door", DOORS)
def test_soft_guarded_vault__beyond_the_cap__refuses_and_strikes(
    door: str, soft_vault: Any, world: World, user: Any, agent: int, wallet: Any, payee: Any
) -> None:
    """BR-4, BR-5: a soft refusal moves nothing and returns zero, and the third one opens the agent's breaker."""
    arguments = (user, payee, CAP + 1) if door == "transferFrom" else (CAP + 1, payee, user)
    assert not getattr(soft_vault, door).call(*arguments, sender=wallet)
    for _ in range(LIMITS.strikes):
        assert world.core.usage(soft_vault, LANE, agent).state == 0
        receipt = go(soft_vault, door, CAP + 1, source=user, to=payee, sender=wallet)
        assert "Denied" in [name for name, _ in world.events(receipt)]
    assert world.core.usage(soft_vault, LANE, agent).state == 2
    assert soft_vault.balanceOf(user) == DEPOSIT


@pytest.mark.parametrize("door", DOORS)
def test_soft_guarded_vault__within_the_cap__moves(
    door: str, soft_vault: Any, world: World, user: Any, agent: int, wallet: Any, payee: Any
) -> None:
    """BR-2: an admitted agent moves its cap and is charged for it once."""
    go(soft_vault, door, CAP, source=user, to=payee, sender=wallet)
    assert soft_vault.balanceOf(user) == DEPOSIT - CAP
    assert world.core.usage(soft_vault, LANE, agent).valueUsed == CAP
