"""Detection: detectors, streams, the benchmark, history and replay."""
