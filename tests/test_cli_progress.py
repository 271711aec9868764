"""Progress in lines: what failed for good is named, what was caught is told so, one total."""

import io
import re
import time
from collections import Counter
from datetime import UTC, datetime
from typing import Any

import pytest
from returns.result import Failure, Success
from rich.console import Console

from fwf import (
    always,
    const,
    delay,
    fail,
    fallback,
    identity,
    it,
    loop_until,
    map_each,
    named,
    par,
    pure,
    retry,
    seconds,
    task,
    timeout,
)
from fwf.cli.progress_lines import Lines
from fwf.cli.progress_live import Live
from fwf.cli.tally import MOST_NAMED, Harmless, Watched, together
from fwf.faults import Failed, Fault, leaves
from fwf.interpreters.run import Note, Ran, Try, VirtualClock, execute
from fwf.telling.event_words import reason
from tests.cli_support import events_of
from tests.telling.support import this

WORDS = "run|died|start|ok|failed|held|kept|cut|retry|caught|so far|total|done"
LINE = re.compile(rf"\d{{4}}-\d\d-\d\d \d\d:\d\d:\d\d[+-]\d\d:\d\d [0-9a-f]{{8}} ({WORDS}) +(.*)")


CONTROL = re.compile(r"\x1b\[[0-9;?]*[A-Za-z]|\r")


@task(effect="read")
def odd(i: int) -> int:
    if i % 2:
        raise ConnectionError(f"no {i}")
    return i


@task(effect="read")
async def odd_async(i: int) -> int:
    return odd.fn(i)


@task(effect="read")
def down() -> int:
    raise OSError("down")


@task(effect="read")
def fine() -> int:
    return 2


def numbers(n: int) -> Any:
    return const(list(range(n)))


def told(w: Any, **more: Any) -> tuple[Ran, list[tuple[str, str]]]:
    """How a run went, and its progress: the word of each line, and what it says."""
    lines: list[str] = []
    clock = VirtualClock()
    progress = Lines("night", clock, lines.append)
    went = execute(w, clock=Watched(clock, progress.idle), observe=progress, **more)
    progress.close()
    found = [LINE.fullmatch(line) for line in lines]
    assert all(found), lines
    first, *others = [(each[1], each[2]) for each in found if each]
    assert first[0] == "run"
    return went, others


def collected(value: Any) -> list[Fault]:
    """The faults in a result, however deep its lists are."""
    if isinstance(value, Failure):
        return leaves(value.failure())
    parts = value if isinstance(value, list | tuple) else []
    return [fault for part in parts for fault in collected(part)]


SHAPES = {
    "one": down,
    "side by side": par(down, fine, down),
    "items": numbers(10) >> map_each(odd),
    "async items": numbers(10) >> map_each(odd_async),
    "one item at a time": numbers(10) >> map_each(odd, at_once=1),
    "collected": numbers(20) >> map_each(odd, on_error="collect"),
    "collected, async": numbers(20) >> map_each(odd_async, on_error="collect") >> identity,
    "collected side by side": numbers(4) >> map_each(par(odd, odd), on_error="collect"),
    "collected without an attempt": numbers(5)
    >> map_each(fail("Empty", "no rows"), on_error="collect"),
    "collected predicates": numbers(5) >> map_each(pure(it.total), on_error="collect"),
    "collected timeouts": numbers(5)
    >> map_each(timeout(delay(seconds(9)), seconds(1)), on_error="collect"),
    "collected after retries": numbers(20)
    >> map_each(retry(odd, attempts=3, wait=seconds(1)), on_error="collect"),
    "retried": retry(down, attempts=4, wait=seconds(5)),
    "retried at once": retry(par(down, down), attempts=3),
    "retried items": numbers(20) >> map_each(retry(odd, attempts=2)),
    "maps in maps": numbers(3) >> map_each(numbers(6) >> map_each(odd, on_error="collect")),
    "maps in maps that fail": numbers(3) >> map_each(numbers(6) >> map_each(odd)),
    "rounds": const(0) >> loop_until(fallback(odd, fine) >> pure(it + 1), it > 5, limit=9),
    "fallback": fallback(down, fine),
    "fallback that fails": fallback(down, down),
    "fallback after a while": fallback(par(down, delay(seconds(3))), fine),
    "finaliser": always(fine, then=down),
    "one map after another": numbers(6)
    >> map_each(odd, on_error="collect")
    >> numbers(6)
    >> map_each(odd),
}


@pytest.mark.parametrize("workers", [None, 1, 3])
@pytest.mark.parametrize("shape", SHAPES)
def test_what_fails_for_good_is_named_with_its_reason(shape: str, workers: int | None) -> None:
    went, lines = told(named("night", SHAPES[shape]), workers=workers)
    faults = leaves(went.result.failure()) if isinstance(went.result, Failure) else []
    assert Counter(_for_good(lines)) == Counter(fault.path for fault in faults)
    for fault in faults:
        assert any(_says(said, fault) for word, said in lines if word == "failed")


