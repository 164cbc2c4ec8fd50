"""The contracts that the fuzzer deploys."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from switchgear.fuzz.artifacts import from_project

if TYPE_CHECKING:
    from switchgear.fuzz.run import Artifacts


@pytest.fixture(scope="session")
def artifacts(project: Any) -> Artifacts:
    """As Ape compiles them."""
    return from_project(project)
