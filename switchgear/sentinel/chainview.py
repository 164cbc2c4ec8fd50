"""What the chain shows: who is who, what is pending, and what agents did, as observations. Pure: a fold over blocks.

An admitted action leaves no event of the core. So what an agent did is seen in its wallet's own transactions, failed
ones included (a hard revert leaves no other trace), in transfers of a watched protocol's token, and in denials.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import lru_cache
from typing import TYPE_CHECKING, Any, NamedTuple

from eth_utils.address import to_checksum_address

from switchgear.detect.types import Observation
from switchgear.tokens import is_transfer
from switchgear.types import NEVER, ZERO_ADDRESS, Cause, Setting, Subject
from switchgear.values import from_note
from switchgear.words import decode_verdict

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence

    from switchgear.interface import Event, Interface
    from switchgear.sentinel.config import Watched
    from switchgear.sentinel.source import Block, Header


_TYPED: dict[str, Callable[[int], Any]] = {"verdict": decode_verdict, "setting": Setting, "cause": Cause}
"""What these fields of the core's events are."""


class Act(NamedTuple):
    """A transaction of an agent's wallet."""

    hash: str
    position: int
    sender: str
    to: str | None
    value: int
    selector: str | None
    succeeded: bool


@dataclass(frozen=True)
class Pending:
    """A loosening that waits."""

    setting: str
    protocol: str
    key: int
    subject: int
    actor: str
    value: int
    eta: int
    expiry: int


@dataclass(frozen=True)
class Opening:
    """A breaker or kill switch that opened, whoever did it."""

    what: str
    """In words."""
    cause: Cause
    actor: str
    until: int | None
    """Unix time; None if latched."""
    note: str
    tx_hash: str
    log_index: int


@dataclass
class Digest:
    """What one block says."""

    observations: list[Observation] = field(default_factory=list)
    openings: list[Opening] = field(default_factory=list)
    scheduled: list[Pending] = field(default_factory=list)


