"""``ape agents ...``: every command of an operator, an owner and an agent's developer.

Ape loads this module for ``ape --help``, so a command's own module is imported when it is asked for.
"""

from __future__ import annotations

from importlib import import_module

import click

COMMANDS = {
    "approvals": "Countersign what an agent may not do alone.",
    "beat": "Show that an agent's owner or delegate still watches.",
    "drill": "Check that an agent could be shut down right now.",
    "enroll": "Enrol an agent, and bind its wallet.",
    "guardians": "Show, appoint and dismiss guardians.",
    "limits": "Show, set and schedule limits.",
    "list": "List the agents of this chain.",
    "preview": "Ask whether an action would be admitted.",
    "register": "Register an identity for an agent.",
    "replay": "Try detectors and limits on the past.",
    "report": "Write the incident report of an agent.",
    "reset": "Close what was opened, cause by cause.",
    "revoke": "End the binding of a wallet.",
    "serve": "Show agents and breakers on a page that keeps up.",
    "show": "Show an agent: who answers for it, and what may stop it.",
    "trip": "Open a kill switch, a breaker or a lane.",
    "watch": "Watch the agents of this chain, and trip by itself.",
}
"""By name, with a line of help each."""
_MODULES = {"list": "listing", "show": "status"}
"""Where a command is, if not in the module of its own name in ``switchgear.ops``."""


class _Lazy(click.Group):
    """Imports a command when it is run or asked for its own help."""

    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002 - click's signature
        """Their names."""
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:  # noqa: ARG002 - click's signature
        """One of them."""
        if cmd_name not in COMMANDS:
            return None
        module = import_module(f"switchgear.ops.{_MODULES.get(cmd_name, cmd_name)}")
        command: click.Command = module.cli
        return command

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:  # noqa: ARG002 - click's signature
        """A line each, without importing any."""
        with formatter.section("Commands"):
            formatter.write_dl(list(COMMANDS.items()))


@click.group(name="agents", cls=_Lazy)
def cli() -> None:
    """Identify, limit, stop and account for agents.

    Whatever sends takes Ape's --network and --account; without --account it is a dry run.
    """
