"""`show`, `check`, `needs` and `run` in this process: what they print, and their exit status."""

import json
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from fwf.cli import fwf
from fwf.cli.progress_lines import Lines
from tests.cli_support import events_of

SOURCE = """
import dataclasses, enum, math
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import NamedTuple
from fwf import Secret, const, fail, in_pool, map_each, named, par, retry, run, task

class Colour(enum.Enum):
    RED = 1

class Pair(NamedTuple):
    left: int
    right: float

@dataclasses.dataclass
class Odd:
    name: str
    hidden: int = dataclasses.field(default=0, repr=False)

class Loud:
    def __str__(self): raise RuntimeError("no")

@task(effect="read", reads=["file://in"])
def read_in(*, day: date, tries: int = 1) -> str:
    return f"{day}: {tries}"

@task(effect="pure")
def everything() -> dict[object, object]:
    return {
        "nan": math.nan, "inf": [-math.inf], 1: None, "d": Decimal("1.10"), "c": Colour.RED,
        "day": date(2026, 7, 15), "at": datetime(2026, 7, 15, 6, 30, tzinfo=UTC),
        "took": timedelta(seconds=90), "pair": Pair(1, math.nan), "odd": Odd("é"), "set": {2, 1},
        "bytes": b"x", "big": 10**30, "loud": Loud(), "token": Secret.env("FWF_TEST_TOKEN"),
    }

@task(effect="pure")
def lines() -> str:
    return "\\n".join(map(str, range(100)))

@task(effect="pure")
def loud() -> Loud: return Loud()

@task(effect="pure")
def nothing() -> None: ...

@task(effect="read")
def refused() -> int: raise ConnectionError("no route\\nto host")

@task(effect="read")
def broken(i: object) -> int: raise KeyError("secret row")

@task
def undeclared() -> int: return 1

@task(effect="unrepeatable")
def once() -> int: return 1

workflow = named("greeting", read_in)
both_fail = named("job", par(refused, fail("TooLate", "sorry")))
many_fail = const(list(range(110))) >> map_each(broken)
retried = retry(once, attempts=2)
pooled = in_pool(nothing, "vendor")

@task(effect="read")
def inside() -> int: return run(both_fail).unwrap()

nested = inside
"""


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A current directory with one module of workflows."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, "path", list(sys.path))
    (tmp_path / "jobs.py").write_text(SOURCE)
    yield tmp_path
    sys.modules.pop("jobs", None)


def call(*words: str) -> Result:
    return CliRunner().invoke(fwf, list(words))


def of_json(*words: str, status: int = 0) -> Any:
    done = call(*words, "--json")
    assert done.exit_code == status, done.output
    return json.loads(done.stdout, parse_constant=pytest.fail)


def test_show_prints_the_tree_as_wide_as_asked() -> None:
    assert call("show", "jobs:both_fail").stdout.splitlines() == [
        "job ─ par",
        "├─ refused  read",
        "└─ fail('TooLate', 'sorry')",
    ]
    narrow = call("show", "jobs:both_fail", "--width", "24").stdout
    assert max(map(len, narrow.splitlines())) == 24


def test_show_json_has_the_tree_the_source_and_the_digest() -> None:
    said = of_json("show", "jobs:both_fail")
    assert list(said) == ["target", "workflow", "definition_id", "source", "text"]
    assert said["workflow"] == "job"
    assert said["source"] == "named('job', par(refused, fail('TooLate', 'sorry')))"


def test_check_is_fine_without_errors() -> None:
    done = call("check", "jobs")
    assert (done.exit_code, done.stdout) == (0, "greeting: no issues\n")


def test_check_tells_each_issue_and_fails_on_errors() -> None:
    done = call("check", "jobs:retried")
    assert done.exit_code == 1
    assert "[repeated-unrepeatable]" in done.stdout
    assert done.stdout.endswith("1 error\n")
    said = of_json("check", "jobs:retried", status=1)
    assert list(said) == ["target", "workflow", "issues", "errors", "warnings", "notes"]
    assert [list(each) for each in said["issues"]] == [["path", "rule", "severity", "message"]]
    assert said["errors"] == 1


