// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {SessionPolicy} from "../SessionPolicy.sol";
import {IAgentHook7579} from "../interfaces/IAgentHook7579.sol";
import {ActionDecoder} from "../libraries/ActionDecoder.sol";
import {Frames} from "../libraries/Frames.sol";
import {Call} from "../types/Wallets.sol";
import {
    IERC7579Execution,
    IERC7579Hook,
    IERC7579Module,
    MODULE_TYPE_HOOK
} from "@openzeppelin/contracts/interfaces/draft-IERC7579.sol";

/// @title AgentHook7579
/// @notice The session policy of one ERC-7579 account, as its hook.
///
/// @dev Design
///
///      A hook is told who called the account, not who signed. So a user operation counts as the agent's, whichever
///      validator let it in, and an executor module counts as itself. People act through an executor that they
///      trust, such as a module of their own, or through a validator that the account does not hook (Kernel).
///
///      Agents get `execute`, in the two modes that revert on failure. What else the entry point or the account may call on the
///      account (modules, upgrades, `executeUserOp`) is refused. What comes from anybody else is the account's fallback: an
///      outsider can call that, so nothing is charged there.
///
///      Once the policy is retired, calls of the account to itself pass, so that the hook can be uninstalled without
///      asking the core (WP-6).
///
///      Trust assumptions
///
///      The account calls the hook around everything that it executes. What it does not hook, no hook can see: docs/erc7579.md
///      says for each account that was tested what that is.
///
///      Warnings
///
///      - Gas of user operations is paid by the account, outside of any execution: a paymaster, or a small deposit, bounds it.
///      - Where an account can be upgraded or given modules by a user operation without its hook, the agent's
///        validator must not be allowed to: Kernel's selector lists do that.
contract AgentHook7579 is SessionPolicy, IAgentHook7579 {
    /// @dev First bytes of an EOA's code after EIP-7702, which is 23 bytes.
    bytes3 private constant _DELEGATED = 0xef0100;

    /// @inheritdoc IAgentHook7579
    address public immutable wallet;
    /// @inheritdoc IAgentHook7579
    address public immutable entryPoint;

    bool private _installed;

    /// @param setup The policy's first configuration.
    /// @param wallet_ The wallet whose permissions user operations need.
    /// @param entryPoint_ The entry point that the account trusts.
    constructor(Setup memory setup, address wallet_, address entryPoint_) SessionPolicy(setup) {
        (wallet, entryPoint) = (wallet_, entryPoint_);
    }

    /// @inheritdoc IERC7579Hook
    function preCheck(address msgSender, uint256, bytes calldata msgData) external onlyAccount returns (bytes memory) {
        bytes4 selector = msgData.length < 4 ? bytes4(0) : bytes4(msgData);
        bool executes = selector == IERC7579Execution.execute.selector;
        if (executes && msgSender == entryPoint) {
            _agent(wallet, msgData[4:]);
        } else if (selector == IERC7579Execution.executeFromExecutor.selector && msgSender != account) {
            if (_isTrusted(msgSender)) Frames.pushTrusted();
            else _agent(msgSender, msgData[4:]);
        } else if (msgSender == account || msgSender == entryPoint || executes) {
            require(Frames.isTrusted() || retired, FunctionRefused(selector));
            Frames.pushTrusted();
        } else {
            Frames.push(0, address(0));
        }
        return "";
    }

    /// @inheritdoc IERC7579Hook
    function postCheck(bytes calldata) external onlyAccount {
        _after(true);
    }

    /// @inheritdoc IERC7579Module
    function onInstall(bytes calldata) external onlyAccount {
        bytes memory code = account.code;
        require(code.length != 23 || bytes3(code) != _DELEGATED, DelegatedAccount(account));
        _installed = true;
    }

    /// @inheritdoc IERC7579Module
    function onUninstall(bytes calldata) external onlyAccount {
        _installed = false;
    }

    /// @inheritdoc IERC7579Module
    function isModuleType(uint256 moduleTypeId) external pure returns (bool) {
        return moduleTypeId == MODULE_TYPE_HOOK;
    }

    /// @inheritdoc IAgentHook7579
    function isInitialized(address smartAccount) external view returns (bool) {
        return _installed && smartAccount == account;
    }

    /// @dev An execution by an agent.
    /// @param frame Arguments of `execute` and `executeFromExecutor`: mode, and the offset of the execution.
    function _agent(address actor, bytes calldata frame) private {
        bytes calldata execution = ActionDecoder.bytesArgument(frame, 32);
        Call[] memory calls = ActionDecoder.erc7579(account, bytes32(frame), execution);
        if (_isWayOut(calls)) Frames.pushTrusted();
        else _before(actor, calls);
    }

    /// @dev Whether the account only calls itself, and may.
    function _isWayOut(Call[] memory calls) private view returns (bool) {
        if (calls.length == 0) return false;
        for (uint256 i; i < calls.length; ++i) {
            if (calls[i].target != account) return false;
        }
        return retired;
    }
}
