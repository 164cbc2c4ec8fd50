"""What agents did at a protocol: from a chain's past, or from a file.

The core says nothing of what it admits, so a chain's past is read as the sentinel reads the present, by the same
`View`: from transactions of agents' wallets, moves of the protocol's token, and denials.

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

from switchgear.chain import BATCH
from switchgear.detect.types import Observation
from switchgear.errors import ChainError, InvalidInput
from switchgear.tokens import TRANSFER

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence
    from pathlib import Path

    from switchgear.breaker import Breaker
    from switchgear.chain import BlockIdentifier
    from switchgear.sentinel.chainview import View


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

    One observation for each transaction in which an agent acted there, and for each of its denials. That is known of:

    - transactions that a wallet sent to the protocol, failed ones included; without a move of the token their value is
      not known and counts as 0;
    - transactions that a wallet sent elsewhere, and those in which a wallet that is a contract took part, where the
      token moved between the protocol and somebody, for a contract: between the protocol and the wallet;
    - denials in the lane, whoever sent the transaction.

    Value is what moved of the token from or to the protocol, the counterparty the other side of the largest of these
    moves; of a denial, value and log are those of the core's event. What a contract does for others at the protocol
    without a denial or a move of its own tokens is not seen: a node tells of it only in traces.

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
    # The package must be importable without what the sentinel needs.
    from switchgear.sentinel.chainview import View  # noqa: PLC0415
    from switchgear.sentinel.config import Watched  # noqa: PLC0415
    from switchgear.sentinel.source import Block, Header  # noqa: PLC0415

    node, roster = breaker.node, Roster() if roster is None else roster
    end = int(node.block(last)["number"], 16)
    watched = Watched(address=place.protocol, lane=place.lane, token=place.token)
    view = View(breaker.interface, breaker.address, [watched])
    view.learn(node.logs(breaker.address, [], since, first - 1))
    for start in range(first, end + 1, BATCH):
        stop = min(end, start + BATCH - 1)
        logs = _logs(breaker, watched.address, watched.token, start, stop)
        numbers = range(start, stop + 1)
        answers = node.request_many("eth_getBlockByNumber", [(hex(number), True) for number in numbers])
        statuses = _statuses(breaker, view, watched.address, answers, logs)
        for answer in answers:
            header = Header.of(answer)
            block = Block(header, list(answer["transactions"]), logs.get(header.number, []))
            for o in view.digest(header, view.record(block, statuses)).observations:
                if (o.protocol, o.lane) == (watched.address, watched.lane) and o.agent:
                    yield o if o.log_index >= 0 else o._replace(value=0)
        _fill(roster, view)
        progress(stop)


def _logs(breaker: Breaker, protocol: str, token: str | None, first: int, last: int) -> dict[int, list[dict[str, Any]]]:
    """Those of the core, and the token's moves from and to the protocol, by block and in order."""
    found = list(breaker.node.logs(breaker.address, [], first, last))
    party = f"0x{protocol[2:].lower():0>64}"
    for topics in ([TRANSFER, party], [TRANSFER, None, party]) if token else ():
        found += breaker.node.logs(str(token), topics, first, last)
    # A move from the protocol to itself comes twice.
    ordered = {(int(log["blockNumber"], 16), int(log["logIndex"], 16)): log for log in found}
    blocks: dict[int, list[dict[str, Any]]] = {}
    for (number, _), log in sorted(ordered.items()):
        blocks.setdefault(number, []).append(log)
    return blocks


def _statuses(
    breaker: Breaker, view: View, protocol: str, blocks: Sequence[dict[str, Any]], logs: Mapping[int, list[Any]]
) -> dict[str, bool]:
    """Whether they succeeded, of transactions that wallets sent to the protocol, or in which something was logged."""
    everything = [log for found in logs.values() for log in found]
    touched = {log["transactionHash"] for log in everything}
    core = (log for log in everything if log["address"].lower() == breaker.address.lower())
    bound = (event.args["wallet"] for event in map(view.decode, core) if event and event.name == "WalletBound")
    wallets = {wallet.lower() for wallet in (*view.wallets, *bound)}
    acts = [
        one["hash"]
        for block in blocks
        for one in block["transactions"]
        if one["from"].lower() in wallets
        # Of what they do elsewhere the protocol knows nothing.
        and (one["hash"] in touched or (one["to"] or "").lower() == protocol.lower())
    ]
    receipts = breaker.node.request_many("eth_getTransactionReceipt", [(one,) for one in acts])
    if not all(receipts):
        message = "a transaction has no receipt any more: the chain went another way meanwhile, read it again"
        raise ChainError(message)
    return {one: int(receipt["status"], 16) == 1 for one, receipt in zip(acts, receipts, strict=True)}


def _fill(roster: Roster, view: View) -> None:
    roster.agents.update(view.wallets)
    roster.lineages.update({agent: lineage for agent, (_, _, lineage, _) in view.agents.items()})
    roster.parents.update({agent: parent for agent, (*_, parent) in view.agents.items() if parent})


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
