"""The command line in processes of its own: streams, ctrl-C, broken pipes, plain terminals."""

import json
import os
import signal
import subprocess
import sys
import time
from importlib.util import find_spec
from pathlib import Path

import pytest

from tests.cli_support import ROOT, command, environment, events_of, fwf

SOURCE = """
import os, subprocess, sys, time
from pathlib import Path
from fwf import Secret, always, const, map_each, named, par, retry, seconds, task, timeout

@task(effect="read")
def hello() -> str:
    print("from the task", flush=True)
    subprocess.run([sys.executable, "-c", "print('from its process')"], check=True)
    return "hello"

@task(effect="read")
def sleep(*, secs: float = 60) -> str:
    Path("started").touch()
    time.sleep(secs)
    return "slept"

@task(effect="read")
def tidy() -> None:
    Path("tidying").touch()
    time.sleep(float(os.environ.get("TIDY", "0")))
    Path("tidied").touch()

@task(effect="pure")
def ids() -> list[int]: return list(range(10_000))

@task(effect="read")
def item(i: int) -> int:
    if i % 100 == 99: raise ConnectionError(f"no {i}")
    return i

@task(effect="idempotent", isolate=True)
def apart() -> int: return os.getpid()

@task(effect="read")
def flaky() -> int:
    if not Path("tried").exists():
        Path("tried").touch()
        raise ConnectionError("no route")
    return 1

@task(effect="read")
def guarded(*, token: Secret) -> str:
    assert token.reveal() == "hunter2"
    return repr(token)

workflow = hello
sleeping = named("night", always(par(sleep, const(1)), then=tidy))
inline = always(sleep, then=tidy)
many = ids >> map_each(item, on_error="collect") >> const("all")
isolated = timeout(apart, seconds(30))
again = retry(flaky, attempts=2, wait=seconds(0.25))
secret = guarded
resources = {"token": Secret.env("FWF_TEST_TOKEN")}
"""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "jobs.py").write_text(SOURCE)
    return tmp_path


def test_the_result_is_on_stdout_and_progress_on_stderr(folder: Path) -> None:
    done = fwf("run", "jobs.py", cwd=folder)
    assert done.status == 0
    assert done.out == "from the task\nfrom its process\nhello\n"
    assert [said[:6] for said in events_of(done.err)] == ["run   ", "start ", "ok    ", "done  "]


def test_with_json_nothing_else_is_on_stdout(folder: Path) -> None:
    done = fwf("run", "jobs.py", "--json", cwd=folder)
    assert json.loads(done.out)["value"] == "hello"
    assert "from the task\n" in done.err
    assert "from its process\n" in done.err


REPLACING = """
import contextlib, io, sys, threading
from fwf import it, par, pure, task
met = threading.Barrier(2)
@task(effect="read")
def replaces() -> str: sys.stdout = NEW; return "result"
@task(effect="read")
def replaces_both() -> str: sys.stdout = sys.stderr = NEW; return "result"
@task(effect="read")
def first() -> None:
    with contextlib.redirect_stdout(io.StringIO()), contextlib.redirect_stderr(io.StringIO()):
        met.wait(30); met.wait(30)
    met.wait(30)
@task(effect="read")
def second() -> str:
    met.wait(30)
    with contextlib.redirect_stdout(io.StringIO()), contextlib.redirect_stderr(io.StringIO()):
        met.wait(30); met.wait(30)
    return "result"
side_by_side = par(first, second) >> pure(it[1])
"""
"""Tasks that replace the standard streams: for all, or for themselves but side by side."""


