"""What is missed in a damaged file, what can be saved of it, and how far each run has come."""

from __future__ import annotations

import os
import shutil
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from fwf.journal.errors import JournalCorrupt, JournalError
from fwf.journal.run_records import Record
from fwf.journal.sqlite import SQLite, file_layout, run_heads
from fwf.journal.sqlite.run_heads import SIZE, Head, Heads, HeadsSnapshot, digest, read, slot_of
from tests.crash.written import ME, Story, begin, end, look, memory_folder, rows, salvaged


@pytest.fixture
def stories() -> list[Story]:
    return [Story(f"{number:032x}", 1, f"flow{number}") for number in range(3)]


@pytest.fixture
def path(stories: list[Story]) -> Iterator[Path]:
    """Three runs, of which the first two are complete; all of it is in the file itself."""
    with memory_folder() as folder:
        write(folder / "runs.db", stories)
        yield folder / "runs.db"


def write(path: Path, stories: list[Story], steps: int = 5) -> None:
    store = SQLite.open(path)
    for story in stories:
        claim = begin(store, story)
        for step in range(steps):
            more = [story.next("ok", f"step {step}", step)]
            store.append(story.number, more, claim)
            story.records += more
        if story is not stories[2]:
            end(store, story, claim)
        claim.release()
    store.close()


def ask(path: Path, sql: str, *values: Any) -> None:
    """Change something behind the store's back."""
    with closing(sqlite3.connect(path)) as db:
        db.execute(sql, values)
        db.commit()


# What is missed


def test_a_run_whose_row_is_gone_is_missed_by_name_and_in_the_list(path: Path) -> None:
    ask(path, "DELETE FROM runs WHERE number = 2")
    store = SQLite.open(path)
    asked: list[Callable[[], object]] = [
        lambda: store.generations(f"{1:032x}"), store.runs, lambda: store.runs(newest=2),
        lambda: store.runs(like="flow0"),
    ]  # fmt: skip
    for each in asked:
        with pytest.raises(JournalCorrupt, match=r"run 2 is missing.*--salvage"):
            each()
    assert [row.number for row in store.generations(f"{0:032x}")] == [1]
    assert [row.number for row in store.runs(newest=1)] == [3]
    store.close()


def test_a_run_that_an_index_hides_is_missed(path: Path) -> None:
    ask(path, "PRAGMA writable_schema = ON")
    with closing(sqlite3.connect(path)) as db:
        db.execute("PRAGMA writable_schema = ON")
        db.execute("UPDATE sqlite_schema SET sql = sql || ' WHERE number > 1' WHERE name = 'names'")
        db.commit()
    with closing(sqlite3.connect(path)) as db:
        db.execute("REINDEX names")
        db.execute("PRAGMA writable_schema = ON")
        sql = "CREATE INDEX names ON runs(workflow, id)"
        db.execute("UPDATE sqlite_schema SET sql = ? WHERE name = 'names'", (sql,))
        db.commit()
    store = SQLite.open(path)
    with pytest.raises(JournalCorrupt, match="run 1 is missing"):
        store.runs(like="flow")
    store.close()


def test_a_tail_that_the_log_has_dropped_is_missed_wherever_one_looks(
    path: Path, stories: list[Story]
) -> None:
    ask(path, "DELETE FROM records WHERE place = (3 << 32) + 6")
    store = SQLite.open(path)
    row = rows(stories)[3]
    asked: list[Callable[[], object]] = [
        lambda: store.generations(row.key), store.runs, lambda: list(store.records(row)),
        lambda: store.append(3, [stories[2].next("ok")], store.claim(row.key, ME)),
    ]  # fmt: skip
    for each in asked:
        with pytest.raises(JournalCorrupt, match=r"record 6.* is missing"):
            each()
    store.close()


def test_a_complete_run_that_went_on_and_lost_it_is_missed(
    path: Path, stories: list[Story]
) -> None:
    """Its row says that it's complete: without its head nobody would read on."""
    shutil.copy(path, path.with_suffix(".old"))
    store = SQLite.open(path)
    claim = store.claim(stories[0].key, ME)
    store.append(1, [stories[0].next("try")], claim, state="running")
    claim.release()
    store.close()
    os.replace(path.with_suffix(".old"), path)
    store = SQLite.open(path)
    with pytest.raises(JournalCorrupt, match="record 8 is missing"):
        store.generations(stories[0].key)
    store.close()


def test_a_journal_that_was_put_back_without_its_heads_is_told(
    path: Path, stories: list[Story]
) -> None:
    os.unlink(f"{path}-heads")
    for _ in range(2):
        with pytest.raises(JournalCorrupt, match=r"runs\.db-heads: is gone"):
            SQLite.open(path)
    assert salvaged(path, stories) == (20, 20)


