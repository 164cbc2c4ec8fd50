// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IERC8004Reputation} from "../../interfaces/IERC8004Reputation.sol";

/// @title ReputationMock
/// @notice A reputation registry that logs what it is told, or fails in a way of choice.
contract ReputationMock is IERC8004Reputation {
    enum Mode {
        Obey,
        Revert,
        BurnGas,
        Bomb // reverts with all the memory that its gas pays for
    }

    /// @notice Somebody said something about an agent.
    event NewFeedback(
        uint256 indexed agentId,
        address indexed clientAddress,
        int128 value,
        uint8 valueDecimals,
        string tag1,
        string tag2
    );

    /// @notice What it reverts with.
    error Refused();

    Mode private _mode;

    /// @notice Chooses what it does from now on.
    function script(Mode mode) external {
        _mode = mode;
    }

    /// @inheritdoc IERC8004Reputation
    function giveFeedback(
        uint256 agentId,
        int128 value,
        uint8 valueDecimals,
        string calldata tag1,
        string calldata tag2,
        string calldata,
        string calldata,
        bytes32
    ) external {
        Mode mode = _mode;
        require(mode != Mode.Revert, Refused());
        while (mode == Mode.BurnGas) {}
        if (mode == Mode.Bomb) {
            assembly ("memory-safe") {
                revert(mload(0x40), 280000) // most of what 350,000 gas pays for
            }
        }
        emit NewFeedback(agentId, msg.sender, value, valueDecimals, tag1, tag2);
    }
}
