"""Whatever the endpoints do, nothing is missed and nothing is taken twice (OP-1)."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING, Any

import pytest
from aiohttp.web import HTTPRequestEntityTooLarge
from eth_abi.abi import encode

from switchgear.errors import ChainReset, ForeignDatabase
from switchgear.gas.chain import listening
from switchgear.sentinel import source
from tests.sentinel.conftest import until
from tests.support.proxy import Cut, Fail, Proxy, Truncate

if TYPE_CHECKING:
    from tests.sentinel.conftest import Chain, Watch

DENIED = 10**30 + 1
"""A value that the lane denies, unmarked."""
pytestmark = pytest.mark.usefixtures("woken")


def deny(chain: Chain, value: int = DENIED) -> str:
    """The protocol asks about the agent, and the core denies; the transaction's hash."""
    sent = chain.world.breaker.admit(0, chain.world.wallet.address, value, sender=chain.world.protocol)
    assert sent.hash is not None
    return sent.hash


def hashes(watch: Watch) -> list[str]:
    """Of the transactions observed, in order."""
    return [one.partition(":")[0] for one in watch.seen]


@pytest.mark.parametrize("kind", [Cut, Truncate, Fail])
@pytest.mark.parametrize(
    "method",
    ["eth_blockNumber", "eth_getBlockByNumber", "eth_getBlockByHash", "eth_getLogs", "eth_getTransactionReceipt"],
)
def test_run__an_answer_fails__is_asked_again(
    chain: Chain, watch: Watch, proxy: Proxy, kind: type[Exception], method: str
) -> None:
    """OP-1: a cut, truncated or refused answer costs delay and nothing else."""
    with watch.running():
        until(lambda: watch.taken(chain.height), "first start")
        proxy.fault(method, kind, times=2)
        sent = [chain.act(1), deny(chain)]
        until(lambda: watch.taken(chain.height), "both blocks")
        assert hashes(watch) == sent


def test_run__connection_cut__catches_up(chain: Chain, watch: Watch, proxy: Proxy) -> None:
    """OP-1: what happened while no endpoint could be reached is taken afterwards, in order, and acted on."""
    with watch.running():
        until(lambda: watch.taken(chain.height), "first start")
        proxy.down = True
        sent = [chain.act(value) for value in (1, 2, 17, 3)]
        chain.mine(70)
        proxy.heal()
        until(lambda: chain.stopped, "trip")
        until(lambda: watch.taken(chain.height), "all blocks")
        assert hashes(watch) == sent
    assert chain.trips == 1


def test_run__logs_given_twice__are_taken_once(chain: Chain, watch: Watch, proxy: Proxy) -> None:
    """OP-1: a log is one log by the hash of its block and its index, however often it is given."""
    proxy.fault("eth_getLogs", lambda _params, logs: logs + logs)
    with watch.running():
        until(lambda: watch.taken(chain.height), "first start")
        sent = deny(chain)
        until(lambda: watch.taken(chain.height), "the block")
        assert hashes(watch) == [sent]


def test_run__logs_withheld__are_taken_from_receipts(chain: Chain, watch: Watch, proxy: Proxy) -> None:
    """OP-1: the block's bloom filter tells that an endpoint gave no logs where there are some."""
    with watch.running():
        until(lambda: watch.taken(chain.height), "first start")
        proxy.fault("eth_getLogs", lambda _params, _logs: [])
        sent = deny(chain)
        until(lambda: watch.taken(chain.height), "the block")
        assert hashes(watch) == [sent]


def test_run__logs_withheld_by_one_of_two__are_taken_from_the_other(
    chain: Chain, watch: Watch, proxy: Proxy, second: Proxy
) -> None:
    """OP-1: logs are asked of each endpoint of the quorum, and united."""
    with watch.running(endpoints=[proxy.url, second.url]):
        until(lambda: watch.taken(chain.height), "first start")
        proxy.fault("eth_getLogs", lambda _params, _logs: [])
        sent = deny(chain)
        until(lambda: watch.taken(chain.height), "the block")
        assert hashes(watch) == [sent]
    assert "eth_getTransactionReceipt" not in second.asked


