"""Schemas of Arrow in a definition: they come back as they were, or are refused."""

import pickle
from typing import Any

import pyarrow as pa
import pytest
from hypothesis import given, strategies as st

import fwf.connectors.shared.schemas as schemas
from fwf import const
from fwf.algebra.plain_values import freeze, thaw
from fwf.interpreters.plan import load, plan, registry

NAMES = st.text(st.characters(codec="utf-8"), max_size=5)


def struct(fields: list[tuple[str, pa.DataType, bool]]) -> pa.DataType:
    return pa.struct([field(*each) for each in fields])


def field(name: str, kind: pa.DataType, null: bool) -> Any:
    return pa.field(name, kind, nullable=null or kind == pa.null())  # as that one has to be


def with_parts(parts: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    return st.one_of(
        st.lists(st.tuples(NAMES, parts, st.booleans()), max_size=3).map(struct),
        st.builds(pa.list_, parts),
        st.builds(pa.list_, parts, st.integers(0, 3)),
        st.builds(pa.map_, st.just(pa.string()), parts),
    )


KINDS: st.SearchStrategy[Any] = st.recursive(
    st.sampled_from(
        [
            *schemas.SIMPLE.values(), pa.decimal128(38, 10), pa.decimal256(50, -2),
            pa.timestamp("us", "Europe/Berlin"), pa.timestamp("ns", "+02:00"),
            pa.dictionary(pa.uint8(), pa.string()),
        ]
    ),
    with_parts,
    max_leaves=6,
)  # fmt: skip


@given(columns=st.lists(st.tuples(NAMES, KINDS, st.booleans()), max_size=4))
def test_a_schema_comes_back_as_it_was(columns: list[tuple[str, pa.DataType, bool]]) -> None:
    schema = pa.schema([field(*each) for each in columns])
    assert thaw(freeze(schema)) == schema
    w = const(schema)
    assert pickle.loads(pickle.dumps(w)) == w
    assert load(plan(w), registry=registry(w)).unwrap() == w


@pytest.mark.parametrize(
    "kind",
    [
        pa.large_list(pa.int8()),
        pa.dense_union([pa.field("a", pa.int8())]),
        pa.struct({"a": pa.run_end_encoded(pa.int32(), pa.string())}),
        pa.list_(pa.large_list(pa.int8())),
    ],
    ids=str,
)
def test_other_types_are_refused(kind: pa.DataType) -> None:
    with pytest.raises(ValueError, match="a declared column has a scalar type of Arrow"):
        schemas.to_plain(pa.schema({"x": kind}))
