"""What a run says: to people in tables, to programs in JSON."""

from __future__ import annotations

import json
from collections import Counter
from typing import TYPE_CHECKING

from rich.table import Table

from switchgear.fuzz.coverage import UNREACHABLE, expected
from switchgear.fuzz.steps import names, show, to_json

if TYPE_CHECKING:
    from collections.abc import Iterable

    from rich.console import Console

    from switchgear.fuzz.coverage import Mark
    from switchgear.fuzz.run import Failure, Result


def missing(result: Result, errors: Iterable[str]) -> list[Mark]:
    """What a long run should reach and this one did not."""
    return sorted(expected(errors) - set(result.counts))


def print_report(console: Console, result: Result, seconds: float, errors: Iterable[str]) -> None:
    """Throughput, everything reached with its count, and what was not reached."""
    groups: dict[str, Counter[str]] = {}
    for (group, text), count in result.counts.items():
        groups.setdefault(group, Counter())[text] += count
    table = Table("reached", "", "times", box=None)
    for group in sorted(groups):
        for text, count in groups[group].most_common():
            table.add_row(group, text, f"{count:,}")
    console.print(table)
    not_reached = missing(result, errors)
    for group, text in not_reached:
        console.print(f"[yellow]not reached[/] {group} {text}")
    for (group, text), why in UNREACHABLE.items():
        console.print(f"[dim]not expected: {group} {text} ({why})[/]")
    rate = result.steps / seconds
    console.print(f"{result.steps:,} steps in {seconds:,.1f} s: {rate:,.0f} a second; {len(not_reached)} not reached")


def print_failure(console: Console, failure: Failure) -> None:
    """Both sides, and the steps for people."""
    known = names() | failure.names
    text = str(failure)
    for address, name in known.items():
        text = text.replace(address, name)
    console.print(f"[bold red]divergence[/] {text}", highlight=False, soft_wrap=True)
    for number, step in enumerate(failure.steps, 1):
        console.print(f"{number:4} {show(step, known)}", highlight=False, markup=False, soft_wrap=True)


def as_json(result: Result, seconds: float, errors: Iterable[str]) -> str:
    """The whole report as one JSON object."""
    failure = result.failure
    return json.dumps(
        {
            "steps": result.steps,
            "seconds": round(seconds, 3),
            "reached": {f"{group}: {text}": count for (group, text), count in sorted(result.counts.items())},
            "not_reached": [f"{group}: {text}" for group, text in missing(result, errors)],
            "failure": failure and {"text": str(failure), "steps": json.loads(to_json(failure.steps))},
        },
        indent=2,
    )
