// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {LanePolicy, Limits} from "../types/Types.sol";

/// @title HostileCore
/// @notice Stands in for the core where AgentGuarded meets one that is broken: answers with given bytes, after burning
/// a given amount of gas, by return or by revert.
contract HostileCore {
    /// @notice A question came through and was answered.
    event Asked(uint256 indexed lane, address indexed wallet, uint256 value);

    bytes private _answer;
    uint256 private _padding;
    uint256 private _gasToBurn;
    bool private _reverting;

    /// @notice What a protocol's constructor calls.
    function setAdmin(address) external {}

    /// @notice What a protocol's constructor calls.
    function openLane(uint256, Limits calldata, LanePolicy calldata, uint32[] calldata) external {}

    /// @notice Chooses the answer.
    /// @param answer Its first bytes.
    /// @param padding How many zero bytes follow.
    /// @param gasToBurn How much gas is used up before; `type(uint256).max` for all there is.
    /// @param reverting Whether the answer is revert data.
    function script(bytes calldata answer, uint256 padding, uint256 gasToBurn, bool reverting) external {
        (_answer, _padding, _gasToBurn, _reverting) = (answer, padding, gasToBurn, reverting);
    }

    /// @notice What a guarded protocol calls.
    function admit(uint256 lane, address wallet, uint256 value) external {
        uint256 toBurn = _gasToBurn;
        uint256 start = gasleft();
        while (toBurn == type(uint256).max || start - gasleft() < toBurn) {}
        emit Asked(lane, wallet, value);
        bytes memory answer = _answer;
        uint256 size = answer.length + _padding;
        bool reverting = _reverting;
        assembly ("memory-safe") {
            // Memory behind the answer is fresh, so that it is zero.
            if reverting { revert(add(answer, 0x20), size) }
            return(add(answer, 0x20), size)
        }
    }
}
