"""`ape agents ...`: the commands that have no script of their own, and what all of them are found by."""

from __future__ import annotations

import re
from importlib import import_module
from typing import TYPE_CHECKING

import pytest
from click.testing import CliRunner

from switchgear import State
from switchgear._cli import COMMANDS, cli
from switchgear.ops import docs
from tests.scripts.conftest import PROJECT
from tests.support.world import DAY, HOUR, LANE_ID, UNIT

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.scripts.conftest import Outcome
    from tests.support.world import World

    Run = Callable[..., Outcome]

OWNER, WALLET, ADMIN, STRANGER = "TEST::1", "TEST::2", "TEST::4", "TEST::7"


def test_agents__help__lists_every_command_with_a_line() -> None:
    """`ape agents --help` imports no command; each is found by its name."""
    listed = CliRunner().invoke(cli, ["--help"]).output
    for name, line in COMMANDS.items():
        assert f"  {name} " in listed
        assert line in listed
        assert CliRunner().invoke(cli, [name, "--help"]).exit_code == 0


def test_docs__cli_page__is_what_the_commands_say() -> None:
    """docs/cli.md is made from --help: run `ape run docs` after changing a command."""
    assert (PROJECT / docs.PAGE).read_text() == docs.page()


def test_help__of_every_command__names_no_rule() -> None:
    """Whoever runs a command has not read the specification: no rule's ID stands in a help text."""
    scripts = [import_module(f"scripts.{path.stem}").cli for path in (PROJECT / "scripts").glob("*.py")]
    texts = [docs.page(), *(CliRunner().invoke(one, ["--help"]).output for one in scripts)]
    assert len(texts) > 10
    assert not [found for text in texts for found in re.findall(r"\b(?:ID|BR|WP|CM|OP)-\d+", text)]


def test_list__of_an_owner__shows_its_agents(agents: Run, world: World) -> None:
    """S1: who is enrolled, under whom, and whether it is stopped."""
    owner = world.owner.address
    shown = agents("list", "--owner", owner, "--json").json
    assert [(one["agent"]["agent"], one["kill_switch"]) for one in shown] == [(world.agent, "closed")]
    assert agents("list", "--open", "--json").json == []
    world.breaker.trip_agent(world.agent, "why", sender=world.owner)
    assert [one["kill_switch"] for one in agents("list", "--open", "--json").json] == ["open"]
    assert agents("list", "--lineage", "7", "--json").json == []
    assert agents("list").out.count("open") == 1


def test_preview__admitted_or_denied__says_why_by_exit_code(agents: Run, world: World) -> None:
    """BR-13: the verdict that the protocol would get, and 1 for a denial."""
    place = (world.wallet.address, "--protocol", world.protocol.address, "--lane", LANE_ID)
    assert agents("preview", *place, "--value", "1", "--json").json["admitted"] is True
    oversized = agents("preview", *place, "--value", 10**30 * UNIT)
    assert oversized.code == 1
    assert "denied" in oversized.out


def test_revoke__by_the_owner__ends_the_binding(agents: Run, world: World) -> None:
    """ID-1: at once, and once; without an account it is a dry run."""
    wallet = world.wallet.address
    assert "nothing was sent" in agents("revoke", wallet).out
    assert world.breaker.status(wallet).admitted
    assert agents("revoke", wallet, "--account", STRANGER).code == 4
    assert agents("revoke", wallet, "--account", OWNER).code == 0
    assert world.breaker.status(wallet).reason.name == "WALLET_REVOKED"
    again = agents("revoke", wallet, "--account", OWNER)
    assert (again.code, "WalletAlreadyRevoked" in again.error) == (4, True)
    unknown = agents("revoke", world.stranger.address)
    assert (unknown.code, "WalletNotBound" in unknown.error) == (4, True)


def test_beat__by_its_owner_or_wallet__passes_or_is_refused(agents: Run, world: World) -> None:
    """BR-14: the owner beats, the agent's own wallet never, and nobody where there is no heartbeat."""
    none = agents("beat", world.agent, "--account", OWNER)
    assert (none.code, "NoHeartbeat" in none.error) == (4, True)
    world.breaker.set_heartbeat(world.agent, 6 * HOUR, sender=world.owner)
    assert agents("beat", world.agent, "--account", WALLET).code == 4
    assert "HeartBeat" in agents("beat", world.agent, "--account", OWNER).out


def test_register__by_anyone__gives_an_identity(agents: Run, world: World) -> None:
    """ID-1: the sender owns it; enrolling comes next."""
    done = agents(
        "register", "--registry", world.registry.address, "--uri", "ipfs://x", "--account", STRANGER, "--json"
    )
    (args,) = [event["args"] for event in done.json["events"] if event["name"] == "Registered"]
    assert (done.code, args["owner"]) == (0, world.stranger.address)
    assert world.registry.agent_uri(int(args["agentId"])) == "ipfs://x"


@pytest.mark.parametrize("scope", ["agent", "protocol"])
def test_guardians__appointed_dismissed_and_cancelled__is_shown(agents: Run, world: World, scope: str) -> None:
    """BR-8, BR-9: appointing lands, dismissing waits a day, and can be taken back."""
    whose = ("--agent", world.agent) if scope == "agent" else ("--protocol", world.protocol.address)
    by = (*whose, "--account", OWNER if scope == "agent" else ADMIN)
    who = world.stranger.address
    assert agents("guardians", "appoint", who, "--bound", "3h", *by).code == 0
    assert agents("guardians", "show", *whose, "--json").json[who] == 3 * HOUR
    assert agents("guardians", "dismiss", who, *by).code == 0
    assert agents("guardians", "cancel", who, *by).code == 0
    assert agents("guardians", "dismiss", who, *by).code == 0
    assert agents("guardians", "show", *whose, "--json").json[who] == 3 * HOUR
    early = agents("guardians", "execute", who, *by)
    assert (early.code, "LooseningNotReady" in early.error) == (4, True)
    world.pass_time(DAY)
    assert agents("guardians", "execute", who, *by).code == 0
    assert who not in agents("guardians", "show", *whose, "--json").json


def test_guardians__no_scope_or_both__is_a_usage_error(agents: Run, world: World) -> None:
    """A guardian is an agent's or a protocol's."""
    assert agents("guardians", "show").code == 2
    both = ("--agent", world.agent, "--protocol", world.protocol.address)
    assert agents("guardians", "appoint", world.stranger.address, "--bound", "3h", *both).code == 2


def test_trip__through_the_group__is_the_script(agents: Run, world: World) -> None:
    """The script and the subcommand are one command."""
    assert agents("trip", "--agent", world.agent, "--note", "why", "--account", OWNER).code == 0
    assert world.breaker.agent(world.agent).state(world.now) is State.OPEN
