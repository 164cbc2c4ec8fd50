"""Check the recorded deployment."""

from switchgear.ops.check import cli

__all__ = ["cli"]
