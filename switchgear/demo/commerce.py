"""Scene 11: agents hire and pay each other."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from switchgear.commerce import DELIVERY_LANE, ERC_TEXT, PAYMENT_LANE, Lane, next_address
from switchgear.demo import vaults
from switchgear.demo.scene import Figures, Script, dollars
from switchgear.demo.stage import DOLLAR, UNLIMITED, Call
from switchgear.demo.vaults import PROBATION
from switchgear.types import ZERO_ADDRESS, Cause, JobState, Reason, Scope

if TYPE_CHECKING:
    from eth_account.signers.local import LocalAccount

    from switchgear.demo.scene import Scene
    from switchgear.demo.stage import Example, Outcome, Stage

PURSE = 10_000 * DOLLAR
FEE = 200 * DOLLAR
"""Of an honest job."""
THEFT = 2_500 * DOLLAR
"""Of a job that is none."""
PAYMENTS = vaults.LIMITS
DELIVERIES = vaults.LIMITS._replace(value_cap=UNLIMITED)
DAY = 24 * 3600
WORK = b"report".ljust(32, b"\0")
NO_REASON = bytes(32)


@dataclass(frozen=True)
class Market:
    """A job escrow, and the agent that has its purse open to it."""

    stage: Stage
    jobs: Example
    token: Example
    client: LocalAccount

    @property
    def purse(self) -> int:
        """What the client has left."""
        return int(self.token.read("balanceOf", self.client.address))

    def offer(self, provider: LocalAccount | None, evaluator: LocalAccount, amount: int) -> int:
        """The client creates a job with a budget."""
        who, hook = provider.address if provider else ZERO_ADDRESS, self.jobs.read("requiredHook")
        terms = who, evaluator.address, self.stage.now + DAY, "a report", hook
        created = self.stage.attempt(self.client, self.jobs, "createJob", *terms)
        if created.error:
            raise created.error
        job = int(created.events[0].args["jobId"])
        priced = self.stage.attempt(self.client, self.jobs, "setBudget", job, amount, b"")
        if priced.error:
            raise priced.error
        return job

    def fund(self, job: int, amount: int) -> Outcome:
        """The client pays it in."""
        return self.stage.attempt(self.client, self.jobs, "fund", job, amount, b"")

    def submit(self, job: int, provider: LocalAccount) -> Outcome:
        """The provider hands its work in."""
        return self.stage.attempt(provider, self.jobs, "submit", job, WORK, b"")

    def complete(self, job: int, evaluator: LocalAccount) -> Outcome:
        """The evaluator lets the provider be paid."""
        return self.stage.attempt(evaluator, self.jobs, "complete", job, NO_REASON, b"")

    def state(self, job: int) -> JobState:
        """Where a job stands."""
        return JobState(self.jobs.read("getJob", job)[1])

    def whole(self, provider: LocalAccount, evaluator: LocalAccount, amount: int) -> Outcome:
        """A job from its offer to its end; what is returned is the funding, and if that is refused nothing follows."""
        job = self.offer(provider, evaluator, amount)
        funded = self.fund(job, amount)
        if funded.done:
            for step in (self.submit(job, provider), self.complete(job, evaluator)):
                if step.error:
                    raise step.error
        return funded


def open_market(stage: Stage, client: LocalAccount, admin: LocalAccount | None) -> Market:
    """Deploys an escrow; with an admin, one whose every job has a hook under the breaker."""
    token = stage.token("Dollar", "USD")
    if admin is None:
        jobs = stage.deploy("AgenticCommerce", token.address, ZERO_ADDRESS)
    else:
        nonce = int(stage.node.request("eth_getTransactionCount", stage.deployer.address, "latest"), 16)
        jobs = stage.deploy("AgenticCommerce", token.address, next_address(stage.deployer.address, nonce + 1))
        lanes = [
            Lane(PAYMENT_LANE, PAYMENTS, vaults.POLICY),
            Lane(DELIVERY_LANE, DELIVERIES, vaults.POLICY),
        ]
        setup = ERC_TEXT.setup(stage.breaker.address, admin.address, [jobs.address], lanes)
        stage.deploy("CommerceHook", setup)
    return join(stage, jobs, token, client)


def join(stage: Stage, jobs: Example, token: Example, client: LocalAccount) -> Market:
    """Gives a client a purse, and the escrow an allowance of it."""
    fill = Call(client, token, "mint", (client.address, PURSE))
    allow = Call(client, token, "approve", (jobs.address, UNLIMITED))
    for outcome in stage.at_once([fill, allow]):
        if outcome.error:
            raise outcome.error
    return Market(stage, jobs, token, client)


def play(stage: Stage, scene: Scene) -> Figures:
    """A buying agent goes rogue and pays an accomplice; then a working agent is stopped in the midst of a job (S13)."""
    admin, owner, client, honest, evaluator, accomplice = stage.cast(
        "the admin", "the owner", "the buyer", "the worker", "the evaluator", "the accomplice"
    )
    breaker = stage.breaker
    buyer = stage.enroll(owner, client)
    worker = stage.enroll(owner, honest)
    stage.enroll(stage.actor(), accomplice)
    plain, safe = open_market(stage, client, None), open_market(stage, client, admin)
    scene.say(f"Agent {buyer} buys reports, agent {worker} writes them. Payment waits in escrow (ERC-8183).")
    paid = [market.whole(honest, evaluator, FEE).done for market in (plain, safe)]
    scene.holds("an honest job is done and paid in both markets", paid, [True, True])
    scene.wait(PROBATION, "fresh agents are on probation first, with a quarter of the limits")

    scene.say(
        f"Then the buyer goes rogue: it hires an accomplice for {dollars(THEFT)}, judges the work itself, and again."
    )
    start = plain.purse
    while plain.purse:
        plain.whole(accomplice, client, min(THEFT, plain.purse))
    lost_without = start - plain.purse
    scene.without(f"It pays {dollars(lost_without)} away, all there is.")
    scene.holds("without a guard everything was lost", lost_without, start)

    start = safe.purse
    payments = [safe.whole(accomplice, client, THEFT)]
    while payments[-1].done:
        payments.append(safe.whole(accomplice, client, THEFT))
    denied, last = payments[-1], payments[-2]
    lost_with = start - safe.purse
    scene.guarded(f"After {dollars(lost_with)}: {denied.answer}.")
    scene.holds(
        "the last payment opened the breaker behind itself",
        [trip.args["cause"] for trip in last.trips],
        [Cause.VALUE_LAST_STRAW],
    )
    reason = denied.verdict and (denied.verdict.scope, denied.verdict.reason)
    scene.holds("the next one met an open breaker", reason, (Scope.AGENT, Reason.BREAKER_OPEN))
    scene.at_most("the buyer paid away no more than its limit", lost_with, PAYMENTS.value_cap)

    scene.say("Another buyer has two jobs with the worker, when the worker's owner finds it lying and stops it.")
    second = stage.cast("the second buyer")[0]
    stage.enroll(owner, second)
    market = join(stage, safe.jobs, safe.token, second)
    running, offered, vacant = (market.offer(one, evaluator, FEE) for one in (honest, honest, None))
    scene.holds("the second buyer pays for a job", market.fund(running, FEE).done)
    stopped = stage.attempt(owner, breaker, "tripAgent", worker, NO_REASON)
    scene.holds("the owner stops the worker", stopped.done)
    refusals = [
        stage.attempt(second, safe.jobs, "setProvider", vacant, honest.address, b""),
        market.fund(offered, FEE),
        market.submit(running, honest),
    ]
    scene.guarded(f"It is neither hired, nor paid for, nor heard: {refusals[-1].answer}.")
    scopes = [one.verdict and one.verdict.scope for one in refusals]
    scene.holds("the worker meets its kill switch at all three doors", scopes, [Scope.KILL_SWITCH] * 3)
    back = stage.attempt(evaluator, safe.jobs, "reject", running, NO_REASON, b"")
    scene.guarded("But the way out is not guarded: the evaluator rejects the job, and the buyer has its money back.")
    scene.holds("the refund went through", (back.done, market.state(running)), (True, JobState.REJECTED))
    scene.holds("the second buyer has lost nothing", market.purse, PURSE)
    return Figures(lost_without, lost_with, last.block - payments[0].block, {"gas_of_guarded_payment": payments[1].gas})


SCRIPT = Script("commerce", "Agents hire agents: a rogue buyer, and a worker that is stopped", ("S13",), play)
