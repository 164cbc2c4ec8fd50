"""Scene 12: an agent that stays below every limit, and the sentinel that knows its habits."""

from __future__ import annotations

import asyncio
import logging
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING

from ape.utils import ManagerAccessMixin

from switchgear.demo import vaults
from switchgear.demo.scene import Figures, Script, dollars
from switchgear.demo.stage import DOLLAR, HOUR
from switchgear.demo.vaults import LANE, open_account, serve_probation
from switchgear.detect.suite import RATES, shipped
from switchgear.display import plural
from switchgear.report import compose, examine, gather, to_html
from switchgear.report.scores import fired
from switchgear.sentinel.config import Config
from switchgear.sentinel.engine import Sentinel
from switchgear.types import Reason, Scope

if TYPE_CHECKING:
    from collections.abc import Callable

    from eth_account.signers.local import LocalAccount

    from switchgear.demo.scene import Scene
    from switchgear.demo.stage import Stage
    from switchgear.demo.vaults import Account

DEPOSIT = 5_000 * DOLLAR
BILL = 40 * DOLLAR
THEFT = 100 * DOLLAR
"""A fiftieth of what an hour allows."""
DAYS = 9
BILLS_A_DAY = 5
THRESHOLD = shipped()[str(RATES[-1])]["counterparties"]
"""For one false alarm an agent in 300 days."""
DATABASE = "sentinel.db"
REPORT = Path(".cache") / "demo" / "incident.html"


def play(stage: Stage, scene: Scene) -> Figures:
    """An agent robs its user slowly, by payments to ever new addresses; the sentinel notices (S4, S14)."""
    admin, user, owner, wallet, shop, guardian = stage.cast(
        "the admin", "the user", "the owner", "the agent", "the shop", "the sentinel"
    )
    agent = stage.enroll(owner, wallet)
    plain = open_account(stage, "Vault", user, DEPOSIT, [wallet])
    start = plain.balance
    for thief in stage.actors(start // THEFT):
        plain.withdraw(wallet, THEFT, thief)
    lost_without = start - plain.balance
    scene.without(
        f"{dollars(THEFT)} at a time, to another address each: {dollars(lost_without)} are gone, no limit was touched."
    )
    scene.holds("without a guard everything was lost", lost_without, start)

    safe = open_account(stage, "GuardedVault", user, DEPOSIT, [wallet], admin=admin)
    first = stage.block
    serve_probation(scene, safe, [wallet], shop)
    stage.breaker.set_guardian(safe.vault.address, guardian.address, 24 * HOUR, sender=admin)
    with TemporaryDirectory() as folder:
        sentinel = _sentinel(stage, safe, guardian, Path(folder) / DATABASE)
        sentinel()
        for _ in range(DAYS * BILLS_A_DAY):
            stage.hold(24 * HOUR // BILLS_A_DAY)
            safe.withdraw(wallet, BILL, shop)
        sentinel()
        scene.guarded(
            f"For {DAYS} days the agent pays its shop, {BILLS_A_DAY} times a day; the sentinel learns its habits."
        )
        quiet = safe.withdraw(wallet, BILL, shop)
        scene.holds("honest work is not disturbed", quiet.done)

        before, harm = safe.balance, stage.block + 1
        seen = harm
        for thief in stage.actors(len(range(0, before, THEFT))):
            stage.hold(HOUR)
            theft = safe.withdraw(wallet, THEFT, thief)
            if not theft.done:
                break
            seen = theft.block
            sentinel()
        scores = fired(Path(folder) / DATABASE, agent)
    trips = list(stage.breaker.events("BreakerTripped", from_block=harm, protocol=safe.vault.address))
    scene.holds("one breaker has opened", len(trips), 1)
    trip = trips[0]
    lost_with = before - safe.balance
    latency = trip.block_number - seen
    scene.guarded(
        f"Now it pays {dollars(THEFT)} to a new address every hour. After {plural(lost_with // THEFT, 'payment')} the "
        f"sentinel trips it, {plural(latency, 'block')} after it saw the last one. The next: {theft.answer}."
    )
    denied = theft.verdict and (theft.verdict.scope, theft.verdict.reason)
    scene.holds("its breaker is open", denied, (Scope.AGENT, Reason.BREAKER_OPEN))
    scene.holds("it was the sentinel that opened it", trip.args["actor"], guardian.address)
    scene.holds("and nothing on-chain: no limit was near", lost_with < vaults.LIMITS.value_cap)
    scene.at_most("the loss is a few payments", lost_with, 8 * THEFT)

    evidence = gather(stage.breaker, agent, first=first, decimals=18, scores=scores)
    path = ManagerAccessMixin.local_project.path / REPORT
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(to_html(compose(evidence, examine(evidence, onset=harm))))
    score = scores[-1]
    scene.holds("the report names the score that did it", score.alarming and score.block == seen)
    scene.guarded(f"The report of the incident is in {REPORT}.")
    scene.holds("the report tells of the trip", trip.transaction_hash in path.read_text())
    return Figures(
        lost_without, lost_with, trip.block_number - harm, {"latency_in_blocks": latency, "report": str(REPORT)}
    )


def _sentinel(stage: Stage, account: Account, guardian: LocalAccount, database: Path) -> Callable[[], None]:
    """A sentinel that takes every block there is, acts, and waits to be asked again; its memory is in the file."""
    config = Config.of(
        {
            "mode": "enforce",
            "database": database,
            "quorum": 1,
            "start": 0,
            "protocols": [{"address": account.vault.address, "lane": LANE, "token": account.vault.read("asset")}],
            "detectors": [
                {
                    "use": "switchgear.detect.detectors:YoungCounterparties",
                    "options": {"threshold": THRESHOLD},
                    "mode": "enforce",
                }
            ],
        }
    )
    endpoint = ManagerAccessMixin.provider.http_uri
    # The scene tells what it does.
    logging.getLogger("switchgear.sentinel").addHandler(logging.NullHandler())

    def run() -> None:
        watching = Sentinel(config, account=guardian, core=stage.breaker.address, endpoint=endpoint)
        asyncio.run(watching.run(once=True))

    return run


SCRIPT = Script("drain", "A slow drain: below every limit, and still noticed", ("S4", "S14"), play)
