"""Delegations through several hands, and keys with delegated code (EIP-7702): what is guarded, and what is not."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import pytest

from switchgear.errors import AgentDenied, CallCapExceeded, DelegatedAccount, InvalidPermission, WrongAccount
from switchgear.execution import mode, single
from switchgear.foreign.delegation import Caveat, Delegation, Delegations, delegate_code
from switchgear.foreign.keys import ZERO, key
from switchgear.foreign.modular import HOOK, VALIDATOR, EntryPoint
from switchgear.policy import caveat_terms, to_selector
from switchgear.types import Reason, Scope
from tests.support.guarded import refuses
from tests.threats.accounts import MOVE
from tests.wallets.conftest import Money, refused
from tests.wallets.guarded import (
    AGENTS_OWNER,
    CALL_CAP,
    CAP,
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
    from contextlib import AbstractContextManager

    from eth_account.signers.local import LocalAccount

    from switchgear.gas.chain import Chain, Deployed

FIRST, MIDDLE, LAST, CHILD = (key(f"{name} agent of a chain") for name in ("first", "middle", "last", "middle's child"))
"""Agents through whose hands a delegation goes; the last is spawned by the one in the middle."""
LOOT = 5 * CAP
CAP_EXCEEDED = to_selector("CapExceeded(uint256)")
KILLED = {"reason": Reason.BREAKER_OPEN, "scope": Scope.KILL_SWITCH}
NOTHING = Charged(0, 0)


@dataclass
class Hands:
    """An account of people's, and both kinds of caveat for it."""

    place: Place
    token: Money
    delegations: Delegations
    account: Deployed
    naive: Deployed
    ours: Deployed

    def held(self, enforcer: Deployed, *more: Caveat) -> Delegation:
        """The first agent's, which people sign."""
        caveats = (Caveat(enforcer.address, caveat_terms(FIRST.address)), *more)
        return self.delegations.sign(Delegation(FIRST.address, self.account.address, caveats), PEOPLE)

    def redeem(self, held: Delegation, *hands: LocalAccount, amount: int = 1, onward: tuple[Caveat, ...] = ()) -> None:
        """The first agent hands on, with these caveats, to the next, who hands on to the next; the last redeems."""
        chain, giver = [held], FIRST
        for number, taker in enumerate(hands):
            given = self.delegations.hand_on(chain[0], taker.address, () if number else onward)
            chain.insert(0, self.delegations.sign(given, giver))
            giver = taker
        self.delegations.redeem(chain, mode(), single(transfer(self.token, amount)), sender=giver.address)

    def nothing_moves(self) -> AbstractContextManager[None]:
        """Insists that the account keeps what it has."""
        return self.token.moves(0, self.account.address, to=OUTSIDER)

    def trip(self, signer: LocalAccount) -> None:
        """Stops an agent."""
        handle = self.place.agents[signer.address].handle
        self.place.chain.send(self.place.core, "tripAgent", handle, bytes(32), sender=AGENTS_OWNER)

    def charged(self, policy: Deployed, signer: LocalAccount) -> Charged:
        """What an agent used."""
        return self.place.charged(policy, self.token.address, self.place.agents[signer.address])


@pytest.fixture(scope="module")
def hands(chain: Chain) -> Hands:
    """Everybody in place."""
    place, token = Place(chain, "hands"), Money(chain, chain.deploy("PermitToken", label="hands"))
    for signer in (FIRST, MIDDLE, LAST):
        place.enroll(signer)
    place.enroll(CHILD, place.agents[MIDDLE.address].handle)
    delegations = Delegations(EntryPoint(chain, "0.7"), label="hands")
    made = delegations.create([PEOPLE.address], label="hands")
    token.give(made.address, FUNDS)
    naive = chain.deploy("NaiveCaveat", [token.address], [to_selector(MOVE)], CAP, label="hands")
    setup = place.setup(made.address, token.address).permit(permission(FIRST.address, token.address))
    ours = chain.deploy("AgentCaveat", setup.arguments, delegations.manager.address, label="hands")
    return Hands(place, token, delegations, made, naive, ours)


@pytest.fixture(autouse=True)
def fresh(chain: Chain, hands: Hands) -> Iterator[None]:  # noqa: ARG001 - made before the snapshot
    """Each test begins anew."""
    with undone(chain):
        yield


# ------------------------------------------------------------------ a stopped agent in a chain


