"""The short way through a policy is the rule: it decides nothing that the long way would decide otherwise (WP-1, WP-2).

Each question is asked in three forms that mean the same: as any encoder lays it out, which may take the short way; with
a byte behind the call's arguments; and with an idle word before whatever has a length. The last two never take it.
"""

from __future__ import annotations

from random import Random
from typing import TYPE_CHECKING, Any, NamedTuple

import pytest
from eth_abi.abi import encode
from eth_utils.crypto import keccak

from switchgear.decoder import Standard
from switchgear.errors import ContractReverted, from_revert
from switchgear.foreign.keys import ZERO
from switchgear.gas.chain import Chain, account
from switchgear.policy import UNLIMITED, Permission, Setup, equal, lane
from tests.support.guarded import AGENT, APPROVE, BOB, CHIEF, CHILD, LIMITS, OTHER, POLICY, TRANSFER, Field

if TYPE_CHECKING:
    from collections.abc import Callable

    from switchgear.gas.chain import Deployed

ACCOUNT, POINT, MANAGER = account("express account"), account("express point"), account("express manager")
CAP = 600
WORD = 32
PLAIN = {"call_cap": CAP}
VARIANTS: dict[str, dict[str, Any]] = {
    "plain": PLAIN,
    "uncapped": {"call_cap": UNLIMITED},
    "approving": {"call_cap": CAP, "approve_above": 300, "delay_above": 500},
    "measured": {**PLAIN, "measured": True},
    "counted": {**PLAIN, "uses": 5, "cooldown": 3},
    "lifetime": {**PLAIN, "lifetime_cap": 700},
    "native": {**PLAIN, "native_cap": 4},
    "ruled": {**PLAIN, "rules": (equal(1, 5),)},
    "brief": {**PLAIN, "expiry": "soon"},
    "vault": {**PLAIN, "standard": Standard.ERC4626},
}

BOUNDS = {
    "plain": (1,),
    "uncapped": (LIMITS.value_cap, 2**255, 2**256 - 2),
    "approving": (300, 500),
    "lifetime": (700,),
    "ruled": (5,),
}
"""Of amounts, beside `CAP`."""
APPROVABLE = ("plain", "approving")
"""Of the others `approve` is not permitted: a policy's first configuration has to fit where its code does."""
SELECTORS = {False: (TRANSFER,), True: (TRANSFER, APPROVE)}


class Question(NamedTuple):
    """One call, by whom and how."""

    token: str
    data: bytes
    value: int = 0
    operation: int = 0
    gas_price: int = 0
    signer: int = int(AGENT.address, 16)
    kind: int = 1
    """Last byte of the signature."""
    mode: int = 0


class Outcome(NamedTuple):
    """What it came to."""

    error: tuple[Any, ...] | None
    charged: tuple[tuple[int, int], ...]


@pytest.fixture(scope="module")
def tokens(chain: Chain) -> dict[str, Deployed]:
    """One of each variant, and one that nothing is permitted of."""
    made = {name: chain.deploy("PermitToken", label=f"express {name}") for name in (*VARIANTS, "unknown")}
    for token in made.values():
        chain.send(token, "mint", ACCOUNT, 10**6)
    return made


@pytest.fixture(scope="module")
def policies(chain: Chain, field: Field, tokens: dict[str, Deployed]) -> dict[str, Deployed]:
    """Each adapter, with the same permissions."""
    soon = chain.now + 3600
    setup = Setup(field.core.address, ACCOUNT, CHIEF).asset(ZERO, LIMITS, POLICY)
    for name, token in tokens.items():
        setup = setup.asset(token.address, LIMITS, POLICY)
        for wallet in (AGENT.address, CHILD.address) if name == "plain" else (AGENT.address,):
            for selector in SELECTORS[name in APPROVABLE] if name in VARIANTS else ():
                fields = {"standard": Standard.ERC20, **VARIANTS[name]}
                fields |= {"expiry": soon} if fields.get("expiry") == "soon" else {}
                setup = setup.permit(Permission(wallet, token.address, selector, **fields))
    return {
        "guard": chain.deploy("SafeAgentGuard", setup.arguments, ZERO, label="express"),
        "hook": chain.deploy("AgentHook7579", setup.arguments, AGENT.address, POINT, ZERO, label="express"),
        "caveat": chain.deploy("AgentCaveat", setup.arguments, MANAGER, label="express"),
    }


