// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {AgentGuarded} from "../adapters/AgentGuarded.sol";
import {ICircuitBreaker} from "../interfaces/ICircuitBreaker.sol";
import {LanePolicy, Limits} from "../types/Types.sol";
import {GasProbe} from "./GasProbe.sol";

/// @notice A probe that is a protocol of the core.
abstract contract GasProtocol is GasProbe, AgentGuarded {
    constructor(bool asks, ICircuitBreaker core, address admin) GasProbe(asks) AgentGuarded(core, admin) {}

    /// @notice Opens a lane of this protocol.
    function openLane(uint256 lane, Limits calldata limits, LanePolicy calldata policy, uint32[] calldata lineages)
        external
    {
        circuitBreaker.openLane(lane, limits, policy, lineages);
    }
}

/// @title GasHard
/// @notice Asks in the hard form of AgentGuarded.
contract GasHard is GasProtocol {
    constructor(bool asks, ICircuitBreaker core, address admin) GasProtocol(asks, core, admin) {}

    function _ask(uint256 lane, uint256 value) internal override guarded(lane, value) returns (bool) {
        return true;
    }
}

/// @title GasSoft
/// @notice Asks in the soft form of AgentGuarded.
contract GasSoft is GasProtocol {
    constructor(bool asks, ICircuitBreaker core, address admin) GasProtocol(asks, core, admin) {}

    function _ask(uint256 lane, uint256 value) internal override softlyGuarded(lane, value) returns (bool admitted) {
        admitted = true;
    }
}

/// @title GasStatus
/// @notice Reads the kill switches of its caller, a wallet.
contract GasStatus is GasProtocol {
    constructor(bool asks, ICircuitBreaker core, address admin) GasProtocol(asks, core, admin) {}

    function _ask(uint256, uint256) internal view override returns (bool) {
        return circuitBreaker.status(msg.sender).admitted();
    }
}

/// @title GasStatusOf
/// @notice Reads the kill switches of an agent by its handle, given as `value`.
contract GasStatusOf is GasProtocol {
    constructor(bool asks, ICircuitBreaker core, address admin) GasProtocol(asks, core, admin) {}

    function _ask(uint256, uint256 value) internal view override returns (bool) {
        return circuitBreaker.statusOf(uint32(value)).admitted();
    }
}
