"""What waits for people: approvals of councils that may still be consumed."""

from __future__ import annotations

from typing import TYPE_CHECKING

from switchgear.countersign import Countersign
from switchgear.policy import SessionPolicy
from switchgear.serve.watch import Approval

if TYPE_CHECKING:
    from collections.abc import Iterable

    from web3 import Web3


def pending(web3: Web3, policies: Iterable[str], from_block: int = 0) -> list[Approval]:
    """Approvals of these policies, each by the council that the policy names; oldest first for each.

    Args:
        web3: A node.
        policies: Addresses of session policies; one without a council has none.
        from_block: Where to start looking.
    """
    found = []
    for policy in policies:
        address = SessionPolicy(web3, policy).council()
        if address is None:
            continue
        council = Countersign(web3, address)
        threshold = council.threshold()
        for one in council.pending(policy, from_block=from_block):
            action = council.action(one.id, from_block=from_block)
            ready = 0 if one.eta is None else int(one.eta.timestamp())
            found.append(Approval(action.wallet, f"execution 0x{action.calls.hex()}", threshold, threshold, ready))
    return found
