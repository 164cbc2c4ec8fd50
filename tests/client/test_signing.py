"""Messages that wallets and owners sign."""

from __future__ import annotations

from datetime import datetime, timezone
from typing import TYPE_CHECKING, Any

import pytest
from eth_abi.abi import encode
from eth_account import Account
from eth_account.messages import encode_typed_data
from eth_utils.crypto import keccak

from switchgear import InvalidInput, errors, signing
from tests.support.world import HOUR

if TYPE_CHECKING:
    from tests.support.world import World

KEY = Account.from_key("0x" + "42" * 32)


def binding(**changes: Any) -> signing.TypedData:
    """A message with everything in order but what is changed."""
    fields: dict[str, Any] = {
        "chain_id": 1,
        "core": "0x" + "c0" * 20,
        "registry": "0x" + "1d" * 20,
        "agent_id": 0,
        "owner": "0x" + "0a" * 20,
        "wallet": KEY.address,
        "nonce": 3,
        "deadline": 1_800_000_000,
    }
    return signing.wallet_binding(**(fields | changes))


def test_digest__wallet_binding__is_the_contracts_struct_hash(world: World) -> None:
    """ID-1: the digest is EIP-712's over the live core's domain separator and the struct that bindWallet hashes."""
    message = world.breaker.wallet_binding(world.agent, world.wallet.address, 1_800_000_000)
    kind = keccak(
        text="WalletBinding(address registry,uint256 agentId,address owner,"
        "address wallet,uint256 nonce,uint256 deadline)"
    )
    values = [world.registry.address, world.agent_id, world.owner.address, world.wallet.address, 1, 1_800_000_000]
    struct = keccak(kind + encode(["address", "uint256", "address", "address", "uint256", "uint256"], values))

    assert signing.digest(message) == keccak(b"\x19\x01" + world.breaker.domain_separator() + struct)


def test_digest__parent_consent__is_the_contracts_struct_hash(world: World) -> None:
    """ID-9: likewise for the consent of a parent's owner."""
    message = world.breaker.parent_consent(world.registry.address, world.agent_id, 7, 1_800_000_000)
    kind = keccak(text="ParentConsent(address registry,uint256 agentId,address owner,uint32 parent,uint256 deadline)")
    values = [world.registry.address, world.agent_id, world.owner.address, 7, 1_800_000_000]
    struct = keccak(kind + encode(["address", "uint256", "address", "uint32", "uint256"], values))

    assert signing.digest(message) == keccak(b"\x19\x01" + world.breaker.domain_separator() + struct)


def test_eip712_domain__of_the_live_core__is_the_messages(world: World) -> None:
    """The domain in messages is the one that the core describes by EIP-5267."""
    message = world.breaker.wallet_binding(world.agent, world.wallet.address, 1_800_000_000)

    assert message["domain"] == world.breaker.eip712_domain()


def test_sign__local_account__can_be_recovered() -> None:
    """A LocalAccount's signature is 65 bytes from which its address comes back."""
    message = binding()
    signature = signing.sign(message, KEY)

    assert len(signature) == 65
    assert Account.recover_message(encode_typed_data(full_message=message), signature=signature) == KEY.address


def test_sign__ape_account__signs_the_same(world: World) -> None:
    """An Ape account signs the same message to the same effect."""
    message = binding(wallet=world.stranger.address)
    signature = signing.sign(message, world.stranger)

    recovered = Account.recover_message(encode_typed_data(full_message=message), signature=signature)
    assert recovered == world.stranger.address


def test_sign__account_that_declines__raises_signature_refused() -> None:
    """A holder may decline on the device: that is told, and no signature made up."""

    class Declining:
        address = KEY.address

        def sign_message(self, message: object) -> None:
            """Declines."""

    with pytest.raises(errors.SignatureRefused, match="did not sign the WalletBinding"):
        signing.sign(binding(), Declining())


