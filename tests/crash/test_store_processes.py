"""Many processes with one journal: each write is there, and one process has each name's runs."""

from __future__ import annotations

import os
import random
import signal
import threading
import time
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import pytest

from fwf.journal.errors import Held
from fwf.journal.opening import open_store
from fwf.journal.sqlite import SQLite
from fwf.journal.store import Claim
from tests.crash import figures
from tests.crash.store_child import Child
from tests.crash.written import ME

KEY = "a" * 32


@pytest.fixture
def children(tmp_path: Path) -> Iterator[list[Child]]:
    """Two others."""
    made = [Child(tmp_path / "runs.db") for _ in range(2)]
    yield made
    for each in made:
        each.kill()
        each.end()


@pytest.mark.parametrize("durability", ["process", "power"])
def test_eight_processes_write_to_one_journal_and_none_is_locked_out(
    tmp_path: Path, durability: str
) -> None:
    path = tmp_path / "runs.db"
    count = figures.amount(quick=150, full=1250)
    others = [Child(path, durability) for _ in range(8)]
    for number, each in enumerate(others):
        assert each.ask(f"claim {number:032x}") == "won"
        each.tell(f"steps {count}")
    said = [each.answer() for each in others]
    for each in others:
        each.end()
    store = open_store(path)
    found = [list(store.records(row)) for row in store.runs()]
    store.close()
    missing = sum(1 + 2 * count - len(records) for records in found)
    figures.add(
        f"8 processes, one journal, durability {durability}",
        commits=8 * count,
        zero={"locked out": sum("run" not in each for each in said), "missing": missing},
    )
    assert sorted(said) == [f"run {number}" for number in range(1, 9)]
    assert missing == 0


def test_of_two_who_claim_at_once_one_goes_on(tmp_path: Path, children: list[Child]) -> None:
    count, both, neither = figures.amount(quick=200, full=200), 0, 0
    chance = random.Random(1)
    for _ in range(count):
        for each in children:
            each.tell(f"claim {KEY}")
        said = [each.answer() for each in children]
        winners = [each for each, word in zip(children, said, strict=True) if word == "won"]
        both += len(winners) == 2
        neither += not winners
        for loser in (word for word in said if word != "won"):
            assert loser.split()[0] == "held", loser
        if winners and chance.random() < 0.05:
            winners[0].kill()
            winners[0].end()
            children[children.index(winners[0])] = Child(tmp_path / "runs.db")
        elif winners:
            assert winners[0].ask("release") == "released"
    figures.add("races of two claims", races=count, zero={"both": both, "neither": neither})
    assert (both, neither) == (0, 0)


def test_of_many_threads_of_a_process_one_goes_on(tmp_path: Path) -> None:
    stores = [SQLite.open(tmp_path / "runs.db") for _ in range(4)]
    for _ in range(200):
        won = list[Claim]()
        start = threading.Barrier(len(stores))

        def race(store: SQLite, start: threading.Barrier, won: list[Claim]) -> None:
            start.wait()
            with suppress(Held):
                won.append(store.claim(KEY, ME))

        threads = [threading.Thread(target=race, args=(each, start, won)) for each in stores]
        for each in threads:
            each.start()
        for each in threads:
            each.join()
        assert len(won) == 1
        won[0].release()
    for store in stores:
        store.close()


def test_claims_that_come_and_go_never_overlap(tmp_path: Path) -> None:
    """Whoever releases removes the file that the next one may have opened already."""
    inside, most, wrong = 0, 0, 0
    lock = threading.Lock()

    def go() -> None:
        nonlocal inside, most, wrong
        store = SQLite.open(tmp_path / "runs.db")
        for _ in range(300):
            try:
                claim = store.claim(KEY, ME)
            except Held:
                continue
            with lock:
                inside += 1
                wrong += inside > 1
                most += 1
            with lock:
                inside -= 1
            claim.release()
        store.close()

    threads = [threading.Thread(target=go) for _ in range(4)]
    for each in threads:
        each.start()
    for each in threads:
        each.join()
    assert wrong == 0
    assert most > 300


def test_looking_who_goes_on_refuses_nobody(tmp_path: Path) -> None:
    store = SQLite.open(tmp_path / "runs.db")
    done = threading.Event()

    def look() -> None:
        other = SQLite.open(tmp_path / "runs.db")
        while not done.is_set():
            other.holder(KEY)
        other.close()

    thread = threading.Thread(target=look)
    thread.start()
    try:
        for _ in range(500):
            store.claim(KEY, ME).release()
    finally:
        done.set()
        thread.join()
    store.close()


def test_a_holder_that_was_killed_holds_nothing(tmp_path: Path, children: list[Child]) -> None:
    assert children[0].ask(f"claim {KEY}") == "won"
    assert children[0].ask("steps 3") == "run 1"
    assert children[1].ask(f"claim {KEY}") == f"held {children[0].pid}"
    children[0].kill()
    store = open_store(tmp_path / "runs.db")
    assert store.holder(KEY) is None
    store.close()
    assert children[1].ask(f"claim {KEY}") == "won"
    assert children[1].ask("steps 3") == "run 1"


def test_a_child_of_a_holder_that_was_killed_holds_nothing(children: list[Child]) -> None:
    assert children[0].ask(f"claim {KEY}") == "won"
    forked = int(children[0].ask("fork"))
    try:
        assert children[1].ask(f"claim {KEY}") == f"held {children[0].pid}"
        children[0].kill()
        tries = 0  # The forked one lets go in its first moment, which may come late.
        while (said := children[1].ask(f"claim {KEY}")) != "won" and tries < 100:
            tries += 1
            time.sleep(0.05)
        assert said == "won"
        assert Path(f"/proc/{forked}").exists()
    finally:
        os.kill(forked, signal.SIGKILL)


def test_a_holder_that_was_stopped_is_not_replaced(tmp_path: Path, children: list[Child]) -> None:
    assert children[0].ask(f"claim {KEY}") == "won"
    assert children[0].ask("steps 3") == "run 1"
    os.kill(children[0].pid, signal.SIGSTOP)
    store = open_store(tmp_path / "runs.db")
    for _ in range(20):
        assert children[1].ask(f"claim {KEY}") == f"held {children[0].pid}"
        holder = store.holder(KEY)
        assert holder is not None and holder.pid == children[0].pid
    os.kill(children[0].pid, signal.SIGCONT)
    assert children[0].ask("steps 3") == "run 1"
    assert len(list(store.records(store.generations(KEY)[0]))) == 13
    store.close()
