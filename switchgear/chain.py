"""A node, a contract on it, and whoever signs: what the clients share. Nothing here knows what the contracts mean."""

from __future__ import annotations

import re
import time
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar, TypeAlias
from urllib.parse import urlsplit

from eth_abi.exceptions import DecodingError
from eth_utils.crypto import keccak
from web3 import HTTPProvider, IPCProvider, Web3
from web3.exceptions import Web3Exception
from web3.types import RPCEndpoint

from switchgear.errors import (
    AnswerInvalid,
    ChainError,
    ContractAbsent,
    ContractReverted,
    InsufficientFunds,
    InvalidInput,
    NoConnection,
    RPCFailed,
    SafeNotSigned,
    SignatureRefused,
    SignerRequired,
    SwitchgearError,
    TransactionFailed,
    TransactionTimeout,
    UnsupportedSender,
    WrongChain,
    from_revert,
)
from switchgear.interface import Event, Interface
from switchgear.values import to_address, to_uint

if TYPE_CHECKING:
    from collections.abc import Callable, Generator, Iterator, Mapping, Sequence

BlockIdentifier: TypeAlias = int | str
"""A block's number, its 0x hash, or `latest`, `pending`, `safe`, `finalized`, `earliest`."""

GAS_MARGIN = 1.3
"""A limiter's cost depends on when it is asked: what was estimated may not do a block later."""
BATCH = 100
"""Requests that go to the node together."""
LOG_RANGE = 10_000
"""Blocks that are asked for logs at once; halved where a node finds that too many."""
RECEIPT_TIMEOUT = 120.0
"""Seconds after which an unmined transaction is given up on, if not told otherwise."""

_REVERT_CODES = (3, -32000, -32015)
_REVERT_DATA = re.compile(r"0x([\da-f]{2})*", re.IGNORECASE)


def connect(endpoint: str, *, chain_id: int | None = None, timeout: float = 10) -> Web3:
    """A node by its URL (http, https) or IPC path, once it has answered.

    Args:
        endpoint: Where the node is.
        chain_id: The chain it must serve; any if None.
        timeout: Seconds that a request may take.

    Raises:
        NoConnection: No node answers there.
        WrongChain: It serves another chain.
        InvalidInput: Neither a URL of these kinds nor a path.
    """
    scheme = urlsplit(endpoint).scheme
    if scheme in ("http", "https"):
        web3 = Web3(HTTPProvider(endpoint, request_kwargs={"timeout": timeout}))
    elif not scheme and Path(endpoint).is_absolute():
        web3 = Web3(IPCProvider(endpoint, timeout=int(timeout)))
    else:
        message = f"cannot connect to {scheme or endpoint!r}: give an http(s) URL or the absolute path of an IPC socket"
        raise InvalidInput(message)
    Node(web3, chain_id).check()
    return web3


