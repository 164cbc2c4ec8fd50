// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {BreakerWord, LimitsWord, Subject, Usage} from "../types/Types.sol";
import {ILedger} from "./ILedger.sol";

/// @title What the meters say
interface IReadings is ILedger {
    /// @notice State and consumption of one breaker now. A lane's own breaker has a state and no meter.
    function usage(address protocol, uint256 lane, Subject subject) external view returns (Usage memory);

    /// @notice Packed limits of a lane, and its own breaker; zero if unopened.
    function laneWord(address protocol, uint256 lane) external view returns (LimitsWord);

    /// @notice Packed override of a subject; counts only if the breaker's overridden bit is set.
    function overrideWord(address protocol, uint256 lane, Subject subject) external view returns (LimitsWord);

    /// @notice Packed breaker of a subject.
    function breakerWord(address protocol, uint256 lane, Subject subject) external view returns (BreakerWord);
}