@pytest.mark.parametrize("json", [False, True])
@pytest.mark.parametrize(
    ("target", "new"),
    [
        ("replaces", "None"),
        ("replaces", "io.StringIO()"),
        ("replaces", "open('file', 'w')"),
        ("replaces", "io.TextIOWrapper(sys.stdout.buffer)"),
        ("replaces_both", "None"),
        ("replaces_both", "io.StringIO()"),
        ("side_by_side", ""),
    ],
)
def test_what_tasks_put_in_the_place_of_the_streams_takes_nothing_from_them(
    folder: Path, target: str, new: str, json: bool
) -> None:
    (folder / "replacing.py").write_text(REPLACING.replace("NEW", new or "None"))
    done = fwf("run", f"replacing:{target}", *["--json"] * json, cwd=folder)
    assert done.status == 0
    assert ('"value": "result"' in done.out) if json else (done.out == "result\n")
    words = [said[:6].strip() for said in events_of(done.err)]
    tasks = 2 if target == "side_by_side" else 1
    assert words == ["run"] + ["start"] * tasks + ["ok"] * tasks + ["done"]


def test_a_stream_that_a_task_takes_apart_is_where_the_result_goes(folder: Path) -> None:
    new = "io.TextIOWrapper(sys.stdout.detach())"
    (folder / "replacing.py").write_text(REPLACING.replace("NEW", new))
    done = fwf("run", "replacing:replaces", cwd=folder)
    assert (done.status, done.out) == (0, "result\n")


def test_exit_statuses(folder: Path) -> None:
    (folder / "failing.py").write_text("from fwf import fail\nworkflow = fail('TooLate', 'sorry')")
    assert fwf("show", "jobs", cwd=folder).status == 0
    failed = fwf("run", "failing.py", cwd=folder)
    assert (failed.status, failed.out) == (1, "")
    assert failed.err.endswith("\nfail: TooLate: sorry\n")
    unknown = fwf("run", "jbs", cwd=folder)
    assert (unknown.status, unknown.out) == (2, "")
    assert unknown.err == "fwf: there is no module 'jbs'; did you mean 'jobs'?\n"


def test_a_task_in_a_process_of_its_own_is_found_there(folder: Path) -> None:
    elsewhere = folder / "elsewhere"
    elsewhere.mkdir()
    done = fwf("run", "../jobs.py:isolated", cwd=elsewhere)
    assert done.status == 0, done.err
    assert done.out.strip().isdecimal()


def test_ten_thousand_items_are_a_few_lines(folder: Path) -> None:
    done = fwf("run", "jobs:many", cwd=folder)
    assert (done.status, done.out) == (0, "all\n")
    _, *lines = events_of(done.err)
    assert len(lines) < 120
    assert "start  map_each[*] > item" in lines
    assert sum(line.startswith("failed map_each[") for line in lines) == 100
    totals = [line for line in lines if line.startswith("total")]
    assert len(totals) == 1
    assert totals[0].startswith("total  map_each[*] > item  9,900 ok, 100 failed, ")


def test_a_retry_says_when_and_why(folder: Path) -> None:
    _, *lines = events_of(fwf("run", "jobs:again", cwd=folder).err)
    assert lines[1].startswith("failed flaky  ")
    assert lines[1].endswith(", will retry in 250 ms: ConnectionError: no route")
    assert lines[-1].endswith(": 1 ok, 1 failed, 1 retry")


def test_secrets_are_not_printed(folder: Path) -> None:
    secret = environment(FWF_TEST_TOKEN="hunter2")
    for words in (["show"], ["check"], ["needs"], ["run"], ["run", "--debug"], ["run", "--json"]):
        done = fwf(words[0], "jobs:secret", *words[1:], cwd=folder, env=secret)
        assert done.status == 0, done.err
        assert "hunter2" not in done.out + done.err
    missing = fwf("run", "jobs:secret", "--debug", cwd=folder)
    assert missing.status == 2
    assert "the environment variable FWF_TEST_TOKEN, which is not set" in missing.err


# Ctrl-C


def started(folder: Path, *words: str, **more: str) -> subprocess.Popen[str]:
    """A run whose task is at work."""
    process = subprocess.Popen(
        command("run", *words),
        cwd=folder,
        env=environment(**more),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        encoding="utf-8",
        start_new_session=True,
    )
    wait_for(folder / "started")
    return process


