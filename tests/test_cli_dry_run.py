"""`fwf dry-run`: what it tells, in which forms, what it refuses, and that it touches nothing."""

import json
import os
import pty
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import pytest
from click.testing import CliRunner, Result

from examples.daily.seed import BUSY_DAY
from examples.daily.workflow import workflow
from fwf import Scenario
from fwf.cli import fwf
from fwf.faults import Failed, tags_of_class
from fwf.faults.fault_form import fault_to_json
from fwf.interpreters.dry_run import dry_run
from fwf.testing import assert_ran
from tests.cli_support import ROOT, command, environment

SOURCE = """
from datetime import date
from pathlib import Path
from fwf import const, fallback, in_pool, map_each, named, par, retry, seconds, task
from fwf.interpreters.run import Pool

class Vendor: ...

@task(effect="read")
def orders(*, day: date, shop_db: Vendor, token) -> list[int]: raise AssertionError

@task(effect="read", duration=seconds(2), example=1.1)
def rates() -> float: raise AssertionError

@task(effect="pure")
def join(orders: list[int], rates: float) -> str: raise AssertionError

@task(effect="pure")
def item(i: int) -> int: raise AssertionError

workflow = named("daily", par(retry(orders, attempts=3, wait=seconds(5)), rates) >> join)
wide = const([1, 2, 3, 4]) >> map_each(in_pool(item, "vendor"))
positional = item
other = in_pool(item, "vendors")
pools = {"vendor": Pool(2, starts=9, per=seconds(1)), "vendors": Pool(starts=9, per=seconds(1))}
"""
DOWN = """
[tasks.orders]
fails = ["ConnectionError", "ConnectionError"]
takes = "1m"

[tasks.rates]
takes = {uniform = ["1s", "9s"]}
"""
DAY = ("--param", "day=2026-07-15")
SVG = "{http://www.w3.org/2000/svg}"


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A current directory with one module of workflows, and a scenario."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, "path", list(sys.path))
    (tmp_path / "jobs.py").write_text(SOURCE)
    (tmp_path / "down.toml").write_text(DOWN)
    yield tmp_path
    sys.modules.pop("jobs", None)


def call(*words: str) -> Result:
    return CliRunner().invoke(fwf, ["dry-run", *words])


def told(*words: str, status: int = 0) -> str:
    done = call(*words)
    assert (done.exit_code, done.stderr) == (status, "")
    return done.stdout


def refused(*words: str) -> list[str]:
    """The lines of a command that is misuse: none on stdout, each on stderr with the program."""
    done = call(*words)
    assert (done.exit_code, done.stdout) == (2, ""), done.output
    lines = done.stderr.splitlines()
    assert all(line.startswith("fwf: ") for line in lines)
    return [line.removeprefix("fwf: ") for line in lines]


def of_json(*words: str, status: int = 0) -> Any:
    return json.loads(told(*words, "--json", status=status), parse_constant=pytest.fail)


# What is told


def test_it_prints_the_timeline_without_asking_for_resources() -> None:
    assert told("jobs", *DAY).splitlines() == [
        "daily: ok after 2 s, 3 attempts → some str",
        "",
        "0.000   daily > par > orders  ▏                               0 s  → some list[int]",
        "0.000 * daily > par > rates   ████████████████████████        2 s  → 1.1",
        "2.000 * daily > join                                 ▏        0 s  → some str",
        "",
        "critical path (*): rates 2 s → join 0 s",
    ]


def test_a_scenario_says_what_fails_and_how_long_it_takes() -> None:
    text = told("jobs", *DAY, "--scenario", "down.toml")
    assert text.startswith("daily: ok after 3 min 10 s, 5 attempts → some str\n")
    assert "daily > par > orders · try 3" in text
    assert "critical path (*): orders 1 min → wait 5 s → orders 1 min → wait 5 s → " in text


