"""Two figures for docs/gas.md: our rows beside other people's guards, and cost against enrolled agents."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from switchgear.gas.crowd import LINES
from switchgear.gas.peers import PEERS

if TYPE_CHECKING:
    from pathlib import Path

    from matplotlib.axes import Axes

    from switchgear.gas.report import Snapshot

OURS, THEIRS, LEVELS, INK = "#0b6e4f", "#b4b8bf", ("#0b6e4f", "#e09f3e", "#9e2a2b"), "#2b2d33"
OUR_BARS = {
    "status_of_view": "Switchgear: kill switch, by handle",
    "status_view": "Switchgear: kill switch, by wallet",
    "admit": "Switchgear: agent, count and value",
    "admit_lineage": "Switchgear: and its lineage",
    "admit_ancestor": "Switchgear: and its ancestor",
}


def draw(snapshot: Snapshot, folder: Path) -> None:
    """Writes gas-peers.svg and gas-agents.svg, the same bytes for the same snapshot."""
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
    }
    with rc_context(style):
        for name, title, size, plot in (
            ("gas-peers", "Gas of the question, beyond the same transaction unasked", (8.6, 4.8), _peers),
            ("gas-agents", "An admission costs the same with one agent or ten thousand", (8.6, 3.8), _agents),
        ):
            figure = Figure(figsize=size, layout="constrained")
            figure.suptitle(title, x=0.01, ha="left", weight="bold")
            plot(figure.add_subplot(), snapshot)
            figure.savefig(folder / f"{name}.svg", metadata={"Date": None})


def _peers(axes: Axes, snapshot: Snapshot) -> None:
    bars = [(PEERS[name].title, row["gas"], THEIRS) for name, row in snapshot["peers"].items()]
    bars += [(title, snapshot["rows"][name]["gas"], OURS) for name, title in OUR_BARS.items()]
    bars.sort(key=lambda bar: bar[1], reverse=True)
    titles, figures, colours = zip(*bars, strict=True)
    drawn = axes.barh(titles, figures, color=colours, height=0.72)
    axes.bar_label(drawn, [f"{figure:,}" for figure in figures], padding=4)
    axes.spines["left"].set_visible(False)
    axes.spines["bottom"].set_visible(False)
    axes.tick_params(left=False, bottom=False, labelbottom=False)


def _agents(axes: Axes, snapshot: Snapshot) -> None:
    for (line, title), colour in zip(LINES.items(), LEVELS, strict=True):
        points = [(int(size), row[line]) for size, row in snapshot["agents"].items() if line in row]
        sizes, figures = zip(*points, strict=True)
        axes.plot(sizes, figures, marker="o", color=colour, label=title)
        axes.annotate(f"{figures[-1]:,}", (sizes[-1], figures[-1]), (0, 7), textcoords="offset points", ha="right")
    axes.set_xscale("log")
    axes.set_ylim(0, 1.15 * max(max(row.values()) for row in snapshot["agents"].values()))
    axes.yaxis.set_major_formatter(lambda figure, _: f"{figure:,.0f}")
    axes.xaxis.set_major_formatter(lambda size, _: f"{size:,.0f}")
    axes.set_xlabel("enrolled agents")
    axes.set_ylabel("gas of an admission")
    axes.legend(frameon=False, loc="lower right")
