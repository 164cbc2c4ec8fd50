"""Blocks of the chain, each confirmed by its parent, with the logs that matter: none missed, none twice (OP-1).

A websocket wakes it, and hints where to look first. What it takes, it takes from endpoints, from a cursor on:

- A block follows the one before it by its parent hash, and as many endpoints as the quorum asks for have it, as far as
  so many answer. One that lags, or stands alone with a fork of its own, holds the others up for `patience` at most.
- If the chain went another way, the last block in common is found, and what came after it is to be undone.
- Logs are asked of each endpoint of the quorum, and united. A log counts only if the block's hash and its bloom filter
  agree, and where the filter promises a log of the core that nobody gave, the receipts decide.
"""

from __future__ import annotations

import asyncio
import json
import logging
import re
import time
from collections import Counter
from dataclasses import dataclass
from functools import lru_cache, reduce
from operator import or_
from typing import TYPE_CHECKING, Any, NamedTuple

from eth_utils.crypto import keccak
from websockets.asyncio.client import connect
from websockets.exceptions import WebSocketException

from switchgear.errors import ChainError, RPCFailed
from switchgear.sentinel.bell import Bell
from switchgear.sentinel.endpoint import MALFORMED, Endpoint, Endpoints, answers, malformed

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence

LOGGER = logging.getLogger(__name__)

BATCH = 64
"""Blocks that are taken together when there are so many to catch up with."""
_SATURATED = 1024
"""Bits of a bloom filter, of 2,048, above which it promises anything."""

_HEADER = "eth_getBlockByNumber"
_LOGS = "eth_getLogs"
_BODY = "eth_getBlockByHash"
_HASH = re.compile(r"0x[\da-f]{64}", re.IGNORECASE)
_DATA = re.compile(r"0x([\da-f]{2})*", re.IGNORECASE)
_TRANSACTION = re.compile(r"0x[\da-f]{40} (0x[\da-f]{40}|None) 0x([\da-f]{2})* 0x[\da-f]+ 0x[\da-f]+", re.IGNORECASE)
"""Sender, receiver, start of the data, position and value."""


class Header(NamedTuple):
    """What endpoints must agree on."""

    number: int
    hash: str
    parent: str
    time: int
    bloom: str
    base_fee: int
    transactions: tuple[str, ...]
    """Their hashes."""

    @classmethod
    def of(cls, found: Mapping[str, Any]) -> Header:
        """From a node's answer; `RPCFailed` if it is none."""
        try:
            transactions = tuple(one["hash"] if isinstance(one, dict) else one for one in found["transactions"])
            for one in (found["hash"], found["parentHash"], *transactions):
                if not _HASH.fullmatch(one):
                    raise malformed(_HEADER, one)
            # A filter that cannot be read promises nothing, and must not pass for one that does.
            int(found["logsBloom"], 16)
            return cls(
                number=int(found["number"], 16),
                hash=found["hash"],
                parent=found["parentHash"],
                time=int(found["timestamp"], 16),
                bloom=found["logsBloom"],
                base_fee=int(found.get("baseFeePerGas") or "0x0", 16),
                transactions=transactions,
            )
        except MALFORMED as error:
            raise malformed(_HEADER, error) from error


class Block(NamedTuple):
    """A confirmed block."""

    header: Header
    transactions: list[dict[str, Any]]
    logs: list[dict[str, Any]]
    """Those watched, in order, each once."""


@dataclass(frozen=True)
class Rollback:
    """The chain went another way after this block."""

    number: int


@dataclass(frozen=True)
class Lost:
    """The chain has none of the blocks that are remembered."""


class _Sight(NamedTuple):
    """What one endpoint shows beyond the cursor."""

    head: int
    headers: list[Header]
    """From the one after the cursor on; if it has none, its head alone."""
    body: list[dict[str, Any]] | None = None
    """Transactions of the only header, if they came with it."""
    logs: list[dict[str, Any]] | None = None
    """Likewise its logs."""


