// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

/// @title ERC-7710 caveat enforcer
/// @notice As MetaMask's delegation manager calls it, around all executions of a redemption and around each.
interface ICaveatEnforcer {
    /// @notice Before any of a redemption's executions.
    function beforeAllHook(
        bytes calldata terms,
        bytes calldata args,
        bytes32 mode,
        bytes calldata executionCalldata,
        bytes32 delegationHash,
        address delegator,
        address redeemer
    ) external;

    /// @notice Before the execution.
    /// @param terms Signed by the delegator.
    /// @param args Of the redeemer; signed by nobody.
    /// @param mode ERC-7579 mode.
    /// @param executionCalldata ERC-7579 execution.
    /// @param delegationHash The delegation that carries the caveat.
    /// @param delegator Whose account acts.
    /// @param redeemer Who redeems, at the end of the chain of delegations.
    function beforeHook(
        bytes calldata terms,
        bytes calldata args,
        bytes32 mode,
        bytes calldata executionCalldata,
        bytes32 delegationHash,
        address delegator,
        address redeemer
    ) external;

    /// @notice After the execution.
    function afterHook(
        bytes calldata terms,
        bytes calldata args,
        bytes32 mode,
        bytes calldata executionCalldata,
        bytes32 delegationHash,
        address delegator,
        address redeemer
    ) external;

    /// @notice After all of a redemption's executions.
    function afterAllHook(
        bytes calldata terms,
        bytes calldata args,
        bytes32 mode,
        bytes calldata executionCalldata,
        bytes32 delegationHash,
        address delegator,
        address redeemer
    ) external;
}

/// @title AgentCaveat
/// @notice What the caveat refuses beside its policy.
interface IAgentCaveat is ICaveatEnforcer {
    /// @dev Terms are the 20 bytes of the wallet that the delegation is for.
    error MalformedTerms(uint256 length);
    /// @dev Only the delegation manager may ask.
    error NotManager(address caller);

    /// @notice The delegation manager that is served.
    function manager() external view returns (address);
}
