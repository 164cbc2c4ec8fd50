"""Watch the agents of this chain, and trip by itself."""

from switchgear.ops.watch import cli

__all__ = ["cli"]
