import re
from collections.abc import Callable
from dataclasses import dataclass
from decimal import Decimal
from typing import TYPE_CHECKING, Any, get_args

import pytest

from fwf import (
    Extension,
    Ref,
    Workflow,
    always,
    as_result,
    branch,
    const,
    delay,
    fallback,
    from_result,
    graph,
    identity,
    in_pool,
    it,
    loop_until,
    map_each,
    named,
    par,
    pick,
    pure,
    retry,
    seconds,
    seq,
    task,
    timeout,
    when,
)
from fwf.algebra.nodes import Node
from fwf.algebra.workflow import Seq
from fwf.testing.generated_pieces import local
from fwf.types.hints import name_of
from tests.samples import (
    Counted,
    Orders,
    Rates,
    Sales,
    Twice,
    Visits,
    anything,
    enrich,
    is_big,
    load,
    orders,
    ping,
    rates,
    to_int,
    to_text,
    unannotated,
    visits,
)

if TYPE_CHECKING:
    from nowhere import Table


@task
def counted() -> Counted: ...


@task
def table() -> "Table": ...


@task
def of_table(table: "Table") -> "list[Table]": ...


@task
def texts() -> list[str]:
    return []


def test_chains_are_flat_however_they_are_put_together() -> None:
    w = (to_text >> to_int) >> (to_text >> to_int)
    assert isinstance(w, Seq) and list(w.parts) == [to_text, to_int, to_text, to_int]
    assert w == seq(to_text, to_int, to_text, to_int) == to_text >> (to_int >> to_text >> to_int)


def test_expressions_stand_for_workflows_on_either_side() -> None:
    assert orders >> it.row_count == orders >> pure(it.row_count)
    assert it.n >> unannotated == pure(it.n) >> unannotated
    assert repr(orders >> it.row_count >> to_text) == "(orders >> it.row_count >> to_text)"
    assert repr(it.n >> unannotated) == "(pure(it.n) >> unannotated)"


@pytest.mark.parametrize(
    ("misuse", "said"),
    [
        (
            lambda: bool(ping),
            r"neither true nor false before it runs: to choose by a value write br",
        ),
        (lambda: ping and orders, r"for another way after a failure, fallback\(…\)"),
        (lambda: ping in [3], None),
        (
            lambda: list(ping),
            r"can't be iterated: .* write >> map_each\(…\); to repeat it, loop_un",
        ),
        (lambda: ping & orders, r"have no &: to run both write par\(a, b\), one by one a >> b"),
        (lambda: 3 & ping, r"have no &"),
        (
            lambda: ping | orders,
            r"have no \|: for another way after a failure write fallback\(a, b\)",
        ),
        (lambda: 3 | ping, r"have no \|"),
        (lambda: ping >> 3, r">>: 3 is not a workflow; to give a plain value write const\(3\)"),
        (lambda: 3 >> ping, r">>: 3 is not a workflow"),
        (lambda: ping >> is_big, ">>: is_big is a plain function; put @task above it"),
        (lambda: ping >> (lambda x: x), "a lambda has no name, so it can't be printed"),
        (lambda: ping >> Orders, r">>: <class '.*Orders'> is not a workflow"),
        (lambda: par(ping, None), r"par: None is not a workflow; .* const\(None\)"),
    ],
)
def test_misuse_of_workflows_is_refused_and_names_what_was_meant(misuse: Any, said: str) -> None:
    if said is None:
        assert misuse() is False
        return
    with pytest.raises(TypeError, match=said):
        misuse()


def test_nothing_of_a_workflow_can_be_changed() -> None:
    for name in ("parts", "digest", "edge", "other"):
        with pytest.raises(AttributeError, match="Seq is immutable"):
            setattr(to_text >> to_int, name, None)


PLACE = r"\(samples.py:\d+\)"


