"""How do names of tables and columns get into SQL? Checked, then quoted; never as they are.

A quoted name means itself, in its own case: `table="Orders"` is not the table `orders`.
"""

from collections.abc import Iterable, Sequence
from typing import Final, TypeAlias, cast

TableName: TypeAlias = str | Sequence[str]
"""A table as users write it: `"orders"`, `"shop.orders"`, or `("shop", "orders")`, in which a dot
is part of a name."""

MOST_BYTES: Final = 63
"""PostgreSQL cuts longer names off without an error (PostgreSQL 16, §4.1.1)."""


def table_parts(table: TableName, where: str, *, most_bytes: int = MOST_BYTES) -> tuple[str, ...]:
    """A table's name ⟶ its parts: the table, or schema and table; raises where it can't be one.

    >>> table_parts("shop.orders", "load"), table_parts(("shop", "1.5"), "load")
    (('shop', 'orders'), ('shop', '1.5'))
    >>> table_parts("dw.shop.orders", "load")
    Traceback (most recent call last):
    ValueError: load(table='dw.shop.orders'): a table is named by itself or by schema and table; ...
    """
    at = f"{where}(table={table!r})"
    if isinstance(table, str):
        parts: tuple[str, ...] = tuple(table.split("."))
    elif isinstance(cast(object, table), Sequence) and not isinstance(table, bytes):
        parts = tuple(table)
    else:
        raise TypeError(f"{at}: needs 'table', 'schema.table' or ('schema', 'table')")
    if not 1 <= len(parts) <= 2:
        raise ValueError(
            f"{at}: a table is named by itself or by schema and table; the database is the "
            "opener's, and a name that has a dot in it is written as a tuple: ('shop', '1.5')"
        )
    for part in parts:
        _check(part, at, most_bytes)
    return parts


def names_alike(names: Iterable[str]) -> tuple[str, str] | None:
    """The first two names that are one to SQL, which folds case; None if there are none.

    >>> names_alike(["id", "day", "ID"])
    ('id', 'ID')
    """
    spellings: dict[str, str] = {}
    for name in names:
        if name.lower() in spellings:
            return spellings[name.lower()], name
        spellings[name.lower()] = name
    return None


def plain_table(table: TableName) -> str | list[str]:
    """A table's name as a config holds it."""
    return table if isinstance(table, str) else list(table)


def column_name(name: str, where: str, *, most_bytes: int = MOST_BYTES) -> str:
    """A column's name ⟶ itself; raises where it can't be one."""
    _check(name, where, most_bytes)
    return name


def sql_name(name: str | tuple[str, ...]) -> str:
    """A checked name, or the parts of one ⟶ its text in SQL.

    >>> print(sql_name(("shop", 'a "1"b')))
    "shop"."a ""1""b"
    """
    parts = (name,) if isinstance(name, str) else name
    return ".".join('"{}"'.format(part.replace('"', '""')) for part in parts)


def sql_names(names: Sequence[str], prefix: str = "") -> str:
    """Checked names ⟶ their texts in SQL with commas between, each behind a prefix.

    >>> sql_names(["id", "day"], "new.")
    'new."id", new."day"'
    """
    return ", ".join(prefix + sql_name(name) for name in names)


def dataset(scheme: str, resource: str, parts: tuple[str, ...]) -> str:
    """A table of a resource ⟶ its name in `reads` and `writes`.

    >>> dataset("postgres", "shop_db", ("public", "orders"))
    'postgres://shop_db/public.orders'
    """
    path = ".".join(parts)
    for sign in "%/?#":
        path = path.replace(sign, f"%{ord(sign):02X}")
    return f"{scheme}://{resource}/{path}"


def _check(name: object, at: str, most_bytes: int) -> None:
    if not isinstance(name, str):
        raise TypeError(f"{at}: {name!r} is a {type(name).__name__}; a name is a text")
    if not name:
        raise ValueError(f"{at}: a name has at least one character")
    if "\0" in name:
        raise ValueError(f"{at}: {name!r} has a NUL in it, which no database takes in a name")
    try:
        length = len(name.encode())
    except UnicodeEncodeError:
        raise ValueError(f"{at}: {name!r} is no Unicode text: a surrogate stands alone") from None
    if length > most_bytes:
        raise ValueError(
            f"{at}: {name!r} is {length} bytes long, the database keeps {most_bytes}: "
            "shorten it, or the rest is cut off without an error"
        )
