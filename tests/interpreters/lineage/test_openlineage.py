"""OpenLineage events: valid by the published schemas, and saying what lineage says."""

import json
from copy import deepcopy
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from examples.daily.workflow import workflow as daily
from examples.first import workflow as first
from examples.sql_transform import workflow as by_sql
from fwf import branch, const, identity, it, named, par, pick, retry, task
from fwf.interpreters.lineage import lineage
from fwf.interpreters.lineage.dataset_names import dataset_of

SCHEMAS = Path(__file__).parents[4] / "shared" / "data" / "openlineage"
TIME = datetime(2026, 7, 15, 6, 30, tzinfo=UTC)
WORKFLOWS = {"first": first, "daily": daily, "by_sql": by_sql}


def events(w: Any, **more: Any) -> list[dict[str, Any]]:
    given = {"time": TIME, "namespace": "prod", "producer": "https://example.org/fwf", **more}
    return lineage(w).openlineage(**given)


class Row(NamedTuple):
    day: date
    amount: float


class Blob(NamedTuple):
    rows: object


@task(effect="read", reads=["postgres://shop:5432/shop.public.orders"])
def orders() -> list[Row]:
    """The orders of a day.

    All of them.
    """


@task(effect="read", reads=["s3://lake/visits"])
def visits() -> Blob: ...


@task(effect="idempotent", writes=["redshift://dw/sales"])
def load(rows: list[Row]) -> int: ...


@task(effect="idempotent", reads=["dw/last"], writes=["dw/totals"])
def total(loaded: Any) -> int: ...


# By the schemas


@pytest.fixture(scope="module")
def valid() -> Any:
    """A function that says whether an event, and each facet that has a schema, is valid."""
    if not SCHEMAS.exists():
        pytest.skip("the OpenLineage schemas are not beside the checkout")
    jsonschema = pytest.importorskip("jsonschema")
    referencing = pytest.importorskip("referencing")
    files = [SCHEMAS / "OpenLineage.json", *sorted((SCHEMAS / "facets").glob("*.json"))]
    schemas = {path.stem: json.loads(path.read_text(encoding="utf-8")) for path in files}
    schemas["ColumnLineageDatasetFacet"] = COLUMN_LINEAGE
    resources = [
        (schema["$id"], referencing.Resource.from_contents(schema)) for schema in schemas.values()
    ]
    registry = referencing.Registry().with_resources(resources)

    def validator(name: str) -> Any:
        return jsonschema.Draft202012Validator(
            schemas[name], registry=registry, format_checker=jsonschema.FormatChecker()
        )

    def check(event: dict[str, Any]) -> bool:
        datasets = [*event.get("inputs", ()), *event.get("outputs", ())]
        facets = [each["facets"] for each in datasets]
        return validator("OpenLineage").is_valid(event) and all(
            validator(name).is_valid(each)
            for each in facets
            for name in ("SchemaDatasetFacet", "ColumnLineageDatasetFacet")
        )

    return check


# In our words, after version 1-2-0 of the facet's own documentation
_FIELD = {
    "type": "object",
    "required": ["namespace", "name", "field"],
    "properties": {
        "field": {"type": "string"},
        "transformations": {
            "type": "array",
            "items": {
                "type": "object",
                "required": ["type"],
                "properties": {
                    "type": {"enum": ["DIRECT", "INDIRECT"]},
                    "subtype": {"enum": ["IDENTITY", "TRANSFORMATION", "AGGREGATION"]},
                },
            },
        },
    },
}
COLUMN_LINEAGE = {
    "$schema": "https://json-schema.org/draft/2020-12/schema",
    "$id": "https://openlineage.io/spec/facets/1-2-0/ColumnLineageDatasetFacet.json",
    "type": "object",
    "properties": {
        "columnLineage": {
            "allOf": [{"$ref": "https://openlineage.io/spec/2-0-2/OpenLineage.json#/$defs/DatasetFacet"}],
            "required": ["fields"],
            "properties": {
                "fields": {
                    "additionalProperties": {
                        "required": ["inputFields"],
                        "properties": {"inputFields": {"type": "array", "items": _FIELD}},
                    }
                }
            },
        }
    },
}  # fmt: skip


@pytest.mark.parametrize("name", WORKFLOWS)
def test_every_event_is_valid(name: str, valid: Any) -> None:
    for event in events(WORKFLOWS[name]):
        assert valid(event)
        assert json.loads(json.dumps(event)) == event


BREAKS: dict[str, Any] = {
    "a name is missing": lambda event: event["job"].pop("name"),
    "a time is none": lambda event: event.update(eventTime="yesterday"),
    "a job is missing": lambda event: event.pop("job"),
    "a run makes it another event": lambda event: event.update(run={"runId": "x"}),
    "a dataset has no namespace": lambda event: event["inputs"][0].pop("namespace"),
    "a facet has no producer": lambda event: event["outputs"][0]["facets"]["columnLineage"].pop(
        "_producer"
    ),
    "a column has no inputs": lambda event: event["outputs"][0]["facets"]["columnLineage"][
        "fields"
    ]["day"].pop("inputFields"),
}