class Node:
    """JSON-RPC with this package's errors."""

    def __init__(self, web3: Web3, chain_id: int | None = None) -> None:
        self.web3 = web3
        self._expected = chain_id
        self._chain_id: int | None = None

    @property
    def chain_id(self) -> int:
        """The chain that the node serves, asked once; `WrongChain` if another one was expected."""
        if self._chain_id is None:
            actual = int(self.request("eth_chainId"), 16)
            if self._expected not in (None, actual):
                raise WrongChain(expected=self._expected or 0, actual=actual)
            self._chain_id = actual
        return self._chain_id

    def check(self) -> None:
        """Raises unless the node answers and serves the expected chain."""
        self._chain_id = None
        self.chain_id  # noqa: B018 - asks

    def request(self, method: str, *params: Any) -> Any:
        """One request's result."""
        ask = self.web3.provider.make_request
        return result_of(method, self._post(lambda: ask(RPCEndpoint(method), params)))

    def request_many(self, method: str, params: Sequence[Sequence[Any]]) -> list[Any]:
        """The results of many requests of one kind, in order, in as few round trips as the node allows."""
        results: list[Any] = []
        for start in range(0, len(params), BATCH):
            part = params[start : start + BATCH]
            answers = self._batch(method, part) if len(part) > 1 else None
            if isinstance(answers, list) and len(answers) == len(part):
                results += [result_of(method, answer) for answer in answers]
            else:
                results += [self.request(method, *one) for one in part]
        return results

    def call(self, request: dict[str, Any], block: BlockIdentifier) -> bytes:
        """What a call returns; raises what it reverts with."""
        return bytes.fromhex(self.request("eth_call", request, to_block(block))[2:])

    def code(self, address: str, block: BlockIdentifier = "latest") -> bytes:
        """The code at an address."""
        return bytes.fromhex(self.request("eth_getCode", address, to_block(block))[2:])

    def block(self, block: BlockIdentifier = "latest") -> dict[str, Any]:
        """A block's header, as the node gives it."""
        by_hash = isinstance(block, str) and len(block) == 66  # noqa: PLR2004 - 0x and 32 bytes
        found = self.request("eth_getBlockByHash" if by_hash else "eth_getBlockByNumber", to_block(block), False)
        if found is None:
            raise RPCFailed("eth_getBlockByNumber", None, f"no block {block}")
        return dict(found)

    def logs(
        self, address: str | Sequence[str], topics: Sequence[Any], first: int, last: int
    ) -> Iterator[dict[str, Any]]:
        """Logs of a contract, or of several, in blocks `first` to `last`, both included."""
        spans = log_spans(first, last)
        span = next(spans)
        while span is not None:
            wanted = log_filter(address, topics, *span)
            try:
                found = self.request("eth_getLogs", wanted)
            except RPCFailed as error:
                span = spans.send(error)
                continue
            yield from found
            span = next(spans)

    def _batch(self, method: str, params: Sequence[Sequence[Any]]) -> Any:
        """The answers to a batch, or something else where the node or the connection takes none."""
        batch = getattr(self.web3.provider, "make_batch_request", None)
        if batch is None:
            return None
        try:
            return self._post(partial(batch, [(method, one) for one in params]))
        except NoConnection:
            # Some refuse a batch at the door. If really nobody is there, the single requests tell.
            return None

    def _post(self, post: Callable[[], Any]) -> Any:
        try:
            return post()
        except (OSError, Web3Exception, ValueError) as error:
            # Not the endpoint itself: a URL often has a key in it.
            message = f"no node answers ({type(error).__name__}): check the network's endpoint, and that the node runs"
            raise NoConnection(message) from None


def result_of(method: str, answer: Any) -> Any:
    """The result in a JSON-RPC answer; `RPCFailed` or, for a call, `ContractReverted` if it has an error instead."""
    if not isinstance(answer, dict):
        raise RPCFailed(method, None, "malformed answer (no object)")
    error = answer.get("error")
    if error is None:
        return answer.get("result")
    if not isinstance(error, dict):
        raise RPCFailed(method, None, str(error))
    code, reason = error.get("code"), str(error.get("message", ""))
    data = error.get("data")
    if isinstance(data, dict):
        data = data.get("data")
    if method in ("eth_call", "eth_estimateGas"):
        if isinstance(data, str) and _REVERT_DATA.fullmatch(data):
            raise from_revert(bytes.fromhex(data[2:]))
        if code in _REVERT_CODES and "revert" in reason.lower():
            raise from_revert(b"")
    raise RPCFailed(method, code, reason)


