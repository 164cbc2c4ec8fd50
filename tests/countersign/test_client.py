"""The client: proposals, explanations, signatures, files, and what became of it all (WP-7)."""

from __future__ import annotations

import doctest
import json
from datetime import datetime, timedelta, timezone
from typing import TYPE_CHECKING, Any

import pytest
from eth_abi.abi import encode
from eth_account import Account
from eth_utils.crypto import keccak

from switchgear import connect, countersign, errors, signing
from switchgear.countersign import (
    Action,
    Call,
    Countersign,
    Proposal,
    Signature,
    State,
    approval_id,
    calls_hash,
    describe,
    from_json,
    sign,
    signers_of,
)
from switchgear.display import show
from switchgear.tokens import Token, read_token
from tests.countersign.council import DELAY, LIFE, WINDOW, Council, party
from tests.support.core import DAY, LIMITS

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.support.core import World

TOKEN, PAYEE = "0x" + "70" * 20, "0x" + "9a" * 20
TRANSFER = keccak(text="transfer(address,uint256)")[:4] + encode(["address", "uint256"], [PAYEE, 250_000])
CALLS = [(TOKEN, 0, TRANSFER), (PAYEE, 7, b"")]


@pytest.fixture(scope="module")
def client(council: Council, chain: Any) -> Countersign:
    """Of the council, on a plain connection."""
    return Countersign(connect(chain.provider.http_uri), council.contract.address)


@pytest.fixture
def proposal(client: Countersign, council: Council) -> Proposal:
    """A payment and some change."""
    expiry = council.world.now + LIFE
    return client.propose(council.policy, council.account, council.wallet, CALLS, expiry=expiry)


def both(council: Council, proposal: Proposal) -> list[Signature]:
    """Enough signatures."""
    return [sign(proposal, one) for one in (council.bob, council.alice)]


def test_reads__of_a_new_council__are_what_it_was_made_of(client: Countersign, council: Council) -> None:
    """WP-7: who signs, how many, how long things wait, who owns it, which core it asks."""
    assert set(client.signers()) == set(signers_of(council.people))
    assert (client.threshold(), client.delay()) == (2, timedelta(seconds=DELAY))
    assert (client.owner(), client.core()) == (council.chief.address, council.world.core.address)


def test_docstrings__examples__run() -> None:
    """WP-7: the hash in the example is what the function gives."""
    failed, tried = doctest.testmod(countersign)
    assert (failed, tried > 0) == (0, True)


def test_callsHash__is_of_the_hashes_of_calls() -> None:
    """WP-7: the hash that the policy computes, over every part and the order of the calls."""
    head = ["address", "uint256", "bytes32"]
    words = [keccak(encode(head, [to, value, keccak(data)])) for to, value, data in CALLS]
    assert calls_hash(CALLS) == keccak(b"".join(words))
    others = [CALLS[::-1], CALLS[:1], [CALLS[0], (PAYEE, 8, b"")], [CALLS[0], (TOKEN, 7, b"")]]
    others.append([CALLS[0], (PAYEE, 7, b"\x00")])
    assert len({calls_hash(CALLS), *map(calls_hash, others)}) == 6
    with pytest.raises(errors.InvalidInput, match="at least one call"):
        calls_hash([])


def test_propose__digest_and_id__are_the_contracts(client: Countersign, council: Council, proposal: Proposal) -> None:
    """WP-7: what is signed here is what is checked there; a nonce that nobody chose is never the same."""
    assert proposal.digest == bytes(council.contract.digestOf(proposal.action))
    assert proposal.id == bytes(council.contract.idOf(proposal.action.policy, proposal.action.nonce))
    again = client.propose(council.policy, council.account, council.wallet, CALLS, expiry=proposal.action.expiry)
    assert again.action.nonce != proposal.action.nonce


def test_approve__from_proposal_to_consumed__is_followed(
    client: Countersign, council: Council, proposal: Proposal
) -> None:
    """WP-7, S7: proposed, signed, collected, handed in, pending, consumed; each state as it is."""
    assert client.status(proposal.id).state is State.NONE
    sent = client.approve(proposal, both(council, proposal), sender=council.world.stranger)
    event = sent.event("Countersigned")
    assert event.args["id"] == proposal.id
    view = client.status(proposal.id)
    assert (view.policy, view.state) == (proposal.action.policy, State.APPROVED)
    assert view.eta == datetime.fromtimestamp(event.args["eta"], tz=timezone.utc)
    assert view.expiry is not None
    assert view.expiry - view.eta == timedelta(seconds=WINDOW)
    assert client.pending(council.policy.address) == [view]
    assert client.action(proposal.id) == proposal.action
    council.consume(proposal.action)
    assert client.status(proposal.id).state is State.CONSUMED
    assert client.pending(council.policy.address) == []


