"""`ape agents watch`: the sentinel as an operator starts it."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from typing import TYPE_CHECKING, Any

import pytest
from click.testing import CliRunner
from eth_account import Account

from switchgear import State
from switchgear._cli import cli
from switchgear.sentinel.store import Store
from tests.scripts.conftest import PROJECT
from tests.sentinel.conftest import until
from tests.support.world import HOUR

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from tests.scripts.conftest import Scripts
    from tests.support.world import World

GUARDIAN = "TEST::5"
PASSPHRASE = "closed at night"  # noqa: S105 - of a keyfile that lasts as long as its test


@pytest.fixture
def config(tmp_path: Path, world: World) -> Path:
    """A configuration with one detector that knows what is wrong."""
    file = tmp_path / "sentinel.toml"
    file.write_text(
        f"""
        mode = "enforce"
        database = {json.dumps(str(tmp_path / "sentinel.db"))}
        [[protocols]]
        address = "{world.protocol.address}"
        [[detectors]]
        use = "tests.sentinel.detectors:Marks"
        mode = "enforce"
        trips = "kill-switch"
        """
    )
    return file


@pytest.fixture
def watch(run: Scripts, config: Path) -> Any:
    """`ape agents watch --once`."""

    def invoke(*arguments: str) -> Any:
        words = ["watch", "--config", str(config), "--once", "--network", run.uri, *arguments]
        result = CliRunner(mix_stderr=False).invoke(cli, words)
        if result.exception is not None and not isinstance(result.exception, SystemExit):
            raise result.exception
        return result

    return invoke


def rogue(world: World) -> None:
    """The agent gives itself away."""
    world.wallet.transfer(world.protocol, 17)


def test_watch__without_account__proposes(watch: Any, world: World) -> None:
    """OP-3: no signer, no writes, and it says so."""
    assert watch().exit_code == 0
    rogue(world)
    done = watch()
    assert (done.exit_code, "propose instead of enforce" in done.stderr) == (0, True)
    assert world.breaker.agent(world.agent).state(world.now) is State.CLOSED


def test_watch__with_the_guardians_account__trips(watch: Any, world: World) -> None:
    """S4, OP-4: an Ape account signs, from within the sentinel."""
    world.breaker.set_agent_guardian(world.agent, world.guardian.address, 3 * HOUR, sender=world.owner)
    assert watch("--account", GUARDIAN).exit_code == 0
    rogue(world)
    assert watch("--account", GUARDIAN).exit_code == 0
    assert world.breaker.agent(world.agent).state(world.now) is State.OPEN


def test_watch__with_a_keyfile__trips_unattended(run: Scripts, config: Path, world: World, tmp_path: Path) -> None:
    """OP-2, OP-4: an encrypted keyfile and Ape's variable for its passphrase are enough: nobody is asked."""
    key = Account.create()
    world.node.request("anvil_setBalance", key.address, hex(10**20))
    world.breaker.set_agent_guardian(world.agent, key.address, 3 * HOUR, sender=world.owner)
    keyfile = tmp_path / "ape" / "accounts" / "night-watch.json"
    keyfile.parent.mkdir(parents=True)
    keyfile.write_text(json.dumps(Account.encrypt(key.key, PASSPHRASE, iterations=2)))
    words = ["watch", "--config", str(config), "--account", "night-watch", "--network", run.uri]
    own = {"APE_DATA_FOLDER": str(tmp_path / "ape"), "APE_ACCOUNTS_night-watch_PASSPHRASE": PASSPHRASE}
    with subprocess.Popen(
        [sys.executable, "-c", "from switchgear._cli import cli; cli()", *words],
        cwd=PROJECT,
        env={**os.environ, **own},
        stdin=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
    ) as process:
        try:
            assert process.stderr is not None
            assert any(line.startswith("watching ") for line in process.stderr)
            # What happened before the first start is not acted on.
            until(lambda: _ask(tmp_path, lambda store: store.tip), "first start", 30)
            rogue(world)
            until(lambda: world.breaker.agent(world.agent).state(world.now) is State.OPEN, "trip", 30)
            until(lambda: [one.status for one in _ask(tmp_path, lambda s: s.actions())] == ["landed"], "read-back")
            process.send_signal(signal.SIGTERM)
            rest = process.stderr.read()
            assert process.wait(20) == 0
        finally:
            process.kill()
    assert PASSPHRASE not in rest
    (event,) = world.breaker.events("AgentTripped")
    assert event.args["actor"] == key.address


def _ask(folder: Path, question: Callable[[Store], Any]) -> Any:
    store = Store(folder / "sentinel.db")
    try:
        return question(store)
    finally:
        store.close()


def test_watch__mode_is_bounded__observes(watch: Any, world: World) -> None:
    """OP-3: the command bounds what the file allows."""
    world.breaker.set_agent_guardian(world.agent, world.guardian.address, 3 * HOUR, sender=world.owner)
    assert watch("--account", GUARDIAN, "--mode", "observe").exit_code == 0
    rogue(world)
    assert watch("--account", GUARDIAN, "--mode", "observe").exit_code == 0
    assert world.breaker.agent(world.agent).state(world.now) is State.CLOSED


def test_watch__a_wrong_key__is_a_usage_error(watch: Any, config: Path) -> None:
    """S14: the key is named, in one line."""
    config.write_text('mode = "attack"')
    wrong = watch()
    assert (wrong.exit_code, "mode:" in wrong.stderr) == (2, True)


def test_watch__fresh__moves_the_database_aside(watch: Any, config: Path) -> None:
    """OP-1: after a reset of the chain nothing is lost, and nothing of the old chain is taken for the new."""
    assert watch().exit_code == 0
    assert watch("--fresh").exit_code == 0
    assert (config.parent / "sentinel.db.1").exists()


def test_watch__no_configuration__says_what_to_write(run: Scripts) -> None:
    """S14: the section of ape-config.yaml is the default; this project has none."""
    result = CliRunner(mix_stderr=False).invoke(cli, ["watch", "--network", run.uri])
    assert (result.exit_code, "section `agents`" in result.stderr) == (2, True)
    assert (PROJECT / "ape-config.yaml").exists()
