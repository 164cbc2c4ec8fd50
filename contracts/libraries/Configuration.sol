// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {ISettings} from "../interfaces/ISettings.sol";
import {Field, LanePolicy, Limits, LimitsWord} from "../types/Types.sol";
import {LimitsWords} from "./LimitsWords.sol";
import {Caps, Meters} from "./Meters.sol";

/// @notice From the arguments of a caller to a checked LimitsWord, and the order of strictness between two of them (BR-9, BR-10).
library Configuration {
    using LimitsWords for LimitsWord;

    uint256 private constant MAX_EXPONENT = 180;

    /// @notice Pack and check limits.
    function encode(Limits calldata l, uint256 outageAllowance) internal pure returns (uint256) {
        require(
            _within(l.tripLevel, 1, 100) || l.tripLevel == LimitsWords.NEVER_TRIP,
            ISettings.InvalidLimits(Field.TripLevel)
        );
        require(_within(l.strikes, 1, LimitsWords.NEVER_STRIKE), ISettings.InvalidLimits(Field.Strikes));
        require(l.cooldown > outageAllowance, ISettings.InvalidLimits(Field.Cooldown));
        require(l.maxBackoff <= 8, ISettings.InvalidLimits(Field.MaxBackoff));
        require(_within(l.halfOpenScale, 1, 15), ISettings.InvalidLimits(Field.HalfOpenScale));
        require(l.probation <= 15, ISettings.InvalidLimits(Field.Probation));
        return uint256(l.countCap) | (_encodeValue(l.valueCap) << 24) | (uint256(l.tripLevel) << 136)
            | (uint256(l.strikes) << 143) | (uint256(l.cooldown) << 149) | (uint256(l.maxBackoff) << 165)
            | (uint256(l.halfOpenScale) << 169) | (uint256(l.probation) << 173);
    }

    /// @notice Pack and check a lane's policy.
    /// @param registry Index of `p.registry`.
    function encode(LanePolicy calldata p, uint256 registry) internal pure returns (uint256) {
        require(p.window != 0, ISettings.InvalidLimits(Field.Window));
        require(_within(p.lineageCount, 1, 4095), ISettings.InvalidLimits(Field.LineageCount));
        require(_within(p.lineageValue, 1, 4095), ISettings.InvalidLimits(Field.LineageValue));
        require(_within(p.share, 1, 100), ISettings.InvalidLimits(Field.Share));
        uint256 flags = (p.shadow ? 1 : 0) | (p.lineage ? 2 : 0) | (uint256(p.unknown) << 2) | (p.attested ? 16 : 0)
            | (p.live ? 32 : 0);
        return (uint256(p.lineageCount) << 88) | (uint256(p.lineageValue) << 100) | (uint256(p.window) << 112)
            | (uint256(p.share) << 177) | (flags << 184) | (registry << 192);
    }

    /// @notice The configuration with its plain bit: finite caps, neither shadow nor live nor a registry nor attestations, and no share of a
    /// lineage's caps below the agent's own. `Express` asks for nothing else.
    function withPlain(uint256 value) internal pure returns (uint256) {
        LimitsWord w = LimitsWord.wrap(value);
        bool finite = w.countCap() != 0 && w.countCap() != LimitsWords.UNLIMITED_COUNT && w.valueCap() != 0
            && w.valueCap() != LimitsWords.UNLIMITED_VALUE;
        bool special = w.shadow() || w.live() || w.attested() || w.registry() != 0;
        bool whole = w.share() * w.lineageCount() >= 100 && w.share() * w.lineageValue() >= 100;
        return finite && !special && whole ? value | LimitsWords.PLAIN : value;
    }

    /// @notice The limits a lineage has without an override, in the same layout, for comparison.
    function lineageLimits(LimitsWord lane) internal pure returns (LimitsWord) {
        Caps caps = Meters.lineageCapsOf(lane);
        uint256 count = caps.count();
        if (count == Meters.UNLIMITED_COUNT) count = LimitsWords.UNLIMITED_COUNT;
        else if (count >= LimitsWords.UNLIMITED_COUNT) count = LimitsWords.UNLIMITED_COUNT - 1;
        uint256 value = caps.mantissa() == Meters.UNLIMITED_VALUE ? LimitsWords.UNLIMITED_VALUE : _float(caps.value());
        uint256 rest = LimitsWord.unwrap(lane) & ~uint256((1 << 88) - 1);
        return LimitsWord.wrap(rest | count | (value << 24));
    }

    /// @notice Whether limits are in no field looser.
    function limitsNoLooser(LimitsWord next, LimitsWord prev) internal pure returns (bool) {
        return next.countCap() <= prev.countCap() && next.valueCap() <= prev.valueCap()
            && next.tripLevel() <= prev.tripLevel() && next.strikes() <= prev.strikes()
            && next.cooldown() >= prev.cooldown() && next.maxBackoff() <= prev.maxBackoff()
            && next.halfOpenScale() <= prev.halfOpenScale() && next.probation() >= prev.probation();
    }

    /// @notice Whether a lane is in no field looser. Asking for attestations moves agents between breakers, either way.
    function laneNoLooser(LimitsWord next, LimitsWord prev) internal pure returns (bool) {
        return limitsNoLooser(next, prev) && next.lineageCount() <= prev.lineageCount()
            && next.lineageValue() <= prev.lineageValue() && next.share() <= prev.share()
            && (prev.shadow() || !next.shadow()) && (next.lineage() || !prev.lineage())
            && next.attested() == prev.attested() && (next.live() || !prev.live()) && next.unknown() <= prev.unknown()
            && (prev.registry() == 0 || next.registry() == prev.registry());
    }

    function _encodeValue(uint256 cap) private pure returns (uint256) {
        if (cap == type(uint256).max) return LimitsWords.UNLIMITED_VALUE;
        uint256 value = _float(cap);
        require(value >> 56 <= MAX_EXPONENT, ISettings.InvalidLimits(Field.ValueCap));
        return value;
    }

    /// @dev Exponent 8 | mantissa 56, rounded down; the order of the results is the order of the values.
    function _float(uint256 value) private pure returns (uint256) {
        uint256 exponent;
        while (value >> exponent > type(uint56).max) ++exponent;
        return (exponent << 56) | (value >> exponent);
    }

    function _within(uint256 value, uint256 least, uint256 most) private pure returns (bool) {
        return value >= least && value <= most;
    }
}
