"""The examples in docstrings run."""

import doctest
import importlib

import pytest

MODULES = (
    "switchgear.types",
    "switchgear.words",
    "switchgear.model",
    "switchgear.model.breaker",
    "switchgear.model.errors",
    "switchgear.model.settings",
    "switchgear.fuzz.shrink",
    "switchgear.commerce",
    "switchgear.countersign",
    "switchgear.decoder",
    "switchgear.errors",
    "switchgear.errors.revert",
    "switchgear.execution",
    "switchgear.policy",
    "switchgear.tokens",
    "switchgear.detect.detectors",
    "switchgear.detect.history",
    "switchgear.detect.streams",
    "switchgear.detect.suggest",
    "switchgear.detect.suite",
    "switchgear.detect.tails",
    "switchgear.tables",
)


@pytest.mark.parametrize("name", MODULES)
def test_docstrings__examples__run(name):
    """Every module that is to be read by clients has examples, and they say what happens."""
    failed, tried = doctest.testmod(importlib.import_module(name))
    assert tried > 0
    assert failed == 0
