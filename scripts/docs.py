"""Write docs/cli.md from the commands' own help."""

from switchgear.ops.docs import cli

__all__ = ["cli"]
