// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {GasProbe} from "../GasProbe.sol";
import {AccessManaged} from "@openzeppelin/contracts/access/manager/AccessManaged.sol";
import {AccessManager} from "@openzeppelin/contracts/access/manager/AccessManager.sol";
import {Pausable} from "@openzeppelin/contracts/utils/Pausable.sol";
import {RateLimiter} from "@openzeppelin/contracts/utils/RateLimiter.sol";

/// @title PauseSwitch
/// @notice One switch for many protocols.
contract PauseSwitch is Pausable {
    /// @notice Pauses all of them.
    function pause() external {
        _pause();
    }
}

/// @title PausablePeer
/// @notice Reads OpenZeppelin's Pausable in another contract.
contract PausablePeer is GasProbe {
    PauseSwitch private immutable _SWITCH;

    constructor(bool asks, PauseSwitch pauseSwitch) GasProbe(asks) {
        _SWITCH = pauseSwitch;
    }

    function _ask(uint256, uint256) internal view override returns (bool) {
        return !_SWITCH.paused();
    }
}

/// @title RoleManager
/// @notice OpenZeppelin's AccessManager as it is.
contract RoleManager is AccessManager {
    constructor(address admin) AccessManager(admin) {}
}

/// @title AccessManagedPeer
/// @notice Asks an AccessManager whether its caller has the role.
contract AccessManagedPeer is GasProbe, AccessManaged {
    constructor(bool asks, RoleManager manager) GasProbe(asks) AccessManaged(address(manager)) {}

    function _ask(uint256, uint256) internal override restricted returns (bool) {
        return true;
    }
}

/// @title BucketPeer
/// @notice Holds an OpenZeppelin token bucket for each caller itself.
contract BucketPeer is GasProbe {
    using RateLimiter for RateLimiter.RefillingBucket;

    RateLimiter.RefillingBucket private _limiter;

    constructor(bool asks, uint48 window, uint208 capacity) GasProbe(asks) {
        _limiter.updateSettings(window, capacity);
    }

    function _ask(uint256, uint256 value) internal override returns (bool) {
        return _limiter.tryConsume(bytes32(uint256(uint160(msg.sender))), value);
    }
}

/// @title SharedBucket
/// @notice OpenZeppelin's token bucket for each protocol and wallet, behind a call as the core is.
contract SharedBucket {
    using RateLimiter for RateLimiter.RefillingBucket;

    mapping(address protocol => RateLimiter.RefillingBucket limiter) private _limiters;

    /// @notice Sets the limits of a protocol.
    function set(address protocol, uint48 window, uint208 capacity) external {
        _limiters[protocol].updateSettings(window, capacity);
    }

    /// @notice Charges a wallet, within the calling protocol.
    function consume(address wallet, uint256 value) external returns (bool) {
        return _limiters[msg.sender].tryConsume(bytes32(uint256(uint160(wallet))), value);
    }
}

/// @title SharedBucketPeer
/// @notice Asks a SharedBucket.
contract SharedBucketPeer is GasProbe {
    SharedBucket private immutable _SHARED;

    constructor(bool asks, SharedBucket shared) GasProbe(asks) {
        _SHARED = shared;
    }

    function _ask(uint256, uint256 value) internal override returns (bool) {
        return _SHARED.consume(msg.sender, value);
    }
}

/// @title SlidingWindowPeer
/// @notice Holds an OpenZeppelin sliding window for each caller itself: exact, with a checkpoint for each action.
contract SlidingWindowPeer is GasProbe {
    using RateLimiter for RateLimiter.SlidingWindow;

    RateLimiter.SlidingWindow private _limiter;

    constructor(bool asks, uint48 window, uint208 limit) GasProbe(asks) {
        _limiter.updateSettings(window, limit);
    }

    function _ask(uint256, uint256 value) internal override returns (bool) {
        return _limiter.tryConsume(bytes32(uint256(uint160(msg.sender))), value);
    }
}
