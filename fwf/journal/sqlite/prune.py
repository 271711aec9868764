"""What of complete runs is dropped after a time, so that what stays can still be checked?"""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterator
from typing import Final

from fwf.journal import chain
from fwf.journal.content_names import NAME
from fwf.journal.errors import Held
from fwf.journal.run_records import Record, checksum_of
from fwf.journal.sqlite import disk, rows
from fwf.journal.sqlite.content import Contents
from fwf.journal.sqlite.database import Database
from fwf.journal.store import Claim

_OLD: Final = "SELECT number, key FROM runs WHERE state = 'ok' AND ended < ? ORDER BY number"
_AT_ONCE: Final = 200
"""Records that one transaction drops: its pages must fit in the log, though a disk is full."""
_PAGES: Final = 32


def prune(
    db: Database, contents: Contents, before: int, claim: Callable[[str], Claim]
) -> tuple[int, int]:
    """Drop what they did, but for the first and the last record ⟶ runs, bytes freed.

    claim: how one becomes the one who may; a run that somebody goes on with stays as it is.
    """
    size, count = db.size(), 0
    had = disk.give_back(f"{db.path}-reserve", disk.RESERVE)
    for number, key in db.rows(_OLD, (before,)):
        try:
            mine = claim(chain.text(key))
        except Held:
            continue
        try:
            count += _prune_run(db, number)
        finally:
            mine.release()
    while db.vacuum(_PAGES):
        pass
    freed_bytes = contents.sweep(frozenset(_content_names(db))) + max(size - db.size(), 0)
    disk.reserve(f"{db.path}-reserve", spare=0 if had else disk.SPARE)
    return count, freed_bytes


def _prune_run(db: Database, run: int) -> bool:
    """Drop from the second record on, a few at a time ⟶ whether there was anything."""
    steps = 0
    while True:
        count = 0

        def work(connection: sqlite3.Connection) -> None:
            nonlocal count
            count = _step(connection, run)

        db.commit(work, synced=False)
        if not count:
            return steps > 0
        steps += 1
        db.checkpoint()


def _step(db: sqlite3.Connection, run: int) -> int:
    """Put an anchor in the place of the next few records ⟶ how many."""
    columns = db.execute(rows.RECORDS, (run, 0, 1)).fetchone()
    if columns is None:
        return 0
    first, last = Record(*columns), Record(*db.execute(rows.LATEST, (run,)).fetchone())
    some = map(Record._make, db.execute(rows.RECORDS, (run, first.n, _AT_ONCE)).fetchall())
    records = [each for each in some if each.n < last.n]
    if all(each.kind == "anchor" for each in records):
        return 0
    n, at = records[-1].n, records[-1].at
    body = chain.anchor(n - first.n, records[-1].sum)
    anchor_sum = checksum_of(first.sum, n, "anchor", "", "", at, body)
    db.execute(rows.DROP, (run, first.n, n))
    rows.add(db, run, [Record(n, "anchor", "", "", at, body, anchor_sum)])
    return len(records)


def _content_names(db: Database) -> Iterator[str]:
    for (body,) in db.rows("SELECT body FROM records WHERE instr(body, '.arrow')"):
        yield from NAME.findall(chain.text(body))