def _for_good(lines: list[tuple[str, str]]) -> list[str]:
    """The paths of failures that nothing answered: in their own line, or in a later one."""
    found: list[str] = []
    for word, said in lines:
        place = said.partition("  ")[0]
        if word in ("caught", "retry"):
            found = [path for path in found if not path.startswith(place)]
        elif word == "failed" and ", caught: " not in said and ", will retry in " not in said:
            found.append(place)
    return found


def _says(said: str, fault: Fault) -> bool:
    return said.startswith(f"{fault.path}  ") and said.endswith(reason(fault))


@pytest.mark.parametrize("shape", [each for each in SHAPES if "collected" in each or "map" in each])
def test_what_a_map_collects_is_named_as_caught(shape: str) -> None:
    went, lines = told(SHAPES[shape])
    for fault in collected(went.result.unwrap()) if isinstance(went.result, Success) else []:
        assert any(
            _says(said, fault) and (word == "caught" or ", caught: " in said)
            for word, said in lines
        ), fault


@pytest.mark.parametrize("workers", [None, 1, 3])
@pytest.mark.parametrize("shape", SHAPES)
def test_a_total_comes_once_and_last(shape: str, workers: int | None) -> None:
    _, lines = told(SHAPES[shape], workers=workers)
    words = [word for word, _ in lines]
    totals = [said.partition("  ")[0] for word, said in lines if word == "total"]
    assert len(totals) == len(set(totals))
    assert words[len(words) - len(totals) - 1 :] == ["total"] * len(totals) + ["done"]
    many = {together(said.partition("  ")[0]) for word, said in lines if word == "start"}
    assert set(totals) == {name for name in many if "[*]" in name}


def test_a_failure_that_a_fallback_takes_up_is_told_so() -> None:
    _, lines = told(fallback(down, fine))
    assert [(word, re.sub(r"\b\d+ (s|ms|µs)\b", "0 s", said)) for word, said in lines] == [
        ("start", "down"),
        ("failed", "down  0 s, caught: OSError: down"),
        ("start", "fallback > fine"),
        ("ok", "fallback > fine  0 s"),
        ("done", "night  in 0 s: 1 ok, 1 failed, 1 caught"),
    ]


def test_a_fault_that_is_no_attempt_of_a_task_is_told_where_it_is_caught() -> None:
    _, lines = told(fallback(timeout(delay(seconds(9)), seconds(2)), fine))
    assert ("caught", "delay  Timeout: not done within 2 s") in lines


def test_each_of_many_final_failures_is_named() -> None:
    _, lines = told(numbers(2_000) >> map_each(odd, on_error="collect"))
    failed = [said for word, said in lines if word == "failed"]
    assert len(failed) == 1_000
    assert failed[-1].endswith("caught: ConnectionError: no 1999")


def test_of_attempts_that_are_tried_again_a_few_are_told_singly() -> None:
    w = numbers(2 * MOST_NAMED) >> map_each(retry(odd, attempts=3), on_error="collect")
    _, lines = told(w)
    failed = [said for word, said in lines if word == "failed"]
    assert sum(", caught: " in said for said in failed) == MOST_NAMED  # each second one
    assert sum(", will retry in 0 s: " in said for said in failed) == 3


# On a terminal


def left_behind(w: Any, **more: Any) -> list[str]:
    """What the picture of a run leaves on a terminal when the run is over."""
    screen = io.StringIO()
    console = Console(file=screen, force_terminal=True, width=60, height=10, color_system=None)
    clock = VirtualClock()
    progress = Live("night\x1b[2J", clock, console, tasks_print_there=False)
    execute(w, clock=clock, observe=progress, **more)
    screen.seek(0)
    screen.truncate()
    progress.close()
    shown = re.sub(r"\x1b\[[0-9;?]*[A-Za-z]|\r", "", screen.getvalue()).splitlines()
    return shown[max(at for at, line in enumerate(shown) if " ok" in line) :]


def test_a_picture_leaves_a_summary_and_what_was_caught() -> None:
    summary, *failures = [
        line for line in left_behind(numbers(20) >> map_each(odd, on_error="collect")) if line
    ]
    assert re.fullmatch(r"night\\x1b\[2J  0 s: 10 ok, 10 failed, 10 caught", summary)
    assert failures == [
        f"  caught map_each[{i}] > odd: ConnectionError: no {i}" for i in range(1, 20, 2)
    ]


def test_a_picture_leaves_the_failures_that_the_outcome_does_not_tell() -> None:
    _, *lost = left_behind(timeout(par(down, delay(seconds(9))), seconds(2)))
    assert lost == ["  failed par > down: OSError: down"]
    _, *told_after = left_behind(par(down, fine, down))
    assert told_after == []