def test_run__a_log_made_up__is_dropped(chain: Chain, watch: Watch, proxy: Proxy, caplog: Any) -> None:
    """OP-1: a log that the block's bloom filter rules out accuses nobody."""
    with watch.running():
        until(lambda: watch.taken(chain.height), "first start")
        real = chain.world.breaker

        def forge(params: list[Any], logs: list[Any]) -> list[Any]:
            wallet = encode(["address"], [chain.world.wallet.address]).hex()
            topics = real.interface.topics("Denied", {}) or []
            log = {
                "address": real.address,
                "topics": [topics[0], "0x" + wallet, "0x" + "00" * 32, "0x" + wallet],
                "data": "0x" + encode(["uint256", "uint256"], [0, 17]).hex(),
                "blockHash": params[0].get("blockHash"),
                "blockNumber": hex(chain.height),
                "transactionHash": "0x" + "11" * 32,
                "transactionIndex": "0x0",
                "logIndex": "0x0",
                "removed": False,
            }
            return [*logs, log]

        proxy.fault("eth_getLogs", forge)
        with caplog.at_level(logging.WARNING):
            sent = chain.act(1)
            until(lambda: watch.taken(chain.height), "the block")
        assert hashes(watch) == [sent]
    assert "cannot be in it" in caplog.text
    assert not chain.stopped


def test_run__one_endpoint_stands_still__the_other_is_followed(
    chain: Chain, watch: Watch, proxy: Proxy, second: Proxy
) -> None:
    """OP-1, OP-2: an endpoint that lags holds the others up for no longer than `patience`."""
    with watch.running(endpoints=[proxy.url, second.url]):
        until(lambda: watch.taken(chain.height), "first start")
        still = hex(chain.height)
        proxy.fault("eth_blockNumber", lambda _params, _head: still)
        chain.act(1)
        until(lambda: watch.taken(chain.height), "the block")
        chain.act(17)
        until(lambda: chain.stopped, "trip")
        until(lambda: watch.ask(lambda s: [a.status for a in s.actions()]) == ["landed"], "read-back")
    assert chain.trips == 1


def test_run__one_of_three_lies_about_a_block__the_others_count(
    chain: Chain, watch: Watch, proxy: Proxy, second: Proxy, third: Proxy
) -> None:
    """OP-1: a block that one endpoint made up is not taken."""

    def lie(params: list[Any], block: Any) -> Any:
        return {**block, "hash": "0x" + "ab" * 32} if params[0] not in ("latest", "0x0") else block

    with watch.running(endpoints=[proxy.url, second.url, third.url]):
        until(lambda: watch.taken(chain.height), "first start")
        proxy.fault("eth_getBlockByNumber", lie)
        sent = [chain.act(1), chain.act(17)]
        until(lambda: chain.stopped, "trip")
        until(lambda: watch.taken(chain.height), "all blocks")
        assert hashes(watch) == sent
    assert chain.trips == 1


def test_run__one_of_two_hides_a_transaction__it_is_seen(
    chain: Chain, watch: Watch, proxy: Proxy, second: Proxy
) -> None:
    """OP-1: a body that lacks a transaction of its own header is asked of another endpoint."""
    proxy.fault("eth_getBlockByHash", lambda _params, block: {**block, "transactions": []})
    with watch.running(endpoints=[proxy.url, second.url]):
        until(lambda: watch.taken(chain.height), "first start")
        sent = chain.act(1)
        until(lambda: watch.taken(chain.height), "the block")
        assert hashes(watch) == [sent]


