"""The sentinel on a node that behaves: it observes, decides and trips."""

from __future__ import annotations

from typing import TYPE_CHECKING

from switchgear import State, Subject
from tests.sentinel.conftest import DETECTOR, until

if TYPE_CHECKING:
    from tests.sentinel.conftest import Chain, Watch


def test_run__a_score_fires__the_kill_switch_is_open_once(chain: Chain, watch: Watch) -> None:
    """S4, OP-2: from the action to the open kill switch, by one transaction."""
    with watch.running():
        until(lambda: watch.taken(chain.height), "first start")
        chain.act(1)
        chain.act(17)
        chain.act(27)
        until(lambda: chain.stopped, "trip")
        until(lambda: watch.ask(lambda s: [a.status for a in s.actions()]) == ["landed"], "read-back")
    assert chain.trips == 1
    assert len(watch.seen) == len(set(watch.seen)) == 3


def test_run__trips_breaker__opens_the_agents_breaker_at_the_protocol(chain: Chain, watch: Watch) -> None:
    """S4: a guardian of the protocol opens the agent's breaker there, and nothing else."""
    with watch.running(detectors=[{"use": DETECTOR, "mode": "enforce"}]):
        until(lambda: watch.taken(chain.height), "first start")
        chain.act(7)
        place = (*chain.world.place, Subject.of_agent(chain.world.agent))
        until(lambda: chain.world.breaker.usage(*place).state is State.OPEN, "trip")
    assert not chain.stopped
