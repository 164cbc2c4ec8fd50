"""A scripted incident on a local chain: an agent pays bills, then drains a vault, and is stopped by whoever may.

What the script did is kept beside the chain, from the receipts of its own transactions, so that a report can be
compared with something that it did not read itself.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from switchgear.demo.stage import DOLLAR, HOUR, Outcome, Stage
from switchgear.demo.vaults import PROBATION, Account, open_account

if TYPE_CHECKING:
    from eth_account.signers.local import LocalAccount

HOSTILE_URI = "ipfs://agent.json</pre><script>document.title='owned'</script>"
HOSTILE_LINEAGE = "open|7b`<img src=x onerror=alert(1)>"
BILL, GREED = 10 * DOLLAR, 700 * DOLLAR
BILLS, THEFTS, LATE = 4, 8, 3
BOUND = 6 * HOUR
DEPOSIT = 100_000 * DOLLAR


@dataclass
class Incident:
    """Who took part, and what happened."""

    stage: Stage
    owner: LocalAccount
    wallet: LocalAccount
    admin: LocalAccount
    guardian: LocalAccount
    provider: LocalAccount
    thief: LocalAccount
    user: LocalAccount
    account: Account
    agent: int = 0
    agent_id: int = 0
    lineage: int = 0
    bills: list[Outcome] = field(default_factory=list)
    thefts: list[Outcome] = field(default_factory=list)
    """The last of them trips the breaker behind itself."""
    late: list[Outcome] = field(default_factory=list)
    """Denied, every one."""
    kill: str = ""
    """The guardian's transaction."""

    @property
    def first(self) -> int:
        """Block of the first bill."""
        return self.bills[0].block


def play(stage: Stage) -> Incident:
    """Plays it; 12 seconds between blocks, an hour between bills."""
    owner, wallet, admin, guardian, provider, thief, user = stage.actors(7)
    breaker = stage.breaker
    account = open_account(stage, "GuardedVault", user, DEPOSIT, [wallet], admin=admin)
    incident = Incident(stage, owner, wallet, admin, guardian, provider, thief, user, account)
    lineage = breaker.register_lineage(HOSTILE_LINEAGE, sender=provider).event("LineageRegistered")
    incident.lineage = int(lineage.args["lineage"])
    incident.agent_id = int(stage.registry.register(HOSTILE_URI, sender=owner).event("Registered").args["agentId"])
    enrolled = breaker.enroll(stage.registry.address, incident.agent_id, lineage=incident.lineage, sender=owner)
    incident.agent = int(enrolled.event("AgentEnrolled").args["agent"])
    stage.bind(incident.agent, wallet, owner)
    breaker.attest_lineage(incident.agent, incident.lineage, True, sender=provider)
    breaker.set_agent_guardian(incident.agent, guardian.address, BOUND, sender=owner)

    account.withdraw(wallet, DOLLAR, thief)
    stage.pass_time(int(PROBATION.total_seconds()))
    for _ in range(BILLS):
        incident.bills.append(account.withdraw(wallet, BILL, thief))
        stage.pass_time(HOUR)
    # No vault pays more than is in it: this one fails for a reason of its own.
    incident.bills.append(account.withdraw(wallet, 2 * DEPOSIT, wallet))
    stage.pass_time(2 * HOUR)
    while not (incident.thefts and incident.thefts[-1].trips):
        assert len(incident.thefts) < THEFTS, "the breaker does not trip"
        incident.thefts.append(account.withdraw(wallet, GREED, thief))
    incident.late += [account.withdraw(wallet, GREED, thief) for _ in range(LATE)]
    tripped = breaker.trip_agent(incident.agent, "drains the vault", sender=guardian)
    incident.kill = str(tripped.hash)
    incident.late.append(account.withdraw(wallet, BILL, thief))
    assert all(one.verdict for one in incident.late)
    return incident
