"""Packed words: every field at its bit, and the float that a value cap is stored as."""

from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from switchgear.types import UNLIMITED_VALUE, LanePolicy, Limits, Reason, Scope, UnknownPolicy, Verdict
from switchgear.words import (
    AgentWord,
    BreakerWord,
    LimitsWord,
    WalletWord,
    decode_verdict,
    encode_verdict,
    load_value_cap,
    store_value_cap,
)

# Lowest bit of each field, added up by hand from contracts/types/Types.sol.
LAYOUTS = {
    WalletWord: {"agent": 0, "epoch": 32, "expiry": 56, "nonce": 96, "revoked_at": 136},
    AgentWord: {
        "lineage": 0,
        "parent": 32,
        "registry": 64,
        "depth": 84,
        "epoch": 87,
        "latched": 111,
        "guardian_until": 117,
        "spent": 149,
        "beat_deadline": 157,
        "beat_interval": 189,
        "attested": 213,
        "enrolled_at": 214,
    },
    LimitsWord: {
        "count_cap": 0,
        "value_cap": 24,
        "lineage_count": 88,
        "lineage_value": 100,
        "window": 112,
        "trip_level": 136,
        "strikes": 143,
        "cooldown": 149,
        "max_backoff": 165,
        "half_open_scale": 169,
        "probation": 173,
        "share": 177,
        "flags": 184,
        "registry": 192,
        "latched": 212,
        "guardian_until": 216,
        "spent": 248,
    },
    BreakerWord: {
        "count_tat": 0,
        "value_tat": 56,
        "strikes": 120,
        "strike_since": 126,
        "auto_until": 158,
        "guardian_until": 190,
        "spent": 222,
        "latched": 230,
        "cause": 238,
        "backoff": 240,
        "overridden": 244,
        "accepted": 245,
    },
}
FIELDS = [(word, field, bit) for word, layout in LAYOUTS.items() for field, bit in layout.items()]


@pytest.mark.parametrize(("word", "field", "bit"), FIELDS, ids=lambda value: getattr(value, "__name__", str(value)))
def test_encode__one_field_set__lies_at_its_bit(word, field, bit):
    """A field of one is one bit of the word, and comes back."""
    encoded = word(**{field: 1}).encode()
    assert encoded == 1 << bit
    assert word.decode(encoded) == word(**{field: 1})


@pytest.mark.parametrize("word", LAYOUTS, ids=lambda word: word.__name__)
def test_encode__field_too_large__raises(word):
    """A field never spills into the next."""
    bits = list(LAYOUTS[word].values())
    with pytest.raises(OverflowError, match="does not fit"):
        word(*[2 ** (bits[1] - bits[0])], *[0] * (len(bits) - 1)).encode()


@given(st.data())
def test_decode__any_word__encodes_to_the_same(data):
    """Decoding loses nothing of the bits in use."""
    for word, width in ((WalletWord, 176), (AgentWord, 246), (LimitsWord, 256), (BreakerWord, 246)):
        number = data.draw(st.integers(0, 2**width - 1))
        assert word.decode(number).encode() == number


def test_encode_verdict__each_field__lies_at_its_bit():
    """Bits of a verdict from the lowest: admitted 8, reason 8, scope 8, distance 8, retryAfter 32, agent 32."""
    verdict = Verdict(True, Reason.COUNT_LIMIT, Scope.ANCESTOR, 3, 17, 5)
    word = 1 | 9 << 8 | 7 << 16 | 3 << 24 | 17 << 32 | 5 << 64
    assert encode_verdict(verdict) == word
    assert decode_verdict(word) == verdict


@pytest.mark.parametrize(
    ("cap", "stored"),
    [
        (0, 0),
        (2**56 - 1, 2**56 - 1),
        (2**56, 1 << 56 | 2**55),
        (2**56 + 1, 1 << 56 | 2**55),
        (2**57 - 1, 1 << 56 | 2**56 - 1),
        (2**236 - 1, 180 << 56 | 2**56 - 1),
        (UNLIMITED_VALUE, 2**64 - 1),
    ],
)
def test_store_value_cap__around_the_mantissa__rounds_down(cap, stored):
    """Spec 2.1: e = max(0, bits - 56), m = cap >> e, all ones is unlimited (BR-10)."""
    assert store_value_cap(cap) == stored


@pytest.mark.parametrize("cap", [2**236, UNLIMITED_VALUE - 1])
def test_store_value_cap__finite_and_too_large__raises(cap):
    """The largest finite cap is below 2**236."""
    with pytest.raises(OverflowError):
        store_value_cap(cap)


@given(st.integers(0, 2**236 - 1), st.integers(0, 2**236 - 1))
def test_store_value_cap__two_caps__keeps_their_order(one, other):
    """The stored integers have the order of the caps; a cap is never rounded up, nor down by 2**-55 of it."""
    assert (store_value_cap(one) <= store_value_cap(other)) >= (one <= other)
    stored = load_value_cap(store_value_cap(one))
    assert stored <= one
    assert one == 0 or Fraction(one - stored, one) < Fraction(1, 2**55)


@pytest.mark.parametrize(
    ("changed", "flags"),
    [
        ({"shadow": True}, 1),
        ({"lineage": True}, 2),
        ({"unknown": UnknownPolicy.SHARED}, 4),
        ({"unknown": UnknownPolicy.EXEMPT}, 8),
        ({"attested": True}, 16),
        ({"live": True}, 32),
    ],
)
def test_of__one_flag_of_the_policy__is_its_bit_and_property(changed, flags):
    """The lane's flags."""
    word = LimitsWord.of(Limits(0, 1, 127, 63, 7_201, 0, 8, 0), LanePolicy(60, **changed))
    assert word.flags == flags
    ((name, value),) = changed.items()
    assert getattr(word, name) == value


@pytest.mark.parametrize(
    ("limits", "policy", "registry", "plain"),
    [
        ({}, {}, 0, True),
        ({}, {"share": 50, "lineage_count": 2, "lineage_value": 3}, 0, True),
        ({}, {"unknown": UnknownPolicy.EXEMPT, "lineage": True}, 0, True),
        ({}, {"share": 99}, 0, False),
        ({}, {"share": 50, "lineage_count": 2, "lineage_value": 1}, 0, False),
        ({}, {"shadow": True}, 0, False),
        ({}, {"live": True}, 0, False),
        ({}, {"attested": True}, 0, False),
        ({}, {}, 1, False),
        ({"count_cap": 0}, {}, 0, False),
        ({"count_cap": 2**24 - 1}, {}, 0, False),
        ({"value_cap": 0}, {}, 0, False),
        ({"value_cap": UNLIMITED_VALUE}, {}, 0, False),
    ],
)
def test_of__anything_that_is_not_plain__is_not_marked_so(limits, policy, registry, plain):
    """Spec 2: the derived bit; finite caps that are not 0, nothing special, share * multiple of at least 100."""
    word = LimitsWord.of(Limits(1, 1, 127, 63, 7_201, 0, 8, 0)._replace(**limits), LanePolicy(60, **policy), registry)
    assert bool(word.flags & 64) == plain
