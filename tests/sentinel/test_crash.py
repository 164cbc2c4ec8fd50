"""Killed at any step, it goes on where it was: nothing is missed, and nothing is done twice (OP-1, OP-2)."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from switchgear.sentinel.endpoint import Endpoint
from switchgear.sentinel.store import Store
from tests.sentinel.conftest import until

if TYPE_CHECKING:
    from tests.sentinel.conftest import Chain, Watch

pytestmark = pytest.mark.usefixtures("woken")
_CHILD = """
import asyncio, json, sys
from eth_account import Account
from switchgear.sentinel.config import Config
from switchgear.sentinel.engine import Sentinel
values = json.loads(sys.stdin.readline())
key = sys.stdin.readline().strip()
asyncio.run(Sentinel(Config.of(values), account=Account.from_key(key)).run())
"""
"""A sentinel in a process of its own; the throwaway key comes by a pipe."""


class Crash(BaseException):
    """The process is gone."""


class Fuse:
    """Burns at a step: a request to an endpoint, or one end of a transaction of the database."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.left: int | None = None
        """Steps until it burns; None for never."""
        ask, put, execute = Endpoint.post, Store.put_sending, Store.append

        async def post(endpoint: Endpoint, *args: Any) -> Any:
            self.step()
            answer = await ask(endpoint, *args)
            self.step()
            return answer

        def put_sending(store: Store, *args: Any) -> None:
            self.step()
            put(store, *args)
            self.step()

        def append(store: Store, *args: Any) -> None:
            self.step()
            execute(store, *args)
            self.step()

        monkeypatch.setattr(Endpoint, "post", post)
        monkeypatch.setattr(Store, "put_sending", put_sending)
        monkeypatch.setattr(Store, "append", append)

    def step(self) -> None:
        """One more."""
        if self.left is not None:
            self.left -= 1
            if self.left < 0:
                raise Crash


@pytest.fixture
def fuse(monkeypatch: pytest.MonkeyPatch) -> Fuse:
    """One that does not burn yet."""
    return Fuse(monkeypatch)


@pytest.mark.parametrize("steps", range(0, 60, 4))
def test_run__crashes_at_a_step__goes_on_where_it_was(chain: Chain, watch: Watch, fuse: Fuse, steps: int) -> None:
    """OP-1, OP-2: from the action to the read-back there is no step at which a crash loses or doubles anything."""
    with watch.running():
        until(lambda: watch.taken(chain.height), "first start")
    sent = [chain.act(1), chain.act(17), chain.act(2)]
    fuse.left = steps
    try:
        with watch.running(survey=60):
            until(lambda: watch.error or _landed(watch), "crash, or the end")
    except Crash:
        fuse.left = None
        with watch.running():
            until(lambda: chain.stopped and _landed(watch), "trip")
            until(lambda: watch.taken(chain.height), "all blocks")
    assert [one.partition(":")[0] for one in watch.seen] == sent
    assert chain.trips == 1


def test_run__killed__goes_on_where_it_was(chain: Chain, watch: Watch, tmp_path: Path) -> None:
    """OP-1, OP-2: the same with a real process and SIGKILL, with what happens while it is dead."""
    values = json.dumps({**watch.values, "database": str(tmp_path / "sentinel.db")})
    key = chain.world.guardian.key.hex()

    def start() -> subprocess.Popen[str]:
        child = subprocess.Popen(
            [sys.executable, "-c", _CHILD], stdin=subprocess.PIPE, text=True, cwd=Path(__file__).parents[2]
        )
        assert child.stdin is not None
        child.stdin.write(f"{values}\n{key}\n")
        child.stdin.flush()
        return child

    def taken() -> bool:
        return watch.path.exists() and watch.ask(lambda s: (tip := s.tip) is not None and tip.number >= chain.height)

    child = start()
    try:
        until(taken, "first start", 20)
        sent = [chain.act(1), chain.act(17)]
        child.send_signal(signal.SIGKILL)
        child.wait()
        sent.append(chain.act(2))
        child = start()
        until(lambda: chain.stopped, "trip", 20)
        until(taken, "all blocks")
    finally:
        child.kill()
        child.wait()
    with watch.running():
        until(lambda: watch.taken(chain.height), "all blocks")
        assert [one.partition(":")[0] for one in watch.seen] == sent
    assert chain.trips == 1


def _landed(watch: Watch) -> bool:
    return watch.ask(lambda s: [action.status for action in s.actions()]) == ["landed"]