@pytest.mark.parametrize("size", [None, 0])
def test_a_file_that_is_gone_or_empty_is_no_new_journal(
    path: Path, stories: list[Story], size: int | None
) -> None:
    if size is None:
        path.unlink()
    else:
        os.truncate(path, size)
    for _ in range(2):
        with pytest.raises(JournalCorrupt, match=r"is gone|cut down to nothing"):
            SQLite.open(path)
    kept, there = salvaged(path, stories)
    assert (kept, there) == (0, 20)


def test_no_number_is_given_again(path: Path, stories: list[Story]) -> None:
    ask(path, "DELETE FROM runs WHERE number = 3")
    ask(path, "DELETE FROM origins WHERE number = 3")
    store = SQLite.open(path)
    again = Story(stories[2].key, 1, "flow2")
    with pytest.raises(JournalCorrupt, match="run 3 is missing"):
        begin(store, again)
    store.close()
    store = SQLite.open(path, salvage=True)
    assert store.generations(again.key) == []
    assert store.note is not None and "run 3" in store.note
    begin(store, again).release()
    assert again.number == 4
    store.close()
    store = SQLite.open(path)
    assert [row.number for row in store.runs()] == [4, 2, 1]
    store.close()


def test_a_time_that_was_changed_in_the_last_record_is_told_in_the_list(
    path: Path, stories: list[Story]
) -> None:
    """It isn't in the row of a run that goes on, but is told there."""
    ask(path, "UPDATE records SET at = at + 1 WHERE place = (3 << 32) + 6")
    store = SQLite.open(path)
    for each in (store.runs, lambda: store.generations(stories[2].key)):
        with pytest.raises(JournalCorrupt, match=r"record 6 \(step 4\) isn't what was written"):
            each()
    store.close()
    kept, there = salvaged(path, stories)
    assert (kept, there) == (19, 20)


def test_an_index_that_says_something_else_is_made_anew(path: Path, stories: list[Story]) -> None:
    page, key = path.read_bytes(), stories[1].key.encode()
    places = [at for at in range(len(page)) if page.startswith(key, at)]
    for at in places:
        case = path.parent / f"case{at}"
        case.mkdir()
        shutil.copy(f"{path}-heads", case)
        (case / "runs.db").write_bytes(page[: at + 5] + b"\x80" + page[at + 6 :])
        assert not look(case / "runs.db", stories).silent
        assert salvaged(case / "runs.db", list(map(copied, stories))) == (20, 20)
    assert len(places) >= 3


# What can be saved


def test_a_run_whose_row_was_changed_is_saved_from_what_is_said_of_its_origin(
    path: Path, stories: list[Story]
) -> None:
    ask(path, "UPDATE runs SET about = '{}' WHERE number = 3")
    with pytest.raises(JournalCorrupt, match="row of run 3 isn't what was written"):
        SQLite.open(path).generations(stories[2].key)
    store = SQLite.open(path, salvage=True)
    assert store.runs()[0] == rows(stories)[3]
    assert "runs.db-damaged" in (store.note or "")
    store.close()
    assert not look(path, stories).told


def test_what_is_damaged_is_kept_beside_what_was_saved(path: Path) -> None:
    for count in range(3):
        ask(path, "UPDATE runs SET about = '{}' WHERE number = 3")
        before = path.read_bytes()
        SQLite.open(path, salvage=True).close()
        kept = Path(f"{path}-damaged{f'.{count + 1}' if count else ''}")
        assert kept.read_bytes() == before
        assert kept.stat().st_mode & 0o777 == 0o600


def test_of_a_journal_without_damage_nothing_is_changed(path: Path, stories: list[Story]) -> None:
    before = path.stat().st_ino
    store = SQLite.open(path, salvage=True)
    assert store.note is None
    for story in stories:
        claim = store.claim(story.key, ME)
        assert store.salvage(store.generations(story.key)[0], claim) == 0
        claim.release()
    store.close()
    assert path.stat().st_ino == before
    assert not look(path, stories).told
    assert not list(path.parent.glob("*damaged*"))


def test_other_runs_are_still_missed_after_one_was_salvaged(
    path: Path, stories: list[Story]
) -> None:
    for number in (1, 2):
        ask(path, "UPDATE records SET body = 'x' WHERE place = (? << 32) + 4", number)
    store = SQLite.open(path, salvage=True)
    claim = store.claim(stories[0].key, ME)
    assert store.salvage(store.generations(stories[0].key)[0], claim) == 4
    claim.release()
    store.close()
    store = SQLite.open(path)
    assert len(list(store.records(store.generations(stories[0].key)[0]))) == 3
    with pytest.raises(JournalCorrupt):
        list(store.records(store.generations(stories[1].key)[0]))
    store.close()


