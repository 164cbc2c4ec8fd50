"""Builds `switchgear/abi/*.json` from what Ape compiles."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import TYPE_CHECKING, Any

from switchgear.artifacts import whole_abi
from switchgear.chain import code_hash

if TYPE_CHECKING:
    from ape.managers.project import LocalProject
    from ethpm_types import ContractType

FOLDER = Path(__file__).parents[1] / "abi"

_SHIPPED = ("contracts", "contracts/adapters", "contracts/core", "contracts/policy")
_READ = (*_SHIPPED, "contracts/interfaces")
_INTERFACES = ("IAgentGuarded", "IERC8004Identity")
"""ABIs of contracts that are not ours, or have no address of their own."""
_IMMUTABLE = re.compile(rb"\x7f(?=\x00{32})")
"""solc leaves 32 zero bytes after a PUSH32 for each use of an immutable; a plain zero is a PUSH0."""


def build(project: LocalProject) -> dict[str, str]:
    """The text of each artifact file by its contract's name, from the compiled project.

    Shipped are the deployable contracts of ``contracts/``, of their adapters and of their other halves, and a few
    interfaces.
    """
    sources = [path.relative_to(project.path) for folder in _READ for path in (project.path / folder).glob("*.sol")]
    # Ape's cache knows of changed sources only, not of changed settings.
    loaded = project.load_contracts(*sorted(map(str, sources)), use_cache=False)
    contracts: dict[str, ContractType] = {one.contract_type.name: one.contract_type for one in loaded.values()}
    compiler = next(one for one in project.manifest.compilers or [] if one.name == "solidity")
    settings = {
        k: v for k, v in (compiler.settings or {}).items() if k in ("evmVersion", "metadata", "optimizer", "viaIR")
    }
    abis = {name: _abi(contract) for name, contract in contracts.items()}
    texts = {}
    for name, contract in sorted(contracts.items()):
        code = _bytes(contract.deployment_bytecode)
        if name not in _INTERFACES and not (code and str(Path(contract.source_id or "").parent) in _SHIPPED):
            continue
        runtime = _bytes(contract.runtime_bytecode)
        fields = {
            "name": name,
            "compiler": compiler.version,
            "settings": settings,
            "code_hash": code_hash(runtime) if runtime else None,
            "immutables": [match.end() for match in _IMMUTABLE.finditer(runtime)],
        }
        texts[name] = _format(fields, _merged(whole_abi(name, abis)), "0x" + code.hex())
    return texts


def stale(texts: dict[str, str], folder: Path = FOLDER) -> list[str]:
    """Names whose file is missing, different or left over."""
    present = {path.stem: path.read_text() for path in folder.glob("*.json")}
    return sorted(name for name in texts.keys() | present.keys() if texts.get(name) != present.get(name))


def write(texts: dict[str, str], folder: Path = FOLDER) -> list[str]:
    """Makes the files what they should be; returns the names that changed."""
    changed = stale(texts, folder)
    folder.mkdir(parents=True, exist_ok=True)
    for name in changed:
        path = folder / f"{name}.json"
        if name in texts:
            path.write_text(texts[name])
        else:
            path.unlink()
    return changed


def _bytes(code: Any) -> bytes:
    return bytes.fromhex(str(code.bytecode).removeprefix("0x")) if code and code.bytecode else b""


def _abi(contract: ContractType) -> list[dict[str, Any]]:
    return [entry.model_dump(mode="json", by_alias=True, exclude_none=True) for entry in contract.abi]


def _merged(abi: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Every entry once, sorted, without the compiler's names for types, which tell nothing to a client."""
    entries: dict[str, dict[str, Any]] = {}
    for entry in abi:
        plain = _plain(entry)
        key = json.dumps([plain["type"], plain.get("name"), [field["type"] for field in plain.get("inputs", [])]])
        entries.setdefault(key, plain)
    return [entries[key] for key in sorted(entries)]


def _plain(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _plain(one) for key, one in value.items() if key != "internalType"}
    return [_plain(one) for one in value] if isinstance(value, list) else value


def _format(fields: dict[str, Any], abi: list[dict[str, Any]], bytecode: str) -> str:
    """JSON with one line for each ABI entry, so that changes can be read."""
    lines = [f'  "{key}": {json.dumps(value, sort_keys=True)},' for key, value in fields.items()]
    entries = ",\n".join(f"    {json.dumps(entry)}" for entry in abi)
    return "\n".join(["{", *lines, f'  "abi": [\n{entries}\n  ],', f'  "bytecode": "{bytecode}"', "}"]) + "\n"
