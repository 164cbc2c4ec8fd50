// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {Cause, Subject} from "../types/Types.sol";
import {Verdict} from "../types/Verdict.sol";

/// @title What: breakers, the series and the question
/// @notice A breaker is a meter that can be open. `admit` asks every breaker of the series and charges all or none (BR-1).
/// Key of everything is `msg.sender`, the protocol (BR-11).
interface ISeries {
    /// @notice An action was denied. `value` is what the protocol asked for, in its own unit.
    event Denied(
        address indexed protocol, uint256 indexed lane, address indexed wallet, Verdict verdict, uint256 value
    );
    /// @notice Shadow mode admitted an action that a meter would have denied.
    event Shadowed(
        address indexed protocol, uint256 indexed lane, address indexed wallet, Verdict verdict, uint256 value
    );
    /// @notice A breaker opened. For an automatic trip `actor` is the wallet whose action did it. `until` is `type(uint32).max` if latched.
    event BreakerTripped(
        address indexed protocol,
        uint256 indexed lane,
        Subject indexed subject,
        address actor,
        Cause cause,
        uint32 until,
        bytes32 note
    );

    /// @notice May `wallet` act with `value`, in the caller's lane? Charges the series if so. Never reverts over policy (BR-4).
    /// @param lane The caller's lane.
    /// @param wallet The wallet that acts: the caller's own caller, never an argument of a stranger (BR-5).
    /// @param value In the lane's unit; 0 for a count only.
    function admit(uint256 lane, address wallet, uint256 value) external returns (Verdict verdict);

    /// @notice What `admit` would return if `protocol` called it now (BR-13).
    function preview(address protocol, uint256 lane, address wallet, uint256 value)
        external
        view
        returns (Verdict verdict);

    /// @notice Identity and kill switches only: is the wallet bound, and are its agent and every ancestor unbroken?
    function status(address wallet) external view returns (Verdict verdict);

    /// @notice Kill switches only, by handle.
    function statusOf(uint32 agent) external view returns (Verdict verdict);
}
