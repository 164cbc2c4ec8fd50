"""Python's values to the chain's: what is taken, and what is refused."""

from __future__ import annotations

from datetime import datetime, timedelta, timezone
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from switchgear import InvalidInput
from switchgear.display import show_amount, to_instant, to_wait
from switchgear.types import NEVER
from switchgear.values import (
    from_duration,
    from_instant,
    from_note,
    to_address,
    to_amount,
    to_note,
    to_raw,
    to_uint,
)

ADDRESS = "0x8004A169FB4a3325136EB29fA0ceB6D2e539a432"


@given(raw=st.integers(0, 2**256 - 1), decimals=st.integers(0, 77))
def test_to_raw__amount_of_any_number__is_that_number(raw: int, decimals: int) -> None:
    """Raw to Decimal and back is exact for every value and every unit."""
    assert to_raw(to_amount(raw, decimals=decimals), decimals=decimals) == raw


@pytest.mark.parametrize(
    ("amount", "decimals", "raw"),
    [(5, 0, 5), (5, 6, 5_000_000), (Decimal("1.5"), 6, 1_500_000), ("0.000001", 6, 1), (Decimal(5), 0, 5), (0, 18, 0)],
)
def test_to_raw__int_decimal_or_text__means_the_same_unit(amount: Any, decimals: int, raw: int) -> None:
    """An int, a Decimal and a text of one amount are one value."""
    assert to_raw(amount, decimals=decimals) == raw


@pytest.mark.parametrize(
    ("amount", "decimals"),
    [
        (Decimal("0.1"), 0),
        (Decimal("0.0000001"), 6),
        (-1, 0),
        (2**256, 0),
        (Decimal(2**255), 1),
        (1.5, 6),
        (True, 0),
        ("lots", 0),
        (Decimal("NaN"), 0),
        (Decimal("Infinity"), 0),
        (None, 0),
        (1, -1),
        (1, 256),
    ],
    ids=str,
)
def test_to_raw__amount_that_no_uint256_is__is_refused(amount: Any, decimals: int) -> None:
    """What would be rounded, overflow or is a float is refused, never guessed at."""
    with pytest.raises(InvalidInput):
        to_raw(amount, decimals=decimals)


@pytest.mark.parametrize("address", [ADDRESS, ADDRESS.lower(), "0x" + ADDRESS[2:].upper()])
def test_to_address__any_spelling__is_checksummed(address: str) -> None:
    """One spelling comes out."""
    assert to_address(address) == ADDRESS


@pytest.mark.parametrize(
    ("address", "text"),
    [
        ("0x1234", "is no address"),
        (ADDRESS[2:] + "zz", "is no address"),
        (5, "is no address"),
        (None, "is no address"),
        (b"\x11" * 20, "is no address"),
        (ADDRESS.replace("A1", "a1"), "wrong checksum"),
        ("0x" + "00" * 20, "is the zero address"),
    ],
)
def test_to_address__not_one__is_refused(address: Any, text: str) -> None:
    """Malformed, mistyped and zero addresses are told apart."""
    with pytest.raises(InvalidInput, match=text):
        to_address(address)


def test_to_address__zero_where_it_means_something__is_taken() -> None:
    """Zero is an address only where the caller says so."""
    assert to_address("0x" + "00" * 20, zero=True) == "0x" + "00" * 20


@pytest.mark.parametrize("value", [-1, 2**8, True, 1.0, "1", None])
def test_to_uint__out_of_range_or_no_int__is_refused(value: Any) -> None:
    """A field takes whole numbers of its width and nothing that looks like one."""
    with pytest.raises(InvalidInput, match="age"):
        to_uint(value, bits=8, name="age")


def test_from_instant__aware_datetime_and_seconds__agree() -> None:
    """Instants are Unix seconds, whatever the zone."""
    moment = datetime(2027, 1, 15, 9, 0, tzinfo=timezone(timedelta(hours=1)))
    assert from_instant(moment) == from_instant(1_800_000_000) == 1_800_000_000
    assert to_instant(1_800_000_000) == moment


def test_from_instant__naive_datetime_or_overflow__is_refused() -> None:
    """A datetime without a zone could be meant in any, and a uint40 ends."""
    with pytest.raises(InvalidInput, match="no time zone"):
        from_instant(datetime(2027, 1, 15))  # noqa: DTZ001 - that is the point
    with pytest.raises(InvalidInput, match="40 bits"):
        from_instant(2**40, bits=40)


def test_from_duration__whole_seconds_only__others_are_refused() -> None:
    """Durations are whole seconds within their field."""
    assert from_duration(timedelta(days=1, seconds=1)) == 86_401
    with pytest.raises(InvalidInput, match="whole number of seconds"):
        from_duration(timedelta(milliseconds=1_500))
    with pytest.raises(InvalidInput, match="24 bits"):
        from_duration(timedelta(days=365), bits=24)
    with pytest.raises(InvalidInput):
        from_duration(timedelta(seconds=-1))


@pytest.mark.parametrize("note", ["x" * 32, "ü" * 16, "why"])
def test_to_note__text_that_fits__comes_back(note: str) -> None:
    """A note of up to 32 bytes is stored as it is."""
    assert from_note(to_note(note)) == note


@pytest.mark.parametrize("note", ["", "  ", b"\0" * 32, "x" * 33, "ü" * 17, b"short", b"x" * 33])
def test_to_note__empty_or_too_long__is_refused(note: str | bytes) -> None:
    """A trip says why, in 32 bytes."""
    with pytest.raises(InvalidInput):
        to_note(note)


def test_from_note__hash__is_shown_as_hex() -> None:
    """A hash is no text."""
    assert from_note(b"\x80" * 32) == "0x" + "80" * 32


def test_to_wait__never__is_none() -> None:
    """Waiting that cannot help has no length."""
    assert to_wait(NEVER) is None
    assert to_wait(0) == timedelta(0)


@pytest.mark.parametrize(("amount", "text"), [(Decimal("1000.500"), "1,000.5"), (Decimal(10), "10"), (1_000, "1,000")])
def test_show_amount__idle_zeros__are_dropped(amount: Any, text: str) -> None:
    """Only digits that say something are shown."""
    assert show_amount(amount) == text
