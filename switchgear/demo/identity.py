"""Scene 1: who is calling?"""

from __future__ import annotations

from typing import TYPE_CHECKING

from switchgear.demo.scene import Figures, Script, dollars
from switchgear.demo.stage import DOLLAR
from switchgear.demo.vaults import open_account
from switchgear.types import Reason, Scope

if TYPE_CHECKING:
    from switchgear.demo.scene import Scene
    from switchgear.demo.stage import Stage

DEPOSIT = 10_000 * DOLLAR
AMOUNT = 500 * DOLLAR


def play(stage: Stage, scene: Scene) -> Figures:
    """Two wallets make the same call, and one of them is an agent's (S1)."""
    admin, user, owner, payee = stage.cast("the admin", "the user", "Olga", "the payee")
    wallet, stranger = stage.cast("the agent's wallet", "the stranger")
    agent = stage.enroll(owner, wallet)
    view = stage.breaker.agent(agent)
    scene.say(
        f"Agent {agent} is registered: identity {view.agent_id} of an ERC-8004 registry, which belongs to Olga "
        f"({owner.address[:10]}...). She answers for it. It acts through a wallet of its own, and both have signed so."
    )
    scene.say("A user lets two wallets withdraw: the agent's, and one that was approved by mistake.")

    plain = open_account(stage, "Vault", user, DEPOSIT, [wallet, stranger])
    calls = [plain.withdraw(one, AMOUNT, payee) for one in (wallet, stranger)]
    lost_without = DEPOSIT - plain.balance - AMOUNT
    scene.without(f"Both withdraw {dollars(AMOUNT)}. Nothing on the chain tells one call from the other.")
    scene.holds("without a guard both calls succeed", [call.done for call in calls], [True, True])

    safe = open_account(stage, "GuardedVault", user, DEPOSIT, [wallet, stranger], admin=admin)
    mine, other, again = (safe.withdraw(one, AMOUNT, payee) for one in (wallet, stranger, stranger))
    lost_with = DEPOSIT - safe.balance - AMOUNT
    scene.guarded(f"The agent gets {dollars(AMOUNT)}. The other wallet: {other.answer}.")
    scene.holds("the agent's call succeeds", mine.done)
    scene.holds(
        "the stranger is denied as an unknown wallet, however often it calls",
        [one.verdict and (one.verdict.reason, one.verdict.scope) for one in (other, again)],
        [(Reason.WALLET_UNKNOWN, Scope.WALLET)] * 2,
    )
    scene.holds("the core knows whose the agent's wallet is", stage.breaker.status(wallet.address).agent, agent)
    scene.holds("and who answers for it", stage.breaker.owner_of(agent), owner.address)
    scene.holds("the stranger got nothing", lost_with, 0)
    scene.say("The user's own withdrawal is asked nothing: exits are never gated.")
    scene.holds("the user withdraws the rest", safe.withdraw(user, safe.balance, user).done)
    stopped = next(one for one in (other, again) if not one.done)
    return Figures(lost_without, lost_with, stopped.block - other.block)


SCRIPT = Script("identity", "Who is calling?", ("S1",), play)
