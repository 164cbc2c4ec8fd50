"""What agents did at a protocol: from a chain's past, or from a file.

The core says nothing of what it admits, so a chain's past is read from its transactions: those that wallets of agents
sent to the protocol, with their receipts.

>>> import json, tempfile, pathlib
>>> path = pathlib.Path(tempfile.mkdtemp()) / "past.json"
>>> _ = path.write_text(json.dumps([{"time": 60, "agent": 7, "value": "5"}]))
>>> [(o.time, o.agent, o.value) for o in read_file(path)]
[(60, 7, 5)]
"""

from __future__ import annotations

import csv
import json
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from eth_utils.crypto import keccak

from switchgear.chain import BATCH
from switchgear.detect.types import Observation
from switchgear.errors import InvalidInput
from switchgear.types import Setting
from switchgear.values import to_address

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence
    from pathlib import Path

    from switchgear.breaker import Breaker
    from switchgear.chain import BlockIdentifier
    from switchgear.interface import Event

TRANSFER = "0x" + keccak(text="Transfer(address,address,uint256)").hex()
"""Topic of ERC-20's event."""
_TRANSFER_TOPICS = 3


@dataclass(frozen=True)
class Place:
    """Where to look."""

    protocol: str
    lane: int = 0
    """Admissions name no lane: every action at the protocol counts, but denials in other lanes do not."""
    token: str | None = None
    """The ERC-20 in which value is counted; without, only denials have a value."""


@dataclass
class Roster:
    """Who is behind which wallet, as far as the chain has been followed."""

    agents: dict[str, int] = field(default_factory=dict)
    """Agent of each wallet; it stays when the wallet is revoked."""
    lineages: dict[int, int] = field(default_factory=dict)
    parents: dict[int, int] = field(default_factory=dict)
    """Of agents that have one."""

    EVENTS = ("AgentEnrolled", "WalletBound", "SettingChanged")

    def apply(self, event: Event) -> None:
        """Follow one event of the core; those of other names change nothing."""
        args = event.args
        if event.name == "AgentEnrolled":
            self.lineages[args["agent"]] = args["lineage"]
            if args["parent"]:
                self.parents[args["agent"]] = args["parent"]
        elif event.name == "WalletBound":
            self.agents[args["wallet"]] = args["agent"]
        elif event.name == "SettingChanged" and args["setting"] == Setting.LINEAGE:
            self.lineages[args["subject"].id] = args["value"]


def read_chain(
    breaker: Breaker,
    place: Place,
    first: int,
    last: BlockIdentifier = "latest",
    *,
    roster: Roster | None = None,
    since: int = 0,
    progress: Callable[[int], None] = lambda _: None,
) -> Iterator[Observation]:
    """What agents did at a protocol in blocks `first` to `last`, both included, in the chain's order.

    One observation for each transaction that a wallet of an agent sent to the protocol. Its value is what moved of the
    token from or to the protocol, its counterparty the other side of the largest of these transfers. If the core
    denied it, value and log are those of the denial; if it reverted, its value is not known and counts as 0.

    Transactions that reach the protocol through another contract (a smart account, a router) are not seen: a node
    tells of them only in traces.

    Args:
        breaker: The core, on its node.
        place: Protocol, lane and token.
        first: First block.
        last: Last block.
        roster: Is filled with who is who.
        since: First block in which there can be events of the core.
        progress: Is told the last block of every batch.

    Raises:
        ChainError: The node does not answer, or not as it should.
    """
    node, roster = breaker.node, Roster() if roster is None else roster
    end = int(node.block(last)["number"], 16)
    told = [event for name in Roster.EVENTS for event in breaker.events(name, from_block=since, to_block=end)]
    told.sort(key=lambda event: (event.block_number, event.log_index), reverse=True)
    protocol = place.protocol.lower()
    for start in range(first, end + 1, BATCH):
        numbers = range(start, min(end + 1, start + BATCH))
        blocks = node.request_many("eth_getBlockByNumber", [(hex(number), True) for number in numbers])
        found = []
        for block in blocks:
            number = int(block["number"], 16)
            while told and told[-1].block_number <= number:
                roster.apply(told.pop())
            for sent in block["transactions"]:
                wallet = to_address(sent["from"], zero=True)
                if (sent["to"] or "").lower() == protocol and wallet in roster.agents:
                    agent = roster.agents[wallet]
                    found.append((block, sent, wallet, agent, roster.lineages.get(agent, 0)))
        receipts = node.request_many("eth_getTransactionReceipt", [(one[1]["hash"],) for one in found])
        for (block, sent, wallet, agent, lineage), receipt in zip(found, receipts, strict=True):
            data = bytes.fromhex(sent["input"][2:])
            seen = Observation(
                time=int(block["timestamp"], 16),
                block=int(block["number"], 16),
                tx_hash=sent["hash"],
                log_index=-1,
                agent=agent,
                lineage=lineage,
                protocol=place.protocol,
                lane=place.lane,
                wallet=wallet,
                value=0,
                counterparty=None,
                selector=data[:4] or None,
                denied=int(receipt["status"], 16) == 0,
            )
            outcome = _outcome(breaker, place, seen, receipt["logs"])
            if outcome is not None:
                yield outcome
        progress(numbers[-1])


