// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {NaivePolicy} from "./NaivePolicy.sol";

/// @title NaiveCaveat
/// @notice ERC-7710 caveat enforcer as commonly written, for attacks to be shown on.
/// @dev Naive: keeps its account by delegation, whoever calls it, counts no allowance, and looks not at the mode.
contract NaiveCaveat is NaivePolicy {
    /// @notice Moved by a delegation so far.
    mapping(bytes32 delegationHash => uint256 amount) public spentBy;

    constructor(address[] memory targets, bytes4[] memory selectors, uint256 cap)
        NaivePolicy(targets, selectors, cap)
    {}

    /// @notice Checks nothing.
    function beforeAllHook(bytes calldata, bytes calldata, bytes32, bytes calldata, bytes32, address, address)
        external {}

    /// @notice Checks target, selector and amount of a single execution.
    function beforeHook(
        bytes calldata,
        bytes calldata,
        bytes32,
        bytes calldata executionCalldata,
        bytes32 delegationHash,
        address,
        address
    ) external {
        spentBy[delegationHash] = _check(
            spentBy[delegationHash],
            address(bytes20(executionCalldata[:20])),
            bytes4(executionCalldata[52:56]),
            bytes32(executionCalldata[88:120])
        );
    }

    /// @notice Checks nothing.
    function afterHook(bytes calldata, bytes calldata, bytes32, bytes calldata, bytes32, address, address) external {}

    /// @notice Checks nothing.
    function afterAllHook(bytes calldata, bytes calldata, bytes32, bytes calldata, bytes32, address, address)
        external {}
}
