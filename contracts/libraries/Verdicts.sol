// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {Reason, Scope} from "../types/Types.sol";
import {Verdict} from "../types/Verdict.sol";

/// @notice Making verdicts. Zero means that nothing failed yet.
library Verdicts {
    Verdict internal constant ADMITTED = Verdict.wrap(1);

    /// @notice A denial that waiting cannot help.
    function never(Reason reason, Scope scope) internal pure returns (Verdict) {
        return placed(denied(reason, type(uint32).max), scope, 0);
    }

    /// @notice A denial that may pass in `wait` seconds.
    function denied(Reason reason, uint256 wait) internal pure returns (Verdict) {
        return Verdict.wrap((uint256(reason) << 8) | (wait << 32));
    }

    /// @notice With its place in the series.
    function placed(Verdict v, Scope scope, uint256 distance) internal pure returns (Verdict) {
        return Verdict.wrap(Verdict.unwrap(v) | (uint256(scope) << 16) | (distance << 24));
    }

    /// @notice Zero, or the denial by a breaker that is open for another `wait` seconds.
    function open(uint256 wait, Scope scope, uint256 distance) internal pure returns (Verdict) {
        return wait == 0 ? Verdict.wrap(0) : placed(denied(Reason.BreakerOpen, wait), scope, distance);
    }

    /// @notice Whether something failed.
    function fails(Verdict v) internal pure returns (bool) {
        return Verdict.unwrap(v) != 0;
    }

    /// @notice Whether something failed, let pass by shadow mode or not.
    function hasReason(Verdict v) internal pure returns (bool) {
        return Verdict.unwrap(v) & 0xFF00 != 0;
    }

    /// @notice Whether a denial is one by the meters of the agent's own breaker (BR-5).
    function strikes(Verdict v) internal pure returns (bool) {
        uint256 raw = Verdict.unwrap(v);
        return uint8(raw >> 16) == uint8(Scope.Agent) && uint8(raw >> 8) >= uint8(Reason.ZeroLimit) && raw >> 64 != 0;
    }

    function admit(Verdict v) internal pure returns (Verdict) {
        return Verdict.wrap(Verdict.unwrap(v) | 1);
    }

    function withAgent(Verdict v, uint32 agent) internal pure returns (Verdict) {
        return Verdict.wrap(Verdict.unwrap(v) | (uint256(agent) << 64));
    }
}