def test_pending__another_policy_or_expired__is_not_there(
    client: Countersign, council: Council, proposal: Proposal
) -> None:
    """WP-7: only what could still be consumed, of the policy asked about."""
    client.approve(proposal, both(council, proposal), sender=council.world.stranger)
    assert client.pending(council.world.stranger.address) == []
    council.world.move_to(council.contract.approvalOf(proposal.id).expiry - 1)
    assert len(client.pending(council.policy.address)) == 1
    council.world.wait(1)
    assert client.pending(council.policy.address) == []
    with pytest.raises(errors.InvalidInput, match="nothing was approved"):
        client.action(b"\x01" * 32)


def test_veto__by_id__is_for_good(client: Countersign, council: Council, proposal: Proposal) -> None:
    """WP-7: after it neither approval nor veto; who is nobody here is told so."""
    with pytest.raises(errors.NotVetoer):
        client.veto(proposal.id, sender=council.world.stranger)
    client.veto(proposal.id, sender=council.carol)
    view = client.status(proposal.id)
    assert (view.state, view.policy, view.eta, view.expiry) == (State.VETOED, None, None, None)
    with pytest.raises(errors.NonceUsed):
        client.approve(proposal, both(council, proposal), sender=council.world.stranger)
    with pytest.raises(errors.NotVetoable) as raised:
        client.veto(proposal.id, sender=council.carol)
    assert raised.value.state == State.VETOED


def test_collect__too_few__says_who_is_missing(client: Countersign, council: Council, proposal: Proposal) -> None:
    """WP-7: the same signature twice is one, and the error names everybody who could still sign."""
    one = sign(proposal, council.alice)
    with pytest.raises(errors.SignaturesMissing) as raised:
        client.collect(proposal, [one, one])
    assert (raised.value.given, raised.value.threshold) == (1, 2)
    assert set(raised.value.missing) == set(signers_of([council.bob, council.carol]))
    assert council.bob.address.lower() in str(raised.value)


def test_collect__enough__is_sorted_as_the_contract_wants_it(
    client: Countersign, council: Council, proposal: Proposal
) -> None:
    """WP-7: sorted by hash, each once."""
    signatures = [sign(proposal, one) for one in (*council.people, council.alice)]
    collected = client.collect(proposal, signatures)
    assert [keccak(one.signer) for one in collected] == sorted(keccak(one) for one in signers_of(council.people))


def test_collect__wrong_signatures__are_refused_by_name(
    client: Countersign, council: Council, proposal: Proposal
) -> None:
    """WP-7: a stranger's, one over something else, and one that is none."""
    with pytest.raises(errors.InvalidInput, match="no signer of this council"):
        client.collect(proposal, [sign(proposal, council.world.stranger)])
    other = client.propose(council.policy, council.account, council.wallet, CALLS, expiry=proposal.action.expiry)
    for wrong in (sign(other, council.alice), Signature(party(council.alice), b"\x01" * 65)):
        with pytest.raises(errors.InvalidInput, match="not over this proposal"):
            client.collect(proposal, [wrong])


def test_collect__for_another_council__is_refused(client: Countersign, council: Council, proposal: Proposal) -> None:
    """WP-7: before anything is sent, and before anything is explained."""
    foreign = Proposal(proposal.chain_id + 1, proposal.council, proposal.action, proposal.calls)
    for use in (lambda: client.collect(foreign, both(council, foreign)), lambda: client.explain(foreign)):
        with pytest.raises(errors.InvalidInput, match="is for the council"):
            use()


