import copy
import math
import operator
import pickle
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given, strategies as st

from fwf import apply, it, literal, param, pick
from fwf.algebra.builder import It, expr_of
from fwf.algebra.evaluation import Undefined, evaluate, test as holds
from fwf.algebra.expr import IT, Const, show, substitute, type_of
from fwf.algebra.refused_operations import REFUSED
from fwf.types.hints import ANY
from tests.samples import (
    Colour,
    Level,
    Mood,
    Orders,
    Rates,
    Visits,
    expressions,
    is_big,
    namespace,
)


@dataclass
class Row:
    total: Any = 5
    name: Any = "x"
    nothing: Any = None
    tags: Any = ()

    @property
    def broken(self) -> int:
        raise RuntimeError("secret row")


ROW = Row(tags=["a", "b"])


def value(built: It, given: Any = ROW, **params: Any) -> Any:
    return evaluate(expr_of(built), given, params)


def defect(built: It, given: Any = ROW, **params: Any) -> str:
    with pytest.raises(Undefined) as said:
        holds(expr_of(built), given, params)
    return str(said.value)


@given(expressions)
def test_an_expression_prints_as_the_source_that_builds_it(built: It) -> None:
    again = eval(repr(built), namespace())
    assert expr_of(again) == expr_of(built) and hash(expr_of(again)) == hash(expr_of(built))


@given(expressions, st.one_of(st.none(), st.integers(), st.text(), st.just(ROW), st.booleans()))
def test_evaluation_gives_a_value_or_says_what_is_undefined(built: It, given: Any) -> None:
    with suppress(Undefined):
        evaluate(expr_of(built), given, {"n": 1, "day": date(2026, 7, 15)})


@given(expressions)
def test_an_expression_pickles_and_copies(built: It) -> None:
    for other in (pickle.loads(pickle.dumps(built)), copy.deepcopy(built), copy.copy(built)):
        assert expr_of(other) == expr_of(built)


@given(expressions, expressions, st.dictionaries(st.sampled_from("ab"), st.integers()))
def test_moving_an_expression_is_evaluating_it_elsewhere(f: It, g: It, given: Any) -> None:
    params = {"n": 1, "day": date(2026, 7, 15)}
    try:
        inner = evaluate(expr_of(g), given, params)
    except Undefined:
        return
    if expr_of(f).__class__ is Const or "it" not in repr(f):
        return
    try:
        wanted = evaluate(expr_of(f), inner, params)
    except Undefined:
        return
    try:
        found = evaluate(substitute(expr_of(f), expr_of(g)), given, params)
    except ValueError:  # nests too deep
        return
    assert repr(found) == repr(wanted)


@pytest.mark.parametrize(
    ("built", "wanted"),
    [
        (it.total, 5),
        (it["total"] + 1, 6),
        (10 - it.total * 2, 0),
        ([0] + it.tags, [0, "a", "b"]),  # noqa: RUF005
        ("-" * it.total, "-----"),
        (it.tags[-1], "b"),
        (it.tags.length(), 2),
        (it.total > 4, True),
        ((it.total >= 5) & ~(it.name == "y"), True),
        ((it.total < 5) | (it.name != "x"), False),
        (it.name.is_in(["x", "y"]), True),
        (it.name.is_in([]), False),
        (it.nothing.present(), False),
        (it.missing.present(), False),
        (it.missing.deeper.present(), False),
        (it.total.present(), True),
        (it.missing.or_else(3), 3),
        (it.nothing.or_else(it.total), 5),
        (it.nothing.inner.or_else(1), 1),
        (it.nothing == None, True),
        (it.total != None, True),
        (pick("total", it.name, literal(1)), (5, "x", 1)),
        (pick(it), ROW),
        (literal({"a": [1]}), {"a": [1]}),
        (apply(is_big, it.total), False),
        (param("n") + 1, 3),
        (it.total == 5.0, True),
        (it.total < Decimal(6), True),
    ],
)
def test_expressions_evaluate(built: It, wanted: Any) -> None:
    assert value(built, n=2) == wanted


