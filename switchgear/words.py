"""The core's packed words, bit for bit as in ``contracts/types/Types.sol``.

Each word is a named tuple with `decode` (of a ``uint256``) and `encode`:

>>> word = WalletWord(agent=7, epoch=1, expiry=2**40 - 1, nonce=3, revoked_at=0)
>>> WalletWord.decode(word.encode()) == word
True
>>> LimitsWord.of(Limits(10, 5_000, 127, 63, 7_201, 3, 8, 2)).limits().value_cap
5000

Encoding raises `OverflowError` if a field does not fit its bits.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from switchgear.types import (
    UNLIMITED_COUNT,
    UNLIMITED_VALUE,
    VALUE_CAP_BOUND,
    LanePolicy,
    Limits,
    UnknownPolicy,
    Verdict,
)

if TYPE_CHECKING:
    from collections.abc import Sequence

MANTISSA_BITS = 56
UNLIMITED_CAP = 2**64 - 1
"""The stored value cap that is not metered."""
CONFIGURATION_BITS = 212
"""Low bits of a `LimitsWord` that a setting writes; above them is the lane's own breaker."""
CONFIGURATION_MASK = (1 << CONFIGURATION_BITS) - 1

LATCHED_PROTOCOL = 1
"""Bit of `BreakerWord.latched` and `LimitsWord.latched`: tripped by the protocol itself."""
LATCHED_ADMIN = 2
"""Bit of `BreakerWord.latched` and `LimitsWord.latched`: tripped by the protocol's admin."""
LATCHED_OWNER = 1
"""Bit of `AgentWord.latched`: tripped by the agent's owner."""

FLAG_SHADOW = 1
FLAG_LINEAGE = 2
UNKNOWN_SHIFT = 2
"""Bits 2 and 3 of the flags hold the `UnknownPolicy`."""
FLAG_ATTESTED = 16
FLAG_LIVE = 32
FLAG_PLAIN = 64
"""Derived when a lane is configured: its ordinary actions need no second look. It changes no answer."""


def pack(fields: Sequence[int], widths: Sequence[int]) -> int:
    """Fields, the first in the lowest bits, into one number; `OverflowError` if one does not fit."""
    word = shift = 0
    for field, width in zip(fields, widths, strict=True):
        if field >> width:
            message = f"{field} does not fit {width} bits"
            raise OverflowError(message)
        word |= field << shift
        shift += width
    return word


def unpack(word: int, widths: Sequence[int]) -> list[int]:
    """The inverse of `pack`."""
    fields = []
    for width in widths:
        fields.append(word & ((1 << width) - 1))
        word >>= width
    return fields


def encode_verdict(verdict: Verdict) -> int:
    """A verdict as the core returns and logs it (``contracts/types/Verdict.sol``).

    >>> decode_verdict(encode_verdict(Verdict(admitted=True, agent=7)))
    Verdict(admitted=True, reason=<Reason.NONE: 0>, scope=<Scope.NONE: 0>, distance=0, retry_after=0, agent=7)
    """
    return pack(verdict, _VERDICT)


def decode_verdict(word: int) -> Verdict:
    """The inverse of `encode_verdict`."""
    return Verdict.of(unpack(word, _VERDICT))


def store_value_cap(cap: int) -> int:
    """A value cap as the stored 64-bit float, rounded down; the order of floats is the order of caps.

    Raises `OverflowError` for a finite cap of 2**236 or more.

    >>> store_value_cap(5_000)
    5000
    >>> load_value_cap(store_value_cap(10**18 + 1)) == (10**18 + 1) >> 4 << 4
    True
    """
    if cap == UNLIMITED_VALUE:
        return UNLIMITED_CAP
    if not 0 <= cap < VALUE_CAP_BOUND:
        message = f"value cap {cap} is not below 2**236"
        raise OverflowError(message)
    exponent = max(0, cap.bit_length() - MANTISSA_BITS)
    return exponent << MANTISSA_BITS | cap >> exponent


def load_value_cap(stored: int) -> int:
    """The value cap behind a stored float; `UNLIMITED_VALUE` if it is all ones."""
    if stored == UNLIMITED_CAP:
        return UNLIMITED_VALUE
    return (stored & ((1 << MANTISSA_BITS) - 1)) << (stored >> MANTISSA_BITS)


class WalletWord(NamedTuple):
    """Everything the core stores about one wallet (``IEnrolment.walletWord``)."""

    agent: int = 0
    epoch: int = 0
    expiry: int = 0
    """First second at which the binding no longer counts."""
    nonce: int = 0
    """Goes into the next binding's signature."""
    revoked_at: int = 0
    """0 while bound."""

    @classmethod
    def decode(cls, word: int) -> WalletWord:
        """From the stored number."""
        return cls(*unpack(word, _WALLET))

    def encode(self) -> int:
        """To the stored number."""
        return pack(self, _WALLET)


class AgentWord(NamedTuple):
    """One agent, its kill switch included (``IEnrolment.agentWord``)."""

    lineage: int = 0
    parent: int = 0
    registry: int = 0
    """Dense index (``IEnrolment.registryIndex``)."""
    depth: int = 0
    epoch: int = 0
    latched: int = 0
    guardian_until: int = 0
    spent: int = 0
    """One bit for each guardian that has tripped since the last re-arming."""
    beat_deadline: int = 0
    beat_interval: int = 0
    attested: int = 0
    enrolled_at: int = 0

    @classmethod
    def decode(cls, word: int) -> AgentWord:
        """From the stored number."""
        return cls(*unpack(word, _AGENT))

    def encode(self) -> int:
        """To the stored number."""
        return pack(self, _AGENT)


