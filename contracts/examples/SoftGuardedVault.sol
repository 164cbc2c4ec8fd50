// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {AgentGuarded} from "../adapters/AgentGuarded.sol";
import {ICircuitBreaker} from "../interfaces/ICircuitBreaker.sol";
import {LanePolicy, Limits} from "../types/Types.sol";
import {Vault} from "./Vault.sol";
import {ERC20} from "@openzeppelin/contracts/token/ERC20/ERC20.sol";
import {IERC20} from "@openzeppelin/contracts/token/ERC20/IERC20.sol";
import {Math} from "@openzeppelin/contracts/utils/math/Math.sol";

/// @title SoftGuardedVault
/// @notice GuardedVault in the soft form: a denied agent gets nothing, and its strikes stay.
///
/// @dev Design
///
///      An early return has to happen in the function that was called, so each of the three that spend an allowance asks.
///      `transferFrom` then returns false, `withdraw` and `redeem` return 0. Whoever moves its own shares is not asked.
///
///      Trust assumptions
///
///      Those of GuardedVault.
///
///      Warnings
///
///      - ERC-4626 has `withdraw` and `redeem` revert when they do not pay in full. For callers with an allowance this
///        vault does not: they must look at what is returned.
///      - An action that is admitted and then fails (a small allowance, say) reverts and is not charged. To charge
///        attempts, see ChargedPool.
contract SoftGuardedVault is Vault, AgentGuarded {
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

    /// @notice ERC-4626's, but returns 0 and pays nothing if the caller is not the owner and is denied.
    function withdraw(uint256 assets, address receiver, address owner) public override returns (uint256 shares) {
        return _mayMove(owner, previewWithdraw(assets)) ? super.withdraw(assets, receiver, owner) : 0;
    }

    /// @notice ERC-4626's, but returns 0 and pays nothing if the caller is not the owner and is denied.
    function redeem(uint256 shares, address receiver, address owner) public override returns (uint256 assets) {
        return _mayMove(owner, shares) ? super.redeem(shares, receiver, owner) : 0;
    }

    /// @notice ERC-20's, but returns false and moves nothing if the caller is not the owner and is denied.
    function transferFrom(address from, address to, uint256 shares)
        public
        override(ERC20, IERC20)
        returns (bool moved)
    {
        return _mayMove(from, shares) && super.transferFrom(from, to, shares);
    }

    function _mayMove(address owner, uint256 shares) private returns (bool) {
        if (msg.sender == owner) return true;
        return _admit(ALLOWANCE_LANE, _convertToAssets(shares, Math.Rounding.Ceil)).admitted();
    }
}
