"""Each combinator's way with data: which sources are in what `save` writes, and which decide."""

from collections.abc import Callable
from typing import Any

import pytest

from fwf import (
    Extension,
    Ref,
    Workflow,
    always,
    apply,
    branch,
    const,
    delay,
    fail,
    fallback,
    graph,
    identity,
    in_pool,
    it,
    loop_until,
    map_each,
    named,
    par,
    param,
    pick,
    pure,
    retry,
    seconds,
    seq,
    task,
    timeout,
)
from fwf.algebra.nodes import Graph, Step
from fwf.interpreters.lineage import Lineage, Reach, dataflow as flow_of_values, lineage
from fwf.testing.generated_pieces import local
from tests.sizes import sizes


@task(effect="read", reads=["a"])
def a() -> Any: ...


@task(effect="read", reads=["b"])
def b() -> Any: ...


@task(effect="read", reads=["c"])
def c(x: Any) -> Any: ...


@task(effect="idempotent", writes=["out"])
def save(x: Any) -> Any: ...


@task(effect="idempotent", writes=["two"])
def save_two(x: Any, y: Any) -> Any: ...


@task(effect="idempotent", writes=["flag"])
def touch() -> Any: ...


@task(effect="idempotent", writes=["b"])
def write_b(x: Any) -> Any: ...


@task(effect="idempotent", reads=["b"], writes=["b"])
def update_b(x: Any) -> Any: ...


@task(effect="pure")
def clean(x: Any) -> Any: ...


def size(x: Any) -> int:
    return len(x)


class Padded(Extension[Any, Any]):
    __slots__ = ("workflow",)

    def __init__(self, workflow: Workflow[Any, Any]) -> None:
        object.__setattr__(self, "workflow", workflow)
        self.__post_init__()

    def desugar(self) -> Workflow[Any, Any]:
        return delay(seconds(1)) >> self.workflow


Padded.__match_args__ = ("workflow",)  # type: ignore[attr-defined]


@graph
def diamond() -> Ref[Any]:
    x = a()
    y = b()
    save(x)
    return clean(y)


@graph
def ordered() -> Ref[Any]:
    return save(b(write_b(a())))


@graph
def unordered() -> Ref[Any]:
    x = b()
    write_b(a())
    return save(x)


@graph
def backwards() -> Ref[Any]:
    x = b()
    write_b(c(x))
    return save(x)


@graph
def takes_two(x: Ref[Any], y: Ref[Any]) -> Ref[Any]:
    save(x)
    return clean(y)


