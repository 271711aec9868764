"""What is left of a damaged journal, and how do database and heads come together again?"""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Sequence

from fwf.journal import disk, layout, rows
from fwf.journal.heads import Head, Heads, Said, digest
from fwf.journal.records import FIRST, Record, RunRow
from fwf.records import changed


def rescue(path: str, heads: Heads) -> None:
    """Save what can be read, and give up the runs whose rows can't: nobody misses them then.

    The heads are locked while it works.
    """
    if not os.path.exists(path) or os.stat(path).st_size == 0:
        layout.create(path)
    db = layout.opened(path, synced=True)
    try:
        found = [rows.run_row(each) for each in db.execute(f"SELECT {rows.FIELDS} FROM runs")]
        there = {row.number: row for row in found if row is not None}
        said = Said(heads.content())
        for head in tuple(said.present()):
            if head.run not in there:
                heads.write(head._replace(lost=True), synced=False)
        for row in there.values():
            if said.of(row.number) is None:
                heads.room_for(row.number)
                heads.write(Head(row.number, 0, digest(row.key), FIRST), synced=False)
        heads.begin(layout.FORM)
    finally:
        db.close()
    disk.sync_folder(os.path.dirname(path))


def cut(db: sqlite3.Connection, run: RunRow, good: Sequence[Record]) -> tuple[Head, int]:
    """Drop what follows the last good record ⟶ how far the run has come now, how many went."""
    count, head = (good[-1].n, good[-1].sum) if good else (0, FIRST)
    row = changed(
        run, state="running", ended=None, count=count, head=head,
        changed=good[-1].at if good else run.started,
        tries=sum(record.kind == "try" for record in good),
    )  # fmt: skip
    dropped = db.execute(rows.DROP, (run.number, count, rows.LAST))
    rows.write(db, row)
    return Head(run.number, count, digest(run.key), head), dropped.rowcount
