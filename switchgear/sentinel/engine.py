"""`Sentinel`: source, view, detectors, store, actuator and alerts as one process.

>>> sentinel = Sentinel(Config.read(Path("sentinel.toml")), account=account)     # doctest: +SKIP
>>> asyncio.run(sentinel.run())                                                 # doctest: +SKIP
"""

from __future__ import annotations

import asyncio
import logging
import time
from typing import TYPE_CHECKING, Any

from switchgear.artifacts import load
from switchgear.deployment import core_address
from switchgear.display import show, to_instant
from switchgear.docket import Docket
from switchgear.errors import ChainError, ChainReset, ConfigInvalid, ContractAbsent, ContractReverted
from switchgear.interface import Interface
from switchgear.policy import ANY_ADAPTER
from switchgear.sentinel.actuator import Actuator, Target, prepared
from switchgear.sentinel.alerts import Alerts, channels
from switchgear.sentinel.chainview import View
from switchgear.sentinel.config import Config, milder
from switchgear.sentinel.endpoint import MALFORMED, Endpoint, Endpoints
from switchgear.sentinel.metrics import Metrics
from switchgear.sentinel.source import Block, Header, Lost, Rollback, Source
from switchgear.sentinel.store import Action, Alert, Store
from switchgear.sentinel.survey import Survey
from switchgear.types import ZERO_ADDRESS, Subject

if TYPE_CHECKING:
    from collections.abc import Coroutine, Sequence

    from switchgear.detect.types import Detector, Observation, Score
    from switchgear.sentinel.chainview import Digest
    from switchgear.sentinel.config import Mode, Use

LOGGER = logging.getLogger(__name__)

_LEARN = 32
"""Blocks before the head at which a first start begins, so that it does not begin on a block that goes away."""
_SOON = 0.05
"""Seconds until a block that was announced and is not there yet is asked for again."""
_UNWELL = 3
"""Failures in a row after which an endpoint is worth an alert."""
_HOUR = 3600


