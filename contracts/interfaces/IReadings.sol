// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {BreakerWord, LimitsWord, Query, Subject, Usage} from "../types/Types.sol";
import {Verdict} from "../types/Verdict.sol";
import {ILedger} from "./ILedger.sol";

/// @title What the meters say
interface IReadings is ILedger {
    /// @notice `preview`, each on the present state.
    function previewBatch(Query[] calldata queries) external view returns (Verdict[] memory verdicts);

    /// @notice Address of the code that enrolment, readings, resets and settings run on; fixed at deployment.
    function administration() external view returns (address);

    /// @notice State and consumption of one breaker now. A lane's own breaker has a state and no meter.
    function usage(address protocol, uint256 lane, Subject subject) external view returns (Usage memory);

    /// @notice Packed limits of a lane, and its own breaker; zero if unopened.
    function laneWord(address protocol, uint256 lane) external view returns (LimitsWord);

    /// @notice Packed override of a subject; counts only if the breaker's overridden bit is set.
    function overrideWord(address protocol, uint256 lane, Subject subject) external view returns (LimitsWord);

    /// @notice Packed breaker of a subject.
    function breakerWord(address protocol, uint256 lane, Subject subject) external view returns (BreakerWord);
}
