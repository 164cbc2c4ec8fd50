// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {IERC165} from "@openzeppelin/contracts/utils/introspection/IERC165.sol";

/// @title Safe's transaction guard
/// @notice As Safe 1.3.0 to 1.5.0 calls it; ERC-165 id 0xe6d7a83a.
interface ITransactionGuard is IERC165 {
    /// @notice Before the owners' transaction runs; its nonce is used up already.
    function checkTransaction(
        address to,
        uint256 value,
        bytes calldata data,
        uint8 operation,
        uint256 safeTxGas,
        uint256 baseGas,
        uint256 gasPrice,
        address gasToken,
        address payable refundReceiver,
        bytes calldata signatures,
        address msgSender
    ) external;

    /// @notice After it ran.
    function checkAfterExecution(bytes32 hash, bool success) external;
}

/// @title Safe's module guard
/// @notice As Safe 1.5.0 calls it; ERC-165 id 0x58401ed8.
interface IModuleGuard is IERC165 {
    /// @notice Before a module's transaction runs.
    function checkModuleTransaction(address to, uint256 value, bytes calldata data, uint8 operation, address module)
        external
        returns (bytes32 moduleTxHash);

    /// @notice After it ran.
    function checkAfterModuleExecution(bytes32 txHash, bool success) external;
}

/// @title SafeAgentGuard
/// @notice What the guard of a Safe refuses beside its policy. It is an `ITransactionGuard` too, though by its fallback.
interface ISafeAgentGuard is IModuleGuard {
    /// @dev Safe would pay this from what it holds, past every limit (WP-4).
    error GasRefundRefused(uint256 gasPrice);
    /// @dev Modules act past a transaction guard: make this contract the module guard too (Safe 1.5.0), or disable them.
    error ModulesUnguarded(address module);
    /// @dev Through this fallback handler an agent that owns the Safe could sign messages for it, or anybody could speak for it: set
    /// `handler`, or none.
    error HandlerRefused(address handler);
    /// @dev A signature cannot be read, or is nobody's.
    error SignatureUnreadable();

    /// @notice The MultiSendCallOnly that agents may use; zero for none.
    function multiSend() external view returns (address);
    /// @notice The fallback handler that the Safe may have: it takes tokens and signs nothing.
    function handler() external view returns (address);
}
