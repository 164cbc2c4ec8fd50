// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {LanePolicy, Limits} from "../types/Types.sol";
import {ICircuitBreaker} from "./ICircuitBreaker.sol";
import {IERC8004Reputation} from "./IERC8004Reputation.sol";
import {IERC8183Hook} from "./IERC8183Hook.sol";

/// @title ICommerceHook
/// @notice A hook of ERC-8183 that asks Switchgear about a job's client when it pays, and about its provider before it is hired, paid for
/// and heard.
interface ICommerceHook is IERC8183Hook {
    /// @notice What a function of a job contract does, as far as it matters here.
    enum Role {
        Unknown, // refused: not in the table
        Free, // nobody is asked
        Hire, // may name a provider, who is asked about afterwards
        Fund, // the client is charged, and the provider asked about
        Deliver, // the provider is charged
        Complete // feedback for the provider, if a reputation registry is set
    }

    /// @notice One entry of the table: a selector as the job contract passes it to hooks.
    struct Rule {
        bytes4 selector;
        Role role;
    }

    /// @notice Which words of the answer to `getJob(uint256)` say what, counted from 0: the first of a struct with a string in it is an
    /// offset. At most 15.
    /// @param client Who pays.
    /// @param provider Who is paid.
    /// @param budget How much.
    /// @param token In what; 0 if the answer does not say, since all jobs are paid in one token.
    struct JobWords {
        uint8 client;
        uint8 provider;
        uint8 budget;
        uint8 token;
    }

    /// @notice A lane to open: the one of deliveries, or one of payments in a token.
    struct Lane {
        uint256 id;
        Limits limits;
        LanePolicy policy;
        uint32[] lineages;
    }

    /// @notice What a hook is deployed with; none of it changes.
    /// @param core The core to ask.
    /// @param admin Who may tune, trip and reset the lanes.
    /// @param jobContracts Whose hook it is: no other contract is answered.
    /// @param rules What their functions do.
    /// @param words Where their jobs say who, and how much.
    /// @param lanes `DELIVERY_LANE` and one for each token that jobs may be paid in, see `paymentLane`.
    /// @param reputation ERC-8004 reputation registry that learns of completed jobs; zero for none.
    /// @param identity The identity registry that it belongs to: agents of another get no feedback.
    struct Setup {
        ICircuitBreaker core;
        address admin;
        address[] jobContracts;
        Rule[] rules;
        JobWords words;
        Lane[] lanes;
        IERC8004Reputation reputation;
        address identity;
    }

    /// @notice A completed job's feedback did not get into the reputation registry. The job is completed nevertheless.
    event FeedbackFailed(address indexed jobContract, uint256 indexed jobId);

    /// @dev The caller is no job contract of this hook.
    error NotJobContract(address caller);
    /// @dev The job contract's function is not in the table (CM-2).
    error UnknownAction(bytes4 selector);
    /// @dev A word of a job is out of reach.
    error InvalidJobWords();
    /// @dev The job contract has no `getJob(uint256)`, or its answer has too few words.
    error JobUnreadable(address jobContract, uint256 jobId);

    /// @notice The lane of deliveries: a provider's, counted; no value.
    function DELIVERY_LANE() external view returns (uint256);

    /// @notice The core that is asked.
    function circuitBreaker() external view returns (ICircuitBreaker);

    /// @notice Where completed jobs are reported; zero for nowhere.
    function reputation() external view returns (IERC8004Reputation);

    /// @notice The identity registry whose agents are reported.
    function identity() external view returns (address);

    /// @notice Whether a contract's jobs are guarded here.
    function isJobContract(address jobContract) external view returns (bool);

    /// @notice What a function is taken for; `claimRefund`, `reject` and `rejectClaim` are always free (CM-1).
    function roleOf(bytes4 selector) external view returns (Role);

    /// @notice The lane in which payments in a token are charged, in its smallest unit.
    /// @param token Zero for job contracts that have one token only.
    function paymentLane(address token) external pure returns (uint256);

    /// @notice Report a completed job; for the hook itself.
    function report(address jobContract, uint256 jobId) external;
}
