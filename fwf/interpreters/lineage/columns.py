"""Which columns does a task's SQL make of which? Read from its text, by sqlglot.

A task that carries SQL says so in its `config`: `sql` is the text, `dialect` the language that it
is written in ("duckdb" if not given) and `columns`, where names are not enough, the columns of its
tables: `{"orders": ["id", "day"]}`. A table is the dataset of the task's `reads` or `writes` whose
last path segment is its name. Columns that only filter, join or sort rows are not told.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import cached_property
from typing import Any, Literal, NamedTuple, TypeAlias, cast, final

from fwf.algebra.nodes import Task
from fwf.algebra.values import thaw
from fwf.interpreters.lineage.names import table_of
from fwf.records import record

Kind: TypeAlias = Literal["IDENTITY", "TRANSFORMATION", "AGGREGATION"]
"""How a column is made of another, in the words of OpenLineage; the later ones win."""
KINDS: tuple[Kind, ...] = ("IDENTITY", "TRANSFORMATION", "AGGREGATION")
DIALECT = "duckdb"
GIVE = "write their names, or give them in config={'columns': {…}}"
MISSING = "columns can't be followed without sqlglot: pip install 'fwf[lineage]'"


Found: TypeAlias = dict[tuple[str, str], Kind]
"""Tables' columns, and how something is made of them. With no table: why there is one unknown."""


Part: TypeAlias = tuple[Any, Any, Kind]
"""A table's name and its column, or a query and the number of its column; and how it is used."""


@final
@record()
class Origin:
    """A column of a dataset that is read, and how another one is made of it."""

    dataset: str
    column: str
    kind: Kind


@final
@record()
class Column:
    """A column of a dataset that is written, and the columns that it is made of."""

    dataset: str
    name: str
    origins: tuple[Origin, ...]


@final
@record()
class Columns:
    """The columns that a task's SQL writes; `problems` say which are missing, and why."""

    columns: tuple[Column, ...] = ()
    problems: tuple[str, ...] = ()

    def to_json(self) -> dict[str, Any]:
        """As plain data."""
        columns = [
            {
                "dataset": column.dataset,
                "column": column.name,
                "origins": [
                    {"dataset": origin.dataset, "column": origin.column, "kind": origin.kind}
                    for origin in column.origins
                ],
            }
            for column in self.columns
        ]
        return {"columns": columns, "columns_missing": list(self.problems)}


def has_sql(task: Task[Any, Any]) -> bool:
    """Whether a task carries SQL."""
    return isinstance(task.config.get("sql"), str)


def columns_of(task: Task[Any, Any]) -> Columns:
    """Task that carries SQL ⟶ its columns. SQL that can't be read is a problem, not an error."""
    try:
        known = library()
    except ImportError as error:
        return Columns(problems=(str(error),))
    try:
        return _Reader(known, task).columns()
    except Exception as error:  # whatever reading somebody's SQL raises, its depth included
        said = str(error).partition("\n")[0] or type(error).__qualname__
        return Columns(problems=(f"the SQL can't be read as {dialect_of(task)}: {said}",))


class Library(NamedTuple):
    """What is used of sqlglot, whose own types come and go."""

    parse: Any
    expressions: Any
    qualify: Any
    build_scope: Any


def library() -> Library:
    """What is used of sqlglot; raises `ImportError` saying how to install it."""
    try:
        from sqlglot import expressions, parse
        from sqlglot.optimizer.qualify import qualify
        from sqlglot.optimizer.scope import build_scope
    except ImportError:
        raise ImportError(MISSING) from None
    return Library(parse, expressions, qualify, build_scope)


def dialect_of(task: Task[Any, Any]) -> str:
    """The dialect that a task's SQL is written in."""
    return str(task.config.get("dialect", DIALECT))


