// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

/// @title NaiveDecoder
/// @notice How not to do it: it reads where an honest encoder would have put things, while the account follows the offsets.
contract NaiveDecoder {
    /// @notice Target and data of the only call of an ERC-7579 batch: after offset, count, offset, target, value, offset and length.
    function batch(bytes calldata execution) external pure returns (address target, bytes memory data) {
        target = address(uint160(uint256(bytes32(execution[96:128]))));
        uint256 length = uint256(bytes32(execution[192:224]));
        data = execution[224:224 + length];
    }

    /// @notice Target and data of the first item of `multiSend(bytes)`: after selector, offset and length.
    function multiSend(bytes calldata call) external pure returns (address target, bytes memory data) {
        target = address(bytes20(call[69:89]));
        uint256 length = uint256(bytes32(call[121:153]));
        data = call[153:153 + length];
    }
}
