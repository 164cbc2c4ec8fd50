"""Register and enrol an agent, and bind its wallet."""

from switchgear.ops.enroll import cli

__all__ = ["cli"]
