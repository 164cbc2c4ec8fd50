// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {WalletWord} from "../types/Types.sol";

/// @notice Fields and transitions of a WalletWord: agent 32 | epoch 24 | expiry 40 | nonce 40 | revokedAt 40.
library WalletWords {
    uint256 private constant NONCE_UNIT = 1 << 96;

    /// @notice Handle of the agent it was last bound to; 0 if it never was.
    function agent(WalletWord w) internal pure returns (uint32) {
        return uint32(WalletWord.unwrap(w));
    }

    /// @notice The agent's epoch when it was bound.
    function epoch(WalletWord w) internal pure returns (uint24) {
        return uint24(WalletWord.unwrap(w) >> 32);
    }

    /// @notice First second at which the binding no longer counts.
    function expiry(WalletWord w) internal pure returns (uint40) {
        return uint40(WalletWord.unwrap(w) >> 56);
    }

    /// @notice Nonce of the next binding signature.
    function nonce(WalletWord w) internal pure returns (uint40) {
        return uint40(WalletWord.unwrap(w) >> 96);
    }

    /// @notice When it was revoked; 0 if it is not.
    function revokedAt(WalletWord w) internal pure returns (uint40) {
        return uint40(WalletWord.unwrap(w) >> 136);
    }

    /// @notice The word after a binding; the nonce moves on, so that no signature serves twice.
    function bind(WalletWord w, uint32 agent_, uint24 epoch_, uint40 expiry_) internal pure returns (WalletWord) {
        unchecked {
            uint256 next = uint256(nonce(w)) + 1;
            return WalletWord.wrap(uint256(agent_) | (uint256(epoch_) << 32) | (uint256(expiry_) << 56) | (next << 96));
        }
    }

    /// @notice The word after its outstanding signatures were voided.
    function voidNonce(WalletWord w) internal pure returns (WalletWord) {
        unchecked {
            return WalletWord.wrap(WalletWord.unwrap(w) + NONCE_UNIT);
        }
    }

    /// @notice The tombstone: everything else stays, so that the wallet is never "unknown" again.
    function revoke(WalletWord w, uint256 now_) internal pure returns (WalletWord) {
        return WalletWord.wrap(WalletWord.unwrap(w) | (now_ << 136));
    }
}
