"""The decoder of wallet executions, in Solidity and in Python."""
