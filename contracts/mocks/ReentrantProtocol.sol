// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {AgentGuarded} from "../adapters/AgentGuarded.sol";
import {ICircuitBreaker} from "../interfaces/ICircuitBreaker.sol";
import {LanePolicy, Limits} from "../types/Types.sol";
import {Verdict} from "../types/Verdict.sol";
import {ContractWallet} from "./ContractWallet.sol";

/// @title ReentrantProtocol
/// @notice A protocol without a lock that calls its caller back in the middle of a guarded action; and one that
/// charges whom the caller names, which no protocol may do.
contract ReentrantProtocol is AgentGuarded {
    /// @notice How many actions were finished.
    uint256 public finished;

    constructor(ICircuitBreaker core, address admin, Limits memory limits, LanePolicy memory policy)
        AgentGuarded(core, admin)
    {
        core.openLane(0, limits, policy, new uint32[](0));
    }

    /// @notice Acts, hard, and lets the caller act again before it is finished.
    function act(uint256 value) external guarded(0, value) {
        ContractWallet(msg.sender).onActed(abi.encodeCall(this.act, (value)));
        ++finished;
    }

    /// @notice The mistake of BR-5: asks for a wallet that the caller names.
    function actOnBehalfOf(address wallet, uint256 value) external returns (Verdict verdict) {
        verdict = circuitBreaker.admit(0, wallet, value);
        if (verdict.admitted()) ++finished;
    }
}
