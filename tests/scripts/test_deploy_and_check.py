"""`ape run deploy` and `ape run check`."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from switchgear import core_address, identity_address
from switchgear.artifacts import load
from switchgear.chain import Node
from switchgear.deployment import DEPLOYER, Record
from tests.scripts.conftest import PROJECT

if TYPE_CHECKING:
    from web3 import Web3

    from tests.scripts.conftest import Scripts
    from tests.support.world import World


@pytest.fixture
def bare(web3: Web3) -> Node:
    """A chain from which core and registry are gone."""
    node = Node(web3)
    for address in (core_address(), identity_address()):
        node.request("anvil_setCode", address, "0x")
        node.request("anvil_setNonce", address, "0x0")
    return node


def change(record: Path, name: str, **fields: Any) -> None:
    """Alters a recorded contract."""
    data = json.loads(record.read_text())
    data["contracts"][name] |= fields
    record.write_text(json.dumps(data))


def test_deploy__fresh_chain__creates_records_and_checks(run: Scripts, bare: Node, record: Path) -> None:
    """One command deploys both contracts and records them; check finds everything in order."""
    deployed = run("deploy", "--account", "TEST::0", "--record", record, "--json")

    assert deployed.code == 0
    assert [one["address"] for one in deployed.json["contracts"]] == [core_address(), identity_address()]
    assert all(one["created"] for one in deployed.json["contracts"])
    recorded = Record.read(record)
    assert recorded.chain_id == bare.chain_id
    assert recorded.contracts["CircuitBreaker"].block is not None
    checked = run("check", "--record", record, "--json")
    assert (checked.code, checked.json["ok"]) == (0, True)


def test_deploy__again__changes_neither_chain_nor_record(run: Scripts, bare: Node, record: Path) -> None:
    """Deploying is idempotent, and the record keeps transaction and block of the creation."""
    run("deploy", "--account", "TEST::0", "--record", record)
    before, head = record.read_text(), bare.block()["number"]

    again = run("deploy", "--account", "TEST::1", "--record", record)

    assert again.code == 0
    assert again.out.count("is there") == 2
    assert (record.read_text(), bare.block()["number"]) == (before, head)


@pytest.mark.parametrize("options", [(), ("--account", "TEST::0", "--dry-run")], ids=["no-account", "dry-run"])
def test_deploy__dry__sends_and_records_nothing(
    run: Scripts, bare: Node, record: Path, options: tuple[str, ...]
) -> None:
    """OP-3: without an account it is dry, as with --dry-run, and says so."""
    head = bare.block()["number"]
    dry = run("deploy", *options, "--record", record)

    assert dry.code == 0
    assert dry.out.count("would be created (dry run)") == 2
    assert ("no --account: dry run" in dry.err) == (not options)
    assert bare.block()["number"] == head
    assert not record.exists()


def test_deploy__chain_without_the_proxy__says_what_to_do(run: Scripts, bare: Node, record: Path) -> None:
    """A chain that lacks the deployment proxy ends it with code 3 and nothing recorded."""
    bare.request("anvil_setCode", DEPLOYER, "0x")
    failed = run("deploy", "--account", "TEST::0", "--record", record)

    assert failed.code == 3
    assert "DeployerAbsent" in failed.error
    assert not record.exists()


def test_deploy__second_contract_fails__records_nothing(run: Scripts, bare: Node, record: Path) -> None:
    """A half-done deployment is not recorded; repeating it completes it."""
    run("deploy", "--account", "TEST::0", "--record", record)
    record.unlink()
    for address in (core_address(), identity_address()):
        bare.request("anvil_setCode", address, "0x")
    bare.request("anvil_setCode", core_address(), "0x60006000fd")

    failed = run("deploy", "--account", "TEST::0", "--record", record)

    assert failed.code == 4
    assert "NotAgentTransferSink" in failed.error
    assert not record.exists()


def test_check__no_record__fails_and_says_to_deploy(run: Scripts, record: Path) -> None:
    """Without a record there is nothing to check, which is a failure."""
    missing = run("check", "--record", record)

    assert missing.code == 1
    assert "ape run deploy" in missing.error


def test_check__contract_absent_at_the_recorded_address__fails(run: Scripts, bare: Node, record: Path) -> None:
    """A recorded contract that is not there is told by name and address."""
    run("deploy", "--account", "TEST::0", "--record", record)
    bare.request("anvil_setCode", core_address(), "0x")

    checked = run("check", "--record", record)

    assert checked.code == 1
    assert f"error: CircuitBreaker code at {core_address()} is absent, expected present" in checked.err


def test_check__record_of_another_chain__fails_and_reads_no_contract(run: Scripts, bare: Node, record: Path) -> None:
    """On the wrong chain the check stops at that."""
    run("deploy", "--account", "TEST::0", "--record", record)
    record.write_text(json.dumps(json.loads(record.read_text()) | {"chain_id": 1}))

    checked = run("check", "--record", record, "--json")

    assert checked.code == 1
    assert checked.json["findings"] == [{"ok": False, "subject": "chain id", "expected": 1, "actual": bare.chain_id}]


@pytest.mark.parametrize(
    ("fields", "text"),
    [
        ({"address": "0x" + "11" * 20}, "CircuitBreaker recorded address"),
        ({"code_hash": "0x" + "00" * 32}, "CircuitBreaker code hash, as recorded"),
    ],
    ids=["address", "hash"],
)
def test_check__altered_record__fails(
    run: Scripts, bare: Node, record: Path, fields: dict[str, str], text: str
) -> None:
    """A record that names something else is found out."""
    assert bare.chain_id
    run("deploy", "--account", "TEST::0", "--record", record)
    change(record, "CircuitBreaker", **fields)

    checked = run("check", "--record", record)

    assert checked.code == 1
    assert f"error: {text} is" in checked.err


def test_check__other_code_at_the_address__fails_on_code_and_getters(run: Scripts, bare: Node, record: Path) -> None:
    """Code that answers nothing right fails on its hash and on every getter, each told."""
    run("deploy", "--account", "TEST::0", "--record", record)
    bare.request("anvil_setCode", core_address(), "0x602a60005260206000f3")  # answers 42 to everything

    checked = run("check", "--record", record, "--json")
    wrong = {one["subject"] for one in checked.json["findings"] if not one["ok"]}

    assert checked.code == 1
    assert {
        "CircuitBreaker code hash, as recorded",
        "CircuitBreaker code hash, immutables blanked",
        "CircuitBreaker.LOOSENING_DELAY",
        "CircuitBreaker.administration",
        "CircuitBreaker.eip712Domain",
        "CircuitBreaker.domainSeparator",
    } <= wrong


def test_check__findings__cover_every_getter_without_arguments(run: Scripts, world: World, record: Path) -> None:
    """No getter is left out: a new one without an expected value fails here."""
    assert world.agent
    run("deploy", "--account", "TEST::0", "--record", record)
    findings = {one["subject"] for one in run("check", "--record", record, "--json").json["findings"]}

    for name in ("CircuitBreaker", "AgentIdentity"):
        getters = {
            f"{name}.{entry['name']}"
            for entry in load(name).abi
            if entry["type"] == "function" and entry["stateMutability"] in ("view", "pure") and not entry["inputs"]
        }
        assert getters <= findings


def test_check__damaged_record__fails(run: Scripts, record: Path) -> None:
    """A damaged record is no deployment."""
    record.parent.mkdir()
    record.write_text("{")

    assert "RecordInvalid" in run("check", "--record", record).error


@pytest.mark.parametrize("script", ["deploy", "check"])
def test_scripts__no_node__end_with_the_chain_code(run: Scripts, script: str) -> None:
    """Where no node answers, the code is 3."""
    failed = run(script, network="http://127.0.0.1:9")

    assert failed.code == 3
    assert failed.error


def test_ape_run__local_network__deploys_and_records_beside_the_caches(tmp_path: Path) -> None:
    """`ape run deploy` as a person types it: on a local chain the record goes to .cache/, which is not committed."""
    ape = shutil.which("ape")
    assert ape is not None
    for name in ("scripts", "ape-config.yaml", "contracts"):
        (tmp_path / name).symlink_to(PROJECT / name)
    done = subprocess.run(
        [ape, "run", "deploy", "--network", "ethereum:local:foundry", "--account", "TEST::0"],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=False,
        env=os.environ,
    )

    assert done.returncode == 0, done.stderr
    assert "this chain goes with its node" in done.stdout
    assert [path.name for path in (tmp_path / ".cache" / "deployments").iterdir()] == ["31337.json"]
    assert not (tmp_path / "deployments").exists()


def test_ape_run__json_with_an_embedded_node__is_all_that_stdout_has() -> None:
    """Ape's own word that it starts a node does not come before the JSON."""
    ape = shutil.which("ape")
    assert ape is not None
    command = [ape, "run", "deploy", "--network", "ethereum:local:foundry", "--json"]
    done = subprocess.run(command, cwd=PROJECT, capture_output=True, text=True, check=False)

    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout)


def test_ape_run__every_script__is_listed_with_its_help() -> None:
    """`ape run --help` knows each script, which proves that importing them does nothing."""
    ape = shutil.which("ape")
    assert ape is not None
    done = subprocess.run([ape, "run", "--help"], cwd=PROJECT, capture_output=True, text=True, check=False)

    assert done.returncode == 0
    for name in ("abis", "check", "deploy", "enroll", "limits", "reset", "status", "trip"):
        assert f"  {name} " in done.stdout
