"""The signature by which a wallet agrees to be named in an ERC-8004 registry."""

from __future__ import annotations

from typing import Any

from eth_account.messages import SignableMessage, encode_typed_data
from eth_utils.crypto import keccak

FIELDS = {
    "AgentWalletSet": [
        {"name": "agentId", "type": "uint256"},
        {"name": "newWallet", "type": "address"},
        {"name": "owner", "type": "address"},
        {"name": "deadline", "type": "uint256"},
    ]
}


def agent_wallet_message(registry: Any, *, domain: dict[str, Any] | None = None, **message: Any) -> SignableMessage:
    """The EIP-712 message `AgentWalletSet` for a registry.

    Args:
        registry: The registry's contract instance.
        domain: Parts of the domain that are to differ from the right ones.
        **message: agentId, newWallet, owner, deadline.
    """
    right = {
        "name": "ERC8004IdentityRegistry",
        "version": "1",
        "chainId": registry.provider.chain_id,
        "verifyingContract": registry.address,
    }
    plain = {key: getattr(value, "address", value) for key, value in message.items()}
    return encode_typed_data({**right, **(domain or {})}, FIELDS, plain)


def sign(account: Any, message: SignableMessage) -> bytes:
    """The 65 bytes r, s, v of an account's signature."""
    signature: bytes = account.sign_message(message).encode_rsv()
    return signature


def digest(message: SignableMessage) -> bytes:
    """What is signed in the end."""
    return keccak(b"\x19" + message.version + message.header + message.body)
