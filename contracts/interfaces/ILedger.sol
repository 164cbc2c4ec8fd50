// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {Subject} from "../types/Types.sol";

/// @title Errors that every part of the core raises
interface ILedger {
    /// @dev The caller, or the address that was to be given power, is no authority here.
    error NotAuthorized(address actor);
    /// @dev An address once bound to an agent can hold no authority (ID-7).
    error BoundWalletHasNoAuthority(address wallet, uint32 agent);
    /// @dev The registry did not answer `ownerOf` with exactly one address.
    error OwnerUnavailable(address registry, uint256 agentId);
    error ZeroAddress();
    error UnknownAgent(uint32 agent);
    error UnknownLineage(uint32 lineage);
    error LaneNotOpen(address protocol, uint256 lane);
    error InvalidSubject(Subject subject);
}
