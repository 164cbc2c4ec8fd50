"""Countersigning: contract, client and page (WP-7)."""
