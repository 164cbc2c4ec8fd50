"""Which settings are valid, and which are no looser than which (spec section 5); pure.

>>> from switchgear.types import Limits
>>> old = LimitsWord.of(Limits(10, 5_000, 127, 63, 7_201, 3, 8, 2))
>>> limits_no_looser(old._replace(count_cap=9), old)
True
>>> limits_no_looser(old._replace(count_cap=9, cooldown=7_200), old)
False
"""

from __future__ import annotations

from switchgear.model.breaker import Caps
from switchgear.model.errors import require
from switchgear.types import (
    MAX_GUARDIAN_BOUND,
    NEVER_STRIKE,
    NEVER_TRIP,
    OUTAGE_ALLOWANCE,
    UNLIMITED_COUNT,
    UNLIMITED_VALUE,
    VALUE_CAP_BOUND,
    Field,
    LanePolicy,
    Limits,
)
from switchgear.words import CONFIGURATION_MASK, LimitsWord

MAX_INTERVAL = 2**24 - 1


def require_limits(limits: Limits) -> None:
    """Raise `CoreRevert` InvalidLimits with a field out of range, the value cap last."""
    require(1 <= limits.trip_level <= 100 or limits.trip_level == NEVER_TRIP, "InvalidLimits", Field.TRIP_LEVEL)  # noqa: PLR2004
    require(1 <= limits.strikes <= NEVER_STRIKE, "InvalidLimits", Field.STRIKES)
    require(limits.cooldown > OUTAGE_ALLOWANCE, "InvalidLimits", Field.COOLDOWN)
    require(limits.max_backoff <= 8, "InvalidLimits", Field.MAX_BACKOFF)  # noqa: PLR2004
    require(1 <= limits.half_open_scale <= 15, "InvalidLimits", Field.HALF_OPEN_SCALE)  # noqa: PLR2004
    require(limits.probation <= 15, "InvalidLimits", Field.PROBATION)  # noqa: PLR2004
    finite_or_unlimited = limits.value_cap < VALUE_CAP_BOUND or limits.value_cap == UNLIMITED_VALUE
    require(finite_or_unlimited, "InvalidLimits", Field.VALUE_CAP)


def require_policy(policy: LanePolicy) -> None:
    """Raise `CoreRevert` InvalidLimits with the first field out of range."""
    require(policy.window >= 1, "InvalidLimits", Field.WINDOW)
    require(1 <= policy.lineage_count <= 4095, "InvalidLimits", Field.LINEAGE_COUNT)  # noqa: PLR2004
    require(1 <= policy.lineage_value <= 4095, "InvalidLimits", Field.LINEAGE_VALUE)  # noqa: PLR2004
    require(1 <= policy.share <= 100, "InvalidLimits", Field.SHARE)  # noqa: PLR2004


def require_bound(bound: int) -> None:
    """Raise `CoreRevert` InvalidDuration unless a guardian's trips may last so long; 0 dismisses it."""
    valid = not bound or OUTAGE_ALLOWANCE < bound <= MAX_GUARDIAN_BOUND
    require(valid, "InvalidDuration", bound, OUTAGE_ALLOWANCE, MAX_GUARDIAN_BOUND)


def require_interval(interval: int) -> None:
    """Raise `CoreRevert` InvalidDuration unless a heartbeat may have this interval; 0 is none."""
    valid = not interval or OUTAGE_ALLOWANCE < interval <= MAX_INTERVAL
    require(valid, "InvalidDuration", interval, OUTAGE_ALLOWANCE, MAX_INTERVAL)


def configuration(word: LimitsWord) -> int:
    """The part of a lane's word that a setting writes."""
    return word.encode() & CONFIGURATION_MASK


def configured(word: LimitsWord, value: int) -> LimitsWord:
    """A lane's word with another configuration and its own state."""
    return LimitsWord.decode(value)._replace(latched=word.latched, guardian_until=word.guardian_until, spent=word.spent)


def limits_no_looser(new: LimitsWord, old: LimitsWord, caps: Caps | None = None) -> bool:
    """Whether limits are no looser in any field; `caps` stand in for the old word's, if they were multiplied."""
    return (
        _caps_no_looser(Caps.of(new), caps or Caps.of(old))
        and new.trip_level <= old.trip_level
        and new.strikes <= old.strikes
        and new.cooldown >= old.cooldown
        and new.max_backoff <= old.max_backoff
        and new.half_open_scale <= old.half_open_scale
        and new.probation >= old.probation
    )


def lane_no_looser(new: LimitsWord, old: LimitsWord) -> bool:
    """Whether a lane's configuration is no looser in any field, given that the window is equal."""
    return (
        limits_no_looser(new, old)
        and new.lineage_count <= old.lineage_count
        and new.lineage_value <= old.lineage_value
        and new.share <= old.share
        and new.shadow <= old.shadow
        and new.lineage >= old.lineage
        and new.attested == old.attested
        and new.live >= old.live
        and new.unknown <= old.unknown
        and old.registry in (0, new.registry)
    )


def _caps_no_looser(new: Caps, old: Caps) -> bool:
    # A product of counts may pass what a word holds; only "unlimited" is looser than it then.
    old_count = None if old.actions is None else min(old.actions, UNLIMITED_COUNT - 1)
    return _no_larger(new.actions, old_count) and _no_larger(new.value, old.value)


def _no_larger(new: int | None, old: int | None) -> bool:
    return old is None or (new is not None and new <= old)
