// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IERC7579Hook, MODULE_TYPE_HOOK} from "@openzeppelin/contracts/interfaces/draft-IERC7579.sol";

/// @title NoopHook
/// @notice ERC-7579 hook that forbids nothing: what hooking alone costs.
contract NoopHook is IERC7579Hook {
    /// @notice Nothing to set up.
    function onInstall(bytes calldata) external {}

    /// @notice Nothing to forget.
    function onUninstall(bytes calldata) external {}

    /// @notice A hook, and nothing else.
    function isModuleType(uint256 moduleTypeId) external pure returns (bool) {
        return moduleTypeId == MODULE_TYPE_HOOK;
    }

    /// @notice It has no state: some accounts refuse to install what says yes here.
    function isInitialized(address) external pure returns (bool) {
        return false;
    }

    /// @notice Agrees.
    function preCheck(address, uint256, bytes calldata) external virtual returns (bytes memory) {}

    /// @notice Agrees.
    function postCheck(bytes calldata) external virtual {}
}
