"""Backfills of a month that are killed at random moments and started again, and what they load.

python -m tests.crash.backfills small 17    one case, by its seed; or daily 17
"""

from __future__ import annotations

import json
import os
import random
import signal
import sqlite3
import subprocess
import sys
import tempfile
import time
from abc import ABC, abstractmethod
from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress
from datetime import date, timedelta
from pathlib import Path
from typing import Any, Final

import duckdb

from examples.daily.places import Places
from examples.daily.seed import BUSY_DAY, seed
from fwf.journal.opening import open_store
from tests.cli_support import ROOT, command, environment
from tests.crash.daily import calm_services

PATIENCE: Final = 600.0
AT_MOST: Final = 10
"""So many starts after the last kill it takes at most: what was orphaned ends meanwhile."""
SMALL: Final = """
import json, os
from datetime import date
from fwf import IdempotencyKey, RunInfo, every_day, it, map_each, named, task

def written(**line):
    file = os.open(os.environ["SENT"], os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)
    os.write(file, (json.dumps(line) + "\\n").encode())
    os.close(file)

@task(effect="read")
def orders(*, day: date) -> list[int]:
    return [day.day, day.day + 1, day.day + 2]

@task(effect="idempotent")
def send(order: int, *, day: date, key: IdempotencyKey) -> int:
    written(day=day.isoformat(), order=order, key=str(key))
    return order

@task(effect="idempotent")
def close(sent: list[int], *, day: date, key: IdempotencyKey) -> int:
    written(day=day.isoformat(), order=sum(sent), key=str(key))
    return sum(sent)

month = every_day(
    named("small", orders >> map_each(send, key=it) >> close), tz="UTC", param="day",
    start=date.fromisoformat(os.environ["FIRST"]),
)
"""
DAILY: Final = """
import os
from datetime import date
from examples.daily.workflow import resources, workflow
from fwf import every_day

month = every_day(workflow, tz="UTC", param="day", start=date.fromisoformat(os.environ["FIRST"]))
"""


class Month(ABC):
    """A timetable, its days, and the targets of its runs, in one folder."""

    source: str
    first: date

    def __init__(self, folder: Path, days: int) -> None:
        self.folder = folder
        self.days = [self.first + timedelta(n) for n in range(days)]
        self.journal = folder / "journal" / "runs.db"
        self.journal.parent.mkdir()
        (folder / "month.py").write_text(self.source, encoding="utf-8")
        self.seconds = 0.0
        """How long one run takes, with the start of its process."""

    @abstractmethod
    def loaded(self) -> dict[str, Any]:
        """What the targets hold, each once, with the keys."""

    def start(self, *words: str) -> subprocess.Popen[bytes]:
        more = {"FIRST": self.first.isoformat(), **self.environment()}
        return subprocess.Popen(
            command(*words, "--journal", str(self.journal)), cwd=ROOT, env=environment(**more),
            stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
            start_new_session=True,
        )  # fmt: skip

    def environment(self) -> dict[str, str]:
        return {}

    def backfill(self, at_once: int) -> subprocess.Popen[bytes]:
        target, last = f"{self.folder}/month.py:month", self.days[-1].isoformat()
        return self.start("backfill", target, "--to", last, "--at-once", str(at_once))

    def single_runs(self) -> None:
        """Each day by hand, in its turn."""
        for day in self.days:
            began = time.monotonic()
            run = self.start("run", f"{self.folder}/month.py:month", "--param", f"day={day}")
            assert run.wait(PATIENCE) == 0
            self.seconds = time.monotonic() - began

    def runs(self) -> dict[str, list[str]]:
        """How the generations of each run stand, by its key."""
        store = open_store(self.journal)
        found: dict[str, list[str]] = {}
        for row in store.runs():
            found.setdefault(row.key, []).append(row.state)
        store.close()
        return found


