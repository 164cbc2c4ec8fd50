"""Open a kill switch, a breaker or a lane."""

from switchgear.ops.trip import cli

__all__ = ["cli"]
