"""Run the core against the reference model."""

from switchgear.fuzz.cli import cli

__all__ = ["cli"]
