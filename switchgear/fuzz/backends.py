"""Where the core runs: pyrevm, an EVM in this process, for volume; anvil, a node, for comparison."""

from __future__ import annotations

import re
import subprocess
import time
from contextlib import contextmanager
from pathlib import Path
from tempfile import NamedTemporaryFile
from typing import TYPE_CHECKING, Any, NamedTuple, Protocol

from switchgear.fuzz.abi import Log

if TYPE_CHECKING:
    from collections.abc import Iterator

CHAIN_ID = 31337
DEPLOYER = "0x00000000000000000000000000000000000000dd"
GAS = 30_000_000


class Reverted(Exception):
    """A call reverted, with this data."""

    def __init__(self, data: bytes) -> None:
        super().__init__("0x" + data.hex())
        self.data = data


class Receipt(NamedTuple):
    """What a transaction left behind."""

    output: bytes | None
    """Return data; `None` if the backend cannot tell."""
    logs: list[Log]


class Backend(Protocol):
    """A chain whose clock the fuzzer sets."""

    def set_time(self, now: int) -> None:
        """Timestamp of all that follows."""

    def deploy(self, code: bytes) -> str:
        """Deploy, constructor arguments included; returns the address."""

    def call(self, to: str, data: bytes) -> bytes:
        """Read; raises `Reverted`."""

    def send(self, sender: str, to: str, data: bytes) -> Receipt:
        """Write; raises `Reverted`."""


class Pyrevm:
    """pyrevm. It runs Cancun whatever it is told, and its gas figures mean nothing."""

    _revert = re.compile(r"(?:Revert|Halt) \{.*?(?:output: 0x([0-9a-f]*))? \}", re.DOTALL)

    def __init__(self, now: int) -> None:
        import pyrevm  # noqa: PLC0415 - for development only

        self._block_env = pyrevm.BlockEnv
        self._evm = pyrevm.EVM(gas_limit=2**40, env=pyrevm.Env(cfg=pyrevm.CfgEnv(chain_id=CHAIN_ID)))
        self._number = 0
        self.set_time(now)

    def set_time(self, now: int) -> None:
        """Timestamp of all that follows."""
        self._number += 1
        self._evm.set_block_env(self._block_env(number=self._number, timestamp=now, gas_limit=2**40, basefee=0))

    def deploy(self, code: bytes) -> str:
        """Deploy, constructor arguments included; returns the address."""
        return str(self._evm.deploy(DEPLOYER, code)).lower()

    def call(self, to: str, data: bytes) -> bytes:
        """Read; raises `Reverted`."""
        return self._message(DEPLOYER, to, data)

    def send(self, sender: str, to: str, data: bytes) -> Receipt:
        """Write; raises `Reverted`."""
        output = self._message(sender, to, data)
        result = self._evm.result
        logs = [_log(log.address, log.data[0], log.data[1]) for log in result.logs] if result else []
        self._evm.reset_transient_storage()
        return Receipt(output, logs)

    def _message(self, sender: str, to: str, data: bytes) -> bytes:
        try:
            return self._evm.message_call(sender, to, data, 0, GAS)
        except RuntimeError as error:
            match = self._revert.fullmatch(str(error))
            if match is None:
                raise
            raise Reverted(bytes.fromhex(match[1] or "")) from None


class Anvil:
    """A node over HTTP; every transaction has a block of its own, at the time that was set."""

    def __init__(self, url: str, now: int) -> None:
        from web3 import HTTPProvider  # noqa: PLC0415 - heavy

        self._provider = HTTPProvider(url)
        self._now = now
        self._nonces: dict[str, int] = {}

    def set_time(self, now: int) -> None:
        """Timestamp of all that follows."""
        self._now = now

    def deploy(self, code: bytes) -> str:
        """Deploy, constructor arguments included; returns the address."""
        receipt = self._transact({"from": DEPLOYER, "data": "0x" + code.hex()})
        return str(receipt["contractAddress"]).lower()

    def call(self, to: str, data: bytes) -> bytes:
        """Read; raises `Reverted`."""
        return self._call(DEPLOYER, to, data)

    def send(self, sender: str, to: str, data: bytes) -> Receipt:
        """Write; raises `Reverted`."""
        output = self._call(sender, to, data)
        receipt = self._transact({"from": sender, "to": to, "data": "0x" + data.hex()})
        logs = [
            _log(log["address"], [_bytes(topic) for topic in log["topics"]], _bytes(log["data"]))
            for log in receipt["logs"]
        ]
        return Receipt(output, logs)

    def _call(self, sender: str, to: str, data: bytes) -> bytes:
        request = {"from": sender, "to": to, "data": "0x" + data.hex(), "gas": hex(GAS)}
        try:
            # A call on the latest block, but at the time of the next one.
            return _bytes(self._ask("eth_call", request, "latest", {}, {"time": hex(self._now)}))
        except _NodeError as error:
            if "data" not in error.error:
                raise
            raise Reverted(_bytes(error.error["data"])) from None

    def _transact(self, request: dict[str, str]) -> Any:
        sender = request["from"]
        nonce = self._nonces.get(sender, 0)
        self._nonces[sender] = nonce + 1
        self._ask("evm_setNextBlockTimestamp", self._now)
        gas = {"gas": hex(GAS), "gasPrice": "0x0", "nonce": hex(nonce)}
        receipt = self._ask("eth_sendTransactionSync", request | gas)
        if int(receipt["status"], 16) != 1:
            message = f"a transaction failed that passed as a call: {request}"
            raise RuntimeError(message)
        return receipt

    def _ask(self, method: str, *parameters: object) -> Any:
        answer = self._provider.make_request(method, list(parameters))
        if "error" in answer:
            raise _NodeError(dict(answer["error"]))
        return answer["result"]


class _NodeError(RuntimeError):
    """A node refused a request."""

    def __init__(self, error: dict[str, Any]) -> None:
        super().__init__(str(error))
        self.error = error


@contextmanager
def anvil(now: int) -> Iterator[Anvil]:
    """Start an anvil of our own on a free port, and stop it afterwards."""
    chain = ["--chain-id", str(CHAIN_ID), "--hardfork", "prague", "--timestamp", str(now - 1), "--accounts", "1"]
    free = ["--base-fee", "0", "--gas-price", "0", "--disable-min-priority-fee", "--auto-impersonate"]
    # To a file: anvil logs every request, and a pipe that nobody reads fills up.
    with NamedTemporaryFile() as output:
        process = subprocess.Popen(["anvil", "--port", "0", *chain, *free], stdout=output)
        try:
            yield Anvil(f"http://{_address(process, Path(output.name))}", now)
        finally:
            process.terminate()
            process.wait()


def _address(process: subprocess.Popen[bytes], output: Path) -> str:
    """Where it says that it listens."""
    while process.poll() is None:
        match = re.search(r"^Listening on (\S+)$", output.read_text(), re.MULTILINE)
        if match:
            return match[1]
        time.sleep(0.02)
    message = f"anvil did not start: {output.read_text()}"
    raise RuntimeError(message)


def _log(address: str, topics: list[bytes], data: bytes) -> Log:
    return Log(address.lower(), topics, data)


def _bytes(text: str) -> bytes:
    return bytes.fromhex(str(text)[2:])
