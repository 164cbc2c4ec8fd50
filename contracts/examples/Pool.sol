// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {ERC20} from "@openzeppelin/contracts/token/ERC20/ERC20.sol";
import {IERC20} from "@openzeppelin/contracts/token/ERC20/IERC20.sol";
import {SafeERC20} from "@openzeppelin/contracts/token/ERC20/utils/SafeERC20.sol";
import {ReentrancyGuardTransient} from "@openzeppelin/contracts/utils/ReentrancyGuardTransient.sol";
import {Math} from "@openzeppelin/contracts/utils/math/Math.sol";

/// @title Pool
/// @notice A small constant-product market with no guard: what the guarded pools are compared with.
///
/// @dev Design: x * y = k with 0.3 % to liquidity, which is an ERC-20 share. Reserves are counted, not read from balances,
///      so that a donation moves no price. One internal `_swap`, which the guarded pools reach through their own door.
///
///      Trust assumptions: both tokens are plain ERC-20s, with no fee on transfer and no rebasing.
///
///      Warnings: written to be read. No price oracle, no protection against sandwiches beyond `minOut`.
contract Pool is ERC20, ReentrancyGuardTransient {
    using SafeERC20 for IERC20;

    /// @notice Less came out than was asked for.
    error OutputTooLow(uint256 amountOut, uint256 minOut);
    /// @notice Not one of the two tokens of the pool.
    error UnknownToken(IERC20 token);
    /// @notice The amount is zero, or rounds to zero.
    error AmountIsZero();

    uint256 private constant _FEE_BASE = 1000;
    uint256 private constant _AFTER_FEE = 997;
    /// @dev Locked for good with the first deposit: the price of a share cannot be inflated by being its only holder.
    uint256 private constant _LOCKED_SHARES = 1000;

    /// @notice What is traded.
    IERC20 public immutable base;
    /// @notice What prices and the value of a trade are in.
    IERC20 public immutable quote;

    mapping(IERC20 token => uint256 amount) private _reserves;

    /// @param base_ What is traded.
    /// @param quote_ What prices and the value of a trade are in.
    constructor(IERC20 base_, IERC20 quote_) ERC20("Pool share", "pSHARE") {
        (base, quote) = (base_, quote_);
    }

    /// @notice Deposit `baseAmount` and quote in proportion; of the first deposit all of `maxQuote`.
    /// @return shares What was minted to the caller.
    function addLiquidity(uint256 baseAmount, uint256 maxQuote) external nonReentrant returns (uint256 shares) {
        (uint256 supply, uint256 reserve, uint256 quoteAmount) = (totalSupply(), _reserves[base], maxQuote);
        if (supply == 0) {
            shares = Math.sqrt(baseAmount * quoteAmount) - _LOCKED_SHARES;
            _mint(address(0xdead), _LOCKED_SHARES);
        } else {
            quoteAmount = Math.mulDiv(baseAmount, _reserves[quote], reserve, Math.Rounding.Ceil);
            require(quoteAmount <= maxQuote, OutputTooLow(maxQuote, quoteAmount));
            shares = Math.mulDiv(supply, baseAmount, reserve);
        }
        require(shares != 0, AmountIsZero());
        _mint(msg.sender, shares);
        _take(base, baseAmount);
        _take(quote, quoteAmount);
    }

    /// @notice Burn `shares` for their part of both reserves. Never gated, in no variant.
    function removeLiquidity(uint256 shares) external nonReentrant returns (uint256 baseAmount, uint256 quoteAmount) {
        uint256 supply = totalSupply();
        baseAmount = Math.mulDiv(_reserves[base], shares, supply);
        quoteAmount = Math.mulDiv(_reserves[quote], shares, supply);
        _burn(msg.sender, shares);
        _give(base, baseAmount);
        _give(quote, quoteAmount);
    }

    /// @notice Trade `amountIn` of one token for at least `minOut` of the other.
    /// @return amountOut What the caller got.
    function swap(IERC20 tokenIn, uint256 amountIn, uint256 minOut)
        external
        virtual
        nonReentrant
        returns (uint256 amountOut)
    {
        return _swap(msg.sender, tokenIn, amountIn, minOut);
    }

    /// @notice What `amountIn` of a token buys now, after the fee, rounded down.
    function outputOf(IERC20 tokenIn, uint256 amountIn) public view returns (uint256 amountOut) {
        uint256 paid = amountIn * _AFTER_FEE;
        return Math.mulDiv(_reserves[_other(tokenIn)], paid, _reserves[tokenIn] * _FEE_BASE + paid);
    }

    /// @notice The value of a trade: the amount of quote that it moves, whichever way.
    function valueOf(IERC20 tokenIn, uint256 amountIn) public view returns (uint256 value) {
        return address(tokenIn) == address(quote) ? amountIn : outputOf(tokenIn, amountIn);
    }

    /// @notice Amounts of base and quote in the pool.
    function reserves() external view returns (uint256 baseReserve, uint256 quoteReserve) {
        return (_reserves[base], _reserves[quote]);
    }

    function _swap(address trader, IERC20 tokenIn, uint256 amountIn, uint256 minOut)
        internal
        returns (uint256 amountOut)
    {
        IERC20 tokenOut = _other(tokenIn);
        amountOut = outputOf(tokenIn, amountIn);
        require(amountOut != 0, AmountIsZero());
        require(amountOut >= minOut, OutputTooLow(amountOut, minOut));
        _reserves[tokenIn] += amountIn;
        _reserves[tokenOut] -= amountOut;
        tokenIn.safeTransferFrom(trader, address(this), amountIn);
        tokenOut.safeTransfer(trader, amountOut);
    }

    function _other(IERC20 token) private view returns (IERC20) {
        require(address(token) == address(base) || address(token) == address(quote), UnknownToken(token));
        return address(token) == address(base) ? quote : base;
    }

    function _take(IERC20 token, uint256 amount) private {
        _reserves[token] += amount;
        token.safeTransferFrom(msg.sender, address(this), amount);
    }

    function _give(IERC20 token, uint256 amount) private {
        _reserves[token] -= amount;
        token.safeTransfer(msg.sender, amount);
    }
}
