"""What no event of the core tells, looked at now and then.

Missed heartbeats, stale bindings, loosenings that are about to be possible, what waits at session policies and their
councils, balance.
"""

from __future__ import annotations

import logging
import time
from dataclasses import dataclass, field
from itertools import islice
from typing import TYPE_CHECKING, Any

from eth_abi.exceptions import DecodingError

from switchgear.display import show, to_instant
from switchgear.errors import ChainError, ContractReverted, RPCFailed
from switchgear.sentinel.actuator import Target
from switchgear.sentinel.store import Action, Alert
from switchgear.words import AgentWord

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from switchgear.docket import Docket
    from switchgear.interface import Interface
    from switchgear.sentinel.chainview import View
    from switchgear.sentinel.endpoint import Endpoint, Endpoints
    from switchgear.sentinel.source import Header

LOGGER = logging.getLogger(__name__)

SOON = 3600
"""Seconds before something that waits can be executed at which there is a second alert."""
_AGENTS = 200
"""Agents whose owner is looked at each time, in turn."""
_DAY = 86_400
_SYNC_SEVERITY = 1e6
"""An agent that was sold is acted on before any score."""


@dataclass
class Findings:
    """What a look found."""

    alerts: list[Alert] = field(default_factory=list)
    syncs: list[Action] = field(default_factory=list)
    balance: int | None = None
    """In wei, of the signer."""


class Survey:
    """Looks, and says what it found."""

    def __init__(
        self,
        endpoints: Endpoints,
        view: View,
        interface: Interface,
        registry: Interface,
        core: str,
        *,
        signer: str | None,
        least: int,
        dockets: Sequence[Docket] = (),
    ) -> None:
        self._endpoints = endpoints
        self._view = view
        self._interface = interface
        self._registry = registry
        self._core = core
        self._signer = signer
        self._least = least
        """Wei that the signer should have."""
        self._dockets = tuple(dockets)
        self._next = 0

    async def look(self, tip: Header) -> Findings:
        """At everything, as of a block."""
        found = Findings()
        await self._heartbeats(tip, found)
        await self._owners(tip, found)
        found.alerts += self._loosenings(tip.time)
        for docket in self._dockets:
            try:
                await self._read(docket, tip)
            except ChainError as error:
                # What was read before still counts, and so does everything else.
                LOGGER.warning("logs of the policy %s cannot be read (%s); trying again", docket.policy, error)
            found.alerts += [*_countersigned(docket, tip.time), *_announced(docket, tip.time)]
        if self._signer is not None:
            found.balance = await self._balance(self._signer)
            if found.balance < self._least:
                has, least = found.balance / 10**18, self._least / 10**18
                body = f"{self._signer} has {has:.6f} ether, less than {least:g}: fund it."
                key = f"balance:{self._signer}:{int(time.time()) // _DAY}"
                found.alerts.append(Alert(key, "The signer runs out of money", body, {"balance": str(found.balance)}))
        return found

    async def _heartbeats(self, tip: Header, found: Findings) -> None:
        """BR-14: a missed beat opens the kill switch, and no event says so."""
        agents = sorted(self._view.heartbeats)
        for agent, word in zip(
            agents, await self._calls(self._core, self._interface, "agentWord", agents), strict=True
        ):
            deadline = AgentWord.decode(word).beat_deadline
            left = deadline - tip.time
            when = show(to_instant(deadline))
            if left < 0:
                body = f"No beat came before {when}: the kill switch is open until its owner resets it."
                found.alerts.append(
                    Alert(f"beat:{agent}:{deadline}", f"Agent {agent} missed its heartbeat", body, {"agent": agent})
                )
            elif left < self._view.heartbeats[agent] // 4:
                body = f"The owner or its delegate must beat before {when}, or the agent stops."
                found.alerts.append(
                    Alert(f"beat-soon:{agent}:{deadline}", f"Agent {agent} needs a heartbeat", body, {"agent": agent})
                )

    async def _owners(self, tip: Header, found: Findings) -> None:
        """ID-4: bindings end at the latest when somebody reports the change of owner."""
        agents = list(self._in_turn())
        recorded = await self._calls(self._core, self._interface, "identityOf", agents)
        for agent, (registry, agent_id, owner, *_) in zip(agents, recorded, strict=True):
            try:
                (live,) = await self._calls(registry, self._registry, "ownerOf", [agent_id])
            except (ContractReverted, RPCFailed, DecodingError):
                # `sync` would not act on such an answer either, and the others are still to be looked at.
                continue
            if live == owner:
                continue
            target = Target("sync", registry, 0, agent_id)
            body = f"It is {live}'s now, no longer {owner}'s: the bindings made before are to end (sync)."
            key = f"owner:{agent}:{live}"
            found.alerts.append(Alert(key, f"Agent {agent} has a new owner", body, {"agent": agent, "owner": live}))
            found.syncs.append(
                Action(
                    id=f"{key}:{tip.number}",
                    target=str(target),
                    severity=_SYNC_SEVERITY,
                    block=tip.number,
                    seen=time.time(),
                    incident=key,
                    status="due",
                )
            )

    def _in_turn(self) -> Iterator[int]:
        agents = sorted(self._view.agents)
        if self._next >= len(agents):
            self._next = 0
        yield from islice(agents, self._next, self._next + _AGENTS)
        self._next += _AGENTS

    def _loosenings(self, now: int) -> list[Alert]:
        """BR-9: what becomes looser does so in public, after a day in which somebody can object."""
        return [
            Alert(
                f"loosening-soon:{name}:{one.eta}",
                "A loosening is about to be possible",
                f"{one.setting} of {one.protocol} (key {one.key}, subject {one.subject}) can be executed from "
                f"{show(to_instant(one.eta))} on: cancel it if nobody should.",
                {"setting": one.setting, "protocol": one.protocol, "eta": one.eta},
            )
            for name, one in self._view.pending.items()
            if one.eta - SOON <= now <= one.expiry
        ]

    async def _read(self, docket: Docket, tip: Header) -> None:
        """What happened at a policy and its council since the last look."""
        first, last = docket.span(tip.number)

        async def ask(endpoint: Endpoint) -> None:
            logs = await endpoint.logs(docket.addresses, first, last)
            docket.take(logs, first, last)

        await self._endpoints.first(ask)

    async def _calls(self, address: str, interface: Interface, view: str, subjects: list[int]) -> list[Any]:
        requests = [[{"to": address, "data": "0x" + interface.encode(view, [one]).hex()}, "latest"] for one in subjects]

        async def ask(endpoint: Endpoint) -> list[Any]:
            answers = await endpoint.request_many("eth_call", requests)
            return [interface.decode(view, bytes.fromhex(answer[2:])) for answer in answers]

        return await self._endpoints.first(ask)

    async def _balance(self, signer: str) -> int:
        async def ask(endpoint: Endpoint) -> int:
            return int(await endpoint.request("eth_getBalance", signer, "latest"), 16)

        return await self._endpoints.first(ask)


