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
    Link,
    Paragraph,
    Plot,
    Row,
    Short,
    Table,
    Tiles,
)
from switchgear.report.evidence import Measure, Outcome, Source
from switchgear.report.findings import Phase
from switchgear.report.plots import LEGEND, Point, Span, bars, steps
from switchgear.types import Cause

if TYPE_CHECKING:
    from collections.abc import Iterator
    from fractions import Fraction

    from switchgear.interface import Event
    from switchgear.report.document import Part, Text
    from switchgear.report.evidence import Action, Evidence, Place
    from switchgear.report.findings import Figure, Findings

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
        self.cited: dict[Source, None] = {}
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
        identity: Text = (" Its identity is ", Code(f"{agent.registry}:{agent.agent_id}"), ".")
        span = f"blocks {evidence.first.number} to {evidence.last.number}"
        yield Heading("Summary")
        if trip is None:
            said = f"Agent {agent.agent} was not stopped in {span}: no breaker that it depends on opened there."
            yield Paragraph((said, *identity))
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
            yield Paragraph(("It names as its registration file ", Code(evidence.uri), "."))
        yield Tiles(list(self._tiles()))
        causes = f" ({show(evidence.causes)})" if evidence.causes else ""
        state = f"At the end its kill switch was {show(evidence.kill_switch)}{causes}. "
        read = f"Read from chain {evidence.chain_id}, core "
        end: Text = (f", {span}; the last one has the hash ", Code(evidence.last.hash), ".")
        yield Paragraph((state, read, Code(evidence.core), *end))

    def _tiles(self) -> Iterator[tuple[str, Text]]:
        findings = self.findings
        if findings.trip is None:
            counts = {one: sum(1 for a in self.evidence.actions if a.outcome is one) for one in Outcome}
            yield "actions", (", ".join(f"{count} {one.value}" for one, count in counts.items()),)
            return
        last = next((one for one in findings.moments if one.name.startswith("trip")), None)
        if last:
            reaction = f"{_plural(last.blocks, 'block')}, {_plural(int(last.delay.total_seconds()), 'second')}"
            yield "from its beginning to the trip", (reaction,)
        for measure, figure in self._chosen(findings.moved["before"]):
            yield f"{self._plain(measure)} before the trip", (self._amount(measure, figure.value),)
        after = next(rate for rate in findings.rates if rate.phase is Phase.AFTER)
        for outcome in (Outcome.DONE, Outcome.DENIED):
            yield f"{outcome.value} after the trip", (_plural(after.outcomes[outcome].value, "action"),)

    def _timeline(self) -> Iterator[Part]:
        yield Heading("Timeline")
        yield from self._plot(self._by_outcome(), bars, "actions")
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
        yield Heading("Reaction")
        if findings.trip is None or findings.onset is None:
            why = (
                "nothing was tripped"
                if findings.trip is None
                else "the agent did nothing in the window before the trip"
            )
            yield Paragraph((f"There is no incident to measure: {why}.",))
            return
        yield Paragraph((f"The incident begins with {findings.onset_why}, and ends with the trip.",))
        rows = [
            Row(
                [
                    (one.name,),
                    (str(one.block),),
                    (self._utc(self.evidence.blocks[one.block].time),),
                    (f"+{one.blocks}",),
                    (f"+{int(one.delay.total_seconds())}",),
                    (self._cite(one.source),) if one.source else ("the sentinel's record",),
                ],
                "bad" if one.name.startswith("trip") else "",
            )
            for one in findings.moments
        ]
        yield Table(("moment", "#block", "UTC", "#blocks later", "#seconds later", "source"), rows)

    def _rates(self) -> Iterator[Part]:
        findings = self.findings
        yield Heading("Baseline and incident")
        hours = f"Rates are for {findings.window} seconds, the window of the agent's lanes."
        yield Paragraph((hours, " A phase within one block has no rate."))
        measures = list(dict.fromkeys(measure for rate in findings.rates for measure in rate.amounts))
        rows = []
        for rate in findings.rates:
            each = rate.per_window(rate.actions, findings.window)
            rows.append(Row([(rate.phase.value,), ("actions",), (str(rate.actions),), (_divided(each),), ()]))
            rows += [
                Row(
                    [
                        (),
                        (f"of them {outcome.value}",),
                        (str(figure.value),),
                        (_divided(rate.per_window(figure.value, findings.window)),),
                        (self._cite(*figure.sources),),
                    ]
                )
                for outcome, figure in rate.outcomes.items()
                if figure.value
            ]
            for measure in measures:
                figure = rate.amounts.get(measure)
                if figure is None:
                    continue
                each = rate.per_window(figure.value, findings.window)
                rows.append(
                    Row(
                        [
                            (),
                            self._label(measure),
                            (self._amount(measure, figure.value),),
                            (self._share(measure, each),),
                            (self._cite(*figure.sources),),
                        ]
                    )
                )
        yield Table(("phase", "what", "#total", "#per window", "source"), rows)
        for measure, _ in self._chosen(findings.moved["before"]):
            points = [
                Point(action.time, self.evidence.units[measure].amount(action.amounts()[measure]))
                for action in self.evidence.actions
                if measure in action.amounts()
            ]
            yield from self._plot(points, steps, f"{self._plain(measure)}, all told")

    def _moved(self) -> Iterator[Part]:
        moved = self.findings.moved
        yield Heading("Value before and after the trip")
        charged = "Charged is what protocols asked the core for and it admitted, by the transactions' traces; moved is"
        yield Paragraph(
            (f"{charged} what changed hands for good in the agent's transactions, by their Transfer events.",)
        )
        measures = list(dict.fromkeys((*moved["before"], *moved["after"])))
        rows = [
            Row(
                [
                    self._label(measure),
                    *(
                        cell
                        for when in ("before", "after")
                        for figure in [moved[when].get(measure)]
                        for cell in self._cells(measure, figure)
                    ),
                ]
            )
            for measure in measures
        ]
        yield from _table(
            ("what", "#before", "source", "#after", "source"), rows, "Nothing was charged and nothing moved."
        )

    def _counterfactual(self) -> Iterator[Part]:
        findings = self.findings
        yield Heading("Had the trip come at another time")
        if not findings.sooner:
            yield Paragraph(("There is no incident to compare with.",))
            return
        yield Paragraph(
            ("Sooner: so many blocks after the incident began. What it had taken by then, and what it took later.",)
        )
        rows = [
            Row(
                [
                    (f"+{one.blocks}",),
                    self._label(measure),
                    *self._cells(measure, one.amounts.get(measure)),
                    *self._cells(measure, one.spared.get(measure)),
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
        yield Paragraph((f"{asked} and, as a projection, the incident's pace over as many blocks.",))
        rows = [
            Row(
                [
                    (f"+{one.blocks}",),
                    self._label(measure),
                    # What a denied action would have moved, nobody knows.
                    *(self._cells(measure, one.attempts.get(measure)) if measure.lane is not None else (("-",), ())),
                    (self._share(measure, one.pace.get(measure)),),
                ]
            )
            for one in findings.later
            for measure in dict.fromkeys((*one.attempts, *one.pace))
        ]
        later = ("#blocks", "what", "#attempted", "source", "#at its pace")
        yield from _table(later, rows, "Nothing was taken or attempted.")

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
                ],
                "bad" if row.alarming else "",
            )
            for row in self.evidence.scores
        ]
        yield from _table(
            ("#block", "UTC", "detector", "#score", "#threshold", ""), rows, "No sentinel's scores were given."
        )

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
                    (self._cite(action.source, *(Source.of(event) for event in action.denials)),),
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
                    (str(one.since.block), self._cite(one.since)) if one.since else ("not on record",),
                    (str(one.until.block), self._cite(one.until)) if one.until else ("the end",),
                ]
            )
            for one in self.evidence.tenures
        ]
        yield Table(("role", "who", "of what", "from block", "to block"), rows)

    def _configuration(self) -> Iterator[Part]:
        evidence = self.evidence
        yield Heading("Configuration")
        when = f"Limits as of block {evidence.places_at}. Their hash is "
        yield Paragraph(
            (when, Code(configuration_hash(evidence)), ": keccak-256 of `configuration` in the data below.")
        )
        columns = (
            "protocol",
            "lane",
            "#actions",
            "#value",
            "window",
            "trips at",
            "strikes",
            "cooldown",
            "breaker",
            "words",
        )
        rows = [
            Row(
                [
                    (self._short(place.protocol),),
                    (str(place.lane),),
                    (_cap(place.limits.count_cap),),
                    (_cap(self._limit(place)),),
                    (f"{place.window} s",),
                    (f"{place.limits.trip_level} %" if place.limits.trip_level else "never",),
                    (str(place.limits.strikes or "never"),),
                    (str(place.limits.cooldown),),
                    (show(place.state), f" ({show(place.causes)})" if place.causes else ""),
                    (Code(f"0x{place.word:x}"), *((" own: ", Code(f"0x{place.override:x}")) if place.override else ())),
                ]
            )
            for place in evidence.places
        ]
        yield from _table(columns, rows, "The agent touched no lane.")

    def _limits(self) -> Iterator[Part]:
        yield Heading("What this report cannot show")
        traced = (
            "What was asked of the core is known from the transactions' traces."
            if self.evidence.traced
            else "The node has no traces: what admitted actions were charged, and hard denials asked for, is unknown."
        )
        yield Paragraph((traced,))
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
            ("A source such as 0x1234abcd:5 is the log with index 5; without a number, the whole transaction.",)
        )
        rows = []
        for source in sorted(self.cited, key=lambda one: (one.block, one.transaction, one.log_index or 0)):
            block = self.evidence.blocks[source.block]
            shown = (
                Link(source.transaction, self.explorer.format(hash=source.transaction))
                if self.explorer
                else Code(source.transaction)
            )
            index = "" if source.log_index is None else str(source.log_index)
            rows.append(
                Row(
                    [(shown,), (index,), (str(block.number),), (Code(block.hash),), (self._utc(block.time),)],
                    "",
                    source,
                )
            )
        yield from _table(("transaction", "#log", "#block", "block hash", "UTC"), rows, "Nothing was cited.")

    # ------------------------------------------------------------------ words

    def _cite(self, *sources: Source) -> Cite:
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

    def _cells(self, measure: Measure, figure: Figure | None) -> tuple[Text, Text]:
        if figure is None:
            return ("0",), ()
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

    def _plot(self, points: list[Point], draw: Any, label: str) -> Iterator[Part]:
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
