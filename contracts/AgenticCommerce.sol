// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IAgenticCommerce} from "./interfaces/IAgenticCommerce.sol";
import {IERC8183Hook} from "./interfaces/IERC8183Hook.sol";
import {IERC20} from "@openzeppelin/contracts/token/ERC20/IERC20.sol";
import {SafeERC20} from "@openzeppelin/contracts/token/ERC20/utils/SafeERC20.sol";
import {ReentrancyGuardTransient} from "@openzeppelin/contracts/utils/ReentrancyGuardTransient.sol";
import {ERC165Checker} from "@openzeppelin/contracts/utils/introspection/ERC165Checker.sol";

/// @title AgenticCommerce
/// @notice Job escrow to the normative text of ERC-8183, with hooks.
///
/// @dev Design
///
///      No owner, no fee, no upgrade; one token, fixed at deployment. A deployment may fix the hook too: where clients
///      choose, a rogue one chooses none, so only a fixed hook is a limit on clients.
///
///      Whatever changes a job takes one lock, so that neither a token nor a hook finds a job half changed. A hook gets
///      500,000 gas for each call, and of its revert data 256 bytes are read; a caller who leaves it less makes it
///      fail, which blocks the action. `claimRefund` calls no hook.
///
///      Stricter than the text: evaluator and provider differ, a hook shows its interface when a job is created, an
///      expired job takes no money, and what arrives is compared with what was asked for.
///
///      Trust assumptions
///
///      The evaluator decides alone who gets the money of submitted work. A hook can block every action on its job but
///      the refund after expiry. The token neither rebases nor charges for transfers.
///
///      Warnings
///
///      - A token that refuses transfers to a client or provider (blocklists) keeps its money here.
///      - Work that is submitted and not judged before the expiry can be refunded by anyone: providers look at the
///        expiry and at the evaluator first.
///      - An evaluator that is the client can take its money back after it has seen the work.
///      - No meta-transactions (ERC-2771): who calls is who acts.
contract AgenticCommerce is IAgenticCommerce, ReentrancyGuardTransient {
    using SafeERC20 for IERC20;

    /// @inheritdoc IAgenticCommerce
    uint256 public constant HOOK_GAS = 500_000;
    uint256 private constant _MAX_REASON = 256;

    /// @inheritdoc IAgenticCommerce
    IERC20 public immutable token;
    /// @inheritdoc IAgenticCommerce
    address public immutable requiredHook;

    /// @inheritdoc IAgenticCommerce
    uint256 public jobCount;
    mapping(uint256 jobId => Job job) private _jobs;
    mapping(uint256 jobId => string description) private _descriptions;

    /// @param token_ What all jobs are paid in.
    /// @param requiredHook_ The hook of every job; zero to let clients choose. It may be deployed later.
    constructor(IERC20 token_, address requiredHook_) {
        require(address(token_) != address(0), ZeroAddress());
        (token, requiredHook) = (token_, requiredHook_);
    }

    /* Views */

    /// @inheritdoc IAgenticCommerce
    function getJob(uint256 jobId) external view returns (Job memory) {
        return _jobs[jobId];
    }

    /// @inheritdoc IAgenticCommerce
    function descriptionOf(uint256 jobId) external view returns (string memory) {
        return _descriptions[jobId];
    }

    /* Client */

    /// @inheritdoc IAgenticCommerce
    function createJob(
        address provider,
        address evaluator,
        uint256 expiredAt,
        string calldata description,
        address hook
    ) external nonReentrant returns (uint256 jobId) {
        require(evaluator != address(0), ZeroAddress());
        require(evaluator != provider, EvaluatorIsProvider(evaluator));
        require(expiredAt > block.timestamp && expiredAt <= type(uint48).max, InvalidExpiry(expiredAt));
        require(requiredHook == address(0) || hook == requiredHook, HookRequired(requiredHook));
        // An address without code would let everything pass, unasked.
        require(
            hook == address(0) || ERC165Checker.supportsInterface(hook, type(IERC8183Hook).interfaceId), NotHook(hook)
        );

        jobId = ++jobCount;
        // forge-lint: disable-next-line(unsafe-typecast)
        _jobs[jobId] = Job(msg.sender, JobState.Open, uint48(expiredAt), provider, evaluator, hook, 0);
        _descriptions[jobId] = description;
        emit JobCreated(jobId, msg.sender, provider, evaluator, expiredAt, hook);
    }

    /// @inheritdoc IAgenticCommerce
    function setProvider(uint256 jobId, address provider, bytes calldata optParams) external nonReentrant {
        Job storage job = _open(jobId);
        _requireParty(jobId, job.client);
        require(job.provider == address(0), ProviderAlreadySet(jobId, job.provider));
        require(provider != address(0), ZeroAddress());
        require(provider != job.evaluator, EvaluatorIsProvider(provider));

        bytes memory data = abi.encode(provider, optParams);
        _before(job.hook, jobId, data);
        job.provider = provider;
        emit ProviderSet(jobId, provider);
        _after(job.hook, jobId, data);
    }

    /// @inheritdoc IAgenticCommerce
    function fund(uint256 jobId, uint256 expectedBudget, bytes calldata optParams) external nonReentrant {
        Job storage job = _open(jobId);
        _requireParty(jobId, job.client);
        uint256 budget = job.budget;
        require(job.provider != address(0), ProviderNotSet(jobId));
        require(budget != 0, BudgetNotSet(jobId));
        require(budget == expectedBudget, BudgetMismatch(jobId, expectedBudget, budget));
        require(block.timestamp < job.expiredAt, JobHasExpired(jobId, job.expiredAt));

        _before(job.hook, jobId, optParams);
        job.state = JobState.Funded;
        uint256 balance = token.balanceOf(address(this));
        token.safeTransferFrom(msg.sender, address(this), budget);
        uint256 received = token.balanceOf(address(this)) - balance;
        require(received == budget, FundingMismatch(jobId, budget, received));
        emit JobFunded(jobId, msg.sender, budget);
        _after(job.hook, jobId, optParams);
    }

    /* Client or provider */

    /// @inheritdoc IAgenticCommerce
    function setBudget(uint256 jobId, uint256 amount, bytes calldata optParams) external nonReentrant {
        Job storage job = _open(jobId);
        if (msg.sender != job.provider) _requireParty(jobId, job.client);

        bytes memory data = abi.encode(amount, optParams);
        _before(job.hook, jobId, data);
        job.budget = amount;
        emit BudgetSet(jobId, amount);
        _after(job.hook, jobId, data);
    }

    /* Provider */

    /// @inheritdoc IAgenticCommerce
    function submit(uint256 jobId, bytes32 deliverable, bytes calldata optParams) external nonReentrant {
        Job storage job = _known(jobId);
        require(job.state == JobState.Funded, WrongJobState(jobId, job.state));
        _requireParty(jobId, job.provider);

        bytes memory data = abi.encode(deliverable, optParams);
        _before(job.hook, jobId, data);
        job.state = JobState.Submitted;
        emit JobSubmitted(jobId, msg.sender, deliverable);
        _after(job.hook, jobId, data);
    }

    /* Evaluator */

    /// @inheritdoc IAgenticCommerce
    function complete(uint256 jobId, bytes32 reason, bytes calldata optParams) external nonReentrant {
        Job storage job = _known(jobId);
        require(job.state == JobState.Submitted, WrongJobState(jobId, job.state));
        _requireParty(jobId, job.evaluator);

        bytes memory data = abi.encode(reason, optParams);
        _before(job.hook, jobId, data);
        job.state = JobState.Completed;
        emit JobCompleted(jobId, msg.sender, reason);
        emit PaymentReleased(jobId, job.provider, job.budget);
        token.safeTransfer(job.provider, job.budget);
        _after(job.hook, jobId, data);
    }

    /// @inheritdoc IAgenticCommerce
    function reject(uint256 jobId, bytes32 reason, bytes calldata optParams) external nonReentrant {
        Job storage job = _known(jobId);
        JobState state = job.state;
        require(state <= JobState.Submitted, WrongJobState(jobId, state));
        _requireParty(jobId, state == JobState.Open ? job.client : job.evaluator);

        bytes memory data = abi.encode(reason, optParams);
        _before(job.hook, jobId, data);
        job.state = JobState.Rejected;
        emit JobRejected(jobId, msg.sender, reason);
        if (state != JobState.Open) _refund(jobId, job); // nobody paid for an open job
        _after(job.hook, jobId, data);
    }

    /* Anyone */

    /// @inheritdoc IAgenticCommerce
    function claimRefund(uint256 jobId) external nonReentrant {
        Job storage job = _known(jobId);
        require(job.state == JobState.Funded || job.state == JobState.Submitted, WrongJobState(jobId, job.state));
        require(block.timestamp >= job.expiredAt, JobNotExpired(jobId, job.expiredAt));

        job.state = JobState.Expired;
        emit JobExpired(jobId);
        _refund(jobId, job);
    }

    /* Internal */

    function _refund(uint256 jobId, Job storage job) private {
        emit Refunded(jobId, job.client, job.budget);
        token.safeTransfer(job.client, job.budget);
    }

    function _known(uint256 jobId) private view returns (Job storage job) {
        job = _jobs[jobId];
        require(job.client != address(0), UnknownJob(jobId));
    }

    function _open(uint256 jobId) private view returns (Job storage job) {
        job = _known(jobId);
        require(job.state == JobState.Open, WrongJobState(jobId, job.state));
    }

    function _requireParty(uint256 jobId, address party) private view {
        require(msg.sender == party, WrongJobParty(jobId, msg.sender, party));
    }

    function _before(address hook, uint256 jobId, bytes memory data) private {
        if (hook != address(0)) _call(hook, abi.encodeCall(IERC8183Hook.beforeAction, (jobId, msg.sig, data)));
    }

    function _after(address hook, uint256 jobId, bytes memory data) private {
        if (hook != address(0)) _call(hook, abi.encodeCall(IERC8183Hook.afterAction, (jobId, msg.sig, data)));
    }

    /// @dev Not a call of Solidity's: that copies all there is of returned data, a hostile hook's megabyte too.
    function _call(address hook, bytes memory question) private {
        bool success;
        bytes memory reason;
        assembly ("memory-safe") {
            success := call(HOOK_GAS, hook, 0, add(question, 0x20), mload(question), 0, 0)
            if iszero(success) {
                let size := returndatasize()
                if gt(size, _MAX_REASON) { size := _MAX_REASON }
                reason := mload(0x40)
                mstore(reason, size)
                returndatacopy(add(reason, 0x20), 0, size)
                mstore(0x40, add(reason, and(add(size, 0x3f), not(0x1f))))
            }
        }
        require(success, HookRefused(hook, reason));
    }
}
