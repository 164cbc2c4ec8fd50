"""The table of mutants fits the sources; that each is noticed is what `ape run mutants` says."""

from __future__ import annotations

from pathlib import Path

import pytest

from switchgear.mutants.run import EQUIVALENT, Outcome, OutdatedMutant, change, sources
from switchgear.mutants.table import MUTANTS, Mutant

ROOT = Path(__file__).parents[2]
RULES = {f"BR-{number}" for number in range(1, 18)} | {f"ID-{number}" for number in range(1, 10)}


@pytest.mark.parametrize("mutant", MUTANTS, ids=lambda mutant: f"{mutant.rule}: {mutant.what}")
def test_change__each_mutant__fits_the_sources(mutant: Mutant) -> None:
    """A mutant whose text is no longer there once would test nothing."""
    assert sources(ROOT, mutant) != sources(ROOT)


@pytest.mark.parametrize("text", ["", "a + b; a + b;"])
def test_change__text_not_there_once__is_an_error(text: str) -> None:
    """An outdated mutant is loud."""
    with pytest.raises(OutdatedMutant):
        change(text, Mutant("BR-1", "x.sol", "a + b", "a - b", "less"))


def test_table__covers_the_rules__each_mutant_once() -> None:
    """Every rule that the sources can break has a mutant, and there are at least 40."""
    assert {mutant.rule for mutant in MUTANTS} == RULES
    assert len(set(MUTANTS)) == len(MUTANTS) >= 40


@pytest.mark.parametrize(
    ("what", "killer", "expected"),
    [("less", "", False), ("less", "a test", True), (EQUIVALENT, "", True), (EQUIVALENT, "a test", False)],
)
def test_outcome__noticed_or_equivalent__is_as_expected(what: str, killer: str, expected: bool) -> None:
    """A survivor has to be explained, and an explanation has to be true."""
    assert Outcome(Mutant("BR-1", "x.sol", "a", "b", what), killer).expected is expected
