"""Tests of the ERC-8004 registry."""
