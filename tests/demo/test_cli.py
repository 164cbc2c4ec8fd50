"""`ape run demo`, as a newcomer runs it: a process of its own, with a node of its own."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).parents[2]
SCENES = {
    "identity": ["S1"],
    "rome": ["S2", "S3"],
    "cascade": ["S5"],
    "spawn": ["S10"],
    "evasion": ["S9"],
    "leak": ["S11"],
    "operator": ["S3", "S9"],
    "session": ["S6"],
    "proposal": ["S7"],
    "veto": ["S8"],
    "commerce": ["S13"],
    "drain": ["S4", "S14"],
}
BROKEN = """
from switchgear.demo import rome
from switchgear.types import UNLIMITED_VALUE
rome.LIMITS = rome.LIMITS._replace(value_cap=UNLIMITED_VALUE)
from switchgear.demo.cli import cli
cli(["--scene", "rome", "--scene", "identity", *{options}])
"""


APE = str(Path(sys.executable).with_name("ape"))


def run(*command: str) -> subprocess.CompletedProcess[str]:
    """A process in the checkout."""
    return subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=300, check=False)


@pytest.fixture(scope="module")
def story() -> subprocess.CompletedProcess[str]:
    """The whole demo, for machines."""
    return run(APE, "run", "demo", "--json")


@pytest.fixture(scope="module")
def scenes(story: subprocess.CompletedProcess[str]) -> dict[str, dict[str, Any]]:
    """What it says of each scene."""
    return dict(json.loads(story.stdout)["scenes"])


def test_cli__json__exits_0_with_one_object_of_all_scenes(story: subprocess.CompletedProcess[str]) -> None:
    """Every claim of every scene holds, and standard output is one JSON object and nothing else."""
    assert story.returncode == 0, story.stderr
    told = json.loads(story.stdout)
    assert list(told) == ["scenes"]
    assert list(told["scenes"]) == list(SCENES)


@pytest.mark.parametrize("name", SCENES)
def test_cli__json__scene_has_its_figures(name: str, scenes: dict[str, dict[str, Any]]) -> None:
    """A scene names what it answers, and its losses, blocks, gas and transactions are figures."""
    scene = scenes[name]
    assert scene["ok"] is True
    assert scene["failure"] is None
    assert scene["seeds"] == SCENES[name]
    assert scene["claims"]
    assert 0 <= scene["lost_with"] < scene["lost_without"]
    assert 0 <= scene["blocks_to_stop"] < 10
    assert scene["gas"] > 21_000 * len(scene["transactions"])
    assert all(re.fullmatch(r"0x[0-9a-f]{64}", one) for one in scene["transactions"])


def test_cli__json__transactions_are_of_one_scene_each(scenes: dict[str, dict[str, Any]]) -> None:
    """No transaction counts twice."""
    hashes = [one for scene in scenes.values() for one in scene["transactions"]]
    assert len(set(hashes)) == len(hashes)


def test_cli__json__no_key_in_the_output(
    story: subprocess.CompletedProcess[str], scenes: dict[str, dict[str, Any]]
) -> None:
    """OP-4: whatever has the length of a key is the hash of a transaction."""
    hashes = {one[2:] for scene in scenes.values() for one in scene["transactions"]}
    assert set(re.findall(r"[0-9a-f]{64}", story.stdout + story.stderr)) == hashes


def test_cli__people__ends_with_the_table() -> None:
    """People read what is claimed and, at the end, the value lost and the blocks to stop."""
    told = run(APE, "run", "demo", "--scene", "identity")
    assert told.returncode == 0, told.stderr
    assert "holds  the agent's call succeeds" in told.stdout
    table = told.stdout[told.stdout.index("Value lost") :]
    assert re.search(r"identity │ +\$500 │ +\$0 │ +0 │", table)


@pytest.mark.parametrize("options", [["--json"], []], ids=["json", "people"])
def test_cli__claim_broken__exits_1_and_says_which(options: list[str]) -> None:
    """A limit that limits nothing makes the demo fail: exit 1, and claim, expected and actual on standard error."""
    told = run(sys.executable, "-c", BROKEN.format(options=options))
    assert told.returncode == 1, told.stderr
    said = " ".join(told.stderr.split())
    assert "scene rome: the claim does not hold: hard guard: one breaker opened once" in said
    assert "value_last_straw" in said
    assert "actual ()" in said
    if options:
        shown = json.loads(told.stdout)["scenes"]
        assert {name: scene["ok"] for name, scene in shown.items()} == {"identity": True, "rome": False}


def test_cli__figure__prices_of_every_market_drawn(tmp_path: Path) -> None:
    """The cascade's prices are drawn from what was measured, the same every time."""
    drawn = []
    for name in ("once.svg", "twice.svg"):
        told = run(APE, "run", "demo", "--scene", "cascade", "--figure", str(tmp_path / name))
        assert told.returncode == 0, told.stderr
        drawn.append((tmp_path / name).read_text())
    assert drawn[0].startswith("<?xml")
    assert drawn[0] == drawn[1]


def test_cli__figure_without_its_scene__usage_error(tmp_path: Path) -> None:
    """A figure of a scene that is not played is a usage error."""
    told = run(APE, "run", "demo", "--scene", "identity", "--figure", str(tmp_path / "none.svg"))
    assert told.returncode == 2
    assert "only scene cascade has a figure" in told.stderr


def test_cli__network_without_anvil__usage_error() -> None:
    """The demo moves the clock of its chain, so it takes no other than a local Anvil."""
    told = run(APE, "run", "demo", "--scene", "identity", "--network", "ethereum:local:test")
    assert told.returncode == 2
    assert "error: InvalidInput: the demo needs a local Anvil, not chain" in told.stderr


def test_cli__unknown_scene__usage_error() -> None:
    """A scene that there is not is a usage error."""
    told = run(APE, "run", "demo", "--scene", "opera")
    assert told.returncode == 2
    assert "no scene 'opera'" in told.stderr
