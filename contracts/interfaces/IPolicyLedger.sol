// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {LanePolicy, Limits} from "../types/Types.sol";
import {Verdict} from "../types/Verdict.sol";
import {Permission} from "../types/Wallets.sol";
import {ICircuitBreaker} from "./ICircuitBreaker.sol";
import {ICountersign} from "./ICountersign.sol";

/// @title What a session policy is made of, and what it refuses
interface IPolicyLedger {
    /// @notice Limits of one asset. The policy's lane of that asset; unknown wallets are always denied.
    struct AssetLimits {
        address asset;
        Limits limits;
        LanePolicy policy;
    }

    /// @notice What a policy is deployed with; this first configuration lands at once.
    /// @param core The core that is asked.
    /// @param account The account that is guarded.
    /// @param owner Who sets the policy: a person, a Safe or a timelock; never an agent's wallet. Also the first admin of its lanes.
    /// @param countersign Where approvals are consumed; zero for none: what would need them is denied.
    /// @param trusted Signers, modules or executors of the account that are people's, and pass unasked.
    struct Setup {
        ICircuitBreaker core;
        address account;
        address owner;
        ICountersign countersign;
        address[] trusted;
        AssetLimits[] assets;
        Permission[] permissions;
    }

    /// @notice Read what it is with `permissionOf`.
    event PermissionGranted(
        address indexed wallet, address indexed target, bytes4 indexed selector, address actor, uint40 expiry
    );
    event PermissionRevoked(address indexed wallet, address indexed target, bytes4 indexed selector, address actor);
    event TrustChanged(address indexed party, address actor, bool trusted);
    /// @notice From now on the account may call itself through this policy, and so remove it (WP-6).
    event Retired(address indexed account, address actor);

    /// @dev No permission for this, or it is over, or used up (`NotPermitted` tells deny by default).
    error NotPermitted(address wallet, address target, bytes4 selector);
    error PermissionExpired(address wallet, address target, bytes4 selector, uint40 expiry);
    error PermissionUsedUp(address wallet, address target, bytes4 selector);
    error CoolingDown(address wallet, address target, bytes4 selector, uint40 until);
    error NativeCapExceeded(address wallet, address target, bytes4 selector, uint256 value, uint256 cap);
    error CallCapExceeded(address wallet, address target, bytes4 selector, uint256 amount, uint256 cap);
    error LifetimeCapExceeded(address wallet, address target, bytes4 selector, uint256 amount, uint256 left);
    /// @dev `word` is the index of the argument that keeps none of its rules; `RECIPIENT` for the recipient.
    error RuleViolated(address wallet, address target, bytes4 selector, uint16 word);
    /// @dev The series does not admit the wallet; the verdict says why, where, and how long to wait.
    error AgentDenied(uint256 lane, address wallet, Verdict verdict);
    /// @dev The action needs countersignatures, and the policy has no place where they could be.
    error NeedsCountersignature(address wallet, bytes32 calls);
    /// @dev The account itself, the policy, the core and the countersigning contract are out of an agent's reach (WP-4).
    error TargetRefused(address target);
    /// @dev A failed inner call would keep its charge (WP-5): all of it is undone instead.
    error InnerCallFailed();
    /// @dev The account is an EOA with delegated code (EIP-7702): its key acts past every guard and hook (WP-9).
    error DelegatedAccount(address account);
    error WrongAccount(address caller, address account);
    error InvalidPermission();
    /// @dev The first configuration lands while the policy is being deployed, and never again.
    error AlreadyConfigured();
    /// @dev A balance could not be read, so that a drop cannot be charged.
    error BalanceUnavailable(address asset);
    /// @dev The core has no code, reverted, used up its gas or answered nonsense: wallets fail closed.
    error CoreUnavailable(address core);
    /// @dev No answer came, but the caller had not left enough gas for one: send more.
    error GasTooLow(uint256 available, uint256 required);
}
