"""Who may write an agent's record, and what comes of it: every role against every function."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from eth_utils.crypto import keccak
from hexbytes import HexBytes

from tests.identity.conftest import AGENT, URI, logs
from tests.identity.typed_data import agent_wallet_message, sign
from tests.support.reverts import reverts_with

if TYPE_CHECKING:
    from collections.abc import Callable

ZERO = "0x0000000000000000000000000000000000000000"
UNKNOWN = 1
FUNCTIONS = ["setAgentURI", "setMetadata", "setAgentWallet", "unsetAgentWallet"]
MAY = ["owner", "approved", "operator"]
MAY_NOT = ["stranger", "wallet", "sink_as_caller", "registry_as_caller"]


@pytest.fixture
def roles(
    accounts: Any, owner: Any, approved: Any, operator: Any, stranger: Any, wallet: Any, sink: Any, registry: Any
) -> dict[str, Any]:
    """Every caller by the name of its role; contracts call by impersonation."""
    contracts = {"sink_as_caller": accounts[sink.address], "registry_as_caller": accounts[registry.address]}
    for account in contracts.values():
        account.balance = 10**18
    people = {"owner": owner, "approved": approved, "operator": operator, "stranger": stranger, "wallet": wallet}
    return {**people, **contracts}


@pytest.fixture
def write(registry: Any, owner: Any, wallet: Any, at_time: Callable[[], int]) -> Callable[..., Any]:
    """Calls one of the four functions with arguments that are right in themselves."""

    def call(function: str, sender: Any, agent_id: int = AGENT) -> Any:
        if function == "setAgentURI":
            return registry.setAgentURI(agent_id, "ipfs://new", sender=sender)
        if function == "setMetadata":
            return registry.setMetadata(agent_id, "agentName", b"Ada", sender=sender)
        if function == "unsetAgentWallet":
            return registry.unsetAgentWallet(agent_id, sender=sender)
        deadline = at_time() + 60
        message = agent_wallet_message(registry, agentId=agent_id, newWallet=wallet, owner=owner, deadline=deadline)
        return registry.setAgentWallet(agent_id, wallet, deadline, sign(wallet, message), sender=sender)

    return call


@pytest.mark.parametrize("role", MAY)
@pytest.mark.parametrize("function", FUNCTIONS)
def test_writing__owner_approved_operator__may(
    function: str, role: str, roles: dict[str, Any], write: Callable[..., Any], registry: Any, wallet: Any
) -> None:
    """Owner, approved address and operator may write each part of the record (ERC-8004, "delegate management")."""
    assert registry.isAuthorizedOrOwner(roles[role], AGENT)
    write(function, roles[role])
    assert {
        "setAgentURI": lambda: registry.tokenURI(AGENT) == "ipfs://new",
        "setMetadata": lambda: registry.getMetadata(AGENT, "agentName") == b"Ada",
        "setAgentWallet": lambda: registry.getAgentWallet(AGENT) == wallet,
        "unsetAgentWallet": lambda: registry.getAgentWallet(AGENT) == ZERO,
    }[function]()


@pytest.mark.parametrize("role", MAY_NOT)
@pytest.mark.parametrize("function", FUNCTIONS)
def test_writing__anyone_else__may_not(
    function: str, role: str, roles: dict[str, Any], write: Callable[..., Any], registry: Any, name_wallet: Any
) -> None:
    """Nobody else may, not the agent's own wallet, the core or the registry; the record stays (ERC-8004)."""
    name_wallet(roles["wallet"])
    assert not registry.isAuthorizedOrOwner(roles[role], AGENT)
    with reverts_with(registry, "ERC721InsufficientApproval", operator=roles[role], tokenId=AGENT):
        write(function, roles[role])
    assert registry.tokenURI(AGENT) == URI
    assert registry.getMetadata(AGENT, "agentName") == b""
    assert registry.getAgentWallet(AGENT) == roles["wallet"]


@pytest.mark.parametrize("role", [*MAY, *MAY_NOT])
@pytest.mark.parametrize("function", FUNCTIONS)
def test_writing__unknown_agent__reverts(
    function: str, role: str, roles: dict[str, Any], write: Callable[..., Any], registry: Any
) -> None:
    """For an agent never registered every caller gets ERC721NonexistentToken (ERC-8004)."""
    with reverts_with(registry, "ERC721NonexistentToken", tokenId=UNKNOWN):
        write(function, roles[role], UNKNOWN)


@pytest.mark.parametrize("role", MAY)
@pytest.mark.parametrize("function", FUNCTIONS)
def test_writing__after_transfer__former_roles_may_not(
    function: str, role: str, roles: dict[str, Any], write: Callable[..., Any], registry: Any, buyer: Any
) -> None:
    """A transfer ends the powers of the former owner, its approved address and its operators (ERC-721)."""
    registry.transferFrom(roles["owner"], buyer, AGENT, sender=roles["owner"])
    with reverts_with(registry, "ERC721InsufficientApproval", operator=roles[role], tokenId=AGENT):
        write(function, roles[role])
    assert not registry.isAuthorizedOrOwner(roles[role], AGENT)
    assert registry.isAuthorizedOrOwner(buyer, AGENT)


