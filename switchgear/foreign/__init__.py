"""Other people's wallets on the local chain, deployed from what npm carries: for tests, the demo and gas figures.

Not for clients, who have wallets of their own; hence apart from them. All of it runs on `switchgear.gas.chain.Chain`.
"""
