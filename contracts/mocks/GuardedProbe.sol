// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {AgentGuarded} from "../adapters/AgentGuarded.sol";
import {ICircuitBreaker} from "../interfaces/ICircuitBreaker.sol";
import {LanePolicy, Limits} from "../types/Types.sol";
import {Verdict} from "../types/Verdict.sol";

/// @title GuardedProbe
/// @notice The least that can be guarded: one counter behind every form of AgentGuarded, and behind none.
contract GuardedProbe is AgentGuarded {
    /// @notice What a form answered.
    event Answered(Verdict verdict, bool success, bytes result);

    /// @notice What a failing action reverts with.
    error ActionRefused(bytes data);

    /// @notice How often something was done.
    uint256 public count = 1;
    uint256 private immutable _OPEN_LANES_FROM;

    /// @param openLanesFrom First lane that fails open; those before it fail closed.
    constructor(ICircuitBreaker core, address admin, uint256 openLanesFrom) AgentGuarded(core, admin) {
        _OPEN_LANES_FROM = openLanesFrom;
    }

    /// @notice Opens a lane of this protocol.
    function openLane(uint256 lane, Limits calldata limits, LanePolicy calldata policy, uint32[] calldata lineages)
        external
    {
        circuitBreaker.openLane(lane, limits, policy, lineages);
    }

    /// @notice Does something, unguarded.
    function act(uint256, uint256) external {
        ++count;
    }

    /// @notice Does nothing, unguarded.
    function nothing(uint256, uint256) external {}

    /// @notice Does something, hard.
    function actHard(uint256 lane, uint256 value) external guarded(lane, value) {
        ++count;
    }

    /// @notice Does something, soft; returns whether it did.
    function actSoftly(uint256 lane, uint256 value) external softlyGuarded(lane, value) returns (bool done) {
        ++count;
        return true;
    }

    /// @notice Asks, and reports the answer.
    function ask(uint256 lane, uint256 value) external returns (Verdict verdict) {
        verdict = _admit(lane, value);
        emit Answered(verdict, verdict.admitted(), "");
    }

    /// @notice Charges, then does something or fails with `size` bytes of data.
    function tryAct(uint256 lane, uint256 value, bool failing, uint256 size) external {
        bytes memory action = abi.encodeCall(this.actFor, (msg.sender, failing, size));
        (Verdict verdict, bool success, bytes memory result) = _admitThenTry(lane, value, action);
        emit Answered(verdict, success, result);
    }

    /// @notice The inner half of `tryAct`.
    function actFor(address wallet, bool failing, uint256 size) external onlySelf returns (address, uint256) {
        ++count;
        if (failing && size == 0) while (true) {}
        require(!failing, ActionRefused(new bytes(size)));
        return (wallet, count);
    }

    function _failOpen(uint256 lane) internal view override returns (bool) {
        return lane >= _OPEN_LANES_FROM;
    }
}
