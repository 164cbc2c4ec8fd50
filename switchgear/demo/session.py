"""Scene 8: an agent's key owns a Safe."""

from __future__ import annotations

from typing import TYPE_CHECKING

from switchgear.countersign import Call
from switchgear.demo.scene import Figures, Script, dollars
from switchgear.demo.stage import DOLLAR
from switchgear.demo.treasury import DELEGATECALL, LIMITS, guard, open_treasury, payments
from switchgear.display import plural
from switchgear.errors import DelegateCallRefused, GasRefundRefused, NotPermitted
from switchgear.policy import lane
from switchgear.types import ZERO_ADDRESS, Reason, Scope, Subject

if TYPE_CHECKING:
    from switchgear.demo.scene import Scene
    from switchgear.demo.stage import Stage

FUNDS = 20_000 * DOLLAR
BILL = 200 * DOLLAR
CALL_CAP = 500 * DOLLAR
HOURLY = 1_000 * DOLLAR
SESSION = LIMITS._replace(value_cap=HOURLY, trip_level=95)


def play(stage: Stage, scene: Scene) -> Figures:
    """An agent owns a Safe beside a person, and goes rogue; a session policy leaves it what it was meant for (S6)."""
    owner, person, wallet, shop, thief = stage.cast("the owner", "the person", "the agent", "the shop", "the thief")
    agent = stage.enroll(owner, wallet)
    plain = open_treasury(stage, wallet, person, FUNDS)
    scene.say(f"A Safe 1.5.0 with {dollars(FUNDS)} has two owners, an agent and a person; either signature is enough.")

    plain.pay(wallet, thief, plain.balance)
    lost_without = FUNDS - plain.balance
    scene.without(f"The agent goes rogue and sends {dollars(lost_without)} away, all there is.")
    scene.holds("without a guard everything was lost", lost_without, FUNDS)

    safe = open_treasury(stage, wallet, person, FUNDS)
    policy = guard(safe, owner, payments(safe, call_cap=CALL_CAP), limits=SESSION)
    scene.guarded(
        f"The agent may transfer this token: {dollars(CALL_CAP)} a call, {dollars(HOURLY)} an hour; nothing else."
    )
    paid = safe.pay(wallet, shop, BILL)
    scene.guarded(f"It pays a bill of {dollars(BILL)}: {paid.answer}, {paid.gas:,} gas.")
    scene.holds("an honest payment goes through", paid.done)

    first = stage.block + 1
    approve = Call(safe.token.address, 0, safe.token.interface.encode("approve", (thief.address, FUNDS)))
    removal = Call(safe.safe.address, 0, safe.safe.interface.encode("setGuard", (ZERO_ADDRESS,)))
    cheap = safe.transfer(shop, 1)
    ways = {
        "an approval for the thief": (safe.execute(wallet, approve), NotPermitted),
        "removing its own guard": (safe.execute(wallet, removal), NotPermitted),
        "a delegatecall": (safe.execute(wallet, approve, operation=DELEGATECALL), DelegateCallRefused),
        "a gas refund to itself": (safe.execute(wallet, cheap, gas_price=DOLLAR), GasRefundRefused),
    }
    for way, (outcome, expected) in ways.items():
        scene.guarded(f"It tries {way}: {outcome.answer}")
        scene.holds(f"{way} is refused", type(outcome.error), expected)
    for amount in (CALL_CAP, HOURLY - BILL - CALL_CAP):
        safe.pay(wallet, thief, amount)
    last = stage.block
    after = safe.pay(wallet, thief, 1)
    scene.guarded(f"It takes what it may, which opens its breaker behind it. Then: {after.answer}.")
    lost_with = FUNDS - BILL - safe.balance
    scene.at_most("the theft is within one hour's limit", lost_with, HOURLY)
    denied = after.verdict and (after.verdict.scope, after.verdict.reason)
    scene.holds("its breaker at this Safe is open", denied, (Scope.AGENT, Reason.BREAKER_OPEN))

    reset = stage.attempt(
        owner, stage.breaker, "reset", policy.address, lane(safe.token.address), Subject.of_agent(agent), 1
    )
    scene.holds("people reset it when they have seen why", reset.done)
    rescued = safe.pay(person, owner, safe.balance)
    scene.guarded(f"The person moves the rest into safety, unasked: {rescued.answer}.")
    scene.holds("no breaker stands in people's way", rescued.done and safe.balance, 0)
    scene.say(f"{plural(last - first + 1, 'block')} from the first attempt to the last dollar.")
    return Figures(lost_without, lost_with, last - first + 1, {"gas_of_payment": paid.gas})


SCRIPT = Script("session", "A session: an agent's key owns a Safe", ("S6",), play)
