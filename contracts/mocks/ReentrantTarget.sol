// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

/// @title ReentrantTarget
/// @notice Makes a prepared call when it is called itself: back into the wallet that calls it, for one.
contract ReentrantTarget {
    /// @notice What became of the prepared call.
    event Reentered(bool success, bytes result);

    address private _target;
    bytes private _data;

    /// @notice Prepares a call, to be made once.
    function arm(address target, bytes calldata data) external {
        (_target, _data) = (target, data);
    }

    /// @notice Makes it.
    function poke() external payable {
        _reenter();
    }

    function _reenter() internal {
        address target = _target;
        if (target == address(0)) return;
        _target = address(0);
        (bool success, bytes memory result) = target.call(_data);
        emit Reentered(success, result);
    }
}
