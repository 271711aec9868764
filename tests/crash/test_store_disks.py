"""Disks that are full, limits, files that can't be written or are gone: one error, nothing lost."""

from __future__ import annotations

import os
import random
import resource
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from fwf.journal.errors import JournalError
from fwf.journal.opening import open_store
from fwf.journal.store import Store
from tests.crash import figures
from tests.crash.written import START, Story, begin, end, following
from tests.small_disks import small_disk

KEY = "b" * 32


@pytest.fixture
def small() -> Iterator[Path]:
    """A file system of twelve megabytes."""
    with small_disk("12m") as folder:
        yield folder


@pytest.fixture(params=[256, 600, 1200, 2600])
def tiny(request: pytest.FixtureRequest) -> Iterator[Path]:
    """File systems with hardly the space for a journal, and one with some more."""
    with small_disk(f"{request.param}k") as folder:
        yield folder


def free(folder: Path) -> int:
    found = os.statvfs(folder)
    return found.f_bavail * found.f_bsize


def fill(folder: Path, leave: int) -> Path:
    """Take the space, but for some bytes."""
    path = folder / "other"
    with path.open("wb") as file:
        file.write(bytes(max(free(folder) - leave, 0)))
    return path


def go_on(store: Store, story: Story, claim: object, chance: random.Random) -> str:
    """Append until it isn't possible ⟶ what is said then; what was acknowledged is in the story."""
    for step in range(5000):
        more = [story.next("ok", f"flow > step[{step}]", step, chance.randrange(1500))]
        more.append(following(more, "start", f"flow > step[{step + 1}]"))
        state = "running" if chance.random() < 0.1 else None
        try:
            store.append(story.number, more, claim, state=state)  # type: ignore[arg-type]
        except JournalError as error:
            return str(error)
        story.records += more
    return ""


def found(path: Path, story: Story) -> str:
    """Whether all that was acknowledged is there, and it goes on ⟶ what is wrong."""
    store = open_store(path)
    try:
        (row,) = store.generations(story.key)
        records = list(store.records(row))
        claim = store.claim(story.key, _me())
        if records != story.records:
            return f"{len(records)} of {len(story.records)} records"
        end(store, story, claim)
        return "" if list(store.records(row)) == story.records else "it doesn't go on"
    finally:
        store.close()


def _me() -> object:
    from tests.crash.written import ME

    return ME


def tried(path: Path, seed: int, spoil: Callable[[random.Random], Callable[[], None]]) -> list[str]:
    """One case: work, something happens to the disk, work, it is repaired ⟶ what is wrong."""
    chance = random.Random(seed)
    store = open_store(path, durability="process")
    story = Story(KEY, 1, "flow")
    claim = begin(store, story)
    for _ in range(chance.randrange(30)):
        more = [story.next("ok", "before")]
        store.append(story.number, more, claim)
        story.records += more
    repair = spoil(chance)
    said = go_on(store, story, claim, chance)
    again = go_on(store, story, claim, chance)
    repair()
    claim.release()
    wrong = []
    for each in (said, again):
        if str(path) not in each or "\n" in each:
            wrong.append(f"said {each!r}")
    try:
        store.close()
    except JournalError as error:
        if str(path) not in str(error):
            wrong.append(f"said {str(error)!r}")
    wrong += filter(None, [found(path, story)])
    return [f"seed {seed}: {each}" for each in wrong]


def test_a_full_disk_is_told_and_nothing_is_lost(small: Path) -> None:
    count = figures.amount(quick=15, full=200)
    wrong = list[str]()
    for seed in range(count):
        folder = small / "journal"

        def spoil(chance: random.Random) -> Callable[[], None]:
            other = fill(small, chance.choice([0, 0, 4096, chance.randrange(300_000)]))
            return other.unlink

        wrong += tried(folder / "runs.db", seed, spoil)
        shutil.rmtree(folder)
    figures.add("full disks under a journal", cases=count, zero={"wrong": len(wrong)})
    assert not wrong, "\n".join(wrong)


def test_a_small_disk_has_no_reserve_and_that_is_told(tiny: Path) -> None:
    size = os.statvfs(tiny).f_blocks * os.statvfs(tiny).f_bsize
    path = tiny / "runs.db"
    store = open_store(path, durability="process")
    reserved = (tiny / "runs.db-reserve").stat().st_size
    note = getattr(store, "note", None)
    assert (reserved == 0) == (size < 2_100_000)
    assert (note is None) if reserved else (note is not None and "too small for a reserve" in note)
    story = Story(KEY, 1, "flow")
    claim = begin(store, story)
    said = go_on(store, story, claim, random.Random(1))
    assert str(path) in said and "no space is left" in said and "\n" not in said
    assert ("works on a full disk" in said) == (reserved > 0)
    assert len(story.records) > 5
    claim.release()
    store.close()
    store = open_store(path)
    assert list(store.records(store.generations(KEY)[0])) == story.records
    store.close()


def test_a_limit_of_file_sizes_is_told_and_nothing_is_lost(tmp_path: Path) -> None:
    count = figures.amount(quick=15, full=200)
    wrong = list[str]()
    for seed in range(count):
        path = tmp_path / str(seed) / "runs.db"

        def spoil(chance: random.Random, path: Path = path) -> Callable[[], None]:
            was = resource.getrlimit(resource.RLIMIT_FSIZE)
            size = max(each.stat().st_size for each in path.parent.iterdir() if each.is_file())
            resource.setrlimit(resource.RLIMIT_FSIZE, (size + chance.randrange(50_000), was[1]))
            return lambda: resource.setrlimit(resource.RLIMIT_FSIZE, was)

        wrong += tried(path, seed, spoil)
    figures.add("limits of file sizes", cases=count, zero={"wrong": len(wrong)})
    assert not wrong, "\n".join(wrong)


def test_a_file_that_goes_away_is_told_and_nothing_is_lost(tmp_path: Path) -> None:
    count = figures.amount(quick=15, full=200)
    wrong = list[str]()
    for seed in range(count):
        folder = tmp_path / str(seed)

        def spoil(chance: random.Random, folder: Path = folder) -> Callable[[], None]:
            path, aside = folder / "runs.db", folder / "aside"
            kind = chance.randrange(3)
            if kind == 2:
                folder.rename(folder.with_suffix(".aside"))
                return lambda: folder.with_suffix(".aside").rename(folder) and None
            path.rename(aside)
            if kind == 1:
                path.write_bytes(b"another file")
            return lambda: aside.replace(path) and None

        wrong += tried(folder / "runs.db", seed, spoil)
    figures.add("files that go away", cases=count, zero={"wrong": len(wrong)})
    assert not wrong, "\n".join(wrong)


def test_pruning_works_on_a_full_disk(small: Path) -> None:
    path = small / "journal" / "runs.db"
    store = open_store(path, durability="process")
    for number in range(8):
        story = Story(f"{number:032x}", 1, "flow")
        claim = begin(store, story)
        for step in range(100):
            more = [story.next("ok", f"step {step}", None, 700)]
            store.append(story.number, more, claim)
            story.records += more
        end(store, story, claim)
    store.close()
    other = fill(small, 0)
    assert free(small) == 0
    store = open_store(path)
    runs, freed = store.prune(2 * START)
    assert runs == 8
    assert freed > 400_000
    assert free(small) > 400_000
    assert all(len(list(store.records(row))) == 3 for row in store.runs())
    store.close()
    other.unlink()
    found_ = open_store(path)
    assert len(found_.runs()) == 8
    found_.close()
