"""The payment wallet: its consent, the deadline's boundaries, and wallets that misbehave (ERC-8004, "agentWallet")."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from tests.identity.conftest import AGENT, logs
from tests.identity.typed_data import agent_wallet_message, digest, sign
from tests.support.reverts import reverts_with

if TYPE_CHECKING:
    from collections.abc import Callable

ZERO = "0x0000000000000000000000000000000000000000"
N = 0xFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFEBAAEDCE6AF48A03BBFD25E8CD0364141
LONGEST = 300

# The order of modes in IdentityWalletMock.
HONEST, REVERT, WRONG, DIRTY, SHORT, EMPTY, BOMB, BURN_GAS = range(8)


@pytest.fixture
def consent(registry: Any, owner: Any, wallet: Any) -> Callable[..., tuple[bytes, bytes]]:
    """Signs AgentWalletSet as it should be, except for what is given; returns the signature and the right digest."""

    def make(until: int, *, key: Any = wallet, of: Any = wallet, **other: Any) -> tuple[bytes, bytes]:
        right = {"agentId": AGENT, "newWallet": of, "owner": owner, "deadline": until}
        signature = sign(key, agent_wallet_message(registry, **{**right, **other}))
        return signature, digest(agent_wallet_message(registry, **right))

    return make


@pytest.fixture
def contract_wallet(project: Any, accounts: Any, wallet: Any) -> Any:
    """A contract wallet whose key is `wallet`."""
    return accounts[0].deploy(project.IdentityWalletMock, wallet)


def test_setAgentWallet__consent_of_key__names_it(
    registry: Any, owner: Any, wallet: Any, consent: Any, at_time: Any
) -> None:
    """A wallet that signs becomes the agent's, announced as 20 bytes under the reserved key (ERC-8004)."""
    deadline = at_time() + 60
    signature, _ = consent(deadline)
    receipt = registry.setAgentWallet(AGENT, wallet, deadline, signature, sender=owner)
    [(name, fields)] = logs(receipt, registry)
    assert (name, fields["agentId"], fields["metadataKey"]) == ("MetadataSet", AGENT, "agentWallet")
    assert fields["metadataValue"] == bytes.fromhex(wallet.address[2:])
    assert registry.getAgentWallet(AGENT) == wallet
    assert registry.getMetadata(AGENT, "agentWallet") == bytes.fromhex(wallet.address[2:])


@pytest.mark.parametrize("ahead", [0, 1, LONGEST - 1, LONGEST])
def test_setAgentWallet__deadline_from_now_to_five_minutes__accepts(
    registry: Any, owner: Any, wallet: Any, consent: Any, at_time: Any, ahead: int
) -> None:
    """A deadline is good in its own second, and up to exactly 5 minutes ahead (ERC-8004, deployed code)."""
    deadline = at_time() + ahead
    signature, _ = consent(deadline)
    registry.setAgentWallet(AGENT, wallet, deadline, signature, sender=owner)
    assert registry.getAgentWallet(AGENT) == wallet


@pytest.mark.parametrize("ago", [1, 3600])
def test_setAgentWallet__deadline_passed__reverts(
    registry: Any, owner: Any, wallet: Any, consent: Any, at_time: Any, ago: int
) -> None:
    """One second past the deadline the consent is void; the error says what the time is (ERC-8004)."""
    now = at_time()
    signature, _ = consent(now - ago)
    with reverts_with(registry, "DeadlinePassed", deadline=now - ago, currentTime=now):
        registry.setAgentWallet(AGENT, wallet, now - ago, signature, sender=owner)


@pytest.mark.parametrize("ahead", [LONGEST + 1, 2**255])
def test_setAgentWallet__deadline_too_far__reverts(
    registry: Any, owner: Any, wallet: Any, consent: Any, at_time: Any, ahead: int
) -> None:
    """One second more than 5 minutes ahead is too far; the error says what would do (ERC-8004, deployed code)."""
    now = at_time()
    signature, _ = consent(now + ahead)
    with reverts_with(registry, "DeadlineTooFar", deadline=now + ahead, latestDeadline=now + LONGEST):
        registry.setAgentWallet(AGENT, wallet, now + ahead, signature, sender=owner)


def test_setAgentWallet__zero_address__reverts(registry: Any, owner: Any, consent: Any, at_time: Any) -> None:
    """The zero address is no wallet, whatever the signature (ERC-8004, deployed code)."""
    deadline = at_time() + 60
    signature, _ = consent(deadline, of=ZERO)
    with reverts_with(registry, "AgentWalletZero", agentId=AGENT):
        registry.setAgentWallet(AGENT, ZERO, deadline, signature, sender=owner)


