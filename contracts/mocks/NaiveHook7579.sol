// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {NaivePolicy} from "./NaivePolicy.sol";
import {NoopHook} from "./NoopHook.sol";

/// @title NaiveHook7579
/// @notice ERC-7579 hook as commonly written, for attacks to be shown on.
/// @dev Naive: takes `execute` to have its bytes where Solidity puts them, while accounts follow the offset; looks neither at the
/// mode nor at who calls, and lets every other function pass.
contract NaiveHook7579 is NoopHook, NaivePolicy {
    /// @notice Moved by an account so far.
    mapping(address account => uint256 amount) public spentBy;

    constructor(address[] memory targets, bytes4[] memory selectors, uint256 cap)
        NaivePolicy(targets, selectors, cap)
    {}

    /// @notice Checks target, selector and amount at their usual places: 4 + mode + offset + length, then target, value, data.
    function preCheck(address, uint256, bytes calldata msgData) external override returns (bytes memory) {
        // execute(bytes32,bytes)
        if (bytes4(msgData) != 0xe9ae5c53) return "";
        spentBy[msg.sender] = _check(
            spentBy[msg.sender], address(bytes20(msgData[100:120])), bytes4(msgData[152:156]), bytes32(msgData[188:220])
        );
        return "";
    }
}
