import copy
import gc
import os
import pickle
import subprocess
import sys
from collections.abc import Callable, Iterator
from datetime import date, datetime
from pathlib import Path
from typing import Any, get_args, get_origin

import pytest
from hypothesis import given, settings
from pyrsistent import pmap, pvector

from fwf import (
    Workflow,
    always,
    as_result,
    branch,
    const,
    definition_id,
    delay,
    every,
    fail,
    fallback,
    from_result,
    in_pool,
    it,
    loop_until,
    map_each,
    named,
    par,
    pure,
    retry,
    seconds,
    task,
    timeout,
)
from fwf.algebra.builder import expr_of
from fwf.algebra.nodes import Extension, Graph, Node, Step, Task
from fwf.algebra.traverse import children, fold, rebuild, walk
from fwf.records import changed, record
from fwf.testing.generated_pieces import local, renaming
from tests.samples import (
    Twice,
    anything,
    diamond,
    namespace,
    orders,
    ping,
    reader,
    to_text,
    unannotated,
    workflows,
)
from tests.sizes import sizes

ROOT = Path(__file__).parents[2]


@record(eq=False, repr=False)
class Once(Extension[Any, Any]):
    body: Node

    def desugar(self) -> Workflow[Any, Any]:
        return par(self.body)


WRAPPERS: dict[str, Callable[[Workflow[Any, Any]], Workflow[Any, Any]]] = {
    "named": lambda w: named("part", w, owner="us"),
    "retry": lambda w: retry(w, attempts=2),
    "timeout": lambda w: timeout(w, seconds(1)),
    "fallback": lambda w: fallback(w, ping),
    "handler": lambda w: fallback(ping, w),
    "always": lambda w: always(w, then=ping),
    "finaliser": lambda w: always(ping, then=w),
    "with_params": lambda w: local(w, n=1),
    "using": lambda w: renaming(w, db="other"),
    "in_pool": lambda w: in_pool(w, "vendor"),
    "par": lambda w: par(w),
    "chain": lambda w: par(w, ping) >> unannotated,
    "then": lambda w: branch(it.n > 1, then=w, otherwise=ping),
    "otherwise": lambda w: branch(it.n > 1, then=ping, otherwise=w),
    "loop_until": lambda w: loop_until(w, it.n > 1, limit=2),
    "map_each": lambda w: map_each(w),
    "graph": lambda w: Graph((Step(w, ()),), 0, 0),
    "extension": lambda w: Once(w),
}


def nested(depth: int, *wrappers: str) -> Workflow[Any, Any]:
    made: Workflow[Any, Any] = ping
    for level in range(depth):
        made = WRAPPERS[wrappers[level % len(wrappers)]](made)
    return made


def count(node: Node, counts: tuple[int, ...]) -> int:
    return 1 + sum(counts)


@given(workflows)
def test_a_workflow_prints_as_the_source_that_makes_it(w: Any) -> None:
    again = eval(repr(w), namespace())
    assert again == w and hash(again) == hash(w) and repr(again) == repr(w)
    assert definition_id(again) == definition_id(w)


@pytest.mark.parametrize("after", [(), (0,), (0, 1)])
def test_edges_that_only_order_print_as_their_source(after: tuple[int, ...]) -> None:
    w = Graph((Step(ping, ()), Step(orders, ()), Step(anything, (0,), after)), 2, 0)
    assert eval(repr(w), namespace()) == w


@given(workflows)
def test_a_workflow_pickles_and_copies(w: Any) -> None:
    again = pickle.loads(pickle.dumps(w))
    assert again == w and repr(again) == repr(w)
    assert copy.deepcopy(w) is w and copy.copy(w) is w


@given(workflows, workflows)
def test_workflows_are_equal_exactly_if_they_print_alike(a: Any, b: Any) -> None:
    assert (a == b) == (repr(a) == repr(b))


