// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IAgentGuarded} from "../interfaces/IAgentGuarded.sol";
import {ICircuitBreaker} from "../interfaces/ICircuitBreaker.sol";
import {ICommerceHook} from "../interfaces/ICommerceHook.sol";
import {IERC8004Reputation} from "../interfaces/IERC8004Reputation.sol";
import {IERC8183Hook} from "../interfaces/IERC8183Hook.sol";
import {Reason} from "../types/Types.sol";
import {Verdict} from "../types/Verdict.sol";
import {ERC165} from "@openzeppelin/contracts/utils/introspection/ERC165.sol";
import {IERC165} from "@openzeppelin/contracts/utils/introspection/IERC165.sol";
import {Math} from "@openzeppelin/contracts/utils/math/Math.sol";

/// @title CommerceHook
/// @notice Puts the jobs of ERC-8183 under the breaker, whichever version of the draft their contract follows.
///
/// @dev Design
///
///      | The job contract's function | Asked before | Asked after |
///      |-----------------------------|--------------|-------------|
///      | Hire (setProvider; createJob where it is hooked) | - | may the provider deliver? |
///      | Fund | client: charged the budget; may the provider deliver? | - |
///      | Deliver (submit) | provider: charged one delivery | - |
///      | Complete | - | feedback, which cannot fail the job |
///      | claimRefund, reject, rejectClaim; Free | - | - |
///      | anything else | refused | refused |
///
///      The draft's versions differ in selectors, in the encoding of `data` and in the form of a job. The selectors are
///      a table, what counts of a job is found by four numbers, and `data` is not read at all: a new provider is asked
///      about after it was named, in the job. A provider is asked about thrice, since a job may be created with one,
///      and in some versions one that pays nothing is submitted unfunded (CM-3).
///
///      A provider at the limit of its deliveries can be hired, since work takes time; an open breaker cannot.
///
///      A denial reverts, and so does a core that does not answer: no strike survives, the last straw does (BR-4, BR-5).
///
///      Trust assumptions
///
///      The job contracts: that only a job's client funds it and only its provider submits, since these are charged
///      (BR-5), and that `getJob` says what will be paid. They are named at deployment; nobody else makes this contract
///      charge anyone. The admin tunes the lanes, and can at worst deny every hire, payment and delivery, never an exit.
///
///      Warnings
///
///      - Clients who may choose a job's hook may choose none: use it where the job contract insists on it.
///      - Tokens without a lane are refused. Bounds multiply by lanes.
///      - An evaluator may starve the feedback by leaving little gas, and an agent may hire itself: feedback says that a
///        job was paid, and weighs what it paid.
contract CommerceHook is ICommerceHook, ERC165 {
    /// @inheritdoc ICommerceHook
    uint256 public constant DELIVERY_LANE = 1 << 160; // above every token

    /// @dev Exits of all known versions. `claimRefund` should not be hooked at all.
    bytes4 private constant _CLAIM_REFUND = bytes4(keccak256("claimRefund(uint256)"));
    bytes4 private constant _REJECT = bytes4(keccak256("reject(uint256,bytes32,bytes)"));
    bytes4 private constant _REJECT_CLAIM = bytes4(keccak256("rejectClaim(uint256,uint256,bytes32,bytes32,bytes)"));
    bytes4 private constant _GET_JOB = bytes4(keccak256("getJob(uint256)"));
    /// @dev Words of a job that are read; whatever follows (a description, of any length) is not.
    uint256 private constant _JOB_WORDS = 16;
    /// @dev Enough for a dozen new storage slots; the rest of the 500,000 that job contracts give is for what comes before and after.
    uint256 private constant _REPORT_GAS = 350_000;

    /// @inheritdoc ICommerceHook
    ICircuitBreaker public immutable circuitBreaker;
    /// @inheritdoc ICommerceHook
    IERC8004Reputation public immutable reputation;
    /// @inheritdoc ICommerceHook
    address public immutable identity;
    uint256 private immutable _CLIENT;
    uint256 private immutable _PROVIDER;
    uint256 private immutable _BUDGET;
    uint256 private immutable _TOKEN;
    uint256 private immutable _LEAST_SIZE;

    /// @inheritdoc ICommerceHook
    mapping(address jobContract => bool yes) public isJobContract;
    mapping(bytes4 selector => Role role) private _roles;

    /// @param setup See there.
    constructor(Setup memory setup) {
        (circuitBreaker, reputation, identity) = (setup.core, setup.reputation, setup.identity);
        JobWords memory place = setup.words;
        (_CLIENT, _PROVIDER, _BUDGET, _TOKEN) = (place.client, place.provider, place.budget, place.token);
        uint256 last = Math.max(Math.max(_CLIENT, _PROVIDER), Math.max(_BUDGET, _TOKEN));
        require(last < _JOB_WORDS, InvalidJobWords());
        _LEAST_SIZE = (last + 1) * 0x20;
        for (uint256 i; i < setup.jobContracts.length; ++i) {
            isJobContract[setup.jobContracts[i]] = true;
        }
        for (uint256 i; i < setup.rules.length; ++i) {
            _roles[setup.rules[i].selector] = setup.rules[i].role;
        }
        setup.core.setAdmin(setup.admin);
        for (uint256 i; i < setup.lanes.length; ++i) {
            Lane memory lane = setup.lanes[i];
            setup.core.openLane(lane.id, lane.limits, lane.policy, lane.lineages);
        }
    }

    /// @inheritdoc IERC8183Hook
    function beforeAction(uint256 jobId, bytes4 selector, bytes calldata) external {
        Role role = _enter(selector);
        if (role == Role.Fund) {
            (address client, address provider, uint256 budget, uint256 lane) = _job(msg.sender, jobId);
            _requireHireable(provider);
            _charge(lane, client, budget);
        } else if (role == Role.Deliver) {
            (, address provider,,) = _job(msg.sender, jobId);
            _charge(DELIVERY_LANE, provider, 0);
        }
    }

    /// @inheritdoc IERC8183Hook
    function afterAction(uint256 jobId, bytes4 selector, bytes calldata) external {
        Role role = _enter(selector);
        if (role == Role.Hire) {
            (, address provider,,) = _job(msg.sender, jobId);
            if (provider != address(0)) _requireHireable(provider);
        } else if (role == Role.Complete && address(reputation) != address(0)) {
            try this.report{gas: _REPORT_GAS}(msg.sender, jobId) {}
            catch {
                emit FeedbackFailed(msg.sender, jobId);
            }
        }
    }

    /// @inheritdoc ICommerceHook
    function report(address jobContract, uint256 jobId) external {
        require(msg.sender == address(this), IAgentGuarded.NotSelf(msg.sender));
        (, address provider,,) = _job(jobContract, jobId);
        uint32 agent = circuitBreaker.status(provider).agent();
        if (agent == 0) return; // of a person there is nothing to report
        (address registry, uint256 agentId,,,) = circuitBreaker.identityOf(agent);
        if (registry == identity) reputation.giveFeedback(agentId, 100, 0, "ERC-8183", "completed", "", "", 0);
    }

    /// @inheritdoc ICommerceHook
    function roleOf(bytes4 selector) public view returns (Role) {
        if (selector == _REJECT || selector == _CLAIM_REFUND || selector == _REJECT_CLAIM) return Role.Free;
        return _roles[selector];
    }

    /// @inheritdoc ICommerceHook
    function paymentLane(address token) external pure returns (uint256) {
        return uint160(token);
    }

    /// @inheritdoc IERC165
    function supportsInterface(bytes4 interfaceId) public view override(ERC165, IERC165) returns (bool) {
        return interfaceId == type(IERC8183Hook).interfaceId || super.supportsInterface(interfaceId);
    }

    /// @dev Free actions are free for everybody: a job of a stranger's contract, which can never be funded here, can still be rejected.
    function _enter(bytes4 selector) private view returns (Role role) {
        role = roleOf(selector);
        require(role == Role.Free || isJobContract[msg.sender], NotJobContract(msg.sender));
        require(role != Role.Unknown, UnknownAction(selector));
    }

    function _charge(uint256 lane, address wallet, uint256 value) private {
        Verdict verdict = circuitBreaker.admit(lane, wallet, value);
        require(verdict.admitted(), IAgentGuarded.AgentDenied(lane, wallet, verdict));
    }

    function _requireHireable(address provider) private view {
        Verdict verdict = circuitBreaker.preview(address(this), DELIVERY_LANE, provider, 0);
        require(
            verdict.admitted() || verdict.reason() == Reason.CountLimit,
            IAgentGuarded.AgentDenied(DELIVERY_LANE, provider, verdict)
        );
    }

    /// @dev Not a call of Solidity's: that copies the whole answer, a description of any length included.
    function _job(address jobContract, uint256 jobId)
        private
        view
        returns (address client, address provider, uint256 budget, uint256 lane)
    {
        (bytes4 selector, uint256 leastSize) = (_GET_JOB, _LEAST_SIZE);
        uint256[_JOB_WORDS] memory words;
        bool answered;
        assembly ("memory-safe") {
            mstore(0x00, selector)
            mstore(0x04, jobId)
            answered := staticcall(gas(), jobContract, 0x00, 0x24, words, mul(_JOB_WORDS, 0x20))
            answered := and(answered, iszero(lt(returndatasize(), leastSize)))
        }
        require(answered, JobUnreadable(jobContract, jobId));
        client = address(uint160(words[_CLIENT]));
        provider = address(uint160(words[_PROVIDER]));
        budget = words[_BUDGET];
        if (_TOKEN != 0) lane = uint160(words[_TOKEN]);
    }
}
