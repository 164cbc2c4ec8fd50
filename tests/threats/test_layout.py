"""However a hostile key lays out what it sends, what a real account moves is what was charged (WP-2)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from eth_utils.crypto import keccak

from switchgear.errors import AgentDenied, ContractReverted
from switchgear.foreign import artifacts
from switchgear.foreign.delegation import Caveat, Delegation, Delegations
from switchgear.foreign.keys import ZERO, key
from switchgear.foreign.modular import ACCOUNTS, Account, EntryPoint, Safe7579
from switchgear.foreign.safe import LATEST, Safes, SafeTransaction, Sender, TypedKey
from switchgear.gas.chain import anvil
from switchgear.policy import caveat_terms
from switchgear.types import Reason
from tests.support.guarded import AGENT as OWNER
from tests.support.guarded import BOB, EVE, HUMAN, Field, Guarded, refuses
from tests.wallets.conftest import AGENT, Money
from tests.wallets.guarded import FUNDS, PEOPLE, VERSIONS, Charged, Modular, Place, permission, undone

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from switchgear.gas.chain import Chain

WORD = 32
TRANSFER = keccak(text="transfer(address,uint256)")[:4]
AMOUNT, DECOY = 7, 3
LATER = key("trusted later")
DIRTY = 0xD1 << 248


@pytest.fixture(scope="module")
def chain(project: Any) -> Iterator[Chain]:
    """An anvil with all artifacts at hand."""
    with anvil(artifacts.of(project)) as running:
        yield running


def word(value: int) -> bytes:
    """Of calldata."""
    return value.to_bytes(WORD, "big")


def padded(data: bytes) -> bytes:
    """To whole words."""
    return data + bytes(-len(data) % WORD)


def move(amount: int) -> bytes:
    """A transfer's calldata."""
    return TRANSFER + word(int(BOB, 16)) + word(amount)


# ------------------------------------------------------------------ Safe

EXEC = keccak(text="execTransaction(address,uint256,bytes,uint8,uint256,uint256,uint256,address,address,bytes)")[:4]
HEAD = 10 * WORD
DATA, OPERATION, SAFE_GAS, BASE_GAS, GAS_PRICE, GAS_TOKEN, RECEIVER, SIGNATURES = range(2, 10)
"""Places in the head."""


def signed(owner: int, *, s: int = 0, v: int = 1, more: bytes = b"") -> bytes:
    """By sending, or by having approved."""
    return word(owner) + word(s) + bytes([v]) + more


def exec_data(
    token: str,
    data: bytes = move(AMOUNT),
    signatures: bytes | None = None,
    *,
    gap: int = 0,
    tail: bytes = b"",
    **head: int,
) -> bytes:
    """`execTransaction`, word by word; a gap lies before its data and before its signatures."""
    signatures = signed(int(OWNER.address, 16)) if signatures is None else signatures
    places = [HEAD + gap, HEAD + 2 * gap + WORD + len(padded(data))]
    words = [int(token, 16), 0, places[0], 0, 0, 0, 0, 0, 0, places[1]]
    for name, value in head.items():
        words[int(name[1:])] = value
    body = bytes(gap) + word(len(data)) + padded(data) + bytes(gap) + word(len(signatures)) + padded(signatures)
    return EXEC + b"".join(map(word, words)) + body + tail


