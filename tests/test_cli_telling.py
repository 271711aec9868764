"""`fwf run --log-file --log-level --history`: real processes, signals, full disks, kills."""

import json
import logging
import os
import re
import signal
import subprocess
import time
from pathlib import Path
from typing import Any

import pytest

from tests.cli_support import command, environment, events_of, fwf

SOURCE = """
import logging, os, signal, time
from fwf import always, const, it, map_each, named, par, retry, seconds, task

log = logging.getLogger("shop")

@task(effect="read")
def orders(*, day: str) -> list[int]:
    log.info("reads %s", day)
    return [1, 2, 3]

@task(effect="read")
def item(i: int) -> int:
    log.debug("item %d", i)
    if i == 2:
        raise ConnectionError("no route")
    return i

workflow = named("daily", orders >> map_each(item, on_error="collect"))

@task(effect="read")
def naps() -> None:
    print("napping", flush=True)
    time.sleep(60)

@task(effect="read")
def tidies() -> None:
    log.warning("tidied")

stops = named("stops", always(naps, then=tidies))

@task(effect="read")
def dies() -> None:
    os.kill(os.getpid(), signal.SIGKILL)

killed = named("killed", dies)

@task(effect="read")
def named_item(key: str) -> str:
    raise ConnectionError(key)

odd = named("größe", const(["a\\x1b[2J\\u202eb\\n\\ud800"]) >> map_each(named_item, key=it))
"""
DAY = ["--param", "day=2026-06-01"]


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("FWF_JOURNAL", "off")  # each run starts anew
    (tmp_path / "job.py").write_text(SOURCE, encoding="utf-8")
    return tmp_path


def history(folder: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in (folder / "h.jsonl").read_text().splitlines()]


def test_a_run_is_told_on_stderr_in_the_log_and_in_the_history(folder: Path) -> None:
    done = fwf("run", "job", *DAY, "--log-file", "run.log", "--history", "h.jsonl", cwd=folder)
    assert done.status == 0
    run = history(folder)[0]["run"]
    log = (folder / "run.log").read_text()
    assert {line.split()[3] for line in log.splitlines()} == {run[-8:]}
    assert f"run    daily  day=2026-06-01, as {run}" in events_of(done.err)
    assert "daily > orders  shop: reads 2026-06-01" in log
    assert "item 1" not in log and " start" not in log
    assert re.search(
        r" ERROR \w{8} daily > map_each\[1\] > item  fwf.run: failed  [\d.]+ \w+: "
        "ConnectionError: no route\n",
        log,
    )
    assert [line["event"] for line in history(folder)][-1] == "ended"
    assert "ended" in done.err or "done" in done.err


def test_the_level_says_what_goes_to_the_log(folder: Path) -> None:
    fwf("run", "job", *DAY, "--log-file", "all", "--log-level", "debug", cwd=folder)
    fwf("run", "job", *DAY, "--log-file", "few", "--log-level", "ERROR", cwd=folder)
    assert "shop: item 1" in (folder / "all").read_text()
    few = (folder / "few").read_text().splitlines()
    assert len(few) == 1 and "no route" in few[0]


def test_runs_append_to_what_is_there(folder: Path) -> None:
    for _ in range(2):
        fwf("run", "job", *DAY, "--log-file", "run.log", "--history", "h.jsonl", cwd=folder)
    assert [line["event"] for line in history(folder)].count("began") == 2
    assert (folder / "run.log").read_text().count("the run is done") == 2


@pytest.mark.parametrize("option", ["--log-file", "--history"])
@pytest.mark.parametrize(
    ("place", "why"),
    [
        ("nowhere/x", "no such file or directory"),
        (".", "is a directory"),
        ("-", "it must be a file's name; one called - is ./-"),
        ("", "it must be a file's name"),
    ],
)
def test_what_can_t_be_written_is_one_error_before_anything_runs(
    folder: Path, option: str, place: str, why: str
) -> None:
    done = fwf("run", "job", *DAY, option, place, cwd=folder)
    assert (done.status, done.out) == (2, "")
    (line,) = done.err.splitlines()
    assert option in line and why in line


@pytest.mark.parametrize("option", ["--log-file", "--history"])
def test_a_full_disk_is_told_once_and_the_run_goes_on(folder: Path, option: str) -> None:
    done = fwf("run", "job", *DAY, option, "/dev/full", cwd=folder)
    assert done.status == 0
    said = [line for line in done.err.splitlines() if "can't be written" in line]
    assert len(said) == 1 and "o space left on device" in said[0]
    assert said[0].endswith("; the run goes on")


