"""The rules that hold whatever the model says can fail, and the codec that they read with is eth_abi's equal."""

from __future__ import annotations

from fractions import Fraction
from typing import TYPE_CHECKING, Any

import pytest
from eth_abi.abi import encode
from hypothesis import given
from hypothesis import strategies as st

from switchgear.fuzz.abi import Codec
from switchgear.fuzz.backends import Pyrevm
from switchgear.fuzz.machine import START, Divergence, Machine
from switchgear.fuzz.rules import Rules, require_loss_bound
from switchgear.fuzz.steps import Step, cast
from switchgear.model import Signature, WalletBinding
from switchgear.types import NEVER_STRIKE, NEVER_TRIP, NO_EXPIRY, LanePolicy, Limits

if TYPE_CHECKING:
    from switchgear.fuzz.run import Artifacts

OWNER, WALLET, PROTOCOL, ADMIN = cast().owners[0], cast().wallets[0], cast().protocols[0], cast().admins[0]


@pytest.fixture
def machine(artifacts: Artifacts) -> Machine:
    """One agent with a wallet, and a lane of one action a minute."""
    machine = Machine(Pyrevm(START), artifacts)
    registry = machine.registries[0]
    limits = Limits(1, 100, NEVER_TRIP, NEVER_STRIKE, 7_201, 0, 8, 0)
    binding = WalletBinding(registry, 1, OWNER, WALLET, 0, START)
    for step in (
        Step("transfer", (registry, 1, OWNER)),
        Step("enroll", (OWNER, registry, 1, 0, 0, START, None)),
        Step("bind_wallet", (OWNER, 1, WALLET, NO_EXPIRY, START, Signature(WALLET, binding))),
        Step("set_admin", (PROTOCOL, ADMIN)),
        Step("open_lane", (PROTOCOL, 0, limits, LanePolicy(60), [])),
    ):
        machine.apply(step)
    return machine


ADMIT = Step("admit", (PROTOCOL, 0, WALLET, 1))


def watched(machine: Machine, times: int) -> Rules:
    """Rules that have seen so many asks."""
    rules = Rules(machine)
    for _ in range(times):
        rules.before(ADMIT)
        machine.apply(ADMIT)
        rules.after(ADMIT)
    return rules


def test_after__admitted_and_denied__holds(machine: Machine) -> None:
    """BR-1, BR-2, BR-3: the core keeps them, and the one admitted action is on the books."""
    rules = watched(machine, 3)
    rules.finish()
    assert [(charge.actions, charge.value) for charge in rules.charges] == [(1, Fraction(1, 100))]


def test_after__latched_kill_switch__admission_is_a_finding(machine: Machine) -> None:
    """BR-3: an admission behind a latched kill switch is found without the model."""
    rules = Rules(machine)
    trip = Step("trip_agent", (OWNER, 1, bytes(32)))
    machine.apply(trip)
    rules.after(trip)
    machine.apply(Step("reset_agent", (OWNER, 1, 63)))  # which the rules have not been told
    rules.before(ADMIT)
    machine.apply(ADMIT)
    with pytest.raises(Divergence, match="BR-3"):
        rules.after(ADMIT)


def test_after__denial_that_wrote_elsewhere__is_a_finding(machine: Machine) -> None:
    """BR-1: a denial writes nothing but its own strike."""
    rules = watched(machine, 1)
    rules.before(ADMIT)
    machine.apply(Step("set_admin", (cast().protocols[1], ADMIN)))
    machine.apply(Step("trip", (PROTOCOL, PROTOCOL, 0, 0, bytes(32))))
    machine.apply(ADMIT)
    with pytest.raises(Divergence, match="BR-1: a denial wrote"):
        rules.after(ADMIT)


def test_after__denial_that_charged__is_a_finding(machine: Machine) -> None:
    """BR-1: a denial charges no meter."""
    rules = Rules(machine)
    rules.before(ADMIT)
    machine.apply(ADMIT)
    machine.apply(ADMIT)
    with pytest.raises(Divergence, match="BR-1: a denial charged"):
        rules.after(ADMIT)


@pytest.mark.parametrize(("extra", "holds"), [(Fraction(0), True), (Fraction(1, 10**30), False)])
def test_require_loss_bound__exactly_the_bound_and_a_hair_more__holds_or_not(extra: Fraction, holds: bool) -> None:
    """BR-2: at most 1 + t / window over any interval, an early burst notwithstanding."""
    parts = [(0, Fraction(1)), (600, Fraction(1, 2)), (600, Fraction(1, 2)), (630, Fraction(1, 2) + extra)]
    if holds:
        require_loss_bound("value", parts, 60)
    else:
        with pytest.raises(Divergence, match="BR-2"):
            require_loss_bound("value", parts, 60)


@given(st.lists(st.tuples(st.integers(0, 100), st.integers(0, 60)), max_size=12))
def test_require_loss_bound__any_history__is_what_all_pairs_say(history: list[tuple[int, int]]) -> None:
    """BR-2: one pass finds what looking at every interval finds."""
    parts, now = [], 0
    for wait, part in history:
        now += wait
        parts.append((now, Fraction(part, 60)))
    worst = any(
        sum(part for _, part in parts[first : last + 1]) > 1 + Fraction(parts[last][0] - parts[first][0], 60)
        for first in range(len(parts))
        for last in range(first, len(parts))
    )
    if worst:
        with pytest.raises(Divergence):
            require_loss_bound("value", parts, 60)
    else:
        require_loss_bound("value", parts, 60)


@given(
    st.tuples(st.integers(0, 2**256 - 1), st.binary(min_size=20, max_size=20), st.booleans(), st.binary(max_size=40)),
    st.tuples(st.integers(0, 255), st.binary(min_size=32, max_size=32)),
)
def test_codec__static_and_dynamic_types__are_as_eth_abi_says(
    plain: tuple[int, bytes, bool, bytes], struct: tuple[Any, ...]
) -> None:
    """Words end to end for static types, eth_abi for the rest."""
    number, address, flag, text = plain
    entries: list[dict[str, Any]] = [
        {"type": "uint256"},
        {"type": "address"},
        {"type": "bool"},
        {"type": "tuple", "components": [{"type": "uint8"}, {"type": "bytes32"}]},
    ]
    values = (number, "0x" + address.hex(), flag, struct)
    types = ["uint256", "address", "bool", "(uint8,bytes32)"]
    static = Codec(entries)
    assert static.encode(values) == encode(types, values)
    assert static.decode(static.encode(values)) == (number, "0x" + address.hex(), flag, *struct)
    dynamic = Codec([*entries, {"type": "bytes"}])
    assert dynamic.encode((*values, text)) == encode([*types, "bytes"], (*values, text))
    assert dynamic.decode(dynamic.encode((*values, text))) == (*values, text)