@given(workflows)
def test_rebuilding_around_the_same_parts_is_the_node_itself(w: Any) -> None:
    for here in walk(w):
        parts = children(here.node)
        assert rebuild(here.node, parts) is here.node
        copies = tuple(pickle.loads(pickle.dumps(part)) for part in parts)
        if not isinstance(here.node, Extension):
            assert rebuild(here.node, copies) == here.node


@given(workflows)
def test_folding_counts_what_walking_visits(w: Any) -> None:
    assert fold(count, w) == sum(1 for _ in walk(w))


@pytest.mark.parametrize("wrapper", WRAPPERS)
def test_every_wrapper_nests_deeper_than_any_stack(wrapper: str) -> None:
    w, other = nested(2_000, wrapper), nested(2_000, wrapper)
    assert w == other and hash(w) == hash(other) and w != nested(1_999, wrapper)
    assert definition_id(w) == definition_id(other)
    assert repr(w).count("(") > 60 and "…" in repr(w)
    assert pickle.loads(pickle.dumps(w)) == w and copy.deepcopy(w) is w
    assert fold(count, w) == sum(1 for _ in walk(w)) > 2_000
    *_, deepest = walk(w)
    assert deepest.path


@pytest.fixture
def without_collector() -> Iterator[None]:
    """The collector looks at millions of objects again and again, and nothing here has cycles."""
    gc.disable()
    yield
    gc.enable()


@pytest.mark.usefixtures("without_collector")
@sizes()
def test_nested_wrappers_of_all_kinds_are_no_trouble(size: int) -> None:
    w = nested(size, *WRAPPERS)
    again = pickle.loads(pickle.dumps(w))
    assert w == again and hash(w) == hash(again) and copy.deepcopy(w) is w
    assert definition_id(w) and "…" in repr(w)
    assert fold(count, w) == sum(1 for _ in walk(w)) > size


@pytest.mark.usefixtures("without_collector")
@sizes(quick=100_000, deep=1_000_000)  # so many that repr leaves some out
def test_many_steps_are_no_trouble_in_a_chain_and_in_a_fan(size: int) -> None:
    chain: Workflow[Any, Any] = unannotated
    for _ in range(size - 1):
        chain = chain >> unannotated
    fan = par(*[ping] * size)
    again = pickle.loads(pickle.dumps(chain))
    assert again == chain and hash(again) == hash(chain)
    for w in (chain, fan):
        assert copy.deepcopy(w) is w and hash(w) and definition_id(w)
        assert len(repr(w)) < 200_000 and repr(w).endswith("…")
        assert fold(count, w) == size + 1


def test_repr_evaluates_to_depth_sixty_and_elides_what_is_deeper() -> None:
    for wrapper in WRAPPERS:
        # What binds a name that nothing takes is refused when it is written.
        if wrapper not in ("graph", "extension", "with_params", "using"):
            w = nested(29 if wrapper == "chain" else 59, wrapper)
            assert eval(repr(w), namespace()) == w
    assert repr(nested(61, "retry")).count("retry") == 61
    assert "…" not in repr(nested(60, "retry"))
    assert "retry(…, attempts=2)" in repr(nested(62, "retry"))


def test_a_part_that_is_shared_is_folded_once_and_costs_no_more() -> None:
    w: Workflow[Any, Any] = ping
    for _ in range(200):
        w = par(w, w)
    assert w == pickle.loads(pickle.dumps(w))
    assert fold(count, w) == 2**201 - 1
    assert len(repr(w)) < 200_000


def test_types_count_in_equality() -> None:
    assert const(1) != const(True) != const(1.0)
    assert const((1,)) != const([1])
    assert branch(it.n == 1, then=ping, otherwise=ping) != branch(
        it.n == True,
        then=ping,
        otherwise=ping,
    )


def test_the_order_of_keywords_does_not_count() -> None:
    assert local(ping, a=1, b=2) == local(ping, b=2, a=1)
    assert named("x", ping, a=1, b=2) == named("x", ping, b=2, a=1)


