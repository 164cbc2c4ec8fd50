"""What no event tells is looked at now and then, and told or acted on."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import pytest
from eth_account import Account

from switchgear import UNDECLARED_LINEAGE, Reason, State
from switchgear.countersign import Countersign, Proposal, sign, signers_of
from switchgear.deployment import deploy
from switchgear.docket import REWIND
from switchgear.errors import ConfigInvalid
from switchgear.policy import SessionPolicy, Setup, deploy_safe_guard
from tests.sentinel.conftest import DETECTOR, until
from tests.support.world import DAY, HOUR

if TYPE_CHECKING:
    from tests.sentinel.conftest import Chain, Watch
    from tests.support.proxy import Proxy


def keys(watch: Watch) -> set[str]:
    """First words of the keys of all alerts."""
    return {alert.key.partition(":")[0] for alert in watch.ask(lambda s: s.all_alerts())}


def test_look__an_agent_was_sold__its_bindings_end(chain: Chain, watch: Watch, project: Any) -> None:
    """ID-4: a foreign registry tells nobody: the sentinel calls `sync`, and the old owner's wallets are stale."""
    world = chain.world
    registry, interface = chain.create(project, "HostileRegistry")
    chain.send(registry, interface.encode("setOwner", [7, world.owner.address]))
    enrolled = world.breaker.enroll(registry, 7, sender=world.owner)
    agent, wallet = int(enrolled.event("AgentEnrolled").args["agent"]), Account.create()
    world.bind(agent, wallet, world.owner)
    chain.mine(40)
    with watch.running(survey=0.1):
        until(lambda: watch.taken(chain.height), "first start")
        assert world.breaker.status(wallet.address).admitted
        chain.send(registry, interface.encode("setOwner", [7, world.stranger.address]))
        until(lambda: world.breaker.status(wallet.address).reason is Reason.WALLET_STALE, "sync")
        until(lambda: watch.ask(lambda s: [a.status for a in s.actions()]) == ["landed"], "read-back")
    assert keys(watch) == {"owner"}


def test_look__heartbeat__is_asked_for_and_missed(chain: Chain, watch: Watch) -> None:
    """BR-14: a beat that is due soon is told, and one that was missed, by the time of the chain."""
    chain.world.breaker.set_heartbeat(chain.world.agent, 4 * HOUR, sender=chain.world.owner)
    chain.mine(40)
    with watch.running(survey=0.1, clock_skew=10**6):
        until(lambda: watch.taken(chain.height), "first start")
        chain.world.pass_time(3 * HOUR - 60)
        until(lambda: watch.taken(chain.height), "the time")
        assert keys(watch) == set()
        chain.world.pass_time(120)
        until(lambda: keys(watch) == {"beat-soon"}, "a beat is due")
        chain.world.pass_time(HOUR)
        until(lambda: keys(watch) == {"beat-soon", "beat"}, "a beat was missed")


def test_look__a_loosening__is_told_at_once_and_again_before_it_matures(chain: Chain, watch: Watch) -> None:
    """BR-9: what becomes looser does so in public; it is told until it is cancelled."""
    world = chain.world
    with watch.running(survey=0.1, clock_skew=10**6):
        until(lambda: watch.taken(chain.height), "first start")
        world.breaker.set_guardian(world.protocol.address, world.guardian.address, 0, sender=world.admin)
        until(lambda: keys(watch) == {"loosening"}, "scheduled")
        world.pass_time(DAY - HOUR + 1)
        until(lambda: keys(watch) == {"loosening", "loosening-soon"}, "soon")


