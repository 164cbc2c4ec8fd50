"""Show, tighten and loosen limits."""

from switchgear.ops.limits import cli

__all__ = ["cli"]
