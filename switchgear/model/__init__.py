"""A reference model of the core, exact to the unit and independent of the contracts: both implement docs/spec.md.

- `switchgear.model.breaker`: one breaker, pure; with it a client can plan ahead (`headroom`).
- `switchgear.model.settings`: which settings are valid, and which are no looser than which; pure.
- `Core`: the whole core, with state. The first argument of each function is the caller where the contract has one:

>>> from switchgear.types import LanePolicy, Limits
>>> core = Core(now=1_000)
>>> core.set_admin("0xp", "0xa")
>>> core.open_lane("0xp", 0, Limits(2, 100, 127, 63, 7_201, 0, 8, 0), LanePolicy(60), [])
>>> core.preview("0xp", 0, "0xw", 1).reason
<Reason.WALLET_UNKNOWN: 1>
>>> core.set_admin("0xp", "0xa")
Traceback (most recent call last):
switchgear.model.errors.CoreRevert: AdminAlreadySet(0xa)
"""

from __future__ import annotations

from switchgear.model.authority import Authority
from switchgear.model.breaker import Breaker, Caps, Headroom, headroom
from switchgear.model.enrolment import Enrolment, ParentConsent, Signature, WalletBinding
from switchgear.model.errors import CoreRevert
from switchgear.model.ledger import Guardian, Identity, Loosening

__all__ = [
    "Breaker",
    "Caps",
    "Core",
    "CoreRevert",
    "Guardian",
    "Headroom",
    "Identity",
    "Loosening",
    "ParentConsent",
    "Signature",
    "WalletBinding",
    "headroom",
]


class Core(Enrolment, Authority):
    """The core: who, what and by whom. A call that raises `CoreRevert` has changed nothing."""
