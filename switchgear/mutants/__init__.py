"""Mutation run: each rule broken in the sources, one small change at a time, and what notices.

- `switchgear.mutants.table`: the mutants.
- `switchgear.mutants.run`: compiles one and looks for a difference; `cli` prints and writes docs/mutants.md.

Development only.
"""
