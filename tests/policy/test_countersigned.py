"""Amounts that people have to approve, by the real council (WP-7)."""

from __future__ import annotations

from typing import Any

import pytest

from switchgear import signing
from switchgear.chain import Node
from switchgear.countersign import DOMAIN, Action, calls_hash, to_calls
from switchgear.decoder import Standard
from switchgear.display import to_instant
from switchgear.docket import REWIND
from switchgear.errors import AgentDenied, NeedsCountersignature, NotCountersigned
from switchgear.execution import execute_safe
from switchgear.foreign.keys import ZERO, key
from switchgear.foreign.safe import Call, Safes, Sender
from switchgear.gas.chain import Deployed, account
from switchgear.policy import SessionPolicy, Setup
from switchgear.serve.people import People
from switchgear.serve.watch import Approval
from switchgear.types import Reason
from tests.support.guarded import AGENT, BOB, CAP, CHIEF, DAY, EVE, OTHER, Field, Guarded, refuses

ALICE, CAROL = key("alice of the council"), key("carol of the council")
DELAY = 2 * DAY
APPROVE_ABOVE, DELAY_ABOVE = 100, 200


@pytest.fixture(scope="module")
def council(field: Field) -> Deployed:
    """Two, who both must sign."""
    signers = [bytes.fromhex(one.address[2:]) for one in (ALICE, CAROL)]
    return field.chain.deploy("Countersign", field.core.address, CHIEF, signers, 2, DELAY)


@pytest.fixture(scope="module")
def watched(field: Field, safes: Safes, council: Deployed) -> Guarded:
    """Its agent transfers 100 alone, 200 with two signatures, and more after two days as well."""
    made = Guarded(field, safes, countersign=council.address, label="council")
    for wallet in (AGENT.address, OTHER.address):
        made.grant(wallet=wallet, approve_above=APPROVE_ABOVE, delay_above=DELAY_ABOVE)
    return made


@pytest.fixture(autouse=True)
def _rolled_back(field: Field, watched: Guarded, guarded: Guarded) -> Any:  # noqa: ARG001 - made before the snapshot
    """Leaves the chain as it was."""
    with field.rolled_back():
        yield


def hash_of(watched: Guarded, *amounts: int) -> bytes:
    """What stands for transfers of these amounts."""
    token = watched.field.token.address
    return calls_hash([(token, 0, watched.field.encode("transfer", BOB, amount)) for amount in amounts])


def approve(watched: Guarded, council: Deployed, calls: bytes, nonce: int = 1, **changes: Any) -> None:
    """By both, for the agent, through the watched policy."""
    chain = watched.chain
    fields = {"policy": watched.guard.address, "account": watched.address, "wallet": AGENT.address, **changes}
    action = Action(**fields, calls=calls, nonce=nonce, expiry=chain.now + 30 * DAY)
    kinds = ("address", "address", "address", "bytes32", "uint256", "uint40")
    typed = {name: (kind, value) for (name, value), kind in zip(action._asdict().items(), kinds, strict=True)}
    message = signing.typed_data("Action", typed, DOMAIN, chain.node.chain_id, council.address)
    people = [bytes.fromhex(one.address[2:]) for one in (ALICE, CAROL)]
    signatures = [signing.sign(message, one) for one in (ALICE, CAROL)]
    chain.send(council, "approve", action, people, signatures)


def missing(watched: Guarded, *amounts: int, **changes: Any) -> Any:
    """The refusal of transfers that nobody has approved."""
    fields = {"policy": watched.guard.address, "wallet": AGENT.address, "calls": hash_of(watched, *amounts)}
    return refuses(NotCountersigned, **{**fields, **changes})


def test_act__up_to_the_first_threshold__alone(watched: Guarded) -> None:
    """WP-7: so much needs nobody, one more does."""
    watched.transfer(APPROVE_ABOVE)
    with missing(watched, APPROVE_ABOVE + 1):
        watched.transfer(APPROVE_ABOVE + 1)


@pytest.mark.parametrize("amount", [APPROVE_ABOVE + 1, DELAY_ABOVE])
def test_act__approved__once(watched: Guarded, council: Deployed, amount: int) -> None:
    """WP-7: up to the second threshold signatures are enough, for one execution."""
    approve(watched, council, hash_of(watched, amount))
    watched.transfer(amount)
    assert watched.charged() == amount
    with missing(watched, amount, eta=to_instant(0)):
        watched.transfer(amount)


