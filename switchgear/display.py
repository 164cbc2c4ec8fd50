"""What the chain says, as people read it: instants, durations, verdicts."""

from __future__ import annotations

from dataclasses import fields, is_dataclass
from datetime import datetime, timedelta, timezone
from decimal import Decimal
from enum import Enum, Flag
from typing import Any

from switchgear.types import NEVER, Reason, Scope, Verdict


def to_instant(seconds: int) -> datetime | None:
    """Unix time as an aware UTC datetime; None past the year 9999, where the contracts' "never" values lie.

    >>> to_instant(0)
    datetime.datetime(1970, 1, 1, 0, 0, tzinfo=datetime.timezone.utc)
    >>> to_instant(2**40 - 1) is None
    True
    """
    try:
        return datetime.fromtimestamp(seconds, tz=timezone.utc)
    except (OverflowError, ValueError, OSError):
        return None


def to_wait(seconds: int) -> timedelta | None:
    """A verdict's `retry_after`; None where waiting cannot help.

    >>> to_wait(90)
    datetime.timedelta(seconds=90)
    """
    return None if seconds == NEVER else timedelta(seconds=seconds)


def show(value: Any) -> str:  # noqa: PLR0911 - one for each kind of value
    """A value as text: instants in UTC, verdicts in words, "never" for none, what is in a list or tuple likewise.

    >>> show(to_instant(0)), show((b"ab", 7))
    ('1970-01-01 00:00:00 UTC', '(0x6162, 7)')
    """
    if value is None:
        return "never"
    if isinstance(value, datetime):
        return f"{value:%Y-%m-%d %H:%M:%S} UTC"
    if isinstance(value, bytes):
        return f"0x{value.hex()}"
    if isinstance(value, Flag):
        return ", ".join(str(one.name).lower() for one in type(value) if one in value and one.name != "ALL")
    if isinstance(value, Enum):
        return value.name.lower()
    if isinstance(value, Verdict):
        return explain(value)
    return f"({', '.join(map(show, value))})" if isinstance(value, (tuple, list)) else str(value)


def plural(count: int, noun: str) -> str:
    """A number of things.

    >>> plural(1, "block"), plural(3, "block")
    ('1 block', '3 blocks')
    """
    return f"{count} {noun}" if count == 1 else f"{count} {noun}s"


def show_amount(amount: Decimal | int) -> str:
    """An amount with thousands separated and no idle zeros.

    >>> show_amount(Decimal("1000.500000"))
    '1,000.5'
    """
    whole, _, part = f"{amount:,f}".partition(".") if isinstance(amount, Decimal) else (f"{amount:,}", "", "")
    return f"{whole}.{part.rstrip('0')}".rstrip(".")


def explain(verdict: Verdict) -> str:
    """A verdict in words.

    >>> explain(Verdict(False, Reason.COUNT_LIMIT, Scope.ANCESTOR, 2, 42, 7))
    'denied: too many actions in the window, by the breaker of the ancestor 2 up; again in 0:00:42'
    """
    if verdict.reason == Reason.NONE:
        return "admitted"
    head = "admitted in shadow mode, else denied" if verdict.admitted else "denied"
    where = _SCOPES[verdict.scope] + (f" {verdict.distance} up" if verdict.distance else "")
    wait = to_wait(verdict.retry_after)
    when = "waiting does not help" if wait is None else f"again in {wait}"
    return f"{head}: {_REASONS[verdict.reason]}, by {where}; {when}"


def plain(value: Any) -> Any:  # noqa: PLR0911 - one for each kind of value
    """A value as JSON has it.

    Instants in ISO 8601, durations in seconds, amounts and big numbers as strings, enums by name, bytes in 0x hex.
    """
    if isinstance(value, Flag):
        return [str(member.name).lower() for member in type(value) if member in value and member.name != "ALL"]
    if isinstance(value, Enum):
        return value.name.lower()
    if is_dataclass(value) and not isinstance(value, type):
        return {field.name: plain(getattr(value, field.name)) for field in fields(value)}
    if isinstance(value, dict):
        return {plain_key(key): plain(one) for key, one in value.items()}
    if hasattr(value, "_asdict"):
        return plain(value._asdict())
    if isinstance(value, (list, tuple, set)):
        return [plain(one) for one in value]
    if isinstance(value, datetime):
        return value.isoformat()
    if isinstance(value, timedelta):
        return int(value.total_seconds())
    if isinstance(value, bytes):
        return "0x" + value.hex()
    if isinstance(value, Decimal):
        return str(value)
    if isinstance(value, int) and not isinstance(value, bool):
        # Readers of JSON may hold numbers as doubles.
        return int(value) if abs(value) < 2**53 else str(int(value))
    return value if isinstance(value, (str, bool, type(None))) else show(value)


def plain_key(key: Any) -> str:
    """A key as JSON has it."""
    return str(plain(key))


_REASONS = {
    Reason.WALLET_UNKNOWN: "the wallet was never bound to an agent",
    Reason.WALLET_REVOKED: "the wallet is revoked",
    Reason.WALLET_EXPIRED: "the wallet's binding has expired",
    Reason.WALLET_STALE: "the agent changed owner since the wallet was bound",
    Reason.BREAKER_OPEN: "open",
    Reason.LANE_UNOPENED: "the protocol never opened this lane",
    Reason.REGISTRY_REFUSED: "the lane takes agents of another identity registry",
    Reason.ZERO_LIMIT: "a cap of zero",
    Reason.COUNT_LIMIT: "too many actions in the window",
    Reason.VALUE_LIMIT: "too much value in the window",
    Reason.VALUE_OVERSIZED: "more value than the cap by itself",
}

_SCOPES = {
    Scope.NONE: "nothing",
    Scope.WALLET: "the wallet",
    Scope.KILL_SWITCH: "the agent's kill switch",
    Scope.AGENT: "the agent's breaker",
    Scope.LANE: "the lane",
    Scope.ANCESTOR_KILL_SWITCH: "the kill switch of the ancestor",
    Scope.LINEAGE: "the lineage's breaker",
    Scope.ANCESTOR: "the breaker of the ancestor",
}
