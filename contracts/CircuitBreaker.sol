// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {Administration} from "./core/Administration.sol";
import {Tripping} from "./core/Tripping.sol";

/// @title CircuitBreaker
/// @notice Circuit breakers for on-chain AI agents: who may act, how fast, and who can stop it.
/// @dev Design: one address for all agents and protocols of a chain; its interface is `ICircuitBreaker`. `Ledger` holds the words,
/// `Series` asks and charges, `Tripping` stops. The cold half, `Administration` (enrolment, readings, resets, settings), would not fit the
/// code size limit beside them and would make every admission dearer: the constructor creates it, and calls that the hot half does not
/// know run its code on this storage. Its address is immutable: a division of one program, not an upgrade path.
///
/// Trust assumptions: the identity registry of an agent says truly who owns it (a lane can name the one it accepts); a protocol
/// passes its own caller as the wallet; block timestamps never go back. Nobody has power over the core itself: no owner, no
/// proxy, no pause, no constructor argument.
///
/// Warnings: not audited. An agent whose NFT moved in a foreign registry keeps its bindings until somebody calls `sync`, unless the
/// lane checks live owners. A protocol that reverts on denial keeps no strike (BR-4). Exempting unknown wallets is no
/// defence against a fresh key (ID-5).
contract CircuitBreaker is Tripping {
    address private immutable _ADMINISTRATION = address(new Administration());

    fallback() external {
        address half = _ADMINISTRATION;
        assembly ("memory-safe") {
            let data := mload(0x40)
            calldatacopy(data, 0, calldatasize())
            let ok := delegatecall(gas(), half, data, calldatasize(), 0, 0)
            returndatacopy(data, 0, returndatasize())
            switch ok
            case 0 { revert(data, returndatasize()) }
            default { return(data, returndatasize()) }
        }
    }
}
