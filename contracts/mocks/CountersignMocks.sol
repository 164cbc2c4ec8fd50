// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {ICountersign} from "../interfaces/ICountersign.sol";
import {ERC7913P256Verifier} from "@openzeppelin/contracts/utils/cryptography/verifiers/ERC7913P256Verifier.sol";

/// @notice Plays the policy of an account: consumes an approval in the middle of an execution.
contract PolicyProbe {
    ICountersign private immutable _COUNCIL;
    /// @notice How many executions went through.
    uint256 public executed;

    constructor(ICountersign council) {
        _COUNCIL = council;
    }

    /// @notice An execution that needs countersignatures.
    function execute(address account, address wallet, bytes32 calls, bool delayed) external {
        _COUNCIL.consume(account, wallet, calls, delayed);
        ++executed;
    }

    /// @notice The same, without.
    function executeFreely(address, address, bytes32, bool) external {
        ++executed;
    }

    /// @notice Hands in the signatures and executes at once, so that nobody can say no in between.
    function approveAndExecute(
        ICountersign.Action calldata action,
        bytes[] calldata signers,
        bytes[] calldata signatures,
        bool delayed
    ) external {
        _COUNCIL.approve(action, signers, signatures);
        _COUNCIL.consume(action.account, action.wallet, action.calls, delayed);
        ++executed;
    }
}

/// @notice OpenZeppelin's verifier of P-256 keys, as anyone deploys it.
contract P256Verifier is ERC7913P256Verifier {}

/// @notice Answers ERC-1271 and ERC-7913 alike, both of which say yes by repeating the selector; and misbehaves on demand.
contract HostileSigner {
    /// @notice How it answers.
    enum Mode {
        Yes,
        No,
        Revert, // with the magic value
        Bomb, // yes, in the first word of a megabyte
        BurnGas, // never returns
        Reenter // makes the scripted call, and says yes if that succeeded
    }

    Mode private _mode;
    address private _target;
    bytes private _call;

    /// @notice Chooses how it answers.
    function setMode(Mode mode) external {
        _mode = mode;
    }

    /// @notice Chooses the call that `Reenter` makes.
    function setCall(address target, bytes calldata call) external {
        (_target, _call) = (target, call);
    }

    /// @notice Makes a call.
    function forward(address target, bytes calldata call) external returns (bool success) {
        (success,) = target.call(call);
    }

    fallback() external {
        Mode mode = _mode;
        while (mode == Mode.BurnGas) {}
        bool yes = mode != Mode.No;
        if (mode == Mode.Reenter) (yes,) = _target.call(_call);
        bytes32 word = yes ? bytes32(msg.sig) : bytes32(0);
        uint256 size = mode == Mode.Bomb ? 0x100000 : 0x20;
        bool reverting = mode == Mode.Revert;
        assembly ("memory-safe") {
            let answer := mload(0x40)
            mstore(answer, word)
            if reverting { revert(answer, 0x20) }
            return(answer, size)
        }
    }
}
