"""What was written to a journal, and is all of it there again, or else told to be damaged?

`python -m tests.crash.written PATH SEED` writes a journal and dies at once, so that a part of it
is only in the write-ahead log, and prints nothing: the same seed makes the same runs.
"""

from __future__ import annotations

import json
import os
import random
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from fwf.journal.errors import JournalCorrupt
from fwf.journal.opening import open_store
from fwf.journal.run_records import FIRST, Kind, Record, RunRow, State, checksum_of
from fwf.journal.store import Claim, Holder, Store
from fwf.records import changed

ME = Holder("here", 1, "etl", 1_700_000_000_000_000)
START = 1_700_000_000_000_000
"""Times are made up, so that a seed gives the same records each time."""


@contextmanager
def memory_folder() -> Iterator[Path]:
    """A folder where nothing waits for a disk, if there is such a place."""
    memory = "/dev/shm" if os.access("/dev/shm", os.W_OK) else None
    with TemporaryDirectory(prefix="journal-", dir=memory) as folder:
        yield Path(folder)


@dataclass
class Story:
    """One run as it was acknowledged: what must be read back, and in which order it came."""

    key: str
    generation: int
    workflow: str
    number: int = 0
    state: State = "running"
    records: list[Record] = field(default_factory=list)

    def next(self, kind: Kind, path: str = "", body: Any = None, pad: int = 0) -> Record:
        """The record that follows, not added yet."""
        return following(self.records, kind, path, body, pad)

    def row(self) -> RunRow:
        """The run's row before it is in a journal."""
        return RunRow(
            0, f"id-{self.key}-{self.generation}", self.key, self.workflow, self.generation,
            "running", START, START, None, 0, 0, FIRST, json.dumps({"target": self.workflow}),
        )  # fmt: skip


def following(
    before: Sequence[Record], kind: Kind, path: str = "", body: Any = None, pad: int = 0
) -> Record:
    """The record after others."""
    n, last = (before[-1].n + 1, before[-1].sum) if before else (1, FIRST)
    text = json.dumps({"value": body, "pad": "x" * pad})
    at = START + n * 1000
    return Record(n, kind, path, "1", at, text, checksum_of(last, n, kind, path, "1", at, text))


def batches(story: Story, steps: int, chance: random.Random) -> Iterator[list[Record]]:
    """A run's steps in the order of a chain: what ended, and what begins."""
    for step in range(steps):
        ended = story.next("ok", f"flow > step[{step}]", step, chance.randrange(200))
        begun = following([ended], "start", f"flow > step[{step + 1}]", None)
        yield [ended, begun]


def begin(store: Store, story: Story) -> Claim:
    """Begin a run ⟶ the claim on its key."""
    claim = store.claim(story.key, ME)
    first = [story.next("try")]
    try:
        story.number = store.begin(story.row(), first, claim)
    except BaseException:
        claim.release()
        raise
    story.records += first
    return claim


def end(store: Store, story: Story, claim: Claim, state: State = "ok") -> None:
    """End a run's try."""
    last = [story.next("end", "", state)]
    store.append(story.number, last, claim, state=state)
    story.records += last
    story.state = state
    claim.release()


