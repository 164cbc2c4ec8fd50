// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IERC20} from "@openzeppelin/contracts/token/ERC20/IERC20.sol";

/// @title NaivePolicy
/// @notice What the naive guards share: targets, selectors that may be called on them, a cap on what `transfer` moves. And, if so
/// tuned, what a guard has that thinks further, and not far enough: periods, balances, a budget for each who acts.
abstract contract NaivePolicy {
    /// @notice A call to anything else.
    error TargetRefused(address target);
    /// @notice Another function.
    error SelectorRefused(bytes4 selector);
    /// @notice More than the cap, all transfers taken together.
    error CapExceeded(uint256 spent);

    /// @notice All that may be moved, within a period if there are any.
    uint256 public immutable CAP;
    /// @notice What may be called.
    mapping(address target => bool allowed) public targetAllowed;
    /// @notice What may be called on each of them.
    mapping(bytes4 selector => bool allowed) public selectorAllowed;
    /// @notice Moved so far: the budget is an account, a delegation or whoever acts, within a period if there are any.
    mapping(bytes32 budget => uint256 amount) public spentBy;

    /// @notice Seconds of a period, at the end of which all is forgotten; zero for no end.
    uint256 public period;
    /// @notice Token of which the balance's drop counts, instead of the amounts that calls name; zero for none.
    address public measured;
    /// @notice Whether each who acts has a budget of its own.
    bool public perActor;

    mapping(address account => uint256 balance) private _before;

    constructor(address[] memory targets, bytes4[] memory selectors, uint256 cap) {
        CAP = cap;
        for (uint256 i = 0; i < targets.length; ++i) {
            targetAllowed[targets[i]] = true;
        }
        for (uint256 i = 0; i < selectors.length; ++i) {
            selectorAllowed[selectors[i]] = true;
        }
    }

    /// @notice Makes it think further.
    function tune(uint256 period_, address measured_, bool perActor_) external {
        (period, measured, perActor) = (period_, measured_, perActor_);
    }

    /// @dev Naive: only `transfer` counts as spending, and only by the amount that it names.
    function _check(bytes32 budget, address target, bytes4 selector, bytes calldata data) internal {
        require(targetAllowed[target], TargetRefused(target));
        require(selectorAllowed[selector], SelectorRefused(selector));
        if (selector == 0xa9059cbb && measured == address(0)) _charge(budget, uint256(bytes32(data[36:68])));
    }

    /// @dev Naive: a batch is its first call, where Solidity would put it; a delegatecall is a call.
    function _checkExecution(bytes32 budget, bytes1 callType, bytes calldata execution) internal {
        if (callType == 0x00) {
            // Target, value, data.
            _check(budget, address(bytes20(execution[:20])), bytes4(execution[52:56]), execution[52:]);
        } else if (callType == 0x01) {
            // Offset, count, an offset for each; then target, value, offset, length, data.
            uint256 first = 64 + 32 * uint256(bytes32(execution[32:64]));
            bytes calldata data = execution[first + 128:];
            _check(budget, address(bytes20(execution[first + 12:first + 32])), bytes4(data[:4]), data);
        } else {
            _check(budget, address(bytes20(execution[:20])), bytes4(execution[20:24]), execution[20:]);
        }
    }

    /// @dev Naive: one place for each account, which an execution within the execution writes again.
    function _begin(address account) internal {
        if (measured != address(0)) _before[account] = IERC20(measured).balanceOf(account);
    }

    function _end(bytes32 budget, address account) internal {
        if (measured == address(0)) return;
        uint256 balance = IERC20(measured).balanceOf(account);
        if (balance < _before[account]) _charge(budget, _before[account] - balance);
    }

    /// @dev Naive: with the period everything is forgotten, however recent.
    function _charge(bytes32 budget, uint256 amount) private {
        if (period != 0) budget = keccak256(abi.encode(budget, block.timestamp / period));
        uint256 spent = spentBy[budget] + amount;
        require(spent <= CAP, CapExceeded(spent));
        spentBy[budget] = spent;
    }
}
