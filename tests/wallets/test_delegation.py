"""MetaMask's delegation manager works as deployed from npm: delegations of both accounts move a token."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from eth_utils.crypto import keccak

from switchgear.execution import BATCH, batch, mode, single
from switchgear.foreign.delegation import ANY_DELEGATE, Caveat, Delegation, Delegations
from switchgear.foreign.keys import key
from switchgear.foreign.modular import EntryPoint, Execution
from switchgear.gas.chain import account
from tests.wallets.conftest import AGENT, FUNDS, Money, refused

if TYPE_CHECKING:
    from eth_account.signers.local import LocalAccount

    from switchgear.gas.chain import Chain, Deployed

OWNERS = key("owner 1"), key("owner 2")
PLAIN = key("delegating key")
SUB_AGENT = key("sub-agent")


@pytest.fixture(scope="module")
def delegations(chain: Chain) -> Delegations:
    """The manager."""
    return Delegations(EntryPoint(chain, "0.7"))


@pytest.fixture(scope="module", params=["MultiSigDeleGator", "EIP7702StatelessDeleGator"])
def delegator(
    delegations: Delegations, money: Money, request: pytest.FixtureRequest
) -> tuple[Deployed, tuple[LocalAccount, ...]]:
    """An account, and who signs for it."""
    if request.param == "MultiSigDeleGator":
        made = delegations.create([owner.address for owner in OWNERS], 2), OWNERS
    else:
        made = delegations.adopt(PLAIN), (PLAIN,)
    money.give(made[0].address)
    return made


@pytest.fixture(scope="module")
def held(delegations: Delegations, delegator: tuple[Deployed, tuple[LocalAccount, ...]]) -> Delegation:
    """The agent's, without caveat."""
    made, signers = delegator
    return delegations.sign(Delegation(AGENT.address, made.address), *signers)


def test_redeem__signed__transfers(delegations: Delegations, held: Delegation, money: Money) -> None:
    """The delegate acts for the delegator, once or as a batch, or trying."""
    call = Execution(money.address, money.transfer())
    with money.moves(4, held.delegator):
        delegations.redeem([held], mode(), single(call), sender=AGENT.address)
        delegations.redeem([held], mode(BATCH), batch([call, call]), sender=AGENT.address)
        delegations.redeem([held], mode(attempt=True), single(call), sender=AGENT.address)
        failing = Execution(money.address, money.transfer(FUNDS))
        delegations.redeem([held], mode(attempt=True), single(failing), sender=AGENT.address)


def test_redeem__many__in_one_transaction(delegations: Delegations, held: Delegation, money: Money) -> None:
    """Several redemptions go together."""
    one = [held], mode(), single(Execution(money.address, money.transfer()))
    with money.moves(2, held.delegator):
        delegations.redeem_many([one, one], sender=AGENT.address)


def test_redeem__two_hops__transfers(delegations: Delegations, held: Delegation, money: Money) -> None:
    """What a delegate holds it hands on; the delegator it is all from pays."""
    second = delegations.sign(delegations.hand_on(held, SUB_AGENT.address), AGENT)
    with money.moves(1, held.delegator):
        call = single(Execution(money.address, money.transfer()))
        delegations.redeem([second, held], mode(), call, sender=SUB_AGENT.address)


def test_redeem__somebody_else__refused(delegations: Delegations, held: Delegation, money: Money) -> None:
    """Not the delegate; not the signer; but anybody, if the delegation says so."""
    call = single(Execution(money.address, money.transfer()))
    with refused(keccak(text="InvalidDelegate()")[:4]):
        delegations.redeem([held], mode(), call, sender=account("outsider"))
    forged = delegations.sign(Delegation(AGENT.address, held.delegator, salt=1), key("stranger"))
    with refused(keccak(text="InvalidERC1271Signature()")[:4]):
        delegations.redeem([forged], mode(), call, sender=AGENT.address)


def test_redeem__any_delegate__anybody(
    delegations: Delegations, delegator: tuple[Deployed, tuple[LocalAccount, ...]], money: Money
) -> None:
    """An open delegation serves whoever has it."""
    made, signers = delegator
    held = delegations.sign(Delegation(ANY_DELEGATE, made.address, salt=2), *signers)
    with money.moves(1, made.address):
        call = single(Execution(money.address, money.transfer()))
        delegations.redeem([held], mode(), call, sender=account("outsider"))


def test_redeem__caveat__is_asked_and_args_are_free(
    chain: Chain, delegations: Delegations, delegator: tuple[Deployed, tuple[LocalAccount, ...]], money: Money
) -> None:
    """An enforcer is asked for each delegation that names it; the redeemer puts what it likes into args, unsigned."""
    made, signers = delegator
    enforcer = chain.deploy("NaiveCaveat", [money.address], [money.transfer()[:4]], 3, label=made.address)
    caveat = Caveat(enforcer.address, b"terms")
    held = delegations.sign(Delegation(AGENT.address, made.address, (caveat,), salt=3), *signers)
    with money.moves(2, made.address):
        call = single(Execution(money.address, money.transfer(2)))
        delegations.redeem([held.with_args(b"anything")], mode(), call, sender=AGENT.address)
    assert chain.call(enforcer, "spentBy", delegations.hash(held)) == 2
    with refused(keccak(text="CapExceeded(uint256)")[:4]):
        delegations.redeem([held], mode(), call, sender=AGENT.address)
    changed = Delegation(
        AGENT.address, made.address, (caveat._replace(terms=b"other"),), salt=3, signature=held.signature
    )
    with refused(keccak(text="InvalidERC1271Signature()")[:4]):
        delegations.redeem([changed], mode(), call, sender=AGENT.address)


def test_disable__delegator__refused_from_then_on(
    delegations: Delegations, delegator: tuple[Deployed, tuple[LocalAccount, ...]], money: Money
) -> None:
    """What is taken back serves no more."""
    made, signers = delegator
    held = delegations.sign(Delegation(AGENT.address, made.address, salt=4), *signers)
    delegations.disable(held)
    with refused(keccak(text="CannotUseADisabledDelegation()")[:4]):
        call = single(Execution(money.address, money.transfer()))
        delegations.redeem([held], mode(), call, sender=AGENT.address)
