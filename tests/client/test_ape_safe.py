"""A Safe of the plugin ape-safe as owner, admin or guardian: it trips and resets like any account (OP-4).

Safe 1.4.1 from npm, on Ape's chain; the plugin knows no later version.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest
from ape_safe.accounts import SafeAccount, SafeContainer
from ape_safe.client import MockSafeClient
from ape_safe.factory import SafeFactory
from ape_safe.packages import PackageType
from click.testing import CliRunner
from eth_utils.address import to_checksum_address
from packaging.version import Version

from switchgear import Breaker, Causes, State, connect, errors, signing
from switchgear._cli import cli
from switchgear.chain import Node
from switchgear.sentinel.actuator import Actuator
from tests.support.safes import Safes
from tests.support.world import HOUR, create_world, populate

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from tests.support.world import World

VERSION = "1.4.1"
BOUND = 3 * HOUR


@pytest.fixture(scope="module")
def world(chain: Any, accounts: Any) -> World:
    """One agent, one protocol."""
    return populate(create_world(connect(chain.provider.http_uri), [accounts[index] for index in range(8)]))


@pytest.fixture(scope="module")
def safe(project: Any, world: World, tmp_path_factory: pytest.TempPathFactory) -> Callable[..., SafeAccount]:
    """Makes a Safe of these owners, with the account of the plugin for it; the Safe itself has no coins."""
    node, safes = Node(world.web3), Safes(world.web3, project, VERSION, world.deployer.address)
    SafeFactory._singleton[Version(VERSION)] = PackageType.SINGLETON(VERSION).at(safes.singleton)
    folder = tmp_path_factory.mktemp("safes")

    def make(owners: list[str], threshold: int) -> SafeAccount:
        path: Path = folder / f"council{len(list(folder.iterdir()))}.json"
        path.write_text(json.dumps({"address": safes.create(owners, threshold), "deployed_chain_ids": [node.chain_id]}))
        return SafeAccount(account_file_path=path)

    return make


@pytest.fixture(params=[1, 2], ids=["one-of-two", "two-of-two"])
def guardian(request: pytest.FixtureRequest, safe: Any, world: World, accounts: Any) -> SafeAccount:
    """A Safe that is guardian of the agent, of owners whose accounts are here."""
    made = safe([accounts[8].address, accounts[9].address], request.param)
    world.breaker.set_agent_guardian(world.agent, made.address, BOUND, sender=world.owner)
    return made


def test_trip__by_a_safe__is_the_safes(world: World, guardian: SafeAccount) -> None:
    """OP-4: one of the owners sends and pays; to the core it is the Safe, which has no coins and needs none."""
    sent = world.breaker.trip_agent(world.agent, "why", sender=guardian)

    event = sent.event("AgentTripped")
    assert event.args["actor"] == guardian.address
    assert world.breaker.agent(world.agent).state(world.now) is State.OPEN
    assert int(world.node.request("eth_getBalance", guardian.address, "latest"), 16) == 0
    mined = world.node.request("eth_getTransactionByHash", sent.hash)
    assert to_checksum_address(mined["to"]) == guardian.address
    assert to_checksum_address(mined["from"]) in guardian.signers
    # Reset takes the owner; the Safe, armed again, trips a second time with its next nonce.
    world.breaker.reset_agent(world.agent, Causes.GUARDIAN, sender=world.owner)
    assert world.breaker.trip_agent(world.agent, "again", sender=guardian).sent


def test_trip__by_a_safe_that_may_not__sends_nothing(world: World, safe: Any, accounts: Any) -> None:
    """OP-3: simulated as the Safe, in the class of the core's error."""
    stranger = safe([accounts[8].address], 1)
    before = world.node.block()["number"]

    with pytest.raises(errors.NotAuthorized):
        world.breaker.trip_agent(world.agent, "why", sender=stranger)
    assert world.node.block()["number"] == before


def test_trip__by_a_safe_whose_owners_are_elsewhere__says_what_to_execute(world: World, safe: Any) -> None:
    """OP-4: too few signatures are an error that has the call, for the owners to execute it themselves."""
    lone = safe([world.owner.address, "0x" + "5a" * 20], 2)
    world.breaker.set_agent_guardian(world.agent, lone.address, BOUND, sender=world.owner)
    before = world.node.block()["number"]

    with pytest.raises(errors.SafeNotSigned) as refused:
        world.breaker.trip_agent(world.agent, "why", sender=lone)
    dry = world.breaker.trip_agent(world.agent, "why", sender=lone, dry_run=True).request
    assert (refused.value.safe, refused.value.to) == (lone.address, world.breaker.address)
    assert refused.value.data == dry["data"]
    assert "signatures" in refused.value.reason
    assert world.node.block()["number"] == before


def test_trip__safe_of_another_version__is_refused_by_type(world: World, safe: Any, accounts: Any) -> None:
    """OP-4: what the plugin does not support is the same error."""
    made = safe([accounts[8].address], 1)
    world.breaker.set_agent_guardian(world.agent, made.address, BOUND, sender=world.owner)
    known = SafeFactory._singleton.pop(Version(VERSION))
    try:
        with pytest.raises(errors.SafeNotSigned):
            world.breaker.trip_agent(world.agent, "why", sender=made)
    finally:
        SafeFactory._singleton[Version(VERSION)] = known


def test_trip_command__account_is_a_safes_alias__trips(
    world: World, chain: Any, accounts: Any, guardian: SafeAccount, monkeypatch: pytest.MonkeyPatch
) -> None:
    """OP-4: `ape agents trip --account ALIAS` on a node by its URL, where Ape estimates the gas.

    There the plugin knows neither Ape's test accounts, which are handed to it, nor a Safe service but its own mock.
    """
    monkeypatch.setattr(SafeAccount, "get_client", lambda self, *_, **__: MockSafeClient(contract=self.contract))
    monkeypatch.setattr(SafeAccount, "local_signers", property(lambda _: [accounts[8], accounts[9]]))
    monkeypatch.setattr(SafeContainer, "_account_files", property(lambda _: iter([guardian.account_file_path])))
    words = ["trip", "--agent", str(world.agent), "--note", "why", "--account", guardian.alias]
    done = CliRunner(mix_stderr=False).invoke(cli, [*words, "--network", chain.provider.http_uri])

    assert done.exit_code == 0, done.stderr
    assert f"actor {guardian.address}" in done.stdout
    assert Breaker(world.web3).agent(world.agent).state(world.now) is State.OPEN


def test_sign__by_a_safe__is_refused_by_type(world: World, guardian: SafeAccount) -> None:
    """OP-4: the plugin signs no messages; a Safe among a council's signers signs by its owners elsewhere."""
    message = world.breaker.wallet_binding(world.agent, guardian.address, world.now + HOUR)

    with pytest.raises(errors.UnsupportedSender, match="SafeAccount cannot sign messages"):
        signing.sign(message, guardian)


def test_actuator__safe__is_refused(world: World, guardian: SafeAccount) -> None:
    """OP-2: the sentinel replaces transactions by nonce, which a Safe leaves to whoever sends for it."""
    with pytest.raises(errors.UnsupportedSender, match="appoint a key"):
        Actuator(None, None, world.breaker.interface, world.breaker.address, account=guardian, chain_id=31337)  # type: ignore[arg-type]
