"""One mutant: changed, compiled, and compared with the reference model; what no comparison finds goes to the tests."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path
from random import Random
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any

from switchgear.fuzz.abi import Artifact
from switchgear.fuzz.backends import CHAIN_ID, Pyrevm
from switchgear.fuzz.machine import START, Divergence, Machine
from switchgear.fuzz.planner import Planner
from switchgear.fuzz.rules import Rules
from switchgear.fuzz.run import EPISODE, RULED, do, finish

if TYPE_CHECKING:
    from switchgear.mutants.table import Mutant

SEED = 1
EPISODES = 24
"""Of `EPISODE` steps each; the first difference ends it."""
TESTS = ("tests/core", "tests/threats")
IMPORTED = {"@chainlink", "@layerzerolabs", "@openzeppelin"}
"""npm scopes that contracts import."""
EQUIVALENT = "equivalent:"
"""How the description of a mutant begins that changes nothing that can be seen; it must survive."""
TARGETS = {
    "contracts/CircuitBreaker.sol": "CircuitBreaker",
    "contracts/interfaces/ICircuitBreaker.sol": "ICircuitBreaker",
    "contracts/mocks/FuzzRegistry.sol": "FuzzRegistry",
}
# Hardly optimised: the code need not be cheap, and compiles three times as fast.
OPTIMIZER = {
    "enabled": False,
    "details": {"yul": True, "yulDetails": {"stackAllocation": True, "optimizerSteps": "u:"}},
}


class OutdatedMutant(Exception):
    """The text that a mutant changes is not there exactly once: the source has changed, and the table must."""


class DoesNotCompile(Exception):
    """A mutant is no program."""


@dataclass(frozen=True)
class Outcome:
    """What noticed a mutant.

    Attributes:
        killer: What noticed it; empty if nothing did.
    """

    mutant: Mutant
    killer: str

    @property
    def expected(self) -> bool:
        """Whether it was noticed, or is explained as equivalent and was not."""
        return bool(self.killer) != self.mutant.what.startswith(EQUIVALENT)


class _Roomy(Pyrevm):
    """Without the limit on code size, for code that is not optimised."""

    def __init__(self, now: int) -> None:
        import pyrevm  # noqa: PLC0415 - for development only

        super().__init__(now)
        cfg = pyrevm.CfgEnv(chain_id=CHAIN_ID, limit_contract_code_size=2**20)
        self._evm = pyrevm.EVM(gas_limit=2**40, env=pyrevm.Env(cfg=cfg))
        self.set_time(now)


def change(text: str, mutant: Mutant) -> str:
    """The source with the mutant in it.

    Raises:
        OutdatedMutant: Its old text is not there exactly once.
    """
    found = text.count(mutant.old)
    if found != 1:
        message = f"{mutant.path}: {found} times, not once: {mutant.old!r} ({mutant.rule}, {mutant.what})"
        raise OutdatedMutant(message)
    return text.replace(mutant.old, mutant.new)


def sources(root: Path, mutant: Mutant | None = None) -> dict[str, str]:
    """All that the core is compiled from, by path, with a mutant in it."""
    texts = {
        path.relative_to(root).as_posix(): path.read_text()
        for folder in ("core", "libraries", "types", "interfaces")
        for path in sorted((root / "contracts" / folder).glob("*.sol"))
    }
    texts |= {path: (root / path).read_text() for path in TARGETS}
    if mutant:
        path = f"contracts/{mutant.path}"
        texts[path] = change(texts[path], mutant)
    return texts


def compiled(root: Path, solc: Path, texts: dict[str, str]) -> dict[str, Artifact]:
    """What the fuzzer deploys.

    Raises:
        DoesNotCompile: With the compiler's first error.
    """
    request = {
        "language": "Solidity",
        "sources": {path: {"content": text} for path, text in texts.items()},
        "settings": {
            "optimizer": OPTIMIZER,
            "viaIR": True,
            "evmVersion": "prague",
            "remappings": ["@openzeppelin/contracts/=node_modules/@openzeppelin/contracts/"],
            "outputSelection": {path: {name: ["abi", "evm.bytecode.object"]} for path, name in TARGETS.items()},
        },
    }
    command = [str(solc), "--standard-json", "--base-path", str(root)]
    done = subprocess.run(command, input=json.dumps(request), capture_output=True, text=True, check=True)
    output: dict[str, Any] = json.loads(done.stdout)
    for error in output.get("errors", []):
        if error["severity"] == "error":
            raise DoesNotCompile(error["formattedMessage"])
    contracts = {name: output["contracts"][path][name] for path, name in TARGETS.items()}
    return {
        name: Artifact(contract["abi"], bytes.fromhex(contract["evm"]["bytecode"]["object"]))
        for name, contract in contracts.items()
    }


def difference(artifacts: dict[str, Artifact], count: int = EPISODES, length: int = EPISODE) -> str:
    """The first difference between core and model in so many episodes, or a rule broken; empty if there is none."""
    for number in range(count):
        done = 0
        try:
            machine = Machine(_Roomy(START), artifacts)
            planner = Planner(Random(f"{SEED}/{number}"), machine)  # noqa: S311 - repeatable, not secret
            rules = Rules(machine) if number % RULED == 0 else None
            while done < length:
                done += 1
                do(machine, planner.step(), rules)
            finish(machine, rules)
        except Divergence as divergence:
            return f"model, step {number * length + done}: {divergence.what.split('(')[0]}"
    return ""


def failing_test(root: Path, texts: dict[str, str]) -> str:
    """The first of our tests that fails on these sources, run in a copy of the project; empty if none does."""
    with TemporaryDirectory() as folder:
        copy = Path(folder).resolve()
        (copy / "node_modules").mkdir()
        for name in ("contracts", "tests", "switchgear", "ape_switchgear"):
            shutil.copytree(root / name, copy / name)
        for name in ("ape-config.yaml", "foundry.toml", "pyproject.toml", "package.json", "package-lock.json"):
            shutil.copy(root / name, copy / name)
        # The compiler follows no link out of the project.
        for package in (root / "node_modules").iterdir():
            target = copy / "node_modules" / package.name
            if package.name in IMPORTED:
                shutil.copytree(package, target)
            else:
                target.symlink_to(package)
        for path, text in texts.items():
            (copy / path).write_text(text)
        needed = _needed(copy)
        for source in (copy / "contracts").rglob("*.sol"):
            if source not in needed:
                source.unlink()
        command = ["ape", "test", *TESTS, "-x", "-q", "--disable-warnings"]
        done = subprocess.run(command, cwd=copy, capture_output=True, text=True, check=False)
    match = re.search(r"^(?:FAILED|ERROR) (\S+)", done.stdout, re.MULTILINE)
    if done.returncode and not match:
        message = f"the tests did not run: {done.stdout[-2000:]}{done.stderr[-2000:]}"
        raise RuntimeError(message)
    return match[1] if match else ""


def _needed(project: Path) -> set[Path]:
    """The sources that those tests name, and what these import: compiling all would take most of the time."""
    tests = (path.read_text() for name in (*TESTS, "tests/support") for path in (project / name).rglob("*.py"))
    names = {name for text in tests for name in re.findall(r"project\.([A-Z]\w+)", text)}
    waiting = [path for path in (project / "contracts").rglob("*.sol") if path.stem in names]
    found: set[Path] = set()
    while waiting:
        path = waiting.pop()
        if path not in found:
            found.add(path)
            waiting += [(path.parent / name).resolve() for name in re.findall(r'"(\.\.?/[^"]+)"', path.read_text())]
    return found


def judge(root: Path, solc: Path, mutant: Mutant, *, tests: bool = True) -> Outcome:
    """What notices a mutant: the model first, then our tests."""
    texts = sources(root, mutant)
    killer = difference(compiled(root, solc, texts))
    if not killer and tests:
        killer = failing_test(root, texts)
    return Outcome(mutant, killer)