def test_approve__contract_and_key__are_both_taken(client: Countersign, council: Council, world: World) -> None:
    """S7: a signature of a contract is checked by the contract, in the simulation."""
    safe = world.deployer.deploy(council.project.ContractWallet, world.spare)
    mixed = Countersign(client.node.web3, council.deploy(council.alice, safe).address)
    expiry = world.now + LIFE
    proposal = mixed.propose(council.policy, council.account, council.wallet, CALLS, expiry=expiry)
    alice = sign(proposal, council.alice)
    wrong = Signature(party(safe), signing.sign(proposal.typed_data, world.stranger))
    with pytest.raises(errors.InvalidSignatures):
        mixed.approve(proposal, [alice, wrong], sender=world.stranger)
    right = Signature(party(safe), signing.sign(proposal.typed_data, world.spare))
    assert mixed.approve(proposal, [alice, right], sender=world.stranger).sent


def test_sign__with_a_local_account__is_the_same(council: Council, proposal: Proposal) -> None:
    """S7: eth_account's and Ape's accounts sign alike, and name themselves."""
    local = Account.from_key("0x" + "11" * 32)
    signature = sign(proposal, local)
    assert signature.signer == bytes.fromhex(local.address[2:])
    assert signature.signature == signing.sign(proposal.typed_data, local)
    assert sign(proposal, council.alice).signer == party(council.alice)


# ------------------------------------------------------------------ in words


def test_explain__says_what_who_how_much_and_when(client: Countersign, council: Council, proposal: Proposal) -> None:
    """S7: all that a person needs in order to say yes or no is there, read from the chain."""
    world = council.world
    world.open_lane(int(TOKEN, 16))
    world.admit(400, lane=int(TOKEN, 16))
    lines = client.explain(proposal)
    text = "\n".join(lines)
    for shown in (
        f"agent {world.agent}, by its wallet {world.wallet.address}",
        council.account.address,
        council.policy.address,
        "transfer 250,000 of 0x7070707070707070707070707070707070707070 to 0x9a9a9A9A9a9A9a9a9a9a9A9A9a9A9A9a9A9a9A9a",
        "send 7 wei to",
        "600 left of 1,000 in the window",
        "budget of the chain's own coin: 1,000 left of 1,000",
        "2 of 3 signatures",
        "2 days, 0:00:00 later",
        "9 days, 0:00:00",
        show(datetime.fromtimestamp(proposal.action.expiry, tz=timezone.utc)),
        f"nonce {proposal.action.nonce}",
        "0x" + proposal.digest.hex(),
    ):
        assert shown.lower() in text.lower(), f"{shown!r} is missing in\n{text}"


def test_explain__unknown_wallet_and_unlimited_asset__is_said(client: Countersign, council: Council) -> None:
    """S7: what is not known is said, and never left out."""
    stranger = council.world.stranger
    calls = [(TOKEN, 0, TRANSFER), (TOKEN, 3, b"\xde\xad\xbe\xef")]
    proposal = client.propose(stranger, council.account, stranger, calls, expiry=council.world.now + DAY)
    text = "\n".join(client.explain(proposal))
    assert "no agent (the core does not know this wallet)" in text
    assert f"budget of {TOKEN}: none, the policy knows no limits for it" in text
    assert "budget of the chain's own coin: none" in text
    assert "0xdeadbeef, with 3 wei: unknown here, read it elsewhere" in text


def call_of(signature: str, *values: Any) -> Call:
    """A call of a token."""
    types = signature.partition("(")[2][:-1].split(",")
    return Call(TOKEN, 0, keccak(text=signature)[:4] + encode(types, values))


@pytest.mark.parametrize(
    ("call", "text"),
    [
        (call_of("transfer(address,uint256)", PAYEE, 1_000), "transfer 1,000 of {token} to {payee}"),
        (
            call_of("transferFrom(address,address,uint256)", TOKEN, PAYEE, 5),
            "transfer 5 (amount or id) of {token} from {token} to {payee}",
        ),
        (call_of("approve(address,uint256)", PAYEE, 5), "let {payee} take 5 (amount or id) of {token}"),
        (call_of("increaseAllowance(address,uint256)", PAYEE, 5), "let {payee} take 5 more of {token}"),
        (
            call_of("safeTransferFrom(address,address,uint256)", TOKEN, PAYEE, 5),
            "transfer id 5 of {token} from {token} to {payee}",
        ),
        (
            call_of("safeTransferFrom(address,address,uint256,bytes)", TOKEN, PAYEE, 5, b"x"),
            "transfer id 5 of {token} from {token} to {payee}, and call it",
        ),
        (call_of("setApprovalForAll(address,bool)", PAYEE, True), "let {payee} take all of {token}: True"),
        (
            Call(TOKEN, 0, TRANSFER[:40]),
            "call {token} with 0x" + TRANSFER[:40].hex() + ": unknown here, read it elsewhere",
        ),
    ],
)
def test_describe__calls_of_tokens__are_in_words(call: Call, text: str) -> None:
    """S7: amounts, recipients and tokens by name; what cannot be read is shown as it is."""
    payee = "0x9A9a9A9a9a9A9A9a9a9A9a9a9a9A9a9A9a9a9a9A"
    assert describe(call).text.lower() == text.format(token=TOKEN, payee=payee).lower()


