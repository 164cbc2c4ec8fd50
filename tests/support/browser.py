"""A headless Chromium that npm brings, driven by the DevTools protocol: what a reader sees, what the page asks for.

The package has the browser, its libraries and a font, compressed; they are unpacked below ``.cache/`` once.
"""

from __future__ import annotations

import base64
import json
import os
import platform
import shutil
import subprocess
import tarfile
import tempfile
import time
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from websockets.sync.client import ClientConnection, connect

if TYPE_CHECKING:
    from collections.abc import Iterator

ROOT = Path(__file__).parents[2]
PACKAGE = ROOT / "node_modules" / "@sparticuz" / "chromium"
PATIENCE = 20.0
"""Seconds that anything may take."""
_NAMES = ("chromium", "chromium-browser", "google-chrome", "chrome")
_FLAGS = (
    "--headless",
    "--no-sandbox",  # continuous integration runs as root
    "--no-zygote",
    "--disable-gpu",
    "--disable-software-rasterizer",
    "--disable-dev-shm-usage",
    "--font-render-hinting=none",
    "--hide-scrollbars",
    "--remote-debugging-port=0",
)
_UNPACK = """
const { createBrotliDecompress } = require("zlib"), { createReadStream, createWriteStream } = require("fs");
const { pipeline } = require("stream/promises");
Promise.all(["chromium", "al2023.tar", "fonts.tar"].map((name) => pipeline(
  createReadStream(`${process.argv[1]}/${name}.br`), createBrotliDecompress(),
  createWriteStream(`${process.argv[2]}/${name}`, { mode: 0o755 }),
))).catch((error) => { console.error(error); process.exit(1); });
"""
_FONTS = '<?xml version="1.0"?><fontconfig><dir>{0}/fonts</dir><cachedir>{0}/cache</cachedir></fontconfig>'


class BrowserError(Exception):
    """There is no browser, or the page did not do as asked."""


@dataclass
class Page:
    """One tab."""

    connection: ClientConnection
    session: str
    requests: list[str] = field(default_factory=list)
    """Every address that it asked for, the page's own first."""
    errors: list[str] = field(default_factory=list)
    """Errors on its console, uncaught ones and violations of its own policy included."""
    loaded: int = 0
    _last: int = 0

    def call(self, method: str, **params: Any) -> dict[str, Any]:
        """One command's result."""
        self._last += 1
        request = {"id": self._last, "sessionId": self.session, "method": method, "params": params}
        self.connection.send(json.dumps(request))
        while True:
            message = json.loads(self.connection.recv(timeout=PATIENCE))
            if message.get("sessionId") != self.session:
                continue
            if message.get("id") == self._last:
                if "error" in message:
                    raise BrowserError(f"{method}: {message['error']}")
                return dict(message["result"])
            self._note(message.get("method", ""), message.get("params", {}))

    def open(self, address: str) -> None:
        """Goes there, and waits until it is loaded."""
        before = self.loaded
        failed = self.call("Page.navigate", url=address).get("errorText")
        if failed:
            raise BrowserError(f"{address}: {failed}")
        self._until(lambda: self.loaded > before, f"{address} does not load")

    def evaluate(self, expression: str) -> Any:
        """Value of a JavaScript expression; what it throws is an error."""
        result = self.call("Runtime.evaluate", expression=expression, returnByValue=True, awaitPromise=True)
        if "exceptionDetails" in result:
            raise BrowserError(f"{expression}: {result['exceptionDetails']}")
        return result["result"].get("value")

    def text(self, selector: str = "body") -> str:
        """Text of the first element, as it is shown."""
        return str(self.evaluate(f"document.querySelector({json.dumps(selector)}).innerText"))

    def texts(self, selector: str) -> list[str]:
        """Texts of all elements."""
        found = f"[...document.querySelectorAll({json.dumps(selector)})].map((one) => one.innerText)"
        return [str(text) for text in self.evaluate(found)]

    def wait(self, expression: str) -> None:
        """Until an expression is true."""
        self._until(lambda: self.evaluate(f"Boolean({expression})"), f"never true: {expression}")

    def view(self, width: int, height: int, *, dark: bool = False, printed: bool = False) -> None:
        """How the page is looked at."""
        self.call("Emulation.setDeviceMetricsOverride", width=width, height=height, deviceScaleFactor=1, mobile=False)
        scheme = [{"name": "prefers-color-scheme", "value": "dark" if dark else "light"}]
        self.call("Emulation.setEmulatedMedia", media="print" if printed else "screen", features=scheme)

    def screenshot(self, path: Path) -> None:
        """A PNG of what is in view."""
        path.write_bytes(base64.b64decode(self.call("Page.captureScreenshot", format="png")["data"]))

    def _until(self, done: Any, complaint: str) -> None:
        deadline = time.monotonic() + PATIENCE
        while not done():
            if time.monotonic() > deadline:
                raise BrowserError(f"{complaint}; the page says: {self.text()[:2000]}")
            time.sleep(0.02)
            self.call("Runtime.evaluate", expression="0")

    def _note(self, method: str, params: dict[str, Any]) -> None:
        if method == "Page.loadEventFired":
            self.loaded += 1
        elif method == "Network.requestWillBeSent":
            self.requests.append(params["request"]["url"])
        elif method == "Runtime.exceptionThrown":
            self.errors.append(json.dumps(params["exceptionDetails"]))
        elif method == "Runtime.consoleAPICalled" and params["type"] in ("error", "assert"):
            self.errors.append(json.dumps(params["args"]))
        elif method == "Log.entryAdded" and params["entry"]["level"] == "error":
            self.errors.append(f"{params['entry']['text']} {params['entry'].get('url', '')}")


