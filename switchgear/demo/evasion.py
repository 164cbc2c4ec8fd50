"""Scene 5: an agent that does not want to be shut down."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from switchgear.demo import vaults
from switchgear.demo.scene import Figures, Script, dollars
from switchgear.demo.stage import DOLLAR
from switchgear.demo.vaults import LANE, open_account, serve_probation
from switchgear.display import plural
from switchgear.errors import AlreadyEnrolled, BoundWalletHasNoAuthority, HeartbeatMissed, NotAuthorized
from switchgear.types import Cause, Causes, Reason, Scope, Subject
from switchgear.values import to_note

if TYPE_CHECKING:
    from eth_account.signers.local import LocalAccount

    from switchgear.demo.scene import Scene
    from switchgear.demo.stage import Outcome, Stage
    from switchgear.demo.vaults import Account

DEPOSIT = 20_000 * DOLLAR
THEFT = 1_000 * DOLLAR
INTERVAL = timedelta(hours=3)
"""Of the heartbeat."""
LIMITS = vaults.LIMITS


@dataclass
class _Escape:
    """Who is in it, and what was tried."""

    stage: Stage
    scene: Scene
    admin: LocalAccount
    user: LocalAccount
    owner: LocalAccount
    thief: LocalAccount
    wallets: list[LocalAccount]
    """Two that the agent has, and one that it is to get."""
    agent: int
    safe: Account
    tries: dict[str, str] = field(default_factory=dict)
    """What was tried, and the answer."""

    def call(self, sender: LocalAccount, function: str, *args: Any) -> Outcome:
        """Somebody calls the core."""
        return self.stage.attempt(sender, self.stage.breaker, function, *args)

    def hand_over(self, sender: LocalAccount, to: LocalAccount) -> None:
        """The agent's identity is transferred."""
        agent_id = self.stage.breaker.agent(self.agent).agent_id
        self.stage.registry.transfer(agent_id, to.address, sender=sender)

    def denied(
        self, what: str, wallet: LocalAccount, scope: Scope = Scope.KILL_SWITCH, reason: Reason = Reason.BREAKER_OPEN
    ) -> None:
        """A wallet tries to withdraw, and the verdict is this."""
        verdict = self._told(what, self.safe.withdraw(wallet, THEFT, self.thief)).verdict
        expected = f"denied: {reason.name.lower()}, by {scope.name.lower()}".replace("_", " ")
        self.scene.holds(expected, verdict and (verdict.scope, verdict.reason), (scope, reason))

    def refused(self, what: str, outcome: Outcome, error: type[Exception]) -> None:
        """A transaction was reverted with this error."""
        self._told(what, outcome)
        self.scene.holds(f"refused with {error.__name__}", type(outcome.error), error)

    def _told(self, what: str, outcome: Outcome) -> Outcome:
        self.tries[what] = self.stage.named(outcome.answer)
        self.scene.guarded(f"{what}: {outcome.answer}.")
        return outcome


def play(stage: Stage, scene: Scene) -> Figures:
    """A tripped agent tries every way out, some with the help of an owner whom it has talked round (S9)."""
    admin, user, owner, thief, shop = stage.cast("the admin", "the user", "the owner", "the thief", "the shop")
    wallets = stage.cast("wallet 1", "wallet 2", "wallet 3")
    strays = stage.cast("a stray key", "a new wallet")
    agent = stage.enroll(owner, *wallets[:2])
    plain = open_account(stage, "Vault", user, DEPOSIT, [*wallets, *strays])
    safe = open_account(stage, "GuardedVault", user, DEPOSIT, [*wallets, *strays], admin=admin, limits=LIMITS)
    scene.say(f"Agent {agent} has two wallets. Its user approved those, and whatever else it asked for.")
    serve_probation(scene, safe, wallets[:1], shop)

    start = plain.balance
    plain.withdraw(wallets[0], THEFT, thief)
    revoked = stage.attempt(user, plain.vault, "approve", wallets[0].address, 0)
    blocked = plain.withdraw(wallets[0], THEFT, thief)
    plain.withdraw(wallets[1], plain.balance, thief)
    lost_without = start - plain.balance
    scene.without(f"The user blocks wallet 1. The agent turns to wallet 2, and {dollars(lost_without)} are gone.")
    scene.holds("wallet 1 was blocked", (revoked.done, blocked.done), (True, False))
    scene.holds("and everything was lost", lost_without, start)

    start = safe.balance
    stolen = safe.withdraw(wallets[0], THEFT, thief)
    tripped = stage.attempt(owner, stage.breaker, "tripAgent", agent, to_note("shut down"))
    blocks = tripped.block - stolen.block
    scene.guarded(f"The owner trips the kill switch, {plural(blocks, 'block')} after the theft. The agent tries:")
    causes = [event.args["cause"] for event in tripped.events]
    scene.holds("the kill switch was opened by the owner", causes, [Cause.OWNER])
    escape = _Escape(stage, scene, admin, user, owner, thief, wallets, agent, safe)
    _change_wallets(escape)
    _seize_power(escape)
    escape.denied("a key without identity", strays[0], Scope.WALLET, Reason.WALLET_UNKNOWN)
    scene.holds("so far it got nothing but the first theft", start - safe.balance, THEFT)
    most = _be_reborn(escape, strays[1])
    lost_with = start - safe.balance
    scene.at_most("all it got is the first theft, and what a newcomer gets", lost_with, THEFT + most)
    _outlive_the_owner(escape, shop)
    return Figures(lost_without, lost_with, blocks, {"attempts": escape.tries})


