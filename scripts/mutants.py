"""Break each rule, and see what notices it."""

from switchgear.mutants.cli import cli

__all__ = ["cli"]