def test_check_can_be_strict_and_can_leave_rules_out() -> None:
    assert call("check", "jobs:undeclared").exit_code == 0
    assert call("check", "jobs:undeclared", "--strict").exit_code == 1
    silent = call("check", "jobs:retried", "--silence", "repeated-unrepeatable")
    assert (silent.exit_code, silent.stdout) == (0, "jobs:retried: no issues\n")
    wrong = call("check", "jobs:retried", "--silence", "repeated-unrepeatble", "--silence", "x")
    assert wrong.exit_code == 2
    assert wrong.stderr.splitlines()[0] == (
        "fwf: --silence repeated-unrepeatble: there is no such rule; "
        "did you mean 'repeated-unrepeatable'?"
    )


def test_needs_lists_what_must_be_given() -> None:
    done = call("needs", "jobs")
    assert done.exit_code == 0
    assert "day    date" in done.stdout
    assert "file://in" in done.stdout
    said = of_json("needs", "jobs")
    assert said["parameters"][0]["name"] == "day"
    assert said["reads"] == ["file://in"]


def test_run_prints_the_result_on_stdout_and_progress_on_stderr() -> None:
    done = call("run", "jobs", "--param", "day=2026-07-15", "--param", "tries=3")
    assert (done.exit_code, done.stdout) == (0, "2026-07-15: 3\n")
    began, start, ok, end = events_of(done.stderr)
    assert began.startswith("run    greeting  day=2026-07-15 tries=3, as ")
    assert start == "start  greeting"
    assert ok.startswith("ok     greeting  ")
    assert end.startswith("done   greeting  in ")
    assert end.endswith(": 1 ok")


def test_nothing_is_printed_for_none() -> None:
    assert call("run", "jobs:nothing").stdout == ""


def test_a_long_result_is_elided() -> None:
    told = call("run", "jobs:lines").stdout.splitlines()
    assert len(told) == 20
    assert told[-1] == "… and 81 more lines (--json gives all)"


def test_a_result_without_text_does_not_hide_that_the_run_was_fine() -> None:
    done = call("run", "jobs:loud")
    assert (done.exit_code, done.stdout) == (0, "<Loud: str() of it raises RuntimeError>\n")


def test_faults_are_told_a_line_each_path_first() -> None:
    done = call("run", "jobs:both_fail")
    assert (done.exit_code, done.stdout) == (1, "")
    assert done.stderr.splitlines()[-2:] == [
        "job > fail: TooLate: sorry",
        "job > refused: ConnectionError: no route to host, at jobs.py:47 in refused",
    ]
    assert "Traceback" not in done.stderr


def test_many_faults_are_counted() -> None:
    told = call("run", "jobs:many_fail").stderr.splitlines()
    assert told[-1] == "… and 10 more faults (--json gives all)"
    assert (
        sum("map_each[" in line and "KeyError: 'secret row'" in line for line in told) == 110 + 100
    )


def test_debug_shows_the_tracebacks_of_a_failed_run() -> None:
    told = call("run", "jobs:both_fail", "--debug").stderr
    assert "Traceback (most recent call last)" in told
    assert "def refused() -> int: raise ConnectionError" in told


def test_json_of_a_run_says_what_happened() -> None:
    said = of_json("run", "jobs", "--param", "day=2026-07-15")
    assert list(said) == [
        "target", "workflow", "outcome", "value", "fault", "degraded", "unit", "started", "ended",
        "seconds", "events",
    ]  # fmt: skip
    assert (said["outcome"], said["value"], said["fault"]) == ("ok", "2026-07-15: 1", None)
    (event,) = said["events"]
    assert list(event) == ["task", "path", "tries", "ending", "start", "end", "fault"]
    assert (event["task"], event["path"], event["tries"]) == ("read_in", "greeting", [])
    assert 0 <= event["start"] <= event["end"] <= said["seconds"]


