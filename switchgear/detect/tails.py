"""Tails of distributions, in bits: 10 bits are one chance in about a thousand. The one module that needs scipy."""

from __future__ import annotations

from math import log2

from scipy import special  # type: ignore[import-untyped]

BITS = 1000.0
"""The highest score of a tail: floating point has no smaller probabilities."""


def bits(probability: float) -> float:
    """A probability as surprise.

    >>> bits(0.25)
    2.0
    """
    return min(BITS, -log2(probability)) if probability > 0 else BITS


def negative_binomial(count: int, mean: float, variance: float) -> float:
    """Bits of P(X >= count) for a negative binomial of this mean and greater variance.

    >>> negative_binomial(0, 1.0, 2.0), negative_binomial(1, 1.0, 2.0)
    (0.0, 1.0)
    """
    if count <= 0:
        return 0.0
    shape = mean * mean / (variance - mean)
    return bits(float(special.betainc(count, shape, mean / (mean + shape))))


def binomial(count: int, trials: int, chance: float) -> float:
    """Bits of P(X >= count) for a binomial.

    >>> binomial(0, 3, 0.5), binomial(3, 3, 0.5)
    (0.0, 3.0)
    """
    return bits(float(special.bdtrc(count - 1, trials, chance))) if count > 0 else 0.0


def highest_chance(yes: float, no: float, confidence: float) -> float:
    """The chance that a Beta of so many successes and failures exceeds with `1 - confidence` only.

    >>> round(highest_chance(1, 1, 0.9), 3)
    0.9
    """
    return float(special.betaincinv(yes, no, confidence))


def highest_mean(events: float, confidence: float) -> float:
    """The highest mean of a Poisson that so few events leave likely.

    >>> round(highest_mean(0, 0.95), 2)
    3.0
    """
    return float(special.gammaincinv(events + 1, confidence))
