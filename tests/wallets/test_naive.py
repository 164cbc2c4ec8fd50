"""The attacks work: each takes more from a naive guard than its cap, or stops it for good. What is hostile is so."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from eth_account.messages import encode_typed_data
from eth_utils.crypto import keccak

from switchgear.execution import mode, single
from switchgear.foreign.delegation import Caveat, Delegation, Delegations
from switchgear.foreign.keys import key
from switchgear.foreign.modular import EXECUTOR, EntryPoint, Execution, Handled, OpenZeppelin
from switchgear.foreign.safe import LATEST, Call, Safe, Safes, SafeTransaction, Sender, TypedKey
from switchgear.gas.chain import account
from tests.wallets.conftest import AGENT, BOB, Money, refused

if TYPE_CHECKING:
    from switchgear.gas.chain import Chain, Deployed

CAP = 10
"""Of each naive guard."""
LOOT = 500
"""What the attacks take: far above the cap, and within the funds."""
CAP_EXCEEDED = keccak(text="CapExceeded(uint256)")[:4]
TARGET_REFUSED = keccak(text="TargetRefused(address)")[:4]
SELECTOR_REFUSED = keccak(text="SelectorRefused(bytes4)")[:4]
OWNER = [Sender(AGENT.address)]
MODULE = account("naive module")
OUTSIDER = account("naive outsider")


@pytest.fixture(scope="module")
def dollars(chain: Chain) -> Money:
    """A token with every way to grant an allowance."""
    return Money(chain, chain.deploy("PermitToken"))


@pytest.fixture(scope="module")
def thief(chain: Chain) -> Deployed:
    """Pulls."""
    return chain.deploy("AllowanceThief")


@pytest.fixture(scope="module")
def hub(chain: Chain) -> Deployed:
    """In place of Permit2."""
    return chain.deploy("PermitHub")


@pytest.fixture(scope="module")
def selectors(dollars: Money, hub: Deployed) -> list[bytes]:
    """What the naive guards allow: transfers, and every way to grant an allowance."""
    names = "transfer", "approve", "increaseAllowance"
    safes_own = keccak(text="multiSend(bytes)")[:4], hub.interface.encode("approve", (BOB, BOB, 0, 0))[:4]
    return [*(dollars.encode(name, BOB, 0)[:4] for name in names), *safes_own]


@pytest.fixture(scope="module")
def safes(chain: Chain) -> Safes:
    """The newest version."""
    return Safes(chain, LATEST, label="naive")


@pytest.fixture(scope="module")
def safe(chain: Chain, safes: Safes, dollars: Money, hub: Deployed, selectors: list[bytes]) -> Safe:
    """Behind a naive guard, with a module."""
    made = safes.create([AGENT.address])
    dollars.give(made.address, 100 * LOOT)
    made.enable_module(MODULE, signers=OWNER, sender=AGENT.address)
    targets = [dollars.address, safes.multi_send_call_only.address, hub.address]
    guard = chain.deploy("NaiveSafeGuard", targets, selectors, CAP)
    made.set_guard(guard.address, signers=OWNER, sender=AGENT.address)
    return made


def act(safe: Safe, to: str, data: bytes, **options: Any) -> dict[str, Any]:
    """A transaction of the agent's."""
    return safe.exec(SafeTransaction(to=to, data=data, **options), OWNER, sender=AGENT.address)


def test_naive_safe_guard__plain_attempts__refused(safe: Safe, dollars: Money) -> None:
    """It is a guard: other targets, other functions and large transfers do not pass."""
    with refused(TARGET_REFUSED):
        act(safe, BOB, dollars.transfer(1))
    with refused(SELECTOR_REFUSED):
        act(safe, dollars.address, dollars.encode("transferFrom", safe.address, BOB, 1))
    with refused(CAP_EXCEEDED):
        act(safe, dollars.address, dollars.transfer(CAP + 1))


def test_naive_safe_guard__refund__pays_the_agent(safe: Safe, dollars: Money) -> None:
    """WP-4: the refund for gas drains the Safe past the cap."""
    receiver = account("refunded agent")
    refund = {"base_gas": LOOT, "gas_price": 1, "gas_token": dollars.address, "refund_receiver": receiver}
    dollars.give(safe.address, 10**6)
    act(safe, dollars.address, dollars.transfer(0), **refund)
    assert dollars.of(receiver) > LOOT


