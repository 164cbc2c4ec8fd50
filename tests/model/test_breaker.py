"""One breaker: boundaries of caps, time and level, against figures worked out with fractions."""

from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from switchgear.model import Breaker, Caps
from switchgear.model.breaker import Denial, kill_switch_state, kill_switch_wait, lane_state, lane_wait
from switchgear.types import (
    NEVER,
    UNLIMITED_COUNT,
    UNLIMITED_VALUE,
    Cause,
    LanePolicy,
    Limits,
    Reason,
    State,
    Subject,
    Usage,
)
from switchgear.words import AgentWord, BreakerWord, LimitsWord
from tests.model.build import COOLDOWN, NOW, WINDOW, breaker, limits, used_count, used_value

AGENT, LINEAGE, UNKNOWN = 1, Subject.of_lineage(1), 0


def admit(of: Breaker, times: int = 1, value: int = 0, now: int = NOW) -> Breaker:
    """The breaker after actions that fit."""
    for _ in range(times):
        assert of.check(now, value) is None
        of = of.having(of.charge(now, value)[0])
    return of


# -------------------------------------------------------------------------------------------------- caps


def test_clamped__share_of_the_lineage__is_the_smaller_cap():
    """BR-11: one member takes at most share percent of its lineage's caps, rounded down."""
    assert Caps(100, 5_000, 0).clamped(Caps(150, 7_001, 0), 33) == Caps(49, 2_310, 0)
    assert Caps(49, 2_310, 0).clamped(Caps(150, 7_001, 0), 33) == Caps(49, 2_310, 0)
    assert Caps(10, 9, 0).clamped(Caps(150, 7_001, 0), 33) == Caps(10, 9, 0)


def test_clamped__tiny_or_zero_or_unlimited_lineage__gives_one_or_zero_or_no_clamp():
    """Spec 2.1: max(1, L * share / 100), 0 for L = 0, no clamp for an unlimited L."""
    assert Caps(5, 5, 0).clamped(Caps(1, 1, 0), 10) == Caps(1, 1, 0)
    assert Caps(5, 5, 0).clamped(Caps(0, 0, 0), 10) == Caps(0, 0, 0)
    assert Caps(5, 5, 0).clamped(Caps(None, None, 0), 10) == Caps(5, 5, 0)
    assert Caps(None, None, 0).clamped(Caps(30, 40, 2), 50) == Caps(15, 20, 2)


def test_clamped__equal_as_full_numbers__keeps_the_agents_own_pair():
    """Spec 2.1: the smaller of m << e is taken, on a tie the agent's own."""
    assert Caps(None, 8, 1).clamped(Caps(None, 16, 0), 100) == Caps(None, 8, 1)
    assert Caps(None, 8, 1).clamped(Caps(None, 15, 0), 100) == Caps(None, 15, 0)


def test_scaled__sixteenths__rounds_down_but_not_to_zero():
    """BR-6: half-open leaves sixteenths of a cap, at least one, and nothing of nothing."""
    assert Caps(31, 33, 7).scaled(8) == Caps(15, 16, 7)
    assert Caps(1, 1, 7).scaled(1) == Caps(1, 1, 7)
    assert Caps(0, 0, 0).scaled(15) == Caps(0, 0, 0)
    assert Caps(None, None, 0).scaled(1) == Caps(None, None, 0)


def test_of__lineage__multiplies_unless_overridden():
    """Spec 2.1: a lineage's caps are the lane's multiplied; an override counts as it is."""
    lane = LimitsWord.of(limits(count_cap=5, value_cap=7), LanePolicy(WINDOW, 3, 4))
    own = LimitsWord.of(limits(count_cap=2, value_cap=2))
    assert Breaker.of(LINEAGE, BreakerWord(), lane, own).caps == Caps(15, 28, 0)
    assert Breaker.of(AGENT, BreakerWord(), lane, own).caps == Caps(5, 7, 0)
    assert Breaker.of(LINEAGE, BreakerWord(overridden=1), lane, own).caps == Caps(2, 2, 0)
    unlimited = LimitsWord.of(limits(count_cap=UNLIMITED_COUNT, value_cap=UNLIMITED_VALUE), LanePolicy(WINDOW, 3, 4))
    assert Breaker.of(LINEAGE, BreakerWord(), unlimited).caps == Caps(None, None, 0)


# -------------------------------------------------------------------------------------------------- state


