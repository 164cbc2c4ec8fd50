"""The figure of docs/detect.md: what is found of each attack, and after how many bad actions."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from switchgear.detect.bench import FOREST, OURS, ZSCORE
from switchgear.detect.report import TITLES
from switchgear.detect.streams import ATTACKS, SYNCHRONY
from switchgear.detect.suite import RATES

if TYPE_CHECKING:
    from pathlib import Path

    from matplotlib.axes import Axes

    from switchgear.detect.bench import Snapshot

COLOURS, INK, FAINT = {OURS: "#0b6e4f", ZSCORE: "#e09f3e", FOREST: "#7a7f87"}, "#2b2d33", "#e4e6ea"
_HEIGHT = 0.26


def draw(snapshot: Snapshot, folder: Path) -> None:
    """Writes detect.svg, the same bytes for the same snapshot."""
    from matplotlib import rc_context  # noqa: PLC0415 - heavy
    from matplotlib.figure import Figure  # noqa: PLC0415

    style: dict[str, Any] = {
        "svg.fonttype": "none",
        "svg.hashsalt": "switchgear",
        "font.family": "sans-serif",
        "font.size": 10,
        "text.color": INK,
        "axes.edgecolor": INK,
        "axes.labelcolor": INK,
        "axes.spines.top": False,
        "axes.spines.right": False,
        "axes.spines.left": False,
    }
    with rc_context(style):
        figure = Figure(figsize=(9.6, 5.4), layout="constrained")
        figure.suptitle("Attacks found at an equal rate of false alarms", x=0.01, ha="left", weight="bold")
        left, right = figure.subplots(1, 2, sharey=True)
        _recall(left, snapshot)
        _delay(right, snapshot)
        figure.savefig(folder / "detect.svg", metadata={"Date": None})


def rows(snapshot: Snapshot) -> dict[str, dict[str, Any]]:
    """Of each attack on an agent or a lineage, what was found at each rate."""
    found = {attack: snapshot["agents"]["attacks"][attack] for attack in ATTACKS}
    return {**found, SYNCHRONY: snapshot["lineages"]["attacks"][SYNCHRONY]}


def _recall(axes: Axes, snapshot: Snapshot) -> None:
    """Bars for the looser rate, a stroke in them for the stricter one."""
    found = rows(snapshot)
    for index, (name, colour) in enumerate(COLOURS.items()):
        for place, results in enumerate(found.values()):
            height = place + (index - 1) * _HEIGHT
            if name not in results[str(RATES[0])]:
                continue
            often, seldom = (results[str(rate)][name]["recall"] for rate in RATES)
            label = TITLES[name] if not place else None
            axes.barh(height, often, height=_HEIGHT - 0.04, color=colour, label=label)
            axes.plot([seldom, seldom], [height - 0.13, height + 0.13], color=INK, linewidth=1.6)
            axes.annotate(
                f"{often:.0%}",
                (max(often, seldom), height),
                (4, 0),
                textcoords="offset points",
                va="center",
                fontsize=8,
            )
    axes.set_yticks(range(len(found)), list(found))
    axes.invert_yaxis()
    axes.set_xlim(0, 1.12)
    axes.set_xticks([0, 0.5, 1], ["0 %", "50 %", "100 %"])
    axes.tick_params(left=False)
    axes.set_xlabel(f"found at 1 false alarm in {RATES[0]} days (stroke: in {RATES[1]})")
    axes.legend(frameon=False, loc="lower center", bbox_to_anchor=(0.5, 1.0), ncols=3)


def _delay(axes: Axes, snapshot: Snapshot) -> None:
    for index, (name, colour) in enumerate(COLOURS.items()):
        for place, results in enumerate(rows(snapshot).values()):
            height = place + (index - 1) * _HEIGHT
            for rate, marker in zip(RATES, ("o", "|"), strict=True):
                until = results[str(rate)].get(name, {}).get("until")
                if until is not None:
                    axes.plot([until], [height], marker, color=colour if marker == "o" else INK, markersize=7)
    axes.set_xscale("log")
    axes.grid(axis="x", color=FAINT)
    axes.set_axisbelow(True)
    axes.tick_params(left=False)
    axes.xaxis.set_major_formatter(lambda figure, _: f"{figure:,.0f}")
    axes.set_xlabel("bad actions until the alarm (median)")