def test_naive_safe_guard__multi_send__hides_the_transfers(safe: Safe, dollars: Money) -> None:
    """WP-4: what is packed into a delegatecall is not looked at."""
    hidden = safe.multi_send([Call(dollars.address, dollars.transfer(LOOT))])
    with dollars.moves(LOOT, safe.address):
        safe.exec(hidden, OWNER, sender=AGENT.address)


def test_naive_safe_guard__module__is_not_seen(safe: Safe, dollars: Money) -> None:
    """A module passes a transaction guard by."""
    with dollars.moves(LOOT, safe.address):
        safe.exec_from_module(Call(dollars.address, dollars.transfer(LOOT)), module=MODULE)


@pytest.mark.parametrize("function", ["approve", "increaseAllowance"])
def test_naive_safe_guard__allowance__is_pulled(
    chain: Chain, safe: Safe, dollars: Money, thief: Deployed, function: str
) -> None:
    """WP-3: an allowance costs nothing, and is spent in another transaction."""
    act(safe, dollars.address, dollars.encode(function, thief.address, LOOT))
    with dollars.moves(LOOT, safe.address, to=thief.address):
        chain.send(thief, "pull", dollars.address, safe.address, LOOT, sender=OUTSIDER)


def test_naive_safe_guard__hub_allowance__is_pulled(
    chain: Chain, safe: Safe, dollars: Money, thief: Deployed, hub: Deployed
) -> None:
    """WP-3: so does one at a hub that the token allows, as of Permit2."""
    act(safe, dollars.address, dollars.encode("approve", hub.address, 2**160 - 1))
    act(safe, hub.address, hub.interface.encode("approve", (dollars.address, thief.address, LOOT, 2**48 - 1)))
    with dollars.moves(LOOT, safe.address, to=thief.address):
        chain.send(thief, "pullByHub", hub.address, dollars.address, safe.address, LOOT, sender=OUTSIDER)


def test_naive_safe_guard__fee_on_top__costs_more_than_said(chain: Chain, safes: Safes) -> None:
    """WP-3: the amount in a call need not be what leaves."""
    fee = Money(chain, chain.deploy("FeeToken", 900, True))
    safe = safes.create([AGENT.address])
    fee.give(safe.address)
    guard = chain.deploy("NaiveSafeGuard", [fee.address], [fee.transfer()[:4]], CAP, label="fee")
    safe.set_guard(guard.address, signers=OWNER, sender=AGENT.address)
    before = fee.of(safe.address)
    act(safe, fee.address, fee.transfer(CAP))
    assert (fee.of(BOB), fee.of(safe.address)) == (CAP, before - 10 * CAP)


# ------------------------------------------------------------------ ERC-7579


@pytest.fixture(scope="module")
def modular(chain: Chain, dollars: Money, selectors: list[bytes]) -> OpenZeppelin:
    """Behind a naive hook, with an executor."""
    validator = chain.deploy("KeyValidator", label="naive")
    made = OpenZeppelin.create(EntryPoint(chain), validator, AGENT, label="naive")
    dollars.give(made.address, 10 * LOOT)
    assert made.install(EXECUTOR, chain.deploy("DrivenModule", label="naive").address).success
    hook = chain.deploy("NaiveHook7579", [dollars.address], selectors, CAP)
    assert made.install_hook(hook.address).success
    return made


def attempt(made: OpenZeppelin, dollars: Money, data: bytes) -> Handled:
    """A call of the token."""
    return made.execute(Execution(dollars.address, data))


def test_naive_hook__plain_attempts__refused(modular: OpenZeppelin, dollars: Money) -> None:
    """It is a hook: other targets, other functions and large transfers do not pass."""
    assert modular.execute(Execution(BOB, dollars.transfer(1))).reason[:4] == TARGET_REFUSED
    other = dollars.encode("transferFrom", BOB, BOB, 1)
    assert attempt(modular, dollars, other).reason[:4] == SELECTOR_REFUSED
    assert attempt(modular, dollars, dollars.transfer(CAP + 1)).reason[:4] == CAP_EXCEEDED