def test_setAgentWallet__signed_by_another_key__reverts(
    registry: Any, owner: Any, wallet: Any, consent: Any, at_time: Any
) -> None:
    """The owner cannot sign for the wallet; the error carries the digest to be signed (ERC-8004)."""
    deadline = at_time() + 60
    signature, expected = consent(deadline, key=owner)
    with reverts_with(registry, "AgentWalletSignatureInvalid", newWallet=wallet, digest=expected):
        registry.setAgentWallet(AGENT, wallet, deadline, signature, sender=owner)
    assert registry.getAgentWallet(AGENT) == owner


@pytest.mark.parametrize(
    "other",
    [
        {"agentId": 1},
        {"newWallet": "0x0000000000000000000000000000000000000001"},
        {"owner": "0x0000000000000000000000000000000000000001"},
        {"deadline": 1},
        {"domain": {"chainId": 1}},
        {"domain": {"name": "ERC8004IdentityRegistry "}},
        {"domain": {"version": "2"}},
        {"domain": {"verifyingContract": "0x8004A169FB4a3325136EB29fA0ceB6D2e539a432"}},
    ],
    ids=lambda other: "-".join(str(part) for part in [*other, *(other.get("domain") or [])]),
)
def test_setAgentWallet__anything_else_signed__reverts(
    registry: Any, owner: Any, wallet: Any, consent: Any, at_time: Any, other: dict[str, Any]
) -> None:
    """Consent holds for one agent, wallet, owner, deadline, chain and registry, and no other (ERC-8004, EIP-712)."""
    deadline = at_time() + 60
    signature, expected = consent(deadline, **other)
    with reverts_with(registry, "AgentWalletSignatureInvalid", newWallet=wallet, digest=expected):
        registry.setAgentWallet(AGENT, wallet, deadline, signature, sender=owner)


@pytest.mark.parametrize("spoil", ["empty", "short", "long", "compact", "high s", "bad v", "zero"])
def test_setAgentWallet__malformed_signature__reverts(
    registry: Any, owner: Any, wallet: Any, consent: Any, at_time: Any, spoil: str
) -> None:
    """Only the canonical 65 bytes are a signature: none shorter, longer, compact or malleable (OpenZeppelin ECDSA)."""
    deadline = at_time() + 60
    signature, expected = consent(deadline)
    r, s, v = signature[:32], int.from_bytes(signature[32:64], "big"), signature[64]
    spoiled = {
        "empty": b"",
        "short": signature[:64],
        "long": signature + b"\x00",
        "compact": r + (s | (v - 27) << 255).to_bytes(32, "big"),
        "high s": r + (N - s).to_bytes(32, "big") + bytes([55 - v]),
        "bad v": signature[:64] + bytes([v - 27]),
        "zero": bytes(65),
    }[spoil]
    with reverts_with(registry, "AgentWalletSignatureInvalid", newWallet=wallet, digest=expected):
        registry.setAgentWallet(AGENT, wallet, deadline, spoiled, sender=owner)


@pytest.mark.parametrize("role", ["approved", "operator"])
def test_setAgentWallet__by_delegate__consent_names_the_owner(
    registry: Any, wallet: Any, consent: Any, at_time: Any, request: Any, role: str
) -> None:
    """Whoever calls, the wallet consents to the agent's owner; consent to the delegate is none (ERC-8004)."""
    delegate = request.getfixturevalue(role)
    deadline = at_time() + 60
    wrong, expected = consent(deadline, owner=delegate)
    with reverts_with(registry, "AgentWalletSignatureInvalid", newWallet=wallet, digest=expected):
        registry.setAgentWallet(AGENT, wallet, deadline, wrong, sender=delegate)
    right, _ = consent(deadline)
    registry.setAgentWallet(AGENT, wallet, deadline, right, sender=delegate)
    assert registry.getAgentWallet(AGENT) == wallet


