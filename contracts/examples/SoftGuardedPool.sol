// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {AgentGuarded} from "../adapters/AgentGuarded.sol";
import {ICircuitBreaker} from "../interfaces/ICircuitBreaker.sol";
import {LanePolicy, Limits} from "../types/Types.sol";
import {Pool} from "./Pool.sol";
import {IERC20} from "@openzeppelin/contracts/token/ERC20/IERC20.sol";

/// @title SoftGuardedPool
/// @notice Pool in the soft form: a denied trade does nothing and returns 0, and its strike stays.
///
/// @dev Design
///
///      As GuardedPool, but the evidence outlives the refusal: an agent that keeps knocking trips its own breaker.
///
///      Trust assumptions
///
///      Those of GuardedPool.
///
///      Warnings
///
///      - Nobody may take a successful call for a trade: 0 means refused, whatever `minOut` was.
///      - The strike stays only if the agent's wallet does not revert: a contract wallet can insist on a full result.
contract SoftGuardedPool is Pool, AgentGuarded {
    /// @notice The lane of all trades; its unit is the smallest unit of quote.
    uint256 public constant SWAP_LANE = 0;

    /// @param base What is traded.
    /// @param quote What prices and the value of a trade are in.
    /// @param core The core to ask.
    /// @param admin Who may tune, trip and reset the lane.
    /// @param limits First limits of the lane; `valueCap` in the smallest unit of quote.
    /// @param policy First policy of the lane.
    /// @param lineages Lineages with breakers of their own.
    constructor(
        IERC20 base,
        IERC20 quote,
        ICircuitBreaker core,
        address admin,
        Limits memory limits,
        LanePolicy memory policy,
        uint32[] memory lineages
    ) Pool(base, quote) AgentGuarded(core, admin) {
        core.openLane(SWAP_LANE, limits, policy, lineages);
    }

    /// @notice As Pool's, but returns 0 and trades nothing if the caller is denied.
    function swap(IERC20 tokenIn, uint256 amountIn, uint256 minOut)
        external
        override
        nonReentrant
        softlyGuarded(SWAP_LANE, valueOf(tokenIn, amountIn))
        returns (uint256 amountOut)
    {
        return _swap(msg.sender, tokenIn, amountIn, minOut);
    }
}