class Sentinel:
    """Watches the agents of one chain.

    Args:
        config: What it is told.
        account: Who signs: an Ape account or an eth_account LocalAccount; None to send nothing (OP-3, OP-4).
        core: Address of the core; by default the one it has on every chain.
        endpoint: A node's URL, used if the configuration names none.
        mode: Bounds the configuration's mode.
    """

    def __init__(
        self,
        config: Config,
        *,
        account: Any = None,
        core: str | None = None,
        endpoint: str | None = None,
        mode: Mode | None = None,
    ) -> None:
        self.config = config
        self.mode: Mode = config.mode if mode is None else mode
        if account is None:
            self.mode = milder(self.mode, "propose")
        self.core = core or core_address()
        self.metrics = Metrics()
        self.detectors: list[tuple[Use, Detector]] = [(use, use.build()) for use in config.detectors]
        self.caught_up = asyncio.Event()
        """Set while there is no block that it has not taken."""
        self._account = account
        self._urls = config.endpoints or ((endpoint,) if endpoint else ())
        if not self._urls:
            message = "endpoints: there is none, nor a network with an http(s) URL"
            raise ConfigInvalid(message)
        self._stopping = asyncio.Event()
        self._silent_since = time.monotonic()
        self._skew = 0.0
        self._live_from = 0

    async def run(self, *, once: bool = False) -> None:
        """Until it is stopped or, with `once`, until it has taken every block and looked at everything once.

        Raises:
            ChainReset: The chain is another one now.
            ForeignDatabase: The database is of another chain.
            ContractAbsent: There is no core.
            ConfigInvalid: What the configuration names does not exist.
            ChainError: No endpoint answered at the start.
        """
        told = channels(self.config)
        store = Store(self.config.database, history=self.config.history)
        endpoints = Endpoints(Endpoint(url, timeout=self.config.timeout) for url in self._urls)
        try:
            await self._prepare(endpoints, store, told)
            work: list[Coroutine[Any, Any, None]] = [self._follow(once)]
            if not once:
                work += [self.actuator.run(), self.alerts.run(), self._survey_often(), self._beat()]
                work += [self.source.listen(url) for url in self.config.websockets]
            if self.config.metrics_port is not None:
                self.metrics.serve(self.config.metrics_port)
            await self._until_one_ends(work)
            if once:
                await self._look()
                await self.actuator.step()
                await self.alerts.flush()
        finally:
            store.close()
            await endpoints.close()

    def stop(self) -> None:
        """Ends `run` after the block at hand; what is unfinished goes on at the next start."""
        self._stopping.set()
        if hasattr(self, "source"):
            self.source.bell.ring()

    # ------------------------------------------------------------------ start

    async def _prepare(self, endpoints: Endpoints, store: Store, told: Sequence[Any]) -> None:
        interface, config = Interface(load("CircuitBreaker").abi), self.config
        self.store = store
        self.view = View(interface, self.core, config.protocols)
        tokens = [one.token for one in config.protocols if one.token]
        self.source = Source(
            endpoints, tokens, self.core, self.view.decode, quorum=config.quorum, patience=config.patience
        )
        chain_id = int(await endpoints.any("eth_chainId"), 16)
        if await endpoints.any("eth_getCode", self.core, "latest") == "0x":
            raise ContractAbsent("CircuitBreaker", self.core, chain_id)
        genesis = await self.source.header(0)
        store.claim(f"chain {chain_id}, genesis {genesis.hash}, core {self.core}")
        self.actuator = Actuator(
            endpoints,
            store,
            interface,
            self.core,
            account=self._account,
            chain_id=chain_id,
            quorum=config.quorum,
            per_block=config.trips_per_block,
            bump_after=config.bump_after,
            max_fee=int(config.max_fee_gwei * 10**9),
        )
        self.actuator.on_broadcast = self._broadcast
        self.actuator.on_landed = self._landed
        self.alerts = Alerts(store, told)
        self.survey = Survey(
            endpoints,
            self.view,
            interface,
            Interface(load("AgentIdentity").abi),
            self.core,
            signer=self.actuator.address,
            least=int(config.min_balance_ether * 10**18),
            dockets=[await self._docket(endpoints, policy) for policy in config.policies],
        )
        if store.tip is None:
            await self._first_start()
        else:
            self._restore()
        tip = self.store.tip
        assert tip is not None  # noqa: S101 - there is one now
        self.actuator.wake(tip.number, tip.base_fee)

    async def _docket(self, endpoints: Endpoints, policy: str) -> Docket:
        """What waits at a policy, none of it read yet; `ConfigInvalid` if it is none."""
        interface = Interface(load(ANY_ADAPTER).abi)
        call = {"to": policy, "data": "0x" + interface.encode("countersign", []).hex()}
        try:
            answer = await endpoints.any("eth_call", call, "latest")
            council = str(interface.decode("countersign", bytes.fromhex(answer[2:])))
        except (ContractReverted, *MALFORMED) as error:
            message = f"policies: there is no session policy at {policy}"
            raise ConfigInvalid(message) from error
        return Docket(policy, None if council == ZERO_ADDRESS else council, self.config.start)

    async def _first_start(self) -> None:
        """Who is who, from past events; then detectors learn from the last blocks, and act from the head on."""
        head = await self.source.header("latest")
        if self.config.start > head.number:
            message = f"start: block {self.config.start:,} is after the head ({head.number:,})"
            raise ConfigInvalid(message)
        base = await self.source.header(max(self.config.start, head.number - max(self.config.warm, _LEARN), 0))
        self.view.learn(await self.source.past_logs(self.core, self.config.start, base.number))
        self.store.begin(base, self._state(), live_from=head.number)
        self._live_from = head.number

    def _state(self) -> dict[str, Any]:
        return {"view": self.view.state(), "detectors": {one.name: one.state() for _, one in self.detectors}}

    def _restore(self) -> None:
        """The state after the last block taken; what was to be done because of it is in the store already."""
        state, records = self.store.restore()
        self.detectors = [(use, use.build()) for use in self.config.detectors]
        for _, detector in self.detectors:
            # One that is new has yet to learn.
            if detector.name in state["detectors"]:
                detector.restore(state["detectors"][detector.name])
        self.view.restore(state["view"])
        for header, record in records:
            self._score(self.view.digest(header, record))
        self._live_from = self.store.live_from

    # ------------------------------------------------------------------ blocks

    async def _follow(self, once: bool) -> None:
        """Takes blocks; for ever, or until there are no more."""
        while not self._stopping.is_set():
            try:
                caught_up = await self._advance()
            except ChainError as error:
                if isinstance(error, ChainReset):
                    raise
                LOGGER.warning("the chain cannot be read (%s); trying again", error)
                await self.source.bell.wait(min(0.2, self.config.poll))
                continue
            if not caught_up:
                continue
            self.caught_up.set()
            if once:
                return
            tip = self.store.tip
            # What a websocket told of reaches the endpoints a moment later.
            soon = tip is not None and self.source.expects(tip.number)
            await self.source.bell.wait(min(_SOON, self.config.poll) if soon else self.config.poll)

    async def _advance(self) -> bool:
        """One step; whether there is nothing more to take."""
        tip = self.store.tip
        assert tip is not None  # noqa: S101 - there is one since the first start
        found = await self.source.advance(tip, self.store.remembered)
        if isinstance(found, Lost):
            raise ChainReset(tip.number, tip.hash, str(self.store.path))
        if isinstance(found, Rollback):
            LOGGER.warning("the chain went another way after block %d (was at %d)", found.number, tip.number)
            self.store.rollback(found.number)
            self._restore()
            self.metrics.rollbacks.inc()
            self.actuator.wake()
            return False
        for block in found:
            self.caught_up.clear()
            await self._take(block)
        self.metrics.head.set(self.source.head)
        gap = max(0, self.source.head - (found[-1].header.number if found else tip.number))
        self.metrics.cursor_gap.set(gap)
        return not found or not gap

    async def _take(self, block: Block) -> None:
        """Everything about one block, in one transaction."""
        header = block.header
        record = self.view.record(block, await self._statuses(block))
        with self.store.transaction():
            digest = self.view.digest(header, record)
            fired = self._score(digest)
            for use, observation, score in fired:
                self._incident(use, observation, score)
            if header.number > self._live_from:
                self._tell(digest)
            state = self._state() if self.store.snapshot_due(header.number) else None
            self.store.append(header, record, state)
        self._silent_since = time.monotonic()
        self._skew = time.time() - header.time
        self.metrics.cursor.set(header.number)
        self.metrics.head_lag.set(self._skew)
        self.metrics.observations.inc(len(digest.observations))
        for opening in digest.openings:
            self.metrics.trips.labels(opening.cause.name.lower()).inc()
        self.actuator.wake(header.number, header.base_fee)
        if fired or digest.openings or digest.scheduled:
            self.alerts.bell.ring()
            # The actuator goes first.
            await asyncio.sleep(0)

    async def _statuses(self, block: Block) -> dict[str, bool]:
        """Whether the transactions that agents sent succeeded, from an endpoint that has this very block."""
        # What failed logs nothing: a receipt, and the round trip for it, is for those that left no log here.
        logged = {log["transactionHash"] for log in block.logs}
        sent = [one["hash"] for one in self.view.candidates(block)]
        silent = [one for one in sent if one not in logged]

        async def ask(endpoint: Endpoint) -> dict[str, bool]:
            receipts = await endpoint.request_many("eth_getTransactionReceipt", [[one] for one in silent])
            given = [(one["transactionHash"], one["blockHash"]) for one in receipts]
            statuses = [int(one["status"], 16) == 1 for one in receipts]
            if given != [(one, block.header.hash) for one in silent]:
                message = f"no receipts of block {block.header.number}"
                raise ChainError(message)
            return dict(zip(silent, statuses, strict=True))

        found = await self.source.endpoints.first(ask) if silent else {}
        return {one: found.get(one, True) for one in sent}

    def _score(self, digest: Digest) -> list[tuple[Use, Observation, Score]]:
        """What every detector says of every observation; those scores that fire."""
        fired = []
        for observation in digest.observations:
            for use, detector in self.detectors:
                score = detector.observe(observation)
                if score is not None and score.fires:
                    fired.append((use, observation, score))
        return fired

    def _incident(self, use: Use, observation: Observation, score: Score) -> None:
        """A score fired: what is to be done, by the mode."""
        mode = milder(use.mode, self.mode)
        place = f"agent {score.agent}" if score.agent else f"lineage {score.lineage}"
        incident = f"{score.detector}:{observation.tx_hash}:{score.agent}:{score.lineage}"
        data = {"score": score._asdict(), "mode": mode, **observation._asdict()}
        data["selector"] = None if observation.selector is None else "0x" + observation.selector.hex()
        if not self.store.add_incident(incident, observation.block, data):
            return
        self.metrics.incidents.labels(score.detector).inc()
        if observation.block <= self._live_from:
            return
        # One alert for a whole burst: the rest is in the database.
        key = f"incident:{score.detector}:{place}:{observation.time // _HOUR}"
        body = f"{score.explanation}. Score {score.score:.4g}, threshold {score.threshold:.4g}; mode {mode}."
        self.store.add_alert(Alert(key, f"{score.detector} fires for {place}", body, data))
        if mode == "observe":
            return
        severity = score.score / score.threshold if score.threshold > 0 else score.score
        for target in self._targets(use, observation, score):
            action = Action(
                id=f"{incident}:{target}",
                target=str(target),
                severity=severity,
                block=observation.block,
                seen=time.time(),
                incident=incident,
                status="due" if mode == "enforce" else "proposed",
            )
            if self.store.add_action(action) and mode == "propose":
                call = prepared(self.actuator.interface, self.core, action)
                key = f"proposal:{score.detector}:{target}:{observation.time // _HOUR}"
                body = f"{score.explanation}. Nobody sent this: {call['data']} to {call['to']}."
                self.store.add_alert(Alert(key, f"Proposed: open {target.words}", body, {**data, "transaction": call}))

    def _targets(self, use: Use, observation: Observation, score: Score) -> list[Target]:
        """What opens."""
        if not score.agent:
            subject = int(Subject.of_lineage(score.lineage))
            return [Target("breaker", one.address, one.lane, subject) for one in self.config.protocols]
        watched = any(one.address == observation.protocol for one in self.config.protocols)
        if use.trips == "breaker" and watched:
            subject = int(Subject.of_agent(score.agent))
            return [Target("breaker", observation.protocol, observation.lane, subject)]
        return [Target("kill-switch", "", 0, score.agent)]

    def _tell(self, digest: Digest) -> None:
        """What people should know of a block, whoever did it."""
        for opening in digest.openings:
            key = f"opening:{opening.tx_hash}:{opening.log_index}"
            until = "its reset" if opening.until is None else show(to_instant(opening.until))
            body = f"By {opening.actor} ({opening.cause.name.lower()}), until {until}. {opening.note}".strip()
            data = {"transaction": opening.tx_hash, "log_index": opening.log_index}
            self.store.add_alert(Alert(key, f"Open: {opening.what}", body, data))
        for one in digest.scheduled:
            key = f"loosening:{one.setting}:{one.protocol}:{one.key}:{one.subject}:{one.eta}"
            body = f"By {one.actor}; possible from {show(to_instant(one.eta))} to {show(to_instant(one.expiry))}."
            title = f"A loosening is scheduled: {one.setting} of {one.protocol}"
            self.store.add_alert(Alert(key, title, body, {"key": one.key, "subject": one.subject}))

    # ------------------------------------------------------------------ around it

    def _broadcast(self, action: Action, seconds: float) -> None:
        LOGGER.warning("sent: %s, %.3f s after the observation", Target.read(action.target).words, seconds)
        self.metrics.to_broadcast.observe(seconds)
        self.metrics.actions.labels("sent").inc()
        self.alerts.bell.ring()

    def _landed(self, action: Action, seconds: float) -> None:
        LOGGER.warning("done: %s, %.3f s after the observation", Target.read(action.target).words, seconds)
        self.metrics.to_mined.observe(seconds)
        self.metrics.actions.labels("landed").inc()

    async def _survey_often(self) -> None:
        while True:
            try:
                await self._look()
            except (ChainError, ContractReverted) as error:
                LOGGER.warning("no survey (%s); trying again", error)
            await asyncio.sleep(self.config.survey)

    async def _look(self) -> None:
        """At what no event tells."""
        tip = self.store.tip
        assert tip is not None  # noqa: S101 - there is one since the first start
        self._own_health(tip)
        found = await self.survey.look(tip)
        if found.balance is not None:
            self.metrics.balance.set(found.balance / 10**18)
        with self.store.transaction():
            for alert in found.alerts:
                self.store.add_alert(alert)
            if self.mode == "enforce":
                for action in found.syncs:
                    self.store.add_action(action)
        self.actuator.wake()
        self.alerts.bell.ring()

    def _own_health(self, tip: Header) -> None:
        """Silence, clocks and endpoints."""
        hour = int(time.time()) // _HOUR
        silent = time.monotonic() - self._silent_since
        if silent > self.config.silence:
            body = f"Block {tip.number} is the last that could be taken, {silent:.0f} s ago."
            self.store.add_alert(Alert(f"silence:{tip.number}:{hour}", "The sentinel sees nothing new", body, {}))
        if self.caught_up.is_set() and abs(self._skew) > self.config.clock_skew:
            body = f"The head was {self._skew:.0f} s behind this clock: it, or this clock, is wrong."
            self.store.add_alert(Alert(f"skew:{hour}", "Clocks differ", body, {"seconds": self._skew}))
        if self.source.disputed:
            body = f"Endpoints contradict each other about what follows block {tip.number}."
            self.store.add_alert(Alert(f"dispute:{tip.number}", "Endpoints contradict each other", body, {}))
        for one in self.source.endpoints.all:
            up = one.failures < _UNWELL and not one.stale
            self.metrics.endpoints.labels(one.name).set(up)
            if not up:
                body = "It lags behind the others." if one.stale else f"It failed {one.failures} times in a row."
                self.store.add_alert(Alert(f"endpoint:{one.name}:{hour}", f"{one.name} is unwell", body, {}))

    async def _beat(self) -> None:
        while True:
            tip = self.store.tip
            if tip is not None and time.monotonic() - self._silent_since <= self.config.silence:
                await self.alerts.beat({"block": tip.number, "mode": self.mode})
            await asyncio.sleep(self.config.heartbeat)

    async def _until_one_ends(self, work: Sequence[Coroutine[Any, Any, None]]) -> None:
        """Runs all; when one ends or fails, ends the others."""
        tasks = [asyncio.ensure_future(one) for one in work]
        try:
            done, _ = await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)
        for task in done:
            task.result()
