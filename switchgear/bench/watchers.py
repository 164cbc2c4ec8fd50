"""What is measured: each a process that reads its task, one line of JSON, from standard input.

All do the same: take every denial that the core logs, in order, and open the kill switch of the agent whose denied
value is the mark. `python -m switchgear.bench.watchers sentinel` or `polling`; Silverback runs `BOT` itself.
"""

from __future__ import annotations

import asyncio
import json
import sys
import time
from typing import TYPE_CHECKING, Any

from eth_account import Account

from switchgear.breaker import Breaker
from switchgear.chain import connect
from switchgear.detect.types import Score

if TYPE_CHECKING:
    from collections.abc import Mapping

    from switchgear.detect.types import Observation

NETWORK = "ethereum:local:foundry"
GUARDIAN = 5
"""Index of the account that trips, among those of the node's mnemonic."""
MARK = 777
"""A denied value that gives the agent away."""
BOT = f"""
from ape import Contract, chain
from silverback import SilverbackBot
from switchgear.artifacts import load
from switchgear.breaker import Breaker
from switchgear.deployment import core_address
from switchgear.words import decode_verdict

bot = SilverbackBot()
core = Contract(core_address(), abi=load("CircuitBreaker").abi)
breaker = Breaker(chain.provider.web3)


@bot.on_(core.Denied)
def denied(log):
    if log["value"] == {MARK}:
        breaker.trip_agent(decode_verdict(log.verdict).agent, "mark", sender=bot.signer)
"""
"""The same for Silverback."""


class Mark:
    """Fires for the mark."""

    name = "mark"

    def observe(self, o: Observation) -> Score | None:
        """Whether it is the mark."""
        return Score(self.name, o.agent, o.lineage, float(o.value), 1.0, o.value == MARK, "marked")

    def state(self) -> dict[str, Any]:
        """Nothing to remember."""
        return {}

    def restore(self, state: Mapping[str, Any]) -> None:
        """Nothing to go on from."""


def sentinel(task: Mapping[str, Any]) -> None:
    """The sentinel, as configured for one endpoint and its websocket, with an account of Ape's as the command has."""
    from ape import accounts, networks  # noqa: PLC0415 - the polling loop does not pay for it

    from switchgear.sentinel.config import Config  # noqa: PLC0415 - the others do not pay for it
    from switchgear.sentinel.engine import Sentinel  # noqa: PLC0415

    config = Config.of(
        {
            "mode": "enforce",
            "database": task["database"],
            "endpoints": [task["url"]],
            "websockets": [task["url"].replace("http", "ws", 1)],
            "detectors": [{"use": "switchgear.bench.watchers:Mark", "mode": "enforce", "trips": "kill-switch"}],
        }
    )
    with networks.parse_network_choice(NETWORK, provider_settings={"host": task["url"]}):
        asyncio.run(Sentinel(config, account=accounts.test_accounts[GUARDIAN]).run())


def polling(task: Mapping[str, Any]) -> None:
    """What people write first: ask for logs every second, act on them."""
    breaker = Breaker(connect(task["url"]))
    signer = Account.from_key(task["key"])
    next_block = int(breaker.node.block()["number"], 16) + 1
    while True:
        head = int(breaker.node.block()["number"], 16)
        for event in breaker.events("Denied", from_block=next_block, to_block=head):
            if event.args["value"] == MARK:
                breaker.trip_agent(event.args["verdict"].agent, "mark", sender=signer)
        next_block = head + 1
        time.sleep(1)


def main() -> None:
    """Does the task."""
    {"sentinel": sentinel, "polling": polling}[sys.argv[1]](json.loads(sys.stdin.readline()))


if __name__ == "__main__":
    main()
