// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {SessionPolicy} from "../SessionPolicy.sol";
import {IAgentCaveat, ICaveatEnforcer} from "../interfaces/IAgentCaveat.sol";

/// @title AgentCaveat
/// @notice The session policy of one account, as a caveat of the delegations that it signs (ERC-7710).
///
/// @dev Design
///
///      The terms of the caveat name one wallet: the agent that the delegation is for. Permissions and charges are that
///      wallet's, whoever redeems. If it delegates on, whoever redeems for it draws on the same budget, and must be an
///      agent whose own breakers are closed. The whole policy is here, not in the delegation, so that it can be tightened
///      after signing; two delegations for one wallet share it.
///
///      Trust assumptions
///
///      The manager checks signatures and asks around every execution. `args` come from the redeemer and are ignored.
///
///      Warnings
///
///      - Only delegations that carry this caveat are guarded; the delegator's own key is not.
///      - The way out needs nothing from here: the delegator disables the delegation at the manager.
contract AgentCaveat is SessionPolicy, IAgentCaveat {
    uint256 private constant _TERMS = 20;

    /// @inheritdoc IAgentCaveat
    address public immutable manager;

    modifier onlyManager(address delegator) {
        require(msg.sender == manager, NotManager(msg.sender));
        require(delegator == _ACCOUNT, WrongAccount(delegator, _ACCOUNT));
        _;
    }

    /// @param setup The policy's first configuration; its account is the delegator.
    /// @param manager_ The delegation manager.
    constructor(Setup memory setup, address manager_) SessionPolicy(setup) {
        manager = manager_;
    }

    /// @inheritdoc ICaveatEnforcer
    function beforeHook(
        bytes calldata terms,
        bytes calldata,
        bytes32 mode,
        bytes calldata executionCalldata,
        bytes32,
        address delegator,
        address redeemer
    ) external onlyManager(delegator) {
        require(terms.length == _TERMS, MalformedTerms(terms.length));
        address wallet = address(bytes20(terms));
        if (redeemer != wallet) _requireUnbroken(redeemer);
        if (!_expressERC7579(wallet, mode, executionCalldata)) _beforeERC7579(wallet, mode, executionCalldata);
    }

    /// @inheritdoc ICaveatEnforcer
    function afterHook(bytes calldata, bytes calldata, bytes32, bytes calldata, bytes32, address delegator, address)
        external
        onlyManager(delegator)
    {
        _after(true);
    }

    /// @inheritdoc ICaveatEnforcer
    function beforeAllHook(bytes calldata, bytes calldata, bytes32, bytes calldata, bytes32, address, address)
        external
        pure {}

    /// @inheritdoc ICaveatEnforcer
    function afterAllHook(bytes calldata, bytes calldata, bytes32, bytes calldata, bytes32, address, address)
        external
        pure {}
}