@pytest.mark.parametrize(
    ("word", "state"),
    [
        (BreakerWord(latched=1), State.OPEN),
        (BreakerWord(auto_until=NOW + 1), State.OPEN),
        (BreakerWord(auto_until=NOW), State.HALF_OPEN),
        (BreakerWord(auto_until=NOW - 2 * WINDOW + 1), State.HALF_OPEN),
        (BreakerWord(auto_until=NOW - 2 * WINDOW), State.CLOSED),
        (BreakerWord(auto_until=1, guardian_until=NOW + 1), State.OPEN),
        (BreakerWord(auto_until=1, guardian_until=NOW), State.CLOSED),
    ],
)
def test_state__second_before_and_at_each_deadline__changes_there(word, state):
    """BR-6, BR-7: automatic expiry, guardian expiry and latches are independent."""
    assert breaker(word, probation=2).state(NOW) is state


@pytest.mark.parametrize(
    ("subject", "probation", "state"),
    [
        (AGENT, 2, State.HALF_OPEN),
        (AGENT, 0, State.CLOSED),
        (LINEAGE, 2, State.CLOSED),
        (UNKNOWN, 2, State.CLOSED),
    ],
)
def test_state__never_touched__is_probation_for_agents_only(subject, probation, state):
    """ID-9: a fresh agent is half-open, until P after its first charge; no P, no probation."""
    assert breaker(subject=subject, probation=probation).state(NOW) is state


def test_open_wait__latched_or_bounded__never_or_the_later_end():
    """Spec 2.2: the larger of both ends, or never."""
    assert breaker(BreakerWord(auto_until=NOW + 5, guardian_until=NOW + 9)).open_wait(NOW) == 9
    assert breaker(BreakerWord(auto_until=NOW + 5, guardian_until=NOW)).open_wait(NOW) == 5
    assert breaker(BreakerWord(auto_until=NOW + 5, latched=2)).open_wait(NOW) == NEVER


def test_lane_state__latch_and_guardian__open_until_then():
    """A lane's own breaker is open or closed, never half-open."""
    assert lane_state(LimitsWord(latched=1), NOW) is State.OPEN
    assert lane_state(LimitsWord(guardian_until=NOW + 1), NOW) is State.OPEN
    assert lane_state(LimitsWord(guardian_until=NOW), NOW) is State.CLOSED
    assert lane_wait(LimitsWord(guardian_until=NOW + 7), NOW) == 7
    assert lane_wait(LimitsWord(guardian_until=NOW + 7, latched=1), NOW) == NEVER


def test_kill_switch_state__beat_at_its_deadline_and_after__open_one_second_late():
    """BR-14: a beat is missed once now > deadline, and waiting does not help."""
    beating = AgentWord(beat_interval=9_000, beat_deadline=NOW)
    assert kill_switch_state(beating, NOW) is State.CLOSED
    assert kill_switch_state(beating, NOW + 1) is State.OPEN
    assert kill_switch_wait(beating, NOW + 1) == NEVER
    assert kill_switch_state(beating._replace(beat_interval=0), NOW + 1) is State.CLOSED
    assert kill_switch_wait(AgentWord(guardian_until=NOW + 3), NOW) == 3


# -------------------------------------------------------------------------------------------------- meters


