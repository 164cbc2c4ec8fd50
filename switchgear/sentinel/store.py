"""Everything that must survive a crash: one SQLite file, one transaction for each block (OP-1).

The state of the view and the detectors is a fold over blocks. So it is kept as a snapshot now and then, and the raw
record of every block since: restoring it after a crash, and undoing blocks after a reorganisation, are the same thing.
What is to be done is written in the transaction of the block that caused it, so it is neither lost nor doubled.
"""

from __future__ import annotations

import json
import sqlite3
import time
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, NamedTuple

from switchgear.errors import ForeignDatabase
from switchgear.sentinel.source import Header

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

_SCHEMA = """
CREATE TABLE IF NOT EXISTS meta (key TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS block (
    number INTEGER PRIMARY KEY, hash TEXT NOT NULL, header TEXT NOT NULL, record TEXT NOT NULL);
CREATE TABLE IF NOT EXISTS snapshot (number INTEGER PRIMARY KEY, state TEXT NOT NULL);
CREATE TABLE IF NOT EXISTS incident (
    id TEXT PRIMARY KEY, block INTEGER NOT NULL, seen REAL NOT NULL, data TEXT NOT NULL);
CREATE TABLE IF NOT EXISTS action (
    id TEXT PRIMARY KEY, target TEXT NOT NULL, severity REAL NOT NULL, block INTEGER NOT NULL, seen REAL NOT NULL,
    incident TEXT NOT NULL, status TEXT NOT NULL, reason TEXT NOT NULL DEFAULT '', landed_in INTEGER);
CREATE TABLE IF NOT EXISTS sending (
    signer TEXT NOT NULL, nonce INTEGER NOT NULL, action TEXT, raw TEXT NOT NULL, hash TEXT NOT NULL,
    fee INTEGER NOT NULL, tip INTEGER NOT NULL, gas INTEGER NOT NULL, sent REAL NOT NULL, bumps INTEGER NOT NULL,
    PRIMARY KEY (signer, nonce)) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS alert (
    key TEXT PRIMARY KEY, data TEXT NOT NULL, made REAL NOT NULL, sent TEXT NOT NULL DEFAULT '[]',
    done INTEGER NOT NULL DEFAULT 0);
CREATE INDEX IF NOT EXISTS due ON action (status);
CREATE INDEX IF NOT EXISTS unsent ON alert (done);
"""
SNAPSHOT_EVERY = 64
"""Blocks between two snapshots."""
UNFINISHED = ("due", "sent")
"""Statuses of an action that still is to be done."""


class Action(NamedTuple):
    """Something to be done on the chain."""

    id: str
    target: str
    """As `switchgear.sentinel.actuator.Target` writes it."""
    severity: float
    block: int
    """Of the observation behind it."""
    seen: float
    """When that was, by this machine's clock."""
    incident: str
    status: str
    """due, sent, landed, open (it was already), refused, proposed, observed."""
    reason: str = ""
    landed_in: int | None = None


class Sending(NamedTuple):
    """A nonce of a signer, and the transaction that uses it."""

    signer: str
    nonce: int
    action: str | None
    """None for one that only fills a gap."""
    raw: str
    hash: str
    fee: int
    tip: int
    gas: int
    sent: float
    bumps: int


class Alert(NamedTuple):
    """Something to tell people."""

    key: str
    """What is told once only."""
    title: str
    body: str
    data: dict[str, Any]


