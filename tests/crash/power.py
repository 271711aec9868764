"""Does all that was acknowledged survive power cuts, at any write, one after another?

`python -m tests.crash.power FIRST COUNT [BUG]` cuts the power COUNT times and prints one line of
JSON. A case is a seed: a journal of up to four lives, each of which begins with what the cut before
has left, goes on with the runs it finds, and ends at a cut at some event.
"""

from __future__ import annotations

import json
import os
import random
import shutil
import sys
import tempfile
from collections.abc import Callable
from hashlib import blake2b
from pathlib import Path
from typing import Any, Final

from fwf.journal import chain
from fwf.journal.errors import JournalError
from fwf.journal.opening import open_store
from fwf.journal.run_records import Record, checksum_of
from fwf.journal.store import Store
from tests.crash import apsw_sqlite
from tests.crash.power_bugs import BUGS
from tests.crash.torn_disk import NAME, Disk, Vfs, watched
from tests.crash.written import ME, START, Story, following

LIVES: Final = 4
EVENTS: Final = 260
EARLY: Final = 40
"""Events in which a journal is made, and opened."""
KEYS: Final = 3


class PowerCut(BaseException):
    """The process is no more."""


class Life:
    """One process, from the files that it finds to a power cut."""

    def __init__(self, path: Path, disk: Disk, known: dict[int, Story], chance: random.Random):
        self.path, self.disk, self.known, self.chance = path, disk, known, chance
        self.flight: tuple[int, list[Record]] | None = None
        self.values = dict[str, bytes]()
        self.pruned = False

    def live(self) -> None:
        """Go on with runs, and begin others, until the power is cut."""
        store = open_store(self.path)
        while True:
            key = f"{self.chance.randrange(KEYS):032x}"
            mine = [story for story in self.known.values() if story.key == key]
            claim = store.claim(key, ME)
            try:
                if not mine or mine[-1].state == "ok":
                    story = Story(key, len(mine) + 1, f"flow{key[-1]}")
                    self._begin(store, story, claim)
                else:
                    story = mine[-1]
                self._steps(store, story, claim)
            finally:
                claim.release()
            if self.chance.random() < 0.1:
                self.pruned = True
                store.prune(2 * START)
                self._alive()
                for each in self.known.values():
                    each.records = pruned(each)
            if self.chance.random() < 0.1:
                store.close()
                self._alive()
                store = open_store(self.path)

    def _begin(self, store: Store, story: Story, claim: Any) -> None:
        first = [story.next("try")]
        self.flight = (0, first)
        number = store.begin(story.row(), first, claim)
        self._alive()
        story.number = number
        story.records += first
        self.known[number] = story

    def _steps(self, store: Store, story: Story, claim: Any) -> None:
        for _ in range(self.chance.randrange(1, 12)):
            if self.chance.random() < 0.2:
                content = self.chance.randbytes(self.chance.randrange(3000))
                name = blake2b(content, digest_size=16).hexdigest() + ".arrow"
                store.put(name, content)
                self._alive()
                self.values[name] = content
            more = [story.next("ok", "a > b", None, self.chance.randrange(600))]
            more.append(following(more, "start", "c"))
            self._append(store, story, claim, more, None)
        if self.chance.random() < 0.5:
            self._append(store, story, claim, [story.next("end")], "ok")

    def _append(
        self, store: Store, story: Story, claim: Any, more: list[Record], state: Any
    ) -> None:
        self.flight = (story.number, more)
        store.append(story.number, more, claim, state=state)
        self._alive()
        story.records += more
        story.state = state or story.state

    def _alive(self) -> None:
        if self.disk.off:
            raise PowerCut
        self.flight = None


def pruned(story: Story) -> list[Record]:
    """What pruning leaves of a run."""
    if story.state != "ok" or len(story.records) <= 2 or story.records[-2].kind == "anchor":
        return story.records
    first, *between, last = story.records
    n, _, _, _, at, _, checksum = between[-1]
    body = chain.anchor(n - 1, checksum)
    made = checksum_of(first.sum, n, "anchor", "", "", at, body)
    return [first, Record(n, "anchor", "", "", at, body, made), last]


def after(path: Path, life: Life) -> dict[int, Story]:
    """What there is after a cut: all that was acknowledged, and all of the rest, or nothing."""
    store = open_store(path)
    found = {row.number: row for row in store.runs()}
    flight, more = life.flight or (-1, [])
    there = dict[int, Story]()
    for number, row in found.items():
        story = life.known.get(number)
        records = list(store.records(row))
        expected = story.records if story else []
        if life.pruned and story and story.state == "ok" and len(records) < len(expected):
            expected = pruned(story)
        whole = expected + more if number == flight or (story is None and flight == 0) else expected
        assert records in (expected, whole), f"run {number}: {len(records)} of {len(expected)}"
        assert records, f"run {number}: has no records"
        assert row in store.generations(row.key), f"run {number}: is hidden"
        there[number] = Story(
            row.key, row.generation, row.workflow, number, row.state, list(records)
        )
    lost = set(life.known) - set(found)
    assert not lost, f"lost: runs {sorted(lost)}"
    for name, content in life.values.items():
        assert bytes(store.get(name)) == content, f"{name}: is another value"
    store.close()
    return dict(sorted(there.items()))


def case(seed: int, vfs: Vfs, work: Path) -> int:
    """Cut the power some times in a journal ⟶ how many records were acknowledged."""
    chance = random.Random(seed)
    known = dict[int, Story]()
    acknowledged = 0
    place = work / "0"
    place.mkdir()
    for turn in range(LIVES):
        disk = Disk(place, chance.randrange(chance.choice([EVENTS, EVENTS, EARLY])))
        vfs.disk = disk
        life = Life(place / "runs.db", disk, known, chance)
        with watched(disk):
            try:
                life.live()
            except (PowerCut, JournalError):
                if not disk.off:
                    raise
        vfs.disk = None
        acknowledged = sum(len(story.records) for story in known.values())
        place = work / str(turn + 1)
        place.mkdir()
        disk.leave(place, seed * LIVES + turn)
        try:
            known = after(place / "runs.db", life)
        except (AssertionError, JournalError) as error:
            raise AssertionError(f"seed {seed}, cut {turn + 1}: {error}") from error
    return acknowledged


def main() -> None:
    first, count = int(sys.argv[1]), int(sys.argv[2])
    bug: Callable[[], None] | None = BUGS[sys.argv[3]] if len(sys.argv) > 3 else None
    apsw_sqlite.use(NAME)
    if bug:
        bug()
    vfs = Vfs()
    wrong, memory = list[str](), "/dev/shm"
    acknowledged = cuts = 0
    root = Path(tempfile.mkdtemp(prefix="power-", dir=memory if os.path.isdir(memory) else None))
    try:
        for seed in range(first, first + -(-count // LIVES)):
            work = root / str(seed)
            work.mkdir()
            try:
                acknowledged += case(seed, vfs, work)
            except AssertionError as error:
                wrong.append(str(error))
            cuts += LIVES
            shutil.rmtree(work)
    finally:
        shutil.rmtree(root, ignore_errors=True)
    print(json.dumps({"cuts": cuts, "acknowledged": acknowledged, "wrong": wrong}))


if __name__ == "__main__":
    main()
