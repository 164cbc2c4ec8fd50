"""Scripts, run as a person runs them: `ape run NAME ...` in the checkout, against a node of their own."""

from __future__ import annotations

import json
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from click.testing import CliRunner

from switchgear import connect
from switchgear._cli import cli
from tests.support.world import create_world, populate

if TYPE_CHECKING:
    from collections.abc import Callable

    from web3 import Web3

    from tests.support.world import World

PROJECT = Path(__file__).parents[2]


@dataclass(frozen=True)
class Outcome:
    """What a script left behind."""

    code: int
    out: str
    err: str

    @property
    def json(self) -> Any:
        """Standard output, which must be one JSON value."""
        return json.loads(self.out)

    @property
    def error(self) -> str:
        """The one line that says what went wrong."""
        (line,) = [line for line in self.err.splitlines() if line.startswith("error: ")]
        return line


@dataclass(frozen=True)
class Scripts:
    """Runs them within this process, through the command that the script file gives to Ape."""

    uri: str

    def __call__(self, name: str, *arguments: Any, network: str | None = None) -> Outcome:
        """`ape run NAME ARGUMENTS --network URI`."""
        command = import_module(f"scripts.{name}").cli
        words = [*map(str, arguments), "--network", network or self.uri]
        result = CliRunner(mix_stderr=False).invoke(command, words)
        if result.exception is not None and not isinstance(result.exception, SystemExit):
            raise result.exception
        return Outcome(result.exit_code, result.stdout, result.stderr)


@pytest.fixture(scope="module")
def web3(chain: Any) -> Web3:
    """A plain connection to the node that Ape started."""
    return connect(chain.provider.http_uri)


@pytest.fixture(scope="module")
def run(chain: Any) -> Scripts:
    """Runs a script against that node."""
    return Scripts(chain.provider.http_uri)


@pytest.fixture(scope="module")
def agents(run: Scripts) -> Callable[..., Outcome]:
    """`ape agents ARGUMENTS --network URI`."""

    def invoke(*arguments: Any, text: str | None = None) -> Outcome:
        words = [*map(str, arguments), "--network", run.uri]
        result = CliRunner(mix_stderr=False).invoke(cli, words, input=text)
        if result.exception is not None and not isinstance(result.exception, SystemExit):
            raise result.exception
        return Outcome(result.exit_code, result.stdout, result.stderr)

    return invoke


@pytest.fixture(scope="module")
def empty(web3: Web3, accounts: Any) -> World:
    """Core and registry, and nobody."""
    return create_world(web3, [accounts[index] for index in range(8)])


@pytest.fixture(scope="module")
def world(empty: World) -> World:
    """One agent with a wallet, one protocol with a lane."""
    return populate(empty)


@pytest.fixture
def record(tmp_path: Path) -> Path:
    """Where a deployment may be recorded."""
    return tmp_path / "deployments" / "31337.json"
