// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {IAgentGuarded} from "../interfaces/IAgentGuarded.sol";
import {ICircuitBreaker} from "../interfaces/ICircuitBreaker.sol";
import {Asking} from "../libraries/Asking.sol";
import {Verdicts} from "../libraries/Verdicts.sol";
import {Verdict} from "../types/Verdict.sol";

/// @title AgentGuarded
/// @notice Base of a protocol that asks Switchgear before it lets its caller act.
///
/// @dev Design
///
///      Every form asks `admit(lane, msg.sender, value)` once. None takes a wallet as an argument: the caller is
///      charged, never somebody it names, else a stranger could strike an honest agent (BR-5). Three forms (BR-4):
///
///      | Form            | Here                           | If denied              | What stays of a denial    |
///      |-----------------|--------------------------------|------------------------|---------------------------|
///      | hard            | `guarded`, `_requireAdmitted`  | reverts, `AgentDenied` | nothing: no strike either |
///      | soft            | `softlyGuarded`, `_admit`      | returns early          | strike, trip and event    |
///      | charge-then-try | `_admitThenTry`, `onlySelf`    | returns early          | strike, trip and event    |
///
///      In the first two a charge goes if the action reverts. In the third the action is a call of the protocol to
///      itself: if that fails, its effects go and the charge stays, so that failed attempts are limited too. All of
///      it lasts only if whoever called does not revert. A last straw opens its breaker under every form.
///
///      No answer (no code, a revert, out of gas, anything but one well-formed verdict) reverts with `CoreUnavailable`,
///      in the soft forms as well, since a core that is not there keeps no evidence. A protocol that would rather go
///      on overrides `_failOpen` (BR-16). The core gets at most 500,000 gas, and of its answer one word is
///      read. A caller who leaves less gas than that and thereby provokes a failure gets `GasTooLow`, never an open door.
///
///      Trust assumptions
///
///      The core is immutable and has no owner, and so is the choice of it. The admin named at construction tunes the
///      lanes, trips and resets them; loosening waits a day. The worst an admin can do here is to deny everybody, or
///      after a public delay nobody.
///
///      Warnings
///
///      - Do not guard exits and repayments: whoever can only get out does no harm by getting out, and a tripped
///        breaker must not turn into a liquidation or a locked deposit.
///      - Guard what gives power over others' assets at every door: an allowance is spent by `transferFrom` too.
///      - Lane ids are constants or accounts of the protocol, never the caller's choice (BR-11).
///      - A protocol that makes arbitrary calls can be made to call the core. It must not be guarded this way (BR-11).
///      - `msg.sender` means what it says: of a router or a forwarder, that is the router.
///      - A function refused softly returns zeros, and keeps ether sent with it: leave such functions non-payable.
///      - Bindings of a foreign registry's sold agent admit until someone calls `sync`. Lanes that cannot accept this
///        set `LanePolicy.live`: every admission then reads the owner, for 10,000 to 20,000 gas more (ID-4).
///      - The core knows the contract that calls it. One under construction is that already, and opens its lanes there;
///        behind a proxy it is the proxy, whose initialiser has to call `setAdmin` and `openLane`.
abstract contract AgentGuarded is IAgentGuarded {
    /// @dev Revert data is copied no further: a hostile callee's megabyte would cost the caller's gas.
    uint256 private constant _MAX_REASON = 256;

    /// @inheritdoc IAgentGuarded
    ICircuitBreaker public immutable circuitBreaker;

    /// @dev Hard: the caller is admitted and charged, or the call reverts.
    /// @param lane The protocol's lane.
    /// @param value In the lane's unit; 0 to charge the count alone.
    modifier guarded(uint256 lane, uint256 value) {
        _requireAdmitted(lane, value);
        _;
    }

    /// @dev Soft: unless the caller is admitted and charged, nothing happens and zeros are returned.
    /// @param lane The protocol's lane.
    /// @param value In the lane's unit; 0 to charge the count alone.
    modifier softlyGuarded(uint256 lane, uint256 value) {
        if (_admit(lane, value).admitted()) {
            _;
        }
    }

    /// @dev For the inner half of charge-then-try. Such a function is not guarded again, and takes the wallet it acts
    /// for as an argument, which its outer half fills with `msg.sender`.
    modifier onlySelf() {
        require(msg.sender == address(this), NotSelf(msg.sender));
        _;
    }

    /// @param core The core to ask; one without code is refused, by the call to it.
    /// @param admin Who may tune, trip and reset the lanes; moves in two steps from then on.
    constructor(ICircuitBreaker core, address admin) {
        circuitBreaker = core;
        core.setAdmin(admin);
    }

    /// @dev Whether actions in a lane go on, uncharged, while the core cannot answer. Override to choose so: a lane whose
    /// users are hurt more by a standstill than by an unlimited agent.
    function _failOpen(uint256) internal view virtual returns (bool) {
        return false;
    }

    /// @dev Hard: asks and charges. Reverts with `AgentDenied`, `CoreUnavailable` or `GasTooLow`.
    /// @return verdict An admission; `agent` is the handle of the caller's agent, 0 if it has none.
    function _requireAdmitted(uint256 lane, uint256 value) internal returns (Verdict verdict) {
        verdict = _admit(lane, value);
        require(verdict.admitted(), AgentDenied(lane, msg.sender, verdict));
    }

    /// @dev Charge-then-try: asks and charges, then runs `action` as a call of this contract to itself. Not for a function
    /// that holds the re-entrancy lock which the action takes. A caller who starves the action has paid for the attempt.
    /// @param action `abi.encodeCall` of an `onlySelf` function, with `msg.sender` as the wallet it acts for.
    /// @return verdict The answer; if it is a denial, nothing was run.
    /// @return success Whether the action ran and succeeded.
    /// @return result What it returned, or the first 256 bytes of its revert data.
    function _admitThenTry(uint256 lane, uint256 value, bytes memory action)
        internal
        returns (Verdict verdict, bool success, bytes memory result)
    {
        verdict = _admit(lane, value);
        if (!verdict.admitted()) return (verdict, false, "");

        assembly ("memory-safe") {
            success := call(gas(), address(), 0, add(action, 0x20), mload(action), 0, 0)
            let size := returndatasize()
            if and(iszero(success), gt(size, _MAX_REASON)) { size := _MAX_REASON }
            result := mload(0x40)
            mstore(result, size)
            returndatacopy(add(result, 0x20), 0, size)
            mstore(0x40, add(result, and(add(size, 0x3f), not(0x1f))))
        }
        if (!success) emit ActionFailed(lane, msg.sender, value, result);
    }

    /// @dev Soft: asks and charges. Reverts with `CoreUnavailable` or `GasTooLow` alone; the caller looks at `admitted()`.
    /// @return verdict The answer; admitted with no agent if the lane failed open.
    function _admit(uint256 lane, uint256 value) internal returns (Verdict verdict) {
        bool answered;
        uint256 available;
        (answered, verdict, available) = Asking.admit(circuitBreaker, lane, msg.sender, value);
        if (answered) return verdict;

        // Only now: as long as answers come, a caller needs no more gas than they take.
        require(available >= Asking.REQUIRED_GAS, GasTooLow(available, Asking.REQUIRED_GAS));
        require(_failOpen(lane), CoreUnavailable(address(circuitBreaker)));
        emit FailedOpen(lane, msg.sender, value);
        return Verdicts.ADMITTED;
    }
}
