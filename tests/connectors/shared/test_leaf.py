"""What all factories refuse alike, wherever it is given."""

from collections.abc import Callable
from functools import partial
from typing import Any

import pyarrow as pa
import pytest

from fwf.connectors import dynamodb, http, objects, postgres, redshift

SCHEMA = pa.schema([("id", pa.int64())])
HIDDEN = "postgresql://u:hunter2@h/t"
READERS: list[Callable[..., Any]] = [
    partial(postgres.query, "SELECT 1 AS one", database="d"),
    partial(objects.listing, "a/", name="n"),
    partial(objects.read_access_log, name="n"),
    partial(http.get, "/a", name="n", client="c"),
    partial(dynamodb.query, table="tab", key=["id"], params={"id": int}, name="n"),
    partial(redshift.query, "SELECT 1", warehouse="dw"),
]
WRITERS: list[Callable[..., Any]] = [
    partial(postgres.load, table="t", schema=SCHEMA, database="d"),
    partial(objects.write_parquet, "a", name="n"),
    partial(http.post, "/a", name="n", client="c"),
    partial(dynamodb.batch_write, table="tab", key=["id"], name="n"),
    partial(redshift.load, table="t", schema=SCHEMA, warehouse="dw"),
]
NAMED: list[tuple[str, Callable[..., Any]]] = [
    ("database", partial(postgres.query, "SELECT 1 AS one")),
    ("store", partial(objects.listing, "a/", name="n")),
    ("client", partial(http.get, "/a", name="n")),
    ("tables", partial(dynamodb.batch_write, table="tab", key=["id"], name="n")),
    ("warehouse", partial(redshift.load, table="t", schema=SCHEMA)),
]


@pytest.mark.parametrize("make", READERS)
def test_a_text_is_no_list_of_datasets_that_are_read(make: Callable[..., Any]) -> None:
    make(reads=["postgres://shop/orders"])
    with pytest.raises(TypeError, match=r"\(reads=…\): is a text; needs a list of dataset names"):
        make(reads="postgres://shop/orders")


@pytest.mark.parametrize("make", WRITERS)
def test_a_text_is_no_list_of_datasets_that_are_written(make: Callable[..., Any]) -> None:
    make(writes=["postgres://shop/orders"])
    with pytest.raises(TypeError, match=r"\(writes=…\): is a text; needs a list of dataset names"):
        make(writes="postgres://shop/orders")


@pytest.mark.parametrize(("option", "make"), NAMED)
def test_a_url_is_no_name_of_a_resource_and_is_not_told(
    option: str, make: Callable[..., Any]
) -> None:
    with pytest.raises(ValueError, match="the resource's name, a URL, has to be one") as caught:
        make(**{option: HIDDEN})
    assert "hunter2" not in str(caught.value)


def test_no_url_with_something_behind_it_is_told() -> None:
    for make in (
        partial(redshift.warehouse, database="d", workgroup="shop", staging="s3://u:hunter2@b/x"),
        partial(redshift.warehouse, database="d", workgroup="shop", staging="s3://b/x?k=hunter2"),
        partial(objects.store, "s3://lake?secret=hunter2"),
        partial(objects.store, "s3://u:hunter2@lake"),
        partial(objects.store, "ftp://u:hunter2@lake"),
    ):
        with pytest.raises(ValueError, match=r"needs|password") as caught:
            make()
        assert "hunter2" not in str(caught.value)