def _padded(data: bytes) -> bytes:
    return data + bytes(-len(data) % WORD)


def _call(signature: str, head: list[Any], *, gap: bool) -> bytes:
    """Calldata whose `bytes` lie behind the head, in their order, each behind an idle word if there are gaps."""
    places, tail = [], b""
    for one in head:
        if isinstance(one, bytes):
            tail += bytes(WORD) if gap else b""
            places.append(WORD * len(head) + len(tail))
            tail += encode(["uint256"], [len(one)]) + _padded(one)
        else:
            places.append(one)
    return keccak(text=signature)[:4] + b"".join(int(one).to_bytes(WORD, "big") for one in places) + tail


def guard_call(q: Question, *, gap: bool) -> tuple[str, bytes]:
    """As a Safe asks its guard."""
    signature = q.signer.to_bytes(WORD, "big") + bytes(WORD) + bytes([q.kind])
    fields = [int(q.token, 16), q.value, q.data, q.operation, 0, 0, q.gas_price, 0, 0, signature, int(BOB, 16)]
    kinds = "address,uint256,bytes,uint8,uint256,uint256,uint256,address,address,bytes,address"
    return ACCOUNT, _call(f"checkTransaction({kinds})", fields, gap=gap)


def hook_call(q: Question, *, gap: bool) -> tuple[str, bytes]:
    """As an account asks its hook."""
    execution = bytes.fromhex(q.token[2:]) + q.value.to_bytes(WORD, "big") + q.data
    inner = _call("execute(bytes32,bytes)", [q.mode, execution], gap=gap)
    return ACCOUNT, _call("preCheck(address,uint256,bytes)", [int(POINT, 16), 0, inner], gap=False)


def caveat_call(q: Question, *, gap: bool) -> tuple[str, bytes]:
    """As a delegation manager asks its enforcer."""
    execution = bytes.fromhex(q.token[2:]) + q.value.to_bytes(WORD, "big") + q.data
    terms, agent = bytes.fromhex(AGENT.address[2:]), int(AGENT.address, 16)
    fields = [terms, b"", q.mode, execution, 0, int(ACCOUNT, 16), agent]
    return MANAGER, _call("beforeHook(bytes,bytes,bytes32,bytes,bytes32,address,address)", fields, gap=gap)


CALLS: dict[str, Callable[..., tuple[str, bytes]]] = {"guard": guard_call, "hook": hook_call, "caveat": caveat_call}


class Asker:
    """Asks each adapter, and undoes it."""

    def __init__(self, field: Field, policies: dict[str, Deployed], tokens: dict[str, Deployed]) -> None:
        self.field, self.policies, self.tokens = field, policies, tokens

    def outcome(self, adapter: str, question: Question, *, gap: bool = False) -> Outcome:
        """What one form of a question comes to."""
        policy, node = self.policies[adapter], self.field.chain.node
        sender, data = CALLS[adapter](question, gap=gap)
        with self.field.rolled_back():
            before = self._charged(policy, question.token)
            request = {"from": sender, "to": policy.address, "data": "0x" + data.hex(), "gas": hex(10**7)}
            answer = node.request("eth_sendTransactionSync", {**request, "gasPrice": "0x0"})
            error = None if int(answer["status"], 16) else self._error(answer["transactionHash"])
            after = self._charged(policy, question.token)
        return Outcome(error, tuple((b[0] - a[0], b[1] - a[1]) for a, b in zip(before, after, strict=True)))

    def same(self, adapter: str, question: Question) -> Outcome:
        """Insists that all three forms come to the same."""
        short = self.outcome(adapter, question)
        longer = question._replace(data=question.data + b"\0")
        for form in (self.outcome(adapter, question, gap=True), self.outcome(adapter, longer)):
            assert _comparable(form) == _comparable(short), question
        return short

    def _charged(self, policy: Deployed, token: str) -> list[tuple[int, int]]:
        found = []
        for asset in (token, ZERO):
            for signer in (AGENT, CHILD, OTHER):
                handle = self.field.handles[signer.address]
                usage = self.field.chain.call(self.field.core, "usage", policy.address, lane(asset), handle)
                found.append((int(usage[2]), int(usage[4])))
        return found

    def _error(self, tx_hash: str) -> tuple[Any, ...]:
        node = self.field.chain.node
        trace = node.request("debug_traceTransaction", tx_hash, {"tracer": "callTracer"})
        data = bytes.fromhex(str(trace.get("output") or "0x")[2:])
        return type(from_revert(data)).__name__, data


