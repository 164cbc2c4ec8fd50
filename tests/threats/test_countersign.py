"""Signatures of people in hostile hands: replayed, kept, after a veto. On a naive council first, then on ours."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import pytest
from eth_account.messages import encode_defunct

from switchgear import signing
from switchgear.countersign import DOMAIN, Action, calls_hash
from switchgear.display import to_instant
from switchgear.errors import ActionExpired, InvalidSignatures, NonceUsed, NotCountersigned
from switchgear.foreign.keys import key
from switchgear.gas.chain import account
from tests.support.guarded import refuses
from tests.threats.accounts import APPROVE_ABOVE, DELAY_ABOVE, KINDS, Grounds, Side, create
from tests.wallets.conftest import AGENT
from tests.wallets.guarded import DAY, OUTSIDER, reverts, transfer, undone

if TYPE_CHECKING:
    from collections.abc import Iterator
    from contextlib import AbstractContextManager

    from switchgear.gas.chain import Chain, Deployed

PEOPLE = sorted((key("alice of the council"), key("carol of the council")), key=lambda one: int(one.address, 16))
DELAY = 2 * DAY
SIGNED, WAITING = APPROVE_ABOVE + 50, DELAY_ABOVE + 50
"""Needs signatures; needs a wait as well."""


class Council:
    """Both people must sign, for either of two accounts, which are guarded by ours."""

    def __init__(self, grounds: Grounds, contract: Deployed, name: str) -> None:
        """Makes the accounts."""
        self.grounds, self.chain, self.contract = grounds, grounds.chain, contract
        self.side, self.other = (
            create(grounds, name, naive=False, council=contract.address, label=label) for label in ("", "other")
        )

    def pay(self, amount: int, side: Side | None = None) -> None:
        """The agent's transfer."""
        (side or self.side).act(transfer(self.grounds.token, amount))

    def takes(self, amount: int, side: Side | None = None) -> AbstractContextManager[None]:
        """Insists that an account loses this much."""
        return self.grounds.token.moves(amount, (side or self.side).address, to=OUTSIDER)

    def calls(self, amount: int) -> bytes:
        """What stands for a transfer."""
        return calls_hash([tuple(transfer(self.grounds.token, amount)[index] for index in (0, 2, 1))])


class Naive(Council):
    """What is signed is what is to be called, and nothing else."""

    @staticmethod
    def deploy(grounds: Grounds, label: str) -> Deployed:
        """Of both."""
        people = [one.address for one in PEOPLE]
        return grounds.chain.deploy("NaiveCountersign", people, 2, DELAY, label=label)

    def sign(self, amount: int) -> list[bytes]:
        """Once and for all."""
        return [bytes(one.sign_message(encode_defunct(self.calls(amount))).signature) for one in PEOPLE]

    def approve(self, amount: int, signatures: list[bytes], contract: Deployed | None = None) -> None:
        """Anybody hands them in."""
        self.chain.send(contract or self.contract, "approve", self.calls(amount), signatures, sender=OUTSIDER)


class Ours(Council):
    """What is signed is one action of one wallet, by one policy, on one chain."""

    @staticmethod
    def deploy(grounds: Grounds, label: str) -> Deployed:
        """Of both."""
        signers = [bytes.fromhex(one.address[2:]) for one in PEOPLE]
        chief = account("chief of the council")
        return grounds.chain.deploy("Countersign", grounds.place.core.address, chief, signers, 2, DELAY, label=label)

    def action(self, amount: int, nonce: int = 1, **changes: Any) -> Action:
        """The agent's, by the first account."""
        fields = {"policy": self.side.guard.address, "account": self.side.address, "wallet": AGENT.address, **changes}
        return Action(**fields, calls=self.calls(amount), nonce=nonce, expiry=self.chain.now + 30 * DAY)

    def sign(self, action: Action) -> list[bytes]:
        """By both."""
        kinds = ("address", "address", "address", "bytes32", "uint256", "uint40")
        typed = {name: (kind, value) for (name, value), kind in zip(action._asdict().items(), kinds, strict=True)}
        message = signing.typed_data("Action", typed, DOMAIN, self.chain.node.chain_id, self.contract.address)
        return [signing.sign(message, one) for one in PEOPLE]

    def approve(self, action: Action, signatures: list[bytes], contract: Deployed | None = None) -> None:
        """Anybody hands them in."""
        people = [bytes.fromhex(one.address[2:]) for one in PEOPLE]
        self.chain.send(contract or self.contract, "approve", action, people, signatures, sender=OUTSIDER)

    def veto(self, action: Action) -> None:
        """By one of them."""
        identifier = bytes(self.chain.call(self.contract, "idOf", action.policy, action.nonce))
        self.chain.send(self.contract, "veto", identifier, sender=PEOPLE[1].address)

    def misses(self, amount: int, *, eta: int = 0, **changes: Any) -> AbstractContextManager[None]:
        """Insists that a block reverts since nobody has approved a transfer, or since it waits."""
        fields = {"policy": self.side.guard.address, "wallet": AGENT.address, "calls": self.calls(amount)}
        return reverts(NotCountersigned, **{**fields, "eta": to_instant(eta), **changes})

    def digest(self, action: Action, contract: Deployed | None = None) -> bytes:
        """What would have to be signed."""
        return bytes(self.chain.call(contract or self.contract, "digestOf", action))


