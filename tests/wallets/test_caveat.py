"""AgentCaveat in MetaMask's delegation manager: who draws on which budget, what is refused, and the way out."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import pytest
from eth_utils.crypto import keccak

from switchgear.countersign import Action, Proposal, calls_hash, sign, to_calls
from switchgear.decoder import NATIVE
from switchgear.display import to_instant
from switchgear.errors import (
    AgentDenied,
    CallCapExceeded,
    CoreUnavailable,
    MalformedTerms,
    ModeRefused,
    NeedsCountersignature,
    NotCountersigned,
    NotManager,
    NotPermitted,
    WrongAccount,
)
from switchgear.execution import BATCH, batch, mode, single
from switchgear.foreign.delegation import ANY_DELEGATE, Caveat, Delegation, Delegations
from switchgear.foreign.keys import key
from switchgear.foreign.modular import DELEGATECALL, EntryPoint, Execution, delegatecall
from switchgear.gas.chain import Deployed, account
from switchgear.policy import caveat_terms
from switchgear.types import Reason, Scope
from tests.wallets.conftest import AGENT, BOB, Money, refused
from tests.wallets.guarded import (
    AGENTS_OWNER,
    BROKEN,
    CALL_CAP,
    CAP,
    DAY,
    FUNDS,
    OUTSIDER,
    PEOPLE,
    Charged,
    Place,
    permission,
    reverts,
    transfer,
    undone,
)

if TYPE_CHECKING:
    from collections.abc import Iterator

    from switchgear.gas.chain import Chain

CHILD = key("child agent of the delegate")
MOVE = keccak(text="transfer(address,uint256)")[:4]
NOTHING = Charged(0, 0)
COUNCIL = [key(f"council {number}") for number in range(3)]
WAIT = 2 * DAY


@dataclass
class Delegated:
    """A delegator, the policy of its delegations, and one delegation to the agent."""

    place: Place
    delegations: Delegations
    account: Deployed
    caveat: Deployed
    held: Delegation

    def delegate(self, delegate: str = AGENT.address, *, salt: int, **changes: Any) -> Delegation:
        """Another delegation that people sign."""
        caveat = Caveat(self.caveat.address, caveat_terms(AGENT.address))._replace(**changes)
        return self.delegations.sign(Delegation(delegate, self.account.address, (caveat,), salt=salt), PEOPLE)

    def redeem(self, *calls: Execution, by: str = AGENT.address, held: tuple[Delegation, ...] = ()) -> None:
        """One call, or a batch."""
        given, data = (mode(), single(calls[0])) if len(calls) == 1 else (mode(BATCH), batch(calls))
        self.delegations.redeem(list(held) or [self.held], given, data, sender=by)

    def charged(self, asset: str, name: str = AGENT.address) -> Charged:
        """What an agent used."""
        return self.place.charged(self.caveat, asset, self.place.agents[name])


@pytest.fixture(scope="module")
def place(chain: Chain) -> Place:
    """A core with an agent and its child."""
    made = Place(chain, "caveat")
    made.enroll(CHILD, made.enroll(AGENT).handle)
    return made


@pytest.fixture(scope="module")
def fee(chain: Chain) -> Money:
    """A token that takes a tenth on top."""
    return Money(chain, chain.deploy("FeeToken", 10, True, label="caveat"))


@pytest.fixture(scope="module")
def made(chain: Chain, place: Place, money: Money, fee: Money) -> Delegated:
    """The agent may transfer both tokens; the balance of one is compared."""
    delegations = Delegations(EntryPoint(chain, "0.7"), label="caveat")
    delegator = delegations.create([PEOPLE.address], label="caveat")
    for token in (money, fee):
        token.give(delegator.address, FUNDS)
    setup = place.setup(delegator.address, money.address, fee.address).permit(
        permission(AGENT.address, money.address), permission(AGENT.address, fee.address, measured=True)
    )
    caveat = chain.deploy("AgentCaveat", setup.arguments, delegations.manager.address, label="caveat")
    made = Delegated(place, delegations, delegator, caveat, Delegation(AGENT.address, delegator.address))
    return replace(made, held=made.delegate(salt=0))


@pytest.fixture(autouse=True)
def fresh(chain: Chain, made: Delegated) -> Iterator[None]:  # noqa: ARG001 - made before the snapshot
    """Each test begins with nothing charged."""
    with undone(chain):
        yield


# ------------------------------------------------------------------ charging


def test_redeem__one_hop__charged_once(made: Delegated, money: Money) -> None:
    """WP-1, WP-3: one transfer is one action with its amount."""
    with money.moves(CALL_CAP, made.account.address, to=OUTSIDER):
        made.redeem(transfer(money, CALL_CAP))
    assert (made.charged(money.address), made.charged(NATIVE)) == (Charged(1, CALL_CAP), NOTHING)


def test_redeem__batch__each_call_charged(made: Delegated, money: Money) -> None:
    """WP-2: two calls are two actions, and one that is refused undoes both."""
    made.redeem(transfer(money, 10), transfer(money, 20))
    with reverts(NotPermitted, wallet=AGENT.address, target=BOB, selector=MOVE):
        made.redeem(transfer(money, 10), Execution(BOB, money.transfer(1)))
    assert made.charged(money.address) == Charged(2, 30)


def test_redeem__above_the_cap__refused(made: Delegated, money: Money) -> None:
    """WP-1: one more than the cap of one call."""
    fields = {"wallet": AGENT.address, "target": money.address, "selector": MOVE}
    with reverts(CallCapExceeded, **fields, amount=CALL_CAP + 1, cap=CALL_CAP):
        made.redeem(transfer(money, CALL_CAP + 1))


def denied(error: AgentDenied) -> tuple[str, bool, Reason, Scope]:
    """Who was refused, and why."""
    return error.wallet, error.verdict.admitted, error.verdict.reason, error.verdict.scope


def test_redeem__several_delegations__share_the_budget(made: Delegated, money: Money) -> None:
    """WP-1: the budget is the wallet's, however many delegations name it; in one transaction too."""
    other = made.delegate(salt=1)
    made.redeem(transfer(money, CALL_CAP))
    made.redeem(transfer(money, CAP - CALL_CAP - 10), held=(other,))
    one = [made.held], mode(), single(transfer(money, 6))
    two = [other], mode(), single(transfer(money, 6))
    with pytest.raises(AgentDenied) as error:
        made.delegations.redeem_many([one, two], sender=AGENT.address)
    assert denied(error.value) == (AGENT.address, False, Reason.VALUE_LIMIT, Scope.AGENT)
    with money.moves(6, made.account.address, to=OUTSIDER):
        made.delegations.redeem_many([one], sender=AGENT.address)


