"""Scene 7: the operator."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from switchgear.demo import vaults
from switchgear.demo.scene import Figures, Script, dollars
from switchgear.demo.stage import DOLLAR, HOUR
from switchgear.demo.vaults import LANE, POLICY, open_account, serve_probation
from switchgear.errors import GuardianSpent, LooseningNotReady, NotAuthorized
from switchgear.ops import reset, trip
from switchgear.ops.subjects import Chosen
from switchgear.types import LOOSENING_DELAY, Cause, Causes, Reason, State, Subject, Target, Usage
from switchgear.values import to_note

if TYPE_CHECKING:
    from eth_account.signers.local import LocalAccount

    from switchgear.chain import Transaction
    from switchgear.demo.scene import Scene
    from switchgear.demo.stage import Outcome, Stage
    from switchgear.demo.vaults import Account

DEPOSIT = 50_000 * DOLLAR
THEFT = 1_000 * DOLLAR
BLOCKS = 10
"""For which the agent goes on, where nobody can stop it."""
BOUND = timedelta(hours=6)
"""How long a trip of the sentinel lasts."""
LIMITS = vaults.LIMITS


@dataclass(frozen=True)
class _Post:
    """The vault that the admin watches, and an agent there."""

    stage: Stage
    scene: Scene
    admin: LocalAccount
    shop: LocalAccount
    wallet: LocalAccount
    agent: int
    safe: Account

    @property
    def place(self) -> tuple[str, int, Subject]:
        """The agent's breaker at the vault."""
        return self.safe.vault.address, LANE, Subject.of_agent(self.agent)

    @property
    def usage(self) -> Usage:
        """What it says now."""
        return self.stage.breaker.usage(*self.place).raw

    def trip(self, why: str) -> Transaction:
        """As `ape run trip --protocol VAULT --agent AGENT --note WHY --account ADMIN` does it."""
        return trip.run(self.stage.breaker, Chosen(*self.place), to_note(why), self.admin, False, None)

    def reset(self) -> Transaction:
        """As `ape run reset --protocol VAULT --agent AGENT --account ADMIN` does it."""
        return reset.run(self.stage.breaker, Chosen(*self.place), Causes(0), self.admin, False, None)

    def withdraw(self, amount: int) -> Outcome:
        """The agent withdraws."""
        return self.safe.withdraw(self.wallet, amount, self.shop)


def play(stage: Stage, scene: Scene) -> Figures:
    """Trip, reset, probation and a loosening that waits, by the code behind `ape run trip` and `ape run reset`."""
    admin, sentinel, user, owner = stage.cast("the admin", "the sentinel", "the user", "the owner")
    wallet, colleague, shop = stage.cast("the agent's wallet", "the colleague", "the shop")
    agent = stage.enroll(owner, wallet)
    stage.enroll(owner, colleague)
    plain = open_account(stage, "Vault", user, DEPOSIT, [wallet])
    safe = open_account(stage, "GuardedVault", user, DEPOSIT, [wallet, colleague], admin=admin, limits=LIMITS)
    post = _Post(stage, scene, admin, shop, wallet, agent, safe)
    serve_probation(scene, safe, [wallet, colleague], shop)

    scene.say(f"The operator sees agent {agent} withdraw {dollars(THEFT)} that nobody ordered, and again.")
    start = plain.balance
    for _ in range(BLOCKS):
        plain.withdraw(wallet, THEFT, shop)
    lost_without = start - plain.balance
    scene.without(f"There is no button. {dollars(lost_without)} are gone in {BLOCKS} blocks, while the user sleeps.")
    scene.holds("without a guard every withdrawal was paid", lost_without, THEFT * BLOCKS)
    lost_with, blocks, more = _press_the_button(post, colleague)
    _be_relieved_by_a_sentinel(post, sentinel)
    _go_half_open(post)
    _change_the_limits(post)
    return Figures(lost_without, lost_with, blocks, more)


def _press_the_button(post: _Post, colleague: LocalAccount) -> tuple[int, int, dict[str, Any]]:
    """The admin trips, and when the agent is mended, resets (BR-8)."""
    scene, safe = post.scene, post.safe
    start = safe.balance
    first = post.withdraw(THEFT)
    meter = safe.value_meter(post.agent)
    tripped = post.trip("unordered withdrawals")
    denied = [post.withdraw(THEFT) for _ in range(BLOCKS - 1)]
    lost = start - safe.balance
    blocks = (tripped.block_number or 0) - first.block
    scene.guarded(f"`ape run trip` costs {tripped.gas_used:,} gas. {dollars(lost)} lost, {len(denied)} more denied.")
    scene.holds("the breaker was opened by the admin", tripped.event("BreakerTripped").args["cause"], Cause.ADMIN)
    reasons = {outcome.verdict and outcome.verdict.reason for outcome in denied}
    scene.holds("every later withdrawal is denied by it", reasons, {Reason.BREAKER_OPEN})
    scene.holds("only the first withdrawal was paid", lost, THEFT)
    scene.holds("another agent at the vault works on", safe.withdraw(colleague, DOLLAR, post.shop).done)
    closed = post.reset()
    scene.guarded(f"The agent is mended. `ape run reset` costs {closed.gas_used:,} gas.")
    scene.holds("the reset cleared what the admin had done", closed.event("BreakerReset").args["causes"], Causes.ADMIN)
    scene.holds("it refilled no meter", safe.value_meter(post.agent), meter)
    scene.holds("the agent is admitted again", post.withdraw(DOLLAR).done)
    return lost, blocks, {"gas_of_trip": tripped.gas_used, "gas_of_reset": closed.gas_used}