def test_a_dry_run_that_fails_tells_the_faults_and_ends_with_1(folder: Path) -> None:
    (folder / "down.toml").write_text('[tasks.orders]\nfails = "ConnectionError"')
    text = told("jobs", *DAY, "--scenario", "down.toml", status=1)
    assert text.splitlines()[:2] == [
        "daily: fails after 10 s, 4 attempts",
        "  ✗ daily > par > orders: ConnectionError",
    ]
    assert of_json("jobs", *DAY, "--scenario", "down.toml", status=1)["outcome"] == {
        "fault": fault_to_json(Failed("daily > par > orders", tags_of_class(ConnectionError), ""))
    }


def test_text_of_a_scenario_stays_on_its_line_and_off_the_terminal(folder: Path) -> None:
    message = '{tag = "OSError", message = "a\\nb\\u001b[2J"}'
    (folder / "down.toml").write_text(f"[tasks.rates]\nfails = {message}")
    text = told("jobs", *DAY, "--scenario", "down.toml", status=1)
    assert "✗ OSError: a\\nb\\x1b[2J\n" in text and "\x1b" not in text


def test_json_has_the_events_and_the_critical_path() -> None:
    said = of_json("jobs", *DAY, "--start", "2026-07-15T03:00:00Z")
    assert list(said) == [
        "target", "workflow", "unit", "started", "seconds", "outcome", "attempts", "by_task",
        "critical_path", "assumed", "events",
    ]  # fmt: skip
    assert (said["target"], said["workflow"], said["seconds"]) == ("jobs", "daily", 2)
    assert said["started"] == "2026-07-15T03:00:00+00:00"
    assert [said["events"][n]["task"] for n in said["critical_path"]] == ["rates", "join"]
    assert told("jobs", *DAY, "--as", "json") == told("jobs", *DAY, "--json")


def test_svg_is_a_picture() -> None:
    picture = ElementTree.fromstring(told("jobs", *DAY, "--as", "svg"))
    assert picture.tag == f"{SVG}svg"


def test_the_start_is_when_the_timeline_begins() -> None:
    text = told("jobs", *DAY, "--start", "2026-07-15T03:00")
    assert "03:00:02.000 * daily > join" in text


def test_a_seed_draws_other_durations_and_the_same_again() -> None:
    ends = [
        of_json("jobs", *DAY, "--scenario", "down.toml", "--seed", seed)["by_task"]["rates"]["busy"]
        for seed in ("0", "1", "1", "-7")
    ]
    assert ends[1] == ends[2] and len(set(ends)) == 3
    assert of_json("jobs", *DAY, "--scenario", "down.toml")["by_task"]["rates"]["busy"] == ends[0]


def test_workers_and_pools_bound_what_runs_at_once(folder: Path) -> None:
    (folder / "slow.toml").write_text("[tasks.item]\ntakes = 10")
    slow = ("jobs:wide", "--scenario", "slow.toml")
    assert of_json(*slow)["seconds"] == 20  # two at once, as the module's pool says
    assert of_json(*slow, "--pool", "vendor=4")["seconds"] == 10
    assert of_json(*slow, "--pool", "vendor=4", "--workers", "1")["seconds"] == 40


def test_a_pool_of_the_module_bounds_how_often_tasks_start(folder: Path) -> None:
    text = (folder / "jobs.py").read_text()
    rate = text.replace("Pool(2, starts=9, per=seconds(1))", "Pool(starts=2, per=seconds(60))")
    (folder / "paced.py").write_text(rate)
    starts = [event["start"] for event in of_json("paced:wide")["events"]]
    assert starts == [0, 0, 60, 60]


# Files


@pytest.mark.parametrize(
    ("name", "more", "begins"),
    [
        ("night.svg", (), "<svg "),
        ("NIGHT.SVG", (), "<svg "),
        ("night.json", (), "{\n"),
        ("night.txt", (), "daily: ok"),
        ("night", (), "daily: ok"),
        ("night.svg", ("--as", "text"), "daily: ok"),
        ("night.svg", ("--json",), "{\n"),
    ],
)
def test_a_file_gets_the_form_of_its_ending_unless_told(
    folder: Path, name: str, more: tuple[str, ...], begins: str
) -> None:
    done = call("jobs", *DAY, "-o", name, *more)
    assert (done.exit_code, done.stdout) == (0, "")
    assert done.stderr == f"wrote {name}: daily ok after 2 s\n"
    text = (folder / name).read_text(encoding="utf-8")
    assert text.startswith(begins) and text.endswith("\n")


