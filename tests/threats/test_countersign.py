"""Signatures of people in hostile hands: replayed, late, after a veto. On a naive council first, then on ours."""

from __future__ import annotations

from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import pytest
from eth_account.messages import encode_defunct

from switchgear import signing
from switchgear.countersign import DOMAIN, Action, calls_hash
from switchgear.display import to_instant
from switchgear.errors import ActionExpired, InvalidSignatures, NonceUsed, NotCountersigned
from switchgear.foreign import artifacts
from switchgear.foreign.keys import key
from switchgear.foreign.safe import Safes
from switchgear.gas.chain import Chain, Deployed, anvil
from tests.support.guarded import AGENT, BOB, CHIEF, DAY, EVE, OTHER, Field, Guarded, refuses

if TYPE_CHECKING:
    from collections.abc import Iterator

PEOPLE = sorted((key("alice of the council"), key("carol of the council")), key=lambda one: int(one.address, 16))
DELAY = 2 * DAY
APPROVE_ABOVE, DELAY_ABOVE = 100, 200
SIGNED, WAITING = 150, 250
"""Needs signatures; needs a wait as well."""


@dataclass
class Council:
    """Both people must sign, for either of two Safes."""

    contract: Deployed
    safe: Guarded
    other: Guarded

    @classmethod
    def create(cls, field: Field, safes: Safes, contract: Deployed, label: str) -> Council:
        """The Safes ask it, and both agents of each may transfer."""
        made = [Guarded(field, safes, countersign=contract.address, label=f"{label} {number}") for number in (1, 2)]
        for one in made:
            for wallet in (AGENT.address, OTHER.address):
                one.grant(wallet=wallet, approve_above=APPROVE_ABOVE, delay_above=DELAY_ABOVE)
        return cls(contract, made[0], made[1])

    @property
    def chain(self) -> Chain:
        """Where it is."""
        return self.safe.chain

    def calls(self, amount: int) -> bytes:
        """What stands for a transfer."""
        token = self.safe.field.token.address
        return calls_hash([(token, 0, self.safe.field.encode("transfer", BOB, amount))])


class Naive(Council):
    """What is signed is what is to be called, and nothing else."""

    def sign(self, amount: int) -> list[bytes]:
        """Once and for all."""
        return [bytes(one.sign_message(encode_defunct(self.calls(amount))).signature) for one in PEOPLE]

    def approve(self, amount: int, signatures: list[bytes], contract: Deployed | None = None) -> None:
        """Anybody hands them in."""
        self.chain.send(contract or self.contract, "approve", self.calls(amount), signatures, sender=EVE)


class Ours(Council):
    """What is signed is one action of one wallet, by one policy, on one chain."""

    def action(self, amount: int, nonce: int = 1, **changes: Any) -> Action:
        """The agent's, by the first Safe."""
        fields = {"policy": self.safe.guard.address, "account": self.safe.address, "wallet": AGENT.address, **changes}
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
        self.chain.send(contract or self.contract, "approve", action, people, signatures, sender=EVE)

    @contextmanager
    def misses(self, amount: int, **changes: Any) -> Iterator[None]:
        """Insists that a block reverts since nobody has approved a transfer."""
        fields = {"policy": self.safe.guard.address, "wallet": AGENT.address, "calls": self.calls(amount)}
        with refuses(NotCountersigned, **{**fields, "eta": to_instant(0), **changes}):
            yield

    def digest(self, action: Action, contract: Deployed | None = None) -> bytes:
        """What would have to be signed."""
        return bytes(self.chain.call(contract or self.contract, "digestOf", action))


@pytest.fixture(scope="module")
def chain(project: Any) -> Iterator[Chain]:
    """With all artifacts at hand."""
    with anvil(artifacts.of(project)) as running:
        yield running


@pytest.fixture(scope="module")
def field(chain: Chain) -> Field:
    """Core and agents."""
    return Field(chain)


@pytest.fixture(scope="module")
def safes(chain: Chain) -> Safes:
    """The newest version."""
    return Safes(chain)


def deploy(field: Field, *, naive: bool, label: str = "") -> Deployed:
    """A council of both."""
    if naive:
        people = [one.address for one in PEOPLE]
        return field.chain.deploy("NaiveCountersign", people, 2, DELAY, label=label)
    signers = [bytes.fromhex(one.address[2:]) for one in PEOPLE]
    return field.chain.deploy("Countersign", field.core.address, CHIEF, signers, 2, DELAY, label=label)


@pytest.fixture(scope="module")
def naive(field: Field, safes: Safes) -> Naive:
    """The other council."""
    made = Naive.create(field, safes, deploy(field, naive=True), "naive council")
    assert isinstance(made, Naive)
    return made


@pytest.fixture(scope="module")
def ours(field: Field, safes: Safes) -> Ours:
    """Ours."""
    made = Ours.create(field, safes, deploy(field, naive=False), "our council")
    assert isinstance(made, Ours)
    return made


@pytest.fixture(autouse=True)
def _rolled_back(field: Field, naive: Naive, ours: Ours) -> Iterator[None]:  # noqa: ARG001 - made before the snapshot
    """Leaves the chain as it was."""
    with field.rolled_back():
        yield


# ------------------------------------------------------------------ replays


@contextmanager
def elsewhere(chain: Chain) -> Iterator[None]:
    """The same contracts on another chain, as after a fork."""
    here = chain.node.chain_id
    chain.node.request("anvil_setChainId", here + 1)
    try:
        yield
    finally:
        chain.node.request("anvil_setChainId", here)