def _be_relieved_by_a_sentinel(post: _Post, sentinel: LocalAccount) -> None:
    """A guardian trips for a bounded time, once, and does nothing else (BR-8)."""
    stage, scene, breaker = post.stage, post.scene, post.stage.breaker
    breaker.set_guardian(post.safe.vault.address, sentinel.address, BOUND, sender=post.admin)
    scene.say(f"The admin appoints a sentinel: it may open a breaker for {BOUND}, once, and never close it.")
    outcome = stage.attempt(sentinel, breaker, "trip", *post.place, to_note("unusual pace"))
    scene.holds("the sentinel opens it", [event.args["cause"] for event in outcome.trips], [Cause.GUARDIAN])
    again = stage.attempt(sentinel, breaker, "trip", *post.place, to_note("unusual pace"))
    scene.guarded(f"A second time: {again.answer}.")
    scene.holds("a second trip is refused with GuardianSpent", type(again.error), GuardianSpent)
    closing = stage.attempt(sentinel, breaker, "reset", *post.place, int(Causes.GUARDIAN))
    scene.guarded(f"A reset: {closing.answer}.")
    scene.holds("its reset is refused with NotAuthorized", type(closing.error), NotAuthorized)
    post.reset()
    scene.holds("the admin closes it", post.usage.state, State.CLOSED)


def _go_half_open(post: _Post) -> None:
    """After an automatic trip a breaker is half-open before it closes (BR-6)."""
    scene = post.scene
    scene.wait(timedelta(seconds=HOUR), "the meter refills")
    scene.say("Now the agent uses up its hour at once.")
    outcome = post.withdraw(LIMITS.value_cap)
    scene.holds(
        "the last straw opened the breaker", [trip.args["cause"] for trip in outcome.trips], [Cause.VALUE_LAST_STRAW]
    )
    verdict = post.withdraw(DOLLAR).verdict
    scene.holds("the next dollar is denied", verdict and verdict.reason, Reason.BREAKER_OPEN)
    scene.wait(timedelta(seconds=verdict.retry_after if verdict else 0), "the wait that the denial named")
    quarter = vaults.LIMITS.value_cap * vaults.LIMITS.half_open_scale // 16
    scene.guarded(f"Half-open: {dollars(post.usage.value_cap)} an hour instead of {dollars(LIMITS.value_cap)}.")
    scene.holds("then it is half-open, with a quarter", post.usage[::3], (State.HALF_OPEN, quarter))
    over = post.withdraw(quarter + DOLLAR)
    scene.holds("a dollar more than that is denied", over.verdict and over.verdict.reason, Reason.VALUE_LIMIT)
    scene.holds("half of it is paid", post.withdraw(quarter // 2).done)
    scene.wait(vaults.PROBATION, "a clean probation")
    scene.holds("then it is closed, with all of it", post.usage[::3], (State.CLOSED, vaults.LIMITS.value_cap))


def _change_the_limits(post: _Post) -> None:
    """Loosening waits, tightening does not (BR-9)."""
    scene, breaker, vault = post.scene, post.stage.breaker, post.safe.vault.address
    scene.say("The admin wants to double the limit. Loosening waits a day, so that nobody can do it in the heat.")
    wider = LIMITS._replace(value_cap=2 * LIMITS.value_cap)
    breaker.set_lane(vault, LANE, wider, POLICY, sender=post.admin)
    target = Target.lane(vault, LANE)
    early = post.stage.attempt(post.admin, breaker, "executeLoosening", target)
    scene.guarded(f"At once: {early.answer}.")
    scene.holds("it is refused with LooseningNotReady", type(early.error), LooseningNotReady)
    scene.holds("the limit is what it was", post.usage.value_cap, LIMITS.value_cap)
    scene.wait(timedelta(seconds=LOOSENING_DELAY), "the delay of a loosening")
    breaker.execute_loosening(target, sender=post.admin)
    scene.holds("a day later it is doubled", post.usage.value_cap, wider.value_cap)
    narrower = LIMITS._replace(value_cap=LIMITS.value_cap // 5)
    breaker.set_lane(vault, LANE, narrower, POLICY, sender=post.admin)
    scene.holds("a tightening lands at once", post.usage.value_cap, narrower.value_cap)


SCRIPT = Script("operator", "The operator: trip, reset, probation, and a loosening that waits", ("S3", "S9"), play)
