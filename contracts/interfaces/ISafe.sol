// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

/// @title What SafeAgentGuard reads of a Safe, 1.4.1 and 1.5.0
interface ISafe {
    /// @notice Signatures that a transaction needs.
    function getThreshold() external view returns (uint256);
    /// @notice Number of the next transaction; inside a guard's check, that of the one after it.
    function nonce() external view returns (uint256);
    /// @notice What owners sign.
    function getTransactionHash(
        address to,
        uint256 value,
        bytes calldata data,
        uint8 operation,
        uint256 safeTxGas,
        uint256 baseGas,
        uint256 gasPrice,
        address gasToken,
        address refundReceiver,
        uint256 nonce
    ) external view returns (bytes32);
    /// @notice Enabled modules, from `start` on.
    function getModulesPaginated(address start, uint256 pageSize)
        external
        view
        returns (address[] memory array, address next);
    /// @notice Raw storage.
    function getStorageAt(uint256 offset, uint256 length) external view returns (bytes memory);
}