@pytest.mark.parametrize("cap", [1, 2, 3, 4, 5, 6, 10, 60])
def test_check__burst_of_the_cap__fits_exactly(cap):
    """A cap that divides the window is a burst of exactly that many in one second, then CountLimit."""
    full = admit(breaker(count_cap=cap), cap)
    assert full.check(NOW, 0) == Denial(Reason.COUNT_LIMIT, WINDOW // cap)


def test_check__cap_that_does_not_divide__lets_the_last_wait_a_second():
    """Spec 2.3: rounding is against the agent: 7 does not divide 60 * 2**24."""
    six = admit(breaker(count_cap=7), 6)
    assert six.check(NOW, 0) == Denial(Reason.COUNT_LIMIT, 1)
    assert six.check(NOW + 1, 0) is None


@pytest.mark.parametrize(("seconds", "fits"), [(9, False), (10, True)])
def test_check__second_before_and_at_the_wait__fits_then(seconds, fits):
    """CountLimit's wait is exact: cap 6 a minute frees one action each 10 s."""
    full = admit(breaker(count_cap=6), 6)
    assert (full.check(NOW + seconds, 0) is None) == fits


@pytest.mark.parametrize(
    ("value", "denial"),
    [
        (2_000, None),
        (2_001, Denial(Reason.VALUE_LIMIT, 1)),
        (4_000, Denial(Reason.VALUE_LIMIT, 20)),
        (6_000, Denial(Reason.VALUE_LIMIT, 40)),
        (6_001, Denial(Reason.VALUE_OVERSIZED, NEVER)),
    ],
)
def test_check__two_thirds_used__says_how_long_to_wait(value, denial):
    """4,000 of 6,000 a minute are used, and 100 are freed each second."""
    used = breaker(BreakerWord(value_tat=used_value(Fraction(2, 3))))
    assert used.check(NOW, value) == denial
    if denial and denial.wait != NEVER:
        assert used.check(NOW + denial.wait, value) is None
        assert used.check(NOW + denial.wait - 1, value) is not None


def test_check__zero_caps__deny_in_order():
    """BR-10: a zero limit denies, the count's before the value's, even a value of 0."""
    assert breaker(count_cap=0).check(NOW, 0) == Denial(Reason.ZERO_LIMIT, NEVER)
    assert breaker(value_cap=0).check(NOW, 0) == Denial(Reason.ZERO_LIMIT, NEVER)
    full = BreakerWord(count_tat=used_count(Fraction(1)))
    assert breaker(full, value_cap=0).check(NOW, 0) == Denial(Reason.COUNT_LIMIT, 10)


def test_check__unlimited__is_not_metered():
    """BR-10: unlimited is explicit: admitted, and no meter moves."""
    free = breaker(count_cap=UNLIMITED_COUNT, value_cap=UNLIMITED_VALUE)
    assert free.check(NOW, UNLIMITED_VALUE) is None
    word, cause = free.charge(NOW, UNLIMITED_VALUE)
    assert (word.count_tat, word.value_tat, cause) == (0, 0, Cause.NONE)


@pytest.mark.parametrize(
    ("auto_until", "value", "denial"),
    [
        (NOW - 50, 3_000, None),
        (NOW - 50, 3_001, Denial(Reason.VALUE_LIMIT, 70)),
        (NOW - 50, 6_000, Denial(Reason.VALUE_LIMIT, 70)),
        (NOW - 50, 6_001, Denial(Reason.VALUE_OVERSIZED, NEVER)),
        (0, 3_001, Denial(Reason.VALUE_LIMIT, 120)),
    ],
)
def test_check__more_than_half_open_gives__waits_until_closed(auto_until, value, denial):
    """Spec 2.3, step 4: what the closed cap takes, waits for it; probation is 2 windows, half the caps."""
    assert breaker(BreakerWord(auto_until=auto_until), probation=2).check(NOW, value) == denial


@given(st.integers(1, 2**24 - 2), st.integers(1, 10**6), st.integers(0, 2**58))
def test_charge__count__never_adds_less_than_its_part(cap, window, ahead):
    """BR-2: an action adds at least window / cap to the meter, and less than a unit more."""
    of = breaker(BreakerWord(count_tat=min((NOW << 24) + ahead, NOW + window << 24)), window=window, count_cap=cap)
    if of.check(NOW, 0) is None:
        added = of.charge(NOW, 0)[0].count_tat - max(of.word.count_tat, NOW << 24)
        exact = Fraction(window * 2**24, cap)
        assert exact <= added < exact + 1


@given(st.integers(1, 2**236 - 1), st.integers(1, 10**6), st.integers(1, 2**237))
def test_charge__value__never_adds_less_than_its_part(cap, window, value):
    """BR-2: a value adds at least value / cap windows, for the cap as stored."""
    of = breaker(window=window, value_cap=cap)
    stored = of.caps.value
    assert stored is not None
    if of.check(NOW, value) is None:
        added = of.charge(NOW, value)[0].value_tat - (NOW << 32)
        assert added >= Fraction(value * window * 2**32, stored)
        assert added <= window << 32


def test_charge__value_of_zero__leaves_the_value_meter():
    """Spec 2.3: v = 0 leaves valueTat as it is, even if it lies in the past."""
    word, _ = breaker(BreakerWord(value_tat=5)).charge(NOW, 0)
    assert word.value_tat == 5
    assert word.count_tat == used_count(Fraction(1, 6))


def test_charge__shadow__saturates_both_meters():
    """BR-15: what fits is charged, what does not fills its meter, and nothing trips."""
    full = used_count(Fraction(1)), used_value(Fraction(1))
    nearly = BreakerWord(count_tat=used_count(Fraction(1)), value_tat=used_value(Fraction(1, 2)))
    word, cause = breaker(nearly, trip_level=1).charge(NOW, 2_000, shadow=True)
    assert (word.count_tat, word.value_tat, cause) == (full[0], used_value(Fraction(5, 6)), Cause.NONE)
    word, _ = breaker(nearly).charge(NOW, 6_001, shadow=True)
    assert (word.count_tat, word.value_tat) == full
    word, _ = breaker(count_cap=0, value_cap=0).charge(NOW, 0, shadow=True)
    assert (word.count_tat, word.value_tat) == full


def test_usage__part_used_while_half_open__is_rounded_up():
    """`usage` speaks of effective caps: 7 of 15 sixteenths of 10 are 9."""
    word = BreakerWord(count_tat=used_count(Fraction(1, 2)), value_tat=used_value(Fraction(1, 2)))
    of = breaker(word, probation=1, count_cap=10, value_cap=1_001, half_open_scale=15)
    assert of.usage(NOW) == Usage(State.HALF_OPEN, 9, 5, 938, 469)
    assert of.having(word._replace(auto_until=1)).usage(NOW) == Usage(State.CLOSED, 10, 5, 1_001, 501)


# -------------------------------------------------------------------------------------------------- trips


@pytest.mark.parametrize(("level", "admitted"), [(50, 3), (51, 4), (66, 4), (67, 5), (100, 6)])
def test_charge__count_reaches_the_level__trips_behind_itself(level, admitted):
    """BR-5, last straw: the action that lifts the meter to the level is admitted, and opens the breaker."""
    of = breaker(trip_level=level, count_cap=6)
    for _ in range(admitted - 1):
        assert of.charge(NOW, 0)[1] is Cause.NONE
        of = admit(of)
    word, cause = of.charge(NOW, 0)
    assert cause is Cause.COUNT_LAST_STRAW
    assert of.having(word).state(NOW) is State.OPEN
    assert word.auto_until == NOW + COOLDOWN


@pytest.mark.parametrize(("value", "cause"), [(2_999, Cause.NONE), (3_000, Cause.VALUE_LAST_STRAW)])
def test_charge__value_reaches_the_level__trips(value, cause):
    """BR-5: the value meter trips as the count's does."""
    assert breaker(trip_level=50, count_cap=60).charge(NOW, value)[1] is cause


def test_charge__value_of_zero_on_a_full_value_meter__does_not_trip():
    """Spec 2.4: the value meter counts only if v > 0."""
    word = BreakerWord(value_tat=used_value(Fraction(1)))
    assert breaker(word, trip_level=50, count_cap=60).charge(NOW, 0)[1] is Cause.NONE


def test_charge__unknown_wallets__never_trip():
    """ID-5: the breaker that unknown wallets share does not trip by itself; a lineage's does."""
    assert breaker(subject=UNKNOWN, trip_level=1).charge(NOW, 0)[1] is Cause.NONE
    assert breaker(subject=LINEAGE, trip_level=1).charge(NOW, 0)[1] is Cause.COUNT_LAST_STRAW


@pytest.mark.parametrize(
    ("stored", "ago", "probation", "level"),
    [
        (0, 1, 2, 1),  # half-open: one more
        (3, 1, 2, 3),  # half-open: no more than the bound
        (3, 120, 2, 2),  # closed after one clean probation
        (3, 239, 2, 2),
        (3, 240, 2, 1),  # after two
        (1, 10_000, 2, 0),  # never below none
        (3, 1, 0, 0),  # no probation at all
    ],
)
def test_charge__trip_at_some_backoff__doubles_or_drops(stored, ago, probation, level):
    """BR-6: a trip in half-open doubles the cooldown, a clean probation takes one level away."""
    old = BreakerWord(auto_until=NOW - ago, backoff=stored, strikes=2)
    word, _ = breaker(old, trip_level=1, probation=probation).charge(NOW, 0)
    assert word.backoff == level
    assert word.auto_until == NOW + (COOLDOWN << level)
    assert word.strikes == 0


def test_charge__first_trip_of_a_fresh_agent__counts_as_half_open():
    """ID-9: a fresh agent is in probation, so its first trip has level 1; without probation 0."""
    assert breaker(trip_level=1, probation=1).charge(NOW, 0)[0].backoff == 1
    assert breaker(trip_level=1, probation=0).charge(NOW, 0)[0].backoff == 0


def test_charge__trip_near_the_end_of_time__saturates():
    """Spec 2.4: autoUntil is at most 2**32 - 1."""
    late = 2**32 - 100
    assert breaker(trip_level=1).charge(late, 0)[0].auto_until == 2**32 - 1


@pytest.mark.parametrize(("subject", "touched"), [(AGENT, NOW), (LINEAGE, 0), (UNKNOWN, 0)])
def test_charge__first_touch__starts_an_agents_probation(subject, touched):
    """Spec 2.4: the first charge of an agent's breaker stores now."""
    assert breaker(subject=subject).charge(NOW, 0)[0].auto_until == touched
    assert breaker(BreakerWord(auto_until=5), subject=subject).charge(NOW, 0)[0].auto_until == 5


@pytest.mark.parametrize(
    ("ago", "strikes", "since"), [(WINDOW - 1, 2, NOW - WINDOW + 1), (WINDOW, 1, NOW), (WINDOW + 1, 1, NOW)]
)
def test_strike__around_the_window__counts_or_begins_anew(ago, strikes, since):
    """BR-5: strikes count within one window from the first."""
    word, cause = breaker(BreakerWord(strikes=1, strike_since=NOW - ago)).strike(NOW)
    assert (word.strikes, word.strike_since, cause) == (strikes, since, Cause.NONE)


@pytest.mark.parametrize(("before", "cause"), [(1, Cause.NONE), (2, Cause.STRIKES)])
def test_strike__one_below_and_at_the_limit__trips(before, cause):
    """BR-5: the n-th denial within the window opens the breaker."""
    word, got = breaker(BreakerWord(strikes=before, strike_since=NOW), strikes=3).strike(NOW)
    assert got is cause
    assert word.auto_until == (NOW + COOLDOWN if cause else NOW)


def test_strike__never__saturates():
    """Limit 63 never trips, and the field holds 63."""
    word, cause = breaker(BreakerWord(strikes=63, strike_since=NOW)).strike(NOW)
    assert (word.strikes, cause) == (63, Cause.NONE)


# -------------------------------------------------------------------------------------------------- reset


@pytest.mark.parametrize("ago", [-500, 0, 119])
def test_reset_automatic__open_or_half_open__closes_and_keeps_the_level(ago):
    """Spec 4: the skipped probation is no clean one: a trip right after has the level it would have had."""
    old = BreakerWord(auto_until=NOW - ago, backoff=2, strikes=3)
    of = breaker(old, trip_level=1, probation=2)
    word = of.reset_automatic(NOW)
    assert word == old._replace(auto_until=NOW - 120, backoff=3, strikes=0)
    assert of.having(word).state(NOW) is State.CLOSED
    assert of.having(word).charge(NOW, 0)[0].backoff == 2


@pytest.mark.parametrize("auto_until", [0, NOW - 120])
def test_reset_automatic__nothing_to_clear__changes_nothing(auto_until):
    """Spec 4: neither a fresh agent's probation nor one that has passed."""
    old = BreakerWord(auto_until=auto_until, backoff=2, strikes=3)
    assert breaker(old, probation=2).reset_automatic(NOW) == old


def test_reset_automatic__no_probation__ends_now():
    """Spec 4: with P = 0 autoUntil = now and the backoff stays; at the bound it stays too."""
    old = BreakerWord(auto_until=NOW + 1, backoff=2)
    assert breaker(old).reset_automatic(NOW) == old._replace(auto_until=NOW)
    assert breaker(old._replace(auto_until=NOW)).reset_automatic(NOW) == old._replace(auto_until=NOW)
    assert breaker(old._replace(backoff=15), probation=1).reset_automatic(NOW).backoff == 15


# -------------------------------------------------------------------------------------------------- the loss bound


@given(
    st.lists(st.tuples(st.integers(0, 90), st.integers(0, 3_000), st.integers(1, 12)), min_size=2, max_size=40),
    st.integers(0, 3),
)
def test_charge__any_history_and_reconfiguration__stays_within_the_loss_bound(actions, probation):
    """BR-2: over any interval, sum(value / cap) <= 1 + t / window, whatever caps were set in between."""
    of, now = breaker(probation=probation), NOW
    taken: list[tuple[int, Fraction, Fraction]] = []
    for wait, value, scale in actions:
        now += wait
        changed = Limits(scale, scale * 500, 100, 2, COOLDOWN, 3, 8, probation)
        of = Breaker.of(1, of.word, LimitsWord.of(changed, LanePolicy(WINDOW)))
        if of.state(now) is not State.OPEN and of.check(now, value) is None:
            caps = of.effective(now)
            assert caps.actions
            assert caps.value
            taken.append((now, Fraction(1, caps.actions), Fraction(value, caps.value)))
            of = of.having(of.charge(now, value)[0])
    for first in range(len(taken)):
        for last in range(first, len(taken)):
            bound = 1 + Fraction(taken[last][0] - taken[first][0], WINDOW)
            assert sum(part for _, part, _ in taken[first : last + 1]) <= bound
            assert sum(part for _, _, part in taken[first : last + 1]) <= bound
