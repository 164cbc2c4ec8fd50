"""`ape agents watch`: the sentinel as an operator starts it."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest
from click.testing import CliRunner

from switchgear import State
from switchgear._cli import cli
from tests.scripts.conftest import PROJECT
from tests.support.world import HOUR

if TYPE_CHECKING:
    from pathlib import Path

    from tests.scripts.conftest import Scripts
    from tests.support.world import World

GUARDIAN = "TEST::5"


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
