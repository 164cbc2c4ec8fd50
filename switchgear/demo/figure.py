"""The price path of the cascade, drawn."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path


def draw(markets: Mapping[str, Any], path: Path) -> None:
    """Draws what scene 3 measured; the same figures give the same file.

    Args:
        markets: `Figures.more` of the cascade: by the name of a guard, `prices` before the signal and after each block.
        path: Where to write; its ending (svg, png) chooses the format.

    Raises:
        ModuleNotFoundError: Matplotlib, which only development needs, is not installed.
    """
    # Not at the top: nobody else needs it, and it is slow to load.
    import matplotlib as mpl  # noqa: PLC0415
    from matplotlib.figure import Figure  # noqa: PLC0415

    mpl.rcParams["svg.hashsalt"] = "switchgear"
    figure = Figure(figsize=(7, 3.5), layout="constrained")
    axes = figure.subplots()
    for name, market in markets.items():
        prices = market["prices"]
        (line,) = axes.plot(range(len(prices)), prices, marker="o", label=name.replace("_", " "))
        axes.annotate(f"${prices[-1]:.2f}", (len(prices) - 1, prices[-1]), (8, -3), textcoords="offset points",
                      color=line.get_color())  # fmt: skip
    axes.set_title("24 agents on one model sell on one signal", loc="left")
    axes.set_xlabel("blocks since the signal")
    axes.set_ylabel("price of ore, $")
    axes.set_xticks(range(len(prices)))
    axes.set_ylim(bottom=0)
    axes.spines[["top", "right"]].set_visible(False)
    axes.legend(frameon=False, loc="lower left")
    figure.savefig(path, metadata={"Date": None} if path.suffix == ".svg" else {})
