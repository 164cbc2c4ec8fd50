"""A page on the world of `tests.support.world`, and a browser."""

from __future__ import annotations

from contextlib import contextmanager
from threading import Thread
from typing import TYPE_CHECKING, Any

import pytest

from switchgear import connect
from switchgear.serve import Approval, Page, Watch
from tests.support.browser import Browser, open_browser
from tests.support.world import DECIMALS, create_world, populate

if TYPE_CHECKING:
    from collections.abc import Iterator

    from web3 import Web3

    from tests.support.world import World

HOSTILE = "</td><script>document.title='owned'</script><img src=x onerror=\"document.title='owned'\">"
WAITING = [Approval("0x" + "ab" * 20, HOSTILE, 1, 2, 0)]


@pytest.fixture(scope="module")
def web3(chain: Any) -> Web3:
    """A plain connection to the node that Ape started."""
    return connect(chain.provider.http_uri)


@pytest.fixture(scope="module")
def world(web3: Web3, accounts: Any) -> World:
    """One agent with a wallet, one protocol with a lane."""
    return populate(create_world(web3, [accounts[index] for index in range(8)]))


@pytest.fixture
def watch(world: World) -> Watch:
    """A fresh look at the chain."""
    return Watch(world.breaker, decimals=DECIMALS, approvals=lambda: WAITING)


@contextmanager
def serving(watch: Watch) -> Iterator[Page]:
    """The page, served from a thread of its own."""
    with Page(watch) as served:
        thread = Thread(target=served.serve_forever, kwargs={"poll_interval": 0.05})
        thread.start()
        try:
            yield served
        finally:
            served.shutdown()
            thread.join()


@pytest.fixture
def page(watch: Watch) -> Iterator[Page]:
    """The page on that."""
    with serving(watch) as served:
        yield served


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """A headless Chromium."""
    with open_browser() as opened:
        yield opened
