"""Does a table have the columns that were declared, and do two declarations ask for the same?

A declaration is a note beside the class of a table: `Annotated[pa.Table, pa.schema(…)]`, and so for
the other classes of Arrow that have a schema; `Annotated[pl.DataFrame, pl.Schema(…)]`; and
`Annotated[pd.DataFrame, {"id": "int64"}]`, a dictionary of columns and their types. None of these
libraries is imported for it: who declares a table has imported its class.

**What is asked.** Just these columns: none is missing, none is beside them, each has its type.
Arrow's and Polars' have their order, since tables of Arrow are loaded by position; a dictionary
doesn't tell one, and pandas' index is not looked at. **What is no difference.** The metadata of a
schema. The layouts of Arrow that hold the same values (`large_string` or `string_view` for
`string`, and so for binary and lists), but not a dictionary for the values in it. Whether a field
may be null, which few who make a table say: where one is declared `not null`, its nulls are
counted. Rows are not looked at, and no message holds a value of one.
"""

import re
import sys
import typing
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from itertools import islice
from typing import Any, Final, NamedTuple, TypeAlias, cast

from fwf.faults import counted, near
from fwf.types.aliases import bare, notes

MOST_SAID: Final = 5
"""So many differences are told."""
Columns: TypeAlias = list[tuple[Any, Any]]
"""Names and types, in order."""
_LIBRARIES: Final = frozenset({"pyarrow", "polars", "pandas"})


class TableType(NamedTuple):
    """What is declared of a table: the library that it is of, and the columns as that one has them.

    `schema` is what the author wrote; `not_null` are the places of columns that may hold no null.
    """

    library: str
    schema: Any
    columns: Columns
    not_null: tuple[int, ...] = ()

    def wrong(self, table: Any) -> str:
        """A table of that library ⟶ how it differs from what is declared; empty if it doesn't."""
        of = _schema_of(table, self.library)
        if of is not self.schema and (self.library == "pandas" or of != self.schema):
            complaint = _differences_text(self, _columns(of, self.library))
            if complaint:
                return complaint
        return "; ".join(_nulls(self, table)) if self.not_null else ""


def table_type(annotation: Any) -> TableType | None:
    """Type ⟶ what it says of a table's columns, if it is a table and says something."""
    if type(annotation) is type:
        return None
    kind = bare(annotation)
    library = _library(typing.get_origin(kind) or kind)
    for note in notes(annotation) if library else ():
        if _is_schema(note, library):
            columns = _columns(note, library)
            nullable = [getattr(each, "nullable", True) for each in _fields(note, library)]
            not_null = tuple(at for at, may in enumerate(nullable) if not may)
            return TableType(library, note, columns, not_null)
    return None


def mentioned(annotation: Any) -> bool:
    """Whether a type declares columns of a table, itself or in it."""
    if type(annotation) is type:
        return False
    return table_type(annotation) is not None or any(
        mentioned(each) for each in typing.get_args(bare(annotation))
    )


def unlike(output: Any, needed: Any) -> str:
    """Type, type ⟶ how the tables that they declare differ; empty if they don't."""
    one = table_type(output)
    other = None if one is None else table_type(needed)
    if one is None or other is None or one.library != other.library:
        return ""
    return _differences_text(other, one.columns)


def apart(output: Any, needed: Any) -> str:
    """Type, type ⟶ how the first tables that are declared in them, and that differ, do so.

    Of tuples, and the like, it is said of the part, behind its number.
    """
    if difference := unlike(output, needed):
        return difference
    mine, theirs = typing.get_args(bare(output)), typing.get_args(bare(needed))
    for at, (this, that) in enumerate(zip(mine, theirs, strict=False)):
        if difference := apart(this, that):
            return f"[{at}] {difference}"
    return ""


def in_brackets(output: Any, needed: Any) -> str:
    """What a message adds to the names of two types: how their tables differ, if they do."""
    difference = apart(output, needed)
    return f" ({difference})" if difference else ""


def rows_of(table: Any) -> str:
    """How many rows a table has, for people; empty if it doesn't know."""
    for name in ("num_rows", "height"):  # of Arrow, of Polars
        n: object = getattr(table, name, None)
        if isinstance(n, int):
            return counted(n, "row")
    return counted(len(table), "row") if hasattr(table, "__len__") else ""


# What is declared, and what is there


