"""What does a task make of the columns that it is given? By its SQL, or by what its types declare.

A task **with SQL** gives, or writes, the columns that its text says. A table in it is a dataset of
the task's `reads`, by its last path segment, or else an input of that name. **Without SQL:** one
that reads a single dataset, and is given no table, gives that dataset's columns, those that its
output declares. One that writes a single dataset, and is given a single table, writes its columns,
each by its name. What is declared to have the `SameColumns` has those of the table that is given.
Of whatever else Python makes, the columns aren't known, and whoever needs them says so.
"""

from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Any, NamedTuple, final, get_args, get_origin

from fwf.algebra.nodes import Task
from fwf.algebra.parameter_kinds import is_scalar
from fwf.faults import listed, near
from fwf.interpreters.lineage import sql
from fwf.interpreters.lineage.carried_columns import (
    MAX_NESTED,
    Carried,
    Cell,
    Items,
    Mixed,
    Reason,
    Record,
    Table,
    any_carried,
    any_of,
    cell_of,
    flat,
    items_of,
    merged,
    record_of,
    tables_in,
    through,
)
from fwf.interpreters.lineage.column_lineage import Column, Columns, Origin
from fwf.interpreters.lineage.dataflow import Stop
from fwf.interpreters.lineage.dataset_names import table_of
from fwf.types import hints
from fwf.types.aliases import ANY, UNIONS, without_none
from fwf.types.declared_columns import columns_in, keeps_columns
from fwf.types.shapes import shape_of

MAX_NAMES = 8
SCHEMA = "Annotated[pa.Table, schema]"
PYTHON = "columns aren't followed through Python: write SQL, or say SameColumns of its output"


def declares(task: Task[Any, Any]) -> bool:
    """Whether a task says something of columns."""
    contract = task.contract
    kinds = (contract.output, *(each.type for each in contract.inputs))
    return sql.has_sql(task) or any(map(_mentions, kinds))


def _mentions(annotation: Any, depth: int = MAX_NESTED) -> bool:
    if type(annotation) is type and shape_of(annotation) is None:
        return False
    if columns_in(annotation) is not None or keeps_columns(annotation):
        return True
    inner = [each.type for each in shape_of(annotation) or ()] or get_args(without_none(annotation))
    return depth > 0 and any(_mentions(each, depth - 1) for each in inner)


class DeclaredColumns(NamedTuple):
    """The columns that a task's types declare: of each of its inputs, and of its output."""

    inputs: tuple[tuple[str, ...] | None, ...]
    output: tuple[str, ...] | None


