// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {AgentWord, CAUSE_GUARDIAN, CAUSE_HEARTBEAT, CAUSE_OWNER} from "../types/Types.sol";
import {Guardians} from "./Guardians.sol";

/// @notice Fields and transitions of an AgentWord, the kill switch included: lineage 32 | parent 32 | registry 20 | depth 3 | epoch 24 |
/// latched 6 | guardianUntil 32 | spent 8 | beatDeadline 32 | beatInterval 24 | attested 1 | enrolledAt 32.
library AgentWords {
    uint256 private constant EPOCH = 87;
    uint256 private constant LATCHED = 111;
    uint256 private constant GUARDED = 117; // guardianUntil 32 | spent 8
    uint256 private constant DEADLINE = 157;
    uint256 private constant INTERVAL = 189;
    uint256 private constant ATTESTED = 213;
    uint256 private constant ENROLLED = 214;

    /// @notice A newly enrolled agent.
    function create(uint32 lineage_, uint32 parent_, uint256 registry_, uint256 depth_, uint256 now_)
        internal
        pure
        returns (AgentWord)
    {
        return AgentWord.wrap(
            uint256(lineage_) | (uint256(parent_) << 32) | (registry_ << 64) | (depth_ << 84) | (now_ << ENROLLED)
        );
    }

    function lineage(AgentWord w) internal pure returns (uint32) {
        return uint32(AgentWord.unwrap(w));
    }

    function parent(AgentWord w) internal pure returns (uint32) {
        return uint32(AgentWord.unwrap(w) >> 32);
    }

    /// @notice Index of its identity registry.
    function registry(AgentWord w) internal pure returns (uint256) {
        return (AgentWord.unwrap(w) >> 64) & 0xFFFFF;
    }

    /// @notice Generations below its root.
    function depth(AgentWord w) internal pure returns (uint256) {
        return (AgentWord.unwrap(w) >> 84) & 7;
    }

    /// @notice Number of owner changes; bindings of another epoch do not count.
    function epoch(AgentWord w) internal pure returns (uint24) {
        return uint24(AgentWord.unwrap(w) >> EPOCH);
    }

    function latched(AgentWord w) internal pure returns (uint256) {
        return (AgentWord.unwrap(w) >> LATCHED) & 0x3F;
    }

    function guardianUntil(AgentWord w) internal pure returns (uint32) {
        return uint32(AgentWord.unwrap(w) >> GUARDED);
    }

    function beatDeadline(AgentWord w) internal pure returns (uint32) {
        return uint32(AgentWord.unwrap(w) >> DEADLINE);
    }

    function beatInterval(AgentWord w) internal pure returns (uint24) {
        return uint24(AgentWord.unwrap(w) >> INTERVAL);
    }

    function attested(AgentWord w) internal pure returns (bool) {
        return (AgentWord.unwrap(w) >> ATTESTED) & 1 != 0;
    }

    /// @notice Whether a heartbeat is due and was missed (BR-14).
    function missed(AgentWord w, uint256 now_) internal pure returns (bool) {
        return beatInterval(w) != 0 && now_ > beatDeadline(w);
    }

    /// @notice Seconds until the kill switch closes by itself: 0 if closed, `type(uint32).max` if it never does.
    function wait(AgentWord w, uint256 now_) internal pure returns (uint32) {
        if (latched(w) != 0 || missed(w, now_)) return type(uint32).max;
        uint256 until = guardianUntil(w);
        return now_ < until ? uint32(until - now_) : 0;
    }

    /// @dev Checked: 2**24 transfers of one token would overflow, and must not spill into the kill switch.
    function nextEpoch(AgentWord w) internal pure returns (AgentWord) {
        return _set(w, EPOCH, 0xFFFFFF, uint256(epoch(w) + 1));
    }

    function latchOwner(AgentWord w) internal pure returns (AgentWord) {
        return AgentWord.wrap(AgentWord.unwrap(w) | (1 << LATCHED));
    }

    function isSpent(AgentWord w, uint256 bit) internal pure returns (bool) {
        return Guardians.isSpent(AgentWord.unwrap(w) >> GUARDED, bit);
    }

    function guardianTrip(AgentWord w, uint256 bound, uint256 bit, uint256 now_)
        internal
        pure
        returns (AgentWord, uint32 until)
    {
        uint256 raw = AgentWord.unwrap(w);
        uint256 field;
        (field, until) = Guardians.trip((raw >> GUARDED) & Guardians.MASK, bound, bit, now_);
        return (AgentWord.wrap((raw & ~(Guardians.MASK << GUARDED)) | (field << GUARDED)), until);
    }

    /// @param deadline Saturates at the last second that 32 bits hold.
    function setHeartbeat(AgentWord w, uint256 interval, uint256 deadline) internal pure returns (AgentWord) {
        if (deadline > type(uint32).max) deadline = type(uint32).max;
        return _set(_set(w, INTERVAL, 0xFFFFFF, interval), DEADLINE, type(uint32).max, deadline);
    }

    /// @notice A new declaration is unattested.
    function setLineage(AgentWord w, uint32 lineage_) internal pure returns (AgentWord) {
        return setAttested(_set(w, 0, type(uint32).max, lineage_), false);
    }

    function setAttested(AgentWord w, bool attested_) internal pure returns (AgentWord) {
        return _set(w, ATTESTED, 1, attested_ ? 1 : 0);
    }

    /// @notice Clear causes of the kill switch.
    function reset(AgentWord w, uint8 causes, uint256 now_) internal pure returns (AgentWord) {
        if (causes & CAUSE_OWNER != 0) w = _set(w, LATCHED, 1, 0);
        if (causes & CAUSE_GUARDIAN != 0) w = _set(w, GUARDED, Guardians.MASK, 0);
        if (causes & CAUSE_HEARTBEAT != 0 && missed(w, now_)) {
            w = setHeartbeat(w, beatInterval(w), now_ + beatInterval(w));
        }
        return w;
    }

    function _set(AgentWord w, uint256 offset, uint256 mask, uint256 value) private pure returns (AgentWord) {
        return AgentWord.wrap((AgentWord.unwrap(w) & ~(mask << offset)) | (value << offset));
    }
}