def test_naive_hook__decoy__passes(modular: OpenZeppelin, dollars: Money) -> None:
    """WP-2: a decoy lies where Solidity puts the bytes, and the offset points behind it."""
    decoy, real = (single(Execution(dollars.address, dollars.transfer(amount))) for amount in (0, LOOT))
    padding = -len(decoy) % 32
    offset = 3 * 32 + len(decoy) + padding
    head = mode() + offset.to_bytes(32, "big") + len(decoy).to_bytes(32, "big") + decoy + bytes(padding)
    call = modular.encode("execute", mode(), b"")[:4] + head + len(real).to_bytes(32, "big") + real
    with dollars.moves(LOOT, modular.address):
        assert modular.operate(call).success


def test_naive_hook__executor__is_not_looked_at(chain: Chain, modular: OpenZeppelin, dollars: Money) -> None:
    """Only one of the ways to execute is checked."""
    executor = chain.at(chain.deploy("DrivenModule", label="driver").address, "DrivenModule")
    assert modular.install(EXECUTOR, executor.address).success
    with dollars.moves(LOOT, modular.address):
        modular.drive(executor, Execution(dollars.address, dollars.transfer(LOOT)), sender=OUTSIDER)


def test_naive_hook__allowance__is_pulled(chain: Chain, modular: OpenZeppelin, dollars: Money, thief: Deployed) -> None:
    """WP-3: an allowance costs nothing here either."""
    assert attempt(modular, dollars, dollars.encode("approve", thief.address, LOOT)).success
    with dollars.moves(LOOT, modular.address, to=thief.address):
        chain.send(thief, "pull", dollars.address, modular.address, LOOT, sender=OUTSIDER)


# ------------------------------------------------------------------ ERC-7710


@pytest.fixture(scope="module")
def held(chain: Chain, delegations: Delegations, dollars: Money, selectors: list[bytes]) -> Delegation:
    """The agent's, with a naive caveat."""
    delegator = delegations.create([AGENT.address], label="naive")
    dollars.give(delegator.address, 10 * LOOT)
    enforcer = chain.deploy("NaiveCaveat", [dollars.address], selectors, CAP, label="naive")
    return delegations.sign(Delegation(key("delegate").address, delegator.address, (Caveat(enforcer.address),)), AGENT)


@pytest.fixture(scope="module")
def delegations(chain: Chain) -> Delegations:
    """A manager of its own."""
    return Delegations(EntryPoint(chain, "0.7"), label="naive")


def redeem(delegations: Delegations, held: Delegation, target: str, data: bytes) -> None:
    """One call by the delegate."""
    delegations.redeem([held], mode(), single(Execution(target, data)), sender=held.delegate)


def test_naive_caveat__plain_attempts__refused(delegations: Delegations, held: Delegation, dollars: Money) -> None:
    """It is a caveat: other targets and large transfers do not pass."""
    with refused(TARGET_REFUSED):
        redeem(delegations, held, BOB, dollars.transfer(1))
    with refused(CAP_EXCEEDED):
        redeem(delegations, held, dollars.address, dollars.transfer(CAP + 1))


def test_naive_caveat__allowance__is_pulled(
    chain: Chain, delegations: Delegations, held: Delegation, dollars: Money, thief: Deployed
) -> None:
    """WP-3: an allowance costs nothing here either."""
    redeem(delegations, held, dollars.address, dollars.encode("approve", thief.address, LOOT))
    with dollars.moves(LOOT, held.delegator, to=thief.address):
        chain.send(thief, "pull", dollars.address, held.delegator, LOOT, sender=OUTSIDER)


def test_naive_caveat__called_by_anybody__uses_the_cap_up(
    chain: Chain, delegations: Delegations, held: Delegation, dollars: Money
) -> None:
    """State must hang on the manager that calls: an outsider spends the agent's cap by calling the enforcer itself."""
    enforcer = chain.at(held.caveats[0].enforcer, "NaiveCaveat")
    call = single(Execution(dollars.address, dollars.transfer(CAP)))
    args = (b"", b"", mode(), call, delegations.hash(held), held.delegator, OUTSIDER)
    chain.send(enforcer, "beforeHook", *args, sender=OUTSIDER)
    with refused(CAP_EXCEEDED):
        redeem(delegations, held, dollars.address, dollars.transfer(1))


# ------------------------------------------------------------------ hostile tokens and targets


