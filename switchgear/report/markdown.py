"""A document as Markdown, for a ticket or a repository."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from switchgear.report.document import (
    Cite,
    Code,
    Data,
    Document,
    Heading,
    Jump,
    Link,
    Paragraph,
    Plot,
    Short,
    Table,
    Tiles,
    anchor,
    heading_anchor,
    name,
)

if TYPE_CHECKING:
    from switchgear.report.document import Inline, Part, Row, Text

_SHOWN = 3
"""Sources of one figure that stand beside it; the data at the end have all."""


def to_markdown(document: Document) -> str:
    """The file's text."""
    return f"# {_escape(document.title)}\n\n" + "\n\n".join(filter(None, map(_part, document.parts))) + "\n"


def _part(part: Part) -> str:
    match part:
        case Heading():
            return f"## {_escape(part.title)}"
        case Paragraph():
            return _text(part.text)
        case Tiles():
            return "\n".join(
                f"- {_escape(one.label)}: {_escape(one.figure)}, from {_text((Jump(one.section), ':', one.cite))}"
                for one in part.tiles
            )
        case Table():
            rule = "|".join("--:" if column.startswith("#") else "---" for column in part.columns)
            head = " | ".join(_escape(column.lstrip("#")) for column in part.columns)
            return "\n".join([f"| {head} |", f"|{rule}|", *map(_row, part.rows)])
        case Plot():
            return ""
        case Data():
            # As long a fence as any run of backticks in it, and one more.
            fence = "`" * (max(map(len, re.findall("`+", part.json)), default=2) + 1)
            return f"{fence}json\n{part.json}\n{fence}"


def _row(row: Row) -> str:
    identity = f'<a id="{anchor(row.source)}"></a>' if row.source else ""
    return f"| {identity}{' | '.join(map(_text, row.cells))} |"


def _text(text: Text) -> str:
    return "".join(map(_inline, text))


def _inline(part: Inline) -> str:
    match part:
        case Code(text):
            # No escapes work within code, and a table's cell ends at a bar even there.
            return _escape(text) if re.search(r"[`|\n]", text) else f"`{text}`"
        case Short():
            return f"`{part.text}`"
        case Cite(sources):
            links = [f"[{name(one)}](#{anchor(one)})" for one in sources[:_SHOWN]]
            more = [f"and {len(sources) - _SHOWN} more"] if len(sources) > _SHOWN else []
            return " " + " ".join([*links, *more])
        case Jump(heading):
            return f"[{_escape(heading)}](#{heading_anchor(heading)})"
        case Link(text, address):
            return f"[{_escape(text)}]({address})"
        case _:
            return _escape(part)


def _escape(text: str) -> str:
    """Text that shows as it is: on one line, with nothing that Markdown or HTML would take for its own."""
    return re.sub(r"([\\`*_\[\]<>|#&~])", r"\\\1", re.sub(r"[\r\n]+", " ", text))
