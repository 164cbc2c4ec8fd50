"""A trip lands, once, whatever happens to its transaction (OP-2); nothing is sent that need not be (OP-3)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from eth_account import Account

from switchgear import Causes, State, Subject
from tests.sentinel.conftest import DETECTOR, until
from tests.support.proxy import Cut, Fail, Proxy
from tests.support.world import HOUR

if TYPE_CHECKING:
    from tests.sentinel.conftest import Chain, Watch


def statuses(watch: Watch) -> list[str]:
    """Of all actions."""
    return [action.status for action in watch.ask(lambda store: store.actions())]


def test_step__nonces_too_high__the_gap_is_filled(chain: Chain, watch: Watch, proxy: Proxy) -> None:
    """OP-2: an endpoint that gives too high a nonce leaves a gap; it is closed, and the trip lands."""
    with watch.running():
        until(lambda: watch.taken(chain.height), "first start")
        proxy.fault("eth_getTransactionCount", lambda _params, count: hex(int(count, 16) + 2), times=1)
        chain.act(17)
        until(lambda: chain.stopped, "trip")
        until(lambda: statuses(watch) == ["landed"], "read-back")
    assert chain.trips == 1


def test_step__base_fee_jumps__the_fee_follows(chain: Chain, watch: Watch) -> None:
    """OP-2: a transaction that cannot be mined at its fee is replaced, under the same nonce."""
    with watch.running():
        until(lambda: watch.taken(chain.height), "first start")
        chain.rpc("evm_setAutomine", False)
        chain.act(17, mined=False)
        chain.mine()
        until(lambda: statuses(watch) == ["sent"], "broadcast")
        (first,) = watch.ask(lambda s: s.sendings(chain.world.guardian.address))
        for _ in range(3):
            chain.rpc("anvil_setNextBlockBaseFeePerGas", hex(first.fee * 10))
            chain.mine()
        assert not chain.stopped
        until(lambda: watch.ask(lambda s: s.sendings(chain.world.guardian.address))[0].fee > first.fee, "a higher fee")
        chain.rpc("evm_setAutomine", True)
        until(lambda: chain.mine() or chain.stopped, "trip")
        until(lambda: statuses(watch) == ["landed"], "read-back")
    assert chain.trips == 1


def test_step__fee_at_its_bound__tells(chain: Chain, watch: Watch) -> None:
    """OP-2: the fee is never above the bound; that a trip waits for it is worth an alert."""
    with watch.running(max_fee_gwei=4, bump_after=0.1):
        until(lambda: watch.taken(chain.height), "first start")
        chain.rpc("evm_setAutomine", False)
        chain.act(17, mined=False)
        chain.mine()
        until(lambda: watch.ask(lambda s: [a for a in s.all_alerts() if a.key.startswith("fee:")]), "alert")
        (sending,) = watch.ask(lambda s: s.sendings(chain.world.guardian.address))
        assert sending.fee <= 4 * 10**9
        chain.mine()
        until(lambda: chain.stopped, "trip")


def test_step__dropped_from_the_pool__is_broadcast_again(chain: Chain, watch: Watch) -> None:
    """OP-2: until the open state is read back, the transaction goes out again."""
    with watch.running():
        until(lambda: watch.taken(chain.height), "first start")
        chain.rpc("evm_setAutomine", False)
        chain.act(17, mined=False)
        chain.mine()
        # The store says "sent" before it is: what is dropped must have arrived.
        until(lambda: int(chain.rpc("txpool_status")["pending"], 16) == 1, "broadcast")
        chain.rpc("anvil_dropAllTransactions")
        chain.rpc("evm_setAutomine", True)
        until(lambda: chain.stopped, "trip")
    assert chain.trips == 1


def test_step__one_endpoint_takes_nothing__another_does(
    chain: Chain, watch: Watch, proxy: Proxy, second: Proxy
) -> None:
    """OP-2: every endpoint gets the transaction."""
    proxy.fault("eth_sendRawTransaction", Fail)
    with watch.running(endpoints=[proxy.url, second.url]):
        until(lambda: watch.taken(chain.height), "first start")
        chain.act(17)
        until(lambda: chain.stopped, "trip")
    assert chain.trips == 1


def test_step__broadcast_fails__is_tried_again(chain: Chain, watch: Watch, proxy: Proxy) -> None:
    """OP-2: the answer is lost, or the request: it is the same transaction the next time."""
    with watch.running():
        until(lambda: watch.taken(chain.height), "first start")
        proxy.fault("eth_sendRawTransaction", Cut, times=1)
        chain.act(17)
        until(lambda: chain.stopped, "trip")
        until(lambda: statuses(watch) == ["landed"], "read-back")
    assert chain.trips == 1


def test_step__open_already__nothing_is_sent(chain: Chain, watch: Watch) -> None:
    """OP-1: a breaker that is open is not tripped again."""
    with watch.running():
        until(lambda: watch.taken(chain.height), "first start")
        chain.world.breaker.trip_agent(chain.world.agent, "by hand", sender=chain.world.owner)
        chain.act(17)
        until(lambda: statuses(watch) == ["open"], "the action is done")
    assert chain.trips == 1
    assert int(chain.rpc("eth_getTransactionCount", chain.world.guardian.address, "latest"), 16) == 0


def test_step__guardian_spent__is_refused_and_told(chain: Chain, watch: Watch) -> None:
    """BR-8: a guardian trips once until it is re-armed; people must know that it cannot."""
    with watch.running():
        until(lambda: watch.taken(chain.height), "first start")
        chain.act(17)
        until(lambda: statuses(watch) == ["landed"], "the first trip")
        chain.world.pass_time(3 * HOUR + 1)
        assert not chain.stopped
        chain.act(27)
        until(lambda: sorted(statuses(watch)) == ["landed", "refused"], "refusal")
        alerts = watch.ask(lambda s: [a.body for a in s.all_alerts() if a.key.startswith("refused:")])
        assert "GuardianSpent" in alerts[0]
    assert chain.trips == 1


def test_step__rearmed_and_fires_again__trips_again(chain: Chain, watch: Watch) -> None:
    """BR-8, OP-1: after the owner's reset a new incident is a new trip, an old one is not."""
    with watch.running():
        until(lambda: watch.taken(chain.height), "first start")
        chain.act(17)
        until(lambda: statuses(watch) == ["landed"], "the first trip")
        chain.world.breaker.reset_agent(chain.world.agent, Causes.GUARDIAN, sender=chain.world.owner)
        until(lambda: watch.taken(chain.height), "the reset")
        assert not chain.stopped
        chain.act(27)
        until(lambda: chain.stopped, "the second trip")
        until(lambda: statuses(watch) == ["landed"] * 2, "read-back")
    assert chain.trips == 2


