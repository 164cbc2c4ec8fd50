"""Observations: of a real chain whose past is known, and of files."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest
from eth_utils.crypto import keccak

from switchgear.detect.history import Place, Roster, read_chain, read_file
from switchgear.errors import InvalidInput

if TYPE_CHECKING:
    from pathlib import Path

    from switchgear.detect.types import Observation
    from tests.detect.conftest import Story

WITHDRAW = keccak(text="withdraw(uint256,address,address)")[:4]
TRANSFER_FROM = keccak(text="transferFrom(address,address,uint256)")[:4]


@pytest.fixture(scope="module")
def past(story: Story) -> list[Observation]:
    """What is read of it."""
    return list(read_chain(story.breaker, story.place, story.first, story.last))


def test_read_chain__known_story__is_read_as_it_happened(story: Story, past: list[Observation]) -> None:
    """OP-5: every transaction of an agent's wallet to the protocol, and no other, in order, with its hash."""
    assert [o.tx_hash for o in past] == story.hashes
    agents = [story.agent] * 5 + [story.child] * 2 + [story.agent] * 9
    assert [o.agent for o in past] == agents
    assert [o.value for o in past] == [50] * 5 + [3, 4] + [0] + [20] * 8
    # Its child's two count against the cap of ten as well.
    assert [o.denied for o in past] == [False] * 7 + [True] + [False] * 3 + [True] * 5
    assert {o.lineage for o in past if o.agent == story.child} == {story.world.lineage}
    assert [o.selector for o in past] == [WITHDRAW] * 7 + [TRANSFER_FROM] + [WITHDRAW] * 8
    assert {o.wallet for o in past if o.agent == story.agent} == {story.world.wallet.address}
    assert {o.counterparty for o in past if not o.denied} == {story.payee}
    assert {o.counterparty for o in past if o.denied} == {None}


def test_read_chain__log_of_each_value__is_where_it_says(story: Story, past: list[Observation]) -> None:
    """OP-5: hash and log index lead to the transfer, or to the denial; a reverted transaction has no log."""
    node = story.breaker.node
    for o in past:
        logs = {int(log["logIndex"], 16): log for log in node.request("eth_getTransactionReceipt", o.tx_hash)["logs"]}
        if o.log_index == -1:
            assert (logs, o.denied) == ({}, True)
        elif o.denied:
            event = story.breaker.decode_log(logs[o.log_index])
            assert event is not None
            assert (event.name, event.args["value"]) == ("Denied", o.value)
        else:
            assert int(logs[o.log_index]["data"], 16) == o.value
        header = node.block(o.block)
        assert int(header["timestamp"], 16) == o.time


def test_read_chain__part_of_the_blocks__is_that_part(story: Story, past: list[Observation]) -> None:
    """First and last block are included, one block less is not; who is who is known from before."""
    middle = past[4]
    assert list(read_chain(story.breaker, story.place, middle.block, middle.block)) == [middle]
    assert list(read_chain(story.breaker, story.place, story.first, middle.block - 1)) == past[:4]
    assert list(read_chain(story.breaker, story.place, middle.block + 1, story.last)) == past[5:]


def test_read_chain__other_lane_or_no_token__has_fewer_values(story: Story, past: list[Observation]) -> None:
    """Denials in lane 0 are none of lane 1's; without a token only denials have a value."""
    lane = list(read_chain(story.breaker, Place(story.place.protocol, 1), story.first))
    assert [o.tx_hash for o in lane] == [o.tx_hash for o in past if not o.denied or o.log_index == -1]
    assert {o.value for o in lane} == {0}


def test_read_chain__roster__says_who_is_who(story: Story) -> None:
    """Parents are known, for the series; and so are wallets, by agent."""
    roster, seen = Roster(), []
    list(read_chain(story.breaker, story.place, story.first, story.last, roster=roster, progress=seen.append))
    assert roster.parents == {story.child: story.agent}
    assert roster.agents[story.world.wallet.address] == story.agent
    assert roster.lineages[story.child] == story.world.lineage
    assert seen[-1] == story.last


ENTRY = {"time": 60, "agent": "7", "value": "0x10", "selector": "0xa9059cbb", "denied": "true"}


def test_read_file__json_and_csv__say_the_same(tmp_path: Path) -> None:
    """Numbers may be strings, what is missing has a default, and order is that of time."""
    listed, table = tmp_path / "past.json", tmp_path / "past.csv"
    listed.write_text(json.dumps([ENTRY, {"time": 5, "wallet": "0xw", "log_index": None}]))
    table.write_text("time,agent,wallet,value,selector,denied\n60,7,,0x10,0xa9059cbb,true\n5,,0xw,,,\n")
    first, second = read_file(listed)
    assert [first, second] == read_file(table)
    assert (first.time, first.wallet, first.agent, first.log_index, first.denied) == (5, "0xw", 0, -1, False)
    assert (second.agent, second.value, second.selector, second.denied) == (7, 16, bytes.fromhex("a9059cbb"), True)


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("{", "no JSON"),
        ("{}", "array"),
        ('[{"agent": 7}]', "observation 1: it needs a time"),
        ('[{"time": 1, "agent": 7}, {"time": 2}]', "observation 2: it needs a time"),
        ('[{"time": "soon", "agent": 7}]', "observation 1: .*soon"),
        ('[{"time": 1, "agent": 7, "amount": 5}]', "no field amount"),
        ('[{"time": 1, "agent": 7, "selector": "0xzz"}]', "observation 1"),
    ],
)
def test_read_file__something_else__is_refused(tmp_path: Path, content: str, message: Any) -> None:
    """The text says which entry is wrong, and why."""
    path = tmp_path / "past.json"
    path.write_text(content)
    with pytest.raises(InvalidInput, match=message):
        read_file(path)