def test_a_mapping_is_asked_for_keys_and_anything_else_for_attributes() -> None:
    assert value(it.items, {"items": 3}) == 3
    assert value(it["items"], {"items": 3}) == 3
    assert value(it.a.b, {"a": {"b": 1}}) == 1
    assert "it has no field 'keys'" in defect(it.keys, {"a": 1})


DEFECTS: list[tuple[It, str]] = [
    (it.totl > 4, "it is a Row: it has no field 'totl'; did you mean 'total'?"),
    (it.tags[7] == "a", "it.tags is a list: it has no item 7"),
    (it.total > "4", "it.total > '4': a int > a str doesn't fit"),
    (it.total == "5", "it.total == '5': a int == a str doesn't fit"),
    (it.total == True, "it.total == True: a int == a bool doesn't fit"),
    (it.nothing > 4, "it.nothing > 4: None > a int doesn't fit"),
    (it.nothing + 1 > 4, "it.nothing + 1: None + a int doesn't fit"),
    (it.total, "it.total is a int, not True or False; compare it, or use .present()"),
    (it.nothing, "it.nothing is None, not True or False; compare it, or use .present()"),
    (~it.total, "it.total is a int, not True or False; compare it, or use .present()"),
    (it.total & it.name, "it.total is a int, not True or False"),
    (it.total.length() > 1, "it.total.length(): a int has no length"),
    (it.name.is_in([1, 2]), "it.name.is_in([1, 2]): a str == a int doesn't fit"),
    (param("day") > 1, "parameter 'day' is not given"),
    (it.broken > 1, "it: reading 'broken' raised RuntimeError"),
    (it.broken.present(), "it: reading 'broken' raised RuntimeError"),
    (it.total.x > 1, "it.total is a int: it has no field 'x'"),
    (apply(is_big, it.name), "is_big raised TypeError: "),
]


@pytest.mark.parametrize(("built", "said"), DEFECTS)
def test_what_has_no_value_is_a_defect_that_names_the_field(built: It, said: str) -> None:
    assert said in defect(built)


def test_a_defect_names_types_and_not_values() -> None:
    assert "secret" not in defect(it.name > 3, Row(name="secret"))
    assert "secret" not in defect(it.broken > 3)


def test_nothing_is_silently_false() -> None:
    """What Python finds unequal though it can't be compared is a defect."""
    naive, aware = datetime(2026, 1, 1), datetime(2026, 1, 1, tzinfo=UTC)
    for one, other in [
        (naive, aware),
        (naive, date(2026, 1, 1)),
        (Colour.RED, 1),
        (Colour.RED, Level.LOW),
        ((1,), [1]),
        ("1", 1),
        (b"a", "a"),
        (True, 1),
    ]:
        assert "doesn't fit" in defect(it == literal(one), other)
        assert "doesn't fit" in defect(it != literal(one), other)
    assert value(it == Level.LOW, 1) is True
    assert value(it == Mood.CALM, "calm") is True
    assert value(it == Colour.RED, Colour.GREEN) is False


def test_and_or_stop_at_the_first_answer_as_python_does() -> None:
    assert value((it.total < 0) & (it.missing > 1)) is False
    assert value((it.total > 0) | (it.missing > 1)) is True
    assert "missing" in defect((it.missing > 1) & (it.total < 0))


