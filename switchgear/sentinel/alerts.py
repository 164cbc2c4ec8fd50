"""Tells people: after a trip was broadcast, never in its path. At least once at each channel, with a key to dedupe by.

A webhook gets JSON, signed: ``X-Switchgear-Signature: sha256=HMAC-SHA256(secret, timestamp + "." + body)`` with the
``X-Switchgear-Timestamp`` it was sent at. `verify` is what a receiver does with it.
"""

from __future__ import annotations

import asyncio
import hmac
import json
import logging
import os
import time
from typing import TYPE_CHECKING, Any, Protocol

import requests

from switchgear.errors import ConfigInvalid
from switchgear.sentinel.bell import Bell
from switchgear.sentinel.store import Alert

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from switchgear.sentinel.config import Config
    from switchgear.sentinel.store import Store

LOGGER = logging.getLogger(__name__)

TOLERANCE = 300.0
"""Seconds by which the clocks of sender and receiver may differ."""
_TIMEOUT = 10.0
_AGAIN = 15.0
"""Seconds until a channel that failed is tried again."""
_GIVE_UP = 86_400.0
"""Seconds after which nobody wants to hear of it any more."""
_FOR_TRIPS = 3.0
"""Seconds that trips which are due have to be broadcast before alerts go out."""


class Channel(Protocol):
    """Somewhere to tell."""

    name: str
    """Without secrets."""

    def tell(self, alert: Alert) -> None:
        """Delivers it, or raises `OSError`. Called in a thread."""


class SignedWebhook:
    """Signed JSON by POST."""

    def __init__(self, url: str, secret: bytes, name: str) -> None:
        self.name = name
        self._url = url
        self._secret = secret

    def tell(self, alert: Alert) -> None:
        """Delivers it; any answer but 2xx is a failure."""
        body = json.dumps(
            {"dedupe_key": alert.key, "title": alert.title, "body": alert.body, "data": alert.data}, sort_keys=True
        ).encode()
        headers = {"Content-Type": "application/json", **signature(self._secret, body, int(time.time()))}
        # `requests` raises OSErrors of its own.
        requests.post(self._url, data=body, headers=headers, timeout=_TIMEOUT, allow_redirects=False).raise_for_status()


class AppriseChannel:
    """Whatever Apprise reaches by a URL."""

    def __init__(self, url: str, name: str) -> None:
        from apprise import Apprise  # noqa: PLC0415 - takes half a second, and only some need it

        self.name = name
        self._apprise = Apprise()
        if not self._apprise.add(url):
            message = f"apprise: {name} holds no URL that Apprise knows"
            raise ConfigInvalid(message)

    def tell(self, alert: Alert) -> None:
        """Delivers it."""
        if not self._apprise.notify(title=alert.title, body=f"{alert.body}\n[{alert.key}]"):
            message = f"{self.name} did not take an alert"
            raise OSError(message)


def channels(config: Config) -> list[Channel]:
    """Those configured; `ConfigInvalid` if one cannot be."""
    found: list[Channel] = [
        SignedWebhook(one.url, one.secret, f"webhooks.{index}") for index, one in enumerate(config.webhooks)
    ]
    for name in config.apprise:
        if not os.environ.get(name):
            message = f"apprise: the environment variable {name} is not set"
            raise ConfigInvalid(message)
        found.append(AppriseChannel(os.environ[name], name))
    return found


class Alerts:
    """Empties the outbox."""

    def __init__(self, store: Store, told: Sequence[Channel]) -> None:
        self._store = store
        self._channels = tuple(told)
        self.bell = Bell()
        """Rung when there may be something to tell."""

    async def run(self) -> None:
        """For ever."""
        while True:
            await self.bell.wait(_AGAIN)
            await self._after_trips()
            await self.flush()

    async def beat(self, facts: Mapping[str, Any]) -> None:
        """A sign of life to every channel that a machine reads: what is missed is the sentinel itself (S9)."""
        now = int(time.time())
        alert = Alert(f"alive:{now}", "The sentinel is alive", "", dict(facts))
        for one in self._channels:
            if isinstance(one, SignedWebhook):
                await self._tell(one, alert)

    async def flush(self) -> None:
        """Tells what is not told yet, wherever it is not."""
        for alert, sent, made in self._store.unsent_alerts():
            missing = [one for one in self._channels if one.name not in sent]
            done = await asyncio.gather(*(self._tell(one, alert) for one in missing))
            sent += [one.name for one, told in zip(missing, done, strict=True) if told]
            over = all(done) or time.time() - made > _GIVE_UP
            self._store.mark_alert(alert.key, sent, done=over)

    async def _tell(self, channel: Channel, alert: Alert) -> bool:
        try:
            await asyncio.to_thread(channel.tell, alert)
        except OSError as error:
            # Not the error's text: it may have the URL in it.
            LOGGER.warning("%s did not take an alert (%s)", channel.name, type(error).__name__)
            return False
        return True

    async def _after_trips(self) -> None:
        until = time.monotonic() + _FOR_TRIPS
        while self._store.actions("due") and time.monotonic() < until:
            await asyncio.sleep(0.05)


def signature(secret: bytes, body: bytes, timestamp: int) -> dict[str, str]:
    """The headers that sign a body."""
    digest = hmac.new(secret, f"{timestamp}.".encode() + body, "sha256").hexdigest()
    return {"X-Switchgear-Timestamp": str(timestamp), "X-Switchgear-Signature": f"sha256={digest}"}


def verify(secret: bytes, headers: Mapping[str, str], body: bytes, now: float | None = None) -> bool:
    """Whether a webhook's body is from who has the secret, and fresh.

    >>> verify(b"secret", signature(b"secret", b"{}", 1_000), b"{}", now=1_200)
    True
    >>> verify(b"secret", signature(b"secret", b"{}", 1_000), b"{}", now=1_301)
    False
    """
    stamp = headers.get("X-Switchgear-Timestamp", "")
    if not stamp.isdigit() or abs((time.time() if now is None else now) - int(stamp)) > TOLERANCE:
        return False
    expected = signature(secret, body, int(stamp))["X-Switchgear-Signature"]
    return hmac.compare_digest(expected, headers.get("X-Switchgear-Signature", ""))
