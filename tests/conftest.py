"""What every test shares."""

from pathlib import Path

from hypothesis.configuration import set_hypothesis_home_dir

# Beside the other tools' caches, and not in whatever folder the run began in.
set_hypothesis_home_dir(Path(__file__).parents[1] / ".cache" / "hypothesis")