def test_setAgentWallet__replayed_before_deadline__names_the_same_again(
    registry: Any, owner: Any, wallet: Any, consent: Any, at_time: Any
) -> None:
    """There is no nonce: until its deadline a consent can be used again, even once unset (ERC-8004; documented)."""
    deadline = at_time() + LONGEST
    signature, _ = consent(deadline)
    registry.setAgentWallet(AGENT, wallet, deadline, signature, sender=owner)
    registry.setAgentWallet(AGENT, wallet, deadline, signature, sender=owner)
    registry.unsetAgentWallet(AGENT, sender=owner)
    registry.setAgentWallet(AGENT, wallet, deadline, signature, sender=owner)
    assert registry.getAgentWallet(AGENT) == wallet


def test_setAgentWallet__replayed_after_deadline__reverts(
    registry: Any, owner: Any, wallet: Any, consent: Any, at_time: Any, chain: Any
) -> None:
    """A used consent ends with its deadline like an unused one (ERC-8004)."""
    deadline = at_time() + LONGEST
    signature, _ = consent(deadline)
    registry.setAgentWallet(AGENT, wallet, deadline, signature, sender=owner)
    chain.pending_timestamp = deadline + 1
    with reverts_with(registry, "DeadlinePassed", deadline=deadline, currentTime=deadline + 1):
        registry.setAgentWallet(AGENT, wallet, deadline, signature, sender=owner)


def test_setAgentWallet__replayed_by_new_owner__reverts(
    registry: Any, owner: Any, buyer: Any, wallet: Any, consent: Any, at_time: Any
) -> None:
    """Consent given to one owner is of no use to the next (ERC-8004)."""
    deadline = at_time() + LONGEST
    signature, _ = consent(deadline)
    registry.setAgentWallet(AGENT, wallet, deadline, signature, sender=owner)
    registry.transferFrom(owner, buyer, AGENT, sender=owner)
    right = agent_wallet_message(registry, agentId=AGENT, newWallet=wallet, owner=buyer, deadline=deadline)
    with reverts_with(registry, "AgentWalletSignatureInvalid", newWallet=wallet, digest=digest(right)):
        registry.setAgentWallet(AGENT, wallet, deadline, signature, sender=buyer)


def test_setAgentWallet__replayed_on_another_agent_or_registry__reverts(
    registry: Any, project: Any, accounts: Any, sink: Any, owner: Any, wallet: Any, consent: Any, at_time: Any
) -> None:
    """Consent for one agent does nothing for another, in this registry or in the next (ERC-8004)."""
    other = accounts[0].deploy(project.AgentIdentity, sink)
    other.register(sender=owner)
    registry.register(sender=owner)
    deadline = at_time() + LONGEST
    signature, _ = consent(deadline)
    for where, agent_id in ((registry, 1), (other, AGENT)):
        right = agent_wallet_message(where, agentId=agent_id, newWallet=wallet, owner=owner, deadline=deadline)
        with reverts_with(where, "AgentWalletSignatureInvalid", newWallet=wallet, digest=digest(right)):
            where.setAgentWallet(agent_id, wallet, deadline, signature, sender=owner)


def test_setAgentWallet__chain_id_changes__follows_the_live_one(
    registry: Any, owner: Any, wallet: Any, consent: Any, chain: Any
) -> None:
    """After a chain split old consents do not carry over: the domain has the live chain id (EIP-712, EIP-155)."""
    before = chain.provider.chain_id
    deadline = chain.blocks.head.timestamp + 200
    old, _ = consent(deadline)
    new, _ = consent(deadline, domain={"chainId": before + 1})
    right = agent_wallet_message(
        registry, domain={"chainId": before + 1}, agentId=AGENT, newWallet=wallet, owner=owner, deadline=deadline
    )
    chain.provider.make_request("anvil_setChainId", [before + 1])
    try:
        assert registry.eip712Domain(skip_trace=True)["chainId"] == before + 1
        registry.setAgentWallet.call(AGENT, wallet, deadline, new, sender=owner, skip_trace=True)
        with reverts_with(registry, "AgentWalletSignatureInvalid", newWallet=wallet, digest=digest(right)):
            registry.setAgentWallet.call(AGENT, wallet, deadline, old, sender=owner, skip_trace=True)
    finally:
        chain.provider.make_request("anvil_setChainId", [before])


def test_setAgentWallet__contract_wallet__is_asked(
    registry: Any, owner: Any, contract_wallet: Any, consent: Any, at_time: Any
) -> None:
    """A contract wallet consents by ERC-1271 (ERC-8004)."""
    deadline = at_time() + 60
    signature, _ = consent(deadline, of=contract_wallet)
    registry.setAgentWallet(AGENT, contract_wallet, deadline, signature, sender=owner)
    assert registry.getAgentWallet(AGENT) == contract_wallet


