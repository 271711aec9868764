"""What does a load need? Columns by which rows are merged or replaced, and an idempotency key."""

from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any, Final

from fwf.connectors.shared.leaf import Parameters
from fwf.faults import near

MOST_KEY: Final = 256
PARTITIONED_BY: Final[Mapping[str, type]] = {"str": str, "int": int, "date": date}
"""The types of run parameters that tell which partition is replaced, by name."""


def checked_key(key: str) -> str:
    """An idempotency key; raises `ValueError` where a ledger couldn't hold it."""
    if not key.isprintable() or not 1 <= len(key.encode(errors="replace")) <= MOST_KEY:
        raise ValueError(f"idempotency_key: needs 1 to {MOST_KEY} bytes that can be printed")
    return key


def check_way(
    key: Sequence[str], partition: Sequence[str], columns: Sequence[str], where: str
) -> None:
    """Raise unless rows are merged by some of the columns, or replace a partition, or neither."""
    checked_columns(key, columns, f"{where}(key=…)")
    checked_columns(partition, columns, f"{where}(partition=…)")
    if key and partition:
        raise ValueError(
            f"{where}: rows are merged by key=, or take the place of a partition=; give one of them"
        )


def checked_columns(names: Sequence[str], columns: Sequence[str], where: str) -> tuple[str, ...]:
    """Names that are to be among the columns ⟶ the same, each once."""
    if isinstance(names, str):
        raise TypeError(f"{where}: {names!r} is a text; needs a list of columns: [{names!r}]")
    for name in names:
        if name not in columns:
            raise ValueError(f"{where}: the schema has no column {name!r}{near(name, columns)}")
    if len(set(names)) < len(names):
        raise ValueError(f"{where}: a column stands twice in {list(names)}")
    return tuple(names)


def partition_types(partition: Mapping[str, Any], where: str) -> Parameters:
    """Columns, and the types of the run parameters of their names ⟶ the types.

    >>> partition_types({"day": date}, "load") == partition_types({"day": "date"}, "load")
    True
    """
    types = Parameters()
    for name, kind in sorted(partition.items()):  # a config keeps no order
        type_name = kind if isinstance(kind, str) else getattr(kind, "__name__", repr(kind))
        if type_name not in PARTITIONED_BY or (
            not isinstance(kind, str) and kind is not PARTITIONED_BY[type_name]
        ):
            raise TypeError(
                f"{where}(partition={{{name!r}: {type_name}}}): the run parameter of this name "
                f"tells the partition: its type is one of {', '.join(PARTITIONED_BY)}"
            )
        if not name.isidentifier():
            raise ValueError(
                f"{where}(partition={{{name!r}: …}}): needs a name that Python can write, since "
                "the run parameter has it too"
            )
        types[name] = PARTITIONED_BY[type_name]
    return types