def test_a_failing_dry_run_is_written_too_and_ends_with_1(folder: Path) -> None:
    (folder / "down.toml").write_text('[tasks.orders]\nfails = "ConnectionError"')
    done = call("jobs", *DAY, "--scenario", "down.toml", "-o", "night.svg")
    assert (done.exit_code, done.stderr) == (1, "wrote night.svg: daily fails after 10 s\n")
    assert (folder / "night.svg").exists()


def test_a_place_that_can_not_be_written_is_one_line(folder: Path) -> None:
    assert refused("jobs", *DAY, "-o", "no/night.svg") == [
        "can't write no/night.svg: there is no folder no; make it, or name another place"
    ]


# What is refused


def test_parameters_are_refused_as_run_refuses_them() -> None:
    wrong = ("jobs", "--param", "dya=2026-07-15", "--pool", "vendro=1")
    done = CliRunner().invoke(fwf, ["run", *wrong])
    ran = [line for line in done.stderr.splitlines() if "shop_db" not in line]
    said = refused(*wrong)
    assert [f"fwf: {line}" for line in said] == [line for line in ran if "token" not in line]
    assert said[0].startswith(
        "daily > par > orders: parameter 'day' (date) is missing; add --param"
    )
    assert any("did you mean 'day'?" in line for line in said)


def test_a_workflow_that_takes_an_input_is_refused_as_run_refuses_it() -> None:
    assert refused("jobs:positional")[0].startswith("jobs:positional takes int as its input")


@pytest.mark.parametrize(
    ("scenario", "said"),
    [
        ("[tasks.ordres]\ntakes = 1", ["there is no task 'ordres'; did you mean 'orders'?"]),
        (
            '[paths."daily > par > rate"]\ntakes = 1',
            ["there is no task at 'daily > par > rate'; did you mean 'daily > par > rates'?"],
        ),
        (
            '[tasks.orders]\nfails = "ConectionError"',
            ["task orders: there is no error 'ConectionError'; did you mean 'ConnectionError'?"],
        ),
        ('[tasks.rates]\ntakes = "-5s"', ["tasks.rates.takes: '-5s' is negative; a duration is"]),
        (
            "[tasks.rates]\ntakse = 5",
            ["tasks.rates: there is no key 'takse'; did you mean 'takes'"],
        ),
        ("[taks]", ["there is no key 'taks'; did you mean 'tasks'?"]),
        ("seed = 'x'", ["seed: 'x' is not a whole number"]),
        ("= 1", ["isn't TOML: "]),
        (b"\xff", ["isn't text in UTF-8"]),
        (
            '[tasks.a]\ntakes = 1\n[tasks.b]\nfails = "Nope"',
            ["there is no task 'a'", "there is no task 'b'", "task b: there is no error 'Nope'"],
        ),
    ],
    ids=lambda each: None if isinstance(each, list) else ascii(each)[:20],
)
def test_a_scenario_that_does_not_fit_is_a_line_for_each_problem(
    folder: Path, scenario: str | bytes, said: list[str]
) -> None:
    (folder / "s.toml").write_bytes(scenario if isinstance(scenario, bytes) else scenario.encode())
    lines = refused("jobs", *DAY, "--scenario", "s.toml")
    assert len(lines) == len(said)
    for line, begins in zip(lines, said, strict=True):
        assert line.startswith(f"s.toml: {begins}")


