"""The snapshot, and what is printed from it: a table for a terminal, and those of docs/gas.md."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path
from typing import TYPE_CHECKING, Any

from switchgear import tables
from switchgear.gas.chain import Artifacts, anvil
from switchgear.gas.crowd import LINES, SIZES, measure_crowd
from switchgear.gas.peers import PEERS, measure_peers
from switchgear.gas.rows import BUDGETS, TITLES, measure_rows
from switchgear.gas.wallets import WALLETS, measure_wallets
from switchgear.gas.world import World
from switchgear.tables import Measured

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from rich.console import Console

Snapshot = dict[str, Any]
"""What was measured, as tests/gas/snapshot.json holds it."""

ROOT = Path(__file__).parents[2]
SNAPSHOT = ROOT / "tests" / "gas" / "snapshot.json"
PAGE = ROOT / "docs" / "gas.md"
CODE_LIMIT = 24_576
"""Bytes of runtime code that a contract may have (EIP-170)."""
DEPLOYABLE = (
    "CircuitBreaker",
    "Administration",
    "AgentIdentity",
    "GuardedPool",
    "SoftGuardedPool",
    "ChargedPool",
    "GuardedVault",
    "SoftGuardedVault",
    "SpendAccount",
    "SafeAgentGuard",
    "AgentHook7579",
    "AgentCaveat",
    "PolicyAdministration",
    "Countersign",
    "AgenticCommerce",
    "CommerceHook",
)
"""Contracts whose size is watched: the core, the registry, the examples and the wallets' side, cold halves included."""


def take(
    artifacts: Artifacts, sizes: Sequence[int] = SIZES, progress: Callable[[int], None] = lambda _: None
) -> Snapshot:
    """Measures everything.

    Args:
        artifacts: The contracts.
        sizes: Numbers of enrolled agents to measure at.
        progress: Is told each of them when it is reached.
    """
    with anvil(artifacts) as chain:
        world = World(chain)
        rows = {name: row.as_dict() for name, row in measure_rows(world).items()}
        peers = {
            name: {"gas": row.gas, "written_slots": row.written_slots, "eip8038": row.eip8038}
            for name, row in measure_peers(world).items()
        }
    with anvil(artifacts) as chain:
        wallets = {name: row.as_dict() for name, row in measure_wallets(World(chain)).items()}
    with anvil(artifacts) as chain:
        crowd = measure_crowd(World(chain), sizes, progress)
    code = {name: len(artifacts[name].runtime) for name in DEPLOYABLE}
    return {
        "tools": _tools(),
        "rows": rows,
        "peers": peers,
        "wallets": wallets,
        "agents": crowd,
        "code": {name: {"bytes": size, "percent": round(100 * size / CODE_LIMIT, 1)} for name, size in code.items()},
    }


def read(path: Path = SNAPSHOT) -> Snapshot:
    """The committed snapshot."""
    return dict(json.loads(path.read_text()))


def write(snapshot: Snapshot, path: Path = SNAPSHOT) -> None:
    """Replaces it."""
    path.write_text(json.dumps(snapshot, indent=2) + "\n")


def drift(before: Snapshot, after: Snapshot) -> list[str]:
    """Every figure that is not what it was, those about the tools left out, as `path: before -> after`.

    Where fewer numbers of agents were measured than before, those that were are compared.
    """
    measured = {**before, "agents": {size: before["agents"].get(size) for size in after["agents"]}}
    return [
        line
        for part in ("rows", "peers", "wallets", "agents", "code")
        for line in tables.differences(part, measured[part], after[part])
    ]


def over_budget(snapshot: Snapshot) -> dict[str, int]:
    """By how much each row that does not keep to its budget exceeds it."""
    rows = {**snapshot["rows"], **snapshot["wallets"]}.items()
    return {name: row["gas"] - row["budget"] for name, row in rows if row["within_budget"] is False}


def show(console: Console, snapshot: Snapshot) -> None:
    """Everything, in a terminal."""
    tables.show(console, _tables(snapshot))
    for name, excess in over_budget(snapshot).items():
        console.print(f"[bold red]{name} is over budget by {excess:,}[/]")


def page(text: str, snapshot: Snapshot) -> str:
    """The page with its generated parts made anew; each lies between two markers that bear its table's title."""
    return tables.fill(text, "gas", _tables(snapshot))


