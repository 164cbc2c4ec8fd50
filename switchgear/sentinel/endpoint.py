"""Several nodes of one chain, none of which is trusted to be there, to be up to date, or to tell the truth."""

from __future__ import annotations

import asyncio
import json
import time
from typing import TYPE_CHECKING, Any, TypeAlias, TypeVar
from urllib.parse import urlsplit
from urllib.request import getproxies, proxy_bypass

from aiohttp import ClientError, ClientSession, ClientTimeout, TCPConnector
from eth_abi.exceptions import DecodingError

from switchgear.chain import BATCH, log_filter, log_spans, result_of
from switchgear.errors import ChainError, ContractReverted, NoConnection, RPCFailed

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Iterable, Sequence

_T = TypeVar("_T")
Failure: TypeAlias = "ChainError | ContractReverted"
"""What asking an endpoint can fail with."""
Call: TypeAlias = "tuple[str, Sequence[Any]]"
"""A method and its parameters."""

MALFORMED = (LookupError, TypeError, ValueError, AttributeError, OverflowError, DecodingError)
"""What reading an answer fails with that is none."""

_TRIES = 3
"""Batches that an endpoint may refuse before it gets no more of them."""
_CONNECTIONS = 8
"""Requests that one endpoint gets at a time."""
_REST = 0.25
"""Seconds for which an endpoint is not asked after it failed; doubled each time, up to 64 times that."""
_LONG = 12
"""Times the timeout that logs of many blocks may take."""


class Endpoint:
    """One node, asked from asyncio over connections that stay open: between a log and a trip each millisecond counts.

    It is asked in the loop that it was made in, and closed there.
    """

    def __init__(self, url: str, *, timeout: float = 5.0, name: str = "") -> None:
        self.name = name or urlsplit(url).netloc.rpartition("@")[2]
        """For people: without path and password, which often are keys."""
        self.failures = 0
        """Since its last answer."""
        self.stale = False
        """Whether its head has been behind the others' for too long; `Source` sees to it."""
        self._url = url
        self._timeout = timeout
        # Looked up once: asking the environment takes longer than the request to a node nearby.
        self._proxy = _proxy(url)
        self._rest_until = 0.0
        self._shut = 0
        """Times in a row that it closed the door on several requests at once, and answered them one by one."""
        headers = {"Content-Type": "application/json", "User-Agent": "switchgear"}
        self._session = ClientSession(headers=headers, connector=TCPConnector(limit=_CONNECTIONS))

    @property
    def rested(self) -> bool:
        """Whether it is worth asking."""
        return time.monotonic() >= self._rest_until

    async def request(self, method: str, *params: Any) -> Any:
        """One request's result; `ChainError` or, for a call, `ContractReverted`."""
        return await self._single(method, params)

    async def batch(self, calls: Sequence[Call]) -> list[Any]:
        """The results of different requests in one round trip, or what each of them failed with.

        Raises:
            NoConnection: Nobody answers.
        """
        given = await self._together(calls) if len(calls) > 1 and self._shut < _TRIES else None
        if given is not None:
            return [_outcome(method, answer) for (method, _), answer in zip(calls, given, strict=True)]
        single = await asyncio.gather(*(self._single(*one) for one in calls), return_exceptions=True)
        for one in single:
            if isinstance(one, NoConnection) or (
                isinstance(one, BaseException) and not isinstance(one, (ChainError, ContractReverted))
            ):
                raise one
        self._shut += len(calls) > 1
        return single

    async def request_many(self, method: str, params: Sequence[Sequence[Any]]) -> list[Any]:
        """The results of many requests of one kind, in as few round trips as the node allows."""
        results: list[Any] = []
        for start in range(0, len(params), BATCH):
            for one in await self.batch([(method, some) for some in params[start : start + BATCH]]):
                if isinstance(one, (ChainError, ContractReverted)):
                    raise one
                results.append(one)
        return results

    async def logs(self, addresses: Sequence[str], first: int, last: int) -> list[dict[str, Any]]:
        """Logs of contracts in a range of blocks, asked for in parts where the node finds it too long."""
        logs: list[dict[str, Any]] = []
        spans = log_spans(first, last)
        span = next(spans)
        while span is not None:
            call = ("eth_getLogs", [log_filter(list(addresses), [], *span)])
            try:
                logs += await self._single(*call, timeout=_LONG * self._timeout)
            except RPCFailed as error:
                span = spans.send(error)
                continue
            span = next(spans)
        return logs

    async def close(self) -> None:
        """Ends its connections."""
        await self._session.close()

    # ------------------------------------------------------------------ internal

    async def _single(self, method: str, params: Sequence[Any], timeout: float | None = None) -> Any:
        return result_of(method, await self.post(_envelope(0, method, params), timeout))

    async def _together(self, calls: Sequence[Call]) -> list[Any] | None:
        """The answers to a batch, in order; None where the node takes none."""
        try:
            found = await self.post([_envelope(index, *one) for index, one in enumerate(calls)])
        except NoConnection:
            # Some close the door on a batch. If really nobody is there, the single requests tell.
            return None
        listed = [one for one in found if isinstance(one, dict)] if isinstance(found, list) else []
        answers = {one["id"]: one for one in listed if isinstance(one.get("id"), int)}
        if answers.keys() == set(range(len(calls))):
            self._shut = 0
            return [answers[index] for index in range(len(calls))]
        if isinstance(found, dict):
            # An error for all of them: it need not be asked again.
            self._shut = _TRIES
        return None

    async def post(self, body: Any, timeout: float | None = None) -> Any:
        """One round trip of JSON: all that is asked of the node passes here; `NoConnection` if it does not answer."""
        try:
            limit = ClientTimeout(total=timeout or self._timeout)
            async with self._session.post(
                self._url, data=json.dumps(body), timeout=limit, proxy=self._proxy
            ) as response:
                response.raise_for_status()
                answer = json.loads(await response.read())
        except (ClientError, OSError, asyncio.TimeoutError, ValueError) as error:
            self._rest_until = time.monotonic() + _REST * 2 ** min(self.failures, 6)
            self.failures += 1
            # Not the endpoint itself: a URL often has a key in it.
            message = f"no node answers ({type(error).__name__}): check the endpoint, and that the node runs"
            raise NoConnection(message) from None
        self.failures, self._rest_until = 0, 0.0
        return answer


