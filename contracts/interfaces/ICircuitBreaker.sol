// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {IEnrolment} from "./IEnrolment.sol";
import {IReadings} from "./IReadings.sol";
import {IResetting} from "./IResetting.sol";
import {ISeries} from "./ISeries.sol";
import {ISettings} from "./ISettings.sol";
import {ITripping} from "./ITripping.sol";

/// @title Circuit breakers for on-chain AI agents
/// @notice One immutable contract per version, for every registry, protocol and agent on a chain: who (`IEnrolment`), what
/// (`ISeries`, `IReadings`) and by whom (`ITripping`,
/// `IResetting`, `ISettings`).
interface ICircuitBreaker is IEnrolment, ISeries, IReadings, ITripping, IResetting, ISettings {}