def test_redeem__many__each_is_charged(made: Delegated, money: Money) -> None:
    """WP-8: executions of one transaction do not mix."""
    one = [made.held], mode(), single(transfer(money, 10))
    with money.moves(30, made.account.address, to=OUTSIDER):
        made.delegations.redeem_many([one, one, one], sender=AGENT.address)
    assert made.charged(money.address) == Charged(3, 30)


def test_redeem__measured_token__charged_what_leaves(made: Delegated, fee: Money) -> None:
    """WP-3: the fee on top is charged after the execution, as an action of its own."""
    before = fee.of(made.account.address)
    made.redeem(transfer(fee, 100))
    assert before - fee.of(made.account.address) == 110
    assert made.charged(fee.address) == Charged(2, 110)
    with reverts(
        CallCapExceeded, wallet=AGENT.address, target=fee.address, selector=bytes(4), amount=CALL_CAP + 50, cap=CALL_CAP
    ):
        made.redeem(transfer(fee, CALL_CAP))


# ------------------------------------------------------------------ redelegation


def handed_on(made: Delegated, to: str, salt: int = 7) -> tuple[Delegation, Delegation]:
    """The agent hands on what it holds."""
    return made.delegations.sign(made.delegations.hand_on(made.held, to, salt=salt), AGENT), made.held


def test_redeem__two_hops__the_parents_wallet_is_charged(made: Delegated, money: Money) -> None:
    """WP-1: whoever redeems draws on the budget of the wallet that the terms name."""
    with money.moves(5, made.account.address, to=OUTSIDER):
        made.redeem(transfer(money, 5), by=CHILD.address, held=handed_on(made, CHILD.address))
    assert (made.charged(money.address), made.charged(money.address, CHILD.address)) == (Charged(1, 5), NOTHING)


