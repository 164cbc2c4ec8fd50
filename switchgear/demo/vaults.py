"""Vaults of users who let agents work for them: what most scenes are about."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from switchgear.demo.stage import DOLLAR, HOUR, UNLIMITED, Call, Example, Outcome, Stage
from switchgear.types import LanePolicy, Limits, Subject

if TYPE_CHECKING:
    from collections.abc import Sequence

    from eth_account.signers.local import LocalAccount

    from switchgear.demo.scene import Scene

LANE = 0
"""`ALLOWANCE_LANE` of the guarded vaults."""
POLICY = LanePolicy(window=HOUR)
LIMITS = Limits(
    count_cap=60,
    value_cap=5_000 * DOLLAR,
    trip_level=95,
    strikes=3,
    cooldown=3 * HOUR,
    max_backoff=3,
    half_open_scale=4,
    probation=2,
)
"""$5,000 and 60 withdrawals an hour; open for three hours at 95 % of either, or after three denials; then two hours
with a quarter of it."""
PROBATION = timedelta(seconds=LIMITS.probation * POLICY.window)


@dataclass(frozen=True)
class Account:
    """A vault in which one user has a deposit, and wallets that may withdraw it."""

    stage: Stage
    vault: Example
    user: LocalAccount

    def withdraw(self, wallet: LocalAccount, amount: int, to: LocalAccount) -> Outcome:
        """A wallet takes assets of the user's out of the vault."""
        return self.stage.attempt(wallet, self.vault, "withdraw", amount, to.address, self.user.address)

    @property
    def balance(self) -> int:
        """What the user has in it."""
        return int(self.vault.read("maxWithdraw", self.user.address))

    def value_meter(self, agent: int) -> int:
        """The value meter of an agent at this vault, as the core stores it: a point in time, 2**-32 s."""
        return self.stage.breaker.breaker(self.vault.address, LANE, Subject.of_agent(agent)).raw.value_tat


def open_account(
    stage: Stage,
    kind: str,
    user: LocalAccount,
    deposit: int,
    wallets: Sequence[LocalAccount],
    *,
    admin: LocalAccount | None = None,
    limits: Limits = LIMITS,
) -> Account:
    """Deploys a vault with a user's deposit in it, and allowances without limit for the wallets.

    Args:
        stage: Where.
        kind: `Vault`, `GuardedVault` or `SoftGuardedVault`.
        user: Who deposits.
        deposit: How much.
        wallets: Who may withdraw.
        admin: Of the lane; None for the vault without a guard.
        limits: Of the lane.
    """
    token = stage.token("Dollar", "USD")
    guard: tuple[Any, ...] = () if admin is None else (stage.breaker.address, admin.address, limits, POLICY, [])
    vault = stage.deploy(kind, token.address, *guard)
    outcomes = stage.at_once(
        [
            Call(user, token, "mint", (user.address, deposit)),
            Call(user, token, "approve", (vault.address, UNLIMITED)),
            Call(user, vault, "deposit", (deposit, user.address)),
            *(Call(user, vault, "approve", (wallet.address, UNLIMITED)) for wallet in wallets),
        ]
    )
    for outcome in outcomes:
        if outcome.error:
            raise outcome.error
    return Account(stage, vault, user)


def serve_probation(scene: Scene, account: Account, wallets: Sequence[LocalAccount], payee: LocalAccount) -> None:
    """Agents do a first small job; two hours later their probation is over (ID-9)."""
    for wallet in wallets:
        outcome = account.withdraw(wallet, DOLLAR, payee)
        if outcome.error:
            raise outcome.error
    scene.wait(PROBATION, "fresh agents are on probation first, with a quarter of the limits")
