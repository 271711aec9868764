"""How tables are kept: as Arrow IPC streams, named by the digest of their content.

Nothing here imports pyarrow to write: a table can only be there if somebody has.
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from importlib import import_module
from typing import Any, final
from weakref import ref

from fwf.forms.refusal import Refused
from fwf.journal.content_names import name_of
from fwf.journal.values.unfit import Unfit, article


def table_class() -> Any:
    """The class of tables; None while nobody has imported pyarrow."""
    return getattr(sys.modules.get("pyarrow"), "Table", None)


def content_of(table: Any) -> memoryview:
    """Table ⟶ the bytes of its IPC stream. Of a slice only the rows in it; without empty chunks."""
    pyarrow = sys.modules["pyarrow"]
    ipc = import_module("pyarrow.ipc")
    sink = pyarrow.BufferOutputStream()
    try:
        with ipc.new_stream(
            sink, table.schema, options=ipc.IpcWriteOptions(compression=None)
        ) as out:
            for batch in table.to_batches():
                if batch.num_rows:
                    out.write_batch(batch)
    except pyarrow.ArrowException as error:
        raise Unfit(f"is {article(type(table))} that Arrow can't write: {error}") from None
    return memoryview(sink.getvalue())


def table_of(content: Any) -> Any:
    """Bytes of an IPC stream ⟶ the table, which shares them."""
    table = import_module("pyarrow.ipc").open_stream(content).read_all()
    table.validate()
    return table


@final
class _TableNames:
    """The names of tables that are at hand; they don't keep a table."""

    def __init__(self) -> None:
        self._entries: dict[int, tuple[ref[Any], str]] = {}

    def __len__(self) -> int:
        return len(self._entries)

    def of(self, table: Any) -> str | None:
        entry = self._entries.get(id(table))
        return entry[1] if entry is not None and entry[0]() is table else None

    def add(self, table: Any, name: str) -> None:
        number, entries = id(table), self._entries

        def forget(reference: ref[Any]) -> None:
            entry = entries.get(number)
            if entry is not None and entry[0] is reference:
                del entries[number]

        entries[number] = ref(table, forget), name


@final
class ArrowTables:
    """Tables by name: those that are kept, and those of a value that is about to be."""

    def __init__(
        self, keep: Callable[[str, memoryview], None], load: Callable[[str], bytes | memoryview]
    ) -> None:
        self._keep = keep
        self._load = load
        self._names = _TableNames()
        self._unsaved_names = _TableNames()
        self.queue: list[tuple[str, memoryview, Any]] = []

    def settle(self, table: Any) -> tuple[str, Any]:
        """Table ⟶ its name, and the table that will be read by it; `commit` keeps it."""
        name = self._name_of(table)
        if name is not None:
            return name, table
        content = content_of(table)
        again = table_of(content)
        if again.num_rows != table.num_rows or not again.schema.equals(
            table.schema, check_metadata=True
        ):
            raise Unfit(f"is {article(type(table))} that Arrow reads as another one")
        name = name_of(content)
        self.queue.append((name, content, again))
        return name, again

    def name(self, table: Any) -> tuple[str, Any]:
        """Table ⟶ its name, and itself; nothing is kept."""
        name = self._name_of(table) or self._unsaved_names.of(table)
        if name is None:
            name = name_of(content_of(table))
            self._unsaved_names.add(table, name)
        return name, table

    def _name_of(self, table: Any) -> str | None:
        """The name of a table that is kept, or will be."""
        names = (name for name, _, again in self.queue if again is table)
        return self._names.of(table) or next(names, None)

    def read(self, name: str, at: str) -> Any:
        """Name ⟶ the table that is kept by it."""
        content = self._load(name)
        try:
            table = table_of(content)
        except ImportError:
            raise Refused(
                at, "is a table, and pyarrow can't be imported here: pip install pyarrow"
            ) from None
        except (ValueError, TypeError, OSError) as error:  # which Arrow's own errors are
            raise Refused(at, f"{name} is no table that Arrow can read: {error}") from None
        self._names.add(table, name)
        return table

    def commit(self) -> None:
        """Keep the tables of the value that was written last."""
        queue, self.queue = self.queue, []
        for name, content, table in queue:
            self._keep(name, content)
            self._names.add(table, name)

    @property
    def name_count(self) -> int:
        """How many tables have a name that is remembered."""
        return len(self._names) + len(self._unsaved_names)

    def forget(self) -> None:
        """The value that was written last isn't to be kept."""
        self.queue = []
