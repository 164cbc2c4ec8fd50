// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {Permission, Standard} from "../types/Wallets.sol";
import {Math} from "@openzeppelin/contracts/utils/math/Math.sol";

/// @notice What an ordinary call needs of its permission, in one word; zero if there is none. Bits from the lowest:
/// callCap 64 | approveAbove 64 | delayAbove 64 | expiry 40 | standard 3 | measured 1 | metered 1 | lifetime 1 | native 1 |
/// assets 1 | rules 1.
/// Amounts are floats as in the core (exponent 8 | mantissa 56), rounded down, which is against the agent; all ones is
/// unlimited. The last four say whether the permission has more than this word.
type PermissionWord is uint256;

using PermissionWords for PermissionWord global;

/// @notice Fields of a PermissionWord.
library PermissionWords {
    uint256 internal constant MEASURED = 1 << 235;
    /// @dev Uses or a cool-down are kept.
    uint256 internal constant METERED = 1 << 236;
    uint256 internal constant LIFETIME = 1 << 237;
    uint256 internal constant NATIVE_CAP = 1 << 238;
    uint256 internal constant ASSETS = 1 << 239;
    uint256 internal constant RULES = 1 << 240;
    /// @dev approveAbove and delayAbove of ones: nothing is ever countersigned.
    uint256 private constant NO_THRESHOLD = uint256(type(uint128).max) << 64;

    /// @notice Packs what the word holds.
    function pack(Permission memory p) internal pure returns (PermissionWord) {
        uint256 word = _float(p.callCap) | (_float(p.approveAbove) << 64) | (_float(p.delayAbove) << 128)
            | (uint256(p.expiry) << 192) | (uint256(p.standard) << 232);
        if (p.measured) word |= MEASURED;
        if (p.uses != 0 || p.cooldown != 0) word |= METERED;
        if (p.lifetimeCap != 0) word |= LIFETIME;
        if (p.nativeCap != 0) word |= NATIVE_CAP;
        if (p.assets.length != 0) word |= ASSETS;
        if (p.rules.length != 0) word |= RULES;
        return PermissionWord.wrap(word);
    }

    function callCap(PermissionWord w) internal pure returns (uint256) {
        return _amount(PermissionWord.unwrap(w));
    }

    function approveAbove(PermissionWord w) internal pure returns (uint256) {
        return _amount(PermissionWord.unwrap(w) >> 64);
    }

    function delayAbove(PermissionWord w) internal pure returns (uint256) {
        return _amount(PermissionWord.unwrap(w) >> 128);
    }

    /// @notice First second at which it counts no longer; 0 if there is no permission.
    function expiry(PermissionWord w) internal pure returns (uint40) {
        return uint40(PermissionWord.unwrap(w) >> 192);
    }

    function standard(PermissionWord w) internal pure returns (Standard) {
        return Standard((PermissionWord.unwrap(w) >> 232) & 7);
    }

    /// @notice Whether a flag of the above is set.
    function has(PermissionWord w, uint256 flag) internal pure returns (bool) {
        return PermissionWord.unwrap(w) & flag != 0;
    }

    /// @notice Whether some amount needs countersignatures.
    function hasThreshold(PermissionWord w) internal pure returns (bool) {
        return PermissionWord.unwrap(w) & NO_THRESHOLD != NO_THRESHOLD;
    }

    function _float(uint256 value) private pure returns (uint256) {
        if (value == type(uint256).max) return type(uint64).max;
        uint256 bits = Math.log2(value);
        uint256 exponent = bits > 55 ? bits - 55 : 0;
        return (exponent << 56) | (value >> exponent);
    }

    function _amount(uint256 field) private pure returns (uint256) {
        field &= type(uint64).max;
        return field == type(uint64).max ? type(uint256).max : (field & type(uint56).max) << (field >> 56);
    }
}