@final
class Steps:
    """What tasks give and write, by their SQL and their types; each text is read once."""

    def __init__(self, path_of: Callable[[int], str]) -> None:
        self._path_of = path_of
        self._library: sql.Library | None = None
        self._missing = ""
        self._types: dict[int, DeclaredColumns] = {}
        self._statements: dict[tuple[Any, ...], sql.SqlColumns] = {}
        try:
            self._library = sql.library()
        except ImportError as error:
            self._missing = str(error)

    def gives(self, stop: Stop, values: Sequence[Carried]) -> Carried:
        """What a task's value carries."""
        task = stop.task
        declared = self._declaration(task)
        if sql.has_sql(task) and (declared.output is not None or not task.contract.writes):
            return self._rows(stop, values)
        return _Output(stop, declared, values).carried(task.contract.output)

    def _declaration(self, task: Task[Any, Any]) -> DeclaredColumns:
        declared = self._types.get(id(task))
        if declared is None:
            contract = task.contract
            inputs = tuple(_declared_columns(each.type) for each in contract.inputs)
            declared = self._types[id(task)] = DeclaredColumns(inputs, columns_in(contract.output))
        return declared

    def _rows(self, stop: Stop, values: Sequence[Carried]) -> Table:
        """What the queries in a task's SQL give."""
        statement = self._columns_of_sql(stop.task, values)
        columns: dict[str, list[Cell]] = {}
        rest = [
            Table(reasons=tuple(Reason(stop.vertex, problem) for problem in statement.problems))
        ]
        for into, name, origins in statement.columns:
            if into:
                continue
            if name == sql.STAR:
                rest.extend(_behind_star(stop, values, origins))
            else:
                columns.setdefault(name, []).append(self._cell(stop, values, origins))
        table = Table({name: any_of(cells) for name, cells in columns.items()})
        return merged([table, *rest]) or table

    def _columns_of_sql(self, task: Task[Any, Any], values: Sequence[Carried]) -> sql.SqlColumns:
        if self._library is None:
            return sql.SqlColumns(problems=(self._missing,))
        schema = dict(sql.given_columns(task))
        declared = self._declaration(task)
        for each, own, carried in zip(task.contract.inputs, declared.inputs, values, strict=True):
            names = own or _names(carried)
            if names:
                schema.setdefault(each.name, names)
        rows = declared.output or ()
        text, dialect = str(task.config["sql"]), sql.dialect_of(task)
        key = (text, dialect, tuple(schema.items()), rows)
        if key not in self._statements:
            self._statements[key] = sql.read(self._library, text, dialect, schema, rows)
        return self._statements[key]

    def _cell(self, stop: Stop, values: Sequence[Carried], origins: sql.SqlOrigins) -> Cell:
        """A column that SQL makes ⟶ the datasets' columns that it is made of."""
        cells = [Cell()]
        for (table, column), kind in origins.items():
            reads = datasets_of(table, stop.task.contract.reads) if table else []
            if not table:
                cells.append(Cell(reasons=(Reason(stop.vertex, column),)))
            elif reads:
                cells.append(Cell({(dataset, column): kind for dataset in reads}))
            else:
                arriving = _input(stop, values, table)
                cells.append(through(_column(stop, arriving, column), kind))
        return any_of(cells)

    def writes(self, stop: Stop, values: Sequence[Carried]) -> Columns | None:
        """The columns that a task writes; None if it says nothing of any."""
        if sql.has_sql(stop.task):
            return self._by_sql(stop, values)
        if not stop.task.contract.writes or not stop.task.contract.inputs:
            return None
        return self._load(stop, values)

    def _by_sql(self, stop: Stop, values: Sequence[Carried]) -> Columns:
        statement = self._columns_of_sql(stop.task, values)
        problems, cells = dict.fromkeys(statement.problems), list[tuple[str, str, Cell]]()
        for into, name, sql_origins in statement.columns:
            datasets, complaints = _targets(stop.task, into)
            problems |= dict.fromkeys(complaints)
            if name == sql.STAR:
                problems |= dict.fromkeys(
                    text if not table else sql.BEHIND_STAR for table, text in sql_origins
                )
            else:
                cell = self._cell(stop, values, sql_origins)
                mine = tuple(each for each in cell.reasons if each.vertex == stop.vertex)
                visible = cell if datasets or complaints else Cell(reasons=mine)
                cells.extend((dataset, name, visible) for dataset in datasets or ("",))
        return self._columns(stop, cells, problems)

    def _load(self, stop: Stop, values: Sequence[Carried]) -> Columns | None:
        """A task that writes the table that it is given, each column by its name."""
        contract = stop.task.contract
        inputs = [
            (names, tables_in(one), each.name)
            for each, names, one in zip(
                contract.inputs, self._declaration(stop.task).inputs, values, strict=True
            )
            if not is_scalar(each.type)
        ]
        declared = [each for each in inputs if each[0] is not None]
        tables = [table for _, each, _ in inputs for table in each]
        if not declared and not any(table.is_known for table in tables):
            return None
        writes = tuple(dict.fromkeys(contract.writes))
        several = _too_many(writes, "datasets") or _too_many(declared or tables, "tables")
        if several:
            return Columns(problems=(several,))
        (dataset,) = writes
        if not declared:
            table = tables[0]
            cells = [(dataset, name, _column(stop, table, name)) for name in table.columns]
            rest = dict.fromkeys(self._text_of(stop, each) for each in table.reasons)
            return self._columns(stop, cells, rest)
        ((names, arriving, name),) = declared
        table = merged(arriving) or Table(reasons=(_nothing(stop, name),))
        cells = [(dataset, each, _column(stop, table, each)) for each in names or ()]
        return self._columns(stop, cells, {})

    def _columns(
        self, stop: Stop, cells: Iterable[tuple[str, str, Cell]], problems: dict[str, None]
    ) -> Columns:
        """Columns of datasets ⟶ as they are told: those known, in full or not, and why not."""
        columns: dict[Column, None] = {}
        missing: dict[Reason, dict[str, None]] = {}
        for dataset, name, cell in cells:
            origins = tuple(Origin(*origin, kind) for origin, kind in cell.of.items())
            for reason in cell.reasons:
                missing.setdefault(reason, {})[name] = None
            if dataset and (origins or not cell.reasons):
                columns[Column(dataset, name, origins)] = None
        behind = [
            f"{_names_text(list(names))}: {self._text_of(stop, each)}"
            for each, names in missing.items()
        ]
        return Columns(tuple(columns), tuple(dict.fromkeys((*problems, *behind))))

    def _text_of(self, stop: Stop, reason: Reason) -> str:
        own = reason.vertex == stop.vertex and reason.text != PYTHON
        path = "" if own else self._path_of(reason.vertex)
        return f"{path}: {reason.text}" if path else reason.text


