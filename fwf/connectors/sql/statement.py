"""Is a text one query, and do its text, its tables and its parameters alone decide what it gives?

DuckDB reads it, and hands back its tree: what stands in there is looked at, table by table and
function by function. Neither the clock nor chance, no file and no setting may be in it, since what
such a query gives is another thing each time: a pure task may be done again, or not at all.
"""

import json
import re
from collections.abc import Iterator, Mapping
from functools import lru_cache
from typing import Any, Final, NamedTuple, NoReturn, TypeAlias, cast, final

import duckdb
import pyarrow as pa

from fwf.connectors.sql.engine import open_connection
from fwf.connectors.sql.marks import Message, QueryPlace, marked_line, message_of
from fwf.faults import near

Tree: TypeAlias = dict[str, Any]
TABLE_FUNCTIONS: Final = frozenset(
    {"generate_series", "json_each", "json_tree", "range", "repeat", "repeat_row", "unnest"}
)
"""Those whose rows are decided by their arguments."""
BESIDES: Final = frozenset(
    {
        "current_localtime", "current_localtimestamp", "parse_duckdb_log_message",
        "reservoir_quantile", "version",
    }
)  # fmt: skip
"""Functions that aren't decided by their arguments, though DuckDB doesn't say so."""
DECIDED: Final = frozenset({"error"})
"""Functions that are, though DuckDB doesn't say so."""
WITHOUT_BRACKETS: Final = frozenset(
    {
        "current_catalog", "current_date", "current_role", "current_schema", "current_time",
        "current_timestamp", "current_user", "localtime", "localtimestamp", "session_user", "user",
    }
)  # fmt: skip
"""Functions that are called by their name alone, unless there is a column of it."""
SINCE_NOW: Final = frozenset({"age"})
"""Functions that reckon from the present moment if they are given one only."""
NAMED_IN_TEXTS: Final = frozenset({"reservoir_quantile"})
"""Functions whose names others may be given: `list_aggregate(l, 'reservoir_quantile')`."""
REMEDY: Final = "take it from a run parameter: params={'day': date}, and $day in the query"
TOO_DEEP: Final = "the query nests too deep to be looked at; name parts of it by WITH"


class _ParsedQuery(NamedTuple):
    """The tree of a query, and its text without what ends it."""

    tree: Tree
    body: str


def check(
    connection: duckdb.DuckDBPyConnection,
    sql: str,
    schemas: Mapping[str, pa.Schema],
    types: Mapping[str, type],
    where: str,
) -> str:
    """A query ⟶ its text without what ends it.

    Raises `ValueError` for what isn't a query, or isn't pure, with the place in it marked.
    """
    whole = _read(connection, sql, where)
    _PurityCheck(connection, sql, schemas, where).look(whole.tree, types)
    return whole.body


def _read(connection: duckdb.DuckDBPyConnection, sql: str, where: str) -> _ParsedQuery:
    if "\0" in sql:
        raise ValueError(f"{where}: the query has a NUL in it, behind which nothing is read")
    try:
        sql.encode()
    except UnicodeEncodeError:
        raise ValueError(f"{where}: no Unicode text: a surrogate stands alone in it") from None
    try:
        statements = connection.extract_statements(sql)
    except duckdb.Error as error:
        _refuse(sql, message_of(error), where)
    if len(statements) != 1:
        raise ValueError(
            f"{where}: a task asks one query, and these are {len(statements)} statements; "
            "name the parts of one query by WITH, or make a task of each"
        )
    kind = str(statements[0].type).rpartition(".")[2]
    if kind == "MULTI":
        raise ValueError(
            f"{where}: the columns of this PIVOT come from the rows; list them: PIVOT … ON "
            "column IN ('a', 'b')"
        )
    if kind != "SELECT":
        raise ValueError(
            f"{where}: this is a statement of kind {kind}; a task asks a query: SELECT, FROM, "
            "VALUES, or WITH … SELECT"
        )
    return _ParsedQuery(_tree(connection, sql, where), _body(sql))


def _tree(connection: duckdb.DuckDBPyConnection, sql: str, where: str) -> Tree:
    """A query as DuckDB reads it."""
    query = "SELECT json_serialize_sql(?::VARCHAR, skip_null := true, skip_empty := true)"
    row = connection.execute(query, [sql]).fetchone()
    try:
        answer: Tree = json.loads(cast("tuple[str]", row)[0])
    except RecursionError:
        raise ValueError(f"{where}: {TOO_DEEP}") from None
    if answer["error"]:
        raise ValueError(f"{where}: the query can't be read: {answer['error_message']}")
    return cast(Tree, answer["statements"][0])


def _body(sql: str) -> str:
    """A query without the semicolon behind it, and what follows that."""
    ends = [at for at, _ in duckdb.tokenize(sql)]
    text = sql.encode()
    first = next((at for at in ends if text[at : at + 1] == b";"), len(text))
    return text[:first].decode()


def _refuse(sql: str, problem: Message, where: str) -> NoReturn:
    if problem.text.startswith("Max expression depth"):
        raise ValueError(f"{where}: {TOO_DEEP}") from None
    raise ValueError(f"{where}: {problem.text}{marked_line(sql, problem.place)}") from None


@lru_cache(maxsize=1)
def _impure_functions() -> frozenset[str]:
    """The functions that more than their arguments decide, as DuckDB's own catalog has them."""
    with open_connection() as connection:
        rows = connection.execute(
            "SELECT function_name, stability, macro_definition FROM duckdb_functions()"
        ).fetchall()
    names = {*BESIDES, *WITHOUT_BRACKETS}
    names.update(name for name, stability, _ in rows if stability not in (None, "CONSISTENT"))
    names -= DECIDED
    macros = [(name, definition) for name, _, definition in rows if definition is not None]
    before = 0
    while before != len(names):  # macros call macros
        before = len(names)
        calls = re.compile(rf"\b({'|'.join(sorted(names))})\b|\bFROM\b")
        names.update(name for name, definition in macros if calls.search(definition))
    return frozenset(names)


