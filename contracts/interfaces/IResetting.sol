// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {Subject} from "../types/Types.sol";
import {ILedger} from "./ILedger.sol";

/// @title By whom: reset and heartbeat
/// @notice The agent's live owner resets its kill switch; only the admin of a protocol resets a lane and what is in it (BR-8).
interface IResetting is ILedger {
    event AgentReset(uint32 indexed agent, address indexed actor, uint8 causes);
    event BreakerReset(
        address indexed protocol, uint256 indexed lane, Subject indexed subject, address actor, uint8 causes
    );
    event HeartBeat(uint32 indexed agent, address indexed actor, uint32 deadline);

    error NothingToReset();
    error NoHeartbeat(uint32 agent);
    /// @dev Too late: only the owner's reset restores (BR-14).
    error HeartbeatMissed(uint32 agent, uint32 deadline);

    /// @notice Clear causes (a mask of CAUSE_*) of a breaker or, with `LANE`, of the lane; never refills a meter. Clearing
    /// CAUSE_AUTOMATIC closes the breaker without probation and keeps its backoff. Clearing CAUSE_GUARDIAN re-arms all guardians.
    function reset(address protocol, uint256 lane, Subject subject, uint8 causes) external;

    /// @notice Clear causes (a mask of CAUSE_*) of the kill switch. CAUSE_HEARTBEAT starts a new interval; CAUSE_GUARDIAN re-arms all guardians.
    function resetAgent(uint32 agent, uint8 causes) external;

    /// @notice Show that somebody still watches. Reverts after the deadline.
    function beat(uint32 agent) external;
}
