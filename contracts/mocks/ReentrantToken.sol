// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {ExampleToken} from "./ExampleToken.sol";
import {ReentrantTarget} from "./ReentrantTarget.sol";

/// @title ReentrantToken
/// @notice An ERC-20 that makes a prepared call in the midst of a transfer.
contract ReentrantToken is ExampleToken, ReentrantTarget {
    constructor() ExampleToken("Reentrant", "RNT") {}

    function _update(address from, address to, uint256 amount) internal override {
        super._update(from, to, amount);
        if (from != address(0)) _reenter();
    }
}
