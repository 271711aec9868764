"""Every law holds, every tempting equation fails, and the page says so."""

from typing import Any

import pytest
from hypothesis import HealthCheck, Phase, find, given, settings, strategies as st
from pyrsistent import pmap
from returns.result import Failure, Success

from fwf.combinators import retry, timeout
from fwf.durations import seconds
from fwf.interpreters.dry_run import DryRun, dry_run
from fwf.records import changed
from fwf.testing import BrokenLaw, assert_lawful, sample_tasks, strategies as draw
from fwf.worlds.scenario import Scenario, WhenCut
from fwf.worlds.trace import events

from . import catalogue, mutants, non_laws, page
from .agreement import overtaken
from .broken import Mutant
from .denotation import Denotation
from .law import AGREE, Interpreter, Law, cases, judged
from .model import meaning_by
from .tempting import NonLaw

EVERY_CHECK: list[Any] = list(HealthCheck)
BY_THE_PAGE = meaning_by(Denotation)
WHEN_CUT: tuple[WhenCut | None, ...] = (None, "stops", "works on")
THOROUGH = 1_000
"""Profiles that ask for so many examples get them; for others half are enough."""


def reference(w: Any, value: Any, scenario: Any, params: Any, workers: int | None = None) -> DryRun:
    return dry_run(w, value, scenario=scenario, params=params, workers=workers)


class TestLaws:
    @pytest.mark.parametrize("law", catalogue(), ids=Law.__str__)
    def test_a_law_holds(self, law: Law) -> None:
        examples = settings().max_examples
        assert_lawful(
            reference, laws=[law], max_examples=examples if examples >= THOROUGH else examples // 2
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

    @pytest.mark.parametrize("non", [one for one in non_laws.catalogue() if not one.workers])
    def test_a_tempting_equation_fails_by_the_page_too(self, non: NonLaw) -> None:
        assert judged(non.law, non.case, BY_THE_PAGE) == "broken"

    @pytest.mark.deep
    @pytest.mark.parametrize("non", non_laws.catalogue(), ids=str)
    def test_hypothesis_finds_a_counterexample(self, non: NonLaw) -> None:
        run = non.interpreter(reference)
        anywhere = settings(
            max_examples=100_000,
            database=None,
            phases=[Phase.generate],
            suppress_health_check=EVERY_CHECK,
        )
        find(cases(non.law), lambda case: judged(non.law, case, run) == "broken", settings=anywhere)


@pytest.mark.parametrize("interpreter", [BY_THE_PAGE, reference], ids=["page", "dry_run"])
class TestCut:
    """With any number of workers, what a cut attempt does then is seen by its step's next alone."""

    @given(st.data())
    def test_where_nothing_writes_it_changes_nothing(
        self, interpreter: Interpreter, data: st.DataObject
    ) -> None:
        readers = [each for each in sample_tasks.PLAIN if not each.contract.may_write]
        w = data.draw(draw.workflows(plain=readers) | overtaken(readers))
        assert_same_whatever_is_done_when_cut(w, interpreter, data)

    @given(st.data())
    def test_where_nothing_is_tried_again_it_changes_nothing(
        self, interpreter: Interpreter, data: st.DataObject
    ) -> None:
        w = data.draw(draw.workflows(without=["retry"]))
        assert_same_whatever_is_done_when_cut(w, interpreter, data)

    def test_a_retried_writer_sees_it(self, interpreter: Interpreter) -> None:
        def ran(when_cut: WhenCut | None) -> Any:
            takes = [seconds(3), seconds(0)]
            scenario = Scenario().task("c", gives=0, takes=takes, when_cut=when_cut)
            return interpreter(
                retry(timeout(sample_tasks.c, seconds(1)), attempts=2), 0, scenario, {}
            )

        assert ran("stops").result == Success(0)
        for outcome in (ran("works on"), ran(None)):
            assert isinstance(outcome.result, Failure) and outcome.end == 2_000_000
            assert [event.ending for event in events(outcome.trace)] == ["cut"]


def assert_same_whatever_is_done_when_cut(
    w: Any, interpreter: Interpreter, data: st.DataObject
) -> None:
    """In some world, and in those that differ from it only in what is done when cut."""
    value, scenario = data.draw(draw.numbers()), data.draw(draw.scenarios(w))
    params = draw.taken_by(w, data.draw(draw.params()))
    one = interpreter(w, value, scenario, params)
    for when_cut in WHEN_CUT:
        scripts = {name: changed(each, when_cut=when_cut) for name, each in scenario.tasks.items()}
        there = changed(scenario, tasks=pmap(scripts))
        assert AGREE["D"](one, interpreter(w, value, there, params))


class TestMutants:
    @pytest.mark.parametrize("law", catalogue(), ids=Law.__str__)
    def test_the_page_itself_keeps_a_law(self, law: Law) -> None:
        assert_lawful(BY_THE_PAGE, laws=[law], max_examples=10)

    @pytest.mark.parametrize("mutant", mutants.catalogue(), ids=Mutant.__str__)
    def test_a_mutant_breaks_its_law(self, mutant: Mutant) -> None:
        with pytest.raises(BrokenLaw):
            assert_lawful(
                mutant.interpreter, laws=[mutant.killed_by], max_examples=5_000, shrink=False
            )

    def test_there_are_many_and_each_says_what_it_gets_wrong(self) -> None:
        all_mutants = mutants.catalogue()
        assert len({each.name for each in all_mutants}) == len(all_mutants) >= 25
        assert all(each.mistake.endswith(".") for each in all_mutants)
