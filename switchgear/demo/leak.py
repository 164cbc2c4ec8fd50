"""Scene 6: a leaked key."""

from __future__ import annotations

from typing import TYPE_CHECKING

from switchgear.demo import vaults
from switchgear.demo.scene import Figures, Script, dollars
from switchgear.demo.stage import DOLLAR, HOUR
from switchgear.demo.vaults import open_account, serve_probation
from switchgear.display import plural
from switchgear.errors import NotAuthorized, WalletAlreadyRevoked
from switchgear.types import NO_EXPIRY, Reason, Scope

if TYPE_CHECKING:
    from switchgear.demo.scene import Scene
    from switchgear.demo.stage import Stage

DEPOSIT = 20_000 * DOLLAR
THEFT = 1_500 * DOLLAR
JOB = 200 * DOLLAR
LIMITS = vaults.LIMITS


def play(stage: Stage, scene: Scene) -> Figures:
    """One of an agent's wallets leaks; it is revoked, the others work on, and no meter is refilled (S11)."""
    admin, user, owner, shop, thief = stage.cast("the admin", "the user", "the owner", "the shop", "the thief")
    north, leaked, south, spare = wallets = stage.cast("wallet north", "the leaked wallet", "wallet south", "the spare")
    breaker = stage.breaker
    agent = stage.enroll(owner, north, leaked, south)
    plain = open_account(stage, "Vault", user, DEPOSIT, wallets)
    safe = open_account(stage, "GuardedVault", user, DEPOSIT, wallets, admin=admin, limits=LIMITS)
    scene.say(f"Agent {agent} works through three wallets, on three machines. The key of one is found in a log file.")
    serve_probation(scene, safe, [north], shop)

    start = plain.balance
    for _ in range(-(-start // THEFT)):
        plain.withdraw(leaked, min(THEFT, plain.balance), thief)
    lost_without = start - plain.balance
    scene.without(f"The thief takes {dollars(lost_without)}, all there is.")
    scene.holds("without a guard everything was lost", lost_without, start)

    start = safe.balance
    theft = safe.withdraw(leaked, THEFT, thief)
    meter = safe.value_meter(agent)
    revoked = stage.attempt(owner, breaker, "revokeWallet", leaked.address)
    lost_with = start - safe.balance
    blocks = revoked.block - theft.block
    scene.guarded(
        f"{dollars(lost_with)} are lost. {plural(blocks, 'block')} later the owner revokes it: {revoked.gas:,} gas."
    )
    scene.holds("the revocation took no more than a transaction", revoked.done)
    scene.holds("it refilled no meter", safe.value_meter(agent), meter)
    after = safe.withdraw(leaked, THEFT, thief)
    scene.guarded(f"The thief again: {after.answer}.")
    denied = after.verdict and (after.verdict.scope, after.verdict.reason)
    scene.holds("the leaked wallet is denied as revoked", denied, (Scope.WALLET, Reason.WALLET_REVOKED))

    deadline = stage.now + HOUR
    signature = stage.consent(agent, leaked, deadline)
    rebound = stage.attempt(leaked, breaker, "bindWallet", agent, leaked.address, NO_EXPIRY, deadline, signature)
    scene.guarded(f"It binds itself again: {rebound.answer}.")
    scene.holds("it is refused with NotAuthorized", type(rebound.error), NotAuthorized)
    turned = stage.attempt(leaked, breaker, "revokeWallet", leaked.address)
    scene.holds("there is nothing left for it to revoke either", type(turned.error), WalletAlreadyRevoked)
    others = stage.attempt(leaked, breaker, "revokeWallet", north.address)
    scene.holds("nor can it revoke the agent's other wallets", type(others.error), NotAuthorized)

    jobs = [safe.withdraw(one, JOB, shop).done for one in (north, south)]
    scene.guarded(f"The other two wallets do their jobs of {dollars(JOB)}.")
    scene.holds("the other wallets work on", jobs, [True, True])
    meter = safe.value_meter(agent)
    stage.bind(agent, spare, owner)
    scene.holds("a spare wallet brings no fresh meter", safe.value_meter(agent), meter)
    scene.holds("the spare works in its place", safe.withdraw(spare, JOB, shop).done)
    too_much = safe.withdraw(spare, LIMITS.value_cap - THEFT, shop)
    scene.guarded(f"But what the thief used up is used up: {too_much.answer}.")
    reason = too_much.verdict and too_much.verdict.reason
    scene.holds("the theft still counts in the agent's meter", reason, Reason.VALUE_LIMIT)
    scene.holds("the thief got what it took before the revocation", lost_with, THEFT)
    return Figures(lost_without, lost_with, blocks, {"gas_of_revocation": revoked.gas})


SCRIPT = Script("leak", "A leaked key: one wallet revoked, the others work on", ("S11",), play)
