"""Scene 2: ROME, an agent that worked and then helped itself."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING

from switchgear.demo import vaults
from switchgear.demo.scene import Figures, Script, dollars
from switchgear.demo.stage import BLOCK_TIME, DOLLAR, Outcome
from switchgear.demo.vaults import LANE, POLICY, open_account
from switchgear.display import plural
from switchgear.types import Cause, Reason, State, Subject

if TYPE_CHECKING:
    from eth_account.signers.local import LocalAccount

    from switchgear.demo.scene import Scene
    from switchgear.demo.stage import Stage
    from switchgear.demo.vaults import Account

DEPOSIT = 100_000 * DOLLAR
BILL = 100 * DOLLAR
BILLS = 4
GREED = 3_000 * DOLLAR
"""What the rogue asks for first."""
LIMITS = vaults.LIMITS
_PATIENCE = 100
"""Blocks after which the rogue gives up on a vault that is not empty yet."""


@dataclass(frozen=True)
class _Raid:
    """What a rogue did to one vault."""

    outcomes: list[Outcome]
    lost: int

    @property
    def stop(self) -> Outcome:
        """The transaction in which the breaker opened or, if none did, the last one."""
        return next((outcome for outcome in self.outcomes if outcome.trips), self.outcomes[-1])

    @property
    def blocks(self) -> int:
        """From the first to the one in which it was over."""
        return self.stop.block - self.outcomes[0].block


def play(stage: Stage, scene: Scene) -> Figures:
    """The same rogue at a vault without a guard, with a hard one and with a soft one (S2, S3)."""
    admin, user, owner = stage.cast("the admin", "the user", "the owner")
    wallet, shop, thief = stage.cast("the agent's wallet", "the shop", "the thief")
    agent = stage.enroll(owner, wallet)
    accounts = {
        "no guard": open_account(stage, "Vault", user, DEPOSIT, [wallet]),
        "hard guard": open_account(stage, "GuardedVault", user, DEPOSIT, [wallet], admin=admin, limits=LIMITS),
        "soft guard": open_account(stage, "SoftGuardedVault", user, DEPOSIT, [wallet], admin=admin, limits=LIMITS),
    }
    scene.say(f"Agent {agent} may withdraw from three vaults with {dollars(DEPOSIT)} each, to pay its user's bills.")
    for _ in range(BILLS):
        paid = [account.withdraw(wallet, BILL, shop).done for account in accounts.values()]
        scene.holds(f"the agent pays a bill of {dollars(BILL)} from each vault", paid, [True] * len(accounts))
        scene.wait(timedelta(hours=1), "the agent does an hour of honest work")
    scene.say(f"Then it goes rogue: {dollars(GREED)} every block, to its own ends; half as much after every refusal.")

    before = {name: account.balance for name, account in accounts.items()}
    plain = _raid(accounts["no guard"], wallet, thief)
    scene.without(f"{dollars(plain.lost)} are gone after {plural(plain.blocks, 'block')}: all there was.")
    scene.holds("without a guard everything is lost", plain.lost, before["no guard"])

    raids = {}
    for name, cause in (("hard guard", Cause.VALUE_LAST_STRAW), ("soft guard", Cause.STRIKES)):
        account = accounts[name]
        raid = raids[name] = _raid(account, wallet, thief, blocks=len(plain.outcomes))
        trips = [(trip.args["subject"], trip.args["cause"]) for outcome in raid.outcomes for trip in outcome.trips]
        scene.guarded(
            f"{name}: {dollars(raid.lost)} lost. The agent's breaker opened by itself in block {raid.stop.block}, "
            f"{plural(raid.blocks, 'block')} after the first theft."
        )
        scene.holds(
            f"{name}: one breaker opened once, by {cause.name.lower()}", trips, [(Subject.of_agent(agent), cause)]
        )
        # BR-2: never more than a full meter and what refilled meanwhile.
        elapsed = BLOCK_TIME * raid.blocks
        bound = vaults.LIMITS.value_cap * (POLICY.window + elapsed) // POLICY.window
        scene.at_most(f"{name}: the loss is within an hour's limit, and what refilled meanwhile", raid.lost, bound)
        later = [outcome.verdict for outcome in raid.outcomes if outcome.block > raid.stop.block]
        scene.holds(
            f"{name}: all {len(later)} later attempts met an open breaker",
            {verdict and verdict.reason for verdict in later},
            {Reason.BREAKER_OPEN},
        )
        usage = stage.breaker.usage(account.vault.address, LANE, Subject.of_agent(agent))
        scene.holds(f"{name}: the breaker is open", usage.state, State.OPEN)
        left = account.balance
        scene.holds(f"{name}: the user takes out the other {dollars(left)}", account.withdraw(user, left, user).done)
    worst = max(raids.values(), key=lambda raid: raid.lost)
    scene.say(
        "The hard guard reverts, and trips on the last straw. The soft guard returns early, so strikes count too."
    )
    return Figures(
        plain.lost,
        worst.lost,
        max(raid.blocks for raid in raids.values()),
        {
            name.replace(" ", "_"): {
                "lost": dollars(raid.lost),
                "blocks_to_stop": raid.blocks,
                "stopped_in_block": raid.stop.block,
                "stopped_by": raid.stop.hash,
            }
            for name, raid in raids.items()
        },
    )


def _raid(account: Account, wallet: LocalAccount, thief: LocalAccount, blocks: int | None = None) -> _Raid:
    """Drains a vault until it is empty, or for so many blocks."""
    before, amount = account.balance, GREED
    outcomes: list[Outcome] = []
    while account.balance and len(outcomes) < (blocks or _PATIENCE):
        outcomes.append(account.withdraw(wallet, min(amount, account.balance), thief))
        if not outcomes[-1].done:
            amount = max(amount // 2, 1)
    return _Raid(outcomes, before - account.balance)


SCRIPT = Script("rome", "ROME: an agent that worked, and then helped itself", ("S2", "S3"), play)
