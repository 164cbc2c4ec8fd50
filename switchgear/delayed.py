"""`Delayed`: what clients of contracts share whose owner loosens a day later (``contracts/Delayed.sol``)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from eth_utils.crypto import keccak

from switchgear.chain import BlockIdentifier, Contract, Transaction
from switchgear.display import to_instant

if TYPE_CHECKING:
    from datetime import datetime


class Delayed(Contract):
    """A contract with an owner, and functions that only `schedule` and a day later `execute` reach (BR-9).

    Such a call is named by its function and arguments, each time: what is executed is what was announced.
    """

    def owner(self, *, block_identifier: BlockIdentifier = "latest") -> str:
        """Who may loosen and tighten (``owner``)."""
        return str(self.read("owner", block_identifier=block_identifier))

    def eta(self, function: str, *args: Any, block_identifier: BlockIdentifier = "latest") -> datetime | None:
        """When an announced call may be executed; None if none is announced (``etaOf``)."""
        seconds = self.read("etaOf", keccak(self.interface.encode(function, args)), block_identifier=block_identifier)
        return to_instant(seconds) if seconds else None

    def schedule(self, function: str, *args: Any, sender: Any, dry_run: bool = False) -> Transaction:
        """Announce a call (``schedule``). Owner."""
        return self.send("schedule", self.interface.encode(function, args), sender=sender, dry_run=dry_run)

    def execute(self, function: str, *args: Any, sender: Any, dry_run: bool = False) -> Transaction:
        """Do what was announced, from its ETA to its expiry (``execute``). Owner."""
        return self.send("execute", self.interface.encode(function, args), sender=sender, dry_run=dry_run)

    def cancel(self, function: str, *args: Any, sender: Any, dry_run: bool = False) -> Transaction:
        """Take an announcement back (``cancel``). Owner."""
        announced = keccak(self.interface.encode(function, args))
        return self.send("cancel", announced, sender=sender, dry_run=dry_run)
