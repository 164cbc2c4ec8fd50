"""The story that `make demo` tells: agents registered, at work, gone rogue, stopped by contracts, reset by an operator.

One module a scene, each with a `play(stage, scene)`; `stage` has the chain and the people on it, `scene` takes what is
told and what is claimed. Every figure is read from receipts or from the state of the chain.
"""
