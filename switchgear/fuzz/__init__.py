"""The fuzzer: one state machine against the reference model, on pyrevm for volume and on anvil for comparison.

- `switchgear.fuzz.machine`: does a step on model and core and compares all they say.
- `switchgear.fuzz.planner`: chooses steps; `steps`: what a step is; `rules`: what must hold whatever the model says.
- `switchgear.fuzz.run`: episodes, workers, replay; `shrink`, `coverage`, `report`.

Development only: it needs pyrevm, coincurve and rich.
"""
