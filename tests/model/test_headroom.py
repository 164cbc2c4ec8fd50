"""Planning ahead: what a series takes now is what it then admits."""

from fractions import Fraction

from hypothesis import given
from hypothesis import strategies as st

from switchgear.model import Headroom, headroom
from switchgear.types import NEVER, NEVER_TRIP, UNLIMITED_COUNT, UNLIMITED_VALUE, State
from switchgear.words import BreakerWord
from tests.model.build import NOW, breaker, used_count, used_value


def test_headroom__two_breakers__takes_the_tighter_of_each():
    """The count of one and the value of the other."""
    few = breaker(BreakerWord(count_tat=used_count(Fraction(1, 2))))
    poor = breaker(BreakerWord(value_tat=used_value(Fraction(2, 3))), subject=2)
    assert headroom([few, poor], NOW, 100) == Headroom(3, 2_000, 0)
    assert headroom([few, poor], NOW, 3_000) == Headroom(0, 2_000, 10)


def test_headroom__open_or_unlimited_or_oversized__says_so():
    """Nothing through an open breaker, no bound without a cap, never for what a cap cannot hold."""
    assert headroom([breaker(BreakerWord(auto_until=NOW + 9))], NOW) == Headroom(0, 0, 9)
    assert headroom([breaker(BreakerWord(latched=1))], NOW) == Headroom(0, 0, NEVER)
    free = breaker(count_cap=UNLIMITED_COUNT, value_cap=UNLIMITED_VALUE)
    assert headroom([free], NOW, 10**30) == Headroom(None, None, 0)
    assert headroom([breaker()], NOW, 6_001) == Headroom(0, 6_000, NEVER)
    assert headroom([breaker(count_cap=0)], NOW) == Headroom(0, 0, NEVER)
    assert headroom([], NOW) == Headroom(None, None, 0)


@given(
    count=st.integers(1, 9),
    cap=st.integers(1, 2**60),
    value=st.integers(0, 2**60),
    level=st.sampled_from([1, 30, 99, 100, NEVER_TRIP]),
    used=st.tuples(st.integers(0, 60), st.integers(0, 60)),
    ago=st.integers(-20, 150),
)
def test_headroom__any_breaker__is_what_it_then_admits(count, cap, value, level, used, ago):
    """BR-5: actions fit one by one until a meter or a last straw ends it; one action takes the value and no more."""
    word = BreakerWord(
        count_tat=used_count(Fraction(used[0], 60)), value_tat=used_value(Fraction(used[1], 60)), auto_until=NOW - ago
    )
    of = breaker(word, count_cap=count, value_cap=cap, trip_level=level, probation=2)
    planned = headroom([of], NOW, value)
    assert planned.actions is not None
    assert planned.value is not None
    if of.state(NOW) is not State.OPEN:
        assert of.check(NOW, planned.value + 1) is not None
        assert of.check(NOW, 0) is not None or of.check(NOW, planned.value) is None
    admitted, after = 0, of
    while after.state(NOW) is not State.OPEN and after.check(NOW, value) is None:
        after = after.having(after.charge(NOW, value)[0])
        admitted += 1
    assert admitted == planned.actions
    assert (planned.retry_after == 0) == (admitted > 0)
    if planned.retry_after < NEVER:
        assert passes(of, NOW + planned.retry_after, value)
        assert not any(passes(of, NOW + early, value) for early in range(planned.retry_after))


def passes(of, now, value):
    """Whether the breaker lets one action through."""
    return of.state(now) is not State.OPEN and of.check(now, value) is None
