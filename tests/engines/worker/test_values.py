"""Values travel in calls and contexts up to a limit and, past it, by reference."""

from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest
from hypothesis import given, strategies as st

from fwf import identity
from fwf.forms.mentioned import names_in
from fwf.forms.refusal import Refused
from fwf.interpreters.engines.worker.claims import InObjects
from fwf.interpreters.engines.worker.objects import Objects, StoreError
from fwf.interpreters.engines.worker.packed_values import (
    Inline,
    Reference,
    packed,
    packed_to_json,
    read,
    unpacked,
    values_of,
)
from fwf.journal.values import Unwritable
from tests.engines.worker.test_call_forms import HOSTILE

LIMIT = 1_000
HEAD = len('{"text": ""}')


class Kept:
    """Contents in memory; counts what is written."""

    def __init__(self) -> None:
        self.there: dict[str, bytes] = {}

    def put(self, name: str, content: bytes) -> None:
        self.there[name] = content

    def get(self, name: str) -> bytes:
        return self.there[name]


@pytest.mark.parametrize(
    ("part", "kind"), [(0.9, Inline), (1.0, Inline), (1.1, Reference), (1.001, Reference)]
)
@pytest.mark.parametrize("char", ["x", '"', "é"])
def test_the_limit_is_that_of_the_bytes_of_the_json(part: float, kind: type, char: str) -> None:
    kept = Kept()
    width = {"x": 1, '"': 2, "é": 6}[char]
    room = round(LIMIT * part) - HEAD
    text = char * (room // width) + "x" * (room % width)
    found = packed(text, LIMIT, kept)
    assert type(found) is kind and unpacked(found, kept) == text
    assert bool(kept.there) is (kind is Reference)
    assert len(__import__("json").dumps(packed_to_json(found))) <= LIMIT


def test_without_a_store_what_is_too_large_is_refused_with_the_remedy() -> None:
    with pytest.raises(Unwritable, match=r"takes 1,012 bytes, of at most 1,000 .*name a store"):
        packed("x" * 1_000, LIMIT, None)
    with pytest.raises(StoreError, match="no store is given"):
        unpacked(Reference("a.json", 1), None)


def test_what_is_kept_is_compared_with_its_digest() -> None:
    kept = Kept()
    found: Any = packed("x" * 2_000, LIMIT, kept)
    for other in (b"y" * 2_000, b"x" * 1_999, b""):
        kept.there[found.name] = other
        with pytest.raises(StoreError, match="isn't what was written"):
            unpacked(found, kept)
    kept.there[found.name] = b"x" * 2_000
    with pytest.raises(StoreError, match="2,000 bytes, and not 5"):
        unpacked(Reference(found.name, 5), kept)


def test_equal_values_are_kept_once() -> None:
    kept = Kept()
    names = {packed("x" * 2_000, LIMIT, kept), packed("x" * 2_000, LIMIT, kept)}
    assert len(names) == len(kept.there) == 1


@given(
    st.recursive(
        st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False)
        | st.sampled_from(HOSTILE),
        lambda inner: st.lists(inner, max_size=3)
        | st.dictionaries(st.sampled_from(HOSTILE), inner, max_size=3)
        | st.tuples(inner),
        max_leaves=6,
    ),
    st.sampled_from([None, 1, 60]),
)  # fmt: skip
def test_a_value_is_itself_behind_it_types_and_all(value: Any, limit: int | None) -> None:
    kept = Kept()
    values = values_of(names_in(identity), kept)
    found = packed(values.settle(value)[0], limit, kept)
    again = read(values, found, kept, "")
    assert repr(again) == repr(value)


def test_a_table_is_kept_by_itself_and_compared(tmp_path: Path) -> None:
    objects = Objects(f"file://{tmp_path}/lake")
    table = pa.table({"n": [1, 2, 3]})
    text = values_of(names_in(identity), objects).settle(table)[0]
    assert read(values_of(names_in(identity), objects), Inline(text), objects, "").equals(table)
    (file,) = (tmp_path / "lake" / "values").iterdir()
    file.write_bytes(b"other")
    with pytest.raises(Refused, match="isn't what was written"):
        read(values_of(names_in(identity), objects), Inline(text), objects, "")
    with pytest.raises(Unwritable, match="holds a table"):
        values_of(names_in(identity), None).settle(table)


@pytest.mark.parametrize("url", ["nowhere", "ftp://x/y", "s3://user:hunter2@/x y"])
def test_a_store_that_is_none_is_refused_without_its_password(url: str) -> None:
    with pytest.raises(StoreError) as refused:
        Objects(url)
    assert "needs s3://bucket/prefix" in str(refused.value) and "hunter2" not in str(refused.value)


@pytest.mark.parametrize(
    ("url", "where"),
    [
        ("s3://user:hunter2@bucket/below/", "s3://bucket/below"),
        ("s3://bucket/by@day", "s3://bucket/by@day"),
    ],
)
def test_messages_name_a_store_without_its_password(url: str, where: str) -> None:
    objects = Objects(url)
    assert (objects.where, InObjects(objects).where) == (where, f"{where}/claims")


def test_what_isnt_there_is_said(tmp_path: Path) -> None:
    objects = Objects(f"file://{tmp_path}/a b")
    with pytest.raises(StoreError, match="there is nothing"):
        objects.get("x.json")
    assert objects.read("x") is None and objects.keys("claims") == []
    assert objects.create("c/x", b"1") and not objects.create("c/x", b"2")
    assert objects.read("c/x") == b"1" and objects.keys("c") == ["c/x"]
