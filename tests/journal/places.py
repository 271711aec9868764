"""Where are the journals of the tests, and how are they changed behind a store's back?"""

from __future__ import annotations

import os
import sqlite3
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import Any

import psycopg

from fwf.journal.opening import open_store
from fwf.journal.run_records import FIRST, Kind, Record, RunRow, checksum_of
from fwf.journal.store import Holder, Store

ROOT = Path(__file__).parents[2]
ME = Holder("here", 11, "etl", 1_700_000_000_000_000)
OTHER = Holder("there", 12, "ops", 1_700_000_060_000_000)
LEASE = 3.0
"""Seconds of a lease where it is waited for."""
TEXTS = (
    "", "a", "ü", "日本 😀", "\0", "a\0b", "\ud800", "\udfff\ud800", "\ud83d\ude00", "a\n\r\tb",
    "'", '"', "\\", "\\x00", "%s", "$1", "{}", "\x7f\x80\x9f", "\u2028", "\ufeff", "\ufffe", " ",
    "e\u0301", "x" * 100_000,
)  # fmt: skip


def opened(where: str, lease: float | None = None) -> Store:
    """A store; of one on a server the leases may be shorter."""
    if lease is not None and where.startswith("postgresql:"):
        from fwf.journal.postgres import Postgres

        return Postgres.open(where, lease=timedelta(seconds=lease))
    return open_store(where)


@dataclass
class Place:
    """A journal: its address, and the stores that a test opened."""

    where: str
    stores: list[Store] = field(default_factory=list)

    @property
    def is_server(self) -> bool:
        return self.where.startswith("postgresql:")

    def open(self, lease: float | None = None) -> Store:
        """Another store of it, closed after the test."""
        self.stores.append(opened(self.where, lease))
        return self.stores[-1]

    def close(self) -> None:
        for store in self.stores:
            store.close()

    def ask(self, sql: str, *values: object) -> list[tuple[Any, ...]]:
        """A statement behind the back of all stores; `?` for values, `@` before names of tables."""
        if self.is_server:
            text: Any = sql.replace("?", "%s").replace("@", "fwf_journal.")
            with psycopg.connect(self.where, autocommit=True) as server:
                done = server.execute(text, [self._kept(each) for each in values])
                return done.fetchall() if done.description else []
        with closing(sqlite3.connect(self.where, isolation_level=None)) as file:
            return file.execute(sql.replace("@", ""), values).fetchall()

    def change(self, run: int, n: int, column: str, value: object) -> None:
        """Change a record."""
        given = self._plain(value) if column == "kind" else "?"
        values = () if column == "kind" else (value,)
        self.ask(f"UPDATE @records SET {column} = {given} WHERE {self._at(run, n)}", *values)

    def drop(self, run: int, n: int) -> None:
        """Delete a record."""
        self.ask(f"DELETE FROM @records WHERE {self._at(run, n)}")

    def move(self, run: int, n: int, to_run: int, to: int) -> None:
        """Give a record another place."""
        there = self._at(to_run, to).replace(" AND ", ", ")
        self.ask(f"UPDATE @records SET {there} WHERE {self._at(run, n)}")

    def _at(self, run: int, n: int) -> str:
        return f"run = {run} AND n = {n}" if self.is_server else f"place = {run << 32 | n}"

    def _plain(self, value: object) -> str:
        return f"'{value}'"

    def _kept(self, value: object) -> object:
        return value.encode("utf-8", "surrogatepass") if isinstance(value, str) else value

    @contextmanager
    def process(self, *words: str, lease: float | None = None) -> Iterator[subprocess.Popen[str]]:
        """Another process with a store of its own: see `tests.journal.child`."""
        command = [sys.executable, "-m", "tests.journal.child", self.where, str(lease or 60)]
        with subprocess.Popen(
            [*command, *words],
            cwd=ROOT,
            text=True,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            env={**os.environ, "PYTHONPATH": str(ROOT)},
        ) as child:
            try:
                yield child
            finally:
                child.kill()


def row(
    *, key: str = "k", id: str = "", workflow: str = "daily", generation: int = 1, about: str = "{}"
) -> RunRow:
    """A run that begins."""
    name = id or f"id-{key}-{generation}"
    return RunRow(0, name, key, workflow, generation, "running", 5, 5, None, 1, 0, FIRST, about)


def chain(*told: tuple[Kind, str, str, int, str], after: Record | None = None) -> list[Record]:
    """Kind, path, tries, time and body of each ⟶ records that follow each other."""
    before, last = (after.sum, after.n) if after is not None else (FIRST, 0)
    found = list[Record]()
    for n, each in enumerate(told, last + 1):
        before = checksum_of(before, n, *each)
        found.append(Record(n, *each, before))
    return found


def some(count: int, *, after: Record | None = None) -> list[Record]:
    """So many records: a try, and what happened in it."""
    start = after.n if after is not None else 0
    return chain(
        *(
            ("try" if n == 1 else "ok", "" if n == 1 else f"daily > s{n}", "1", 10 * n, '{"v": 1}')
            for n in range(start + 1, start + count + 1)
        ),
        after=after,
    )


def filled(store: Store, count: int, *, key: str = "k", generation: int = 1) -> Sequence[Record]:
    """A complete run of so many records; its claim is given back."""
    claim = store.claim(key, ME)
    records = some(count)
    run = store.begin(row(key=key, generation=generation), records[:1], claim)
    store.append(run, records[1:], claim, state="ok")
    claim.release()
    return records


def until(what: Callable[[], object], seconds: float = 20) -> None:
    """Wait until something holds."""
    end = time.monotonic() + seconds
    while not what():
        assert time.monotonic() < end, "it didn't come to hold"
        time.sleep(0.02)