AGENTS, PEOPLES = (int(one, 16) for one in (OWNER.address, HUMAN.address))
SAFE_FORMS: dict[str, Callable[[str], bytes]] = {
    "plain": exec_data,
    "dirty owner": lambda token: exec_data(token, signatures=signed(AGENTS | DIRTY)),
    "dirty target": lambda token: exec_data(token, _0=int(token, 16) | DIRTY),
    "dirty gas token": lambda token: exec_data(token, _7=DIRTY, _8=DIRTY),
    "s": lambda token: exec_data(token, signatures=signed(AGENTS, s=2**256 - 1)),
    "bytes behind the signature": lambda token: exec_data(token, signatures=signed(AGENTS, more=b"\0")),
    "people's name behind": lambda token: exec_data(token, signatures=signed(AGENTS, more=signed(PEOPLES))),
    "contract's signature": lambda token: exec_data(token, signatures=signed(AGENTS, v=0)),
    "contract's signature in itself": lambda token: exec_data(token, signatures=signed(AGENTS, s=33, v=0)),
    "contract's signature with data": lambda token: exec_data(
        token, signatures=signed(AGENTS, s=65, v=0, more=word(0))
    ),
    "another's name": lambda token: exec_data(token, signatures=signed(PEOPLES)),
    "short signature": lambda token: exec_data(token, signatures=signed(AGENTS)[:64]),
    "nothing signed": lambda token: exec_data(token, signatures=b""),
    "gaps": lambda token: exec_data(token, gap=WORD),
    "crooked gaps": lambda token: exec_data(token, gap=5),
    "tail": lambda token: exec_data(token, tail=move(DECOY)),
    "data in the signatures' place": lambda token: exec_data(token, _2=HEAD + 2 * WORD + len(padded(move(0)))),
    "signatures in the data's place": lambda token: exec_data(token, _9=HEAD),
    "bytes behind the data": lambda token: exec_data(token, move(AMOUNT) + b"\0"),
    "data cut": lambda token: exec_data(token, move(AMOUNT)[:-1]),
    "value": lambda token: exec_data(token, _1=1),
    "delegatecall": lambda token: exec_data(token, _3=1),
    "third operation": lambda token: exec_data(token, _3=2),
    "dirty operation": lambda token: exec_data(token, _3=256),
    "gas": lambda token: exec_data(token, _4=60_000, _5=10**6, _7=int(token, 16), _8=int(EVE, 16)),
    "refund": lambda token: exec_data(token, _4=60_000, _5=10**6, _6=1),
}
PASSES = {
    "plain",
    # A Safe cleans what Solidity 0.7 cleans, before it tells its guard.
    "dirty target",
    "dirty gas token",
    "dirty operation",
    "dirty owner",
    "s",
    "bytes behind the signature",
    "people's name behind",
    "gaps",
    "crooked gaps",
    "tail",
    "bytes behind the data",
    "gas",
}


@pytest.fixture(scope="module")
def field(chain: Chain) -> Field:
    """Core and agents."""
    return Field(chain)


@pytest.fixture(scope="module", params=["1.4.1", LATEST])
def safe(field: Field, request: Any) -> Guarded:
    """Each version, which the agent owns with people."""
    chain = field.chain
    ours = Guarded(field, Safes(chain, request.param, label="layout"), label=f"layout {request.param}")
    ours.grant()
    return ours


@pytest.mark.parametrize("form", SAFE_FORMS)
def test_safe__however_a_transaction_is_laid_out__moves_what_is_charged(safe: Guarded, form: str) -> None:
    """WP-2, WP-4: dirty words, odd signatures, gaps and tails: it is charged to whom the Safe holds for its signer."""
    chain, token = safe.chain, safe.field.token.address
    data = SAFE_FORMS[form](token)
    with undone(chain):
        before = safe.field.of(safe.address)
        request = {"from": OWNER.address, "to": safe.address, "data": "0x" + data.hex(), "gas": hex(10**6)}
        answer = chain.node.request("eth_sendTransactionSync", {**request, "gasPrice": "0x0"})
        passed = bool(int(answer["status"], 16))
        found = before - safe.field.of(safe.address), safe.charged()
    assert found == ((AMOUNT, AMOUNT) if passed else (0, 0))
    assert passed is (form in PASSES)


def test_safe__approved_by_the_agent_and_sent_by_anybody__is_the_agents(safe: Guarded) -> None:
    """WP-1: whoever hands in what an owner approved, that owner is charged, trusted or not."""
    chain, token = safe.chain, safe.field.token.address
    for owner, charged in ((OWNER.address, AMOUNT), (HUMAN.address, 0)):
        made = SafeTransaction(to=token, data=move(AMOUNT))
        digest = chain.call(safe.safe.contract, "getTransactionHash", *made.fields, safe.safe.nonce)
        with undone(chain), safe.takes(AMOUNT):
            chain.send(safe.safe.contract, "approveHash", digest, sender=owner)
            safe.safe.exec(made, [Sender(owner)], sender=EVE)
            assert safe.charged() == charged


