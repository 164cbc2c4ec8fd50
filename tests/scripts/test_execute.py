"""`ape agents approvals execute` with files that somebody else wrote: only what people approved is sent (WP-7)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import pytest

from switchgear.chain import Node
from switchgear.countersign import Call, Countersign, signers_of
from switchgear.decoder import NATIVE
from switchgear.deployment import core_address, deploy
from switchgear.execution import execute_safe
from switchgear.policy import UNLIMITED, Permission, Setup, deploy_safe_guard, safe_installation
from tests.support.safes import Safes
from tests.support.world import DAY, LIMITS, POLICY

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from tests.scripts.conftest import Outcome
    from tests.support.world import World

    Run = Callable[..., Outcome]

WAIT, FUNDS = 2 * DAY, 10_000
APPROVE_ABOVE = 100
HUMAN = "TEST::9"
PAYEE, DRAIN = ("0x" + byte * 20 for byte in ("9a", "d7"))
THIEF = "0x" + "7f" * 20
TAKE_ALL = "0x5f5f5f5f4773" + THIEF[2:] + "5af100"
"""Code that sends whatever the one who runs it has to the thief."""


@dataclass(frozen=True)
class Paying:
    """A Safe of an agent's and a person's, each enough by itself, whose guard lets the agent send coins."""

    world: World
    safe: str
    policy: str
    council: Countersign
    agent: str
    """As --account has it."""

    def balance(self, who: str) -> int:
        """Of coins."""
        return int(Node(self.world.web3).request("eth_getBalance", who, "latest"), 16)

    def propose(self, path: Path, *calls: Call, policy: str | None = None) -> Path:
        """A file that nobody has signed."""
        wallet = self.world.wallet.address
        made = self.council.propose(policy or self.policy, self.safe, wallet, calls, expiry=2**39)
        path.write_text(made.to_json())
        return path


@pytest.fixture
def paying(world: World, project: Any, accounts: Any) -> Paying:
    """With a council of one person, which approves what is above `APPROVE_ABOVE`."""
    human, index = accounts[9], [one.address for one in accounts].index(world.wallet.address)
    web3, wallet = world.web3, world.wallet.address
    safe = Safes(web3, project, "1.5.0", world.deployer.address).create([wallet, human.address])
    place = (core_address(), world.owner.address, signers_of([human.address]), 1, WAIT)
    council = deploy(Node(web3), "Countersign", *place, sender=human).address
    setup = Setup(core_address(), safe, world.owner.address, council, trusted=(human.address,))
    setup = setup.asset(NATIVE, LIMITS._replace(value_cap=FUNDS), POLICY)
    setup = setup.permit(Permission(wallet, PAYEE, b"", approve_above=APPROVE_ABOVE, delay_above=UNLIMITED))
    guard = deploy_safe_guard(web3, setup, sender=human)
    for to, data in safe_installation(safe, guard.address):
        execute_safe(web3, safe, [Call(to, 0, data)], sender=human)
    Node(web3).request("anvil_setBalance", safe, hex(FUNDS))
    return Paying(world, safe, guard.address, Countersign(web3, council), f"TEST::{index}")


def test_execute__by_a_person_who_owns_the_safe__sends_nothing_unapproved(
    agents: Run, paying: Paying, tmp_path: Path
) -> None:
    """WP-7: it is the agent's to execute: a trusted owner's key would pass the guard unasked, approved or not."""
    file = paying.propose(tmp_path / "p.json", Call(THIEF, FUNDS, b""))
    refused = agents("approvals", "execute", file, "--account", HUMAN)
    assert (refused.code, "is for the agent's wallet" in refused.error) == (2, True), refused
    assert (paying.balance(THIEF), paying.balance(paying.safe)) == (0, FUNDS)


def test_execute__of_a_file_that_nobody_approved__sends_nothing(agents: Run, paying: Paying, tmp_path: Path) -> None:
    """WP-7: what the agent may do alone is not done because some file says so."""
    before = paying.balance(PAYEE)
    file = paying.propose(tmp_path / "p.json", Call(PAYEE, APPROVE_ABOVE, b""))
    refused = agents("approvals", "execute", file, "--account", paying.agent)
    assert (refused.code, "NotCountersigned" in refused.error) == (4, True), refused
    assert paying.balance(PAYEE) == before


@pytest.mark.parametrize("who", ["agent", "person"])
def test_execute__of_a_policy_that_somebody_else_deployed__sends_nothing(
    agents: Run, paying: Paying, tmp_path: Path, who: str
) -> None:
    """WP-4, WP-7: a stranger's policy says that it is the Safe's, and his code its MultiSendCallOnly."""
    web3 = paying.world.web3
    Node(web3).request("anvil_setCode", DRAIN, TAKE_ALL)
    setup = Setup(core_address(), paying.safe, paying.world.stranger.address, paying.council.address)
    lure = deploy_safe_guard(web3, setup, multi_send=DRAIN, sender=paying.world.stranger)
    file = paying.propose(tmp_path / "p.json", Call(PAYEE, 1, b""), Call(PAYEE, 2, b""), policy=lure.address)
    assert THIEF not in agents("approvals", "explain", file).out.lower()
    account = paying.agent if who == "agent" else HUMAN
    refused = agents("approvals", "execute", file, "--account", account)
    assert (refused.code, "the guard of the Safe" in refused.error) == (2, True), refused
    assert (paying.balance(THIEF), paying.balance(paying.safe)) == (0, FUNDS)


def test_execute__without_an_account__is_simulated_as_the_files_wallet(
    agents: Run, paying: Paying, tmp_path: Path
) -> None:
    """OP-3, WP-7: a dry run tells what the guard would say to the agent."""
    file = paying.propose(tmp_path / "p.json", Call(PAYEE, APPROVE_ABOVE + 1, b""))
    early = agents("approvals", "execute", file)
    assert (early.code, "NotCountersigned" in early.error) == (4, True)