def test_json_of_a_failed_run_has_every_fault() -> None:
    said = of_json("run", "jobs:both_fail", status=1)
    assert (said["outcome"], said["value"]) == ("failed", None)
    assert list(said["fault"]) == ["path", "tags", "message", "leaves", "joined"]
    first, second = said["fault"]["leaves"]
    assert said["fault"]["joined"] == [{"kind": "Both", "causes": [0, 1]}]
    assert first == {
        "kind": "Failed",
        "path": "job > fail",
        "tags": ["TooLate"],
        "message": "sorry",
        "at": None,
        "traceback": None,
        "not_before": None,
        "cause": None,
    }
    assert second["at"]["line"] == 47 and second["at"]["function"] == "refused"
    assert second["traceback"].endswith("\nConnectionError: no route\nto host")
    assert second["tags"] == ["ConnectionError", "OSError", "Exception", "BaseException"]


def test_every_value_becomes_valid_json() -> None:
    assert of_json("run", "jobs:everything")["value"] == {
        "nan": "nan", "inf": ["-inf"], "1": None, "d": "1.10", "c": "RED",
        "day": "2026-07-15", "at": "2026-07-15T06:30:00+00:00", "took": "0:01:30",
        "pair": {"left": 1, "right": "nan"}, "odd": {"name": "é"}, "set": [1, 2], "bytes": "b'x'",
        "big": 10**30, "loud": "<Loud: str() of it raises RuntimeError>",
        "token": "<Secret from environment variable FWF_TEST_TOKEN>",
    }  # fmt: skip


def test_pools_and_workers_are_given_to_the_run() -> None:
    assert call("run", "jobs:pooled", "--pool", "vendor=2", "--workers", "1").exit_code == 0
    assert call("run", "jobs:pooled", "--pool", "vendor=2,9/1s").exit_code == 0
    assert call("run", "jobs:pooled", "--pool", "vendr=2").exit_code == 2


def test_a_module_s_pools_are_those_of_its_workflows(tmp_path: Path) -> None:
    file, source = (
        tmp_path / "sized.py",
        (
            "from fwf import identity, in_pool\n"
            "one, two = in_pool(identity, 'a'), in_pool(identity, 'b')\n"
            "pools = {'a': 1, 'b': 1}\n"
        ),
    )
    file.write_text(source)
    assert call("run", f"{file}:one").exit_code == 0
    file.write_text(source.replace("'b': 1", "'c': 1, 'bb': 2"))
    sys.modules.pop("sized")
    refused = call("run", f"{file}:one")
    assert (refused.exit_code, refused.stderr.splitlines()) == (2, [
        "fwf: sized:pools has 'bb', a pool of no workflow there; did you mean 'b'?",
        "fwf: sized:pools has 'c', a pool of no workflow there; take it out, or name it by in_pool",
    ])  # fmt: skip


def test_what_check_calls_an_error_isn_t_run_unless_it_is_asked_for_anyway() -> None:
    refused = call("run", "jobs:retried")
    first, last = refused.stderr.splitlines()
    assert (refused.exit_code, refused.stdout) == (2, "")
    assert first.startswith("fwf: once: it is unrepeatable") or "[repeated-" in first
    assert last == "fwf: jobs:retried isn't run: 1 error; --anyway runs it"
    said = of_json("run", "jobs:retried", status=2)
    assert (said["outcome"], said["target"]) == ("refused", "jobs:retried")
    assert said["issues"] == of_json("check", "jobs:retried", status=1)["issues"]
    done = call("run", "jobs:retried", "--anyway")
    assert (done.exit_code, done.stdout) == (0, "1\n")


