"""The stage, what scenes claim on it, and scenes whose limits are broken."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click
import pytest
from rich.console import Console

from switchgear.demo import (
    cascade,
    commerce,
    council,
    drain,
    evasion,
    identity,
    leak,
    operate,
    rome,
    session,
    spawn,
    stage,
    vaults,
)
from switchgear.demo.cli import SCRIPTS, choose, perform
from switchgear.demo.scene import ClaimFailed, Scene, dollars
from switchgear.demo.stage import BLOCK_TIME, DOLLAR, ETHER, Call, Stage
from switchgear.demo.vaults import open_account
from switchgear.errors import AgentDenied, InvalidInput, NotAuthorized
from switchgear.types import UNLIMITED_VALUE, Reason, UnknownPolicy

if TYPE_CHECKING:
    from collections.abc import Iterator

UNBOUNDED = vaults.LIMITS._replace(value_cap=UNLIMITED_VALUE)


@pytest.fixture
def local(chain: Any) -> Iterator[Stage]:
    """The chain that the tests run on, set up for the demo."""
    assert chain.chain_id == 31337
    with Stage.open() as opened:
        yield opened


@pytest.fixture
def scene(local: Stage) -> Scene:
    """A scene without an audience."""
    return Scene("test", local)


def test_open__chain_that_is_not_local__invalid_input(local: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    """The demo moves the clock, so it refuses any chain but a local Anvil."""
    monkeypatch.setattr(stage, "EPHEMERAL_CHAINS", ())
    with pytest.raises(InvalidInput, match=f"needs a local Anvil, not chain {local.node.chain_id}"), Stage.open():
        pass


def test_open__used__blocks_are_one_interval_apart(local: Stage) -> None:
    """Meters refill by the same amount in every run, since the time between blocks is fixed."""
    before = local.now
    local.actor()
    assert local.now - before == BLOCK_TIME


def test_actors__several__funded_in_one_block_with_distinct_keys(local: Stage) -> None:
    """People of the demo have throwaway keys, and are paid by transactions."""
    before = local.block
    people = local.actors(3)
    assert local.block == before + 1
    assert len({one.address for one in people}) == 3
    balances = [int(local.node.request("eth_getBalance", one.address, "latest"), 16) for one in people]
    assert balances == [5 * ETHER] * 3


def test_at_once__several_senders__one_block_in_order(local: Stage) -> None:
    """Transactions of a scene that says "at once" share a block, also if a sender has two of them."""
    token, first, second = local.token("Dollar", "USD"), *local.actors(2)
    mint = token, "mint", (first.address, 1)
    outcomes = local.at_once([Call(first, *mint), Call(second, *mint), Call(first, *mint)])
    assert {outcome.block for outcome in outcomes} == {local.block}
    receipts = local.receipts(local.block, local.block)
    assert [receipt["transactionHash"] for receipt in receipts] == [outcome.hash for outcome in outcomes]
    assert token.read("balanceOf", first.address) == 3


def test_attempt__core_refuses__mined_with_its_typed_error(local: Stage) -> None:
    """What reverts is mined all the same, and its error is read from the trace."""
    owner, wallet, stranger = local.actors(3)
    agent = local.enroll(owner, wallet)
    outcome = local.attempt(stranger, local.breaker, "resetAgent", agent, 1)
    assert isinstance(outcome.error, NotAuthorized)
    assert outcome.error.actor == stranger.address
    assert not outcome.done
    assert outcome.block == local.block


@pytest.mark.parametrize(("kind", "reverts"), [("GuardedVault", True), ("SoftGuardedVault", False)])
def test_attempt__protocol_denies__verdict_by_revert_or_event(kind: str, reverts: bool, local: Stage) -> None:
    """BR-4: a hard guard's verdict is in its error, a soft one's in the core's event; neither counts as done."""
    admin, user, stranger = local.actors(3)
    account = open_account(local, kind, user, 10, [stranger], admin=admin)
    outcome = account.withdraw(stranger, 1, stranger)
    assert isinstance(outcome.error, AgentDenied) is reverts
    assert outcome.verdict is not None
    assert outcome.verdict.reason == Reason.WALLET_UNKNOWN
    assert not outcome.done
    assert account.balance == 10


def test_received__swap_of_tokens__amount_in_the_receipt(local: Stage) -> None:
    """What somebody got is the sum of the transfers in the receipt, of that token and to that address alone."""
    token, holder = local.token("Dollar", "USD"), local.actor()
    outcome = local.attempt(holder, token, "mint", holder.address, 7)
    assert local.received(outcome, token, holder.address) == 7
    assert local.received(outcome, token, token.address) == 0


