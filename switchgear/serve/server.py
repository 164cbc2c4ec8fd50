"""HTTP for the live page: two addresses, GET alone, this machine alone."""

from __future__ import annotations

import base64
import hashlib
import json
import re
import socket
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from importlib.resources import files
from ipaddress import ip_address
from typing import TYPE_CHECKING, Any

from switchgear.errors import NotLoopback, SwitchgearError

if TYPE_CHECKING:
    from switchgear.serve.watch import Watch


class Page(ThreadingHTTPServer):
    """The live page. `serve_forever` serves it, `shutdown` from another thread ends that.

    Args:
        watch: What it shows.
        host: A loopback address, or ``localhost``.
        port: Where to listen; 0 for any free one.

    Raises:
        NotLoopback: The host is not this machine.
        OSError: The port is taken.
    """

    daemon_threads = True

    def __init__(self, watch: Watch, host: str = "127.0.0.1", port: int = 0) -> None:
        address = _loopback(host)
        self.address_family = socket.AF_INET6 if ":" in address else socket.AF_INET
        self.watch = watch
        self.text = (files("switchgear.serve") / "page.html").read_bytes()
        self.policy = _policy(self.text.decode())
        super().__init__((address, port), _Handler)
        self.hosts = {f"{name}:{self.server_port}" for name in ("127.0.0.1", "localhost", "[::1]")}
        shown = f"[{address}]" if ":" in address else address
        self.url = f"http://{shown}:{self.server_port}/"


class _Handler(BaseHTTPRequestHandler):
    server: Page
    server_version, sys_version = "switchgear", ""

    def parse_request(self) -> bool:
        """Refuses every method but GET."""
        if not super().parse_request():
            return False
        if self.command == "GET":
            return True
        self._answer(HTTPStatus.METHOD_NOT_ALLOWED, "text/plain", b"this page only reads\n", Allow="GET")
        return False

    def do_GET(self) -> None:
        """The page, or what it shows."""
        # A foreign site can point a name of its own here, and then read the answers; but not under our names.
        if self.headers.get("Host") not in self.server.hosts:
            self._answer(HTTPStatus.FORBIDDEN, "text/plain", b"ask for it by its loopback address\n")
        elif self.path == "/":
            self._answer(HTTPStatus.OK, "text/html; charset=utf-8", self.server.text)
        elif self.path == "/state.json":
            self._state()
        else:
            self._answer(HTTPStatus.NOT_FOUND, "text/plain", b"nothing here\n")

    def _state(self) -> None:
        try:
            status, answer = HTTPStatus.OK, self.server.watch.state()
        except SwitchgearError as error:
            status, answer = HTTPStatus.BAD_GATEWAY, {"error": f"{type(error).__name__}: {error}"}
        self._answer(status, "application/json", json.dumps(answer).encode())

    def _answer(self, status: HTTPStatus, kind: str, body: bytes, **headers: str) -> None:
        self.send_response(status)
        for name, value in {
            "Content-Type": kind,
            "Content-Length": str(len(body)),
            "Content-Security-Policy": self.server.policy,
            "Cross-Origin-Resource-Policy": "same-origin",
            "X-Content-Type-Options": "nosniff",
            "X-Frame-Options": "DENY",
            "Referrer-Policy": "no-referrer",
            "Cache-Control": "no-store",
            **headers,
        }.items():
            self.send_header(name, value)
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(body)

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 - the base class's name
        """Says nothing: the page asks every second."""


def _loopback(host: str) -> str:
    address = "127.0.0.1" if host == "localhost" else host
    try:
        local = ip_address(address).is_loopback
    except ValueError:
        local = False
    if not local:
        raise NotLoopback(host)
    return address


def _policy(page: str) -> str:
    """Allows the page's own script and style, by their hashes, and its own requests."""
    script, style = (
        base64.b64encode(hashlib.sha256(found.encode()).digest()).decode()
        for tag in ("script", "style")
        for found in re.findall(rf"<{tag}>(.*?)</{tag}>", page, re.DOTALL)
    )
    return (
        f"default-src 'none'; script-src 'sha256-{script}'; style-src 'sha256-{style}'; connect-src 'self'; "
        "base-uri 'none'; form-action 'none'; frame-ancestors 'none'; require-trusted-types-for 'script'"
    )