@pytest.mark.parametrize("by", ["sending", "signing"])
def test_safe__trusted_after_something_was_permitted__is_asked_for_that_on_either_way(safe: Guarded, by: str) -> None:
    """WP-1, WP-6: what was permitted to a party is held to it, by the short way and the long; all else passes."""
    token = safe.field.token.address
    signer = Sender(LATER.address) if by == "sending" else TypedKey(LATER)
    with undone(safe.chain):
        safe.by_people([(safe.address, safe.self_call("addOwnerWithThreshold", LATER.address, 1))])
        safe.grant(wallet=LATER.address)
        safe.loosen("trust", LATER.address)
        with refuses(AgentDenied, wallet=LATER.address, reason=Reason.WALLET_UNKNOWN):
            safe.act(token, move(AMOUNT), by=LATER, signers=[signer])
        safe.act(token, safe.field.encode("approve", BOB, FUNDS), by=LATER, signers=[signer])


# ------------------------------------------------------------------ ERC-7579

EXECUTE = keccak(text="execute(bytes32,bytes)")[:4]


def packed(token: str, amount: int = AMOUNT, *, value: int = 0, data: bytes | None = None) -> bytes:
    """One call's execution."""
    return bytes.fromhex(token[2:]) + word(value) + (move(amount) if data is None else data)


def execute(
    execution: bytes, *, mode: int = 0, offset: int = 2 * WORD, size: int | None = None, pad: bool = True
) -> bytes:
    """`execute`, word by word."""
    length = len(execution) if size is None else size
    return EXECUTE + word(mode) + word(offset) + word(length) + (padded(execution) if pad else execution)


def behind(shown: bytes, real: bytes) -> bytes:
    """One execution in the usual place, another where the offset leads."""
    offset = 3 * WORD + len(padded(shown))
    return execute(shown, offset=offset) + word(len(real)) + padded(real)


HOOK_FORMS: dict[str, Callable[[str], bytes]] = {
    "plain": lambda token: execute(packed(token)),
    "unpadded": lambda token: execute(packed(token), pad=False),
    "tail": lambda token: execute(packed(token)) + move(DECOY),
    "decoy": lambda token: behind(packed(token, DECOY), packed(token)),
    "longer decoy": lambda token: behind(packed(token, DECOY) + b"\0", packed(token)),
    "offset to the offset": lambda token: execute(packed(token), offset=WORD),
    "offset to the mode": lambda token: execute(packed(token), offset=0),
    "offset around": lambda token: execute(packed(token), offset=2**256 - WORD),
    "huge offset": lambda token: execute(packed(token), offset=2**64 + 2 * WORD),
    "one byte more": lambda token: execute(packed(token) + b"\0"),
    "one byte less": lambda token: execute(packed(token)[:-1]),
    "one byte less, the length of a whole": lambda token: execute(packed(token)[:-1], size=0x78, pad=False),
    "length of a whole, nothing there": lambda _: execute(b"", size=0x78),
    "length beyond the end": lambda token: execute(packed(token), size=0x79, pad=False),
    "huge length": lambda token: execute(packed(token), size=2**256 - 1),
    "value": lambda token: execute(packed(token, value=1)),
    "huge value": lambda token: execute(packed(token, value=2**255)),
    "try": lambda token: execute(packed(token), mode=1 << 240),
    "batch": lambda token: execute(packed(token), mode=1 << 248),
    "delegatecall": lambda token: execute(packed(token), mode=0xFF << 248),
    "static": lambda token: execute(packed(token), mode=0xFE << 248),
    "mode's unused bytes": lambda token: execute(packed(token), mode=1 << 208),
    "mode's selector": lambda token: execute(packed(token), mode=1 << 176),
    "mode's payload": lambda token: execute(packed(token), mode=1),
    "nobody": lambda _: execute(packed(ZERO)),
    "dirty recipient": lambda token: execute(packed(token, data=TRANSFER + word(int(BOB, 16) | DIRTY) + word(AMOUNT))),
}
HOOK_PASSES = {"plain", "unpadded", "tail", "decoy", "longer decoy", "one byte more"}
SENDER_BEHIND = {"one byte less, the length of a whole": 0, "length beyond the end": AMOUNT}
"""What moves on Safe7579, whose Safe writes the caller behind the data: execution and hook read it there alike."""