class Browser:
    """A running Chromium."""

    def __init__(self, connection: ClientConnection) -> None:
        self._page = Page(connection, "")

    def page(self) -> Page:
        """A new tab with nothing in it."""
        target = self._browser("Target.createTarget", url="about:blank")["targetId"]
        session = self._browser("Target.attachToTarget", targetId=target, flatten=True)["sessionId"]
        page = Page(self._page.connection, session)
        for domain in ("Page", "Network", "Runtime", "Log"):
            page.call(f"{domain}.enable")
        return page

    def close(self) -> None:
        """Ends it, as it would like to be ended."""
        self._browser("Browser.close")

    def _browser(self, method: str, **params: Any) -> dict[str, Any]:
        self._page._last += 1
        connection = self._page.connection
        connection.send(json.dumps({"id": self._page._last, "method": method, "params": params}))
        while True:
            message = json.loads(connection.recv(timeout=PATIENCE))
            if message.get("id") == self._page._last and "sessionId" not in message:
                return dict(message["result"])


@contextmanager
def open_browser() -> Iterator[Browser]:
    """Starts Chromium, and ends it."""
    command, environment = _command()
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as home:
        environment |= {"HOME": home}
        words = [command, *_FLAGS, f"--user-data-dir={home}/profile", "about:blank"]
        with subprocess.Popen(words, env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as process:
            try:
                with connect(
                    _address(process, Path(home, "profile")), max_size=None, compression=None, close_timeout=1
                ) as connection:
                    browser = Browser(connection)
                    yield browser
                    browser.close()
            finally:
                process.kill()


def _address(process: subprocess.Popen[bytes], profile: Path) -> str:
    """Where it listens: it writes that into its profile."""
    deadline = time.monotonic() + PATIENCE
    port = profile / "DevToolsActivePort"
    while time.monotonic() < deadline and process.poll() is None:
        if port.exists() and len(words := port.read_text().split()) == 2:
            return f"ws://127.0.0.1:{words[0]}{words[1]}"
        time.sleep(0.02)
    raise BrowserError(f"Chromium does not start (exit code {process.poll()})")


def _command() -> tuple[str, dict[str, str]]:
    """The browser, and the environment it needs: npm's on Linux x86-64, elsewhere one on PATH."""
    if (platform.system(), platform.machine()) == ("Linux", "x86_64"):
        folder = _unpacked()
        return str(folder / "chromium"), {
            **os.environ,
            "LD_LIBRARY_PATH": str(folder / "al2023" / "lib"),
            "FONTCONFIG_FILE": str(folder / "fonts.conf"),
        }
    found = next((path for path in map(shutil.which, _NAMES) if path), None)
    if found is None:
        raise BrowserError(f"npm has Chromium for Linux x86-64 only: install one of {', '.join(_NAMES)} on PATH")
    return found, dict(os.environ)


def _unpacked() -> Path:
    version = json.loads((PACKAGE / "package.json").read_text())["version"]
    folder = ROOT / ".cache" / "chromium" / version
    if not folder.exists():
        folder.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=folder.parent) as temporary:
            fresh = Path(temporary, version)
            fresh.mkdir()
            subprocess.run(["node", "-e", _UNPACK, str(PACKAGE / "bin"), str(fresh)], check=True)
            for name in ("al2023", "fonts"):
                with tarfile.open(fresh / f"{name}.tar") as archive:
                    archive.extractall(fresh / name)  # noqa: S202 - npm checked its hash
                (fresh / f"{name}.tar").unlink()
            (fresh / "fonts.conf").write_text(_FONTS.format(folder))
            # Whoever unpacks at the same time may have been faster.
            if not folder.exists():
                fresh.rename(folder)
    return folder
