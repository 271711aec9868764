from typing import Any

import pytest

from fwf import Ref, Workflow, const, graph, it, named, par, pure, retry, task
from fwf.algebra.nodes import Graph, Named, Step
from tests.samples import anything, diamond, enrich, load, orders, ping, to_int, to_text, visits


def steps(w: Workflow[Any, Any]) -> tuple[Step, ...]:
    assert isinstance(w, Named) and isinstance(w.body, Graph)
    return w.body.steps


def test_calling_a_workflow_makes_a_step_and_a_result_can_be_used_twice() -> None:
    assert isinstance(diamond, Named) and diamond.name == "diamond"
    assert steps(diamond) == (
        Step(orders, ()),
        Step(visits, ()),
        Step(ping, (), (1,)),
        Step(enrich, (0, 1)),
        Step(load, (3,)),
    )
    assert diamond.body.outputs == (4, 0)


def test_parameters_of_the_function_are_inputs_of_the_graph() -> None:
    @graph
    def swapped(n: Ref[int], text: Ref[str]) -> tuple[Ref[int], Ref[str], Ref[int]]:
        return to_int(text), to_text(n), n

    assert repr(swapped) == (
        "named('swapped', Graph((Step(to_int, (-2,)), Step(to_text, (-1,)), ), (0, 1, -1), 2))"
    )
    assert swapped.edge.accepts == tuple[int, str]
    assert swapped.edge.gives == tuple[int, str, Any]


def test_a_step_that_takes_no_input_is_only_ordered_by_what_it_is_called_on() -> None:
    @graph
    def ordered() -> Any:
        seen = visits()
        retry(named("p", ping), attempts=2)(seen, seen)
        const(3)(seen)
        return anything(seen)

    assert [(step.inputs, step.after) for step in steps(ordered)] == [
        ((), ()),
        ((), (0, 0)),
        ((), (0,)),
        ((0,), ()),
    ]


def test_a_step_that_takes_anything_gets_what_it_is_called_on() -> None:
    @task
    def show(value: object) -> str:
        return str(value)

    @graph
    def shown() -> Any:
        return show(orders())

    assert steps(shown)[1] == Step(show, (0,))


def test_graphs_nest() -> None:
    @graph
    def inner(n: Ref[int]) -> Ref[str]:
        return to_text(n)

    @graph
    def outer(n: Ref[int]) -> Ref[int]:
        return to_int(inner(n))

    assert [step.body for step in steps(outer)] == [inner, to_int]


def run_graph(body: Any) -> Any:
    def made() -> Any:
        return body()

    return graph(made)


@pytest.mark.parametrize(
    ("body", "said"),
    [
        (
            lambda: ping() if orders() else visits(),
            "orders is a step's result, known only when the",
        ),
        (lambda: [ping() for _ in orders()], r"for each of its items make a step of map_each\(…\)"),
        (
            lambda: load(orders(), orders()),
            r"made: load\(…\) is given tuple\[Orders, Orders\], but",
        ),
        (lambda: load(orders()), r"made: load\(…\) is given Orders, but takes Sales"),
        (
            lambda: to_text(3),
            r"made: to_text\(…\) is given 3 as argument 1; .* make a step of const",
        ),
        (
            lambda: orders(day=3),
            r"orders\(day=…\): a step takes results of other steps, by position",
        ),
        (lambda: orders()[0], r"for an item of it make a step: pure\(it\[0\]\)\(orders\)"),
        (lambda: 3, r"@graph made: returns 3; it must return a step's result, such as"),
        (lambda: None, "@graph made: returns None"),
        (lambda: (ping(), 3), "@graph made: returns 3"),
    ],
)
def test_misuse_of_results_is_refused_with_the_remedy(body: Any, said: str) -> None:
    with pytest.raises(TypeError, match=said):
        run_graph(body)


def test_fields_of_results_are_read_by_a_step() -> None:
    with pytest.raises(AttributeError, match=r"make a step of it: pure\(it\.total\)\(orders\)"):
        run_graph(lambda: orders().total)

    @graph
    def counted() -> Any:
        return pure(it.row_count)(orders())

    assert repr(steps(counted)[1].body) == "pure(it.row_count)"
    assert "Step(pure(it.row_count), (0,))" in repr(counted)


def test_results_of_another_graph_are_refused() -> None:
    kept: list[Any] = []
    run_graph(lambda: kept.append(orders()) or ping())
    for body in (lambda: anything(kept[0]), lambda: kept[0]):
        with pytest.raises(TypeError, match="<Ref orders: Orders> belongs to another graph"):
            run_graph(body)


def test_calling_a_workflow_outside_a_graph_names_the_bare_function_and_run() -> None:
    with pytest.raises(TypeError, match=r"ping\(…\): .* bare function is ping.fn; to run it write"):
        ping()
    with pytest.raises(TypeError, match=r"its bare function is orders.fn"):
        orders(day=3)
    with pytest.raises(TypeError, match=r"a workflow\(…\): calling a workflow makes a step"):
        par(ping, ping)()


def test_a_failing_function_leaves_no_graph_open() -> None:
    def broken() -> Any:
        raise RuntimeError("mine")

    with pytest.raises(RuntimeError, match="mine"):
        graph(broken)
    with pytest.raises(TypeError, match="it stands in a function under @graph"):
        ping()


def keywords(*, n: int) -> Any: ...


def stars(*refs: Ref[int]) -> Any: ...


async def later() -> Any: ...


@pytest.mark.parametrize(
    ("function", "said"),
    [
        (lambda: ping(), "is not a function; a graph is written with def"),
        (3, "@graph: 3 is not a function"),
        (ping, "@graph: ping is not a function"),
        (keywords, "@graph keywords: its positional parameters are the graph's inputs; it takes"),
        (stars, "@graph stars: its positional parameters"),
        (later, "@graph later: .* isn't async"),
    ],
)
def test_only_plain_functions_are_graphs(function: Any, said: str) -> None:
    with pytest.raises(TypeError, match=said):
        graph(function)
