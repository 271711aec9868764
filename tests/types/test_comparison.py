from collections import OrderedDict, defaultdict
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from fractions import Fraction
from numbers import Integral, Number, Real
from typing import Any, NamedTuple

import pyarrow as pa
import pytest
from returns.result import Success

from fwf import branch, const, dry_run, it, literal, loop_until, pick, run, task
from fwf.algebra.builder import It, expr_of
from fwf.algebra.evaluation import Undefined, test as holds
from fwf.faults import PredicateDefect


class Scalar:
    """A scalar as numpy makes them: one of a dtype, which knows the Python value it stands for."""

    dtype: Any = None
    shape = ()

    def __init__(self, value: Any) -> None:
        self.value = value

    def item(self) -> Any:
        return self.value

    def __eq__(self, other: object) -> Any:
        raise ArithmeticError("asked itself")

    __hash__ = None  # type: ignore[assignment]


Real.register(Scalar)


class Flag:
    """Named like Python's own, as `numpy.bool` is."""


Flag.__qualname__ = Flag.__name__ = "bool"


class Array:
    """Many values; comparing two gives as many answers."""

    dtype = "int"

    def __init__(self, *values: int) -> None:
        self.values = values

    def __len__(self) -> int:
        return len(self.values)

    def __eq__(self, other: object) -> Any:
        return self

    def __bool__(self) -> bool:
        raise ValueError("the truth of an array is ambiguous")

    __hash__ = None  # type: ignore[assignment]


class Money(NamedTuple):
    amount: int


@dataclass(frozen=True)
class Euro:
    amount: int


@dataclass(frozen=True)
class Dollar:
    amount: int


def real(module: str, make: Callable[[Any], Any]) -> Any:
    """What a library makes, where it is installed."""
    return make(pytest.importorskip(module))


def holding(built: It, value: Any) -> bool:
    """What a predicate answers: the same for an evaluation, a branch of a run and of a dry run."""
    chosen = branch(built, then=const("yes"), otherwise=const("no"))
    answers = {
        holds(expr_of(built), value, {}),
        run(chosen, value).unwrap() == "yes",
        dry_run(chosen, value).result == Success("yes"),
    }
    assert len(answers) == 1
    return answers.pop()


def _id(part: Any) -> str:
    return repr(part) if isinstance(part, It) else type(part).__name__


COMPARE: list[tuple[It, Any]] = [
    (it < 0.6, Fraction(1, 2)),
    (it == Decimal("0.5"), Fraction(1, 2)),
    (it != 1, 2 + 0j),
    (it > 3, Scalar(5)),
    (it == 5, Scalar(5)),
    (it < Decimal(6), Scalar(5.5)),
    (it.is_in([1, 5]), Scalar(5)),
    (it.n + 1 == 6, {"n": Scalar(5)}),
    (it, Scalar(True)),
    (~it, Scalar(False)),
    (it == True, Scalar(True)),
    (it[0] & (it[1] | it[0]), (Scalar(True), Scalar(False))),
    (it == None, Scalar(None)),
    (~it.x.present(), {"x": Scalar(None)}),
    (it.x.or_else(3) == 3, {"x": Scalar(None)}),
    (~it.x.y.present(), {"x": Scalar(None)}),
    (it > 3, pa.scalar(5)),
    (it, pa.scalar(True)),
    (it == "a", pa.scalar("a")),
    (it.length() == 1, pa.scalar("a")),
    (it * 2 == 3, pa.scalar(1.5)),
    (it < Decimal(2), pa.scalar(Decimal("1.5"))),
    (it < datetime(2027, 1, 1), pa.scalar(datetime(2026, 1, 1))),
    (it < datetime(2027, 1, 1, tzinfo=UTC), pa.scalar(1, pa.timestamp("s", "UTC"))),
    (it == None, pa.scalar(None, pa.int64())),
    (it.a > 1, pa.scalar({"a": 2})),
    (it == {"a": 1}, OrderedDict(a=1)),
    (it == {"a": [1]}, defaultdict(list, a=[1])),
    (it == (1,), Money(1)),
    (it == {1}, frozenset({1})),
    (it.is_in([1, "a"]), "a"),
    (it.is_in(["a", None, 1]), 1),
    (~it.is_in([1, "a", None]), "b"),
    (it.is_in([1, None]), None),
    (~it.is_in([]), 1),
    (it > timedelta(1), type("Span", (timedelta,), {})(2)),
]


@pytest.mark.parametrize(("built", "value"), COMPARE, ids=_id)
def test_numbers_and_truth_values_of_other_libraries_compare(built: It, value: Any) -> None:
    assert holding(built, value) is True
    assert holding(~built, value) is False


REAL: list[tuple[str, Callable[[Any], Any], It]] = [
    ("numpy", lambda np: np.bool_(True), it),
    ("numpy", lambda np: np.bool_(True), it == True),
    ("numpy", lambda np: np.int64(5), it > 3),
    ("numpy", lambda np: np.float32(0.5), it < Decimal(1)),
    ("numpy", lambda np: np.str_("a"), it.is_in(["a"])),
    ("numpy", lambda np: np.datetime64("2026-01-01"), it < date(2027, 1, 1)),
    ("numpy", lambda np: np.datetime64("NaT"), it == None),
    ("pandas", lambda pd: pd.NA, ~it.present()),
    ("pandas", lambda pd: pd.NaT, ~it.present()),
    ("pandas", lambda pd: pd.Timestamp("2026-01-01"), it < datetime(2027, 1, 1)),
    ("pandas", lambda pd: pd.Timedelta("2s"), it == timedelta(seconds=2)),
]


