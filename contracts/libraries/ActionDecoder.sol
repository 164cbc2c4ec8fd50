// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {IActionDecoder} from "../interfaces/IActionDecoder.sol";
import {Call, Spend, Standard} from "../types/Wallets.sol";
import {Spends} from "./Spends.sol";

/// @notice What an account is about to do: its execution as a list of calls (WP-2), and what each call takes (WP-3).
/// @dev Nothing is copied: a call's data stay where they lie in `msg.data`, so every `data` has to be a slice of it.
///
/// Offsets are followed, as accounts follow them, but only forward and only inside the slice. Accounts are laxer (they follow an offset
/// backward, or beyond the execution into what happens to surround it), so that what is accepted here reads the same there,
/// wherever the slice lies. Bytes that nothing refers to are tolerated, parts that overlap too: accounts read them just so.
///
/// A target of zero is read as the account, which ERC-7579 accounts and MultiSendCallOnly 1.5.0 call instead; Safe itself and
/// MultiSendCallOnly 1.4.1 call the zero address. Agents are refused either way, since they may not call the account.
library ActionDecoder {
    /// @dev `multiSend(bytes)`, and the bytes of a packed item before its data: operation, target, value, length.
    bytes4 private constant MULTI_SEND = 0x8d80ff0a;
    uint256 private constant ITEM = 85;
    /// @dev ERC-7579 modes, whole words: another mode selector or payload may mean anything to the account (ERC-7821 reads a second
    /// argument, or batches of batches).
    bytes32 private constant SINGLE = 0;
    bytes32 private constant BATCH = bytes32(uint256(1) << 248);
    /// @dev Bytes of ERC-7579's packed single call before its data, and of a batch's element: target, value, offset.
    uint256 private constant PACKED = 52;
    uint256 private constant ELEMENT = 96;

    /// @notice One plain call.
    function single(address account, address target, uint256 value, bytes calldata data)
        internal
        pure
        returns (Call[] memory calls)
    {
        // What `_room` and `_set` do, in one go: it is what nearly every execution is.
        assembly ("memory-safe") {
            calls := mload(0x40)
            let action := add(calls, 0x40)
            mstore(0x40, add(calls, 0xc0))
            mstore(calls, 1)
            mstore(add(calls, 0x20), action)
            target := shr(96, shl(96, target))
            mstore(action, or(target, mul(iszero(target), shr(96, shl(96, account)))))
            mstore(add(action, 0x20), value)
            mstore(add(action, 0x40), data.offset)
            mstore(add(action, 0x60), data.length)
        }
    }

    /// @notice What a Safe executes.
    /// @param operation 0 for a call; 1 for a delegatecall, which only MultiSendCallOnly gets, and without value: Safe ignores it.
    /// @param multiSend The MultiSendCallOnly that the account uses; zero for none.
    function safe(
        address account,
        address target,
        uint256 value,
        bytes calldata data,
        uint8 operation,
        address multiSend
    ) internal pure returns (Call[] memory calls) {
        if (operation == 0) return single(account, target, value, data);
        require(operation == 1, IActionDecoder.MalformedExecution());
        require(target == multiSend && target != address(0), IActionDecoder.DelegateCallRefused(target));
        require(value == 0 && data.length > 3 && bytes4(data) == MULTI_SEND, IActionDecoder.MalformedExecution());
        return _packed(account, bytesArgument(data[4:], 0));
    }

    /// @notice What an ERC-7579 account executes: one call, or a batch that reverts if any of it fails.
    function erc7579(address account, bytes32 mode, bytes calldata execution)
        internal
        pure
        returns (Call[] memory calls)
    {
        if (mode == BATCH) return _batch(account, execution);
        require(mode == SINGLE, IActionDecoder.ModeRefused(mode));
        require(execution.length >= PACKED, IActionDecoder.MalformedExecution());
        return single(account, address(bytes20(execution)), Spends.word(execution, 20), execution[PACKED:]);
    }

    /// @notice What one call takes from the account, or lets others take.
    /// @param standard How its target's calldata is to be read.
    /// @return selector `PLAIN_TRANSFER` if it carries no data.
    function spend(Standard standard, address account, Call memory action)
        internal
        pure
        returns (bytes4 selector, Spend memory spent)
    {
        selector = Spends.read(standard, account, action, dataOf(action), spent);
    }

    /// @notice The data of a call.
    function dataOf(Call memory action) internal pure returns (bytes calldata data) {
        assembly ("memory-safe") {
            data.offset := mload(add(action, 0x40))
            data.length := mload(add(action, 0x60))
        }
    }

    /// @notice An argument of type `bytes`, as strictly as everything here; also for adapters, which get executions as arguments.
    /// @param frame What offsets count from: the arguments, without the selector.
    /// @param position Byte of the frame at which the argument's offset stands.
    function bytesArgument(bytes calldata frame, uint256 position) internal pure returns (bytes calldata) {
        (bool fits, uint256 start, uint256 length) = Spends.list(frame, position, 1);
        require(fits, IActionDecoder.MalformedExecution());
        return frame[start:start + length];
    }

    /// @dev MultiSendCallOnly's items, end to end. What it does not execute (delegatecalls, a tail that is no whole item) is refused.
    function _packed(address account, bytes calldata items) private pure returns (Call[] memory calls) {
        uint256 count;
        calls = _room(items.length / ITEM);
        unchecked {
            for (uint256 start; start != items.length; ++count) {
                uint256 left = items.length - start;
                require(left >= ITEM, IActionDecoder.MalformedExecution());
                left -= ITEM;
                uint256 head = Spends.word(items, start);
                address target = address(uint160(head >> 88));
                uint256 length = Spends.word(items, start + 53);
                if (head >> 248 == 1) revert IActionDecoder.DelegateCallRefused(target);
                require(head >> 248 == 0 && length <= left, IActionDecoder.MalformedExecution());
                bytes calldata data;
                assembly ("memory-safe") {
                    data.offset := add(add(items.offset, start), ITEM)
                    data.length := length
                }
                _set(calls, count, account, target, Spends.word(items, start + 21), data);
                start += ITEM + length;
            }
        }
        assembly ("memory-safe") {
            mstore(calls, count)
        }
    }

    /// @dev `abi.encode(Execution[])`; an element is (address target, uint256 value, bytes data).
    function _batch(address account, bytes calldata execution) private pure returns (Call[] memory calls) {
        (bool fits, uint256 start, uint256 count) = Spends.list(execution, 0, 32);
        require(fits, IActionDecoder.MalformedExecution());
        bytes calldata elements = execution[start:];
        calls = _room(count);
        for (uint256 i; i < count; ++i) {
            uint256 offset = Spends.word(elements, 32 * i);
            require(
                elements.length >= ELEMENT && offset <= elements.length - ELEMENT, IActionDecoder.MalformedExecution()
            );
            bytes calldata element = elements[offset:];
            uint256 target = Spends.word(element, 0);
            require(target <= type(uint160).max, IActionDecoder.MalformedExecution());
            _set(calls, i, account, address(uint160(target)), Spends.word(element, 32), bytesArgument(element, 64));
        }
    }

    /// @dev calls[index] = Call(target, value, where the data lie). In assembly, since a struct that a function returns is made twice;
    /// callers keep within the room they have made.
    function _set(
        Call[] memory calls,
        uint256 index,
        address account,
        address target,
        uint256 value,
        bytes calldata data
    ) private pure {
        if (target == address(0)) target = account;
        assembly ("memory-safe") {
            let action := mload(0x40)
            mstore(0x40, add(action, 0x80))
            mstore(action, shr(96, shl(96, target)))
            mstore(add(action, 0x20), value)
            mstore(add(action, 0x40), data.offset)
            mstore(add(action, 0x60), data.length)
            mstore(add(calls, shl(5, add(index, 1))), action)
        }
    }

    /// @dev A list of so many calls, all of them still to be set: cheaper than `new`, which makes empty ones first.
    function _room(uint256 count) private pure returns (Call[] memory calls) {
        assembly ("memory-safe") {
            calls := mload(0x40)
            mstore(calls, count)
            mstore(0x40, add(calls, shl(5, add(count, 1))))
        }
    }
}