class Source:
    """Follows a chain."""

    def __init__(
        self,
        endpoints: Endpoints,
        addresses: Iterable[str],
        core: str,
        decode: Callable[[Mapping[str, Any]], object],
        *,
        quorum: int,
        patience: float,
    ) -> None:
        self.endpoints = endpoints
        self.addresses = sorted({one.lower() for one in addresses} | {core.lower()})
        """Contracts whose logs are taken."""
        self.head = 0
        """The highest block that any endpoint claims."""
        self.disputed = False
        """Whether endpoints contradict each other about the next block."""
        self._core = core.lower()
        self._decode = decode
        """Fails for what is no log of the core."""
        self._quorum = quorum
        self._patience = patience
        self._stuck: tuple[int, float] = (-1, 0.0)
        """At which block it waits for a quorum, and since when."""
        self._announced = (-1, "")
        """Number and hash of the block that a websocket told of last: a hint, and no more."""
        self._announced_at = 0.0
        self._behind: dict[Endpoint, float] = {}
        """Since when an endpoint has been lagging."""
        self.bell = Bell()
        """Rung when there may be a new block."""

    # ------------------------------------------------------------------ waking

    async def listen(self, url: str) -> None:
        """Wakes with every new head that a websocket announces; for ever, whatever becomes of the connection."""
        subscription = json.dumps({"jsonrpc": "2.0", "id": 1, "method": "eth_subscribe", "params": ["newHeads"]})
        while True:
            try:
                async with connect(url, open_timeout=5, max_queue=None) as socket:
                    await socket.send(subscription)
                    async for message in socket:
                        if announced := _announcement(message):
                            self._announced, self._announced_at = announced, time.monotonic()
                        self.bell.ring()
            except (OSError, WebSocketException, asyncio.TimeoutError) as error:
                # Not the URL: it may have a key in it.
                LOGGER.info("websocket lost (%s); polling meanwhile", type(error).__name__)
            self.bell.ring()
            await asyncio.sleep(0.5)

    def expects(self, number: int) -> bool:
        """Whether a block after this one was announced lately."""
        return self._announced[0] > number and time.monotonic() - self._announced_at < self._patience

    # ------------------------------------------------------------------ blocks

    async def advance(self, tip: Header, remembered: Mapping[int, str]) -> list[Block] | Rollback | Lost:
        """What comes after a block: confirmed blocks, none if there is nothing new, or that it is no longer there.

        Args:
            tip: The last block that was taken.
            remembered: Hashes of the last blocks taken, by number, `tip` among them.

        Raises:
            ChainError: No endpoint answers.
        """
        # Those that lag are asked too, lest nobody notice when they have caught up.
        found = await self.endpoints.every(lambda one: self._look(one, tip.number), self.endpoints.live)
        sights = answers(found)
        if not sights:
            raise next(error for error in found.values() if isinstance(error, ChainError))
        self.head = max(sight.head for sight in sights.values())
        needed = self._needed(sights)
        run, forked = self._agreed(tip, sights, needed)
        if forked:
            return await self._ancestor(tip, remembered, forked)
        if not run:
            return await self._shortened(tip, remembered, sights, needed)
        voters = [one for one, sight in sights.items() if sight.headers[: len(run)] == run] or [
            one for one, sight in sights.items() if sight.headers[:1] == run[:1]
        ]
        return await self._fill(run, {one: sights[one] for one in voters}, needed)

    async def header(self, number: int | str) -> Header:
        """One header, from the first endpoint that has it."""

        async def ask(endpoint: Endpoint) -> Header:
            (header,) = await _headers(endpoint, [number])
            return header

        return await self.endpoints.first(ask)

    async def past_logs(self, address: str, first: int, last: int) -> list[dict[str, Any]]:
        """All logs of a contract in a range of final blocks, which is split where an endpoint finds it too long."""

        async def ask(endpoint: Endpoint) -> list[dict[str, Any]]:
            logs = await endpoint.logs([address], first, last)
            for log in logs:
                self._decode(log)
            return logs

        return await self.endpoints.first(ask)

    # ------------------------------------------------------------------ internal: agreement

    async def _look(self, endpoint: Endpoint, tip: int) -> _Sight:
        number, block_hash = self._announced
        if number == tip + 1:
            # The block by its number, as the endpoint has it; its logs by the hash that was told.
            found, logs = await endpoint.batch(
                [
                    (_HEADER, [hex(number), True]),
                    (_LOGS, [{"address": self.addresses, "blockHash": block_hash}]),
                ]
            )
            if isinstance(found, dict):
                header = Header.of(found)
                told = header.hash == block_hash and isinstance(logs, list)
                return _Sight(number, [header], _transactions(found), logs if told else None)
        head = int(await endpoint.request("eth_blockNumber"), 16)
        numbers = range(tip + 1, min(head, tip + BATCH) + 1) if head > tip else [head]
        return _Sight(head, await _headers(endpoint, numbers))

    def _needed(self, sights: Mapping[Endpoint, _Sight]) -> int:
        """How many must agree: the quorum, of those that keep up."""
        now = time.monotonic()
        for one, sight in sights.items():
            if sight.head >= self.head:
                self._behind.pop(one, None)
            else:
                self._behind.setdefault(one, now)
            one.stale = now - self._behind.get(one, now) >= self._patience
        return max(1, min(self._quorum, sum(not one.stale for one in sights)))

    def _agreed(
        self, tip: Header, sights: Mapping[Endpoint, _Sight], needed: int
    ) -> tuple[list[Header], list[Endpoint]]:
        """The headers that follow and are agreed on; or else those endpoints that agree on another branch."""
        ahead = {one: sight.headers for one, sight in sights.items() if sight.head > tip.number}
        run: list[Header] = []
        parent = tip.hash
        while votes := Counter(headers[len(run)] for headers in ahead.values() if len(headers) > len(run)):
            header, count = votes.most_common(1)[0]
            if not run:
                self.disputed = len(votes) > 1
                if count < needed:
                    if not self._waited(tip.number):
                        break
                    header = self._preferred(tip, ahead)
                    LOGGER.warning("block %d: taken without a quorum", header.number)
            elif count < needed:
                break
            if header.number != tip.number + len(run) + 1 or header.parent != parent:
                forked = [one for one, headers in ahead.items() if headers[len(run) :][:1] == [header]]
                return run, [] if run else forked
            run.append(header)
            parent = header.hash
        if run:
            self._stuck = (-1, 0.0)
        return run, []

    def _waited(self, number: int) -> bool:
        """Whether patience with those who should confirm the block after this one is over."""
        if self._stuck[0] != number:
            self._stuck = (number, time.monotonic())
        return time.monotonic() - self._stuck[1] >= self._patience

    @staticmethod
    def _preferred(tip: Header, ahead: Mapping[Endpoint, list[Header]]) -> Header:
        """Of contradicting endpoints, the one that goes on from the cursor, the further the better."""
        headers = max(ahead.values(), key=lambda one: (one[0].parent == tip.hash, one[-1].number))
        return headers[0]

    async def _shortened(
        self, tip: Header, remembered: Mapping[int, str], sights: Mapping[Endpoint, _Sight], needed: int
    ) -> list[Block] | Rollback | Lost:
        """Nothing new: unless the chain ended before the cursor, on another branch."""
        other = [
            one
            for one, sight in sights.items()
            if sight.head <= tip.number and sight.headers[0].hash != remembered.get(sight.head, sight.headers[0].hash)
        ]
        beyond_memory = all(sight.head < min(remembered) for sight in sights.values())
        if beyond_memory and self._waited(tip.number):
            return Lost()
        if len(other) < needed or any(sight.head > tip.number for sight in sights.values()):
            return []
        return await self._ancestor(tip, remembered, other)

    async def _ancestor(
        self, tip: Header, remembered: Mapping[int, str], voters: Sequence[Endpoint]
    ) -> Rollback | Lost | list[Block]:
        """The last block that the cursor's branch and the voters' have in common."""

        async def ask(endpoint: Endpoint) -> Rollback | Lost:
            head = int(await endpoint.request("eth_blockNumber"), 16)
            numbers = [number for number in sorted(remembered, reverse=True) if number <= head]
            for start in range(0, len(numbers), BATCH):
                for header in await _headers(endpoint, numbers[start : start + BATCH]):
                    if header.hash == remembered[header.number]:
                        return Rollback(header.number)
            return Lost()

        found = await self.endpoints.first(ask, voters)
        # The branch was gone again before it could be followed down.
        return [] if found == Rollback(tip.number) else found

    # ------------------------------------------------------------------ internal: what is in the blocks

    async def _fill(self, run: list[Header], voters: Mapping[Endpoint, _Sight], needed: int) -> list[Block]:
        """The blocks with their transactions and logs."""
        bodies, given = await asyncio.gather(
            self._bodies(run, voters),
            self.endpoints.every(lambda one: self._logs(one, run, voters[one]), [*voters][: max(needed, 1)]),
        )
        usable = answers(given)
        if not usable:
            best = next(iter(voters))
            usable = {best: await self.endpoints.first(lambda one: self._logs(one, run), voters)}
        united: dict[str, dict[int, dict[str, Any]]] = {header.hash: {} for header in run}
        for logs in usable.values():
            for log in logs:
                united[log["blockHash"]][int(log["logIndex"], 16)] = log
        blocks = []
        for header, body in zip(run, bodies, strict=True):
            logs_of = united[header.hash]
            if self._promised(header) and not any(log["address"].lower() == self._core for log in logs_of.values()):
                for log in await self._receipt_logs(header, [*voters]):
                    logs_of[int(log["logIndex"], 16)] = log
            blocks.append(Block(header, body, [logs_of[index] for index in sorted(logs_of)]))
        return blocks

    async def _bodies(self, run: list[Header], voters: Mapping[Endpoint, _Sight]) -> list[list[dict[str, Any]]]:
        """Transactions of the blocks, from those who came with them or else from any."""
        if len(run) == 1:
            for sight in voters.values():
                if sight.body is not None:
                    return [sight.body]
        return await self.endpoints.first(lambda one: _bodies(one, run), voters)

    async def _logs(self, endpoint: Endpoint, run: list[Header], sight: _Sight | None = None) -> list[dict[str, Any]]:
        """Its logs of these blocks, but none that contradicts their headers."""
        by_hash = {header.hash: header for header in run}
        if len(run) > 1:
            found = await endpoint.logs(self.addresses, run[0].number, run[-1].number)
        elif sight is not None and sight.logs is not None:
            found = sight.logs
        else:
            found = await endpoint.request(_LOGS, {"address": self.addresses, "blockHash": run[0].hash})
        return list(self._credible(found, by_hash))

    def _credible(self, logs: Sequence[dict[str, Any]], by_hash: Mapping[str, Header]) -> Iterator[dict[str, Any]]:
        blooms = {one.hash: int(one.bloom, 16) for one in by_hash.values()}
        for log in logs:
            try:
                if log.get("removed"):
                    continue
                header = by_hash.get(log["blockHash"])
                marks = [log["address"], *log["topics"]]
                int(log["logIndex"], 16), int(log["transactionIndex"], 16), int(log["blockNumber"], 16)
                if not all(map(_HASH.fullmatch, [log["transactionHash"], *log["topics"]])):
                    raise malformed(_LOGS, log["topics"])
                if not _DATA.fullmatch(log["data"]):
                    raise malformed(_LOGS, log["data"])
                possible = header is not None and all(_may_have(blooms[header.hash], mark) for mark in marks)
                if log["address"].lower() == self._core:
                    self._decode(log)
            except MALFORMED as error:
                raise malformed(_LOGS, error) from error
            if header is None:
                # The endpoint went over to another branch meanwhile.
                raise RPCFailed(_LOGS, None, f"a log of block {log['blockHash']}, which was not asked for")
            if possible:
                yield log
            else:
                LOGGER.warning("block %d: a log that cannot be in it was given, and dropped", header.number)

    def _promised(self, header: Header) -> bool:
        """Whether the block's bloom filter promises a log of the core, as far as it can."""
        bloom = int(header.bloom, 16)
        return bloom.bit_count() <= _SATURATED and _may_have(bloom, self._core)

    async def _receipt_logs(self, header: Header, voters: Sequence[Endpoint]) -> list[dict[str, Any]]:
        """The watched logs of a block by its receipts."""
        watched = set(self.addresses)

        async def ask(endpoint: Endpoint) -> list[dict[str, Any]]:
            receipts = await endpoint.request_many("eth_getTransactionReceipt", [[one] for one in header.transactions])
            logs = [log for receipt in receipts for log in (receipt or {}).get("logs", ())]
            return [log for log in self._credible(logs, {header.hash: header}) if log["address"].lower() in watched]

        logs = await self.endpoints.first(ask, [*reversed(voters)])
        if logs:
            LOGGER.warning("block %d: logs were withheld; taken from receipts", header.number)
        return logs


