"""Mistakes that a store could have, made on purpose, which power cuts must bring to light."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import closing
from types import SimpleNamespace
from typing import Any, Final

from fwf.journal.sqlite import content, database, disk, file_layout, run_heads as heads


def no_sync() -> None:
    """The log isn't synced."""
    real = file_layout.open_journal
    file_layout.open_journal = lambda path, *, synced: real(path, synced=False)


def head_first() -> None:
    """The heads are written, and on the disk, before the commit."""

    def locked(self: Any, work: Any, *, synced: bool) -> Any:
        self.heads.lock()
        try:
            return work()
        finally:
            self.heads.unlock()

    def add(self: Any, sql: str, values: Any, head: Any) -> None:
        self.heads.write(head, synced=True)
        locked(self, lambda: self._db.execute(sql, values), synced=False)

    database.Database.add = add


def no_checksum() -> None:
    """A slot is believed, torn or not."""
    heads.crc32 = lambda _: 0


def heads_not_synced_at_creation() -> None:
    """The file of the heads may be gone after a power cut."""
    disk.sync = lambda fd: None
    heads.sync = lambda fd: None


def form_not_synced() -> None:
    """The heads' own slot may be gone when the first run has begun."""
    real = heads.Heads.begin

    def begin(self: Any, form: int) -> None:
        synced, heads.sync = heads.sync, lambda fd: None
        real(self, form)
        heads.sync = synced

    heads.Heads.begin = begin


def values_not_synced() -> None:
    """A large value has its name before it is on the disk."""
    content.disk = SimpleNamespace(
        sync=lambda fd: None, sync_folder=disk.sync_folder, make_folder=disk.make_folder
    )


def names_not_synced() -> None:
    """A large value is on the disk, but not its name."""
    content.disk = SimpleNamespace(
        sync=disk.sync, sync_folder=lambda path: None, make_folder=disk.make_folder
    )


def recognised_by_the_file_alone() -> None:
    """Whether a file is a journal is asked without its log."""
    real = file_layout.prepare

    def prepare(path: str, heads: Any) -> None:
        if file_layout.length(path) > 0:
            with closing(file_layout.connect(path, "ro&immutable=1")) as db:
                if file_layout.one(db, "PRAGMA application_id") != file_layout.APPLICATION:
                    raise file_layout.damage_error(path, "isn't one")
        real(path, heads)

    file_layout.prepare = prepare


BUGS: Final[dict[str, Callable[[], None]]] = {
    each.__name__: each
    for each in (
        form_not_synced,
        no_sync, head_first, no_checksum, heads_not_synced_at_creation, values_not_synced,
        names_not_synced, recognised_by_the_file_alone,
    )
}  # fmt: skip
