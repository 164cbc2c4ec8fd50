// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IERC8183Hook} from "../../interfaces/IERC8183Hook.sol";

/// @title JobFamily
/// @notice What the job contracts of other versions of ERC-8183 have in common. They hold no money: what matters here is which selectors and
/// data they hand to a hook, when, and how they answer `getJob`.
abstract contract JobFamily {
    enum Status {
        Open,
        Funded,
        Submitted,
        Completed,
        Rejected,
        Expired
    }

    /// @notice Whoever called is not who may.
    error Unauthorized();
    /// @notice Not in this state.
    error WrongStatus();

    /// @notice Money that was escrowed, so to speak.
    uint256 public escrowed;

    function _before(address hook, uint256 jobId, bytes memory data) internal {
        if (hook != address(0)) IERC8183Hook(hook).beforeAction(jobId, msg.sig, data);
    }

    function _after(address hook, uint256 jobId, bytes memory data) internal {
        if (hook != address(0)) IERC8183Hook(hook).afterAction(jobId, msg.sig, data);
    }

    function _require(bool isParty, bool isStatus) internal pure {
        require(isParty, Unauthorized());
        require(isStatus, WrongStatus());
    }
}

/// @title PlainJobs
/// @notice The hooked kernel and the first upgradeable reference: `data` starts with the caller.
abstract contract PlainJobs is JobFamily {
    struct Job {
        uint256 id;
        address client;
        address provider;
        address evaluator;
        string description;
        uint256 budget;
        uint256 expiredAt;
        Status status;
        address hook;
    }

    /// @notice Jobs so far.
    uint256 public jobCounter;
    mapping(uint256 jobId => Job job) internal _jobs;

    function createJob(
        address provider,
        address evaluator,
        uint256 expiredAt,
        string calldata description,
        address hook
    ) public virtual returns (uint256 jobId) {
        jobId = ++jobCounter;
        _jobs[jobId] = Job(jobId, msg.sender, provider, evaluator, description, 0, expiredAt, Status.Open, hook);
    }

    function setBudget(uint256 jobId, uint256 amount, bytes calldata optParams) external {
        Job storage job = _jobs[jobId];
        _require(msg.sender == job.client || msg.sender == job.provider, job.status == Status.Open);
        bytes memory data = abi.encode(msg.sender, amount, optParams);
        _before(job.hook, jobId, data);
        job.budget = amount;
        _after(job.hook, jobId, data);
    }

    /// @dev A job that pays nothing need not be funded.
    function submit(uint256 jobId, bytes32 deliverable, bytes calldata optParams) external {
        Job storage job = _jobs[jobId];
        bool free = job.status == Status.Open && job.budget == 0;
        _require(msg.sender == job.provider, free || job.status == Status.Funded);
        bytes memory data = abi.encode(msg.sender, deliverable, optParams);
        _before(job.hook, jobId, data);
        job.status = Status.Submitted;
        _after(job.hook, jobId, data);
    }

    function complete(uint256 jobId, bytes32 reason, bytes calldata optParams) external {
        Job storage job = _jobs[jobId];
        _require(msg.sender == job.evaluator, job.status == Status.Submitted);
        bytes memory data = abi.encode(msg.sender, reason, optParams);
        _before(job.hook, jobId, data);
        job.status = Status.Completed;
        escrowed -= job.budget;
        _after(job.hook, jobId, data);
    }

    function reject(uint256 jobId, bytes32 reason, bytes calldata optParams) external {
        Job storage job = _jobs[jobId];
        Status status = job.status;
        _require(msg.sender == (status == Status.Open ? job.client : job.evaluator), status <= Status.Submitted);
        bytes memory data = abi.encode(msg.sender, reason, optParams);
        _before(job.hook, jobId, data);
        job.status = Status.Rejected;
        if (status != Status.Open) escrowed -= job.budget;
        _after(job.hook, jobId, data);
    }

    function _fund(uint256 jobId, bytes calldata optParams) internal {
        Job storage job = _jobs[jobId];
        _require(msg.sender == job.client, job.status == Status.Open);
        bytes memory data = abi.encode(msg.sender, optParams);
        _before(job.hook, jobId, data);
        job.status = Status.Funded;
        escrowed += job.budget;
        _after(job.hook, jobId, data);
    }
}

/// @title KernelJobs
/// @notice The hooked kernel: the selectors of the ERC's text, `fund` 0xd2e13f50, with other data.
contract KernelJobs is PlainJobs {
    struct KernelJob {
        uint256 id;
        address client;
        address provider;
        address evaluator;
        address hook;
        string description;
        uint256 budget;
        uint256 expiredAt;
        Status status;
    }

    function getJob(uint256 jobId) external view returns (KernelJob memory) {
        Job memory job = _jobs[jobId];
        return KernelJob(
            job.id,
            job.client,
            job.provider,
            job.evaluator,
            job.hook,
            job.description,
            job.budget,
            job.expiredAt,
            job.status
        );
    }

    function setProvider(uint256 jobId, address provider, bytes calldata optParams) external {
        Job storage job = _jobs[jobId];
        _require(msg.sender == job.client, job.status == Status.Open);
        bytes memory data = abi.encode(msg.sender, provider, optParams);
        _before(job.hook, jobId, data);
        job.provider = provider;
        _after(job.hook, jobId, data);
    }

    function fund(uint256 jobId, uint256 expectedBudget, bytes calldata optParams) external {
        require(_jobs[jobId].budget == expectedBudget, WrongStatus());
        _fund(jobId, optParams);
    }
}