def _comparable(outcome: Outcome) -> Any:
    """But for the hash of the calls, which a byte more changes."""
    if outcome.error and outcome.error[0] == "NeedsCountersignature":
        return outcome._replace(error=(outcome.error[0],))
    return outcome


@pytest.fixture(scope="module")
def asker(field: Field, policies: dict[str, Deployed], tokens: dict[str, Deployed]) -> Asker:
    """Asks."""
    return Asker(field, policies, tokens)


@pytest.fixture(params=CALLS)
def adapter(request: Any) -> str:
    """Each."""
    return str(request.param)


def _moves(token: Deployed, amount: int, *, function: str = "transfer", to: int = int(BOB, 16)) -> Question:
    selector = token.interface.encode(function, (ZERO, 0))[:4]
    return Question(token.address, selector + to.to_bytes(WORD, "big") + amount.to_bytes(WORD, "big"))


@pytest.mark.parametrize("function", ["transfer", "approve"])
@pytest.mark.parametrize("variant", [*VARIANTS, "unknown"])
def test_forms__amounts_around_every_bound__come_to_the_same(
    asker: Asker, adapter: str, variant: str, function: str
) -> None:
    """WP-1, WP-2: for each kind of permission, one less, exactly, and one more than what any bound says."""
    token = asker.tokens[variant]
    bounds = (CAP, *BOUNDS.get(variant, ()))
    amounts = sorted({max(0, bound + step) for bound in bounds for step in (-1, 0, 1)})
    found = {amount: asker.same(adapter, _moves(token, amount, function=function)) for amount in amounts}
    assert any(one.error for one in found.values())
    if variant == "plain" or (variant, function) == ("uncapped", "transfer"):
        cap = CAP if variant == "plain" else LIMITS.value_cap
        assert {amount for amount, one in found.items() if one.error is None} == {a for a in amounts if a <= cap}
        assert all(one.charged[0] == (1, amount) for amount, one in found.items() if one.error is None)


@pytest.mark.parametrize(
    "change",
    [
        {"value": 1},
        {"value": 2**255},
        {"operation": 1},
        {"operation": 2},
        {"gas_price": 1},
        {"kind": 0},
        {"kind": 2},
        {"kind": 27},
        {"signer": int(OTHER.address, 16)},
        {"signer": int(CHILD.address, 16)},
        {"signer": int(BOB, 16)},
        {"signer": int(AGENT.address, 16) | 1 << 255},
        {"mode": 1 << 248},
        {"mode": 1},
    ],
)
def test_forms__whatever_else_is_asked__come_to_the_same(asker: Asker, adapter: str, change: dict[str, int]) -> None:
    """WP-2, WP-4: value, delegatecall, refunds, other signers, dirty words and other modes are nobody's short way."""
    question = _moves(asker.tokens["plain"], 7)._replace(**change)
    asker.same(adapter, question)


def test_forms__dirty_recipient__is_refused(asker: Asker, adapter: str) -> None:
    """WP-2: a word that is no address is nobody's."""
    dirty = _moves(asker.tokens["plain"], 7, to=int(BOB, 16) | 1 << 160)
    assert asker.same(adapter, dirty).error is not None


