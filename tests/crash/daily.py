"""The daily example on files of one folder, to be killed and started again; and what it has loaded.

python -m tests.crash.daily 17    one case, by its seed
"""

import json
import random
import shutil
import signal
import sqlite3
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any, Final

import duckdb

from examples.daily.places import Places, write_whole
from examples.daily.seed import BUSY_DAY, seed
from examples.daily.services import crm_service, rates_service, services, serving
from tests.cli_support import ROOT, environment
from tests.crash import figures

TARGET: Final = "examples.daily.workflow"
PATIENCE: Final = 120.0


class Daily:
    """The job, its inputs and its targets."""

    def __init__(self, places: Places) -> None:
        self.places = places
        self.journal = places.folder / "journal" / "runs.db"
        self.journal.parent.mkdir()
        self.seconds = 0.0
        """How long a whole run takes, from the first line of its progress."""

    def start(self, *words: str) -> subprocess.Popen[str]:
        words = (
            "run",
            TARGET,
            "--param",
            f"day={BUSY_DAY}",
            "--journal",
            str(self.journal),
            *words,
        )
        return subprocess.Popen(
            [sys.executable, "-m", "fwf", *words], cwd=ROOT,
            env=environment(DAILY_DATA=str(self.places.folder)), stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE, stderr=subprocess.PIPE, encoding="utf-8",
        )  # fmt: skip

    def finish(self, *words: str) -> list[str]:
        """Run the job to its end ⟶ the lines of its progress."""
        with self.start(*words) as job:
            assert job.stderr is not None
            first = job.stderr.readline()
            start = time.monotonic()
            out, progress = job.communicate(timeout=PATIENCE)
            self.seconds = time.monotonic() - start
        assert job.returncode == 0, out + first + progress
        return [first, *progress.splitlines()]

    def kill(self, chance: random.Random) -> bool:
        """Start the job, and kill it at some moment; whether it was at work then."""
        with self.start() as job:
            assert job.stderr is not None
            job.stderr.readline()
            time.sleep(chance.random() * self.seconds)
            job.send_signal(signal.SIGKILL)
            _, progress = job.communicate()
        assert job.returncode in (0, -signal.SIGKILL), progress
        return job.returncode == -signal.SIGKILL

    def targets(self) -> dict[str, list[Any]]:
        """All that the job has written, in order; what came twice is there twice."""
        with duckdb.connect(str(self.places.warehouse), read_only=True) as warehouse:
            sales = warehouse.execute("SELECT * FROM sales ORDER BY ALL").fetchall()
            loads = warehouse.execute("SELECT digest, rows FROM ledger").fetchall()
        with closing(sqlite3.connect(self.places.profiles)) as profiles:
            items = profiles.execute("SELECT * FROM items ORDER BY 1, 2").fetchall()
        with closing(sqlite3.connect(self.places.crm)) as crm:
            shown = "SELECT day, body FROM days JOIN batches USING (key) ORDER BY 1, 2"
            contacts = crm.execute(shown).fetchall()
        kept = (self.places.quarantine / f"{BUSY_DAY}.jsonl").read_bytes()
        return {
            "sales": sales, "loads": loads, "items": items, "contacts": contacts,
            "bad lines": kept.splitlines(),
        }  # fmt: skip

    def clear(self) -> None:
        """Take away what was loaded, and what is remembered of it."""
        shutil.rmtree(self.journal.parent)
        self.journal.parent.mkdir()
        for each in (self.places.warehouse, self.places.profiles, self.places.crm):
            for suffix in ("", "-wal", "-shm", ".wal"):
                each.with_name(each.name + suffix).unlink(missing_ok=True)
        for file in self.places.quarantine.glob("*"):
            file.unlink()


@contextmanager
def daily(*, calm: bool = False) -> Iterator[Daily]:
    """The job with the inputs of one day, while its services run.

    calm: whether these never misbehave, which makes a run four times as fast.
    """
    with tempfile.TemporaryDirectory(prefix="fwf-daily-") as name:
        places = Places(Path(name))
        seed(places, scale=0.01, days=[BUSY_DAY])
        with calm_services(places) if calm else services(places):
            yield Daily(places)


@contextmanager
def calm_services(places: Places) -> Iterator[None]:
    """Both services, without mishaps."""
    rates = rates_service(json.loads(places.rates.read_bytes()))
    with serving(rates) as rates_at, serving(crm_service(places.crm)) as crm_at:
        write_whole(places.addresses, json.dumps({"rates": rates_at, "crm": crm_at}).encode())
        yield


def killed(job: Daily, number: int) -> int:
    """Kill the job at some moments, then let it end ⟶ how often it was killed at work."""
    chance = random.Random(f"daily {number}")
    kills = 0
    for _ in range(chance.randint(1, 2) if figures.full() else 1):
        kills += job.kill(chance)
    job.finish()
    return kills


def main() -> int:
    with daily() as job:
        job.finish()
        whole = job.targets()
        job.clear()
        print(f"killed {killed(job, int(sys.argv[1]))} times")
        same = job.targets() == whole
        print("the targets are those of a whole run" if same else "the targets differ")
        return int(not same)


if __name__ == "__main__":
    sys.exit(main())
