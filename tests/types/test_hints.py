import enum
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Annotated, Any, Literal, Never, NewType, Optional, TypeVar, Union

import pytest

from fwf import Pages
from fwf.types.hints import ANY, compatible, fields_of, item_of, meet, name_of, tuple_of, union
from tests.samples import Counted, Mood, Orders, Rates, Visits

T = TypeVar("T")
Id = NewType("Id", int)


class Animal: ...


class Cat(Animal): ...


@pytest.mark.parametrize(
    ("given", "wanted"),
    [
        (int, int),
        (int, object),
        (int, Any),
        (Any, int),
        (Cat, Animal),
        (Animal, Cat),
        (int, float),
        (bool, int),
        (int, int | None),
        (int | str, str),
        (int | None, Optional[str]),  # noqa: UP045
        (Union[int, str], str),  # noqa: UP007
        (list[int], list[int]),
        (list[int], list),
        (list[Any], list[int]),
        (list[int], Sequence[int]),
        (tuple[int, ...], Sequence[int]),
        (tuple[int, int], tuple[int, ...]),
        (tuple[int, ...], tuple[int, int]),
        (Visits, tuple),
        (dict[str, int], Mapping[str, int]),
        (Rates, dict[str, Any]),
        (Literal[1], int),
        (Literal["a"], Literal["b"]),
        (Annotated[int, "cents"], int),
        (Id, int),
        (int, Id),
        (T, int),
        ("Unresolved", int),
        (Orders, Counted),
        (Never, int),
        (None, type(None)),
        (Mood, str),
        (Callable[[int], str], Callable[[str], str]),
        (list[int], Iterable[str]),
    ],
)
def test_types_that_may_fit_pass(given: Any, wanted: Any) -> None:
    assert compatible(given, wanted)


@pytest.mark.parametrize(
    ("given", "wanted"),
    [
        (int, str),
        (float, int),
        (None, int),
        (str, int | None),
        (int | float, str),
        (list[int], list[str]),
        (list[int], Sequence[str]),
        (list[list[int]], list[list[str]]),
        (tuple[int, str], tuple[str, int]),
        (tuple[int, str, int], tuple[int, str]),
        (tuple[int, ...], tuple[str, ...]),
        (dict[str, int], dict[str, str]),
        (dict[str, int], list[int]),
        (str, Sequence[int]),
        (Orders, Visits),
        (Literal[1], str),
        (Id, str),
        (enum.Enum, int),
    ],
)
def test_types_that_certainly_do_not_fit_are_told(given: Any, wanted: Any) -> None:
    assert not compatible(given, wanted)


def test_types_are_named_as_a_reader_would_write_them() -> None:
    assert name_of(tuple[Orders, list[int], ...]) == "tuple[Orders, list[int], ...]"
    assert name_of(int | None) == "int | None" == name_of(Optional[int])  # noqa: UP045
    assert name_of(Callable[[int], str]) == "Callable[[int], str]"
    assert name_of(Literal["a", 1]) == "Literal['a', 1]"
    assert name_of(Annotated[int, "cents"]) == "int" and name_of(ANY) == "Any"


def test_union_and_meet() -> None:
    assert union([int, Never, int]) is int and union([]) is Never
    assert union([int, ANY]) is ANY and union([int, str]) == int | str
    assert meet([]) is ANY and meet([object, ANY]) is object
    assert meet([ANY, Animal, Cat, object]) is Cat and meet([int]) is int
    assert tuple_of([int, str]) == tuple[int, str]
    assert item_of(list[int]) is int and item_of(tuple[int, str]) is ANY and item_of(int) is ANY
    assert item_of(Pages[int]) is ANY  # a named tuple: its items are its fields


def test_fields_are_those_of_types_that_declare_them_all() -> None:
    def names(cls: Any) -> set[str]:
        return {name for name in fields_of(cls) or () if not name.startswith("_")}

    assert names(Orders) == {"row_count", "day"}
    assert {"row_count", "urls"} <= names(Visits)
    assert names(Rates) == {"base"} and names(Counted) == {"row_count"}
    assert (
        fields_of(Animal) is None and fields_of(dict[str, int]) is None and fields_of(int) is None
    )
