// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {
    IERC7579Execution,
    IERC7579Module,
    MODULE_TYPE_EXECUTOR,
    MODULE_TYPE_FALLBACK
} from "@openzeppelin/contracts/interfaces/draft-IERC7579.sol";

/// @title DrivenModule
/// @notice ERC-7579 executor that does whatever anybody tells it, and a fallback handler that answers `ping`.
contract DrivenModule is IERC7579Module {
    /// @notice Installed for an account.
    mapping(address account => bool installed) public isInitialized;

    /// @notice Takes note of the caller.
    function onInstall(bytes calldata) external {
        isInitialized[msg.sender] = true;
    }

    /// @notice Forgets the caller.
    function onUninstall(bytes calldata) external {
        isInitialized[msg.sender] = false;
    }

    /// @notice An executor and a fallback handler.
    function isModuleType(uint256 moduleTypeId) external pure returns (bool) {
        return moduleTypeId == MODULE_TYPE_EXECUTOR || moduleTypeId == MODULE_TYPE_FALLBACK;
    }

    /// @notice Makes an account that trusts this module execute.
    function drive(IERC7579Execution account, bytes32 mode, bytes calldata executionCalldata)
        external
        payable
        returns (bytes[] memory)
    {
        return account.executeFromExecutor{value: msg.value}(mode, executionCalldata);
    }

    /// @notice What an account with this handler answers to anybody.
    function ping() external payable returns (uint256) {
        return 1;
    }
}