def test_explain__token_that_names_its_unit__shows_amounts_in_it(client: Countersign, council: Council) -> None:
    """S7: nobody counts zeros: amounts and budget in the token's unit, the raw ones and its address beside them."""
    world = council.world
    token = world.deployer.deploy(council.project.ExampleToken, "Dollar", "USD")
    world.open_lane(int(token.address, 16), LIMITS._replace(value_cap=2_000 * 10**18))
    data = TRANSFER[:4] + encode(["address", "uint256"], [PAYEE, 1_200 * 10**18])
    proposal = client.propose(council.policy, council.account, world.wallet, [(token, 0, data)], expiry=world.now + DAY)
    text = "\n".join(client.explain(proposal))
    assert f"transfer 1,200 USD (raw 1,200,000,000,000,000,000,000) of {token.address} to" in text
    assert f"budget of {token.address}: 2,000 USD left of 2,000 USD in the window" in text


@pytest.mark.parametrize("symbol", ["USD (raw 1) of 0x11", "U" * 12, "", "\u202eDSU", "7UP", "a\nb"])
def test_read_token__symbol_that_pretends__is_not_shown(client: Countersign, council: Council, symbol: str) -> None:
    """S7: a token's own words cannot pass for the explanation's."""
    token = council.world.deployer.deploy(council.project.ExampleToken, "Dollar", symbol)
    found = read_token(client.node, token.address)
    assert found is not None
    assert (found.symbol, found.decimals) == ("tokens", 18)


def test_read_token__no_token__is_none(client: Countersign, council: Council) -> None:
    """An account without code, and a contract that counts in nothing, have no unit."""
    for address in (council.world.spare.address, council.world.core.address):
        assert read_token(client.node, address) is None
    call = call_of("transferFrom(address,address,uint256)", TOKEN, PAYEE, 5_000)
    assert "transfer 0.005 USD (raw 5,000) (amount or id)" in describe(call, Token(TOKEN, "USD", 6)).text
    one = call_of("safeTransferFrom(address,address,uint256)", TOKEN, PAYEE, 5_000)
    assert "transfer id 5,000 of" in describe(one, Token(TOKEN, "USD", 6)).text


# ------------------------------------------------------------------ files


def test_to_json__and_back__is_the_same(client: Countersign, council: Council, proposal: Proposal) -> None:
    """S7: what one person writes another reads, signatures included, and can hand in."""
    signatures = both(council, proposal)
    read, given = from_json(proposal.to_json(signatures))
    assert (read, list(given)) == (proposal, signatures)
    assert client.approve(read, given, sender=council.world.stranger).sent


def set_in(data: dict[str, Any], path: str, value: Any) -> None:
    """Changes one field."""
    *heads, last = path.split(".")
    for head in heads:
        data = data[int(head)] if head.isdigit() else data[head]  # type: ignore[index]
    data[last] = value


@pytest.mark.parametrize(
    ("path", "value"),
    [
        ("chainId", 1),
        ("council", PAYEE),
        ("action.policy", PAYEE),
        ("action.account", PAYEE),
        ("action.wallet", PAYEE),
        ("action.nonce", "1"),
        ("action.expiry", 2**39),
        ("digest", "0x" + "00" * 32),
    ],
)
def test_from_json__field_changed__is_not_what_the_digest_says(proposal: Proposal, path: str, value: Any) -> None:
    """S7: the digest is derived from what the file shows; a file that says otherwise is refused."""
    data = json.loads(proposal.to_json())
    set_in(data, path, value)
    with pytest.raises(errors.InvalidInput, match="but what it shows is"):
        from_json(json.dumps(data))