@final
class _Reader:
    """Reads the SQL of one task."""

    def __init__(self, library: Library, task: Task[Any, Any]) -> None:
        self.library = library
        self.exp = library.expressions
        self.task = task
        self.problems: dict[str, None] = {}
        self.scopes: dict[int, Any] = {}

    def columns(self) -> Columns:
        found: dict[Column, None] = {}
        for statement in self.library.parse(self.task.config["sql"], read=dialect_of(self.task)):
            found.update(dict.fromkeys(self._of_statement(statement)))
        return Columns(tuple(found), tuple(self.problems))

    def _of_statement(self, statement: Any) -> Iterator[Column]:
        """What one statement writes; a column of which part is unknown is a problem instead."""
        query, table, names = self._target(statement)
        if query is None:
            return
        datasets = self._written(table)
        root = self._scoped(query)
        for at, made in enumerate(root.expression.selects):
            if made.is_star:
                self.problems[f"the columns behind * are not known: {GIVE}"] = None
                continue
            name = names[at] if at < len(names) else made.alias_or_name
            origins, reasons = self._declared(self._origins(root, at))
            self.problems |= {f"column {name!r}: {reason}": None for reason in reasons}
            if not reasons:
                yield from (Column(dataset, name, origins) for dataset in datasets)

    def _scoped(self, query: Any) -> Any:
        qualified = self.library.qualify(
            query,
            dialect=dialect_of(self.task),
            schema=self._schema or None,
            validate_qualify_columns=False,
            identify=False,
        )
        root = self.library.build_scope(qualified)
        self.scopes = {id(scope.expression): scope for scope in root.traverse()}
        return root

    def _target(self, statement: Any) -> tuple[Any, str, list[str]]:
        """Statement ⟶ its query, the table that the rows go to, the names of its columns there."""
        exp = self.exp
        if isinstance(statement, exp.Query):
            return statement, "", []
        if not isinstance(statement, exp.Create | exp.Insert):
            if isinstance(statement, exp.DML) and not isinstance(statement, exp.Delete):
                self.problems[f"{statement.key.upper()} is not followed to columns"] = None
            return None, "", []
        query, into = statement.args.get("expression"), statement.this
        if not isinstance(query, exp.Query):
            return None, "", []
        named = [each.name for each in into.expressions] if isinstance(into, exp.Schema) else []
        table = into.find(exp.Table).name
        if isinstance(statement, exp.Insert) and not named and not statement.args.get("by_name"):
            named = list(self._schema.get(table, ()))
            if not named:
                self.problems[f"the columns of {table!r} are not known: {GIVE}"] = None
                return None, "", []
        return query, table, named

    @cached_property
    def _schema(self) -> dict[str, dict[str, str]]:
        given = thaw(self.task.config.get("columns", {}))
        if not isinstance(given, Mapping):
            return {}
        tables = cast(Mapping[str, Iterable[str]], given).items()
        return {table: dict.fromkeys(map(str, names), "unknown") for table, names in tables}

    def _written(self, table: str) -> Sequence[str]:
        writes = self.task.contract.writes
        if not table and len(writes) == 1:
            return writes
        datasets = _datasets(table, writes)
        if not datasets:
            said = f"table {table!r} is" if table else "what the rows of a query go to is"
            self.problems[f"{said} none of the task's writes"] = None
        return datasets

    def _declared(self, found: Found) -> tuple[tuple[Origin, ...], list[str]]:
        """Tables' columns ⟶ columns of the task's reads, and what keeps others from being that."""
        origins, reasons = list[Origin](), list[str]()
        for (table, column), kind in found.items():
            datasets = _datasets(table, self.task.contract.reads) if table else []
            origins.extend(Origin(dataset, column, kind) for dataset in datasets)
            if not table:
                reasons.append(column)
            elif not datasets:
                inputs = [each.name for each in self.task.contract.inputs]
                is_input = table in inputs
                where = "the task's input, no dataset" if is_input else "none of the task's reads"
                reasons.append(f"table {table!r} is {where}")
        return tuple(origins), reasons

    def _origins(self, root: Any, at: int) -> Found:
        """A query's column, by its number ⟶ the tables' columns that it is made of.

        The way from one to the other is what its strongest step is. Queries may be recursive.
        """
        found: Found = {}
        todo: list[tuple[Any, int, Kind]] = [(root, at, "IDENTITY")]
        seen = set[tuple[int, int, Kind]]()
        while todo:
            scope, at, outer = todo.pop()
            if (id(scope), at, outer) in seen:
                continue
            seen.add((id(scope), at, outer))
            for source, column, inner in self._made_of(scope, at):
                kind = _stronger(outer, inner)
                if isinstance(source, str):
                    known = found.get((source, column), kind)
                    found[source, column] = _stronger(known, kind)
                else:
                    todo.append((source, column, kind))
        return found

    def _made_of(self, scope: Any, at: int) -> Iterator[Part]:
        """A query's column ⟶ the columns that it is made of directly."""
        query = scope.expression
        if isinstance(query, self.exp.SetOperation):
            if query.args.get("by_name"):
                yield "", "UNION BY NAME is not followed to columns", "IDENTITY"
                return
            for part in (query.this, query.expression):
                yield self.scopes[id(part.unnest())], at, "IDENTITY"
        elif at < len(query.selects):
            made = query.selects[at].unalias()
            for column in made.find_all(self.exp.Column):
                source, name = self._source(column)
                yield source, name, self._kind(made, column)

    def _source(self, column: Any) -> tuple[Any, Any]:
        scope = self._scope(column)
        if scope is None:
            return "", f"table {column.table!r} is none of the query's"
        if column.table:
            return self._of_source(scope.sources[column.table], column.name)
        return self._of_any(scope, column.name)

    def _scope(self, column: Any) -> Any:
        """The query in which a column stands or, if it names its table, the one that has it."""
        query = column.parent_select
        while query is not None:
            scope = self.scopes.get(id(query))
            if scope is not None and (not column.table or column.table in scope.sources):
                return scope
            query = query.parent_select
        return None

    def _of_source(self, source: Any, name: str) -> tuple[Any, Any]:
        """A table or a query, a column of it ⟶ the table's name, or the query and the number."""
        if isinstance(source, self.exp.Table):
            return source.name or source.sql(), name
        source = self._recursive(source)
        names = [each.alias_or_name for each in source.expression.selects]
        return (source, names.index(name)) if name in names else self._of_any(source, name)

    def _recursive(self, scope: Any) -> Any:
        """A query that is part of a union can be named by the union alone, which is recursive."""
        found, around = scope, scope.expression.parent
        while isinstance(around, self.exp.SetOperation | self.exp.Subquery):
            found, around = self.scopes.get(id(around), found), around.parent
        return found

    def _of_any(self, scope: Any, name: str) -> tuple[Any, Any]:
        """A column that doesn't name its table: it is of the only one that may have it."""
        given = [source for _, source in scope.selected_sources.values()]
        queries = [source for source in given if not isinstance(source, self.exp.Table)]
        sure = [each for each in queries if name in each.expression.named_selects]
        open_ = [each for each in given if each not in queries or each.expression.is_star]
        if len(found := sure or open_) == 1:
            return self._of_source(found[0], name)
        why = "may be of several tables: write table.column" if found else "is of no table"
        return "", f"{name!r} {why}"

    def _kind(self, made: Any, column: Any) -> Kind:
        if made is column:
            return "IDENTITY"
        node = column.parent
        while node is not None:
            if isinstance(node, self.exp.AggFunc):
                return "AGGREGATION"
            if node is made:
                break
            node = node.parent
        return "TRANSFORMATION"


def _stronger(one: Kind, other: Kind) -> Kind:
    return one if KINDS.index(one) >= KINDS.index(other) else other


def _datasets(table: str, declared: Iterable[str]) -> list[str]:
    """The declared datasets that SQL may mean by a table; several where they end alike."""
    wanted = table.lower()
    segments = {name: table_of(name).lower() for name in declared}
    exact = [name for name, segment in segments.items() if segment == wanted]
    return exact or [
        name for name, segment in segments.items() if wanted in segment.split(".")[-1:]
    ]
