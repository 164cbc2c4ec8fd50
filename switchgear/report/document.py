"""A document as the report is made of, before it is HTML or Markdown."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple, TypeAlias

if TYPE_CHECKING:
    from collections.abc import Sequence

    from switchgear.report.evidence import Source


class Code(NamedTuple):
    """Something to be copied: an address, a hash."""

    text: str


class Short(NamedTuple):
    """An address where there is no room for it; the document has it in full elsewhere."""

    address: str

    @property
    def text(self) -> str:
        """Its beginning and its end."""
        return f"{self.address[:6]}\u2026{self.address[-4:]}"


class Cite(NamedTuple):
    """Where a figure comes from."""

    sources: tuple[Source, ...]


class Link(NamedTuple):
    """A page elsewhere."""

    text: str
    address: str


Text: TypeAlias = tuple["str | Code | Short | Cite | Link", ...]
"""A run of text. Strings may be anybody's: whoever writes them out escapes them."""


@dataclass(frozen=True)
class Heading:
    """Of a section."""

    title: str

    @property
    def anchor(self) -> str:
        """To link to it."""
        return "".join(one if one.isalnum() else "-" for one in self.title.lower())


@dataclass(frozen=True)
class Paragraph:
    """A paragraph."""

    text: Text


@dataclass(frozen=True)
class Tiles:
    """The few figures that matter most."""

    tiles: Sequence[tuple[str, Text]]


@dataclass(frozen=True)
class Row:
    """Of a table."""

    cells: Sequence[Text]
    mood: str = ""
    """``good``, ``bad``, ``mild`` or nothing."""
    source: Source | None = None
    """What this row stands for, if citations of it lead here."""


@dataclass(frozen=True)
class Table:
    """A table; columns whose name begins with ``#`` hold numbers."""

    columns: Sequence[str]
    rows: Sequence[Row]


@dataclass(frozen=True)
class Plot:
    """A drawing, and what it shows in words."""

    svg: str
    caption: str


@dataclass(frozen=True)
class Data:
    """The raw data, as JSON."""

    json: str


Part: TypeAlias = "Heading | Paragraph | Tiles | Table | Plot | Data"


@dataclass(frozen=True)
class Document:
    """All of it."""

    title: str
    parts: Sequence[Part]


def name(source: Source) -> str:
    """A source as it is cited: ``0x1234abcd:5``, the transaction's first bytes and the log's index."""
    head = f"{source.transaction[:10]}"
    return head if source.log_index is None else f"{head}:{source.log_index}"


def anchor(source: Source) -> str:
    """To link to it."""
    return f"tx-{source.transaction}" if source.log_index is None else f"log-{source.transaction}-{source.log_index}"
