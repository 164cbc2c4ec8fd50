"""The stage: a local chain with the core on it, people with throwaway keys, and the example contracts."""

from __future__ import annotations

from contextlib import contextmanager
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

from ape.logging import LogLevel, logger
from ape.utils import ManagerAccessMixin
from eth_abi.abi import encode
from eth_account import Account
from eth_utils.abi import collapse_if_tuple
from eth_utils.address import to_checksum_address

from switchgear import signing
from switchgear.breaker import Breaker
from switchgear.chain import Contract, Node, sender_address, sign_transaction
from switchgear.deployment import EPHEMERAL_CHAINS, core_address, deploy, identity_address
from switchgear.display import explain
from switchgear.errors import AgentDenied, ContractReverted, HookRefused, InvalidInput, SwitchgearError, from_revert
from switchgear.foreign import artifacts as foreign
from switchgear.gas.chain import Artifacts
from switchgear.interface import Event, Interface
from switchgear.registry import Registry

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from eth_account.signers.local import LocalAccount
    from web3 import Web3

    from switchgear.types import Verdict

HOUR = 3600
BLOCK_TIME = 12
"""Seconds between two blocks of this chain, so that meters refill by the same amount in every run."""
ETHER = 10**18
DOLLAR = 10**18
"""In the smallest unit of the demo's tokens."""
UNLIMITED = 2**256 - 1

_FUNDS = 5 * ETHER
_FEES = {"maxFeePerGas": 50 * 10**9, "maxPriorityFeePerGas": 10**9}
_GAS = 700_000
"""Of every call: above the dearest one, and below the block's limit divided by the calls of one block."""
_DEPLOY_GAS = 8_000_000


class Example(Contract):
    """One of the project's example contracts, by its own ABI."""

    name = "example contract"


@dataclass(frozen=True)
class Call:
    """A transaction to be."""

    sender: Any
    contract: Contract
    function: str
    args: tuple[Any, ...]


@dataclass(frozen=True)
class Outcome:
    """A transaction that was mined, whatever became of it."""

    call: Call
    hash: str
    block: int
    gas: int
    error: ContractReverted | None
    """What it reverted with, from its trace; None if it succeeded."""
    events: tuple[Event, ...]
    """Of the core and of the contract that was called, in order."""

    @property
    def verdict(self) -> Verdict | None:
        """The denial that it met with, by revert or by event; None if there was none."""
        error = self.error.refusal if isinstance(self.error, HookRefused) else self.error
        if isinstance(error, AgentDenied):
            return error.verdict
        return next((event.args["verdict"] for event in self.events if event.name == "Denied"), None)

    @property
    def done(self) -> bool:
        """Whether it did what it was sent for: neither reverted nor refused."""
        return self.error is None and self.verdict is None

    @property
    def answer(self) -> str:
        """What came back, in words."""
        if self.verdict:
            return explain(self.verdict)
        return "done" if self.error is None else f"{type(self.error).__name__}, {self.error}"

    @property
    def trips(self) -> list[Event]:
        """Breakers that it opened."""
        return [event for event in self.events if event.name == "BreakerTripped"]


