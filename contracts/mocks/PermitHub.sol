// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IERC20} from "@openzeppelin/contracts/token/ERC20/IERC20.sol";

/// @title PermitHub
/// @notice Allowances in the manner of Uniswap's Permit2, by the same two functions: a token allows the hub, the hub allows spenders.
/// Its own bytecode comes in no npm package.
contract PermitHub {
    /// @notice The spender may not, or no longer.
    error AllowanceExpired(uint256 deadline);
    /// @notice The spender may take less.
    error InsufficientAllowance(uint256 amount);

    struct Allowance {
        uint160 amount;
        uint48 expiration;
    }

    /// @notice What a spender may take of an owner's token.
    mapping(address owner => mapping(address token => mapping(address spender => Allowance allowance))) public
        allowance;

    /// @notice Grants an allowance of the caller's tokens.
    function approve(address token, address spender, uint160 amount, uint48 expiration) external {
        allowance[msg.sender][token][spender] = Allowance(amount, expiration);
    }

    /// @notice Takes tokens by such an allowance.
    function transferFrom(address from, address to, uint160 amount, address token) external {
        Allowance storage granted = allowance[from][token][msg.sender];
        require(block.timestamp <= granted.expiration, AllowanceExpired(granted.expiration));
        require(amount <= granted.amount, InsufficientAllowance(granted.amount));
        if (granted.amount != type(uint160).max) granted.amount -= amount;
        require(IERC20(token).transferFrom(from, to, amount));
    }
}
