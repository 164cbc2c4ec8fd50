"""The snapshot, and what is printed from it: tables for a terminal, and those of docs/detect.md."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

from switchgear import tables
from switchgear.detect.bench import ALONE, AMONG, BURST, FOREST, MASKED, OF_AGENT, OF_LINEAGE, OURS, ZSCORE, Snapshot
from switchgear.detect.lineage import LineageSynchrony
from switchgear.detect.streams import ATTACKS, SHOCK, SYNCHRONY
from switchgear.detect.suite import AGENT_DETECTORS, RATES, STIR
from switchgear.tables import Measured

if TYPE_CHECKING:
    from collections.abc import Iterator

    from rich.console import Console

ROOT = Path(__file__).parents[2]
SNAPSHOT = ROOT / "tests" / "detect" / "snapshot.json"
THRESHOLDS = Path(__file__).with_name("thresholds.json")
PAGE = ROOT / "docs" / "detect.md"
TITLES = {
    OURS: "detectors",
    ZSCORE: "naive z-score",
    FOREST: "isolation forest",
    ALONE: "the same, not relative",
}
"""Of candidates."""


def read() -> dict[str, Any]:
    """The committed snapshot: `full`, `quick` and `costs`."""
    return dict(json.loads(SNAPSHOT.read_text()))


def write(full: Snapshot, quick: Snapshot, costs: dict[str, dict[str, float]]) -> None:
    """Replaces it, the thresholds that ship with the package, and the tables of the page."""
    SNAPSHOT.write_text(json.dumps({"full": full, "quick": quick, "costs": costs}, indent=1) + "\n")
    THRESHOLDS.write_text(json.dumps(shipped(full), indent=1) + "\n")
    PAGE.write_text(page(PAGE.read_text(), {"full": full, "costs": costs}))


def shipped(full: Snapshot) -> dict[str, dict[str, float]]:
    """Of all thresholds, those that are not of what the detectors are compared with."""
    ours = (*AGENT_DETECTORS, LineageSynchrony.name)
    return {
        rate: {name: threshold for name, threshold in found.items() if name in ours or rate == STIR}
        for rate, found in full["thresholds"].items()
    }


def drift(before: Snapshot, after: Snapshot) -> list[str]:
    """Every figure that is not what it was, as `path: before -> after`."""
    return list(tables.differences("", before, json.loads(json.dumps(after))))


def show(console: Console, snapshot: Snapshot) -> None:
    """The results, in a terminal."""
    tables.show(console, _results(snapshot))


def page(text: str, snapshot: dict[str, Any]) -> str:
    """The page with its generated parts made anew; each lies between two markers that bear its table's title."""
    full = snapshot["full"]
    measured = [*_results(full), _thresholds(full), _beaten(full), _costs(snapshot["costs"])]
    return tables.fill(text, "detect", measured)


def beaten(snapshot: Snapshot) -> list[tuple[str, str, str, str, str]]:
    """Attack, rate, rival, and what both find, wherever a rival finds more than the detectors do."""
    parts = (
        ("agents", tuple(ATTACKS), ""),
        ("among", (BURST, MASKED), " (among others)"),
        ("lineages", (SYNCHRONY,), ""),
    )
    return [
        (f"{attack}{where}", rate, rival, f"{found[OURS]['recall']:.0%}", f"{one['recall']:.0%}")
        for part, attacks, where in parts
        for attack in attacks
        for rate, found in snapshot[part]["attacks"][attack].items()
        for rival, one in found.items()
        if one["recall"] > found[OURS]["recall"]
    ]


def _results(snapshot: Snapshot) -> Iterator[Measured]:
    """The tables of what was found."""
    parts = (
        ("agents", tuple(OF_AGENT), "an agent"),
        ("among", tuple(AMONG), "an agent among others"),
        ("lineages", OF_LINEAGE, "a lineage"),
    )
    for part, candidates, whose in parts:
        for rate in snapshot["size"]["rates"]:
            found, key = snapshot[part], str(rate)
            header = [f"One false alarm {whose} in {rate} days", *(TITLES[name] for name in candidates)]
            rows = []
            for attack, results in found["attacks"].items():
                best = max(one["recall"] for one in results[key].values())
                cells = [_cell(results[key][name], best, decoy=attack == SHOCK) for name in candidates]
                rows.append([f"{attack} (decoy)" if attack == SHOCK else attack, *cells])
            alarms = found["false_alarms"][key]
            rows.append([f"false alarms in {rate} days", *(f"{alarms[name]:.2f}" for name in candidates)])
            yield Measured(f"{part}, {rate}", header, rows)


def _cell(found: dict[str, Any], best: float, *, decoy: bool) -> str:
    recall = f"{found['recall']:.0%}"
    if found["recall"] == best and not decoy:
        recall = f"**{recall}**"
    return recall if found["until"] is None else f"{recall}, {found['until']:g}"


def _thresholds(snapshot: Snapshot) -> Measured:
    names = (*AGENT_DETECTORS, LineageSynchrony.name)
    columns = [STIR, *map(str, RATES)]
    rows = [
        [
            f"`{name}`",
            *(
                f"{snapshot['thresholds'][key][name]:.2f}" if name in snapshot["thresholds"][key] else ""
                for key in columns
            ),
        ]
        for name in names
    ]
    return Measured("thresholds", ["Detector", "A member stirs", *(f"1 in {rate} days" for rate in RATES)], rows)


def _beaten(snapshot: Snapshot) -> Measured:
    rows = [
        [attack, f"1 in {rate} days", TITLES[rival], ours, theirs]
        for attack, rate, rival, ours, theirs in beaten(snapshot)
    ]
    return Measured("beaten", ["Attack", "False alarms", "Rival", "Detectors find", "Rival finds"], rows)


def _costs(costs: dict[str, dict[str, float]]) -> Measured:
    rows = [[f"`{name}`", f"{one['microseconds']:g}", f"{one['bytes']:,}"] for name, one in costs.items()]
    return Measured("costs", ["Detector", "Microseconds an action", "Bytes of state an agent"], rows)
