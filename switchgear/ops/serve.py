"""``ape agents serve``: a page that keeps up."""

from __future__ import annotations

import signal

import click

from switchgear.ops.cli import Command, core_option, note
from switchgear.ops.context import context
from switchgear.serve import Page, Watch
from switchgear.serve.people import People
from switchgear.values import to_address


@click.command(cls=Command)
@click.option("--host", default="127.0.0.1", show_default=True, help="A loopback address: the page has no login.")
@click.option("--port", type=click.IntRange(0, 65535), default=8787, show_default=True, help="0 for any free one.")
@click.option("--protocol", metavar="ADDRESS", help="Only this protocol's lanes.")
@click.option("--decimals", type=click.IntRange(0, 255), default=0, help="Of the lanes' unit of value.")
@click.option(
    "--policy",
    "policies",
    metavar="ADDRESS",
    multiple=True,
    help="Show what waits for countersignatures under this session policy too; repeatable.",
)
@click.option("--from-block", type=int, help="Where to start looking for events.  [default: the recorded deployment]")
@core_option
def cli(
    host: str,
    port: int,
    protocol: str | None,
    decimals: int,
    policies: tuple[str, ...],
    from_block: int | None,
    core: str | None,
) -> None:
    """Show agents, open breakers, headroom and events of this chain in a browser of this machine, until interrupted.

    It reads and cannot do anything else.
    """
    ctx = context()
    breaker = ctx.breaker(core)
    first = ctx.from_block(breaker) if from_block is None else from_block
    chosen = None if protocol is None else to_address(protocol, name="--protocol")
    guarded = [to_address(policy, name="--policy") for policy in policies]
    approvals = People(breaker.node.web3, guarded, first).pending if guarded else None
    watch = Watch(breaker, first, decimals=decimals, protocol=chosen, approvals=approvals)
    # Whatever is wrong with node or core shows before anybody opens the page.
    watch.state()
    with Page(watch, host, port) as page:
        # Ape's own handler would make an interrupt look like a failure.
        signal.signal(signal.SIGINT, signal.default_int_handler)
        note(f"{page.url} (Ctrl-C ends it)")
        try:
            page.serve_forever()
        except KeyboardInterrupt:
            note("ended")
