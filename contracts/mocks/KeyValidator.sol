// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {PackedUserOperation} from "@openzeppelin/contracts/interfaces/IERC4337.sol";
import {IERC7579Validator, MODULE_TYPE_VALIDATOR} from "@openzeppelin/contracts/interfaces/draft-IERC7579.sol";
import {ECDSA} from "@openzeppelin/contracts/utils/cryptography/ECDSA.sol";

/// @title KeyValidator
/// @notice ERC-7579 validator: one key an account, which signs the plain hash. Signs messages (ERC-1271) too, as careless ones do.
contract KeyValidator is IERC7579Validator {
    /// @notice The key of an account; zero where it is not installed.
    mapping(address account => address key) public keyOf;

    /// @notice Sets the caller's key.
    /// @param data The key, 20 bytes.
    function onInstall(bytes calldata data) external {
        keyOf[msg.sender] = address(bytes20(data));
    }

    /// @notice Forgets the caller's key.
    function onUninstall(bytes calldata) external {
        delete keyOf[msg.sender];
    }

    /// @notice A validator, and nothing else.
    function isModuleType(uint256 moduleTypeId) external pure returns (bool) {
        return moduleTypeId == MODULE_TYPE_VALIDATOR;
    }

    /// @notice Whether an account has a key.
    function isInitialized(address account) external view returns (bool) {
        return keyOf[account] != address(0);
    }

    /// @notice 0 if the caller's key signed the operation, else 1.
    function validateUserOp(PackedUserOperation calldata userOp, bytes32 userOpHash) external view returns (uint256) {
        return _signed(userOpHash, userOp.signature) ? 0 : 1;
    }

    /// @notice ERC-1271's answer for the caller, whoever asks it.
    function isValidSignatureWithSender(address, bytes32 hash, bytes calldata signature)
        external
        view
        returns (bytes4)
    {
        return _signed(hash, signature) ? bytes4(0x1626ba7e) : bytes4(0xffffffff);
    }

    function _signed(bytes32 hash, bytes calldata signature) private view returns (bool) {
        (address signer, ECDSA.RecoverError failure,) = ECDSA.tryRecover(hash, signature);
        return failure == ECDSA.RecoverError.NoError && signer == keyOf[msg.sender];
    }
}
