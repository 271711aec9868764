"""Which columns may a value carry, and of which are these made? Tables, and what holds tables.

A value of which nothing is known, such as a number, carries None.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import reduce
from types import MappingProxyType
from typing import NamedTuple, TypeAlias

from fwf.algebra.expr import Key
from fwf.interpreters.lineage.column_lineage import Kind, stronger

MAX_NESTED, MAX_PARTS = 6, 1_000
"""How deep, and into how many parts, a value is followed; what is in one with more is mixed."""


class Reason(NamedTuple):
    """Why a column isn't known: what is said of the task at a vertex."""

    vertex: int
    text: str


Of: TypeAlias = Mapping[tuple[str, str], Kind]
"""Datasets and their columns, and how something is made of them."""


class Cell(NamedTuple):
    """What a column may be made of, and why that isn't all."""

    of: Of = MappingProxyType({})
    reasons: tuple[Reason, ...] = ()


class Table(NamedTuple):
    """Columns; the datasets whose other columns, if any, it has too; why there may be more yet."""

    columns: Mapping[str, Cell] = MappingProxyType({})
    open: tuple[str, ...] = ()
    reasons: tuple[Reason, ...] = ()

    @property
    def is_known(self) -> bool:
        """Whether something is said of its columns."""
        return bool(self.columns or self.reasons)


class Record(NamedTuple):
    """A tuple or a record; `names` are those of its fields, if they have some."""

    parts: "tuple[Carried, ...]"
    names: tuple[str, ...] = ()
    depth: int = 1
    size: int = 1


class Items(NamedTuple):
    """A list."""

    item: "Carried"
    depth: int = 1
    size: int = 1


class Mixed(NamedTuple):
    """A value in any part of which whatever the table has may be."""

    table: Table


Carried: TypeAlias = Table | Record | Items | Mixed | None


def record_of(parts: Iterable[Carried], names: tuple[str, ...] = ()) -> Carried:
    """What a record's fields carry ⟶ what the record does."""
    values = tuple(parts)
    holders = [each for each in values if isinstance(each, Record | Items)]
    depth = 1 + max((each.depth for each in holders), default=0)
    size = len(values) + sum(each.size for each in holders)
    return _within_bounds(Record(values, names, depth, size))


def items_of(item: Carried) -> Carried:
    """What the items of a list carry ⟶ what the list does."""
    if isinstance(item, Record | Items):
        return _within_bounds(Items(item, item.depth + 1, item.size + 1))
    return _within_bounds(Items(item))


def _within_bounds(carried: Record | Items) -> Carried:
    if all(each is None for each in _inside(carried)):
        return None
    fits = carried.depth <= MAX_NESTED and carried.size <= MAX_PARTS
    return carried if fits else mixed(carried)


def _inside(carried: Carried) -> "tuple[Carried, ...]":
    match carried:
        case Record(parts):
            return parts
        case Items(inner) | Mixed(inner):
            return (inner,)
        case _:
            return ()


def tables_in(carried: Carried) -> list[Table]:
    """All tables that a value carries, each once."""
    tables: dict[int, Table] = {}
    todo, seen = [carried], set[int]()
    while todo:
        one = todo.pop()
        if isinstance(one, Table):
            tables[id(one)] = one
        elif id(one) not in seen:
            seen.add(id(one))
            todo.extend(reversed(_inside(one)))
    return list(tables.values())


def flat(carried: Carried) -> Table | None:
    """The one table that has whatever the tables in a value have."""
    return merged(tables_in(carried))


def mixed(carried: Carried) -> Carried:
    """A value of which it isn't known what is where."""
    table = flat(carried)
    return None if table is None else Mixed(table)


def merged(tables: Sequence[Table]) -> Table | None:
    """The table that is any of these."""
    if len(tables) < 2:
        return tables[0] if tables else None
    columns: dict[str, list[Cell]] = {}
    for table in tables:
        for name, cell in table.columns.items():
            columns.setdefault(name, []).append(cell)
    return Table(
        {name: any_of(cells) for name, cells in columns.items()},
        tuple(dict.fromkeys(each for table in tables for each in table.open)),
        tuple(dict.fromkeys(each for table in tables for each in table.reasons)),
    )


def any_carried(values: Iterable[Carried]) -> Carried:
    """What a value carries that is any one of these; tables meet at once, however many."""
    tabular = [each for each in values if each is not None]
    tables = {id(each): each for each in tabular if isinstance(each, Table)}
    others: list[Carried] = [each for each in tabular if not isinstance(each, Table)]
    return reduce(either, [merged(tuple(tables.values())), *others])


def either(a: Carried, b: Carried) -> Carried:
    """What a value carries that is the one or the other."""
    if a is b or b is None:
        return a
    match a, b:
        case (None, _):
            return b
        case (Table(), Table()):
            return a if a == b else merged((a, b))
        case (Items(one), Items(other)):
            return items_of(either(one, other))
        case (Record(one, names), Record(other, others)) if len(one) == len(other):
            parts = [either(*pair) for pair in zip(one, other, strict=True)]
            return record_of(parts, names if names == others else ())
        case _:
            return Mixed(merged(tables_in(a) + tables_in(b)) or Table())


def any_of(cells: Sequence[Cell]) -> Cell:
    """A column that is made of what any of these is."""
    if len(cells) == 1:
        return cells[0]
    of: dict[tuple[str, str], Kind] = {}
    for cell in cells:
        for origin, kind in cell.of.items():
            of[origin] = stronger(of.get(origin, kind), kind)
    return Cell(of, tuple(dict.fromkeys(each for cell in cells for each in cell.reasons)))


def through(cell: Cell, kind: Kind) -> Cell:
    """A column that is made of another in this way: the strongest step of the way counts."""
    if kind == "IDENTITY":
        return cell
    return Cell({origin: stronger(inner, kind) for origin, inner in cell.of.items()}, cell.reasons)


def cell_of(table: Table, name: str, unknown: Callable[[], Reason]) -> Cell:
    """A table's column by its name, in whatever case if it is in one only."""
    own = table.columns.get(name)
    if own is None:
        alike = [each for each in table.columns if each.casefold() == name.casefold()]
        own = table.columns[alike[0]] if len(alike) == 1 else None
    cell = own or Cell()
    if table.open or table.reasons:
        rest = Cell({(each, name): "IDENTITY" for each in table.open}, table.reasons)
        return any_of((cell, rest))
    return cell if own else Cell(reasons=(unknown(),))


def field_of(carried: Carried, key: Key) -> Carried:
    """What a field, or an item, of a value carries."""
    match carried:
        case Record(parts, names):
            if isinstance(key, str):
                other = None if names else mixed(carried)
                return parts[names.index(key)] if key in names else other
            return parts[key] if -len(parts) <= key < len(parts) else None
        case Items(item):
            return item if isinstance(key, int) else None
        case Mixed():
            return carried
        case _:
            return None  # nor is a field of a table one


def item_of(carried: Carried) -> Carried:
    """What any item of a list, or of a tuple, carries."""
    match carried:
        case Record(parts):
            return any_carried(parts)
        case Items(item):
            return item
        case _:
            return field_of(carried, 0)


def spread(carried: Carried, count: int) -> Sequence[Carried]:
    """What a task's inputs carry, of which there are so many."""
    if count == 1:
        return (carried,)
    return [field_of(carried, at) for at in range(count)]


def size_of(carried: Carried) -> int:
    """How many columns a value has, and those that they are made of: what looking at it costs."""
    return sum(
        1 + len(table.reasons) + sum(1 + len(cell.of) for cell in table.columns.values())
        for table in tables_in(carried)
    )
