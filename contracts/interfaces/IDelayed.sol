// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

/// @title Loosening waits
/// @notice What gives an agent more waits a day in the open, as in the core (BR-9): the owner schedules the very call, and executes it
/// between its ETA and its expiry. What takes away lands at once and needs none of this.
interface IDelayed {
    event LooseningScheduled(bytes32 indexed id, address indexed actor, bytes call, uint40 eta, uint40 expiry);
    event LooseningExecuted(bytes32 indexed id, address indexed actor);
    event LooseningCancelled(bytes32 indexed id, address indexed actor);

    error NotOwner(address caller);
    /// @dev Only through `schedule` and `execute`.
    error NotDelayed(address caller);
    error NotScheduled(bytes32 id);
    error LooseningNotReady(uint40 eta);
    error LooseningExpired(uint40 expiry);
    error AlreadyScheduled(bytes32 id, uint40 eta);
    /// @dev The same was tightened after this was announced.
    error SupersededByTightening(uint256 tightenedAt);

    /// @notice Announce a call of this contract to itself. Owner only.
    /// @return id Hash of the call.
    function schedule(bytes calldata call) external returns (bytes32 id);
    /// @notice Do what was announced, from its ETA to its expiry. Owner only.
    function execute(bytes calldata call) external;
    /// @notice Take an announcement back. Owner only.
    function cancel(bytes32 id) external;
    /// @notice When an announced call may be executed; 0 if none is.
    function etaOf(bytes32 id) external view returns (uint40);
}
