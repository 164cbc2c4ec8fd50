"""A node of the sentinel's own, the world of `tests.support.world` on it, and proxies in front of it that misbehave."""

from __future__ import annotations

import asyncio
import threading
import time
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from eth_abi.abi import encode
from eth_account import Account
from eth_utils.abi import collapse_if_tuple
from eth_utils.address import to_checksum_address
from web3 import HTTPProvider, Web3

from switchgear import State
from switchgear.chain import Node
from switchgear.gas.chain import listening
from switchgear.interface import Interface
from switchgear.sentinel.config import Config
from switchgear.sentinel.engine import Sentinel
from switchgear.sentinel.store import Store
from tests.support.proxy import Proxy, proxied
from tests.support.world import HOUR, World, create_world, populate

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

_MNEMONIC = "test test test test test test test test test test test junk"
DETECTOR = "tests.sentinel.detectors:Marks"


@dataclass
class Chain:
    """A node, and who is who on it."""

    url: str
    world: World

    def rpc(self, method: str, *params: Any) -> Any:
        """Asks it directly."""
        return self.world.node.request(method, *params)

    def act(
        self, value: int = 1, *, wallet: Any = None, to: str | None = None, data: str = "0x", mined: bool = True
    ) -> str:
        """The agent sends a transaction to the protocol; its hash. A value that ends in 7 gives it away."""
        wallet = wallet or self.world.wallet
        # By nonce, since several may wait to be mined.
        request = {
            "to": to or self.world.protocol.address,
            "value": value,
            "data": data,
            "chainId": 31337,
            "gas": 200_000,
            "nonce": int(self.rpc("eth_getTransactionCount", wallet.address, "pending"), 16),
            "maxFeePerGas": 10**12,
            "maxPriorityFeePerGas": 10**9,
        }
        raw = wallet.sign_transaction(request).raw_transaction
        sent = str(self.rpc("eth_sendRawTransaction", "0x" + raw.hex()))
        if mined:
            until(lambda: self.rpc("eth_getTransactionReceipt", sent), "an action is mined")
        return sent

    def send(self, to: str | None, data: bytes, key: Any = None, *, gas: int = 500_000) -> dict[str, Any]:
        """A transaction of a key, by default the deployer's; its receipt, whatever became of it."""
        key = key or self.world.deployer
        request: dict[str, Any] = {
            "value": 0,
            "data": "0x" + data.hex(),
            "chainId": 31337,
            "gas": gas,
            "nonce": int(self.rpc("eth_getTransactionCount", key.address, "pending"), 16),
            "maxFeePerGas": 10**11,
            "maxPriorityFeePerGas": 10**9,
        }
        raw = key.sign_transaction(request | ({"to": to} if to else {})).raw_transaction
        sent = self.rpc("eth_sendRawTransaction", "0x" + raw.hex())
        until(lambda: self.rpc("eth_getTransactionReceipt", sent), "mined")
        return dict(self.rpc("eth_getTransactionReceipt", sent))

    def create(self, project: Any, name: str, *values: Any) -> tuple[str, Interface]:
        """One of the project's contracts: where it is, and its interface."""
        kind = getattr(project, name).contract_type
        abi = [entry.model_dump(mode="json", by_alias=True, exclude_none=True) for entry in kind.abi]
        inputs = next((entry["inputs"] for entry in abi if entry["type"] == "constructor"), [])
        code = bytes.fromhex(str(kind.deployment_bytecode.bytecode).removeprefix("0x"))
        receipt = self.send(None, code + encode([collapse_if_tuple(one) for one in inputs], values), gas=6_000_000)
        return to_checksum_address(receipt["contractAddress"]), Interface(abi)

    def mine(self, blocks: int = 1) -> None:
        """Blocks."""
        for _ in range(blocks):
            self.rpc("evm_mine")

    @property
    def height(self) -> int:
        """Number of the newest block."""
        return int(self.rpc("eth_blockNumber"), 16)

    @property
    def stopped(self) -> bool:
        """Whether the agent's kill switch is open."""
        return self.world.breaker.agent(self.world.agent).state(self.world.now) is State.OPEN

    @property
    def trips(self) -> int:
        """How often it was opened."""
        return len(list(self.world.breaker.events("AgentTripped")))