@dataclass
class Council:
    """A policy of an account of the owner's, and the council of one that countersigns for it."""

    chain: Chain
    policy: SessionPolicy = field(init=False)
    council: Countersign = field(init=False)

    def __post_init__(self) -> None:
        """Deploys both."""
        world = self.chain.world
        signers = signers_of([world.provider.address])
        arguments = (world.breaker.address, world.admin.address, signers, 1, 2 * DAY)
        made = deploy(world.node, "Countersign", *arguments, sender=world.deployer)
        self.council = Countersign(world.web3, made.address)
        setup = Setup(world.breaker.address, world.stranger.address, world.admin.address, made.address)
        self.policy = SessionPolicy(world.web3, deploy_safe_guard(world.web3, setup, sender=world.deployer).address)
        self.chain.mine(40)

    def approve(self, nonce: int) -> Proposal:
        """One more execution."""
        world = self.chain.world
        parties = (self.policy.address, world.stranger.address, world.wallet.address)
        calls = [(world.stranger.address, nonce, b"")]
        proposal = self.council.propose(*parties, calls, expiry=world.now + 30 * DAY, nonce=nonce)
        self.council.approve(proposal, [sign(proposal, world.provider)], sender=world.deployer)
        return proposal


@pytest.fixture
def council(chain: Chain) -> Council:
    """Both on the chain."""
    return Council(chain)


def look_twice(proxy: Proxy) -> None:
    """Waits until it has looked at everything anew."""
    before = proxy.asked.count("eth_getBalance")
    until(lambda: proxy.asked.count("eth_getBalance") >= before + 2, "two looks")


def told(watch: Watch, kind: str) -> list[dict[str, Any]]:
    """Data of the alerts of a kind."""
    return [one.data for one in watch.ask(lambda s: s.all_alerts()) if one.key.startswith(f"{kind}:")]


def test_look__a_countersignature__is_told_at_once_and_again_before_it_matures(
    chain: Chain, watch: Watch, proxy: Proxy, council: Council
) -> None:
    """WP-7, S8: who may veto hears of it when it is signed, and an hour before it matures, to the second, once each."""
    with watch.running(survey=0.1, clock_skew=10**6, policies=[council.policy.address]):
        until(lambda: watch.taken(chain.height), "first start")
        assert keys(watch) == set()
        proposal = council.approve(1)
        eta = chain.world.now + 2 * DAY
        until(lambda: keys(watch) == {"countersigned"}, "scheduled")
        chain.world.move_to(eta - HOUR - 1)
        until(lambda: watch.taken(chain.height), "the time")
        look_twice(proxy)
        assert keys(watch) == {"countersigned"}
        chain.world.move_to(eta - HOUR)
        until(lambda: keys(watch) == {"countersigned", "countersigned-soon"}, "soon")
        chain.world.move_to(eta + 1)
        until(lambda: watch.taken(chain.height), "the time")
        look_twice(proxy)
        assert told(watch, "countersigned-soon") == [
            {
                "policy": council.policy.address,
                "council": council.council.address,
                "id": f"0x{proposal.id.hex()}",
                "eta": eta,
            }
        ]
        assert len(told(watch, "countersigned")) == 1


def test_look__a_countersignature_that_was_vetoed__is_told_no_more(
    chain: Chain, watch: Watch, council: Council
) -> None:
    """WP-7: of two that wait, the one that was vetoed does not mature."""
    with watch.running(survey=0.1, clock_skew=10**6, policies=[council.policy.address]):
        until(lambda: watch.taken(chain.height), "first start")
        proposals = [council.approve(nonce) for nonce in (1, 2)]
        until(lambda: len(told(watch, "countersigned")) == 2, "scheduled")
        council.council.veto(proposals[0].id, sender=chain.world.admin)
        chain.world.pass_time(2 * DAY - HOUR + 60)
        until(lambda: told(watch, "countersigned-soon"), "soon")
        assert [one["id"] for one in told(watch, "countersigned-soon")] == [f"0x{proposals[1].id.hex()}"]


