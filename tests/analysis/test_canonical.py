"""What a value is named by is the same in every process, and no other value's."""

import enum
import math
import subprocess
import sys
from collections import Counter, OrderedDict, defaultdict, deque
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta, timezone
from decimal import Decimal
from pathlib import Path, PurePosixPath
from typing import Any, NamedTuple
from uuid import UUID

import pytest
from hypothesis import given
from pyrsistent import pmap, pset, pvector

from fwf.algebra.plain_values import freeze, thaw
from fwf.analysis.canonical import Nameless, canonical, text_of_key
from tests.cli_support import ROOT, environment
from tests.samples import plain_values


class Colour(enum.Enum):
    RED = 1
    GREEN = 2


@dataclass
class Options:
    limit: int = 3
    hidden: object = field(default=None, repr=False)


@dataclass
class Others:
    limit: int = 3
    hidden: object = None


class Point(NamedTuple):
    x: int
    y: int


class Row(list[int]): ...


class Loud:
    def __repr__(self) -> str:
        raise RuntimeError


class OddDate(date):
    pass


DIFFERENT: list[Any] = [
    None, True, 1, 1.0, Decimal(1), "1", b"1", False, 0, -0.0, 0.0, "", math.nan, "None", "\ud800",
    date(2026, 1, 1), datetime(2026, 1, 1), datetime(2026, 1, 1, tzinfo=UTC), time(1), "2026-01-01",
    timedelta(1), UUID(int=1), Colour.RED, Colour.GREEN, [], (), {}, set(), frozenset(), [None],
    [[]],
    [1], (1,), {1}, frozenset({1}), {1: 1}, [1, 2], [2, 1], [[1], 2], [1, [2]], ["1", "2"], ["12"],
    {1: 2, 3: 4}, {1: 4, 3: 2}, {"1": 2, 3: 4}, {1: {2: 3}}, {(1, 2): 3}, {1: (2, 3)},
    Options(), Options(4), Options(hidden=1), Others(), [Options()], Point(1, 2), Point(2, 1),
    (1, 2),
    {"limit": 3, "hidden": None}, Path("a"), Path("b"), "a", [Path("a")],
]  # fmt: skip


def test_values_of_which_type_or_content_differ_have_different_names() -> None:
    names = {canonical(value) for value in DIFFERENT}
    assert len(names) == len(DIFFERENT)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ({"a": 1, "b": 2}, {"b": 2, "a": 1}),
        ({1, 2, 3}, {3, 2, 1}),
        ({"a": 1}, OrderedDict(a=1)),
        ({"a": 1}, Counter("a")),
        ({"a": [1]}, defaultdict(list, a=[1])),
        ([1, {"a": {2}}], pvector([1, pmap({"a": pset([2])})])),
        (Options(5), Options(5)),
        (Path("a"), PurePosixPath("a")),
        (
            datetime(2026, 1, 1, tzinfo=UTC),
            datetime(2026, 1, 1, tzinfo=timezone(timedelta(0), "Z")),
        ),
    ],
)
def test_what_is_the_same_value_has_one_name(one: Any, other: Any) -> None:
    assert canonical(one) == canonical(other)


@given(plain_values, plain_values)
def test_plain_values_have_one_name_exactly_if_they_are_equal(one: Any, other: Any) -> None:
    assert canonical(one) == canonical(thaw(freeze(one)))
    if one != other:
        assert canonical(one) != canonical(other)


CYCLE: list[Any] = []
CYCLE.append({"more": CYCLE})


@pytest.mark.parametrize(
    ("value", "said"),
    [
        (object(), " is of the class object, which has no canonical form"),
        (Loud(), " is of the class Loud,"),
        (Row([1]), " is of the class Row,"),
        (deque([1]), " is of the class deque,"),
        (OddDate(2026, 1, 1), " is of the class OddDate,"),
        ([{"rows": [1, object()]}], "[0]['rows'][1] is of the class object,"),
        (Options(hidden=[object()]), ".hidden[0] is of the class object,"),
        (Point(1, object()), ".y is of the class object,"),  # type: ignore[arg-type]
        ({(1, Loud()): 2}, " key …[1] is of the class Loud,"),
        ({3: Loud()}, "[3] is of the class Loud,"),
        (lambda: 0, " is of the class function,"),
        (iter([1]), " is of the class list_iterator,"),
        (CYCLE, "nests more than 100 levels deep"),
    ],
    ids=range(13),
)
def test_what_has_no_name_is_told_with_its_place(value: Any, said: str) -> None:
    with pytest.raises(Nameless) as told:
        canonical(value)
    assert str(told.value).startswith(said) or str(told.value).endswith(said)
    assert " at 0x" not in str(told.value) and len(str(told.value)) < 200


def test_a_value_has_the_same_name_in_another_process() -> None:
    code = (
        "from tests.analysis.test_canonical import *; "
        "print([canonical(each).hex() for each in DIFFERENT])"
    )
    done = subprocess.run(
        [sys.executable, "-c", code],
        capture_output=True, text=True, check=True, cwd=ROOT, env=environment(PYTHONHASHSEED="7"),
    )  # fmt: skip
    assert done.stdout.strip() == str([canonical(each).hex() for each in DIFFERENT])


def test_what_is_held_in_many_places_is_gone_through_once() -> None:
    shared: Any = [1]
    for _ in range(90):
        shared = [shared, shared]
    assert canonical(shared) == canonical(shared)


class Sliding(Exception): ...


@dataclass
class Torn:
    n: int

    def __getattribute__(self, name: str) -> Any:
        if name == "n":
            raise Sliding
        return object.__getattribute__(self, name)


def test_whatever_is_raised_while_a_value_is_read_leaves_it_without_a_name() -> None:
    torn = object.__new__(Torn)
    with pytest.raises(Nameless, match="raises Sliding when it is read"):
        canonical([torn])


# Items


class Spoken:
    def __str__(self) -> str:
        return "spoken"


class Id(int): ...


@pytest.mark.parametrize(
    ("key", "text"),
    [
        ("a", "a"),
        (1, "1"),
        (Id(7), "7"),
        (None, "None"),
        (date(2026, 1, 1), "2026-01-01"),
        (Colour.RED, "Colour.RED"),
        ((1, "a"), "(1, 'a')"),
        (Point(1, 2), "Point(x=1, y=2)"),
        (Spoken(), "spoken"),
    ],
)
def test_a_key_goes_by_its_text(key: Any, text: str) -> None:
    assert text_of_key(key) == text


NAMELESS: list[object] = [object(), (1, object()), Options(hidden=object()), Loud()]


@pytest.mark.parametrize("key", NAMELESS, ids=["object", "in a tuple", "in a field", "own repr"])
def test_a_key_whose_text_may_be_an_address_is_none(key: object) -> None:
    with pytest.raises(Nameless):
        text_of_key(key)
