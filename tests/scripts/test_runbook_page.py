"""The runbook's commands exist, with the options that it gives them; in order, they do what the steps are for."""

from __future__ import annotations

import re
import shlex
import signal
import subprocess
from pathlib import Path
from string import Template
from typing import TYPE_CHECKING, Any, NamedTuple
from urllib.request import urlopen

import click
import pytest

from switchgear import State, Subject
from switchgear._cli import cli
from switchgear.types import Reason
from tests.scripts.conftest import PROJECT
from tests.scripts.councils import open_council
from tests.support.world import HOUR

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.scripts.conftest import Outcome, Scripts
    from tests.support.world import World

    Run = Callable[..., Outcome]

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


GUARDIAN, OWNER, ADMIN, ALICE, BOB = "TEST::5", "TEST::1", "TEST::4", "TEST::8", "TEST::9"


class Turn(NamedTuple):
    """One command of the runbook, in its order: how it begins, who gives it, and what then shows."""

    command: str
    account: str = ""
    shows: str = ""
    code: int = 0


TURNS = (
    Turn("serve"),
    Turn("show $AGENT", shows="closed"),
    Turn("list --open"),
    Turn("trip --agent $AGENT", GUARDIAN),
    Turn("trip --protocol $VAULT --agent $AGENT", GUARDIAN),
    Turn("trip --protocol $VAULT --lineage 3", GUARDIAN),
    Turn("trip --protocol $VAULT --unknown-wallets", GUARDIAN),
    Turn("trip --protocol $VAULT --whole-lane", GUARDIAN),
    Turn("approvals list", shows="$ID"),
    Turn("approvals veto $ID", GUARDIAN),
    Turn("show $AGENT", shows="open (guardian)"),
    Turn("preview $WALLET", shows="denied: open, by the agent's kill switch", code=1),
    Turn("revoke $WALLET", OWNER),
    Turn("report $AGENT"),
    Turn("reset --agent $AGENT", OWNER),
    Turn("reset --protocol $VAULT --agent $AGENT", ADMIN),
    Turn("reset --protocol $VAULT --lineage 3", ADMIN),
    Turn("reset --protocol $VAULT --unknown-wallets", ADMIN),
    Turn("reset --protocol $VAULT --whole-lane", ADMIN),
    Turn("limits show"),
    Turn("limits set", ADMIN),
    Turn("drill --agent $AGENT --protocol $VAULT", shows="checks passed"),
    Turn("drill --agent $AGENT --execute", GUARDIAN, shows="then closed and the agent admitted"),
    Turn("preview $WALLET", shows="admitted"),
    Turn("beat $AGENT", OWNER),
)
"""Every command of the page; `$ME` is whoever has the power, as the text beside it says."""


class Night(NamedTuple):
    """An agent that is about to be stopped, and what the runbook's names stand for."""

    world: World
    spare: Any
    """Another wallet of the agent, whose key is out."""
    names: dict[str, str]


@pytest.fixture(scope="module")
def night(world: World, accounts: Any, agents: Run, tmp_path_factory: pytest.TempPathFactory) -> Night:
    """Guardians are appointed everywhere, there is a lineage 3, and something countersigned waits for its day."""
    breaker, council = world.breaker, open_council(world, accounts)
    while breaker.provider_of(3) is None:
        breaker.register_lineage("a model", sender=world.provider)
    breaker.set_agent_guardian(world.agent, world.guardian.address, 3 * HOUR, sender=world.owner)
    breaker.set_guardian(world.protocol.address, world.guardian.address, 3 * HOUR, sender=world.admin)
    breaker.set_guardian(council.policy, world.guardian.address, 3 * HOUR, sender=world.owner)
    breaker.set_heartbeat(world.agent, 6 * HOUR, sender=world.owner)
    spare = accounts[6]
    world.bind(world.agent, spare, world.owner)
    file = tmp_path_factory.mktemp("night") / "proposal.json"
    assert agents("approvals", "propose", *council.place, "--call", council.move(600_000), "--out", file).code == 0
    for person in (ALICE, BOB):
        assert agents("approvals", "sign", file, "--account", person, "--yes").code == 0
    assert agents("approvals", "approve", file, "--account", ALICE).code == 0
    approval = agents("approvals", "explain", file, "--json").json["id"]
    names = {
        "AGENT": str(world.agent),
        "WALLET": world.wallet.address,
        "VAULT": world.protocol.address,
        "POLICY": council.policy,
        "ID": approval,
        "OWNER": OWNER,
    }
    return Night(world, spare, names)


def steps() -> list[str]:
    """The runbook's commands in order, those in running text too."""
    found = re.findall(r"^\$ ape agents (.+)$|`ape agents (\w+ [^`]+)`", PAGES[0].read_text(), re.MULTILINE)
    return [command for pair in found for command in pair if command]


def test_runbook_page__every_command_in_order__stops_the_agent_and_lets_it_go(
    night: Night, agents: Run, run: Scripts, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """S9, BR-7, BR-8, WP-7: tripped, denied, vetoed, revoked, reported, reset, admitted, drilled: as written."""
    world, breaker = night.world, night.world.breaker
    monkeypatch.chdir(tmp_path)
    assert len(steps()) == len(TURNS)
    for command, turn in zip(steps(), TURNS, strict=True):
        names = {**night.names, "ME": turn.account, "RPC": run.uri}
        if turn.command.startswith("revoke"):
            names["WALLET"] = night.spare.address
        assert command.startswith(turn.command), (command, turn)
        words = shlex.split(Template(command).substitute(names).removesuffix(f"--network {run.uri}"))
        if turn.command == "serve":
            opened(words, run.uri)
            continue
        if turn.command.startswith("drill --agent $AGENT --protocol"):
            again(night, agents)
        done = agents(*words)
        assert done.code == turn.code, (command, done)
        assert Template(turn.shows).substitute(names) in " ".join(done.out.split()), (command, done)
        if "trip --agent" in turn.command:
            assert breaker.agent(world.agent).state(world.now) is State.OPEN
    assert {path.name for path in tmp_path.iterdir()} == {"incident.html", "incident.md"}
    assert f"Agent {world.agent} was stopped" in (tmp_path / "incident.md").read_text()
    assert breaker.status(night.spare.address).reason == Reason.WALLET_REVOKED
    assert breaker.agent(world.agent).state(world.now) is State.CLOSED
    assert breaker.override(*world.place, Subject.of_agent(world.agent), decimals=6).value_cap == 200  # type: ignore[union-attr]


def again(night: Night, agents: Run) -> None:
    """Step 4 once more, as step 6 says: now the preview is admitted."""
    verify = [step for step in steps() if step.startswith(("show", "preview"))][1:3]
    for step in verify:
        done = agents(*shlex.split(Template(step).substitute(night.names, RPC="").removesuffix("--network ")))
        assert done.code == 0, (step, done)
        assert ("admitted" if step.startswith("preview") else "closed") in done.out


def opened(words: list[str], uri: str) -> None:
    """The live page: opened, read once, and ended as a person ends it."""
    command = ["ape", "agents", *words, "--port", "0", "--network", uri]
    with subprocess.Popen(command, cwd=PROJECT, stderr=subprocess.PIPE, text=True) as process:
        assert process.stderr is not None
        url = next(found[0] for line in process.stderr if (found := re.search(r"http://\S+", line)))
        with urlopen(url, timeout=20) as page:  # noqa: S310 - what it has said itself
            assert page.status == 200
        process.send_signal(signal.SIGINT)
        assert process.wait(20) == 0