def test_a_picture_names_so_many_and_counts_the_others() -> None:
    _, *lines = left_behind(numbers(2 * MOST_NAMED + 8) >> map_each(odd, on_error="collect"))
    assert len(lines) == MOST_NAMED + 1
    assert lines[-1].startswith("  … and 4 more: ")


# Tries that go on


def lines_of(this: Try, notes: list[Note], fault: Fault | None = None) -> list[str]:
    """What lines tell of a try: without date, time, zone and the run's id."""
    lines: list[str] = []
    progress = Lines("night", VirtualClock(), lines.append)
    progress.began(this)
    for note in notes:
        progress.note(note)
    progress.ended(this, Success(None) if fault is None else Failure(fault))
    return events_of("\n".join(lines))


def test_the_first_line_says_which_run_and_try_with_what_parameters_and_what_died() -> None:
    params = {"day": "2026-06-01", "odd": "a\n\x1b[2J"}
    again = this(number=3, generation=2, params=params, died="try 2 ended without a word at 03:10")
    assert lines_of(again, [])[:2] == [
        "died   night  try 2 ended without a word at 03:10",
        r"run    night  day=2026-06-01 odd=a \x1b[2J, as "
        f"{again.id}, generation 2, goes on, try 3",
    ]
    assert lines_of(this(), [])[0] == f"run    night  as {this().id}"


def test_what_was_kept_is_one_count() -> None:
    kept = [Note("kept", f"map_each[{i}] > load", "load", (), 0, i, 1) for i in range(36)]
    start = Note("start", "map_each[36] > load", "load", (), 0)
    ok = Note("ok", "map_each[36] > load", "load", (), 1_000_000, 36)
    notes = [*kept[:30], Note("kept", "orders", "orders", (), 0, [], 2), start, *kept[30:], ok]
    assert lines_of(this(number=2), notes)[1:] == [
        "kept   night  31 steps kept from earlier tries",
        "start  map_each[*] > load",
        "total  map_each[*] > load  1 ok, 36 kept, 1 s",
        "done   night  in 0 s: 1 ok, 37 kept",
    ]


def test_what_waits_for_a_person_is_told_with_its_remedy_and_once() -> None:
    doubt = Failed(
        "pay", ("InDoubt",), "it may have been done: fwf resolve 7c3a09e1 pay …" + "x" * 500
    )
    said = lines_of(this(number=2), [Note("held", "pay", "pay", (), 0, doubt)], doubt)
    assert said[1:] == [
        "held   pay  InDoubt: it may have been done: fwf resolve 7c3a09e1 pay …" + "x" * 500,
        "done   night  held in 0 s: 0 ok, 1 held",
    ]


def test_times_are_those_of_the_runs_clock_in_the_local_zone(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("TZ", "Europe/Berlin")
    time.tzset()
    lines: list[str] = []
    progress = Lines("night", VirtualClock(), lines.append)
    started = datetime(2026, 10, 25, 0, 59, 59, tzinfo=UTC)  # 02:59:59, a second before 02:00
    progress.began(this(started=started, start=1_000_000))
    progress.note(Note("start", "load", "load", (), 2_000_000))
    monkeypatch.undo()
    time.tzset()
    assert [line[:25] for line in lines] == [
        "2026-10-25 02:59:59+02:00", "2026-10-25 02:00:00+01:00",
    ]  # fmt: skip


def test_a_picture_says_which_try_it_is_and_what_died() -> None:
    screen = io.StringIO()
    console = Console(file=screen, force_terminal=True, width=100, height=10, color_system=None)
    picture = Live("night", VirtualClock(), console, tasks_print_there=False)
    picture.began(this(number=2, died="03:10, in load"))
    picture.close()
    shown = CONTROL.sub("", screen.getvalue())
    assert f"night  {this().id[-8:]}, goes on, try 2" in shown
    assert "died 03:10, in load" in shown


# Observers that fail


@pytest.mark.parametrize("again", [False, True])
def test_what_can_t_be_shown_is_told_once_and_a_file_is_tried_again(again: bool) -> None:
    called: list[str] = []
    said: list[str] = []

    class Broken:
        def began(self, this: Try, /) -> None:
            called.append("began")

        def note(self, note: Note, /) -> None:
            called.append("note")
            raise OSError("no\nroom")

        def ended(self, this: Try, result: Any, /) -> None:
            called.append("ended")

        def close(self) -> None:
            called.append("closed")

    observer = Harmless(Broken(), said.append, "it can't be shown", again=again)
    observer.began(this())
    for _ in range(2):
        observer.note(Note("start", "a", "a", (), 0))
    observer.ended(this(), Success(1))
    observer.close()
    assert said == ["it can't be shown: OSError: no room; the run goes on"]
    more = ["note", "ended"] if again else []
    assert called == ["began", "note", *more, "closed"]
