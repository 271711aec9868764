"""All that an extension has in its fields is part of what it is."""

import pickle
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest

import fwf
from fwf import (
    Extension,
    Workflow,
    apply,
    backoff,
    const,
    definition_id,
    delays,
    diff,
    identity,
    it,
    load,
    named,
    par,
    plan,
    poll,
    pretty,
    registry,
    run,
    seconds,
)
from fwf.algebra import extension_layout
from fwf.algebra.builder import expr_of
from fwf.algebra.extensions import field_names
from fwf.algebra.parts import children
from fwf.analysis.identity import normal_id
from tests.samples import Colour, is_big, ping


@dataclass(frozen=True, slots=True, eq=False, repr=False)
class Lab(Extension[Any, Any]):
    """Its `label` doesn't reach the meaning."""

    body: Any
    label: Any = None

    def desugar(self) -> Workflow[Any, Any]:
        return self.body


@dataclass(frozen=True, slots=True, eq=False, repr=False, kw_only=True)
class Worded(Extension[Any, Any]):
    body: Any
    label: Any = None
    made: int = field(default=3, init=False)

    def desugar(self) -> Workflow[Any, Any]:
        return self.body


def worded(body: Any, label: Any) -> Worded:
    return Worded(body=body, label=label)


MAKERS: list[Any] = [Lab, worded]
PAIRS: list[tuple[Any, Any]] = [
    ("p", "q"),
    (1, True),
    (1, 1.0),
    (None, ""),
    ({1}, frozenset({1})),
    ((1,), [1]),
    ({"a": 1}, {"a": 2}),
    (Colour.RED, Colour.GREEN),
    (timedelta(1), timedelta(2)),
    (const(1), const(2)),
    (const(1), None),
    ((const(1), const(2)), (const(2), const(1))),
    ((const(1),), const(1)),
    ((), (const(1),)),
    (it.n > 1, it.n > 2),
    (it.n, expr_of(it.n)),
    (expr_of(it.n), expr_of(it.m)),
    (apply(is_big), apply(len)),
    (delays(seconds(1)), delays(seconds(2))),
    (backoff(seconds(1)), None),
    (named("a", const(1)), named("b", const(1))),
]


@pytest.mark.parametrize("make", MAKERS)
@pytest.mark.parametrize(("p", "q"), PAIRS)
def test_extensions_of_one_meaning_and_other_fields_differ_everywhere(
    make: Any, p: Any, q: Any
) -> None:
    one, other, twin = make(ping, p), make(ping, q), make(ping, p)
    assert one == twin and hash(one) == hash(twin) and repr(one) == repr(twin)
    assert one != other and plan(one) != plan(other)
    assert definition_id(one) != definition_id(other) and definition_id(one) == definition_id(twin)
    assert normal_id(one) == normal_id(other)  # they mean the same
    assert str(diff(one, other)) != str(diff(one, twin)) and "label" in str(diff(one, other))
    assert one in {twin} and other not in {one}
    inside = (par(identity, one), par(identity, other))
    assert inside[0] != inside[1] and definition_id(inside[0]) != definition_id(inside[1])


@pytest.mark.parametrize("make", MAKERS)
@pytest.mark.parametrize("label", [each for pair in PAIRS for each in pair])
def test_an_extension_comes_back_with_all_its_fields(make: Any, label: Any) -> None:
    w = make(ping, label)
    known = registry(w, *(each for each in (label,) if isinstance(each, Workflow)), Colour)
    for again in (load(plan(w)).unwrap(), load(plan(w), known).unwrap()):
        assert again == w and definition_id(again) == definition_id(w) and plan(again) == plan(w)
    assert pickle.loads(pickle.dumps(w)) == w
    assert "label=" in repr(w) and "made" not in repr(w) and pretty(w)
    assert run(w).unwrap() is None


def test_notes_in_a_field_count_where_notes_count() -> None:
    one, other = Lab(ping, named("a", ping, owner="x")), Lab(ping, named("a", ping, owner="y"))
    assert one != other and definition_id(one) == definition_id(other)


@pytest.mark.parametrize("make", MAKERS)
@pytest.mark.parametrize("label", [object(), is_big, [ping], (ping, 1), {"a": ping}, map(str, [])])
def test_a_field_that_can_not_be_written_down_is_refused(make: Any, label: Any) -> None:
    said = r"(Lab|Worded)\(label=…\): .*; in an extension, also workflows and tuples of them, expre"
    with pytest.raises(TypeError, match=said):
        make(ping, label)


def test_a_field_of_an_expression_takes_a_function_by_its_name() -> None:
    assert Lab(ping, apply(is_big)) == Lab(ping, apply(is_big))


