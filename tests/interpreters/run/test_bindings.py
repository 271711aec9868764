"""Parameters that are computed from what comes in: what each interpreter makes of them."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from typing import Any

import pytest

from fwf import (
    Scenario,
    Workflow,
    always,
    apply,
    branch,
    check,
    const,
    diff,
    dry_run,
    fallback,
    identity,
    it,
    lineage,
    literal,
    load,
    map_each,
    named,
    needs,
    par,
    param,
    pick,
    plan,
    pretty,
    pure,
    registry,
    retry,
    run,
    task,
    timeout,
    using,
    with_params,
)
from fwf.algebra.nodes import WithParams
from fwf.durations import seconds
from fwf.faults import BadInput, PredicateDefect, leaves
from fwf.testing.generated_pieces import local
from fwf.worlds.unknown import Unknown
from tests.samples import from_db
from tests.sizes import sizes


@dataclass(frozen=True)
class Tenant:
    name: str
    day: date
    limit: int = 3


@task(effect="read")
def told(*, day: date) -> str:
    return str(day)


@task(effect="read")
async def told_async(*, day: date) -> str:
    return str(day)


@task(effect="read", isolate=True)
def told_apart(*, day: date) -> str:
    return str(day)


@task(effect="read")
def bounded(tenant: Tenant, *, limit: int = 1) -> tuple[str, int]:
    return tenant.name, limit


@task(effect="read", reads=["crm://tenants"])
def tenants() -> list[Tenant]:
    return []


@task(effect="idempotent", writes=["dw://sales"])
def loaded(*, day: date) -> int:
    return 1


@task(effect="idempotent", writes=["dw://days"])
def stored(day: date) -> int:
    return 1


@task(effect="pure")
def wants_days(*, days: list[date]) -> int:
    return len(days)


STARTED: list[str] = []


@task(effect="read")
def starts(*, day: date) -> None:
    STARTED.append(str(day))


def first_day(tenant: Tenant) -> date:
    return tenant.day


def no_day(tenant: Tenant) -> date:
    raise ValueError("no day")


ONE, TWO = Tenant("one", date(2026, 1, 1)), Tenant("two", date(2026, 1, 2), limit=5)
DAYS = [date(2026, 7, n) for n in range(1, 6)]


# In a run


@pytest.mark.parametrize("body", [told, told_async, told_apart], ids=lambda task: task.name)
@pytest.mark.parametrize("workers", [1, 4])
def test_each_item_has_its_own_parameters_whoever_does_the_work(body: Any, workers: int) -> None:
    backfill = map_each(with_params(body, day=it), key=it)
    assert run(backfill, DAYS, workers=workers).unwrap() == [str(day) for day in DAYS]


AROUND: dict[str, Callable[[Any], Workflow[Any, Any]]] = {
    "retry": lambda w: retry(w, attempts=2),
    "timeout": lambda w: timeout(w, seconds(60)),
    "named": lambda w: named("tenant", w),
    "fallback": lambda w: fallback(w, const("no")),
    "handler": lambda w: fallback(const(1) >> pure(it.no), w),
    "always": lambda w: always(w, then=identity),
    "par": lambda w: par(w, w) >> pure(it[1]),
    "branch": lambda w: branch(it.limit > 0, then=w, otherwise=const("no")),
    "constants around": lambda w: local(w, day=date.min, limit=0),
    "constants inside": lambda w: w >> local(identity, day=date.min),
    "computed around": lambda w: local(w, day=it.name, limit=it.limit),
}


@pytest.mark.parametrize("around", AROUND)
def test_what_is_around_and_inside_changes_nothing(around: str) -> None:
    w = map_each(AROUND[around](with_params(told, day=it.day)))
    wanted = ["2026-01-01", "2026-01-02"]
    assert run(w, [ONE, TWO]).unwrap() == wanted
    script = Scenario().task("told", gives_each=wanted)
    assert dry_run(w, [ONE, TWO], scenario=script).result.unwrap()


def test_expressions_read_the_parameters_outside() -> None:
    w = with_params(with_params(pick(param("a"), param("b")), a=1, b=param("a")), a=it)
    assert run(w, 7).unwrap() == (1, 7)


@pytest.mark.parametrize(
    ("given", "value"),
    [
        (it.day, ONE.day), (param("start", date), DAYS[0]), (apply(first_day), ONE.day),
        (it.nothing.or_else(literal(date.min)), date.min), (literal(DAYS[1]), DAYS[1]),
        (DAYS[2], DAYS[2]),
    ],
)  # fmt: skip
def test_a_binding_is_any_expression_or_a_plain_value(given: Any, value: date) -> None:
    w = with_params(told, day=given)
    params = {"start": DAYS[0]} if "start" in repr(w) else {}
    assert run(w, ONE, params=params).unwrap() == str(value)
    assert load(plan(w), registry(w)).unwrap() == w


def test_an_optional_parameter_has_its_default_unless_it_is_bound() -> None:
    w = par(bounded, with_params(bounded, limit=it.limit))
    assert run(w, TWO).unwrap() == (("two", 1), ("two", 5))


def test_what_has_no_value_is_a_defect_and_the_part_does_not_start() -> None:
    STARTED.clear()
    for given, said in (
        (it.dya, "it has no field 'dya'; did you mean 'day'?"),
        (apply(no_day), "no day"),
    ):
        w = map_each(local(starts, day=given))
        for fault in (run(w, [ONE]).failure(), dry_run(w, [ONE]).result.failure()):
            (leaf,) = leaves(fault)
            assert isinstance(leaf, PredicateDefect) and leaf.path == "map_each[0] > starts"
            assert said in str(leaf) and "with_params(day=" in str(leaf)
    assert not STARTED


def test_a_value_of_another_type_is_bad_input_at_its_place() -> None:
    w = map_each(local(told, day=it), key=it)
    (leaf,) = leaves(run(w, ["x", DAYS[0]]).failure())
    assert isinstance(leaf, BadInput)
    assert str(leaf) == (
        "map_each[x] > told: with_params(day=it) gives 'x', which is a str, but what is inside "
        "needs date"
    )
    assert str(dry_run(w, ["x"]).result.failure()) == str(leaf)


def test_a_value_is_looked_at_as_deep_as_parameters_are() -> None:
    w = with_params(wants_days, days=it)
    assert run(w, DAYS).unwrap() == 5
    assert "days[1] is a str, not a date" in str(run(w, [DAYS[0], "x"]).failure())


def test_what_is_wanted_is_worked_out_once(monkeypatch: pytest.MonkeyPatch) -> None:
    from fwf.machine import computed_parameters

    asked: list[WithParams[Any, Any]] = []
    known = computed_parameters.expected_types

    def counting(node: WithParams[Any, Any]) -> Any:
        asked.append(node)
        return known(node)

    monkeypatch.setattr(computed_parameters, "expected_types", counting)
    assert run(map_each(with_params(told, day=it)), DAYS * 20).unwrap()
    assert len(asked) == 1


# In a dry run


def test_scripts_tell_computed_parameters_apart() -> None:
    script = Scenario().task("told", gives_each=["first", "second"])
    twice = map_each(with_params(told, day=it) >> pure(it))
    found = dry_run(twice, [DAYS[0], DAYS[1]], scenario=script)
    assert found.result.unwrap() == ["first", "first"]


def test_an_unknown_value_binds_an_unknown() -> None:
    w = tenants >> map_each(
        with_params(
            branch(param("limit", int) > 1, then=bounded, otherwise=bounded), limit=it.limit
        )
    )
    found = dry_run(w)
    (value,) = found.result.unwrap()
    assert isinstance(value, Unknown)
    assert "the first arm is taken" in str(found.assumed)


def test_an_unknown_of_a_type_that_does_not_fit_is_found_by_a_dry_run() -> None:
    w = tenants >> map_each(local(told, day=it.name))
    said = "with_params(day=it.name) gives some str, but what is inside needs date"
    assert said in str(dry_run(w).result.failure())


# At construction


REFUSED: dict[str, tuple[Callable[[], Any], str]] = {
    "a near miss": (lambda: with_params(told, dya=it), "'dya'; did you mean 'day'?"),
    "nobody": (lambda: with_params(identity, n=1), "nothing inside takes a parameter 'n': take it"),
    "a resource": (lambda: with_params(from_db, shop_db=1), "a resource: write using(shop_db=…)"),
    "a parameter": (lambda: using(told, day="x"), "it is a parameter: write with_params(day=…)"),
    "another resource": (lambda: using(from_db, shop="x"), "did you mean 'shop_db'?"),
    "bound already": (
        lambda: with_params(with_params(told, day=DAYS[0]), day=DAYS[1]),
        "nothing inside takes a parameter 'day': a with_params further inside binds it",
    ),
    "a plain value": (lambda: with_params(told, day="x"), "binds a str, but what is inside needs"),
    "a field's type": (
        lambda: with_params(bounded, limit=it.name),
        "with_params(limit=it.name) binds a str, but what is inside needs int",
    ),
    "a param's type": (
        lambda: with_params(told, day=param("day", int)),
        "with_params(day=param('day', int)) binds an int, but what is inside needs date",
    ),
    "a field": (lambda: with_params(bounded, limit=it.limt), "'limt'; did you mean 'limit'?"),
    "a field, further on": (
        lambda: tenants >> pure(it[0]) >> with_params(told, day=it.dya),
        "it has no field 'dya'; did you mean 'day'?",
    ),
    "an input": (lambda: tenants >> with_params(told, day=it), "takes date"),
    "items": (lambda: tenants >> map_each(with_params(told, day=it)), "takes Sequence[date]"),
    "two": (lambda: with_params(told, day=1, n=2), "needs date; with_params(n=2): nothing inside"),
    "a function": (lambda: with_params(told, day=first_day), "is plain data"),
}  # fmt: skip


@pytest.mark.parametrize("mistake", REFUSED)
def test_a_binding_that_cannot_be_meant_is_refused(mistake: str) -> None:
    make, said = REFUSED[mistake]
    with pytest.raises(TypeError) as caught:
        make()
    assert said in str(caught.value)


def test_what_is_open_inside_is_taken_however_deep_and_by_whom() -> None:
    deep: Workflow[Any, Any] = par(named("x", map_each(retry(told, attempts=2))), identity)
    flag = branch(param("flag", bool), then=identity, otherwise=identity)
    for w in (
        with_params(deep, day=DAYS[0]),
        with_params(flag, flag=it.ok),
        with_params(with_params(told, day=param("start", date)), start=it),
    ):
        assert not needs(w).parameters


@sizes()
def test_wrapping_again_and_again_asks_for_what_is_new_alone(size: int) -> None:
    nested: Workflow[Any, Any] = told
    chain: Workflow[Any, Any] = told
    for n in range(size):
        day = param("day", date)
        nested = with_params(nested, day=DAYS[0] if n == size - 1 else day)
        chain = with_params(chain >> told, day=day)
    assert not needs(nested).parameters
    assert [each.name for each in needs(chain).parameters] == ["day"]


# What others say of it


def test_needs_knows_what_is_bound_and_what_that_needs() -> None:
    found = needs(with_params(told, day=param("start", date)))
    assert [(each.name, each.types) for each in found.parameters] == [("start", (date,))]
    assert "with_params" in str(found)
    same = needs(with_params(told, day=param("day", date)))
    assert [each.name for each in same.parameters] == ["day"]
    assert not needs(with_params(told, day=it)).parameters


def test_a_computed_binding_is_shown_compared_and_written() -> None:
    w = map_each(with_params(told, day=it.day), key=it.name)
    assert repr(w) == "map_each(with_params(told, day=it.day), key=it.name)"
    assert "with_params(day=it.day)" in pretty(w)
    assert with_params(told, day=literal(DAYS[0])) == with_params(told, day=DAYS[0])
    assert repr(with_params(told, day=literal(DAYS[0]))) == (
        "with_params(told, day=datetime.date(2026, 7, 1))"
    )
    assert (
        repr(with_params(told, day=apply(first_day))) == "with_params(told, day=apply(first_day))"
    )
    assert load(plan(w), registry(w)).unwrap() == w and load(plan(w)).unwrap() == w
    said = str(diff(with_params(told, day=DAYS[0]), with_params(told, day=it.day)))
    assert "day datetime.date(2026, 7, 1) → it.day" in said


def test_a_plan_writes_a_constant_in_one_way_only() -> None:
    text = plan(with_params(told, day=it.day))
    assert '"params":{"day":{"expr":{"get":"day","of":"it"}}}' in text
    twice = text.replace('{"get":"day","of":"it"}', '{"const":{"date":"2026-07-01"}}')
    assert "plain value" in str(load(twice).failure())
    assert '"params":{"day":{"date":"2026-07-01"}}' in plan(with_params(told, day=DAYS[0]))


def test_check_knows_that_a_computed_binding_may_fail_and_reads_the_input() -> None:
    guarded = fallback(with_params(pure(param("n")), n=it.n), const(0))
    assert not check(guarded)
    sure = fallback(with_params(pure(param("n")), n=1), const(0))
    assert [issue.rule for issue in check(sure) if issue.rule != "untyped-parameter"] == [
        "unreachable-handler"
    ]
    assert "dropped-value" in [issue.rule for issue in check(tenants >> told)]
    read = tenants >> with_params(told, day=it[0].day)
    assert "dropped-value" not in [issue.rule for issue in check(read)]


def test_lineage_follows_what_a_parameter_is_computed_from() -> None:
    data = "data from crm://tenants"
    assert data in str(lineage(tenants >> map_each(with_params(loaded, day=it.day))))
    asked = with_params(pure(param("day")) >> stored, day=it.day)
    assert data in str(lineage(tenants >> map_each(asked)))
    constant = tenants >> map_each(with_params(loaded, day=DAYS[0]))
    assert data not in str(lineage(constant))
    hidden = tenants >> map_each(local(with_params(loaded, day=DAYS[0]), day=it.day))
    assert data not in str(lineage(hidden))


def test_lineage_follows_parameters_into_shared_parts(monkeypatch: pytest.MonkeyPatch) -> None:
    from fwf.interpreters.lineage import dataflow

    monkeypatch.setattr(dataflow, "MAX_PLACES", 0)
    shared = loaded
    w = par(with_params(shared, day=DAYS[0]), tenants >> with_params(shared, day=it[0].day))
    assert "data from crm://tenants" in str(lineage(w))
