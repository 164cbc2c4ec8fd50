// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {ActionDecoder} from "../libraries/ActionDecoder.sol";
import {Call, Spend, Standard} from "../types/Wallets.sol";

/// @title DecoderProbe
/// @notice The decoder's functions for tests, each call with its data in full.
contract DecoderProbe {
    /// @notice A call as the decoder sees it, its data copied.
    struct Seen {
        address target;
        uint256 value;
        bytes data;
    }

    function single(address account, address target, uint256 value, bytes calldata data)
        external
        pure
        returns (Seen[] memory)
    {
        return _copied(ActionDecoder.single(account, target, value, data));
    }

    function safe(
        address account,
        address target,
        uint256 value,
        bytes calldata data,
        uint8 operation,
        address multiSend
    ) external pure returns (Seen[] memory) {
        return _copied(ActionDecoder.safe(account, target, value, data, operation, multiSend));
    }

    function erc7579(address account, bytes32 mode, bytes calldata execution) external pure returns (Seen[] memory) {
        return _copied(ActionDecoder.erc7579(account, mode, execution));
    }

    function spend(Standard standard, address account, address target, uint256 value, bytes calldata data)
        external
        pure
        returns (bytes4, Spend memory)
    {
        return ActionDecoder.spend(standard, account, ActionDecoder.single(account, target, value, data)[0]);
    }

    /// @notice Gas of decoding what a Safe executes, and of reading what its first call takes.
    function gasOf(
        Standard standard,
        address account,
        address target,
        uint256 value,
        bytes calldata data,
        uint8 operation,
        address multiSend
    ) external view returns (uint256 decoding, uint256 reading, Spend memory spent) {
        decoding = gasleft();
        Call[] memory calls = ActionDecoder.safe(account, target, value, data, operation, multiSend);
        reading = gasleft();
        (, spent) = ActionDecoder.spend(standard, account, calls[0]);
        (decoding, reading) = (decoding - reading, reading - gasleft());
    }

    function _copied(Call[] memory calls) private pure returns (Seen[] memory seen) {
        seen = new Seen[](calls.length);
        for (uint256 i; i < calls.length; ++i) {
            seen[i] = Seen(calls[i].target, calls[i].value, ActionDecoder.dataOf(calls[i]));
        }
    }
}
