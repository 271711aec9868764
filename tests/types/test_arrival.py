"""Whether what arrives has the declared type, as far as a glance tells."""

import enum
import typing
from collections import OrderedDict, defaultdict, deque, namedtuple
from collections.abc import (
    Callable,
    Collection,
    Iterable,
    Iterator,
    Mapping,
    Sequence,
    Set as AbstractSet,
)
from dataclasses import KW_ONLY, InitVar, dataclass, field
from datetime import UTC, date, datetime
from decimal import Decimal
from fractions import Fraction
from types import SimpleNamespace
from typing import (
    Annotated,
    Any,
    ClassVar,
    Generic,
    Literal,
    NamedTuple,
    NewType,
    NoReturn,
    Optional,
    Protocol,
    TypedDict,
    TypeVar,
)
from unittest.mock import Mock

import pytest
from pyrsistent import pvector
from returns.result import Failure, Result, ResultE, Success

from fwf.algebra.contract import unwrapped
from fwf.secrets import Secret
from fwf.types.arrival import MOST_DEEP, MOST_ITEMS, MOST_TEXT, shape_of, value_kind, wrong_in
from fwf.types.hints import ANY

T = TypeVar("T")
OrderId = NewType("OrderId", int)


class Colour(enum.Enum):
    RED = "red"


class Level(enum.StrEnum):
    HIGH = "high"


class Named(Protocol):
    name: str


@dataclass(frozen=True, slots=True)
class Line:
    sku: str
    amount: float


@dataclass
class Order:
    id: int
    lines: list[Line]
    note: str = None  # type: ignore[assignment]  # as much older code has it
    kinds: ClassVar[int] = "many"  # type: ignore[assignment]
    seed: InitVar[int] = 0
    _: KW_ONLY
    tags: set[str] = field(default_factory=set)

    def __post_init__(self, seed: int) -> None:
        pass


class BigOrder(Order):
    pass


class Point(NamedTuple):
    x: int
    y: float = 0


Pair = namedtuple("Pair", ["left", "right"])  # one without types


class Row(TypedDict):
    id: int
    name: str


class Page(Generic[T]):
    def __init__(self, items: list[T]) -> None:
        self.items = items


@dataclass
class Typed(Generic[T]):
    value: T
    n: int


class Lazy:
    """A field that fetches something when it is read."""

    def __get__(self, this: Any, owner: Any) -> Any:
        raise RuntimeError("fetched")


@dataclass
class Mapped:
    id: int
    rows: "list[int]"


Mapped.rows = Lazy()  # type: ignore[assignment]


@dataclass
class Unresolved:
    id: "Elsewhere"  # type: ignore[name-defined]  # noqa: F821


class Closed(type):
    def __instancecheck__(cls, other: object) -> bool:
        raise RuntimeError("can't be asked")


class Unasked(metaclass=Closed):
    pass


class Scalar:
    """A number of another library, by numpy's protocol."""

    dtype = SimpleNamespace(kind="i")
    shape = ()

    def __init__(self, value: Any) -> None:
        self.value = value

    def item(self) -> Any:
        return self.value


class ArrowScalar:
    def __init__(self, value: Any) -> None:
        self.value = value

    def as_py(self) -> Any:
        return self.value


class SqlRow:
    """As that of sqlite3: no mapping, but with names."""

    def keys(self) -> list[str]:
        return ["id"]


ORDER = Order(1, [Line("a", 1.0)])
NOW = datetime.now(UTC)

