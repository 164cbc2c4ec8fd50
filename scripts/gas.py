"""Measure gas against the budgets."""

from switchgear.gas.cli import cli

__all__ = ["cli"]
