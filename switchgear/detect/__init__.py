"""Detection of anomalous agents, off-chain: what the chain shows, scored action by action (S4, S5).

- `switchgear.detect.types`: what a detector takes and gives.
- `switchgear.detect.suite`: all detectors, with calibrated thresholds; they are in `detectors` and `lineage`.
- `switchgear.detect.history`: observations of a chain's past, or from a file.
- `switchgear.detect.replay`, `switchgear.detect.suggest`: what would have tripped, and limits for it.
- `switchgear.detect.streams`, `switchgear.detect.bench`: streams with known attacks, and how the detectors do on them.

All but the types and the history need the extra `sentinel`; the benchmark needs what a checkout has.
"""
