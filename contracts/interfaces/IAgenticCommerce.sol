// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {IERC20} from "@openzeppelin/contracts/token/ERC20/IERC20.sol";

/// @title IAgenticCommerce
/// @notice Job escrow of ERC-8183: a client pays in, a provider works, an evaluator releases the money or sends it back.
/// @dev `optParams` goes to the job's hook and means nothing here.
interface IAgenticCommerce {
    /// @notice Where a job stands. Open -> Funded -> Submitted -> Completed; Rejected from any of the first three, Expired from Funded
    /// and Submitted. The last three are final.
    enum JobState {
        Open,
        Funded,
        Submitted,
        Completed,
        Rejected,
        Expired
    }

    /// @notice A job; its description is read apart (`descriptionOf`), so that reading the rest costs the same for every job.
    /// @param client Pays, and gets refunds. Zero: there is no such job.
    /// @param state Where it stands.
    /// @param expiredAt First second at which a funded job can be refunded by anyone.
    /// @param provider Works and is paid; zero until named.
    /// @param evaluator Judges the work; may be the client, never the provider.
    /// @param hook Called around every function but `claimRefund`; zero for none.
    /// @param budget What the job pays, in the token's smallest unit; fixed once funded.
    struct Job {
        address client;
        JobState state;
        uint48 expiredAt;
        address provider;
        address evaluator;
        address hook;
        uint256 budget;
    }

    event JobCreated(
        uint256 indexed jobId,
        address indexed client,
        address indexed provider,
        address evaluator,
        uint256 expiredAt,
        address hook
    );
    event ProviderSet(uint256 indexed jobId, address indexed provider);
    event BudgetSet(uint256 indexed jobId, uint256 amount);
    event JobFunded(uint256 indexed jobId, address indexed client, uint256 amount);
    event JobSubmitted(uint256 indexed jobId, address indexed provider, bytes32 deliverable);
    event JobCompleted(uint256 indexed jobId, address indexed evaluator, bytes32 reason);
    event JobRejected(uint256 indexed jobId, address indexed rejector, bytes32 reason);
    event JobExpired(uint256 indexed jobId);
    event PaymentReleased(uint256 indexed jobId, address indexed provider, uint256 amount);
    event Refunded(uint256 indexed jobId, address indexed client, uint256 amount);

    error UnknownJob(uint256 jobId);
    /// @dev The job is not in a state that allows this.
    error WrongJobState(uint256 jobId, JobState state);
    /// @dev Another party's part. A budget is for the client, who is named, or for the provider to set.
    error WrongJobParty(uint256 jobId, address caller, address expected);
    /// @dev An evaluator and, in `setProvider`, a provider must be named.
    error ZeroAddress();
    /// @dev An expiry is in the future, and below 2**48.
    error InvalidExpiry(uint256 expiredAt);
    /// @dev Whoever is paid must not judge the work.
    error EvaluatorIsProvider(address evaluator);
    error ProviderAlreadySet(uint256 jobId, address provider);
    error ProviderNotSet(uint256 jobId);
    error BudgetNotSet(uint256 jobId);
    /// @dev The budget is not what the client agreed to.
    error BudgetMismatch(uint256 jobId, uint256 expected, uint256 budget);
    /// @dev Funding comes too late: the job could be refunded at once.
    error JobHasExpired(uint256 jobId, uint256 expiredAt);
    /// @dev A refund comes too early.
    error JobNotExpired(uint256 jobId, uint256 expiredAt);
    /// @dev The token delivered another amount than it was asked for, as fee-on-transfer tokens do.
    error FundingMismatch(uint256 jobId, uint256 expected, uint256 received);
    /// @dev Says by ERC-165 that it is no hook, or does not say.
    error NotHook(address hook);
    /// @dev Every job of this contract has this hook.
    error HookRequired(address hook);
    /// @dev The hook reverted, or used up its gas; `reason` has the first 256 bytes of its revert data.
    error HookRefused(address hook, bytes reason);

    /// @notice Gas that each call of a hook gets at most: 500,000, as in the reference implementation.
    function HOOK_GAS() external view returns (uint256);

    /// @notice What all jobs are paid in; fixed at deployment.
    function token() external view returns (IERC20);

    /// @notice The hook that every job must have, zero if clients choose; fixed at deployment.
    function requiredHook() external view returns (address);

    /// @notice Jobs so far; their ids are 1 to this.
    function jobCount() external view returns (uint256);

    /// @notice A job; all zero if there is none of that id.
    function getJob(uint256 jobId) external view returns (Job memory);

    /// @notice What was asked for.
    function descriptionOf(uint256 jobId) external view returns (string memory);

    /* Client */

    /// @notice Create a job as its client.
    /// @param provider Zero to name it later.
    /// @param evaluator Who will judge; may be the caller.
    /// @param expiredAt First second at which anyone can have a funded job refunded.
    /// @param description What is asked for.
    /// @param hook A contract of `IERC8183Hook`, or zero.
    /// @return jobId Its id.
    function createJob(
        address provider,
        address evaluator,
        uint256 expiredAt,
        string calldata description,
        address hook
    ) external returns (uint256 jobId);

    /// @notice Name the provider of an open job that has none.
    function setProvider(uint256 jobId, address provider, bytes calldata optParams) external;

    /// @notice Pay the budget of an open job in; the caller has approved it.
    /// @param expectedBudget What the client agreed to: any other budget reverts.
    function fund(uint256 jobId, uint256 expectedBudget, bytes calldata optParams) external;

    /* Client or provider */

    /// @notice Set what an open job pays.
    function setBudget(uint256 jobId, uint256 amount, bytes calldata optParams) external;

    /* Provider */

    /// @notice Hand the work of a funded job in.
    /// @param deliverable A hash of it, or a reference.
    function submit(uint256 jobId, bytes32 deliverable, bytes calldata optParams) external;

    /* Evaluator */

    /// @notice Accept submitted work: the provider is paid.
    /// @param reason A hash of the evidence, or zero.
    function complete(uint256 jobId, bytes32 reason, bytes calldata optParams) external;

    /// @notice Refuse a funded or submitted job: the client gets the money back. An open job is for its client to end.
    /// @param reason A hash of the evidence, or zero.
    function reject(uint256 jobId, bytes32 reason, bytes calldata optParams) external;

    /* Anyone */

    /// @notice Give the client of an expired job its money back. Not hooked: nothing can be in its way.
    function claimRefund(uint256 jobId) external;
}
