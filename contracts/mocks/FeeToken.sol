// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {ExampleToken} from "./ExampleToken.sol";

/// @title FeeToken
/// @notice An ERC-20 that burns a fee at every transfer: of what arrives, or on top of what is sent, which then costs the sender
/// more than the call says.
contract FeeToken is ExampleToken {
    /// @notice In percent of the amount.
    uint256 public immutable PERCENT;
    /// @notice Whether the sender pays it on top.
    bool public immutable ON_TOP;

    constructor(uint256 percent, bool onTop) ExampleToken("Fee", "FEE") {
        (PERCENT, ON_TOP) = (percent, onTop);
    }

    function _update(address from, address to, uint256 amount) internal override {
        super._update(from, to, amount);
        if (from == address(0) || to == address(0)) return;
        super._update(ON_TOP ? from : to, address(0), amount * PERCENT / 100);
    }
}
