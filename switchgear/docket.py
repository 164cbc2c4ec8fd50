"""What waits for people at a session policy and its council, kept up with block by block.

Pure: a fold over logs. Whoever asks the node reads each log once, and those of the last blocks again.

>>> docket = Docket(policy, council, first)                        # doctest: +SKIP
>>> span = docket.span(head)                                       # doctest: +SKIP
>>> docket.take(node.logs(docket.addresses, [], *span), *span)   # doctest: +SKIP
>>> docket.approvals(now)                                          # doctest: +SKIP
"""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING, Any, NamedTuple

from switchgear.artifacts import load
from switchgear.countersign import Action
from switchgear.interface import Interface
from switchgear.policy import ANY_ADAPTER
from switchgear.values import to_address

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from switchgear.interface import Event

REWIND = 64
"""Blocks that are read again each time, since a reorganisation may have replaced them."""


class Countersigned(NamedTuple):
    """An approval that may still be consumed (``ICountersign.Countersigned``)."""

    council: str
    id: bytes
    action: Action
    eta: int
    """Unix time from which it serves an action that has to wait."""
    expiry: int
    """Unix time from which it counts no longer."""


class Announced(NamedTuple):
    """A call that loosens, and may still be executed (``IDelayed.LooseningScheduled``)."""

    contract: str
    """The policy, or its council."""
    id: bytes
    actor: str
    call: bytes
    eta: int
    """Unix time from which it can be executed."""
    expiry: int
    """Unix time until which it can."""


class Docket:
    """Of one policy.

    Args:
        policy: The session policy.
        council: Who countersigns for it (``countersign``, which never changes); None for nobody.
        first: First block that can have logs of them.
    """

    def __init__(self, policy: str, council: str | None, first: int = 0) -> None:
        self.policy = to_address(policy, name="policy")
        self.council = None if council is None else to_address(council, name="council")
        self._first = self._next = first
        self._events: list[Event] = []

    @property
    def addresses(self) -> list[str]:
        """Whose logs it takes."""
        return [self.policy] if self.council is None else [self.policy, self.council]

    def span(self, head: int) -> tuple[int, int]:
        """First and last block whose logs it wants, where the chain has so many blocks."""
        return max(self._first, min(self._next, head + 1) - REWIND), head

    def take(self, logs: Iterable[Mapping[str, Any]], first: int, last: int) -> None:
        """All logs of its addresses in a span, in order; what it had of these blocks is forgotten.

        Raises:
            DecodingError: One is no log of theirs; nothing was taken.
        """
        decoded = [event for event in map(self._decode, logs) if event]
        self._events = [event for event in self._events if event.block_number < first] + decoded
        self._next = last + 1

    def approvals(self, now: int) -> list[Countersigned]:
        """Those of the policy that may be consumed at a time or, when their wait is over, later; oldest first."""
        found: dict[bytes, Countersigned] = {}
        for event in self._events:
            args = event.args
            if event.name == "Countersigned" and args["policy"] == self.policy:
                policy, account, wallet, *rest = args["action"]
                action = Action(to_address(policy), to_address(account), to_address(wallet), *rest)
                found[args["id"]] = Countersigned(event.address, args["id"], action, args["eta"], args["expiry"])
            elif event.name in ("Consumed", "Vetoed"):
                found.pop(args["id"], None)
        return [one for one in found.values() if now < one.expiry]

    def loosenings(self, now: int) -> list[Announced]:
        """Calls announced by the owners of policy and council that may be executed at a time or later; oldest first."""
        found: dict[tuple[str, bytes], Announced] = {}
        for event in self._events:
            args = event.args
            if event.name == "LooseningScheduled":
                found[event.address, args["id"]] = Announced(event.address, **args)
            elif event.name in ("LooseningExecuted", "LooseningCancelled"):
                found.pop((event.address, args["id"]), None)
        return [one for one in found.values() if now <= one.expiry]

    def _decode(self, log: Mapping[str, Any]) -> Event | None:
        # What both can log they log alike.
        return _interfaces()[to_address(log["address"]) == self.council].decode_log(log)


@cache
def _interfaces() -> tuple[Interface, Interface]:
    """Of a policy, and of a council."""
    return Interface(load(ANY_ADAPTER).abi), Interface(load("Countersign").abi)
