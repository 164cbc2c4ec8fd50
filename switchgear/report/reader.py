"""Reading the evidence from a node.

Everything is read as of the range's last block, whose hash must be the same at the end as at the start. The node must
have the state of every block of the range.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from eth_abi.abi import decode
from eth_abi.exceptions import DecodingError
from eth_utils.abi import function_signature_to_4byte_selector
from eth_utils.address import to_checksum_address

from switchgear.display import explain
from switchgear.errors import (
    AgentDenied,
    ContractReverted,
    InvalidInput,
    OwnerUnavailable,
    RangeReorganised,
    RPCFailed,
    SwitchgearError,
    from_revert,
)
from switchgear.events import subject_name
from switchgear.registry import Registry
from switchgear.report.evidence import (
    Action,
    Admission,
    Block,
    Evidence,
    Measure,
    Movement,
    Origin,
    Outcome,
    Place,
    Read,
    ScoreRow,
    Source,
    Tenure,
    Trip,
    Unit,
)
from switchgear.tokens import TRANSFER, is_transfer
from switchgear.types import LANE, UNDECLARED_LINEAGE, ZERO_ADDRESS, Cause, Setting, State, Subject
from switchgear.values import from_note
from switchgear.views import LimitsView
from switchgear.words import CONFIGURATION_MASK, BreakerWord, LimitsWord, decode_verdict

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from switchgear.breaker import Breaker
    from switchgear.chain import Node
    from switchgear.interface import Event
    from switchgear.views import AgentView

_ADMIT = "0x" + function_signature_to_4byte_selector("admit(uint256,address,uint256)").hex()
_DELEGATED = bytes.fromhex("ef0100")


def gather(
    breaker: Breaker,
    agent: int,
    *,
    first: int = 0,
    last: int | None = None,
    origin: int = 0,
    decimals: int = 0,
    scores: Sequence[ScoreRow] = (),
) -> Evidence:
    """Reads it.

    Args:
        breaker: The core.
        agent: Handle.
        first: First block of the range.
        last: Last one; by default the newest.
        origin: Where to start looking for who answers, and for lanes: the core's first block.
        decimals: Of the lanes' unit of value.
        scores: A sentinel's, of this agent.

    Raises:
        UnknownAgent: Not enrolled at the last block.
        RangeReorganised: The chain changed its mind about the last block meanwhile.
        InvalidInput: No such range.
        RPCFailed: The node lacks the state of the range.
    """
    node = breaker.node
    newest = int(node.block()["number"], 16)
    last = newest if last is None else last
    if not 0 <= first <= last <= newest:
        message = f"no blocks {first} to {last}: the newest is {newest}"
        raise InvalidInput(message)
    return _Reader(breaker, agent, first, last, origin).read(decimals, scores)


class _Reader:
    """One reading of a chain."""

    def __init__(self, breaker: Breaker, agent: int, first: int, last: int, origin: int) -> None:
        self.breaker, self.node, self.handle = breaker, breaker.node, agent
        self.first, self.last, self.origin = first, last, min(origin, first)
        self.blocks: dict[int, Block] = {}

    def read(self, decimals: int, scores: Sequence[ScoreRow]) -> Evidence:
        """All of it."""
        node, breaker, last = self.node, self.breaker, self.last
        end = self.end = _block(node.block(last))
        agent = breaker.agent(self.handle, block_identifier=last)
        ancestors = tuple(breaker.ancestors(self.handle, block_identifier=last))
        wallets = self._wallets()
        logs = list(node.logs(breaker.address, [], self.first, last))
        decoded = [event for event in map(breaker.decode_log, logs) if event]
        indexes = {log["transactionHash"]: int(log["transactionIndex"], 16) for log in logs}
        places = self._places(decoded, wallets)
        family = {self.handle, *(one.agent for one in ancestors)}
        series = {place: self._series(place, family, agent) for place in places}
        concern = _Concern(self.handle, family, wallets, series)
        events = tuple(event for event in decoded if concern.holds(event))

        actions, traced = self._actions(wallets, events)
        asked = [row for row in scores if self.first <= row.block <= last]
        scores = self._scored(asked)
        numbers = {self.first, last, *(event.block_number for event in events), *(row.block for row in scores)}
        tenures = tuple(self._tenures(agent, ancestors, places, events))
        sources = [source for one in tenures for source in (one.since, one.until) if source]
        self._need(numbers | {source.block for source in sources})
        trips = tuple(
            _trip(event, indexes[event.transaction_hash], self.blocks[event.block_number].time)
            for event in events
            if event.name in ("AgentTripped", "BreakerTripped")
        )
        at = trips[0].source.block if trips else last
        _, word_read = self._core("agentWord", self.handle, block=last)
        delay, delay_read = self._core("LOOSENING_DELAY", block=last)
        enrolled = self._events("AgentEnrolled", agent=self.handle)
        found_places = tuple(self._place(*place, at) for place in places)
        heartbeat = self._heartbeat(agent, word_read)
        origins = [place.set_by for place in found_places] + [place.overridden_by for place in found_places]
        origins += [Source.of(one) for one in enrolled] + ([heartbeat[1]] if heartbeat else [])
        self._need(origin.block for origin in origins if isinstance(origin, Source))
        uri, uri_read = self._uri(agent)
        evidence = Evidence(
            chain_id=node.chain_id,
            core=breaker.address,
            agent=agent,
            identity=Source.of(enrolled[0]) if enrolled else self._core("identityOf", self.handle, block=last)[1],
            uri=uri,
            uri_read=uri_read,
            ancestors=ancestors,
            first=self.blocks[self.first],
            last=end,
            tenures=tenures,
            events=events,
            trips=trips,
            actions=actions,
            places=found_places,
            places_at=at,
            kill_switch=agent.state(end.time),
            causes=agent.causes(end.time),
            kill_switch_read=word_read,
            loosening_delay=delay,
            loosening_delay_read=delay_read,
            heartbeat=heartbeat,
            units=self._units(actions, decimals),
            traced=traced,
            blocks=self.blocks,
            scores=scores,
            lost_scores=len(asked) - len(scores),
        )
        after = str(node.block(last)["hash"])
        if after != end.hash:
            raise RangeReorganised(last, end.hash, after)
        return evidence

    # ------------------------------------------------------------------ reads

    def _core(self, function: str, *args: Any, block: int) -> tuple[Any, Read]:
        """What the core answers, with what was asked and what came back."""
        interface = self.breaker.interface
        read = self._ask(self.breaker.address, function, args, interface.encode(function, args), block)
        return interface.decode(function, bytes.fromhex(read.answer[2:])), read

    def _ask(self, to: str, function: str, args: Sequence[Any], data: bytes, block: int) -> Read:
        answer = self.node.call({"to": to, "data": f"0x{data.hex()}"}, block)
        shown = ", ".join(map(str, args))
        return Read(block, to, f"{function}({shown})", f"0x{data.hex()}", f"0x{answer.hex()}")

    def _scored(self, rows: Sequence[ScoreRow]) -> tuple[ScoreRow, ...]:
        """Those whose action is on this chain, in that block, with that log: a sentinel may have seen another fork."""
        sources = list(dict.fromkeys(row.source for row in rows if row.source))
        receipts = self.node.request_many("eth_getTransactionReceipt", [[one.transaction] for one in sources])
        there = {source for source, receipt in zip(sources, receipts, strict=True) if receipt and _in(source, receipt)}
        return tuple(row for row in rows if row.source is None or row.source in there)

    # ------------------------------------------------------------------ who

    def _wallets(self) -> list[str]:
        bound = self.breaker.events("WalletBound", from_block=self.origin, to_block=self.last, agent=self.handle)
        return list(dict.fromkeys(event.args["wallet"] for event in bound))

    def _uri(self, agent: AgentView) -> tuple[str, Read | None]:
        registry = Registry(self.node.web3, agent.registry)
        try:
            uri = registry.agent_uri(agent.agent_id, block_identifier=self.last)
            data = registry.interface.encode("tokenURI", [agent.agent_id])
            return uri, self._ask(agent.registry, "tokenURI", [agent.agent_id], data, self.last)
        except SwitchgearError:
            # A foreign registry may have none, and the report is not about that.
            return "", None

    def _heartbeat(self, agent: AgentView, read: Read) -> tuple[int, Origin] | None:
        if agent.beat_interval is None:
            return None
        changes = self._settings(Setting.HEARTBEAT)
        return int(agent.beat_interval.total_seconds()), Source.of(changes[-1]) if changes else read

    def _lineages(self, agent: AgentView) -> list[int]:
        """Every lineage that the agent declared, the present one first."""
        changes = self._settings(Setting.LINEAGE)
        return list(dict.fromkeys([agent.lineage, *(event.args["previous"] for event in changes)]))

    def _settings(self, setting: Setting, **indexed: Any) -> list[Event]:
        chosen = indexed or {"protocol": ZERO_ADDRESS, "subject": self.handle}
        changed = self.breaker.events("SettingChanged", from_block=self.origin, to_block=self.last, **chosen)
        return [event for event in changed if event.args["setting"] == setting]

    def _events(self, name: str, **indexed: Any) -> list[Event]:
        return list(self.breaker.events(name, from_block=self.origin, to_block=self.last, **indexed))

    def _tenures(
        self,
        agent: AgentView,
        ancestors: Sequence[AgentView],
        places: Sequence[tuple[str, int]],
        events: Sequence[Event],
    ) -> Iterator[Tenure]:
        yield from self._owners("owner", agent)
        for distance, one in enumerate(ancestors, start=1):
            yield from self._owners(f"owner of agent {one.agent}, {distance} up", one)
        yield from self._bindings()
        yield from self._declared(agent)
        for protocol in dict.fromkeys(protocol for protocol, _ in places):
            yield from self._admins(protocol)
        yield from self._guardians(events)

    def _owners(self, role: str, agent: AgentView) -> Iterator[Tenure]:
        identity = f"{agent.registry}:{agent.agent_id}"
        topics = [TRANSFER, None, None, f"0x{agent.agent_id:064x}"]
        found = list(self.node.logs(agent.registry, topics, self.origin, self.last))
        if not found:
            data = Registry(self.node.web3, agent.registry).interface.encode("ownerOf", [agent.agent_id])
            try:
                owner = self.breaker.owner_of(agent.agent, block_identifier=self.last)
                read = self._ask(agent.registry, "ownerOf", [agent.agent_id], data, self.last)
            except OwnerUnavailable:
                owner, read = "nobody: the registry does not say", None
            detail = f"{identity}, as of block {self.last}; no transfer was seen"
            yield Tenure(
                role, owner, detail, None, None, read or self._core("identityOf", agent.agent, block=self.last)[1]
            )
        transfers = [(_address(log["topics"][2]), _log_source(log)) for log in found]
        yield from _chain(role, f"{identity}, by its transfers", transfers)

    def _bindings(self) -> Iterator[Tenure]:
        bound = self._events("WalletBound", agent=self.handle)
        ends = [(Source.of(one), None, "owner changed") for one in self._events("OwnerChanged", agent=self.handle)]
        for name, reason in (("WalletRevoked", "revoked"), ("WalletBound", "bound again")):
            ends += [(Source.of(one), one.args["wallet"], reason) for one in self._events(name, agent=self.handle)]
        ends.sort(key=lambda end: _order(end[0]))
        for event in bound:
            wallet, since, expiry = event.args["wallet"], Source.of(event), event.args["expiry"]
            later = ((at, why) for at, whose, why in ends if _order(at) > _order(since) and whose in (None, wallet))
            until, reason = next(later, (None, ""))
            detail = f"bound by {event.args['actor']}, with the wallet's own signature in that transaction"
            detail += f", until {expiry:%Y-%m-%d %H:%M:%S} UTC" if expiry else ""
            moment = int(expiry.timestamp()) if expiry else None
            ended = self._time(until.block) if until else self.end.time
            if moment is not None and moment <= ended:
                yield Tenure("wallet", wallet, f"{detail}; expired", since, None, lapsed=moment)
            else:
                yield Tenure("wallet", wallet, f"{detail}; {reason}" if reason else detail, since, until)

    def _time(self, block: int) -> int:
        self._need([block])
        return self.blocks[block].time

    def _declared(self, agent: AgentView) -> Iterator[Tenure]:
        enrolled = self._events("AgentEnrolled", agent=self.handle)
        changes = self._settings(Setting.LINEAGE)
        steps = [(event.args["lineage"], Source.of(event)) for event in enrolled]
        steps += [(event.args["value"], Source.of(event)) for event in changes]
        names = {
            event.args["lineage"]: event.args["name"]
            for lineage in dict.fromkeys(lineage for lineage, _ in steps)
            for event in self._events("LineageRegistered", lineage=lineage)
        }
        for lineage, since in steps:
            until = next((later for _, later in steps if _order(later) > _order(since)), None)
            shown = f"{lineage} ({names.get(lineage, '')})" if lineage else "none"
            yield Tenure("lineage, declared", shown, "by the owner", since, until)
            yield from self._providers(lineage, shown)
        attested = self._settings(Setting.ATTESTATION)
        for event in attested:
            what = "attested" if event.args["value"] else "attestation withdrawn"
            since = Source.of(event)
            until = next((one for one in self._ends(event, attested, steps) if _order(one) > _order(since)), None)
            yield Tenure(f"lineage, {what}", str(event.args["key"]), f"by {event.args['actor']}", since, until)
        if not attested and agent.lineage:
            read = self._core("agentWord", self.handle, block=self.last)[1]
            yield Tenure("lineage, attested", "nobody", "the provider never confirmed it", None, None, read)

    def _ends(self, event: Event, attested: Sequence[Event], steps: Sequence[tuple[int, Source]]) -> list[Source]:
        """What could end an attestation, in order: another word of a provider, or of the owner on the lineage."""
        if not event.args["value"]:
            return []
        found = [Source.of(one) for one in attested if one.args["key"] == event.args["key"]]
        return sorted([*found, *(since for lineage, since in steps if lineage != event.args["key"])], key=_order)

    def _providers(self, lineage: int, shown: str) -> Iterator[Tenure]:
        if not lineage:
            return
        registered = [
            (one.args["provider"], Source.of(one)) for one in self._events("LineageRegistered", lineage=lineage)
        ]
        moved = [
            (one.args["newProvider"], Source.of(one)) for one in self._events("LineageTransferred", lineage=lineage)
        ]
        role = "provider of the lineage"
        if not registered and not moved:
            provider, read = self._core("providerOf", lineage, block=self.last)
            yield Tenure(role, provider, shown, None, None, read)
        yield from _chain(role, shown, [*registered, *moved])

    def _admins(self, protocol: str) -> Iterator[Tenure]:
        moves = self._events("AdminTransferred", protocol=protocol)
        if not moves:
            (admin, _), read = self._core("adminOf", protocol, block=self.last)
            holder = "nobody" if admin == ZERO_ADDRESS else admin
            yield Tenure("admin", holder, f"of the protocol {protocol}", None, None, read)
        yield from _chain("admin", f"of the protocol {protocol}", [(m.args["newAdmin"], Source.of(m)) for m in moves])

    def _guardians(self, events: Sequence[Event]) -> Iterator[Tenure]:
        """Those who acted in the range."""
        acted = {
            (event.args["actor"], event.args.get("protocol")): event
            for event in reversed(events)
            if event.args.get("cause") == Cause.GUARDIAN
        }
        for (actor, protocol), event in acted.items():
            setting = Setting.AGENT_GUARDIAN if protocol is None else Setting.PROTOCOL_GUARDIAN
            indexed = {"key": int(actor, 16), "protocol": protocol or ZERO_ADDRESS}
            if protocol is None:
                indexed["subject"] = event.args["agent"]
            changes = [(one.args["value"], Source.of(one)) for one in self._settings(setting, **indexed)]
            acted_at = _order(Source.of(event))
            since = next((one for value, one in reversed(changes) if value and _order(one) < acted_at), None)
            until = next((one for value, one in changes if not value and _order(one) > acted_at), None)
            whose = f"of agent {event.args['agent']}" if protocol is None else f"of the protocol {protocol}"
            place = (event.args["agent"],) if protocol is None else (protocol,)
            view = "agentGuardianOf" if protocol is None else "guardianOf"
            read = None if since else self._core(view, *place, actor, block=self.last)[1]
            yield Tenure("guardian who acted", actor, whose, since, until, read)

    # ------------------------------------------------------------------ where

    def _places(self, events: Iterable[Event], wallets: Sequence[str]) -> list[tuple[str, int]]:
        """Lanes that the agent touched: where its breaker has a trace, or where it was denied."""
        lanes = self.breaker.lanes(from_block=self.origin, block_identifier=self.last)
        subject = Subject.of_agent(self.handle)
        traces = self.breaker.breakers([(*lane, subject) for lane in lanes], block_identifier=self.last)
        touched = [(one.protocol, one.lane) for one in traces if any(one.raw)]
        denied = [
            (event.args["protocol"], event.args["lane"])
            for event in events
            if event.args.get("wallet") in wallets and "verdict" in event.args
        ]
        return [lane for lane in lanes if lane in {*touched, *denied}]

    def _series(self, place: tuple[str, int], family: Iterable[int], agent: AgentView) -> set[Subject]:
        """Breakers of a lane that an action of the agent passes, or passed under a lineage that it declared before."""
        subjects = {LANE, *map(Subject.of_agent, family)}
        rules = LimitsWord.decode(self.breaker.read("laneWord", *place, block_identifier=self.last))
        if not rules.lineage:
            return subjects
        declared = [Subject.of_lineage(lineage) for lineage in self._lineages(agent) if lineage]
        words = self.breaker.breakers([(*place, one) for one in declared], block_identifier=self.last)
        accepted = {one.subject for one in words if one.accepted}
        own = Subject.of_lineage(agent.lineage)
        counts = own in accepted and (agent.attested or not rules.attested)
        return subjects | accepted | (set() if counts else {UNDECLARED_LINEAGE})

    def _place(self, protocol: str, lane: int, block: int) -> Place:
        subject = Subject.of_agent(self.handle)
        key = (protocol, lane, subject)
        lane_word, lane_read = self._core("laneWord", protocol, lane, block=block)
        breaker_word, breaker_read = self._core("breakerWord", *key, block=block)
        override, override_read = self._core("overrideWord", *key, block=block)
        usage, usage_read = self._core("usage", *key, block=block)
        word, own = LimitsWord.decode(lane_word), BreakerWord.decode(breaker_word)
        limits = LimitsWord.decode(override) if own.overridden else word
        view = self.breaker.breaker(protocol, lane, subject, block_identifier=block)
        opened = [one for one in self._events("LaneOpened", protocol=protocol, lane=lane) if one.block_number <= block]
        changed = self._settings(Setting.LANE, protocol=protocol, key=lane, subject=LANE)
        given = self._settings(Setting.OVERRIDE, protocol=protocol, key=lane, subject=subject)
        return Place(
            protocol=protocol,
            lane=lane,
            window=word.window,
            word=lane_word & CONFIGURATION_MASK,
            override=override if own.overridden else None,
            limits=LimitsView.of(limits.limits()),
            state=State(usage[0]),
            causes=view.causes(self.blocks[block].time),
            set_by=_last([*opened, *changed], block) or lane_read,
            overridden_by=(_last(given, block) or override_read) if own.overridden else None,
            state_read=(usage_read, breaker_read),
        )

    # ------------------------------------------------------------------ what

    def _actions(self, wallets: Sequence[str], events: Sequence[Event]) -> tuple[tuple[Action, ...], bool]:
        whose: dict[str, str] = {}
        numbers: set[int] = set()
        for wallet in wallets:
            numbers.update(blocks_with_transactions(self.node, wallet, self.first, self.last))
            code = self.node.code(wallet, self.last)
            if code and not code.startswith(_DELEGATED):
                own = self.node.logs(wallet, [], self.first, self.last)
                whose.update({str(log["transactionHash"]): wallet for log in own})
        whose.update(
            {
                event.transaction_hash: event.args["wallet"]
                for event in events
                if "verdict" in event.args and event.args["wallet"] in wallets
            }
        )
        for block in self._full(sorted(numbers)):
            sent = {one["hash"]: to_checksum_address(one["from"]) for one in block["transactions"]}
            whose.update({hash_: sender for hash_, sender in sent.items() if sender in wallets})
        hashes = list(whose)
        if not hashes:
            return (), True
        asked = [[one] for one in hashes]
        transactions = self.node.request_many("eth_getTransactionByHash", asked)
        receipts = self.node.request_many("eth_getTransactionReceipt", asked)
        self._need(int(receipt["blockNumber"], 16) for receipt in receipts)
        traces = self._traces(hashes)
        actions = [
            self._action(whose[hash_], transaction, receipt, trace)
            for hash_, transaction, receipt, trace in zip(hashes, transactions, receipts, traces, strict=True)
        ]
        return tuple(sorted(actions, key=lambda action: action.position)), None not in traces

    def _traces(self, hashes: Sequence[str]) -> Sequence[dict[str, Any] | None]:
        tracer = {"tracer": "callTracer"}
        try:
            return self.node.request_many("debug_traceTransaction", [[one, tracer] for one in hashes])
        except RPCFailed:
            return [None] * len(hashes)

    def _action(
        self, wallet: str, transaction: dict[str, Any], receipt: dict[str, Any], trace: dict[str, Any] | None
    ) -> Action:
        block = self.blocks[int(receipt["blockNumber"], 16)]
        source = Source(block.number, receipt["transactionHash"])
        logs = [log for log in receipt["logs"] if to_checksum_address(log["address"]) == self.breaker.address]
        denials = tuple(
            event
            for event in map(self.breaker.decode_log, logs)
            if event and event.name == "Denied" and event.args["wallet"] == wallet
        )
        succeeded = bool(int(receipt["status"], 16))
        error = None if succeeded else self._error(transaction, block, trace)
        denied = bool(denials) or isinstance(error, AgentDenied)
        answer = "; ".join(explain(event.args["verdict"]) for event in denials) if error is None else _words(error)
        return Action(
            source=source,
            index=int(receipt["transactionIndex"], 16),
            time=block.time,
            wallet=wallet,
            sender=to_checksum_address(transaction["from"]),
            to=to_checksum_address(transaction["to"]) if transaction["to"] else None,
            selector=transaction["input"][:10],
            outcome=Outcome.DENIED if denied else Outcome.DONE if succeeded else Outcome.FAILED,
            answer=answer,
            gas_used=int(receipt["gasUsed"], 16),
            admissions=tuple(_admissions(trace, self.breaker.address, wallet)) if trace else (),
            movements=tuple(_movements(transaction, receipt, source)) if succeeded else (),
            denials=denials,
        )

    def _error(self, transaction: dict[str, Any], block: Block, trace: dict[str, Any] | None) -> ContractReverted:
        """What a failed transaction reverted with: by its trace, or else by asking again on the block before."""
        if trace is not None:
            return from_revert(bytes.fromhex(str(trace.get("output") or "0x")[2:]))
        request = {
            key: transaction[key] for key in ("from", "to", "input", "value", "gas") if transaction.get(key) is not None
        }
        try:
            self.node.call(request, block.number - 1)
        except ContractReverted as error:
            return error
        return ContractReverted()

    def _units(self, actions: Iterable[Action], decimals: int) -> dict[Measure, Unit]:
        measures = {measure for action in actions for measure in (*action.amounts(), *action.asked())}
        units = {}
        for measure in measures:
            if measure.lane is not None:
                units[measure] = Unit(f"in lane {measure.lane}", decimals)
            elif measure.address == ZERO_ADDRESS:
                units[measure] = Unit("of the chain's coin", 18)
            else:
                units[measure] = self._token(measure.address)
        return units

    def _token(self, address: str) -> Unit:
        """A token's name for itself; its address if it has none that can be read."""
        reads: list[Read] = []
        answers = []
        for function in ("symbol", "decimals"):
            data = function_signature_to_4byte_selector(f"{function}()")
            try:
                reads.append(self._ask(address, function, (), data, self.last))
                answers.append(bytes.fromhex(reads[-1].answer[2:]))
            except (ContractReverted, RPCFailed):
                answers.append(b"")
        try:
            symbol = str(decode(["string"], answers[0])[0])[:32]
        except (DecodingError, UnicodeDecodeError, OverflowError):
            symbol = "token"
        decimals = int.from_bytes(answers[1], "big") if len(answers[1]) == 32 else 0  # noqa: PLR2004 - one word
        return Unit(symbol, decimals if decimals < 78 else 0, tuple(reads))  # noqa: PLR2004 - digits of a word

    # ------------------------------------------------------------------ when

    def _full(self, numbers: Sequence[int]) -> list[dict[str, Any]]:
        return self.node.request_many("eth_getBlockByNumber", [[hex(number), True] for number in numbers])

    def _need(self, numbers: Iterable[int]) -> None:
        """Loads headers that are not there yet."""
        missing = sorted(set(numbers) - self.blocks.keys())
        for header in self.node.request_many("eth_getBlockByNumber", [[hex(number), False] for number in missing]):
            block = _block(header)
            self.blocks[block.number] = block