@pytest.mark.parametrize("stopped", ["parent", "child"])
def test_redeem__two_hops_one_stopped__refused(made: Delegated, money: Money, stopped: str) -> None:
    """ID-6: neither the agent that is charged nor the one that redeems may be broken."""
    held = handed_on(made, CHILD.address)
    who = {"parent": AGENT, "child": CHILD}[stopped]
    agent = made.place.agents[who.address]
    made.place.chain.send(made.place.core, "tripAgent", agent.handle, bytes(32), sender=AGENTS_OWNER)
    with pytest.raises(AgentDenied) as error:
        made.redeem(transfer(money), by=CHILD.address, held=held)
    assert error.value.wallet == CHILD.address
    assert not error.value.verdict.admitted
    # A child that is stopped stops nobody else.
    if stopped == "child":
        made.redeem(transfer(money))


def test_redeem__by_nobodys_wallet__refused(made: Delegated, money: Money) -> None:
    """ID-5: who is no agent redeems nothing, by a second hop or by an open delegation."""
    for held in (handed_on(made, OUTSIDER), (made.delegate(ANY_DELEGATE, salt=2),)):
        with pytest.raises(AgentDenied) as error:
            made.redeem(transfer(money), by=OUTSIDER, held=held)
        assert denied(error.value)[:3] == (OUTSIDER, False, Reason.WALLET_UNKNOWN)


def test_redeem__revoked_wallet__refused(made: Delegated, money: Money) -> None:
    """ID-1: the agent's owner takes the wallet back, and every delegation to it is dead."""
    made.place.chain.send(made.place.core, "revokeWallet", AGENT.address, sender=AGENTS_OWNER)
    with pytest.raises(AgentDenied):
        made.redeem(transfer(money))


# ------------------------------------------------------------------ refusals


@pytest.mark.parametrize("given", [mode(attempt=True), mode(BATCH, attempt=True), mode(DELEGATECALL)])
def test_redeem__other_modes__refused(made: Delegated, money: Money, given: bytes) -> None:
    """WP-4, WP-5: nothing that goes on after a failure, nothing in the account's own name."""
    call = transfer(money)
    data = {BATCH: batch([call]), DELEGATECALL: delegatecall(call.target, call.data)}.get(given[0], single(call))
    with reverts(ModeRefused, mode=given):
        made.delegations.redeem([made.held], given, data, sender=AGENT.address)


@pytest.mark.parametrize("terms", [b"", b"\x01" * 19, b"\x01" * 21, b"\x01" * 32])
def test_redeem__malformed_terms__refused(made: Delegated, money: Money, terms: bytes) -> None:
    """WP-1: terms are one wallet."""
    with reverts(MalformedTerms, length=len(terms)):
        made.redeem(transfer(money), held=(made.delegate(salt=3, terms=terms),))


def test_redeem__args__change_nothing(made: Delegated, money: Money) -> None:
    """WP-1: what the redeemer adds unsigned is not read."""
    made.redeem(transfer(money, 3), held=(made.held.with_args(bytes.fromhex(CHILD.address[2:])),))
    assert made.charged(money.address) == Charged(1, 3)


def test_redeem__another_delegator__refused(made: Delegated, money: Money) -> None:
    """WP-1: one policy guards one account; elsewhere its caveat lets nothing pass."""
    other = made.delegations.create([PEOPLE.address], label="another")
    caveat = Caveat(made.caveat.address, caveat_terms(AGENT.address))
    held = made.delegations.sign(Delegation(AGENT.address, other.address, (caveat,)), PEOPLE)
    with reverts(WrongAccount, caller=other.address, account=made.account.address):
        made.redeem(transfer(money), held=(held,))


@pytest.mark.parametrize("function", ["beforeHook", "afterHook"])
def test_caveat__asked_by_anybody_else__refuses(made: Delegated, money: Money, function: str) -> None:
    """WP-8: only the manager asks; not even another manager."""
    arguments = (
        caveat_terms(AGENT.address),
        b"",
        mode(),
        single(transfer(money)),
        made.delegations.hash(made.held),
        made.account.address,
        AGENT.address,
    )
    with reverts(NotManager, caller=OUTSIDER):
        made.place.chain.send(made.caveat, function, *arguments, sender=OUTSIDER)
    other = Delegations(EntryPoint(made.place.chain, "0.7"), label="other manager")
    account_there = other.create([PEOPLE.address], label="other manager")
    held = other.sign(Delegation(AGENT.address, account_there.address, made.held.caveats), PEOPLE)
    with reverts(NotManager, caller=other.manager.address):
        other.redeem([held], mode(), single(transfer(money)), sender=AGENT.address)