@pytest.mark.parametrize("signer", [None, "0x" + "11" * 20, 5])
def test_sign__something_that_cannot__raises_unsupported_sender(signer: Any) -> None:
    """An address alone cannot sign."""
    with pytest.raises(errors.UnsupportedSender):
        signing.sign(binding(), signer)


@pytest.mark.parametrize(
    "changes",
    [
        {"wallet": "0x" + "00" * 20},
        {"owner": "0x12"},
        {"registry": None},
        {"agent_id": -1},
        {"agent_id": 2**256},
        {"nonce": 2**256},
        {"chain_id": -1},
        {"core": "0x" + "00" * 20},
        {"deadline": datetime(2027, 1, 1)},  # noqa: DTZ001 - without a zone, to be refused
        {"deadline": -1},
    ],
    ids=str,
)
def test_wallet_binding__field_that_does_not_fit__is_refused(changes: dict[str, Any]) -> None:
    """No message is built that no contract could verify."""
    with pytest.raises(InvalidInput):
        binding(**changes)


def test_parent_consent__parent_above_its_type__is_refused() -> None:
    """A handle has 32 bits."""
    with pytest.raises(InvalidInput, match="parent"):
        signing.parent_consent(
            chain_id=1,
            core="0x" + "c0" * 20,
            registry="0x" + "1d" * 20,
            agent_id=0,
            owner="0x" + "0a" * 20,
            parent=2**32,
            deadline=0,
        )


def test_agent_wallet_set__signed_and_sent__names_the_payment_wallet(world: World) -> None:
    """ERC-8004's message, signed by the wallet, is taken by the registry."""
    message = world.registry.agent_wallet_set(world.agent_id, KEY.address, world.now + 200)
    signature = signing.sign(message, KEY)
    deadline = message["message"]["deadline"]

    world.registry.set_agent_wallet(
        world.agent_id, KEY.address, deadline=deadline, signature=signature, sender=world.owner
    )

    assert world.registry.agent_wallet(world.agent_id) == KEY.address


def test_bind_wallet__signature_for_another_chain__is_refused(world: World) -> None:
    """ID-1: a signature is good on its own chain only."""
    message = world.breaker.wallet_binding(world.agent, KEY.address, world.now + HOUR)
    message["domain"]["chainId"] = 1
    signature = signing.sign(message, KEY)

    with pytest.raises(errors.InvalidSignature) as raised:
        world.breaker.bind_wallet(
            world.agent,
            KEY.address,
            deadline=message["message"]["deadline"],
            signature=signature,
            sender=world.owner,
        )
    assert raised.value.signer == KEY.address


def test_bind_wallet__signature_used_again__is_stale(world: World) -> None:
    """ID-1: a signature counts once, since the nonce moves on; the error names the signer."""
    message = world.breaker.wallet_binding(world.agent, KEY.address, world.now + HOUR)
    signature = signing.sign(message, KEY)
    deadline = message["message"]["deadline"]
    options = {"deadline": deadline, "signature": signature, "sender": world.owner}
    world.breaker.bind_wallet(world.agent, KEY.address, **options)

    with pytest.raises(errors.InvalidSignature):
        world.breaker.bind_wallet(world.agent, KEY.address, **options)


def test_bind_wallet__deadline_a_second_ago__has_expired(world: World) -> None:
    """ID-1: the deadline is the last second that counts, and the error says which that was."""
    deadline = world.now + HOUR
    signature = signing.sign(world.breaker.wallet_binding(world.agent, KEY.address, deadline), KEY)
    world.move_to(deadline)
    world.node.request("anvil_setNextBlockTimestamp", deadline + 1)

    with pytest.raises(errors.DeadlineExpired) as raised:
        world.breaker.bind_wallet(world.agent, KEY.address, deadline=deadline, signature=signature, sender=world.owner)
    assert raised.value.deadline == datetime.fromtimestamp(deadline, tz=timezone.utc)
