"""The live page as its reader sees it, in a browser, and what it refuses."""

from __future__ import annotations

import http.client
import os
import socket
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from switchgear import Subject
from switchgear.errors import NotLoopback
from switchgear.serve import Page, Watch
from tests.serve.conftest import HOSTILE, serving
from tests.support.world import DECIMALS, HOUR, LANE_ID, LIMITS, POLICY, UNIT

if TYPE_CHECKING:
    from tests.support.browser import Browser
    from tests.support.world import World

DOCS = Path(__file__).parents[2] / "docs"
METHODS = ["POST", "PUT", "PATCH", "DELETE", "HEAD", "OPTIONS", "TRACE", "CONNECT", "BREW"]


def ask(page: Page, method: str = "GET", path: str = "/", host: str | None = None) -> http.client.HTTPResponse:
    """One request, under the page's own name or another."""
    connection = http.client.HTTPConnection("127.0.0.1", page.server_port, timeout=10)
    connection.putrequest(method, path, skip_host=True)
    connection.putheader("Host", f"127.0.0.1:{page.server_port}" if host is None else host)
    connection.endheaders()
    return connection.getresponse()


def test_page__breaker_trips_while_it_is_open__shows_it_with_a_countdown(
    world: World, page: Page, browser: Browser
) -> None:
    """S14: the page keeps up by itself; the countdown runs; nothing but its own two addresses is asked for."""
    world.breaker.set_agent_guardian(world.agent, world.guardian.address, 3 * HOUR, sender=world.owner)
    world.breaker.admit(LANE_ID, world.wallet.address, 250 * UNIT, sender=world.protocol)
    tab = browser.page()
    tab.open(page.url)
    tab.wait("document.querySelector('#open').innerText.includes('everything is closed')")
    assert "250/1,000" in tab.text("#series")
    world.breaker.trip_agent(world.agent, "drains the pool", sender=world.guardian)
    tab.wait("document.querySelector('#open .card')")
    (card,) = tab.texts("#open .card")
    assert f"kill switch of agent {world.agent}" in card
    assert "guardian" in card
    tab.wait("document.querySelector('.left').innerText.startsWith('02:59:')")
    before = tab.text(".left")
    tab.wait(f"document.querySelector('.left').innerText !== {before!r}")
    assert tab.text(".left") < before
    assert "drains the pool" in tab.text("#events tbody tr")
    assert set(tab.requests) == {page.url, f"{page.url}state.json"}
    assert tab.errors == []


def test_page__strangers_texts__stay_texts(world: World, page: Page, browser: Browser) -> None:
    """A registration file's address, a lineage's name, a note and an approval may be anything."""
    lineage = world.breaker.register_lineage(HOSTILE, sender=world.provider).event("LineageRegistered").args["lineage"]
    agent_id = int(world.registry.register(HOSTILE, sender=world.stranger).event("Registered").args["agentId"])
    world.breaker.enroll(world.registry.address, agent_id, lineage=lineage, sender=world.stranger)
    world.breaker.trip_agent(world.agent, "<script>alert(1)</script>", sender=world.owner)
    tab = browser.page()
    tab.open(page.url)
    tab.wait("document.querySelectorAll('#agents tbody tr').length === 2")
    shown = tab.text("#agents")
    assert shown.count(HOSTILE) == 2
    assert HOSTILE in tab.text("#approvals")
    assert HOSTILE in tab.text("#events")
    assert "<script>alert(1)</script>" in tab.text("#events")
    assert tab.evaluate("document.title") == "Switchgear"
    assert tab.evaluate("document.querySelectorAll('img, td script').length") == 0
    assert tab.errors == []


