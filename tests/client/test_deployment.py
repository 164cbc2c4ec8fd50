"""One address on every chain, and the record of it."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest
from eth_utils.crypto import keccak

from switchgear import Breaker, InvalidInput, core_address, errors, identity_address
from switchgear.artifacts import load
from switchgear.chain import Node
from switchgear.deployment import DEPLOYER, SALT, Deployed, Record, RecordAbsent, RecordInvalid, create2_address, deploy

if TYPE_CHECKING:
    from pathlib import Path

    from web3 import Web3

    from tests.support.world import World


@pytest.fixture
def undeployed(web3: Web3) -> Any:
    """A chain from which core and registry are gone."""
    node = Node(web3)
    for address in (core_address(), identity_address()):
        node.request("anvil_setCode", address, "0x")
        node.request("anvil_setNonce", address, "0x0")
    return node


def test_create2_address__of_eip_1014__is_computed_alike() -> None:
    """The address is the proxy's CREATE2 address for our salt: keccak(0xff, proxy, salt, keccak(code))."""
    expected = keccak(b"\xff" + bytes.fromhex(DEPLOYER[2:]) + SALT + keccak(b"\x60\x00"))[12:]
    assert create2_address(b"\x60\x00").lower() == "0x" + expected.hex()


def test_core_address__depends_on_code_alone__no_arguments() -> None:
    """BR-17: the core's constructor takes nothing, so its address is one for all chains and deployers."""
    assert not [entry for entry in load("CircuitBreaker").abi if entry["type"] == "constructor"]
    assert core_address() == create2_address(load("CircuitBreaker").bytecode)


def test_deploy__fresh_chain__lands_at_the_predicted_addresses(undeployed: Any, accounts: Any) -> None:
    """Both contracts are created where they were predicted, and answer there."""
    core = deploy(undeployed, "CircuitBreaker", sender=accounts[0])
    identity = deploy(undeployed, "AgentIdentity", core_address(), sender=accounts[0])

    assert (core.address, core.created) == (core_address(), True)
    assert (identity.address, identity.created) == (identity_address(), True)
    assert core.transaction is not None
    assert core.block is not None
    assert Breaker(undeployed.web3).eip712_domain()["verifyingContract"] == core_address()


def test_deploy__again_and_by_another__changes_nothing(world: World) -> None:
    """Deploying is idempotent: what is there stays, nothing is sent, and no signer is needed."""
    before = world.node.block()["number"]
    again = deploy(world.node, "CircuitBreaker", sender=world.stranger)
    unsigned = deploy(world.node, "CircuitBreaker")

    assert again == unsigned
    assert (again.created, again.address) == (False, core_address())
    assert world.node.block()["number"] == before


def test_deploy__dry_run__creates_nothing(undeployed: Any, accounts: Any) -> None:
    """OP-3: a dry run tells the address and leaves it empty."""
    dry = deploy(undeployed, "CircuitBreaker", sender=accounts[0], dry_run=True)

    assert (dry.address, dry.created, dry.code_hash) == (core_address(), False, "")
    assert undeployed.code(core_address()) == b""


def test_deploy__no_sender__raises_signer_required(undeployed: Any) -> None:
    """OP-3: no signer, no deployment."""
    with pytest.raises(errors.SignerRequired, match="CircuitBreaker is not deployed"):
        deploy(undeployed, "CircuitBreaker")
    assert undeployed.code(core_address()) == b""


def test_deploy__chain_without_the_proxy__says_what_to_do(undeployed: Any, accounts: Any) -> None:
    """A chain without the deployment proxy is told how it gets one."""
    undeployed.request("anvil_setCode", DEPLOYER, "0x")

    with pytest.raises(errors.DeployerAbsent, match="0x3fAB184622Dc19b6109349B94811493BF2a45362"):
        deploy(undeployed, "CircuitBreaker", sender=accounts[0])


def test_deploy__something_else_in_place_of_the_proxy__is_told(undeployed: Any, accounts: Any) -> None:
    """A proxy that runs and creates nothing is no success."""
    undeployed.request("anvil_setCode", DEPLOYER, "0x00")

    with pytest.raises(errors.ChainError, match="left nothing"):
        deploy(undeployed, "CircuitBreaker", sender=accounts[0])


def test_deploy__registry_on_something_that_is_no_core__says_why(world: World) -> None:
    """The constructor's own error comes through, which the proxy would hide."""
    with pytest.raises(errors.NotAgentTransferSink) as raised:
        deploy(world.node, "AgentIdentity", world.stranger.address, sender=world.deployer)
    assert raised.value.core == world.stranger.address


def test_deploy__bad_arguments__are_refused(world: World) -> None:
    """Unknown names and wrong constructor arguments are told before anything is sent."""
    with pytest.raises(InvalidInput, match="no artifact"):
        deploy(world.node, "Nothing", sender=world.deployer)
    with pytest.raises(InvalidInput, match="constructor"):
        deploy(world.node, "AgentIdentity", sender=world.deployer)


RECORD = Record(5, {"CircuitBreaker": Deployed("CircuitBreaker", core_address(), "0x01", "0x02", 3, created=False)})


def test_record__written_and_read__is_the_same(tmp_path: Path) -> None:
    """A record survives the file, which is whole at every moment."""
    path = tmp_path / "deployments" / "5.json"
    RECORD.write(path)

    assert Record.read(path) == RECORD
    assert [one.name for one in path.parent.iterdir()] == ["5.json"]


def test_record__no_file__says_to_deploy(tmp_path: Path) -> None:
    """No record is told with what makes one."""
    with pytest.raises(RecordAbsent, match="ape run deploy"):
        Record.read(tmp_path / "5.json")


@pytest.mark.parametrize("change", ["not json", "{}", "[]", '{"chain_id": 5, "contracts": {"CircuitBreaker": {}}}'])
def test_record__damaged_file__is_told(tmp_path: Path, change: str) -> None:
    """A damaged record is an error, not an empty one."""
    path = tmp_path / "5.json"
    path.write_text(change)
    with pytest.raises(RecordInvalid, match="no deployment record"):
        Record.read(path)


def test_record__in_the_file__holds_what_others_need(tmp_path: Path) -> None:
    """Address, code hash, transaction and block are there by name, for whoever reads JSON."""
    path = tmp_path / "5.json"
    RECORD.write(path)

    assert json.loads(path.read_text()) == {
        "chain_id": 5,
        "contracts": {
            "CircuitBreaker": {"address": core_address(), "code_hash": "0x01", "transaction": "0x02", "block": 3}
        },
    }
