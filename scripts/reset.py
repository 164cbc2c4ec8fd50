"""Close what was opened, cause by cause."""

from switchgear.ops.reset import cli

__all__ = ["cli"]
