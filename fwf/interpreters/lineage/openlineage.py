"""How does OpenLineage say it? One `JobEvent` for the whole, then one for each task in its place.

Version 2-0-2 of the events. A job event has no facet that names the job around it, so a task's name
begins with that of the whole, as OpenLineage's naming advises.
"""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any, cast, final, get_args, get_origin

from fwf.algebra.nodes import Extension, InPool, Named, Node, Retry, Task, Timeout, WithParams
from fwf.algebra.parameter_kinds import is_scalar
from fwf.algebra.paths import SEPARATOR
from fwf.algebra.plain_values import source, thaw
from fwf.interpreters.lineage import MAX_WORK, Lineage, TaskLineage
from fwf.interpreters.lineage.column_lineage import Column, Origin
from fwf.interpreters.lineage.dataset_names import dataset_of
from fwf.interpreters.lineage.sql import dialect_of, has_sql
from fwf.types import hints, table_types
from fwf.types.aliases import UNIONS, without_none

SPEC = "https://openlineage.io/spec"
EVENT = f"{SPEC}/2-0-2/OpenLineage.json#/$defs/JobEvent"
FACETS: Mapping[str, str] = {
    "columnLineage": f"{SPEC}/facets/1-2-0/ColumnLineageDatasetFacet.json",
    "documentation": f"{SPEC}/facets/1-1-0/DocumentationJobFacet.json",
    "schema": f"{SPEC}/facets/1-2-0/SchemaDatasetFacet.json",
    "sql": f"{SPEC}/facets/1-1-0/SQLJobFacet.json",
}
UNNAMED = "workflow"


def events(
    lineage: Lineage, *, time: datetime, namespace: str, producer: str, name: str
) -> list[dict[str, Any]]:
    """Lineage ⟶ its job events. See `Lineage.openlineage`."""
    if time.tzinfo is None:
        raise ValueError(f"openlineage(time={time!r}): needs a time zone, such as UTC")
    if not namespace:
        raise ValueError("openlineage(namespace=''): jobs need one, such as their scheduler's name")
    if not producer.partition(":")[2]:
        raise ValueError(f"openlineage(producer={producer!r}): needs a web address")
    writer = _Writer(lineage, time, namespace, producer, name or _name(lineage))
    return [writer.whole(), *map(writer.task, lineage.tasks)]


def _name(lineage: Lineage) -> str:
    workflow = cast(Node, lineage.workflow)
    return workflow.name if isinstance(workflow, Named) else UNNAMED


@final
class _Writer:
    """Writes the events of one workflow."""

    def __init__(
        self, lineage: Lineage, time: datetime, namespace: str, producer: str, name: str
    ) -> None:
        self.lineage = lineage
        self.time = time.isoformat()
        self.namespace = namespace
        self.producer = producer
        self.name = name
        self.work = 0

    def whole(self) -> dict[str, Any]:
        """The workflow as one job: from its sources to its products."""
        columns = [column for task in self.lineage.tasks for column in _columns(task)]
        workflow = cast(Node, self.lineage.workflow)
        notes = _notes_text(workflow.notes) if isinstance(workflow, Named) else ""
        facets = self._documentation(notes)
        return self._event(
            self.name, facets, self.lineage.sources, self.lineage.products, {}, columns
        )

    def task(self, task: TaskLineage) -> dict[str, Any]:
        """A task as a job of its own.

        OpenLineage has no edge from one job to another, so what a task gets in memory counts as
        read by it: the datasets that those read whose data, or decision, reaches it.
        """
        path = task.path
        inside = path.startswith(f"{self.name}{SEPARATOR}")
        facets = self._documentation(_documentation_of(task))
        if has_sql(task.task):
            sql, dialect = task.task.config["sql"], dialect_of(task.task)
            facets["sql"] = self._facet("sql", query=sql, dialect=dialect)
        return self._event(
            path if inside else f"{self.name}{SEPARATOR}{path}",
            facets,
            self._inputs(task),
            task.writes,
            _schemas(task.task),
            _columns(task),
        )

    def _inputs(self, task: TaskLineage) -> Sequence[str]:
        if not task.writes or self.work > MAX_WORK:
            return task.reads
        follower = self.lineage.follower
        datasets = follower.datasets.dataset_at
        origins = follower.flow.origins([task.stop.vertex], datasets.keys())
        self.work += len(origins.data) + len(origins.control)
        near = sorted((origins.data | origins.control) & datasets.keys())
        return tuple(dict.fromkeys([*task.reads, *(datasets[at] for at in near)]))

    def _event(
        self,
        name: str,
        facets: dict[str, Any],
        reads: Iterable[str],
        writes: Iterable[str],
        schemas: Mapping[str, Any],
        columns: Sequence[Column],
    ) -> dict[str, Any]:
        return {
            "eventTime": self.time,
            "producer": self.producer,
            "schemaURL": EVENT,
            "job": {"namespace": self.namespace, "name": name, "facets": facets},
            "inputs": [self._dataset(each, schemas, ()) for each in reads],
            "outputs": [self._dataset(each, schemas, columns) for each in writes],
        }

    def _dataset(
        self, declared: str, schemas: Mapping[str, Any], columns: Sequence[Column]
    ) -> dict[str, Any]:
        facets: dict[str, Any] = {}
        if declared in schemas:
            facets["schema"] = self._facet("schema", fields=schemas[declared])
        origins_of: dict[str, dict[Origin, None]] = {}
        for column in columns:
            if column.dataset == declared:
                origins_of.setdefault(column.name, {}).update(dict.fromkeys(column.origins))
        if origins_of:
            fields = {
                name: {"inputFields": _fields(origins)} for name, origins in origins_of.items()
            }
            facets["columnLineage"] = self._facet("columnLineage", fields=fields)
        return {**dataset_of(declared)._asdict(), "facets": facets}

    def _documentation(self, text: str) -> dict[str, Any]:
        return {"documentation": self._facet("documentation", description=text)} if text else {}

    def _facet(self, kind: str, **content: object) -> dict[str, Any]:
        schema = FACETS[kind]
        definition = schema.rpartition("/")[2].removesuffix(".json")
        return {
            "_producer": self.producer,
            "_schemaURL": f"{schema}#/$defs/{definition}",
            **content,
        }


