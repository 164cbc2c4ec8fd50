// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {AgentWord, BreakerWord, WalletWord} from "../types/Types.sol";
import {Verdict} from "../types/Verdict.sol";
import {Ledger} from "./Ledger.sol";

/// @notice The same answer as the series for nearly every action, at nearly its price in storage: a bound wallet of an agent that nobody
/// ever stopped, a root or the child of one, in a lane without special policy, every breaker closed, touched before and without limits
/// of its own, everything fitting and below the trip level.
/// @dev `Series` is the rule: whatever is not exactly that gets 0 here, before anything is written, and is decided there. As `preview`
/// never comes here, comparing it with `admit` compares the two; the fuzzer does so at every step. The words are laid out in
/// types/Types.sol, the arithmetic is that of `Meters.charge`.
abstract contract Express is Ledger {
    /// @dev latched, guardianUntil and beatInterval of an agent.
    uint256 private constant STOPPABLE = 0x1FFFFFE0000000001FFFFFFFFF8000000000000000000000000000;
    /// @dev plain, latched and guardianUntil of a lane, and the first alone.
    uint256 private constant LANE_STATE = 0xFFFFFFFFF00000400000000000000000000000000000000000000000000000;
    uint256 private constant PLAIN_LANE = 0x400000000000000000000000000000000000000000000000;
    /// @dev guardianUntil, latched and overridden of a breaker.
    uint256 private constant SPECIAL_BREAKER = 0x103FC03FFFFFFFC00000000000000000000000000000000000000000000000;

    /// @dev lineage of a lane, and kind 1 of a subject.
    uint256 private constant LINEAGE_LANE = 0x20000000000000000000000000000000000000000000000;
    uint256 private constant LINEAGE_SUBJECT = 0x100000000;
    /// @dev accepted, guardianUntil, latched and overridden of a breaker, and the first alone.
    uint256 private constant LINEAGE_STATE = 0x303FC03FFFFFFFC00000000000000000000000000000000000000000000000;
    uint256 private constant ACCEPTED = 0x20000000000000000000000000000000000000000000000000000000000000;
    /// @dev autoUntil of a breaker; 0 if it was never touched.
    uint256 private constant AUTO_UNTIL = 0x3FFFFFFFC000000000000000000000000000000000000000;

    /// @dev Whether a binding counts: not revoked, of the agent's epoch, not expired.
    function _counts(WalletWord word, AgentWord agentState) internal view returns (bool yes) {
        assembly ("memory-safe") {
            let special := or(shr(136, word), and(xor(shr(32, word), shr(87, agentState)), 0xFFFFFF))
            yes := and(iszero(special), lt(timestamp(), and(shr(56, word), 0xFFFFFFFFFF)))
        }
    }

    /// @dev Return from the whole call that a root which nobody ever stopped may act, or do nothing.
    function _expressStatus(uint32 agent, AgentWord agentState) internal pure {
        assembly ("memory-safe") {
            if iszero(or(and(agentState, STOPPABLE), and(shr(32, agentState), 0xFFFFFFFF))) {
                mstore(0, or(1, shl(64, agent)))
                return(0, 0x20)
            }
        }
    }

    /// @dev Admit, charge and return from the whole call, or do nothing.
    /// @return agent The agent of a binding that counts, else 0.
    /// @return agentState Its word.
    /// @return word That of its breaker, if the kill switch let it be read.
    function _express(uint256 laneId, address wallet, uint256 value)
        internal
        returns (uint32 agent, AgentWord agentState, BreakerWord word)
    {
        uint256 lanes = LANES;
        assembly ("memory-safe") {
            // A breaker's word after the charge, or 0 if its probation is not over (`autoUntil`, in its place, after `settled`), or if a meter
            // overflows or trips. `full` and `line` are the window and the trip level, with 24 bits of fraction; `product` is
            // the amount times the window, with 32, less 1.
            function charged(before, count, mantissa, product, full, line, settled) -> next {
                let fits := iszero(sgt(and(before, AUTO_UNTIL), settled))
                let start := shl(24, timestamp())
                let taken := and(before, 0xFFFFFFFFFFFFFF)
                taken := add(mul(gt(taken, start), sub(taken, start)), div(sub(add(full, count), 1), count))
                fits := and(fits, lt(mul(taken, 100), line))
                next := or(and(before, not(0xFFFFFFFFFFFFFFFFFFFFFFFFFFFFFF)), add(start, taken))

                start := shl(8, start)
                taken := and(shr(56, before), 0xFFFFFFFFFFFFFFFF)
                taken := add(mul(gt(taken, start), sub(taken, start)), div(add(product, mantissa), mantissa))
                fits := and(fits, lt(mul(taken, 100), shl(8, line)))
                next := mul(or(next, shl(56, add(start, taken))), fits)
            }

            mstore(0, laneId)
            mstore(0x20, or(lanes, caller()))
            let lane := keccak256(0, 0x40)
            // The wallet and its agent.
            mstore(0, wallet)
            mstore(0x20, _wallets.slot)
            let state := sload(keccak256(0, 0x40))
            agent := and(state, 0xFFFFFFFF)
            mstore(0, agent)
            mstore(0x20, _agents.slot)
            agentState := sload(keccak256(0, 0x40))
            let special := or(shr(136, state), and(xor(shr(32, state), shr(87, agentState)), 0xFFFFFF))
            special := or(special, iszero(lt(timestamp(), and(shr(56, state), 0xFFFFFFFFFF))))
            agent := mul(agent, iszero(special))
            if iszero(or(and(agentState, STOPPABLE), iszero(agent))) {
                // Its breaker: if that is open, the lane need not be read.
                mstore(0x20, add(lane, 1))
                let slot := keccak256(0, 0x40)
                word := sload(slot)
                if iszero(or(and(word, SPECIAL_BREAKER), lt(timestamp(), and(shr(158, word), 0xFFFFFFFF)))) {
                    let limits := sload(lane)
                    let count := and(limits, 0xFFFFFF)
                    let mantissa := and(shr(24, limits), 0xFFFFFFFFFFFFFF)
                    let exponent := byte(21, limits)
                    let window := and(shr(112, limits), 0xFFFFFF)
                    // Nothing to charge, or so much that a hundredfold of the product would not fit a word.
                    let less := sub(value, 1)
                    special := or(xor(and(limits, LANE_STATE), PLAIN_LANE), shr(192, less))
                    // (value - 1) / 2**exponent + 1 is the amount in units of the mantissa, rounded up.
                    let product := sub(mul(add(shr(exponent, less), 1), shl(32, window)), 1)
                    // In hundredths. NEVER_TRIP is taken as 100: an exactly full meter is then left to the rule, too.
                    let line := and(shr(136, limits), 0x7F)
                    line := shl(24, mul(sub(line, mul(27, gt(line, 100))), window))
                    // Signed: less than 0 on a test chain whose time begins at 0.
                    let settled := shl(158, sub(timestamp(), mul(and(shr(173, limits), 0xF), window)))
                    window := shl(24, window)
                    // A word of 0, or one that was never touched, has no autoUntil.
                    let next := charged(word, count, mantissa, product, window, line, settled)
                    special := or(special, iszero(and(next, AUTO_UNTIL)))

                    let lineageSlot := 0
                    let lineageWord
                    if and(limits, LINEAGE_LANE) {
                        mstore(0, or(LINEAGE_SUBJECT, and(agentState, 0xFFFFFFFF)))
                        lineageSlot := keccak256(0, 0x40)
                        lineageWord := charged(
                            sload(lineageSlot),
                            mul(count, and(shr(88, limits), 0xFFF)),
                            mul(mantissa, and(shr(100, limits), 0xFFF)),
                            product,
                            window,
                            line,
                            settled
                        )
                        special := or(special, xor(and(lineageWord, LINEAGE_STATE), ACCEPTED))
                    }

                    let parentSlot := and(shr(32, agentState), 0xFFFFFFFF)
                    let parentWord
                    if parentSlot {
                        mstore(0, parentSlot)
                        parentSlot := keccak256(0, 0x40)
                        mstore(0x20, _agents.slot)
                        special := or(special, and(sload(keccak256(0, 0x40)), STOPPABLE))
                        parentWord := charged(sload(parentSlot), count, mantissa, product, window, line, settled)
                        special := or(
                            special,
                            or(and(parentWord, SPECIAL_BREAKER), iszero(and(parentWord, AUTO_UNTIL)))
                        )
                        special := or(special, gt(and(shr(84, agentState), 7), 1))
                    }

                    if iszero(special) {
                        sstore(slot, next)
                        if lineageSlot { sstore(lineageSlot, lineageWord) }
                        if parentSlot { sstore(parentSlot, parentWord) }
                        mstore(0, or(1, shl(64, agent)))
                        return(0, 0x20)
                    }
                }
            }
        }
    }
}
