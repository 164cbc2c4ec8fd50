// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {ICircuitBreaker} from "./ICircuitBreaker.sol";

/// @title Countersigning: what must have been approved by people before it happens
/// @notice M of N signers approve one exact action in advance (WP-7). An action above the delay threshold also waits, and can be
/// vetoed. The policy of the account consumes the approval while the agent executes; nothing is executed here.
interface ICountersign {
    /// @notice What is signed, as EIP-712 typed data in this contract's domain ("Switchgear Countersign", "1").
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

    /// @notice What became of a nonce of a policy.
    enum State {
        None, // never seen
        Approved, // may be consumed, until it expires
        Consumed,
        Vetoed
    }

    /// @notice What is remembered of a nonce of a policy.
    /// @param policy Whose it is; zero if it was vetoed before it was approved.
    /// @param eta From when it serves an action that has to wait.
    /// @param expiry First second at which it counts no longer: the action's, but at most `APPROVAL_WINDOW` after `eta`.
    struct Approval {
        address policy;
        uint40 eta;
        uint40 expiry;
        State state;
    }

    /// @notice M of N have signed; from `eta` on even an action that has to wait may happen.
    event Countersigned(
        bytes32 indexed id,
        address indexed policy,
        address indexed wallet,
        address actor,
        Action action,
        uint40 eta,
        uint40 expiry,
        bytes[] signers
    );
    /// @notice It happened, unless the transaction failed later.
    event Consumed(bytes32 indexed id, address indexed policy, address indexed wallet, bytes32 calls, bool delayed);
    /// @notice It will never happen under this nonce. `policy` is zero if it was not approved yet.
    event Vetoed(bytes32 indexed id, address indexed policy, address indexed actor);
    event DelayChanged(address indexed actor, uint40 previous, uint40 delay);

    /// @dev M of N have not approved this, or it expired, was vetoed, was used, or still waits until `eta` (0 if never scheduled).
    error NotCountersigned(address policy, address wallet, bytes32 calls, uint40 eta);
    error ActionExpired(uint40 expiry);
    /// @dev This nonce of the policy was approved or vetoed before; an approval is never taken twice.
    error NonceUsed(address policy, uint256 nonce);
    /// @dev An equal action is approved and unused: consume or veto it, or let it expire, first.
    error AlreadyApproved(bytes32 id);
    error NotSigner(bytes signer);
    error TooFewSignatures(uint256 given, uint256 threshold);
    /// @dev A signature is not its signer's, or a signer is there twice, or there is not one signature for each.
    error InvalidSignatures(bytes32 digest);
    /// @dev Neither owner, nor an address among the signers, nor a guardian of the approval's policy.
    error NotVetoer(address caller);
    /// @dev It was consumed or vetoed already.
    error NotVetoable(bytes32 id, State state);

    /// @notice Seconds after `eta` during which an approval counts at most: 7 days.
    function APPROVAL_WINDOW() external view returns (uint256);
    /// @notice Longest delay: 30 days.
    function MAX_DELAY() external view returns (uint256);

    /// @notice Hand in the signatures; anyone may. The wait of an action that has to wait starts now.
    /// @param signers Who signed, each one that `isSigner`; sorted by keccak-256 it costs least.
    /// @param signatures One each, over `digestOf(action)`.
    /// @return id Names the nonce from now on.
    function approve(Action calldata action, bytes[] calldata signers, bytes[] calldata signatures)
        external
        returns (bytes32 id);

    /// @notice Use up one approval of this execution; reverts with `NotCountersigned` if there is none.
    /// @dev Only the caller's own approvals: the policy of an action is `msg.sender`.
    /// @param account The account that acts.
    /// @param wallet The agent's wallet that acts for it.
    /// @param calls Hash of the execution.
    /// @param delayed Whether it must have been scheduled and have waited.
    function consume(address account, address wallet, bytes32 calls, bool delayed) external;

    /// @notice Say no, for good: to an approval as long as it is unused, by the owner, a signer that is an address, or a guardian of its
    /// policy in the core; by the first two even before it is approved.
    function veto(bytes32 id) external;

    /// @notice Let more people sign; waits.
    function addSigners(bytes[] calldata signers) external;
    /// @notice Let fewer people sign, and veto; waits.
    function removeSigners(bytes[] calldata signers) external;
    /// @notice How many must sign: at once if more, by the owner; fewer waits.
    function setThreshold(uint64 threshold) external;
    /// @notice How long what has to wait waits, from the next approval on: at once if longer, by the owner; shorter waits.
    function setDelay(uint40 delay) external;

    /// @notice The core, which knows agents' wallets and policies' guardians.
    function circuitBreaker() external view returns (ICircuitBreaker);
    /// @notice Seconds that an action waits that has to wait.
    function delay() external view returns (uint40);
    /// @notice What is signed for an action: its EIP-712 hash with the live chain id.
    function digestOf(Action calldata action) external view returns (bytes32);
    /// @notice Name of a nonce of a policy.
    function idOf(address policy, uint256 nonce) external pure returns (bytes32);
    /// @notice What became of it. Look at `expiry` too.
    function approvalOf(bytes32 id) external view returns (Approval memory);
    /// @notice The newest approval of an execution, whatever became of it; zero if there never was one.
    function newestOf(address policy, address account, address wallet, bytes32 calls) external view returns (bytes32 id);
}