def _countersigned(docket: Docket, now: int) -> Iterator[Alert]:
    """WP-7: what people signed may be vetoed until it is executed, and what has to wait gives them the time."""
    for one in docket.approvals(now):
        action = one.action
        key = f"{docket.policy}:0x{one.id.hex()}"
        data = {"policy": docket.policy, "council": one.council, "id": f"0x{one.id.hex()}", "eta": one.eta}
        what = f"Wallet {action.wallet} may execute 0x{action.calls.hex()} for {action.account}"
        until = f"until {show(to_instant(one.expiry))}; veto it if nobody should."
        when = f"at once or, if it has to wait, from {show(to_instant(one.eta))} on, {until}"
        yield Alert(f"countersigned:{key}", "An execution was countersigned", f"{what}: {when}", data)
        if one.eta - SOON <= now:
            when = f"from {show(to_instant(one.eta))} on also if it has to wait, {until}"
            yield Alert(f"countersigned-soon:{key}", "A countersignature is about to mature", f"{what}: {when}", data)


def _announced(docket: Docket, now: int) -> Iterator[Alert]:
    """BR-9, for policies and councils."""
    for one in docket.loosenings(now):
        key = f"{one.contract}:0x{one.id.hex()}:{one.eta}"
        whose = "a session policy" if one.contract == docket.policy else "a council"
        data = {"contract": one.contract, "call": f"0x{one.call.hex()}", "eta": one.eta, "expiry": one.expiry}
        window = f"from {show(to_instant(one.eta))} to {show(to_instant(one.expiry))}"
        body = f"By {one.actor}: {data['call']} of {one.contract} can be executed {window}; cancel it if nobody should."
        yield Alert(f"loosening:{key}", f"A loosening of {whose} is scheduled", body, data)
        if one.eta - SOON <= now:
            yield Alert(f"loosening-soon:{key}", f"A loosening of {whose} is about to be possible", body, data)
