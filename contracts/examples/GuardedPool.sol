// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {AgentGuarded} from "../adapters/AgentGuarded.sol";
import {ICircuitBreaker} from "../interfaces/ICircuitBreaker.sol";
import {LanePolicy, Limits} from "../types/Types.sol";
import {Pool} from "./Pool.sol";
import {IERC20} from "@openzeppelin/contracts/token/ERC20/IERC20.sol";

/// @title GuardedPool
/// @notice Pool in the hard form: a denied trade reverts with the reason and the time to wait.
///
/// @dev Design
///
///      Only `swap` asks, since only trading moves the price. The value is the quote side of the trade, the same unit
///      both ways. With `LanePolicy.lineage` on, agents that run on one model share a breaker here: if they all sell at
///      once, the herd is stopped, not each of them late (ID-8).
///
///      Trust assumptions
///
///      The admin tunes the lane; it cannot reach liquidity nor stop it from leaving.
///
///      Warnings
///
///      - People have no agent either: a pool that is open to them sets the unknown policy to Shared, or to Exempt,
///        which a fresh key passes too (ID-5).
///      - A router is the caller of its users' trades.
contract GuardedPool is Pool, AgentGuarded {
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

    /// @inheritdoc Pool
    function swap(IERC20 tokenIn, uint256 amountIn, uint256 minOut)
        external
        override
        nonReentrant
        guarded(SWAP_LANE, valueOf(tokenIn, amountIn))
        returns (uint256 amountOut)
    {
        return _swap(msg.sender, tokenIn, amountIn, minOut);
    }
}
