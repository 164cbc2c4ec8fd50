// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

/// @title GasProbe
/// @notice One action, and a question after it. Deployed twice, asking and not asking: the two differ by an immutable alone, so that
/// the difference of two transactions with the same calldata is what the question costs. The action comes first, so that a refused
/// one does it too; it also keeps every transaction above the least that EIP-7623 charges for calldata.
abstract contract GasProbe {
    bool private immutable _ASKS;
    uint256 private _actedAt = 1;

    constructor(bool asks) {
        _ASKS = asks;
    }

    /// @notice Acts, and asks if it is one that asks.
    /// @return admitted Whether nothing was against it.
    function act(uint256 lane, uint256 value) external returns (bool admitted) {
        _actedAt = block.timestamp;
        return !_ASKS || _ask(lane, value);
    }

    /// @dev The question; false or a revert is a refusal.
    function _ask(uint256 lane, uint256 value) internal virtual returns (bool);
}
