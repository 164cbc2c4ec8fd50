"""``ape run docs``: write docs/cli.md from the commands' own help."""

from __future__ import annotations

from copy import copy
from pathlib import Path
from typing import TYPE_CHECKING

import click
from ape.utils import ManagerAccessMixin

from switchgear._cli import cli as agents

if TYPE_CHECKING:
    from collections.abc import Iterator

PAGE = Path("docs") / "cli.md"
_WIDTH = 100
_OF_APE = {"network", "provider_settings", "verbosity"}
_HEAD = """# The command line

Written by `ape run docs` from the commands' own help, which a test compares. `ape agents` comes with the installed
package; in a checkout, `ape run trip` and the like are the same commands, `ape run status` is `ape agents show`, and
`ape run deploy` and `check` have no other name. Every command that asks a chain takes Ape's `--network` too.

Whatever sends is a dry run until an account is named. It is simulated before it is sent.
"""


@click.command()
def cli() -> None:
    """Write docs/cli.md."""
    path = Path(ManagerAccessMixin.local_project.path) / PAGE
    path.write_text(page())
    click.echo(f"written: {PAGE}")


def page() -> str:
    """docs/cli.md: the help of every command."""
    parts = [f"\n## {name}\n\n```text\n{text}\n```\n" for name, text in _help(agents, None, "ape agents")]
    return _HEAD + "".join(parts)


def _help(command: click.Command, parent: click.Context | None, name: str) -> Iterator[tuple[str, str]]:
    # Ape adds options of its own while it parses: whether they are there depends on what ran before.
    params = [param for param in command.params if param.name not in _OF_APE]
    if isinstance(command, click.Group):
        command = copy(command)
        command.params = params
    else:
        command = click.Command(command.name, params=params, help=command.help, epilog=command.epilog)
    context = click.Context(
        command, parent=parent, info_name=name, terminal_width=_WIDTH, max_content_width=_WIDTH, color=False
    )
    yield context.command_path, command.get_help(context)
    if isinstance(command, click.Group):
        for child in command.list_commands(context):
            found = command.get_command(context, child)
            assert found is not None, child  # noqa: S101 - it was listed
            yield from _help(found, context, child)
