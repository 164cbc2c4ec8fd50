// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {Verdict} from "../types/Verdict.sol";
import {ICircuitBreaker} from "./ICircuitBreaker.sol";

/// @title IAgentGuarded
/// @notice What every protocol shows that asks Switchgear through AgentGuarded: which core it asks, and how it refuses.
interface IAgentGuarded {
    /// @notice The core could not answer, and the lane fails open: the action went on unasked and uncharged (BR-16).
    /// @param lane The lane that would have been charged.
    /// @param wallet The caller.
    /// @param value What would have been charged, in the lane's unit.
    event FailedOpen(uint256 indexed lane, address indexed wallet, uint256 value);

    /// @notice An admitted and charged action failed; what it did is undone, the charge is not (BR-4).
    /// @param lane The lane that was charged.
    /// @param wallet The caller.
    /// @param value What was charged, in the lane's unit.
    /// @param reason The action's revert data, 256 bytes of it at most.
    event ActionFailed(uint256 indexed lane, address indexed wallet, uint256 value, bytes reason);

    /// @notice The series does not admit the caller; the verdict says why, where, and how many seconds to wait.
    /// @param lane The lane that was asked for.
    /// @param wallet The caller.
    /// @param verdict The core's answer; `retryAfter` is `type(uint32).max` if waiting cannot help.
    error AgentDenied(uint256 lane, address wallet, Verdict verdict);

    /// @notice The core has no code, reverted, used up its gas or answered nonsense, and the lane fails closed.
    /// @param core Its address.
    error CoreUnavailable(address core);

    /// @notice No answer came, but the caller had not left enough gas for one: send more.
    /// @param available Gas left when the core was asked.
    /// @param required Gas that must be left at that point before a missing answer counts as the core's fault.
    error GasTooLow(uint256 available, uint256 required);

    /// @notice Only the protocol itself may call this, as the inner half of charge-then-try.
    /// @param caller Who called instead.
    error NotSelf(address caller);

    /// @notice The core that is asked; fixed at deployment.
    /// @return core Its address.
    function circuitBreaker() external view returns (ICircuitBreaker core);
}
