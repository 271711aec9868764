"""Whatever surrounds a command, it ends with one line and status 2, or does what it is to do."""

import json
import os
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from fwf.cli import fwf
from tests.cli_support import EVENT, environment

SOURCE = """
from fwf import named, task
@task(effect="pure")
def hello() -> str: return "hello"
workflow = named("ok", hello)
"""
COMMANDS = {
    "version": ["--version"], "help": ["--help"], "help of a command": ["run", "-h"],
    "show": ["show", "ok"], "check": ["check", "ok"], "needs": ["needs", "ok"],
    "lineage": ["lineage", "ok"], "plan": ["plan", "ok"], "schema": ["plan", "--schema"],
    "diff": ["diff", "ok", "ok"], "dry-run": ["dry-run", "ok"], "run": ["run", "ok"],
    "show, JSON": ["show", "ok", "--json"], "check, JSON": ["check", "ok", "--json"],
    "needs, JSON": ["needs", "ok", "--json"], "lineage, JSON": ["lineage", "ok", "--json"],
    "OpenLineage": ["lineage", "ok", "--openlineage"], "diff, JSON": ["diff", "ok", "ok", "--json"],
    "dry-run, JSON": ["dry-run", "ok", "--json"], "run, JSON": ["run", "ok", "--json"],
    "picture": ["show", "ok", "--as", "svg", "-o", "-"],
    "page": ["diff", "ok", "ok", "--html", "-"],
    "many workers": ["run", "ok", "--workers", "9" * 40],
}  # fmt: skip
TELLS_ALONE = ("version", "help", "help of a command", "schema")

DRIVER = """
import json, os, sys
from fwf.cli import main
from fwf.cli.commands import check, diff, dry_run, lineage, needs, plan, run, show

def surround(how, env):
    os.environ.update(env)
    if how == "out full":
        os.dup2(os.open("/dev/full", os.O_WRONLY), 1)
    elif how == "out unread":
        reading, writing = os.pipe()
        os.close(reading)
        os.dup2(writing, 1)
    elif how == "err full":
        os.dup2(os.open("/dev/full", os.O_WRONLY), 2)
    elif how == "err unread":
        reading, writing = os.pipe()
        os.close(reading)
        os.dup2(writing, 2)
    elif how == "in closed":
        os.close(0)
    elif how == "gone":
        os.mkdir("gone")
        os.chdir("gone")
        os.rmdir("../gone")

def ran(at, words, how, env):
    names = f"{at}.out", f"{at}.err"
    child = os.fork()
    if not child:
        for number, name in enumerate(names, 1):
            os.dup2(os.open(name, os.O_WRONLY | os.O_CREAT), number)
        surround(how, env)
        try:
            main(words)
        except SystemExit as error:
            sys.stdout.flush()
            os._exit(error.code)
        except BaseException:
            import traceback
            traceback.print_exc()
        os._exit(99)
    _, status = os.waitpid(child, 0)
    return [os.waitstatus_to_exitcode(status), *(open(name).read() for name in names)]

cases = json.load(sys.stdin)
print(json.dumps([ran(at, *case) for at, case in enumerate(cases)]))
"""
SURROUNDINGS: dict[str, dict[str, str]] = {
    "out full": {}, "out unread": {}, "err full": {}, "err unread": {}, "in closed": {},
    "gone": {}, "no columns": {"COLUMNS": "0"}, "odd columns": {"COLUMNS": "many"},
    "columns below nothing": {"COLUMNS": "-5", "LINES": "-1"}, "odd terminal": {"TERM": "\x1b[2J"},
}  # fmt: skip


CASES = [
    (how, name)
    for how in SURROUNDINGS
    for name in COMMANDS
    if not SURROUNDINGS[how] or name in ("help", "show", "check", "run", "dry-run")
]


@pytest.fixture(scope="module")
def ends(tmp_path_factory: pytest.TempPathFactory) -> dict[tuple[str, str], tuple[int, str, str]]:
    """How every command ends in all surroundings: status, stdout, stderr. One fork for each."""
    folder = tmp_path_factory.mktemp("surroundings")
    (folder / "ok.py").write_text(SOURCE)
    keys = CASES
    cases = [(COMMANDS[name], how, SURROUNDINGS[how]) for how, name in keys]
    done = subprocess.run(
        [sys.executable, "-c", DRIVER], input=json.dumps(cases), cwd=folder, env=environment(),
        capture_output=True, encoding="utf-8", timeout=280, check=True,
    )  # fmt: skip
    return dict(zip(keys, map(tuple, json.loads(done.stdout)), strict=True))


def progress_aside(err: str) -> list[str]:
    return [line for line in err.splitlines() if not EVENT.match(line)]


