"""`run` does what `dry_run` says, in the same world; and what doesn't is found out."""

from collections.abc import Mapping
from functools import partial
from typing import Any

import pytest
from hypothesis import settings

from fwf.algebra.nodes import Always, Node, Retry, Timeout
from fwf.algebra.schedule import Jitter, every
from fwf.algebra.traverse import fold, rebuild
from fwf.algebra.workflow import AnyWorkflow
from fwf.combinators import const
from fwf.durations import microseconds
from fwf.interpreters.dry_run import DryRun, dry_run
from fwf.interpreters.run import Ran, VirtualClock, execute
from fwf.records import changed
from fwf.testing import (
    Disagreement,
    assert_agrees,
    assert_lawful,
    catalogue,
    scripted,
    settled,
    strategies as draw,
)
from fwf.worlds.scenario import Scenario

from .model import ByPlace, meaning_by, model_of_places

THOROUGH = 1_000
"""Profiles that ask for so many examples get them; others a part of what CI does."""
LIMITS: list[dict[str, Any]] = [
    {"workers": 1},
    {"workers": 2, "pools": {"vendor": 1}},
    {"pools": {"vendor": 2}},
]
Flow = AnyWorkflow


def within(w: Flow, limits: dict[str, Any]) -> dict[str, Any]:
    """Of the limits, those that a workflow has the pools for."""
    return {**limits, "pools": draw.pools_of(w, limits.get("pools", {}))}


def real(
    w: Flow, value: Any, scenario: Scenario, params: Mapping[str, object], **limits: Any
) -> Ran[Any]:
    """The real scheduler, with its threads and its event loop, in virtual time."""
    clock = VirtualClock()
    few = within(w, limits)
    return execute(scripted(w, scenario, clock), value, params=params, clock=clock, **few)


def dry(
    w: Flow, value: Any, scenario: Scenario, params: Mapping[str, object], **limits: Any
) -> DryRun:
    return dry_run(w, value, scenario=scenario, params=params, **within(w, limits))


def resettled(w: Flow, value: Any, scenario: Scenario, params: Mapping[str, object]) -> DryRun:
    """A dry run of the scenario that a dry run leaves."""
    return dry(w, value, settled(dry(w, value, scenario, params)), params)


def settled_first(
    w: Flow, value: Any, scenario: Scenario, params: Mapping[str, object]
) -> Ran[Any]:
    """A real run in a world of which the laws say more than a run could know."""
    return real(w, value, settled(dry(w, value, scenario, params)), params)


def example_count(default: int) -> int:
    """How many cases to try: few or many, as the profile says."""
    most = settings().max_examples
    return most if most >= THOROUGH else max(1, default * most // 100)


class TestAgreement:
    def test_a_run_agrees_with_the_page(self) -> None:
        by_place = meaning_by(ByPlace, model_of_places)
        assert_agrees(real, expected=by_place, timed=True, max_examples=example_count(100))

    def test_a_run_agrees_with_the_dry_run(self) -> None:
        assert_agrees(real, timed=True, max_examples=example_count(150))

    @pytest.mark.parametrize("limits", LIMITS, ids=str)
    def test_with_few_workers_and_small_pools_too(self, limits: dict[str, Any]) -> None:
        assert_agrees(
            partial(real, **limits),
            expected=partial(dry, **limits),
            timed=True,
            max_examples=example_count(50),
        )

    def test_a_dry_run_agrees_with_itself(self) -> None:
        assert_agrees(dry, timed=True, max_examples=example_count(50))

    def test_a_dry_run_agrees_with_the_scenario_that_it_leaves(self) -> None:
        assert_agrees(resettled, timed=True, max_examples=example_count(50))

    @pytest.mark.parametrize("family", ["always", "graph", "par", "retry", "timeout"])
    def test_laws_hold_for_a_run(self, family: str) -> None:
        assert_lawful(settled_first, laws=catalogue(family), max_examples=5)


def rewritten(step: Any) -> Any:
    """A real run of another workflow than it was given: a mistake, as a change of some nodes."""

    def wrong(w: Flow, value: Any, scenario: Scenario, params: Mapping[str, object]) -> Ran[Any]:
        other = fold(lambda node, parts: step(rebuild(node, parts)), w)
        return real(other, value, scenario, params)

    return wrong


def hurried(node: Node) -> Node:
    """Retries don't wait."""
    return changed(node, wait=every(microseconds(0))) if isinstance(node, Retry) else node


def reseeded(node: Node) -> Node:
    """Jitter draws from another seed."""
    if not (isinstance(node, Retry) and isinstance(node.wait, Jitter)):
        return node
    return changed(node, wait=changed(node.wait, seed=node.wait.seed + 1))


def shortened(node: Node) -> Node:
    """Timeouts strike a moment early, so that work that ends just then is cut."""
    if not isinstance(node, Timeout):
        return node
    return changed(node, within=max(node.within - microseconds(1), microseconds(0)))


def cut_short(node: Node) -> Node:
    """Finalisers are cut."""
    if not isinstance(node, Always):
        return node
    return Always(node.body, Timeout(node.finaliser, microseconds(1)))


class TestDisagreement:
    @pytest.mark.parametrize("mistake", [hurried, reseeded, shortened, cut_short])
    def test_a_mistake_is_found_and_shown(self, mistake: Any) -> None:
        with pytest.raises(Disagreement) as caught:
            assert_agrees(
                rewritten(mistake), timed=True, max_examples=1_000, max_leaves=4, shrink=False
            )
        text = str(caught.value)
        assert text.startswith("the run is not as expected: another ")
        assert "\nexpected: " in text and "\nfound: " in text and "Scenario()" in text

    def test_who_does_nothing_keeps_the_equations_but_agrees_with_nobody(
        self, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        def idle(w: Flow, value: Any, scenario: Scenario, params: Mapping[str, object]) -> Ran[Any]:
            return execute(const(0), clock=VirtualClock())

        laws = catalogue("category", "par", levels=["D"])
        monkeypatch.setattr("fwf.testing.lawful.catalogue", lambda: laws)
        assert_lawful(idle, laws=laws, max_examples=3)
        with pytest.raises(Disagreement):
            assert_lawful(idle, max_examples=3)

    def test_who_keeps_other_times_agrees_all_the_same(self) -> None:
        def late(w: Flow, value: Any, scenario: Scenario, params: Mapping[str, object]) -> Ran[Any]:
            clock = VirtualClock(start=5)
            return execute(scripted(w, scenario, clock), value, params=params, clock=clock)

        assert_agrees(late, max_examples=20)
        with pytest.raises(Disagreement, match="another times"):
            assert_agrees(late, timed=True, max_examples=20)
