"""The report as a document, of evidence and findings: words and tables; nothing is computed here."""

from __future__ import annotations

import json
from collections import defaultdict
from datetime import datetime, timezone
from decimal import Decimal
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from eth_utils.address import is_checksum_address
from eth_utils.crypto import keccak

from switchgear.display import plain, show, show_amount
from switchgear.errors import InvalidInput
from switchgear.events import event_words
from switchgear.report.document import (
    Cite,
    Code,
    Data,
    Document,
    Heading,
    Jump,
    Link,
    Paragraph,
    Plot,
    Row,
    Short,
    Table,
    Tile,
    Tiles,
)
from switchgear.report.evidence import Block, Measure, Outcome, Read, Source
from switchgear.report.findings import Phase
from switchgear.report.plots import LEGEND, Point, Span, bars, steps
from switchgear.types import Cause
from switchgear.words import LimitsWord

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from fractions import Fraction

    from switchgear.interface import Event
    from switchgear.report.document import Part, Text
    from switchgear.report.evidence import Action, Evidence, Origin, Place, Tenure
    from switchgear.report.findings import Figure, Findings, Projection, Rate

FORMAT = "switchgear-report/1"
"""Of the data."""
_MOODS = {Outcome.DONE: "", Outcome.DENIED: "good", Outcome.FAILED: "mild"}
_EVENTS = {
    "AgentTripped": "bad",
    "BreakerTripped": "bad",
    "Denied": "mild",
    "Shadowed": "mild",
    "AgentReset": "good",
    "BreakerReset": "good",
}
_AUTOMATIC = {
    Cause.COUNT_LAST_STRAW: "the last straw of its count",
    Cause.VALUE_LAST_STRAW: "the last straw of its value",
    Cause.STRIKES: "strikes",
}
_REACTION, _PHASES = "Reaction", "Baseline and incident"
_MOVED = "Value before and after the trip"
_ANSWER = 2 + 4 * 64
"""Characters of an answer that are shown: four words."""
_DIGITS = 4
"""After the point, of what was divided."""


def compose(evidence: Evidence, findings: Findings, *, explorer: str | None = None) -> Document:
    """The document.

    Args:
        evidence: What was read.
        findings: What follows from it.
        explorer: Address of a transaction in a block explorer, with ``{hash}`` in it.

    Raises:
        InvalidInput: `explorer` is no such address.
    """
    if explorer is not None and (urlsplit(explorer).scheme not in ("http", "https") or "{hash}" not in explorer):
        message = f"explorer {explorer!r}: give an http(s) address with {{hash}} in it"
        raise InvalidInput(message)
    return _Composer(evidence, findings, explorer).document()


def configuration(evidence: Evidence) -> dict[str, Any]:
    """The limits that held, as packed words, and what they are the limits of."""
    return {
        "chain_id": evidence.chain_id,
        "core": evidence.core,
        "agent": evidence.agent.agent,
        "block": evidence.places_at,
        "block_hash": evidence.blocks[evidence.places_at].hash,
        "lanes": [
            {
                "protocol": place.protocol,
                "lane": str(place.lane),
                "word": f"0x{place.word:064x}",
                "override": None if place.override is None else f"0x{place.override:064x}",
            }
            for place in evidence.places
        ],
    }


def configuration_hash(evidence: Evidence) -> str:
    """Keccak-256 of `configuration` as JSON with sorted keys and no spaces."""
    return "0x" + keccak(text=json.dumps(configuration(evidence), sort_keys=True, separators=(",", ":"))).hex()


def data(evidence: Evidence, findings: Findings) -> dict[str, Any]:
    """All of it, as JSON has it."""
    chosen = configuration(evidence)
    return {
        "format": FORMAT,
        "configuration": chosen,
        "configuration_hash": configuration_hash(evidence),
        "evidence": plain(_listed(evidence)),
        "findings": plain(_listed(findings)),
    }


