// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {
    BreakerWord,
    CAUSE_ADMIN,
    CAUSE_AUTOMATIC,
    CAUSE_GUARDIAN,
    CAUSE_PROTOCOL,
    Cause,
    LimitsWord,
    Subject
} from "../types/Types.sol";
import {Guardians} from "./Guardians.sol";
import {LimitsWords} from "./LimitsWords.sol";

/// @notice Fields and state transitions of a BreakerWord: countTat 56 | valueTat 64 | strikes 6 | strikeSince 32 | autoUntil 32 |
/// guardianUntil 32 | spent 8 | latched 8 | cause 2 | backoff 4 | overridden 1 | accepted 1. Nothing here needs a keeper: half-open,
/// closed again and a lower backoff are all derived from `autoUntil`, the end of the last automatic trip (BR-6).
/// @dev `probation` is in seconds.
library BreakerWords {
    using LimitsWords for LimitsWord;

    uint256 private constant STRIKES = 120; // strikes 6 | strikeSince 32
    uint256 private constant AUTO = 158;
    uint256 private constant GUARDED = 190; // guardianUntil 32 | spent 8
    uint256 private constant LATCHED = 230;
    uint256 private constant CAUSE = 238; // cause 2 | backoff 4
    uint256 private constant BACKOFF = 240;
    uint256 private constant OVERRIDDEN = 244;
    uint256 private constant ACCEPTED = 245;

    function autoUntil(BreakerWord w) internal pure returns (uint256) {
        return uint32(BreakerWord.unwrap(w) >> AUTO);
    }

    function backoff(BreakerWord w) internal pure returns (uint256) {
        return (BreakerWord.unwrap(w) >> BACKOFF) & 0xF;
    }

    function overridden(BreakerWord w) internal pure returns (bool) {
        return (BreakerWord.unwrap(w) >> OVERRIDDEN) & 1 != 0;
    }

    function accepted(BreakerWord w) internal pure returns (bool) {
        return (BreakerWord.unwrap(w) >> ACCEPTED) & 1 != 0;
    }

    /// @notice Seconds until it stops being open by itself: 0 if it is not open, `type(uint32).max` if latched.
    function wait(BreakerWord w, uint256 now_) internal pure returns (uint32) {
        unchecked {
            uint256 raw = BreakerWord.unwrap(w);
            if ((raw >> LATCHED) & 0xFF != 0) return type(uint32).max;
            uint256 until = uint32(raw >> AUTO);
            uint256 guardian = uint32(raw >> GUARDED);
            if (guardian > until) until = guardian;
            return now_ < until ? uint32(until - now_) : 0;
        }
    }

    /// @notice Seconds until a half-open breaker closes; 0 if it is closed. It is not open.
    /// @dev An agent's breaker that was never touched counts as half-open (ID-9).
    function toClosed(BreakerWord w, uint256 probation, Subject subject, uint256 now_) internal pure returns (uint256) {
        unchecked {
            uint256 since = autoUntil(w);
            if (since == 0) return subject.isAgent() ? probation : 0;
            uint256 end = since + probation;
            return now_ < end ? end - now_ : 0;
        }
    }

    /// @notice Start the clock of a fresh agent's probation at its first charge or strike.
    function touch(BreakerWord w, uint256 now_) internal pure returns (BreakerWord) {
        return autoUntil(w) == 0 ? BreakerWord.wrap(BreakerWord.unwrap(w) | (now_ << AUTO)) : w;
    }

    /// @notice Open it for the cooldown: doubled in half-open, one level less for each clean probation before (BR-6).
    function autoTrip(BreakerWord w, LimitsWord limits, uint256 probation, Subject subject, Cause cause, uint256 now_)
        internal
        pure
        returns (BreakerWord, uint32 until)
    {
        unchecked {
            uint256 level = backoff(w);
            if (toClosed(w, probation, subject, now_) != 0) {
                ++level;
            } else if (probation == 0) {
                level = 0;
            } else {
                uint256 clean = (now_ - autoUntil(w)) / probation;
                level = level > clean ? level - clean : 0;
            }
            uint256 most = limits.maxBackoff();
            if (level > most) level = most;

            uint256 end = now_ + (limits.cooldown() << level);
            until = end > type(uint32).max ? type(uint32).max : uint32(end);
            uint256 raw = BreakerWord.unwrap(w);
            raw &= ~((uint256(0x3F) << STRIKES) | (uint256(type(uint32).max) << AUTO) | (uint256(0x3F) << CAUSE));
            return
                (
                    BreakerWord.wrap(raw | (uint256(until) << AUTO) | (uint256(cause) << CAUSE) | (level << BACKOFF)),
                    until
                );
        }
    }

    /// @notice Record a denial by the breaker's own meter (BR-5).
    /// @return due Whether the strikes within the window have reached the limit.
    function strike(BreakerWord w, LimitsWord limits, uint256 window, uint256 now_)
        internal
        pure
        returns (BreakerWord, bool due)
    {
        unchecked {
            uint256 raw = BreakerWord.unwrap(w);
            uint256 count = (raw >> STRIKES) & 0x3F;
            uint256 since = uint32(raw >> (STRIKES + 6));
            if (count == 0 || now_ >= since + window) {
                count = 1;
                since = now_;
            } else if (count < 0x3F) {
                ++count;
            }
            raw = (raw & ~(uint256((1 << 38) - 1) << STRIKES)) | (count << STRIKES) | (since << (STRIKES + 6));
            uint256 limit = limits.strikes();
            return (BreakerWord.wrap(raw), limit != LimitsWords.NEVER_STRIKE && count >= limit);
        }
    }

    /// @param bit 0 for the protocol, 1 for its admin.
    function latch(BreakerWord w, uint256 bit) internal pure returns (BreakerWord) {
        return BreakerWord.wrap(BreakerWord.unwrap(w) | (1 << (LATCHED + bit)));
    }

    function isSpent(BreakerWord w, uint256 bit) internal pure returns (bool) {
        return Guardians.isSpent(BreakerWord.unwrap(w) >> GUARDED, bit);
    }

    function guardianTrip(BreakerWord w, uint256 bound, uint256 bit, uint256 now_)
        internal
        pure
        returns (BreakerWord, uint32 until)
    {
        uint256 raw = BreakerWord.unwrap(w);
        uint256 field;
        (field, until) = Guardians.trip((raw >> GUARDED) & Guardians.MASK, bound, bit, now_);
        return (BreakerWord.wrap((raw & ~(Guardians.MASK << GUARDED)) | (field << GUARDED)), until);
    }

    /// @notice Clear causes; meters stay. An automatic trip is closed without probation: the end of its probation is moved to now, and
    /// the backoff is raised by the one that this would count as clean.
    function reset(BreakerWord w, uint8 causes, uint256 probation, uint256 now_) internal pure returns (BreakerWord) {
        unchecked {
            uint256 raw = BreakerWord.unwrap(w);
            uint256 since = autoUntil(w);
            if (causes & CAUSE_AUTOMATIC != 0 && since != 0 && now_ < since + probation) {
                uint256 level = backoff(w);
                if (probation != 0 && level < 0xF) ++level;
                raw &= ~((uint256(0x3F) << STRIKES) | (uint256(type(uint32).max) << AUTO) | (uint256(0xF) << BACKOFF));
                raw |= ((now_ > probation ? now_ - probation : 1) << AUTO) | (level << BACKOFF);
            }
            if (causes & CAUSE_GUARDIAN != 0) raw &= ~(Guardians.MASK << GUARDED);
            if (causes & CAUSE_PROTOCOL != 0) raw &= ~(uint256(1) << LATCHED);
            if (causes & CAUSE_ADMIN != 0) raw &= ~(uint256(2) << LATCHED);
            return BreakerWord.wrap(raw);
        }
    }

    function setOverridden(BreakerWord w, bool on) internal pure returns (BreakerWord) {
        return _setBit(w, OVERRIDDEN, on);
    }

    function setAccepted(BreakerWord w, bool on) internal pure returns (BreakerWord) {
        return _setBit(w, ACCEPTED, on);
    }

    function _setBit(BreakerWord w, uint256 offset, bool on) private pure returns (BreakerWord) {
        uint256 raw = BreakerWord.unwrap(w) & ~(uint256(1) << offset);
        return BreakerWord.wrap(on ? raw | (1 << offset) : raw);
    }
}
