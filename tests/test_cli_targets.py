"""TARGET: which texts name a workflow, and what is said of those that don't."""

import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from click.testing import CliRunner

from fwf.cli import fwf
from fwf.cli.targets import load

WORKFLOW = """
from fwf import const, named, task

@task(effect="pure")
def hello() -> str:
    return "hello"

workflow = named("greeting", hello)
other = hello >> const(2)
answer = 42
def plain(x): return x
"""


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """An empty current directory; modules imported from it are forgotten afterwards."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, "path", list(sys.path))
    before = set(sys.modules)
    (tmp_path / "greet.py").write_text(WORKFLOW)
    yield tmp_path
    for name in set(sys.modules) - before:
        del sys.modules[name]


def said(*words: str) -> str:
    """What a command that can't be done says."""
    done = CliRunner().invoke(fwf, list(words))
    assert (done.exit_code, done.stdout) == (2, ""), done.output
    return done.stderr


@pytest.mark.parametrize(
    ("target", "name"),
    [
        ("greet", "greeting"),
        ("greet:workflow", "greeting"),
        ("greet.py", "greeting"),
        ("./greet.py:workflow", "greeting"),
        ("greet:hello", "hello"),
        ("greet.py:other", "greet.py:other"),
    ],
)
def test_a_module_or_a_file_and_an_attribute_name_a_workflow(target: str, name: str) -> None:
    assert load(target).name == name


def test_the_current_directory_is_importable() -> None:
    load("greet")
    assert sys.path[0] == str(Path.cwd())


def test_resources_and_pools_stand_beside_the_workflow(folder: Path) -> None:
    (folder / "beside.py").write_text(
        WORKFLOW + "\nresources = {'db': open}\npools = {'vendor': 2}"
    )
    found = load("beside")
    assert (found.resources, found.pools) == ({"db": open}, {"vendor": 2})
    assert (load("greet").resources, load("greet").pools) == ({}, {})


def test_a_file_inside_packages_is_imported_under_its_full_name(folder: Path) -> None:
    package = folder / "jobs" / "daily"
    package.mkdir(parents=True)
    (folder / "jobs" / "__init__.py").touch()
    (package / "__init__.py").touch()
    (package / "parts.py").write_text(WORKFLOW)
    (package / "main.py").write_text("from .parts import workflow, hello")
    assert load("jobs/daily/main.py").name == "greeting"
    assert "jobs.daily.main" in sys.modules
    found = sys.modules["jobs.daily.parts"]
    assert found.hello.fn.__module__ == "jobs.daily.parts"


def test_a_file_of_another_folder_finds_its_neighbours(folder: Path) -> None:
    (folder / "elsewhere").mkdir()
    (folder / "elsewhere" / "near.py").write_text(WORKFLOW)
    (folder / "elsewhere" / "main.py").write_text("from near import workflow")
    assert load("elsewhere/main.py").name == "greeting"


def test_a_file_with_the_name_of_another_module_leaves_that_alone(folder: Path) -> None:
    import json

    (folder / "json.py").write_text(WORKFLOW)
    (folder / "a job.py").write_text(WORKFLOW)
    assert load("json.py").name == "greeting"
    assert load("a job.py").name == "greeting"
    assert sys.modules["json"] is json


def test_two_packages_of_one_name_are_told_apart(folder: Path) -> None:
    for root in (folder, folder / "else"):
        (root / "jobs").mkdir(parents=True)
        (root / "jobs" / "__init__.py").touch()
        (root / "jobs" / "main.py").write_text(WORKFLOW)
    load("jobs/main.py")
    assert said("show", "else/jobs/main.py") == (
        f"fwf: else/jobs/main.py is the module 'jobs.main', but another of that name comes first: "
        f"{folder}/jobs/main.py; run fwf in {folder}/else\n"
    )