@pytest.mark.parametrize(
    ("file", "why"),
    [
        ("nope.toml", "can't be read: No such file or directory"),
        ("jobs.py", "a scenario is a .json or a .toml file"),
        ("folder.toml", "can't be read: Is a directory"),
    ],
)
def test_a_scenario_that_can_not_be_read_is_one_line(folder: Path, file: str, why: str) -> None:
    (folder / "folder.toml").mkdir()
    assert refused("jobs", *DAY, "--scenario", file) == [f"{file}: {why}"]


def test_all_problems_are_told_at_once() -> None:
    said = refused("jobs", "--scenario", "nope.toml", "--start", "noon", "--pool", "x")
    assert [line.partition(":")[0] for line in said] == [
        "nope.toml", "--start 'noon'", "daily > par > orders", "--pool 'x'",
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("--start", "noon"), "--start 'noon': needs a time in ISO 8601, such as 2026-07-15T06:30"),
        (("--start", "9999-12-31T23:59:59"), "2 s later is after the year 9999"),
        (("--json", "--as", "svg"), "--json and --as svg are two forms: leave one out"),
        (("--as", "pdf"), "'pdf' is not one of 'text', 'json', 'svg'"),
        (("--workers", "0"), "0 is not in the range x>=1"),
        (("--seed", "x"), "'x' is not a valid integer"),
        (("--pool", "vendor=0"), "--pool vendor: the workflow has no such pool"),
    ],
)
def test_options_that_can_not_be_are_one_line(words: tuple[str, ...], said: str) -> None:
    lines = refused("jobs", *DAY, *words)
    assert len(lines) == 1 and said in lines[0]


# Colour


def on_terminal(folder: Path, **more: str) -> str:
    """What a terminal is shown of a dry run in which something fails."""
    ours, theirs = pty.openpty()
    env = {**environment(), "TERM": "xterm", **more}
    words = command("dry-run", "jobs", *DAY, "--scenario", "down.toml")
    with subprocess.Popen(words, cwd=folder, env=env, stdout=theirs, stderr=theirs) as process:
        os.close(theirs)
        shown = b""
        while True:
            try:
                part = os.read(ours, 65536)
            except OSError:  # what Linux says when nobody has it open any more
                part = b""
            if not part:
                break
            shown += part
    os.close(ours)
    assert process.returncode == 0
    return shown.decode().replace("\r\n", "\n")


def test_on_a_terminal_the_critical_path_is_bold_and_failures_are_red(folder: Path) -> None:
    shown = on_terminal(folder)
    lines = {line.partition("daily > ")[2]: line for line in shown.splitlines()}
    failed = next(line for line in lines.values() if "ConnectionError" in line)
    assert failed.startswith("\x1b[31m\x1b[1m")
    assert next(line for line in lines.values() if "> join" in line).startswith("\x1b[1m")
    assert "\x1b" not in next(line for line in lines.values() if "> rates" in line)
    assert re.sub(r"\x1b\[\d+m", "", shown) == told("jobs", *DAY, "--scenario", "down.toml")


@pytest.mark.parametrize("more", [{"NO_COLOR": "1"}, {"TERM": "dumb"}])
def test_a_terminal_without_colour_gets_none(folder: Path, more: dict[str, str]) -> None:
    assert "\x1b" not in on_terminal(folder, **more)


# It touches nothing

TOUCHED = """
import json, sys
from fwf.cli import main
from fwf.cli.targets import load
command, target, *words = sys.argv[1:]
load(target)
touched = []

def watch(event, args):
    kind = event.partition(".")[0]
    if kind in ("socket", "subprocess", "sqlite3", "ftplib", "urllib", "http", "shutil"):
        touched.append(event)
    elif event in ("os.exec", "os.fork", "os.forkpty", "os.posix_spawn", "os.system"):
        touched.append(event)
    elif event in ("os.mkdir", "os.remove", "os.rename", "os.truncate"):
        touched.append(event)
    elif event == "open" and not str(args[0]).endswith((".py", ".pyc", ".so", "rates_down.toml")):
        touched.append(f"open {args[0]}")

sys.addaudithook(watch)
try:
    main([command, target, *words])
finally:
    print(json.dumps(touched), file=sys.stderr)
"""