FITS: list[tuple[Any, list[Any]]] = [
    (Any, [1, None, "x", object(), [1, "x"]]),
    (object, [1, None, Order]),
    (int, [1, True + 1, OrderId(3), Scalar(3), ArrowScalar(3)]),
    (float, [1.5, 1, Scalar(2.5), Scalar(2), Fraction(1, 2)]),
    (complex, [1j, 1.5, 1]),
    (bool, [True, Scalar(True)]),
    (str, ["x", Level.HIGH, ArrowScalar("x")]),
    (bytes, [b"x", bytearray(b"x"), memoryview(b"x")]),
    (Decimal, [Decimal(1)]),
    (None, [None, ArrowScalar(None)]),
    (date, [date(2026, 7, 1), ArrowScalar(date(2026, 7, 1))]),
    (datetime, [NOW]),
    (Colour, [Colour.RED]),
    (list, [[], [1, "x"]]),
    (list[int], [[], [1, 2], [Scalar(1)]]),
    (list[Any], [[1, "x", None]]),
    (list[T], [[1, "x"]]),  # type: ignore[valid-type]
    (list[int | None], [[1, None]]),
    (list[float], [[1, 2.5]]),
    (typing.List[int], [[1]]),  # noqa: UP006
    (set[str], [{"a"}, set()]),
    (frozenset[int], [frozenset({1})]),
    (deque[int], [deque([1])]),
    (dict[str, int], [{}, {"a": 1}, defaultdict(int, a=1), OrderedDict(a=1)]),
    (Mapping[str, list[int]], [{"a": [1]}, {"a": []}]),
    (tuple[int, str], [(1, "x"), Pair(1, "x")]),
    (tuple[int, ...], [(), (1, 2, 3)]),
    (tuple[()], [()]),
    (tuple[int, *tuple[str, ...]], [(1,), (1, "x"), ("x",)]),
    (tuple, [(), (1, "x")]),
    (Sequence[int], [[1], (1,), range(3), b"abc", pvector([1]), pvector(["x"])]),
    (Sequence, ["abc", [1]]),
    (Collection[str], ["abc", {"a"}, ["a"], {"a": 1}]),
    (Iterable[int], [[1], {1}, {1: "x"}, range(3)]),
    (AbstractSet[int], [{1}, frozenset({1})]),
    (Callable[[int], int], [len, Order]),
    (type[Order], [Order, BigOrder, list[int]]),
    (Order, [ORDER, BigOrder("x", []), Mock(spec=Order), Order(1, [])]),  # type: ignore[arg-type]
    (Order, [Order(1, [Line(3, 1.0)])]),  # type: ignore[arg-type]  # deeper than is looked
    (Point, [Point(1, 2.5), Point(1)]),
    (Pair, [Pair(1, "x"), Pair("x", None)]),
    (Row, [{"id": 1, "name": "x"}, {"id": 1}, {"id": 1, "name": "x", "more": 2}, SqlRow()]),
    (Typed[str], [Typed("x", 1), Typed(2, 1)]),
    (Page[int], [Page(["x"])]),
    (Mapped, [Mapped.__new__(Mapped)]),
    (Unresolved, [Unresolved("x")]),
    (Unasked, [1, Unasked()]),
    (Named, [1, ORDER]),
    (T, [1, "x"]),
    ("Elsewhere", [1]),
    (OrderId, [1]),
    (Annotated[int, "rows"], [1]),
    (Annotated[int, ["not hashable"]], [1]),
    (Literal["a", 1, Colour.RED, None], ["a", 1, Colour.RED, None]),
    (Literal["high"], ["high", Level.HIGH]),
    (int | None, [1, None]),
    (Optional[list[int]], [None, [1]]),  # noqa: UP045
    (list[int] | list[str], [[1], ["x"], []]),
    (list[int] | Sequence[str], [["x"], [1], ("x",)]),
    (int | Any, ["x"]),
    (int | T, ["x"]),
    (dict[str, dict[str, dict[str, int]]], [{"a": {"b": {"c": "deeper than is looked"}}}]),
    (Result[int, str], [Success(1), Failure("x")]),
]