def wait_for(path: Path) -> None:
    for _ in range(600):
        if path.exists():
            return
        time.sleep(0.05)
    pytest.fail(f"{path.name} never came")


@pytest.mark.parametrize("target", ["jobs:sleeping", "jobs:inline"])
def test_ctrl_c_stops_the_run_in_order(folder: Path, target: str) -> None:
    process = started(folder, target)
    process.send_signal(signal.SIGINT)
    out, err = process.communicate(timeout=30)
    assert (process.returncode, out) == (130, "")
    assert (folder / "tidied").exists()
    assert err.endswith("\nInterrupted: stopped by SIGINT\n")
    assert "Traceback" not in err


def test_ctrl_c_is_told_in_json(folder: Path) -> None:
    process = started(folder, "jobs:sleeping", "--json")
    process.send_signal(signal.SIGINT)
    out, _ = process.communicate(timeout=30)
    said = json.loads(out)
    assert (process.returncode, said["outcome"]) == (130, "interrupted")
    endings = {event["path"]: event["ending"] for event in said["events"]}
    assert endings == {"night > par > sleep": "cut", "night > always > tidy": "ok"}


def test_a_second_ctrl_c_does_not_wait_for_finalisers(folder: Path) -> None:
    process = started(folder, "jobs:sleeping", TIDY="60")
    process.send_signal(signal.SIGINT)
    wait_for(folder / "tidying")
    process.send_signal(signal.SIGINT)
    _, err = process.communicate(timeout=30)
    assert process.returncode == 130
    assert not (folder / "tidied").exists()
    assert err.endswith("fwf: stopped by SIGINT\n")
    assert "Traceback" not in err


@pytest.mark.parametrize("name", ["SIGINT", "SIGTERM", "SIGHUP"])
@pytest.mark.parametrize("program", ["module", "script"])
def test_a_signal_while_fwf_itself_is_imported_is_a_line_and_its_status(
    folder: Path, program: str, name: str
) -> None:
    """One of the packages that it imports sends the signal."""
    (folder / "pyrsistent.py").write_text(
        f"import os, signal\nos.kill(os.getpid(), signal.{name})\n"
    )
    script = folder / "fwf"
    script.write_text("from fwf.__main__ import main\nmain()\n")
    words = ["-m", "fwf"] if program == "module" else [str(script)]
    done = subprocess.run(
        [sys.executable, *words, "runs"], cwd=folder, capture_output=True, text=True, check=False,
        env=environment(PYTHONPATH=f"{folder}{os.pathsep}{ROOT}"),
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.default_int_handler),
    )  # fmt: skip
    assert done.returncode == 128 + signal.Signals[name]
    assert (done.stdout, done.stderr) == ("", f"fwf: stopped by {name}\n")


def test_who_only_imports_fwf_keeps_its_signals(folder: Path) -> None:
    said = "import signal; a = signal.getsignal(2); import fwf; print(signal.getsignal(2) is a)"
    done = subprocess.run(
        [sys.executable, "-c", said], cwd=ROOT, env=environment(), capture_output=True, check=True
    )
    assert done.stdout.strip() == b"True"


def test_ctrl_c_while_the_module_is_imported(folder: Path) -> None:
    (folder / "slow.py").write_text(
        "import time, pathlib\npathlib.Path('started').touch()\ntime.sleep(60)"
    )
    process = started(folder, "slow")
    process.send_signal(signal.SIGINT)
    out, err = process.communicate(timeout=30)
    assert (process.returncode, out, err) == (130, "", "fwf: stopped by SIGINT\n")


# Streams