@pytest.mark.parametrize(
    ("target", "message"),
    [
        ("great", "there is no module 'great'; did you mean 'greet'?"),
        ("greet.daily", "there is no module 'greet.daily': 'greet' is a module, not a package"),
        (
            "nothing",
            "there is no module 'nothing': CWD has none of that name; "
            "write module:attribute or path/to/file.py:attribute",
        ),
        ("great.py", "there is no file great.py; did you mean 'greet.py'?"),
        ("./greet", "there is no file greet; did you mean 'greet.py'?"),
        ("no/greet.py", "there is no file no/greet.py: there is no folder no"),
        (
            "./",
            ". is a folder, not a Python file: write module:attribute or path/to/file.py:attribute",
        ),
        (
            "greet:workflw",
            "greet has no attribute 'workflw'; did you mean 'workflow'?; "
            "its workflows are workflow, other, hello",
        ),
        (
            "greet:answer",
            "greet:answer is an int, not a workflow; its workflows are workflow, other, hello",
        ),
        (
            "greet:plain",
            "greet:plain is a plain function, not a workflow; if it is to be one, write @task "
            "above it; its workflows are workflow, other, hello",
        ),
        (
            "json",
            "json has no attribute 'workflow'; there is no workflow in it",
        ),
        (
            "json:decoder",
            "json:decoder is a module, not a workflow; did you mean 'json.decoder'?",
        ),
        (
            "json:JSONDecoder",
            "json:JSONDecoder is a class, not a workflow; there is no workflow in it",
        ),
        (
            "greet:",
            "'greet:' is no TARGET: write module:attribute or path/to/file.py:attribute",
        ),
        (
            "my job",
            "'my job' is no TARGET: 'my job' is no module's name; "
            "write module:attribute or path/to/file.py:attribute",
        ),
    ],
)
def test_what_is_no_target_is_told_in_one_line(target: str, message: str) -> None:
    assert said("show", target) == f"fwf: {message.replace('CWD', str(Path.cwd()))}\n"


def test_a_package_whose_module_was_meant_says_so(folder: Path) -> None:
    (folder / "jobs").mkdir()
    (folder / "jobs" / "__init__.py").touch()
    (folder / "jobs" / "workflow.py").write_text(WORKFLOW)
    expected = (
        "fwf: jobs has no attribute 'workflow'; did you mean 'jobs.workflow', the module in it?\n"
    )
    assert said("show", "jobs") == expected
    assert said("show", "jobs.workflw") == (
        "fwf: there is no module 'jobs.workflw'; did you mean 'jobs.workflow'?\n"
    )


@pytest.mark.parametrize(
    ("source", "message"),
    [
        (
            "x = 1\nraise RuntimeError('no\\nway')",
            "broken.py:2 raises RuntimeError: no way; --debug shows the traceback",
        ),
        (
            "from fwf import const, retry\n\nworkflow = retry(const(1), attempts=0)",
            "broken.py:3 raises ValueError: retry(attempts=0): needs at least 1 attempt; "
            "to skip a step, remove it; --debug shows the traceback",
        ),
        (
            "x = 1\nif x:\nprint()",
            "broken.py:3 raises IndentationError: expected an indented block after 'if' statement "
            "on line 2; --debug shows the traceback",
        ),
        (
            "import not_installed_at_all",
            "broken.py:1 raises ModuleNotFoundError: No module named 'not_installed_at_all'; "
            "install what 'not_installed_at_all' comes from, or correct the import",
        ),
        (
            "from greet import nope",
            "broken.py:1 raises ImportError: cannot import name 'nope' from 'greet' "
            "(CWD/greet.py); --debug shows the traceback",
        ),
        (
            "import json\njson.loads('{')",
            "broken.py:2 raises JSONDecodeError: Expecting property name enclosed in double "
            "quotes: line 1 column 2 (char 1); --debug shows the traceback",
        ),
        (
            "import sys\nsys.exit('bye')",
            "broken.py:2 raises SystemExit: bye; --debug shows the traceback",
        ),
    ],
)
@pytest.mark.parametrize("target", ["broken", "broken.py"])
def test_a_file_that_raises_on_import_is_told_with_its_line(
    folder: Path, target: str, source: str, message: str
) -> None:
    (folder / "broken.py").write_text(source)
    told = said("run", target)
    assert told == f"fwf: {target} can't be imported: {message.replace('CWD', str(folder))}\n"


def test_debug_shows_the_traceback(folder: Path) -> None:
    (folder / "broken.py").write_text("raise RuntimeError('no')")
    told = said("show", "broken", "--debug")
    assert "Traceback (most recent call last):" in told
    assert told.endswith("RuntimeError: no\n")


def test_resources_that_are_no_mapping_are_told(folder: Path) -> None:
    (folder / "wrong.py").write_text(WORKFLOW + "\nresources = [1]")
    assert said("run", "wrong") == (
        "fwf: wrong:resources is a list; beside a workflow it is a mapping from a name to its "
        "opener\n"
    )


def test_commands_and_options_that_there_are_not() -> None:
    assert said() == "fwf: Missing command; see fwf --help\n"
    assert said("run") == (
        "fwf: Missing argument 'TARGET': write module:attribute or path/to/file.py:attribute; "
        "or --resume RUN\n"
    )
    assert said("rnu", "greet").startswith("fwf: No such command 'rnu'")
    assert said("show", "greet", "--wdth", "3").startswith("fwf: No such option")
    assert said("run", "greet", "--workers", "0").startswith("fwf: Invalid value for '--workers'")
