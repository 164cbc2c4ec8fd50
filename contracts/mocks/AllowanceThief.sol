// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {PermitHub} from "./PermitHub.sol";
import {IERC20} from "@openzeppelin/contracts/token/ERC20/IERC20.sol";
import {IERC20Permit} from "@openzeppelin/contracts/token/ERC20/extensions/IERC20Permit.sol";

/// @title AllowanceThief
/// @notice Takes what an allowance gives, in a transaction of its own: granting it was the spending.
contract AllowanceThief {
    /// @notice By an allowance of the token.
    function pull(IERC20 token, address victim, uint256 amount) public {
        require(token.transferFrom(victim, address(this), amount));
    }

    /// @notice By a signed permit, which it hands in first.
    function pullByPermit(
        address token,
        address victim,
        uint256 amount,
        uint256 deadline,
        uint8 v,
        bytes32 r,
        bytes32 s
    ) external {
        IERC20Permit(token).permit(victim, address(this), amount, deadline, v, r, s);
        pull(IERC20(token), victim, amount);
    }

    /// @notice By an allowance of the hub.
    function pullByHub(PermitHub hub, address token, address victim, uint160 amount) external {
        hub.transferFrom(victim, address(this), amount, token);
    }
}