@dataclass(frozen=True)
class _Concern:
    """Which events of the core are about the agent."""

    agent: int
    family: set[int]
    wallets: Sequence[str]
    series: dict[tuple[str, int], set[Subject]]
    """Breakers that an action of the agent passes, by place."""

    def holds(self, event: Event) -> bool:  # noqa: PLR0911 - one for each kind of event
        """Whether an event is."""
        args = event.args
        if event.name in ("AgentTripped", "AgentReset"):
            return args["agent"] in self.family
        if "agent" in args:
            return bool(args["agent"] == self.agent)
        if event.name in ("BreakerTripped", "BreakerReset"):
            return args["subject"] in self.series.get((args["protocol"], args["lane"]), ())
        if "setting" in args:
            return self._setting(args)
        if "lane" in args and "wallet" not in args:
            return (args["protocol"], args["lane"]) in self.series
        if "wallet" in args:
            return args["wallet"] in self.wallets
        return args.get("protocol") in {protocol for protocol, _ in self.series}

    def _setting(self, args: dict[str, Any]) -> bool:
        if args["protocol"] == ZERO_ADDRESS:
            return bool(args["subject"] == self.agent)
        if args["setting"] == Setting.PROTOCOL_GUARDIAN:
            return args["protocol"] in {protocol for protocol, _ in self.series}
        return args["subject"] in self.series.get((args["protocol"], args["key"]), ())