def touched(what: str, data: Path, *words: str) -> list[str]:
    """The files, sockets and processes that a command opens once its target is loaded."""
    target = ("examples.daily.workflow", "--param", "day=1995-09-16")
    done = subprocess.run(
        [sys.executable, "-B", "-c", TOUCHED, what, *target, *words],
        cwd=ROOT, env=environment(DAILY_DATA=str(data)), capture_output=True, encoding="utf-8",
        timeout=120, check=False,
    )  # fmt: skip
    assert "daily" in done.stdout + done.stderr
    found: list[str] = json.loads(done.stderr.splitlines()[-1])
    return found


def test_a_dry_run_of_the_daily_example_opens_no_file_and_no_socket(folder: Path) -> None:
    data = folder / "data"
    data.mkdir()
    scenario = ("--scenario", "examples/daily/rates_down.toml")
    assert touched("dry-run", data, *scenario) == []
    assert touched("dry-run", data, *scenario, "--as", "svg", "--workers", "2") == []
    assert list(data.iterdir()) == []


def test_the_watch_sees_what_a_real_run_opens(tmp_path: Path) -> None:
    assert any(str(tmp_path) in each for each in touched("run", tmp_path))


def test_the_scenario_of_the_daily_example_shows_what_a_failing_rates_api_does() -> None:
    scenario = Scenario.load(str(ROOT / "examples/daily/rates_down.toml")).unwrap()
    run = dry_run(workflow, scenario=scenario, params={"day": BUSY_DAY})
    assert_ran(run, "rates_page").attempts(5).failed("Transient").before("last_known_rates")
    assert_ran(run, "last_known_rates").before("in_dollars").before("submit")


# Durations of a journal

RUNS = """
from fwf import named, task

@task(effect="read")
def orders() -> int:
    return 3

workflow = named("nightly", orders)
"""


def test_durations_may_be_those_of_earlier_runs(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("FWF_JOURNAL", str(folder / "runs.db"))
    (folder / "night.py").write_text(RUNS)
    (folder / "slow.toml").write_text('[tasks.orders]\ntakes = "1h"\n')
    assert CliRunner().invoke(fwf, ["run", "night.py", "--json"]).exit_code == 0
    for words in ([], ["--quantile", "0.95"]):
        said = told("night.py", "--from-history", *words)
        assert said.endswith("durations of 1 attempt in 1 run of nightly\n")
        data = json.loads(told("night.py", "--from-history", *words, "--json"))
        assert data["history"] == {"runs": 1, "attempts": 1}
        assert 0 < data["seconds"] < 60
    hour = json.loads(told("night.py", "--from-history", "--scenario", "slow.toml", "--json"))
    assert hour["seconds"] == 3600
    assert "history" not in json.loads(told("night.py", "--json"))


def test_a_workflow_without_runs_takes_as_long_as_it_declares(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("FWF_JOURNAL", str(folder / "runs.db"))
    (folder / "night.py").write_text(RUNS)
    assert CliRunner().invoke(fwf, ["run", "night.py", "--json"]).exit_code == 0
    said = told("jobs.py", *DAY, "--from-history")
    assert said.endswith(
        "durations as declared: the journal has no run of daily that did something\n"
    )
    assert "daily: ok after 2 s" in said


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["--quantile", "0.9"], "fwf: --quantile is of --from-history, which isn't given"),
        (["--journal", "x.db"], "fwf: --journal is of --from-history, which isn't given"),
        (["--from-history", "--journal", "x.db"], "fwf: there is no journal x.db yet"),
        (["--from-history", "--journal", "off"], "fwf: --journal off: no run is remembered there"),
        (["--from-history", "--quantile", "95"], "95.0 is not in the range 0<=x<=1"),
    ],
)
def test_history_that_cannot_be_asked_is_misuse(words: list[str], said: str) -> None:
    found = call("jobs.py", *DAY, *words)
    assert found.exit_code == 2
    assert said in found.stderr