ab = par(a, b)
FLOWS: list[tuple[str, Workflow[Any, Any], str, str]] = [
    ("a chain feeds", a >> clean >> save, "a", ""),
    ("a task that reads adds", a >> c >> save, "a c", ""),
    ("a task without inputs cuts", a >> b >> save, "b", ""),
    ("a task without inputs is not fed", a >> touch >> save, "", ""),
    ("a constant cuts", a >> const(1) >> save, "", ""),
    ("a parameter cuts", a >> pure(param("n", int)) >> save, "", ""),
    ("a delay passes on", a >> delay(seconds(1)) >> save, "a", ""),
    ("a failure gives nothing", a >> fail("Empty") >> save, "", ""),
    ("a tuple holds all", ab >> save, "a b", ""),
    ("an item narrows", ab >> pick(1) >> save, "b", ""),
    ("an item counts from the end", ab >> pure(it[-1]) >> save, "b", ""),
    ("items are swapped", ab >> pick(1, 0) >> pick(0) >> save, "b", ""),
    ("nested tuples narrow", par(ab, c) >> pure(it[0][1]) >> save, "b", ""),
    ("a field is in its value", a >> pure(it.rows) >> save, "a", ""),
    ("a field of a tuple is of all", ab >> pure(it.rows) >> save, "a b", ""),
    ("a sum is of both", ab >> pure(it[0] + it[1]) >> save, "a b", ""),
    ("a comparison is of its operand", ab >> pure(it[0] > 1) >> save, "a", ""),
    ("a default may be taken", ab >> pure(it[0].or_else(it[1])) >> save, "a b", ""),
    ("presence is of its operand", ab >> pure(it[1].x.present()) >> save, "b", ""),
    ("a function is of its operand", ab >> pure(apply(size, it[0])) >> save, "a", ""),
    ("both arms may run", a >> branch(it.x, then=clean, otherwise=b) >> save, "a b", ""),
    ("a predicate decides", a >> branch(it.x, then=const(1), otherwise=const(2)) >> save, "", "a"),
    ("a predicate decides on arms", par(a, b) >> branch(it[0], then=pick(1) >> save,
     otherwise=identity), "b", "a"),
    ("a predicate is of what it looks at", ab >> branch(it[0].x, then=pick(1), otherwise=const(0))
     >> save, "b", "a"),
    ("a predicate decides between fields", ab >> branch(it[1], then=pure(it[0].x),
     otherwise=pure(it[0].y)) >> save, "a", "b"),
    ("an outer predicate decides too", par(a, b) >> branch(it[0], then=pick(1)
     >> branch(it.x, then=const(1) >> save, otherwise=identity), otherwise=identity), "", "a b"),
    ("what was decided decides", a >> branch(it.x, then=const(1), otherwise=const(2))
     >> branch(it > 1, then=const(1), otherwise=const(2)) >> save, "", "a"),
    ("one task in two places is fed in each", par(a >> clean, b >> clean) >> pick(1) >> save,
     "b", ""),
    ("one task in two places is decided in each", const(1) >> save >> a
     >> branch(it.x, then=const(1) >> save, otherwise=identity), "", "a"),
    ("arms meet part by part", a >> branch(it.x, then=par(const(1), b), otherwise=par(b, const(2)))
     >> pick(0) >> save, "b", "a"),
    ("tests by tasks", a >> branch(c, then=const(1), otherwise=const(2)) >> save, "", "a c"),
    ("a handler gets the input", a >> fallback(b, clean) >> save, "a b", ""),
    ("a handler doesn't get the failure", fallback(a >> clean, b) >> save, "a b", ""),
    ("a finaliser's output is dropped", always(a, then=b) >> save, "a", ""),
    ("a finaliser gets the input", a >> always(b, then=save), "a", ""),
    ("a loop feeds back", par(a, b) >> loop_until(pick(1, 0), it[0].x, limit=3) >> pick(0) >> save,
     "a b", ""),
    ("a loop keeps apart", par(a, b) >> loop_until(identity, it[1].x, limit=3) >> pick(0) >> save,
     "a", "b"),
    ("a loop's test decides", const(0) >> loop_until(par(b, const(1)), it[0].x, limit=3)
     >> pick(1) >> save, "", "b"),
    ("a loop's body is decided by its test", const(0) >> loop_until(
     par(b, const(1) >> save), it[0].x, limit=3), "", "b"),
    ("a loop that turns into something else", ab >> loop_until(clean, it.x, limit=2) >> save,
     "a b", ""),
    ("a list's items", a >> map_each(clean) >> save, "a", ""),
    ("a list's length decides", a >> map_each(const(1)) >> save, "", "a"),
    ("a list's length decides on the body", a >> map_each(const(1) >> save), "", "a"),
    ("items of a list are no parts", a >> map_each(par(const(1), b)) >> pick(0) >> save, "b", "a"),
    ("a key is no data", par(a, b) >> pick(1) >> map_each(clean, key=it.id) >> save, "b", ""),
    ("wrappers pass on", a >> named("n", retry(timeout(in_pool(local(clean, n=1), "p"),
     seconds(1)), attempts=2)) >> save, "a", ""),
    ("an extension is its meaning", a >> Padded(c) >> save, "a c", ""),
    ("a graph's steps are fed by their inputs", diamond, "a", ""),
    ("a graph's inputs are apart", par(a, b) >> takes_two, "a", ""),
    ("a graph's input may be opaque", a >> clean >> takes_two, "a", ""),
    ("a step reads what one before wrote", a >> write_b >> b >> save, "a", ""),
    ("a step doesn't read what one after writes", b >> always(save, then=a >> write_b), "b", ""),
    ("concurrent steps may", par(b >> save, a >> write_b), "a b", ""),
    ("concurrent steps may, either way", par(a >> write_b, b >> save), "a b", ""),
    ("a later stage reads all of one before", par(a >> write_b, const(1)) >> b >> save, "a", ""),
    ("arms don't see one another", a >> branch(it.x, then=write_b, otherwise=b >> save), "b", "a"),
    ("what one arm writes isn't sure", a >> branch(it.x, then=write_b, otherwise=identity) >> b
     >> save, "a b", ""),
    ("what both arms write is", a >> branch(it.x, then=write_b, otherwise=write_b) >> b >> save,
     "a", ""),
    ("what only a part that may fail writes isn't sure", a >> fallback(write_b, clean) >> b >> save,
     "a b", ""),
    ("what a part and its handler write is", a >> fallback(write_b, write_b) >> b >> save, "a", ""),
    ("a handler may see half of it", fallback(a >> write_b, b >> save), "a b", ""),
    ("a finaliser may see half of it", always(a >> write_b, then=b >> save), "a b", ""),
    ("a later attempt sees an earlier one", retry(par(b, a) >> par(pick(0) >> save, pick(1)
     >> write_b) , attempts=2), "a b", ""),
    ("a later round sees an earlier one", const(0) >> loop_until(b >> save >> a >> write_b, it.x,
     limit=2), "a b", ""),
    ("a later item sees an earlier one", const([1]) >> map_each(b >> save >> a >> write_b), "a b",
     ""),
    ("a list may be empty", a >> map_each(write_b) >> b >> save, "a b", ""),
    ("steps of a graph in order", ordered, "a", ""),
    ("steps of a graph out of order", unordered, "a b", ""),
    ("steps of a graph the other way round", backwards, "b", ""),
    ("an update reads first", a >> update_b >> b >> save, "a b", ""),
]  # fmt: skip


