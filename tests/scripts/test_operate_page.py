"""The operator's page shows what happens: its commands are run in order on a fresh chain, and their output compared."""

from __future__ import annotations

import re
import shlex
import socket
import subprocess
import time
from pathlib import Path
from string import Template
from typing import TYPE_CHECKING, NamedTuple

import pytest

from switchgear import connect
from switchgear.chain import Node
from switchgear.errors import ChainError
from switchgear.ops.cli import Exit
from tests.scripts.conftest import PROJECT, Outcome, Scripts
from tests.support.rehearsal import rehearse

if TYPE_CHECKING:
    from collections.abc import Iterator

PAGE = PROJECT / "docs" / "operate.md"
BLOCK = re.compile(r"^```console\n(.*?)^```$", re.MULTILINE | re.DOTALL)
EXIT = re.compile(r"exit code (\d)")


class Step(NamedTuple):
    """One command of the page, and what is shown below it."""

    command: str
    shown: list[str]
    code: int


def steps() -> list[Step]:
    """All commands of the page, in order."""
    found: list[Step] = []
    for block in BLOCK.findall(PAGE.read_text()):
        for part in re.split(r"^\$ ", block, flags=re.MULTILINE)[1:]:
            command, *lines = part.splitlines()
            code = next((int(match[1]) for line in lines if (match := EXIT.fullmatch(line))), 0)
            found.append(Step(command, [one for one in lines if one != "..." and not EXIT.fullmatch(one)], code))
    return found


def shows(outcome: Outcome, line: str) -> bool:
    """Whether a line of the page is one of the output, `...` standing for anything."""
    pattern = ".*".join(map(re.escape, line.split("...")))
    return any(re.fullmatch(pattern, one.rstrip()) for one in [*outcome.out.splitlines(), *outcome.err.splitlines()])


@pytest.fixture
def uri() -> Iterator[str]:
    """A fresh chain on a free port, as the page starts one."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    address = f"http://127.0.0.1:{port}"
    with subprocess.Popen(["anvil", "--port", str(port), "--silent"]) as process:
        try:
            for _ in range(100):
                try:
                    Node(connect(address)).block()
                    break
                except (ChainError, OSError):
                    time.sleep(0.1)
            else:
                pytest.fail("anvil does not answer")
            yield address
        finally:
            process.terminate()


def test_operate_page__every_command_in_order__does_what_is_shown(uri: str, tmp_path: Path) -> None:
    """OP-3, BR-7, BR-8, BR-9: exit code and every line of output are as the page has them."""
    run, node = Scripts(uri), Node(connect(uri))
    names: dict[str, str] = {}
    done = set()
    for step in steps():
        text = Template(step.command).substitute(names)
        program, *words = shlex.split(text.replace("story.json", str(tmp_path / "story.json")))
        done.add(program)
        outcome = Outcome(0, "", "")
        match program, words:
            case "export", _:
                names |= dict(word.split("=", 1) for word in words)
                names["RPC"] = uri
            case "anvil", _:
                assert "--silent" in words
            case "python", ["-m", "tests.support.rehearsal", _]:
                outcome = Outcome(0, rehearse(uri), "")
            case "cast", ["rpc", method, *arguments, "--rpc-url", _]:
                node.request(method, *map(int, arguments))
                continue
            case "ape", ["run", script, *options, "--network", network]:
                outcome = run(script, *options, network=network)
            case _:
                pytest.fail(f"not a command that the test knows: {text}")
        assert outcome.code == step.code, (text, outcome)
        for line in step.shown:
            assert shows(outcome, line), (text, line, outcome)
    assert done == {"export", "anvil", "python", "cast", "ape"}


def test_operate_page__exit_codes__are_all_explained() -> None:
    """The table has a row for each exit code and no other."""
    rows = re.findall(r"^\| (\d) \|", PAGE.read_text(), re.MULTILINE)
    assert rows == [str(code.value) for code in Exit]
