// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {ExampleToken} from "./ExampleToken.sol";

/// @title RebasingToken
/// @notice An ERC-20 whose balances anybody scales, at once or at the next transfer: a balance drops, or grows, with no call for it.
contract RebasingToken is ExampleToken {
    uint256 private _index = 1e18;
    uint256 private _pending = 1e18;

    constructor() ExampleToken("Rebasing", "RBS") {}

    /// @notice Multiplies all balances.
    /// @param percent 100 leaves them as they are.
    /// @param atTransfer In the midst of the next transfer rather than now.
    function rebase(uint256 percent, bool atTransfer) external {
        if (atTransfer) _pending = _pending * percent / 100;
        else _index = _index * percent / 100;
    }

    /// @notice As scaled so far.
    function balanceOf(address holder) public view override returns (uint256) {
        return super.balanceOf(holder) * _index / 1e18;
    }

    function _update(address from, address to, uint256 amount) internal override {
        super._update(from, to, amount * 1e18 / _index);
        (_index, _pending) = (_index * _pending / 1e18, 1e18);
    }
}