@pytest.mark.parametrize("name", BREAKS)
def test_a_broken_event_is_not(name: str, valid: Any) -> None:
    broken = deepcopy(events(by_sql)[1])
    assert valid(broken)
    BREAKS[name](broken)
    assert not valid(broken)


def test_a_schema_without_names_is_not_valid(valid: Any) -> None:
    broken = deepcopy(events(orders >> load)[1])
    assert valid(broken)
    del broken["inputs"][0]["facets"]["schema"]["fields"][0]["name"]
    assert not valid(broken)


# What they say


def names(datasets: list[dict[str, Any]]) -> list[str]:
    return [f"{each['namespace']}|{each['name']}" for each in datasets]


def test_the_whole_comes_first_then_every_task_in_its_place() -> None:
    w = named(
        "daily",
        par(orders, visits) >> branch(it[0], then=pick(0) >> load, otherwise=const(0)) >> total,
    )
    found = events(w)
    assert [each["job"]["name"] for each in found] == [
        "daily",
        "daily > par > orders",
        "daily > par > visits",
        "daily > then > load",
        "daily > total",
    ]
    assert names(found[0]["inputs"]) == [
        "postgres://shop:5432|shop.public.orders", "s3://lake|visits", "default|dw/last",
    ]  # fmt: skip
    assert names(found[0]["outputs"]) == ["redshift://dw|sales", "default|dw/totals"]


def test_what_a_writer_gets_in_memory_counts_as_read_by_it() -> None:
    _, _, loads, totals = events(orders >> load >> total)
    assert names(loads["inputs"]) == ["postgres://shop:5432|shop.public.orders"]
    assert names(totals["inputs"]) == [
        "default|dw/last", "postgres://shop:5432|shop.public.orders",
    ]  # fmt: skip


def test_what_went_through_a_dataset_does_not() -> None:
    @task(effect="read", reads=["redshift://dw/sales"])
    def sales() -> list[Row]: ...

    *_, totals = events(orders >> load >> sales >> total)
    assert names(totals["inputs"]) == ["default|dw/last", "redshift://dw|sales"]


def test_declared_rows_become_a_schema() -> None:
    _, reads, loads = events(orders >> load)
    fields = [
        {"name": "day", "type": "date", "ordinal_position": 1},
        {"name": "amount", "type": "float", "ordinal_position": 2},
    ]
    assert reads["inputs"][0]["facets"]["schema"]["fields"] == fields
    assert loads["outputs"][0]["facets"]["schema"]["fields"] == fields
    assert events(visits)[1]["inputs"][0]["facets"] == {}


def test_sql_and_columns_are_facets() -> None:
    whole, transform = events(by_sql)
    assert transform["job"]["facets"]["sql"]["query"] == by_sql.config["sql"]
    fields = transform["outputs"][0]["facets"]["columnLineage"]["fields"]
    assert fields["dollars"]["inputFields"][1] == {
        "namespace": "duckdb://warehouse",
        "name": "rates",
        "field": "usd",
        "transformations": [{"type": "DIRECT", "subtype": "AGGREGATION"}],
    }
    assert whole["outputs"][0]["facets"]["columnLineage"]["fields"] == fields


def test_notes_and_docstrings_are_documentation() -> None:
    w = named("daily", named("get", retry(orders, attempts=2), owner="ana") >> load, docs="wiki")
    whole, reads, loads = events(w)
    assert whole["job"]["facets"]["documentation"]["description"] == "docs: wiki"
    said = reads["job"]["facets"]["documentation"]["description"]
    assert said == "The orders of a day.\nowner: ana"
    assert "documentation" not in loads["job"]["facets"]


def test_a_single_task_is_told_apart_from_the_whole() -> None:
    assert [each["job"]["name"] for each in events(load)] == ["workflow", "workflow > load"]
    assert [each["job"]["name"] for each in events(named("x", load))] == ["x", "x > x"]
    assert [each["job"]["name"] for each in events(load, name="y")] == ["y", "y > load"]
    assert len(events(identity)) == 1


def test_misuse_is_refused() -> None:
    with pytest.raises(ValueError, match=r"needs a time zone"):
        events(load, time=datetime(2026, 7, 15))
    with pytest.raises(ValueError, match=r"openlineage\(namespace=''\)"):
        events(load, namespace="")
    with pytest.raises(ValueError, match=r"openlineage\(producer='fwf'\): needs a web address"):
        events(load, producer="fwf")


@pytest.mark.parametrize(
    ("declared", "namespace", "name"),
    [
        ("postgres://h:5432/db.public.t", "postgres://h:5432", "db.public.t"),
        ("postgres://ana:secret@h/db.t", "postgres://h", "db.t"),
        ("s3://bucket/a/b c.parquet", "s3://bucket", "a/b c.parquet"),
        ("https://rates.example/latest?x=1", "https://rates.example", "latest?x=1"),
        ("dynamodb://sales", "dynamodb", "sales"),
        ("s3://bucket/", "s3", "bucket"),
        ("file:///var/log", "file", "/var/log"),
        ("dw/sales", "default", "dw/sales"),
        ("a://", "default", "a://"),
        ("häfen://höhe/öl", "häfen://höhe", "öl"),
    ],
)
def test_names_are_split_at_the_authority(declared: str, namespace: str, name: str) -> None:
    assert dataset_of(declared) == (namespace, name)
