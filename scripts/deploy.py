"""Deploy the core and its identity registry."""

from switchgear.ops.deploy import cli

__all__ = ["cli"]
