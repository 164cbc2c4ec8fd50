"""The pools: only trading is asked about, and each form keeps what it says it keeps."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from tests.adapters.world import CAUSE, REASON, SCOPE, Limits, Policy, World, deny, reason_and_scope
from tests.support.reverts import reverts_with

if TYPE_CHECKING:
    from ape.api import ReceiptAPI

BASE, QUOTE = 1_000_000, 4_000_000
CAP = 10_000
LANE = 0
GAS = 1_000_000
MAX = 2**256 - 1
LIMITS = Limits(count_cap=100, value_cap=CAP, strikes=3)
GUARDED = ["GuardedPool", "SoftGuardedPool", "ChargedPool"]
POOLS = ["Pool", *GUARDED]
HARD = "GuardedPool"


@pytest.fixture(scope="module")
def lineage(world: World, owner: Any) -> int:
    """A model that two agents run on."""
    receipt = world.core.registerLineage("model", sender=owner)
    return int(world.core.LineageRegistered.from_receipt(receipt)[0].lineage)


@pytest.fixture(scope="module")
def agent(world: World, owner: Any, wallet: Any, lineage: int) -> int:
    """An agent of that model."""
    return world.agent(owner, wallet, lineage=lineage)


@pytest.fixture(scope="module")
def twin_wallet(accounts: Any) -> Any:
    """Wallet of the twin."""
    return accounts[6]


@pytest.fixture(scope="module")
def twin(world: World, owner: Any, twin_wallet: Any, lineage: int) -> int:
    """Another agent of that model."""
    return world.agent(owner, twin_wallet, lineage=lineage)


@pytest.fixture(scope="module")
def pools(
    project: Any, deployer: Any, world: World, admin: Any, base: Any, quote: Any, user: Any,
    agent: int, wallet: Any, twin: int, twin_wallet: Any, lineage: int,
) -> dict[str, Any]:  # fmt: skip
    """The pools, by name, with the user's liquidity. Agents of a model share one's value."""
    assert agent != twin
    policy = Policy(lineage=True, lineage_count=2, lineage_value=1)
    guard = (world.core, admin, LIMITS, policy, [lineage])
    found = {
        name: deployer.deploy(getattr(project, name), base, quote, *(guard if name in GUARDED else ()))
        for name in POOLS
    }
    for token in (base, quote):
        for account in (user, wallet, twin_wallet):
            token.mint(account, 100 * QUOTE, sender=deployer)
            for pool in found.values():
                token.approve(pool, MAX, sender=account)
    for pool in found.values():
        pool.addLiquidity(BASE, QUOTE, sender=user)
    return found


def invariant(pool: Any) -> int:
    """The product of the reserves."""
    base_reserve, quote_reserve = pool.reserves()
    return int(base_reserve * quote_reserve)


def trade(pool: Any, token: Any, amount: int, sender: Any, min_out: int = 0) -> ReceiptAPI:
    """One swap."""
    receipt: ReceiptAPI = pool.swap(token, amount, min_out, sender=sender, gas=GAS)
    return receipt


@pytest.mark.parametrize("name", POOLS)
def test_swap__within_the_cap__trades_at_the_curve(
    name: str, pools: dict[str, Any], base: Any, quote: Any, wallet: Any
) -> None:
    """S2: an admitted trade pays what x * y = k and 0.3 % give, the same with a guard and without."""
    pool = pools[name]
    before = (base.balanceOf(wallet), quote.balanceOf(wallet), invariant(pool))
    trade(pool, quote, 5_000, wallet)
    bought = BASE * 5_000 * 997 // (QUOTE * 1000 + 5_000 * 997)
    assert base.balanceOf(wallet) - before[0] == bought
    assert before[1] - quote.balanceOf(wallet) == 5_000
    trade(pool, base, bought, wallet)
    assert pool.reserves() == (base.balanceOf(pool), quote.balanceOf(pool))
    assert invariant(pool) > before[2]
    assert quote.balanceOf(wallet) < before[1]


@pytest.mark.parametrize("name", GUARDED)
def test_swap__either_way__charges_the_quote_side(
    name: str,
    pools: dict[str, Any],
    world: World,
    base: Any,
    quote: Any,
    agent: int,
    wallet: Any,
    twin: int,
    twin_wallet: Any,
) -> None:
    """BR-11: the unit of value is the quote asset: what is paid of it, or what is got."""
    pool = pools[name]
    trade(pool, quote, 1_000, wallet)
    assert world.core.usage(pool, LANE, agent).valueUsed == 1_000
    before = quote.balanceOf(twin_wallet)
    got = pool.outputOf(base, 500)
    trade(pool, base, 500, twin_wallet)
    assert quote.balanceOf(twin_wallet) - before == got
    assert world.core.usage(pool, LANE, twin).valueUsed in (got, got + 1)  # readings are rounded up


def test_swap__unguarded__moves_the_market(pools: dict[str, Any], quote: Any, wallet: Any) -> None:
    """S2: without a guard one agent doubles the price in one trade."""
    pool = pools["Pool"]
    trade(pool, quote, 20 * QUOTE, wallet)
    assert pool.reserves()[1] == 21 * QUOTE


def test_swap__hard_beyond_the_cap__reverts(pools: dict[str, Any], quote: Any, agent: int, wallet: Any) -> None:
    """BR-4: the hard form reverts with the reason."""
    verdict = deny("ValueOversized", "Agent", agent=agent)
    with reverts_with(pools[HARD], "AgentDenied", lane=LANE, wallet=wallet, verdict=verdict):
        trade(pools[HARD], quote, CAP + 1, wallet)


@pytest.mark.parametrize("name", ["SoftGuardedPool", "ChargedPool"])
def test_swap__soft_beyond_the_cap__refuses_and_strikes(
    name: str, pools: dict[str, Any], world: World, quote: Any, wallet: Any
) -> None:
    """BR-4, BR-5: the soft forms return 0, move nothing, and trip the agent by its own strikes."""
    pool = pools[name]
    assert pool.swap.call(quote, CAP + 1, 0, sender=wallet) == 0
    before = quote.balanceOf(wallet)
    for _ in range(LIMITS.strikes):
        receipt = trade(pool, quote, CAP + 1, wallet)
    assert [(name, fields.get("cause")) for name, fields in world.events(receipt)] == [
        ("BreakerTripped", CAUSE["Strikes"]),
        ("Denied", None),
    ]
    assert quote.balanceOf(wallet) == before
    assert pool.reserves() == (BASE, QUOTE)


@pytest.mark.parametrize("name", [HARD, "SoftGuardedPool"])
def test_swap__slippage_in_a_form_that_reverts__not_charged(
    name: str, pools: dict[str, Any], world: World, quote: Any, agent: int, wallet: Any
) -> None:
    """BR-4: where the action reverts, so does its charge."""
    pool = pools[name]
    out = pool.outputOf(quote, 1_000)
    with reverts_with(pool, "OutputTooLow", amountOut=out, minOut=out + 1):
        trade(pool, quote, 1_000, wallet, out + 1)
    assert world.core.usage(pool, LANE, agent).countUsed == 0


def test_swap__slippage_in_charge_then_try__stays_charged(
    pools: dict[str, Any], world: World, quote: Any, agent: int, wallet: Any
) -> None:
    """BR-4: in charge-then-try the failed trade is undone, told and charged."""
    pool = pools["ChargedPool"]
    out = pool.outputOf(quote, 1_000)
    receipt = trade(pool, quote, 1_000, wallet, out + 1)
    (failed,) = pool.ActionFailed.from_receipt(receipt)
    assert (failed.lane, failed.wallet, failed.value) == (LANE, wallet, 1_000)
    assert pool.reserves() == (BASE, QUOTE)
    usage = world.core.usage(pool, LANE, agent)
    assert (usage.countUsed, usage.valueUsed) == (1, 1_000)


def test_swap_for__called_from_outside__reverts(pools: dict[str, Any], quote: Any, user: Any, wallet: Any) -> None:
    """BR-5: nobody trades for others by calling the inner half."""
    pool = pools["ChargedPool"]
    with reverts_with(pool, "NotSelf", caller=wallet):
        pool.swapFor(user, quote, 1_000, 0, sender=wallet, gas=GAS)


def test_swap__core_gone__each_pool_does_what_it_chose(
    pools: dict[str, Any], world: World, quote: Any, wallet: Any
) -> None:
    """BR-16: with the core gone, pools that fail closed stand still, and the one that fails open trades and says so."""
    world.core.provider.make_request("anvil_setCode", [world.core.address, "0x"])
    for name in (HARD, "SoftGuardedPool"):
        with reverts_with(pools[name], "CoreUnavailable", core=world.core):
            trade(pools[name], quote, 1_000, wallet)
    pool = pools["ChargedPool"]
    receipt = trade(pool, quote, CAP + 1, wallet)
    (event,) = pool.FailedOpen.from_receipt(receipt)
    assert (event.lane, event.wallet, event.value) == (LANE, wallet, CAP + 1)
    assert pool.reserves()[1] == QUOTE + CAP + 1


def test_swap__twins__share_the_lineage_breaker(
    pools: dict[str, Any], world: World, quote: Any, wallet: Any, twin_wallet: Any, twin: int
) -> None:
    """ID-8: what one agent traded counts against another one of the same model."""
    trade(pools[HARD], quote, CAP, wallet)
    assert world.core.usage(pools[HARD], LANE, twin).valueUsed == 0
    with reverts_with(pools[HARD], "AgentDenied", lane=LANE, wallet=twin_wallet, verdict=...) as revert:
        trade(pools[HARD], quote, CAP // 2, twin_wallet)
    assert reason_and_scope(revert.fields["verdict"]) == (REASON["ValueLimit"], SCOPE["Lineage"])


@pytest.mark.parametrize("name", POOLS)
def test_remove_liquidity__lane_tripped__is_never_gated(
    name: str, pools: dict[str, Any], world: World, user: Any, admin: Any, base: Any, quote: Any
) -> None:
    """BR-16: liquidity leaves a pool whose lane was tripped, and one whose core is gone."""
    pool = pools[name]
    if name in GUARDED:
        world.core.trip(pool, LANE, 2 << 32, b"", sender=admin)
    before = (base.balanceOf(user), quote.balanceOf(user))
    shares = pool.balanceOf(user)
    pool.removeLiquidity(shares // 2, sender=user)
    world.core.provider.make_request("anvil_setCode", [world.core.address, "0x"])
    pool.removeLiquidity(shares - shares // 2, sender=user)
    locked = 1_000 / (shares + 1_000)
    assert base.balanceOf(user) - before[0] == pytest.approx(BASE * (1 - locked), abs=2)
    assert quote.balanceOf(user) - before[1] == pytest.approx(QUOTE * (1 - locked), abs=2)


def test_add_liquidity__in_proportion__keeps_the_price(pools: dict[str, Any], quote: Any, user: Any) -> None:
    """A later deposit takes quote in proportion, and no more than was offered."""
    pool = pools["Pool"]
    shares = pool.totalSupply()
    with reverts_with(pool, "OutputTooLow", amountOut=QUOTE // 10 - 1, minOut=QUOTE // 10):
        pool.addLiquidity(BASE // 10, QUOTE // 10 - 1, sender=user, gas=GAS)
    pool.addLiquidity(BASE // 10, MAX, sender=user)
    assert pool.reserves() == (BASE * 11 // 10, QUOTE * 11 // 10)
    assert pool.totalSupply() == shares * 11 // 10
    assert quote.balanceOf(pool) == QUOTE * 11 // 10


def test_swap__foreign_token__reverts(pools: dict[str, Any], wallet: Any) -> None:
    """A pool trades its own two tokens alone."""
    with reverts_with(pools["Pool"], "UnknownToken", token=pools["Pool"]):
        trade(pools["Pool"], pools["Pool"], 1, wallet)


def test_swap__dust__reverts(pools: dict[str, Any], quote: Any, wallet: Any) -> None:
    """A trade that buys nothing is refused."""
    with reverts_with(pools["Pool"], "AmountIsZero"):
        trade(pools["Pool"], quote, 1, wallet)