def _columns(task: TaskLineage) -> Sequence[Column]:
    return task.columns.columns if task.columns else ()


def _fields(origins: Iterable[Origin]) -> list[dict[str, Any]]:
    return [
        {
            **dataset_of(origin.dataset)._asdict(),
            "field": origin.column,
            "transformations": [{"type": "DIRECT", "subtype": origin.kind}],
        }
        for origin in origins
    ]


def _schemas(task: Task[Any, Any]) -> dict[str, Any]:
    """The fields of the only dataset that a task reads, or writes, where its types declare rows."""
    contract = task.contract
    schemas: dict[str, Any] = {}
    if len(contract.reads) == 1 and (fields := _rows(contract.output)):
        schemas[contract.reads[0]] = fields
    one_input = len(contract.writes) == 1 == len(contract.inputs)
    if one_input and (fields := _rows(contract.inputs[0].type)):
        schemas[contract.writes[0]] = fields
    return schemas


def _rows(annotation: Any) -> list[dict[str, Any]]:
    """A table or a type, or a list of it ⟶ its fields, if all are such as stand in a column."""
    item = hints.item_of(annotation)
    table = table_types.table_type(annotation) or table_types.table_type(item)
    if table is not None:
        return _in_order((str(name), str(kind)) for name, kind in table.columns)
    row = annotation if item is hints.ANY else item
    declared = hints.fields_of(row) or {}
    in_order = getattr(row, "_fields", None) or getattr(row, "__dataclass_fields__", declared)
    fields = {name: declared[name] for name in in_order if name in declared}
    if not fields or not all(map(_is_column, fields.values())):
        return []
    return _in_order((name, hints.name_of(kind)) for name, kind in fields.items())


def _in_order(fields: Iterable[tuple[str, str]]) -> list[dict[str, Any]]:
    return [
        {"name": name, "type": kind, "ordinal_position": at}
        for at, (name, kind) in enumerate(fields, 1)
    ]


def _is_column(annotation: Any) -> bool:
    """Whether values of the type stand in a table's column: scalars, and lists of them."""
    kind = without_none(annotation)
    if get_origin(kind) in (*UNIONS, list, tuple, set, frozenset):
        return all(_is_column(part) for part in get_args(kind) if part is not Ellipsis)
    return is_scalar(kind)


_TRANSPARENT = (Retry, Timeout, WithParams, InPool, Extension)


def _documentation_of(task: TaskLineage) -> str:
    """The first line of a task's docstring, and the notes of the name right above it."""
    lines = (task.task.fn.__doc__ or "").strip().splitlines()[:1]
    for around in task.stop.visit.enclosing():
        if isinstance(around.node, Named):
            lines.append(_notes_text(around.node.notes))
        if not isinstance(around.node, _TRANSPARENT):
            break
    return "\n".join(filter(None, lines))


def _notes_text(notes: Mapping[str, object]) -> str:
    return "\n".join(f"{name}: {_text(notes[name])}" for name in sorted(notes))


def _text(note: object) -> str:
    return str(thaw(note)) if isinstance(note, str) else source(cast(Any, note))
