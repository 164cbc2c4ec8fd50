"""EIP-712 messages that wallets and owners sign, as full typed-data dicts, and a helper to sign them with a local key.

A dict can be handed to anything that signs typed data: ``eth_account.messages.encode_typed_data(full_message=...)``,
``eth_signTypedData_v4`` of a browser or hardware wallet, or an Ape account.

>>> from eth_account import Account
>>> wallet = Account.from_key("0x" + "11" * 32)
>>> message = wallet_binding(
...     chain_id=31337, core="0x" + "c0" * 20, registry="0x" + "1d" * 20, agent_id=0,
...     owner="0x" + "0a" * 20, wallet=wallet.address, nonce=0, deadline=1_900_000_000,
... )
>>> len(sign(message, wallet))
65
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from eth_account.messages import encode_typed_data
from eth_utils.crypto import keccak

from switchgear.errors import SignatureRefused, UnsupportedSender
from switchgear.values import from_instant, to_address, to_uint

if TYPE_CHECKING:
    from datetime import datetime

TypedData = dict[str, Any]
"""`types`, `primaryType`, `domain` and `message`, as EIP-712's JSON has them."""

CORE_DOMAIN = ("Switchgear", "1")
"""Name and version of the core's domain."""
REGISTRY_DOMAIN = ("ERC8004IdentityRegistry", "1")
"""Name and version of the domain of ERC-8004 identity registries."""


def wallet_binding(
    *,
    chain_id: int,
    core: str,
    registry: str,
    agent_id: int,
    owner: str,
    wallet: str,
    nonce: int,
    deadline: datetime | int,
) -> TypedData:
    """What a wallet signs to be bound to an agent (``IEnrolment.bindWallet``, ``spawn``; ID-1).

    Args:
        chain_id: Of the live chain.
        core: Address of the CircuitBreaker.
        registry: Identity registry of the agent.
        agent_id: The agent, in the registry's numbering.
        owner: The agent's live owner, who will call.
        wallet: Who signs.
        nonce: The wallet's present nonce, from its word.
        deadline: Last second at which the signature is good.

    Raises:
        InvalidInput: A field is no address or does not fit its type.
    """
    fields = {
        "registry": ("address", to_address(registry, name="registry")),
        "agentId": ("uint256", to_uint(agent_id, name="agent_id")),
        "owner": ("address", to_address(owner, name="owner")),
        "wallet": ("address", to_address(wallet, name="wallet")),
        "nonce": ("uint256", to_uint(nonce, name="nonce")),
        "deadline": ("uint256", from_instant(deadline, name="deadline")),
    }
    return typed_data("WalletBinding", fields, CORE_DOMAIN, chain_id, core)


def parent_consent(
    *, chain_id: int, core: str, registry: str, agent_id: int, owner: str, parent: int, deadline: datetime | int
) -> TypedData:
    """What a parent's owner signs so that another owner's agent becomes its child (``IEnrolment.enroll``, ID-9).

    Args:
        chain_id: Of the live chain.
        core: Address of the CircuitBreaker.
        registry: Identity registry of the child.
        agent_id: The child, in the registry's numbering.
        owner: The child's live owner, who will call.
        parent: Handle of the parent, whose live owner signs.
        deadline: Last second at which the signature is good.

    Raises:
        InvalidInput: A field is no address or does not fit its type.
    """
    fields = {
        "registry": ("address", to_address(registry, name="registry")),
        "agentId": ("uint256", to_uint(agent_id, name="agent_id")),
        "owner": ("address", to_address(owner, name="owner")),
        "parent": ("uint32", to_uint(parent, bits=32, name="parent")),
        "deadline": ("uint256", from_instant(deadline, name="deadline")),
    }
    return typed_data("ParentConsent", fields, CORE_DOMAIN, chain_id, core)


def agent_wallet_set(
    *,
    chain_id: int,
    registry: str,
    agent_id: int,
    new_wallet: str,
    owner: str,
    deadline: datetime | int,
    domain: tuple[str, str] = REGISTRY_DOMAIN,
) -> TypedData:
    """What a wallet signs to become the payment wallet of an agent (ERC-8004's ``setAgentWallet``).

    Args:
        chain_id: Of the live chain.
        registry: The identity registry.
        agent_id: The agent, in its numbering.
        new_wallet: Who signs.
        owner: The agent's owner at the time of the call.
        deadline: Last second at which the signature is good; at most 5 minutes ahead.
        domain: Name and version of the registry's EIP-712 domain.

    Raises:
        InvalidInput: A field is no address or does not fit its type.
    """
    fields = {
        "agentId": ("uint256", to_uint(agent_id, name="agent_id")),
        "newWallet": ("address", to_address(new_wallet, name="new_wallet")),
        "owner": ("address", to_address(owner, name="owner")),
        "deadline": ("uint256", from_instant(deadline, name="deadline")),
    }
    return typed_data("AgentWalletSet", fields, domain, chain_id, registry)


def digest(message: TypedData) -> bytes:
    """The 32 bytes that a signature is over, as the contract computes them."""
    signable = encode_typed_data(full_message=message)
    return keccak(b"\x19" + signable.version + signable.header + signable.body)


def sign(message: TypedData, signer: Any) -> bytes:
    """Signs with an eth_account LocalAccount or an Ape account.

    Returns:
        The signature, 65 bytes: r, s, v.

    Raises:
        SignatureRefused: The account declined, as a hardware wallet's holder may.
        UnsupportedSender: `signer` cannot sign messages, as a Safe cannot.
    """
    text = f"{type(signer).__name__} cannot sign messages: give a LocalAccount or an Ape account that has a key"
    if not hasattr(signer, "sign_message"):
        raise UnsupportedSender(text)
    try:
        signed = signer.sign_message(encode_typed_data(full_message=message))
    except NotImplementedError as error:
        raise UnsupportedSender(text) from error
    if signed is None:
        text = f"{signer.address} did not sign the {message['primaryType']}"
        raise SignatureRefused(text)
    # A LocalAccount wraps the signature; an Ape account encodes its own.
    return bytes(signed.signature if hasattr(signed, "signature") else signed.encode_rsv())


def typed_data(
    name: str, fields: dict[str, tuple[str, Any]], domain: tuple[str, str], chain_id: int, contract: str
) -> TypedData:
    """Typed data of one flat struct: its fields' types and values by name, and the domain's name and version."""
    return {
        "types": {
            "EIP712Domain": [
                {"name": "name", "type": "string"},
                {"name": "version", "type": "string"},
                {"name": "chainId", "type": "uint256"},
                {"name": "verifyingContract", "type": "address"},
            ],
            name: [{"name": field, "type": kind} for field, (kind, _) in fields.items()],
        },
        "primaryType": name,
        "domain": {
            "name": domain[0],
            "version": domain[1],
            "chainId": to_uint(chain_id, name="chain_id"),
            "verifyingContract": to_address(contract, name="contract"),
        },
        "message": {field: value for field, (_, value) in fields.items()},
    }