@pytest.mark.parametrize(("how", "name"), CASES)
def test_a_command_does_its_work_or_says_in_a_line_why_not(ends: Any, how: str, name: str) -> None:
    status, out, err = ends[how, name]
    said = progress_aside(err)
    if name == "page" and how not in ("out full", "gone"):
        said = [line for line in said if line != "ok: no change"]
    if how == "out full":
        assert (status, said) == (
            2, ["fwf: can't write to standard output: no space left on device"]
        )  # fmt: skip
    elif how == "gone" and name not in TELLS_ALONE:
        assert (status, out) == (2, "")
        assert said == ["fwf: the current folder isn't there any more; go to one that is"]
    else:
        assert (status, said) == (0, [])
        assert bool(out) == (how != "out unread")


# Modules


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, "path", list(sys.path))
    (tmp_path / "ok.py").write_text(SOURCE)
    known = dict(sys.modules)
    yield tmp_path
    for name in sys.modules.keys() - known.keys():
        del sys.modules[name]


def call(*words: str) -> Result:
    return CliRunner().invoke(fwf, list(words))


LAZY = "def __getattr__(name): raise RuntimeError(name)\n"
ODD = """
class Odd:
    def __getattr__(self, name): raise RuntimeError(name)
    def __call__(self): ...
"""
MODULES: dict[str, tuple[str | bytes, str]] = {
    "lazy": (LAZY, "lazy.py has no attribute 'workflow'; there is no workflow in it"),
    "exits": ("raise SystemExit(3)", "exits.py can't be imported: exits.py:1 raises SystemExit: 3"),
    "ends": (
        "class End(BaseException): ...\nraise End('now')",
        "ends.py can't be imported: ends.py:2 raises End: now",
    ),
    "speechless": (
        "class E(Exception):\n    def __str__(self): raise ValueError\nraise E",
        "speechless.py can't be imported: speechless.py:3 raises E: <E: str() of it raises",
    ),
    "hostile": (
        "raise ValueError('a\\x1b[2J\\nb\\u202e')",
        "raises ValueError: a\\x1b[2J b\\u202e",
    ),
    "odd": (f"{ODD}workflow = Odd()", "odd.py:workflow is an Odd, not a workflow"),
    "odder": (f"{ODD}{SOURCE}resources = Odd()", "odder:resources is an Odd; beside a workflow"),
    "latin": (b"x = '\xff'", "latin.py can't be imported: latin.py:1 raises SyntaxError"),
    "nul": ("x = 1\0", "nul.py can't be imported: its import raises"),
    "elsewhere": (
        "import sys; sys.modules[__name__] = object()",
        "the module 'elsewhere' has put an object in its place, which is no module",
    ),
    "desugars": (
        "from typing import Any\nfrom fwf import Extension, fail\nfrom fwf.records import record\n"
        "@record(eq=False, repr=False)\nclass Off(Extension[Any, Any]):\n"
        "    n: int\n    def desugar(self): raise SystemExit(0)\nworkflow = Off(1)",
        "desugars.py can't be imported: desugars.py:7 raises SystemExit: 0",
    ),
}


@pytest.mark.parametrize("command", ["show", "check", "run", "plan"])
@pytest.mark.parametrize("name", MODULES)
def test_a_module_of_any_kind_is_told_of_in_one_line(folder: Path, name: str, command: str) -> None:
    source, said = MODULES[name]
    if isinstance(source, str):
        source = source.encode()
    (folder / f"{name}.py").write_bytes(source)
    target = name if name == "elsewhere" else f"{name}.py"
    done = call(command, target)
    assert (done.exit_code, done.stdout) == (2, ""), done.stderr
    (line,) = done.stderr.splitlines()
    assert said in line
    assert line.isprintable()


def test_a_module_that_prints_does_not_spoil_json(folder: Path) -> None:
    (folder / "loud.py").write_text(f"print('loud')\n{SOURCE}")
    assert json.loads(call("show", "loud.py", "--json").stdout)["workflow"] == "ok"


# Targets


TARGETS = {
    "": "fwf: '' is no TARGET",
    " ": "fwf: ' ' is no TARGET",
    "ok\0": "fwf: 'ok\\x00' is no TARGET",
    "o\0.py": "fwf: there is no file o\\x00.py",
    "\u202eok.py": "fwf: there is no file \\u202eok.py; did you mean 'ok.py'?",
    "ｏｋ": "fwf: there is no module 'ｏｋ'",
    "ok:ｗorkflow": "fwf: ok has no attribute 'ｗorkflow'; did you mean 'workflow'?",
    "ok:workflow\n": "fwf: 'ok:workflow\\n' is no TARGET",
    "link.py": "fwf: link.py is a link to nowhere.py, which isn't there",
    "link.json": "fwf: there is no file link.json",
    "folder.py": "fwf: folder.py is a folder, not a Python file",
    "pipe.py": "fwf: pipe.py is not a Python file",
    "pipe.json": "fwf: there is no file pipe.json",
    "n" * 300 + ".py": "fwf: there is no file nnn",
    "n" * 300 + ".json": "fwf: there is no file nnn",
    "n" * 9000: "fwf: there is no module 'nnn",
    "ok.py/x": "fwf: there is no file ok.py/x: there is no folder ok.py",
    "/": "fwf: / is a folder, not a Python file",
    "latin.json": "fwf: latin.json is no plan that can be read",
}


