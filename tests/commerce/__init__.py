"""ERC-8183: the job escrow, the hook under the breaker, and their client."""
