"""Show an agent: identity, wallets, kill switch, breakers."""

from switchgear.ops.status import cli

__all__ = ["cli"]