class Endpoints:
    """All of them, in the order of preference."""

    def __init__(self, endpoints: Iterable[Endpoint]) -> None:
        self.all = tuple(endpoints)

    @property
    def live(self) -> tuple[Endpoint, ...]:
        """Those worth asking; all, if none is."""
        return tuple(one for one in self.all if one.rested) or self.all

    @property
    def current(self) -> tuple[Endpoint, ...]:
        """Those of them that keep up with the head; all of them, if none does."""
        return tuple(one for one in self.live if not one.stale) or self.live

    async def any(self, method: str, *params: Any) -> Any:
        """The first answer, in order of preference. A revert is an answer."""
        return await self.first(lambda endpoint: endpoint.request(method, *params))

    async def first(self, ask: Callable[[Endpoint], Awaitable[_T]], among: Iterable[Endpoint] | None = None) -> _T:
        """The first of them that can be asked this; what the last one failed with if none can."""
        failure: ChainError = NoConnection("no endpoint is left to ask")
        for endpoint in self.current if among is None else among:
            try:
                return await _asked(endpoint, ask)
            except ChainError as error:  # noqa: PERF203 - asking takes far longer
                failure = error
        raise failure

    async def every(
        self, ask: Callable[[Endpoint], Awaitable[_T]], among: Iterable[Endpoint] | None = None
    ) -> dict[Endpoint, _T | Failure]:
        """What each of them answers or fails with, asked at once; by default those that keep up."""
        asked = list(self.current if among is None else among)
        answers = await asyncio.gather(*(_asked(one, ask) for one in asked), return_exceptions=True)
        for answer in answers:
            if isinstance(answer, BaseException) and not isinstance(answer, (ChainError, ContractReverted)):
                raise answer
        return dict(zip(asked, answers, strict=True))  # type: ignore[arg-type]  # the rest was raised

    async def close(self) -> None:
        """Ends all connections."""
        for one in self.all:
            await one.close()


def answers(found: dict[Endpoint, _T | Failure]) -> dict[Endpoint, _T]:
    """Only those that answered."""
    return {one: what for one, what in found.items() if not isinstance(what, (ChainError, ContractReverted))}


def malformed(method: str, reason: object) -> RPCFailed:
    """The error for an answer that is none."""
    return RPCFailed(method, None, f"malformed answer ({reason})")


async def _asked(endpoint: Endpoint, ask: Callable[[Endpoint], Awaitable[_T]]) -> _T:
    """One endpoint's answer; what cannot be read is its failure, and nobody else's."""
    try:
        return await ask(endpoint)
    except MALFORMED as error:
        raise malformed("what it was asked", error) from error


def _proxy(url: str) -> str | None:
    """The proxy that the environment (`HTTPS_PROXY`, `NO_PROXY`) has for a URL."""
    parts = urlsplit(url)
    return None if proxy_bypass(parts.hostname or "") else getproxies().get(parts.scheme)


def _envelope(number: int, method: str, params: Sequence[Any]) -> dict[str, Any]:
    return {"jsonrpc": "2.0", "id": number, "method": method, "params": list(params)}


def _outcome(method: str, answer: Any) -> Any:
    try:
        return result_of(method, answer)
    except (ChainError, ContractReverted) as error:
        return error
