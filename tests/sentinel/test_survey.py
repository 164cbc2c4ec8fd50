"""What no event tells is looked at now and then, and told or acted on."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from eth_account import Account

from switchgear import UNDECLARED_LINEAGE, Reason, State
from tests.sentinel.conftest import DETECTOR, until
from tests.support.world import DAY, HOUR

if TYPE_CHECKING:
    from tests.sentinel.conftest import Chain, Watch


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