@final
class _Output:
    """What a task without SQL gives, by the type of its output."""

    def __init__(self, stop: Stop, declared: DeclaredColumns, values: Sequence[Carried]) -> None:
        self.stop = stop
        self.declared = [names for names in declared.inputs if names is not None]
        self.values = values
        self.tables = [table for each in values for table in tables_in(each)]

    def carried(self, annotation: Any, depth: int = MAX_NESTED) -> Carried:
        names = columns_in(annotation)
        if keeps_columns(annotation):
            return self._same(annotation, names)
        if names is not None:
            return Table({name: self._declared_column(name) for name in names})
        kind = without_none(annotation)
        if not depth or kind is ANY or is_scalar(kind):
            return None if is_scalar(kind) else self._unknown()
        if get_origin(kind) in UNIONS:
            return any_carried(self.carried(each, depth - 1) for each in get_args(kind))
        if hints.length_of(kind) is not None:
            return record_of(self.carried(each, depth - 1) for each in get_args(kind))
        if hints.item_of(kind) is not ANY:
            return items_of(self.carried(hints.item_of(kind), depth - 1))
        if (fields := shape_of(kind)) is not None:
            stored = [each for each in fields if each.stored]
            parts = [self.carried(each.type, depth - 1) for each in stored]
            return record_of(parts, tuple(each.name for each in stored))
        return self._unknown()

    def _declared_column(self, name: str) -> Cell:
        """A declared column: of the only dataset that is read, if nothing else may be in it."""
        reads = tuple(dict.fromkeys(self.stop.task.contract.reads))
        if self.tables or self.declared or len(reads) > 1:
            return Cell(reasons=(self._reason(),))
        return Cell({(dataset, name): "IDENTITY" for dataset in reads})

    def _same(self, annotation: Any, names: Sequence[str] | None) -> Carried:
        """The columns of what is given, or read; a record that is given back as it is."""
        record = self._record(annotation)
        if record is not None:
            return record
        alone = self.declared[0] if len(self.declared) == 1 else None
        wanted = alone if names is None else names
        table = merged(self.tables) or self._of_dataset()
        if wanted is not None:
            table = Table({name: _column(self.stop, table, name) for name in wanted})
        return Mixed(table) if names is None else table

    def _record(self, annotation: Any) -> Carried:
        """The record of this type that is given, or any one of a list of them."""
        carried = self.values[0] if len(self.values) == 1 else None
        while isinstance(carried, Items):
            carried = carried.item
        fields = tuple(each.name for each in shape_of(annotation) or () if each.stored)
        return carried if isinstance(carried, Record) and carried.names == fields else None

    def _of_dataset(self) -> Table:
        """The columns of the only dataset that is read, whichever they are."""
        reads, inputs = {*self.stop.task.contract.reads}, self.stop.task.contract.inputs
        tabular = [each.name for each in inputs if not is_scalar(each.type)]
        if len(reads) == 1 and not tabular:
            return Table(open=tuple(reads))
        reason = _nothing(self.stop, tabular[0]) if tabular else self._reason()
        return Table(reasons=(reason,))

    def _unknown(self) -> Carried:
        """A value in which Python may have put whatever it was given, or has read."""
        if not self.tables and not self.stop.task.contract.reads:
            return None
        return Mixed(Table(reasons=(self._reason(),)))

    def _reason(self) -> Reason:
        return Reason(self.stop.vertex, PYTHON)