def test_page__node_is_gone__says_so_and_keeps_what_it_had(
    page: Page, watch: Watch, browser: Browser, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Silence must not look like calm."""
    tab = browser.page()
    tab.open(page.url)
    tab.wait("document.querySelector('#agents tbody tr')")
    node = watch._breaker.node
    monkeypatch.setattr(node.web3.provider, "make_request", lambda *_: (_ for _ in ()).throw(OSError("gone")))
    tab.wait("document.querySelector('#trouble').innerText.includes('not up to date: NoConnection')")
    assert tab.texts("#agents tbody tr")
    monkeypatch.undo()
    tab.wait("!document.querySelector('#trouble').innerText")


@pytest.mark.parametrize("method", METHODS)
def test_page__any_method_but_get__is_refused(page: Page, method: str) -> None:
    """It reads and nothing else."""
    answer = ask(page, method)
    assert (answer.status, answer.getheader("Allow")) == (405, "GET")


@pytest.mark.parametrize(
    "host", ["evil.example", "127.0.0.1", "localhost:1", "evil.example:{port}", "", "127.0.0.1.:{port}"]
)
def test_page__another_name_in_the_host_header__is_refused(page: Page, host: str) -> None:
    """DNS rebinding: a foreign site that points its name here gets nothing to read."""
    for path in ("/", "/state.json"):
        answer = ask(page, path=path, host=host.format(port=page.server_port))
        assert answer.status == 403
        assert b"agents" not in answer.read()


@pytest.mark.parametrize("host", ["localhost", "127.0.0.1", "[::1]"])
def test_page__own_names__are_answered_with_a_strict_policy(page: Page, host: str) -> None:
    """No script but the page's own, no other server, no frame around it."""
    answer = ask(page, host=f"{host}:{page.server_port}")
    policy = answer.getheader("Content-Security-Policy") or ""
    assert answer.status == 200
    assert "default-src 'none'" in policy
    assert "frame-ancestors 'none'" in policy
    assert "unsafe" not in policy
    assert answer.getheader("Access-Control-Allow-Origin") is None
    assert answer.getheader("Cache-Control") == "no-store"


def test_page__another_path__is_not_found(page: Page) -> None:
    """There is no file to get at."""
    assert ask(page, path="/../pyproject.toml").status == 404


@pytest.mark.parametrize("host", ["0.0.0.0", "::", "192.168.1.1", "example.com", ""])  # noqa: S104 - what must not be
def test_page__host_that_is_not_this_machine__not_loopback(watch: Watch, host: str) -> None:
    """It has no login, so nobody else may reach it."""
    with pytest.raises(NotLoopback):
        Page(watch, host)


def test_page__free_port__listens_on_loopback_alone(page: Page) -> None:
    """Not on every interface, as servers do by default."""
    assert page.socket.getsockname()[0] == "127.0.0.1"
    with pytest.raises(OSError, match="refused"), socket.socket() as other:
        other.connect(("127.0.0.2", page.server_port))


def test_page__looked_at__makes_a_picture(world: World, browser: Browser, tmp_path: Path) -> None:
    """docs/live.png is this one: made anew with SCREENSHOTS=1."""
    registered = world.breaker.register_lineage("open-7b", sender=world.provider).event("LineageRegistered")
    other = world.enroll(world.stranger, lineage=registered.args["lineage"])
    world.bind(other, world.provider, world.stranger)
    for wallet, value in ((world.wallet, 120), (world.wallet, 240), (world.provider, 930), (world.wallet, 60)):
        world.breaker.admit(LANE_ID, wallet.address, value * UNIT, sender=world.protocol)
    world.breaker.set_guardian(world.protocol.address, world.guardian.address, 6 * HOUR, sender=world.admin)
    looser = LIMITS._replace(count_cap=20)
    world.breaker.set_lane(*world.place, looser, POLICY, sender=world.admin)
    world.breaker.trip(*world.place, Subject.of_agent(world.agent), "drains the pool", sender=world.guardian)
    world.breaker.trip_agent(other, "key is out", sender=world.stranger)
    with serving(Watch(world.breaker, decimals=DECIMALS)) as page:
        tab = browser.page()
        tab.view(1280, 900)
        tab.open(page.url)
        tab.wait("document.querySelectorAll('#open .card').length === 2")
        assert tab.evaluate("document.querySelector('#people').hidden")
        picture = (DOCS if os.environ.get("SCREENSHOTS") else tmp_path) / "live.png"
        tab.screenshot(picture)
    assert picture.read_bytes().startswith(b"\x89PNG")