@pytest.mark.parametrize("stopped", [FIRST, LAST], ids=["first", "last"])
def test_chain__first_or_last_stopped__nothing_moves(hands: Hands, stopped: LocalAccount) -> None:
    """ID-6, BR-3: whose budget it is and whoever redeems must not be stopped; a naive caveat asks nobody."""
    hands.redeem(hands.held(hands.ours), MIDDLE, LAST)
    hands.trip(stopped)
    with hands.token.moves(CAP, hands.account.address, to=OUTSIDER):
        hands.redeem(hands.held(hands.naive), MIDDLE, LAST, amount=CAP)
    with (
        hands.token.moves(0, hands.account.address, to=OUTSIDER),
        refuses(AgentDenied, wallet=stopped.address, **KILLED),
    ):
        hands.redeem(hands.held(hands.ours), MIDDLE, LAST)
    assert hands.charged(hands.ours, FIRST) == Charged(1, 1)


def test_chain__middle_stopped__its_child_is_too(hands: Hands) -> None:
    """ID-6: what a stopped agent hands to an agent that it spawned moves nothing."""
    hands.trip(MIDDLE)
    with hands.token.moves(CAP, hands.account.address, to=OUTSIDER):
        hands.redeem(hands.held(hands.naive), MIDDLE, CHILD, amount=CAP)
    with refuses(AgentDenied, wallet=CHILD.address, reason=Reason.BREAKER_OPEN, scope=Scope.ANCESTOR_KILL_SWITCH):
        hands.redeem(hands.held(hands.ours), MIDDLE, CHILD)
    assert hands.charged(hands.ours, FIRST) == NOTHING


def test_chain__middle_stopped__passes_within_the_firsts_budget(hands: Hands) -> None:
    """ID-6: known: who is neither charged nor redeems is not asked; what moves is the first one's, within its caps."""
    hands.trip(MIDDLE)
    with hands.token.moves(CALL_CAP, hands.account.address, to=OUTSIDER):
        hands.redeem(hands.held(hands.ours), MIDDLE, LAST, amount=CALL_CAP)
    assert hands.charged(hands.ours, FIRST) == Charged(1, CALL_CAP)
    aim = {"wallet": FIRST.address, "target": hands.token.address, "selector": to_selector(MOVE)}
    with reverts(CallCapExceeded, **aim, amount=LOOT, cap=CALL_CAP):
        hands.redeem(hands.held(hands.ours), MIDDLE, LAST, amount=LOOT)


def test_chain__middle_stopped_and_bound_by_the_first__nothing_moves(hands: Hands, chain: Chain) -> None:
    """ID-6: an agent that hands on with a policy of its own has the next one asked; the account's own fits no other."""
    setup = hands.place.setup(FIRST.address, hands.token.address)
    setup = setup.permit(permission(MIDDLE.address, hands.token.address, call_cap=7))
    own = chain.deploy("AgentCaveat", setup.arguments, hands.delegations.manager.address, label="the first agent's own")
    onward = (Caveat(own.address, caveat_terms(MIDDLE.address)),)
    held = hands.held(hands.ours)
    with hands.token.moves(7, hands.account.address, to=OUTSIDER):
        hands.redeem(held, MIDDLE, LAST, amount=7, onward=onward)
    assert (hands.charged(hands.ours, FIRST), hands.charged(own, MIDDLE)) == (Charged(1, 7), Charged(1, 7))
    aim = {"wallet": MIDDLE.address, "target": hands.token.address, "selector": to_selector(MOVE)}
    with reverts(CallCapExceeded, **aim, amount=8, cap=7):
        hands.redeem(held, MIDDLE, LAST, amount=8, onward=onward)
    hands.trip(MIDDLE)
    with refuses(AgentDenied, wallet=MIDDLE.address, **KILLED):
        hands.redeem(held, MIDDLE, LAST, onward=onward)
    onward = (Caveat(hands.ours.address, caveat_terms(MIDDLE.address)),)
    with reverts(WrongAccount, caller=FIRST.address, account=hands.account.address):
        hands.redeem(held, MIDDLE, LAST, onward=onward)


def test_chain__people_name_who_redeems__there_is_none(hands: Hands) -> None:
    """ID-6: with MetaMask's RedeemerEnforcer beside ours nobody but the agent itself redeems, whatever it hands on."""
    enforcer = hands.place.chain.deploy("RedeemerEnforcer", label="hands")
    held = hands.held(hands.ours, Caveat(enforcer.address, bytes.fromhex(FIRST.address[2:])))
    with hands.token.moves(1, hands.account.address, to=OUTSIDER):
        hands.redeem(held)
    for others in ((LAST,), (MIDDLE, LAST)):
        with (
            hands.token.moves(0, hands.account.address, to=OUTSIDER),
            refused(b"RedeemerEnforcer:unauthorized-redeemer"),
        ):
            hands.redeem(held, *others)


# ------------------------------------------------------------------ keys with delegated code


