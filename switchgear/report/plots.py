"""Two drawings in SVG, coloured by the page that shows them."""

from __future__ import annotations

from html import escape
from typing import TYPE_CHECKING, NamedTuple

from switchgear.display import show_amount

if TYPE_CHECKING:
    from collections.abc import Sequence
    from decimal import Decimal

_WIDTH, _HEIGHT = 960, 240
_LEFT, _RIGHT, _TOP, _BOTTOM = 70, 16, 26, 30
_BINS = 48


class Point(NamedTuple):
    """Something at a time."""

    time: int
    value: Decimal
    mood: str = ""


class Span(NamedTuple):
    """Times that a drawing covers, and its trips."""

    start: int
    end: int
    trips: Sequence[int]

    def x(self, time: int) -> float:
        """Of a time."""
        share = (time - self.start) / max(1, self.end - self.start)
        return round(_LEFT + share * (_WIDTH - _LEFT - _RIGHT), 1)


def steps(points: Sequence[Point], span: Span, ends: tuple[str, str], label: str) -> str:
    """What has come together over time: a line that steps up at every point."""
    total, path = points[0].value * 0 if points else 0, [(span.x(span.start), _y(0, 1))]
    top = sum((point.value for point in points), start=total) or 1
    for point in points:
        before, total = total, total + point.value
        path += [(span.x(point.time), _y(before, top)), (span.x(point.time), _y(total, top))]
    path.append((span.x(span.end), _y(total, top)))
    drawn = " ".join(f"{x},{y}" for x, y in path)
    return _frame(f'<polyline class="line" points="{drawn}"/>', span, ends, label, show_amount(top))


LEGEND = (("", "done"), ("bad", "denied"), ("mild", "failed"))
"""Moods of bars."""


def bars(points: Sequence[Point], span: Span, ends: tuple[str, str], label: str) -> str:
    """How many points there are in each of so many equal times, one colour a mood upon another."""
    width = max(1, span.end - span.start) / _BINS
    moods = sorted({point.mood for point in points})
    counts = [
        [sum(1 for one in points if one.mood == mood and _bin(one, span, width) == index) for mood in moods]
        for index in range(_BINS)
    ]
    top = max(map(sum, counts), default=0) or 1
    drawn = [
        f'<rect class="{mood or "bar"}" x="{_LEFT + 80 + 80 * index}" y="5" width="10" height="10"/>'
        f'<text x="{_LEFT + 95 + 80 * index}" y="14">{word}</text>'
        for index, (mood, word) in enumerate(LEGEND)
    ]
    step = (_WIDTH - _LEFT - _RIGHT) / _BINS
    for index, stack in enumerate(counts):
        base = 0
        for mood, count in zip(moods, stack, strict=True):
            if count:
                y, height = _y(base + count, top), _y(base, top) - _y(base + count, top)
                x = round(_LEFT + index * step + 1, 1)
                drawn.append(
                    f'<rect class="{mood or "bar"}" x="{x}" y="{y}" width="{step - 2:.1f}" height="{height:.1f}"/>'
                )
            base += count
    return _frame("".join(drawn), span, ends, label, str(top))


def _bin(point: Point, span: Span, width: float) -> int:
    return min(_BINS - 1, int((point.time - span.start) / width))


def _y(value: Decimal | int, top: Decimal | int) -> float:
    return round(_HEIGHT - _BOTTOM - float(value / top) * (_HEIGHT - _TOP - _BOTTOM), 1)


def _frame(content: str, span: Span, ends: tuple[str, str], label: str, top: str) -> str:
    """Axes, what is at their ends, and the trips."""
    foot, right = _HEIGHT - _BOTTOM, _WIDTH - _RIGHT
    trips = "".join(
        f'<line class="trip" x1="{span.x(time)}" x2="{span.x(time)}" y1="{_TOP}" y2="{foot}"/>' for time in span.trips
    )
    named = span.x(span.trips[0]) if span.trips else 0
    side = ("end", named - 6) if named > _WIDTH / 2 else ("start", named + 6)
    tripped = f'<text class="trip-label" x="{side[1]}" y="14" text-anchor="{side[0]}">trip</text>' if span.trips else ""
    return (
        f'<svg viewBox="0 0 {_WIDTH} {_HEIGHT}" role="img" aria-label="{escape(label)}">'
        f'<line class="axis" x1="{_LEFT}" x2="{right}" y1="{foot}" y2="{foot}"/>'
        f'<line class="axis" x1="{_LEFT}" x2="{right}" y1="{_TOP}" y2="{_TOP}"/>'
        f'<text x="{_LEFT}" y="14">{escape(label)}</text>'
        f'<text x="{_LEFT - 8}" y="{_TOP + 5}" text-anchor="end">{escape(top)}</text>'
        f'<text x="{_LEFT - 8}" y="{foot}" text-anchor="end">0</text>'
        f'<text x="{_LEFT}" y="{_HEIGHT - 8}">{escape(ends[0])}</text>'
        f'<text x="{right}" y="{_HEIGHT - 8}" text-anchor="end">{escape(ends[1])}</text>'
        f"{content}{trips}{tripped}</svg>"
    )
