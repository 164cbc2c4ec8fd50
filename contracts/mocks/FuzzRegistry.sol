// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IAgentTransferSink} from "../interfaces/IAgentTransferSink.sol";

/// @title FuzzRegistry
/// @notice An identity registry whose owners anyone may set, and which may answer `ownerOf` in any wrong way.
/// @dev For the fuzzer: one that tells the core of transfers (as AgentIdentity does) and one that does not (a foreign one).
contract FuzzRegistry {
    /// @notice How `ownerOf` answers.
    enum Answer {
        Owner,
        Revert,
        Empty,
        Short, // 31 bytes
        Long, // 64 bytes, the first 32 of them right
        Dirty, // bits above the address
        Burn // all the gas there is
    }

    /// @notice Who is told of transfers; zero for nobody.
    IAgentTransferSink public immutable SINK;

    mapping(uint256 agentId => address owner) private _owners;
    mapping(uint256 agentId => Answer answer) private _answers;

    constructor(IAgentTransferSink sink) {
        SINK = sink;
    }

    /// @notice Set the owner of an agent, and tell the sink.
    function transfer(uint256 agentId, address owner) external {
        _owners[agentId] = owner;
        if (address(SINK) != address(0)) SINK.onAgentTransfer(agentId, owner);
    }

    /// @notice Set how `ownerOf` answers for an agent.
    function setAnswer(uint256 agentId, Answer answer) external {
        _answers[agentId] = answer;
    }

    /// @notice The owner, or something else.
    function ownerOf(uint256 agentId) external view returns (address) {
        Answer answer = _answers[agentId];
        uint256 owner = uint160(_owners[agentId]);
        if (answer == Answer.Dirty) owner |= 1 << 160;
        uint256 size = 32;
        if (answer == Answer.Empty) size = 0;
        if (answer == Answer.Short) size = 31;
        if (answer == Answer.Long) size = 64;
        assembly ("memory-safe") {
            if eq(answer, 1) { revert(0, 0) }
            if eq(answer, 6) { invalid() }
            // The scratch space ends at 64.
            mstore(0, owner)
            mstore(32, 0)
            return(0, size)
        }
    }
}
