"""What an admission costs, measured: every path of the core, other people's guards, and the core's growth.

- `switchgear.gas.chain`: an anvil of our own, one transaction a block, everything cold, the same in every run.
- `switchgear.gas.rows`: the paths of the core; `peers`: other people's guards; `crowd`: cost against enrolled agents.
- `switchgear.gas.report`: the snapshot, the tables of docs/gas.md; `plots`: its figures.

Development only: it needs anvil, the contracts of contracts/mocks/ and, for the figures, matplotlib.
"""
