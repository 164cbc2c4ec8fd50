"""The package's root: what importing it costs and gives."""

from __future__ import annotations

import subprocess
import sys

import pytest

import switchgear

USE_EVERYTHING = """
import sys
import switchgear
before = set(sys.modules)
assert "web3" not in before, "the root alone loads web3"
for name in switchgear.__all__:
    getattr(switchgear, name)
from switchgear import errors, signing
from web3 import Web3, HTTPProvider
breaker = switchgear.Breaker(Web3(HTTPProvider("http://127.0.0.1:9")))
registry = switchgear.Registry(breaker.node.web3, breaker.address)
for ask in (breaker.agent_count, lambda: registry.owner_of(0)):
    try:
        ask()
    except errors.NoConnection:
        pass
print(sorted({name.partition(".")[0] for name in sys.modules} & {"ape", "ape_switchgear", "click", "rich", "numpy"}))
"""


def test_import__root_and_clients_in_a_fresh_process__load_no_ape() -> None:
    """Importing and using the clients loads neither Ape nor anything else that the small install lacks."""
    done = subprocess.run([sys.executable, "-c", USE_EVERYTHING], capture_output=True, text=True, check=False)

    assert (done.returncode, done.stdout.strip(), done.stderr) == (0, "[]", "")


@pytest.mark.parametrize("name", switchgear.__all__)
def test_getattr__every_public_name__is_there(name: str) -> None:
    """Every name that the root promises can be had, and `dir` tells of it."""
    assert getattr(switchgear, name) is not None
    assert name in dir(switchgear)


def test_getattr__unknown_name__raises_attribute_error() -> None:
    """A misspelled name is an AttributeError, as of any module."""
    with pytest.raises(AttributeError, match="no attribute 'Braker'"):
        switchgear.Braker  # noqa: B018 - the access is the test