@pytest.mark.parametrize(
    ("built", "source"),
    [
        (it.total > 0, "it.total > 0"),
        (it["class"]["a b"]["_x"]["length"], "it['class']['a b']['_x']['length']"),
        ((it.n >= 3) & ~it.ok, "((it.n >= 3) & ~it.ok)"),
        ((it.a & it.b) & it.c, "(it.a & it.b & it.c)"),
        (it.a & (it.b | it.c), "(it.a & (it.b | it.c))"),
        (it.a + it.b * 2 - 1, "(it.a + (it.b * 2)) - 1"),
        ((~it.ok).present(), "(~it.ok).present()"),
        (~literal(True), "~literal(True)"),
        (literal(3) > it, "literal(3) > it"),
        (literal(True) & it.x, "(literal(True) & it.x)"),
        (literal(1) + 2, "literal(1) + 2"),
        (it > 3, "it > 3"),
        (it.a.is_in([1]).or_else(False), "it.a.is_in([1]).or_else(False)"),
        (apply(is_big), "apply(is_big)"),
        (apply(is_big).x, "apply(is_big).x"),
        (param("day", date) < date(2026, 7, 15), None),
    ],
)
def test_expressions_are_printed_with_the_parentheses_they_need(built: It, source: Any) -> None:
    if source is not None:
        assert repr(built) == source
    assert expr_of(eval(repr(built), namespace())) == expr_of(built)


def test_a_function_of_the_value_itself_is_shown_by_its_name() -> None:
    assert show(expr_of(apply(is_big))) == "is_big"
    assert show(expr_of(literal(1))) == "literal(1)"


def test_constants_differ_by_type() -> None:
    assert expr_of(it == 1) != expr_of(it == True)
    assert expr_of(it == 1) != expr_of(it == 1.0)
    assert expr_of(it == 1) == expr_of(it == 1)


@pytest.mark.parametrize(
    ("misuse", "said"),
    [
        (lambda: bool(it.a), "it.a is an expression, known only when the workflow runs: write &"),
        (lambda: it.a > 1 and it.b, "for and, | for or, ~ for not"),
        (lambda: 1 < it.a < 3, "it.a > 1 is an expression"),
        (lambda: it.a(), r"it.a\(…\): an expression calls no methods; write a named function"),
        (lambda: it.name.startswith("x"), r"startswith\(…\): .* apply\(function, it.name\)"),
        (lambda: setattr(it, "a", 1), "it.a = …: an expression reads values and can't change them"),
        (lambda: delattr(it.a, "b"), "it.a.b = …: an expression reads values"),
        (lambda: operator.setitem(it, "a", 1), r"it\['a'\] = …: an expression reads values"),
        (lambda: operator.delitem(it, "a"), r"it\['a'\] = …: an expression reads values"),
        (lambda: it.a[1:2], r"it.a\[1:2\]: .* write a named function, apply\(function, it.a\)"),
        (lambda: it[it.n], r"it\[it.n\]: a key is a string or a number; for others write a named"),
        (lambda: 3 >> it, ">>: 3 is not a workflow"),
        (lambda: it[1.5], r"it\[1.5\]: a key is a string or a number"),
        (lambda: it[True], r"it\[True\]: a key is"),
        (lambda: hash(it), "unhashable type: 'It'"),
        (lambda: pick(), r"pick\(\) needs at least one"),
        (lambda: pick(1.5), r"pick\(1.5\): needs field names, item numbers or expressions"),
        (lambda: apply(lambda x: x), "apply: a lambda has no name"),
        (lambda: apply(int), "apply: <class 'int'> is not an expression, a workflow or a funct"),
        (lambda: param(3), r"param\(3\): a parameter's name is an identifier"),
        (lambda: param(None, int), r"param\(None\): a parameter's name is an identifier"),
        (lambda: it == object(), "is a object; a value in a workflow is plain data"),
    ],
)
def test_misuse_of_expressions_is_refused_with_the_remedy(misuse: Any, said: str) -> None:
    with pytest.raises((TypeError, ValueError), match=said):
        misuse()