class Small(Month):
    """A few steps, whose targets are lines of a file."""

    source = SMALL
    first = date(2025, 6, 1)

    def environment(self) -> dict[str, str]:
        return {"SENT": str(self.folder / "sent.jsonl")}

    def loaded(self) -> dict[str, Any]:
        lines = (self.folder / "sent.jsonl").read_text().splitlines()
        found: dict[str, Any] = {}
        for line in map(json.loads, lines):
            assert found.setdefault(line["key"], line) == line, "one key, two contents"
        return found


class Daily(Month):
    """The daily example: sales of a warehouse, items, posts to a service, lines left out."""

    source = DAILY
    first = BUSY_DAY

    def __init__(self, folder: Path, days: int) -> None:
        super().__init__(folder, days)
        self.places = Places(folder)
        seed(self.places, scale=0.01, days=self.days)

    def environment(self) -> dict[str, str]:
        return {"DAILY_DATA": str(self.folder)}

    def loaded(self) -> dict[str, Any]:
        with duckdb.connect(str(self.places.warehouse), read_only=True) as warehouse:
            sales = warehouse.execute("SELECT * FROM sales ORDER BY ALL").fetchall()
            loads = warehouse.execute(
                "SELECT key, digest, rows FROM ledger ORDER BY ALL"
            ).fetchall()
        with closing(sqlite3.connect(self.places.profiles)) as profiles:
            items = profiles.execute("SELECT * FROM items ORDER BY 1, 2").fetchall()
        with closing(sqlite3.connect(self.places.crm)) as crm:
            posts = crm.execute(
                "SELECT key, day, body FROM days JOIN batches USING (key) ORDER BY 1, 2, 3"
            ).fetchall()
        kept = {each.name: each.read_bytes() for each in self.places.quarantine.glob("*")}
        return {"sales": sales, "loads": loads, "items": items, "posts": posts, "left out": kept}


@contextmanager
def month(kind: type[Month], days: int) -> Iterator[Month]:
    """A month in a folder of its own, with the services that it needs."""
    with tempfile.TemporaryDirectory(prefix="fwf-month-") as name:
        made = kind(Path(name), days)
        if isinstance(made, Daily):
            with calm_services(made.places):
                yield made
        else:
            yield made


def killed(job: Month, seconds: float, number: int, kills: int, at_once: int = 1) -> int:
    """Kill a backfill so often, at some moments, then let it end ⟶ how often it was at work then.

    One half of the kills are of all its processes, as when the machine dies; the others of the one
    that was started, whose runs go on without it.
    """
    chance = random.Random(f"{type(job).__name__} {number}")
    found = 0
    for _ in range(kills):
        process = job.backfill(at_once)
        time.sleep(0.3 + chance.random() * 2 * seconds)
        found += process.poll() is None
        if chance.random() < 0.5:
            for pid in in_session(process.pid):
                with suppress(ProcessLookupError):
                    os.kill(pid, signal.SIGKILL)
        else:
            process.kill()
        process.wait()
    for _ in range(AT_MOST):
        if job.backfill(at_once).wait(PATIENCE) == 0:
            return found
        time.sleep(seconds)  # one that was orphaned may hold its day, or a target
    raise AssertionError(f"seed {number}: the backfill comes to no end")


def in_session(session: int) -> Iterator[int]:
    """The processes of a session, as Linux tells them."""
    for folder in Path("/proc").glob("[0-9]*"):
        with suppress(OSError):
            fields = (folder / "stat").read_text().rpartition(")")[2].split()
            if int(fields[3]) == session:
                yield int(folder.name)


KINDS: Final[dict[str, type[Month]]] = {"small": Small, "daily": Daily}


def main() -> int:
    kind, number = KINDS[sys.argv[1]], int(sys.argv[2])
    with month(kind, 30) as whole, month(kind, 30) as job:
        whole.single_runs()
        print(f"killed {killed(job, whole.seconds, number, 20)} times at work")
        same = job.loaded() == whole.loaded() and job.runs() == whole.runs()
        print("the same as 30 single runs" if same else "not the same as 30 single runs")
        return int(not same)


if __name__ == "__main__":
    sys.exit(main())
