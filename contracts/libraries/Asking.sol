// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {ICircuitBreaker} from "../interfaces/ICircuitBreaker.sol";
import {ISeries} from "../interfaces/ISeries.sol";
import {Reason} from "../types/Types.sol";
import {Verdict} from "../types/Verdict.sol";

/// @notice Asking the core so that no answer, a strange answer and a starved answer are told apart (BR-16). Not Solidity's try: that
/// cannot catch a missing contract or a malformed answer.
library Asking {
    /// @dev Half as much again as the dearest series takes (four ancestors and a lineage, all first touches, and an
    /// owner read that burns its allowance): an agent must not be able to make the core run out. A test measures it.
    uint256 private constant ANSWER_GAS = 500_000;
    /// @dev A call gets at most 63/64 of what is left (EIP-150); the rest covers the cold call itself.
    uint256 internal constant REQUIRED_GAS = ANSWER_GAS * 64 / 63 + 10_000;

    /// @dev What the fields of a verdict use of a word: agent 32, retryAfter 32, distance 8, scope 3, reason 4, admitted 1.
    uint256 private constant VERDICT_BITS = 0xFFFFFFFF_FFFFFFFF_FF_07_0F_01;

    /// @notice `admit(lane, wallet, value)`, as the calling contract.
    /// @return answered Whether one well-formed verdict came back.
    /// @return verdict That verdict.
    /// @return available Gas left when the core was asked; below `REQUIRED_GAS` a missing answer is not the core's fault.
    function admit(ICircuitBreaker core, uint256 lane, address wallet, uint256 value)
        internal
        returns (bool answered, Verdict verdict, uint256 available)
    {
        bytes32 selector = ISeries.admit.selector;
        uint256 reasons = uint256(type(Reason).max) + 1;
        available = gasleft();
        assembly ("memory-safe") {
            // In memory that nobody owns yet: 120 gas less than abi.encodeCall.
            let question := mload(0x40)
            mstore(question, selector)
            mstore(add(question, 0x04), lane)
            mstore(add(question, 0x24), wallet)
            mstore(add(question, 0x44), value)
            answered := call(ANSWER_GAS, core, 0, question, 0x64, 0x00, 0x20)
            verdict := mload(0x00)
            // One word, in which no field holds what its type cannot.
            let strange := or(and(verdict, not(VERDICT_BITS)), iszero(lt(byte(30, verdict), reasons)))
            answered := and(and(answered, eq(returndatasize(), 0x20)), iszero(strange))
        }
    }
}
