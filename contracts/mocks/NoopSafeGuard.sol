// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

/// @title NoopSafeGuard
/// @notice Safe guard for transactions and modules that forbids nothing: what guarding alone costs.
contract NoopSafeGuard {
    /// @notice ERC-165: transaction guard, module guard, ERC-165.
    function supportsInterface(bytes4 id) external pure returns (bool) {
        return id == 0xe6d7a83a || id == 0x58401ed8 || id == 0x01ffc9a7;
    }

    /// @notice Agrees to a transaction.
    function checkTransaction(
        address,
        uint256,
        bytes memory,
        uint8,
        uint256,
        uint256,
        uint256,
        address,
        address payable,
        bytes memory,
        address
    ) external {}

    /// @notice Agrees to what it did.
    function checkAfterExecution(bytes32, bool) external {}

    /// @notice Agrees to a module's transaction.
    function checkModuleTransaction(address, uint256, bytes memory, uint8, address) external returns (bytes32) {}

    /// @notice Agrees to what it did.
    function checkAfterModuleExecution(bytes32, bool) external {}
}
