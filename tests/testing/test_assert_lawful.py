"""What the law kit finds, and what it draws."""

from collections.abc import Iterator, Mapping
from typing import Any, get_args

import pytest
from hypothesis import HealthCheck, Phase, find, given, settings, strategies as st

from fwf.algebra.nodes import Always, Fail, Node
from fwf.algebra.traverse import fold, rebuild, walk
from fwf.algebra.workflow import Workflow
from fwf.combinators import delay
from fwf.interpreters.dry_run import DryRun, dry_run
from fwf.testing import BrokenLaw, assert_lawful, catalogue
from fwf.testing.strategies import known_to, scenarios, taken_by, workflows
from fwf.worlds.scenario import Scenario
from laws.law import AGREE, Duration, Flow, Sides, law

QUICK = settings(
    max_examples=5_000, database=None, phases=[Phase.generate, Phase.shrink],
    suppress_health_check=[HealthCheck.too_slow],
)  # fmt: skip


def forgets_finalisers(
    w: Workflow[Any, Any], value: Any, scenario: Scenario, params: Mapping[str, object]
) -> DryRun:
    """Somebody's interpreter, with a mistake: finalisers never run."""

    def without(node: Node, parts: tuple[Node, ...]) -> Node:
        return parts[0] if isinstance(node, Always) else rebuild(node, parts)

    left = fold(without, w)
    return dry_run(
        left,
        value,
        scenario=known_to(left, scenario),
        params=taken_by(left, params),
    )


def test_a_wrong_interpreter_is_told_the_law_both_sides_and_what_they_came_to() -> None:
    with pytest.raises(BrokenLaw) as told:
        assert_lawful(forgets_finalisers, laws=catalogue("always"), max_examples=200)
    text = str(told.value)
    assert "level" in text and "left :" in text and "right:" in text and "always(" in text
    assert not hasattr(told.value, "__notes__"), "how to repeat a test function that nobody wrote"


@law("a >> b >> delay(d) = a >> b", "D", "nowhere")
def wrong(a: Flow, b: Flow, d: Duration) -> Sides:
    """A delay takes no time; the smallest case that Hypothesis starts with doesn't tell."""
    return a >> b >> delay(d), a >> b


def run_after_the_first_broken_case(*, shrink: bool) -> int:
    """How many different workflows an interpreter is still asked to run, once `wrong` is broken."""
    ran: list[DryRun] = []

    def noted(w: Any, value: Any, scenario: Any, params: Any) -> DryRun:
        ran.append(dry_run(w, value, scenario=scenario, params=params))
        return ran[-1]

    with pytest.raises(BrokenLaw):
        assert_lawful(noted, laws=[wrong], max_examples=200, shrink=shrink)
    sides = zip(ran[::2], ran[1::2], strict=True)
    first = next(n for n, both in enumerate(sides) if not AGREE[wrong.level](*both))
    return len({run.workflow for run in ran[2 * first :]})


@pytest.fixture
def without_memory() -> Iterator[None]:
    """Hypothesis starts with the smallest case that it remembers from an earlier run."""
    before = settings.get_current_profile_name()
    settings.register_profile("without memory", settings.get_profile(before), database=None)
    settings.load_profile("without memory")
    yield
    settings.load_profile(before)


@pytest.mark.usefixtures("without_memory")
def test_without_shrinking_the_first_broken_case_will_do() -> None:
    assert run_after_the_first_broken_case(shrink=False) == 2  # its two sides
    assert run_after_the_first_broken_case(shrink=True) > 2


def test_laws_can_be_chosen_by_family_and_level() -> None:
    assert {law.family for law in catalogue("par", "loop")} == {"par", "loop"}
    assert {law.level for law in catalogue(levels=["S"])} == {"S"}


@pytest.mark.parametrize("kind", get_args(Node), ids=lambda kind: kind.__name__)
def test_every_node_is_drawn_and_shrinks_to_a_line(kind: Any) -> None:
    kind = getattr(kind, "__origin__", kind)
    found = find(
        workflows(), lambda w: any(isinstance(here.node, kind) for here in walk(w)), settings=QUICK
    )
    assert len(repr(found)) < 120


def test_parts_can_be_left_out() -> None:
    drawn = workflows(without=["always", "fail"])

    @settings(max_examples=50)
    @given(drawn)
    def never(w: Workflow[int, int]) -> None:
        assert not any(isinstance(here.node, Always | Fail) for here in walk(w))

    never()


@settings(max_examples=30, suppress_health_check=[HealthCheck.too_slow])
@given(st.data())
def test_a_scenario_says_what_every_task_gives(data: st.DataObject) -> None:
    w = data.draw(workflows(without=["param"]))
    scenario = data.draw(scenarios(w))
    assert not dry_run(w, 1, scenario=scenario).assumed