@pytest.mark.parametrize(
    ("field", "value"),
    [
        (field, value)
        for field in ("from", "to", "input", "value", "transactionIndex", "hash")
        for value in ("0xzz", "", 7, None, [], "absent")
        # A creation has no receiver.
        if (field, value) not in (("to", None), ("to", "absent"))
    ],
)
def test_run__a_block_with_nonsense_in_it__ends_nothing(
    chain: Chain, watch: Watch, proxy: Proxy, second: Proxy, field: str, value: Any
) -> None:
    """OP-1: what cannot be read of one endpoint's block is read of another's."""

    def garble(_params: list[Any], block: Any) -> Any:
        if not block or not all(isinstance(one, dict) for one in block["transactions"]):
            return block
        changed = [{**one, field: value} for one in block["transactions"]]
        for one in changed:
            if value == "absent":
                del one[field]
        return {**block, "transactions": changed}

    for method in ("eth_getBlockByNumber", "eth_getBlockByHash"):
        proxy.fault(method, garble)
    proxy.fault("eth_getTransactionReceipt", lambda _params, receipt: {**receipt, "status": value})
    with watch.running(endpoints=[proxy.url, second.url]):
        until(lambda: watch.taken(chain.height), "first start")
        sent = chain.act(1)
        until(lambda: watch.taken(chain.height), "the block")
        assert hashes(watch) == [sent]


@pytest.mark.parametrize("odd", [None, [], {}, "0x", "nonsense", 7], ids=str)
@pytest.mark.parametrize(
    "method",
    [
        "eth_blockNumber",
        "eth_getBlockByNumber",
        "eth_getBlockByHash",
        "eth_getLogs",
        "eth_getTransactionReceipt",
        "eth_getTransactionCount",
        "eth_call",
        "eth_estimateGas",
        "eth_gasPrice",
        "eth_getBalance",
    ],
)
def test_run__an_answer_is_no_such_thing__the_other_endpoint_counts(
    chain: Chain, watch: Watch, proxy: Proxy, second: Proxy, method: str, odd: Any
) -> None:
    """OP-1, OP-2: whatever one endpoint answers, the trip lands, and the sentinel goes on."""
    with watch.running(endpoints=[second.url, proxy.url], survey=0.1):
        until(lambda: watch.taken(chain.height), "first start")
        proxy.fault(method, lambda _params, _result: odd)
        sent = [deny(chain), chain.act(17)]
        until(lambda: chain.stopped, "trip")
        until(lambda: hashes(watch) == sent, "both")
        until(lambda: [a.status for a in watch.ask(lambda s: s.actions())] == ["landed"], "read-back")
    assert chain.trips == 1


def test_run__delayed_and_repeated_requests__nothing_is_doubled(chain: Chain, watch: Watch, proxy: Proxy) -> None:
    """OP-2: a node that gets a transaction twice mines it once."""
    proxy.twice = {"eth_sendRawTransaction", "eth_getLogs"}
    proxy.delay = 0.02
    with watch.running():
        until(lambda: watch.taken(chain.height), "first start")
        chain.act(17)
        until(lambda: chain.stopped, "trip")
        until(lambda: watch.ask(lambda s: [a.status for a in s.actions()]) == ["landed"], "read-back")
    assert chain.trips == 1


def test_run__reorganised__only_the_new_branch_counts(chain: Chain, watch: Watch) -> None:
    """OP-1: what the chain took back is taken back; what it has instead is taken."""
    with watch.running():
        until(lambda: watch.taken(chain.height), "first start")
        kept = chain.act(1)
        until(lambda: watch.taken(chain.height), "the first")
        snapshot = chain.rpc("evm_snapshot")
        gone = [chain.act(2), chain.act(3)]
        until(lambda: watch.taken(chain.height), "those that will go")
        assert hashes(watch) == [kept, *gone]
        assert chain.rpc("evm_revert", snapshot)
        new = [chain.act(4), chain.act(17), chain.act(5)]
        until(lambda: chain.stopped, "trip")
        until(lambda: hashes(watch) == [kept, *new], "the new branch")
    assert chain.trips == 1


