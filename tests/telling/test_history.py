"""`--history`: a line of JSON for each event, when it happens, that fits the published schema."""

import errno
import json
import os
import re
from pathlib import Path
from typing import Any, NamedTuple

import pytest
from jsonschema import Draft202012Validator
from returns.result import Failure, Success

from fwf import (
    Secret,
    always,
    const,
    fail,
    fallback,
    it,
    map_each,
    milliseconds,
    named,
    par,
    pure,
    retry,
    seconds,
    task,
    timeout,
)
from fwf.faults import Failed, Interrupted
from fwf.faults.fault_form import fault_from_json
from fwf.interpreters.run import Note, run, several
from fwf.telling.history import MOST_FAULTS, History, schema
from tests.failing_tasks import KINDS, fine, naps
from tests.telling.support import this

VALID = Draft202012Validator(
    json.loads(schema()), format_checker=Draft202012Validator.FORMAT_CHECKER
)


def lines(file: Path) -> list[dict[str, Any]]:
    """What a file holds; every line of it is as the schema says."""
    text = file.read_text(encoding="ascii")
    assert text == "" or text.endswith("\n")
    found: list[dict[str, Any]] = [json.loads(line) for line in text.splitlines()]
    for line in found:
        VALID.validate(line)
    return found


def told(tmp_path: Path, w: Any, **more: Any) -> list[dict[str, Any]]:
    history = History(str(tmp_path / "runs.jsonl"))
    run(w, observe=history, **more)
    history.close()
    return lines(tmp_path / "runs.jsonl")


SHAPES = {
    "alone": lambda t: const(1) >> t,
    "side by side": lambda t: const(1) >> par(t, fine),
    "collected": lambda t: const([1, 2]) >> map_each(t, on_error="collect"),
    "retried": lambda t: const(1) >> retry(t, attempts=2, wait=milliseconds(1)),
    "fallback": lambda t: const(1) >> fallback(t, fine),
    "finaliser": lambda t: const(1) >> always(t, then=t),
    "timeout": lambda t: const(1) >> par(timeout(naps, milliseconds(20)), t),
    "fail fast": lambda t: const(1) >> par(t, naps, fail_fast=True),
    "other faults": lambda t: const(1) >> par(pure(it.missing), fail("Empty", "no rows"), t),
}


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("shape", SHAPES)
def test_every_line_fits_the_schema_and_failures_have_reason_and_traceback(
    tmp_path: Path, shape: str, kind: str
) -> None:
    found = told(tmp_path, named("night", SHAPES[shape](KINDS[kind])))
    assert [found[0]["event"], found[-1]["event"]] == ["began", "ended"]
    assert len({(line["run"], line["try"]) for line in found}) == 1
    starts = [line for line in found if line["event"] == "start"]
    ends = [line for line in found if line["event"] in ("ok", "failed", "cut")]
    attempts = [sorted((e["path"], e["tries"]) for e in each) for each in (starts, ends)]
    assert attempts[0] == attempts[1]
    failed = [line for line in found if line["event"] == "failed"]
    assert failed
    for line in failed:
        assert re.fullmatch(r"ConnectionError: no route to \d ü \\x1b\[2J", line["reason"])
        assert "raise ConnectionError" in line["fault"]["leaves"][0]["traceback"]
        assert isinstance(fault_from_json(line["fault"]), Failed)


def test_what_is_given_is_left_out_but_for_the_count_of_its_rows(tmp_path: Path) -> None:
    import pyarrow as pa

    @task(effect="read", config={})
    def table() -> object:
        return pa.table({"x": [1, 2, 3]})

    @task(effect="read", config={})
    def listed(x: object) -> object:
        return ["secret", "rows"]

    @task(effect="read", config={})
    def counted(x: object) -> int:
        return 7

    found = told(tmp_path, table >> listed >> counted)
    assert [line["rows"] for line in found if line["event"] == "ok"] == [3, 2, None]
    assert "secret" not in (tmp_path / "runs.jsonl").read_text()


class Odd:
    @property
    def num_rows(self) -> int:
        raise RuntimeError("closed")


class Point(NamedTuple):
    x: int