class LimitsWord(NamedTuple):
    """Limits of a lane or of one subject, and the lane's own breaker (``ISeries.laneWord``, ``overrideWord``)."""

    count_cap: int = 0
    value_cap: int = 0
    """As a stored float: see `load_value_cap`."""
    lineage_count: int = 0
    lineage_value: int = 0
    window: int = 0
    """0 if the lane is unopened."""
    trip_level: int = 0
    strikes: int = 0
    cooldown: int = 0
    max_backoff: int = 0
    half_open_scale: int = 0
    probation: int = 0
    share: int = 0
    flags: int = 0
    registry: int = 0
    """Dense index (``IEnrolment.registryIndex``) of the registry that the lane accepts, 0 for any."""
    latched: int = 0
    guardian_until: int = 0
    spent: int = 0

    @classmethod
    def decode(cls, word: int) -> LimitsWord:
        """From the stored number."""
        return cls(*unpack(word, _LIMITS))

    def encode(self) -> int:
        """To the stored number."""
        return pack(self, _LIMITS)

    @classmethod
    def of(cls, limits: Limits, policy: LanePolicy | None = None, registry: int = 0) -> LimitsWord:
        """The configuration part, with the lane-only fields if a policy is given.

        `registry` is the dense index behind `policy.registry`. Ranges are not checked beyond what the bits hold.
        """
        word = cls(
            count_cap=limits.count_cap,
            value_cap=store_value_cap(limits.value_cap),
            trip_level=limits.trip_level,
            strikes=limits.strikes,
            cooldown=limits.cooldown,
            max_backoff=limits.max_backoff,
            half_open_scale=limits.half_open_scale,
            probation=limits.probation,
        )
        if policy is None:
            return word
        flags = (
            FLAG_LINEAGE * policy.lineage
            | FLAG_ATTESTED * policy.attested
            | FLAG_LIVE * policy.live
            | FLAG_SHADOW * policy.shadow
            | policy.unknown << UNKNOWN_SHIFT
            | FLAG_PLAIN * _is_plain(limits, policy, registry)
        )
        return word._replace(
            lineage_count=policy.lineage_count,
            lineage_value=policy.lineage_value,
            window=policy.window,
            share=policy.share,
            flags=flags,
            registry=registry,
        )

    def limits(self) -> Limits:
        """The limits in it, the value cap as it was rounded."""
        return Limits(
            self.count_cap,
            load_value_cap(self.value_cap),
            self.trip_level,
            self.strikes,
            self.cooldown,
            self.max_backoff,
            self.half_open_scale,
            self.probation,
        )

    @property
    def unlimited_count(self) -> bool:
        """Whether actions are not counted."""
        return self.count_cap == UNLIMITED_COUNT

    @property
    def lineage(self) -> bool:
        """Whether lineages are charged."""
        return bool(self.flags & FLAG_LINEAGE)

    @property
    def attested(self) -> bool:
        """Whether a lineage counts only when attested."""
        return bool(self.flags & FLAG_ATTESTED)

    @property
    def live(self) -> bool:
        """Whether every admission reads the live owner."""
        return bool(self.flags & FLAG_LIVE)

    @property
    def shadow(self) -> bool:
        """Whether meter denials are only logged."""
        return bool(self.flags & FLAG_SHADOW)

    @property
    def unknown(self) -> UnknownPolicy:
        """What happens to wallets that were never bound."""
        return UnknownPolicy(self.flags >> UNKNOWN_SHIFT & 3)


class BreakerWord(NamedTuple):
    """One breaker: meters, strikes and state (``ISeries.breakerWord``)."""

    count_tat: int = 0
    """Theoretical arrival time of the count meter, in 2**-24 s."""
    value_tat: int = 0
    """Theoretical arrival time of the value meter, in 2**-32 s."""
    strikes: int = 0
    strike_since: int = 0
    auto_until: int = 0
    """End of the last automatic trip, or the first touch; 0 if there was neither."""
    guardian_until: int = 0
    spent: int = 0
    """One bit for each guardian that has tripped since the last re-arming."""
    latched: int = 0
    cause: int = 0
    """Of the last automatic trip."""
    backoff: int = 0
    overridden: int = 0
    """Whether the subject's override word counts."""
    accepted: int = 0
    """Of a lineage: whether it is charged to this breaker."""

    @classmethod
    def decode(cls, word: int) -> BreakerWord:
        """From the stored number."""
        return cls(*unpack(word, _BREAKER))

    def encode(self) -> int:
        """To the stored number."""
        return pack(self, _BREAKER)


def _is_plain(limits: Limits, policy: LanePolicy, registry: int) -> bool:
    """Spec 2: finite caps that are not 0, nothing special, and a share that leaves a member its own caps."""
    finite = 0 < limits.count_cap < UNLIMITED_COUNT and 0 < limits.value_cap < UNLIMITED_VALUE
    special = policy.shadow or policy.live or policy.attested or registry != 0
    roomy = policy.share * min(policy.lineage_count, policy.lineage_value) >= 100  # noqa: PLR2004 - percent
    return finite and not special and roomy


_VERDICT = (8, 8, 8, 8, 32, 32)
_WALLET = (32, 24, 40, 40, 40)
_AGENT = (32, 32, 20, 3, 24, 6, 32, 8, 32, 24, 1, 32)
_LIMITS = (24, 64, 12, 12, 24, 7, 6, 16, 4, 4, 4, 7, 8, 20, 4, 32, 8)
_BREAKER = (56, 64, 6, 32, 32, 32, 8, 8, 2, 4, 1, 1)