def test_run__the_same_transaction_on_both_branches__is_acted_on_once(chain: Chain, watch: Watch) -> None:
    """OP-1: an incident is known by its transaction: moving to another block is no second one."""
    with watch.running():
        until(lambda: watch.taken(chain.height), "first start")
        chain.rpc("evm_setAutomine", False)
        sent = chain.act(17, mined=False)
        raw = chain.rpc("eth_getRawTransactionByHash", sent)
        snapshot = chain.rpc("evm_snapshot")
        chain.mine()
        until(lambda: watch.taken(chain.height), "the block")
        until(lambda: watch.ask(lambda s: [a.status for a in s.actions()]) == ["sent"], "broadcast")
        assert chain.rpc("evm_revert", snapshot)
        chain.mine()
        chain.rpc("evm_setAutomine", True)
        if chain.rpc("eth_getTransactionReceipt", sent) is None:
            chain.rpc("eth_sendRawTransaction", raw)
        until(lambda: chain.stopped, "trip")
        until(lambda: watch.ask(lambda s: [a.status for a in s.actions()]) == ["landed"], "read-back")
        until(lambda: hashes(watch) == [sent], "the new branch")
    assert chain.trips == 1


def test_run__reorganised_by_the_node__state_is_that_of_the_new_branch(chain: Chain, watch: Watch) -> None:
    """OP-1: `anvil_reorg` takes three blocks back with what was in them."""
    with watch.running():
        until(lambda: watch.taken(chain.height), "first start")
        kept = chain.act(1)
        until(lambda: watch.taken(chain.height), "the first")
        for value in (2, 3, 4):
            chain.act(value)
        until(lambda: watch.taken(chain.height), "those that will go")
        chain.rpc("anvil_reorg", 3, [])
        chain.mine()
        until(lambda: hashes(watch) == [kept], "the new branch")


def test_run__another_chain_under_its_feet__ends_with_a_clear_error(chain: Chain, watch: Watch, proxy: Proxy) -> None:
    """OP-1: a chain that was reset is told from one that lags, by its lost blocks."""

    def swap(url: str) -> None:
        with watch.running():
            until(lambda: watch.taken(chain.height), "first start")
            proxy.upstream = url
            until(lambda: watch.error, "the error")

    with listening("--accounts", "1") as url, pytest.raises(ChainReset, match="start afresh"):
        swap(url)


def test_run__a_database_of_another_chain__is_refused(watch: Watch) -> None:
    """OP-1: a restart after a reset does not go on where the old chain ended."""
    store = watch.store()
    store.claim("chain 1, genesis 0x00, core 0x00")
    store.close()
    with pytest.raises(ForeignDatabase, match="chain 31337"), watch.running():
        until(lambda: watch.error, "the error")


def test_run__a_new_head_on_the_websocket__wakes_it(chain: Chain, watch: Watch, proxy: Proxy) -> None:
    """OP-1: heads come by websocket, also by one that was cut; polling is for when there is none."""
    with watch.running(poll=60, websockets=[proxy.ws_url]):
        until(lambda: watch.taken(chain.height), "first start")
        until(lambda: proxy.sockets, "websocket")
        chain.act(1)
        until(lambda: watch.taken(chain.height), "the block")
        proxy.cut_websockets()
        until(lambda: not proxy.sockets, "the cut")
        until(lambda: proxy.sockets, "the websocket again")
        chain.act(17)
        until(lambda: chain.stopped, "trip")


def test_run__a_head_is_announced__two_round_trips_to_the_trip(chain: Chain, watch: Watch, proxy: Proxy) -> None:
    """OP-2: the block with its logs, then all that a trip needs to know; then the trip."""
    with watch.running(poll=60, survey=60, websockets=[proxy.ws_url]):
        until(lambda: watch.taken(chain.height), "first start")
        until(lambda: proxy.sockets, "websocket")
        until(lambda: len(set(proxy.asked)) and proxy.trips, "the first look")
        deny(chain)
        until(lambda: watch.taken(chain.height), "a block")
        proxy.trips.clear()
        deny(chain, 10**30 + 7)
        until(lambda: chain.stopped, "trip")
    assert proxy.trips[:3] == [
        ["eth_getBlockByNumber", "eth_getLogs"],
        ["eth_call", "eth_estimateGas", "eth_getTransactionCount", "eth_gasPrice", "eth_maxPriorityFeePerGas"],
        ["eth_sendRawTransaction"],
    ]


