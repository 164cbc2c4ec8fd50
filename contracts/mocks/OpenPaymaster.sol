// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IPaymaster, PackedUserOperation} from "@openzeppelin/contracts/interfaces/IERC4337.sol";

/// @title OpenPaymaster
/// @notice Pays for every user operation, out of its deposit at the EntryPoint, which anybody makes.
contract OpenPaymaster is IPaymaster {
    /// @notice Agrees, and wants to hear no more of it.
    function validatePaymasterUserOp(PackedUserOperation calldata, bytes32, uint256)
        external
        pure
        returns (bytes memory, uint256)
    {
        return ("", 0);
    }

    /// @notice Is not asked for.
    function postOp(PostOpMode, bytes calldata, uint256, uint256) external {}
}
