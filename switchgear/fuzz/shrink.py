"""Fewer steps that still fail: delta debugging, as in Zeller's "Simplifying and Isolating Failure-Inducing Input"."""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeVar

if TYPE_CHECKING:
    from collections.abc import Callable

T = TypeVar("T")


def shrink(items: list[T], fails: Callable[[list[T]], bool]) -> list[T]:
    """A sublist that fails and from which no single item can be left out.

    >>> shrink(list(range(100)), lambda items: 17 in items and 64 in items)
    [17, 64]
    """
    parts = 2
    while len(items) > 1:
        size = -(-len(items) // parts)
        for start in range(0, len(items), size):
            rest = items[:start] + items[start + size :]
            if rest and fails(rest):
                items, parts = rest, max(parts - 1, 2)
                break
        else:
            if size == 1:
                break
            parts = min(parts * 2, len(items))
    return items