@pytest.mark.parametrize(
    "words", [["show", "jobs:many"], ["run", "jobs:many"], ["-h"], ["run", "-h"]]
)
def test_a_broken_pipe_is_no_traceback(folder: Path, words: list[str]) -> None:
    reading, writing = os.pipe()
    os.close(reading)
    process = subprocess.run(
        command(*words), cwd=folder, env=environment(), stdout=writing, stderr=subprocess.PIPE,
        encoding="utf-8", timeout=60, check=False,
    )  # fmt: skip
    os.close(writing)
    assert "Traceback" not in process.stderr
    assert "BrokenPipe" not in process.stderr
    if words[0] != "-h":
        assert process.returncode in (0, 1)


def test_a_closed_stderr_does_not_stop_a_run(folder: Path) -> None:
    reading, writing = os.pipe()
    os.close(reading)
    process = subprocess.run(
        command("run", "jobs:many"), cwd=folder, env=environment(), stdout=subprocess.PIPE,
        stderr=writing, encoding="utf-8", timeout=60, check=False,
    )  # fmt: skip
    os.close(writing)
    assert (process.returncode, process.stdout) == (0, "all\n")


@pytest.mark.parametrize("closed", [">&-", "2>&-", ">&- 2>&-"])
@pytest.mark.parametrize("words", ["run jobs:many", "run jobs:many --json", "show jobs", "run x"])
def test_closed_streams_are_no_traceback(folder: Path, words: str, closed: str) -> None:
    process = subprocess.run(
        ["sh", "-c", f"exec {sys.executable} -m fwf {words} {closed}"],
        cwd=folder, env=environment(), capture_output=True, encoding="utf-8", timeout=60,
        check=False,
    )  # fmt: skip
    lines = [*process.stdout.splitlines(), *process.stderr.splitlines()]
    assert not any(line.startswith("Traceback") for line in lines)
    assert process.returncode == (2 if words == "run x" else 0)


def test_a_full_disk_is_told(folder: Path) -> None:
    if not Path("/dev/full").exists():
        pytest.skip("no /dev/full here")
    with open("/dev/full", "w") as full:
        process = subprocess.run(
            command("show", "jobs"), cwd=folder, env=environment(), stdout=full,
            stderr=subprocess.PIPE, encoding="utf-8", timeout=60, check=False,
        )  # fmt: skip
    assert process.returncode == 2
    assert process.stderr == "fwf: can't write to standard output: no space left on device\n"


@pytest.mark.parametrize("more", [{}, {"PYTHONUTF8": "0", "PYTHONCOERCECLOCALE": "0"}])
def test_an_ascii_terminal_gets_ascii(folder: Path, more: dict[str, str]) -> None:
    (folder / "ascii.py").write_text(
        "from fwf import const, named, par\nworkflow = named('größe', par(const('→ ü'), const(1)))",
        encoding="utf-8",
    )
    plain = environment(LC_ALL="C", LANG="C", **more)
    shown = fwf("show", "ascii", cwd=folder, env=plain, encoding="utf-8")
    ran = fwf("run", "ascii", cwd=folder, env=plain, encoding="utf-8")
    assert (shown.status, ran.status) == (0, 0), shown.err + ran.err
    if more:
        assert shown.out.isascii()
        assert shown.out == ("gr\\xf6\\xdfe - par\n|- const('> \\xfc')\n.- const(1)\n")


# Without the extra


def test_without_click_one_line_names_what_to_install(folder: Path) -> None:
    for name in ("pyrsistent", "pvectorc", "returns", "typing_extensions"):
        found = find_spec(name)
        if found is None or found.origin is None:
            continue
        origin = Path(found.origin)
        origin = origin.parent if origin.name == "__init__.py" else origin
        (folder / origin.name).symlink_to(origin)
    (folder / "fwf").symlink_to(ROOT / "fwf")
    process = subprocess.run(
        [sys.executable, "-S", "-m", "fwf", "--version"], cwd=folder,
        env={"PATH": os.environ["PATH"]}, capture_output=True, encoding="utf-8", timeout=60,
        check=False,
    )  # fmt: skip
    assert (process.returncode, process.stdout) == (2, "")
    assert process.stderr == (
        "fwf: the command line needs click and rich: pip install 'fwf[cli]'\n"
    )
