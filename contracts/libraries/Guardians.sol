// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

/// @notice The field that kill switches, lanes and breakers share: guardianUntil 32 | spent 8 (BR-8).
library Guardians {
    uint256 internal constant MASK = (1 << 40) - 1;

    /// @notice Whether the guardian of this bit has tripped since it was last re-armed.
    function isSpent(uint256 field, uint256 bit) internal pure returns (bool) {
        return field & (1 << (32 + bit)) != 0;
    }

    /// @notice One guardian's bounded trip.
    /// @param bound Seconds it lasts.
    /// @param bit Its bit in `spent`.
    /// @return next The field after it.
    /// @return until Second at which the longest guardian trip ends.
    function trip(uint256 field, uint256 bound, uint256 bit, uint256 now_)
        internal
        pure
        returns (uint256 next, uint32 until)
    {
        unchecked {
            uint256 end = now_ + bound;
            uint256 current = uint32(field);
            if (end < current) end = current;
            until = end > type(uint32).max ? type(uint32).max : uint32(end);
            next = (field & ~uint256(type(uint32).max)) | until | (1 << (32 + bit));
        }
    }
}
