"""The short way of a policy with every permission word there could be, every amount of gas, and a core that counts."""

from __future__ import annotations

from random import Random
from typing import TYPE_CHECKING, Any

import pytest
from eth_abi.abi import encode
from eth_utils.crypto import keccak

from switchgear.decoder import Standard
from switchgear.errors import AgentDenied
from switchgear.foreign.keys import ZERO
from switchgear.foreign.safe import SafeTransaction, TypedKey
from switchgear.policy import Permission, Setup, lane
from switchgear.types import Reason, Scope
from tests.policy.test_express import ACCOUNT, CALLS, MANAGER, POINT, WORD, Asker, Outcome, Question
from tests.support.guarded import AGENT, APPROVE, BOB, CHIEF, LIMITS, POLICY, TRANSFER, Field, Guarded, refuses

if TYPE_CHECKING:
    from switchgear.foreign.safe import Safes
    from switchgear.gas.chain import Chain, Deployed

FLOAT, UNLIMITED_FLOAT = 64, 2**64 - 1
EXPIRY, STANDARD, FLAGS = 192, 232, 235
GRANTS = 0
"""Slot of the permissions, as `PolicyLedger` has it."""
WIDE = LIMITS._replace(value_cap=2**200)
"""So that caps of permissions decide, and not the lane's."""


class Punctual(Asker):
    """Asks at one second, told in advance."""

    @property
    def now(self) -> int:
        """When."""
        return int(self.field.chain.node.block()["timestamp"], 16) + 5

    def outcome(self, adapter: str, question: Question, *, gap: bool = False) -> Outcome:
        """What one form of a question comes to, then."""
        chain, now = self.field.chain, self.now
        chain.node.request("evm_setNextBlockTimestamp", now)
        # Meters are read as of then, too.
        chain.now = max(chain.now, now)
        return super().outcome(adapter, question, gap=gap)


@pytest.fixture(scope="module")
def token(chain: Chain) -> Deployed:
    """What permissions are about."""
    made = chain.deploy("PermitToken", label="express words")
    chain.send(made, "mint", ACCOUNT, 10**6)
    return made


@pytest.fixture(scope="module")
def asker(chain: Chain, field: Field, token: Deployed) -> Punctual:
    """Each adapter."""
    setup = Setup(field.core.address, ACCOUNT, CHIEF).asset(ZERO, WIDE, POLICY).asset(token.address, WIDE, POLICY)
    for selector in (TRANSFER, APPROVE):
        setup = setup.permit(Permission(AGENT.address, token.address, selector, Standard.ERC20, call_cap=10**6))
    policies = {
        "guard": chain.deploy("SafeAgentGuard", setup.arguments, ZERO, label="words"),
        "hook": chain.deploy("AgentHook7579", setup.arguments, AGENT.address, POINT, ZERO, label="words"),
        "caveat": chain.deploy("AgentCaveat", setup.arguments, MANAGER, label="words"),
    }
    return Punctual(field, policies, {"token": token})


@pytest.fixture(params=CALLS)
def adapter(request: Any) -> str:
    """Each."""
    return str(request.param)


def _slot(token: Deployed, selector: bytes) -> str:
    """Where the agent's permission lies."""
    outer = keccak(encode(["address", "uint256"], [AGENT.address, GRANTS]))
    action = bytes.fromhex(token.address[2:]) + selector + bytes(8)
    return "0x" + keccak(action + outer).hex()


def _float(value: int) -> int:
    exponent = max(0, value.bit_length() - 56)
    return exponent << 56 | value >> exponent


def _amount(field: int) -> int:
    return 2**256 - 1 if field == UNLIMITED_FLOAT else (field & 2**56 - 1) << (field >> 56)


def _moves(token: Deployed, function: str, amount: int) -> Question:
    return Question(token.address, token.interface.encode(function, (BOB, 0))[:-WORD] + amount.to_bytes(WORD, "big"))


def _draw(draw: Random, now: int) -> tuple[int, list[int]]:
    """A word such as a grant writes, and amounts around whatever it says."""
    bound = draw.choice((0, 1, 2**56 - 1, 2**56, 2**57, 2**255, 2**256 - 1, draw.getrandbits(draw.randrange(1, 257))))
    caps = [UNLIMITED_FLOAT if bound == 2**256 - 1 else _float(bound)]
    thresholds = [draw.choice((UNLIMITED_FLOAT, caps[0], _float(draw.getrandbits(draw.randrange(1, 257))), 0))]
    thresholds.append(draw.choice((UNLIMITED_FLOAT, thresholds[0])))
    expiry = draw.choice((0, now - 1, now, now + 1, 2**40 - 1, 2**40 - 1, 2**40 - 1))
    standard = draw.choice((1, 1, 1, 1, 0, 2, 4))
    flags = draw.choice((0, 0, 0, 0, 1 << draw.randrange(6)))
    word = caps[0] | thresholds[0] << FLOAT | thresholds[1] << 2 * FLOAT | expiry << EXPIRY
    edges = {_amount(one) + step for one in (*caps, *thresholds) for step in (-1, 0, 1)}
    amounts = sorted(one for one in edges if 0 <= one < 2**256)
    return word | standard << STANDARD | flags << FLAGS, draw.sample(amounts, min(3, len(amounts)))


