// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {Reason, Scope} from "./Types.sol";

/// @notice The answer to "may this wallet act?", in one word. Bits from the lowest:
/// admitted 8 | reason 8 | scope 8 | distance 8 | retryAfter 32 | agent 32.
type Verdict is uint256;

using VerdictFields for Verdict global;

/// @notice What a verdict says.
library VerdictFields {
    /// @notice Whether the action may go on.
    function admitted(Verdict v) internal pure returns (bool) {
        return Verdict.unwrap(v) & 1 != 0;
    }

    /// @notice The first failure of the series. In shadow mode an admitted verdict still names the meter that would have denied.
    function reason(Verdict v) internal pure returns (Reason) {
        return Reason(uint8(Verdict.unwrap(v) >> 8));
    }

    /// @notice Which part of the series failed.
    function scope(Verdict v) internal pure returns (Scope) {
        return Scope(uint8(Verdict.unwrap(v) >> 16));
    }

    /// @notice Generations up for an ancestor's scope (1 = parent), else 0.
    function distance(Verdict v) internal pure returns (uint8) {
        return uint8(Verdict.unwrap(v) >> 24);
    }

    /// @notice Seconds after which the same action could be admitted if nobody else acts; `type(uint32).max` if waiting cannot help.
    function retryAfter(Verdict v) internal pure returns (uint32) {
        return uint32(Verdict.unwrap(v) >> 32);
    }

    /// @notice Handle of the agent behind the wallet; 0 if unknown.
    function agent(Verdict v) internal pure returns (uint32) {
        return uint32(Verdict.unwrap(v) >> 64);
    }
}