@pytest.mark.parametrize("told", [(0, "0x" + "ab" * 32), (1, "0x" + "ab" * 32), (1, "nonsense"), (2, "0x" + "ab" * 32)])
def test_run__the_websocket_lies__the_endpoints_count(
    chain: Chain, watch: Watch, proxy: Proxy, monkeypatch: pytest.MonkeyPatch, told: tuple[int, str]
) -> None:
    """OP-1: what a websocket tells is where to look first, and nothing that is taken."""
    with watch.running(poll=60, websockets=[proxy.ws_url]):
        until(lambda: watch.taken(chain.height), "first start")
        until(lambda: proxy.sockets, "websocket")
        ahead, block_hash = told
        height = chain.height
        monkeypatch.setattr(source, "_announcement", lambda _message: (height + ahead, block_hash))
        sent = [deny(chain)]
        until(lambda: watch.taken(chain.height), "the block")
        sent.append(chain.act(17))
        until(lambda: chain.stopped, "trip")
        until(lambda: hashes(watch) == sent, "both")


def test_run__announced_before_the_endpoint_has_it__is_asked_for_again(
    chain: Chain, watch: Watch, proxy: Proxy, second: Proxy
) -> None:
    """OP-1: a head that comes by websocket is waited for at endpoints that are a moment behind, and not for a poll."""
    with watch.running(poll=60, patience=30, endpoints=[proxy.url], websockets=[second.ws_url]):
        until(lambda: watch.taken(chain.height), "first start")
        until(lambda: second.sockets, "websocket")
        height, times = chain.height, 8
        proxy.fault("eth_blockNumber", lambda _params, _head: hex(height), times)
        proxy.fault(
            "eth_getBlockByNumber", lambda params, block: block if int(params[0], 16) <= height else None, times
        )
        chain.act(17)
        until(lambda: chain.stopped, "trip")


@pytest.mark.parametrize("refusal", [Cut, Fail, HTTPRequestEntityTooLarge])
def test_run__an_endpoint_takes_no_batches__is_asked_one_by_one(
    chain: Chain, watch: Watch, proxy: Proxy, refusal: type[Exception]
) -> None:
    """OP-2: several requests in one round trip are faster, and no condition."""
    proxy.batches = refusal
    with watch.running(websockets=[proxy.ws_url]):
        until(lambda: watch.taken(chain.height), "first start")
        sent = [deny(chain), chain.act(17)]
        until(lambda: chain.stopped, "trip")
        until(lambda: hashes(watch) == sent, "both")
        until(lambda: watch.ask(lambda s: [a.status for a in s.actions()]) == ["landed"], "read-back")
    assert chain.trips == 1


@pytest.mark.parametrize("data", [["uint256", "uint256"], ["uint256"], ["bytes32", "bool"]])
def test_run__a_log_that_the_core_never_writes__ends_nothing(
    chain: Chain, watch: Watch, proxy: Proxy, second: Proxy, data: list[str]
) -> None:
    """OP-1: a log that one endpoint made up is refused if it is none of the core, and another endpoint is asked."""
    forged = "0x" + encode(data, [{"bytes32": b"\xff" * 32, "bool": True}.get(one, 2**200 - 1) for one in data]).hex()
    proxy.fault("eth_getLogs", lambda _params, logs: [{**log, "data": forged} for log in logs])
    with watch.running(endpoints=[proxy.url, second.url]):
        until(lambda: watch.taken(chain.height), "first start")
        sent = deny(chain)
        until(lambda: watch.taken(chain.height), "the block")
        assert hashes(watch) == [sent]


def test_run__clocks_differ_by_a_day__it_trips_and_tells(chain: Chain, watch: Watch) -> None:
    """OP-1: nothing is judged by this machine's clock; that it differs is worth an alert."""
    with watch.running(survey=0.1):
        until(lambda: watch.taken(chain.height), "first start")
        chain.rpc("evm_setNextBlockTimestamp", chain.world.now + 86_400)
        chain.act(17)
        until(lambda: chain.stopped, "trip")
        until(lambda: watch.ask(lambda s: [a for a in s.all_alerts() if a.key.startswith("skew:")]), "alert")
    assert chain.trips == 1
