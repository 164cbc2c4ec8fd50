"""Scene 3: a cascade of agents that run on one model."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING

from switchgear.demo.scene import Figures, Script, dollars
from switchgear.demo.stage import DOLLAR, HOUR, UNLIMITED, Call, Example, Outcome
from switchgear.display import plural
from switchgear.types import Cause, LanePolicy, Limits, Reason, Scope, State, Subject

if TYPE_CHECKING:
    from collections.abc import Sequence

    from eth_account.signers.local import LocalAccount

    from switchgear.demo.scene import Scene
    from switchgear.demo.stage import Stage

HERD = 24
OTHERS = 8
ORE = 10**18
BASE, QUOTE = 100_000 * ORE, 1_000_000 * DOLLAR
"""What is in the pool at first: ore at $10."""
SALE = 500 * ORE
"""What each agent of the herd sells in a block."""
TRADE = 100 * DOLLAR
"""What each of the others buys for in a block."""
BLOCKS = 3
LANE = 0
"""`SWAP_LANE` of the guarded pools."""
LIMITS = Limits(
    count_cap=60,
    value_cap=10_000 * DOLLAR,
    trip_level=90,
    strikes=3,
    cooldown=3 * HOUR,
    max_backoff=3,
    half_open_scale=4,
    probation=2,
)
"""Of each agent: trades worth $10,000 an hour."""
ALONE = LanePolicy(window=HOUR)
"""Limits for each agent, and nothing that agents share."""
SHARED = LanePolicy(window=HOUR, lineage=True, lineage_value=6, lineage_count=24, share=50)
"""The same, and a breaker for each lineage: $60,000 an hour."""


@dataclass(frozen=True)
class _Market:
    """A pool after the signal."""

    pool: Example
    herd: list[list[Outcome]]
    """What the herd did, block by block."""
    others: list[list[Outcome]]
    prices: list[float]
    """Before the signal, and after each block."""
    lost: int
    """What the herd's ore was worth before the signal, less what it was sold for."""
    sold: int

    @property
    def low(self) -> str:
        """Fall of the price at its lowest."""
        return f"{1 - min(self.prices) / self.prices[0]:.0%}"


def play(stage: Stage, scene: Scene) -> Figures:
    """24 agents of one family sell at once, beside 8 of another: no guard, limits for each, a breaker for all (S5)."""
    admin, owner, maker, rival = stage.cast("the admin", "the owner", "the herd's model provider", "the other provider")
    breaker = stage.breaker
    families = [
        int(breaker.register_lineage(name, sender=provider).event("LineageRegistered").args["lineage"])
        for name, provider in (("herd-1", maker), ("other-1", rival))
    ]
    herd, others = stage.actors(HERD), stage.actors(OTHERS)
    for wallets, family in ((herd, families[0]), (others, families[1])):
        for wallet in wallets:
            stage.enroll(owner, wallet, lineage=family)
    base, quote = stage.token("Ore", "ORE"), stage.token("Dollar", "USD")
    guard = (base.address, quote.address, breaker.address, admin.address, LIMITS)
    pools = {
        "no guard": stage.deploy("Pool", base.address, quote.address),
        "limits for each agent": stage.deploy("GuardedPool", *guard, ALONE, families),
        "a breaker for the lineage": stage.deploy("GuardedPool", *guard, SHARED, families),
    }
    _stock(stage, list(pools.values()), base, quote, [*herd, *others])
    scene.say(f"{HERD} agents run on model family {families[0]}, {OTHERS} on family {families[1]}; all trade in pools.")
    opening = [Call(wallet, pool, "swap", (base.address, ORE, 0)) for pool in pools.values() for wallet in herd]
    opening += [Call(wallet, pool, "swap", (quote.address, DOLLAR, 0)) for pool in pools.values() for wallet in others]
    for start in range(0, len(opening), HERD + OTHERS):
        done = [outcome.done for outcome in stage.at_once(opening[start : start + HERD + OTHERS])]
        scene.holds(f"{plural(len(done), 'first small trade')} done", all(done))
    scene.wait(timedelta(hours=LIMITS.probation), "probation")

    scene.say(
        "One price signal, read alike by one model: in the same block its agents sell, and again in the next two."
    )
    markets = {name: _signal(stage, pool, base, quote, herd, others) for name, pool in pools.items()}
    for name, market in markets.items():
        tell = scene.guarded if market.pool is pools["a breaker for the lineage"] else scene.without
        path = " > ".join(f"${price:.2f}" for price in market.prices)
        tell(f"{name}: price {path} ({market.low} down); the herd sold at a loss of {dollars(market.lost)}.")
    plain, each, shared = markets.values()
    scene.holds("without a guard the whole herd sold in every block", _done(plain.herd), [HERD] * BLOCKS)
    scene.holds("limits for each agent let the whole herd through at first", _done(each.herd)[0], HERD)
    lows = [min(market.prices) for market in (plain, each, shared)]
    scene.holds("the lineage's breaker keeps the price highest, limits for each the next", lows, sorted(lows))

    lineage = Subject.of_lineage(families[0])
    trips = [
        (outcome.block, trip.args["subject"], trip.args["cause"])
        for block in shared.herd
        for outcome in block
        for trip in outcome.trips
    ]
    first = shared.herd[0][0].block
    stopped = trips[0][0] if trips else shared.herd[-1][0].block
    scene.guarded(
        f"{_done(shared.herd)[0]} of {HERD} got through, then their shared breaker opened, in the block of the signal."
    )
    scene.holds(
        "the lineage's breaker opened once, by last straw, in that very block",
        trips,
        [(first, lineage, Cause.VALUE_LAST_STRAW)],
    )
    denials = Counter(
        (outcome.verdict.scope, outcome.verdict.reason)
        for block in shared.herd
        for outcome in block
        if outcome.verdict is not None
    )
    refused = HERD * BLOCKS - sum(_done(shared.herd))
    scene.holds(
        f"the other {refused} sales were all denied by it", denials, {(Scope.LINEAGE, Reason.BREAKER_OPEN): refused}
    )
    cap = LIMITS.value_cap * SHARED.lineage_value
    scene.at_most("the herd sold within its lineage's limit", shared.sold, cap)
    scene.at_most("and lost less than under limits for each agent", shared.lost, each.lost)
    scene.guarded(f"The other family trades on: {sum(_done(shared.others))} of {OTHERS * BLOCKS} trades done.")
    scene.holds("every trade of the other family was done", _done(shared.others), [OTHERS] * BLOCKS)
    states = [
        breaker.usage(shared.pool.address, LANE, Subject.of_lineage(family)).state.name.lower() for family in families
    ]
    closed, opened = State.CLOSED.name.lower(), State.OPEN.name.lower()
    scene.holds("the herd's breaker is open, the other family's is closed", states, [opened, closed])
    return Figures(
        each.lost,
        shared.lost,
        stopped - first,
        {
            name.replace(" ", "_"): {
                "prices": [round(price, 4) for price in market.prices],
                "lost": dollars(market.lost),
                "herd_sales": _done(market.herd),
                "other_trades": _done(market.others),
            }
            for name, market in markets.items()
        },
    )


