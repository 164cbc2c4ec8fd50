"""Measured tables: printed in a terminal, written into a page between markers, and compared with what they were."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, NamedTuple

from rich.table import Table

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from rich.console import Console


class Measured(NamedTuple):
    """One table; its cells may have Markdown's emphasis and backquotes."""

    title: str
    header: list[str]
    rows: list[list[str]]
    """The first column is of words, the others are of figures."""


def show(console: Console, tables: Iterable[Measured]) -> None:
    """Prints them."""
    for one in tables:
        table = Table(*one.header, title=one.title, title_justify="left", box=None)
        for column in table.columns[1:]:
            column.justify = "right"
        for row in one.rows:
            table.add_row(*(re.sub(r"\*\*|`", "", cell) for cell in row))
        console.print(table)
        console.print()


def fill(text: str, mark: str, tables: Iterable[Measured]) -> str:
    r"""A page with its tables made anew.

    Args:
        text: The page.
        mark: What the markers begin with; each table lies between `<!-- mark: title -->` and `<!-- /mark -->`.
        tables: Those to write.

    Raises:
        ValueError: The page has no such markers.

    >>> print(fill("<!-- gas: a -->\n<!-- /gas -->", "gas", [Measured("a", ["Path", "Gas"], [["admit", "7"]])]))
    <!-- gas: a -->
    | Path | Gas |
    | --- | ---: |
    | admit | 7 |
    <!-- /gas -->
    """
    for title, header, rows in tables:
        lines = [header, ["---", *["---:"] * (len(header) - 1)], *rows]
        body = "\n".join("| " + " | ".join(line) + " |" for line in lines)
        marker = f"<!-- {mark}: {title} -->"
        pattern = re.compile(rf"({re.escape(marker)}\n).*?(<!-- /{re.escape(mark)} -->)", re.DOTALL)
        if not pattern.search(text):
            message = f"the page has no {marker} ... <!-- /{mark} -->"
            raise ValueError(message)
        text = pattern.sub(lambda found, body=body: f"{found[1]}{body}\n{found[2]}", text)  # type: ignore[misc]
    return text


def differences(path: str, before: Any, after: Any) -> Iterator[str]:
    """Every figure that is not what it was, as `path: before -> after`.

    >>> list(differences("rows", {"admit": {"gas": 7}}, {"admit": {"gas": 8}}))
    ['rows.admit.gas: 7 -> 8']
    """
    if isinstance(before, dict) and isinstance(after, dict):
        for key in before | after:
            yield from differences(f"{path}.{key}" if path else key, before.get(key), after.get(key))
    elif before != after:
        yield f"{path}: {before} -> {after}"
