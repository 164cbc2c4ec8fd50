"""What the live page shows, as of the newest block.

Logs are read once, from the block after the last one read; if that one was replaced, from the beginning.
"""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass, field
from threading import Lock
from typing import TYPE_CHECKING, Any, NamedTuple

from switchgear.display import plain, show, show_amount
from switchgear.errors import OwnerUnavailable, SwitchgearError
from switchgear.events import event_words, subject_name, target_name
from switchgear.registry import Registry
from switchgear.types import (
    UNDECLARED_LINEAGE,
    UNKNOWN_WALLETS,
    Causes,
    Kind,
    State,
    Subject,
    Target,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from datetime import datetime

    from switchgear.breaker import Breaker
    from switchgear.interface import Event
    from switchgear.views import AgentView, BreakerView, LaneView, UsageView

EVENTS = 200
"""Events that are kept to show."""
_UNTIMED = Causes.OWNER | Causes.HEARTBEAT | Causes.PROTOCOL | Causes.ADMIN
"""Causes that end by a reset alone."""


class Approval(NamedTuple):
    """An action of a wallet that waits for people."""

    wallet: str
    what: str
    approvals: int
    needed: int
    ready: int
    """Unix time from which it can be executed, if it must wait; else 0."""


@dataclass
class _Seen:
    """What the logs up to a block say."""

    number: int
    hash: str = ""
    lanes: dict[tuple[str, int], None] = field(default_factory=dict)
    lineages: dict[int, str] = field(default_factory=dict)
    wallets: dict[int, list[str]] = field(default_factory=dict)
    """Bound ones, by agent, the newest last."""
    targets: dict[Target, None] = field(default_factory=dict)
    events: deque[Event] = field(default_factory=lambda: deque(maxlen=EVENTS))

    def note(self, event: Event) -> None:
        """Takes up an event."""
        args = event.args
        self.events.appendleft(event)
        match event.name:
            case "LaneOpened":
                self.lanes[args["protocol"], args["lane"]] = None
            case "LineageRegistered":
                self.lineages[args["lineage"]] = args["name"]
            case "WalletBound":
                self.wallets.setdefault(args["agent"], []).append(args["wallet"])
            case "WalletRevoked":
                self.wallets[args["agent"]] = [one for one in self.wallets[args["agent"]] if one != args["wallet"]]
            case "LooseningScheduled":
                self.targets[Target(args["setting"], args["protocol"], args["key"], args["subject"])] = None


class Watch:
    """Keeps up with a chain.

    Args:
        breaker: The core.
        first: First block that can have events of it.
        decimals: Of the lanes' unit of value.
        protocol: Whose lanes to show; everybody's if None. Each lane costs some requests a block for every agent.
        approvals: What waits for people, asked at every block; None if nobody can say.
    """

    def __init__(
        self,
        breaker: Breaker,
        first: int = 0,
        *,
        decimals: int = 0,
        protocol: str | None = None,
        approvals: Callable[[], Sequence[Approval]] | None = None,
    ) -> None:
        self._breaker, self._first, self._decimals = breaker, first, decimals
        self._protocol, self._approvals = protocol, approvals
        self._seen = _Seen(first - 1)
        self._state: dict[str, Any] = {}
        self._shown = ""
        self._times: dict[int, int] = {}
        self._lock = Lock()

    def state(self) -> dict[str, Any]:
        """Everything to show, as JSON has it; read anew if there is a new block."""
        with self._lock:
            header = self._breaker.node.block()
            if header["hash"] != self._shown:
                self._catch_up(header)
                self._state, self._shown = plain(self._read(header)), header["hash"]
            return self._state

    def _catch_up(self, header: dict[str, Any]) -> None:
        node, seen, number = self._breaker.node, self._seen, int(header["number"], 16)
        if seen.hash and (seen.number > number or node.block(seen.number)["hash"] != seen.hash):
            seen = _Seen(self._first - 1)
            self._times = {}
        # All of them before any is taken up: a node that fails halfway leaves nothing half done.
        for event in map(self._breaker.decode_log, list(node.logs(self._breaker.address, [], seen.number + 1, number))):
            if event:
                seen.note(event)
        seen.number, seen.hash = number, header["hash"]
        self._seen = seen

    def _read(self, header: dict[str, Any]) -> dict[str, Any]:
        breaker, block, now = self._breaker, header["hash"], int(header["timestamp"], 16)
        agents = breaker.agents(range(1, breaker.agent_count(block_identifier=block) + 1), block_identifier=block)
        lanes = [lane for lane in self._seen.lanes if self._protocol in (None, lane[0])]
        subjects = [*(Subject.of_agent(one.agent) for one in agents), *map(Subject.of_lineage, self._seen.lineages)]
        subjects += [UNKNOWN_WALLETS, UNDECLARED_LINEAGE]
        places = [(*lane, subject) for lane in lanes for subject in subjects]
        touched = [one for one in breaker.breakers(places, block_identifier=block) if any(one.raw)]
        usages = breaker.usages(
            [(one.protocol, one.lane, one.subject) for one in touched], decimals=self._decimals, block_identifier=block
        )
        views = [breaker.lane(*lane, block_identifier=block) for lane in lanes]
        pending = {target: breaker.loosening_of(target, block_identifier=block) for target in self._seen.targets}
        return {
            "chain": {"id": breaker.node.chain_id, "core": breaker.address},
            "block": {"number": int(header["number"], 16), "hash": block, "time": now},
            "agents": [self._agent(one, now, block) for one in agents],
            "open": [
                *_switches(agents, now),
                *_lanes(views, now),
                *(
                    self._open(one, now)
                    for one, usage in zip(touched, usages, strict=True)
                    if usage.state is State.OPEN
                ),
            ],
            "series": list(self._series(list(zip(touched, usages, strict=True)), block)),
            "pending": [
                {"what": target_name(target), "eta": _unix(one.eta), "expiry": _unix(one.expiry)}
                for target, one in pending.items()
                if one
            ],
            "approvals": None if self._approvals is None else list(self._approvals()),
            "events": [self._event(event) for event in self._seen.events],
        }

    def _agent(self, agent: AgentView, now: int, block: str) -> dict[str, Any]:
        registry = Registry(self._breaker.node.web3, agent.registry)
        try:
            owner = registry.owner_of(agent.agent_id, block_identifier=block)
        except OwnerUnavailable:
            owner = "unreadable"
        try:
            uri = registry.agent_uri(agent.agent_id, block_identifier=block)
        except SwitchgearError:
            # Any contract may be a registry.
            uri = "unreadable"
        name = self._seen.lineages.get(agent.lineage, "")
        return {
            "agent": agent.agent,
            "identity": f"{agent.registry}:{agent.agent_id}",
            "uri": uri,
            "owner": owner,
            "lineage": f"{agent.lineage} {name}{', attested' if agent.attested else ''}" if agent.lineage else "",
            "parent": agent.parent,
            "wallets": self._seen.wallets.get(agent.agent, []),
            "state": agent.state(now),
            "causes": agent.causes(now),
        }

    def _open(self, one: BreakerView, now: int) -> dict[str, Any]:
        causes = one.causes(now)
        automatic = f", {show(one.cause).replace('_', ' ')}" if Causes.AUTOMATIC in causes else ""
        return {
            "what": subject_name(one.subject),
            "protocol": one.protocol,
            "lane": str(one.lane),
            "causes": show(causes) + automatic,
            "until": _until(causes, one.auto_until, one.guardian_until),
        }

    def _series(self, touched: Sequence[tuple[BreakerView, UsageView]], block: str) -> Iterator[dict[str, Any]]:
        for one, usage in touched:
            wallets = self._seen.wallets.get(one.subject.id) if one.subject.kind is Kind.AGENT else None
            if not wallets:
                continue
            room = self._breaker.headroom(
                one.protocol, one.lane, wallets[-1], decimals=self._decimals, block_identifier=block
            )
            narrowest = room.narrowest
            yield {
                "agent": one.subject.id,
                "wallet": wallets[-1],
                "protocol": one.protocol,
                "lane": str(one.lane),
                "state": usage.state,
                "count": {"used": usage.count_used, "cap": usage.count_cap},
                "value": {
                    "used": show_amount(usage.value_used),
                    "cap": _amount(usage.value_cap),
                    "share": _share(usage),
                },
                "actions": room.actions,
                "room": _amount(room.value),
                "next": _unix(room.next_at),
                "narrowest": subject_name(narrowest.subject) if narrowest else "",
                "length": len(room.series),
            }

    def _event(self, event: Event) -> dict[str, Any]:
        if event.block_number not in self._times:
            self._times[event.block_number] = int(self._breaker.node.block(event.block_number)["timestamp"], 16)
        return {
            "name": event.name,
            "what": [*event_words(event).items()],
            "block": event.block_number,
            "time": self._times[event.block_number],
            "source": f"{event.transaction_hash}:{event.log_index}",
        }


def _switches(agents: Sequence[AgentView], now: int) -> Iterator[dict[str, Any]]:
    for one in agents:
        if one.state(now) is State.OPEN:
            causes = one.causes(now)
            until = _until(causes, one.guardian_until)
            yield {"what": f"kill switch of agent {one.agent}", "causes": show(causes), "until": until}


def _lanes(views: Sequence[LaneView], now: int) -> Iterator[dict[str, Any]]:
    for one in views:
        if one.state(now) is State.OPEN:
            causes = one.causes(now)
            place = {"what": "the whole lane", "protocol": one.protocol, "lane": str(one.lane)}
            yield {**place, "causes": show(causes), "until": _until(causes, one.guardian_until)}


def _until(causes: Causes, *ends: datetime | None) -> int | None:
    """When it closes by itself, in Unix time; None if it does not."""
    return None if causes & _UNTIMED else max(int(end.timestamp()) for end in ends if end)


def _unix(when: datetime | None) -> int | None:
    return None if when is None else int(when.timestamp())


def _amount(amount: Any) -> str | None:
    return None if amount is None else show_amount(amount)


def _share(usage: UsageView) -> float:
    """Used part of the value cap, from 0 to 1."""
    if usage.value_cap is None:
        return 0.0
    return min(1.0, float(usage.value_used / usage.value_cap)) if usage.value_cap else 1.0