def test_writing__approval_withdrawn__may_not(registry: Any, owner: Any, approved: Any, operator: Any) -> None:
    """Withdrawn approvals end at once (ERC-721)."""
    registry.approve(ZERO, AGENT, sender=owner)
    registry.setApprovalForAll(operator, False, sender=owner)
    for former in (approved, operator):
        with reverts_with(registry, "ERC721InsufficientApproval", operator=former, tokenId=AGENT):
            registry.setMetadata(AGENT, "a", b"", sender=former)


def test_writing__approved_for_one_agent__may_not_write_another(registry: Any, owner: Any, approved: Any) -> None:
    """An approval is for one agent; an operator's power is for all of the owner's (ERC-721)."""
    registry.register(sender=owner)
    with reverts_with(registry, "ERC721InsufficientApproval", operator=approved, tokenId=1):
        registry.setAgentURI(1, "", sender=approved)


def test_isAuthorizedOrOwner__unknown_agent_or_zero_address__reverts_or_false(registry: Any, owner: Any) -> None:
    """An unknown agent reverts as in deployed registries, and the zero address is never authorized (ERC-8004)."""
    with reverts_with(registry, "ERC721NonexistentToken", tokenId=UNKNOWN):
        registry.isAuthorizedOrOwner(owner, UNKNOWN)
    assert not registry.isAuthorizedOrOwner(ZERO, AGENT)


def test_setAgentURI__by_operator__names_the_updater(registry: Any, operator: Any) -> None:
    """URIUpdated names who changed it, after ERC-4906's MetadataUpdate (ERC-8004, "Update agentURI")."""
    receipt = registry.setAgentURI(AGENT, "https://agent.example/a.json", sender=operator)
    assert logs(receipt, registry) == [
        ("MetadataUpdate", {"_tokenId": AGENT}),
        ("URIUpdated", {"agentId": AGENT, "newURI": "https://agent.example/a.json", "updatedBy": operator}),
    ]
    assert registry.tokenURI(AGENT) == "https://agent.example/a.json"


def test_setAgentURI__empty__clears_it(registry: Any, owner: Any) -> None:
    """An empty URI replaces the old one (ERC-8004)."""
    registry.setAgentURI(AGENT, "", sender=owner)
    assert registry.tokenURI(AGENT) == ""


def test_tokenURI__unknown_agent__reverts(registry: Any) -> None:
    """An unknown agent has no URI (ERC-721)."""
    with reverts_with(registry, "ERC721NonexistentToken", tokenId=UNKNOWN):
        registry.tokenURI(UNKNOWN)


@pytest.mark.parametrize("value", [b"\x00", b"x" * 31, b"x" * 32, b"x" * 1000])
def test_setMetadata__value__is_kept_to_the_byte(registry: Any, owner: Any, value: bytes) -> None:
    """Values of any length come back as they were, announced with key in clear and as topic (ERC-8004)."""
    receipt = registry.setMetadata(AGENT, "k", value, sender=owner)
    [(name, fields)] = logs(receipt, registry)
    assert (name, fields["agentId"], fields["metadataKey"], fields["metadataValue"]) == ("MetadataSet", 0, "k", value)
    assert bytes(HexBytes(receipt.logs[0]["topics"][2])) == keccak(text="k")
    assert registry.getMetadata(AGENT, "k") == value
    registry.setMetadata(AGENT, "k", b"", sender=owner)
    assert registry.getMetadata(AGENT, "k") == b""


@pytest.mark.parametrize("role", MAY)
def test_setMetadata__reserved_key__reverts_for_everyone(
    role: str, roles: dict[str, Any], registry: Any, owner: Any
) -> None:
    """Not even the owner can set agentWallet without the wallet's consent (ERC-8004)."""
    with reverts_with(registry, "MetadataKeyReserved", metadataKey="agentWallet"):
        registry.setMetadata(AGENT, "agentWallet", bytes(20), sender=roles[role])
    assert registry.getAgentWallet(AGENT) == owner


def test_getMetadata__unknown_agent__is_empty(registry: Any) -> None:
    """Unknown agents have no metadata and no wallet; reading them does not revert, as in deployed registries."""
    assert registry.getMetadata(UNKNOWN, "agentName") == b""
    assert registry.getMetadata(UNKNOWN, "agentWallet") == b""
    assert registry.getAgentWallet(UNKNOWN) == ZERO


def test_setMetadata__two_agents__do_not_share(registry: Any, owner: Any) -> None:
    """Metadata belongs to one agent (ERC-8004)."""
    registry.register(sender=owner)
    registry.setMetadata(1, "k", b"1", sender=owner)
    assert registry.getMetadata(AGENT, "k") == b""