def log_spans(first: int, last: int) -> Generator[tuple[int, int] | None, RPCFailed | None, None]:
    """Spans of blocks to ask for logs in, one after the other, and None at the end.

    Whoever asks sends back what the node refused one with: it is given in halves then, and raised if it is one block.
    """
    width = LOG_RANGE
    while first <= last:
        end = min(last, first + width - 1)
        refused = yield first, end
        if refused is None:
            first = end + 1
        elif end == first:
            raise refused
        else:
            width = max(1, (end - first + 1) // 2)
    yield None


def log_filter(addresses: Any, topics: Sequence[Any], first: int, last: int) -> dict[str, Any]:
    """What ``eth_getLogs`` takes, for blocks `first` to `last`, both included."""
    return {"address": addresses, "topics": list(topics), "fromBlock": hex(first), "toBlock": hex(last)}


def to_block(block: BlockIdentifier) -> str:
    """A block identifier as JSON-RPC has it."""
    return hex(to_uint(block, bits=64, name="block_identifier")) if isinstance(block, int) else block


@dataclass(frozen=True)
class Transaction:
    """A state-changing call: simulated, and then sent unless it was a dry run."""

    function: str
    request: dict[str, Any]
    """As for ``eth_sendTransaction``: from, to, data, value, chainId and, if there is a sender, gas, nonce and fees."""
    result: Any
    """What the simulation returned."""
    hash: str | None = None
    """None if nothing was sent."""
    block_number: int | None = None
    gas_used: int | None = None
    events: tuple[Event, ...] = field(default=())
    """Events of the contract called, in order."""

    @property
    def sent(self) -> bool:
        """Whether it was sent, and mined with success."""
        return self.hash is not None

    def event(self, name: str) -> Event:
        """The first event of this name; `SwitchgearError` if there is none."""
        for event in self.events:
            if event.name == name:
                return event
        message = f"{self.function} emitted no {name}" if self.sent else f"{self.function} was not sent: no events"
        raise SwitchgearError(message)


class Contract:
    """One contract at an address. Subclasses give its functions their names and types."""

    name: ClassVar[str] = "contract"
    """What errors call it."""

    def __init__(self, web3: Web3, address: str, interface: Interface, *, chain_id: int | None = None) -> None:
        self.node = Node(web3, chain_id)
        self.address = to_address(address)
        self.interface = interface
        self._checked = False

    def check(self) -> None:
        """Raises unless the node answers, serves the expected chain and has the contract at the address.

        Done once, before the first read or transaction.

        Raises:
            NoConnection: No node answers.
            WrongChain: The node serves another chain than `chain_id`.
            ContractAbsent: No code at the address.
            WrongCode: Other code than the contract's.
        """
        chain_id = self.node.chain_id
        code = self.node.code(self.address)
        if not code:
            raise ContractAbsent(self.name, self.address, chain_id)
        self._check_code(code)
        self._checked = True

    def _check_code(self, code: bytes) -> None:
        """Raises if the code is not the contract's; any code will do here."""

    def read(self, function: str, *args: Any, block_identifier: BlockIdentifier = "latest") -> Any:
        """A view's answer, decoded by the ABI only."""
        return self.read_many([(function, args)], block_identifier=block_identifier)[0]

    def read_many(
        self, calls: Sequence[tuple[str, Sequence[Any]]], *, block_identifier: BlockIdentifier = "latest"
    ) -> list[Any]:
        """The answers of many views, in order, asked together."""
        requests = [{"to": self.address, "data": "0x" + self.interface.encode(*call).hex()} for call in calls]
        if not self._checked:
            self.check()
        block = to_block(block_identifier)
        if len(requests) == 1:
            answers = [self.node.request("eth_call", requests[0], block)]
        else:
            answers = self.node.request_many("eth_call", [(request, block) for request in requests])
        return [self._decode(function, answer) for (function, _), answer in zip(calls, answers, strict=True)]

    def send(self, function: str, *args: Any, sender: Any, dry_run: bool = False) -> Transaction:
        """Simulates a call and, if that succeeds, signs it, sends it and waits until it is mined.

        Args:
            function: Name or, if overloaded, signature.
            args: As the ABI has them.
            sender: An eth_account LocalAccount, an Ape account, or the address of an account unlocked at the node.
            dry_run: Simulate and prepare only; an address will then do for anybody.

        Raises:
            ContractReverted: The contract refuses, in the class of its error.
            SignerRequired: `sender` is None.
            UnsupportedSender: It is nothing of the kind.
            SignatureRefused: It did not sign.
            InsufficientFunds: It cannot pay.
            TransactionTimeout: Not mined in time.
            ChainError: Another failure of node or chain.
        """
        data = self.interface.encode(function, args)
        name = function.split("(", maxsplit=1)[0]
        if sender is None:
            message = f"{name} needs a sender, if only an address for a dry run"
            raise SignerRequired(message)
        if not self._checked:
            self.check()
        request: dict[str, Any] = {
            "from": sender_address(sender),
            "to": self.address,
            "data": "0x" + data.hex(),
            "value": 0,
            "chainId": self.node.chain_id,
        }
        outcome = self.node.call(_hex(request), "pending")
        result = self._decode(function, "0x" + outcome.hex()) if self.interface.returns(function) else None
        complete(self.node, request)
        if dry_run:
            return Transaction(name, request, result)
        mined = submit(self.node, request, sender)
        events = (self.decode_log(log) for log in mined["logs"] if to_address(log["address"]) == self.address)
        return Transaction(
            function=name,
            request=request,
            result=result,
            hash=mined["transactionHash"],
            block_number=int(mined["blockNumber"], 16),
            gas_used=int(mined["gasUsed"], 16),
            events=tuple(event for event in events if event),
        )

    def events(
        self, name: str, *, from_block: int = 0, to_block: BlockIdentifier = "latest", **indexed: Any
    ) -> Iterator[Event]:
        """Past events of one name, oldest first.

        Args:
            name: The event.
            from_block: First block to look in.
            to_block: Last block to look in.
            indexed: Values of some of its indexed fields, by the ABI's names.

        Raises:
            InvalidInput: A name is not that of an indexed field.
        """
        topics = self.interface.topics(name, indexed)
        if not self._checked:
            self.check()
        last = int(self.node.block(to_block)["number"], 16)
        for log in self.node.logs(self.address, topics, from_block, last):
            event = self.decode_log(log)
            if event:
                yield event

    def decode_log(self, log: Mapping[str, Any]) -> Event | None:
        """A log of this contract as a node gives it (JSON-RPC); None if its event is unknown."""
        return self.interface.decode_log(log)

    def _decode(self, function: str, answer: str) -> Any:
        data = bytes.fromhex(answer[2:])
        if not data and self.interface.returns(function):
            # The code is there now: so it was not at the block that was asked about.
            raise ContractAbsent(self.name, self.address, self.node.chain_id)
        try:
            return self.interface.decode(function, data)
        except (DecodingError, ValueError) as error:
            raise AnswerInvalid(function, self.address) from error


def complete(node: Node, request: dict[str, Any]) -> None:
    """Adds gas, with its margin, nonce and fees to a transaction request."""
    request["gas"] = int(int(node.request("eth_estimateGas", _hex(request), "pending"), 16) * GAS_MARGIN)
    request["nonce"] = int(node.request("eth_getTransactionCount", request["from"], "pending"), 16)
    base = node.block().get("baseFeePerGas")
    if base is None:
        request["gasPrice"] = int(node.request("eth_gasPrice"), 16)
        return
    try:
        tip = int(node.request("eth_maxPriorityFeePerGas"), 16)
    except RPCFailed:
        tip = 10**9
    # Twice the base fee stays enough for six full blocks.
    request["maxFeePerGas"], request["maxPriorityFeePerGas"] = 2 * int(base, 16) + tip, tip


def submit(node: Node, request: dict[str, Any], sender: Any, timeout: float = RECEIPT_TIMEOUT) -> dict[str, Any]:
    """Signs a complete request, sends it and waits for its receipt; raises if it failed."""
    if not is_safe(sender):  # whoever submits a Safe's transaction pays
        balance = int(node.request("eth_getBalance", request["from"], "pending"), 16)
        needed = request["gas"] * request.get("maxFeePerGas", request.get("gasPrice", 0)) + request["value"]
        if balance < needed:
            raise InsufficientFunds(request["from"], balance, needed)
    raw = sign_transaction(request, sender)
    if raw is None:
        tx_hash = node.request("eth_sendTransaction", _hex(request))
    else:
        tx_hash = node.request("eth_sendRawTransaction", "0x" + raw.hex())
    receipt = _wait(node, tx_hash, timeout)
    if int(receipt["status"], 16):
        return receipt
    try:
        node.call(_hex(request), int(receipt["blockNumber"], 16))
    except ContractReverted as error:
        error.tx_hash = tx_hash
        raise
    except ChainError:  # a node without the state of that block
        pass
    raise TransactionFailed(tx_hash)


def sender_address(sender: Any) -> str:
    """Whose transaction it will be; `UnsupportedSender` for what has no address."""
    if isinstance(sender, str) or isinstance(getattr(sender, "address", None), str):
        return to_address(sender, name="sender")
    message = f"{type(sender).__name__} is no sender: give a LocalAccount, an Ape account, or an unlocked address"
    raise UnsupportedSender(message)


def sign_transaction(request: dict[str, Any], sender: Any) -> bytes | None:
    """The signed transaction; None if it is the node that has the key (`sender` is an address).

    Ape is not imported: an Ape account is known by its `provider`, which makes the type that it signs.
    """
    if isinstance(sender, str):
        return None
    if not hasattr(sender, "sign_transaction"):
        message = f"{type(sender).__name__} cannot sign: give a LocalAccount, an Ape account, or an unlocked address"
        raise UnsupportedSender(message)
    if not hasattr(sender, "provider"):
        # The key says who signs, and eth_account wants nobody else named.
        return bytes(sender.sign_transaction({k: v for k, v in request.items() if k != "from"}).raw_transaction)
    create = sender.provider.network.ecosystem.create_transaction
    signed = _by_safe(request, sender, create) if is_safe(sender) else sender.sign_transaction(create(**request))
    if signed is None:
        message = f"{sender.address} did not sign the transaction"
        raise SignatureRefused(message)
    # An impersonated account hands it back unsigned, for the node to send.
    return bytes(signed.serialize_transaction()) if signed.signature else None


def is_safe(sender: Any) -> bool:
    """Whether it is a Safe of the plugin ape-safe: its owners sign, and one of them sends."""
    return hasattr(sender, "create_safe_tx")


def _by_safe(request: dict[str, Any], safe: Any, create: Callable[..., Any]) -> Any:
    """The transaction of an owner that makes the Safe act, signed by as many as it takes."""
    from ape.exceptions import ApeException  # noqa: PLC0415 - where a Safe is, Ape is

    # Gas and nonce are of that transaction, which Ape prepares: it costs more than the call, by the number of owners.
    prepared = create(**{key: value for key, value in request.items() if key not in ("gas", "nonce")})
    try:
        return safe.sign_transaction(prepared)
    except (ApeException, LookupError, OSError, ValueError) as error:
        # The plugin knows no error of its own for a version or a chain that it does not support.
        raise SafeNotSigned(safe.address, " ".join(str(error).split()), request["to"], request["data"]) from error


def code_hash(code: bytes) -> str:
    """keccak-256 of code, in 0x hex."""
    return "0x" + keccak(code).hex()


def _wait(node: Node, tx_hash: str, timeout: float) -> dict[str, Any]:
    deadline = time.monotonic() + timeout
    pause = 0.01
    while (receipt := node.request("eth_getTransactionReceipt", tx_hash)) is None:
        if time.monotonic() > deadline:
            raise TransactionTimeout(tx_hash, timeout)
        time.sleep(pause)
        pause = min(1.0, pause * 2)
    return dict(receipt)


def _hex(request: dict[str, Any]) -> dict[str, Any]:
    """A transaction request as JSON-RPC has it."""
    return {key: hex(value) if isinstance(value, int) else value for key, value in request.items()}
