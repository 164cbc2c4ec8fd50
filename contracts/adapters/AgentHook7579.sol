// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {SessionPolicy} from "../SessionPolicy.sol";
import {IAgentHook7579} from "../interfaces/IAgentHook7579.sol";
import {ActionDecoder} from "../libraries/ActionDecoder.sol";
import {Frames} from "../libraries/Frames.sol";
import {PackedUserOperation} from "@openzeppelin/contracts/interfaces/IERC4337.sol";
import {
    IERC7579Execution,
    IERC7579Hook,
    IERC7579Module,
    IERC7579Validator,
    MODULE_TYPE_HOOK,
    MODULE_TYPE_VALIDATOR
} from "@openzeppelin/contracts/interfaces/draft-IERC7579.sol";
import {StorageSlot} from "@openzeppelin/contracts/utils/StorageSlot.sol";
import {ECDSA} from "@openzeppelin/contracts/utils/cryptography/ECDSA.sol";
import {MessageHashUtils} from "@openzeppelin/contracts/utils/cryptography/MessageHashUtils.sol";

/// @title AgentHook7579
/// @notice The session policy of one ERC-7579 account, as its hook; and the validator of the agent's key.
///
/// @dev Design
///
///      A hook is told who called the account, not who signed. So a user operation counts as the agent's, whichever
///      validator let it in, and an executor module counts as itself. People act through an executor that they
///      trust, such as a module of their own, or on a way that the account does not hook (Kernel's root, a Safe's owners).
///
///      Agents get `execute`, in the two modes that revert on failure. What else the entry point or the account may call on the
///      account (modules, upgrades, `executeUserOp`) is refused. What comes from anybody else is the account's fallback: an
///      outsider can call that, so nothing is charged there.
///
///      Some of what a key may do no hook is asked about: accounts let a user operation remove a hook, answer ERC-1271,
///      and pay for gas, unasked. So this is a validator too. The agent's operations call `execute` and nothing else, it
///      signs no messages, and whoever hands its operations in, or the one paymaster that people name, pays for them, never the
///      account: a paymaster acts while an operation is validated, and takes what it was ever allowed to, unseen by any hook.
///
///      Once the policy is retired, what people call on the account passes, by an operation or by the account itself, so
///      that the hook can be uninstalled without asking the core (WP-6). The agent's `execute` is no such way.
///
///      Trust assumptions
///
///      The account calls the hook around everything that it executes. What it does not hook, no hook can see: docs/erc7579.md
///      says for each account that was tested what that is.
///
///      Warnings
///
///      - Behind another validator the agent's key can do what that validator and the account let it, on some accounts
///        remove the hook. The same key must have no other role in the account.
///      - Validation reads nothing but constants, as bundlers demand: an agent that is stopped or has no permissions can still
///        have operations included, which then revert at the expense of who pays for them.
contract AgentHook7579 is SessionPolicy, IAgentHook7579 {
    /// @dev Selector of `executeUserOp`: Kernel wants it in front of the call.
    bytes4 private constant _EXECUTE_USER_OP = 0x8dd7712f;
    bytes4 private constant _NO_SIGNATURE = 0xffffffff;
    /// @dev Not a variable: the cold half of the policy has its own where that would lie.
    bytes32 private constant _INSTALLED = keccak256("switchgear.hook.installed");

    /// @inheritdoc IAgentHook7579
    address public immutable wallet;
    /// @inheritdoc IAgentHook7579
    address public immutable entryPoint;
    /// @inheritdoc IAgentHook7579
    address public immutable paymaster;

    /// @param setup The policy's first configuration.
    /// @param wallet_ The wallet whose permissions user operations need, and the key that signs them.
    /// @param entryPoint_ The entry point that the account trusts.
    /// @param paymaster_ The paymaster that may pay for the agent's operations; zero for none.
    constructor(Setup memory setup, address wallet_, address entryPoint_, address paymaster_) SessionPolicy(setup) {
        (wallet, entryPoint, paymaster) = (wallet_, entryPoint_, paymaster_);
    }

    /// @inheritdoc IERC7579Hook
    function preCheck(address msgSender, uint256, bytes calldata msgData) external onlyAccount returns (bytes memory) {
        if (msgSender == entryPoint && _isExpress(msgData)) {
            // The empty answer, and no more: 250 gas less than coming back would take.
            assembly ("memory-safe") {
                mstore(0x00, 0x20)
                mstore(0x20, 0x00)
                return(0x00, 0x40)
            }
        }
        bytes4 selector = bytes4(msgData);
        bool executes = selector == IERC7579Execution.execute.selector;
        if (executes && msgSender == entryPoint) {
            _agent(wallet, msgData[4:]);
        } else if (selector == IERC7579Execution.executeFromExecutor.selector && msgSender != _ACCOUNT) {
            if (_isTrusted(msgSender)) Frames.pushTrusted();
            else _agent(msgSender, msgData[4:]);
        } else if (msgSender == _ACCOUNT || msgSender == entryPoint || executes) {
            // A trusted execution covers what the account calls on itself. Not what the entry point calls meanwhile: whoever
            // is paid in it could hand in an operation.
            require(_retired || msgSender == _ACCOUNT && Frames.isTrusted(), FunctionRefused(selector));
            Frames.pushTrusted();
        } else {
            Frames.push(0, address(0));
        }
        return "";
    }

    /// @inheritdoc IERC7579Hook
    function postCheck(bytes calldata) external onlyAccount {
        if (!Frames.isEmpty()) _after(true);
    }

    /// @inheritdoc IERC7579Validator
    function validateUserOp(PackedUserOperation calldata operation, bytes32 operationHash)
        external
        view
        onlyAccount
        returns (uint256)
    {
        bytes calldata call = operation.callData;
        if (bytes4(call) == _EXECUTE_USER_OP) call = call[4:];
        bytes4 selector = bytes4(call);
        require(selector == IERC7579Execution.execute.selector, FunctionRefused(selector));
        // Not the length: an entry point takes a paymaster of zero for none.
        address payer = address(bytes20(operation.paymasterAndData));
        if (payer == address(0)) require(uint128(uint256(operation.gasFees)) == 0, AccountWouldPay());
        else require(payer == paymaster, PaymasterRefused(payer));
        bool signed = _signed(operationHash, operation.signature)
            || _signed(MessageHashUtils.toEthSignedMessageHash(operationHash), operation.signature);
        return signed ? 0 : 1;
    }

    /// @notice Never: an agent's key signs no messages for the account, such as permits (WP-4).
    function isValidSignatureWithSender(address, bytes32, bytes calldata) external pure returns (bytes4) {
        return _NO_SIGNATURE;
    }

    /// @inheritdoc IERC7579Module
    function onInstall(bytes calldata) external onlyAccount {
        _requireOwnCode();
        StorageSlot.getBooleanSlot(_INSTALLED).value = true;
    }

    /// @inheritdoc IERC7579Module
    function onUninstall(bytes calldata) external onlyAccount {
        StorageSlot.getBooleanSlot(_INSTALLED).value = false;
    }

    /// @inheritdoc IERC7579Module
    function isModuleType(uint256 moduleTypeId) external pure returns (bool) {
        return moduleTypeId == MODULE_TYPE_HOOK || moduleTypeId == MODULE_TYPE_VALIDATOR;
    }

    /// @inheritdoc IAgentHook7579
    function isInitialized(address smartAccount) external view returns (bool) {
        return StorageSlot.getBooleanSlot(_INSTALLED).value && smartAccount == _ACCOUNT;
    }

    /// @dev Whether this is an `execute` as any encoder lays it out, of one call that is checked and charged already. Anything else is
    /// `_agent`'s.
    function _isExpress(bytes calldata msgData) private returns (bool) {
        bytes32 mode;
        bytes calldata execution;
        bool strange;
        uint256 execute = uint32(IERC7579Execution.execute.selector);
        assembly ("memory-safe") {
            mode := calldataload(add(msgData.offset, 0x04))
            execution.offset := add(msgData.offset, 0x64)
            execution.length := calldataload(add(msgData.offset, 0x44))
            // Another function, another offset, or an end before the execution's.
            strange := or(
                xor(shr(224, calldataload(msgData.offset)), execute),
                xor(calldataload(add(msgData.offset, 0x24)), 0x40)
            )
            strange := or(strange, lt(msgData.length, 0xdc))
        }
        return !strange && _expressERC7579(wallet, mode, execution);
    }

    /// @dev An execution by an agent.
    /// @param frame Arguments of `execute` and `executeFromExecutor`: mode, and the offset of the execution.
    function _agent(address actor, bytes calldata frame) private {
        _beforeERC7579(actor, bytes32(frame), ActionDecoder.bytesArgument(frame, 32));
    }

    function _signed(bytes32 hash, bytes calldata signature) private view returns (bool) {
        (address signer, ECDSA.RecoverError failure,) = ECDSA.tryRecoverCalldata(hash, signature);
        return failure == ECDSA.RecoverError.NoError && signer == wallet;
    }
}
