// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {ERC20} from "@openzeppelin/contracts/token/ERC20/ERC20.sol";
import {IERC20} from "@openzeppelin/contracts/token/ERC20/IERC20.sol";
import {ERC4626} from "@openzeppelin/contracts/token/ERC20/extensions/ERC4626.sol";

/// @title Vault
/// @notice An ERC-4626 vault with no guard: what GuardedVault and SoftGuardedVault are compared with.
///
/// @dev Design: OpenZeppelin's ERC4626 as it is. A user who lets an agent work for it gives the agent's wallet an
///      allowance of shares; the agent then withdraws, redeems or transfers on the user's behalf.
///
///      Trust assumptions: whoever holds an allowance can take all of it at once.
///
///      Warnings: an unlimited allowance to an agent is a custody of everything.
contract Vault is ERC4626 {
    /// @param asset What is deposited; any ERC-20 that neither charges fees on transfer nor rebases.
    constructor(IERC20 asset) ERC20("Vault share", "vSHARE") ERC4626(asset) {}
}
