// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {ERC20} from "@openzeppelin/contracts/token/ERC20/ERC20.sol";

/// @title HostileToken
/// @notice A token that keeps a fee, or makes a call in the middle of each transfer.
contract HostileToken is ERC20 {
    /// @notice What the call in the middle of a transfer came to.
    event Reentered(bool success, bytes result);

    uint256 private _fee;
    address private _target;
    bytes private _call;

    constructor() ERC20("Hostile", "HOST") {}

    /// @notice Creates tokens out of nothing.
    function mint(address to, uint256 amount) external {
        _mint(to, amount);
    }

    /// @notice Chooses the fee in its smallest unit, and the call; no call if the target is zero.
    function script(uint256 fee, address target, bytes calldata call) external {
        (_fee, _target, _call) = (fee, target, call);
    }

    function _update(address from, address to, uint256 value) internal override {
        super._update(from, to, value);
        if (from == address(0) || to == address(0)) return;
        if (_fee != 0) super._update(to, address(0), _fee);
        if (_target == address(0)) return;
        (bool success, bytes memory result) = _target.call(_call);
        emit Reentered(success, result);
    }
}