def test_forms__any_word_and_amounts_around_it__come_to_the_same(
    asker: Punctual, adapter: str, token: Deployed
) -> None:
    """WP-1, WP-2: floats, thresholds, expiry at the second, standards and flags mean the same on the short way."""
    draw, chain = Random(f"words {adapter}"), asker.field.chain  # noqa: S311 - the same ones each time
    admitted = denied = 0
    for number in range(40):
        function = draw.choice(("transfer", "approve"))
        selector = token.interface.encode(function, (BOB, 0))[:4]
        node = chain.node
        word, amounts = _draw(draw, asker.now)
        slot = _slot(token, selector)
        node.request("anvil_setStorageAt", asker.policies[adapter].address, slot, "0x" + word.to_bytes(32, "big").hex())
        for amount in amounts:
            outcome = asker.same(adapter, _moves(token, function, amount))
            if outcome.error is None:
                admitted += 1
                # Of the token, or of what moves nothing known.
                assert (outcome.charged[0][0], outcome.charged[3][0]) in ((1, 0), (0, 1)), (number, hex(word), amount)
                assert asker.now < (word >> EXPIRY) % 2**40
                if word >> STANDARD == Standard.ERC20:
                    assert amount <= min(_amount(word % 2**64), _amount((word >> FLOAT) % 2**64))
            else:
                denied += 1
    assert admitted > 10
    assert denied > 10


def test_gas__any_amount_of_it__one_charge_or_none(asker: Asker, adapter: str, token: Deployed) -> None:
    """BR-16, WP-5: whoever starves the core on the short way is neither let pass, nor charged twice on the long one."""
    field, node, policy = asker.field, asker.field.chain.node, asker.policies[adapter]
    question = _moves(token, "transfer", 7)
    sender, data = CALLS[adapter](question, gap=False)
    handle = field.handles[AGENT.address]
    passed = set()

    def used() -> int:
        return int(field.chain.call(field.core, "usage", policy.address, lane(token.address), handle)[2])

    # Below what the calldata cost there is no transaction.
    for gas in (*range(45_000, 170_000, 1_500), 300_000, 600_000, 10**6):
        with field.rolled_back():
            request = {"from": sender, "to": policy.address, "data": "0x" + data.hex(), "gas": hex(gas)}
            answer = node.request("eth_sendTransactionSync", {**request, "gasPrice": "0x0"})
            success = int(answer["status"], 16)
            assert used() == success, gas
            passed.add((gas, success))
    assert {success for _, success in passed} == {0, 1}
    # Once it is enough, more is enough as well.
    least = min(gas for gas, success in passed if success)
    assert all(success for gas, success in passed if gas > least)


def test_denial__that_would_be_the_last_strike__is_told_as_it_is(field: Field, safes: Safes) -> None:
    """BR-5: all of it is undone, so that the breaker that is said to be open never was."""
    limits = LIMITS._replace(strikes=1)
    assets = ((field.token.address, limits, POLICY), (ZERO, limits, POLICY))
    ours = Guarded(field, safes, assets=assets, label="last strike")
    ours.grant()
    data = field.encode("transfer", BOB, limits.value_cap + 1)
    # With a byte behind it, it never takes the short way.
    for form in (data + b"\0", data):
        with refuses(AgentDenied, reason=Reason.VALUE_OVERSIZED, scope=Scope.AGENT):
            ours.act(field.token.address, form)


def test_frames__short_outside_and_measured_inside__each_is_charged_and_checked(field: Field, safes: Safes) -> None:
    """WP-8: an execution that left nothing is not taken for the one within it, nor that for it."""
    chain, ours = field.chain, Guarded(field, safes, label="short outside")
    outer = chain.deploy("ReentrantToken", label="short outside")
    fee = chain.deploy("FeeToken", 900, True, label="short outside")
    for one in (outer, fee):
        field.fund(ours.address, one)
        ours.loosen("openAsset", (one.address, LIMITS, POLICY))
    ours.grant(target=outer.address)
    ours.grant(target=fee.address, measured=True)
    for amount in (7, 200):
        before = ours.charged(outer.address), ours.charged(fee.address)
        chain.send(outer, "arm", ours.address, _following(ours, fee.address, field.encode("transfer", BOB, amount)))
        ours.act(outer.address, field.encode("transfer", BOB, 5))
        # Nine times the amount on top, which the lane does not admit of 200.
        inner = 10 * amount if amount == 7 else 0
        assert (ours.charged(outer.address), ours.charged(fee.address)) == (before[0] + 5, before[1] + inner)


def _following(ours: Guarded, target: str, data: bytes) -> bytes:
    """The agent's next transaction, to be handed in by anybody."""
    made = SafeTransaction(to=target, data=data)
    return ours.self_call("execTransaction", *ours.safe.exec_data(made, [TypedKey(AGENT)], nonce=ours.safe.nonce + 1))
