"""A run that is killed, looked at, gone on with and looked at again: by real processes."""

import json
import shlex
import signal
import subprocess
import time
from pathlib import Path
from typing import Any

import pytest

from tests.cli_support import Done, command, environment, fwf as apart
from tests.test_cli_terminal import terminal

pytestmark = pytest.mark.services  # each command is a process

SOURCE = """
import os
import time
from pathlib import Path

from fwf import it, map_each, named, task


@task(effect="read")
def items() -> list[str]:
    return ["a", "b]", "c"]


@task(effect="idempotent")
def load(item: str, *, day: str) -> int:
    if item == "b]" and not Path("mended").exists():
        raise ValueError(f"amount of {item!r} on {day} is negative")
    return 1


@task(effect="idempotent")
def total(loaded: list[object]) -> int:
    Path("here").touch()
    while not Path("go").exists():
        time.sleep(0.01)
    return len(loaded)


workflow = named(
    "night", items >> map_each(load, key=it, on_error="collect") >> total
)
"""


def remembering() -> dict[str, str]:
    """An environment in which runs are remembered where they are by default."""
    return {name: value for name, value in environment().items() if name != "FWF_JOURNAL"}


def fwf(*words: str, cwd: Path) -> Done:
    return apart(*words, cwd=cwd, env=remembering())


@pytest.fixture
def project(tmp_path: Path) -> Path:
    (tmp_path / "fwf.toml").touch()
    (tmp_path / "night.py").write_text(SOURCE)
    (tmp_path / "sub").mkdir()
    return tmp_path


def started(project: Path) -> "subprocess.Popen[bytes]":
    """The run, once it is at work on its last step."""
    process = subprocess.Popen(
        command("run", "night.py", "--param", "day=2026-06-01"), cwd=project, env=remembering(),
        stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
    )  # fmt: skip
    while not (project / "here").exists():
        assert process.poll() is None
        time.sleep(0.01)
    return process


def told(project: Path, *words: str) -> Any:
    done = fwf("runs", "--json", *words, cwd=project / "sub")
    assert done.err == ""
    return json.loads(done.out)


def test_a_run_is_told_while_it_runs_after_it_was_killed_and_when_it_is_done(
    project: Path,
) -> None:
    process = started(project)
    try:
        (run,) = told(project)["runs"]
        assert run["state"] == "running"
        assert run["inside"] == [{"path": "night > total", "attempt": 1}]
        assert run["parameters"] == {"day": "2026-06-01"}
        page = fwf("report", "night", cwd=project).out
        assert "at work on night &gt; total, attempt 1" in page
    finally:
        process.send_signal(signal.SIGKILL)
        process.wait()
    line = fwf("runs", cwd=project).out.splitlines()[1]
    assert " in night > total  " in line and "  died " in line
    seen = fwf("runs", "night", cwd=project)
    assert seen.status == 1
    short = run["id"][-8:]
    assert f"  fwf run --resume {short}\n" in seen.out
    assert fwf("report", "night", "-o", "r.html", cwd=project).status == 0

    (project / "go").touch()
    assert fwf("run", "--resume", short, cwd=project).status == 0
    whole = told(project, "night")
    assert (whole["state"], [each["outcome"] for each in whole["attempts"]]) == (
        "ok", ["died", "ok"],
    )  # fmt: skip
    steps = {each["path"]: (each["state"], each["from_try"]) for each in whole["steps"]}
    assert steps == {
        "night > items": ("ok", 1),
        "night > map_each[a] > load": ("ok", 1),
        "night > map_each[b\\x5d] > load": ("failed", None),
        "night > map_each[c] > load": ("ok", 1),
        "night > total": ("ok", 2),
    }
    assert [each["command"] for each in whole["next"]] == [f"fwf rerun {short} --failed"]
    assert "amount of 'b]' on 2026-06-01 is negative" in fwf("runs", "night", cwd=project).out

    (project / "mended").touch()
    assert fwf("rerun", short, "--failed", cwd=project).status == 0
    whole = told(project, "night")
    assert {each["state"] for each in whole["steps"]} == {"ok"} and whole["next"] == []
    assert [each["outcome"] for each in whole["attempts"]] == ["died", "ok", "ok"]
    assert whole["attempts"][-1]["why"] == "rerun --failed"
    before = (project / "r.html").read_text()
    assert fwf("report", "night", "-o", "r.html", cwd=project).status == 0
    after = (project / "r.html").read_text()
    assert 'class="outcome died"' in before and 'class="outcome ok"' in after
    assert after.rstrip().endswith("</html>")


def test_looking_at_a_run_leaves_it_alone(project: Path) -> None:
    process = started(project)
    for _ in range(3):
        assert fwf("runs", cwd=project).status == 0
        assert fwf("runs", "night", cwd=project).status == 0
    (project / "go").touch()
    assert process.wait(timeout=60) == 0


def test_a_workflow_that_is_gone_or_has_changed_is_told_of_in_the_page(project: Path) -> None:
    (project / "go").touch()
    assert fwf("run", "night.py", "--param", "day=2026-06-01", cwd=project).status == 0
    # Of another length: a file of one length and second is taken for what was compiled of it.
    (project / "night.py").write_text(SOURCE.replace('effect="read"', 'effect="pure", version="2"'))
    page = fwf("report", "night", cwd=project).out
    assert "night.py has changed since the run began" in page and "<svg" in page
    (project / "night.py").unlink()
    page = fwf("report", "night", cwd=project).out
    assert "drawn: there is no file night.py" in page and "<svg" not in page
    assert "night &gt; total" in page


