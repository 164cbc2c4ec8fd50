// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IERC1271} from "@openzeppelin/contracts/interfaces/IERC1271.sol";
import {ECDSA} from "@openzeppelin/contracts/utils/cryptography/ECDSA.sol";

/// @title IdentityWalletMock
/// @notice A contract wallet that answers ERC-1271 for one key, or misbehaves on demand.
contract IdentityWalletMock is IERC1271 {
    /// @notice How it answers.
    enum Mode {
        Honest, // the magic value if and only if the key signed
        Revert, // reverts, with the magic value as revert data
        Wrong, // another value
        Dirty, // the magic value with bits set behind it
        Short, // the four bytes of the magic value alone, not a word
        Empty, // no return data
        Bomb, // the magic value nowhere, in a megabyte of return data
        BurnGas // never returns
    }

    address private immutable _KEY;
    Mode private _mode;

    constructor(address key) {
        _KEY = key;
    }

    /// @notice Chooses how it answers.
    function setMode(Mode mode) external {
        _mode = mode;
    }

    /// @inheritdoc IERC1271
    function isValidSignature(bytes32 digest, bytes calldata signature) external view returns (bytes4) {
        Mode mode = _mode;
        if (mode == Mode.Honest) {
            (address signer, ECDSA.RecoverError err,) = ECDSA.tryRecoverCalldata(digest, signature);
            bool valid = err == ECDSA.RecoverError.NoError && signer == _KEY;
            return valid ? IERC1271.isValidSignature.selector : bytes4(0xffffffff);
        }
        if (mode == Mode.BurnGas) {
            for (uint256 i;; ++i) {}
        }
        bytes32 magic = bytes32(IERC1271.isValidSignature.selector);
        bytes32 word =
            mode == Mode.Wrong ? bytes32(uint256(1)) : mode == Mode.Dirty ? magic | bytes32(uint256(1)) : magic;
        uint256 size = mode == Mode.Short ? 4 : mode == Mode.Empty ? 0 : 0x20;
        assembly ("memory-safe") {
            mstore(0x00, word)
            switch mode
            case 1 { revert(0x00, 0x20) }
            case 6 { return(mload(0x40), 0x100000) }
            default { return(0x00, size) }
        }
    }
}
