"""What the programs around the contracts refuse: the sentinel, the report, the live page."""

from __future__ import annotations

from dataclasses import dataclass

from switchgear.errors.base import ChainError, InvalidInput


class ConfigInvalid(InvalidInput):
    """The sentinel's configuration makes no sense; the text names the keys."""


@dataclass(eq=False)
class ChainReset(ChainError):
    """The chain is not the one that the sentinel has been watching, or lost more blocks than it remembers."""

    text = (
        "the chain does not have block {number} ({hash}) any more, nor any other that the sentinel remembers: if it "
        "was reset, start afresh (`--fresh` moves {database} aside); if not, the endpoints are on another chain"
    )
    number: int
    hash: str
    database: str


@dataclass(eq=False)
class ForeignDatabase(ChainError):
    """The database is of another chain or core."""

    text = "{database} was written for {expected}, not for {actual}: name another database, or start with `--fresh`"
    database: str
    expected: str
    actual: str


@dataclass(eq=False)
class RangeReorganised(ChainError):
    """The chain replaced blocks while they were read."""

    text = "block {block} was {before} and is {after} by now: run it again, or up to an older block (--to-block)"
    block: int
    before: str
    after: str


@dataclass(eq=False)
class NotLoopback(InvalidInput):
    """The live page has no login, so only this machine may ask for it."""

    text = "{host} is not this machine: serve on 127.0.0.1 or ::1, and let a proxy of yours guard it"
    host: str