def test_a_page_goes_where_it_is_asked_to(project: Path) -> None:
    (project / "go").touch()
    assert fwf("run", "night.py", "--param", "day=2026-06-01", cwd=project).status == 0
    (project / "sub" / "r.html").write_text("before")
    done = fwf("report", "night", "-o", "r.html", "--target", "../night.py", cwd=project / "sub")
    assert (done.out, done.err) == ("", "wrote r.html\n")
    text = (project / "sub" / "r.html").read_text()
    assert text.startswith("<!doctype html>") and "drawn from ../night.py" in text
    assert sorted(each.name for each in (project / "sub").iterdir()) == ["r.html"]
    assert fwf("report", "night", "-o", "-", cwd=project).out.startswith("<!doctype html>")
    assert json.loads(fwf("report", "night", "--json", cwd=project).out)["state"] == "ok"
    done = fwf("report", "night", "-o", "no/such/r.html", cwd=project)
    assert done.status == 2 and "there is no folder no/such" in done.err
    done = fwf("report", "nigth", cwd=project)
    assert done.status == 2 and "did you mean 'night'?" in done.err


FAILED = """
from pathlib import Path

from fwf import const, fallback, named, task


@task(effect="unrepeatable")
def post() -> int | None:
    if not Path("mended").exists():
        raise ConnectionError("it broke off")
    return 40


@task(effect="pure")
def tell(count: int | None) -> str:
    return f"{count} posted"


workflow = named("new", post >> tell)
caught = named("caught", fallback(post, const(0)) >> tell)
"""


@pytest.mark.parametrize(
    ("choice", "text"), [("value", "41 posted"), ("again", "40 posted"), ("skip", "None posted")]
)
def test_an_unrepeatable_step_that_failed_is_decided_before_the_run_goes_on(
    project: Path, choice: str, text: str
) -> None:
    (project / "night.py").write_text(FAILED)
    assert fwf("run", "night.py:workflow", cwd=project).status == 1
    *decisions, go_on = told(project, "new")["next"]
    assert [each["command"].rpartition(" --")[2] for each in decisions] == [
        "value VALUE", "again", "skip",
    ]  # fmt: skip
    (decision,) = (each["command"] for each in decisions if f" --{choice}" in each["command"])
    (project / "mended").touch()
    assert shell(project, decision.replace("VALUE", "41")).status == 0
    done = shell(project, go_on["command"])
    assert (done.status, done.out) == (0, f"{text}\n")


def test_what_a_fallback_took_up_is_not_to_be_decided(project: Path) -> None:
    (project / "night.py").write_text(FAILED)
    assert fwf("run", "night.py:caught", cwd=project).status == 0
    assert [each["command"] for each in told(project, "caught")["next"]] == [
        f"fwf rerun {told(project, 'caught')['id'][-8:]} --failed"
    ]


IN_DOUBT = """
import os
import signal
from pathlib import Path

from fwf import named, task


@task(effect="unrepeatable")
def post() -> int | None:
    if not Path("mended").exists():
        Path("mended").touch()
        os.kill(os.getpid(), signal.SIGKILL)
    return 40


@task(effect="pure")
def tell(count: int | None) -> str:
    return f"{count} posted"


workflow = named("it's (new)", post >> tell)
"""


@pytest.mark.parametrize(
    ("choice", "given"), [(0, '"41 posted"'), (1, '"40 posted"'), (2, '"None posted"')]
)
def test_what_is_told_to_be_done_next_can_be_done_as_it_is_written(
    project: Path, choice: int, given: str
) -> None:
    (project / "night.py").write_text(IN_DOUBT)
    assert fwf("run", "night.py", cwd=project).status == -signal.SIGKILL
    (go_on,) = told(project, "new")["next"]
    assert shell(project, go_on["command"]).status == 1
    held = told(project, "new")
    assert (held["state"], held["steps"][0]["state"]) == ("held", "in doubt")
    *decisions, go_on = held["next"]
    assert [each["command"].rpartition(" --")[2] for each in decisions] == [
        "value VALUE", "again", "skip",
    ]  # fmt: skip
    decision = decisions[choice]["command"].replace("VALUE", "41")
    assert shell(project, decision).status == 0
    seen = told(project, "new")
    assert [each["command"] for each in seen["next"]] == [go_on["command"]]
    assert shell(project, go_on["command"]).status == 0
    page = fwf("report", "new", cwd=project).out
    assert given.strip('"') in page


def shell(project: Path, words: str) -> Done:
    """A command line as a shell takes it apart."""
    program, *others = shlex.split(words)
    assert program == "fwf"
    return fwf(*others, cwd=project)


def test_on_a_terminal_the_page_goes_to_a_file_and_the_list_is_a_table(project: Path) -> None:
    (project / "go").touch()
    assert fwf("run", "night.py", "--param", "day=2026-06-01", cwd=project).status == 0
    short = told(project)["runs"][0]["id"][-8:]
    journal = str(project / ".fwf" / "runs.db")
    with terminal(project, "report", "night", FWF_JOURNAL=journal) as shown:
        assert f"wrote run-{short}.html" in shown.read()
        assert shown.end() == 0
    assert (project / f"run-{short}.html").read_text().startswith("<!doctype html>")
    with terminal(project, "runs", FWF_JOURNAL=journal) as shown:
        assert f"{short}" in shown.read() and shown.end() == 0
