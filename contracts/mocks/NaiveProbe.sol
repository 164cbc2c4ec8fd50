// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {ISeries} from "../interfaces/ISeries.sol";
import {Verdict} from "../types/Verdict.sol";

/// @title NaiveProbe
/// @notice The guard that one would write first: fails open whenever the core did not answer, for whatever reason. It is
/// here to show that the attack which AgentGuarded withstands is real.
contract NaiveProbe {
    /// @notice The caller is denied.
    error Denied();

    ISeries private immutable _CORE;
    /// @notice How often something was done.
    uint256 public count = 1;

    constructor(ISeries core) {
        _CORE = core;
    }

    /// @notice Does something, unless the core has time to object.
    function actHard(uint256 lane, uint256 value) external {
        try _CORE.admit{gas: 500_000}(lane, msg.sender, value) returns (Verdict verdict) {
            require(verdict.admitted(), Denied());
        } catch {}
        ++count;
    }
}
