// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {ICircuitBreaker} from "../interfaces/ICircuitBreaker.sol";
import {ICountersign} from "../interfaces/ICountersign.sol";
import {IEnrolment} from "../interfaces/IEnrolment.sol";
import {IPolicyLedger} from "../interfaces/IPolicyLedger.sol";
import {PermissionWord} from "../libraries/PermissionWords.sol";
import {WalletWords} from "../libraries/WalletWords.sol";
import {WalletWord} from "../types/Types.sol";
import {Rule} from "../types/Wallets.sol";

/// @notice What a session policy remembers, and the question of who is an agent: both of its halves have this first, so that they
/// agree on where everything is stored.
abstract contract PolicyLedger is IPolicyLedger {
    struct Grant {
        PermissionWord word;
        Usage usage;
        uint256 nativeCap;
        address[] assets;
        Rule[] rules;
    }

    struct Usage {
        uint24 uses;
        uint24 used;
        uint24 cooldown;
        uint40 lastUse;
        uint128 lifetimeCap;
        uint128 spent;
    }

    /// @dev For reading a balance, an owner or a vault's asset: no answer of a stranger may take all gas (BR-16).
    uint256 private constant _READ_GAS = 150_000;
    uint256 private constant _READ_REQUIRED = _READ_GAS * 64 / 63 + 10_000;

    ICircuitBreaker internal immutable _CORE;
    address internal immutable _ACCOUNT;
    ICountersign internal immutable _COUNTERSIGN;

    mapping(address wallet => mapping(bytes32 action => Grant)) internal _grants;
    mapping(address party => bool) internal _trusted;
    bool internal _retired;

    constructor(ICircuitBreaker core, address account, ICountersign countersign) {
        (_CORE, _ACCOUNT, _COUNTERSIGN) = (core, account, countersign);
    }

    /// @dev Which permission of a wallet's a call needs.
    function _action(address target, bytes4 selector) internal pure returns (bytes32) {
        return bytes32(bytes20(target)) | (bytes32(selector) >> 160);
    }

    /// @dev Agent that an address was ever bound to; 0 if none, or if the core does not answer although it had the gas: then
    /// nobody can tell, and people must still get out (WP-6).
    function _boundAgent(address party) internal view returns (uint32) {
        uint256 available = gasleft();
        (bool answered, uint256 word) = _read(address(_CORE), abi.encodeCall(IEnrolment.walletWord, (party)));
        require(answered || available >= _READ_REQUIRED, GasTooLow(available, _READ_REQUIRED));
        return answered ? WalletWords.agent(WalletWord.wrap(word)) : 0;
    }

    /// @dev One word from a view.
    function _read(address target, bytes memory question) internal view returns (bool answered, uint256 word) {
        assembly ("memory-safe") {
            answered := staticcall(_READ_GAS, target, add(question, 0x20), mload(question), 0x00, 0x20)
            answered := and(answered, eq(returndatasize(), 0x20))
            word := mload(0x00)
        }
    }
}