@pytest.mark.parametrize(("module", "make", "built"), REAL)
def test_so_do_those_of_numpy_and_pandas(module: str, make: Any, built: It) -> None:
    assert holding(built, real(module, make)) is True


ARRAY = "; an array has no one answer: ask for one item, or decide in a named function"
UNFIT: list[tuple[It, Any, str]] = [
    (it == True, Flag(), "it == True: a tests.types.test_comparison.bool == a bool doesn't fit"),
    (it, Flag(), "it is a tests.types.test_comparison.bool, not True or False; compare it"),
    (it[0] == it[1], (Flag(), True), "test_comparison.bool == a bool doesn't fit"),
    (it == 1, Scalar(True), "it == 1: a Scalar == a int doesn't fit"),
    (it == "5", Scalar(5), "it == '5': a Scalar == a str doesn't fit"),
    (it > 1, Scalar(None), "it > 1: a Scalar > a int doesn't fit"),
    (it, Scalar(1), "it is a Scalar, not True or False"),
    (it < 1, 1j, "it < 1: a complex < a int doesn't fit"),
    (it > 1, pa.scalar(None), "it > 1: a NullScalar > a int doesn't fit"),
    (it == 1, pa.scalar("1"), "it == 1: a StringScalar == a int doesn't fit"),
    (it == 1, pa.array([1]), "it == 1: a Int64Array == a int doesn't fit" + ARRAY),
    (it > 1, Array(1, 2), "it > 1: a Array > a int doesn't fit" + ARRAY),
    (it[0] == it[0], (Array(1),), "a Array == a Array is a Array, not True or False" + ARRAY),
    (it[0].is_in([1]), (Array(1),), "it[0].is_in([1]): a Array == a int doesn't fit" + ARRAY),
    (it[0] == it[1], (Euro(1), Dollar(1)), "it[0] == it[1]: a Euro == a Dollar doesn't fit"),
    (it[0] != it[1], (Euro(1), Dollar(1)), "it[0] != it[1]: a Euro != a Dollar doesn't fit"),
    (it.is_in([1, "a"]), b"a", "it.is_in([1, 'a']): a bytes == a int doesn't fit"),
    (it.is_in([None, 1]), "a", "it.is_in([None, 1]): a str == a int doesn't fit"),
    (it.length() > 1, 5, "it.length(): a int has no length"),
]


@pytest.mark.parametrize(("built", "value", "said"), UNFIT, ids=_id)
def test_what_does_not_compare_is_told_in_words_that_help(built: It, value: Any, said: str) -> None:
    with pytest.raises(Undefined) as told:
        holds(expr_of(built), value, {})
    assert said in str(told.value)
    fault = run(branch(built, then=const(1), otherwise=const(1)), value).failure()
    assert isinstance(fault, PredicateDefect) and said in str(fault)


@pytest.mark.parametrize(
    "kind", [bool, int, float, Decimal, Fraction, complex, Scalar], ids=lambda each: each.__name__
)
@pytest.mark.parametrize(
    "other", [bool, int, float, Decimal, Fraction, complex, Scalar], ids=lambda each: each.__name__
)
def test_all_that_say_so_are_numbers_and_only_truth_values_are_true(kind: Any, other: Any) -> None:
    if (kind is bool) == (other is bool):
        assert holding(pick(0) == pick(1), (kind(1), other(1)))
    else:
        with pytest.raises(Undefined):
            holds(expr_of(pick(0) == pick(1)), (kind(1), other(1)), {})


def test_a_constant_of_another_library_is_the_value_it_stands_for() -> None:
    assert repr(it > Scalar(5)) == "it > 5"
    assert repr(it.is_in([Scalar(1), pa.scalar("a")])) == "it.is_in([1, 'a'])"
    assert repr(it == pa.scalar(None)) == "it == None"
    with pytest.raises(TypeError, match="is a Fraction; a value in a workflow is plain data"):
        it > Fraction(1, 2)


def test_numpy_leaves_operators_with_an_expression_to_the_expression() -> None:
    assert real("numpy", lambda np: repr(np.int64(3) < it)) == "it > 3"


def test_a_workflow_that_decides_may_give_a_truth_value_of_another_library() -> None:
    @task
    def ready(n: int) -> Any:
        return pa.scalar(n > 2)

    @task
    def more(n: int) -> int:
        return n + 1

    assert run(branch(ready, then=const("yes"), otherwise=const("no")), 3).unwrap() == "yes"
    assert run(loop_until(more, ready, limit=9), 0).unwrap() == 3


def test_identity_of_objects_is_an_answer_for_those_of_one_class() -> None:
    class Base: ...

    class Derived(Base): ...

    one, other = Base(), Derived()
    assert holding(pick(0) == pick(0), (one,)) and holding(pick(0) != pick(1), (one, other))


def test_a_scalar_is_a_number_by_registration_alone() -> None:
    assert isinstance(Scalar(1), Number) and not isinstance(Scalar(1), Integral)
    assert holding(literal(2) > it, Scalar(1))
