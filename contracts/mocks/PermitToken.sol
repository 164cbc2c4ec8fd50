// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {ExampleToken} from "./ExampleToken.sol";
import {ERC20Permit} from "@openzeppelin/contracts/token/ERC20/extensions/ERC20Permit.sol";

/// @title PermitToken
/// @notice An ERC-20 with every common way to grant an allowance: `approve`, `increaseAllowance`, `permit`.
contract PermitToken is ExampleToken, ERC20Permit {
    constructor() ExampleToken("Permit", "PRM") ERC20Permit("Permit") {}

    /// @notice Grants more, as OpenZeppelin's ERC-20 had it up to 4.x.
    function increaseAllowance(address spender, uint256 added) external returns (bool) {
        _approve(msg.sender, spender, allowance(msg.sender, spender) + added);
        return true;
    }
}
