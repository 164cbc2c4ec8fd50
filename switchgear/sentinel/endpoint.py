"""Several nodes of one chain, none of which is trusted to be there, to be up to date, or to tell the truth."""

from __future__ import annotations

import asyncio
import time
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Any, TypeAlias, TypeVar
from urllib.parse import urlsplit

from web3 import HTTPProvider, Web3

from switchgear.chain import Node
from switchgear.errors import ChainError, ContractReverted, NoConnection, RPCFailed

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Iterable, Sequence

_T = TypeVar("_T")
Failure: TypeAlias = "ChainError | ContractReverted"
"""What asking an endpoint can fail with."""

_WORKERS = 8
"""Requests that one endpoint gets at a time; a slow one cannot hold up the others."""
_REST = 0.25
"""Seconds for which an endpoint is not asked after it failed; doubled each time, up to 64 times that."""


class Endpoint:
    """One node, asked from asyncio."""

    def __init__(self, url: str, *, timeout: float = 5.0, name: str = "") -> None:
        self.name = name or urlsplit(url).netloc.rpartition("@")[2]
        """For people: without path and password, which often are keys."""
        # Whether to try again is decided here, not in the provider.
        provider = HTTPProvider(url, request_kwargs={"timeout": timeout}, exception_retry_configuration=None)
        self.node = Node(Web3(provider))
        self.failures = 0
        """Since its last answer."""
        self.stale = False
        """Whether its head has been behind the others' for too long; `Source` sees to it."""
        self._rest_until = 0.0
        self._threads = ThreadPoolExecutor(_WORKERS, thread_name_prefix=self.name)

    @property
    def rested(self) -> bool:
        """Whether it is worth asking."""
        return time.monotonic() >= self._rest_until

    async def request(self, method: str, *params: Any) -> Any:
        """One request's result; `ChainError` or, for a call, `ContractReverted`."""
        return await self.run(self.node.request, method, *params)

    async def request_many(self, method: str, params: Sequence[Sequence[Any]]) -> list[Any]:
        """The results of many requests of one kind."""
        return await self.run(self.node.request_many, method, params)

    async def run(self, function: Callable[..., _T], *args: Any) -> _T:
        """Something that asks this node, in a thread."""
        try:
            result = await asyncio.get_running_loop().run_in_executor(self._threads, function, *args)
        except NoConnection:
            self._rest_until = time.monotonic() + _REST * 2 ** min(self.failures, 6)
            self.failures += 1
            raise
        self.failures = 0
        return result

    def close(self) -> None:
        """Ends its threads, after what they are at."""
        self._threads.shutdown(wait=False, cancel_futures=True)


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
                return await ask(endpoint)
            except ChainError as error:  # noqa: PERF203 - asking takes far longer
                failure = error
        raise failure

    async def every(
        self, ask: Callable[[Endpoint], Awaitable[_T]], among: Iterable[Endpoint] | None = None
    ) -> dict[Endpoint, _T | Failure]:
        """What each of them answers or fails with, asked at once; by default those that keep up."""
        asked = list(self.current if among is None else among)
        answers = await asyncio.gather(*map(ask, asked), return_exceptions=True)
        for answer in answers:
            if isinstance(answer, BaseException) and not isinstance(answer, (ChainError, ContractReverted)):
                raise answer
        return dict(zip(asked, answers, strict=True))  # type: ignore[arg-type]  # the rest was raised

    def close(self) -> None:
        """Ends all threads."""
        for one in self.all:
            one.close()


def answers(found: dict[Endpoint, _T | Failure]) -> dict[Endpoint, _T]:
    """Only those that answered."""
    return {one: what for one, what in found.items() if not isinstance(what, (ChainError, ContractReverted))}


def malformed(method: str, reason: object) -> RPCFailed:
    """The error for an answer that is none."""
    return RPCFailed(method, None, f"malformed answer ({reason})")