@pytest.mark.parametrize("target", TARGETS)
def test_a_target_of_any_kind_is_told_of_in_one_line(folder: Path, target: str) -> None:
    (folder / "link.py").symlink_to("nowhere.py")
    (folder / "link.json").symlink_to("nowhere.json")
    (folder / "folder.py").mkdir()
    for pipe in ("pipe.py", "pipe.json"):
        os.mkfifo(folder / pipe)
    (folder / "latin.json").write_bytes(b'{"plan": "\xff"}')
    for command in ("show", "check"):
        done = call(command, target)
        assert (done.exit_code, done.stdout) == (2, ""), done.stderr
        (line,) = done.stderr.splitlines()
        assert line.startswith(TARGETS[target])
        assert line.isprintable()


# Files


WRITERS = {
    "show": ["show", "ok", "--as", "svg"],
    "plan": ["plan", "ok"],
    "dry-run": ["dry-run", "ok"],
}


@pytest.mark.parametrize("name", WRITERS)
def test_a_dash_is_standard_output(folder: Path, name: str) -> None:
    plain = call(*WRITERS[name]).stdout
    before = sorted(folder.iterdir())
    done = call(*WRITERS[name], "-o", "-")
    assert (done.exit_code, done.stdout, done.stderr) == (0, plain, "")
    assert plain and sorted(folder.iterdir()) == before


def test_a_page_can_go_to_standard_output(folder: Path) -> None:
    done = call("diff", "ok", "ok", "--html", "-")
    assert (done.exit_code, done.stderr) == (0, "ok: no change\n")
    assert done.stdout.startswith("<!doctype html>")
    both = call("diff", "ok", "ok", "--html", "-", "--json")
    assert (both.exit_code, both.stdout) == (2, "")


PLACES = {
    "": "names no file",
    "folder": "can't write folder: it is a folder; name a file in it",
    "no/file": "can't write no/file: there is no folder no; make it, or name another place",
    "lost": "can't write lost: there is no folder {here}/no; make it, or name another place",
    "ok.py/x": "can't write ok.py/x: not a directory; nothing is left there: name another place",
    "round": "can't write round: too many levels of symbolic links; nothing is left there",
    "/dev/full": "can't write /dev/full: no space left on device",
    "pipe": "can't write pipe: it is a named pipe that nobody reads; start what reads it first",
    "n" * 300: "file name too long; nothing is left there: name another place",
    "a\x1b\n\0b": "embedded null byte; nothing is left there: name another place",
}


@pytest.mark.parametrize("name", WRITERS)
@pytest.mark.parametrize("place", PLACES)
def test_a_place_that_can_not_be_written_is_told_of_in_one_line(
    folder: Path, place: str, name: str
) -> None:
    (folder / "folder").mkdir()
    (folder / "lost").symlink_to("no/file")
    (folder / "round").symlink_to("round")
    os.mkfifo(folder / "pipe")
    call(*WRITERS[name])
    before = sorted(folder.iterdir())
    done = call(*WRITERS[name], "-o", place)
    assert (done.exit_code, done.stdout) == (2, "")
    (line,) = done.stderr.splitlines()
    assert PLACES[place].format(here=os.path.realpath(folder)) in line
    assert line.isprintable()
    assert sorted(folder.iterdir()) == before


@pytest.mark.parametrize("name", WRITERS)
def test_a_link_to_a_file_that_is_not_there_yet_makes_it(folder: Path, name: str) -> None:
    (folder / "later").symlink_to("made")
    assert call(*WRITERS[name], "-o", "later").exit_code == 0
    assert (folder / "later").is_symlink()
    assert (folder / "made").read_text() == call(*WRITERS[name]).stdout


@pytest.mark.parametrize("name", WRITERS)
def test_a_named_pipe_that_is_read_gets_it_all(folder: Path, name: str) -> None:
    os.mkfifo(folder / "pipe")
    got: list[str] = []
    opened = threading.Event()

    def read() -> None:
        descriptor = os.open(folder / "pipe", os.O_RDONLY | os.O_NONBLOCK)
        opened.set()
        os.set_blocking(descriptor, True)
        content = b""
        while not content.endswith(b"\n") or not closed.is_set():
            content += os.read(descriptor, 1_000_000)
        os.close(descriptor)
        got.append(content.decode())

    closed = threading.Event()
    reader = threading.Thread(target=read)
    reader.start()
    assert opened.wait(30)
    done = call(*WRITERS[name], "-o", "pipe")
    closed.set()
    reader.join(30)
    assert done.exit_code == 0, done.stderr
    assert got == [call(*WRITERS[name]).stdout]