/// @title UnguardedFundJobs
/// @notice The first upgradeable reference: `fund` 0xe25ba707 names no amount, createJob is hooked, setProvider is not.
contract UnguardedFundJobs is PlainJobs {
    function getJob(uint256 jobId) external view returns (Job memory) {
        return _jobs[jobId];
    }

    function createJob(
        address provider,
        address evaluator,
        uint256 expiredAt,
        string calldata description,
        address hook
    ) public override returns (uint256 jobId) {
        jobId = super.createJob(provider, evaluator, expiredAt, description, hook);
        _after(hook, jobId, abi.encode(msg.sender, provider, evaluator));
    }

    function setProvider(uint256 jobId, address provider) external {
        Job storage job = _jobs[jobId];
        _require(msg.sender == job.client, job.status == Status.Open);
        job.provider = provider;
    }

    function fund(uint256 jobId, bytes calldata optParams) external {
        _fund(jobId, optParams);
    }
}

/// @title ClaimJobs
/// @notice The later reference: `fund` 0x1f989ec8, a token for each job, and part payments.
contract ClaimJobs is JobFamily {
    struct Job {
        address client;
        Status status;
        address provider;
        uint48 expiredAt;
        address evaluator;
        uint48 submittedAt;
        uint256 budget;
        address hook;
        address paymentToken;
        uint256 providerAgentId;
        string description;
        uint256 settledAmount;
        address payoutReceiver;
    }

    /// @notice Jobs so far.
    uint256 public jobCounter;
    mapping(uint256 jobId => Job job) private _jobs;

    function getJob(uint256 jobId) external view returns (Job memory) {
        return _jobs[jobId];
    }

    function createJob(
        address provider,
        address evaluator,
        uint48 expiredAt,
        string calldata description,
        address hook,
        uint256 agentId
    ) external returns (uint256 jobId) {
        jobId = ++jobCounter;
        Job storage job = _jobs[jobId];
        (job.client, job.provider, job.evaluator) = (msg.sender, provider, evaluator);
        (job.expiredAt, job.description, job.hook, job.providerAgentId) = (expiredAt, description, hook, agentId);
    }

    function setBudget(uint256 jobId, address token, uint256 amount, bytes calldata optParams) external {
        Job storage job = _jobs[jobId];
        _require(msg.sender == job.provider, job.status == Status.Open);
        bytes memory data = abi.encode(msg.sender, token, amount, optParams);
        _before(job.hook, jobId, data);
        (job.paymentToken, job.budget) = (token, amount);
        _after(job.hook, jobId, data);
    }

    function fund(uint256 jobId, address expectedToken, uint256 expectedBudget, bytes calldata optParams) external {
        Job storage job = _jobs[jobId];
        _require(msg.sender == job.client, job.status == Status.Open);
        require(job.paymentToken == expectedToken && job.budget == expectedBudget, WrongStatus());
        bytes memory data = abi.encode(msg.sender, optParams);
        _before(job.hook, jobId, data);
        job.status = Status.Funded;
        escrowed += job.budget;
        _after(job.hook, jobId, data);
    }

    function submitClaim(uint256 jobId, uint256 cumulativeAmount, bytes32 deliverable, bytes calldata optParams)
        external
    {
        Job storage job = _jobs[jobId];
        _require(msg.sender == job.provider, job.status == Status.Funded);
        bytes memory data = abi.encode(msg.sender, cumulativeAmount, deliverable, optParams);
        _before(job.hook, jobId, data);
        _after(job.hook, jobId, data);
    }

    function rejectClaim(
        uint256 jobId,
        uint256 cumulativeAmount,
        bytes32 deliverable,
        bytes32 reason,
        bytes calldata optParams
    ) external {
        Job storage job = _jobs[jobId];
        _require(msg.sender == job.client || msg.sender == job.evaluator, job.status == Status.Funded);
        bytes memory data = abi.encode(msg.sender, cumulativeAmount, deliverable, reason, optParams);
        _before(job.hook, jobId, data);
        _after(job.hook, jobId, data);
    }

    function submit(uint256 jobId, bytes32 deliverable, bytes calldata optParams) external {
        Job storage job = _jobs[jobId];
        _require(msg.sender == job.provider, job.status == Status.Funded);
        bytes memory data = abi.encode(msg.sender, deliverable, optParams);
        _before(job.hook, jobId, data);
        job.status = Status.Submitted;
        _after(job.hook, jobId, data);
    }
}