class _Composer:
    """One document in the making."""

    def __init__(self, evidence: Evidence, findings: Findings, explorer: str | None) -> None:
        self.evidence, self.findings, self.explorer = evidence, findings, explorer
        self.cited: dict[Origin, None] = {}
        self.shortened: dict[str, None] = {}

    def document(self) -> Document:
        """All parts, the sources last, since only then it is known what they are."""
        parts = [
            *self._summary(),
            *self._timeline(),
            *self._reaction(),
            *self._rates(),
            *self._moved(),
            *self._counterfactual(),
            *self._scores(),
            *self._actions(),
            *self._who(),
            *self._configuration(),
            *self._limits(),
        ]
        title = f"Incident report: agent {self.evidence.agent.agent}"
        content = json.dumps(data(self.evidence, self.findings), indent=1)
        return Document(title, [*parts, *self._addresses(), *self._sources(), Heading("Data"), Data(content)])

    # ------------------------------------------------------------------ sections

    def _summary(self) -> Iterator[Part]:
        evidence, findings, agent = self.evidence, self.findings, self.evidence.agent
        trip = findings.trip
        identity: Text = (
            " Its identity is ",
            Code(f"{agent.registry}:{agent.agent_id}"),
            ".",
            self._cite(evidence.identity),
        )
        ends = self._cite(evidence.first, evidence.last)
        span = f"blocks {evidence.first.number} to {evidence.last.number}"
        yield Heading("Summary")
        if trip is None:
            said = f"Agent {agent.agent} was not stopped in {span}: no breaker that it depends on opened there."
            yield Paragraph((said, ends, *identity))
        else:
            when = f"Agent {agent.agent} was stopped in block {trip.source.block}, at {self._utc(trip.time)} UTC: "
            if trip.cause in _AUTOMATIC:
                how: Text = (
                    f" opened by itself, on {_AUTOMATIC[trip.cause]}, behind an action of ",
                    Code(trip.actor),
                    ".",
                )
            else:
                note = f', who noted "{trip.note}"' if trip.note else ""
                how = (f" was opened by its {trip.cause.name.lower()}, ", Code(trip.actor), f"{note}.")
            yield Paragraph((when, trip.what, *how, self._cite(trip.source), *identity))
        if evidence.uri:
            read = [evidence.uri_read] if evidence.uri_read else []
            yield Paragraph(("It names as its registration file ", Code(evidence.uri), ".", self._cite(*read)))
        yield Tiles(list(self._tiles()))
        causes = f" ({show(evidence.causes)})" if evidence.causes else ""
        state = f"At the end its kill switch was {show(evidence.kill_switch)}{causes}."
        read_from = f" Read from chain {evidence.chain_id}, core "
        end: Text = (f", {span}; the last one has the hash ", Code(evidence.last.hash), ".", ends)
        switch = self._cite(evidence.kill_switch_read)
        yield Paragraph((state, switch, read_from, Code(evidence.core), *end))

    def _tiles(self) -> Iterator[Tile]:
        findings = self.findings
        rates = {rate.phase: rate for rate in findings.rates}
        if findings.trip is None:
            whole = rates[Phase.BASELINE]
            counts = ", ".join(f"{figure.value} {outcome.value}" for outcome, figure in whole.outcomes.items())
            yield Tile("actions", counts, _PHASES, self._rated(whole, whole.sources))
            return
        last = next((one for one in findings.moments if one.name.startswith("trip")), None)
        if last and findings.onset:
            reaction = f"{_plural(last.blocks, 'block')}, {_plural(int(last.delay.total_seconds()), 'second')}"
            yield Tile("from its beginning to the trip", reaction, _REACTION, self._cite(findings.onset, last.source))
        for measure, figure in self._chosen(findings.moved["before"]):
            amount = self._amount(measure, figure.value)
            cite = self._cite(*figure.sources)
            yield Tile(f"{self._plain(measure)} before the trip", amount, _MOVED, cite)
        after = rates[Phase.AFTER]
        for outcome in (Outcome.DONE, Outcome.DENIED):
            figure = after.outcomes[outcome]
            cite = self._rated(after, figure.sources)
            count = _plural(figure.value, "action")
            yield Tile(f"{outcome.value} after the trip", count, _PHASES, cite)

    def _rated(self, rate: Rate, sources: Iterable[Source]) -> Cite:
        """Of a count in a phase: its parts, and the blocks between which there are no others."""
        return self._cite(*sources, rate.first, rate.last)

    def _timeline(self) -> Iterator[Part]:
        yield Heading("Timeline")
        yield from self._plot(self._by_outcome(), bars, "actions", [one.source for one in self.evidence.actions])
        yield Paragraph(
            ("Events of the core that concern the agent, its ancestors, its lineage or the lanes it used.",)
        )
        rows = [
            Row(
                [
                    (str(event.block_number),),
                    (self._utc(self.evidence.blocks[event.block_number].time),),
                    (event.name,),
                    self._args(event),
                    (self._cite(Source.of(event)),),
                ],
                _EVENTS.get(event.name, ""),
            )
            for event in self.evidence.events
        ]
        yield from _table(("#block", "UTC", "event", "what", "source"), rows, "No such event in the range.")

    def _reaction(self) -> Iterator[Part]:
        findings = self.findings
        yield Heading(_REACTION)
        if findings.trip is None or findings.onset is None:
            why = (
                "nothing was tripped"
                if findings.trip is None
                else "the agent did nothing in the window before the trip"
            )
            yield Paragraph((f"There is no incident to measure: {why}.",))
            return
        bounds = self._cite(findings.onset, findings.trip.source, *self._window_from())
        yield Paragraph((f"The incident begins with {findings.onset_why}, and ends with the trip.", bounds))
        rows = [
            Row(
                [
                    (one.name,),
                    (str(one.block),),
                    (self._utc(self.evidence.blocks[one.block].time),),
                    (f"+{one.blocks}",),
                    (f"+{int(one.delay.total_seconds())}",),
                    (self._cite(one.source, findings.onset),),
                ],
                "bad" if one.name.startswith("trip") else "",
            )
            for one in findings.moments
        ]
        yield Table(("moment", "#block", "UTC", "#blocks later", "#seconds later", "source"), rows)

    def _window_from(self) -> list[Origin]:
        return [self.findings.window_from] if self.findings.window_from else []

    def _rates(self) -> Iterator[Part]:
        findings = self.findings
        yield Heading(_PHASES)
        hours = f"Rates are for {findings.window} seconds, the window of the agent's lanes."
        if findings.window_from is None:
            hours = "Rates are for an hour: the agent touched no lane that has a window."
        whole = (
            " A phase within one block has no rate. A rate is the total, by the seconds between the two blocks cited."
        )
        yield Paragraph((hours, self._cite(*self._window_from()), whole))
        measures = list(dict.fromkeys(measure for rate in findings.rates for measure in rate.amounts))
        rows = []
        for rate in findings.rates:
            length = (f"{rate.seconds}",)
            each = rate.per_window(rate.actions, findings.window)
            cells: list[Text] = [(rate.phase.value,), ("actions",), (str(rate.actions),), (_divided(each),), length]
            rows.append(Row([*cells, (self._rated(rate, rate.sources),)]))
            figures = [
                (
                    (f"of them {outcome.value}",),
                    str(figure.value),
                    rate.per_window(figure.value, findings.window),
                    figure,
                )
                for outcome, figure in rate.outcomes.items()
                if figure.value
            ]
            for name, total, each, figure in figures:
                row: list[Text] = [(), name, (total,), (_divided(each),), (), (self._rated(rate, figure.sources),)]
                rows.append(Row(row))
            for measure in measures:
                figure_ = rate.amounts.get(measure)
                if figure_ is None:
                    continue
                share = self._share(measure, rate.per_window(figure_.value, findings.window))
                amount = self._amount(measure, figure_.value)
                cite = self._rated(rate, figure_.sources)
                rows.append(Row([(), self._label(measure), (amount,), (share,), (), (cite,)]))
        yield Table(("phase", "what", "#total", "#per window", "#seconds", "source"), rows)
        for measure, _ in self._chosen(findings.moved["before"]):
            points = [
                Point(action.time, self.evidence.units[measure].amount(action.amounts()[measure]))
                for action in self.evidence.actions
                if measure in action.amounts()
            ]
            parts = [one.source for one in self.evidence.actions if measure in one.amounts()]
            yield from self._plot(points, steps, f"{self._plain(measure)}, all told", parts)

    def _moved(self) -> Iterator[Part]:
        moved = self.findings.moved
        yield Heading(_MOVED)
        charged = "Charged is what protocols asked the core for and it admitted, by the transactions' traces; moved is"
        yield Paragraph(
            (f"{charged} what changed hands for good in the agent's transactions, by their Transfer events.",)
        )
        measures = list(dict.fromkeys((*moved["before"], *moved["after"])))
        first, last = self.evidence.first, self.evidence.last
        tripped = self._tripped()
        spans = {"before": (first, tripped), "after": (tripped, last)}
        rows = [
            Row(
                [
                    self._label(measure),
                    *(
                        cell
                        for when, span in spans.items()
                        for cell in self._cells(measure, moved[when].get(measure), span)
                    ),
                ]
            )
            for measure in measures
        ]
        yield from _table(
            ("what", "#before", "source", "#after", "source"), rows, "Nothing was charged and nothing moved."
        )

    def _tripped(self) -> Block:
        """The trip's block; without one, the last."""
        trip = self.findings.trip
        return self.evidence.blocks[trip.source.block] if trip else self.evidence.last

    def _counterfactual(self) -> Iterator[Part]:
        findings = self.findings
        yield Heading("Had the trip come at another time")
        if findings.onset is None:
            yield Paragraph(("There is no incident to compare with.",))
            return
        onset, tripped = self.evidence.blocks[findings.onset.block], self._tripped()
        yield Paragraph(
            ("Sooner: so many blocks after the incident began. What it had taken by then, and what it took later.",)
        )
        rows = [
            Row(
                [
                    (f"+{one.blocks}",),
                    self._label(measure),
                    *self._cells(measure, one.amounts.get(measure), (onset, tripped)),
                    *self._cells(measure, one.spared.get(measure), (onset, tripped)),
                ]
            )
            for one in findings.sooner
            for measure in dict.fromkeys((*one.amounts, *one.spared))
        ]
        columns = ("#blocks", "what", "#taken", "source", "#spared", "source")
        yield from _table(columns, rows, "The incident took nothing.")
        asked = (
            "Later: so many blocks after the trip. What the agent asked for in those blocks and an open breaker denied;"
        )
        pace: Text = (
            f"{asked} and, as a projection, the incident's pace over as many blocks: what the incident moved, by its "
            "blocks, the trip's included. The pace cites what it is measured by: the incident's rows of ",
            Jump(_PHASES),
            ".",
        )
        yield Paragraph(pace)
        rows = [
            Row(
                [
                    (f"+{one.blocks}",),
                    self._label(measure),
                    # What a denied action would have moved, nobody knows.
                    *(
                        self._cells(measure, one.attempts.get(measure), (tripped, self.evidence.last))
                        if measure.lane is not None
                        else (("-",), (self._cite(findings.onset, tripped),))
                    ),
                    *self._pace(measure, one.pace.get(measure), (onset, tripped)),
                ]
            )
            for one in findings.later
            for measure in dict.fromkeys((*one.attempts, *one.pace))
        ]
        later = ("#blocks", "what", "#attempted", "source", "#at its pace", "source")
        yield from _table(later, rows, "Nothing was taken or attempted.")

    def _pace(self, measure: Measure, pace: Projection | None, span: tuple[Block, Block]) -> tuple[Text, Text]:
        if pace is None:
            return ("-",), ()
        return (self._share(measure, pace.value),), (self._cite(*pace.sources, *span),)

    def _scores(self) -> Iterator[Part]:
        yield Heading("Detectors")
        rows = [
            Row(
                [
                    (str(row.block),),
                    (self._utc(self.evidence.blocks[row.block].time),),
                    (row.detector,),
                    (f"{row.score:.4g}",),
                    (f"{row.threshold:.4g}",),
                    ("alarm" if row.alarming else "",),
                    (self._cite(row.source or self.evidence.blocks[row.block]),),
                ],
                "bad" if row.alarming else "",
            )
            for row in self.evidence.scores
        ]
        columns = ("#block", "UTC", "detector", "#score", "#threshold", "", "source")
        yield from _table(columns, rows, "No sentinel's scores were given.")
        if rows:
            said = "A score is of the action that is cited, against a threshold of the sentinel's configuration."
            yield Paragraph((said,))

    def _actions(self) -> Iterator[Part]:
        yield Heading("Transactions")
        yield Paragraph(("Every transaction of the agent's wallets in the range, failed ones included.",))
        rows = [
            Row(
                [
                    (str(action.source.block),),
                    (self._utc(action.time),),
                    (self._phase(action).value,),
                    (self._short(action.wallet),),
                    (self._short(action.to), " ", Code(action.selector)) if action.to else ("a new contract",),
                    (action.answer if action.outcome is Outcome.DENIED else _failed(action),),
                    (
                        "; ".join(
                            f"{self._amount(m, v)} {self.evidence.units[m].name}"
                            for m, v in self._worth(action).items()
                        ),
                    ),
                    (
                        self._cite(
                            action.source,
                            *(Source.of(event) for event in action.denials),
                            *(movement.source for movement in action.movements),
                        ),
                    ),
                ],
                _MOODS[action.outcome],
            )
            for action in self.evidence.actions
        ]
        columns = ("#block", "UTC", "phase", "wallet", "to", "outcome", "value", "source")
        yield from _table(columns, rows, "The wallets sent nothing in the range.")

    def _who(self) -> Iterator[Part]:
        yield Heading("Who answers")
        yield Paragraph(("Roles by block: each from the event that gave it to the one that ended it.",))
        rows = [
            Row(
                [
                    (one.role,),
                    (Code(one.holder),),
                    (one.detail,),
                    (str(one.since.block), self._cite(one.since)) if one.since else self._unrecorded(one.read),
                    self._until(one),
                ]
            )
            for one in self.evidence.tenures
        ]
        yield Table(("role", "who", "of what", "from block", "to block"), rows)

    def _until(self, tenure: Tenure) -> Text:
        if tenure.until:
            return str(tenure.until.block), self._cite(tenure.until)
        if tenure.lapsed is None:
            return ("the end",)
        # No event says it: whoever bound the wallet did.
        return (f"{self._utc(tenure.lapsed)} UTC", *([self._cite(tenure.since)] if tenure.since else []))

    def _unrecorded(self, read: Read | None) -> Text:
        return ("not on record", self._cite(read)) if read else ("not on record",)

    def _configuration(self) -> Iterator[Part]:
        evidence = self.evidence
        yield Heading("Configuration")
        at = evidence.blocks[evidence.places_at]
        when = f"Limits as of block {at.number}. Their hash is "
        hashed: Text = (Code(configuration_hash(evidence)), ": keccak-256 of the configuration in the data below.")
        yield Paragraph((when, *hashed, self._cite(at)))
        rows = [row for place in evidence.places for row in self._settings(place)]
        wait = f"{evidence.loosening_delay} s"
        rows.append(Row([("core",), ("any loosening waits",), (wait,), (self._cite(evidence.loosening_delay_read),)]))
        if evidence.heartbeat:
            seconds, origin = evidence.heartbeat
            rows.append(Row([("agent",), ("heartbeat within",), (f"{seconds} s",), (self._cite(origin),)]))
        yield Table(("of", "setting", "#value", "source"), rows)
        units = [Row([self._label(measure), *self._unit(measure)]) for measure in evidence.units]
        yield from _table(("amounts of", "in", "#decimals", "source"), units, "Nothing was charged and nothing moved.")

    def _unit(self, measure: Measure) -> tuple[Text, Text, Text]:
        unit = self.evidence.units[measure]
        if unit.read:
            return (unit.name,), (str(unit.decimals),), (self._cite(*unit.read),)
        if measure.lane is None:
            return (unit.name,), ("eighteen",), ("by convention",)
        # No contract knows in what a lane counts: whoever asks for the report says so.
        places = [one.set_by for one in self.evidence.places if (one.protocol, one.lane) == measure]
        return (unit.name,), (str(unit.decimals),), ("as --decimals says, of the lane", self._cite(*places))

    def _settings(self, place: Place) -> Iterator[Row]:
        """Limits and policy of a lane, each with the event that set it."""
        word, limits = LimitsWord.decode(place.word), place.limits
        own, lane = place.overridden_by or place.set_by, place.set_by
        whose = "the agent's own " if place.overridden_by else ""
        lineages = "not charged"
        if word.lineage:
            lineages = (
                f"count {word.lineage_count} times an agent's, value {word.lineage_value} times; one member at most "
                f"{word.share} % of it{', only if attested' if word.attested else ''}"
            )
        settings: list[tuple[str, str, Origin]] = [
            (f"{whose}actions per window", _cap(limits.count_cap), own),
            (f"{whose}value per window", _cap(self._limit(place)), own),
            ("window", f"{place.window} s", lane),
            (f"{whose}trip level", f"{limits.trip_level} %" if limits.trip_level else "never", own),
            (f"{whose}strikes", str(limits.strikes or "never"), own),
            (f"{whose}cooldown", f"{int(limits.cooldown.total_seconds())} s", own),
            (f"{whose}doublings of the cooldown", f"at most {limits.max_backoff}", own),
            (f"{whose}limits while half-open", f"{limits.half_open_scale}/16", own),
            (f"{whose}probation", _plural(limits.probation, "window"), own),
            ("lineages", lineages, lane),
            ("wallets that nobody knows", show(word.unknown), lane),
            ("identity registry", f"the core's number {word.registry}" if word.registry else "any", lane),
            ("owner looked up at each admission", "yes" if word.live else "no", lane),
            ("shadow mode", "yes" if word.shadow else "no", lane),
        ]
        name: Text = (self._short(place.protocol), f", lane {place.lane}")
        for setting, value, origin in settings:
            yield Row([name, (setting,), (value,), (self._cite(origin),)])
        state = f"{show(place.state)} ({show(place.causes)})" if place.causes else show(place.state)
        yield Row([name, ("the agent's breaker",), (state,), (self._cite(*place.state_read),)])
        yield Row([name, ("word",), (Code(f"0x{place.word:x}"),), (self._cite(lane),)])
        if place.override is not None:
            yield Row([name, ("the agent's own word",), (Code(f"0x{place.override:x}"),), (self._cite(own),)])

    def _limits(self) -> Iterator[Part]:
        yield Heading("What this report cannot show")
        traced = (
            "What was asked of the core is known from the transactions' traces."
            if self.evidence.traced
            else "The node has no traces: what admitted actions were charged, and hard denials asked for, is unknown."
        )
        yield Paragraph((traced,))
        if self.evidence.lost_scores:
            lost = "Scores of transactions that are not on this chain, or not any more, were left out."
            yield Paragraph((lost,))
        yield Paragraph(
            (
                "A wallet that is a contract is followed by its own logs and the core's. Not counted are coins that "
                "contracts pass on, and tokens that are made, destroyed, or without Transfer events. A missed "
                "heartbeat opens a kill switch without a transaction: it shows in the kill switch's state alone.",
            )
        )

    def _addresses(self) -> Iterator[Part]:
        evidence = self.evidence
        roles: dict[str, dict[str, None]] = defaultdict(dict)
        named = [(one.holder, one.role) for one in evidence.tenures]
        named += [(place.protocol, "protocol") for place in evidence.places]
        named += [
            (measure.address, f"token {unit.name}") for measure, unit in evidence.units.items() if measure.lane is None
        ]
        named += [(evidence.agent.registry, "identity registry")]
        for address, role in named:
            roles[address][role] = None
        yield Heading("Addresses")
        rows = [Row([(Short(one),), (Code(one),), (", ".join(roles[one]) or "",)]) for one in self.shortened]
        yield from _table(("short", "address", "what it is here"), rows, "None was shortened.")

    def _sources(self) -> Iterator[Part]:
        yield Heading("Sources")
        yield Paragraph(
            (
                "A source such as ",
                Code("0x1234abcd:5"),
                " is the log with that index; without an index, the whole transaction. ",
                Code("laneWord@120"),
                " is what a contract answers as of a block; a block is cited for its time, and for what is not in it.",
            )
        )
        blocks = {origin.block for origin in self.cited if not isinstance(origin, Block)}
        self.cited |= dict.fromkeys(self.evidence.blocks[number] for number in blocks)
        events = sorted(
            (one for one in self.cited if isinstance(one, Source)),
            key=lambda one: (one.block, one.transaction, -1 if one.log_index is None else one.log_index),
        )
        rows = [
            Row(
                [
                    (self._transaction(one.transaction),),
                    ("" if one.log_index is None else str(one.log_index),),
                    (str(one.block), self._cite(self.evidence.blocks[one.block])),
                ],
                source=one,
            )
            for one in events
        ]
        yield from _table(("transaction", "#log", "#block"), rows, "No transaction was cited.")
        reads = sorted((one for one in self.cited if isinstance(one, Read)), key=lambda one: (one.block, one.call))
        rows = [
            Row(
                [
                    (str(one.block), self._cite(self.evidence.blocks[one.block])),
                    (Code(one.to),),
                    (Code(one.call),),
                    (Code(one.data),),
                    (Code(_clipped(one.answer)),),
                ],
                source=one,
            )
            for one in reads
        ]
        yield from _table(("#block", "contract", "call", "calldata", "answer"), rows, "No contract was asked.")
        headers = sorted(one for one in self.cited if isinstance(one, Block))
        rows = [Row([(str(one.number),), (Code(one.hash),), (self._utc(one.time),)], source=one) for one in headers]
        yield from _table(("#block", "hash", "UTC"), rows, "No block was cited.")

    def _transaction(self, transaction: str) -> Code | Link:
        return Link(transaction, self.explorer.format(hash=transaction)) if self.explorer else Code(transaction)

    # ------------------------------------------------------------------ words

    def _cite(self, *sources: Origin) -> Cite:
        distinct = dict.fromkeys(sources)
        self.cited |= distinct
        return Cite(tuple(distinct))

    def _utc(self, time: int) -> str:
        return f"{datetime.fromtimestamp(time, tz=timezone.utc):%Y-%m-%d %H:%M:%S}"

    def _args(self, event: Event) -> Text:
        parts: list[Any] = []
        for name, text in event_words(event).items():
            shown = self._short(text) if is_checksum_address(text) else text
            parts += [f"{', ' if parts else ''}{name} ", shown]
        return tuple(parts)

    def _phase(self, action: Action) -> Phase:
        return self.findings.phases[action.source]

    def _plain(self, measure: Measure) -> str:
        name = self.evidence.units[measure].name
        return f"{name} moved" if measure.lane is None else f"charged {name}"

    def _label(self, measure: Measure) -> Text:
        return f"{self._plain(measure)}, ", self._short(measure.address)

    def _short(self, address: str) -> Short:
        self.shortened[address] = None
        return Short(address)

    def _amount(self, measure: Measure, raw: int) -> str:
        return show_amount(self.evidence.units[measure].amount(raw))

    def _share(self, measure: Measure, share: Fraction | None) -> str:
        if share is None:
            return "-"
        amount = self.evidence.units[measure].amount(Decimal(share.numerator) / share.denominator)
        return show_amount(round(amount, _DIGITS))

    def _cells(self, measure: Measure, figure: Figure | None, span: tuple[Block, Block]) -> tuple[Text, Text]:
        """A figure and its sources; of none, the blocks between which there are none."""
        if figure is None:
            return ("0",), (self._cite(*span),)
        return (self._amount(measure, figure.value),), (self._cite(*figure.sources),)

    def _worth(self, action: Action) -> dict[Measure, int]:
        return action.amounts() or action.asked()

    def _limit(self, place: Place) -> Decimal | None:
        raw = place.limits.value_cap
        unit = self.evidence.units.get(Measure(place.protocol, place.lane))
        return unit.amount(int(raw)) if unit and raw is not None else raw

    def _chosen(self, figures: dict[Measure, Figure]) -> list[tuple[Measure, Figure]]:
        """What was charged or, where that is unknown, what moved."""
        charged = [(measure, figure) for measure, figure in figures.items() if measure.lane is not None]
        return charged or list(figures.items())

    def _by_outcome(self) -> list[Point]:
        moods = {outcome: mood for mood, word in LEGEND for outcome in Outcome if outcome.value == word}
        return [Point(action.time, Decimal(1), moods[action.outcome]) for action in self.evidence.actions]

    def _plot(self, points: list[Point], draw: Any, label: str, drawn: list[Source]) -> Iterator[Part]:
        if not points:
            return
        start, end = self._shown()
        shown = [point for point in points if start <= point.time <= end]
        before = sum((point.value for point in points if point.time < start), start=Decimal(0))
        if draw is steps and before:
            shown = [Point(start, before), *shown]
        span = Span(start, end, [trip.time for trip in self.evidence.trips if start <= trip.time <= end])
        yield Plot(
            draw(shown, span, (self._utc(start), self._utc(end)), label),
            f"{label.capitalize()}, from {self._utc(start)} to {self._utc(end)} UTC, trips dashed.",
            self._cite(*drawn, *(trip.source for trip in self.evidence.trips)),
        )

    def _shown(self) -> tuple[int, int]:
        """Times to draw: the incident, and half as much before and after it; an idle year would leave it no room."""
        first, last, moments = self.evidence.first, self.evidence.last, self.findings.moments
        if not moments:
            return first.time, last.time
        times = [self.evidence.blocks[moment.block].time for moment in moments]
        margin = max(60, (times[-1] - times[0]) // 2)
        return max(first.time, times[0] - margin), min(last.time, times[-1] + margin)


def _table(columns: tuple[str, ...], rows: list[Row], empty: str) -> Iterator[Part]:
    yield Table(columns, rows) if rows else Paragraph((empty,))


def _clipped(answer: str) -> str:
    """The first words of an answer; all of it is in the data."""
    return answer if len(answer) <= _ANSWER else f"{answer[:_ANSWER]}\u2026"


def _failed(action: Action) -> str:
    return f"{action.outcome.value}: {action.answer}" if action.answer else action.outcome.value


def _cap(cap: Any) -> str:
    return "unlimited" if cap is None else show_amount(cap)


def _divided(share: Fraction | None) -> str:
    return "-" if share is None else show_amount(round(Decimal(share.numerator) / share.denominator, _DIGITS))


def _plural(count: int, word: str) -> str:
    return f"{count} {word}{'' if count == 1 else 's'}"


def _listed(value: Any) -> Any:
    """A dict whose keys are structs as a list of pairs, since JSON has no such keys; all the way down."""
    if isinstance(value, dict):
        if any(isinstance(key, tuple) for key in value):
            return [{"key": key, "value": _listed(one)} for key, one in value.items()]
        return {key: _listed(one) for key, one in value.items()}
    if isinstance(value, (list, tuple)) and not hasattr(value, "_asdict"):
        return [_listed(one) for one in value]
    if hasattr(value, "__dataclass_fields__"):
        return {name: _listed(getattr(value, name)) for name in value.__dataclass_fields__}
    return value
