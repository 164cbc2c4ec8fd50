"""What the fuzzer deploys, as Ape compiles it."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from switchgear.fuzz.abi import Artifact

if TYPE_CHECKING:
    from ape.managers.project import LocalProject


_SOURCES = (
    "contracts/CircuitBreaker.sol",
    "contracts/interfaces/ICircuitBreaker.sol",
    "contracts/mocks/FuzzRegistry.sol",
)


def from_project(project: LocalProject) -> dict[str, Artifact]:
    """ABI and creation bytecode of the core, its interface and the mock registry; compiles what has changed."""
    compiled = project.load_contracts(*_SOURCES)
    artifacts = {}
    for name in (Path(source).stem for source in _SOURCES):
        contract = compiled[name].contract_type
        abi = [entry.model_dump(mode="json", by_alias=True, exclude_none=True) for entry in contract.abi]
        code = contract.deployment_bytecode and contract.deployment_bytecode.bytecode
        artifacts[name] = Artifact(abi, bytes.fromhex(str(code or "").removeprefix("0x")))
    return artifacts