def _announcement(message: str | bytes) -> tuple[int, str] | None:
    """Number and hash of the head in a websocket's message; None if it has none."""
    try:
        head = json.loads(message)["params"]["result"]
        return int(head["number"], 16), str(head["hash"])
    except (KeyError, TypeError, ValueError):
        return None


async def _headers(endpoint: Endpoint, numbers: Iterable[int | str]) -> list[Header]:
    asked = [[number if isinstance(number, str) else hex(number), False] for number in numbers]
    found = await endpoint.request_many(_HEADER, asked)
    headers = []
    for block in found:
        if block is None:
            # It claimed a head that it does not have, or went back meanwhile: what comes before is good.
            break
        headers.append(Header.of(block))
    if not headers:
        raise RPCFailed(_HEADER, None, "no such block")
    return headers


async def _bodies(endpoint: Endpoint, run: list[Header]) -> list[list[dict[str, Any]]]:
    """Transactions of blocks, complete by their headers."""
    found = await endpoint.request_many(_BODY, [[header.hash, True] for header in run])
    for header, block in zip(run, found, strict=True):
        if block is None or Header.of(block) != header:
            raise RPCFailed(_BODY, None, f"another block than {header.hash}")
    return [_transactions(block) for block in found]


def _transactions(block: Mapping[str, Any]) -> list[dict[str, Any]]:
    """A block's transactions; `RPCFailed` if what is read of them later cannot be."""
    for one in block["transactions"]:
        try:
            text = f"{one['from']} {one.get('to')} {one['input'][:10]} {one['transactionIndex']} {one['value']}"
        except MALFORMED as error:
            raise malformed(_BODY, error) from error
        if not _TRANSACTION.fullmatch(text):
            raise malformed(_BODY, text)
    return list(block["transactions"])


def _may_have(bloom: int, mark: str) -> bool:
    """Whether a bloom filter may have seen an address or a topic."""
    mask = _mask(mark)
    return bloom & mask == mask


@lru_cache(maxsize=4096)
def _mask(mark: str) -> int:
    """The bits, of 2,048, that an address or topic sets (Yellow Paper, 4.4.3)."""
    digest = keccak(bytes.fromhex(mark[2:]))
    return reduce(or_, (1 << (int.from_bytes(digest[at : at + 2], "big") & 2047) for at in (0, 2, 4)))
