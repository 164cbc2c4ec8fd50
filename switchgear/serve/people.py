"""What waits for people: approvals of councils that may still be consumed."""

from __future__ import annotations

from typing import TYPE_CHECKING

from switchgear.chain import Node
from switchgear.countersign import Countersign
from switchgear.docket import Docket
from switchgear.policy import SessionPolicy
from switchgear.serve.watch import Approval

if TYPE_CHECKING:
    from collections.abc import Iterable

    from web3 import Web3


class People:
    """Keeps up with what waits under some policies, each by the council that it names; no log is asked for twice.

    Args:
        web3: A node.
        policies: Addresses of session policies; one without a council has nothing.
        from_block: Where to start looking.
    """

    def __init__(self, web3: Web3, policies: Iterable[str], from_block: int = 0) -> None:
        self._node = Node(web3)
        councils = [(policy, SessionPolicy(web3, policy).council()) for policy in policies]
        self._dockets = [
            (Docket(policy, council, from_block), Countersign(web3, council)) for policy, council in councils if council
        ]

    def pending(self) -> list[Approval]:
        """Approvals that may be consumed now or when their wait is over, oldest first for each policy."""
        head = self._node.block()
        number, now = int(head["number"], 16), int(head["timestamp"], 16)
        found = []
        for docket, council in self._dockets:
            span = docket.span(number)
            docket.take(list(self._node.logs(docket.addresses, [], *span)), *span)
            threshold = council.threshold()
            for one in docket.approvals(now):
                what = f"execution 0x{one.action.calls.hex()}"
                found.append(Approval(one.action.wallet, what, threshold, threshold, one.eta))
        return found
