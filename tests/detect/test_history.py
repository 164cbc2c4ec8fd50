"""Observations: of a real chain whose past is known, and of files."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, NamedTuple

import pytest
from eth_utils.crypto import keccak

from switchgear.detect.history import Place, Roster, read_chain, read_file
from switchgear.errors import InvalidInput
from tests.detect.conftest import ALLOWANCE, CAP, GAS

if TYPE_CHECKING:
    from pathlib import Path

    from switchgear.detect.types import Observation
    from tests.detect.conftest import Story

HOUR = 3_600
WITHDRAW = keccak(text="withdraw(uint256,address,address)")[:4]
TRANSFER_FROM = keccak(text="transferFrom(address,address,uint256)")[:4]


class Account(NamedTuple):
    """A smart account that is an agent's wallet."""

    agent: int
    wallet: Any
    vault: Any
    key: Any


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


@pytest.fixture(scope="module")
def account(story: Story, project: Any) -> Account:
    """A wallet that is a contract, may take of the user's shares, and is driven by a key that is nobody's wallet."""
    world = story.world
    key = world.fresh(2)
    agent = world.enroll(world.owner, lineage=world.lineage)
    wallet = world.deployer.deploy(project.ContractWallet, key)
    world.bind(agent, wallet, signer=key)
    vault = project.SoftGuardedVault.at(story.place.protocol)
    vault.approve(wallet, ALLOWANCE, sender=world.buyer)
    return Account(agent, wallet, vault, key)


def test_read_chain__contract_wallet__is_seen_by_its_tokens_and_denials(story: Story, account: Account) -> None:
    """OP-5: a smart account's actions leave the core's denials and the token's moves, whoever sends the transaction."""
    world, wallet = story.world, account.wallet
    mine = account.vault.withdraw.encode_input(30, wallet, world.buyer)
    paid = wallet.execute(account.vault, mine, sender=account.key, gas=GAS)
    taken = [wallet.execute(account.vault, mine, sender=account.key, gas=GAS) for _ in range(CAP)][-1]
    past = list(read_chain(story.breaker, story.place, paid.block_number))
    assert {(o.agent, o.wallet, o.lineage) for o in past} == {(account.agent, wallet.address, world.lineage)}
    assert len(past) == CAP + 1
    assert (past[0].tx_hash, past[0].value, past[0].denied, past[0].selector) == (paid.txn_hash, 30, False, None)
    assert past[0].counterparty is None  # it paid itself
    assert (past[-1].tx_hash, past[-1].value, past[-1].denied) == (taken.txn_hash, 30, True)
    for o in past:
        logs = {
            int(log["logIndex"], 16)
            for log in story.breaker.node.request("eth_getTransactionReceipt", o.tx_hash)["logs"]
        }
        assert o.log_index in logs


def test_read_chain__contract_wallet_acts_for_others__is_not_seen(story: Story, account: Account) -> None:
    """The limit that the page names: nothing of its own moves, nothing is denied, and only a trace would tell."""
    story.world.move_to(story.world.now + HOUR)
    act = account.vault.withdraw.encode_input(20, story.payee, story.world.buyer)
    done = account.wallet.execute(account.vault, act, sender=account.key, gas=GAS)
    assert not done.failed
    assert list(read_chain(story.breaker, story.place, done.block_number)) == []


def test_read_chain__wallet_calls_a_router__is_seen_where_the_token_moved(story: Story, account: Account) -> None:
    """A wallet's own transaction to another contract counts, if it moved the protocol's token."""
    story.world.move_to(story.world.now + HOUR)
    act = account.vault.withdraw.encode_input(10, story.payee, story.world.buyer)
    done = account.wallet.execute(account.vault, act, sender=story.world.wallet, gas=GAS)
    (seen,) = read_chain(story.breaker, story.place, done.block_number)
    assert (seen.tx_hash, seen.agent, seen.value, seen.counterparty) == (done.txn_hash, story.agent, 10, story.payee)


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
