"""What other programs rely on: selectors, topics, ERC-165, the EIP-712 domain, and how the registry is deployed."""

from __future__ import annotations

from typing import Any

import pytest
from eth_utils.abi import event_signature_to_log_topic, function_signature_to_4byte_selector
from eth_utils.crypto import keccak

from tests.support.reverts import reverts_with, reverts_without_data

ZERO = "0x0000000000000000000000000000000000000000"

# The functions of the deployed registries, without those of their proxy and owner.
FUNCTIONS = [
    "register()",
    "register(string)",
    "register(string,(string,bytes)[])",
    "setAgentURI(uint256,string)",
    "getMetadata(uint256,string)",
    "setMetadata(uint256,string,bytes)",
    "getAgentWallet(uint256)",
    "setAgentWallet(uint256,address,uint256,bytes)",
    "unsetAgentWallet(uint256)",
    "isAuthorizedOrOwner(address,uint256)",
    "getVersion()",
    "eip712Domain()",
    "supportsInterface(bytes4)",
    "name()",
    "symbol()",
    "tokenURI(uint256)",
    "balanceOf(address)",
    "ownerOf(uint256)",
    "approve(address,uint256)",
    "getApproved(uint256)",
    "setApprovalForAll(address,bool)",
    "isApprovedForAll(address,address)",
    "transferFrom(address,address,uint256)",
    "safeTransferFrom(address,address,uint256)",
    "safeTransferFrom(address,address,uint256,bytes)",
]

EVENTS = {
    "Registered(uint256,string,address)": ["agentId", "owner"],
    "MetadataSet(uint256,string,string,bytes)": ["agentId", "indexedMetadataKey"],
    "URIUpdated(uint256,string,address)": ["agentId", "updatedBy"],
}


def test_abi__functions__are_those_of_deployed_registries_and_circuitBreaker(project: Any) -> None:
    """A client written for a deployed registry finds every function here, and one more (ERC-8004)."""
    entries = project.AgentIdentity.contract_type.methods
    assert {entry.selector for entry in entries} == {*FUNCTIONS, "circuitBreaker()"}
    assert function_signature_to_4byte_selector("register(string,(string,bytes)[])").hex() == "8ea42286"


@pytest.mark.parametrize("signature", EVENTS)
def test_abi__events__have_the_erc_signature_and_indexing(project: Any, signature: str) -> None:
    """Indexers written for ERC-8004 read these events: same topic, same indexed fields (ERC-8004)."""
    [event] = [e for e in project.AgentIdentity.contract_type.events if e.selector == signature]
    assert event_signature_to_log_topic(signature) == keccak(text=event.selector)
    assert [item.name for item in event.inputs if item.indexed] == EVENTS[signature]


def test_abi__core_interface__is_part_of_ours(project: Any) -> None:
    """What the core and clients call of any registry is a subset of ours (ERC-8004)."""
    ours = {entry.selector for entry in project.AgentIdentity.contract_type.methods}
    assert {entry.selector for entry in project.IERC8004Identity.contract_type.methods} <= ours
    assert {entry.selector for entry in project.IAgentIdentity.contract_type.methods} == ours


@pytest.mark.parametrize("interface", ["01ffc9a7", "80ac58cd", "5b5e139f", "49064906"])
def test_supportsInterface__erc165_721_metadata_4906__true(empty_registry: Any, interface: str) -> None:
    """ERC-165, ERC-721 with metadata, and ERC-4906 are declared; ERC-8004 defines no id of its own."""
    assert empty_registry.supportsInterface("0x" + interface)


@pytest.mark.parametrize("interface", ["ffffffff", "00000000", "780e9d63"])
def test_supportsInterface__others__false(empty_registry: Any, interface: str) -> None:
    """Neither the invalid id nor enumeration is declared (ERC-165)."""
    assert not empty_registry.supportsInterface("0x" + interface)


def test_views__names_domain_version__are_the_deployed_ones(empty_registry: Any, chain: Any) -> None:
    """Name, symbol and EIP-712 domain are those of the deployed registries; the version says it is another build."""
    assert (empty_registry.name(), empty_registry.symbol()) == ("AgentIdentity", "AGENT")
    assert empty_registry.getVersion() == "2.0.0+switchgear.1"
    domain = empty_registry.eip712Domain()
    assert (domain["name"], domain["version"]) == ("ERC8004IdentityRegistry", "1")
    assert (domain["chainId"], domain["verifyingContract"]) == (chain.provider.chain_id, empty_registry)


def test_deploy__core__is_fixed_and_tried_once(project: Any, accounts: Any) -> None:
    """The constructor keeps the core and calls it once, for an agent that cannot exist (ID-4)."""
    sink = accounts[0].deploy(project.IdentitySinkMock)
    registry = accounts[0].deploy(project.AgentIdentity, sink)
    assert registry.circuitBreaker() == sink
    assert sink.calls() == 1


def test_deploy__core_is_no_sink__reverts(project: Any, accounts: Any) -> None:
    """No registry with a zero, codeless, wrong or refusing core: its agents could never be transferred (ID-4)."""
    wrong = accounts[0].deploy(project.IdentityWalletMock, accounts[0])
    refusing = accounts[0].deploy(project.IdentitySinkMock)
    refusing.setRefusing(True, sender=accounts[0])
    for core in (ZERO, accounts[1], wrong, refusing):
        with reverts_with(project.AgentIdentity, "NotAgentTransferSink", core=core):
            accounts[0].deploy(project.AgentIdentity, core)


def test_ether__sent__is_refused(empty_registry: Any, accounts: Any) -> None:
    """The registry takes no ether, by transfer or by registration."""
    with reverts_without_data():
        accounts[0].transfer(empty_registry, 1)
    with reverts_without_data():
        empty_registry.register(sender=accounts[0], value=1)
