"""The sentinel: watches the agents of one chain and trips by itself (OP-1, OP-2, OP-3, OP-4).

- `switchgear.sentinel.source`: blocks and logs, none missed, none twice, whatever the nodes do.
- `switchgear.sentinel.chainview`: who is who, and what agents did, as observations.
- `switchgear.sentinel.store`: everything that must survive a crash, one transaction a block.
- `switchgear.sentinel.actuator`: transactions that land.
- `switchgear.sentinel.survey`: what no event tells: missed heartbeats, stale bindings, loosenings, balances.
- `switchgear.sentinel.alerts`, `switchgear.sentinel.metrics`: what people and their dashboards see.
- `switchgear.sentinel.engine`: all of it together.
"""
