"""What does a commit to a journal cost beside a loop over SQLite by hand, and what does reading?"""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
from contextlib import closing
from pathlib import Path
from time import process_time

import pytest

from fwf.journal.opening import open_store
from fwf.journal.run_records import FIRST, Record, RunRow, checksum_of
from fwf.journal.sqlite import SQLite, file_layout, rows
from fwf.journal.sqlite.run_heads import Head, Heads, digest

from .measure import best, figures_of_process, report

ROOT = Path(__file__).parents[2]
STEPS = """
import os, sqlite3, sys, time
from contextlib import closing
from pathlib import Path
from statistics import mean
from tempfile import TemporaryDirectory
from fwf.journal.opening import open_store
from fwf.journal.run_records import FIRST, Record, RunRow, chained
from fwf.journal.store import Holder

BODY = '{"value": 12345, "input": "0123456789abcdef0123456789abcdef"}'
PATH = "daily > load_orders[2026-06-01]"
INSERT = "INSERT INTO records VALUES (?, ?, ?, ?, ?, ?, ?)"

def record(n, before, kind):
    at = time.time_ns() // 1000
    return Record(n, kind, PATH, "1", at, BODY, chained(before, n, kind, PATH, "1", at, BODY))

class Ours:
    def __init__(self, folder, durability):
        self.store = open_store(Path(folder, "runs.db"), durability=durability)
        self.claim = self.store.claim("k", Holder("here", 1, "etl", 1))
        row = RunRow(0, "id", "k", "daily", 1, "running", 1, 1, None, 1, 0, FIRST, "{}")
        self.last = record(1, FIRST, "try")
        self.run = self.store.begin(row, [self.last], self.claim)

    def step(self):
        ok = record(self.last.n + 1, self.last.sum, "ok")
        self.last = record(ok.n + 1, ok.sum, "start")
        self.store.append(self.run, [ok, self.last], self.claim)

class ByHand:
    def __init__(self, folder, durability):
        self.db = sqlite3.connect(Path(folder, "hand.db"), isolation_level=None)
        self.db.execute("PRAGMA journal_mode = WAL")
        self.db.execute(f"PRAGMA synchronous = {'FULL' if durability == 'power' else 'OFF'}")
        self.db.execute("CREATE TABLE records(n INTEGER PRIMARY KEY, kind TEXT NOT NULL, "
            "path TEXT NOT NULL, tries TEXT NOT NULL, at INTEGER NOT NULL, body TEXT NOT NULL, "
            "sum BLOB NOT NULL)")
        self.n = 0

    def step(self):
        at = time.time_ns() // 1000
        self.db.execute("BEGIN IMMEDIATE")
        self.db.executemany(INSERT, [
            (self.n + 1, "ok", PATH, "1", at, BODY, bytes(16)),
            (self.n + 2, "start", PATH, "1", at, BODY, bytes(16))])
        self.db.execute("COMMIT")
        self.n += 2

def compared(durability, clock, steps, rounds):
    with TemporaryDirectory() as folder:
        both, found = (Ours(folder, durability), ByHand(folder, durability)), ([], [])
        for _ in range(rounds):
            for each, times in zip(both, found):
                start = clock()
                for _ in range(steps):
                    each.step()
                times.append(clock() - start)
        for each in (min, mean):
            print(each(found[0]) / steps, each(found[1]) / steps)
"""


def test_process_durable_step() -> None:
    ours, by_hand, *_ = figures_of_process(
        f"{STEPS}\ncompared('process', time.process_time, 200, 150)"
    )
    report("a step, durability process", ours, by_hand)


def test_power_durable_step() -> None:
    *_, ours, by_hand = figures_of_process(
        f"{STEPS}\ncompared('power', time.perf_counter, 10, 100)"
    )
    report("a step, durability power (mean)", ours, by_hand)


SYNCS = """
import sys
ours = Ours(sys.argv[1], "power")
for _ in range(int(sys.argv[2])):
    ours.step()
"""


