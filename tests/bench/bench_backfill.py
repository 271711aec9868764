"""What does a complete run cost a backfill that leaves it out, beside a look at its row by hand?"""

from contextlib import closing
from datetime import UTC, date, datetime
from pathlib import Path
from time import process_time

from fwf import every_hour, named, task
from fwf.cli.targets import Target
from fwf.cli.timetables.partition_states import Partitions
from fwf.durations import SECOND
from fwf.journal.run_records import FIRST, Record, RunRow, checksum_of
from fwf.journal.sqlite import SQLite, file_layout, rows
from fwf.journal.sqlite.run_heads import Head, Heads, digest
from fwf.schedules import Run, partitions
from fwf.schedules.planning import plan

from .measure import best, report

N = 100_000
FIRST_DAY, LAST_DAY = date(2010, 1, 1), date(2021, 6, 1)


@task(effect="idempotent")
def load(*, hour: datetime) -> datetime:
    return hour


hourly = every_hour(named("hourly", load), tz="Europe/Berlin", param="hour", start=FIRST_DAY)
target = Target("jobs.py", hourly.workflow, {}, {}, timetable=hourly)


def kept(path: Path, runs: list[Run[datetime]]) -> None:
    """A journal in which all these runs are complete."""
    SQLite.open(path).close()
    heads, known = Heads(f"{path}-heads"), Partitions(target, {}, str(path))
    with closing(file_layout.open_journal(str(path), synced=False)) as db:
        db.execute("BEGIN")
        for number, run in enumerate(runs, start=1):
            key, at = known.key(run), run.due_at * SECOND
            last = checksum_of(FIRST, 1, "end", "", "", at, "{}")
            about = f'{{"target": "jobs.py", "params": {{"hour": "{run.label}"}}}}'
            row = RunRow(
                number, f"id-{number}", key, "hourly", 1, "ok", at, at, at, 1, 1, last, about
            )
            db.execute(rows.ADD_RUN, rows.columns(row))
            db.execute(rows.ADD_ORIGIN, rows.origin(row))
            rows.add(db, number, [Record(1, "end", "", "", at, "{}", last)])
            heads.room_for(number)
            heads.write(Head(number, 1, digest(key), last), synced=False)
        db.execute("COMMIT")
    heads.close()


def test_complete_runs_that_are_left_out(tmp_path: Path) -> None:
    path = tmp_path / "runs.db"
    runs = list(partitions(hourly, FIRST_DAY, LAST_DAY))[:N]
    kept(path, runs)
    now = datetime(2026, 6, 1, tzinfo=UTC)

    def planned() -> None:
        known = Partitions(target, {}, str(path))
        known.look()
        found = plan(hourly, runs, now, known.generations)
        assert len(found.partitions) == N and not found.starts

    def by_hand() -> None:
        with closing(file_layout.open_journal(str(path), synced=False)) as db:
            done = dict(db.execute("SELECT key, state FROM runs"))
        assert sum(state == "ok" for state in done.values()) == N

    ours, theirs = (best(each, repeats=3, clock=process_time) for each in (planned, by_hand))
    assert ours / N < 1e-3
    report(f"a complete run of {N:,} that is left out", ours, theirs, per=N)