def _behind_star(stop: Stop, values: Sequence[Carried], origins: sql.SqlOrigins) -> Iterator[Table]:
    """The tables whose columns `SELECT *` gives, or why they aren't known."""
    for table, text in origins:
        reads = datasets_of(table, stop.task.contract.reads) if table else []
        if reads:
            yield Table(open=tuple(reads))
        else:
            unknown = Table(reasons=(Reason(stop.vertex, text),))
            yield _input(stop, values, table) if table else unknown


def _too_many(items: Sequence[Any], what: str) -> str:
    """What is said of more than one."""
    verb = "writes" if what == "datasets" else "is given"
    text = f"it {verb} {len(items)} {what}, so which columns go where is not known"
    return text if len(items) > 1 else ""


def _names_text(names: Sequence[str]) -> str:
    some = listed(map(repr, names), len(names), MAX_NAMES)
    return f"column{'s' if len(names) > 1 else ''} {some}"


def _names(carried: Carried) -> tuple[str, ...]:
    """The columns of what arrives, where all are known."""
    table = flat(carried)
    return () if table is None or table.open or table.reasons else tuple(table.columns)


def _declared_columns(annotation: Any) -> tuple[str, ...] | None:
    """The columns of a table, or of a list of tables."""
    names = columns_in(annotation)
    item = hints.item_of(annotation)
    return columns_in(item) if names is None and item is not hints.ANY else names


def _nothing(stop: Stop, name: str) -> Reason:
    return Reason(
        stop.vertex, f"what input {name!r} gets declares no columns: let what gives it say {SCHEMA}"
    )


def _column(stop: Stop, table: Table, name: str) -> Cell:
    def unknown() -> Reason:
        close = near(name, table.columns)
        return Reason(stop.vertex, f"{name!r} is none of the columns that it is given{close}")

    return cell_of(table, name, unknown)


def _input(stop: Stop, values: Sequence[Carried], table: str) -> Table:
    """What arrives at the input that SQL calls so, as one table."""
    inputs = [each.name for each in stop.task.contract.inputs]
    alike = [at for at, name in enumerate(inputs) if name.casefold() == table.casefold()]
    if not alike:
        text = f"table {table!r} is none of the task's reads, nor of its inputs"
        return Table(reasons=(Reason(stop.vertex, text),))
    arriving = flat(values[alike[0]])
    return arriving or Table(reasons=(_nothing(stop, inputs[alike[0]]),))


def _targets(task: Task[Any, Any], table: str) -> tuple[Sequence[str], list[str]]:
    """The datasets that rows go to, and what is wrong if they go to none; a value's go to none."""
    writes = tuple(dict.fromkeys(task.contract.writes))
    if not table and len(writes) < 2:
        return writes, []
    targets = datasets_of(table, writes)
    subject = f"table {table!r} is" if table else "what the rows of a query go to is"
    return targets, [] if targets else [f"{subject} none of the task's writes"]


def datasets_of(table: str, declared: Iterable[str]) -> list[str]:
    """The declared datasets that SQL may mean by a table; several where they end alike."""
    name_in_sql = table.lower()
    segments = {name: table_of(name).lower() for name in declared}
    exact = [name for name, segment in segments.items() if segment == name_in_sql]
    return exact or [
        name for name, segment in segments.items() if name_in_sql in segment.split(".")[-1:]
    ]