class Frame:
    columns, shape = ("a",), (4, 1)

    def __len__(self) -> int:
        return 4


@pytest.mark.parametrize(
    ("value", "count"),
    [([], 0), ((1, 2), 2), ({1}, 1), (Point(1), None), ("text", None), ({"a": 1}, None),
     (Odd(), None), (Frame(), 4), (None, None), (True, None)],
)  # fmt: skip
def test_rows_are_counted_where_a_value_tells_them(
    tmp_path: Path, value: object, count: int | None
) -> None:
    history = History(str(tmp_path / "h"))
    history.began(this())
    history.note(Note("kept", "a", "a", (), 5, value, 1))
    assert lines(tmp_path / "h")[-1]["rows"] == count


def test_the_first_line_says_which_try_with_what_and_of_one_that_died(tmp_path: Path) -> None:
    history = History(str(tmp_path / "h"))
    params = {"day": "2026-06-01", "name": "ü\x1b\ud800"}
    history.began(this(number=3, params=params, died="03:10, in load[7], attempt 2"))
    history.note(Note("kept", "night > load", "load", (), 5, [1], 2))
    history.note(
        Note("held", "night > pay", "pay", (), 6, Failed("night > pay", ("InDoubt",), "?"))
    )
    history.ended(this(), Failure(Failed("night > pay", ("InDoubt",), "?")))
    began, kept, held, ended = lines(tmp_path / "h")
    assert (began["try"], began["params"], began["died"]) == (
        3, params, "03:10, in load[7], attempt 2",
    )  # fmt: skip
    assert began["at"].endswith("+02:00") or "T" in began["at"]
    assert (kept["from_try"], kept["rows"]) == (2, 1)
    assert held["reason"] == "InDoubt: ?"
    assert ended["outcome"] == "held"


def test_a_run_that_was_stopped_says_so(tmp_path: Path) -> None:
    history = History(str(tmp_path / "h"))
    history.began(this())
    history.ended(this(), Failure(Interrupted(by="SIGTERM")))
    ended = lines(tmp_path / "h")[-1]
    assert (ended["outcome"], ended["reason"]) == ("interrupted", "Interrupted: stopped by SIGTERM")


def test_many_faults_are_counted_at_the_end(tmp_path: Path) -> None:
    found = told(tmp_path, const(list(range(MOST_FAULTS + 1))) >> map_each(KINDS["def"]))
    assert (found[-1]["faults"], found[-1]["fault"]) == (MOST_FAULTS + 1, None)
    assert sum(line["event"] == "failed" for line in found) == MOST_FAULTS + 1