@lru_cache(maxsize=1)
def _views() -> frozenset[str]:
    """The tables that tell of DuckDB itself, which are there in every database."""
    with open_connection() as connection:
        rows = connection.execute("SELECT view_name FROM duckdb_views()").fetchall()
    return frozenset(str(name).lower() for (name,) in rows)


@final
class _PurityCheck:
    """Looks at the tree of a query."""

    def __init__(
        self,
        connection: duckdb.DuckDBPyConnection,
        sql: str,
        schemas: Mapping[str, pa.Schema],
        where: str,
    ) -> None:
        self.sql = sql
        self.where = where
        self.tables = {name.lower(): name for name in schemas}
        self.columns = {column.lower() for schema in schemas.values() for column in schema.names}
        self.cte_names: set[str] = set()
        self.impure = _impure_functions()

    def look(self, tree: Tree, types: Mapping[str, type]) -> None:
        nodes = list(_nodes(tree))
        self.cte_names = {name.lower() for node in nodes for name in _names_of_ctes(node)}
        # Outside of what names it, it would be the table of DuckDB's.
        for name in sorted(self.cte_names & _views()):
            raise ValueError(
                f"{self.where}: WITH {name}: DuckDB has a table of that name; rename it"
            )
        for node in nodes:
            self._look_at(node, types)
        parameters = {node["identifier"] for node in nodes if node.get("class") == "PARAMETER"}
        for name in types:
            if name not in parameters:
                raise ValueError(
                    f"{self.where}(params={{{name!r}: …}}): the query has no ${name}"
                    f"{near(name, parameters)}"
                )

    def _look_at(self, node: Tree, types: Mapping[str, type]) -> None:
        kind, cls = node.get("type"), node.get("class")
        if kind == "BASE_TABLE":
            self._table(node)
        elif kind == "TABLE_FUNCTION":
            self._table_function(node)
        elif kind == "SHOW_REF":
            self._no("DESCRIBE, SHOW and SUMMARIZE tell of tables; ask for rows", node)
        elif cls == "PARAMETER":
            self._parameter(node, types)
        elif cls in ("FUNCTION", "WINDOW"):
            self._function(str(node["function_name"]).lower(), node)
        elif cls == "CONSTANT" and node.get("literal", {}).get("text") in NAMED_IN_TEXTS:
            self._refuse_impure(str(node["literal"]["text"]), node)
        elif cls == "COLUMN_REF" and len(node["column_names"]) == 1:
            self._column(str(node["column_names"][0]).lower(), node)
        if "sample" in node:  # also one with a seed hangs on how the rows come in batches
            self._no("a sample is another one each time; write WHERE hash(id) % 10 = 0", node)

    def _table(self, node: Tree) -> None:
        path = [str(node[each]) for each in ("catalog_name", "schema_name") if node.get(each)]
        name = str(node["table_name"])
        if path or name.lower() not in self.tables.keys() | self.cte_names:
            names = ", ".join(self.tables.values()) or "none"
            problem = (
                f"{'.'.join([*path, name])!r} is no input of the query; its tables are {names}"
            )
            self._no(problem + near(name, self.tables.values()), node)

    def _table_function(self, node: Tree) -> None:
        name = str(node["function"]["function_name"]).lower()
        if name not in TABLE_FUNCTIONS:
            self._no(
                f"{name}(…) reads what is no input of the query; give it as a table: "
                "sql(…, orders=SCHEMA)",
                node,
            )

    def _parameter(self, node: Tree, types: Mapping[str, type]) -> None:
        name = str(node["identifier"])
        if name.isdigit():
            self._no("a parameter has a name: write $day, not ? or $1", node)
        if name not in types:
            self._no(
                f"${name} is no run parameter{near(name, types)}; declare it: "
                f"params={{{name!r}: date}}, or whichever type it has",
                node,
            )

    def _function(self, name: str, node: Tree) -> None:
        since_now = name in SINCE_NOW and len(node.get("arguments", ())) < 2
        if name in self.impure or since_now:
            self._refuse_impure(name, node)

    def _column(self, name: str, node: Tree) -> None:
        if name in WITHOUT_BRACKETS - self.columns:
            self._refuse_impure(name, node, f"; if it is a column, say of which table: t.{name}")

    def _refuse_impure(self, name: str, node: Tree, more: str = "") -> NoReturn:
        self._no(f"{name} isn't decided by the query and its inputs: {REMEDY}{more}", node)

    def _no(self, problem: str, node: Tree) -> NoReturn:
        place = _place(node) or _place(node.get("function", {}))
        _refuse(self.sql, Message(problem, place), self.where)


def _nodes(tree: Tree) -> Iterator[Tree]:
    """All objects in a tree, each before its parts, in their order."""
    todo: list[Any] = [tree]
    while todo:
        one = todo.pop()
        if isinstance(one, dict):
            yield cast(Tree, one)
        parts = one.values() if isinstance(one, dict) else one if isinstance(one, list) else ()
        todo.extend(reversed(list(cast("Any", parts))))


def _names_of_ctes(node: Tree) -> Iterator[str]:
    for each in cast("list[Tree]", node.get("cte_map", {}).get("map", [])):
        yield str(each["key"])


def _place(node: Tree) -> QueryPlace | None:
    at = node.get("query_location")
    if not isinstance(at, int) or at >= 2**63:  # DuckDB's for none
        return None
    return QueryPlace(at, int(node.get("query_location_length", 1)))