@pytest.mark.parametrize(
    ("build", "said"),
    [
        (
            lambda: to_text >> to_text,
            rf"to_text {PLACE} gives str, but to_text {PLACE} takes int: put a step between them",
        ),
        (
            lambda: par(visits, orders) >> enrich,
            rf"par\(visits, orders\) gives tuple\[Visits, Orders\], but enrich {PLACE} takes "
            r"tuple\[Orders, Visits\]",
        ),
        (lambda: par(orders, visits, visits) >> enrich, r"gives tuple\[Orders, Visits, Visits\]"),
        (lambda: orders >> enrich, r"gives Orders, but .* takes tuple\[Orders, Visits\]"),
        (lambda: retry(orders, attempts=2) >> load, "gives Orders, but .* takes Sales"),
        (lambda: orders >> delay(seconds(1)) >> load, "gives Orders, but .* takes Sales"),
        (lambda: orders >> identity >> load, "gives Orders, but .* takes Sales"),
        (lambda: fallback(orders, visits) >> load, r"gives Orders \| Visits, but"),
        (lambda: const("3") >> to_text, r"const\('3'\) gives str"),
        (lambda: orders >> map_each(to_int), r"gives Orders, but .* takes Sequence\[str\]"),
        (lambda: texts >> map_each(to_text), r"gives list\[str\], but .* takes Sequence\[int\]"),
        (lambda: map_each(to_int) >> to_text, r"gives list\[int\], but .* takes int"),
        (
            lambda: par(to_text, to_int),
            r"par: its parts get the same input, but one takes int and ",
        ),
        (lambda: par(orders, to_text, to_int), "par: its parts get the same input"),
        (lambda: branch(it > 1, then=to_text, otherwise=to_int), "branch: its parts get the same"),
        (lambda: branch(anything, then=to_text, otherwise=to_int), "branch: its parts get the"),
        (lambda: fallback(to_text, to_int), "fallback: its parts get the same input"),
        (lambda: always(to_text, then=to_int), "always: its parts get the same input"),
        (lambda: loop_until(to_text, it > 1, limit=2), "loop_until: each round is fed the last ro"),
        (lambda: loop_until(to_text, anything, limit=2), "loop_until: each round is fed the last"),
    ],
)
def test_a_wrong_edge_is_refused_where_it_is_built(build: Any, said: str) -> None:
    with pytest.raises(TypeError, match=said):
        build()


@pytest.mark.parametrize(
    "build",
    [
        lambda: unannotated >> to_text >> unannotated >> to_int,
        lambda: anything >> to_text,
        lambda: to_text >> anything,
        lambda: to_text >> orders,
        lambda: par(to_text, orders, anything),
        lambda: orders >> it.row_count >> to_text,
        lambda: table >> of_table >> load,
        lambda: load >> of_table,
        lambda: texts >> map_each(to_int) >> map_each(to_text),
        lambda: to_text >> when(it == "", const("x")) >> to_int,
        lambda: pick("a", "b") >> enrich,
        lambda: par(orders, identity) >> enrich,
    ],
)
def test_what_may_fit_passes(build: Any) -> None:
    assert isinstance(build(), Workflow)


