// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

/// @title NaivePolicy
/// @notice What the naive guards share: targets, selectors that may be called on them, a cap on what `transfer` moves.
abstract contract NaivePolicy {
    /// @notice A call to anything else.
    error TargetRefused(address target);
    /// @notice Another function.
    error SelectorRefused(bytes4 selector);
    /// @notice More than the cap, all transfers taken together.
    error CapExceeded(uint256 spent);

    /// @notice All that may be moved.
    uint256 public immutable CAP;
    /// @notice What may be called.
    mapping(address target => bool allowed) public targetAllowed;
    /// @notice What may be called on each of them.
    mapping(bytes4 selector => bool allowed) public selectorAllowed;

    constructor(address[] memory targets, bytes4[] memory selectors, uint256 cap) {
        CAP = cap;
        for (uint256 i = 0; i < targets.length; ++i) {
            targetAllowed[targets[i]] = true;
        }
        for (uint256 i = 0; i < selectors.length; ++i) {
            selectorAllowed[selectors[i]] = true;
        }
    }

    /// @dev Naive: only `transfer` counts as spending, and only by the amount that it names.
    function _check(uint256 spent, address target, bytes4 selector, bytes32 amount) internal view returns (uint256) {
        require(targetAllowed[target], TargetRefused(target));
        require(selectorAllowed[selector], SelectorRefused(selector));
        if (selector == 0xa9059cbb) spent += uint256(amount);
        require(spent <= CAP, CapExceeded(spent));
        return spent;
    }
}
