"""The core is one program in two pieces of code: which piece has what, and that nobody can tell (BR-17)."""

from __future__ import annotations

from typing import Any

import pytest
from eth_utils.crypto import keccak

from switchgear.deployment import DEPLOYER, SALT, create2_address
from switchgear.types import UNLIMITED_VALUE
from tests.support.core import NOTE, World
from tests.support.reverts import reverts_with, reverts_without_data

CODE_SIZE_LIMIT = 24_576


def _selectors(project: Any, name: str) -> dict[str, bytes]:
    """Selector of each function of a contract, by signature."""
    functions = [entry for entry in project.contracts[name].contract_type.abi if entry.type == "function"]
    return {entry.selector: keccak(text=entry.selector)[:4] for entry in functions}


def _administration(world: World) -> Any:
    return world.project.Administration.at(world.core.administration())


def test_selectors__of_the_interface__each_in_exactly_one_half(project: Any) -> None:
    """BR-17: every function of ICircuitBreaker is implemented once, and neither half adds one."""
    interface = set(_selectors(project, "ICircuitBreaker"))
    hot, cold = set(_selectors(project, "CircuitBreaker")), set(_selectors(project, "Administration"))
    assert not hot & cold
    assert hot | cold == interface
    assert len({keccak(text=selector)[:4] for selector in interface}) == len(interface)


def test_fallback__view_of_the_cold_half__returns_its_data(world: World) -> None:
    """BR-17: return data come through to the byte, a dynamic one included."""
    assert world.core.LOOSENING_DELAY() == 86_400
    assert world.core.eip712Domain()[1] == "Switchgear"
    assert world.core.identityOf(world.agent)[2] == world.owner


def test_fallback__error_of_the_cold_half__comes_through(world: World) -> None:
    """BR-17: errors of the cold half are the core's, fields included."""
    with reverts_with(world.core, "UnknownAgent", agent=99):
        world.core.grantSpawn(99, 1, 2**40 - 1, sender=world.owner)


@pytest.mark.parametrize("data", ["0x", "0xdeadbeef", "0x00"])
def test_fallback__unknown_selector__reverts_without_data(world: World, data: str) -> None:
    """BR-17: neither half takes what the interface does not know."""
    with reverts_without_data():
        world.stranger.transfer(world.core.address, 0, data=data)


def test_fallback__with_ether__is_refused(world: World) -> None:
    """BR-17: the core holds no money."""
    with reverts_without_data():
        world.stranger.transfer(world.core.address, 1)


def test_administration__called_directly__touches_nothing_of_the_core(world: World) -> None:
    """BR-17: the cold half by itself is an empty core; what is done to it stays there."""
    half = _administration(world)
    before = (world.core.agentWord(world.agent), world.core.laneWord(world.protocol, 0), world.core.agentCount())
    assert half.agentCount() == 0
    with reverts_with(world.core, "UnknownAgent", agent=world.agent):
        half.grantSpawn(world.agent, 1, 2**40 - 1, sender=world.owner)
    with reverts_with(world.core, "NotAuthorized", actor=world.admin):
        half.reset(world.protocol, 0, world.subject, 63, sender=world.admin)
    half.setAdmin(world.stranger, sender=world.protocol)
    half.registerLineage("elsewhere", sender=world.stranger)
    assert world.core.providerOf(2) == "0x" + "00" * 20
    assert world.core.adminOf(world.protocol)[0] == world.admin
    after = (world.core.agentWord(world.agent), world.core.laneWord(world.protocol, 0), world.core.agentCount())
    assert after == before


def test_administration__signatures_for_it__do_not_count_for_the_core(world: World) -> None:
    """ID-1: the two have different domains."""
    assert _administration(world).domainSeparator() != world.core.domainSeparator()


def test_deployment__by_anyone__has_one_address(world: World, project: Any) -> None:
    """BR-17: no constructor argument, no deployer: CREATE2 gives the same address whoever asks, and once only."""
    contract = project.CircuitBreaker.contract_type
    assert not [entry for entry in contract.abi if entry.type == "constructor" and entry.inputs]
    code = bytes.fromhex(str(contract.deployment_bytecode.bytecode).removeprefix("0x"))
    address = create2_address(code)
    world.stranger.transfer(DEPLOYER, 0, data=(SALT + code))
    core = project.ICircuitBreaker.at(address)
    assert core.agentCount() == 0
    there = world.core.provider.get_code(address)
    assert len(there) <= CODE_SIZE_LIMIT
    assert len(world.core.provider.get_code(core.administration())) <= CODE_SIZE_LIMIT
    with reverts_without_data():
        world.owner.transfer(DEPLOYER, 0, data=(SALT + code))


@pytest.mark.parametrize("name", ["CircuitBreaker", "Administration", "AgentIdentity"])
def test_bytecode__has_no_metadata_hash(project: Any, name: str) -> None:
    """BR-17: a comment does not change the address: the code carries no hash of its sources."""
    contract = project.contracts[name].contract_type
    for code in (contract.deployment_bytecode, contract.runtime_bytecode):
        text = str(code.bytecode)
        assert b"ipfs".hex() not in text
        assert b"bzzr".hex() not in text


def test_previewBatch__several_questions__equal_single_previews(world: World) -> None:
    """BR-13: a batch is the single answers, each on the present state; so is what a protocol's `admit` says."""
    world.core.tripAgent(world.agent, NOTE, sender=world.agent_guardian)
    queries = [
        (world.protocol, 0, world.wallet, 1),
        (world.protocol, 9, world.wallet, 1),
        (world.protocol, 0, world.stranger, UNLIMITED_VALUE),
        (world.stranger, 0, world.owner, 0),
    ]
    answers = list(world.core.previewBatch(queries))
    assert answers == [world.core.preview(*query) for query in queries]
    assert answers[0] == world.core.admit.call(0, world.wallet, 1, sender=world.protocol)