@pytest.mark.parametrize(
    ("build", "said"),
    [
        (
            lambda: orders >> branch(it.row_cuont > 0, then=ping, otherwise=ping),
            rf"after orders {PLACE}: it is Orders: it has no field 'row_cuont'; did you mean 'row",
        ),
        (lambda: orders >> it.row_cuont, "did you mean 'row_count'"),
        (lambda: orders >> pure(pick("day", "dai")), "it has no field 'dai'; did you mean 'day'"),
        (lambda: orders >> retry(when(it.dai > 1, ping), attempts=2), "did you mean 'day'"),
        (lambda: orders >> par(ping, pure(it.dai)), "did you mean 'day'"),
        (
            lambda: visits >> it.uurls[0],
            "it is Visits: it has no field 'uurls'; did you mean 'urls'",
        ),
        (lambda: rates >> it["bass"], "it is Rates: it has no field 'bass'; did you mean 'base'"),
        (lambda: counted >> it.rowcount, "it is Counted: .* did you mean 'row_count'"),
        (lambda: par(orders, visits) >> it[0].row_cuont, r"it\[0\] is Orders: it has no field"),
        (lambda: par(orders, visits) >> it[2], r"it has no item 2"),
        (lambda: map_each(load, key=it.dai), None),
        (lambda: orders >> it.day >> it.dai, None),
        (lambda: orders >> it["row_cuont"].present(), None),
        (lambda: orders >> it.row_cuont.or_else(0), None),
    ],
)
def test_a_misspelt_field_of_a_declared_type_is_refused_with_a_suggestion(
    build: Any, said: str | None
) -> None:
    if said is None:
        build()
        return
    with pytest.raises(TypeError, match=said):
        build()


def test_fields_are_checked_where_the_input_is_declared() -> None:
    @task
    def used(orders: Orders) -> Orders:
        return orders

    for build in (
        lambda: branch(it.row_cuont > 0, then=used, otherwise=used),
        lambda: map_each(used, key=it.row_cuont),
        lambda: loop_until(used, it.row_cuont > 0, limit=2),
    ):
        with pytest.raises(TypeError, match="it is Orders: it has no field 'row_cuont'; did you m"):
            build()


def test_ends_are_known_through_every_combinator() -> None:
    def ends(w: Workflow[Any, Any]) -> tuple[Any, Any]:
        return w.edge.accepts, w.edge.output

    assert ends(to_text >> to_int) == (int, int)
    assert ends(par(to_text, orders)) == (int, tuple[str, Orders])
    assert ends(identity >> to_text) == (int, str)
    assert ends(when(it > 1, to_text))[1] == str | int
    assert ends(map_each(to_text))[1] == list[str]
    assert ends(Twice(anything)) == (object, object)
    assert ends(const(1) >> delay(seconds(1)))[1] is int
    assert ends(orders >> pure(pick("day", "row_count")))[1].__args__[1] is int
    assert ends(load)[0] is Sales and Visits and Rates


def test_an_extension_must_compare_and_print_as_workflows_do() -> None:
    @dataclass(frozen=True, slots=True)
    class Own(Extension[Any, Any]):
        n: int

        def desugar(self) -> Workflow[Any, Any]:
            return ping

    with pytest.raises(
        TypeError, match=r"write @dataclass\(frozen=True, slots=True, eq=False, rep"
    ):
        Own(1)

    @dataclass(frozen=True, slots=True, eq=False, repr=False)
    class Good(Extension[Any, Any]):
        body: Workflow[Any, Any]
        n: int = 1

        def desugar(self) -> Workflow[Any, Any]:
            return self.body

    assert Good(ping) == Good(ping) != Good(orders)
    assert repr(Good(Good(ping), 2)) == "Good(body=Good(body=ping, n=1), n=2)"


