"""Measure what the sentinel keeps up with."""

from switchgear.bench.cli import cli

__all__ = ["cli"]
