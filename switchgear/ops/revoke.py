"""``ape agents revoke``: a key leaked."""

from __future__ import annotations

from typing import Any

import click

from switchgear.errors import WalletNotBound
from switchgear.ops.cli import Command, core_option, describe_transaction, json_option, sending_options
from switchgear.ops.context import actor, context
from switchgear.values import to_address


@click.command(cls=Command)
@click.argument("wallet", metavar="ADDRESS")
@sending_options
@core_option
@json_option
def cli(wallet: str, account: Any, dry_run: bool, actor_address: str | None, core: str | None, as_json: bool) -> None:
    """End the binding of a wallet at once. By its agent's owner, or by the wallet itself.

    The agent's other wallets go on, its meters and breakers stay as they are, and the wallet is denied everywhere
    from then on: it never counts as unknown.
    """
    breaker = context().breaker(core)
    address = to_address(wallet, name="wallet")
    agent = breaker.wallet(address).agent
    if not agent:
        raise WalletNotBound(address)
    sender, dry = actor(account, dry_run, actor_address, breaker.owner_of(agent), "owner")
    describe_transaction(breaker.revoke_wallet(address, sender=sender, dry_run=dry), as_json)
