"""What surely can't be written as JSON is told before anything is exported, by its path."""

import enum
from abc import ABC, abstractmethod
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta, timezone
from decimal import Decimal
from pathlib import Path
from typing import (
    Annotated,
    Any,
    Generic,
    Literal,
    NamedTuple,
    NewType,
    Protocol,
    TypedDict,
    TypeVar,
)
from uuid import UUID

import pyarrow as pa
import pytest

from fwf import gaps, minutes, named, register_codec, retry, task, timeout
from fwf.faults import Fault
from fwf.forms.textless_types import textless
from fwf.interpreters.engines import ENGINES

T = TypeVar("T")


class Connection:
    pass


class Base:
    pass


@dataclass
class Row(Base):
    n: int


class Colour(enum.Enum):
    RED = 1


class Pair(NamedTuple):
    left: int


class Page(TypedDict):
    n: int


class Shape(Protocol):
    n: int


class Source(ABC):
    @abstractmethod
    def read(self) -> int: ...


class Boxed(Generic[T]):
    pass


class Coded:
    pass


register_codec(Coded, name="coded", to_plain=lambda value: 1, from_plain=lambda plain: Coded())


@pytest.mark.parametrize(
    "annotation",
    [
        int, None, object, Any, Row, Base, Colour, Pair, Page, Shape, Source, Boxed[int], Coded, T,
        date, datetime, time, timedelta, bytes, Decimal, Path, UUID, pa.Table, Fault, Iterator[int],
        Sequence[Connection], "Later",
        list[int], tuple[int, ...], dict[str, list[Row]], Connection | int, Literal["a"],
        NewType("Id", int), type, Exception | Row,
    ],
)  # fmt: skip
def test_what_may_have_a_text_is_let_be(annotation: Any) -> None:
    assert textless(annotation) is None


@pytest.mark.parametrize(
    ("annotation", "cls"),
    [
        (Connection, Connection),
        (list[Connection], Connection),
        (dict[str, tuple[int, Connection]], Connection),
        (Connection | None, Connection),
        (Connection | Counter, Connection),
        (Annotated[Connection, "noted"], Connection),
        (NewType("Shop", Connection), Connection),
        (Counter, Counter),
        (complex, complex),
        (list[range], range),
        (bytearray, bytearray),
        (memoryview, memoryview),
        (timezone, timezone),
    ],
)
def test_what_surely_has_none_is_named(annotation: Any, cls: type) -> None:
    assert textless(annotation) is cls


def test_a_type_without_an_end_is_looked_into_for_a_while() -> None:
    deep: Any = Connection
    for _ in range(2_000):
        deep = list[deep]
    assert textless(deep) is None


@task(effect="read")
def connect() -> Connection:
    raise AssertionError


@task(effect="read")
def rows(c: Connection) -> list[Row]:
    raise AssertionError


@pytest.mark.parametrize("name", ENGINES)
def test_it_is_a_gap_that_nothing_does_wherever_it_leaves_an_engine_task(name: str) -> None:
    told = gaps(named("shop", retry(connect, attempts=2) >> rows), name)
    (gap,) = [each for each in told if each.support == "impossible"]
    assert (gap.path, gap.feature) == ("shop > connect", "value")
    assert "it gives a Connection" in gap.hint and "fwf.register_codec" in gap.hint


def test_what_stays_within_a_block_needs_no_text() -> None:
    block = named("shop", retry(timeout(connect >> rows, minutes(1)), attempts=2))
    assert not [gap for gap in gaps(block, "argo") if gap.support == "impossible"]
