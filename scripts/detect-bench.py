"""Measure the detectors on streams with known attacks."""

from switchgear.detect.cli import cli

__all__ = ["cli"]