def _library(cls: Any) -> str:
    """The library that a class, or a class that it is made of, comes from; empty for others."""
    if not isinstance(cls, type):
        return ""
    roots = (base.__module__.partition(".")[0] for base in cls.__mro__)
    return next((root for root in roots if root in _LIBRARIES), "")


def _is_schema(note: Any, library: str) -> bool:
    if library == "pandas":
        return isinstance(note, Mapping)
    cls = cast(Any, type(note))
    return bool(cls.__name__ == "Schema" and cls.__module__.partition(".")[0] == library)


def _schema_of(table: Any, library: str) -> Any:
    if library == "pandas":
        return table.dtypes
    return table.collect_schema() if hasattr(table, "collect_schema") else table.schema


def _fields(schema: Any, library: str) -> list[Any]:
    return list(schema) if library == "pyarrow" else []


def _columns(schema: Any, library: str) -> Columns:
    if library == "pyarrow":
        return [(field.name, field.type) for field in _fields(schema, library)]
    return list(schema.items())


def _nulls(table_type: TableType, table: Any) -> Iterator[str]:
    for at in table_type.not_null if hasattr(table, "column") else ():
        n = table.column(at).null_count
        if n:
            name = table_type.columns[at][0]
            yield f"column {name!r} is declared not null, but holds {counted(n, 'null')}"


# Differences


def _differences_text(table_type: TableType, columns: Columns) -> str:
    differences = list(islice(_differences(table_type, columns), MOST_SAID + 1))
    rest = ["and more"] if len(differences) > MOST_SAID else []
    return "; ".join([*differences[:MOST_SAID], *rest])


def _differences(table_type: TableType, own_columns: Columns) -> Iterator[str]:
    """How columns differ from those that are declared, in words."""
    mine, theirs = [name for name, _ in own_columns], [name for name, _ in table_type.columns]
    beside = [name for name in mine if name not in theirs]
    for name in theirs:
        if name not in mine:
            yield f"column {name!r} is missing{near(name, beside) if isinstance(name, str) else ''}"
    for name in dict.fromkeys(beside):
        yield f"column {name!r} is not declared"
    often, often_declared = Counter(mine), Counter(theirs)
    for name in often_declared:
        if often[name] not in (0, often_declared[name]):
            yield f"column {name!r} is there {often[name]} times"
    alike = _ALIKE[table_type.library]
    kinds = dict(own_columns)
    for name, kind in dict(table_type.columns).items():
        if name in kinds and not alike(kinds[name], kind):
            yield f"column {name!r} is {kinds[name]}, not {kind}"
    if table_type.library != "pandas" and mine != theirs and often == often_declared:
        yield f"its columns are in another order: {', '.join(mine)}, not {', '.join(theirs)}"


_LAYOUT: Final = re.compile(
    r"\blarge_(?=(string|binary|list)(_view)?\b(?!: ))|(?<=string|binary)_view\b(?!: )"
)
_ITEM: Final = re.compile(r"\b(list)<[^<>:]*: ")
"""What an item of a list is called, which isn't told apart."""


def _of_arrow(kind: Any, declared_kind: Any) -> bool:
    return bool(kind == declared_kind) or _values(kind) == _values(declared_kind)


def _values(kind: Any) -> str:
    """Arrow's type ⟶ its text, the same for all layouts that hold the same values."""
    return _ITEM.sub(r"\1<", _LAYOUT.sub("", str(kind).replace("list_view<", "list<"))).replace(
        " not null", ""
    )


def _of_polars(kind: Any, declared_kind: Any) -> bool:
    return bool(kind == declared_kind)


def _of_pandas(kind: Any, declared_kind: Any) -> bool:
    """A type of pandas may be given by its name, or by a class of Python."""
    if type(kind) is type(declared_kind) and kind == declared_kind:
        return True
    pandas: Any = sys.modules["pandas"]
    read = pandas.api.types.pandas_dtype
    one, other = _read(kind, read), _read(declared_kind, read)
    return bool(one == other) or bool(one == declared_kind)


def _read(kind: Any, read: Callable[[Any], Any]) -> Any:
    try:
        return read(kind)
    except TypeError:  # a name of no type: it is no column's, either
        return kind


_ALIKE: Final[Mapping[str, Callable[[Any, Any], bool]]] = {
    "pyarrow": _of_arrow,
    "polars": _of_polars,
    "pandas": _of_pandas,
}
