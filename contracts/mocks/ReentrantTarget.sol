// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

/// @title ReentrantTarget
/// @notice Makes prepared calls when it is called itself: back into the wallet that calls it, for one.
contract ReentrantTarget {
    /// @notice What became of a prepared call.
    event Reentered(bool success, bytes result);

    address[] private _targets;
    bytes[] private _data;

    /// @notice Prepares a call, to be made once, after those prepared before.
    function arm(address target, bytes calldata data) external {
        _targets.push(target);
        _data.push(data);
    }

    /// @notice Makes them.
    function poke() external payable {
        _reenter();
    }

    function _reenter() internal {
        address[] memory targets = _targets;
        bytes[] memory data = _data;
        delete _targets;
        delete _data;
        for (uint256 i = 0; i < targets.length; ++i) {
            (bool success, bytes memory result) = targets[i].call(data[i]);
            emit Reentered(success, result);
        }
    }
}
