"""Runs as records of `logging`: what happens, and what the code of tasks logs itself."""

import asyncio
import logging
import os
import re
import threading
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from returns.result import Failure, Success

from fwf import Secret, const, fallback, map_each, named, par, retry, seconds, task, timeout
from fwf.faults import Failed
from fwf.interpreters.run import Note, run
from fwf.telling.event_words import reason
from fwf.telling.log_records import Located, LogFile, Logs
from tests.failing_tasks import KINDS, fine
from tests.telling.support import this

LINE = re.compile(
    r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d\.\d{3}[+-]\d\d:\d\d [A-Z]+ ([0-9a-f]{8}|-) .*  [\w.]+: .*"
)


class Memory(logging.Handler):
    """Keeps records, each with where it is from."""

    def __init__(self) -> None:
        super().__init__()
        self.records: list[Any] = []
        self.addFilter(Located())

    def emit(self, record: logging.LogRecord) -> None:
        self.records.append(record)

    def said(self, logger: str) -> list[tuple[str, str, str]]:
        return [
            (each.levelname, each.path, re.sub(r"[\d.]+ (s|ms|µs)\b", "0 s", each.getMessage()))
            for each in self.records
            if each.name == logger
        ]


@pytest.fixture
def memory() -> Generator[Memory]:
    root, handler = logging.getLogger(), Memory()
    before = root.level
    root.addHandler(handler)
    root.setLevel(logging.DEBUG)
    yield handler
    root.setLevel(before)
    root.removeHandler(handler)


# What happens


@pytest.mark.parametrize("kind", KINDS)
def test_each_event_is_a_record_of_its_level(memory: Memory, kind: str) -> None:
    t = KINDS[kind]
    run(named("night", const(1) >> fallback(retry(t, attempts=2), fine)), observe=Logs())
    said = [
        (level, path.removeprefix("night > "), text)
        for level, path, text in memory.said("fwf.run")
        if path
    ]
    why = "ConnectionError: no route to 1 ü \\x1b[2J"
    place = f"fallback > {t.name}" if ("fallback > " in said[0][1]) else t.name
    assert [(level, path) for level, path, _ in said] == [
        ("DEBUG", place), ("ERROR", place), ("WARNING", place), ("DEBUG", place), ("ERROR", place),
        ("WARNING", said[5][1]), ("DEBUG", said[6][1]), ("INFO", said[6][1]),
    ]  # fmt: skip
    assert [said[at][2] for at in (0, 1, 5, 7)] == [
        "start", f"failed  0 s: {why}", f"caught: {why}", "ok  0 s",
    ]  # fmt: skip
    (ids,) = {each.run_id for each in memory.records if each.name == "fwf.run"}
    assert ids
    assert {each.tries for each in memory.records if each.getMessage() == "start"} == {
        (1,), (2,), (),
    }  # fmt: skip


def test_beginning_and_end_are_told_and_what_died(memory: Memory) -> None:
    logs = Logs()
    logs.began(this(number=2, params={"day": "2026-06-01"}, died="03:10, in load"))
    logs.note(Note("kept", "a", "a", (), 1, None, 1))
    doubt = Failed("pay", ("InDoubt",), "settle it: fwf resolve 7c3a09e1 pay " + "x" * 500)
    logs.note(Note("held", "pay", "pay", (), 1, doubt))
    logs.ended(this(), Failure(doubt))
    assert memory.said("fwf.run") == [
        ("WARNING", "", "the try before: 03:10, in load"),
        ("INFO", "", f"run {this().id} of night day=2026-06-01, goes on, try 2"),
        ("DEBUG", "a", "kept from try 1"),
        ("CRITICAL", "pay", "held: InDoubt: settle it: fwf resolve 7c3a09e1 pay " + "x" * 500),
        ("ERROR", "", f"the run failed: {reason(doubt)}"),
    ]


