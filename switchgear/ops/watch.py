"""``ape agents watch``: run the sentinel."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from switchgear.ops.cli import Command, account_option, core_option, note

if TYPE_CHECKING:
    from switchgear.sentinel.config import Config, Mode
    from switchgear.sentinel.engine import Sentinel

_SECTION = "agents"
"""Of ape-config.yaml."""


@click.command(cls=Command)
@click.option(
    "--config",
    "path",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help=f"TOML file.  [default: the section `{_SECTION}` of ape-config.yaml]",
)
@click.option(
    "--mode",
    type=click.Choice(["observe", "propose", "enforce"]),
    help="The most that any detector may do.  [default: the configuration's]",
)
@click.option("--once", is_flag=True, help="Take every block there is, act, and end.")
@click.option("--fresh", is_flag=True, help="Move the database aside and start anew, after a chain was reset.")
@account_option
@core_option
def cli(path: Path | None, mode: Mode | None, once: bool, fresh: bool, account: Any, core: str | None) -> None:
    """Watch the agents of this chain, and trip by itself.

    Without --account it sends nothing: `enforce` then proposes. A keyfile account is unlocked at the start, by its
    passphrase or by Ape's environment variable for it. Ends with SIGINT or SIGTERM, and goes on where it was.
    """
    import asyncio  # noqa: PLC0415 - `ape --help` does not pay for it

    from ape.utils import ManagerAccessMixin  # noqa: PLC0415

    from switchgear.ops.context import context  # noqa: PLC0415
    from switchgear.sentinel.engine import Sentinel  # noqa: PLC0415

    config = _config(path, Path(ManagerAccessMixin.local_project.path))
    if fresh and config.database.exists():
        note(f"moved aside: {_move_aside(config.database)}")
    ctx = context()
    # Whatever Ape is connected to, unless the configuration names endpoints.
    endpoint = ManagerAccessMixin.provider.http_uri
    sentinel = Sentinel(config, account=account, core=core or ctx.breaker().address, endpoint=endpoint, mode=mode)
    if sentinel.mode == "enforce" and hasattr(account, "set_autosign"):
        account.set_autosign(True)
    wanted = mode or config.mode
    if sentinel.mode != wanted:
        note(f"no --account: {sentinel.mode} instead of {wanted}")
    note(f"watching {sentinel.core} in mode {sentinel.mode}; the database is {config.database}")
    asyncio.run(_run(sentinel, once))


async def _run(sentinel: Sentinel, once: bool) -> None:
    import asyncio  # noqa: PLC0415
    import signal  # noqa: PLC0415
    import threading  # noqa: PLC0415

    # Elsewhere signals are not for it.
    if threading.current_thread() is threading.main_thread():
        for one in (signal.SIGINT, signal.SIGTERM):
            asyncio.get_running_loop().add_signal_handler(one, sentinel.stop)
    await sentinel.run(once=once)


def _config(path: Path | None, root: Path) -> Config:
    import yaml  # noqa: PLC0415

    from switchgear.errors import ConfigInvalid  # noqa: PLC0415
    from switchgear.sentinel.config import Config  # noqa: PLC0415

    if path is not None:
        return Config.read(path)
    file = root / "ape-config.yaml"
    section = (yaml.safe_load(file.read_text()) or {}).get(_SECTION) if file.exists() else None
    if not isinstance(section, dict):
        message = f"there is no section `{_SECTION}` in {file}: add it, or give --config"
        raise ConfigInvalid(message)
    return Config.of(section, f"{file}, {_SECTION}")


def _move_aside(database: Path) -> Path:
    """The database under a name that is free; with it, what SQLite keeps beside it."""
    number = next(n for n in range(1, 10**6) if not database.with_suffix(f"{database.suffix}.{n}").exists())
    for tail in ("", "-wal", "-shm"):
        part = database.with_name(database.name + tail)
        if part.exists():
            part.rename(database.with_name(f"{database.name}.{number}{tail}"))
    return database.with_name(f"{database.name}.{number}")
