"""What does a run cost that is kept in a journal, beside a loop over SQLite by hand?"""

from .measure import figures_of_process, report

CHAIN = """
import sqlite3, sys, time
from pathlib import Path
from tempfile import TemporaryDirectory
from fwf import Journal, named, run, seq, task

@task
def zero() -> int:
    return 0

@task
def increment(x: int) -> int:
    return x + 1

def chain(steps):
    return named("chain", seq(zero, *[increment] * steps))

def by_hand(path, durability, steps):
    db = sqlite3.connect(path, isolation_level=None)
    db.execute("PRAGMA journal_mode = WAL")
    db.execute(f"PRAGMA synchronous = {'FULL' if durability == 'power' else 'OFF'}")
    db.execute("CREATE TABLE steps(n INTEGER PRIMARY KEY, path TEXT, value TEXT)")
    x = 0
    for n in range(steps):
        x += 1
        db.execute("INSERT INTO steps VALUES (?, ?, ?)", (n, f"chain > increment#{n}", str(x)))

def compared(durability, clock, steps, rounds):
    w = chain(steps)
    best = [float("inf")] * 3
    with TemporaryDirectory() as folder:
        for n in range(rounds):
            work = [
                lambda: run(w, journal=Journal(Path(folder, f"{n}.db"), durability)),
                lambda: by_hand(Path(folder, f"{n}-hand.db"), durability, steps),
                lambda: run(w),
            ]
            for at, each in enumerate(work):
                start = clock()
                each()
                best[at] = min(best[at], clock() - start)
    print(*(each / steps for each in best))
"""


def test_a_step_that_survives_its_process() -> None:
    source = f"{CHAIN}\ncompared('process', time.process_time, 2_000, 8)"
    kept, by_hand, in_memory = figures_of_process(source)
    report("a step of a chain, durability process", kept, by_hand)
    report("... beside one in memory", kept, in_memory)


def test_a_step_that_survives_a_power_cut() -> None:
    source = f"{CHAIN}\ncompared('power', time.perf_counter, 500, 8)"
    kept, by_hand, _ = figures_of_process(source)
    report("a step of a chain, durability power", kept, by_hand)


def test_going_on_with_a_hundred_thousand_steps() -> None:
    source = f"""{CHAIN}
from fwf.interpreters.run import Again, take_back
from fwf.journal.opening import open_store
w, steps = chain(100_000), 100_000
with TemporaryDirectory() as folder:
    journal = Journal(Path(folder, "runs.db"), "process")
    run(w, journal=journal)
    found = float("inf")
    for _ in range(3):
        store = open_store(journal.where, durability="process")
        take_back(store, store.runs()[0], Again(start=f"chain > increment#{{steps}}"))
        store.close()
        start = time.process_time()
        run(w, journal=journal)
        found = min(found, time.process_time() - start)
    start = time.process_time()
    run(w)
    print(found, time.process_time() - start)
"""
    going_on, anew = figures_of_process(source)
    report("going on with 100,000 steps", going_on, anew, unit="s")