GIVERS: dict[str, tuple[Callable[[], Workflow[Any, Any]], str]] = {
    "Task": (lambda: orders, "orders"),
    "Pure": (lambda: const("3"), "const('3')"),
    "Seq": (lambda: visits >> to_rates, "to_rates"),
    "Delay": (lambda: orders >> delay(seconds(1)) >> identity, "orders"),
    "Par": (lambda: par(visits), "par(visits)"),
    "Retry": (lambda: retry(par(visits), attempts=2), "par(visits)"),
    "Timeout": (lambda: timeout(orders, seconds(1)), "orders"),
    "InPool": (lambda: in_pool(par(visits, orders), "p"), "par(visits, orders)"),
    "WithParams": (lambda: local(map_each(to_int), day=1), "map_each(to_int)"),
    "Named": (lambda: named("x", par(visits)), "par(visits)"),
    "Extension": (lambda: Twice(par(visits)), "par(visits)"),
    "Always": (lambda: always(orders, then=visits), "orders"),
    "AsResult": (lambda: as_result(orders), "as_result(orders)"),
    "FromResult": (lambda: as_result(orders) >> from_result, "from_result"),
    "LoopUntil": (lambda: loop_until(again, it, limit=2), "again"),
    "MapEach": (lambda: map_each(to_int), "map_each(to_int)"),
    "Fallback": (lambda: fallback(orders, visits), "fallback(orders, visits)"),
    "Branch": (
        lambda: branch(it.a, then=orders, otherwise=visits),
        "branch(it.a, then=orders, otherwise=visits)",
    ),
    "Graph": (lambda: both_ways, "both_ways"),
    "too long": (lambda: par(*[orders] * 20), "par"),
}
TAKERS: dict[str, tuple[Callable[[], Workflow[Any, Any]], str]] = {
    "Task": (lambda: to_text, "to_text"),
    "Seq": (lambda: delay(seconds(1)) >> to_text >> to_int, "to_text"),
    "Par": (lambda: par(anything, identity, to_text), "to_text"),
    "Retry": (lambda: retry(par(anything, to_text), attempts=2), "to_text"),
    "Timeout": (lambda: timeout(to_text, seconds(1)), "to_text"),
    "InPool": (lambda: in_pool(to_text, "p"), "to_text"),
    "WithParams": (lambda: local(to_text, day=1), "to_text"),
    "Named": (lambda: named("x", map_each(to_text)), "map_each(to_text)"),
    "Extension": (lambda: Twice(again), "again"),
    "Always": (lambda: always(to_text, then=anything), "to_text"),
    "AsResult": (lambda: as_result(par(anything, to_text)), "to_text"),
    "FromResult": (lambda: from_result, "from_result"),
    "LoopUntil": (lambda: loop_until(again, it, limit=2), "again"),
    "MapEach": (lambda: map_each(to_text), "map_each(to_text)"),
    "Fallback": (lambda: fallback(anything, to_text), "to_text"),
    "Branch": (lambda: branch(it.a, then=anything, otherwise=to_text), "to_text"),
    "Graph": (lambda: adds_one, "adds_one"),
}


@task
def to_rates(visits: Visits) -> Rates: ...


@task
def again(n: int) -> int: ...


@task
def fits_nothing(x: Decimal) -> None: ...


@graph
def both_ways() -> tuple[Ref[Orders], Ref[Visits]]:
    return orders(), visits()


@graph
def adds_one(n: Ref[int]) -> Ref[str]:
    return to_text(n)


def test_every_node_is_among_those_that_give_and_take() -> None:
    kinds = {each.__name__ for each in get_args(Node)}
    assert set(GIVERS) >= kinds - {"Fail"}  # which gives nothing
    assert set(TAKERS) >= kinds - {"Fail", "Delay", "Pure"}  # which take whatever comes


def ends_with(told: Any) -> tuple[str, str]:
    """What a message about a wrong edge names at its ends, without places in the source."""
    giver, taker = (
        re.sub(r" \(\w+\.py:\d+\)", "", str(told.value)).split(": put a")[0].split(", but ")
    )
    return giver, taker


@pytest.mark.parametrize("kind", GIVERS)
def test_a_wrong_edge_names_what_gives_the_value(kind: str) -> None:
    build, end = GIVERS[kind]
    with pytest.raises(TypeError) as told:
        build() >> fits_nothing
    assert ends_with(told)[0] == f"{end} gives {name_of(build().edge.output)}"


@pytest.mark.parametrize("kind", TAKERS)
def test_a_wrong_edge_names_what_cannot_take_it(kind: str) -> None:
    build, end = TAKERS[kind]
    with pytest.raises(TypeError) as told:
        orders >> build()
    assert ends_with(told) == (
        "orders gives Orders",
        f"{end} takes {name_of(build().edge.accepts)}",
    )
