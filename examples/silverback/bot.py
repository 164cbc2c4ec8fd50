"""A Silverback bot that is a guardian: an agent that is denied too often loses its kill switch.

    silverback run examples.silverback.bot:bot --network ethereum:mainnet:node --account guardian

For those who run Silverback already. It keeps nothing across a restart and misses what happens while its connection is
cut; `ape agents watch` does not (docs/watch.md).

Environment: `SWITCHGEAR_CORE` (default: the core's address on every chain), `SWITCHGEAR_DENIALS` (default 3) within
`SWITCHGEAR_SECONDS` (default 60).
"""

from __future__ import annotations

import os
from collections import defaultdict, deque
from typing import Any

from ape import Contract, chain
from ape.logging import logger
from silverback import SilverbackBot

from switchgear.artifacts import load
from switchgear.breaker import Breaker
from switchgear.deployment import core_address
from switchgear.errors import ContractReverted
from switchgear.words import decode_verdict

CORE = os.environ.get("SWITCHGEAR_CORE") or core_address()
DENIALS = int(os.environ.get("SWITCHGEAR_DENIALS", "3"))
SECONDS = int(os.environ.get("SWITCHGEAR_SECONDS", "60"))

bot = SilverbackBot()
core = Contract(CORE, abi=load("CircuitBreaker").abi)
recent: dict[int, deque[int]] = defaultdict(deque)
"""Times of the last denials of each agent."""


@bot.on_(core.Denied)
def denied(log: Any) -> None:
    """Counts denials, and trips at the last straw."""
    agent = decode_verdict(log.verdict).agent
    if not agent:
        return
    now, times = int(chain.blocks[log.block_number].timestamp), recent[agent]
    times.append(now)
    while times[0] <= now - SECONDS:
        times.popleft()
    if len(times) < DENIALS:
        return
    breaker = Breaker(chain.provider.web3, CORE)
    if not breaker.status_of(agent).admitted:
        return
    if bot.signer is None:
        logger.warning("agent %d was denied %d times: no account, so nobody trips", agent, len(times))
        return
    try:
        done = breaker.trip_agent(agent, f"{len(times)} denials in {SECONDS} s", sender=bot.signer)
    except ContractReverted as error:
        # A guardian that is none, or that is spent until it is re-armed.
        logger.error("agent %d cannot be tripped: %s", agent, error)
        return
    logger.warning("agent %d tripped in %s", agent, done.hash)