def test_files_for_another_step_are_refused_where_another_machine_may_go_on(folder: Path) -> None:
    more = "\n@task(effect='read')\ndef fetch() -> Path: return Path('x')\n"
    more += "@task(effect='pure')\ndef size(file: Path) -> int: return 1\n"
    more += "files = named('files', fetch >> size)\n"
    (folder / "jobs.py").write_text(f"from pathlib import Path\n{SOURCE}{more}")
    server = ("--journal", "postgresql://127.0.0.1:1/runs")
    refused = call("run", "jobs:files", *server)
    assert refused.exit_code == 2 and "[local-file]" in refused.stderr.splitlines()[0]
    assert of_json("check", "jobs:files", *server, status=1)["errors"] == 1
    assert of_json("check", "jobs:files")["errors"] == 0
    assert call("check", "jobs:files", *server, "--silence", "local-file").exit_code == 0


def test_what_a_journal_cannot_keep_is_refused_before_it_is_done(folder: Path) -> None:
    more = "\n@task(effect='unrepeatable')\ndef half() -> Fraction: return Fraction(1, 2)\n"
    (folder / "jobs.py").write_text(f"from fractions import Fraction\n{SOURCE}{more}")
    kept = "--journal", str(folder / "runs.db")
    assert of_json("check", "jobs:half", *kept, status=1)["issues"][0]["rule"] == "unkept-result"
    assert of_json("check", "jobs:half", "--journal", "off")["errors"] == 0
    refused = call("run", "jobs:half", *kept)
    assert refused.exit_code == 2
    assert "half gives a Fraction, which a journal can't keep" in refused.stderr
    assert call("run", "jobs:half", "--journal", "off").stdout == "1/2\n"


def test_errors_and_other_misuse_are_told_at_once(folder: Path) -> None:
    more = "\nboth = named('both', retry(once, attempts=2) >> read_in)\n"
    more += "quiet = named('quiet', retry(once, attempts=2), silence='repeated-unrepeatable')\n"
    (folder / "jobs.py").write_text(SOURCE + more)
    lines = call("run", "jobs:both", "--pool", "x=1").stderr.splitlines()
    told = ["parameter 'day' (date) is missing", "--pool x:", "[repeated-", "isn't run: 1 error"]
    assert [part for part, line in zip(told, lines, strict=True) if part not in line] == []
    assert call("run", "jobs:quiet").exit_code == 0


def test_misuse_writes_no_json() -> None:
    done = call("run", "jobs", "--json")
    assert (done.exit_code, done.stdout) == (2, "")
    assert done.stderr == (
        "fwf: greeting: parameter 'day' (date) is missing; add --param day=2026-07-15\n"
    )


@pytest.mark.parametrize("words", [["-h"], ["--help"], ["run", "-h"], ["check", "--help"]])
def test_help_has_examples(words: list[str]) -> None:
    done = call(*words)
    assert done.exit_code == 0
    assert "\n  fwf " in done.stdout


def test_the_version_is_told() -> None:
    assert call("--version").stdout.startswith("fwf")


@pytest.mark.parametrize("fails", ["began", "note", "idle", "ended", "close"])
def test_progress_that_can_t_be_shown_does_no_harm_and_is_told_once(
    fails: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    def odd(*_: object) -> None:
        raise RuntimeError("no\nroom")

    monkeypatch.setattr(Lines, fails, odd)
    done = call("run", "jobs:lines")
    assert done.exit_code == 0 and done.stdout.startswith("0\n1\n")
    said = "progress can't be shown: RuntimeError: no room; the run goes on"
    assert done.stderr.splitlines().count(said) == 1
    assert "Warning" not in done.stderr


def test_json_of_a_failed_run_in_a_run_has_its_cause() -> None:
    said = of_json("run", "jobs:nested", status=1)
    (outer,) = said["fault"]["leaves"]
    assert outer["cause"]["path"] == "job > fail" and len(outer["cause"]["leaves"]) == 2
    told = call("run", "jobs:nested").stderr.splitlines()
    assert told[-1].startswith("inside: a run in it failed: job > fail: TooLate: sorry; and job > ")
    assert ", at jobs.py:" in told[-1] and told[-1].endswith(" in inside")
