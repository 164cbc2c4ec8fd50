// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {Reason, Scope} from "../types/Types.sol";
import {Verdict} from "../types/Verdict.sol";

/// @notice Making verdicts. Zero means that nothing failed yet.
library Verdicts {
    Verdict internal constant ADMITTED = Verdict.wrap(1);

    /// @notice A denial that waiting cannot help.
    function never(Reason reason, Scope scope) internal pure returns (Verdict) {
        return denied(reason, scope, 0, type(uint32).max);
    }

    /// @notice A denial that may pass in `wait` seconds.
    function denied(Reason reason, Scope scope, uint256 distance, uint256 wait) internal pure returns (Verdict) {
        return Verdict.wrap((uint256(reason) << 8) | (uint256(scope) << 16) | (distance << 24) | (wait << 32));
    }

    /// @notice Zero, or the denial by a breaker that is open for another `wait` seconds.
    function open(uint256 wait, Scope scope, uint256 distance) internal pure returns (Verdict) {
        return wait == 0 ? Verdict.wrap(0) : denied(Reason.BreakerOpen, scope, distance, wait);
    }

    /// @notice Whether something failed.
    function fails(Verdict v) internal pure returns (bool) {
        return Verdict.unwrap(v) != 0;
    }

    /// @notice Whether something failed, let pass by shadow mode or not.
    function hasReason(Verdict v) internal pure returns (bool) {
        return Verdict.unwrap(v) & 0xFF00 != 0;
    }

    function admit(Verdict v) internal pure returns (Verdict) {
        return Verdict.wrap(Verdict.unwrap(v) | 1);
    }

    function withAgent(Verdict v, uint32 agent) internal pure returns (Verdict) {
        return Verdict.wrap(Verdict.unwrap(v) | (uint256(agent) << 64));
    }
}
