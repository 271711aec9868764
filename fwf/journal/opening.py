"""Which store does a path or an address stand for?"""

from __future__ import annotations

from pathlib import Path
from typing import Literal

from fwf.journal.errors import JournalError
from fwf.journal.sqlite import SQLite
from fwf.journal.store import Store


def open_store(
    where: str | Path,
    *,
    durability: Literal["power", "process"] = "power",
    salvage: bool = False,
) -> Store:
    """The store at an address (postgresql://…), or in a file, which is made if it isn't there.

    durability: whether what is acknowledged survives a power cut, or the process's end only; of a
        file alone: what a server acknowledges is on its disk, and survives what that survives.
    salvage: of a damaged file, save what can be read; see `Store.salvage` for a single run.
    """
    if durability not in ("power", "process"):
        raise ValueError(f'durability={durability!r}: is "power" or "process"')
    if isinstance(where, str) and where.startswith(("postgresql://", "postgres://")):
        from fwf.journal.postgres import Postgres

        return Postgres.open(where)
    if isinstance(where, str) and "://" in where:
        scheme = where.partition("://")[0]
        raise JournalError(f"{scheme}://…: a journal is a file, or in PostgreSQL (postgresql://…)")
    return SQLite.open(where, durability=durability, salvage=salvage)
