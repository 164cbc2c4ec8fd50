"""Clients for Switchgear, circuit breakers for on-chain AI agents.

>>> from switchgear import Breaker, connect                       # doctest: +SKIP
>>> breaker = Breaker(connect("https://..."))                     # doctest: +SKIP
>>> breaker.headroom(protocol, lane, wallet, value, decimals=6)   # doctest: +SKIP

Importing this costs next to nothing: each name is loaded when it is first used. Nothing here needs Ape.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from switchgear.breaker import Breaker
    from switchgear.chain import Transaction, connect
    from switchgear.commerce import Commerce
    from switchgear.countersign import Countersign
    from switchgear.deployment import core_address, identity_address
    from switchgear.errors import ChainError, ContractReverted, InvalidInput, SwitchgearError
    from switchgear.policy import Permission, SessionPolicy, Setup
    from switchgear.registry import Registry
    from switchgear.types import (
        LANE,
        UNDECLARED_LINEAGE,
        UNKNOWN_WALLETS,
        Cause,
        Causes,
        LanePolicy,
        Limits,
        Query,
        Reason,
        Scope,
        Setting,
        State,
        Subject,
        Target,
        UnknownPolicy,
        Usage,
        Verdict,
    )
    from switchgear.views import Headroom

_HOMES = {
    "breaker": ("Breaker",),
    "chain": ("Transaction", "connect"),
    "commerce": ("Commerce",),
    "countersign": ("Countersign",),
    "deployment": ("core_address", "identity_address"),
    "errors": ("ChainError", "ContractReverted", "InvalidInput", "SwitchgearError"),
    "policy": ("Permission", "SessionPolicy", "Setup"),
    "registry": ("Registry",),
    "types": (
        "LANE",
        "UNDECLARED_LINEAGE",
        "UNKNOWN_WALLETS",
        "Cause",
        "Causes",
        "LanePolicy",
        "Limits",
        "Query",
        "Reason",
        "Scope",
        "Setting",
        "State",
        "Subject",
        "Target",
        "UnknownPolicy",
        "Usage",
        "Verdict",
    ),
    "views": ("Headroom",),
}
_HOME = {name: module for module, names in _HOMES.items() for name in names}

__all__ = [
    "LANE",
    "UNDECLARED_LINEAGE",
    "UNKNOWN_WALLETS",
    "Breaker",
    "Cause",
    "Causes",
    "ChainError",
    "Commerce",
    "ContractReverted",
    "Countersign",
    "Headroom",
    "InvalidInput",
    "LanePolicy",
    "Limits",
    "Permission",
    "Query",
    "Reason",
    "Registry",
    "Scope",
    "SessionPolicy",
    "Setting",
    "Setup",
    "State",
    "Subject",
    "SwitchgearError",
    "Target",
    "Transaction",
    "UnknownPolicy",
    "Usage",
    "Verdict",
    "connect",
    "core_address",
    "identity_address",
]


def __getattr__(name: str) -> object:
    if name not in _HOME:
        message = f"module {__name__!r} has no attribute {name!r}"
        raise AttributeError(message)
    return getattr(import_module(f"{__name__}.{_HOME[name]}"), name)


def __dir__() -> list[str]:
    return __all__
