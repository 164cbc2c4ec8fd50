"""Scenes 9 and 10: people countersign what an agent proposes; many eyes and time for what is large."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

from switchgear.countersign import Countersign, sign
from switchgear.demo.scene import Figures, Script, dollars
from switchgear.demo.stage import DOLLAR, HOUR
from switchgear.demo.treasury import Treasury, guard, open_treasury, payments
from switchgear.errors import NonceUsed, NotCountersigned, SignaturesMissing

if TYPE_CHECKING:
    from eth_account.signers.local import LocalAccount

    from switchgear.countersign import Call, Proposal
    from switchgear.demo.scene import Scene
    from switchgear.demo.stage import Stage

FUNDS = 20_000 * DOLLAR
BILL = 1_200 * DOLLAR
SMALL = 100 * DOLLAR
LARGE = 15_000 * DOLLAR
SIGNED_ABOVE = 0
"""Of the agent that can do nothing alone."""
APPROVE_ABOVE = 1_000 * DOLLAR
DELAY_ABOVE = 5_000 * DOLLAR
DAY = 24 * HOUR
WAIT = timedelta(days=1)


def _council(stage: Stage, owner: LocalAccount, signers: list[LocalAccount], threshold: int) -> Countersign:
    """A council of these people."""
    keys = [bytes.fromhex(one.address[2:]) for one in signers]
    core = stage.breaker.address
    deployed = stage.deploy("Countersign", core, owner.address, keys, threshold, int(WAIT.total_seconds()))
    return Countersign(stage.web3, deployed.address)


def _propose(stage: Stage, council: Countersign, treasury: Treasury, policy: str, call: Call) -> Proposal:
    """What the agent hands to people."""
    return council.propose(policy, treasury.safe.address, treasury.agent.address, [call], expiry=stage.now + 3 * DAY)


def play_proposal(stage: Stage, scene: Scene) -> Figures:
    """An agent that owns nothing alone: it proposes, a person reads and signs, and nothing but that happens (S7)."""
    owner, person, wallet, shop, thief = stage.cast("the owner", "the person", "the agent", "the shop", "the thief")
    stage.enroll(owner, wallet)
    plain = open_treasury(stage, wallet, person, FUNDS)
    plain.pay(wallet, thief, FUNDS)
    lost_without = FUNDS - plain.balance
    scene.without(f"An agent that holds the key needs nobody: {dollars(lost_without)} are gone.")
    scene.holds("without a guard everything was lost", lost_without, FUNDS)

    safe = open_treasury(stage, wallet, person, FUNDS)
    council = _council(stage, owner, [person], 1)
    policy = guard(safe, owner, payments(safe, approve_above=SIGNED_ABOVE), council=council.address).address
    bill = safe.transfer(shop, BILL)
    refused = safe.execute(wallet, bill)
    scene.guarded(f"It pays a bill of {dollars(BILL)} by itself: {refused.answer}.")
    scene.holds("unsigned, it is refused", type(refused.error), NotCountersigned)
    proposal = _propose(stage, council, safe, policy, bill)
    scene.guarded("So it proposes, and the person reads:")
    for line in council.explain(proposal)[:3]:
        scene.say(f"    {line}")
    council.approve(proposal, [sign(proposal, person)], sender=person)
    start = stage.block
    swapped = safe.execute(wallet, safe.transfer(thief, BILL))
    scene.guarded(f"With the signature in hand it pays the thief instead: {swapped.answer}.")
    scene.holds("another payee is another action", type(swapped.error), NotCountersigned)
    paid = safe.execute(wallet, bill)
    scene.guarded(f"It pays the bill: {paid.answer}, {paid.gas:,} gas.")
    scene.holds("what was signed goes through", paid.done)
    again = safe.execute(wallet, bill)
    scene.holds("and only once", type(again.error), NotCountersigned)
    lost_with = int(safe.token.read("balanceOf", thief.address))
    scene.holds("the thief got nothing", lost_with, 0)
    return Figures(lost_without, lost_with, stage.block - start - 2, {"gas_of_countersigned_payment": paid.gas})


def play_veto(stage: Stage, scene: Scene) -> Figures:
    """Two of three above one threshold, a day in the open above another, and one guardian who says no (S8)."""
    owner, ann, ben, eve, wallet, guardian, thief = stage.cast(
        "the owner", "Ann", "Ben", "Eve", "the agent", "the guardian", "the thief"
    )
    stage.enroll(owner, wallet)
    plain = open_treasury(stage, wallet, owner, FUNDS)
    plain.pay(wallet, thief, LARGE)
    lost_without = FUNDS - plain.balance
    scene.without(f"One key, one transaction, {dollars(lost_without)} gone.")

    safe = open_treasury(stage, wallet, owner, FUNDS)
    council = _council(stage, owner, [ann, ben, eve], 2)
    permission = payments(safe, approve_above=APPROVE_ABOVE, delay_above=DELAY_ABOVE)
    policy = guard(safe, owner, permission, council=council.address).address
    stage.breaker.set_guardian(policy, guardian.address, WAIT, sender=owner)
    scene.say(
        f"Above {dollars(APPROVE_ABOVE)} two of Ann, Ben and Eve sign; above {dollars(DELAY_ABOVE)} it waits a day too."
    )
    small = safe.pay(wallet, ann, SMALL)
    scene.guarded(f"{dollars(SMALL)}: {small.answer}.")
    scene.holds("small payments need nobody", small.done)

    medium = _propose(stage, council, safe, policy, safe.transfer(ann, BILL))
    try:
        council.collect(medium, [sign(medium, ben)])
        missing: type | None = None
    except SignaturesMissing as error:
        missing = type(error)
    scene.holds("one signature is not enough", missing, SignaturesMissing)
    council.approve(medium, [sign(medium, ben), sign(medium, ann)], sender=ann)
    paid = safe.execute(wallet, medium.calls[0])
    scene.guarded(f"{dollars(BILL)} with Ann's and Ben's signatures: {paid.answer}.")
    scene.holds("with two it goes through at once", paid.done)

    large = _propose(stage, council, safe, policy, safe.transfer(thief, LARGE))
    council.approve(large, [sign(large, ben), sign(large, eve)], sender=eve)
    start = stage.block
    early = safe.execute(wallet, large.calls[0])
    scene.guarded(f"Ben and Eve were tricked into signing {dollars(LARGE)} for the thief. At once: {early.answer}.")
    scene.holds("it has to wait", type(early.error), NotCountersigned)
    council.veto(large.id, sender=guardian)
    blocks = stage.block - start
    scene.guarded("The guardian reads of it and vetoes.")
    scene.wait(WAIT, "the day passes")
    late = safe.execute(wallet, large.calls[0])
    scene.guarded(f"A day later: {late.answer}.")
    scene.holds("what was vetoed never happens", type(late.error), NotCountersigned)
    try:
        council.approve(large, [sign(large, ben), sign(large, eve)], sender=eve)
        replay: type | None = None
    except NonceUsed as error:
        replay = type(error)
    scene.holds("nor can it be handed in again", replay, NonceUsed)
    lost_with = int(safe.token.read("balanceOf", thief.address))
    scene.holds("the thief got nothing", lost_with, 0)
    return Figures(lost_without, lost_with, blocks)


PROPOSAL = Script("proposal", "A proposal: the agent proposes, a person signs", ("S7",), play_proposal)
VETO = Script("veto", "Many eyes and time: two of three, a day's wait, a veto", ("S8",), play_veto)
