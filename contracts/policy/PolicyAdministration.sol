// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {Delayed} from "../Delayed.sol";
import {ICircuitBreaker} from "../interfaces/ICircuitBreaker.sol";
import {ICountersign} from "../interfaces/ICountersign.sol";
import {ILedger} from "../interfaces/ILedger.sol";
import {ISessionPolicy} from "../interfaces/ISessionPolicy.sol";
import {PermissionWord, PermissionWords} from "../libraries/PermissionWords.sol";
import {Rules} from "../libraries/Rules.sol";
import {Spends} from "../libraries/Spends.sol";
import {UnknownPolicy} from "../types/Types.sol";
import {NATIVE, Permission, Rule, Standard} from "../types/Wallets.sol";
import {PolicyLedger} from "./PolicyLedger.sol";

/// @title PolicyAdministration
/// @notice The cold half of a session policy: what its owner sets, and what can be read. A policy creates one and runs its code on its own
/// storage; by itself it guards nothing, and has no owner who could call it.
///
/// @dev Design
///
///      Both halves inherit `PolicyLedger` first, so that they agree on where everything is. This one adds its own variables
///      behind; an adapter has none. What it is created with (core, account, council) it has in its code, as the hot half has.
///
///      Trust assumptions
///
///      Whoever deploys a policy: a copy put together by hand can have another half here. Clients compare the code of both,
///      and what both were created with.
///
///      Warnings
///
///      - `configure` is guarded by nothing but that an address under construction has no code.
contract PolicyAdministration is ISessionPolicy, PolicyLedger, Delayed {
    uint256 private constant _MAX_ASSETS = 4;

    /// @inheritdoc ISessionPolicy
    address public immutable administration = address(this);

    constructor(ICircuitBreaker core, address account_, ICountersign council)
        PolicyLedger(core, account_, council)
        Delayed(msg.sender)
    {}

    /// @notice The policy's first configuration, which lands at once. Its constructor calls this, and nobody after it.
    function configure(Setup calldata setup) external {
        require(address(this).code.length == 0, AlreadyConfigured());
        require(setup.account != address(0), WrongAccount(address(0), address(0)));
        require(setup.owner != address(0), OwnableInvalidOwner(address(0)));
        _requireEligible(setup.owner);
        _transferOwnership(setup.owner);
        _CORE.setAdmin(setup.owner);
        for (uint256 i; i < setup.assets.length; ++i) {
            _openAsset(setup.assets[i]);
        }
        for (uint256 i; i < setup.trusted.length; ++i) {
            _trust(setup.trusted[i]);
        }
        for (uint256 i; i < setup.permissions.length; ++i) {
            _grant(setup.permissions[i]);
        }
    }

    /* The owner */

    /// @inheritdoc ISessionPolicy
    function grant(Permission calldata permission) external onlyDelayed {
        _requireNewer(_actionKey(permission.wallet, permission.target, permission.selector));
        _grant(permission);
    }

    /// @inheritdoc ISessionPolicy
    function revoke(address wallet, address target, bytes4 selector) external onlyOwner {
        _noteTightening(_actionKey(wallet, target, selector));
        delete _grants[wallet][_action(target, selector)];
        emit PermissionRevoked(wallet, target, selector, msg.sender);
    }

    /// @inheritdoc ISessionPolicy
    function trust(address party) external onlyDelayed {
        _requireNewer(bytes32(bytes20(party)));
        _trust(party);
    }

    /// @inheritdoc ISessionPolicy
    function distrust(address party) external onlyOwner {
        _noteTightening(bytes32(bytes20(party)));
        _trusted[party] = false;
        emit TrustChanged(party, msg.sender, false);
    }

    /// @inheritdoc ISessionPolicy
    function openAsset(AssetLimits calldata limits) external onlyDelayed {
        _openAsset(limits);
    }

    /// @inheritdoc ISessionPolicy
    function retire() external onlyDelayed {
        _retired = true;
        emit Retired(_ACCOUNT, owner());
    }

    /// @inheritdoc ISessionPolicy
    function permissionOf(address wallet, address target, bytes4 selector)
        external
        view
        returns (Permission memory p, uint24 used, uint128 spent, uint40 lastUse)
    {
        Grant storage granted = _grants[wallet][_action(target, selector)];
        (PermissionWord word, Usage memory usage) = (granted.word, granted.usage);
        p = Permission({
            wallet: wallet,
            target: target,
            selector: selector,
            standard: word.standard(),
            measured: word.has(PermissionWords.MEASURED),
            expiry: word.expiry(),
            uses: usage.uses,
            cooldown: usage.cooldown,
            nativeCap: granted.nativeCap,
            callCap: word.callCap(),
            lifetimeCap: usage.lifetimeCap,
            approveAbove: word.approveAbove(),
            delayAbove: word.delayAbove(),
            assets: granted.assets,
            rules: granted.rules
        });
        return (p, usage.used, usage.spent, usage.lastUse);
    }

    /// @inheritdoc ISessionPolicy
    function circuitBreaker() external view returns (ICircuitBreaker) {
        return _CORE;
    }

    /// @inheritdoc ISessionPolicy
    function account() external view returns (address) {
        return _ACCOUNT;
    }

    /// @inheritdoc ISessionPolicy
    function countersign() external view returns (ICountersign) {
        return _COUNTERSIGN;
    }

    /// @inheritdoc ISessionPolicy
    function retired() external view returns (bool) {
        return _retired;
    }

    /// @inheritdoc ISessionPolicy
    function trusted(address party) external view returns (bool) {
        return _trusted[party];
    }

    /* Setting */

    function _grant(Permission memory p) private {
        bool unreachable = p.target == _ACCOUNT || p.target == address(this) || p.target == address(_CORE)
            || p.target == address(_COUNTERSIGN) || p.target == address(0);
        require(!unreachable, TargetRefused(p.target));
        bool fits = p.wallet != address(0) && p.wallet != _ACCOUNT && p.wallet != owner() && !_trusted[p.wallet]
            && p.expiry > block.timestamp && p.assets.length <= _MAX_ASSETS
            && !(p.measured && p.standard == Standard.ERC1155) && p.approveAbove <= p.delayAbove
            && Rules.areValid(p.rules, p.standard)
            // An approval that nobody reads would be free.
            && (p.standard != Standard.None || !Spends.isOfTokens(p.selector));
        require(fits, InvalidPermission());

        Grant storage granted = _grants[p.wallet][_action(p.target, p.selector)];
        uint40 lastUse = granted.usage.lastUse;
        delete granted.assets;
        delete granted.rules;
        granted.word = PermissionWords.pack(p);
        granted.usage = Usage(p.uses, 0, p.cooldown, lastUse, p.lifetimeCap, 0);
        granted.nativeCap = p.nativeCap;
        for (uint256 i; i < p.assets.length; ++i) {
            require(p.assets[i] != NATIVE, InvalidPermission());
            granted.assets.push(p.assets[i]);
        }
        for (uint256 i; i < p.rules.length; ++i) {
            granted.rules.push(p.rules[i]);
        }
        emit PermissionGranted(p.wallet, p.target, p.selector, owner(), p.expiry);
    }

    function _trust(address party) private {
        require(party != address(0), InvalidPermission());
        _requireEligible(party);
        _trusted[party] = true;
        emit TrustChanged(party, owner(), true);
    }

    function _openAsset(AssetLimits memory limits) private {
        require(limits.policy.unknown == UnknownPolicy.Deny, InvalidPermission());
        _CORE.openLane(uint160(limits.asset), limits.limits, limits.policy, new uint32[](0));
    }

    function _actionKey(address wallet, address target, bytes4 selector) private pure returns (bytes32) {
        return keccak256(abi.encode(wallet, target, selector));
    }

    /// @inheritdoc Delayed
    function _requireEligible(address actor) internal view override {
        uint32 agent = _boundAgent(actor);
        require(agent == 0, ILedger.BoundWalletHasNoAuthority(actor, agent));
    }
}
