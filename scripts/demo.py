"""Tell the story of agents at work, gone rogue, stopped and reset."""

from switchgear.demo.cli import cli

__all__ = ["cli"]