@pytest.fixture
def eoa(hands: Hands) -> LocalAccount:
    """A key that has delegated to MetaMask's stateless delegator."""
    signer = key("delegated account of people's")
    made = hands.delegations.adopt(signer)
    assert hands.place.chain.node.code(made.address).hex().startswith("ef0100")
    hands.token.give(made.address, FUNDS)
    return signer


def caveat_of(hands: Hands, signer: LocalAccount, wallet: LocalAccount, label: str) -> Deployed:
    """Ours for such an account."""
    setup = hands.place.setup(signer.address, hands.token.address).permit(
        permission(wallet.address, hands.token.address)
    )
    arguments = (setup.arguments, hands.delegations.manager.address)
    return hands.place.chain.deploy("AgentCaveat", *arguments, label=label)


def test_delegated_eoa__what_it_delegates__is_guarded_and_its_key_is_not(hands: Hands, eoa: LocalAccount) -> None:
    """WP-9: by delegation an agent moves what its policy lets it; the account's own key asks nobody, as ever."""
    chain, token = hands.place.chain, hands.token
    ours = caveat_of(hands, eoa, FIRST, "delegated")
    aim = {"wallet": FIRST.address, "target": token.address, "selector": to_selector(MOVE)}

    def redeem(enforcer: Deployed, amount: int) -> None:
        caveat = Caveat(enforcer.address, caveat_terms(FIRST.address))
        held = hands.delegations.sign(Delegation(FIRST.address, eoa.address, (caveat,)), eoa)
        hands.delegations.redeem([held], mode(), single(transfer(token, amount)), sender=FIRST.address)

    with refused(CAP_EXCEEDED):
        redeem(hands.naive, LOOT)
    with reverts(CallCapExceeded, **aim, amount=LOOT, cap=CALL_CAP):
        redeem(ours, LOOT)
    with token.moves(CALL_CAP, eoa.address, to=OUTSIDER):
        redeem(ours, CALL_CAP)
    assert hands.charged(ours, FIRST) == Charged(1, CALL_CAP)
    hands.trip(FIRST)
    with refuses(AgentDenied, wallet=FIRST.address, **KILLED):
        redeem(ours, 1)
    with token.moves(LOOT, eoa.address, to=OUTSIDER):
        chain.send(token.token, "transfer", OUTSIDER, LOOT, sender=eoa.address)
    assert hands.charged(ours, FIRST) == Charged(1, CALL_CAP)


def test_delegated_eoa__of_the_agent_itself__has_no_policy(hands: Hands, eoa: LocalAccount) -> None:
    """WP-9: an agent whose key is the account is held by no caveat, naive or ours: no policy is made for that one."""
    chain, token = hands.place.chain, hands.token
    hands.place.enroll(eoa)
    caveat = Caveat(hands.naive.address)
    held = hands.delegations.sign(Delegation(eoa.address, eoa.address, (caveat,)), eoa)
    with refused(CAP_EXCEEDED):
        hands.delegations.redeem([held], mode(), single(transfer(token, LOOT)), sender=eoa.address)
    with token.moves(LOOT, eoa.address, to=OUTSIDER):
        chain.send(token.token, "transfer", OUTSIDER, LOOT, sender=eoa.address)
    with reverts(InvalidPermission):
        caveat_of(hands, eoa, eoa, "its own")


def test_delegated_eoa__as_a_modular_account__takes_no_hook(hands: Hands, chain: Chain) -> None:
    """WP-9: a naive hook is installed and never asked about what the key sends; ours refuses to be there for show."""
    token, point, signer = hands.token, EntryPoint(chain), key("delegated modular account")
    validator = chain.deploy("KeyValidator", label="delegated")
    implementation = chain.deploy(
        "HookedAccount", point.address, validator.address, bytes(19) + b"\1", label="delegated"
    )
    delegate_code(chain, signer, implementation.address)
    token.give(signer.address, FUNDS)
    eoa = chain.at(signer.address, "HookedAccount")
    setup = hands.place.setup(signer.address, token.address).permit(permission(FIRST.address, token.address))
    ours = chain.deploy("AgentHook7579", setup.arguments, FIRST.address, point.address, ZERO, label="delegated")
    for kind in (HOOK, VALIDATOR):
        with reverts(DelegatedAccount, account=signer.address):
            chain.send(eoa, "installModule", kind, ours.address, b"", sender=signer.address)
    naive = chain.deploy("NaiveHook7579", [token.address], [to_selector(MOVE)], CAP, label="delegated")
    chain.send(eoa, "installModule", HOOK, naive.address, b"", sender=signer.address)
    with token.moves(LOOT, signer.address, to=OUTSIDER):
        chain.send(token.token, "transfer", OUTSIDER, LOOT, sender=signer.address)
    assert chain.call(naive, "asked", signer.address) == 0
