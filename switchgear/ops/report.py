"""``ape agents report``: what an agent did, what stopped it, and who answers for it."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from switchgear.ops.cli import Command, core_option, json_option, note, print_json
from switchgear.ops.context import context, resolve_agent
from switchgear.report import compose, examine, gather, to_html, to_markdown
from switchgear.report.compose import configuration_hash
from switchgear.report.scores import fired

if TYPE_CHECKING:
    from switchgear.report import Evidence, Findings


@click.command(cls=Command)
@click.argument("agent")
@click.option("--from-block", type=click.IntRange(min=0), help="First block.  [default: the recorded deployment's]")
@click.option("--to-block", type=click.IntRange(min=0), help="Last block.  [default: the newest]")
@click.option(
    "--onset",
    type=click.IntRange(min=0),
    help="Block in which the incident began.  [default: a window before the trip]",
)
@click.option(
    "--sentinel",
    "database",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="A sentinel's database: the scores that fired, with their thresholds.",
)
@click.option("--decimals", type=click.IntRange(0, 255), default=0, help="Of the lanes' unit of value.")
@click.option("--explorer", metavar="URL", help="Link transactions to a block explorer: an address with {hash} in it.")
@click.option(
    "--out",
    type=click.Path(path_type=Path),
    help="Where to write, without suffix.  [default: report-<agent>-<last block>]",
)
@core_option
@json_option
def cli(
    agent: str,
    from_block: int | None,
    to_block: int | None,
    onset: int | None,
    database: Path | None,
    decimals: int,
    explorer: str | None,
    out: Path | None,
    core: str | None,
    as_json: bool,
) -> None:
    """Write the incident report of AGENT: a handle, REGISTRY:ID, :ID of the default registry, or one of its wallets.

    Two files: one for a browser, with nothing from elsewhere in it, and the same as Markdown. The node must keep the
    state of the range's blocks. Exit code 0 whatever the agent did.
    """
    ctx = context()
    breaker = ctx.breaker(core)
    handle = resolve_agent(ctx, breaker, agent)
    origin = ctx.from_block(breaker)
    first = origin if from_block is None else from_block
    scores = [] if database is None else fired(database, handle)
    evidence = gather(breaker, handle, first=first, last=to_block, origin=origin, decimals=decimals, scores=scores)
    findings = examine(evidence, onset=onset)
    document = compose(evidence, findings, explorer=explorer)
    stem = out or Path(f"report-{handle}-{evidence.last.number}")
    files = {".html": to_html(document), ".md": to_markdown(document)}
    paths = [stem.with_name(stem.name + suffix) for suffix in files]
    for path, text in zip(paths, files.values(), strict=True):
        path.write_text(text)
    if as_json:
        print_json({"files": [str(path) for path in paths], **_summary(evidence, findings)})
    else:
        note(f"written: {' and '.join(map(str, paths))}")


def _summary(evidence: Evidence, findings: Findings) -> dict[str, object]:
    return {
        "first_block": evidence.first.number,
        "last_block": evidence.last.number,
        "trip": findings.trip,
        "onset": findings.onset,
        "moments": findings.moments,
        "actions": len(evidence.actions),
        "configuration_hash": configuration_hash(evidence),
    }