def _outcome(
    breaker: Breaker, place: Place, seen: Observation, logs: Sequence[Mapping[str, Any]]
) -> Observation | None:
    """With what the logs say of value and denial; None if it was denied in another lane."""
    core, protocol = breaker.address.lower(), place.protocol.lower()
    largest = None
    value = 0
    for log in logs:
        if log["address"].lower() == core:
            event = breaker.decode_log(log)
            if event and event.name == "Denied" and event.args["protocol"].lower() == protocol:
                if event.args["lane"] != place.lane:
                    return None
                return seen._replace(value=event.args["value"], log_index=event.log_index, denied=True)
        moved = _moved(log, place)
        if moved:
            value += moved[0]
            largest = max(largest or moved, moved)
    if largest is None:
        return seen
    return seen._replace(value=value, counterparty=largest[1], log_index=largest[2])


def _moved(log: Mapping[str, Any], place: Place) -> tuple[int, str, int] | None:
    """Amount, other side and index of a transfer of the token from or to the protocol."""
    topics = log["topics"]
    if place.token is None or log["address"].lower() != place.token.lower():
        return None
    if len(topics) != _TRANSFER_TOPICS or topics[0] != TRANSFER:
        return None
    sides = [to_address("0x" + topic[-40:], zero=True) for topic in topics[1:]]
    others = [side for side in sides if side.lower() != place.protocol.lower()]
    if len(others) != 1:
        return None
    return int(log["data"], 16), others[0], int(log["logIndex"], 16)


# ---------------------------------------------------------------------------------------------- files

_DEFAULTS: dict[str, Any] = {
    "block": 0,
    "tx_hash": "",
    "log_index": -1,
    "agent": 0,
    "lineage": 0,
    "protocol": "",
    "lane": 0,
    "wallet": "",
    "value": 0,
    "counterparty": None,
    "selector": None,
    "denied": False,
}
_NUMBERS = ("time", "block", "log_index", "agent", "lineage", "lane", "value")


def read_file(path: Path) -> list[Observation]:
    """Observations from a file, ordered by time.

    A ``.csv`` has the names of fields in its first line; anything else is a JSON array of objects. Only `time` and
    one of `agent` and `wallet` are needed. Numbers may be strings.

    Raises:
        InvalidInput: It is no such file; the text says which entry is wrong, and why.
    """
    with path.open(newline="") as file:
        if path.suffix == ".csv":
            entries: Any = list(csv.DictReader(file))
        else:
            try:
                entries = json.load(file)
            except ValueError as error:
                message = f"{path} is no JSON: {error}"
                raise InvalidInput(message) from error
    if not isinstance(entries, list):
        message = f"{path}: expected an array of observations"
        raise InvalidInput(message)
    found = [_entry(entry, f"{path}, observation {number}") for number, entry in enumerate(entries, 1)]
    return sorted(found, key=lambda o: (o.time, o.block, o.log_index))


def _entry(entry: Any, where: str) -> Observation:
    if not isinstance(entry, dict) or "time" not in entry or not (entry.get("agent") or entry.get("wallet")):
        message = f"{where}: it needs a time, and an agent or a wallet"
        raise InvalidInput(message)
    if unknown := entry.keys() - Observation._fields:
        message = f"{where}: there is no field {', '.join(sorted(map(str, unknown)))}"
        raise InvalidInput(message)
    given = {name: value for name, value in entry.items() if value not in ("", None)}
    try:
        numbers = {name: int(str(given[name]), 0) for name in _NUMBERS if name in given}
        selector = bytes.fromhex(str(given["selector"]).removeprefix("0x")) if "selector" in given else None
    except ValueError as error:
        message = f"{where}: {error}"
        raise InvalidInput(message) from error
    denied = str(given.get("denied", False)).lower() in ("true", "1", "yes")
    return Observation(**{**_DEFAULTS, **given, **numbers, "selector": selector, "denied": denied})