def test_look__policy_and_council_loosen__is_told_like_any_loosening(
    chain: Chain, watch: Watch, council: Council
) -> None:
    """BR-9, WP-6: what their owner announces is told at once, and an hour before it is possible, unless cancelled."""
    admin = chain.world.admin
    with watch.running(survey=0.1, clock_skew=10**6, policies=[council.policy.address]):
        until(lambda: watch.taken(chain.height), "first start")
        council.council.schedule("setDelay", DAY, sender=admin)
        council.council.schedule("setThreshold", 1, sender=admin)
        council.policy.schedule("trust", chain.world.guardian.address, sender=admin)
        eta = chain.world.now + DAY
        until(lambda: len(told(watch, "loosening")) == 3, "scheduled")
        council.council.cancel("setThreshold", 1, sender=admin)
        chain.world.move_to(eta - HOUR)
        until(lambda: len(told(watch, "loosening-soon")) == 2, "soon")
        contracts = {council.council.address, council.policy.address}
        assert {one["contract"] for one in told(watch, "loosening-soon")} == contracts
        call = council.council.interface.encode("setDelay", [DAY])
        assert f"0x{call.hex()}" in {one["call"] for one in told(watch, "loosening-soon")}


def test_look__again__asks_for_logs_of_the_last_blocks_alone(
    chain: Chain, watch: Watch, proxy: Proxy, council: Council
) -> None:
    """S14: history is read once; an approval that the chain took back is not told as about to mature."""
    asked: list[int] = []
    policy = council.policy.address

    def note(params: list[Any], logs: Any) -> Any:
        if policy in params[0]["address"]:
            asked.append(int(params[0]["fromBlock"], 16))
        return logs

    proxy.fault("eth_getLogs", note)
    chain.mine(2 * REWIND)
    # The first start begins a little before the head.
    earliest = chain.height - REWIND - 40
    with watch.running(survey=0.1, clock_skew=10**6, policies=[policy]):
        until(lambda: watch.taken(chain.height), "first start")
        council.approve(1)
        until(lambda: len(told(watch, "countersigned")) == 1, "the first")
        snapshot = chain.rpc("evm_snapshot")
        council.approve(2)
        until(lambda: len(told(watch, "countersigned")) == 2, "the second")
        assert chain.rpc("evm_revert", snapshot)
        chain.world.pass_time(2 * DAY - HOUR + 60)
        chain.mine(2)
        until(lambda: told(watch, "countersigned-soon"), "soon")
        look_twice(proxy)
        assert len(told(watch, "countersigned-soon")) == 1
    assert asked[0] == 0
    assert min(asked[1:]) > earliest


def test_run__start_after_the_head__the_configuration_is_refused(watch: Watch) -> None:
    """OP-1: a block that is not there yet is told by the key that names it."""
    with pytest.raises(ConfigInvalid, match="start: block 1,000,000"), watch.running(start=10**6):
        until(lambda: watch.error, "the error")


def test_run__no_policy_there__the_configuration_is_refused(chain: Chain, watch: Watch) -> None:
    """S14: an address that is no session policy is an error at the start, and no silence later."""
    for address in (chain.world.stranger.address, chain.world.breaker.address):
        with pytest.raises(ConfigInvalid, match=f"policies: .*{address}"), watch.running(policies=[address]):
            until(lambda: watch.error, "the error")


def test_look__the_signer_is_poor__is_told(chain: Chain, watch: Watch) -> None:
    """OP-2: a trip that cannot be paid for does not land."""
    watch.account = Account.create()
    with watch.running():
        until(lambda: watch.taken(chain.height) and "balance" in keys(watch), "alert")


def test_run__a_lineage_fires__its_breaker_opens_at_the_protocol(chain: Chain, watch: Watch) -> None:
    """S5: a score of a lineage opens the one breaker that its members share there."""
    lineage = {"use": DETECTOR, "mode": "enforce", "options": {"lineage": True}}
    with watch.running(detectors=[lineage]):
        until(lambda: watch.taken(chain.height), "first start")
        chain.act(17)
        place = (*chain.world.place, UNDECLARED_LINEAGE)
        until(lambda: chain.world.breaker.usage(*place).state is State.OPEN, "trip")
    assert not chain.stopped
