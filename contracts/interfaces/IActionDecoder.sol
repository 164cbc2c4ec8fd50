// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

/// @title What the one decoder refuses
/// @notice Whatever is not exactly what the account will execute is refused; nothing is guessed (WP-2).
interface IActionDecoder {
    /// @dev Offsets, lengths or padding do not fit: an account might read something else here than the decoder.
    error MalformedExecution();
    /// @dev Delegatecall to anything but MultiSendCallOnly (WP-4).
    error DelegateCallRefused(address target);
    /// @dev An ERC-7579 mode other than single or batch that reverts on failure. In try mode a failed call would keep its charge.
    error ModeRefused(bytes32 mode);
    /// @dev One to three bytes of data: no selector, and no plain transfer either. Also the selector of four zero bytes.
    error NoSelector();
    /// @dev The arguments of a function that the target's standard knows are not encoded canonically.
    error MalformedArguments(address target, bytes4 selector);
}
