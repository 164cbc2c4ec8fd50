"""One endpoint: what it refuses costs a round trip and no more (OP-2)."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

import pytest
from aiohttp.web import HTTPRequestEntityTooLarge

from switchgear.errors import ContractReverted, RPCFailed
from switchgear.sentinel.endpoint import Call, Endpoint, Endpoints
from tests.support.proxy import Cut, Fail

if TYPE_CHECKING:
    from tests.support.proxy import Proxy

CALLS: list[Call] = [("eth_chainId", []), ("eth_blockNumber", [])]


@pytest.mark.parametrize(("refusal", "tries"), [(Cut, 3), (HTTPRequestEntityTooLarge, 3), (Fail, 1)])
def test_batch__refused__costs_no_rest_and_is_given_up(proxy: Proxy, refusal: type[Exception], tries: int) -> None:
    """OP-2: an endpoint that takes no batches answers, so that it counts for the quorum, and gets no more of them."""
    proxy.batches = refusal

    async def ask() -> None:
        endpoint = Endpoint(proxy.url)
        for number in range(1, 6):
            proxy.trips.clear()
            chain_id, height = await endpoint.batch(CALLS)
            assert int(chain_id, 16) == 31_337
            assert int(height, 16) >= 0
            assert endpoint.rested
            assert (["eth_chainId", "eth_blockNumber"] in proxy.trips) is (number <= tries)
        await endpoint.close()

    asyncio.run(ask())


@pytest.mark.parametrize("number", [[1], {}, None, "0"], ids=str)
def test_batch__answers_without_their_numbers__are_asked_for_one_by_one(
    proxy: Proxy, monkeypatch: pytest.MonkeyPatch, number: object
) -> None:
    """OP-1: what nobody can match with its question is asked for again."""

    async def post(_self: Endpoint, body: object, _timeout: float | None = None) -> object:
        if isinstance(body, list):
            return [{"jsonrpc": "2.0", "id": number, "result": "0x1"} for _ in body]
        return {"jsonrpc": "2.0", "id": 0, "result": "0x2"}

    monkeypatch.setattr(Endpoint, "post", post)

    async def ask() -> None:
        endpoints = Endpoints([Endpoint(proxy.url)])
        assert await endpoints.first(lambda one: one.batch(CALLS)) == ["0x2", "0x2"]
        await endpoints.close()

    asyncio.run(ask())


@pytest.mark.parametrize("data", ["0xzz", "0x1", "nonsense", "0x"])
def test_request__a_revert_without_readable_data__is_an_error_of_ours(
    proxy: Proxy, monkeypatch: pytest.MonkeyPatch, data: str
) -> None:
    """OP-1: what an endpoint says of a revert may be nonsense too."""

    async def post(_self: Endpoint, _body: object, _timeout: float | None = None) -> object:
        return {"jsonrpc": "2.0", "id": 0, "error": {"code": -32_603, "message": "failed", "data": data}}

    monkeypatch.setattr(Endpoint, "post", post)

    async def ask() -> None:
        endpoint = Endpoint(proxy.url)
        with pytest.raises((RPCFailed, ContractReverted)):
            await endpoint.request("eth_call", {}, "latest")
        await endpoint.close()

    asyncio.run(ask())
