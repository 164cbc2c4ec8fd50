// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {NaivePolicy} from "./NaivePolicy.sol";

/// @title NaiveSafeGuard
/// @notice Safe transaction guard as commonly written, for attacks to be shown on.
/// @dev Naive: looks neither at the operation nor at the refund, counts no allowance, and sees no module.
contract NaiveSafeGuard is NaivePolicy {
    /// @notice Moved by a Safe so far.
    mapping(address safe => uint256 amount) public spentBy;

    constructor(address[] memory targets, bytes4[] memory selectors, uint256 cap)
        NaivePolicy(targets, selectors, cap)
    {}

    /// @notice ERC-165: transaction guard, ERC-165.
    function supportsInterface(bytes4 id) external pure returns (bool) {
        return id == 0xe6d7a83a || id == 0x01ffc9a7;
    }

    /// @notice Checks target, selector and amount.
    function checkTransaction(
        address to,
        uint256,
        bytes calldata data,
        uint8,
        uint256,
        uint256,
        uint256,
        address,
        address payable,
        bytes calldata,
        address
    ) external {
        spentBy[msg.sender] = _check(spentBy[msg.sender], to, bytes4(data[:4]), bytes32(data[36:68]));
    }

    /// @notice Checks nothing.
    function checkAfterExecution(bytes32, bool) external {}
}