class View:
    """Who is who now."""

    def __init__(self, interface: Interface, core: str, watched: Iterable[Watched]) -> None:
        self.decode = _remembering(interface.decode_log)
        """A log of the core, with enumerations and verdicts in place of their numbers: `DecodingError` or `ValueError`
        for what the core would not log. What was decoded lately is not decoded again."""
        self._binding = interface.topic("WalletBound")
        self._core = core.lower()
        self._watched = tuple(watched)
        self._lanes = {one.address: one.lane for one in reversed(self._watched)}
        self.wallets: dict[str, int] = {}
        """Agent that a wallet is or last was bound to."""
        self._lowered: set[str] = set()
        """The wallets as nodes write them."""
        self.agents: dict[int, tuple[str, int, int, int]] = {}
        """Registry, its number there, declared lineage and parent of each agent."""
        self.heartbeats: dict[int, int] = {}
        """Interval in seconds, of the agents that have one."""
        self.pending: dict[str, Pending] = {}
        """Loosenings that wait."""

    # ------------------------------------------------------------------ state

    def state(self) -> dict[str, Any]:
        """As JSON can hold it."""
        return {
            "wallets": self.wallets,
            "agents": {str(agent): list(one) for agent, one in self.agents.items()},
            "heartbeats": {str(agent): one for agent, one in self.heartbeats.items()},
            # The numbers are wider than what some readers of JSON take, but not Python's.
            "pending": {name: vars(one) for name, one in self.pending.items()},
        }

    def restore(self, state: Mapping[str, Any]) -> None:
        """Go on from such a state."""
        self.wallets = dict(state["wallets"])
        self._lowered = {wallet.lower() for wallet in self.wallets}
        self.agents = {int(agent): (one[0], one[1], one[2], one[3]) for agent, one in state["agents"].items()}
        self.heartbeats = {int(agent): one for agent, one in state["heartbeats"].items()}
        self.pending = {name: Pending(**one) for name, one in state["pending"].items()}

    # ------------------------------------------------------------------ blocks

    def candidates(self, block: Block) -> list[dict[str, Any]]:
        """The transactions of a block that wallets sent, those included that it binds itself."""
        if not block.transactions:
            return []
        binding = (log for log in block.logs if log["topics"] and log["topics"][0] == self._binding)
        fresh = {event.args["wallet"].lower() for event in map(self._event, binding) if event}
        senders = ((one, one["from"].lower()) for one in block.transactions)
        return [one for one, sender in senders if sender in self._lowered or sender in fresh]

    def record(self, block: Block, statuses: Mapping[str, bool]) -> dict[str, Any]:
        """All of a block that `digest` needs, as JSON can hold it: with the transactions whose success is given."""
        acts = [
            Act(
                hash=one["hash"],
                position=int(one["transactionIndex"], 16),
                sender=to_checksum_address(one["from"]),
                to=to_checksum_address(one["to"]) if one.get("to") else None,
                value=int(one["value"], 16),
                selector=one["input"][:10] if len(one["input"]) >= 10 else None,  # noqa: PLR2004 - 0x and 4 bytes
                succeeded=statuses[one["hash"]],
            )
            for one in block.transactions
            if one["hash"] in statuses
        ]
        logs = [
            {name: log[name] for name in ("address", "topics", "data", "transactionHash", "logIndex", "blockNumber")}
            | {"transactionIndex": int(log["transactionIndex"], 16)}
            for log in block.logs
        ]
        return {"acts": acts, "logs": logs} if acts or logs else {}

    def digest(self, header: Header, record: Mapping[str, Any]) -> Digest:
        """Takes one block; in the order of its transactions."""
        digest = Digest()
        acts = {act.position: act for act in (Act(*one) for one in record.get("acts", ()))}
        logs: dict[int, list[Mapping[str, Any]]] = {}
        for log in record.get("logs", ()):
            logs.setdefault(log["transactionIndex"], []).append(log)
        for index in sorted(acts.keys() | logs.keys()):
            self._transaction(header, acts.get(index), logs.get(index, ()), digest)
        return digest

    def learn(self, logs: Iterable[Mapping[str, Any]]) -> None:
        """Takes logs of the core from before the first block, for who is who."""
        for log in logs:
            if event := self.decode(log):
                self._apply(event, Digest())

    # ------------------------------------------------------------------ internal

    def _event(self, log: Mapping[str, Any]) -> Event | None:
        return self.decode(log) if log["address"].lower() == self._core else None

    def _transaction(self, header: Header, act: Act | None, logs: Sequence[Mapping[str, Any]], digest: Digest) -> None:
        seen = len(digest.observations)
        for log in logs:
            event = self._event(log)
            if event is None:
                continue
            self._apply(event, digest)
            if event.name == "Denied":
                digest.observations.append(self._denial(header, event, act))
        if act is None or act.succeeded:
            digest.observations += self._flows(header, act, logs)
        if act is not None and len(digest.observations) == seen:
            digest.observations.append(self._plain(header, act))

    def _denial(self, header: Header, event: Event, act: Act | None) -> Observation:
        wallet, verdict = event.args["wallet"], event.args["verdict"]
        agent = verdict.agent or self.wallets.get(wallet, 0)
        return Observation(
            time=header.time,
            block=header.number,
            tx_hash=event.transaction_hash,
            log_index=event.log_index,
            agent=agent,
            lineage=self._lineage(agent),
            protocol=event.args["protocol"],
            lane=event.args["lane"],
            wallet=wallet,
            value=event.args["value"],
            counterparty=None,
            selector=_selector(act) if act and act.sender == wallet else None,
            denied=True,
        )

    def _flows(self, header: Header, act: Act | None, logs: Sequence[Mapping[str, Any]]) -> list[Observation]:
        """One observation for each watched protocol whose token moved to or from it."""
        found = []
        for watched in self._watched:
            if watched.token is None:
                continue
            moves = [
                (int(log["data"], 16), int(log["logIndex"], 16), log["transactionHash"], parties)
                for log in logs
                if log["address"].lower() == watched.token.lower()
                and is_transfer(log)
                and watched.address in (parties := (_party(log["topics"][1]), _party(log["topics"][2])))
            ]
            if not moves:
                continue
            _, log_index, tx_hash, parties = max(moves)
            others = [one for _, _, _, pair in moves for one in pair if one != watched.address]
            wallet = act.sender if act else next((one for one in others if one in self.wallets), None)
            if wallet is None:
                continue
            agent = self.wallets.get(wallet, 0)
            other = next(
                one for one in (*parties, watched.address) if one != watched.address or parties[0] == parties[1]
            )
            found.append(
                Observation(
                    time=header.time,
                    block=header.number,
                    tx_hash=tx_hash,
                    log_index=log_index,
                    agent=agent,
                    lineage=self._lineage(agent),
                    protocol=watched.address,
                    lane=watched.lane,
                    wallet=wallet,
                    value=sum(amount for amount, *_ in moves),
                    counterparty=None if other in (wallet, watched.address) else other,
                    selector=_selector(act) if act else None,
                    denied=False,
                )
            )
        return found

    def _plain(self, header: Header, act: Act) -> Observation:
        """A transaction of which nothing is known but what it says itself."""
        agent = self.wallets.get(act.sender, 0)
        protocol = act.to or ZERO_ADDRESS
        return Observation(
            time=header.time,
            block=header.number,
            tx_hash=act.hash,
            log_index=-1,
            agent=agent,
            lineage=self._lineage(agent),
            protocol=protocol,
            lane=self._lanes.get(protocol, 0),
            wallet=act.sender,
            value=act.value,
            counterparty=act.to if act.selector is None else None,
            selector=_selector(act),
            denied=not act.succeeded,
        )

    def _lineage(self, agent: int) -> int:
        return self.agents[agent][2] if agent in self.agents else 0

    def _apply(self, event: Event, digest: Digest) -> None:
        args = event.args
        if event.name == "AgentEnrolled":
            self.agents[args["agent"]] = (args["registry"], args["agentId"], args["lineage"], args["parent"])
        elif event.name == "WalletBound":
            self.wallets[args["wallet"]] = args["agent"]
            self._lowered.add(args["wallet"].lower())
        elif event.name == "SettingChanged":
            self._changed(args)
        elif event.name == "LooseningScheduled":
            pending = Pending(
                setting=args["setting"].name.lower(),
                **{name: args[name] for name in ("protocol", "key", "subject", "actor", "value", "eta", "expiry")},
            )
            self.pending[_name(args)] = pending
            digest.scheduled.append(pending)
        elif event.name == "LooseningCancelled":
            self.pending.pop(_name(args), None)
        elif event.name in ("BreakerTripped", "AgentTripped"):
            digest.openings.append(_opening(event))

    def _changed(self, args: Mapping[str, Any]) -> None:
        self.pending.pop(_name(args), None)
        agent = args["subject"]
        if args["setting"] == Setting.HEARTBEAT:
            interval = args["value"] & 0xFFFFFF
            if interval:
                self.heartbeats[agent] = interval
            else:
                self.heartbeats.pop(agent, None)
        elif args["setting"] == Setting.LINEAGE and agent in self.agents:
            registry, agent_id, _, parent = self.agents[agent]
            self.agents[agent] = (registry, agent_id, args["value"], parent)


