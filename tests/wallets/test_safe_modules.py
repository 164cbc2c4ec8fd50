"""Modules of a guarded Safe: an agent's is charged, people's passes, nobody's is denied (WP-1, WP-4)."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from switchgear.errors import AgentDenied, NotPermitted
from switchgear.foreign.keys import ZERO
from switchgear.foreign.safe import LATEST, Call, Safes
from switchgear.gas.chain import account
from switchgear.types import Reason
from tests.support.guarded import BOB, CAP, CHILD, EVE, HUMAN, Field, Guarded, refuses

if TYPE_CHECKING:
    from collections.abc import Iterator

    from switchgear.gas.chain import Chain

MODULE = account("people's module")
MODULE_GUARD = "module_manager.module_guard.address"


@pytest.fixture(scope="module")
def field(chain: Chain) -> Field:
    """Core and agents."""
    return Field(chain)


@pytest.fixture(scope="module")
def moduled(field: Field, chain: Chain) -> Guarded:
    """1.5.0 with three modules: an agent, people's, and nobody's."""
    latest = Safes(chain, LATEST, label="moduled")
    modules = [CHILD.address, MODULE, EVE]
    made = Guarded(
        field, latest, owners=[HUMAN.address], trusted=(HUMAN.address, MODULE), modules=modules, label="moduled"
    )
    made.grant(wallet=CHILD.address)
    return made


def test_module__agent_peoples_and_nobodys__by_name(moduled: Guarded, field: Field) -> None:
    """WP-1: a module is its own signer: an agent is charged, people's passes, any other is denied."""
    much, call = (Call(field.token.address, field.encode("transfer", BOB, n)) for n in (2 * CAP, 4))
    with moduled.takes(4):
        moduled.safe.exec_from_module(call, module=CHILD.address)
    assert moduled.charged(by=CHILD) == 4
    with refuses(AgentDenied, wallet=CHILD.address, reason=Reason.VALUE_OVERSIZED):
        moduled.safe.exec_from_module(much, module=CHILD.address)
    with refuses(NotPermitted, wallet=EVE):
        moduled.safe.exec_from_module(call, module=EVE)
    with moduled.takes(2 * CAP):
        moduled.safe.exec_from_module(much, module=MODULE)
    for target in (moduled.address, ZERO):
        removal = Call(target, moduled.self_call("setModuleGuard", ZERO))
        with refuses(NotPermitted, wallet=CHILD.address, target=moduled.address):
            moduled.safe.exec_from_module(removal, module=CHILD.address)


def test_module__agents_batch__each_call_charged(moduled: Guarded, field: Field) -> None:
    """WP-2: a module's delegatecall is decoded likewise."""
    call = Call(field.token.address, field.encode("transfer", BOB, 5))
    made = moduled.safe.multi_send([call, call])
    moduled.safe.exec_from_module(Call(made.to, made.data, 0, made.operation), module=CHILD.address)
    assert moduled.charged(by=CHILD) == 10


def test_module__people_take_the_guards_off__nothing_in_the_way(moduled: Guarded) -> None:
    """WP-6: people's module can do it too."""
    for function in ("setGuard", "setModuleGuard"):
        moduled.safe.exec_from_module(Call(moduled.address, moduled.self_call(function, ZERO)), module=MODULE)
    assert not moduled.guarded
    assert int(moduled.stored(MODULE_GUARD), 16) == 0


@pytest.fixture(autouse=True)
def _rolled_back(field: Field, moduled: Guarded) -> Iterator[None]:  # noqa: ARG001 - made before the snapshot
    """Leaves the chain as it was."""
    with field.rolled_back():
        yield