def test_setAgentWallet__contract_wallet_with_wrong_key__reverts(
    registry: Any, owner: Any, contract_wallet: Any, consent: Any, at_time: Any
) -> None:
    """A contract wallet that refuses is not named (ERC-1271)."""
    deadline = at_time() + 60
    signature, expected = consent(deadline, of=contract_wallet, key=owner)
    with reverts_with(registry, "AgentWalletSignatureInvalid", newWallet=contract_wallet, digest=expected):
        registry.setAgentWallet(AGENT, contract_wallet, deadline, signature, sender=owner)


@pytest.mark.parametrize("mode", [REVERT, WRONG, DIRTY, SHORT, EMPTY, BOMB, BURN_GAS])
def test_setAgentWallet__contract_wallet_misbehaves__reverts_with_our_error(
    registry: Any, accounts: Any, owner: Any, contract_wallet: Any, consent: Any, at_time: Any, mode: int
) -> None:
    """Reverting, wrong, dirty, short, absent or huge answers, and no answer at all, are refusals (BR-16, ERC-1271)."""
    contract_wallet.setMode(mode, sender=accounts[0])
    deadline = at_time() + 60
    signature, expected = consent(deadline, of=contract_wallet)
    with reverts_with(registry, "AgentWalletSignatureInvalid", newWallet=contract_wallet, digest=expected):
        registry.setAgentWallet(AGENT, contract_wallet, deadline, signature, sender=owner, gas=3_000_000)


def test_setAgentWallet__huge_answer__costs_the_registry_nothing(
    registry: Any, accounts: Any, chain: Any, owner: Any, contract_wallet: Any, consent: Any, at_time: Any
) -> None:
    """One word of an answer is copied, however long it is: a megabyte costs its sender only (BR-16)."""
    contract_wallet.setMode(BOMB, sender=accounts[0])
    deadline = at_time() + 60
    signature, expected = consent(deadline, of=contract_wallet)
    with reverts_with(registry, "AgentWalletSignatureInvalid", newWallet=contract_wallet, digest=expected) as refused:
        registry.setAgentWallet(AGENT, contract_wallet, deadline, signature, sender=owner, gas=3_000_000)
    # Expanding memory to a megabyte costs 2.2 million gas, once; copying it into the registry would cost that again.
    assert chain.provider.get_receipt(refused.tx_hash).gas_used < 2_300_000


def test_setAgentWallet__delegated_key__signs_as_a_key(
    registry: Any, sink: Any, owner: Any, wallet: Any, consent: Any, at_time: Any, chain: Any
) -> None:
    """ECDSA comes first: a key whose EIP-7702 code knows no ERC-1271 consents by its signature (ERC-8004, deployed)."""
    chain.provider.set_code(wallet.address, "0xef0100" + sink.address[2:])
    assert len(chain.provider.get_code(wallet.address)) == 23
    deadline = at_time() + 60
    signature, _ = consent(deadline)
    registry.setAgentWallet(AGENT, wallet, deadline, signature, sender=owner)
    assert registry.getAgentWallet(AGENT) == wallet


def test_setAgentWallet__one_wallet_for_two_agents__is_allowed(
    registry: Any, owner: Any, wallet: Any, consent: Any, at_time: Any
) -> None:
    """Payment wallets are not unique here; uniqueness is what enrolment in the core adds (ERC-8004; ID-1)."""
    registry.register(sender=owner)
    deadline = at_time() + LONGEST
    for agent_id in (AGENT, 1):
        signature, _ = consent(deadline, agentId=agent_id)
        registry.setAgentWallet(agent_id, wallet, deadline, signature, sender=owner)
    assert registry.getAgentWallet(AGENT) == registry.getAgentWallet(1) == wallet


def test_unsetAgentWallet__set__clears_and_announces(registry: Any, owner: Any, name_wallet: Any, wallet: Any) -> None:
    """Unsetting leaves neither wallet nor metadata, announced with an empty value (ERC-8004)."""
    name_wallet(wallet)
    receipt = registry.unsetAgentWallet(AGENT, sender=owner)
    [(name, fields)] = logs(receipt, registry)
    assert (name, fields["metadataKey"], fields["metadataValue"]) == ("MetadataSet", "agentWallet", b"")
    assert registry.getAgentWallet(AGENT) == ZERO
    assert registry.getMetadata(AGENT, "agentWallet") == b""
