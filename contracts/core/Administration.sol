// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IReadings} from "../interfaces/IReadings.sol";
import {Enrolment} from "./Enrolment.sol";
import {Readings} from "./Readings.sol";
import {Resetting} from "./Resetting.sol";
import {Settings} from "./Settings.sol";

/// @notice The cold half of the core: enrolment, readings, resets and settings. CircuitBreaker creates one and runs its code on its own storage. By itself
/// it is an empty core that no registry, protocol or wallet asks.
contract Administration is Enrolment, Readings, Resetting, Settings {
    /// @inheritdoc IReadings
    address public immutable administration = address(this);
}
