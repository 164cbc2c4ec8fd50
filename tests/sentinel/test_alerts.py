"""People are told, after the trip and at least once; whoever receives it can tell that it is the sentinel's."""

from __future__ import annotations

import asyncio
import json
import threading
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING, Any

import pytest

from switchgear.errors import ConfigInvalid
from switchgear.sentinel.alerts import TOLERANCE, signature, verify
from switchgear.sentinel.config import Config
from switchgear.sentinel.engine import Sentinel
from tests.sentinel.conftest import until

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from tests.sentinel.conftest import Chain, Watch

SECRET = b"a secret of the test"


class Receiver(ThreadingHTTPServer):
    """Somebody who is told."""

    def __init__(self) -> None:
        self.got: list[tuple[dict[str, str], bytes]] = []
        self.refuse = 0
        """Requests to answer with 500 first."""
        super().__init__(("127.0.0.1", 0), _Handler)

    @property
    def url(self) -> str:
        """Where."""
        return f"http://127.0.0.1:{self.server_address[1]}/"

    def told(self) -> list[dict[str, Any]]:
        """What it was told with a valid signature, signs of life left out."""
        bodies = [json.loads(body) for headers, body in list(self.got) if verify(SECRET, headers, body)]
        return [body for body in bodies if not body["dedupe_key"].startswith("alive:")]


class _Handler(BaseHTTPRequestHandler):
    server: Receiver

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        if self.server.refuse:
            self.server.refuse -= 1
            self.send_response(500)
        else:
            self.server.got.append((dict(self.headers), body))
            self.send_response(200)
        self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, *_: Any) -> None:
        """Says nothing."""


@pytest.fixture
def receiver(monkeypatch: pytest.MonkeyPatch) -> Iterator[Receiver]:
    """One, with the secret in the environment."""
    monkeypatch.setenv("HOOK_SECRET", SECRET.decode())
    with _served() as server:
        yield server


@contextmanager
def _served() -> Iterator[Receiver]:
    with Receiver() as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True)
        thread.start()
        try:
            yield server
        finally:
            server.shutdown()
            thread.join()


def test_flush__an_incident__is_told_signed_and_once(chain: Chain, watch: Watch, receiver: Receiver) -> None:
    """S14: incident and trip are told with keys to dedupe by; a burst of the same is one alert."""
    hook = {"url": receiver.url, "secret_env": "HOOK_SECRET"}
    with watch.running(webhooks=[hook]):
        until(lambda: watch.taken(chain.height), "first start")
        chain.act(17)
        chain.act(27)
        until(lambda: len(receiver.told()) >= 2, "alerts")
        until(lambda: watch.ask(lambda s: s.unsent_alerts()) == [], "an empty outbox")
    keys = [body["dedupe_key"].split(":")[0] for body in receiver.told()]
    assert sorted(keys) == ["incident", "opening"]
    with watch.running(webhooks=[hook]):
        until(lambda: watch.taken(chain.height), "restart")
    assert len(receiver.told()) == 2


def test_flush__the_receiver_is_down__the_trip_lands_and_it_is_told_later(
    chain: Chain, watch: Watch, receiver: Receiver, monkeypatch: pytest.MonkeyPatch
) -> None:
    """OP-2: alerts are never in the path of a trip, and wait for whoever does not take them."""
    monkeypatch.setattr("switchgear.sentinel.alerts._AGAIN", 0.1)
    receiver.refuse = 4
    with watch.running(webhooks=[{"url": receiver.url, "secret_env": "HOOK_SECRET"}]):
        until(lambda: watch.taken(chain.height), "first start")
        chain.act(17)
        until(lambda: chain.stopped, "trip")
        until(lambda: len(receiver.told()) == 2, "alerts")


def test_flush__apprise__gets_it_too(chain: Chain, watch: Watch, receiver: Receiver, monkeypatch: Any) -> None:
    """S14: whatever Apprise reaches, by an URL in the environment."""
    monkeypatch.setenv("PAGER", receiver.url.replace("http", "json"))
    with watch.running(apprise=["PAGER"]):
        until(lambda: watch.taken(chain.height), "first start")
        chain.act(17)
        until(lambda: len(receiver.got) >= 2, "alerts")
    assert any("marks fires for agent" in json.loads(body)["title"] for _, body in receiver.got)


def test_beat__nothing_is_wrong__says_so(chain: Chain, watch: Watch, receiver: Receiver) -> None:
    """S9: a sentinel that died is noticed by the signs of life that do not come."""
    alive = {"block": chain.height, "mode": "enforce"}
    with watch.running(webhooks=[{"url": receiver.url, "secret_env": "HOOK_SECRET"}], heartbeat=0.1):
        until(lambda: receiver.got and json.loads(receiver.got[-1][1])["data"] == alive, "a sign of life")
    headers, body = receiver.got[-1]
    assert verify(SECRET, headers, body)


def test_look__no_new_block__is_told(chain: Chain, watch: Watch) -> None:
    """OP-1: silence is worth an alert: a chain or its endpoints stand still."""
    with watch.running(silence=0.2, survey=0.1):
        until(lambda: watch.ask(lambda s: s.all_alerts()) if watch.taken(chain.height) else [], "alert")
    (alert, *_) = watch.ask(lambda s: s.all_alerts())
    assert alert.key.startswith("silence:")


def test_verify__forged_or_old__is_refused() -> None:
    """S14: a body counts with the secret, unchanged, and for as long as clocks may differ."""
    headers = signature(SECRET, b"{}", 1_000)
    assert verify(SECRET, headers, b"{}", now=1_000 + TOLERANCE)
    assert not verify(SECRET, headers, b"{}", now=1_001 + TOLERANCE)
    assert not verify(SECRET, headers, b"{} ", now=1_000)
    assert not verify(b"another", headers, b"{}", now=1_000)
    assert not verify(SECRET, {**headers, "X-Switchgear-Timestamp": "1001"}, b"{}", now=1_000)
    assert not verify(SECRET, {}, b"{}", now=1_000)


@pytest.mark.parametrize(
    ("values", "named"),
    [({"webhooks": [{"url": "https://x", "secret_env": "ABSENT"}]}, "ABSENT"), ({"apprise": ["ABSENT"]}, "ABSENT")],
)
def test_run__a_secret_is_missing__is_an_error_at_the_start(values: Any, named: str, tmp_path: Path) -> None:
    """OP-4: secrets come from the environment; one that is not there is noticed before anything happens."""
    config = Config.of({"database": tmp_path / "x.db", "endpoints": ["http://127.0.0.1:1"], **values})
    with pytest.raises(ConfigInvalid, match=named):
        asyncio.run(Sentinel(config).run())
