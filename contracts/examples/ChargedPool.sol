// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {AgentGuarded} from "../adapters/AgentGuarded.sol";
import {ICircuitBreaker} from "../interfaces/ICircuitBreaker.sol";
import {LanePolicy, Limits} from "../types/Types.sol";
import {Pool} from "./Pool.sol";
import {IERC20} from "@openzeppelin/contracts/token/ERC20/IERC20.sol";

/// @title ChargedPool
/// @notice Pool in the charge-then-try form: a trade that fails is charged like one that succeeds.
///
/// @dev Design
///
///      `swap` asks and charges, then calls `swapFor` on itself. If that fails (the price has moved, the allowance is too
///      small), the trade is undone, `ActionFailed` says why, and the charge stays: probing the pool with trades
///      that are meant to fail is limited too.
///
///      Trust assumptions
///
///      Those of GuardedPool.
///
///      Warnings
///
///      - Nobody may take a successful call for a trade: 0 means refused or failed.
///      - `swapFor` believes its first argument. Only the pool itself may call it.
///      - The re-entrancy lock is held by `swap`; `swapFor` could not take it again.
///      - It fails open: while the core cannot answer, traders are not limited. That is this pool's choice, made below.
contract ChargedPool is Pool, AgentGuarded {
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

    /// @notice As Pool's, but returns 0 and trades nothing if the caller is denied or the trade fails.
    function swap(IERC20 tokenIn, uint256 amountIn, uint256 minOut)
        external
        override
        nonReentrant
        returns (uint256 amountOut)
    {
        bytes memory action = abi.encodeCall(this.swapFor, (msg.sender, tokenIn, amountIn, minOut));
        (, bool success, bytes memory result) = _admitThenTry(SWAP_LANE, valueOf(tokenIn, amountIn), action);
        return success ? abi.decode(result, (uint256)) : 0;
    }

    /// @notice The trade itself. Only the pool may call it.
    /// @param trader Whose trade it is.
    function swapFor(address trader, IERC20 tokenIn, uint256 amountIn, uint256 minOut)
        external
        onlySelf
        returns (uint256 amountOut)
    {
        return _swap(trader, tokenIn, amountIn, minOut);
    }

    /// @dev A market that stands still hurts its users more than one that is unlimited for a while (BR-16).
    function _failOpen(uint256) internal pure override returns (bool) {
        return true;
    }
}
