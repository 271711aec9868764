"""Which columns does SQL make of which? Read from its text, by sqlglot.

A task that carries SQL says so in its `config`: `sql` is the text, `dialect` the language that it
is written in ("duckdb" if not given) and `columns`, where names are not enough, the columns of its
tables: `{"orders": ["id", "day"]}`. Columns that only filter, join or sort rows are not told.
"""

from collections.abc import Iterable, Iterator, Mapping
from typing import Any, NamedTuple, TypeAlias, cast, final

from fwf.algebra.nodes import Task
from fwf.algebra.plain_values import thaw
from fwf.interpreters.lineage.column_lineage import Kind, stronger

DIALECT = "duckdb"
GIVE = "write their names, or give them in config={'columns': {…}}"
PIVOT = "PIVOT is not followed to columns"
BEHIND_STAR = f"the columns behind * are not known: {GIVE}"
MISSING = "columns can't be followed without sqlglot: pip install 'fwf[lineage]'"

SqlOrigins: TypeAlias = dict[tuple[str, str], Kind]
"""Tables' columns, and how something is made of them. With no table: why there is one unknown."""
SqlSource: TypeAlias = tuple[Any, Any, Kind]
"""A table's name and its column, or a query and the number of its column; and how it is used."""
Schema: TypeAlias = Mapping[str, Iterable[str]]
"""Tables, and the names of their columns."""
STAR = "*"


class SqlColumn(NamedTuple):
    """A column that a statement makes, and of what; `into` is the table that it goes to.

    The rows of a query go to none, "". A column named * stands for those that aren't known.
    """

    into: str
    name: str
    origins: SqlOrigins


class SqlColumns(NamedTuple):
    """The columns that the statements of a text make, and what isn't followed."""

    columns: tuple[SqlColumn, ...] = ()
    problems: tuple[str, ...] = ()


def has_sql(task: Task[Any, Any]) -> bool:
    """Whether a task carries SQL."""
    return isinstance(task.config.get("sql"), str)


def given_columns(task: Task[Any, Any]) -> dict[str, tuple[str, ...]]:
    """The columns of tables that a task's config gives."""
    columns = thaw(task.config.get("columns", {}))
    if not isinstance(columns, Mapping):
        return {}
    tables = cast(Schema, columns).items()
    return {table: tuple(map(str, names)) for table, names in tables}