def test_sigterm_is_told_to_the_end(folder: Path) -> None:
    words = ["run", "job:stops", "--log-file", "run.log", "--history", "h.jsonl"]
    process = subprocess.Popen(
        command(*words), cwd=folder, env=environment(), stdout=subprocess.PIPE,
        stderr=subprocess.PIPE, text=True,
    )  # fmt: skip
    assert process.stdout is not None
    assert process.stdout.readline() == "napping\n"
    process.send_signal(signal.SIGTERM)
    _, err = process.communicate(timeout=60)
    assert process.returncode == 143
    events = [(line["event"], line.get("path")) for line in history(folder)]
    assert events == [
        ("began", None), ("start", "stops > naps"), ("cut", "stops > naps"),
        ("start", "stops > always > tidies"), ("ok", "stops > always > tidies"), ("ended", None),
    ]  # fmt: skip
    assert history(folder)[-1]["outcome"] == "interrupted"
    log = (folder / "run.log").read_text()
    assert "stops > always > tidies  shop: tidied" in log
    assert "the run failed: Interrupted: stopped by SIGTERM" in log
    assert events_of(err)[-2] == "failed stops  Interrupted: stopped by SIGTERM"
    assert events_of(err)[-1].startswith("done   stops  stopped in ")


def test_a_killed_run_just_ends_and_the_next_goes_on_below(folder: Path) -> None:
    words = ["--log-file", "run.log", "--history", "h.jsonl"]
    assert fwf("run", "job:killed", *words, cwd=folder).status == -signal.SIGKILL
    assert [line["event"] for line in history(folder)] == ["began", "start"]
    assert fwf("run", "job", *DAY, *words, cwd=folder).status == 0
    assert [line["event"] for line in history(folder)][:3] == ["began", "start", "began"]


def test_a_log_that_is_rotated_while_a_run_goes_on_is_begun_anew(folder: Path) -> None:
    words = ["run", "job:stops", "--log-file", "run.log", "--log-level", "debug"]
    process = subprocess.Popen(
        command(*words), cwd=folder, env=environment(), stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL, text=True,
    )  # fmt: skip
    assert process.stdout is not None
    assert process.stdout.readline() == "napping\n"
    os.rename(folder / "run.log", folder / "run.log.1")
    process.send_signal(signal.SIGINT)
    process.communicate(timeout=60)
    assert "stops > naps  fwf.run: start" in (folder / "run.log.1").read_text()
    assert "tidied" in (folder / "run.log").read_text()


def test_names_are_escaped_wherever_they_are_told(folder: Path) -> None:
    words = ["--log-file", "run.log", "--history", "h.jsonl"]
    done = fwf("run", "job:odd", *words, cwd=folder)
    assert done.status == 1
    everything = done.err + (folder / "run.log").read_text() + (folder / "h.jsonl").read_text()
    assert everything.replace("\n", "").isprintable()
    log = [line for line in (folder / "run.log").read_text().splitlines() if " ERROR " in line]
    for line in (log[0], next(line for line in done.err.splitlines() if " failed " in line)):
        assert (
            r"größe > map_each[a\x1b\x5b2J\u202eb\n\ud800]" in line and "ConnectionError: a" in line
        )
    assert history(folder)[1]["path"].startswith(r"größe > map_each[a\x1b\x5b2J")


def test_json_says_why_each_attempt_failed(folder: Path) -> None:
    done = fwf("run", "job", *DAY, "--json", cwd=folder)
    faults = {event["path"]: event["fault"] for event in json.loads(done.out)["events"]}
    fault = faults.pop("daily > map_each[1] > item")
    assert (
        fault["message"] == "no route"
        and "raise ConnectionError" in (fault["leaves"][0]["traceback"])
    )
    assert set(faults.values()) == {None}


def test_the_schema_of_the_history_is_printed() -> None:
    from fwf.telling.history import schema

    assert fwf("run", "--history-schema", cwd=Path()).out == schema()


def test_logging_is_as_it_was_when_the_run_is_over(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from fwf.cli.run_observers import Telling

    root = logging.getLogger()
    before = root.level, list(root.handlers)
    with Telling(str(folder / "l"), "debug", str(folder / "h")).observers() as observers:
        assert len(observers) == 2
        assert root.level == logging.DEBUG
    assert (root.level, list(root.handlers)) == before


def test_two_runs_at_once_do_not_mix_in_one_history(folder: Path) -> None:
    words = command("run", "job", *DAY, "--history", "h.jsonl")
    each = [
        subprocess.Popen(
            words, cwd=folder, env=environment(), stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        for _ in range(3)
    ]  # fmt: skip
    end = time.monotonic() + 100
    for process in each:
        assert process.wait(timeout=end - time.monotonic()) == 0
    assert len({line["run"] for line in history(folder)}) == 3