def _tables(snapshot: Snapshot) -> Iterator[Measured]:
    """Each table of the page."""
    rows = snapshot["rows"]
    header = ["Path", "Gas", "Floor", "Gas / floor", "Budget", "Verdict", "With EIP-8038"]
    yield Measured("budgeted", header, [_budgeted(name, rows[name]) for name in BUDGETS])
    others = [
        [TITLES[name], f"{row['gas']:,}", f"{row['eip8038']:,}"] for name, row in rows.items() if name not in BUDGETS
    ]
    yield Measured("others", ["Path", "Gas", "With EIP-8038"], others)
    split = [
        [TITLES[name], f"{row['gas']:,}", f"{row['core']:,}", f"{row['adapter']:,}"]
        for name, row in rows.items()
        if row["core"] is not None and name in BUDGETS
    ]
    yield Measured("split", ["Path", "Gas", "In the core", "In the caller"], split)
    ours = [["**Switchgear**, admission", "this repository", *_costs(rows["admit"])]]
    theirs = [[peer.title, f"`{peer.package}`", *_costs(snapshot["peers"][name])] for name, peer in PEERS.items()]
    yield Measured("peers", ["Guard", "From", "Gas", "Slots written", "With EIP-8038"], ours + theirs)
    wallets = [_wallet(name, snapshot["wallets"][name]) for name in WALLETS]
    yield Measured(
        "wallets",
        ["Wallet and guard", "Gas", "Floor", "Budget", "Verdict", "Slots written", "With EIP-8038"],
        wallets,
    )
    agents = [
        [f"{int(size):,}", *(f"{figures[line]:,}" if line in figures else "none yet" for line in LINES)]
        for size, figures in snapshot["agents"].items()
    ]
    yield Measured("agents", ["Enrolled agents", *LINES.values()], agents)
    code = [[f"`{name}`", f"{one['bytes']:,}", f"{one['percent']} %"] for name, one in snapshot["code"].items()]
    yield Measured("code", ["Contract", "Bytes", "Of the limit"], code)
    tools = {**snapshot["tools"], **snapshot["tools"]["packages"]}
    facts = [[name, str(value)] for name, value in tools.items() if name != "packages"]
    yield Measured("tools", ["Tool or setting", "Value"], facts)


def _budgeted(name: str, row: dict[str, Any]) -> list[str]:
    floor = (f"{row['floor']:,}", f"{row['ratio']:.3f}") if row["floor"] else ("none", "")
    return [
        f"{TITLES[name]} (`{name}`)",
        f"{row['gas']:,}",
        *floor,
        f"{row['budget']:,}",
        _verdict(row),
        f"{row['eip8038']:,}",
    ]


def _wallet(name: str, row: dict[str, Any]) -> list[str]:
    title, budget, ours = WALLETS[name]
    limits = [f"{row['floor']:,}", f"{budget:,}", _verdict(row)] if budget else ["", "", ""]
    return [
        f"**{title}**" if ours else title,
        f"{row['gas']:,}",
        *limits,
        str(row["written_slots"]),
        f"{row['eip8038']:,}",
    ]


def _verdict(row: dict[str, Any]) -> str:
    return "within" if row["within_budget"] else f"**over by {row['gas'] - row['budget']:,}**"


def _costs(row: dict[str, Any]) -> list[str]:
    return [f"{row['gas']:,}", str(row["written_slots"]), f"{row['eip8038']:,}"]


def _tools() -> dict[str, Any]:
    """What the figures depend on besides the contracts."""
    version = subprocess.run(["anvil", "--version"], capture_output=True, text=True, check=True).stdout.split("\n")[0]
    config = subprocess.run(["forge", "config", "--json"], cwd=ROOT, capture_output=True, text=True, check=True)
    settings = json.loads(config.stdout)
    pins = json.loads((ROOT / "package.json").read_text())["devDependencies"]
    return {
        "solc": pins.pop("solc"),
        "evm_version": settings["evm_version"],
        "optimizer_runs": settings["optimizer_runs"],
        "via_ir": settings["via_ir"],
        "anvil": version.removeprefix("anvil Version: "),
        "packages": pins,
    }