@pytest.fixture(scope="package")
def deployed() -> Iterator[Chain]:
    """The chain, made once."""
    with listening("--accounts", "10") as url:
        web3 = Web3(HTTPProvider(url))
        Account.enable_unaudited_hdwallet_features()
        keys = [Account.from_mnemonic(_MNEMONIC, account_path=f"m/44'/60'/0'/0/{index}") for index in range(8)]
        world = populate(create_world(web3, keys))
        world.breaker.set_agent_guardian(world.agent, world.guardian.address, 3 * HOUR, sender=world.owner)
        world.breaker.set_guardian(world.protocol.address, world.guardian.address, 3 * HOUR, sender=world.admin)
        Node(web3).request("anvil_mine", hex(40))
        yield Chain(url, world)


@pytest.fixture
def chain(deployed: Chain) -> Iterator[Chain]:
    """The chain as it was made."""
    snapshot = deployed.rpc("evm_snapshot")
    yield deployed
    deployed.rpc("evm_setAutomine", True)
    deployed.rpc("anvil_dropAllTransactions")
    assert deployed.rpc("evm_revert", snapshot)
    deployed.rpc("anvil_setNextBlockBaseFeePerGas", hex(10**9))


@pytest.fixture
def proxy(chain: Chain) -> Iterator[Proxy]:
    """An endpoint."""
    with proxied(chain.url) as proxy:
        yield proxy


@pytest.fixture
def second(chain: Chain) -> Iterator[Proxy]:
    """Another."""
    with proxied(chain.url) as proxy:
        yield proxy


@pytest.fixture
def third(chain: Chain) -> Iterator[Proxy]:
    """Another."""
    with proxied(chain.url) as proxy:
        yield proxy


@dataclass
class Watch:
    """A sentinel in a thread, and its database."""

    path: Path
    values: dict[str, Any]
    account: Any
    sentinel: Sentinel | None = None
    error: list[BaseException] = field(default_factory=list)

    @contextmanager
    def running(self, **values: Any) -> Iterator[Sentinel]:
        """Runs it; raises what it ended with."""
        sentinel = self.sentinel = Sentinel(Config.of({**self.values, **values}), account=self.account)
        loops: list[asyncio.AbstractEventLoop] = []

        async def run() -> None:
            loops.append(asyncio.get_running_loop())
            await sentinel.run()

        def main() -> None:
            try:
                asyncio.run(run())
            except BaseException as error:
                self.error.append(error)

        thread = threading.Thread(target=main, daemon=True)
        thread.start()
        try:
            yield sentinel
        finally:
            if thread.is_alive() and loops:
                loops[0].call_soon_threadsafe(sentinel.stop)
            thread.join(20)
            assert not thread.is_alive(), "the sentinel does not stop"
        if self.error:
            raise self.error.pop()

    def store(self) -> Store:
        """Its database, as another process sees it."""
        return Store(self.path)

    def ask(self, question: Callable[[Store], Any]) -> Any:
        """Something about the database."""
        store = self.store()
        try:
            return question(store)
        finally:
            store.close()

    def taken(self, height: int) -> bool:
        """Whether it has taken this block."""
        if self.error:
            raise self.error.pop()
        if self.sentinel is None or not self.sentinel.caught_up.is_set():
            return False
        return self.path.exists() and self.ask(lambda s: (tip := s.tip) is not None and tip.number >= height)

    @property
    def seen(self) -> list[str]:
        """Every observation, by the detector's memory."""
        assert self.sentinel is not None
        return list(self.sentinel.detectors[0][1].seen)  # type: ignore[attr-defined]


@pytest.fixture
def watch(chain: Chain, proxy: Proxy, tmp_path: Path) -> Watch:
    """A sentinel with the guardian's key, behind one endpoint; impatient, as tests are."""
    values = {
        "mode": "enforce",
        "database": tmp_path / "sentinel.db",
        "endpoints": [proxy.url],
        "poll": 0.05,
        "patience": 0.4,
        "timeout": 2.0,
        "bump_after": 0.6,
        "protocols": [{"address": chain.world.protocol.address}],
        "detectors": [{"use": DETECTOR, "mode": "enforce", "trips": "kill-switch"}],
    }
    return Watch(tmp_path / "sentinel.db", values, chain.world.guardian)


@pytest.fixture(params=["polled", "pushed"])
def woken(request: pytest.FixtureRequest, watch: Watch, proxy: Proxy) -> Watch:
    """The same with and without a websocket, which has it take the announced block another way."""
    if request.param == "pushed":
        watch.values["websockets"] = [proxy.ws_url]
    return watch


def until(condition: Callable[[], Any], what: str, seconds: float = 30.0) -> None:
    """Waits for something, and fails if it does not come."""
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, f"not within {seconds} s: {what}"
        time.sleep(0.01)


__all__ = ["DETECTOR", "Chain", "Proxy", "Watch", "until"]