def written(path: Path, seed: int, *, runs: int = 8, steps: int = 12) -> list[Story]:
    """Write runs, some at the same time, some complete; half of it is in the log when it ends."""
    chance = random.Random(seed)
    stories: list[Story] = []
    for part in range(2):
        store = open_store(path, durability="process")
        going: list[tuple[Story, Claim, Iterator[list[Record]]]] = []
        for number in range(runs // 2):
            key = f"{number:032x}"
            story = Story(key, part + 1, f"flow{number}")
            stories.append(story)
            claim = begin(store, story)
            going.append((story, claim, batches(story, steps + chance.randrange(steps), chance)))
        while going:
            place = chance.randrange(len(going))
            story, claim, left = going[place]
            records = next(left, None)
            if records is not None:
                store.append(story.number, records, claim)
                story.records += records
            else:
                del going[place]
                if part == 0 or chance.random() < 0.5:
                    end(store, story, claim)
                else:
                    claim.release()
        if part == 0:
            store.close()
    return stories


def rows(stories: Sequence[Story]) -> dict[int, RunRow]:
    """The rows that runs have by now."""
    return {story.number: _row(story) for story in stories}


def _row(story: Story) -> RunRow:
    last = story.records[-1] if story.records else None
    return changed(
        story.row(),
        number=story.number,
        state=story.state,
        count=len(story.records),
        head=last.sum if last else FIRST,
        changed=last.at if last else START,
        ended=None if story.state == "running" or last is None else last.at,
        tries=sum(record.kind == "try" for record in story.records),
    )


@dataclass
class Seen:
    """What reading a journal came to: each part is equal, or told to be damaged, or neither."""

    equal: int = 0
    told: list[str] = field(default_factory=list)
    silent: list[str] = field(default_factory=list)


def look(path: Path, stories: Sequence[Story]) -> Seen:
    """Read all of a journal, each run by itself."""
    seen = Seen()
    try:
        store = open_store(path, durability="process")
    except JournalCorrupt as error:
        seen.told.append(str(error))
        return seen
    try:
        _look(store, stories, seen)
    finally:
        store.close()
    return seen


def _look(store: Store, stories: Sequence[Story], seen: Seen) -> None:
    expected = rows(stories)
    for key in sorted({story.key for story in stories}):
        mine = [row for row in expected.values() if row.key == key]
        _same(seen, f"generations({key[-2:]})", lambda k=key: list(store.generations(k)), mine)
    newest = sorted(expected.values(), key=lambda row: -row.number)
    _same(seen, "runs()", lambda: list(store.runs()), newest)
    _same(seen, "runs(newest=3)", lambda: list(store.runs(newest=3)), newest[:3])
    like = [row for row in newest if "flow1" in row.workflow]
    _same(seen, "runs(like=)", lambda: list(store.runs(like="flow1")), like)
    for story in stories:
        row = expected[story.number]
        _same(seen, f"records({row.id})", lambda r=row: list(store.records(r)), story.records)


def _same(seen: Seen, what: str, read: Any, expected: list[Any]) -> None:
    try:
        found = read()
    except JournalCorrupt as error:
        seen.told.append(f"{what}: {error}")
    else:
        if found == expected:
            seen.equal += 1
        else:
            seen.silent.append(f"{what}: {len(found)} of {len(expected)}")


def salvaged(path: Path, stories: Sequence[Story]) -> tuple[int, int]:
    """Salvage each key, go on with it, and read it all again ⟶ records kept, records there were.

    What is left of each run must be a beginning of it.
    """
    kept, there = 0, sum(len(story.records) for story in stories)
    store = open_store(path, durability="process", salvage=True)
    left: list[Story] = []
    for key in sorted({story.key for story in stories}):
        claim = store.claim(key, ME)
        mine = {story.number: story for story in stories if story.key == key}
        for row in store.generations(key):
            store.salvage(row, claim)
        for row in store.generations(key):
            found = list(store.records(row))
            assert found == mine[row.number].records[: len(found)], f"{row}: other records"
            assert (row.key, row.generation) == (key, mine[row.number].generation)
            kept += len(found)
            left.append(Story(key, row.generation, row.workflow, row.number, row.state, found))
        claim.release()
    store.close()
    _go_on(path, left, {story.key for story in stories})
    seen = look(path, left)
    assert not seen.told, f"after salvage: {seen.told}"
    assert not seen.silent, f"after salvage: {seen.silent}"
    return kept, there


def goes_on(path: Path, stories: Sequence[Story]) -> Seen:
    """Go on with each key in a journal of which nothing was told, and read all of it again."""
    left = [replace(story, records=list(story.records)) for story in stories]
    try:
        _go_on(path, left, {story.key for story in stories})
    except JournalCorrupt as error:
        return Seen(told=[str(error)])
    return look(path, left)


def _go_on(path: Path, left: list[Story], keys: set[str]) -> None:
    """Each key gets a record more, or a new run where none is left."""
    store = open_store(path, durability="process")
    for key in sorted(keys):
        mine = [story for story in left if story.key == key]
        if not mine:
            left.append(Story(key, 1, "flow"))
            begin(store, left[-1]).release()
            continue
        claim = store.claim(key, ME)
        more = [mine[-1].next("try" if not mine[-1].records else "ok", "more")]
        store.append(mine[-1].number, more, claim, state="running")
        mine[-1].records += more
        mine[-1].state = "running"
        claim.release()
    store.close()


if __name__ == "__main__":
    written(Path(sys.argv[1]), int(sys.argv[2]))
    os._exit(0)
