// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IPaymaster, PackedUserOperation} from "@openzeppelin/contracts/interfaces/IERC4337.sol";
import {IERC20} from "@openzeppelin/contracts/token/ERC20/IERC20.sol";

/// @title OpenPaymaster
/// @notice Pays for every user operation, out of its deposit at the EntryPoint, which anybody makes; for nothing, or for tokens.
contract OpenPaymaster is IPaymaster {
    /// @notice What it takes of the account for an operation; zero for nothing.
    IERC20 public immutable TOKEN;
    /// @notice And how much.
    uint256 public immutable PRICE;

    constructor(IERC20 token, uint256 price) {
        (TOKEN, PRICE) = (token, price);
    }

    /// @notice Agrees, and wants to hear no more of it.
    function validatePaymasterUserOp(PackedUserOperation calldata operation, bytes32, uint256)
        external
        returns (bytes memory, uint256)
    {
        if (PRICE != 0) require(TOKEN.transferFrom(operation.sender, address(this), PRICE));
        return ("", 0);
    }

    /// @notice Is not asked for.
    function postOp(PostOpMode, bytes calldata, uint256, uint256) external {}
}
