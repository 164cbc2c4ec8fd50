// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {SessionPolicy} from "../SessionPolicy.sol";
import {ISafe} from "../interfaces/ISafe.sol";
import {IModuleGuard, ISafeAgentGuard, ITransactionGuard} from "../interfaces/ISafeAgentGuard.sol";
import {ActionDecoder} from "../libraries/ActionDecoder.sol";
import {Frames} from "../libraries/Frames.sol";
import {SafeAgentHandler} from "./SafeAgentHandler.sol";
import {MessageHashUtils} from "@openzeppelin/contracts/utils/cryptography/MessageHashUtils.sol";
import {IERC165} from "@openzeppelin/contracts/utils/introspection/IERC165.sol";

/// @title SafeAgentGuard
/// @notice The session policy of one Safe, as its transaction guard and, from 1.5.0 on, its module guard.
///
/// @dev Design
///
///      Who acts is whoever signed: owners of the Safe, of whom Safe itself has checked the first `threshold`
///      signatures; what stands behind those counts for nothing. If a trusted party is among them, people decided, and the
///      transaction passes. Otherwise it is the first signer's, who is charged, and the others must be agents
///      whose breakers are closed. A module is its own signer. A Safe that an agent owns alone, with threshold 1, and an
///      agent that is a module are both held to the policy.
///
///      A Safe is guarded only if nothing goes past the guard: it refuses to be installed, and people's transactions that
///      leave it installed, while there are modules and no module guard. Safe 1.4.1 has none: there, modules have to go. Nor may the
///      Safe be an EOA that runs a Safe's code (EIP-7702), whose key needs no Safe.
///      Likewise for a fallback handler: the usual one lets whoever owns the Safe sign messages for it (ERC-1271), and a
///      signed permit is a transfer. A `handler` comes with the guard, which takes tokens and signs nothing. The guard
///      itself must not be it: a Safe hands on to its handler, as itself, what anybody calls it with, so that
///      a stranger could ask and answer for it.
///
///      Trust assumptions
///
///      Trusted owners and modules are people's; they can remove the guard, and no part of the policy or the core can stop them.
///      The Safe is a real one: it checks signatures, and asks before and after.
///
///      Warnings
///
///      - With a threshold of 1 anybody among the owners is enough: name the people among them `trusted` at deployment, or nobody can act freely.
///      - A guard set by the Safe's own setup (a delegatecall) is not asked whether it fits. Install it by `setGuard`.
///      - Where an agent is a module and no owner, the module guard is enough: then the transaction guard and its demands
///        on the handler can be left out.
contract SafeAgentGuard is SessionPolicy, ISafeAgentGuard {
    /// @dev keccak256("guard_manager.guard.address") and keccak256("module_manager.module_guard.address").
    uint256 private constant _GUARD_SLOT = 0x4a204f620c8c5ccdca3fd54d003badd85ba500436a431f0cbda4f558c93c34c8;
    uint256 private constant _MODULE_GUARD_SLOT = 0xb104e0b93118902c651344349b610029d694cfdec91c589c91ebafbcd0289947;
    /// @dev keccak256("fallback_manager.handler.address").
    uint256 private constant _HANDLER_SLOT = 0x6c9a6c4a39284e37ed1cf53d337577d14212a4870fb976a4366c693b939918d5;
    address private constant _SENTINEL = address(1);
    uint256 private constant _SIGNATURE = 65;

    /// @inheritdoc ISafeAgentGuard
    address public immutable multiSend;
    /// @inheritdoc ISafeAgentGuard
    address public immutable handler;

    /// @param setup The policy's first configuration.
    /// @param multiSend_ The MultiSendCallOnly that agents may use; zero for none.
    constructor(Setup memory setup, address multiSend_) SessionPolicy(setup) {
        multiSend = multiSend_;
        handler = address(new SafeAgentHandler());
    }

    /// @notice `checkTransaction`, which is no function here: decoding its eleven arguments takes 700 gas, and a payment needs five of
    /// them. What is neither that nor a function of this half is the cold half's.
    fallback(bytes calldata call) external override returns (bytes memory) {
        if (msg.sig != ITransactionGuard.checkTransaction.selector) return _administer(call);
        require(msg.sender == _ACCOUNT, WrongAccount(msg.sender, _ACCOUNT));
        if (_isExpress()) {
            assembly ("memory-safe") {
                stop()
            }
        }
        _checkTransaction(call[4:]);
        return "";
    }

    /// @notice After the owners' transaction; see `ITransactionGuard`.
    function checkAfterExecution(bytes32, bool success) external onlyAccount {
        if (success && Frames.isEmpty()) return;
        if (!_after(success)) _requireWhole();
    }

    /// @inheritdoc IModuleGuard
    function checkModuleTransaction(address to, uint256 value, bytes calldata data, uint8 operation, address module)
        external
        onlyAccount
        returns (bytes32)
    {
        bool permitted = operation == 0 && _hasPermission(module, to, data);
        if (!permitted && _isTrusted(module)) Frames.pushTrusted();
        else _before(module, ActionDecoder.safe(_ACCOUNT, to, value, data, operation, multiSend));
        return bytes32(uint256(uint160(module)));
    }

    /// @inheritdoc IModuleGuard
    function checkAfterModuleExecution(bytes32, bool success) external onlyAccount {
        if (!_after(success)) _requireWhole();
    }

    /// @notice ERC-165. A Safe asks when the guard is set: only the account of this policy is told yes, and only if no module would
    /// go past it.
    function supportsInterface(bytes4 id) external view returns (bool) {
        if (id == type(IERC165).interfaceId) return true;
        if (msg.sender != _ACCOUNT) return false;
        if (id == type(IModuleGuard).interfaceId) return true;
        if (id != type(ITransactionGuard).interfaceId) return false;
        _requireNoWayPast();
        return true;
    }

    /* What is executed */

    /// @dev Whether this is a transaction as a Safe lays it out, without value, delegatecall or refund, of an owner who sent it or approved
    /// its hash, that is checked and charged already. Anything else is `_checkTransaction`'s.
    function _isExpress() private returns (bool) {
        address signer;
        address to;
        bytes calldata data;
        bool strange;
        assembly ("memory-safe") {
            to := calldataload(0x04)
            data.offset := 0x184
            data.length := 0x44
            signer := calldataload(0x204)
            // value, operation, gasPrice.
            strange := or(or(calldataload(0x24), calldataload(0x64)), calldataload(0xc4))
            // Offset and length of the data, which are a selector and two words.
            strange := or(strange, or(xor(calldataload(0x44), 0x160), xor(calldataload(0x164), 0x44)))
            // Offset and length of the signatures: one, whose last byte says that it names its signer.
            strange := or(strange, or(xor(calldataload(0x124), 0x1e0), xor(calldataload(0x1e4), _SIGNATURE)))
            strange := or(strange, or(shr(160, to), gt(byte(0, calldataload(0x244)), 1)))
        }
        return !strange && _express(signer, to, data);
    }

    /// @param arguments Those of `checkTransaction`.
    function _checkTransaction(bytes calldata arguments) private {
        (address to, uint256 value,, uint8 operation,,, uint256 gasPrice,,,,) = abi.decode(
            arguments, (address, uint256, uint256, uint8, uint256, uint256, uint256, address, address, uint256, address)
        );
        bytes calldata data = ActionDecoder.bytesArgument(arguments, 0x40);
        address actor = _actor(arguments, data, ActionDecoder.bytesArgument(arguments, 0x120));
        bool permitted = operation == 0 && actor != address(0) && _hasPermission(actor, to, data);
        if (!permitted && (actor == address(0) || _isTrusted(actor))) return Frames.pushTrusted();
        require(gasPrice == 0, GasRefundRefused(gasPrice));
        _before(actor, ActionDecoder.safe(_ACCOUNT, to, value, data, operation, multiSend));
    }

    /* Who signed */

    /// @dev What the owners signed: their transaction's hash, or nothing if the one signature says by itself whose it is.
    function _hash(bytes calldata arguments, bytes calldata data, bytes calldata signatures)
        private
        view
        returns (bytes32)
    {
        if (signatures.length == _SIGNATURE && uint8(signatures[64]) < 2) return 0;
        (
            address to,
            uint256 value,,
            uint8 operation,
            uint256 safeTxGas,
            uint256 baseGas,
            uint256 gasPrice,
            address gasToken,
            address refundReceiver
        ) = abi.decode(arguments, (address, uint256, uint256, uint8, uint256, uint256, uint256, address, address));
        ISafe safe = ISafe(_ACCOUNT);
        uint256 nonce = safe.nonce() - 1;
        return safe.getTransactionHash(
            to, value, data, operation, safeTxGas, baseGas, gasPrice, gasToken, refundReceiver, nonce
        );
    }

    /// @dev Whose transaction it is: zero if a trusted party is among the signers that Safe has checked, else the first of them.
    function _actor(bytes calldata arguments, bytes calldata data, bytes calldata signatures)
        private
        view
        returns (address first)
    {
        bytes32 hash = _hash(arguments, data, signatures);
        first = _signer(hash, signatures, 0);
        if (signatures.length < 2 * _SIGNATURE) return first;
        uint256 threshold = ISafe(_ACCOUNT).getThreshold();
        for (uint256 i; i < threshold; ++i) {
            if (_isTrusted(_signer(hash, signatures, i))) return address(0);
        }
        for (uint256 i = 1; i < threshold; ++i) {
            _requireUnbroken(_signer(hash, signatures, i));
        }
    }

    /// @dev As Safe reads its signatures: v is 0 for a contract's, 1 for an approved hash, above 30 for eth_sign, else ECDSA.
    function _signer(bytes32 hash, bytes calldata signatures, uint256 index) private pure returns (address signer) {
        uint256 start = index * _SIGNATURE;
        require(signatures.length >= start + _SIGNATURE, SignatureUnreadable());
        bytes32 r = bytes32(signatures[start:]);
        bytes32 s = bytes32(signatures[start + 32:]);
        uint8 v = uint8(signatures[start + 64]);
        if (v > 30) (hash, v) = (MessageHashUtils.toEthSignedMessageHash(hash), v - 4);
        // Not OpenZeppelin's recover: Safe accepts a high s, and so must whoever reads after it.
        signer = v < 2 ? address(uint160(uint256(r))) : ecrecover(hash, v, r, s);
        // Safe refuses such a signature; if ever one did not, nobody is not people.
        require(signer != address(0), SignatureUnreadable());
    }

    /* Nothing goes past */

    /// @dev After people's transactions: unless they removed the guard, it still sees everything.
    function _requireWhole() private view {
        if (_stored(_GUARD_SLOT) == address(this)) _requireNoWayPast();
    }

    function _requireNoWayPast() private view {
        _requireOwnCode();
        address present = _stored(_HANDLER_SLOT);
        require(present == address(0) || present == handler, HandlerRefused(present));
        if (_stored(_MODULE_GUARD_SLOT) == address(this)) return;
        (address[] memory modules,) = ISafe(_ACCOUNT).getModulesPaginated(_SENTINEL, 1);
        require(modules.length == 0, ModulesUnguarded(modules.length == 0 ? address(0) : modules[0]));
    }

    function _stored(uint256 slot) private view returns (address) {
        return abi.decode(ISafe(_ACCOUNT).getStorageAt(slot, 1), (address));
    }
}
