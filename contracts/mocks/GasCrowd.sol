// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {ICircuitBreaker} from "../interfaces/ICircuitBreaker.sol";
import {IERC8004Identity} from "../interfaces/IERC8004Identity.sol";

/// @title GasWallet
/// @notice A wallet that consents to everything. It acts by impersonation.
contract GasWallet {
    /// @notice ERC-1271: yes.
    function isValidSignature(bytes32, bytes calldata) external pure returns (bytes4) {
        return this.isValidSignature.selector;
    }
}

/// @title GasCrowd
/// @notice Owns many agents: registers, enrols and binds each as anybody would, only many in one transaction.
contract GasCrowd {
    ICircuitBreaker private immutable _CORE;
    IERC8004Identity private immutable _REGISTRY;

    /// @notice Wallet of the agent enrolled last.
    address public newest;

    constructor(ICircuitBreaker core, IERC8004Identity registry) {
        (_CORE, _REGISTRY) = (core, registry);
    }

    /// @notice Enrols `count` agents, each with a wallet.
    /// @param parent Of each of them: another agent of this crowd, or 0.
    function enroll(uint256 count, uint32 parent, uint32 lineage) external {
        for (uint256 i = 0; i < count; ++i) {
            uint256 agentId = _REGISTRY.register();
            uint32 agent = _CORE.enroll(address(_REGISTRY), agentId, parent, lineage, 0, "");
            newest = address(new GasWallet());
            _CORE.bindWallet(agent, newest, type(uint40).max, block.timestamp, "");
        }
    }

    /// @notice Takes the agents that it registers.
    function onERC721Received(address, address, uint256, bytes calldata) external pure returns (bytes4) {
        return this.onERC721Received.selector;
    }
}