def test_what_no_level_asks_for_costs_no_words(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("fwf.telling.log_records._message", pytest.fail)
    logging.getLogger("fwf.run").setLevel(logging.CRITICAL)
    try:
        assert run(const(1) >> fine, observe=Logs()) == Success(1)
    finally:
        logging.getLogger("fwf.run").setLevel(logging.NOTSET)


# What tasks log


def shout(word: str) -> None:
    logging.getLogger("shop").warning(word)


@task(effect="read")
def here(x: int) -> int:
    shout("here")
    return x


@task(effect="read")
async def awaited(x: int) -> int:
    await asyncio.sleep(0)
    shout("awaited")
    return x


@contextmanager
def shop() -> Generator[Any]:
    shout("opened")
    yield shop
    shout("closed")


class Shop: ...


@task(effect="read")
def opens(x: int, *, shop: Shop) -> int:
    shout("opens")
    return x


@task(effect="read")
def threads(x: int) -> int:
    thread = threading.Thread(target=shout, args=["aside"])
    thread.start()
    thread.join()
    return x


def test_records_of_tasks_of_any_kind_have_run_and_path(memory: Memory) -> None:
    items = map_each(here)
    w = named("night", par(here, named("soon", timeout(here, seconds(60)) >> awaited), opens))
    run(const([1]) >> items, observe=Logs())
    run(const(1) >> w, resources={"shop": shop}, observe=Logs())
    said = sorted((path, text) for _, path, text in memory.said("shop"))
    assert said == [
        ("map_each[0] > here", "here"), ("night > here", "here"), ("night > opens", "closed"),
        ("night > opens", "opened"), ("night > opens", "opens"),
        ("night > soon > awaited", "awaited"), ("night > soon > here", "here"),
    ]  # fmt: skip
    mine = {each.run_id for each in memory.records if each.name == "shop"}
    assert mine == {each.run_id for each in memory.records if each.name == "fwf.run"} != {""}


def test_a_thread_of_a_tasks_own_and_runs_that_are_not_watched_have_none(memory: Memory) -> None:
    run(const(1) >> threads, observe=Logs())
    run(const(1) >> here)
    assert [(each.run_id, each.path) for each in memory.records if each.name == "shop"] == [
        ("", ""), ("", ""),
    ]  # fmt: skip


# A file of them


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "run.log"


@contextmanager
def logging_to(file: Path | str, level: int = logging.INFO) -> Generator[list[str]]:
    complaints: list[str] = []
    handler = LogFile(str(file), complaints.append, level)
    root = logging.getLogger()
    before = root.level
    root.addHandler(handler)
    root.setLevel(level)
    try:
        yield complaints
    finally:
        root.setLevel(before)
        root.removeHandler(handler)
        handler.close()


def test_a_line_has_date_zone_level_run_and_path(file: Path) -> None:
    with logging_to(file):
        run(named("night", const(1) >> here), observe=Logs())
    lines = file.read_text().splitlines()
    assert all(map(LINE.fullmatch, lines)), lines
    assert re.search(r" WARNING [0-9a-f]{8} night > here  shop: here$", lines[1])


def test_what_is_logged_is_there_at_once(file: Path) -> None:
    with logging_to(file):
        shout("now")
        assert file.read_text().endswith("  shop: now\n")


def test_a_record_cannot_pass_for_another(file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    # Pytest would keep what is logged, and can't send it from its worker: it is no UTF-8.
    monkeypatch.setattr(logging.getLogger(), "handlers", [])
    forged = (
        "x\n2026-06-01 00:00:00.000+00:00 INFO 7c3a09e1 -  fwf.run: the run is done\x1b[2J\u202e"
    )
    with logging_to(file):
        shout(forged)
        try:
            raise ValueError("ü\ud800")
        except ValueError:
            logging.getLogger("shop").exception("odd")
    first, second, third, *trace = file.read_text().splitlines()
    assert first.endswith("  shop: x")
    assert second.startswith("    2026-") and second.endswith(r"\x1b[2J\u202e")
    assert third.endswith("  shop: odd")
    assert trace[0] == "    Traceback (most recent call last):"
    assert trace[-1] == r"    ValueError: ü\ud800"


def test_secrets_are_masked(file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FWF_TEST_TOKEN", "hunter2\nsecond")
    token = Secret.env("FWF_TEST_TOKEN").reveal()
    with logging_to(file):
        shout(f"token {token}")
    assert "hunter2" not in file.read_text()
    assert "second" not in file.read_text()


def test_a_record_whose_arguments_do_not_fit_is_written_all_the_same(file: Path) -> None:
    handler = LogFile(str(file), pytest.fail, logging.INFO)
    handler.handle(logging.LogRecord("shop", logging.INFO, "", 1, "%d items", ("many",), None))
    handler.close()
    assert "  shop: '%d items' with ('many',) (TypeError: " in file.read_text()


def test_levels_below_are_left_out(file: Path) -> None:
    with logging_to(file, logging.ERROR):
        shout("no")
        logging.getLogger("shop").error("yes")
    assert [line.rpartition(": ")[2] for line in file.read_text().splitlines()] == ["yes"]


@pytest.mark.parametrize("away", ["moved", "deleted"])
def test_a_file_that_is_moved_or_deleted_is_begun_anew(file: Path, away: str) -> None:
    with logging_to(file):
        shout("one")
        if away == "moved":
            file.rename(file.with_suffix(".1"))
        else:
            file.unlink()
        shout("two")
    assert [line.rpartition(": ")[2] for line in file.read_text().splitlines()] == ["two"]


def test_a_full_disk_is_told_once_and_stops_nothing() -> None:
    with logging_to("/dev/full") as complaints:
        assert run(const(1) >> here, observe=Logs()) == Success(1)
    assert complaints == [
        "the log can't be written: [Errno 28] No space left on device; the run goes on"
    ]


def test_threads_do_not_mix_their_lines(file: Path) -> None:
    word = "w" * 5_000
    with logging_to(file):
        each = [
            threading.Thread(target=lambda: [shout(word) for _ in range(100)]) for _ in range(4)
        ]
        for thread in each:
            thread.start()
        for thread in each:
            thread.join()
    lines = file.read_text().splitlines()
    assert len(lines) == 400 and all(line.endswith(f"  shop: {word}") for line in lines)


def test_it_is_one_write_a_record(file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    writes: list[bytes] = []
    write = os.write
    with logging_to(file):
        monkeypatch.setattr(
            os, "write", lambda to, data: writes.append(bytes(data)) or write(to, data)
        )
        shout("two\nlines")
        monkeypatch.undo()
    assert len(writes) == 1