def _stock(
    stage: Stage, pools: Sequence[Example], base: Example, quote: Example, traders: Sequence[LocalAccount]
) -> None:
    """Fills the pools, and the traders' pockets."""
    funder = stage.deployer
    spenders = [pool.address for pool in pools]
    calls = [Call(funder, token, "mint", (funder.address, UNLIMITED >> 64)) for token in (base, quote)]
    calls += [Call(funder, token, "approve", (spender, UNLIMITED)) for token in (base, quote) for spender in spenders]
    calls += [Call(funder, pool, "addLiquidity", (BASE, QUOTE)) for pool in pools]
    for one in traders:
        calls += [Call(funder, token, "transfer", (one.address, 10**6 * ORE)) for token in (base, quote)]
        calls += [Call(one, token, "approve", (spender, UNLIMITED)) for token in (base, quote) for spender in spenders]
    for start in range(0, len(calls), 40):
        for outcome in stage.at_once(calls[start : start + 40]):
            if outcome.error:
                raise outcome.error


def _signal(
    stage: Stage,
    pool: Example,
    base: Example,
    quote: Example,
    herd: Sequence[LocalAccount],
    others: Sequence[LocalAccount],
) -> _Market:
    """The herd sells and the others go about their business, for a few blocks, all of them in the same block each."""
    prices = [_price(pool)]
    sold_by_herd, done_by_others = [], []
    for _ in range(BLOCKS):
        calls = [Call(wallet, pool, "swap", (base.address, SALE, 0)) for wallet in herd]
        # One of the others after every third of the herd.
        for place, wallet in enumerate(others):
            calls.insert(4 * place + 3, Call(wallet, pool, "swap", (quote.address, TRADE, 0)))
        outcomes = stage.at_once(calls)
        sold_by_herd.append([outcome for outcome in outcomes if outcome.call.sender in herd])
        done_by_others.append([outcome for outcome in outcomes if outcome.call.sender in others])
        prices.append(_price(pool))
    receipts = [outcome for block in sold_by_herd for outcome in block if outcome.done]
    proceeds = sum(stage.received(outcome, quote, outcome.call.sender.address) for outcome in receipts)
    worth = int(len(receipts) * SALE * prices[0])
    return _Market(pool, sold_by_herd, done_by_others, prices, worth - proceeds, proceeds)


def _price(pool: Example) -> float:
    base, quote = pool.read("reserves")
    return float(quote / base)


def _done(blocks: list[list[Outcome]]) -> list[int]:
    """How many transactions did what they were sent for, block by block."""
    return [sum(outcome.done for outcome in block) for block in blocks]


SCRIPT = Script("cascade", "Cascade: 24 agents with one mind", ("S5",), play)
