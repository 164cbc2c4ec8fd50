"""Throwaway keys of the local chain, and what signs with them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from eth_account import Account
from eth_typing import Hash32
from eth_utils.crypto import keccak

if TYPE_CHECKING:
    from eth_account.signers.local import LocalAccount

ZERO = "0x" + "00" * 20
"""Nobody."""


def key(name: str) -> LocalAccount:
    """A key; the same for the same name."""
    signer: LocalAccount = Account.from_key(keccak(text=f"switchgear foreign: {name}"))
    return signer


def sign_hash(signer: LocalAccount, digest: bytes) -> bytes:
    """65 bytes over a plain 32-byte hash."""
    return bytes(signer.unsafe_sign_hash(Hash32(digest)).signature)
