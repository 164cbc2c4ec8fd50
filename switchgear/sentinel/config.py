"""What the sentinel is told: a TOML file, or the section `agents` of ape-config.yaml. Every error names its key."""

from __future__ import annotations

import os
import sys
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, ValidationError, field_validator, model_validator

from switchgear.errors import ConfigInvalid, InvalidInput
from switchgear.values import to_address

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib  # type: ignore[import-not-found, unused-ignore]

if TYPE_CHECKING:
    from collections.abc import Mapping

    from switchgear.detect.types import Detector

Mode = Literal["observe", "propose", "enforce"]
"""What becomes of a score that fires: an alert; an alert with the transaction to send; the transaction."""
MODES: tuple[Mode, ...] = ("observe", "propose", "enforce")
"""From the mildest on."""


def _address(text: str) -> str:
    try:
        return to_address(text)
    except InvalidInput as error:
        raise ValueError(str(error)) from error


Address = Annotated[str, AfterValidator(_address)]


class _Section(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Watched(_Section):
    """A protocol whose agents are watched."""

    address: Address = Field(description="The protocol.")
    lane: int = Field(0, ge=0, description="The lane that its agents act in, which is tripped.")
    token: Address | None = Field(
        None, description="Token that its value is counted in: transfers to and from it are observed."
    )


class Use(_Section):
    """A detector, and what it may do."""

    use: str = Field(
        description="Where its class is, `module:Class`; for example `switchgear.detect.detectors:Burst`.",
        pattern=r"^[\w.]+:\w+$",
    )
    options: dict[str, Any] = Field(default_factory=dict, description="What its class is called with.")
    mode: Mode = Field("observe", description="What becomes of its scores; the sentinel's own `mode` bounds it.")
    trips: Literal["breaker", "kill-switch"] = Field(
        "breaker",
        description="What opens for an agent: its breaker at the watched protocol, or its kill switch. A score of a "
        "lineage opens the lineage's breaker at every watched protocol.",
    )

    def build(self) -> Detector:
        """The detector itself; `ConfigInvalid` if there is no such class, or it does not take the options."""
        module, _, name = self.use.partition(":")
        try:
            built: Detector = getattr(import_module(module), name)(**self.options)
        except (ImportError, AttributeError, TypeError, ValueError) as error:
            message = f"detectors: {self.use} cannot be built ({error})"
            raise ConfigInvalid(message) from error
        return built


class Webhook(_Section):
    """Where alerts are posted, signed."""

    url: str = Field(description="Where to.", pattern=r"^https?://")
    secret_env: str = Field(description="Environment variable with the secret that signs (HMAC-SHA256).", min_length=1)

    @property
    def secret(self) -> bytes:
        """The secret; `ConfigInvalid` if the variable is not set."""
        secret = os.environ.get(self.secret_env)
        if not secret:
            message = f"webhooks.secret_env: the environment variable {self.secret_env} is not set"
            raise ConfigInvalid(message)
        return secret.encode()


class Config(_Section):
    """Everything the sentinel is told."""

    mode: Mode = Field("observe", description="The most that any detector may do.")
    database: Path = Field(Path("sentinel.db"), description="SQLite file; beside it go its journal and nothing else.")
    endpoints: tuple[str, ...] = Field(
        (), description="JSON-RPC URLs, best first. Without any: the node of `--network`.", repr=False
    )
    websockets: tuple[str, ...] = Field(
        (),
        description="URLs that announce new heads: hints where to look first; nothing is taken from them.",
        repr=False,
    )
    quorum: int = Field(2, ge=1, description="Endpoints that must agree on a block, as far as so many answer.")
    patience: float = Field(3.0, gt=0, description="Seconds for which a lagging or lone endpoint holds the others up.")
    timeout: float = Field(5.0, gt=0, description="Seconds that a request may take.")
    poll: float = Field(1.0, gt=0, description="Seconds between looks if nothing wakes the sentinel.")
    start: int = Field(0, ge=0, description="Block in which the core was deployed: its events are read from there on.")
    warm: int = Field(0, ge=0, description="Blocks before the head that detectors learn from at the first start.")
    history: int = Field(256, ge=16, description="Blocks that a reorganisation may undo.")

    protocols: tuple[Watched, ...] = Field((), description="Protocols to watch.")
    policies: tuple[Address, ...] = Field(
        (), description="Session policies whose countersignatures and loosenings, and their councils', are told."
    )
    detectors: tuple[Use, ...] = Field((), description="Detectors to run.")

    trips_per_block: int = Field(8, ge=1, description="Transactions that are first broadcast in one block, at most.")
    bump_after: float = Field(12.0, gt=0, description="Seconds after which an unmined transaction gets a higher fee.")
    max_fee_gwei: float = Field(500.0, gt=0, description="Fee per gas that is never exceeded.")
    min_balance_ether: float = Field(0.05, ge=0, description="Balance of the signer below which there is an alert.")

    survey: float = Field(30.0, gt=0, description="Seconds between looks at what no event tells.")
    silence: float = Field(60.0, gt=0, description="Seconds without a new block after which there is an alert.")
    clock_skew: float = Field(
        120.0, gt=0, description="Seconds between this clock and the head's that are worth an alert."
    )
    heartbeat: float = Field(300.0, gt=0, description="Seconds between signs of life to the webhooks.")
    apprise: tuple[str, ...] = Field(
        (), description="Environment variables with Apprise URLs: these have secrets in them.", repr=False
    )
    webhooks: tuple[Webhook, ...] = Field((), description="Where alerts are posted as signed JSON.")
    metrics_port: int | None = Field(
        None, ge=0, le=65535, description="Port of metrics, on loopback; none if left out."
    )

    @field_validator("endpoints")
    @classmethod
    def _http(cls, urls: tuple[str, ...]) -> tuple[str, ...]:
        if any(not url.startswith(("http://", "https://")) for url in urls):
            message = "an endpoint starts with http:// or https://"
            raise ValueError(message)
        return urls

    @field_validator("websockets")
    @classmethod
    def _ws(cls, urls: tuple[str, ...]) -> tuple[str, ...]:
        if any(not url.startswith(("ws://", "wss://")) for url in urls):
            message = "a websocket starts with ws:// or wss://"
            raise ValueError(message)
        return urls

    @model_validator(mode="after")
    def _places(self) -> Config:
        if len({(one.address, one.lane) for one in self.protocols}) < len(self.protocols):
            message = "protocols: one lane of a protocol is listed twice"
            raise ValueError(message)
        if len(set(self.policies)) < len(self.policies):
            message = "policies: one is listed twice"
            raise ValueError(message)
        return self

    @classmethod
    def of(cls, values: Mapping[str, Any], origin: str = "configuration") -> Config:
        """From plain values; `ConfigInvalid` names every key that is wrong, and no value: some are secret."""
        try:
            return cls.model_validate(dict(values))
        except ValidationError as error:
            faults = [f"{_key(fault['loc'])}: {fault['msg']}" for fault in error.errors()]
            message = f"{origin}: " + "; ".join(faults)
            raise ConfigInvalid(message) from None

    @classmethod
    def read(cls, path: Path) -> Config:
        """From a TOML file; `ConfigInvalid` if it cannot be read, is no TOML, or says what makes no sense."""
        try:
            values = tomllib.loads(path.read_text())
        except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
            message = f"{path}: {error}"
            raise ConfigInvalid(message) from error
        return cls.of(values, str(path))


def milder(one: Mode, other: Mode) -> Mode:
    """The one of two modes that does less.

    >>> milder("enforce", "observe")
    'observe'
    """
    return min(one, other, key=MODES.index)


def reference() -> str:
    """The reference of all keys, as Markdown: the table of docs/watch.md."""
    parts = []
    for title, section in (
        ("Keys", Config),
        ("Each of `[[protocols]]`", Watched),
        ("Each of `[[detectors]]`", Use),
        ("Each of `[[webhooks]]`", Webhook),
    ):
        rows = [
            f"| `{name}` | {_default(field)} | {field.description} |" for name, field in section.model_fields.items()
        ]
        parts.append("\n".join([f"### {title}", "", "| Key | Default | What it is |", "|---|---|---|", *rows, ""]))
    return "\n".join(parts)


def _default(field: Any) -> str:
    if field.is_required():
        return "required"
    value = field.get_default(call_default_factory=True)
    return "none" if value in ((), {}, None) else f"`{value}`"


def _key(location: tuple[int | str, ...]) -> str:
    return ".".join(map(str, location)) or "configuration"
