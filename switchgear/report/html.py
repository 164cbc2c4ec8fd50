"""A document as one HTML file: no script, nothing from elsewhere, for screen and print, light and dark."""

from __future__ import annotations

from html import escape
from typing import TYPE_CHECKING

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
    anchor,
    cell_origins,
    cited,
    heading_anchor,
    key,
    name,
)

if TYPE_CHECKING:
    from collections.abc import Iterable

    from switchgear.report.document import Inline, Part, Text
    from switchgear.report.evidence import Origin

_SHOWN = 3
"""Sources of one figure that stand beside it; the rest fold away."""
_POLICY = "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'"
_STYLE = """
:root{color-scheme:light dark;--ground:#fff;--panel:#f6f7f9;--ink:#15181d;--faint:#5c6570;--line:#dde1e6;--link:#0b57d0;
--good:#12703c;--bad:#b3261e;--mild:#8a5a00;--bar:#7c93b2}
@media(prefers-color-scheme:dark){:root{--ground:#111418;--panel:#1a1e24;--ink:#e7eaee;--faint:#9aa4b0;--line:#2c323a;
--link:#8ab4f8;--good:#6fd08c;--bad:#ff8a80;--mild:#f2c063;--bar:#5f7896}}
*{box-sizing:border-box}
body{margin:0 auto;padding:2rem 1.25rem 4rem;max-width:76rem;background:var(--ground);color:var(--ink);
font:15px/1.5 system-ui,"Segoe UI",Roboto,"Open Sans",sans-serif}
h1{font-size:1.7rem;margin:0 0 .6rem}h2{font-size:1.15rem;margin:2.4rem 0 .6rem;padding-top:.6rem;
border-top:1px solid var(--line)}
p{max-width:52rem;margin:.5rem 0}a{color:var(--link);text-decoration:none}a:hover{text-decoration:underline}
code,.cite{font:.86em/1.4 ui-monospace,SFMono-Regular,Menlo,Consolas,monospace;overflow-wrap:anywhere}
nav{display:flex;flex-wrap:wrap;gap:.2rem .9rem;font-size:.88rem;margin:.6rem 0 1rem}
.tiles{display:grid;grid-template-columns:repeat(auto-fit,minmax(11rem,1fr));gap:.7rem;margin:1.1rem 0}
.tile{background:var(--panel);border:1px solid var(--line);border-radius:.5rem;padding:.65rem .8rem}
.tile b{display:block;font-size:.78rem;font-weight:500;color:var(--faint)}.tile span{font-size:1.12rem;font-weight:600}
.tile small{display:block;font-size:.72rem;color:var(--faint)}.tile .cite{font-size:.72rem}
.wide{overflow-x:auto;margin:.7rem 0}table{border-collapse:collapse;width:100%;font-size:.88rem}
th{position:sticky;top:0;text-align:left;font-weight:600;color:var(--faint);border-bottom:1px solid var(--line)}
th,td{padding:.32rem .7rem .32rem 0;vertical-align:top}td{border-bottom:1px solid var(--line)}
.cite,.time,td code[title]{white-space:nowrap}
.number{text-align:right;font-variant-numeric:tabular-nums}
td{overflow-wrap:anywhere}tr:target td{background:var(--panel)}
.good td:first-child{box-shadow:inset 3px 0 var(--good)}.bad td:first-child{box-shadow:inset 3px 0 var(--bad)}
.mild td:first-child{box-shadow:inset 3px 0 var(--mild)}.good td:first-child,.bad td:first-child,
.mild td:first-child{padding-left:.6rem}
details{display:inline}summary{display:inline;cursor:pointer;color:var(--faint);font-size:.8em}
.data summary{display:block;font-size:.9rem;margin:.5rem 0}.data{display:block}
pre{background:var(--panel);border:1px solid var(--line);border-radius:.5rem;padding:.8rem;overflow:auto;
max-height:30rem;font-size:.75rem}
figure{margin:.8rem 0}figcaption{color:var(--faint);font-size:.85rem}svg{width:100%;height:auto;display:block}
svg text{fill:var(--faint);font-size:12px}svg .axis{stroke:var(--line)}svg .bar{fill:var(--bar)}
svg .bad{fill:var(--bad)}svg .mild{fill:var(--mild)}svg .line{fill:none;stroke:var(--link);stroke-width:2}
svg .trip{stroke:var(--bad);stroke-width:1.5;stroke-dasharray:5 4}svg .trip-label{fill:var(--bad)}
@media print{:root{--ground:#fff;--panel:#fff;--ink:#000;--faint:#444;--line:#bbb;--link:#000}
body{max-width:none;padding:0;font-size:10.5px}nav,.data{display:none}th{position:static}tr{break-inside:avoid}
h2{break-after:avoid}figure{break-inside:avoid}details:not([open])>*{display:inline}}
"""


