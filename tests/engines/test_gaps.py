"""Gaps are all that isn't native on an engine, each with its path, and nothing else."""

from typing import Any

import pytest
from hypothesis import given

from fwf import (
    Gap,
    Workflow,
    always,
    delay,
    gaps,
    identity,
    in_pool,
    it,
    loop_until,
    map_each,
    milliseconds,
    minutes,
    named,
    par,
    pure,
    retry,
    seconds,
    task,
    timeout,
)
from fwf.algebra.nodes import Task
from fwf.algebra.traverse import visit, walk
from fwf.interpreters.engines import ENGINES, Engine, cut, gaps_of
from fwf.interpreters.engines.features import contents_of, features_of
from fwf.interpreters.engines.support import ORDER, Row, Table, worst
from fwf.testing.strategies import workflows
from tests.engines.cuts import all_of, tables
from tests.engines.test_features import around


@task(effect="read")
def read(x: Any) -> Any: ...


@task(effect="unrepeatable")
def mail(x: Any) -> Any: ...


def wanted(w: Any, table: Table) -> set[tuple[str, str]]:
    """What isn't native, place by place: a block ends the way down, for what made it one."""
    known = contents_of(w)
    found = set[tuple[str, str]]()
    todo = [visit(w)]
    while todo:
        here = todo.pop()
        has = features_of(here.node, around(here), known)
        told = [each for each in has if table[each].support in ("block", "impossible")]
        if not told or isinstance(here.node, Task):
            told = [each for each in has if table[each].support != "native"]
            todo += here.parts()
        found.update((here.path, each) for each in told)
    return found


@given(workflows(max_leaves=5), tables())
def test_gaps_are_what_is_not_native(w: Workflow[Any, Any], table: Table) -> None:
    told = [*gaps_of(cut(w, table), Engine("x", "X", table))]
    for gap in told:
        assert (gap.support, gap.hint) == table[gap.feature] and gap.support != "native"
    found = {(gap.path, gap.feature) for gap in told if gap.feature != "value"}
    nodes = [id(here.node) for here in walk(w)]
    if len({*nodes}) == len(nodes):
        assert found == wanted(w, table)
    else:  # a part that is shared is told of at its first place
        assert found <= wanted(w, table)
        assert {each for _, each in found} == {each for _, each in wanted(w, table)}


@given(workflows(max_leaves=5))
def test_where_all_is_native_there_are_none(w: Workflow[Any, Any]) -> None:
    table = all_of("native")
    assert not [*gaps_of(cut(w, table), Engine("x", "X", table))]


@given(workflows(max_leaves=5))
def test_one_block_has_the_gaps_of_its_node_alone(w: Workflow[Any, Any]) -> None:
    table = {**all_of("block"), "value": Row("native", "")}
    told = [*gaps_of(cut(w, table), Engine("x", "X", table))]
    assert {gap.path for gap in told} == {next(walk(w)).path}


def test_a_gap_says_where_and_what_and_how() -> None:
    w = named("daily", delay(milliseconds(250)) >> timeout(read >> mail, seconds(9)))
    value, wait, part = gaps(w, "step-functions")
    assert (value.path, value.feature, value.support) == ("", "value", "emulated")
    assert wait == Gap("daily > delay", "delay of a part of a second", "lossy", wait.hint)
    assert str(part) == (
        "daily > read: timeout of a part is block: only a Task and a whole machine have a timeout"
    )
    assert str(value).startswith("value is emulated: ")


def test_what_is_in_a_block_has_no_gaps_of_its_own() -> None:
    part = always(mail >> delay(milliseconds(1)), then=pure(it + 1))
    w = identity >> timeout(part, seconds(9))
    assert [gap.feature for gap in gaps(w, "step-functions")] == ["value", "timeout of a part"]


def test_on_dask_only_what_runs_elsewhere_is_a_gap() -> None:
    w = in_pool(par(retry(mail >> read, attempts=2), loop_until(read, it, limit=2)), "vendor")
    assert [gap.feature for gap in gaps(w, "dask")] == ["unrepeatable task"]


def test_a_part_in_many_places_is_told_of_once() -> None:
    w = par(mail, mail, mail >> mail)
    assert [gap.path for gap in gaps(w, "dask")] == ["par > mail"]


def test_names_of_engines_are_known_with_either_dash() -> None:
    assert gaps(read, "step_functions") == gaps(read, "Step-Functions") != ()


@pytest.mark.parametrize(
    ("name", "told"),
    [
        ("step-function", "there is no engine 'step-function'; did you mean 'step-functions'?"),
        ("nomad", f"there is no engine 'nomad'; there are {', '.join(ENGINES)}"),
        ("", f"there is no engine ''; there are {', '.join(ENGINES)}"),
    ],
)
def test_an_engine_that_is_not_known(name: str, told: str) -> None:
    with pytest.raises(ValueError, match="there is no engine") as caught:
        gaps(read, name)
    assert str(caught.value) == told


def test_what_is_no_workflow_is_refused() -> None:
    with pytest.raises(TypeError, match="gaps"):
        gaps(3, "dask")  # type: ignore[arg-type]


def test_an_engine_that_is_not_installed_says_what_to_install() -> None:
    with pytest.raises(ImportError, match=r'pip install "fwf\[nothing\]"'):
        Engine(
            "x", "X", all_of("native"), needs="no_such_module", extra="nothing"
        ).check_installed()
    ENGINES["step-functions"].check_installed()


def test_the_worst_of_several() -> None:
    rows = [Row(support, "") for support in ORDER]
    for n in range(len(rows)):
        assert worst(tuple(reversed(rows[: n + 1]))) == ORDER[n]
    assert worst(()) == "native"


def test_a_map_is_told_of_with_its_bound() -> None:
    features = [gap.feature for gap in gaps(map_each(read), "step-functions")]
    assert features == ["value", "map_each", "map_each over 40 at once"]
    assert [gap.feature for gap in gaps(map_each(read, at_once=4), "step-functions")] == features[
        :2
    ]


def test_a_task_that_may_take_longer_than_the_engine_lets_it_is_told() -> None:
    @task(effect="read", duration=minutes(20))
    def slow(x: Any) -> Any: ...

    long = "long in one task"
    for w, span in [
        (slow, "20min"),
        (timeout(read, minutes(16)), None),  # the read alone says nothing of time
        (retry(timeout(mail, minutes(6)), attempts=3, wait=minutes(1)), "20min"),
        (identity >> timeout(read >> read, minutes(16)), "16min"),
        (identity >> timeout(read >> read, minutes(15)), None),
    ]:
        told = [gap for gap in gaps(w, "step-functions") if gap.feature == long]
        assert [gap.hint.partition(";")[0] for gap in told] == (
            [f"it may take {span}"] if span else []
        )
        assert not [gap for gap in gaps(w, "dask") if gap.feature == long]


def test_of_a_block_only_that_is_told_which_makes_it_one() -> None:
    w = retry(timeout(mail, seconds(9)), attempts=2, on=OSError)
    assert [gap.feature for gap in gaps(w, "step-functions")] == [
        "value", "retry of a timed writer",
    ]  # fmt: skip
