"""ABIs and bytecode of wallets, read where npm has put them. Nothing is copied: some of it is GPL or LGPL."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Any

from eth_abi.grammar import parse

from switchgear.errors import InvalidInput
from switchgear.gas.chain import Artifacts, Compiled

if TYPE_CHECKING:
    from pathlib import Path

    from ape.managers.project import LocalProject

SAFES = {"1.5.0": "@safe-global/safe-smart-account", "1.4.1": "@safe-global/safe-contracts"}
"""npm package of each version of Safe."""

_SAFE_CONTRACTS = {
    "Safe": "Safe",
    "SafeProxyFactory": "proxies/SafeProxyFactory",
    "MultiSend": "libraries/MultiSend",
    "MultiSendCallOnly": "libraries/MultiSendCallOnly",
    "CompatibilityFallbackHandler": "handler/CompatibilityFallbackHandler",
}
_METAMASK = (
    "DelegationManager",
    "MultiSigDeleGator",
    "EIP7702StatelessDeleGator",
    "ERC1967Proxy",
    "SimpleFactory",
    "AllowedTargetsEnforcer",
    "AllowedMethodsEnforcer",
    "ERC20PeriodTransferEnforcer",
    "LimitedCallsEnforcer",
    "RedeemerEnforcer",
)
_ACCOUNT = (
    "execute(bytes32,bytes)",
    "executeFromExecutor(bytes32,bytes)",
    "installModule(uint256,address,bytes)",
    "uninstallModule(uint256,address,bytes)",
)
_ACCOUNT_VIEWS = (
    "isModuleInstalled(uint256,address,bytes) bool",
    "isValidSignature(bytes32,bytes) bytes4",
    "accountId() string",
)
# These come as bytecode alone, in Solidity constants. What is called of each, with the type that it returns.
_MODULEKIT: dict[str, tuple[str, str, tuple[str, ...]]] = {
    "Nexus": (
        "Nexus",
        "NEXUS_BYTECODE",
        (
            "constructor(address)",
            "initializeAccount(bytes)",
            *_ACCOUNT,
            *_ACCOUNT_VIEWS,
            "emergencyUninstallHook(address,bytes)",
        ),
    ),
    "NexusProxy": ("Nexus", "NEXUS_PROXY_BYTECODE", ("constructor(address,bytes)",)),
    "NexusBootstrap": (
        "Nexus",
        "NEXUS_BOOTSTRAP_BYTECODE",
        (
            "getInitNexusCalldata((address,bytes)[],(address,bytes)[],(address,bytes),(address,bytes)[],"
            "address,address[],uint8) bytes",
        ),
    ),
    "Kernel": (
        "Kernel",
        "KERNEL_BYTECODE",
        (
            "constructor(address)",
            "initialize(bytes21,address,bytes,bytes,bytes[])",
            "installValidations(bytes21[],(uint32,address)[],bytes[],bytes[])",
            "validationConfig(bytes21) (uint32,address)",
            *_ACCOUNT,
            *_ACCOUNT_VIEWS,
        ),
    ),
    "KernelFactory": (
        "Kernel",
        "KERNEL_FACTORY_BYTECODE",
        ("constructor(address)", "createAccount(bytes,bytes32) address"),
    ),
    "Safe7579": (
        "Safe7579",
        "SAFE7579_BYTECODE",
        (
            "initializeAccount((address,bytes)[],(address,bytes)[],(address,bytes)[],(address,bytes)[],"
            "(address,address[],uint8))",
            *_ACCOUNT,
            *_ACCOUNT_VIEWS,
        ),
    ),
}


def of(project: LocalProject) -> Artifacts:
    """The project's contracts, and all wallets."""
    return Artifacts(Artifacts.of(project) | load(project.path / "node_modules"))


def load(node_modules: Path) -> Artifacts:
    """All wallets that npm has installed.

    `Safe 1.5.0` and its like for each version of Safe, `EntryPoint 0.8` and `EntryPoint 0.7`, the rest by plain name.

    Raises:
        InvalidInput: A package is not there, or holds something else: `npm ci` puts that right.
    """
    try:
        parts = (read(node_modules) for read in (_safes, _entry_points, _delegation, _kit))
        return Artifacts({name: compiled for part in parts for name, compiled in part.items()})
    except (OSError, ValueError, LookupError) as error:
        message = f"no wallets in {node_modules}, run npm ci: {error}"
        raise InvalidInput(message) from error


def function(text: str) -> dict[str, Any]:
    """A function's or constructor's ABI entry, from `name(types) returned`."""
    call, _, returned = text.partition(") ")
    name, _, inputs = (call.removesuffix(")") + ")").partition("(")
    kind = {"type": "constructor"} if name == "constructor" else {"type": "function", "name": name}
    return {**kind, "inputs": _fields(f"({inputs}"), "outputs": _fields(f"({returned})")}


def _fields(types: str) -> list[dict[str, str]]:
    """A tuple's members as an ABI has them; names do not matter."""
    return [] if types == "()" else [{"name": "", "type": part.to_type_str()} for part in parse(types).components]


def _safes(root: Path) -> dict[str, Compiled]:
    return {
        f"{name} {version}": _hardhat(
            root / package / "build/artifacts/contracts" / f"{path}.sol" / f"{path.rpartition('/')[2]}.json"
        )
        for version, package in SAFES.items()
        for name, path in _SAFE_CONTRACTS.items()
    }


def _entry_points(root: Path) -> dict[str, Compiled]:
    latest = _hardhat(root / "@account-abstraction/contracts/artifacts/EntryPoint.json")
    return {"EntryPoint 0.8": latest, "EntryPoint 0.7": _metamask(root, "EntryPoint")}


def _delegation(root: Path) -> dict[str, Compiled]:
    return {name: _metamask(root, name) for name in _METAMASK}


def _kit(root: Path) -> dict[str, Compiled]:
    folder = root / "@rhinestone/modulekit/src/deployment/precompiles"
    sources = {family: (folder / f"{family}Precompiles.sol").read_text() for family in ("Nexus", "Kernel", "Safe7579")}
    return {
        name: Compiled([function(text) for text in functions], _literal(sources[family], constant), b"")
        for name, (family, constant, functions) in _MODULEKIT.items()
    }


def _hardhat(path: Path) -> Compiled:
    found = json.loads(path.read_text())
    return Compiled(found["abi"], _hex(found["bytecode"]), _hex(found["deployedBytecode"]))


def _metamask(root: Path, name: str) -> Compiled:
    """From two CommonJS modules, each one constant that is JSON as well."""
    folder = root / "@metamask/delegation-abis/dist"
    abi, bytecode = (
        json.loads(_group(rf"^const {kind} = (.*?);$", (folder / place / f"{name}.cjs").read_text()))
        for kind, place in (("abi", "abis"), ("bytecode", "bytecode"))
    )
    return Compiled(abi, _hex(bytecode), b"")


def _literal(source: str, constant: str) -> bytes:
    return bytes.fromhex(_group(rf'\b{constant}\s*=\s*hex"([0-9a-fA-F]+)"', source))


def _group(pattern: str, text: str) -> str:
    match = re.search(pattern, text, re.MULTILINE | re.DOTALL)
    if match is None:
        message = f"nothing matches {pattern}"
        raise LookupError(message)
    return match[1]


def _hex(text: str) -> bytes:
    return bytes.fromhex(text.removeprefix("0x"))