def test_permit__signed_by_a_key__is_pulled(chain: Chain, dollars: Money, thief: Deployed) -> None:
    """WP-3: a signature alone is an allowance."""
    victim = key("permitting")
    dollars.give(victim.address)
    permit = encode_typed_data(
        domain_data={
            "name": "Permit",
            "version": "1",
            "chainId": chain.node.chain_id,
            "verifyingContract": dollars.address,
        },
        message_types={
            "Permit": [
                {"name": name, "type": of}
                for name, of in (
                    ("owner", "address"),
                    ("spender", "address"),
                    ("value", "uint256"),
                    ("nonce", "uint256"),
                    ("deadline", "uint256"),
                )
            ]
        },
        message_data={
            "owner": victim.address,
            "spender": thief.address,
            "value": LOOT,
            "nonce": 0,
            "deadline": 2**48,
        },
    )
    signed = victim.sign_message(permit)
    r, s = (part.to_bytes(32, "big") for part in (signed.r, signed.s))
    with dollars.moves(LOOT, victim.address, to=thief.address):
        chain.send(thief, "pullByPermit", dollars.address, victim.address, LOOT, 2**48, signed.v, r, s)


def test_fee_token__fee_withheld__less_arrives(chain: Chain) -> None:
    """The other kind of fee: the sender loses what it says, the receiver gets less."""
    fee = Money(chain, chain.deploy("FeeToken", 10, False, label="withheld"))
    holder, receiver = account("fee payer"), account("fee receiver")
    fee.give(holder)
    chain.send(fee.token, "transfer", receiver, 100, sender=holder)
    assert (fee.of(holder), fee.of(receiver)) == (900, 90)


def test_rebasing_token__rebase__balances_change_without_or_within_a_transfer(chain: Chain) -> None:
    """A balance drops by itself, or in the midst of a transfer."""
    rebasing = Money(chain, chain.deploy("RebasingToken"))
    holder, receiver = account("rebased"), account("rebased receiver")
    rebasing.give(holder)
    chain.send(rebasing.token, "rebase", 50, False)
    assert rebasing.of(holder) == 500
    chain.send(rebasing.token, "rebase", 20, True)
    assert rebasing.of(holder) == 500
    chain.send(rebasing.token, "transfer", receiver, 100, sender=holder)
    assert (rebasing.of(holder), rebasing.of(receiver)) == (80, 20)


def reentered(contract: Deployed, receipt: dict[str, Any]) -> list[bool]:
    """Whether the prepared calls of a transaction succeeded."""
    logs = [log for log in receipt["logs"] if log["address"].lower() == contract.address.lower()]
    events = [event for event in map(contract.interface.decode_log, logs) if event and event.name == "Reentered"]
    return [bool(event.args["success"]) for event in events]


def test_reentrant_target__called_by_a_safe__executes_its_next_transaction(
    chain: Chain, safes: Safes, dollars: Money
) -> None:
    """WP-8: a target runs the Safe's next transaction, signed before, in the midst of this one; once."""
    safe = safes.create([AGENT.address])
    dollars.give(safe.address)
    target = chain.deploy("ReentrantTarget")
    signers = [TypedKey(AGENT)]
    follows = SafeTransaction(to=dollars.address, data=dollars.transfer(1))
    data = safe.contract.interface.encode("execTransaction", safe.exec_data(follows, signers, nonce=safe.nonce + 1))
    chain.send(target, "arm", safe.address, data)
    poke = SafeTransaction(to=target.address, data=target.interface.encode("poke", ()))
    with dollars.moves(1, safe.address):
        assert reentered(target, safe.exec(poke, signers, sender=OUTSIDER)) == [True]
        assert reentered(target, safe.exec(poke, signers, sender=OUTSIDER)) == []


def test_reentrant_token__transferred_by_an_account__executes_again(chain: Chain, dollars: Money) -> None:
    """WP-8: a token drives the account's executor in the midst of a transfer."""
    validator, executor = (chain.deploy(name, label="reentrant") for name in ("KeyValidator", "DrivenModule"))
    made = OpenZeppelin.create(EntryPoint(chain), validator, AGENT, label="reentrant")
    token = Money(chain, chain.deploy("ReentrantToken"))
    for money in (token, dollars):
        money.give(made.address)
    assert made.install(EXECUTOR, executor.address).success
    again = single(Execution(dollars.address, dollars.transfer(LOOT)))
    drive = executor.interface.encode("drive", (made.address, mode(), again))
    chain.send(token.token, "arm", executor.address, drive)
    with dollars.moves(LOOT, made.address), token.moves(1, made.address):
        handled = made.execute(Execution(token.address, token.transfer(1)))
        assert reentered(token.token, handled.receipt) == [True]