def test_signatures__on_another_chain__are_worth_nothing(naive: Naive, ours: Ours, chain: Chain) -> None:
    """WP-7: what people signed for one chain, a naive council takes on every other."""
    theirs, action = naive.sign(SIGNED), ours.action(SIGNED)
    signatures = ours.sign(action)
    with elsewhere(chain):
        naive.approve(SIGNED, theirs)
        with naive.safe.takes(SIGNED):
            naive.safe.transfer(SIGNED)
        with refuses(InvalidSignatures, digest=ours.digest(action)):
            ours.approve(action, signatures)
        with ours.safe.takes(0), ours.misses(SIGNED):
            ours.safe.transfer(SIGNED)
    ours.approve(action, signatures)
    with ours.safe.takes(SIGNED):
        ours.safe.transfer(SIGNED)


def test_signatures__of_another_council__are_worth_nothing(naive: Naive, ours: Ours, field: Field) -> None:
    """WP-7: nor before another council of the same people."""
    other = deploy(field, naive=True, label="other")
    naive.approve(SIGNED, naive.sign(SIGNED))
    naive.approve(SIGNED, naive.sign(SIGNED), other)
    assert field.chain.call(other, "approved", naive.calls(SIGNED)) is True
    other, action = deploy(field, naive=False, label="other"), ours.action(SIGNED)
    with refuses(InvalidSignatures, digest=ours.digest(action, other)):
        ours.approve(action, ours.sign(action), other)


def test_approval__of_another_wallet__is_worth_nothing(naive: Naive, ours: Ours) -> None:
    """WP-7: what people let one agent do, a naive council lets every agent do."""
    naive.approve(SIGNED, naive.sign(SIGNED))
    with naive.safe.takes(SIGNED):
        naive.safe.transfer(SIGNED, by=OTHER)
    action = ours.action(SIGNED)
    signatures = ours.sign(action)
    replayed = action._replace(wallet=OTHER.address)
    with refuses(InvalidSignatures, digest=ours.digest(replayed)):
        ours.approve(replayed, signatures)
    ours.approve(action, signatures)
    with ours.safe.takes(0), ours.misses(SIGNED, wallet=OTHER.address):
        ours.safe.transfer(SIGNED, by=OTHER)
    with ours.safe.takes(SIGNED):
        ours.safe.transfer(SIGNED)


def test_approval__of_another_account__is_worth_nothing(naive: Naive, ours: Ours) -> None:
    """WP-7: what people let one account pay, a naive council lets every account pay that asks it."""
    naive.approve(SIGNED, naive.sign(SIGNED))
    with naive.safe.takes(SIGNED), naive.other.takes(SIGNED):
        naive.safe.transfer(SIGNED)
        naive.other.transfer(SIGNED)
    action = ours.action(SIGNED)
    signatures = ours.sign(action)
    replayed = action._replace(policy=ours.other.guard.address, account=ours.other.address)
    with refuses(InvalidSignatures, digest=ours.digest(replayed)):
        ours.approve(replayed, signatures)
    ours.approve(action, signatures)
    with ours.safe.takes(SIGNED), ours.other.takes(0):
        ours.safe.transfer(SIGNED)
        with ours.misses(SIGNED, policy=ours.other.guard.address):
            ours.other.transfer(SIGNED)


def test_approval__used_once__is_used_up(naive: Naive, ours: Ours) -> None:
    """WP-7: without a nonce one approval pays as often as anybody likes; ours once, whoever hands it in again."""
    naive.approve(SIGNED, naive.sign(SIGNED))
    with naive.safe.takes(3 * SIGNED):
        for _ in range(3):
            naive.safe.transfer(SIGNED)
    action = ours.action(SIGNED)
    signatures = ours.sign(action)
    ours.approve(action, signatures)
    with ours.safe.takes(SIGNED):
        ours.safe.transfer(SIGNED)
        with ours.misses(SIGNED):
            ours.safe.transfer(SIGNED)
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
    with naive.safe.takes(SIGNED):
        naive.safe.transfer(SIGNED)
    with ours.safe.takes(0), ours.misses(SIGNED):
        ours.safe.transfer(SIGNED)
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
    identifier = bytes(chain.call(ours.contract, "idOf", action.policy, action.nonce))
    chain.send(ours.contract, "veto", identifier, sender=PEOPLE[0].address)
    chain.send(naive.contract, "veto", naive.calls(WAITING), sender=PEOPLE[0].address)
    naive.approve(WAITING, theirs)
    assert chain.now == ready
    with naive.safe.takes(WAITING):
        naive.safe.transfer(WAITING)

    with refuses(NonceUsed, policy=action.policy, nonce=action.nonce):
        ours.approve(action, signatures)
    with ours.safe.takes(0), ours.misses(WAITING):
        ours.safe.transfer(WAITING)


def test_veto__of_what_still_waits__comes_in_time(naive: Naive, ours: Ours, chain: Chain) -> None:
    """WP-7: the wait that leaves time for a veto begins when people's signatures are handed in, each time anew."""
    naive.approve(WAITING, naive.sign(WAITING))
    chain.later(DELAY)
    with naive.safe.takes(2 * WAITING):
        # The second payment has waited with the first.
        naive.safe.transfer(WAITING)
        naive.safe.transfer(WAITING)
    first, second = ours.action(WAITING), ours.action(WAITING, 2)
    signatures = ours.sign(second)
    ours.approve(first, ours.sign(first))
    chain.later(DELAY)
    ours.safe.transfer(WAITING)
    ours.approve(second, signatures)
    with ours.safe.takes(0), ours.misses(WAITING, eta=to_instant(chain.now + DELAY)):
        ours.safe.transfer(WAITING)
    identifier = bytes(chain.call(ours.contract, "idOf", second.policy, second.nonce))
    chain.send(ours.contract, "veto", identifier, sender=PEOPLE[1].address)
    chain.later(DELAY)
    with ours.safe.takes(0), ours.misses(WAITING):
        ours.safe.transfer(WAITING)