def test_notes_count_in_equality_and_not_in_the_definition() -> None:
    plain, noted = named("x", ping), named("x", ping, owner="us")
    assert plain != noted and definition_id(plain) == definition_id(noted)
    assert definition_id(named("y", ping)) != definition_id(plain)


def test_a_chain_is_the_same_however_it_was_put_together() -> None:
    a, b, c = pure(it.a), pure(it.b), pure(it.c)
    assert (a >> b) >> c == a >> (b >> c) != a >> c >> b


def test_a_task_is_known_by_name_version_config_and_contract() -> None:
    def defined(name: str, **declared: Any) -> Task[Any, Any]:
        @task(name=name, config={}, **declared)
        def fn() -> int:
            return 0

        return fn

    assert defined("a") == defined("a") != defined("b")
    assert defined("a") != defined("a", version="2")
    assert defined("a") != defined("a", effect="read")
    assert defined("a") != defined("a", isolate=True)
    assert reader("t") == reader("t", 10) != reader("u")


@task(name="t", effect="read", reads=["a"], writes=["b"], config={}, duration=seconds(1))
def declared(n: int, *, day: date = date(2026, 1, 1)) -> int: ...


CONTRACT, ANOTHER = declared.contract, pure(it.b).expr
DEFINED: list[tuple[Any, dict[str, Any]]] = [
    (declared, {"name": "u", "version": "2", "config": pmap({"n": 1}),
                "contract": changed(CONTRACT, isolate=True)}),
    (pure(it.a), {"expr": ANOTHER}),
    (fail("A", "why"), {"tag": "B", "message": "how"}),
    (delay(seconds(1)), {"duration": seconds(2)}),
    (orders >> ping, {"parts": pvector([ping, orders])}),
    (par(orders, ping), {"parts": (ping, orders), "fail_fast": True}),
    (branch(it.a, then=orders, otherwise=ping),
     {"predicate": ANOTHER, "then": ping, "otherwise": orders}),
    (loop_until(ping, it.a, limit=2),
     {"body": orders, "done": ANOTHER, "limit": 3, "within": seconds(1), "on_limit": "stop"}),
    (map_each(ping), {"body": orders, "key": ANOTHER, "at_once": 1, "on_error": "collect"}),
    (Graph((Step(orders, ()), Step(ping, ())), 0, 0),
     {"steps": (Step(orders, ()), Step(ping, (), (0,))), "outputs": 1, "arity": 1}),
    (Graph((Step(orders, ()), Step(ping, (0,))), 0, 0),
     {"steps": (Step(orders, ()), Step(ping, ())), "outputs": (0,), "arity": 2}),
    (retry(ping, attempts=2),
     {"body": orders, "attempts": 3, "wait": every(seconds(1)), "on": ("A",)}),
    (timeout(ping, seconds(1)), {"body": orders, "within": seconds(2)}),
    (fallback(ping, ping), {"body": orders, "handler": orders, "on": ("A",)}),
    (always(ping, then=ping), {"body": orders, "finaliser": orders}),
    (as_result(ping), {"body": orders}),
    (from_result, {}),
    (local(ping, n=1),
     {"body": orders, "params": pmap({"n": expr_of(it)}), "resources": pmap({"n": "m"})}),
    (in_pool(ping, "a"), {"body": orders, "pool": "b"}),
    (named("a", ping), {"name": "b", "body": orders}),
]  # fmt: skip
"""A node of each kind, and another value of each of its fields that say what it does."""

DECLARED: dict[str, Any] = {
    "inputs": (changed(CONTRACT.inputs[0], name="m"),),
    "output": str,
    "injected": (),
    "is_async": True,
    "effect": None,
    "reads": (),
    "writes": ("c",),
    "duration": None,
    "isolate": True,
}
TAKEN: list[tuple[str, dict[str, Any]]] = [
    ("inputs", {"name": "m", "type": str}),
    (
        "injected",
        {
            "name": "on",
            "type": datetime,
            "kind": "resource",
            "optional": False,
            "default": date(2026, 1, 2),
        },
    ),
]


