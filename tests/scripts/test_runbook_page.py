"""The runbook's commands exist, with the options that it gives them."""

from __future__ import annotations

import re
import shlex
from pathlib import Path
from string import Template

import click
import pytest

from switchgear._cli import cli

PAGES = [Path(__file__).parents[2] / "docs" / name for name in ("runbook.md", "report.md", "countersign.md")]
ADDRESS = "0x" + "11" * 20
NAMES = {
    "AGENT": "7",
    "WALLET": ADDRESS,
    "VAULT": ADDRESS,
    "POLICY": ADDRESS,
    "TOKEN": ADDRESS,
    "PAYEE": ADDRESS,
    "ID": "0x" + "22" * 32,
    "ME": "TEST::0",
    "OWNER": "TEST::1",
    "RPC": "http://127.0.0.1:8545",
}
STEPS = ["Alert", "Assess", "Trip", "Verify", "Communicate", "Reset", "Drill"]


def commands() -> list[str]:
    """All of the pages, of blocks and of running text."""
    return [
        command
        for page in PAGES
        for command in re.findall(r"^\$ (ape .+)$|`(ape agents \w+ [^`]+)`", page.read_text(), re.MULTILINE)
        for command in command
        if command
    ]


@pytest.mark.parametrize("command", commands())
def test_runbook_page__every_command__parses(command: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """At 3 am nobody looks for the right option. A file that a command reads is there."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "pay.json").touch()
    text = Template(command).substitute(NAMES).replace(" AGENT ", " 7 ")
    program, group, name, *words = shlex.split(text)
    assert (program, group) == ("ape", "agents")
    found = cli.get_command(click.Context(cli), name)
    assert found is not None, name
    if isinstance(found, click.Group):
        name = words.pop(0)
        found = found.get_command(click.Context(found), name)
        assert found is not None, name
    found.make_context(name, words)


def test_runbook_page__steps__are_all_there_in_order() -> None:
    """Alert, assess, trip, verify, communicate, reset, drill."""
    assert re.findall(r"^## \d\. (\w+)", PAGES[0].read_text(), re.MULTILINE) == STEPS


def test_runbook_page__commands_that_send__are_not_sent_by_accident() -> None:
    """OP-3: each names an account or is a dry run, and says so."""
    for command in commands():
        if re.match(r"ape agents (trip|reset|revoke|beat|limits set|approvals veto|drill .*--execute)\b", command):
            assert "--account $ME" in command or "--as " in command, command