@pytest.mark.parametrize(
    ("w", "data", "control"), [each[1:] for each in FLOWS], ids=[each[0] for each in FLOWS]
)
def test_data_flows(w: Workflow[Any, Any], data: str, control: str) -> None:
    reach = lineage(w).reach("out")
    assert (set(reach.data), set(reach.control)) == (set(data.split()), set(control.split()))


def test_a_retry_that_wrote_at_the_end_reads_it_at_the_start() -> None:
    w = b >> save >> a >> write_b
    assert lineage(w).reach("out") == Reach(("b",), ())
    assert lineage(retry(w, attempts=2)).reach("out") == Reach(("b", "a"), ())


def told(w: Workflow[Any, Any]) -> tuple[str, ...]:
    known = lineage(w)
    return tuple(" ".join(each) for each in (known.sources, known.products, known.intermediates))


def test_sources_products_and_intermediates() -> None:
    assert told(par(a, b) >> save) == ("a b", "out", "")
    assert told(a >> write_b >> b >> save) == ("a", "b out", "b")
    assert told(b >> write_b) == ("b", "b", "")
    assert told(a >> update_b) == ("a b", "b", "")
    assert told(retry(a >> update_b, attempts=2)) == ("a b", "b", "b")
    assert told(identity) == ("", "", "")


def test_every_task_is_told_where_it_stands() -> None:
    w = named("daily", par(a, b) >> save >> branch(it.x, then=save, otherwise=touch))
    assert [(each.path, each.reads, each.writes) for each in lineage(w).tasks] == [
        ("daily > par > a", ("a",), ()),
        ("daily > par > b", ("b",), ()),
        ("daily > save", (), ("out",)),
        ("daily > then > save", (), ("out",)),
        ("daily > otherwise > touch", (), ("flag",)),
    ]


def test_a_product_has_the_sources_of_all_its_writers() -> None:
    known = lineage(par(a >> save, b >> save))
    assert known.reach("out") == Reach(("a", "b"), ())
    assert [each.path for each in known.writers("out")] == ["par > save", "par > save#2"]


def test_an_unknown_product_is_refused() -> None:
    with pytest.raises(ValueError, match=r"reach\('outt'\): .*; did you mean 'out'\?"):
        lineage(a >> save).reach("outt")
    with pytest.raises(ValueError, match=r"no such dataset; it writes nothing"):
        lineage(a).reach("out")