def fields(record: Any, *but: str) -> set[str]:
    return set(type(record).__match_args__) - set(but)


def assert_another(old: Any, **values: Any) -> None:
    new = changed(old, **values)
    assert new != old and definition_id(new) != definition_id(old), values


def test_whatever_a_node_says_counts_in_its_definition() -> None:
    assert {type(w) for w, _ in DEFINED} | {Extension} == set(map(get_origin, get_args(Node)))
    for w, edits in DEFINED:
        assert set(edits) == fields(w, "fn", "notes")
        for name, value in edits.items():
            assert_another(w, **{name: value})


def test_whatever_a_contract_says_but_its_example_counts_in_its_definition() -> None:
    assert set(DECLARED) == fields(CONTRACT, "example")
    for name, value in DECLARED.items():
        assert_another(declared, contract=changed(CONTRACT, **{name: value}))
    for kind, edits in TAKEN:
        (one,) = getattr(CONTRACT, kind)
        assert set(edits) == fields(one)
        for name, value in edits.items():
            taken = (changed(one, **{name: value}),)
            assert_another(declared, contract=changed(CONTRACT, **{kind: taken}))


def test_workflows_can_be_keys_and_members() -> None:
    assert {retry(ping, attempts=2): 1}[retry(ping, attempts=2)] == 1
    assert ping in [orders, ping] and len({ping, ping, orders}) == 2
    assert ping != "ping" and ping != None


DIGEST = """
from fwf import const, definition_id, named, par
from fwf.testing.generated_pieces import local
from tests.samples import diamond, load, reader
w = par(diamond, const({"b": {1, 2, 3}, "a": {"x", "y", "z"}}), local(load, b=1, a=2))
print(definition_id(w), hash(w), definition_id(reader("t")), repr(w))
"""


def test_digests_and_repr_are_alike_in_every_process() -> None:
    said = {
        subprocess.run(
            [sys.executable, "-c", DIGEST],
            env={**os.environ, "PYTHONHASHSEED": seed},
            cwd=ROOT,
            capture_output=True,
            check=True,
        ).stdout
        for seed in ("0", "1", "2")
    }
    assert len(said) == 1


def test_a_pickle_is_read_by_another_process() -> None:
    w = par(diamond, reader("orders", 3), named("x", to_text), Twice(anything))
    code = "import pickle, sys; print(repr(pickle.load(sys.stdin.buffer)))"
    done = subprocess.run(
        [sys.executable, "-c", code],
        input=pickle.dumps(w),
        cwd=ROOT,
        capture_output=True,
        check=True,
    )
    assert done.stdout.decode().strip() == repr(w)


def test_a_task_that_cannot_be_found_again_is_not_pickled() -> None:
    @task
    def inner() -> int:
        return 1

    with pytest.raises(pickle.PicklingError, match=r"inner \(test_identity.py:\d+\) can't be pick"):
        pickle.dumps(retry(inner, attempts=2))

    def hidden(n: int) -> Task[Any, Any]:
        @task(config={"n": n})
        def made() -> int:
            return n

        return made

    with pytest.raises(pickle.PicklingError, match="give config= the factory's arguments"):
        pickle.dumps(hidden(1))


@settings(max_examples=20)
@given(workflows)
def test_a_workflow_is_neither_true_nor_iterable(w: Any) -> None:
    with pytest.raises(TypeError):
        bool(w)
    with pytest.raises(TypeError):
        iter(w)


def written() -> str:
    calls.append("called")
    return "written"


calls: list[str] = []
under_another_name = task(effect="idempotent")(written)


def test_pickling_a_task_calls_no_function_but_the_factory_that_made_it() -> None:
    with pytest.raises(pickle.PicklingError, match="define it at the top of a module"):
        pickle.dumps(under_another_name)
    assert not calls