def test_redeem__account_itself__refused(made: Delegated) -> None:
    """WP-4: the agent does not reach the account's own functions, under 0 either."""
    data = made.account.interface.encode("disableDelegation", (made.held.fields,))
    for target in (made.account.address, "0x" + "00" * 20):
        with reverts(NotPermitted, wallet=AGENT.address, target=made.account.address, selector=data[:4]):
            made.redeem(Execution(target, data))


# ------------------------------------------------------------------ the way out


@pytest.mark.parametrize("broken", ["core", "caveat", "both"])
def test_disable__core_or_caveat_broken__always_works(made: Delegated, money: Money, broken: str) -> None:
    """WP-6: taking a delegation back asks neither; and until then a broken core lets nothing pass."""
    for name, contract in (("core", made.place.core), ("caveat", made.caveat)):
        if broken in (name, "both"):
            made.place.chain.node.request("anvil_setCode", contract.address, BROKEN)
    if broken == "core":
        with reverts(CoreUnavailable, core=made.place.core.address):
            made.redeem(transfer(money))
    made.delegations.disable(made.held)
    with refused(keccak(text="CannotUseADisabledDelegation()")[:4]):
        made.redeem(transfer(money))


# ------------------------------------------------------------------ countersigning


@pytest.fixture
def council(made: Delegated) -> Deployed:
    """Two of three must sign."""
    signers = [bytes.fromhex(one.address[2:]) for one in COUNCIL]
    chief = account("chief of the council")
    return made.place.chain.deploy("Countersign", made.place.core.address, chief, signers, 2, WAIT, label="caveat")


def above(made: Delegated, money: Money, council: Deployed | None) -> Delegated:
    """The same account behind a policy with thresholds: above 100 people sign, above 200 it waits."""
    granted = permission(AGENT.address, money.address, approve_above=100, delay_above=200)
    options = {"countersign": council.address} if council else {}
    setup = made.place.setup(made.account.address, money.address, **options).permit(granted)
    arguments = (setup.arguments, made.delegations.manager.address)
    caveat = made.place.chain.deploy("AgentCaveat", *arguments, label=f"thresholds {bool(council)}")
    with_it = replace(made, caveat=caveat)
    return replace(with_it, held=with_it.delegate(salt=4))


def approve(made: Delegated, council: Deployed, call: Execution, nonce: int) -> None:
    """Two people sign exactly this."""
    chain, calls = made.place.chain, [(call.target, call.value, call.data)]
    action = Action(
        made.caveat.address, made.account.address, AGENT.address, calls_hash(calls), nonce, chain.now + 30 * DAY
    )
    proposal = Proposal(chain.node.chain_id, council.address, action, to_calls(calls))
    signed = [sign(proposal, one) for one in COUNCIL[:2]]
    chain.send(council, "approve", action, [one.signer for one in signed], [one.signature for one in signed])


def test_redeem__above_the_thresholds__needs_people_and_time(made: Delegated, money: Money, council: Deployed) -> None:
    """WP-7: 100 passes alone, 101 with two signatures, 201 with two signatures and after the wait, each once."""
    above_it = above(made, money, council)
    above_it.redeem(transfer(money, 100))
    for nonce, amount, wait in ((1, 101, 0), (2, 200, 0), (3, 201, WAIT)):
        call = transfer(money, amount)
        calls = calls_hash([(call.target, call.value, call.data)])
        missing = {"policy": above_it.caveat.address, "wallet": AGENT.address, "calls": calls}
        with reverts(NotCountersigned, **missing, eta=to_instant(0)):
            above_it.redeem(call)
        approve(above_it, council, call, nonce)
        if wait:
            with pytest.raises(NotCountersigned):
                above_it.redeem(call)
            made.place.chain.later(wait)
        with money.moves(amount, made.account.address, to=OUTSIDER):
            above_it.redeem(call)
        with reverts(NotCountersigned, **missing, eta=to_instant(0)):
            above_it.redeem(call)


def test_redeem__above_the_threshold_without_council__refused(made: Delegated, money: Money) -> None:
    """WP-7: without a council nobody can agree."""
    call = transfer(money, 101)
    calls = calls_hash([(call.target, call.value, call.data)])
    with reverts(NeedsCountersignature, wallet=AGENT.address, calls=calls):
        above(made, money, None).redeem(call)
