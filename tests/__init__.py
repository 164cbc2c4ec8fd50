"""The tests. A package, for one of Ape's dependencies installs a `tests` of its own that would be found instead."""