def test_act__above_the_second_threshold__waits(watched: Guarded, council: Deployed) -> None:
    """WP-7: one more waits as well, to the second."""
    amount = DELAY_ABOVE + 1
    approve(watched, council, hash_of(watched, amount))
    approved = watched.chain.now
    with missing(watched, amount):
        watched.transfer(amount)
    watched.chain.now = approved + DELAY - 2
    with missing(watched, amount):
        watched.transfer(amount)
    watched.chain.now = approved + DELAY - 1
    watched.transfer(amount)


def test_act__approved_for_another__refused(watched: Guarded, council: Deployed) -> None:
    """WP-7: an approval is one agent's, for one execution of one account by one policy."""
    amount = APPROVE_ABOVE + 1
    approve(watched, council, hash_of(watched, amount), 1, wallet=OTHER.address)
    approve(watched, council, hash_of(watched, amount), 2, account=EVE)
    approve(watched, council, hash_of(watched, amount), 3, policy=EVE)
    approve(watched, council, hash_of(watched, amount + 1), 4)
    with missing(watched, amount):
        watched.transfer(amount)
    watched.transfer(amount, by=OTHER)


def test_act__approved_for_another_accounts_policy__refused(
    watched: Guarded, council: Deployed, field: Field, safes: Safes
) -> None:
    """WP-7: what people approve for one account, no other of the same council replays."""
    amount = APPROVE_ABOVE + 1
    second = Guarded(field, safes, countersign=council.address, label="second council")
    second.grant(approve_above=APPROVE_ABOVE, delay_above=DELAY_ABOVE)
    approve(watched, council, hash_of(watched, amount))
    with missing(watched, amount, policy=second.guard.address):
        second.transfer(amount)
    watched.transfer(amount)


def test_batch__one_call_above__whole_batch_is_approved(watched: Guarded, council: Deployed, field: Field) -> None:
    """WP-7: people approve the whole execution, in its order; the strictest call says what it needs."""
    small, large, huge = 1, APPROVE_ABOVE + 1, DELAY_ABOVE + 1

    def batch(*amounts: int) -> None:
        watched.batch(*(Call(field.token.address, field.encode("transfer", BOB, amount)) for amount in amounts))

    approve(watched, council, hash_of(watched, small, large), 1)
    approve(watched, council, hash_of(watched, small, huge), 2)
    with missing(watched, large, small):
        batch(large, small)
    batch(small, large)
    with missing(watched, small, huge):
        batch(small, huge)
    watched.chain.later(DELAY)
    batch(small, huge)


def test_act__denied_by_the_core__approval_is_kept(watched: Guarded, council: Deployed) -> None:
    """WP-7: signatures lift no limit, and a refusal does not use them up."""
    amount = DELAY_ABOVE
    watched.grant(wallet=AGENT.address, approve_above=APPROVE_ABOVE, delay_above=CAP)
    approve(watched, council, hash_of(watched, CAP), 1)
    watched.transfer(APPROVE_ABOVE)
    with refuses(AgentDenied, reason=Reason.VALUE_LIMIT):
        watched.transfer(CAP)
    approve(watched, council, hash_of(watched, amount), 2)
    watched.transfer(amount)


def test_act__no_council__refused(guarded: Guarded) -> None:
    """WP-7: without a council what would need one is denied, and the error says what for."""
    guarded.grant(approve_above=APPROVE_ABOVE)
    guarded.transfer(APPROVE_ABOVE)
    with refuses(NeedsCountersignature, wallet=AGENT.address, calls=hash_of(guarded, APPROVE_ABOVE + 1)):
        guarded.transfer(APPROVE_ABOVE + 1)


def test_act__unknown_amount__needs_people(watched: Guarded, council: Deployed, field: Field) -> None:
    """WP-7: what cannot be decoded is above every threshold."""
    mint = field.encode("mint", BOB, 1)
    watched.grant(selector="mint(address,uint256)", standard=Standard.NONE, approve_above=CAP)
    with refuses(NotCountersigned, calls=calls_hash([(field.token.address, 0, mint)])):
        watched.act(field.token.address, mint)
    approve(watched, council, calls_hash([(field.token.address, 0, mint)]))
    watched.act(field.token.address, mint, signers=[Sender(AGENT.address)])