def read(
    library: "Library", text: str, dialect: str, schema: Schema, rows: Iterable[str]
) -> SqlColumns:
    """SQL ⟶ its columns. SQL that can't be read is a problem, not an error.

    schema: the columns of tables, where they are known.
    rows: the names of the columns that a query is declared to give, where they are.
    """
    try:
        return _Reader(library, dialect, schema, tuple(rows)).columns(text)
    except Exception as error:  # whatever reading somebody's SQL raises, its depth included
        message = str(error).partition("\n")[0] or type(error).__qualname__
        return SqlColumns(problems=(f"the SQL can't be read as {dialect}: {message}",))


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
    """Reads SQL."""

    def __init__(
        self, library: Library, dialect: str, schema: Schema, rows: tuple[str, ...]
    ) -> None:
        self.library = library
        self.exp = library.expressions
        self.dialect = dialect
        self.schema = {each: dict.fromkeys(names, "unknown") for each, names in schema.items()}
        self.rows = rows
        self.problems: dict[str, None] = {}
        self.scopes: dict[int, Any] = {}

    def columns(self, text: str) -> SqlColumns:
        columns: list[SqlColumn] = []
        for statement in self.library.parse(text, read=self.dialect):
            columns.extend(self._of_statement(statement))
        return SqlColumns(tuple(columns), tuple(self.problems))

    def _of_statement(self, statement: Any) -> Iterator[SqlColumn]:
        query, into, names = self._target(statement)
        if query is None:
            return
        plain = "" if into else self._all_of(query)
        more = {plain: dict.fromkeys(self.rows, "unknown")} if plain and self.rows else {}
        root = self._scope_of(query, more)
        columns = self._outputs(root.expression)
        stars = STAR in columns
        if not into and not stars:
            names = self._declared_names(columns)
        for at, each in enumerate(columns[:1] if stars and names else columns):
            if each == STAR or (stars and names):  # by position, which isn't known
                behind = (plain, STAR) if plain else ("", BEHIND_STAR)
                yield SqlColumn(into, STAR, {behind: "IDENTITY"})
            else:
                name = names[at] if at < len(names) else each
                yield SqlColumn(into, name, self._origins(root, at))

    def _declared_names(self, columns: list[str]) -> list[str]:
        """A query's columns as they are declared: by name or, where names differ, by position."""
        rows = {each.casefold(): each for each in self.rows}
        names = [each.casefold() for each in columns]
        if len(rows) == len(names) and rows.keys() == {*names}:
            return [rows[each] for each in names]
        return list(self.rows) if len(self.rows) == len(columns) else []

    def _outputs(self, query: Any) -> list[str]:
        """The names of a query's columns; * for those that aren't known."""
        while isinstance(query, self.exp.SetOperation):
            if query.args.get("by_name"):
                sides = (query.this.unnest(), query.expression.unnest())
                return list(dict.fromkeys(name for side in sides for name in self._outputs(side)))
            query = query.this.unnest()
        return [STAR if each.is_star else each.alias_or_name for each in query.selects]

    def _all_of(self, query: Any) -> str:
        """`SELECT * FROM orders` ⟶ "orders": it has the columns that the query is to give."""
        if not isinstance(query, self.exp.Select) or len(query.expressions) != 1:
            return ""
        star: Any = query.expressions[0]
        table: Any = getattr(query.args.get("from_"), "this", None)
        plain = isinstance(star, self.exp.Star) and not any(star.args.values())
        alone = isinstance(table, self.exp.Table) and not table.args.get("pivots")
        others = any(query.args.get(each) for each in ("joins", "laterals", "with_"))
        return str(table.name) if plain and alone and not others else ""

    def _scope_of(self, query: Any, more: dict[str, dict[str, str]]) -> Any:
        qualified = self.library.qualify(
            query,
            dialect=self.dialect,
            schema={**more, **self.schema} or None,
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
            if isinstance(statement, exp.Pivot):
                self.problems[PIVOT] = None
            return None, "", []
        query, into = statement.args.get("expression"), statement.this
        if not isinstance(query, exp.Query):
            return None, "", []
        names = [each.name for each in into.expressions] if isinstance(into, exp.Schema) else []
        table = into.find(exp.Table).name
        if isinstance(statement, exp.Insert) and not names and not statement.args.get("by_name"):
            names = list(self.schema.get(table, ()))
            if not names:
                self.problems[f"the columns of {table!r} are not known: {GIVE}"] = None
                return None, "", []
        return query, table, names

    def _origins(self, root: Any, at: int) -> SqlOrigins:
        """A query's column, by its number ⟶ the tables' columns that it is made of.

        The way from one to the other is what its strongest step is. Queries may be recursive.
        """
        origins: SqlOrigins = {}
        todo: list[tuple[Any, int, Kind]] = [(root, at, "IDENTITY")]
        seen = set[tuple[int, int, Kind]]()
        while todo:
            scope, at, outer = todo.pop()
            if (id(scope), at, outer) in seen:
                continue
            seen.add((id(scope), at, outer))
            for source, column, inner in self._made_of(scope, at):
                kind = stronger(outer, inner)
                if isinstance(source, str):
                    stated = origins.get((source, column), kind)
                    origins[source, column] = stronger(stated, kind)
                else:
                    todo.append((source, column, kind))
        return origins

    def _made_of(self, scope: Any, at: int) -> Iterator[SqlSource]:
        """A query's column ⟶ the columns that it is made of directly."""
        query = scope.expression
        if isinstance(query, self.exp.SetOperation):
            name = self._outputs(query)[at] if query.args.get("by_name") else ""
            for part in (query.this, query.expression):
                scope = self.scopes[id(part.unnest())]
                names = self._outputs(scope.expression)
                if STAR in names:
                    yield "", BEHIND_STAR, "IDENTITY"  # by position, which isn't known
                elif not name or name in names:
                    yield scope, names.index(name) if name else at, "IDENTITY"
        elif at < len(query.selects):
            expression = query.selects[at].unalias()
            for whole in expression.find_all(self.exp.Columns, self.exp.TableColumn):
                yield "", f"{whole.sql()} is not followed to columns", "IDENTITY"
            for column in expression.find_all(self.exp.Column):
                source, name = self._source(column)
                yield source, name, self._kind(expression, column)

    def _source(self, column: Any) -> tuple[Any, Any]:
        scope = self._scope(column)
        if scope is None:
            tables = column.root().find_all(self.exp.Table)
            pivots = any(each.args.get("pivots") for each in tables)
            return "", PIVOT if pivots else f"table {column.table!r} is none of the query's"
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
        names = self._outputs(source.expression)
        return (source, names.index(name)) if name in names else self._of_any(source, name)

    def _recursive(self, scope: Any) -> Any:
        """A query that is part of a union can be named by the union alone, which is recursive."""
        outermost, around = scope, scope.expression.parent
        while isinstance(around, self.exp.SetOperation | self.exp.Subquery):
            outermost, around = self.scopes.get(id(around), outermost), around.parent
        return outermost

    def _of_any(self, scope: Any, name: str) -> tuple[Any, Any]:
        """A column that doesn't name its table: it is of the only one that may have it."""
        sources = [source for _, source in scope.selected_sources.values()]
        queries = [source for source in sources if not isinstance(source, self.exp.Table)]
        sure = [each for each in queries if name in each.expression.named_selects]
        open_ = [each for each in sources if each not in queries or each.expression.is_star]
        if len(candidates := sure or open_) == 1:
            return self._of_source(candidates[0], name)
        why = "may be of several tables: write table.column" if candidates else "is of no table"
        return "", f"{name!r} {why}"

    def _kind(self, expression: Any, column: Any) -> Kind:
        parts = (
            (expression.this, *expression.expressions)
            if isinstance(expression, self.exp.Coalesce)
            else (expression,)
        )
        if all(isinstance(each, self.exp.Column) for each in parts):  # as USING (…) has it
            return "IDENTITY"
        node = column.parent
        while node is not None:
            if isinstance(node, self.exp.AggFunc):
                return "AGGREGATION"
            if node is expression:
                break
            node = node.parent
        return "TRANSFORMATION"