@pytest.fixture(scope="module", params=KINDS)
def name(request: Any) -> str:
    """Of the kind of account."""
    return str(request.param)


@pytest.fixture(scope="module")
def naive(grounds: Grounds, name: str) -> Naive:
    """The other council."""
    return Naive(grounds, Naive.deploy(grounds, name), name)


@pytest.fixture(scope="module")
def ours(grounds: Grounds, name: str) -> Ours:
    """Ours."""
    return Ours(grounds, Ours.deploy(grounds, name), name)


@pytest.fixture(autouse=True)
def fresh(chain: Chain, naive: Naive, ours: Ours) -> Iterator[None]:  # noqa: ARG001 - made before the snapshot
    """Each test begins anew."""
    with undone(chain):
        yield


# ------------------------------------------------------------------ replays


@contextmanager
def elsewhere(chain: Chain, *sides: Side) -> Iterator[None]:
    """The same contracts on another chain, as after a fork."""
    here = chain.node.chain_id

    def move(number: int) -> None:
        chain.node.request("anvil_setChainId", number)
        chain.node.check()
        for side in sides:
            side.renew()

    move(here + 1)
    try:
        yield
    finally:
        move(here)


def test_signatures__on_another_chain__are_worth_nothing(naive: Naive, ours: Ours, chain: Chain) -> None:
    """WP-7: what people signed for one chain, a naive council takes on every other."""
    theirs, action = naive.sign(SIGNED), ours.action(SIGNED)
    signatures = ours.sign(action)
    with elsewhere(chain, naive.side, ours.side):
        naive.approve(SIGNED, theirs)
        with naive.takes(SIGNED):
            naive.pay(SIGNED)
        with refuses(InvalidSignatures, digest=ours.digest(action)):
            ours.approve(action, signatures)
        with ours.takes(0), ours.misses(SIGNED):
            ours.pay(SIGNED)
    ours.approve(action, signatures)
    with ours.takes(SIGNED):
        ours.pay(SIGNED)


def test_signatures__of_another_council__are_worth_nothing(
    naive: Naive, ours: Ours, grounds: Grounds, name: str
) -> None:
    """WP-7: nor before another council of the same people."""
    other = Naive.deploy(grounds, f"other {name}")
    naive.approve(SIGNED, naive.sign(SIGNED))
    naive.approve(SIGNED, naive.sign(SIGNED), other)
    assert grounds.chain.call(other, "approved", naive.calls(SIGNED)) is True
    other, action = Ours.deploy(grounds, f"other {name}"), ours.action(SIGNED)
    with refuses(InvalidSignatures, digest=ours.digest(action, other)):
        ours.approve(action, ours.sign(action), other)


def test_approval__of_another_wallet__is_worth_nothing(naive: Naive, ours: Ours) -> None:
    """WP-7: what people let one agent do, a naive council lets every agent do."""
    naive.approve(SIGNED, naive.sign(SIGNED))
    with naive.takes(SIGNED):
        naive.side.act_second(transfer(naive.grounds.token, SIGNED))
    action = ours.action(SIGNED)
    signatures = ours.sign(action)
    replayed = action._replace(wallet=ours.side.second.address)
    with refuses(InvalidSignatures, digest=ours.digest(replayed)):
        ours.approve(replayed, signatures)
    ours.approve(action, signatures)
    with ours.takes(0), ours.misses(SIGNED, wallet=ours.side.second.address):
        ours.side.act_second(transfer(ours.grounds.token, SIGNED))
    with ours.takes(SIGNED):
        ours.pay(SIGNED)