class Stage:
    """A local chain for the demo; use `Stage.open`."""

    def __init__(self, web3: Web3, project: Any, funder: Any) -> None:
        self.node = Node(web3)
        self.web3 = web3
        self.names: dict[str, str] = {}
        """What people and contracts are called, by their addresses."""
        self._funder = funder
        self._compiled = _compile(project)

    @classmethod
    @contextmanager
    def open(cls) -> Iterator[Stage]:
        """The chain that Ape is connected to, with core and registry deployed; blocks are 12 s apart meanwhile.

        Raises:
            InvalidInput: It is no local chain of Anvil's: the demo moves its clock.
        """
        provider = ManagerAccessMixin.provider
        version = str(Node(provider.web3).request("web3_clientVersion"))
        if provider.chain_id not in EPHEMERAL_CHAINS or not version.startswith("anvil"):
            message = f"the demo needs a local Anvil, not chain {provider.chain_id} on {version}: leave out --network"
            raise InvalidInput(message)
        project, accounts = ManagerAccessMixin.local_project, ManagerAccessMixin.account_manager
        stage = cls(provider.web3, project, accounts.test_accounts[0])
        stage.node.request("anvil_setBlockTimestampInterval", BLOCK_TIME)
        try:
            deploy(stage.node, "CircuitBreaker", sender=stage._funder)
            deploy(stage.node, "AgentIdentity", core_address(), sender=stage._funder)
            yield stage
        finally:
            stage.node.request("anvil_removeBlockTimestampInterval")

    # ------------------------------------------------------------------ who

    @cached_property
    def breaker(self) -> Breaker:
        """The core."""
        return Breaker(self.web3)

    @cached_property
    def registry(self) -> Registry:
        """The identity registry."""
        return Registry(self.web3, identity_address())

    @cached_property
    def deployer(self) -> LocalAccount:
        """Deploys the protocols, and holds no power after."""
        return self.actor()

    def actor(self) -> LocalAccount:
        """Somebody with a throwaway key and gas money."""
        return self.actors(1)[0]

    def actors(self, count: int) -> list[LocalAccount]:
        """Several of them, paid in one block."""
        people: list[LocalAccount] = [Account.create() for _ in range(count)]
        nonce = self._nonce(self._funder)
        requests = [
            self._request(self._funder, nonce + index, to=one.address, value=_FUNDS, gas=21_000)
            for index, one in enumerate(people)
        ]
        self._mine([(self._funder, request) for request in requests])
        return people

    def cast(self, *names: str) -> list[LocalAccount]:
        """Several of them, who are called by these names."""
        people = self.actors(len(names))
        self.names |= {one.address: name for one, name in zip(people, names, strict=True)}
        return people

    def named(self, text: str) -> str:
        """A text with names in place of the addresses that have one."""
        for address, name in self.names.items():
            text = text.replace(address, name)
        return text

    def enroll(self, owner: LocalAccount, *wallets: LocalAccount, lineage: int = 0, parent: int = 0) -> int:
        """Registers an identity, enrols it as an agent and binds its wallets, with the owner's and their consent.

        Returns:
            The agent's handle.
        """
        registered = self.registry.register(sender=owner).event("Registered")
        enrolled = self.breaker.enroll(
            self.registry.address, registered.args["agentId"], lineage=lineage, parent=parent, sender=owner
        )
        agent = int(enrolled.event("AgentEnrolled").args["agent"])
        for wallet in wallets:
            self.bind(agent, wallet, owner)
        return agent

    def bind(self, agent: int, wallet: LocalAccount, owner: LocalAccount) -> None:
        """Binds a wallet, with both consents (ID-1)."""
        deadline = self.now + HOUR
        signature = self.consent(agent, wallet, deadline)
        self.breaker.bind_wallet(agent, wallet.address, deadline=deadline, signature=signature, sender=owner)

    def consent(self, agent: int, wallet: LocalAccount, deadline: int) -> bytes:
        """A wallet's signature under its binding to an agent, good until a time in Unix seconds."""
        return signing.sign(self.breaker.wallet_binding(agent, wallet.address, deadline), wallet)

    # ------------------------------------------------------------------ what

    def deploy(self, name: str, *args: Any) -> Example:
        """Deploys a contract of the project, or of a wallet that npm brought (`switchgear.foreign`)."""
        abi, code, _ = self._compiled[name]
        inputs: list[dict[str, Any]] = next((entry["inputs"] for entry in abi if entry["type"] == "constructor"), [])
        data = "0x" + (code + encode(list(map(collapse_if_tuple, inputs)), args)).hex()
        request = self._request(self.deployer, self._nonce(self.deployer), data=data, gas=_DEPLOY_GAS)
        receipt = self._mine([(self.deployer, request)])[0]
        if not int(receipt["status"], 16):
            message = f"{name} was not deployed: {self._error(receipt['transactionHash'])}"
            raise SwitchgearError(message)
        return Example(self.web3, to_checksum_address(receipt["contractAddress"]), Interface(abi))

    def at(self, address: str, name: str) -> Example:
        """A contract at an address, such as a proxy's, by the name of what it is."""
        return Example(self.web3, address, Interface(self._compiled[name].abi))

    def token(self, name: str, symbol: str) -> Example:
        """A token that can be minted."""
        return self.deploy("ExampleToken", name, symbol)

    # ------------------------------------------------------------------ when

    @property
    def block(self) -> int:
        """Number of the newest block."""
        return int(self.node.request("eth_blockNumber"), 16)

    @property
    def now(self) -> int:
        """Time of the newest block, in Unix seconds."""
        return int(self.node.block()["timestamp"], 16)

    def pass_time(self, seconds: int) -> None:
        """Moves the chain's clock and mines a block."""
        self.hold(seconds)
        self.node.request("evm_mine")

    def hold(self, seconds: int) -> None:
        """The next block is mined so much later, and none before it."""
        self.node.request("evm_setNextBlockTimestamp", self.now + seconds)

    # ------------------------------------------------------------------ doing

    def attempt(self, sender: LocalAccount, contract: Contract, function: str, *args: Any) -> Outcome:
        """Sends one transaction without asking first whether it would succeed; it is mined in any case."""
        return self.at_once([Call(sender, contract, function, args)])[0]

    def at_once(self, calls: Sequence[Call]) -> list[Outcome]:
        """Sends transactions that are mined in one block, in this order.

        Raises:
            SwitchgearError: They did not all get into one block.
        """
        nonces: dict[str, int] = {}
        signed = []
        for call in calls:
            nonce = nonces.get(call.sender.address)
            nonce = self._nonce(call.sender) if nonce is None else nonce
            nonces[call.sender.address] = nonce + 1
            data = "0x" + call.contract.interface.encode(call.function, call.args).hex()
            signed.append((call.sender, self._request(call.sender, nonce, to=call.contract.address, data=data)))
        receipts = self._mine(signed)
        return [self._outcome(call, receipt) for call, receipt in zip(calls, receipts, strict=True)]

    def received(self, outcome: Outcome, token: Contract, address: str) -> int:
        """How much of a token a transaction brought somebody, by the transfers in its receipt."""
        receipt = self.node.request("eth_getTransactionReceipt", outcome.hash)
        logs = [log for log in receipt["logs"] if to_checksum_address(log["address"]) == token.address]
        transfers = [event for event in map(token.decode_log, logs) if event and event.name == "Transfer"]
        return sum(int(event.args["value"]) for event in transfers if event.args["to"] == address)

    def receipts(self, first: int, last: int) -> list[dict[str, Any]]:
        """Receipts of all transactions in blocks `first` to `last`, both included."""
        blocks = self.node.request_many("eth_getBlockReceipts", [[hex(number)] for number in range(first, last + 1)])
        return [receipt for block in blocks for receipt in block]

    # ------------------------------------------------------------------ internal

    def _nonce(self, sender: Any) -> int:
        return int(self.node.request("eth_getTransactionCount", sender_address(sender), "latest"), 16)

    def _request(self, sender: Any, nonce: int, **fields: Any) -> dict[str, Any]:
        return {
            "from": sender_address(sender),
            "chainId": self.node.chain_id,
            "nonce": nonce,
            "gas": _GAS,
            "value": 0,
            "data": "0x",
            **_FEES,
            **fields,
        }

    def _mine(self, signed: Sequence[tuple[Any, dict[str, Any]]]) -> list[dict[str, Any]]:
        """Sends all of them, mines one block and returns their receipts."""
        raw = []
        for sender, request in signed:
            data = sign_transaction(request, sender)
            if data is None:
                message = f"{sender} has no key"
                raise SwitchgearError(message)
            raw.append(["0x" + data.hex()])
        self.node.request("evm_setAutomine", False)
        try:
            hashes = self.node.request_many("eth_sendRawTransaction", raw)
            self.node.request("evm_mine")
        finally:
            self.node.request("evm_setAutomine", True)
        receipts = self.node.request_many("eth_getTransactionReceipt", [[one] for one in hashes])
        if None in receipts or len({receipt["blockNumber"] for receipt in receipts}) != 1:
            message = f"{len(raw)} transactions did not get into one block"
            raise SwitchgearError(message)
        return receipts

    def _outcome(self, call: Call, receipt: dict[str, Any]) -> Outcome:
        contracts = {one.address: one for one in (call.contract, self.breaker)}
        known = ((contracts.get(to_checksum_address(log["address"])), log) for log in receipt["logs"])
        events = (contract.decode_log(log) for contract, log in known if contract)
        return Outcome(
            call=call,
            hash=receipt["transactionHash"],
            block=int(receipt["blockNumber"], 16),
            gas=int(receipt["gasUsed"], 16),
            error=None if int(receipt["status"], 16) else self._error(receipt["transactionHash"]),
            events=tuple(event for event in events if event),
        )

    def _error(self, tx_hash: str) -> ContractReverted:
        """What a mined transaction reverted with."""
        trace = self.node.request("debug_traceTransaction", tx_hash, {"tracer": "callTracer"})
        return from_revert(bytes.fromhex(str(trace.get("output") or "0x")[2:]))


def _compile(project: Any) -> Artifacts:
    """The contracts that scenes deploy, by name; all at once, since the compiler starts anew for each question."""
    others = (
        "AgenticCommerce",
        "Countersign",
        "adapters/CommerceHook",
        "adapters/SafeAgentGuard",
        "interfaces/ISafeAgentGuard",
        "mocks/ExampleToken",
        "policy/PolicyAdministration",
    )
    sources = [
        *project.path.glob("contracts/examples/*.sol"),
        *(project.path / f"contracts/{name}.sol" for name in others),
    ]
    with logger.at_level(LogLevel.WARNING):
        found = Artifacts.of(project, *sources)
    found.update(foreign.load(project.path / "node_modules"))
    return found
