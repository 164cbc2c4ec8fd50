"""A node that misbehaves on demand: a JSON-RPC proxy, over HTTP and websocket, in front of a real one.

Faults are functions of a method, its parameters and the node's answer, in the order in which they were added. `Proxy`
runs in a thread of its own.
"""

from __future__ import annotations

import asyncio
import json
import threading
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from aiohttp import ClientSession, WSMsgType, web

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    Lie = Callable[[str, list[Any], Any], Any]


class Cut(Exception):
    """Close the connection without an answer."""


class Truncate(Exception):
    """Send the first half of the answer."""


class Fail(Exception):
    """Answer with an error of the node."""


class Proxy:
    """One endpoint; start it by `proxied`."""

    def __init__(self, upstream: str) -> None:
        self.upstream = upstream
        self.url = ""
        self.down = False
        """Whether it cuts every connection."""
        self.delay = 0.0
        """Seconds before each answer."""
        self.twice: set[str] = set()
        """Methods that are handed to the node two times."""
        self.asked: list[str] = []
        """Methods, in order."""
        self.trips: list[list[str]] = []
        """The same, by round trips."""
        self.batches: type[Exception] | None = None
        """What becomes of several requests at once: `Cut`, `Fail`, `aiohttp.web.HTTPException`; answers if None."""
        self.faults: list[Lie] = []
        """Each turns the node's result into the one that is given, or raises Cut, Truncate or Fail."""
        self.sockets: set[web.WebSocketResponse] = set()
        self._loop = asyncio.new_event_loop()

    @property
    def ws_url(self) -> str:
        """The same, by websocket."""
        return self.url.replace("http", "ws", 1)

    def fault(self, method: str, what: type[Exception] | Callable[[list[Any], Any], Any], times: int = 10**9) -> None:
        """The next answers to a method are of this kind."""
        left = [times]

        def apply(asked: str, params: list[Any], result: Any) -> Any:
            if asked != method or not left[0]:
                return result
            left[0] -= 1
            if isinstance(what, type):
                raise what
            return what(params, result)

        self.faults.append(apply)

    def heal(self) -> None:
        """Behaves from now on."""
        self.down, self.delay = False, 0.0
        self.faults.clear()
        self.twice.clear()

    def cut_websockets(self) -> None:
        """Closes those that are open."""
        for socket in list(self.sockets):
            asyncio.run_coroutine_threadsafe(socket.close(), self._loop).result(5)

    # ------------------------------------------------------------------ internal

    async def _handle(self, request: web.Request) -> web.StreamResponse:
        if self.down:
            return self._cut(request)
        if request.headers.get("Upgrade", "").lower() == "websocket":
            return await self._socket(request)
        asked = json.loads(await request.read())
        self.trips.append([one["method"] for one in (asked if isinstance(asked, list) else [asked])])
        try:
            if isinstance(asked, list):
                if self.batches is not None:
                    raise self.batches
                answer: Any = [await self._answer(one) for one in asked]
            else:
                answer = await self._answer(asked)
        except Cut:
            return self._cut(request)
        except Fail:
            return web.json_response({"jsonrpc": "2.0", "id": None, "error": {"code": -32600, "message": "no batches"}})
        except Truncate:
            return web.Response(body=b'{"jsonrpc": "2.0", "id": 0, "resu', content_type="application/json")
        return web.json_response(answer)

    async def _answer(self, asked: dict[str, Any]) -> dict[str, Any]:
        method, params = asked["method"], asked.get("params", [])
        self.asked.append(method)
        if self.delay:
            await asyncio.sleep(self.delay)
        for _ in range(2 if method in self.twice else 1):
            async with self._session.post(self.upstream, json=asked) as response:
                answer: dict[str, Any] = await response.json()
        if "result" not in answer:
            return answer
        try:
            for fault in list(self.faults):
                answer["result"] = fault(method, params, answer["result"])
        except Fail:
            return {"jsonrpc": "2.0", "id": asked["id"], "error": {"code": -32603, "message": "internal error"}}
        return answer

    async def _socket(self, request: web.Request) -> web.StreamResponse:
        near = web.WebSocketResponse()
        await near.prepare(request)
        self.sockets.add(near)
        try:
            async with self._session.ws_connect(self.upstream) as far:

                async def forth() -> None:
                    async for message in near:
                        await far.send_str(message.data)

                async def back() -> None:
                    async for message in far:
                        if message.type is WSMsgType.TEXT:
                            await near.send_str(message.data)

                tasks = [asyncio.ensure_future(forth()), asyncio.ensure_future(back())]
                await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
                for task in tasks:
                    task.cancel()
        finally:
            self.sockets.discard(near)
        return near

    @staticmethod
    def _cut(request: web.Request) -> web.Response:
        assert request.transport is not None
        request.transport.abort()
        return web.Response()

    async def _serve(self, ready: threading.Event, stop: asyncio.Event) -> None:
        application = web.Application(client_max_size=2**26)
        application.router.add_route("*", "/", self._handle)
        runner = web.AppRunner(application, shutdown_timeout=0.1)
        async with ClientSession() as self._session:
            await runner.setup()
            site = web.TCPSite(runner, "127.0.0.1", 0)
            await site.start()
            self.url = f"http://127.0.0.1:{runner.addresses[0][1]}"
            ready.set()
            await stop.wait()
            await runner.cleanup()


@contextmanager
def proxied(upstream: str) -> Iterator[Proxy]:
    """A proxy that behaves, until told otherwise."""
    proxy = Proxy(upstream)
    ready, stop = threading.Event(), asyncio.Event()
    thread = threading.Thread(target=lambda: proxy._loop.run_until_complete(proxy._serve(ready, stop)), daemon=True)
    thread.start()
    assert ready.wait(10)
    try:
        yield proxy
    finally:
        proxy._loop.call_soon_threadsafe(stop.set)
        thread.join(10)
        proxy._loop.close()
