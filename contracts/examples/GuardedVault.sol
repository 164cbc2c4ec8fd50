// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {AgentGuarded} from "../adapters/AgentGuarded.sol";
import {ICircuitBreaker} from "../interfaces/ICircuitBreaker.sol";
import {LanePolicy, Limits} from "../types/Types.sol";
import {Vault} from "./Vault.sol";
import {IERC20} from "@openzeppelin/contracts/token/ERC20/IERC20.sol";
import {Math} from "@openzeppelin/contracts/utils/math/Math.sol";

/// @title GuardedVault
/// @notice An ERC-4626 vault in which power over somebody else's shares is limited, and one's own exit never is.
///
/// @dev Design
///
///      An agent works with an allowance of its user's shares. `withdraw`, `redeem` and `transferFrom` all spend it, so
///      the one place to ask is `_spendAllowance`: asked in `withdraw` alone, an agent would transfer the shares
///      to itself and leave with them as their owner. Charged is the caller, with the assets that the shares are
///      worth, rounded up. A denial reverts (the hard form).
///
///      Whoever moves its own shares is not asked, an agent's wallet included: exits are not gated. Assets that an agent
///      took out within its limits are its own, so that asking again would protect nobody.
///
///      Trust assumptions
///
///      The admin tunes the lane; it cannot reach deposits nor stop their owners. Users choose whom they give allowances.
///
///      Warnings
///
///      - Contracts with an allowance (routers, lending markets) are unknown wallets: the lane's unknown policy decides
///        whether they work at all. Deny is the safe start.
///      - The value is read from the vault's own price. If assets can be donated, a donation raises what a share counts.
contract GuardedVault is Vault, AgentGuarded {
    /// @notice The lane of every move by allowance; its unit is the smallest unit of the asset.
    uint256 public constant ALLOWANCE_LANE = 0;

    /// @param asset What is deposited.
    /// @param core The core to ask.
    /// @param admin Who may tune, trip and reset the lane.
    /// @param limits First limits of the lane; `valueCap` in the asset's smallest unit.
    /// @param policy First policy of the lane.
    /// @param lineages Lineages with breakers of their own.
    constructor(
        IERC20 asset,
        ICircuitBreaker core,
        address admin,
        Limits memory limits,
        LanePolicy memory policy,
        uint32[] memory lineages
    ) Vault(asset) AgentGuarded(core, admin) {
        core.openLane(ALLOWANCE_LANE, limits, policy, lineages);
    }

    /// @dev OpenZeppelin calls this with `msg.sender` as spender only, and from every function that spends an allowance.
    function _spendAllowance(address owner, address spender, uint256 shares) internal override {
        if (spender != owner) _requireAdmitted(ALLOWANCE_LANE, _convertToAssets(shares, Math.Rounding.Ceil));
        super._spendAllowance(owner, spender, shares);
    }
}
