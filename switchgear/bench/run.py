"""The measurement: one Anvil, one agent, and for each watcher the same load."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
import threading
import time
import tracemalloc
from contextlib import closing, contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any

from eth_abi.abi import encode
from eth_account import Account
from web3 import HTTPProvider, Web3
from websockets.exceptions import ConnectionClosed
from websockets.sync.client import connect

from switchgear import signing
from switchgear.artifacts import load
from switchgear.bench.watchers import BOT, GUARDIAN, MARK, NETWORK
from switchgear.breaker import Breaker
from switchgear.chain import Node
from switchgear.deployment import core_address, deploy, identity_address
from switchgear.errors import SwitchgearError
from switchgear.gas.chain import listening
from switchgear.interface import Interface
from switchgear.registry import Registry
from switchgear.sentinel.chainview import View
from switchgear.types import Causes

if TYPE_CHECKING:
    from collections.abc import Iterator

WATCHERS = ("sentinel", "silverback", "polling")
RATES = (100, 300, 1_000, 3_000, 10_000)
"""Denials in a block, one block a second."""
_BLOCKS = 4
"""Blocks at each rate; the mark is the last denial of the last."""
_MNEMONIC = "test test test test test test test test test test test junk"
_HOUR = 3600
_START = 120.0
"""Seconds that a watcher has until it reacts for the first time."""
_AGAIN = 2.0
"""Seconds after which it gets another mark to react to."""
_GIVE_UP = 8.0
"""Seconds after which a mark counts as missed."""
_PAUSE = 1.0
"""Seconds before and after a reset, in which a watcher may finish what it is at."""
_LOOK = 0.005
"""Seconds between looks at the kill switch; how long it took is not measured by them."""
_GAS_LIMIT = 10**9


@dataclass
class Result:
    """Of one watcher."""

    watcher: str
    latencies: list[float] = field(default_factory=list)
    """Seconds from the block of the mark to the block of the trip, mined on demand, as the node tells of both."""
    missed: int = 0
    kept: int = 0
    """Highest rate at which the trip's block came within a second of the mark's."""
    lags: dict[int, float | None] = field(default_factory=dict)
    """Seconds to the trip at each rate tried; None if it did not come."""
    memory: int | None = None
    """Most bytes that its process held until then; None where the system does not tell."""

    @property
    def p50(self) -> float | None:
        """Median latency."""
        return median(self.latencies) if self.latencies else None

    @property
    def worst(self) -> float | None:
        """Longest latency."""
        return max(self.latencies, default=None)


class Heads:
    """When the node told of each block."""

    def __init__(self, url: str) -> None:
        self.seen: dict[int, float] = {}
        """By number, in seconds of `time.perf_counter`."""
        self._socket = connect(url.replace("http", "ws", 1))
        request = {"jsonrpc": "2.0", "id": 1, "method": "eth_subscribe", "params": ["newHeads"]}
        self._socket.send(json.dumps(request))
        self._socket.recv()
        threading.Thread(target=self._listen, daemon=True).start()

    def close(self) -> None:
        """Listens no longer."""
        self._socket.close()

    def _listen(self) -> None:
        with suppress(ConnectionClosed):
            for message in self._socket:
                now = time.perf_counter()
                self.seen[int(json.loads(message)["params"]["result"]["number"], 16)] = now


class Bench:
    """A chain with an agent, and a contract that is denied as often as it is told."""

    def __init__(self, url: str, heads: Heads) -> None:
        self.url = url
        self._heads = heads
        self.node = Node(Web3(HTTPProvider(url)))
        Account.enable_unaudited_hdwallet_features()
        keys = [Account.from_mnemonic(_MNEMONIC, account_path=f"m/44'/60'/0'/0/{index}") for index in range(6)]
        self._funder, self.owner, self.wallet, _, _, self.guardian = keys
        deploy(self.node, "CircuitBreaker", sender=self._funder)
        deploy(self.node, "AgentIdentity", core_address(), sender=self._funder)
        self.breaker, registry = Breaker(self.node.web3), Registry(self.node.web3, identity_address())
        agent_id = registry.register(sender=self.owner).event("Registered").args["agentId"]
        enrolled = self.breaker.enroll(registry.address, agent_id, sender=self.owner)
        self.agent = int(enrolled.event("AgentEnrolled").args["agent"])
        deadline = int(self.node.block()["timestamp"], 16) + _HOUR
        message = self.breaker.wallet_binding(self.agent, self.wallet.address, deadline)
        signature = signing.sign(message, self.wallet)
        self.breaker.bind_wallet(
            self.agent, self.wallet.address, deadline=deadline, signature=signature, sender=self.owner
        )
        self.breaker.set_agent_guardian(self.agent, self.guardian.address, 3 * _HOUR, sender=self.owner)
        self._crowd = self._send(None, _crowd(self.breaker)).get("contractAddress")
        self.node.request("anvil_mine", hex(40))

    def deny(self, count: int, *, mark: bool) -> None:
        """Puts so many denials into the pool, the mark last; they are mined in this order."""
        nonce = int(self.node.request("eth_getTransactionCount", self._funder.address, "latest"), 16)
        if count - mark:
            self._pool(count - mark, 1, nonce)
        if mark:
            self._pool(1, MARK, nonce + (count > 1))

    def mine(self) -> None:
        """A block."""
        self.node.request("evm_mine")

    @property
    def stopped(self) -> bool:
        """Whether the kill switch is open."""
        return not self.breaker.status_of(self.agent).admitted

    @property
    def height(self) -> int:
        """Number of the newest block."""
        return int(self.node.request("eth_blockNumber"), 16)

    def wait(self, limit: float) -> bool:
        """Whether the kill switch opens within so many seconds."""
        until = time.perf_counter() + limit
        while not self.stopped:
            if time.perf_counter() > until:
                return False
            time.sleep(_LOOK)
        return True

    def reaction(self, block: int) -> float | None:
        """Seconds from a block to the one in which the kill switch was opened; None if it is not in time."""
        trip = next(self.breaker.events("AgentTripped", from_block=block), None) if self.wait(_GIVE_UP) else None
        if trip is None:
            return None
        until = time.perf_counter() + _GIVE_UP
        while not {block, trip.block_number} <= self._heads.seen.keys():
            if time.perf_counter() > until:
                message = "the node announces no blocks any more: run it again"
                raise SwitchgearError(message)
            time.sleep(_LOOK)
        return self._heads.seen[trip.block_number] - self._heads.seen[block]

    def rearm(self) -> None:
        """Closes the kill switch, once the watcher has seen it open."""
        time.sleep(_PAUSE)
        if self.stopped:
            self.breaker.reset_agent(self.agent, Causes.GUARDIAN, sender=self.owner)
            time.sleep(_PAUSE)

    def _pool(self, count: int, value: int, nonce: int) -> None:
        data = encode(["uint256", "address", "uint256"], [count, self.wallet.address, value])
        self._raw(self._crowd, data, 40_000 * count + 200_000, nonce)

    def _raw(self, to: str | None, data: bytes, gas: int, nonce: int) -> str:
        request: dict[str, Any] = {
            "value": 0,
            "data": "0x" + data.hex(),
            "chainId": self.node.chain_id,
            "gas": gas,
            "nonce": nonce,
            "maxFeePerGas": 10**11,
            "maxPriorityFeePerGas": 10**9,
        } | ({"to": Web3.to_checksum_address(to)} if to else {})
        raw = self._funder.sign_transaction(request).raw_transaction
        return str(self.node.request("eth_sendRawTransaction", "0x" + raw.hex()))

    def _send(self, to: str | None, data: bytes) -> dict[str, Any]:
        nonce = int(self.node.request("eth_getTransactionCount", self._funder.address, "latest"), 16)
        sent = self._raw(to, data, 3_000_000, nonce)
        while not (receipt := self.node.request("eth_getTransactionReceipt", sent)):
            time.sleep(0.01)
        return dict(receipt)


def run(*, rates: tuple[int, ...] = RATES, rounds: int = 10, watchers: tuple[str, ...] = WATCHERS) -> list[Result]:
    """Measures each watcher on a chain of its own."""
    results = []
    for watcher in watchers:
        with listening("--accounts", "6", "--gas-limit", str(_GAS_LIMIT)) as url, closing(Heads(url)) as heads:
            bench = Bench(url, heads)
            with _watching(watcher, bench) as process:
                results.append(_measure(watcher, bench, rates, rounds, process.pid))
    return results


def _measure(watcher: str, bench: Bench, rates: tuple[int, ...], rounds: int, pid: int) -> Result:
    result = Result(watcher)
    _warm_up(watcher, bench)
    for _ in range(rounds):
        bench.rearm()
        marked = bench.height + 1
        bench.deny(1, mark=True)
        latency = bench.reaction(marked)
        if latency is None:
            result.missed += 1
        else:
            result.latencies.append(latency)
    # Before rates that not all of them try.
    result.memory = _memory(pid)
    for rate in rates:
        bench.rearm()
        bench.node.request("evm_setAutomine", False)
        due = time.perf_counter()
        for block in range(_BLOCKS):
            bench.deny(rate, mark=block == _BLOCKS - 1)
            due += 1
            time.sleep(max(0.0, due - time.perf_counter()))
            bench.mine()
        marked = bench.height
        # The trip is mined when it comes: what is measured is the watcher.
        bench.node.request("evm_setAutomine", True)
        lag = bench.reaction(marked)
        result.lags[rate] = lag
        if lag is None or lag > 1:
            break
        result.kept = rate
    return result


def _warm_up(watcher: str, bench: Bench) -> None:
    until = time.perf_counter() + _START
    while time.perf_counter() < until:
        bench.deny(1, mark=True)
        if bench.wait(_AGAIN):
            return
    message = f"{watcher} did not trip within {_START:.0f} s of its start"
    raise SwitchgearError(message)


@contextmanager
def _watching(watcher: str, bench: Bench) -> Iterator[subprocess.Popen[str]]:
    """The watcher as a process."""
    with TemporaryDirectory() as folder:
        if watcher == "silverback":
            Path(folder, "watcher.py").write_text(BOT)
            Path(folder, "ape-config.yaml").write_text(f"foundry:\n  host: {bench.url}\n")
            silverback = shutil.which("silverback", path=str(Path(sys.executable).parent)) or "silverback"
            command = [silverback, "run", "watcher:bot", "--network", NETWORK, "--account", f"TEST::{GUARDIAN}"]
        else:
            command = [sys.executable, "-m", "switchgear.bench.watchers", watcher]
        with Path(folder, "log").open("w") as log:
            process = subprocess.Popen(
                command, cwd=folder, stdin=subprocess.PIPE, stdout=log, stderr=subprocess.STDOUT, text=True
            )
            assert process.stdin is not None  # noqa: S101 - it is a pipe
            key = bench.guardian.key.hex()
            task = {"url": bench.url, "key": key, "database": str(Path(folder, "bench.db"))}
            if watcher != "silverback":
                process.stdin.write(json.dumps(task) + "\n")
            process.stdin.close()
            try:
                yield process
            except SwitchgearError as error:
                message = f"{error}: {Path(folder, 'log').read_text()[-2_000:]}"
                raise SwitchgearError(message) from error
            finally:
                process.terminate()
                try:
                    process.wait(5)
                except subprocess.TimeoutExpired:
                    process.kill()
                    process.wait()


def _memory(pid: int) -> int | None:
    """Most bytes that a running process and its children have held, as Linux tells."""
    try:
        status = Path(f"/proc/{pid}/status").read_text()
        children = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
    except OSError:
        return None
    held = [int(line.split()[1]) for line in status.splitlines() if line.startswith("VmHWM:")]
    # A process that has ended has no such line.
    return 1024 * held[0] + sum(_memory(int(child)) or 0 for child in children) if held else None


def memory_per_agent(agents: int = 1_000) -> float:
    """Bytes that the sentinel's view holds for each agent with one wallet; detectors' memory is their own."""
    interface = Interface(load("CircuitBreaker").abi)
    core = core_address()
    view = View(interface, core, ())
    logs = [log for agent in range(1, agents + 1) for log in _enrolment(interface, core, agent)]
    tracemalloc.start()
    before, _ = tracemalloc.get_traced_memory()
    view.learn(logs)
    after, _ = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    return (after - before) / agents


def _enrolment(interface: Interface, core: str, agent: int) -> Iterator[dict[str, Any]]:
    wallet = f"0x{agent:040x}"
    registry = identity_address()
    place = {"address": core, "blockNumber": "0x1", "transactionHash": "0x", "logIndex": "0x0"}
    topics = interface.topics("AgentEnrolled", {"agent": agent, "registry": registry, "agentId": agent})
    data = encode(["address", "uint32", "uint32", "address"], [registry, 0, 0, registry])
    yield {**place, "topics": topics, "data": "0x" + data.hex()}
    topics = interface.topics("WalletBound", {"agent": agent, "wallet": wallet, "actor": registry})
    yield {**place, "topics": topics, "data": "0x" + encode(["uint40"], [2**40 - 1]).hex()}


def _crowd(breaker: Breaker) -> bytes:
    """Creation code of a contract that asks the core for a wallet's admission in a loop: (count, wallet, value).

    It never opened a lane, so that each question is a denial.
    """
    selector = breaker.interface.encode("admit", [0, breaker.address, 0])[:4].hex()
    head = (
        f"63{selector}60e01b600052"  # memory: selector of admit
        "6000600452"  # lane 0
        "602035602452"  # wallet
        "604035604452"  # value
        "600035"  # count
    )
    loop = len(head) // 2
    body = "5b8015"
    tail = f"600190036000600060646000600073{breaker.address[2:].lower()}5af15060{loop:02x}56"
    end = loop + len(body) // 2 + 3 + len(tail) // 2
    runtime = head + body + f"60{end:02x}57" + tail + "5b00"
    size = len(runtime) // 2
    return bytes.fromhex(f"60{size:02x}600a5f3960{size:02x}5ff3" + runtime)