def test_named__text_with_addresses__names(local: Stage) -> None:
    """People are told of by name."""
    (owner,) = local.cast("the owner")
    assert local.named(f"{owner.address} answers") == "the owner answers"


def test_holds__other_value__claim_failed_with_both(scene: Scene) -> None:
    """A claim that does not hold says what was expected and what is."""
    with pytest.raises(ClaimFailed) as caught:
        scene.holds("the sky is blue", "green", "blue")
    assert caught.value.fields() == {
        "scene": "test",
        "claim": "the sky is blue",
        "expected": "blue",
        "actual": "green",
    }
    assert scene.claims == []


def test_holds__same_value__counted(scene: Scene) -> None:
    """A claim that holds is counted."""
    scene.holds("two and two", 2 + 2, 4)
    assert scene.claims == ["two and two"]


def test_at_most__boundary__bound_holds_and_one_more_fails(scene: Scene) -> None:
    """A bound itself is within the bound."""
    scene.at_most("enough", DOLLAR, DOLLAR)
    with pytest.raises(ClaimFailed):
        scene.at_most("enough", DOLLAR + 1, DOLLAR)


@pytest.mark.parametrize(
    ("raw", "text"), [(0, "$0"), (1_250 * DOLLAR, "$1,250"), (1_250 * DOLLAR + DOLLAR // 2, "$1,250.50")]
)
def test_dollars__amount__as_people_write_it(raw: int, text: str) -> None:
    """Amounts have cents only if they need them."""
    assert dollars(raw) == text


def test_choose__names__in_the_order_of_the_story() -> None:
    """Scenes chosen by name are played in the story's order; without a name, all are."""
    assert [script.name for script in choose(["rome", "identity"])] == ["identity", "rome"]
    assert choose([]) == list(SCRIPTS)


def test_choose__unknown_name__bad_parameter() -> None:
    """A scene that there is not is a usage error that names those that there are."""
    with pytest.raises(click.BadParameter, match=r"no scene 'opera'; there are identity, rome"):
        choose(["opera"])


def test_perform__scene__gas_and_transactions_are_those_of_its_blocks(local: Stage) -> None:
    """OP-5: the gas of a scene is the sum of the receipts of the transactions that it names."""
    local.actor()
    first = local.block + 1
    played = perform(local, identity.SCRIPT, Console(quiet=True), 1, 1, terse=False)
    receipts = [local.node.request("eth_getTransactionReceipt", one) for one in played.transactions]
    assert played.ok
    assert played.gas == sum(int(receipt["gasUsed"], 16) for receipt in receipts) > 0
    blocks = {int(receipt["blockNumber"], 16) for receipt in receipts}
    assert (min(blocks), max(blocks)) == (first, local.block)
    assert len(set(played.transactions)) == len(played.transactions)


@pytest.mark.parametrize(
    ("script", "module", "name", "broken"),
    [
        (identity.SCRIPT, vaults, "POLICY", vaults.POLICY._replace(unknown=UnknownPolicy.EXEMPT)),
        (rome.SCRIPT, rome, "LIMITS", UNBOUNDED),
        (cascade.SCRIPT, cascade, "SHARED", cascade.SHARED._replace(lineage=False)),
        (spawn.SCRIPT, spawn, "BUDGET", 100 * spawn.BUDGET),
        (evasion.SCRIPT, evasion, "LIMITS", UNBOUNDED),
        (leak.SCRIPT, leak, "LIMITS", UNBOUNDED),
        (operate.SCRIPT, operate, "LIMITS", UNBOUNDED),
        (session.SCRIPT, session, "SESSION", UNBOUNDED),
        (council.PROPOSAL, council, "SIGNED_ABOVE", UNLIMITED_VALUE),
        (council.VETO, council, "DELAY_ABOVE", UNLIMITED_VALUE),
        (commerce.SCRIPT, commerce, "PAYMENTS", UNBOUNDED),
        (drain.SCRIPT, drain, "THRESHOLD", 1e9),
    ],
    ids=[script.name for script in SCRIPTS],
)
def test_perform__limits_broken__claim_fails(
    script: Any, module: Any, name: str, broken: Any, local: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Claims are read from the chain: with limits that limit nothing, every scene has one that does not hold."""
    monkeypatch.setattr(module, name, broken)
    played = perform(local, script, Console(quiet=True), 1, 1, terse=False)
    assert not played.ok
    assert played.failure is not None
    assert played.failure.scene == script.name
    shown = played.as_json()
    assert shown["ok"] is False
    assert shown["failure"]["expected"] != shown["failure"]["actual"]
    assert (shown["lost_without"], shown["lost_with"], shown["blocks_to_stop"]) == (None, None, None)