WRONG: list[tuple[Any, list[tuple[Any, str]]]] = [
    (int, [("1", ""), (1.5, ""), (True, ""), (None, ""), ([1], ""), (Scalar(1.5), "")]),
    (float, [("1", ""), (True, ""), (None, ""), (Decimal(1), "")]),
    (bool, [(1, ""), (0, ""), ("yes", "")]),
    (str, [(1, ""), (b"x", ""), (None, ""), (["x"], "")]),
    (bytes, [("x", "")]),
    (None, [(0, ""), ([], ""), ("", "")]),
    (date, [(NOW, ""), ("2026-07-01", "")]),
    (datetime, [(date(2026, 7, 1), "")]),
    (Colour, [("red", "")]),
    (list, [((1,), ""), ("ab", ""), ({1}, "")]),
    (list[int], [("abc", ""), (None, ""), ((1,), ""), ([1, "x"], "[1]"), ([1, None], "[1]")]),
    (list[int], [([True], "[0]"), ([*range(MOST_ITEMS - 1), "x"], f"[{MOST_ITEMS - 1}]")]),
    (list[list[int]], [([[1], ["x"]], "[1][0]"), (["x"], "[0]")]),
    (typing.List[int], [(["x"], "[0]")]),  # noqa: UP006
    (set[str], [({1}, "{…}"), (["a"], "")]),
    (deque[int], [(deque(["x"]), "[0]"), ([1], "")]),
    (dict[str, int], [({"a": "1"}, "['a']"), ({1: 1}, "{…}"), ([("a", 1)], "")]),
    (dict[str, list[int]], [({"a": [1, "x"]}, "['a'][1]"), ({"a": 1}, "['a']")]),
    (Mapping[str, Line], [({"a": Line("x", "1")}, "['a'].amount")]),  # type: ignore[arg-type]
    (tuple[int, str], [((1,), ""), ((1, 2), "[1]"), ([1, "x"], ""), ((1, "x", 2), "")]),
    (tuple[int, ...], [((1, "x"), "[1]"), ([1], "")]),
    (tuple[()], [((1,), "")]),
    (list[tuple[int, str]], [([(1, "a"), (1,)], "[1]")]),
    (Sequence[int], [("abc", ""), (["x"], "[0]"), ({1}, "")]),
    (Sequence[str], [("abc", "")]),
    (Iterable[int], [("abc", "[0]"), (3, "")]),
    (Callable[[int], int], [(3, "")]),
    (Order, [({"id": 1}, ""), (None, ""), (Order("1", []), ".id")]),  # type: ignore[arg-type]
    (Order, [(Order(1, ["a"]), ".lines[0]"), (Order(1, (ORDER,)), ".lines")]),  # type: ignore[arg-type,list-item]
    (list[Order], [([ORDER, Order("2", [])], "[1].id")]),  # type: ignore[arg-type]
    (Point, [((1, 2.5), ""), (Point("x"), ".x")]),  # type: ignore[arg-type]
    (Row, [([1], ""), ({"id": "1"}, "['id']")]),
    (list[Row], [([{"id": 1}, {"id": "2"}], "[1]['id']")]),
    (Typed[str], [(Typed("x", "1"), ".n")]),  # type: ignore[arg-type]
    (Page[int], [([1], "")]),
    (OrderId, [("1", "")]),
    (Annotated[list[int], "rows"], [(["x"], "[0]")]),
    (Annotated[int, ["not hashable"]], [("x", "")]),
    (Literal["a", 1], [("b", ""), (2, ""), (True, ""), (1.0, "")]),
    (int | None, [("x", ""), (1.5, "")]),
    (list[int] | None, [("x", ""), (["x"], "[0]")]),
    (list[int] | dict[str, int], [({"a": "x"}, "['a']"), ("x", "")]),
    (list[int] | list[str], [([1.5], "[0]"), ([1, "x"], "[1]")]),
    (NoReturn, [(None, ""), (1, "")]),
    (typing.Never, [(None, "")]),
    (Iterator[int], [([1], "")]),
]


@pytest.mark.parametrize("row", FITS, ids=lambda row: str(row[0]))
def test_what_has_the_declared_type_or_may_have_it_passes(row: tuple[Any, list[Any]]) -> None:
    for value in row[1]:
        assert wrong_in(value, row[0]) is None, value


@pytest.mark.parametrize("row", WRONG, ids=lambda row: str(row[0]))
def test_what_has_not_the_declared_type_is_told_with_its_place(
    row: tuple[Any, list[tuple[Any, str]]],
) -> None:
    for value, place in row[1]:
        wrong = wrong_in(value, row[0])
        assert wrong is not None and wrong.place == place, value


@pytest.mark.parametrize("row", [*FITS, *WRONG], ids=lambda row: str(row[0]))
def test_what_passes_unseen_is_what_passes_when_it_is_looked_at(row: tuple[Any, Any]) -> None:
    shape = shape_of(row[0])
    for made in (None, True, 1, 1.5, "x", b"x", [], {}, set(), frozenset(), Decimal(1), NOW):
        if type(made) in shape.free:
            assert shape.look(made) is None, made
        within = shape.inside.get(type(made))
        assert within is None or within(made) == shape.look(made), made


