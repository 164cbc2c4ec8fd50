"""One chain, one Safe of 1.5.0 behind its guard, rolled back after each test."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from switchgear.foreign import artifacts
from switchgear.foreign.safe import Safes
from switchgear.gas.chain import Chain, anvil
from tests.support.guarded import Field, Guarded

if TYPE_CHECKING:
    from collections.abc import Iterator


@pytest.fixture(scope="package")
def chain(project: Any) -> Iterator[Chain]:
    """With all artifacts at hand."""
    with anvil(artifacts.of(project)) as running:
        yield running


@pytest.fixture(scope="package")
def field(chain: Chain) -> Field:
    """Core and agents."""
    return Field(chain)


@pytest.fixture(scope="package")
def safes(chain: Chain) -> Safes:
    """The newest version."""
    return Safes(chain)


@pytest.fixture(scope="package")
def guarded(field: Field, safes: Safes) -> Guarded:
    """Without any permission yet."""
    return Guarded(field, safes)


@pytest.fixture(autouse=True)
def _rolled_back(field: Field, guarded: Guarded) -> Iterator[None]:  # noqa: ARG001 - made before the snapshot
    """Leaves the chain as it was."""
    with field.rolled_back():
        yield