def test_step__the_trip_is_reorganised_away__lands_again(chain: Chain, watch: Watch) -> None:
    """OP-1, OP-2: a trip that the chain took back is sent again."""
    with watch.running():
        until(lambda: watch.taken(chain.height), "first start")
        chain.rpc("evm_setAutomine", False)
        chain.act(17, mined=False)
        chain.mine()
        until(lambda: statuses(watch) == ["sent"], "broadcast")
        snapshot = chain.rpc("evm_snapshot")
        chain.mine()
        until(lambda: chain.stopped, "trip")
        until(lambda: statuses(watch) == ["landed"], "read-back")
        assert chain.rpc("evm_revert", snapshot)
        chain.rpc("anvil_dropAllTransactions")
        assert not chain.stopped
        chain.rpc("evm_setAutomine", True)
        chain.mine(2)
        until(lambda: chain.stopped, "the trip again")
        until(lambda: statuses(watch) == ["landed"], "read-back again")
    assert chain.trips == 1


def test_step__more_than_a_block_may_have__the_worst_goes_first(chain: Chain, watch: Watch) -> None:
    """OP-2: trips are capped for each block, and sent in the order of severity."""
    detectors = [
        {"use": DETECTOR, "mode": "enforce", "trips": "kill-switch"},
        {"use": DETECTOR, "mode": "enforce", "options": {"name": "worse", "weight": 2.0}},
    ]
    with watch.running(trips_per_block=1, detectors=detectors):
        until(lambda: watch.taken(chain.height), "first start")
        chain.rpc("evm_setAutomine", False)
        chain.act(17, mined=False)
        chain.mine()
        until(lambda: sorted(statuses(watch)) == ["due", "sent"], "the first of two")
        (sent,) = watch.ask(lambda s: s.actions("sent"))
        assert sent.incident.startswith("worse")
        chain.mine(2)
        place = (*chain.world.place, Subject.of_agent(chain.world.agent))
        until(lambda: chain.world.breaker.usage(*place).state is State.OPEN, "the worst")
        until(lambda: chain.mine() or chain.stopped, "the other")


def test_run__no_account__proposes_and_sends_nothing(chain: Chain, watch: Watch) -> None:
    """OP-3: without a signer `enforce` says what it would send."""
    watch.account = None
    with watch.running():
        until(lambda: watch.taken(chain.height), "first start")
        chain.act(17)
        until(lambda: statuses(watch) == ["proposed"], "proposal")
        (alert,) = watch.ask(lambda s: [a for a in s.all_alerts() if a.key.startswith("proposal:")])
    call: dict[str, Any] = alert.data["transaction"]
    assert not chain.stopped
    # Whoever has the power can send just this.
    chain.rpc("anvil_impersonateAccount", chain.world.owner.address)
    chain.rpc("eth_sendTransaction", {"from": chain.world.owner.address, **call})
    until(lambda: chain.stopped, "what was proposed")


def test_run__observe__alerts_only(chain: Chain, watch: Watch) -> None:
    """OP-3: a detector starts in observe: its scores are told, and have no other consequence."""
    with watch.running(detectors=[{"use": DETECTOR}]):
        until(lambda: watch.taken(chain.height), "first start")
        chain.act(17)
        until(lambda: watch.taken(chain.height), "the block")
        assert [a.key.split(":")[0] for a in watch.ask(lambda s: s.all_alerts())] == ["incident"]
        assert statuses(watch) == []
    assert not chain.stopped


def test_run__the_signer_is_no_guardian__is_refused(chain: Chain, watch: Watch) -> None:
    """BR-8: a key without the power is told so, and spends nothing on it."""
    watch.account = Account.create()
    with watch.running():
        until(lambda: watch.taken(chain.height), "first start")
        chain.act(17)
        until(lambda: statuses(watch) == ["refused"], "refusal")
    assert not chain.stopped