@pytest.mark.parametrize(("path", "value"), [("calls.0.target", PAYEE), ("calls.0.value", "1"), ("calls.0.data", "0x")])
def test_from_json__calls_changed__are_not_what_is_signed(proposal: Proposal, path: str, value: Any) -> None:
    """S7: nobody is shown one payment and signs another."""
    data = json.loads(proposal.to_json())
    set_in(data, path, value)
    with pytest.raises(errors.InvalidInput, match="the action is not of these calls"):
        from_json(json.dumps(data))


@pytest.mark.parametrize(
    "change",
    [
        lambda _: "",
        lambda _: "[]",
        lambda _: "{}",
        lambda data: {**data, "format": "another"},
        lambda data: {**data, "calls": []},
        lambda data: {**data, "calls": 5},
        lambda data: {**data, "chainId": "31337"},
        lambda data: {**data, "digest": 5},
        lambda data: {**data, "digest": data["digest"][2:]},
        lambda data: {**data, "council": "0x12"},
        lambda data: {**data, "signatures": [{"signer": "0x12"}]},
        lambda data: {**data, "action": {**data["action"], "expiry": 2**40}},
        lambda data: {**data, "action": {**data["action"], "nonce": "-1"}},
    ],
)
def test_from_json__no_proposal__is_refused(proposal: Proposal, change: Callable[[Any], Any]) -> None:
    """S7: whatever is in a file, the error is one of ours."""
    changed = change(json.loads(proposal.to_json()))
    with pytest.raises(errors.InvalidInput):
        from_json(changed if isinstance(changed, str) else json.dumps(changed))


# ------------------------------------------------------------------ errors and settings


def test_proposeFor__a_refused_execution__carries_what_to_sign(client: Countersign, council: Council) -> None:
    """WP-7: an agent that was refused has in its hands what people have to sign."""
    action = council.action(calls=calls_hash(CALLS))
    data = client.interface.encode("consume", [action.account, action.wallet, action.calls, False])
    request = {"from": action.policy, "to": client.address, "data": "0x" + data.hex()}
    with pytest.raises(errors.NotCountersigned) as raised:
        client.node.call(request, "latest")
    error = raised.value
    assert error.payload is None
    assert "collect signatures" in str(error)
    proposal = client.propose_for(error, error.policy, action.account, CALLS, expiry=action.expiry)
    assert error.payload == proposal.typed_data
    with pytest.raises(errors.InvalidInput, match="not the calls that were refused"):
        client.propose_for(error, error.policy, action.account, CALLS[:1], expiry=action.expiry)
    client.approve(proposal, both(council, proposal), sender=council.world.stranger)
    assert client.node.call(request, "latest") == b""


def test_notCountersigned__that_waits__says_until_when() -> None:
    """WP-7: an approval that merely waits needs no more signatures."""
    fields = encode(["address", "address", "bytes32", "uint40"], [PAYEE, TOKEN, b"\x01" * 32, 1_800_000_000])
    error = errors.from_revert(keccak(text=errors.NotCountersigned.signature)[:4] + fields)
    assert "execute it from 2027-01-15 08:00:00 UTC on" in str(error)


def test_settings__at_once_or_after_a_day(client: Countersign, council: Council) -> None:
    """BR-9: stricter at once; looser announced, seen coming, executed or taken back."""
    chief = council.chief
    client.set_threshold(3, sender=chief)
    client.set_delay(timedelta(days=3), sender=chief)
    assert (client.threshold(), client.delay()) == (3, timedelta(days=3))
    with pytest.raises(errors.NotDelayed):
        client.set_threshold(2, sender=chief)
    # What is announced in the second of a tightening counts as before it.
    council.world.wait(1)
    client.schedule("setThreshold", 2, sender=chief)
    eta = client.eta("setThreshold", 2)
    assert eta is not None
    with pytest.raises(errors.LooseningNotReady):
        client.execute("setThreshold", 2, sender=chief)
    council.world.wait(DAY)
    client.execute("setThreshold", 2, sender=chief)
    assert client.threshold() == 2
    assert client.eta("setThreshold", 2) is None
    client.schedule("addSigners", signers_of([council.account]), sender=chief)
    client.cancel("addSigners", signers_of([council.account]), sender=chief)
    assert client.eta("addSigners", signers_of([council.account])) is None


def test_approvalId__is_of_policy_and_nonce(council: Council) -> None:
    """WP-7: whoever knows a policy and a nonce can veto, whatever the action is."""
    action: Action = council.action(7)
    assert approval_id(action.policy, 7) == council.id(action)
