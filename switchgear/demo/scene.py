"""What a scene tells, and what it claims."""

from __future__ import annotations

from dataclasses import dataclass, field
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from rich.markup import escape
from rich.table import Table

from switchgear.demo.stage import DOLLAR, Stage
from switchgear.display import show
from switchgear.errors import SwitchgearError

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import timedelta

    from rich.console import Console


@dataclass(eq=False)
class ClaimFailed(SwitchgearError):
    """The chain shows something else than a scene claims."""

    text = "scene {scene}: the claim does not hold: {claim}; expected {expected}, actual {actual}"
    scene: str
    claim: str
    expected: str
    actual: str


@dataclass(frozen=True)
class Figures:
    """What a scene comes to, in the smallest unit of its token."""

    lost_without: int
    lost_with: int
    blocks_to_stop: int
    """Blocks from the first harmful action to the one in which it was over; 0 for the same block."""
    more: dict[str, Any] = field(default_factory=dict)
    """What else was measured."""


@dataclass(frozen=True)
class Script:
    """A scene as written."""

    name: str
    title: str
    seeds: tuple[str, ...]
    """What of the field's wants it answers (S1 to S14)."""
    play: Callable[[Stage, Scene], Figures]


class Scene:
    """A scene as it is played: what is told goes to the console, what is claimed is checked.

    Args:
        name: Of the scene, for errors.
        console: Where people read; None for nowhere.
        stage: Whose clock `wait` moves.
    """

    def __init__(self, name: str, stage: Stage, console: Console | None = None) -> None:
        self.name = name
        self.claims: list[str] = []
        """Those that held."""
        self._stage = stage
        self._console = console

    def say(self, text: str) -> None:
        """Tells something."""
        self._print("", escape(text))

    def without(self, text: str) -> None:
        """Tells what happens without Switchgear."""
        self._print("[bold red]without[/]", escape(text))

    def guarded(self, text: str) -> None:
        """Tells what happens with it."""
        self._print("[bold green]with[/]", escape(text))

    def wait(self, duration: timedelta, why: str) -> None:
        """Moves the clock of the chain, and says so."""
        self._stage.pass_time(int(duration.total_seconds()))
        self._print("[dim]clock[/]", f"[dim]moved on by {duration}: {escape(why)}[/]")

    def holds(self, claim: str, actual: Any, expected: Any = True) -> None:
        """Claims that something is as expected; `ClaimFailed` if not."""
        self._check(claim, actual == expected, actual, show(expected))

    def at_most(self, claim: str, actual: int, bound: int) -> None:
        """Claims that an amount of tokens is no larger than a bound."""
        self._check(claim, actual <= bound, dollars(actual), f"at most {dollars(bound)}")

    def _check(self, claim: str, held: bool, actual: Any, expected: str) -> None:
        if not held:
            raise ClaimFailed(self.name, claim, expected, show(actual))
        self.claims.append(claim)
        self._print("[green]holds[/]", f"[dim]{escape(claim)}[/]")

    def _print(self, label: str, text: str) -> None:
        if self._console is not None:
            line = Table.grid(padding=(0, 2, 0, 0))
            line.add_column(width=9, justify="right")
            line.add_column()
            line.add_row(label, self._stage.named(text))
            self._console.print(line)


def dollars(raw: int) -> str:
    """An amount of tokens as people read it.

    >>> dollars(1_250 * DOLLAR)
    '$1,250'
    """
    amount = Decimal(raw) / DOLLAR
    return f"${amount:,.0f}" if amount == int(amount) else f"${amount:,.2f}"
