// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {ERC7579Utils, Execution} from "@openzeppelin/contracts/account/utils/draft-ERC7579Utils.sol";
import {Address} from "@openzeppelin/contracts/utils/Address.sol";

/// @title ExecutingAccount
/// @notice An account that executes as real ones do, and a target that tells what it was called with: the truth that the decoder has to
/// agree with. It obeys anyone.
contract ExecutingAccount {
    /// @notice It was called by an execution.
    event Executed(uint256 value, bytes data);

    fallback() external payable {
        emit Executed(msg.value, msg.data);
    }

    receive() external payable {
        emit Executed(msg.value, "");
    }

    /// @notice By OpenZeppelin's library for ERC-7579 accounts.
    function execute(bytes32 mode, bytes calldata execution) external {
        if (mode[0] == 0x01) ERC7579Utils.execBatch(execution, ERC7579Utils.EXECTYPE_DEFAULT);
        else ERC7579Utils.execSingle(execution, ERC7579Utils.EXECTYPE_DEFAULT);
    }

    /// @notice A batch as accounts read it that check no bounds and ignore the upper bytes of an address.
    function executeLoosely(bytes calldata execution) external {
        Execution[] calldata batch;
        assembly ("memory-safe") {
            let array := add(execution.offset, calldataload(execution.offset))
            batch.length := calldataload(array)
            batch.offset := add(array, 0x20)
        }
        for (uint256 i; i < batch.length; ++i) {
            address target;
            uint256 value;
            bytes calldata data;
            assembly ("memory-safe") {
                let element := add(batch.offset, calldataload(add(batch.offset, mul(i, 0x20))))
                target := shr(96, shl(96, calldataload(element)))
                value := calldataload(add(element, 0x20))
                let argument := add(element, calldataload(add(element, 0x40)))
                data.length := calldataload(argument)
                data.offset := add(argument, 0x20)
            }
            Address.functionCallWithValue(target == address(0) ? address(this) : target, data, value);
        }
    }

    /// @notice By delegatecall, as a Safe calls MultiSendCallOnly.
    function delegate(address target, bytes calldata data) external {
        Address.functionDelegateCall(target, data);
    }
}
