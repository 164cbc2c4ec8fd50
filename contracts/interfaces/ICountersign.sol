// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

/// @title Countersigning: what must have been approved by people before it happens
/// @notice M of N signers approve one exact action in advance (WP-7). An action above the delay threshold is scheduled too, waits, and can be
/// vetoed. The policy of the account consumes the approval while the agent executes; nothing is executed here.
interface ICountersign {
    /// @notice What is signed, as EIP-712 typed data in this contract's domain.
    /// @param policy The account's policy, which will consume it.
    /// @param account The account that acts.
    /// @param wallet The agent's wallet that acts for it.
    /// @param calls Hash of the execution, see `SessionPolicy.callsHash`.
    /// @param nonce Any number not used before for this policy: two equal actions need two nonces.
    /// @param expiry First second at which the approval counts no longer.
    struct Action {
        address policy;
        address account;
        address wallet;
        bytes32 calls;
        uint256 nonce;
        uint40 expiry;
    }

    /// @notice Use up one approval of this execution; reverts with `NotCountersigned` if there is none.
    /// @dev Only the caller's own approvals: the policy of an action is `msg.sender`.
    /// @param account The account that acts.
    /// @param wallet The agent's wallet that acts for it.
    /// @param calls Hash of the execution.
    /// @param delayed Whether it must have been scheduled and have waited.
    function consume(address account, address wallet, bytes32 calls, bool delayed) external;

    /// @dev M of N have not approved this, or it expired, was vetoed, was used, or still waits until `eta` (0 if never scheduled).
    error NotCountersigned(address policy, address wallet, bytes32 calls, uint40 eta);
}
