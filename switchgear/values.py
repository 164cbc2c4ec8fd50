"""Between Python's values and the chain's: instants, durations, amounts, addresses and notes.

All functions are pure. What no contract could take raises `InvalidInput` here, before anything is asked of a node.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from decimal import Decimal, localcontext

from eth_utils.address import is_address, is_checksum_address, is_checksum_formatted_address, to_checksum_address

from switchgear.errors import InvalidInput
from switchgear.types import ZERO_ADDRESS

_NOTE_BYTES = 32
_DIGITS = 100
"""More than the 78 of a uint256, so that no amount is ever rounded."""


def from_instant(when: datetime | int, *, bits: int = 256, name: str = "time") -> int:
    """Unix time in whole seconds, rounded down, of an aware datetime, or as given."""
    if isinstance(when, datetime):
        if when.tzinfo is None:
            message = f"{name} has no time zone: use datetime(..., tzinfo=timezone.utc)"
            raise InvalidInput(message)
        when = int(when.timestamp())
    return to_uint(when, bits=bits, name=name)


def from_duration(duration: timedelta | int, *, bits: int = 256, name: str = "duration") -> int:
    """Whole seconds of a duration, or as given; fractions of a second are refused."""
    if isinstance(duration, timedelta):
        if duration.microseconds:
            message = f"{name} {duration} is no whole number of seconds"
            raise InvalidInput(message)
        duration = duration.days * 86_400 + duration.seconds
    return to_uint(duration, bits=bits, name=name)


def to_uint(value: int, *, bits: int = 256, name: str = "value") -> int:
    """The number itself, if an unsigned field of so many bits holds it."""
    if isinstance(value, bool) or not isinstance(value, int):
        message = f"{name} must be a whole number, not {value!r}"
        raise InvalidInput(message)
    if value < 0 or value >> bits:
        message = f"{name} {value} does not fit {bits} bits (0..{2**bits - 1})"
        raise InvalidInput(message)
    return int(value)


def to_raw(amount: int | str | Decimal, *, decimals: int = 0, name: str = "value") -> int:
    """An amount in the unit's smallest parts; one with more decimals than the unit has is refused, never rounded.

    >>> to_raw(Decimal("1.5"), decimals=6)
    1500000
    """
    to_uint(decimals, bits=8, name="decimals")
    if isinstance(amount, (bool, float)):
        message = f"{name} must be an int, Decimal or str, not {amount!r}"
        raise InvalidInput(message)
    try:
        with localcontext() as context:
            context.prec = _DIGITS + decimals
            raw = Decimal(amount).scaleb(decimals)
            whole = int(raw)
            exact = raw == whole
    except (ArithmeticError, ValueError, TypeError) as error:
        message = f"{name} {amount!r} is no amount"
        raise InvalidInput(message) from error
    if not exact:
        message = f"{name} {amount} has more than {decimals} decimals"
        raise InvalidInput(message)
    return to_uint(whole, name=name)


def to_amount(raw: int, *, decimals: int = 0) -> Decimal:
    """The inverse of `to_raw`, exactly.

    >>> to_amount(1_500_000, decimals=6)
    Decimal('1.500000')
    """
    return Decimal((0, tuple(map(int, str(raw))), -decimals))


def to_address(address: object, *, name: str = "address", zero: bool = False) -> str:
    """A checksummed address, from a string or anything with an `address`; zero only where it means something."""
    text = getattr(address, "address", address)
    if not isinstance(text, str) or not is_address(text):
        message = f"{name} {text!r} is no address (0x and 40 hex digits)"
        raise InvalidInput(message)
    if is_checksum_formatted_address(text) and not is_checksum_address(text):
        message = f"{name} {text} has a wrong checksum: a digit is mistyped"
        raise InvalidInput(message)
    if not zero and text.lower() == ZERO_ADDRESS:
        message = f"{name} is the zero address"
        raise InvalidInput(message)
    return to_checksum_address(text)


def to_note(note: str | bytes) -> bytes:
    """A note for the record as 32 bytes: text of at most 32 bytes in UTF-8, or exactly 32 bytes (a hash)."""
    data = note.encode() if isinstance(note, str) else bytes(note)
    if not data.strip(b"\0 \t\r\n"):
        message = "a trip needs a note that says why"
        raise InvalidInput(message)
    if len(data) > _NOTE_BYTES or (isinstance(note, bytes) and len(data) != _NOTE_BYTES):
        message = f"the note has {len(data)} bytes; give text of at most 32 bytes, or a 32-byte hash of a longer one"
        raise InvalidInput(message)
    return data.ljust(_NOTE_BYTES, b"\0")


def from_note(note: bytes) -> str:
    """A note as text if it is printable text, else as 0x hex; empty for an empty one."""
    text = note.rstrip(b"\0")
    try:
        decoded = text.decode()
    except UnicodeDecodeError:
        return "0x" + note.hex()
    return decoded if decoded.isprintable() else "0x" + note.hex()
