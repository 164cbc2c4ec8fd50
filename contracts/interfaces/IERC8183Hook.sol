// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {IERC165} from "@openzeppelin/contracts/utils/introspection/IERC165.sol";

/// @title IERC8183Hook
/// @notice What a job contract of ERC-8183 calls around its functions, if a job names a hook. ERC-165 id 0x7ff6bc9e: the two functions
/// declared here, without the inherited one. `claimRefund` is never hooked.
interface IERC8183Hook is IERC165 {
    /// @notice Called before anything changes; a revert blocks the action.
    /// @param jobId The job, in the numbering of the calling job contract.
    /// @param selector Of the job contract's function.
    /// @param data What that function was given; its encoding differs between versions of the draft.
    function beforeAction(uint256 jobId, bytes4 selector, bytes calldata data) external;

    /// @notice Called after everything changed; a revert undoes it.
    /// @param jobId As above.
    /// @param selector As above.
    /// @param data As above.
    function afterAction(uint256 jobId, bytes4 selector, bytes calldata data) external;
}
