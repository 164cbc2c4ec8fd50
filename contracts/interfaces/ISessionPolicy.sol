// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {Permission} from "../types/Wallets.sol";
import {ICircuitBreaker} from "./ICircuitBreaker.sol";
import {ICountersign} from "./ICountersign.sol";
import {IPolicyLedger} from "./IPolicyLedger.sol";

/// @title What an agent's key may do with an account
/// @notice One policy guards one account. Towards the core the policy is the protocol: each asset is a lane (its address; 0 for the
/// chain's own coin and for calls that move nothing known), with the account's own limits, breakers and guardians.
interface ISessionPolicy is IPolicyLedger {
    /// @notice Permit something; waits (through `schedule` and `execute`).
    function grant(Permission calldata permission) external;
    /// @notice Take a permission back, at once. Owner only.
    function revoke(address wallet, address target, bytes4 selector) external;
    /// @notice Name a signer, module or executor that passes unasked; waits.
    function trust(address party) external;
    /// @notice End that, at once. Owner only.
    function distrust(address party) external;
    /// @notice Open the lane of another asset; waits.
    function openAsset(AssetLimits calldata limits) external;
    /// @notice Open the way out: the account may call itself, and remove the policy; waits.
    function retire() external;

    /// @notice Address of the code that these functions run on; fixed at deployment.
    function administration() external view returns (address);
    /// @notice The core that is asked.
    function circuitBreaker() external view returns (ICircuitBreaker);
    /// @notice The account that is guarded.
    function account() external view returns (address);
    /// @notice Where approvals are consumed.
    function countersign() external view returns (ICountersign);
    /// @notice Whether the way out is open.
    function retired() external view returns (bool);
    /// @notice Whether a party passes unasked.
    function trusted(address party) external view returns (bool);
    /// @notice One permission as it was granted, `used` and `spent` so far, and when it was used last; expiry 0 if there is none.
    function permissionOf(address wallet, address target, bytes4 selector)
        external
        view
        returns (Permission memory permission, uint24 used, uint128 spent, uint40 lastUse);
}