def test_consume__by_a_stranger__not_the_policys(watched: Guarded, council: Deployed) -> None:
    """WP-7: nobody but the policy uses its approvals up."""
    amount = APPROVE_ABOVE + 1
    approve(watched, council, hash_of(watched, amount))
    for caller in (EVE, AGENT.address, watched.address, account("nobody")):
        with refuses(NotCountersigned, policy=caller):
            watched.chain.send(
                council, "consume", watched.address, AGENT.address, hash_of(watched, amount), False, sender=caller
            )
    watched.transfer(amount)


def test_pending__approved_and_unused__waits_on_the_live_page(watched: Guarded, council: Deployed) -> None:
    """WP-7, S14: whoever watches sees what was countersigned, until it is used."""
    people = People(watched.chain.node.web3, [watched.guard.address])
    assert people.pending() == []
    calls = hash_of(watched, DELAY_ABOVE)
    approve(watched, council, calls)
    ready = watched.chain.now + DELAY
    assert people.pending() == [Approval(AGENT.address, f"execution 0x{calls.hex()}", 2, 2, ready)]
    watched.transfer(DELAY_ABOVE)
    assert people.pending() == []


def test_pending__looked_at_again__asks_for_the_last_blocks_alone(
    watched: Guarded, council: Deployed, monkeypatch: pytest.MonkeyPatch
) -> None:
    """S14: no log of an old block is asked for twice; what a reorganisation replaced is, and is gone or new."""
    chain = watched.chain
    chain.node.request("anvil_mine", hex(2 * REWIND))
    people = People(chain.node.web3, [watched.guard.address])
    approve(watched, council, hash_of(watched, DELAY_ABOVE))
    with watched.field.rolled_back():
        approve(watched, council, hash_of(watched, DELAY_ABOVE + 1), 2)
        assert len(people.pending()) == 2
    asked: list[tuple[int, int]] = []
    logs = Node.logs

    def counting(node: Node, address: Any, topics: Any, first: int, last: int) -> Any:
        asked.append((first, last))
        return logs(node, address, topics, first, last)

    monkeypatch.setattr(Node, "logs", counting)
    assert [one.what for one in people.pending()] == [f"execution 0x{hash_of(watched, DELAY_ABOVE).hex()}"]
    (span,) = asked
    assert span[0] == span[1] + 1 - REWIND


def test_pending__policy_without_council__has_none(guarded: Guarded) -> None:
    """WP-7: nothing waits where nobody could be asked."""
    assert People(guarded.chain.node.web3, [guarded.guard.address]).pending() == []


def test_execute_safe__before_and_after_approval__by_the_agent_itself(watched: Guarded, council: Deployed) -> None:
    """WP-7: the agent executes what it was refused before, alone or in a batch, and people only approve it."""
    chain, token = watched.chain, watched.field.token
    chain.node.request("anvil_setBalance", AGENT.address, hex(10**18))
    multi_send = SessionPolicy(chain.node.web3, watched.guard.address).multi_send()
    for nonce, amounts in enumerate(((APPROVE_ABOVE + 1,), (3, APPROVE_ABOVE + 2)), 1):
        calls = to_calls((token.address, 0, watched.field.encode("transfer", BOB, amount)) for amount in amounts)

        def act(*, dry_run: bool = False, calls: tuple[Any, ...] = calls) -> Any:
            web3 = chain.node.web3
            return execute_safe(web3, watched.address, calls, sender=AGENT, multi_send=multi_send, dry_run=dry_run)

        with missing(watched, *amounts):
            act()
        approve(watched, council, hash_of(watched, *amounts), nonce=nonce)
        with watched.takes(0):
            assert act(dry_run=True).result is True
        with watched.takes(sum(amounts)):
            act()
        with missing(watched, *amounts):
            act()


def test_multi_send__of_a_hook__is_none(watched: Guarded) -> None:
    """WP-4: only a Safe's guard knows one."""
    setup = Setup(watched.field.core.address, watched.address, CHIEF)
    hook = watched.chain.deploy("AgentHook7579", setup.arguments, AGENT.address, EVE, ZERO, label="no multi send")
    web3 = watched.chain.node.web3
    assert SessionPolicy(web3, hook.address).multi_send() is None
    assert SessionPolicy(web3, watched.guard.address).multi_send() == watched.safes.multi_send_call_only.address
