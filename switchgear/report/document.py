"""A document as the report is made of, before it is HTML or Markdown."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple, TypeAlias

from eth_utils.crypto import keccak

from switchgear.report.evidence import Block, Read, Source

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from switchgear.report.evidence import Origin


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
    """Where the figures before it come from."""

    sources: tuple[Origin, ...]


class Jump(NamedTuple):
    """Another section of the document."""

    heading: str


class Link(NamedTuple):
    """A page elsewhere."""

    text: str
    address: str


Inline: TypeAlias = "str | Code | Short | Cite | Jump | Link"
Text: TypeAlias = tuple[Inline, ...]
"""A run of text. Strings may be anybody's: whoever writes them out escapes them."""


@dataclass(frozen=True)
class Heading:
    """Of a section."""

    title: str

    @property
    def anchor(self) -> str:
        """To link to it."""
        return heading_anchor(self.title)


@dataclass(frozen=True)
class Paragraph:
    """A paragraph."""

    text: Text


class Tile(NamedTuple):
    """One figure that matters."""

    label: str
    figure: str
    section: str
    """Heading of the section that has the rows it sums up."""
    cite: Cite
    """What those come from."""


@dataclass(frozen=True)
class Tiles:
    """The few figures that matter most."""

    tiles: Sequence[Tile]


@dataclass(frozen=True)
class Row:
    """Of a table."""

    cells: Sequence[Text]
    mood: str = ""
    """``good``, ``bad``, ``mild`` or nothing."""
    source: Origin | None = None
    """What this row stands for, if citations of it lead here."""


@dataclass(frozen=True)
class Table:
    """A table; columns whose name begins with ``#`` hold numbers.

    Each of them cites where it comes from, or the next column to its right that is named ``source`` does (OP-5).
    """

    columns: Sequence[str]
    rows: Sequence[Row]


@dataclass(frozen=True)
class Plot:
    """A drawing, and what it shows in words."""

    svg: str
    caption: str
    drawn: Cite
    """What is drawn."""


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


def name(origin: Origin) -> str:
    """A source as it is cited.

    ``0x1234abcd:5`` is a transaction's first bytes and a log's index, ``laneWord@120`` an answer as of a block.
    """
    match origin:
        case Source():
            head = f"{origin.transaction[:10]}"
            return head if origin.log_index is None else f"{head}:{origin.log_index}"
        case Read():
            return f"{origin.call.partition('(')[0]}@{origin.block}"
        case Block():
            return f"block {origin.number}"


def anchor(origin: Origin) -> str:
    """To link to it."""
    match origin:
        case Source():
            return f"tx-{origin.transaction}" + ("" if origin.log_index is None else f"-{origin.log_index}")
        case Read():
            return f"call-{origin.block}-{keccak(hexstr=origin.to + origin.data[2:]).hex()[:16]}"
        case Block():
            return f"block-{origin.number}"


def key(origin: Origin) -> str:
    """The whole of it in one word, for programs: what to ask a node for."""
    match origin:
        case Source():
            return origin.transaction + ("" if origin.log_index is None else f":{origin.log_index}")
        case Read():
            return f"call:{origin.to}:{origin.data}@{origin.block}"
        case Block():
            return f"block:{origin.number}:{origin.hash}"


def heading_anchor(title: str) -> str:
    """To link to a section."""
    return "".join(one if one.isalnum() else "-" for one in title.lower())


def cited(*texts: Text) -> Iterator[Origin]:
    """Everything that they cite, once each."""
    yield from dict.fromkeys(
        origin for text in texts for one in text if isinstance(one, Cite) for origin in one.sources
    )


def cell_origins(table: Table, row: Row, index: int) -> list[Origin]:
    """Where a cell comes from: what it cites itself; a number, else, what its column of sources does."""
    own = list(cited(row.cells[index]))
    if own or not table.columns[index].startswith("#"):
        return own
    following = (at for at in range(index + 1, len(table.columns)) if table.columns[at] == SOURCE)
    return next((list(cited(row.cells[at])) for at in following), [])


SOURCE = "source"
"""Name of a column of sources."""
