// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {CAUSE_ADMIN, CAUSE_GUARDIAN, CAUSE_PROTOCOL, LimitsWord, UnknownPolicy} from "../types/Types.sol";
import {Guardians} from "./Guardians.sol";

/// @notice Fields and transitions of a LimitsWord: countCap 24 | valueCap 64 | lineageCount 12 | lineageValue 12 | window 24 | tripLevel 7 |
/// strikes 6 | cooldown 16 | maxBackoff 4 | halfOpenScale 4 | probation 4 | share 7 | flags 8 | registry 20 || latched 4 |
/// guardianUntil 32 | spent 8.
library LimitsWords {
    uint256 internal constant CONFIGURATION = (1 << 212) - 1;
    uint256 internal constant PLAIN = 1 << 190;
    uint256 internal constant UNLIMITED_COUNT = type(uint24).max;
    uint256 internal constant UNLIMITED_VALUE = type(uint64).max;
    uint256 internal constant NEVER_TRIP = 127;
    uint256 internal constant NEVER_STRIKE = 63;
    uint256 private constant GUARDED = 216; // guardianUntil 32 | spent 8

    function countCap(LimitsWord w) internal pure returns (uint256) {
        return LimitsWord.unwrap(w) & 0xFFFFFF;
    }

    /// @notice The value cap as stored: exponent 8 | mantissa 56.
    function valueCap(LimitsWord w) internal pure returns (uint256) {
        return (LimitsWord.unwrap(w) >> 24) & type(uint64).max;
    }

    function lineageCount(LimitsWord w) internal pure returns (uint256) {
        return (LimitsWord.unwrap(w) >> 88) & 0xFFF;
    }

    function lineageValue(LimitsWord w) internal pure returns (uint256) {
        return (LimitsWord.unwrap(w) >> 100) & 0xFFF;
    }

    function window(LimitsWord w) internal pure returns (uint256) {
        return (LimitsWord.unwrap(w) >> 112) & 0xFFFFFF;
    }

    function tripLevel(LimitsWord w) internal pure returns (uint256) {
        return (LimitsWord.unwrap(w) >> 136) & 0x7F;
    }

    function strikes(LimitsWord w) internal pure returns (uint256) {
        return (LimitsWord.unwrap(w) >> 143) & 0x3F;
    }

    function cooldown(LimitsWord w) internal pure returns (uint256) {
        return (LimitsWord.unwrap(w) >> 149) & 0xFFFF;
    }

    function maxBackoff(LimitsWord w) internal pure returns (uint256) {
        return (LimitsWord.unwrap(w) >> 165) & 0xF;
    }

    function halfOpenScale(LimitsWord w) internal pure returns (uint256) {
        return (LimitsWord.unwrap(w) >> 169) & 0xF;
    }

    function probation(LimitsWord w) internal pure returns (uint256) {
        return (LimitsWord.unwrap(w) >> 173) & 0xF;
    }

    function share(LimitsWord w) internal pure returns (uint256) {
        return (LimitsWord.unwrap(w) >> 177) & 0x7F;
    }

    function shadow(LimitsWord w) internal pure returns (bool) {
        return LimitsWord.unwrap(w) & (1 << 184) != 0;
    }

    function lineage(LimitsWord w) internal pure returns (bool) {
        return LimitsWord.unwrap(w) & (1 << 185) != 0;
    }

    function unknown(LimitsWord w) internal pure returns (UnknownPolicy) {
        return UnknownPolicy((LimitsWord.unwrap(w) >> 186) & 3);
    }

    function attested(LimitsWord w) internal pure returns (bool) {
        return LimitsWord.unwrap(w) & (1 << 188) != 0;
    }

    function live(LimitsWord w) internal pure returns (bool) {
        return LimitsWord.unwrap(w) & (1 << 189) != 0;
    }

    /// @notice Index of the identity registry the lane accepts; 0 for any.
    function registry(LimitsWord w) internal pure returns (uint256) {
        return (LimitsWord.unwrap(w) >> 192) & 0xFFFFF;
    }

    function configuration(LimitsWord w) internal pure returns (uint256) {
        return LimitsWord.unwrap(w) & CONFIGURATION;
    }

    /// @notice The word with another configuration and the same state.
    function withConfiguration(LimitsWord w, uint256 value) internal pure returns (LimitsWord) {
        return LimitsWord.wrap((LimitsWord.unwrap(w) & ~CONFIGURATION) | value);
    }

    /// @notice Seconds until the lane's own breaker closes by itself: 0 if closed, `type(uint32).max` if it never does.
    function wait(LimitsWord w, uint256 now_) internal pure returns (uint32) {
        unchecked {
            if ((LimitsWord.unwrap(w) >> 212) & 0xF != 0) return type(uint32).max;
            uint256 until = uint32(LimitsWord.unwrap(w) >> GUARDED);
            return now_ < until ? uint32(until - now_) : 0;
        }
    }

    /// @param bit 0 for the protocol, 1 for its admin.
    function latch(LimitsWord w, uint256 bit) internal pure returns (LimitsWord) {
        return LimitsWord.wrap(LimitsWord.unwrap(w) | (1 << (212 + bit)));
    }

    function isSpent(LimitsWord w, uint256 bit) internal pure returns (bool) {
        return Guardians.isSpent(LimitsWord.unwrap(w) >> GUARDED, bit);
    }

    function guardianTrip(LimitsWord w, uint256 bound, uint256 bit, uint256 now_)
        internal
        pure
        returns (LimitsWord, uint32 until)
    {
        uint256 raw = LimitsWord.unwrap(w);
        uint256 field;
        (field, until) = Guardians.trip((raw >> GUARDED) & Guardians.MASK, bound, bit, now_);
        return (LimitsWord.wrap((raw & ~(Guardians.MASK << GUARDED)) | (field << GUARDED)), until);
    }

    /// @notice Clear causes of the lane's own breaker.
    function reset(LimitsWord w, uint8 causes) internal pure returns (LimitsWord) {
        uint256 raw = LimitsWord.unwrap(w);
        if (causes & CAUSE_GUARDIAN != 0) raw &= ~(Guardians.MASK << GUARDED);
        if (causes & CAUSE_PROTOCOL != 0) raw &= ~(uint256(1) << 212);
        if (causes & CAUSE_ADMIN != 0) raw &= ~(uint256(1) << 213);
        return LimitsWord.wrap(raw);
    }
}