LACKING: list[tuple[str, str, Callable[[Any], Any], str]] = [
    ("__truediv__", "it.a / 2", lambda x: x / 2, ""),
    ("__rtruediv__", "2 / it.a", lambda x: 2 / x, ""),
    ("__floordiv__", "it.a // it.b", lambda x: x // it.b, ""),
    ("__rfloordiv__", "2 // it.a", lambda x: 2 // x, ""),
    ("__mod__", "it.a % 2", lambda x: x % 2, ""),
    ("__rmod__", "2 % it.a", lambda x: 2 % x, ""),
    ("__pow__", "it.a ** 2", lambda x: x**2, ""),
    ("__pow__", "it.a ** 2", lambda x: pow(x, 2, 3), ""),
    ("__rpow__", "2 ** it.a", lambda x: 2**x, ""),
    ("__matmul__", "it.a @ 2", lambda x: x @ 2, ""),
    ("__rmatmul__", "2 @ it.a", lambda x: 2 @ x, ""),
    ("__lshift__", "it.a << 2", lambda x: x << 2, ""),
    ("__rlshift__", "2 << it.a", lambda x: 2 << x, ""),
    ("__xor__", "it.a ^ True", lambda x: x ^ True, ""),
    ("__rxor__", "True ^ it.a", lambda x: True ^ x, ""),
    ("__rand__", "True & it.a", lambda x: True & x, "write the expression first: it.a & True"),
    ("__ror__", "False | it.a", lambda x: False | x, "write the expression first: it.a | False"),
    ("__rand__", "3 & it.a", lambda x: 3 & x, "write a named function"),
    ("__ror__", "3 | it.a", lambda x: 3 | x, "write a named function"),
    ("__neg__", "-it.a", lambda x: -x, "write 0 - it.a, or timedelta() - it.a for"),
    ("__pos__", "+it.a", lambda x: +x, ""),
    ("__abs__", "abs(it.a)", abs, ""),
    ("__round__", "round(it.a)", round, ""),
    ("__round__", "round(it.a, 2)", lambda x: round(x, 2), ""),
    ("__divmod__", "divmod(it.a, 2)", lambda x: divmod(x, 2), ""),
    ("__rdivmod__", "divmod(2, it.a)", lambda x: divmod(2, x), ""),
    ("__trunc__", "math.trunc(it.a)", math.trunc, ""),
    ("__floor__", "math.floor(it.a)", math.floor, ""),
    ("__ceil__", "math.ceil(it.a)", math.ceil, ""),
    ("__int__", "int(it.a)", int, ""),
    ("__float__", "float(it.a)", float, ""),
    ("__complex__", "complex(it.a)", complex, ""),
    ("__bytes__", "bytes(it.a)", bytes, ""),
    ("__index__", "it.a as an index", range, ""),
    ("__index__", "it.a as an index", lambda x: "abc"[x], ""),
    ("__len__", "len(it.a)", len, "write it.a.length()"),
    ("__iter__", "iter(it.a)", list, "for each of its items write map_each(…)"),
    ("__reversed__", "reversed(it.a)", reversed, "for each of its items write map_each(…)"),
    ("__contains__", "'x' in it.a", lambda x: "x" in x, "whether it is one of several"),
    ("__contains__", "True in it.a", lambda x: True in x, "whether it is one of several"),
]  # fmt: skip


@pytest.mark.parametrize(("method", "attempt", "operation", "remedy"), LACKING)
def test_operations_that_expressions_lack_are_refused_with_the_remedy(
    method: str, attempt: str, operation: Callable[[Any], Any], remedy: str
) -> None:
    with pytest.raises(TypeError) as caught:
        operation(it.a)
    assert hasattr(It, method)
    remedy = remedy or "write a named function, apply(function, it.a), or a task"
    assert str(caught.value).startswith(f"{attempt}: expressions have no such operation; {remedy}")


def test_every_operation_that_expressions_lack_is_tried() -> None:
    assert {method for method, *_ in LACKING} == {*REFUSED}


def test_closures_are_refused_since_their_name_does_not_say_what_they_do() -> None:
    least = 3

    def enough(n: int) -> bool:
        return n > least

    with pytest.raises(TypeError, match="enough is a closure, so its name doesn't say"):
        apply(enough)


def test_parameters_have_names_that_tasks_can_take() -> None:
    with pytest.raises(ValueError, match=r"param\('a b'\): a parameter's name is an identifier"):
        param("a b")


def test_notebooks_find_no_hooks_on_expressions() -> None:
    assert not hasattr(it, "_repr_html_") and not hasattr(it.a, "__array__")
    with pytest.raises(AttributeError, match=r"it\._x: for a field of that name write it\['_x'\]"):
        it._x


def test_expressions_nest_a_hundred_levels_and_have_ten_thousand_parts_at_most() -> None:
    deep = it
    for _ in range(100):
        deep = deep.x
    repr(deep)
    with pytest.raises(ValueError, match="may nest 100 levels deep, not more"):
        deep.x
    wide = it
    for _ in range(12):
        wide = wide + wide
    with pytest.raises(ValueError, match="may have 10,000 parts, not more"):
        wide + wide


def test_types_of_expressions_follow_declared_fields() -> None:
    assert type_of(expr_of(it.row_count), Orders) is int
    assert type_of(expr_of(it.urls[0]), Visits) is str
    assert type_of(expr_of(it.base), Rates) is str
    assert type_of(expr_of(it[1]), tuple[int, str]) is str
    assert type_of(expr_of(it.x > 1), ANY) is bool
    assert type_of(expr_of(it.anything), object) is ANY
    assert type_of(expr_of(pick("day", literal(1))), Orders) == tuple[date, int]
    with pytest.raises(TypeError, match="it is Orders: it has no field 'row_cuont'; did you mean"):
        type_of(expr_of(it.row_cuont > 0), Orders)
    with pytest.raises(TypeError, match="it has no item 2"):
        type_of(expr_of(it[2]), tuple[int, str])


class Lazy(Mapping[str, int]):
    def __getitem__(self, key: str) -> int:
        raise ConnectionError("down")

    def __iter__(self) -> Any:
        return iter(())

    def __len__(self) -> int:
        return 0


def test_what_a_value_itself_raises_is_a_defect_and_never_missing() -> None:
    assert "reading 'a' raised ConnectionError" in defect(it.a == 1, Lazy())
    assert "reading 'a' raised ConnectionError" in defect(it.a.or_else(1) == 1, Lazy())


def test_the_input_itself_is_one_object() -> None:
    assert expr_of(it) is IT


OPERANDS = [it, it.a, literal("a"), literal(1), ~it, it + 1, -1 * it, it & it, it > 1, it.length()]
BUILT: dict[str, Callable[[Any], Any]] = {
    "a field": lambda x: x.a,
    "an item": lambda x: x[0],
    "present": lambda x: x.present(),
    "or_else": lambda x: x.or_else(x),
    "length": lambda x: x.length(),
    "is_in": lambda x: x.is_in([1]),
    "not": lambda x: ~x,
    "and": lambda x: x & it & x,
    "or": lambda x: it | x | x,
    "sum": lambda x: x + x + x,
    "difference": lambda x: x - (x - x),
    "product": lambda x: (x + x) * x,
    "comparison": lambda x: x == x,
    "constant first": lambda x: 1 + x,
    "constant last": lambda x: x + 1,
    "tuple": lambda x: pick(x, x),
    "call": lambda x: apply(is_big, x),
}


@pytest.mark.parametrize("build", BUILT.values(), ids=BUILT)
@pytest.mark.parametrize("operand", OPERANDS, ids=repr)
def test_whatever_is_built_of_whatever_prints_as_its_source(build: Any, operand: Any) -> None:
    built = build(operand)
    assert expr_of(eval(repr(built), namespace())) == expr_of(built)


@pytest.mark.parametrize("kind", sorted(set(BUILT) - {"present", "or_else"}))
def test_a_field_that_a_type_lacks_is_told_wherever_it_is_read(kind: str) -> None:
    with pytest.raises(TypeError, match="row_counts"):
        type_of(expr_of(BUILT[kind](it.row_counts)), Orders)