def test_it_prints_each_product_with_what_it_is_made_of() -> None:
    w = par(a, b, c) >> branch(it[1].x, then=pick(0) >> save, otherwise=const(1) >> write_b)
    assert str(lineage(w)) == (
        "out, written by then > save\n"
        "  data from a\n"
        "  decided by b\n"
        "b, written by otherwise > write_b\n"
        "  data from no dataset\n"
        "  decided by b\n"
        "for no product: c"
    )
    assert str(lineage(clean)) == "no task declares a dataset"


def test_json_says_the_same() -> None:
    assert lineage(a >> save).to_json() == {
        "sources": ["a"],
        "intermediates": [],
        "products": [
            {"dataset": "out", "written_by": ["save"], "sources": {"data": ["a"], "control": []}}
        ],
        "tasks": [
            {"path": "a", "task": "a", "reads": ["a"], "writes": []},
            {"path": "save", "task": "save", "reads": [], "writes": ["out"]},
        ],
    }


# Size


def written(i: int) -> Workflow[Any, Any]:
    @task(effect="idempotent", reads=[f"r{i}"], writes=[f"w{i}"], config={"i": i})
    def step(x: Any) -> Any: ...

    return step


NESTS: list[Callable[[Workflow[Any, Any], int], Workflow[Any, Any]]] = [
    lambda w, i: retry(par(w, update_b), attempts=2),
    lambda w, i: branch(it.a > i % 3, then=loop_until(w, it.x, limit=2), otherwise=const(1)),
]


@sizes()
@pytest.mark.parametrize("nest", NESTS)
def test_many_levels_are_followed(
    nest: Callable[[Workflow[Any, Any], int], Workflow[Any, Any]], size: int
) -> None:
    w: Workflow[Any, Any] = a
    for i in range(size):
        w = nest(w, i)
    assert "a" in lineage(w >> save).reach("out").data


@sizes(deep=20_000)
def test_a_long_chain_knows_all_its_sources(size: int) -> None:
    known = lineage(seq(*map(written, range(size))))
    assert len(known.reach(f"w{size - 1}").data) == size
    assert known.reach("w1").data == ("r0", "r1")
    products = known.to_json()["products"]
    assert products[0]["sources"] == {"data": ["r0"], "control": []}
    assert products[-1]["sources"] is None
    assert str(known).count("written by") == 100


def test_steps_of_a_graph_of_thousands_count_as_concurrent() -> None:
    def chain(length: int) -> Lineage:
        first = [Step(a, ()), Step(write_b, (0,)), Step(b, (), (1,)), Step(save, (2,))]
        rest = [Step(clean, (at,)) for at in range(3, length)]
        return lineage(Graph((*first, *rest), length, 0))

    assert set(chain(100).reach("out").data) == {"a"}
    assert set(chain(2_000).reach("out").data) == {"a", "b"}


def test_a_part_that_stands_in_exponentially_many_places_is_followed_once() -> None:
    w: Workflow[Any, Any] = c
    for i in range(100):
        w = par(w, timeout(w, seconds(i + 1))) >> pick(0)
    known = lineage(a >> w >> save)
    assert known.reach("out") == Reach(("a", "c"), ())
    assert [each.path for each in known.tasks[:1] + known.tasks[-1:]] == ["a", "save"]


@pytest.mark.parametrize("w", [each[1] for each in FLOWS], ids=[each[0] for each in FLOWS])
def test_following_shared_parts_once_loses_nothing(
    w: Workflow[Any, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    exact = lineage(w)
    monkeypatch.setattr(flow_of_values, "MAX_PLACES", 0)
    assert covers(lineage(w), exact)
    assert covers(lineage(par(w, w)), exact)


def covers(rough: Lineage, exact: Lineage) -> bool:
    reach, wanted = rough.reach("out"), exact.reach("out")
    return (
        {*reach.data} >= {*wanted.data}
        and {*reach.data, *reach.control} >= {*wanted.control}
        and {*rough.sources} >= {*exact.sources}
        and {*rough.intermediates} >= {*exact.intermediates}
    )
