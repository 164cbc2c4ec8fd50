"""Saying no: by whom, when, and that it lasts (WP-7)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import ape
import pytest

from tests.countersign.council import APPROVED, CONSUMED, DELAY, GAS, VETOED, Council, party
from tests.support.core import ZERO
from tests.support.reverts import reverts_with

if TYPE_CHECKING:
    from tests.support.core import World

MAY = ("chief", "alice", "bob", "carol", "guardian")
MAY_NOT = ("stranger", "wallet", "owner", "policy", "account", "admin", "agent_guardian", "delegate", "provider")


def who(council: Council, name: str) -> Any:
    """A party of the council or of the world."""
    return getattr(council, name, None) or getattr(council.world, name)


@pytest.mark.parametrize("name", MAY)
def test_veto__by_owner_signer_or_guardian__is_for_good(council: Council, name: str) -> None:
    """WP-7: each of them alone stops what all the others have approved, and nothing revives it."""
    action = council.action()
    council.approve(action)
    receipt = council.contract.veto(council.id(action), sender=who(council, name))
    (event,) = council.contract.Vetoed.from_receipt(receipt)
    assert (bytes(event.id), event.policy) == (council.id(action), action.policy)
    assert event.actor == who(council, name)
    assert council.state(action) == VETOED
    for delayed in (False, True):
        with reverts_with(council.contract, "NotCountersigned", **council.waiting(action)):
            council.consume(action, delayed)
    with reverts_with(council.contract, "NonceUsed", policy=action.policy, nonce=action.nonce):
        council.approve(action)


@pytest.mark.parametrize("name", MAY_NOT)
def test_veto__by_anybody_else__is_refused(council: Council, name: str) -> None:
    """WP-7: nobody else stops anything: not the agent, not its owner, not the policy itself."""
    action = council.action()
    council.approve(action)
    with reverts_with(council.contract, "NotVetoer", caller=who(council, name)):
        council.contract.veto(council.id(action), sender=who(council, name))
    assert council.state(action) == APPROVED


@pytest.mark.parametrize("name", MAY)
def test_veto__before_it_is_approved__by_owner_and_signers(council: Council, name: str) -> None:
    """WP-7: owner and signers can stop a proposal that goes round; a guardian only once it names the policy."""
    action = council.action()
    if name == "guardian":
        with reverts_with(council.contract, "NotVetoer", caller=council.world.guardian):
            council.contract.veto(council.id(action), sender=council.world.guardian)
        council.approve(action)
        assert council.state(action) == APPROVED
    else:
        receipt = council.contract.veto(council.id(action), sender=who(council, name))
        assert council.contract.Vetoed.from_receipt(receipt)[0].policy == ZERO
        with reverts_with(council.contract, "NonceUsed", policy=action.policy, nonce=action.nonce):
            council.approve(action)


def test_veto__guardian_of_another_policy__is_refused(council: Council) -> None:
    """WP-7: a guardian stops what its own policy would consume, and nothing else."""
    action = council.action(policy=council.world.stranger.address)
    council.approve(action)
    with reverts_with(council.contract, "NotVetoer", caller=council.world.guardian):
        council.contract.veto(council.id(action), sender=council.world.guardian)


def test_veto__of_what_is_over__is_refused(council: Council) -> None:
    """WP-7: the record of what happened stays as it was."""
    consumed, vetoed = council.action(1), council.action(2, calls=b"\x01" * 32)
    council.approve(consumed)
    council.consume(consumed)
    council.approve(vetoed)
    council.contract.veto(council.id(vetoed), sender=council.alice)
    for action, state in ((consumed, CONSUMED), (vetoed, VETOED)):
        with reverts_with(council.contract, "NotVetoable", id=council.id(action), state=state):
            council.contract.veto(council.id(action), sender=council.alice)


def test_veto__of_an_earlier_equal_action__leaves_the_later_one(council: Council) -> None:
    """WP-7: an id is one nonce: nothing that was approved under another is touched."""
    first, second = council.action(1), council.action(2)
    council.approve(first)
    council.contract.veto(council.id(first), sender=council.alice)
    council.approve(second)
    council.consume(second)
    assert council.state(second) == CONSUMED


@pytest.mark.parametrize("veto_first", [True, False])
def test_veto__in_the_block_of_the_consume__the_first_wins(council: Council, world: World, veto_first: bool) -> None:
    """WP-7: a veto beats a consume that comes later in the same block; one that itself comes later reverts."""
    action = council.action()
    council.approve(action)
    world.wait(DELAY)
    consume = (council.policy, council.contract.consume.encode_input(action.account, action.wallet, action.calls, True))
    veto = (council.alice, council.contract.veto.encode_input(council.id(action)))
    first, second = (veto, consume) if veto_first else (consume, veto)
    receipts = one_block(council.contract, [first, second])
    assert [receipt["status"] for receipt in receipts] == ["0x1", "0x0"]
    assert council.state(action) == (VETOED if veto_first else CONSUMED)


def one_block(contract: Any, calls: list[tuple[Any, bytes]]) -> list[dict[str, Any]]:
    """Receipts of calls that are mined in one block, in this order."""
    node = ape.chain.provider.make_request
    node("evm_setAutomine", [False])
    try:
        hashes = []
        for place, (sender, data) in enumerate(calls):
            node("anvil_impersonateAccount", [sender.address])
            fee = hex(10**10 - place * 10**9)  # who pays more comes first
            request = {"from": sender.address, "to": contract.address, "data": "0x" + bytes(data).hex()}
            fees = {"gas": hex(GAS), "maxFeePerGas": hex(10**11), "maxPriorityFeePerGas": fee}
            hashes.append(node("eth_sendTransaction", [{**request, **fees}]))
            node("anvil_stopImpersonatingAccount", [sender.address])
        node("evm_mine", [])
    finally:
        node("evm_setAutomine", [True])
    receipts = [node("eth_getTransactionReceipt", [one]) for one in hashes]
    assert len({receipt["blockNumber"] for receipt in receipts}) == 1
    assert [receipt["transactionIndex"] for receipt in receipts] == [hex(place) for place in range(len(calls))]
    return receipts


@pytest.mark.parametrize("name", ["chief", "alice", "guardian"])
def test_veto__vetoer_became_a_wallet__is_refused(council: Council, world: World, name: str) -> None:
    """ID-7: an agent's wallet has no say, whatever it was before."""
    action, vetoer = council.action(), who(council, name)
    council.approve(action)
    world.bind(world.agent, vetoer)
    with reverts_with(world.core, "BoundWalletHasNoAuthority", wallet=vetoer.address, agent=world.agent):
        council.contract.veto(council.id(action), sender=vetoer, gas=GAS)


def test_veto__guardian_dismissed_or_signer_removed__is_refused(council: Council, world: World) -> None:
    """WP-7: who no longer is one has no say any more."""
    action = council.action()
    council.loosen("removeSigners", [party(council.carol)])
    world.core.setGuardian(council.policy, world.guardian, 0, sender=world.admin)
    world.wait(86_400)
    target = (3, council.policy.address, int(world.guardian.address, 16), 0)
    world.core.executeLoosening(target, sender=world.admin)
    assert world.core.guardianOf(council.policy, world.guardian).bound == 0
    council.approve(action)
    for vetoer in (council.carol, world.guardian):
        with reverts_with(council.contract, "NotVetoer", caller=vetoer):
            council.contract.veto(council.id(action), sender=vetoer, gas=GAS)
