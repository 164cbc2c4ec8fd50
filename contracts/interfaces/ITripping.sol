// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {Cause, Subject} from "../types/Types.sol";
import {ILedger} from "./ILedger.sol";

/// @title By whom: trip
/// @notice Tripping, resetting and loosening are three powers (BR-8). Kill switch: the agent's live owner. Lane and what is in it: the
/// protocol and its admin. Guardians too, for a bounded time, once until re-armed.
interface ITripping is ILedger {
    event AgentTripped(uint32 indexed agent, address indexed actor, Cause cause, uint32 until, bytes32 note);

    /// @dev This guardian has tripped this breaker; the reset authority must re-arm it.
    error GuardianSpent(address guardian);

    /// @notice Open a breaker, or with `LANE` the whole lane. Latched for protocol and admin, bounded for a guardian.
    /// @param note Why, for the record; short text or a hash.
    function trip(address protocol, uint256 lane, Subject subject, bytes32 note) external;

    /// @notice Open the kill switch of an agent and thereby of all its descendants: latched for the owner, bounded for a guardian.
    function tripAgent(uint32 agent, bytes32 note) external;
}