def test_of_a_long_list_the_first_items_are_looked_at_and_of_those_two_are_looked_into() -> None:
    assert wrong_in([0] * MOST_ITEMS + ["x"], list[int]) is None
    assert wrong_in((*[0] * MOST_ITEMS, "x"), tuple[int, ...]) is None
    assert wrong_in(dict.fromkeys(range(MOST_ITEMS), 0) | {"x": "x"}, dict[int, int]) is None
    rows: Any = [Line("a", 1.0)] * MOST_DEEP + [Line("a", "x")]  # type: ignore[arg-type]
    assert wrong_in(rows, list[Line]) is None
    wrong = wrong_in(rows[::-1], list[Line])
    assert wrong is not None and wrong.place == "[0].amount"


def test_a_set_is_looked_at_whole_or_not_at_all_so_that_chance_has_no_say() -> None:
    few, many = set(range(MOST_ITEMS - 1)), set(range(MOST_ITEMS))
    assert wrong_in(few | {"x"}, set[int]) is not None
    assert wrong_in(many | {"x"}, set[int]) is None
    assert wrong_in(set(map(str, many)) | {"x"}, set[int]) is None


def test_a_list_that_is_somebody_s_own_is_not_read() -> None:
    class Fetched(list[Any]):
        def __iter__(self) -> Any:
            raise AssertionError("read")

    assert wrong_in(Fetched([1]), list[str]) is None
    assert wrong_in(Fetched([1]), Sequence[str]) is None
    assert wrong_in(Fetched([1]), dict[str, str]) is not None


def test_no_field_is_computed() -> None:
    lazy = Mapped.__new__(Mapped)
    vars(lazy)["id"] = "x"
    wrong = wrong_in(lazy, Mapped)
    assert wrong is not None and wrong.place == ".id"


def test_a_type_that_goes_round_in_circles_is_read_once() -> None:
    @dataclass
    class Tree:
        value: int
        parts: "list[Tree]"

    Tree.__annotations__["parts"] = list[Tree]
    wrong = wrong_in([Tree("x", [])], list[Tree])  # type: ignore[arg-type]
    assert wrong is not None and wrong.place == "[0].value"
    ring = Tree(1, [])
    ring.parts.append(ring)
    assert wrong_in(ring, Tree) is None


@pytest.mark.parametrize(
    ("value", "said"),
    [
        (None, "None"),
        ("abc", "a str ('abc')"),
        ("x" * (MOST_TEXT + 1), "a str of 41 characters"),
        (5, "an int (5)"),
        (10**400, "an int of 1,329 bits"),
        (True, "a bool (True)"),
        (Decimal("1.50"), "a Decimal (1.50)"),
        ([1, 2], "a list of 2 items"),
        ({"a": 1}, "a dict of 1 item"),
        (ORDER, "an Order"),
        (b"secret", "a bytes"),
        (Level.HIGH, "a Level"),
    ],
)
def test_values_are_told_shortly(value: Any, said: str) -> None:
    assert value_kind(value) == said


def test_a_secret_is_told_by_where_it_is_from() -> None:
    secret = Secret(lambda: "tiger-3141", where="the safe")
    secret.reveal()
    assert value_kind("tiger-3141") == "a str ('<Secret from the safe>')"
    wrong = wrong_in({"tiger-3141": "x"}, dict[str, int])
    assert wrong is not None and "tiger" not in wrong.place


@pytest.mark.parametrize(
    ("declared", "output"),
    [
        (Result[int, str], int),
        (ResultE[int], int),
        (Result, ANY),
        (Success[int], int),
        (Failure[str], typing.Never),
        (Success[int] | Failure[str], int),
        (Result[int, str] | None, int | None),
        (Annotated[Result[int, str], "rows"], int),
        (Result[list[int], Exception] | str, list[int] | str),
        (int | None, int | None),
        (Annotated[int, "rows"], Annotated[int, "rows"]),
        (list[Result[int, str]], list[Result[int, str]]),
    ],
    ids=str,
)
def test_what_a_task_gives_is_what_is_in_its_result(declared: Any, output: Any) -> None:
    assert unwrapped(declared) == output
