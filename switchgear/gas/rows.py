"""The paths of the core: what each costs beyond the same transaction without the question."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from switchgear.gas.chain import Deployed, gas_of
from switchgear.gas.world import (
    ADMIN,
    CLAMPED_LANE,
    GUARDIAN,
    HOUR,
    LIMITS,
    LINEAGE_LANE,
    MODEL,
    PLAIN_LANE,
    SETTLED,
    VALUE,
    World,
)

if TYPE_CHECKING:
    from collections.abc import Iterator

COLD_CALL = 2_600
"""What calling an account not yet touched in the transaction costs (EIP-2929)."""
WRITE_SURCHARGE = 10_000
"""What a written slot costs more under EIP-8038."""
BOUND = 24 * HOUR
"""Seconds a guardian's trip lasts."""
NOTE = b"burst of transfers".ljust(32, b"\0")

BUDGETS: dict[str, tuple[int | None, int]] = {
    "admit": (13_900, 15_900),
    "admit_lineage": (18_900, 21_300),
    "admit_ancestor": (26_000, 29_500),
    "admit_soft": (13_900, 15_900),
    "denied_open": (8_900, 11_000),
    "denied_kill_switch": (6_800, 11_000),
    "status_view": (6_800, 7_700),
    "status_of_view": (4_700, 5_600),
    "trip": (None, 40_000),
    "trip_fresh": (None, 57_000),
}
"""Cold access alone, and what a row may cost. Rows that are not here are for information."""

TITLES = {
    "admit": "Admission: three words read, one breaker written",
    "admit_lineage": "the same, and the lineage's breaker",
    "admit_ancestor": "the same, and one ancestor's kill switch and breaker",
    "admit_soft": "Admission, soft form",
    "denied_open": "Soft refusal: agent's breaker open",
    "denied_kill_switch": "Soft refusal: kill switch open",
    "status_view": "Kill switch read by another contract, by wallet",
    "status_of_view": "the same, by handle",
    "trip": "Guardian trips a breaker, whole transaction",
    "trip_fresh": "the same, on a fresh word",
    "trip_kill_switch": "Guardian trips a kill switch, whole transaction",
    "admit_first_touch": "Admission, first ever of this agent here",
    "admit_probation": "Admission in probation",
    "admit_last_straw": "Admission that opens its breaker behind itself",
    "admit_lineage_clamped": "Lineage whose share binds the agent",
    "denied_strike": "Soft refusal by a meter, one strike recorded",
}
"""Every row, in the order of the tables."""


@dataclass(frozen=True)
class Row:
    """One path."""

    gas: int
    """Beyond the same transaction without the question; of the whole transaction for a trip."""
    written_slots: int
    """Of these, storage slots written."""
    floor: int | None = None
    """What its cold accesses alone cost."""
    budget: int | None = None
    """What it may cost."""
    core_gas: int | None = None
    """Used inside the core."""

    @property
    def eip8038(self) -> int:
        """Gas once EIP-8038 has made writing dearer."""
        return self.gas + WRITE_SURCHARGE * self.written_slots

    @property
    def ratio(self) -> float | None:
        """Gas by floor."""
        return round(self.gas / self.floor, 3) if self.floor else None

    @property
    def within_budget(self) -> bool | None:
        """Whether it keeps to its budget; None without one."""
        return None if self.budget is None else self.gas <= self.budget

    @property
    def adapter_gas(self) -> int | None:
        """What the caller itself spends on asking, the price of calling left out."""
        return None if self.core_gas is None else self.gas - COLD_CALL - self.core_gas

    def as_dict(self) -> dict[str, Any]:
        """For the snapshot."""
        return {
            "gas": self.gas,
            "floor": self.floor,
            "ratio": self.ratio,
            "budget": self.budget,
            "within_budget": self.within_budget,
            "written_slots": self.written_slots,
            "eip8038": self.eip8038,
            "core": self.core_gas,
            "adapter": self.adapter_gas,
        }


class UnexpectedAnswer(RuntimeError):
    """A probe was not answered as its row says: the figure would be of something else."""


def measure_rows(world: World) -> dict[str, Row]:
    """Every path, each under the conditions that its name says."""
    measured = dict(_rows(world))
    return {name: measured[name] for name in TITLES}


