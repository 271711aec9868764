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


class Declared(NamedTuple):
    """What is declared of a table: the library that it is of, and the columns as that one has them.

    `schema` is what the author wrote; `filled` are the places of columns that may hold no null.
    """

    library: str
    schema: Any
    columns: Columns
    filled: tuple[int, ...] = ()

    def wrong(self, table: Any) -> str:
        """A table of that library ⟶ how it differs from what is declared; empty if it doesn't."""
        of = _schema_of(table, self.library)
        if of is not self.schema and (self.library == "pandas" or of != self.schema):
            said = _told(self, _columns(of, self.library))
            if said:
                return said
        return "; ".join(_nulls(self, table)) if self.filled else ""


def declared(annotation: Any) -> Declared | None:
    """Type ⟶ what it says of a table's columns, if it is a table and says something."""
    if type(annotation) is type:
        return None
    kind = bare(annotation)
    library = _library(typing.get_origin(kind) or kind)
    for note in notes(annotation) if library else ():
        if _is_schema(note, library):
            columns = _columns(note, library)
            nullable = [getattr(each, "nullable", True) for each in _fields(note, library)]
            filled = tuple(at for at, may in enumerate(nullable) if not may)
            return Declared(library, note, columns, filled)
    return None


def mentioned(annotation: Any) -> bool:
    """Whether a type declares columns of a table, itself or in it."""
    if type(annotation) is type:
        return False
    return declared(annotation) is not None or any(
        mentioned(each) for each in typing.get_args(bare(annotation))
    )


def unlike(given: Any, wanted: Any) -> str:
    """Type, type ⟶ how the tables that they declare differ; empty if they don't."""
    one = declared(given)
    other = None if one is None else declared(wanted)
    if one is None or other is None or one.library != other.library:
        return ""
    return _told(other, one.columns)


def apart(given: Any, wanted: Any) -> str:
    """Type, type ⟶ how the first tables that are declared in them, and that differ, do so.

    Of tuples, and the like, it is said of the part, behind its number.
    """
    if said := unlike(given, wanted):
        return said
    mine, theirs = typing.get_args(bare(given)), typing.get_args(bare(wanted))
    for at, (this, that) in enumerate(zip(mine, theirs, strict=False)):
        if said := apart(this, that):
            return f"[{at}] {said}"
    return ""


def in_brackets(given: Any, wanted: Any) -> str:
    """What a message adds to the names of two types: how their tables differ, if they do."""
    said = apart(given, wanted)
    return f" ({said})" if said else ""


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


def _nulls(wanted: Declared, table: Any) -> Iterator[str]:
    for at in wanted.filled if hasattr(table, "column") else ():
        n = table.column(at).null_count
        if n:
            name = wanted.columns[at][0]
            yield f"column {name!r} is declared not null, but holds {counted(n, 'null')}"


# Differences


def _told(wanted: Declared, given: Columns) -> str:
    found = list(islice(_differences(wanted, given), MOST_SAID + 1))
    rest = ["and more"] if len(found) > MOST_SAID else []
    return "; ".join([*found[:MOST_SAID], *rest])


def _differences(wanted: Declared, given: Columns) -> Iterator[str]:
    """How columns differ from those that are declared, in words."""
    mine, theirs = [name for name, _ in given], [name for name, _ in wanted.columns]
    beside = [name for name in mine if name not in theirs]
    for name in theirs:
        if name not in mine:
            yield f"column {name!r} is missing{near(name, beside) if isinstance(name, str) else ''}"
    for name in dict.fromkeys(beside):
        yield f"column {name!r} is not declared"
    often, asked = Counter(mine), Counter(theirs)
    for name in asked:
        if often[name] not in (0, asked[name]):
            yield f"column {name!r} is there {often[name]} times"
    alike = _ALIKE[wanted.library]
    kinds = dict(given)
    for name, kind in dict(wanted.columns).items():
        if name in kinds and not alike(kinds[name], kind):
            yield f"column {name!r} is {kinds[name]}, not {kind}"
    if wanted.library != "pandas" and mine != theirs and often == asked:
        yield f"its columns are in another order: {', '.join(mine)}, not {', '.join(theirs)}"


_LAYOUT: Final = re.compile(
    r"\blarge_(?=(string|binary|list)(_view)?\b(?!: ))|(?<=string|binary)_view\b(?!: )"
)
_ITEM: Final = re.compile(r"\b(list)<[^<>:]*: ")
"""What an item of a list is called, which isn't told apart."""


def _of_arrow(given: Any, wanted: Any) -> bool:
    return bool(given == wanted) or _values(given) == _values(wanted)


def _values(kind: Any) -> str:
    """Arrow's type ⟶ its text, the same for all layouts that hold the same values."""
    return _ITEM.sub(r"\1<", _LAYOUT.sub("", str(kind).replace("list_view<", "list<"))).replace(
        " not null", ""
    )


def _of_polars(given: Any, wanted: Any) -> bool:
    return bool(given == wanted)


def _of_pandas(given: Any, wanted: Any) -> bool:
    """A type of pandas may be given by its name, or by a class of Python."""
    if type(given) is type(wanted) and given == wanted:
        return True
    pandas: Any = sys.modules["pandas"]
    read = pandas.api.types.pandas_dtype
    one, other = _read(given, read), _read(wanted, read)
    return bool(one == other) or bool(one == wanted)


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