@pytest.mark.parametrize("name", ["replace", "link", "unlink", "pwrite", "open", "rename"])
def test_a_salvage_that_is_cut_short_can_be_done_again(
    path: Path, stories: list[Story], name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Wherever it ends, with the log still to be read."""
    ask(path, "UPDATE runs SET about = '{}' WHERE number = 3")
    store = SQLite.open(path, salvage=True)
    claim = store.claim(stories[2].key, ME)
    for step in range(4):
        more = [stories[2].next("ok", f"late {step}")]
        store.append(3, more, claim)
        stories[2].records += more
    ask(path, "UPDATE runs SET about = '{}' WHERE number = 3")
    files = {each.name: each.read_bytes() for each in path.parent.iterdir() if each.is_file()}
    claim.release()
    store.close()
    assert len(files["runs.db-wal"]) > 4 * 4096
    del files["runs.db-shm"]
    for calls in range(100):
        case = path.parent / f"case{calls}"
        case.mkdir()
        for each, content in files.items():
            (case / each).write_bytes(content)
        cut = cut_short(case / "runs.db", name, calls, monkeypatch)
        kept, there = salvaged(case / "runs.db", list(map(copied, stories)))
        assert (kept, there) == (24, 24), calls
        left_over = {each.name.split("-", 1)[-1].split(".")[0] for each in case.iterdir()}
        assert not left_over & {"salvage", "salvaged", "readable"}
        if not cut:
            break
    assert calls > 0 or name == "rename"


def cut_short(path: Path, name: str, calls: int, patch: pytest.MonkeyPatch) -> bool:
    """Salvage, but end it at a call of the system ⟶ whether it was called so often."""
    real, left = getattr(os, name), calls

    def failing(*given: Any, **options: Any) -> Any:
        nonlocal left
        left -= 1
        if left < 0:
            raise KeyboardInterrupt
        return real(*given, **options)

    patch.setattr(os, name, failing)
    try:
        SQLite.open(path, salvage=True).close()
    except KeyboardInterrupt:
        return True
    finally:
        patch.undo()
    return False


def copied(story: Story) -> Story:
    return Story(
        story.key, story.generation, story.workflow, story.number, story.state, list(story.records)
    )


def test_a_record_on_a_page_that_can_not_be_read_is_named_and_nothing_is_dropped(
    path: Path, stories: list[Story]
) -> None:
    """In place: for that it is opened for salvage, and what can be read goes into a new one."""
    store = SQLite.open(path)
    claim = store.claim(stories[2].key, ME)
    (row,) = store.generations(stories[2].key)
    real = store._db.rows

    def malformed(sql: str, values: Any = ()) -> Any:
        found = real(sql, values)
        if "path" in sql and any(n >= 4 for n, *_ in found):
            raise JournalCorrupt("malformed")
        return found

    store._db.rows = malformed
    read: list[Record] = []
    with pytest.raises(JournalCorrupt, match=r"id-0*2-1: record 4 can't be read"):
        read.extend(store.records(row))
    assert read == stories[2].records[:3]
    with pytest.raises(JournalCorrupt, match="record 4 can't be read"):
        store.salvage(row, claim)
    claim.release()
    store.close()
    assert not look(path, stories).told


def test_heads_that_go_away_while_a_run_goes_on_are_told(path: Path, stories: list[Story]) -> None:
    store = SQLite.open(path)
    claim = store.claim(stories[2].key, ME)
    os.rename(f"{path}-heads", f"{path}-aside")
    with pytest.raises(JournalError, match=r"runs\.db-heads: it is gone"):
        store.append(3, [stories[2].next("end")], claim, state="ok")
    os.rename(f"{path}-aside", f"{path}-heads")
    store.append(3, [stories[2].next("end")], claim, state="ok")
    claim.release()
    store.close()


# Heads


def test_a_slot_says_what_was_written_and_a_torn_one_nothing() -> None:
    head = Head(7, 2**40, digest("k"), bytes(range(16)))
    slot = slot_of(head)
    assert len(slot) == SIZE
    assert read(slot, 7) == head
    assert read(slot_of(head._replace(lost=True)), 7) == head._replace(lost=True)
    assert read(slot, 8) is None
    assert read(b"", 7) is None and read(bytes(SIZE), 7) is None
    other = slot_of(head._replace(n=2**40 + 1))
    for at in range(1, SIZE):
        torn = slot[:at] + other[at:]
        assert read(torn, 7) in (None, head, head._replace(n=2**40 + 1))
    for bit in range(SIZE * 8):
        changed = bytearray(slot)
        changed[bit // 8] ^= 1 << bit % 8
        assert read(bytes(changed), 7) is None


def test_heads_are_found_by_run_by_key_and_from_the_end(tmp_path: Path) -> None:
    path = str(tmp_path / "heads")
    assert run_heads.create(path) and not run_heads.create(path)
    file = Heads(path)
    assert (file.form(), file.last()) == (0, 0)
    file.begin(file_layout.FORM)
    assert (file.form(), file.last()) == (file_layout.FORM, 0)
    for run in (1, 2, 200):
        file.room_for(run)
        file.write(Head(run, run, digest(f"k{run % 2}"), bytes(16)), synced=run == 2)
    assert file.last() == 200
    assert file.of(2) == Head(2, 2, digest("k0"), bytes(16))
    assert file.of(3) is None and file.of(10_000) is None
    said = HeadsSnapshot(file.content())
    assert [head.run for head in said.with_key(digest("k0"))] == [2, 200]
    assert said.last == 200
    assert said.is_lost(3) and not said.is_lost(200)
    file.write(Head(200, 0, digest("k0"), bytes(16), lost=True), synced=False)
    assert HeadsSnapshot(file.content()).is_lost(200)
    assert not file.is_replaced()
    os.replace(path, f"{path}2")
    assert file.is_replaced()
    file.close()
    file.close()


def test_a_slot_that_can_not_be_read_is_written_again_by_the_next_commit(
    path: Path, stories: list[Story]
) -> None:
    with open(f"{path}-heads", "r+b") as file:
        file.seek(3 * SIZE + 9)
        file.write(b"\xff")
    store = SQLite.open(path)
    assert store.runs()[0] == rows(stories)[3]
    claim = store.claim(stories[2].key, ME)
    more = [stories[2].next("ok")]
    store.append(3, more, claim)
    claim.release()
    head = HeadsSnapshot(Path(f"{path}-heads").read_bytes()).of(3)
    assert head is not None and (head.n, head.sum) == (7, more[0].sum)
    store.close()


def test_who_waits_for_a_stopped_writer_is_told_after_a_while(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(run_heads, "_PATIENCE", 0.05)
    other = Heads(f"{path}-heads")
    store = SQLite.open(path)
    claim = store.claim("d", ME)
    other.lock()
    story = Story("d", 1, "late")
    with pytest.raises(JournalError, match="has been writing for a minute"):
        store.begin(story.row(), [story.next("try")], claim)
    other.unlock()
    store.begin(story.row(), [story.next("try")], claim)
    other.close()
    store.close()


def test_a_first_page_that_is_damaged_anywhere_costs_no_record(
    tmp_path: Path, stories: list[Story]
) -> None:
    """It says what the file is, which tables there are, and where they begin."""
    write(tmp_path / "runs.db", stories, steps=120)
    there = sum(len(story.records) for story in stories)
    whole = (tmp_path / "runs.db").read_bytes()
    assert len(whole) > 15 * 4096
    told = 0
    with memory_folder() as folder:
        for at in (*range(100), *range(100, 4096, 97)):
            case = folder / str(at)
            case.mkdir()
            shutil.copy(tmp_path / "runs.db-heads", case)
            changed = bytes([whole[at] ^ (1 << at % 8)])
            (case / "runs.db").write_bytes(whole[:at] + changed + whole[at + 1 :])
            seen = look(case / "runs.db", stories)
            assert not seen.silent, at
            told += bool(seen.told)
            saved = salvaged(case / "runs.db", list(map(copied, stories)))
            assert saved == (there, there), at
            shutil.rmtree(case)
    assert told > 30


def test_a_journal_whose_marks_were_changed_is_told(path: Path, stories: list[Story]) -> None:
    ask(path, "PRAGMA application_id = 7")
    with pytest.raises(JournalCorrupt, match="its first page isn't what was written"):
        SQLite.open(path)
    assert salvaged(path, stories) == (20, 20)


def test_a_journal_that_is_shorter_than_it_says_is_one_though_its_heads_are_gone(
    path: Path,
) -> None:
    """After a power cut the log may have the rest."""
    os.truncate(path, path.stat().st_size - 4096)
    os.unlink(f"{path}-heads")
    with pytest.raises(JournalCorrupt):
        SQLite.open(path)


def test_what_an_earlier_salvage_has_saved_takes_its_place(
    path: Path, stories: list[Story]
) -> None:
    """It was cut short after the log of the damaged file was removed."""
    shutil.copy(path, f"{path}-salvaged")
    ask(path, "DELETE FROM records WHERE place > (3 << 32) + 2")
    assert salvaged(path, stories) == (20, 20)
    assert not os.path.exists(f"{path}-salvaged")