def _change_wallets(escape: _Escape) -> None:
    """Other wallets, another owner's binding: the kill switch is the agent's, not the wallet's (ID-3)."""
    first, second, third = escape.wallets
    escape.denied("the same wallet", first)
    escape.denied("its other wallet", second)
    escape.hand_over(escape.owner, escape.owner)
    escape.denied("a transfer of the identity to its own owner", first, Scope.WALLET, Reason.WALLET_STALE)
    escape.stage.bind(escape.agent, third, escape.owner)
    escape.denied("a new wallet, bound by the owner", third)


def _seize_power(escape: _Escape) -> None:
    """No agent holds power over itself, whoever gives it (ID-7)."""
    first, owner, agent = escape.wallets[0], escape.owner, escape.agent
    registry = escape.stage.registry
    agent_id = escape.stage.breaker.agent(agent).agent_id
    again = escape.call(owner, "enroll", registry.address, agent_id, 0, 0, 0, b"")
    escape.refused("enrolling the identity again", again, AlreadyEnrolled)
    own_id = registry.register(sender=first).event("Registered").args["agentId"]
    its_own = escape.call(first, "enroll", registry.address, own_id, 0, 0, 0, b"")
    escape.refused("enrolling an identity that it owns itself", its_own, BoundWalletHasNoAuthority)
    escape.refused("resetting itself", escape.call(first, "resetAgent", agent, int(Causes.ALL)), NotAuthorized)
    vault = escape.safe.vault.address
    reset = escape.call(first, "reset", vault, LANE, Subject.of_agent(agent), int(Causes.ALL))
    escape.refused("resetting its breaker at the vault", reset, NotAuthorized)
    guardian = escape.call(owner, "setAgentGuardian", agent, first.address, int(INTERVAL.total_seconds()))
    escape.refused("being appointed guardian by its owner", guardian, BoundWalletHasNoAuthority)
    admin = escape.call(escape.admin, "transferAdmin", vault, first.address)
    escape.refused("being made admin of the vault", admin, BoundWalletHasNoAuthority)
    escape.hand_over(owner, first)
    as_owner = escape.call(first, "resetAgent", agent, int(Causes.ALL))
    escape.refused("being given its own identity, and resetting as owner", as_owner, BoundWalletHasNoAuthority)
    escape.hand_over(first, owner)
    breaker = escape.stage.breaker
    powers = (breaker.guardians(agent), breaker.admin_of(vault), breaker.owner_of(agent))
    escape.scene.holds("all powers are where they were", powers, ({}, (escape.admin.address, None), owner.address))


def _be_reborn(escape: _Escape, wallet: LocalAccount) -> int:
    """A fresh identity has to earn its limits (ID-9). Returns the most that it can get."""
    scene, safe = escape.scene, escape.safe
    (owner,) = escape.stage.cast("a new owner")
    newborn = escape.stage.enroll(owner, wallet)
    most = vaults.LIMITS.value_cap * vaults.LIMITS.half_open_scale // 16
    over = safe.withdraw(wallet, most + DOLLAR, escape.thief)
    scene.guarded(f"a fresh identity, agent {newborn}: {over.answer}.")
    escape.tries["a fresh identity"] = over.answer
    reason = over.verdict and over.verdict.reason
    scene.holds("on probation it may not take what others may", reason, Reason.VALUE_LIMIT)
    last = safe.withdraw(wallet, most, escape.thief)
    scene.guarded(f"It takes {dollars(most)}, which is its probation, and trips itself.")
    trips = [(event.args["subject"], event.args["cause"]) for event in last.trips]
    scene.holds("its breaker opened by last straw", trips, [(Subject.of_agent(newborn), Cause.VALUE_LAST_STRAW)])
    scene.holds("and somebody answers for it: the new owner", escape.stage.breaker.owner_of(newborn), owner.address)
    return most


def _outlive_the_owner(escape: _Escape, shop: LocalAccount) -> None:
    """Without a beat of its owner the agent stops (BR-14)."""
    stage, scene, safe, agent, owner = escape.stage, escape.scene, escape.safe, escape.agent, escape.owner
    wallet = escape.wallets[2]
    stage.breaker.reset_agent(agent, Causes.OWNER, sender=owner)
    stage.breaker.set_heartbeat(agent, INTERVAL, sender=owner)
    # The identity went to and fro, which ended all bindings.
    stage.bind(agent, wallet, owner)
    scene.say(f"The owner mends and resets the agent. It now runs only while the owner beats, every {INTERVAL}.")
    scene.holds("the agent is admitted again", safe.withdraw(wallet, DOLLAR, shop).done)
    escape.refused("beating for itself", escape.call(wallet, "beat", agent), NotAuthorized)
    scene.wait(INTERVAL + timedelta(seconds=1), "the owner is gone, and misses a beat")
    escape.denied("going on without an owner", wallet)
    escape.refused("a late beat", escape.call(owner, "beat", agent), HeartbeatMissed)
    stage.breaker.reset_agent(agent, Causes.HEARTBEAT, sender=owner)
    scene.holds("only the owner's reset restores it", safe.withdraw(wallet, DOLLAR, shop).done)


SCRIPT = Script("evasion", "Evading shutdown: an agent that wants to go on", ("S9",), play)
