// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IdentityWalletMock} from "./IdentityWalletMock.sol";

/// @title ContractWallet
/// @notice A contract that acts: an agent's wallet or an agent's owner, with the ERC-1271 answers of IdentityWalletMock. It can
/// act again from within a protocol's callback, and insist on results.
contract ContractWallet is IdentityWalletMock {
    /// @notice The call returned a zero word, which this wallet was told not to stand for.
    error ZeroResult();

    /// @notice How often it acts again when a protocol calls back.
    uint256 public repeats;

    constructor(address key) IdentityWalletMock(key) {}

    /// @notice Takes the agents that are sent to it.
    function onERC721Received(address, address, uint256, bytes calldata) external pure returns (bytes4) {
        return this.onERC721Received.selector;
    }

    /// @notice Makes a call and hands on its revert data.
    function execute(address target, bytes calldata data) public returns (bytes memory result) {
        bool success;
        (success, result) = target.call(data);
        if (!success) {
            assembly ("memory-safe") {
                revert(add(result, 0x20), mload(result))
            }
        }
    }

    /// @notice Makes a call and reverts if it returned zero: a soft refusal, for one, which then leaves no strike.
    function executeOrRevert(address target, bytes calldata data) external {
        require(bytes32(execute(target, data)) != 0, ZeroResult());
    }

    /// @notice Chooses how often to act again.
    function setRepeats(uint256 repeats_) external {
        repeats = repeats_;
    }

    /// @notice A protocol's callback: acts again, by the call given.
    function onActed(bytes calldata again) external {
        if (repeats == 0) return;
        --repeats;
        execute(msg.sender, again);
    }
}
