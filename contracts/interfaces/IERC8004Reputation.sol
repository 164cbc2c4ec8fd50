// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

/// @title IERC8004Reputation
/// @notice The one function of an ERC-8004 reputation registry that is called here, in the form deployed registries have (0x3c036a7e).
interface IERC8004Reputation {
    /// @notice Say something about an agent, as the caller.
    /// @param agentId The agent, in the identity registry that this registry belongs to.
    /// @param value A signed decimal number.
    /// @param valueDecimals How many of its digits are decimals.
    /// @param tag1 What it is about.
    /// @param tag2 More of it.
    /// @param endpoint Where the agent was used; may be empty.
    /// @param feedbackURI A file that says more; may be empty.
    /// @param feedbackHash keccak-256 of that file.
    function giveFeedback(
        uint256 agentId,
        int128 value,
        uint8 valueDecimals,
        string calldata tag1,
        string calldata tag2,
        string calldata endpoint,
        string calldata feedbackURI,
        bytes32 feedbackHash
    ) external;
}
