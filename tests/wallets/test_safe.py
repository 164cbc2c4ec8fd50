"""Safe 1.5.0 and 1.4.1 work as deployed from npm: each way to sign and to execute moves a token."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from eth_utils.crypto import keccak

from switchgear.foreign.artifacts import SAFES
from switchgear.foreign.keys import ZERO, key
from switchgear.foreign.safe import (
    DELEGATECALL,
    LATEST,
    Call,
    PrefixedKey,
    Safe,
    SafeOwner,
    Safes,
    SafeTransaction,
    Sender,
    Signer,
    TypedKey,
)
from switchgear.gas.chain import account
from tests.wallets.conftest import AGENT, BOB, FUNDS, Money, refused

if TYPE_CHECKING:
    from switchgear.gas.chain import Chain

MODULE = account("module")
OWNER = [Sender(AGENT.address)]


@pytest.fixture(scope="module", params=SAFES)
def safes(chain: Chain, request: Any) -> Safes:
    """Each version."""
    return Safes(chain, request.param)


@pytest.fixture(scope="module")
def safe(safes: Safes, money: Money) -> Safe:
    """A Safe of the agent's key alone."""
    safe = safes.create([AGENT.address])
    money.give(safe.address)
    return safe


def signer_of(kind: str, safes: Safes) -> Signer:
    """An owner who signs in this way."""
    if kind == "safe":
        keys = key("inner 1"), key("inner 2")
        inner = safes.create([one.address for one in keys], 2)
        return SafeOwner(inner, tuple(TypedKey(one) for one in keys))
    return {"sender": Sender(AGENT.address), "typed": TypedKey(key("typed")), "prefixed": PrefixedKey(key("prefixed"))}[
        kind
    ]


@pytest.mark.parametrize("kind", ["sender", "typed", "prefixed", "safe"])
def test_exec__one_owner__transfers(safes: Safes, money: Money, kind: str) -> None:
    """Each kind of signature suffices where its owner is the only one."""
    signer = signer_of(kind, safes)
    safe = safes.create([signer.address])
    money.give(safe.address)
    with money.moves(1, safe.address):
        safe.exec(SafeTransaction(to=money.address, data=money.transfer()), [signer], sender=AGENT.address)


def test_exec__four_owners__all_kinds_together(safes: Safes, money: Money) -> None:
    """Kinds of signatures mix, contracts' data behind all; one owner fewer is refused."""
    signers = [signer_of(kind, safes) for kind in ("safe", "prefixed", "sender", "typed")]
    safe = safes.create([signer.address for signer in signers], 4)
    money.give(safe.address)
    transaction = SafeTransaction(to=money.address, data=money.transfer())
    with money.moves(1, safe.address):
        safe.exec(transaction, signers, sender=AGENT.address)
    with refused(b"GS020"):
        safe.exec(transaction, signers[1:], sender=AGENT.address)


def test_exec__wrong_signer_or_nonce__refused(safe: Safe, money: Money) -> None:
    """Neither a stranger's signature passes nor the owner's for another nonce."""
    transaction = SafeTransaction(to=money.address, data=money.transfer())
    with refused(b"GS026"):
        safe.exec(transaction, [TypedKey(key("stranger"))], sender=AGENT.address)
    with refused(b"GS026"):
        safe.exec(transaction, [TypedKey(AGENT)], sender=AGENT.address, nonce=safe.nonce + 1)


def test_exec__failing_call__reverts_or_is_logged(safe: Safe, money: Money) -> None:
    """A failing inner call reverts the whole, or with a gas stipend only itself."""
    too_much = money.transfer(FUNDS + 1)
    with refused(
        keccak(text="ERC20InsufficientBalance(address,uint256,uint256)")[:4]
        if safe.safes.version == LATEST
        else b"GS013"
    ):
        safe.exec(SafeTransaction(to=money.address, data=too_much), OWNER, sender=AGENT.address)
    nonce = safe.nonce
    with money.moves(0, safe.address):
        safe.exec(SafeTransaction(to=money.address, data=too_much, safe_tx_gas=99_999), OWNER, sender=AGENT.address)
    assert safe.nonce == nonce + 1


def test_exec__gas_price__refunds_in_a_token(safe: Safe, money: Money) -> None:
    """WP-4: a refund moves tokens that no call names."""
    money.give(safe.address, 10**6)
    receiver, overhead = account(f"refunded {safe.safes.version}"), 50_000
    refunding = SafeTransaction(
        to=BOB, base_gas=overhead, gas_price=1, gas_token=money.address, refund_receiver=receiver
    )
    before = money.of(safe.address)
    safe.exec(refunding, OWNER, sender=AGENT.address)
    assert money.of(receiver) > overhead
    assert money.of(safe.address) == before - money.of(receiver)


@pytest.mark.parametrize("call_only", [True, False])
def test_multi_send__two_transfers__both_done(safe: Safe, money: Money, call_only: bool) -> None:
    """Many calls are one delegatecall of the Safe's."""
    calls = [Call(money.address, money.transfer(1)), Call(money.address, money.transfer(2))]
    transaction = safe.multi_send(calls, call_only=call_only)
    assert transaction.operation == DELEGATECALL
    with money.moves(3, safe.address):
        safe.exec(transaction, OWNER, sender=AGENT.address)


def test_exec_from_module__enabled__transfers_without_signature(safes: Safes, money: Money) -> None:
    """A module acts alone, once it is enabled."""
    safe = safes.create([AGENT.address])
    money.give(safe.address)
    call = Call(money.address, money.transfer())
    with refused(b"GS104"):
        safe.exec_from_module(call, module=MODULE)
    safe.enable_module(MODULE, signers=OWNER, sender=AGENT.address)
    with money.moves(1, safe.address):
        safe.exec_from_module(call, module=MODULE)


def test_set_guard__noop_guard__still_transfers(chain: Chain, safes: Safes, money: Money) -> None:
    """Both kinds of guards can be set, the modules' on 1.5.0 only, and what is no guard cannot."""
    safe = safes.create([AGENT.address])
    money.give(safe.address)
    guard = chain.deploy("NoopSafeGuard", label=safes.version)
    # 1.5.0 hands on why; asked for ERC-165, the token does not answer.
    with refused(b"" if safes.version == LATEST else b"GS013"):
        safe.set_guard(money.address, signers=OWNER, sender=AGENT.address)
    safe.set_guard(guard.address, signers=OWNER, sender=AGENT.address)
    safe.enable_module(MODULE, signers=OWNER, sender=AGENT.address)
    if safes.version == LATEST:
        safe.set_module_guard(guard.address, signers=OWNER, sender=AGENT.address)
    with money.moves(2, safe.address):
        safe.exec(SafeTransaction(to=money.address, data=money.transfer()), OWNER, sender=AGENT.address)
        safe.exec_from_module(Call(money.address, money.transfer()), module=MODULE)
    slots = ["guard_manager.guard.address"] + ["module_manager.module_guard.address"] * (safes.version == LATEST)
    for slot in slots:
        stored = chain.node.request("eth_getStorageAt", safe.address, "0x" + keccak(text=slot).hex(), "latest")
        assert int(stored, 16) == int(guard.address, 16)
    safe.set_guard(ZERO, signers=OWNER, sender=AGENT.address)
