"""Anvil as a measuring instrument: its clock, accounts and addresses are the same in every run.

Each transaction has a block of its own, so every account and slot is cold when it begins, and what it costs is what
its receipt says. Accounts are impersonated: there are no keys, and gas has no price.
"""

from __future__ import annotations

import re
import subprocess
import time
from contextlib import contextmanager
from pathlib import Path
from tempfile import NamedTemporaryFile
from typing import TYPE_CHECKING, Any, NamedTuple

from eth_abi.abi import encode
from eth_utils.abi import collapse_if_tuple
from eth_utils.address import to_checksum_address
from eth_utils.crypto import keccak
from web3 import HTTPProvider, Web3

from switchgear.artifacts import whole_abi
from switchgear.chain import Node
from switchgear.interface import Interface

if TYPE_CHECKING:
    from collections.abc import Iterator

    from ape.managers.project import LocalProject

GENESIS = 2_000_000_000
"""Timestamp of the first block, in the year 2033."""
GAS = 30_000_000
"""Gas limit of a transaction; what it leaves over is not in its receipt."""
TIMEOUT = 300.0
"""Seconds that the node may take to answer."""


class Compiled(NamedTuple):
    """One contract as Ape compiled it."""

    abi: list[dict[str, Any]]
    creation: bytes
    runtime: bytes


class Artifacts(dict[str, Compiled]):
    """The project's contracts by name."""

    @classmethod
    def of(cls, project: LocalProject, *sources: Path) -> Artifacts:
        """Compiles what has changed, of all sources or of some."""
        found = cls()
        for container in project.load_contracts(*sources).values():
            kind = container.contract_type
            abi = [entry.model_dump(mode="json", by_alias=True, exclude_none=True) for entry in kind.abi]
            found[str(kind.name)] = Compiled(abi, _code(kind.deployment_bytecode), _code(kind.runtime_bytecode))
        abis = {name: one.abi for name, one in found.items()}
        return cls({name: one._replace(abi=whole_abi(name, abis)) for name, one in found.items()})


class Deployed(NamedTuple):
    """A contract on the chain."""

    address: str
    interface: Interface


class Chain:
    """A node whose clock only moves when told."""

    def __init__(self, url: str, artifacts: Artifacts) -> None:
        self.node = Node(Web3(HTTPProvider(url, request_kwargs={"timeout": TIMEOUT})))
        self.artifacts = artifacts
        self.now = GENESIS

    def later(self, seconds: int) -> None:
        """Moves the clock; the next transaction is mined then, and each after it a second later."""
        self.now += seconds

    def deploy(self, name: str, *args: Any, label: str = "") -> Deployed:
        """Creates a contract, at an address that depends on name and label only, and on nothing that went before."""
        compiled = self.artifacts[name]
        inputs: list[dict[str, Any]] = next(
            (entry["inputs"] for entry in compiled.abi if entry["type"] == "constructor"), []
        )
        code = compiled.creation + encode([collapse_if_tuple(entry) for entry in inputs], args)
        receipt = self._transact({"from": account(f"deployer of {name} {label}"), "data": "0x" + code.hex()})
        return Deployed(to_checksum_address(receipt["contractAddress"]), Interface(compiled.abi))

    def at(self, address: str, name: str) -> Deployed:
        """A contract's other interface."""
        return Deployed(address, Interface(self.artifacts[name].abi))

    def call(self, contract: Deployed, function: str, *args: Any, sender: str | None = None) -> Any:
        """A function's answer, as a transaction would get it in the next block."""
        request = _request(contract, function, args, sender)
        answer = self.node.request("eth_call", request, "latest", {}, {"time": hex(self.now + 1)})
        return contract.interface.decode(function, bytes.fromhex(answer[2:]))

    def send(self, contract: Deployed, function: str, *args: Any, sender: str | None = None) -> dict[str, Any]:
        """A transaction's receipt; raises what it reverts with."""
        return self._transact(_request(contract, function, args, sender))

    def written_slots(self, receipt: dict[str, Any]) -> int:
        """How many storage slots a transaction changed, in all contracts."""
        options = {"tracer": "prestateTracer", "tracerConfig": {"diffMode": True}}
        diff = self.node.request("debug_traceTransaction", receipt["transactionHash"], options)
        # A slot that was zero before is only in `post`, one that is zero after only in `pre`.
        changed = {
            (address, slot)
            for side in (diff["pre"], diff["post"])
            for address, state in side.items()
            for slot in state.get("storage", {})
        }
        return len(changed)

    def callee_gas(self, receipt: dict[str, Any], address: str) -> int:
        """Gas that the calls to a contract used inside it, the price of calling left out."""
        trace = self.node.request("debug_traceTransaction", receipt["transactionHash"], {"tracer": "callTracer"})
        calls = [call for call in trace.get("calls", []) if call["to"] == address.lower()]
        return sum(int(call["gasUsed"], 16) for call in calls)

    def _transact(self, request: dict[str, str]) -> dict[str, Any]:
        self.now += 1
        self.node.request("evm_setNextBlockTimestamp", self.now)
        request = {"gas": hex(GAS), "gasPrice": "0x0"} | request
        receipt: dict[str, Any] = self.node.request("eth_sendTransactionSync", request)
        if not int(receipt["status"], 16):
            before = hex(int(receipt["blockNumber"], 16) - 1)
            self.node.request("eth_call", request, before, {}, {"time": hex(self.now)})
            message = f"a transaction failed that passes as a call: {receipt['transactionHash']}"
            raise RuntimeError(message)
        return receipt


@contextmanager
def anvil(artifacts: Artifacts) -> Iterator[Chain]:
    """Starts an anvil of our own on a free port, and stops it afterwards."""
    chain = ["--hardfork", "prague", "--timestamp", str(GENESIS), "--accounts", "1"]
    free = ["--base-fee", "0", "--gas-price", "0", "--disable-min-priority-fee", "--auto-impersonate"]
    with listening(*chain, *free) as url:
        yield Chain(url, artifacts)


@contextmanager
def listening(*options: str) -> Iterator[str]:
    """The URL of an anvil with these options, on a free port; stops it afterwards."""
    # To a file: anvil logs every request, and a pipe that nobody reads fills up.
    with NamedTemporaryFile() as output:
        process = subprocess.Popen(["anvil", "--port", "0", *options], stdout=output)
        try:
            yield f"http://{_address(process, Path(output.name))}"
        finally:
            process.terminate()
            process.wait()


def account(name: str) -> str:
    """An address that belongs to nobody; the same for the same name."""
    return to_checksum_address(keccak(text=f"switchgear gas: {name}")[12:])


def gas_of(receipt: dict[str, Any]) -> int:
    """Gas of the whole transaction."""
    return int(receipt["gasUsed"], 16)


def _request(contract: Deployed, function: str, args: tuple[Any, ...], sender: str | None) -> dict[str, str]:
    data = contract.interface.encode(function, args)
    return {"from": sender or account("anybody"), "to": contract.address, "data": "0x" + data.hex()}


def _code(code: Any) -> bytes:
    return bytes.fromhex(str(code.bytecode).removeprefix("0x")) if code and code.bytecode else b""


def _address(process: subprocess.Popen[bytes], output: Path) -> str:
    """Where it says that it listens."""
    while process.poll() is None:
        match = re.search(r"^Listening on (\S+)$", output.read_text(), re.MULTILINE)
        if match:
            return match[1]
        time.sleep(0.02)
    message = f"anvil did not start: {output.read_text()}"
    raise RuntimeError(message)
