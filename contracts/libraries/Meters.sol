// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {BreakerWord, Cause, LimitsWord, Reason} from "../types/Types.sol";
import {LimitsWords} from "./LimitsWords.sol";

/// @notice The caps a breaker is metered by, on the stack: count 64 | mantissa 128 | exponent 8. The value cap is
/// `mantissa << exponent`; a count or mantissa of all ones is unlimited.
type Caps is uint256;

using Meters for Caps global;

/// @notice The two meters of a breaker: a token bucket each, stored as GCRA in one timestamp (theoretical arrival time, TAT).
/// Charging v moves the TAT by v * window / cap; it fits while TAT - now <= window. All rounding is against the agent (BR-2).
/// @dev Unchecked: times are below 2**32, windows 2**24, counts 2**36, mantissas 2**68, exponents at most 180, percentages 2**7.
library Meters {
    using LimitsWords for LimitsWord;

    uint256 internal constant UNLIMITED_COUNT = type(uint64).max;
    uint256 internal constant UNLIMITED_VALUE = type(uint128).max;
    uint256 private constant NEVER = type(uint32).max;
    uint256 private constant COUNT_TAT = (1 << 56) - 1;
    uint256 private constant VALUE_TAT = uint256(type(uint64).max) << 56;

    function count(Caps caps) internal pure returns (uint256) {
        return uint64(Caps.unwrap(caps));
    }

    function mantissa(Caps caps) internal pure returns (uint256) {
        return uint128(Caps.unwrap(caps) >> 64);
    }

    function exponent(Caps caps) internal pure returns (uint256) {
        return Caps.unwrap(caps) >> 192;
    }

    /// @notice The value cap as a plain number; meaningless if unlimited.
    function value(Caps caps) internal pure returns (uint256) {
        return mantissa(caps) << exponent(caps);
    }

    /// @notice Closed caps as configured.
    function capsOf(LimitsWord limits) internal pure returns (Caps) {
        return multipliedCapsOf(limits, 1, 1);
    }

    /// @notice Closed caps of a lineage: the lane's, multiplied.
    function lineageCapsOf(LimitsWord lane) internal pure returns (Caps) {
        return multipliedCapsOf(lane, lane.lineageCount(), lane.lineageValue());
    }

    /// @notice Limit one member's closed caps to its percentage of the lineage's.
    function clamp(Caps caps, Caps lineage, uint256 share) internal pure returns (Caps) {
        unchecked {
            uint256 counted = count(caps);
            uint256 most = count(lineage);
            if (most != UNLIMITED_COUNT) {
                most = _portion(most, share, 100);
                if (most < counted) counted = most;
            }
            most = mantissa(lineage);
            if (most != UNLIMITED_VALUE) {
                most = _portion(most, share, 100);
                if (mantissa(caps) == UNLIMITED_VALUE || most << exponent(lineage) < value(caps)) {
                    return _pack(counted, most, exponent(lineage));
                }
            }
            return Caps.wrap((Caps.unwrap(caps) & ~UNLIMITED_COUNT) | counted);
        }
    }

    /// @notice Reduce closed caps to the half-open ones.
    function scale(Caps caps, uint256 sixteenths) internal pure returns (Caps) {
        uint256 counted = count(caps);
        if (counted != UNLIMITED_COUNT) counted = _portion(counted, sixteenths, 16);
        uint256 most = mantissa(caps);
        if (most != UNLIMITED_VALUE) most = _portion(most, sixteenths, 16);
        return _pack(counted, most, exponent(caps));
    }

    /// @notice Charge one action of `amount`.
    /// @param caps Effective caps.
    /// @param closed Caps of the same breaker when closed, and `toClosed` the seconds until then.
    /// @param window Seconds.
    /// @param level Trip level in percent, or NEVER_TRIP.
    /// @return charged The word after it; a meter that is exceeded is full.
    /// @return straw What opens the breaker behind this action, if it is admitted (last straw, BR-5).
    /// @return reason The first meter that is exceeded, `None` if all fits.
    /// @return wait Seconds until it would fit.
    function charge(
        BreakerWord word,
        Caps caps,
        Caps closed,
        uint256 window,
        uint256 level,
        uint256 amount,
        uint256 toClosed
    ) internal view returns (BreakerWord charged, Cause straw, Reason reason, uint256 wait) {
        unchecked {
            uint256 raw = BreakerWord.unwrap(word);
            uint256 cap = count(caps);
            // A percentage that no meter reaches.
            if (level == LimitsWords.NEVER_TRIP) level = type(uint32).max;
            if (cap != UNLIMITED_COUNT) {
                uint256 start = block.timestamp << 24;
                uint256 full = window << 24;
                uint256 taken = _later(raw & COUNT_TAT, start) - start + _ceilDiv(full, cap);
                if (_either(cap == 0, taken > full)) {
                    (reason, wait) =
                        cap == 0 ? (Reason.ZeroLimit, NEVER) : (Reason.CountLimit, _ceilShift(taken - full, 24));
                    taken = full;
                }
                if (taken * 100 >= level * full) straw = Cause.CountLastStraw;
                raw = (raw & ~COUNT_TAT) | (start + taken);
            }
            cap = mantissa(caps);
            if (cap != UNLIMITED_VALUE) {
                uint256 start = block.timestamp << 32;
                uint256 full = window << 32;
                uint256 taken;
                if (_either(cap == 0, amount > value(caps))) {
                    if (reason == Reason.None) {
                        if (cap == 0) (reason, wait) = (Reason.ZeroLimit, NEVER);
                        else if (amount > value(closed)) (reason, wait) = (Reason.ValueOversized, NEVER);
                        else (reason, wait) = (Reason.ValueLimit, toClosed);
                    }
                    taken = full;
                } else {
                    if (amount == 0) return (BreakerWord.wrap(raw), straw, reason, wait);
                    taken = _later((raw & VALUE_TAT) >> 56, start) - start
                        + _ceilDiv(_ceilShift(amount, exponent(caps)) * full, cap);
                    if (taken > full) {
                        if (reason == Reason.None) (reason, wait) = (Reason.ValueLimit, _ceilShift(taken - full, 32));
                        taken = full;
                    }
                    if (_both(taken * 100 >= level * full, straw == Cause.None)) straw = Cause.ValueLastStraw;
                }
                raw = (raw & ~VALUE_TAT) | ((start + taken) << 56);
            }
            charged = BreakerWord.wrap(raw);
        }
    }

    /// @notice Used part of effective caps, rounded up; 0 for what is not metered.
    function used(BreakerWord word, Caps caps, uint256 window, uint256 now_)
        internal
        pure
        returns (uint256 counted, uint256 amount)
    {
        unchecked {
            uint256 raw = BreakerWord.unwrap(word);
            if (count(caps) != UNLIMITED_COUNT) {
                uint256 start = now_ << 24;
                counted = _ceilDiv((_later(raw & COUNT_TAT, start) - start) * count(caps), window << 24);
            }
            if (mantissa(caps) != UNLIMITED_VALUE) {
                uint256 start = now_ << 32;
                amount = (_later((raw & VALUE_TAT) >> 56, start) - start) * mantissa(caps);
                amount = _ceilDiv(amount, window << 32) << exponent(caps);
            }
        }
    }

    function multipliedCapsOf(LimitsWord limits, uint256 countFactor, uint256 valueFactor)
        internal
        pure
        returns (Caps)
    {
        unchecked {
            uint256 counted = limits.countCap();
            uint256 amount = limits.valueCap();
            counted = counted == LimitsWords.UNLIMITED_COUNT ? UNLIMITED_COUNT : counted * countFactor;
            if (amount == LimitsWords.UNLIMITED_VALUE) return _pack(counted, UNLIMITED_VALUE, 0);
            return _pack(counted, (amount & COUNT_TAT) * valueFactor, amount >> 56);
        }
    }

    function _pack(uint256 counted, uint256 amount, uint256 exponent_) private pure returns (Caps) {
        return Caps.wrap(counted | (amount << 64) | (exponent_ << 192));
    }

    /// @dev At least 1 of what is not 0: a fraction must not turn a small cap into a denial.
    function _portion(uint256 cap, uint256 part, uint256 whole) private pure returns (uint256 portion) {
        unchecked {
            portion = cap * part / whole;
            if (portion == 0 && cap != 0) portion = 1;
        }
    }

    /// @dev Without a branch, as the next two.
    function _either(bool a, bool b) private pure returns (bool c) {
        assembly ("memory-safe") {
            c := or(a, b)
        }
    }

    function _both(bool a, bool b) private pure returns (bool c) {
        assembly ("memory-safe") {
            c := and(a, b)
        }
    }

    function _later(uint256 a, uint256 b) private pure returns (uint256 later) {
        assembly ("memory-safe") {
            later := xor(a, mul(xor(a, b), gt(b, a)))
        }
    }

    /// @dev 0 if `b` is 0.
    function _ceilDiv(uint256 a, uint256 b) private pure returns (uint256 quotient) {
        assembly ("memory-safe") {
            quotient := div(sub(add(a, b), 1), b)
        }
    }

    function _ceilShift(uint256 a, uint256 bits) private pure returns (uint256) {
        unchecked {
            return (a + (1 << bits) - 1) >> bits;
        }
    }
}