def test_secrets_are_masked(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FWF_TEST_TOKEN", "hunter2ü")
    token = Secret.env("FWF_TEST_TOKEN")

    @task(effect="read", config={})
    def leaks(*, token: Secret, note: str) -> None:
        raise ConnectionError(f"token={token.reveal()}")

    given = {"resources": {"token": token}, "params": {"note": token.reveal()}}
    found = told(tmp_path, leaks, **given)
    text = (tmp_path / "runs.jsonl").read_text()
    assert "hunter2" not in text
    assert found[0]["params"]["note"] == repr(token)


# The file


def test_it_goes_on_in_a_file_that_is_there_and_below_a_torn_line(tmp_path: Path) -> None:
    file = tmp_path / "h"
    file.write_text('{"event":"sta')
    history = History(str(file))
    history.began(this())
    history.close()
    torn, began = file.read_text().splitlines()
    assert torn == '{"event":"sta'
    assert json.loads(began)["event"] == "began"


def test_runs_beside_each_other_do_not_mix(tmp_path: Path) -> None:
    each = [History(str(tmp_path / "h")) for _ in range(3)]
    for number, history in enumerate(each, 1):
        history.began(this(number=number))
    for at in range(200):
        for history in each:
            history.note(Note("ok", "ü" * 3_000, "a", (), at, None))
    found = lines(tmp_path / "h")
    assert [line["try"] for line in found] == [1, 2, 3] * 201


@pytest.mark.parametrize("away", ["moved", "deleted"])
def test_a_file_that_is_moved_or_deleted_is_begun_anew(tmp_path: Path, away: str) -> None:
    file = tmp_path / "h"
    history = History(str(file))
    history.began(this())
    if away == "moved":
        file.rename(tmp_path / "h.1")
    else:
        file.unlink()
    history.note(Note("start", "a", "a", (), 1))
    assert [line["event"] for line in lines(file)] == ["start"]
    if away == "moved":
        assert [line["event"] for line in lines(tmp_path / "h.1")] == ["began"]


def test_it_stays_where_it_was_when_a_task_changes_the_folder(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    history = History("h")
    history.began(this())
    (tmp_path / "elsewhere").mkdir()
    monkeypatch.chdir(tmp_path / "elsewhere")
    history.note(Note("start", "a", "a", (), 1))
    assert len(lines(tmp_path / "h")) == 2


def test_a_full_disk_is_an_error_each_time_and_what_follows_is_whole_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = tmp_path / "h"
    history = History(str(file))
    history.began(this())
    write, room = os.write, [10]

    def full(to: int, data: Any) -> int:
        if not room[0]:
            raise OSError(errno.ENOSPC, "no space left on device")
        taken, room[0] = room[0], 0
        return write(to, bytes(data)[:taken])

    monkeypatch.setattr(os, "write", full)
    for _ in range(2):
        with pytest.raises(OSError, match="no space"):
            history.note(Note("start", "a", "a", (), 1))
    monkeypatch.undo()
    history.note(Note("ok", "a", "a", (), 2))
    history.ended(this(), Success(1))
    texts = file.read_text().splitlines()
    assert [texts[1], len(texts)] == ['{"event":"', 4]
    assert [json.loads(text)["event"] for text in (texts[0], *texts[2:])] == [
        "began",
        "ok",
        "ended",
    ]


def test_a_run_on_a_full_disk_goes_on_and_that_is_told_once() -> None:
    history = History("/dev/full")
    w = const(1) >> fine
    with pytest.warns(RuntimeWarning, match="History raised OSError") as warned:
        assert run(w, observe=several(history)) == Success(1)
    assert len(warned) == 1


def test_a_pipe_that_nobody_reads_keeps_nobody(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    with pytest.raises(OSError, match="No such device"):
        History(str(tmp_path / "pipe"))


@pytest.mark.deep
def test_a_hundred_thousand_events_are_all_there(tmp_path: Path) -> None:
    history = History(str(tmp_path / "h"))
    history.began(this())
    for at in range(50_000):
        history.note(Note("start", f"map_each[{at}] > load", "load", (1,), at))
        history.note(Note("ok", f"map_each[{at}] > load", "load", (1,), at + 7, [at]))
    history.ended(this(), Success(1))
    with open(tmp_path / "h") as file:
        found = [json.loads(line) for line in file]
    assert len(found) == 100_002
    assert {line["seconds"] for line in found if line["event"] == "ok"} == {7e-6}


def test_the_schema_refuses_what_no_line_may_be() -> None:
    began = {"event": "began", "at": "2026-06-01T00:00:00+00:00", "run": "r", "try": 1,
             "workflow": "", "key": None, "generation": 1, "params": {}, "died": None}  # fmt: skip
    VALID.validate(began)
    wrong: list[dict[str, Any]] = [
        {**began, "try": 0}, {**began, "more": 1}, {**began, "event": "begun"},
        {**began, "at": "yesterday"}, {**began, "params": {"day": 1}},
        {**began, "event": "ended"}, {"event": "ended", "at": began["at"], "run": "r", "try": 1,
                                      "outcome": "failed"},
    ]  # fmt: skip
    for each in wrong:
        assert not VALID.is_valid(each), each


def test_waits_are_told_with_the_time_of_the_next_attempt(tmp_path: Path) -> None:
    history = History(str(tmp_path / "h"))
    history.began(this())
    fault = Failed("a", ("OSError",), "no")
    history.note(Note("retry", "a", "", (2,), seconds(60) // milliseconds(1) * 1_000, fault))
    (retried,) = [line for line in lines(tmp_path / "h") if line["event"] == "retry"]
    assert retried["until"] == this().when(60_000_000).isoformat(timespec="microseconds")