class Store:
    """The database."""

    def __init__(self, path: Path, *, history: int = 256) -> None:
        self.path = path
        self._history = max(history, 2 * SNAPSHOT_EVERY)
        self._db = sqlite3.connect(path, isolation_level=None)
        self._db.execute("PRAGMA journal_mode = WAL")
        self._db.execute("PRAGMA synchronous = NORMAL")
        self._db.execute("PRAGMA busy_timeout = 5000")
        self._db.executescript(_SCHEMA)
        self._hashes: dict[int, str] = dict(self._db.execute("SELECT number, hash FROM block ORDER BY number"))

    @contextmanager
    def transaction(self) -> Iterator[None]:
        """All or nothing."""
        if self._db.in_transaction:
            yield
            return
        self._db.execute("BEGIN IMMEDIATE")
        try:
            yield
        except BaseException:
            self._db.execute("ROLLBACK")
            # What is remembered of the blocks is what the file says.
            self._hashes = dict(self._db.execute("SELECT number, hash FROM block ORDER BY number"))
            raise
        self._db.execute("COMMIT")

    def close(self) -> None:
        """Closes the file."""
        self._db.close()

    # ------------------------------------------------------------------ what it is of

    def claim(self, identity: str) -> None:
        """Marks the file as that of a chain and core; `ForeignDatabase` if it is of another."""
        row = self._db.execute("SELECT value FROM meta WHERE key = 'identity'").fetchone()
        if row is None:
            self._db.execute("INSERT INTO meta VALUES ('identity', ?)", (identity,))
        elif row[0] != identity:
            raise ForeignDatabase(str(self.path), row[0], identity)

    # ------------------------------------------------------------------ blocks

    @property
    def tip(self) -> Header | None:
        """The last block taken."""
        row = self._db.execute("SELECT header FROM block ORDER BY number DESC LIMIT 1").fetchone()
        return None if row is None else _header(row[0])

    @property
    def remembered(self) -> dict[int, str]:
        """Hashes of the last blocks, by number."""
        return self._hashes

    @property
    def live_from(self) -> int:
        """The block after which scores have consequences: the head when it was first started."""
        return int(self._db.execute("SELECT value FROM meta WHERE key = 'live_from'").fetchone()[0])

    def begin(self, header: Header, state: dict[str, Any], *, live_from: int) -> None:
        """The block to go on from, and the state after it."""
        with self.transaction():
            self._db.execute("INSERT OR REPLACE INTO meta VALUES ('live_from', ?)", (str(live_from),))
            self._insert(header, {})
            self._db.execute("INSERT OR REPLACE INTO snapshot VALUES (?, ?)", (header.number, json.dumps(state)))

    def append(self, header: Header, record: dict[str, Any], state: dict[str, Any] | None) -> None:
        """One block more; `state` after it if that is to be kept."""
        with self.transaction():
            self._insert(header, record)
            if state is not None:
                self._db.execute("INSERT OR REPLACE INTO snapshot VALUES (?, ?)", (header.number, json.dumps(state)))
                self._forget(header.number)

    def snapshot_due(self, number: int) -> bool:
        """Whether the state after this block is to be kept."""
        return number % SNAPSHOT_EVERY == 0

    def restore(self) -> tuple[dict[str, Any], list[tuple[Header, dict[str, Any]]]]:
        """The last snapshot, and the records of the blocks after it."""
        number, state = self._db.execute("SELECT number, state FROM snapshot ORDER BY number DESC LIMIT 1").fetchone()
        rows = self._db.execute("SELECT header, record FROM block WHERE number > ? ORDER BY number", (number,))
        return json.loads(state), [(_header(header), json.loads(record)) for header, record in rows]

    def rollback(self, number: int) -> None:
        """Forgets the blocks after this one, and what was to be done because of them, unless it was already.

        What was done after it may not be, on the new branch: it is looked at again.
        """
        with self.transaction():
            for table in ("block", "snapshot"):
                self._db.execute(f"DELETE FROM {table} WHERE number > ?", (number,))  # noqa: S608 - a constant
            self._db.execute(
                "DELETE FROM incident WHERE block > ? AND id NOT IN "
                "(SELECT incident FROM action WHERE status <> 'due')",
                (number,),
            )
            self._db.execute("DELETE FROM action WHERE block > ? AND status = 'due'", (number,))
            again = "UPDATE action SET status = 'due' WHERE status IN ('landed', 'open') AND landed_in > ?"
            self._db.execute(again, (number,))
        for gone in [one for one in self._hashes if one > number]:
            del self._hashes[gone]

    def _insert(self, header: Header, record: dict[str, Any]) -> None:
        values = (header.number, header.hash, json.dumps(header), json.dumps(record))
        self._db.execute("INSERT INTO block VALUES (?, ?, ?, ?)", values)
        self._hashes[header.number] = header.hash

    def _forget(self, number: int) -> None:
        """What no reorganisation within `history` needs."""
        keep = self._db.execute(
            "SELECT MAX(number) FROM snapshot WHERE number <= ?", (number - self._history,)
        ).fetchone()[0]
        if keep is None:
            return
        self._db.execute("DELETE FROM block WHERE number < ?", (keep,))
        self._db.execute("DELETE FROM snapshot WHERE number < ?", (keep,))
        self._db.execute("DELETE FROM sending WHERE action IS NULL AND sent < ?", (time.time() - 86_400,))
        for gone in [one for one in self._hashes if one < keep]:
            del self._hashes[gone]

    # ------------------------------------------------------------------ what is to be done

    def add_incident(self, incident: str, block: int, data: dict[str, Any]) -> bool:
        """A score that fired; False if it is known."""
        values = (incident, block, time.time(), json.dumps(data))
        return self._db.execute("INSERT OR IGNORE INTO incident VALUES (?, ?, ?, ?)", values).rowcount == 1

    def incidents(self) -> list[dict[str, Any]]:
        """All of them, oldest first."""
        rows = self._db.execute("SELECT id, block, data FROM incident ORDER BY block, id")
        return [{"id": incident, "block": block, **json.loads(data)} for incident, block, data in rows]

    def add_action(self, action: Action) -> bool:
        """To be done; False if this was asked for before, or the same target is being acted on already."""
        marks = ",".join("?" * len(UNFINISHED))
        busy = self._db.execute(
            f"SELECT 1 FROM action WHERE target = ? AND status IN ({marks})",  # noqa: S608 - marks only
            (action.target, *UNFINISHED),
        ).fetchone()
        if busy and action.status in UNFINISHED:
            return False
        return self._db.execute("INSERT OR IGNORE INTO action VALUES (?,?,?,?,?,?,?,?,?)", action).rowcount == 1

    def actions(self, *statuses: str) -> list[Action]:
        """Those of these statuses, all if none is named; the most severe first."""
        marks = ",".join("?" * len(statuses))
        where = f"WHERE status IN ({marks})" if statuses else ""
        rows = self._db.execute(f"SELECT * FROM action {where} ORDER BY severity DESC, seen, id", statuses)  # noqa: S608
        return [Action(*row) for row in rows]

    def action(self, identifier: str) -> Action:
        """One of them."""
        return Action(*self._db.execute("SELECT * FROM action WHERE id = ?", (identifier,)).fetchone())

    def finish(self, action: str, status: str, reason: str = "", landed_in: int | None = None) -> None:
        """What became of it."""
        self._db.execute(
            "UPDATE action SET status = ?, reason = ?, landed_in = ? WHERE id = ?", (status, reason, landed_in, action)
        )

    # ------------------------------------------------------------------ transactions

    def sendings(self, signer: str) -> list[Sending]:
        """Nonces in use, lowest first."""
        rows = self._db.execute("SELECT * FROM sending WHERE signer = ? ORDER BY nonce", (signer,))
        return [Sending(*row) for row in rows]

    def put_sending(self, sending: Sending) -> None:
        """Uses a nonce, or replaces the transaction that does: written before it is broadcast."""
        with self.transaction():
            self._db.execute("INSERT OR REPLACE INTO sending VALUES (?,?,?,?,?,?,?,?,?,?)", sending)
            if sending.action is not None:
                self._db.execute("UPDATE action SET status = 'sent' WHERE id = ?", (sending.action,))

    def drop_sending(self, signer: str, nonce: int) -> None:
        """The nonce is used up."""
        self._db.execute("DELETE FROM sending WHERE signer = ? AND nonce = ?", (signer, nonce))

    # ------------------------------------------------------------------ alerts

    def add_alert(self, alert: Alert) -> bool:
        """To be told; False if it was before."""
        data = json.dumps({"title": alert.title, "body": alert.body, "data": alert.data})
        values = (alert.key, data, time.time())
        return self._db.execute("INSERT OR IGNORE INTO alert (key, data, made) VALUES (?, ?, ?)", values).rowcount == 1

    def unsent_alerts(self) -> list[tuple[Alert, list[str], float]]:
        """Those not told everywhere, with where they were already, and when they were made."""
        rows = self._db.execute("SELECT key, data, sent, made FROM alert WHERE done = 0 ORDER BY made, key")
        return [(Alert(key, **json.loads(data)), json.loads(sent), made) for key, data, sent, made in rows]

    def all_alerts(self) -> list[Alert]:
        """Everything that was ever to be told, oldest first."""
        return [
            Alert(key, **json.loads(data))
            for key, data in self._db.execute("SELECT key, data FROM alert ORDER BY made, key")
        ]

    def mark_alert(self, key: str, sent: Sequence[str], *, done: bool) -> None:
        """Where it was told."""
        self._db.execute("UPDATE alert SET sent = ?, done = ? WHERE key = ?", (json.dumps(list(sent)), done, key))


def _header(text: str) -> Header:
    number, block_hash, parent, when, bloom, base_fee, transactions = json.loads(text)
    return Header(number, block_hash, parent, when, bloom, base_fee, tuple(transactions))
