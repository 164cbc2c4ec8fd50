// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {NoopHook} from "./NoopHook.sol";

/// @title RecordingHook
/// @notice ERC-7579 hook that tells what it is asked, and refuses when told to: which calls reach a hook, and what a stuck one blocks.
contract RecordingHook is NoopHook {
    /// @notice An account asked before a call.
    event PreChecked(address indexed account, address msgSender, uint256 msgValue, bytes msgData);
    /// @notice An account asked after a call.
    event PostChecked(address indexed account, bytes hookData);

    /// @notice Told to refuse.
    error Stuck();

    /// @notice Whether it refuses everything.
    bool public stuck;

    /// @notice Makes it refuse everything, or nothing.
    function setStuck(bool stuck_) external {
        stuck = stuck_;
    }

    /// @notice Tells, and hands on the selector.
    function preCheck(address msgSender, uint256 msgValue, bytes calldata msgData)
        external
        override
        returns (bytes memory)
    {
        require(!stuck, Stuck());
        emit PreChecked(msg.sender, msgSender, msgValue, msgData);
        return abi.encodePacked(bytes4(msgData));
    }

    /// @notice Tells what it handed on.
    function postCheck(bytes calldata hookData) external override {
        emit PostChecked(msg.sender, hookData);
    }
}
