"""How the model refuses: an exception that names the core's custom error."""

from __future__ import annotations


class CoreRevert(Exception):
    """A call that the core reverts: the error's name, and its arguments in the ABI's order.

    >>> CoreRevert("UnknownAgent", 7)
    UnknownAgent(7)
    """

    def __init__(self, name: str, *arguments: object) -> None:
        """Take the custom error's name and arguments."""
        super().__init__(name, *arguments)
        self.name = name
        self.arguments = arguments

    def __repr__(self) -> str:
        """As in Solidity."""
        return f"{self.name}({', '.join(map(str, self.arguments))})"

    __str__ = __repr__


def require(condition: object, name: str, *arguments: object) -> None:
    """Raise `CoreRevert` unless the condition holds."""
    if not condition:
        raise CoreRevert(name, *arguments)
