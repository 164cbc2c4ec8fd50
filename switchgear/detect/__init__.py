"""Detection of anomalous agents, off-chain: what the chain shows, scored event by event (S4, S5).

- `switchgear.detect.types`: what a detector takes and gives.
- `switchgear.detect.detectors`, `switchgear.detect.lineage`: the detectors, of an agent and of a lineage.
- `switchgear.detect.calibrate`: thresholds from false alarms per agent and days.
- `switchgear.detect.history`: observations of a chain's past, or from a file.
- `switchgear.detect.replay`, `switchgear.detect.suggest`: what would have tripped, and limits for it.
- `switchgear.detect.streams`, `switchgear.detect.bench`: streams with known attacks, and how the detectors do on them.
"""
