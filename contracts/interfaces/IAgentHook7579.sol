// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {IERC7579Hook, IERC7579Validator} from "@openzeppelin/contracts/interfaces/draft-IERC7579.sol";

/// @title AgentHook7579
/// @notice What the hook of an ERC-7579 account, which validates the operations of the agent's key as well, refuses beside its policy.
interface IAgentHook7579 is IERC7579Hook, IERC7579Validator {
    /// @dev Of the functions that only the entry point or the account may call, agents get `execute`. `executeUserOp` would run the rest.
    error FunctionRefused(bytes4 selector);
    /// @dev The operation has a price and no paymaster: through it an agent could pay the account's coin to itself.
    error AccountWouldPay();
    /// @dev It is not the paymaster that people named: whatever the account has allowed it, it could take (WP-4).
    error PaymasterRefused(address paymaster);

    /// @notice The wallet whose permissions user operations need, and whose key signs those that are validated here.
    function wallet() external view returns (address);
    /// @notice The entry point that the account trusts.
    function entryPoint() external view returns (address);
    /// @notice The paymaster that may pay for the agent's operations; zero for none.
    function paymaster() external view returns (address);
    /// @notice Whether an account installed it last, rather than uninstalled it, in whichever role.
    function isInitialized(address smartAccount) external view returns (bool);
}
