"""Every law holds, every tempting equation fails, and the page says so."""

from typing import Any

import pytest
from hypothesis import HealthCheck, Phase, find, settings

from fwf.interpreters.dry_run import DryRun, dry_run
from fwf.testing import BrokenLaw, assert_lawful

from . import catalogue, mutants, non_laws, page
from .broken import Mutant
from .denotation import Denotation
from .law import Law, cases, judged
from .model import meaning_by
from .tempting import NonLaw

EVERY_CHECK: list[Any] = list(HealthCheck)
THOROUGH = 1_000
"""Profiles that ask for so many examples get them; for others half are enough."""


def reference(w: Any, value: Any, scenario: Any, params: Any, workers: int | None = None) -> DryRun:
    return dry_run(w, value, scenario=scenario, params=params, workers=workers)


class TestLaws:
    @pytest.mark.parametrize("law", catalogue(), ids=Law.__str__)
    def test_a_law_holds(self, law: Law) -> None:
        asked = settings().max_examples
        assert_lawful(
            reference, laws=[law], max_examples=asked if asked >= THOROUGH else asked // 2
        )

    def test_each_law_has_a_name_of_its_own_and_says_what_it_means(self) -> None:
        names = [(law.family, law.name) for law in catalogue()]
        assert len(names) == len(set(names))
        assert all(law.meaning.endswith((".", "†")) for law in catalogue())

    def test_the_page_lists_every_law_with_its_level(self) -> None:
        stale = "laws/README.md is stale: run `python -m laws.page`"
        assert page.PLACE.read_text(encoding="utf-8") == page.page(), stale


class TestNonLaws:
    @pytest.mark.parametrize("non", non_laws.catalogue(), ids=str)
    def test_a_tempting_equation_fails(self, non: NonLaw) -> None:
        assert judged(non.law, non.case, non.interpreter(reference)) == "broken"

    @pytest.mark.parametrize("non", non_laws.catalogue(), ids=str)
    def test_hypothesis_finds_a_counterexample(self, non: NonLaw) -> None:
        run = non.interpreter(reference)
        anywhere = settings(
            max_examples=20_000,
            database=None,
            phases=[Phase.generate],
            suppress_health_check=EVERY_CHECK,
        )
        find(cases(non.law), lambda case: judged(non.law, case, run) == "broken", settings=anywhere)


class TestMutants:
    @pytest.mark.parametrize("law", catalogue(), ids=Law.__str__)
    def test_the_page_itself_keeps_a_law(self, law: Law) -> None:
        assert_lawful(meaning_by(Denotation), laws=[law], max_examples=10)

    @pytest.mark.parametrize("mutant", mutants.catalogue(), ids=Mutant.__str__)
    def test_a_mutant_breaks_its_law(self, mutant: Mutant) -> None:
        with pytest.raises(BrokenLaw):
            assert_lawful(
                mutant.interpreter, laws=[mutant.killed_by], max_examples=5_000, shrink=False
            )

    def test_there_are_many_and_each_says_what_it_gets_wrong(self) -> None:
        found = mutants.catalogue()
        assert len({each.name for each in found}) == len(found) >= 25
        assert all(each.mistake.endswith(".") for each in found)
