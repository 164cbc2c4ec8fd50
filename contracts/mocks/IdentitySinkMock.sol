// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IAgentTransferSink} from "../interfaces/IAgentTransferSink.sol";
import {IERC8004Identity} from "../interfaces/IERC8004Identity.sol";

/// @title IdentitySinkMock
/// @notice Stands in for the core in the registry's tests: reports what it is told and what it can see then, or refuses.
contract IdentitySinkMock is IAgentTransferSink {
    /// @notice One call, with what the registry showed at that moment.
    event Told(
        address indexed registry, uint256 indexed agentId, address newOwner, address ownerSeen, address walletSeen
    );

    /// @notice The refusal.
    error SinkRefused(address registry, uint256 agentId);

    /// @notice How often it was called, the trial at the registry's deployment included.
    uint256 public calls;
    bool private _refusing;

    /// @notice From now on every call reverts, or none does.
    function setRefusing(bool refusing) external {
        _refusing = refusing;
    }

    /// @inheritdoc IAgentTransferSink
    function onAgentTransfer(uint256 agentId, address newOwner) external {
        require(!_refusing, SinkRefused(msg.sender, agentId));
        ++calls;
        if (msg.sender.code.length == 0) return; // a registry under construction can be asked nothing
        IERC8004Identity registry = IERC8004Identity(msg.sender);
        emit Told(msg.sender, agentId, newOwner, registry.ownerOf(agentId), registry.getAgentWallet(agentId));
    }
}
