// SPDX-License-Identifier: MIT
pragma solidity ^0.8.24;

/// @title IAgentTransferSink
/// @notice Told by an identity registry, within the same transaction, that one of its agents changed hands (ID-4).
/// @dev Implemented by the core. The caller is the registry and names its own namespace: an agent here is
///      `(msg.sender, agentId)`, so a caller can revoke bindings of its own agents alone and nothing is to be authorised.
///      AgentIdentity does not catch a revert: an implementation that reverts makes the agent untransferable.
interface IAgentTransferSink {
    /// @notice Revokes every wallet binding of the agent `(msg.sender, agentId)`: a new owner starts with none.
    /// @dev Called after ownership has changed, so `ownerOf` already answers `newOwner`. A transfer to the present owner
    ///      counts like any other. Never called on a mint. Must return quietly, and change nothing, for an agent that is
    ///      not enrolled; the registry's constructor makes such a call as a trial.
    /// @param agentId The agent, in the registry's own numbering.
    /// @param newOwner Its owner from now on.
    function onAgentTransfer(uint256 agentId, address newOwner) external;
}
