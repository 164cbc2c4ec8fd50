// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {NaivePolicy} from "./NaivePolicy.sol";

/// @title NaiveCaveat
/// @notice ERC-7710 caveat enforcer as commonly written, for attacks to be shown on.
/// @dev Naive: keeps its account by delegation, whoever calls it, counts no allowance, lets calls fail, and asks nobody about
/// those through whose hands a delegation has gone.
contract NaiveCaveat is NaivePolicy {
    constructor(address[] memory targets, bytes4[] memory selectors, uint256 cap)
        NaivePolicy(targets, selectors, cap)
    {}

    /// @notice Checks nothing.
    function beforeAllHook(bytes calldata, bytes calldata, bytes32, bytes calldata, bytes32, address, address)
        external {}

    /// @notice Checks target, selector and amount of an execution.
    function beforeHook(
        bytes calldata,
        bytes calldata,
        bytes32 mode,
        bytes calldata executionCalldata,
        bytes32 delegationHash,
        address delegator,
        address
    ) external {
        _begin(delegator);
        _checkExecution(delegationHash, bytes1(mode), executionCalldata);
    }

    /// @notice Checks a balance, if so tuned.
    function afterHook(
        bytes calldata,
        bytes calldata,
        bytes32,
        bytes calldata,
        bytes32 delegationHash,
        address delegator,
        address
    ) external {
        _end(delegationHash, delegator);
    }

    /// @notice Checks nothing.
    function afterAllHook(bytes calldata, bytes calldata, bytes32, bytes calldata, bytes32, address, address)
        external {}
}
