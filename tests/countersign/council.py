"""A council of three, of whom two must sign, on the world of `tests.support.core`.

The policy is the world's protocol, so that its guardian is the policy's guardian too.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import ape

from switchgear import signing
from switchgear.countersign import DOMAIN, Action, calls_hash
from tests.support.core import DAY, World

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

THRESHOLD = 2
DELAY = 2 * DAY
WINDOW = 7 * DAY
LIFE = 30 * DAY
"""Seconds until an action of the tests expires: longer than an approval lasts."""
GAS = 3_000_000
CALLS = [("0x" + "11" * 20, 5, b"\x01\x02"), ("0x" + "22" * 20, 0, b"")]
NONE, APPROVED, CONSUMED, VETOED = range(4)


class Council:
    """The contract and its people: `chief` owns it; `alice`, `bob` and `carol` sign."""

    def __init__(self, project: Any, world: World) -> None:
        """Deploys it."""
        self.project, self.world = project, world
        self.chief, self.alice, self.bob, self.carol, self.account = (world.fresh(number) for number in range(5))
        self.policy, self.wallet = world.protocol, world.wallet
        self.people = (self.alice, self.bob, self.carol)
        self.contract = self.deploy(*self.people)

    def deploy(
        self, *signers: Any, owner: Any = None, threshold: int = THRESHOLD, delay: int = DELAY, **options: Any
    ) -> Any:
        """A council of these signers: accounts, contracts, or bytes as they are."""
        arguments = (self.world.core, owner or self.chief, [party(one) for one in signers], threshold, delay)
        return self.world.deployer.deploy(self.project.Countersign, *arguments, **options)

    def action(self, nonce: int = 1, **changes: Any) -> Action:
        """What is to be approved."""
        fields = {
            "policy": self.policy.address,
            "account": self.account.address,
            "wallet": self.wallet.address,
            "calls": calls_hash(CALLS),
            "nonce": nonce,
            "expiry": self.world.now + LIFE,
        }
        return Action(**{**fields, **changes})

    def sign(self, action: Action, person: Any, contract: Any = None, chain_id: int | None = None) -> bytes:
        """One signature over it."""
        return signing.sign(self.message(action, contract, chain_id), person)

    def message(self, action: Action, contract: Any = None, chain_id: int | None = None) -> signing.TypedData:
        """What is signed, written down here a second time: not by the client that is tested."""
        kinds = {
            "policy": "address",
            "account": "address",
            "wallet": "address",
            "calls": "bytes32",
            "nonce": "uint256",
            "expiry": "uint40",
        }
        fields = {name: (kind, getattr(action, name)) for name, kind in kinds.items()}
        where = (contract or self.contract).address
        return signing.typed_data("Action", fields, DOMAIN, chain_id or ape.chain.chain_id, where)

    def approve(
        self,
        action: Action,
        people: Sequence[Any] | None = None,
        *,
        signers: Iterable[bytes] | None = None,
        signatures: Iterable[bytes] | None = None,
        contract: Any = None,
        sender: Any = None,
        **options: Any,
    ) -> Any:
        """Hands in the signatures of these people, the first two by default, in this order."""
        people = (self.alice, self.bob) if people is None else people
        signers = [party(one) for one in people] if signers is None else signers
        signatures = [self.sign(action, one, contract) for one in people] if signatures is None else signatures
        return (contract or self.contract).approve(
            action, list(signers), list(signatures), sender=sender or self.world.stranger, **options
        )

    def consume(self, action: Action, delayed: bool = False, sender: Any = None, **options: Any) -> Any:
        """As the policy, in the middle of an execution."""
        return self.contract.consume(
            action.account, action.wallet, action.calls, delayed, sender=sender or self.policy, **options
        )

    def announce(self, function: str, *arguments: Any) -> bytes:
        """Schedules a call, and waits until it may be executed."""
        call = bytes(getattr(self.contract, function).encode_input(*arguments))
        self.contract.schedule(call, sender=self.chief)
        self.world.wait(DAY)
        return call

    def loosen(self, function: str, *arguments: Any) -> Any:
        """Schedules a call, waits, and executes it."""
        return self.contract.execute(self.announce(function, *arguments), sender=self.chief)

    def state(self, action: Action) -> int:
        """What became of it."""
        return int(self.contract.approvalOf(self.id(action)).state)

    def id(self, action: Action) -> bytes:
        """Its name."""
        return bytes(self.contract.idOf(action.policy, action.nonce))

    def waiting(self, action: Action, eta: int = 0) -> dict[str, Any]:
        """Fields of NotCountersigned."""
        return {"policy": action.policy, "wallet": action.wallet, "calls": action.calls, "eta": eta}


def party(one: Any) -> bytes:
    """A signer as the contract has it."""
    return one if isinstance(one, bytes) else bytes.fromhex(one.address[2:])