def syncs(folder: Path, steps: int) -> int:
    """How often a process that does so many steps waits for the disk."""
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir()
    trace = ["strace", "-f", "-qq", "-e", "trace=fsync,fdatasync,sync_file_range,msync"]
    command = [*trace, sys.executable, "-c", STEPS + SYNCS, str(folder), str(steps)]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True)
    return len(re.findall(r"^(?:\[pid .*\] )?\w*sync\w*\(", done.stderr, re.MULTILINE))


@pytest.mark.skipif(shutil.which("strace") is None, reason="needs strace")
def test_one_sync_a_step(tmp_path: Path) -> None:
    few, many = syncs(tmp_path / "few", 100), syncs(tmp_path / "many", 600)
    print(f"\nsyncs of a step, durability power           {(many - few) / 500:>10.2f}", end="")
    assert many - few == 500


RUNS = 100_000
EACH = 10


@pytest.fixture(scope="module")
def big(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A journal of years: many runs, ten records each."""
    path = tmp_path_factory.mktemp("big") / "runs.db"
    SQLite.open(path).close()
    heads = Heads(f"{path}-heads")
    body = '{"value": 12345, "input": "0123456789abcdef0123456789abcdef"}'
    with closing(file_layout.open_journal(str(path), synced=False)) as db:
        db.execute("BEGIN")
        for number in range(1, RUNS + 1):
            key = f"{number:032x}"
            last, added = FIRST, list[Record]()
            for n in range(1, EACH + 1):
                last = checksum_of(last, n, "ok", "daily > load", "1", n, body)
                added.append(Record(n, "ok", "daily > load", "1", n, body, last))
            about = '{"target": "nightly.py:daily", "params": {"day": "2026-06-01"}}' + " " * 400
            row = RunRow(
                number, f"id-{number}", key, f"daily{number % 7}", 1, "ok", 1, EACH, EACH, 1, EACH,
                last, about,
            )  # fmt: skip
            db.execute(rows.ADD_RUN, rows.columns(row))
            db.execute(rows.ADD_ORIGIN, rows.origin(row))
            rows.add(db, number, added)
            heads.room_for(number)
            heads.write(Head(number, EACH, digest(key), last), synced=False)
        db.execute("COMMIT")
    heads.close()
    return path


def test_runs_of_years(big: Path) -> None:
    store = open_store(big)
    # By the processor's time: this reads, and waits for nothing.
    found = best(lambda: store.runs(newest=50), clock=process_time)
    print(f"\nruns(newest=50) of {RUNS:,}                  {found * 1e3:>10.2f} ms", end="")
    like = best(lambda: store.runs(newest=50, like="y3"), clock=process_time)
    print(f"\nruns(newest=50, like=) of {RUNS:,}           {like * 1e3:>10.2f} ms", end="")
    every = best(store.runs, repeats=3, clock=process_time)
    print(f"\nruns(), all {RUNS:,}                         {every * 1e3:>10.2f} ms", end="")
    mine = best(lambda: store.generations(f"{RUNS // 2:032x}"), clock=process_time)
    print(f"\ngenerations() of one key in {RUNS:,}         {mine * 1e3:>10.2f} ms", end="")
    store.close()
    opened = best(lambda: open_store(big).close())
    print(f"\nto open and close it                        {opened * 1e3:>10.2f} ms", end="")


def test_records_read_back(tmp_path: Path) -> None:
    count = 200_000
    source = f"""{STEPS}
with TemporaryDirectory() as folder:
    ours = Ours(folder, "process")
    for _ in range({count // 20}):
        more = []
        for _ in range(20):
            ours.last = record(ours.last.n + 1, ours.last.sum, "ok")
            more.append(ours.last)
        ours.store.append(ours.run, more, ours.claim)
    row = ours.store.runs()[0]
    start = time.process_time()
    found = sum(1 for _ in ours.store.records(row))
    checked = time.process_time() - start
    db = sqlite3.connect(Path(folder, "runs.db"))
    start = time.process_time()
    db.execute("SELECT * FROM records").fetchall()
    print(checked, time.process_time() - start)
"""
    checked, bare = figures_of_process(source)
    report(f"reading {count:,} records back, checked", checked, bare, unit="ms")
