"""`ape agents serve`, run as a person runs it."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
import urllib.request
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from click.testing import CliRunner

from switchgear._cli import cli
from switchgear.ops.cli import Exit
from tests.support.world import World

if TYPE_CHECKING:
    from web3 import Web3

PROJECT = Path(__file__).parents[2]


@pytest.fixture
def uri(web3: Web3) -> str:
    """Of the node."""
    return str(web3.provider.endpoint_uri)  # type: ignore[attr-defined]


def test_serve__until_interrupted__answers_and_ends_well(world: World, uri: str) -> None:
    """It says where it is, serves what the chain says, and Ctrl-C ends it with exit code 0."""
    words = [sys.executable, "-c", "from switchgear._cli import cli; cli()", "serve", "--port", "0", "--network", uri]
    with subprocess.Popen(words, cwd=PROJECT, stderr=subprocess.PIPE, text=True) as process:
        try:
            assert process.stderr is not None
            lines = (line for line in process.stderr if line.startswith("http://127.0.0.1:"))
            url = next(lines).split()[0]
            with urllib.request.urlopen(f"{url}state.json", timeout=10) as answer:  # noqa: S310 - its own address
                state = json.load(answer)
            process.send_signal(signal.SIGINT)
            assert process.wait(10) == Exit.OK
        finally:
            process.kill()
    assert [one["agent"] for one in state["agents"]] == [world.agent]


@pytest.mark.parametrize(
    ("words", "code", "kind"),
    [
        (["--host", "0.0.0.0"], Exit.USAGE, "NotLoopback"),  # noqa: S104 - what must not be
        (["--protocol", "0x12"], Exit.USAGE, "InvalidInput"),
        (["--core", "0x" + "22" * 20], Exit.CHAIN, "ContractAbsent"),
    ],
)
def test_serve__cannot_be__says_so_before_it_listens(
    world: World, uri: str, words: list[str], code: Exit, kind: str
) -> None:
    """Whatever is wrong shows in the terminal, and not in a browser later."""
    assert world.agent
    done = CliRunner(mix_stderr=False).invoke(cli, ["serve", "--port", "0", *words, "--network", uri])
    assert (done.exit_code, f"error: {kind}" in done.stderr) == (code, True), done.stderr
