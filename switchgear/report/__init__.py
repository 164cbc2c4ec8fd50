"""The incident report: what an agent did, what stopped it and when, and who answers for it (OP-5).

`gather` reads a chain, `examine` computes from what was read, `compose` makes a document of both, and `to_html` and
`to_markdown` write it.

>>> evidence = gather(breaker, 7, first=120, last=480)              # doctest: +SKIP
>>> Path("incident.html").write_text(to_html(compose(evidence, examine(evidence))))  # doctest: +SKIP
"""

from switchgear.report.compose import compose
from switchgear.report.evidence import Evidence, ScoreRow
from switchgear.report.findings import Findings, examine
from switchgear.report.html import to_html
from switchgear.report.markdown import to_markdown
from switchgear.report.reader import gather

__all__ = ["Evidence", "Findings", "ScoreRow", "compose", "examine", "gather", "to_html", "to_markdown"]