def test_forms__breakers_open__come_to_the_same(asker: Asker, adapter: str, field: Field) -> None:
    """BR-3: a denial is one on either way, with the same verdict."""
    question = _moves(asker.tokens["plain"], 7)
    policy = asker.policies[adapter]
    number = lane(question.token)
    handle = field.handles[AGENT.address]
    trips: list[tuple[Deployed, str, tuple[Any, ...], str]] = [
        (field.core, "tripAgent", (handle, b"".ljust(32)), field.family),
        (field.core, "trip", (policy.address, number, handle, b"".ljust(32)), CHIEF),
        (field.core, "revokeWallet", (AGENT.address,), field.family),
    ]
    assert asker.same(adapter, question).error is None
    for contract, function, args, sender in trips:
        with field.rolled_back():
            field.chain.send(contract, function, *args, sender=sender)
            outcome = asker.same(adapter, question)
            assert outcome.error is not None
            assert outcome.error[0] == "AgentDenied"


def test_forms__drawn_at_random__come_to_the_same(asker: Asker, adapter: str) -> None:
    """WP-1, WP-2: so do a hundred questions that nobody thought of."""
    draw = Random(f"express {adapter}")  # noqa: S311 - the same ones each time
    admitted = 0
    for _ in range(100):
        token = asker.tokens[draw.choice(list(asker.tokens))]
        amount = draw.choice((draw.randrange(CAP), draw.getrandbits(draw.randrange(1, 257))))
        question = _moves(token, amount, function=draw.choice(("transfer", "approve")))
        for name, values in (
            ("value", (0, 0, 0, 3, draw.getrandbits(200))),
            ("operation", (0, 0, 0, 1)),
            ("gas_price", (0, 0, 0, draw.getrandbits(8))),
            ("signer", (question.signer, question.signer, int(CHILD.address, 16), draw.getrandbits(256))),
            ("kind", (1, 1, 1, draw.randrange(256))),
            ("mode", (0, 0, 0, draw.getrandbits(256))),
        ):
            question = question._replace(**{name: draw.choice(values)})
        if draw.random() < 0.1:
            question = question._replace(data=question.data[: draw.randrange(len(question.data))])
        admitted += asker.same(adapter, question).error is None
    assert admitted


def test_short_way__of_each_adapter__is_shorter(asker: Asker, adapter: str) -> None:
    """WP-1: the plain form does take it, once the breaker was touched: else nothing here would be compared."""
    question, node = _moves(asker.tokens["plain"], 7), asker.field.chain.node
    gas = []
    with asker.field.rolled_back():
        for form in (question, question, question._replace(data=question.data + b"\0")):
            sender, data = CALLS[adapter](form, gap=False)
            request = {"from": sender, "to": asker.policies[adapter].address, "data": "0x" + data.hex()}
            answer = node.request("eth_sendTransactionSync", {**request, "gas": hex(10**7), "gasPrice": "0x0"})
            assert int(answer["status"], 16)
            gas.append(int(answer["gasUsed"], 16))
    assert gas[1] + 1_000 < gas[2]


def test_hook__operation_that_ends_too_soon__is_refused(asker: Asker) -> None:
    """WP-2: an execution may not reach beyond the operation, into what happens to lie behind it."""
    sender, data = hook_call(_moves(asker.tokens["plain"], 7), gap=False)
    whole = 4 + 3 * WORD
    length = int.from_bytes(data[whole : whole + WORD], "big")
    assert asker.outcome("hook", _moves(asker.tokens["plain"], 7)).error is None
    # The last byte of the execution is byte 0xdb of the operation.
    for size, fits in ((length, True), (0xDC, True), (0xDB, False), (4, False)):
        cut = data[:whole] + size.to_bytes(WORD, "big") + data[whole + WORD :]
        request = {"from": sender, "to": asker.policies["hook"].address, "data": "0x" + cut.hex()}
        if fits:
            answer = asker.field.chain.node.request("eth_call", request, "latest")
            assert bytes.fromhex(answer[2:]) == encode(["bytes"], [b""])
        else:
            with pytest.raises(ContractReverted):
                asker.field.chain.node.request("eth_call", request, "latest")