def blocks_with_transactions(node: Node, wallet: str, first: int, last: int) -> list[int]:
    """Blocks `first` to `last` in which an account sent something, failed or not: by halving where its nonce grew.

    Each transaction costs about as many requests as the range has binary digits, whatever its length.
    """
    counts = {-1: 0}
    spans, found = [(first - 1, last)], []
    while spans:
        missing = sorted({end for span in spans for end in span} - counts.keys())
        answers = node.request_many("eth_getTransactionCount", [[wallet, hex(number)] for number in missing])
        counts |= {number: int(answer, 16) for number, answer in zip(missing, answers, strict=True)}
        grown = [(low, high) for low, high in spans if counts[low] != counts[high]]
        found += [high for low, high in grown if high - low == 1]
        halves = [(low, (low + high) // 2, high) for low, high in grown if high - low > 1]
        spans = [span for low, middle, high in halves for span in ((low, middle), (middle, high))]
    return sorted(found)


def _trip(event: Event, index: int, time: int) -> Trip:
    args = event.args
    if event.name == "AgentTripped":
        what, place = f"the kill switch of agent {args['agent']}", None
    else:
        place = args["protocol"], args["lane"]
        subject = args["subject"]
        breaker = "the breaker" if subject == LANE else f"the breaker of {subject_name(subject)}"
        what = f"{breaker} in lane {args['lane']} of {args['protocol']}"
    return Trip(
        Source.of(event), index, time, what, place, args["actor"], args["cause"], args["until"], from_note(args["note"])
    )


def _words(error: ContractReverted) -> str:
    if isinstance(error, AgentDenied):
        return explain(error.verdict)
    if error.text:
        return f"{type(error).__name__}: {error}"
    return f"reverted with error 0x{error.data[:4].hex()}" if error.data else "reverted without data"


def _admissions(call: dict[str, Any], core: str, wallet: str) -> Iterator[Admission]:
    """What was asked of the core about a wallet, in a trace, in order."""
    to = to_checksum_address(call["to"]) if call.get("to") else None
    if to == core and call["type"] == "CALL" and call["input"].startswith(_ADMIT) and not call.get("error"):
        lane, asked, value = decode(["uint256", "address", "uint256"], bytes.fromhex(call["input"][10:]))
        if to_checksum_address(asked) == wallet:
            verdict = decode_verdict(int(call["output"], 16))
            yield Admission(to_checksum_address(call["from"]), lane, wallet, value, verdict)
    for inner in call.get("calls", ()):
        yield from _admissions(inner, core, wallet)


def _movements(transaction: dict[str, Any], receipt: dict[str, Any], source: Source) -> Iterator[Movement]:
    coin = int(transaction["value"], 16)
    if coin and transaction["to"]:
        parties = str(to_checksum_address(transaction["from"])), str(to_checksum_address(transaction["to"]))
        yield Movement(ZERO_ADDRESS, *parties, coin, source)
    for log in receipt["logs"]:
        if is_transfer(log):
            sender, receiver = _address(log["topics"][1]), _address(log["topics"][2])
            if ZERO_ADDRESS in (sender, receiver):
                continue  # made or destroyed, from nobody and for nobody
            asset = to_checksum_address(log["address"])
            yield Movement(asset, sender, receiver, int(log["data"], 16), _log_source(log))


def _chain(role: str, detail: str, steps: Sequence[tuple[str, Source]]) -> Iterator[Tenure]:
    """Holders of a role that one hands to the next."""
    for index, (holder, since) in enumerate(steps, start=1):
        yield Tenure(role, holder, detail, since, steps[index][1] if index < len(steps) else None)


def _last(events: Sequence[Event], block: int) -> Source | None:
    """The newest of them by a block."""
    return max((Source.of(one) for one in events if one.block_number <= block), key=_order, default=None)


def _in(source: Source, receipt: dict[str, Any]) -> bool:
    """Whether a receipt is of that block, and has that log."""
    if int(receipt["blockNumber"], 16) != source.block:
        return False
    return source.log_index is None or source.log_index in [int(log["logIndex"], 16) for log in receipt["logs"]]


def _order(source: Source) -> tuple[int, int]:
    return source.block, source.log_index or 0


def _block(header: dict[str, Any]) -> Block:
    return Block(int(header["number"], 16), header["hash"], int(header["timestamp"], 16))


def _address(topic: str) -> str:
    return to_checksum_address("0x" + topic[-40:])


def _log_source(log: dict[str, Any]) -> Source:
    return Source(int(log["blockNumber"], 16), log["transactionHash"], int(log["logIndex"], 16))