@pytest.fixture(scope="module")
def place(chain: Chain) -> Place:
    """A core with an agent."""
    made = Place(chain, "layout")
    made.enroll(AGENT)
    return made


@pytest.fixture(scope="module")
def dollars(chain: Chain) -> Money:
    """What is moved."""
    return Money(chain, chain.deploy("PermitToken", label="layout"))


@pytest.fixture(scope="module", params=ACCOUNTS, ids=lambda kind: kind.__name__)
def each(chain: Chain, place: Place, dollars: Money, request: Any) -> Modular:
    """Every account behind the hook."""
    kind: type[Account] = request.param
    point = EntryPoint(chain, VERSIONS[kind])
    made = Modular.create(place, point, kind, permission(AGENT.address, dollars.address), label="layout")
    dollars.give(made.address, FUNDS)
    return made


@pytest.mark.parametrize("form", HOOK_FORMS)
def test_hook__however_an_operation_is_laid_out__moves_what_is_charged(
    chain: Chain, each: Modular, dollars: Money, form: str
) -> None:
    """WP-2: offsets, lengths, modes and tails: what the account makes of an operation is what the hook made of it."""
    with undone(chain):
        before = dollars.of(each.address)
        try:
            passed = each.agent.operate(HOOK_FORMS[form](dollars.address)).success
        except ContractReverted:
            passed = False
        found = before - dollars.of(each.address), each.charged(dollars.address)
    amount = SENDER_BEHIND.get(form, AMOUNT)
    assert found == ((amount, Charged(1, amount)) if passed else (0, Charged(0, 0)))
    assert passed is (form in HOOK_PASSES or (isinstance(each.people, Safe7579) and form in SENDER_BEHIND))


# ------------------------------------------------------------------ ERC-7710


@pytest.fixture(scope="module")
def delegations(chain: Chain) -> Delegations:
    """MetaMask's."""
    return Delegations(EntryPoint(chain, "0.7"), label="layout")


EXECUTIONS: dict[str, Callable[[str], tuple[bytes, bytes]]] = {
    "plain": lambda token: (bytes(WORD), packed(token)),
    "one byte more": lambda token: (bytes(WORD), packed(token) + b"\0"),
    "one byte less": lambda token: (bytes(WORD), packed(token)[:-1]),
    "value": lambda token: (bytes(WORD), packed(token, value=1)),
    "try": lambda token: (word(1 << 240), packed(token)),
    "payload": lambda token: (word(1), packed(token)),
    "nobody": lambda _: (bytes(WORD), packed(ZERO)),
    "dirty recipient": lambda token: (
        bytes(WORD),
        packed(token, data=TRANSFER + word(int(BOB, 16) | DIRTY) + word(AMOUNT)),
    ),
}


@pytest.mark.parametrize("twice", [False, True], ids=["once", "twice"])
@pytest.mark.parametrize("form", EXECUTIONS)
def test_caveat__whatever_is_redeemed__moves_what_is_charged(
    chain: Chain, place: Place, dollars: Money, delegations: Delegations, form: str, twice: bool
) -> None:
    """WP-2: a redemption is charged as it is executed, by each caveat that the delegation has."""
    mode, execution = EXECUTIONS[form](dollars.address)
    with undone(chain):
        delegator = delegations.create([PEOPLE.address], label=f"layout {form} {twice}").address
        dollars.give(delegator, FUNDS)
        setup = place.setup(delegator, dollars.address).permit(permission(AGENT.address, dollars.address))
        made = chain.deploy("AgentCaveat", setup.arguments, delegations.manager.address, label="layout")
        caveats = (Caveat(made.address, caveat_terms(AGENT.address)),) * (1 + twice)
        held = delegations.sign(Delegation(AGENT.address, delegator, caveats, salt=1), PEOPLE)
        before = dollars.of(delegator)
        try:
            delegations.redeem([held], mode, execution, sender=AGENT.address)
            passed = True
        except ContractReverted:
            passed = False
        charged = place.charged(made, dollars.address, place.agents[AGENT.address])
        found = before - dollars.of(delegator), charged
    times = (1 + twice) if passed else 0
    assert found == (AMOUNT if passed else 0, Charged(times, times * AMOUNT))
    assert passed is (form in {"plain", "one byte more"})
