// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {ECDSA} from "@openzeppelin/contracts/utils/cryptography/ECDSA.sol";
import {MessageHashUtils} from "@openzeppelin/contracts/utils/cryptography/MessageHashUtils.sol";

/// @title NaiveCountersign
/// @notice A council as commonly written, for attacks to be shown on: M of N sign what is to be called, and a policy asks it.
/// @dev Naive: what is signed names neither chain nor council, policy, account, wallet or nonce; nothing is used up; and what was vetoed
/// is approved again by the same signatures, without another wait.
contract NaiveCountersign {
    /// @notice Too few of them, or not by signers in ascending order.
    error NotSigned();
    /// @notice Nobody has approved it.
    error NotApproved();
    /// @notice It has to wait.
    error TooEarly(uint256 eta);

    /// @notice How many must sign.
    uint256 public immutable THRESHOLD;
    /// @notice Seconds that an execution waits which has to.
    uint256 public immutable DELAY;
    /// @notice Who signs.
    mapping(address signer => bool allowed) public isSigner;
    /// @notice What is approved.
    mapping(bytes32 calls => bool approved) public approved;
    /// @notice When its wait began.
    mapping(bytes32 calls => uint256 time) public since;

    constructor(address[] memory signers, uint256 threshold, uint256 delay) {
        (THRESHOLD, DELAY) = (threshold, delay);
        for (uint256 i = 0; i < signers.length; ++i) {
            isSigner[signers[i]] = true;
        }
    }

    /// @notice Hands in signatures, by `eth_sign`.
    function approve(bytes32 calls, bytes[] calldata signatures) external {
        require(signatures.length >= THRESHOLD, NotSigned());
        address last;
        for (uint256 i = 0; i < signatures.length; ++i) {
            address signer = ECDSA.recover(MessageHashUtils.toEthSignedMessageHash(calls), signatures[i]);
            require(isSigner[signer] && signer > last, NotSigned());
            last = signer;
        }
        approved[calls] = true;
        if (since[calls] == 0) since[calls] = block.timestamp;
    }

    /// @notice A signer says no.
    function veto(bytes32 calls) external {
        require(isSigner[msg.sender], NotSigned());
        approved[calls] = false;
    }

    /// @notice A policy asks.
    function consume(address, address, bytes32 calls, bool delayed) external view {
        require(approved[calls], NotApproved());
        uint256 eta = since[calls] + DELAY;
        require(!delayed || block.timestamp >= eta, TooEarly(eta));
    }
}