def _remembering(decode: Callable[[Mapping[str, Any]], Event | None]) -> Callable[[Mapping[str, Any]], Event | None]:
    names = ("address", "data", "transactionHash", "logIndex", "blockNumber")

    @lru_cache(maxsize=1 << 14)
    def of(topics: tuple[str, ...], *values: str) -> Event | None:
        event = decode({"topics": topics, **dict(zip(names, values, strict=True))})
        if event:
            for name in _TYPED.keys() & event.args.keys():
                event.args[name] = _TYPED[name](event.args[name])
        return event

    return lambda log: of(tuple(log["topics"]), *(log[name] for name in names))


def _opening(event: Event) -> Opening:
    args = event.args
    if event.name == "AgentTripped":
        what = f"kill switch of agent {args['agent']}"
    else:
        what = f"{Subject(args['subject'])} in lane {args['lane']} of {args['protocol']}"
    return Opening(
        what=what,
        cause=args["cause"],
        actor=args["actor"],
        until=None if args["until"] == NEVER else args["until"],
        note=from_note(args["note"]),
        tx_hash=event.transaction_hash,
        log_index=event.log_index,
    )


def _name(args: Mapping[str, Any]) -> str:
    return f"{args['setting']}:{args['protocol']}:{args['key']}:{args['subject']}"


def _selector(act: Act) -> bytes | None:
    return bytes.fromhex(act.selector[2:]) if act.selector else None


def _party(topic: str) -> str:
    return to_checksum_address("0x" + topic[-40:])
