"""What the law kit finds, and what it draws."""

from collections.abc import Mapping
from typing import Any, get_args

import pytest
from hypothesis import HealthCheck, Phase, find, given, settings
from hypothesis import strategies as st

from fwf.algebra.nodes import Always, Fail, Node
from fwf.algebra.scenario import Scenario
from fwf.algebra.traverse import fold, rebuild, walk
from fwf.algebra.workflow import Workflow
from fwf.combinators import const
from fwf.interpreters.dry_run import DryRun, dry_run
from fwf.testing import BrokenLaw, assert_lawful, catalogue
from fwf.testing.strategies import known_to, scenarios, taken_by, workflows
from laws.law import Flow, Sides, law

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


@law("w = const(1)", "D", "nowhere")
def wrong(w: Flow) -> Sides:
    """Whatever is done gives 1."""
    return w >> const(0), const(1)


def runs_until_told(*, shrink: bool) -> int:
    """How often an interpreter is asked before it is told that it breaks `wrong`."""
    ran: list[object] = []

    def counted(w: Any, value: Any, scenario: Any, params: Any) -> DryRun:
        ran.append(w)
        return dry_run(w, value, scenario=scenario, params=params)

    with pytest.raises(BrokenLaw):
        assert_lawful(counted, laws=[wrong], max_examples=50, shrink=shrink)
    return len(ran)


def test_without_shrinking_the_first_broken_case_will_do() -> None:
    assert runs_until_told(shrink=False) < runs_until_told(shrink=True)


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