def marginal(
    world: World,
    probes: tuple[Deployed, Deployed],
    lane: int,
    wallet: str,
    value: int = VALUE,
    *,
    admitted: bool = True,
) -> Row:
    """One action asked about, against the same unasked.

    Args:
        world: Where.
        probes: Asking and not asking.
        lane: Of the asking probe.
        wallet: Who acts.
        value: The action's.
        admitted: Whether the answer is to be an admission.

    Raises:
        UnexpectedAnswer: It is the other.
    """
    asking, silent = probes
    chain = world.chain
    if chain.call(asking, "act", lane, value, sender=wallet) != admitted:
        message = f"the wallet was to be {'admitted' if admitted else 'refused'} in lane {lane}"
        raise UnexpectedAnswer(message)
    asked, unasked = world.act(asking, lane, wallet, value), world.act(silent, lane, wallet, value)
    return Row(
        gas=gas_of(asked) - gas_of(unasked),
        written_slots=chain.written_slots(asked) - chain.written_slots(unasked),
        core_gas=chain.callee_gas(asked, world.core.address),
    )


def _rows(world: World) -> Iterator[tuple[str, Row]]:
    rows = {**_admissions(world), **_refusals(world), **_views(world), **_trips(world)}
    for name, row in rows.items():
        floor, budget = BUDGETS.get(name, (None, None))
        yield name, Row(row.gas, row.written_slots, floor, budget, row.core_gas)


def _admissions(world: World) -> dict[str, Row]:
    """Settled, unless the name says otherwise."""
    hard = world.protocols("GasHard", lanes=(PLAIN_LANE, LINEAGE_LANE, CLAMPED_LANE))
    soft = world.protocols("GasSoft", lanes=(PLAIN_LANE,))
    root = world.enroll(lineage=MODEL)
    child = world.enroll(parent=world.newest, lineage=MODEL)
    fresh = world.enroll()

    rows = {}
    rows["admit_first_touch"] = marginal(world, hard, PLAIN_LANE, fresh)
    rows["admit_probation"] = marginal(world, hard, PLAIN_LANE, fresh)
    for name, probes, lane, wallet in (
        ("admit", hard, PLAIN_LANE, root),
        ("admit_soft", soft, PLAIN_LANE, root),
        ("admit_lineage", hard, LINEAGE_LANE, root),
        ("admit_lineage_clamped", hard, CLAMPED_LANE, root),
        ("admit_ancestor", hard, LINEAGE_LANE, child),
    ):
        world.settle(probes[0], lane, wallet)
        rows[name] = marginal(world, probes, lane, wallet)
    world.settle(hard[0], PLAIN_LANE, fresh)
    world.chain.later(SETTLED)
    rows["admit_last_straw"] = marginal(world, hard, PLAIN_LANE, fresh, LIMITS.value_cap)
    return rows


def _refusals(world: World) -> dict[str, Row]:
    """In the soft form; a probe that does not ask is never refused."""
    soft = world.protocols("GasSoft", lanes=(LINEAGE_LANE,), label="refusing")
    wallet = world.enroll(lineage=MODEL)
    agent = world.newest
    world.settle(soft[0], LINEAGE_LANE, wallet)

    rows = {}
    rows["denied_strike"] = marginal(world, soft, LINEAGE_LANE, wallet, LIMITS.value_cap, admitted=False)
    world.chain.send(world.core, "trip", soft[0].address, LINEAGE_LANE, agent, NOTE, sender=ADMIN)
    rows["denied_open"] = marginal(world, soft, LINEAGE_LANE, wallet, admitted=False)
    world.chain.send(world.core, "tripAgent", agent, NOTE, sender=world.crowd.address)
    rows["denied_kill_switch"] = marginal(world, soft, LINEAGE_LANE, wallet, admitted=False)
    return rows


def _views(world: World) -> dict[str, Row]:
    """Of an agent with nothing tripped."""
    wallet = world.enroll()
    return {
        "status_view": marginal(world, world.protocols("GasStatus"), PLAIN_LANE, wallet),
        "status_of_view": marginal(world, world.protocols("GasStatusOf"), PLAIN_LANE, wallet, world.newest),
    }


def _trips(world: World) -> dict[str, Row]:
    """By a guardian that has tripped nothing here before."""
    chain, core = world.chain, world.core
    protocol = world.protocols("GasHard", lanes=(PLAIN_LANE,), label="tripped")[0]
    chain.send(core, "setGuardian", protocol.address, GUARDIAN, BOUND, sender=ADMIN)
    wallet = world.enroll()
    touched = world.newest
    world.settle(protocol, PLAIN_LANE, wallet)
    world.enroll()
    fresh = world.newest
    chain.send(core, "setAgentGuardian", fresh, GUARDIAN, BOUND, sender=world.crowd.address)
    receipts = {
        "trip": chain.send(core, "trip", protocol.address, PLAIN_LANE, touched, NOTE, sender=GUARDIAN),
        "trip_fresh": chain.send(core, "trip", protocol.address, PLAIN_LANE, fresh, NOTE, sender=GUARDIAN),
        "trip_kill_switch": chain.send(core, "tripAgent", fresh, NOTE, sender=GUARDIAN),
    }
    return {name: Row(gas_of(one), chain.written_slots(one)) for name, one in receipts.items()}
