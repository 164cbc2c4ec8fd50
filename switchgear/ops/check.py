"""``ape run check``: is the recorded deployment there, and is it what this version ships?"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click
from eth_utils.crypto import keccak

from switchgear.artifacts import load
from switchgear.chain import Contract, code_hash
from switchgear.deployment import Record, core_address, create_address, identity_address
from switchgear.errors import ChainError, ContractReverted
from switchgear.interface import Interface
from switchgear.ops.cli import Command, Exit, console, json_option, print_json
from switchgear.ops.context import Context, context
from switchgear.signing import CORE_DOMAIN, REGISTRY_DOMAIN
from switchgear.types import (
    LOOSENING_DELAY,
    LOOSENING_WINDOW,
    MAX_GUARDIAN_BOUND,
    MAX_GUARDIANS,
    OUTAGE_ALLOWANCE,
    REBIND_DELAY,
)
from switchgear.values import to_address

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from switchgear.deployment import Deployed


@dataclass(frozen=True)
class Finding:
    """One thing that was compared."""

    subject: str
    expected: Any
    actual: Any

    @property
    def ok(self) -> bool:
        """Whether it is as it should be."""
        return bool(self.expected == self.actual)


@click.command(cls=Command)
@click.option("--record", type=click.Path(path_type=Path), help="The record.  [default: deployments/<chain id>.json]")
@json_option
def cli(record: Path | None, as_json: bool) -> None:
    """Reload the recorded deployment and compare code and every getter; exit code 1 if anything differs."""
    ctx = context(record)
    findings = list(run(ctx, Record.read(ctx.record_path)))
    wrong = [finding for finding in findings if not finding.ok]
    if as_json:
        print_json({"ok": not wrong, "findings": [{"ok": f.ok, **vars(f)} for f in findings]})
    else:
        for finding in findings:
            mark = "[green]ok[/]" if finding.ok else "[red]WRONG[/]"
            expected = "" if finding.ok else f", expected {_text(finding.expected)}"
            console().print(f"{mark} {finding.subject}: {_text(finding.actual)}{expected}")
    for finding in wrong:
        text = f"{finding.subject} is {_text(finding.actual)}, expected {_text(finding.expected)}"
        click.echo(f"error: {text}", err=True)
    if wrong:
        raise SystemExit(Exit.FAILED)


def run(ctx: Context, record: Record) -> Iterator[Finding]:
    """Everything that is compared: contracts if the chain is the recorded one, getters if the code is there."""
    yield Finding("chain id", record.chain_id, ctx.node.chain_id)
    if record.chain_id != ctx.node.chain_id:
        return
    expected = {"CircuitBreaker": (core_address(), _core), "AgentIdentity": (identity_address(), _identity)}
    yield Finding("recorded contracts", sorted(expected), sorted(record.contracts))
    for name, (address, getters) in expected.items():
        if name in record.contracts:
            yield from _contract(ctx, record.contracts[name], address, getters)


def _contract(
    ctx: Context, recorded: Deployed, address: str, getters: Callable[[Context, str], dict[str, Any]]
) -> Iterator[Finding]:
    name = recorded.name
    yield Finding(f"{name} recorded address", address, recorded.address)
    code = ctx.node.code(to_address(recorded.address))
    yield Finding(f"{name} code at {recorded.address}", "present", "present" if code else "absent")
    if not code:
        return
    artifact = load(name)
    yield Finding(f"{name} code hash, as recorded", recorded.code_hash, code_hash(code))
    yield Finding(f"{name} code hash, immutables blanked", artifact.code_hash, code_hash(artifact.blank(code)))
    contract = Contract(ctx.web3, recorded.address, Interface(artifact.abi))
    for function, expected in getters(ctx, recorded.address).items():
        yield Finding(f"{name}.{function}", expected, _answer(contract, function))


def _answer(contract: Contract, function: str) -> Any:
    try:
        return contract.read(function)
    except (ContractReverted, ChainError) as error:
        return f"no answer ({error})"


def _core(ctx: Context, address: str) -> dict[str, Any]:
    """What each getter of the core answers; numbers that grow are only to be there."""
    return {
        "administration": create_address(address, 1),
        "LOOSENING_DELAY": LOOSENING_DELAY,
        "LOOSENING_WINDOW": LOOSENING_WINDOW,
        "MAX_GUARDIANS": MAX_GUARDIANS,
        "MAX_GUARDIAN_BOUND": MAX_GUARDIAN_BOUND,
        "OUTAGE_ALLOWANCE": OUTAGE_ALLOWANCE,
        "REBIND_DELAY": REBIND_DELAY,
        "agentCount": Number(),
        "domainSeparator": _separator(CORE_DOMAIN, ctx.node.chain_id, address),
        "eip712Domain": _domain(CORE_DOMAIN, ctx.node.chain_id, address),
    }


def _identity(ctx: Context, address: str) -> dict[str, Any]:
    return {
        "circuitBreaker": core_address(),
        "eip712Domain": _domain(REGISTRY_DOMAIN, ctx.node.chain_id, address),
        "getVersion": "2.0.0+switchgear.1",
        "name": "AgentIdentity",
        "symbol": "AGENT",
    }


class Number:
    """Equals any whole number: a getter that answers, with a value that grows."""

    def __eq__(self, other: object) -> bool:
        return isinstance(other, int)

    def __hash__(self) -> int:
        return hash(Number)

    def __str__(self) -> str:
        return "a number"


def _domain(domain: tuple[str, str], chain_id: int, address: str) -> tuple[Any, ...]:
    return (b"\x0f", *domain, chain_id, address, bytes(32), ())


def _separator(domain: tuple[str, str], chain_id: int, address: str) -> bytes:
    kind = keccak(text="EIP712Domain(string name,string version,uint256 chainId,address verifyingContract)")
    hashes = b"".join(keccak(text=one) for one in domain)
    return keccak(kind + hashes + chain_id.to_bytes(32, "big") + bytes(12) + bytes.fromhex(address[2:]))


def _text(value: Any) -> str:
    if isinstance(value, tuple):
        return f"({', '.join(map(_text, value))})"
    return "0x" + value.hex() if isinstance(value, bytes) else str(value)