def to_html(document: Document) -> str:
    """The file's text."""
    links = "".join(
        f'<a href="#{part.anchor}">{escape(part.title)}</a>' for part in document.parts if isinstance(part, Heading)
    )
    body = "\n".join(_part(part) for part in document.parts)
    return f"""<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="{_POLICY}">
<meta name="viewport" content="width=device-width">
<meta name="referrer" content="no-referrer">
<title>{escape(document.title)}</title>
<style>{_STYLE}</style>
</head>
<body>
<h1>{escape(document.title)}</h1>
<nav>{links}</nav>
{body}
</body>
</html>
"""


def _part(part: Part) -> str:
    match part:
        case Heading():
            return f'<h2 id="{part.anchor}">{escape(part.title)}</h2>'
        case Paragraph():
            return f"<p{_sources(cited(part.text))}>{_text(part.text)}</p>"
        case Tiles():
            return f'<div class="tiles">{"".join(map(_tile, part.tiles))}</div>'
        case Table():
            return _table(part)
        case Plot():
            drawn = _sources(part.drawn.sources)
            return f"<figure{drawn}>{part.svg}<figcaption>{escape(part.caption)}</figcaption></figure>"
        case Data():
            # Escaped as text: inside <script> an agent's own words could end it.
            text = f'<pre id="raw">{escape(part.json)}</pre>'
            return f'<details class="data"><summary>All of the data as JSON</summary>{text}</details>'


def _tile(tile: Tile) -> str:
    label, figure = escape(tile.label), escape(tile.figure)
    where, sources = _text((Jump(tile.section), ":", tile.cite)), _sources(tile.cite.sources)
    return f'<div class="tile"{sources}><b>{label}</b><span>{figure}</span><small>{where}</small></div>'


def _table(table: Table) -> str:
    kinds = list(map(_kind, table.columns))
    head = "".join(
        f"<th{_class(kind)}>{escape(one.lstrip('#'))}</th>" for one, kind in zip(table.columns, kinds, strict=True)
    )
    rows = "\n".join(_row(table, row, kinds) for row in table.rows)
    return f'<div class="wide"><table><thead><tr>{head}</tr></thead><tbody>{rows}</tbody></table></div>'


def _row(table: Table, row: Row, kinds: list[str]) -> str:
    mood = f' class="{row.mood}"' if row.mood else ""
    identity = f' id="{anchor(row.source)}"' if row.source else ""
    whole = [row.source] if row.source else list(cited(*row.cells))
    cells = "".join(
        f"<td{_class(kind)}{_sources(own if own != whole else ())}>{_text(cell)}</td>"
        for index, (cell, kind) in enumerate(zip(row.cells, kinds, strict=True))
        for own in [cell_origins(table, row, index)]
    )
    return f"<tr{mood}{identity}{_sources(whole)}>{cells}</tr>"


def _class(kind: str) -> str:
    return f' class="{kind}"' if kind else ""


def _sources(origins: Iterable[Origin]) -> str:
    """For programs: where the figures within an element come from; without, they come from where the row does."""
    keys = " ".join(map(key, origins))
    return f' data-source="{keys}"' if keys else ""


def _kind(column: str) -> str:
    return "number" if column.startswith("#") else "time" if column in ("UTC", "event") else ""


def _text(text: Text) -> str:
    return "".join(_inline(part) for part in text)


def _inline(part: Inline) -> str:
    match part:
        case Code(text):
            return f"<code>{escape(text)}</code>"
        case Short(address):
            return f'<code title="{address}">{part.text}</code>'
        case Cite(sources):
            links = [f'<a class="cite" href="#{anchor(one)}">{name(one)}</a>' for one in sources]
            shown, folded = " ".join(links[:_SHOWN]), " ".join(links[_SHOWN:])
            more = f" <details><summary>and {len(links) - _SHOWN} more</summary> {folded}</details>" if folded else ""
            return f" {shown}{more}"
        case Jump(heading):
            return f'<a href="#{heading_anchor(heading)}">{escape(heading)}</a>'
        case Link(text, address):
            return f'<a href="{escape(address)}" rel="noreferrer">{escape(text)}</a>'
        case _:
            return escape(part)