def test_approval__of_another_account__is_worth_nothing(naive: Naive, ours: Ours) -> None:
    """WP-7: what people let one account pay, a naive council lets every account pay that asks it."""
    naive.approve(SIGNED, naive.sign(SIGNED))
    for side in (naive.side, naive.other):
        with naive.takes(SIGNED, side):
            naive.pay(SIGNED, side)
    action = ours.action(SIGNED)
    signatures = ours.sign(action)
    replayed = action._replace(policy=ours.other.guard.address, account=ours.other.address)
    with refuses(InvalidSignatures, digest=ours.digest(replayed)):
        ours.approve(replayed, signatures)
    ours.approve(action, signatures)
    with ours.takes(0, ours.other), ours.misses(SIGNED, policy=ours.other.guard.address):
        ours.pay(SIGNED, ours.other)
    with ours.takes(SIGNED):
        ours.pay(SIGNED)


def test_approval__used_once__is_used_up(naive: Naive, ours: Ours) -> None:
    """WP-7: without a nonce one approval pays as often as anybody likes; ours once, whoever hands it in again."""
    naive.approve(SIGNED, naive.sign(SIGNED))
    with naive.takes(3 * SIGNED):
        for _ in range(3):
            naive.pay(SIGNED)
    action = ours.action(SIGNED)
    signatures = ours.sign(action)
    ours.approve(action, signatures)
    with ours.takes(SIGNED):
        ours.pay(SIGNED)
        with ours.misses(SIGNED):
            ours.pay(SIGNED)
        with refuses(NonceUsed, policy=action.policy, nonce=action.nonce):
            ours.approve(action, signatures)
        again = action._replace(nonce=2)
        with refuses(InvalidSignatures, digest=ours.digest(again)):
            ours.approve(again, signatures)


def test_approval__kept_for_later__is_over(naive: Naive, ours: Ours, chain: Chain) -> None:
    """WP-7: signatures that never expire are good when nobody thinks of them any more."""
    action, kept = ours.action(SIGNED), ours.action(SIGNED, 2)
    signatures, kept_signatures = ours.sign(action), ours.sign(kept)
    naive.approve(SIGNED, naive.sign(SIGNED))
    ours.approve(action, signatures)
    chain.later(30 * DAY)
    with naive.takes(SIGNED):
        naive.pay(SIGNED)
    with ours.takes(0), ours.misses(SIGNED):
        ours.pay(SIGNED)
    with refuses(ActionExpired, expiry=to_instant(kept.expiry)):
        ours.approve(kept, kept_signatures)


# ------------------------------------------------------------------ vetoes


def test_veto__at_the_last_second__is_for_good(naive: Naive, ours: Ours, chain: Chain) -> None:
    """WP-7: whoever still has the signatures hands them in again after a veto: a naive council counts the old wait."""
    theirs, action = naive.sign(WAITING), ours.action(WAITING)
    signatures = ours.sign(action)
    naive.approve(WAITING, theirs)
    ours.approve(action, signatures)
    ready = chain.now + DELAY
    chain.now = ready - 3
    ours.veto(action)
    chain.send(naive.contract, "veto", naive.calls(WAITING), sender=PEOPLE[0].address)
    naive.approve(WAITING, theirs)
    assert chain.now == ready
    with naive.takes(WAITING):
        naive.pay(WAITING)

    with refuses(NonceUsed, policy=action.policy, nonce=action.nonce):
        ours.approve(action, signatures)
    with ours.takes(0), ours.misses(WAITING):
        ours.pay(WAITING)


def test_veto__of_what_still_waits__comes_in_time(naive: Naive, ours: Ours, chain: Chain) -> None:
    """WP-7: the wait that leaves time for a veto begins when people's signatures are handed in, each time anew."""
    naive.approve(WAITING, naive.sign(WAITING))
    chain.later(DELAY)
    with naive.takes(2 * WAITING):
        # The second payment has waited with the first.
        naive.pay(WAITING)
        naive.pay(WAITING)
    first, second = ours.action(WAITING), ours.action(WAITING, 2)
    signatures = ours.sign(second)
    ours.approve(first, ours.sign(first))
    chain.later(DELAY)
    ours.pay(WAITING)
    ours.approve(second, signatures)
    with ours.takes(0), ours.misses(WAITING, eta=chain.now + DELAY):
        ours.pay(WAITING)
    ours.veto(second)
    chain.later(DELAY)
    with ours.takes(0), ours.misses(WAITING):
        ours.pay(WAITING)