def test_the_fields_are_those_that_the_class_is_called_with() -> None:
    assert field_names(Lab) == ("body", "label") == field_names(Worded)


def test_extensions_in_fields_of_extensions_nest_deeper_than_any_stack() -> None:
    one: Any = ping
    other: Any = const(1)
    for _ in range(20_000):
        one, other = Lab(ping, one), Lab(ping, other)
    assert one != other and hash(one) != hash(other)
    assert definition_id(one) != definition_id(other)


FIELDS: list[Any] = [
    *(10**5000, float("nan"), float("inf"), timedelta(days=1), Colour.RED, Decimal("NaN")),
    *(
        [float("nan")],
        {"a": (Colour.RED, seconds(1))},
        (seconds(1),),
        frozenset({2, 1}),
        {"b", "a"},
    ),
]


@pytest.mark.parametrize("make", MAKERS)
@pytest.mark.parametrize("label", FIELDS, ids=lambda label: type(label).__name__)
def test_an_extension_prints_the_source_of_its_fields(make: Any, label: Any) -> None:
    w = make(ping, label)
    names = {**vars(fwf), "Lab": Lab, "Worded": Worded, "ping": ping, "Colour": Colour}
    assert eval(repr(w), {**names, "Decimal": Decimal}) == w


def of_meaning(meaning: Any) -> Callable[[], Any]:
    return Lab.__class__("Odd", (Lab,), {"__slots__": (), "desugar": meaning})


async def awaited(_: Any) -> Workflow[Any, Any]:
    return ping


MEANINGS: list[tuple[Any, str]] = [
    (lambda _: None, "None is not a workflow; a function that builds one has to return it"),
    (lambda self: self, "gives itself; say it in terms of others"),
    (lambda _: "ping", "'ping' is not a workflow"),
    (lambda _: [ping, ping], r"to run all at once write par\(ping, ping\)"),
    (lambda _: Lab, "is not a workflow; write a function with @task that calls it"),
    (lambda _: len, "len can't be a task"),
    (lambda _: (yield ping), "to run all the workflows that it gives at once write"),
    (awaited, "comes of a call"),
]


@pytest.mark.filterwarnings("ignore:coroutine 'awaited':RuntimeWarning")
@pytest.mark.parametrize(("meaning", "said"), MEANINGS)
def test_what_desugars_to_no_workflow_is_refused_where_it_is_made(meaning: Any, said: str) -> None:
    with pytest.raises(TypeError, match=rf"^Odd\.desugar\(\): .*{said}"):
        of_meaning(meaning)(ping)


def test_an_extension_may_mean_an_expression() -> None:
    assert run(of_meaning(lambda _: it + 1)(ping), 1).unwrap() == 2


class Bare(Extension[Any, Any]):
    def desugar(self) -> Workflow[Any, Any]:
        return ping


class Built(Bare):
    def __init__(self, n: int) -> None:
        self.n = n


@pytest.mark.parametrize("make", [Bare, lambda: Built(1) >> ping, lambda: ping >> Built(1)])
def test_an_extension_whose_fields_are_not_known_is_refused(make: Any) -> None:
    with pytest.raises(TypeError, match=r"^(Bare|Built): .*write @dataclass\(frozen=True"):
        make()


@dataclass(frozen=True, slots=True, eq=False, repr=False)
class Counted(Extension[Any, Any]):
    """Checks its field, and leaves ours alone."""

    n: Any

    def __post_init__(self) -> None:
        if self.n == 0:
            raise ValueError("n is 0")

    def desugar(self) -> Workflow[Any, Any]:
        return const(self.n)


def test_an_extension_with_a_check_of_its_own_is_one_like_the_others() -> None:
    w = ping >> Counted(1)
    assert run(w).unwrap() == 1 and load(plan(w), registry(w)).unwrap() == w
    assert pickle.loads(pickle.dumps(w)) == w and Counted(1).edge.output is int
    with pytest.raises(TypeError, match=r"^Counted\(n=…\): "):
        ping >> Counted(object())


def test_where_parts_stand_is_found_without_a_look_into_them(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """A chain that is a part is put into another there, but what it is made of may be deep."""
    looks = 0

    def counted(node: Any) -> Any:
        nonlocal looks
        looks += 1
        return children(node)

    monkeypatch.setattr(extension_layout, "children", counted)
    w: Any = ping
    counts: list[int] = []
    for _ in range(20):
        w = poll(ping >> w, it > 0, every=seconds(1), limit=2)
        before = looks
        extension_layout.Layout(w)
        counts.append(looks - before)
    assert min(counts) == max(counts) > 0
