"""`fwf export --gaps` and `fwf show --cut`: what an engine does in another way, and its tasks."""

import json
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from fwf.cli.exported_files import MANIFEST
from fwf.cli.program import fwf
from fwf.interpreters import engines
from fwf.interpreters.engines import ENGINES, Cut, Engine, ExportFiles, ExportRequest

JOB = """
from typing import Any
from fwf import fail, it, map_each, poll, milliseconds, delay, named, par, retry, seconds, seq, task, timeout

@task(effect="read")
def shops() -> list[str]: ...

@task(effect="idempotent")
def load(shop: str) -> int: ...

@task(effect="unrepeatable")
def mail(n: Any) -> None: ...

workflow = named("job", shops >> map_each(load, at_once=4) >> timeout(retry(mail, attempts=2), seconds(9)))
class Connection: ...

@task(effect="read")
def connect() -> Connection: ...

textless = named("textless", connect >> mail)
lossy = named("lossy", delay(milliseconds(1)) >> mail)
twice = named("twice", poll(shops, it.done, every=milliseconds(1), limit=2))
many = named("many", par(*[named(f"n{i}", delay(milliseconds(1)) >> mail) for i in range(9)]))
long = named("long", seq(*[mail] * 5_000))
"""  # noqa: E501


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    (tmp_path / "exported_job.py").write_text(JOB, "utf-8")
    monkeypatch.chdir(tmp_path)
    monkeypatch.syspath_prepend(tmp_path)
    yield tmp_path
    sys.modules.pop("exported_job", None)


def call(*words: str, target: str = "exported_job") -> Result:
    return CliRunner().invoke(fwf, ["export", target, *words])


def show(*words: str) -> Result:
    return CliRunner().invoke(fwf, ["show", "exported_job", *words])


@pytest.mark.usefixtures("folder")
def test_gaps_are_told_feature_by_feature_the_worst_first() -> None:
    done = call("--to", "step-functions", "--gaps")
    assert (done.exit_code, done.stderr) == (0, "")
    lines = done.stdout.splitlines()
    assert lines[:2] == [
        "block: timeout of a part: only a Task and a whole machine have a timeout",
        "  job > mail",
    ]
    assert lines[2].startswith("emulated: value: ") and lines[3].startswith("emulated: map_each: ")
    assert lines[4:] == [
        "  job > map_each",
        "job on Step Functions: 3 tasks, 1 block among them; 2 emulated, 1 block",
    ]


@pytest.mark.usefixtures("folder")
def test_many_places_are_summed_up() -> None:
    done = call("--to", "step-functions", "--gaps", target="exported_job:many")
    assert "  many > n4 > delay\n  … and 4 more\n" in done.stdout


@pytest.mark.usefixtures("folder")
def test_a_place_is_told_of_once_though_several_parts_of_a_word_stand_there() -> None:
    lines = call(
        "--to", "step-functions", "--gaps", target="exported_job:twice"
    ).stdout.splitlines()
    at = next(n for n, line in enumerate(lines) if line.startswith("block: expression: "))
    assert lines[at + 1].startswith("  twice") and lines[at + 2] != lines[at + 1]


@pytest.mark.usefixtures("folder")
def test_json_has_all_of_them() -> None:
    done = call("--to", "dask", "--gaps", "--json", target="exported_job:many")
    said = json.loads(done.stdout)
    paths = [gap.pop("path") for gap in said.pop("gaps")]
    assert paths == ["many > n0 > mail"]  # the same task in all places
    about = {"target": "exported_job:many", "workflow": "many", "engine": "dask"}
    assert said == {**about, "tasks": 9, "blocks": 0}


@pytest.mark.usefixtures("folder")
def test_all_native_is_said() -> None:
    done = call("--to", "dask", "--gaps", target="exported_job:shops")
    assert done.stdout == "shops on Dask: 1 task; all native\n" and done.exit_code == 0


@pytest.mark.parametrize(
    ("target", "engine", "words", "status"),
    [
        ("lossy", "step-functions", [], 0),
        ("lossy", "step-functions", ["--strict"], 1),
        ("lossy", "dask", ["--strict"], 0),
        ("workflow", "step-functions", ["--strict"], 0),
        ("long", "step-functions", [], 1),
        ("long", "dask", ["--strict"], 0),
    ],
)
@pytest.mark.usefixtures("folder")
def test_the_status_says_whether_it_would_be_refused(
    target: str, engine: str, words: list[str], status: int
) -> None:
    done = call("--to", engine, "--gaps", *words, target=f"exported_job:{target}")
    assert done.exit_code == status and done.stderr == ""
    assert ("impossible" in done.stdout) == (target == "long" and engine != "dask")


@pytest.mark.parametrize(
    ("words", "told"),
    [
        ([], "--to says which engine, and is missing: step-functions, dask"),
        (
            ["--to", "dusk", "--gaps"],
            "--to dusk: there is no engine 'dusk'; did you mean 'dask'?",
        ),
        (
            ["--to", "dask"],
            "--to dask: nothing is written down for Dask; fwf run TARGET --on dask runs on it; ",
        ),
        (["--to", "dask", "--json"], "--json: only --gaps has JSON"),
        (["--to", "dask", "--gaps", "-o", "x"], "--gaps and -o: with --gaps nothing is written"),
    ],
)
def test_misuse_is_one_line_and_writes_nothing(folder: Path, words: list[str], told: str) -> None:
    done = call(*words)
    assert (done.exit_code, done.stdout) == (2, "")
    assert done.stderr.startswith(f"fwf: {told}") and done.stderr.count("\n") == 1
    assert [each.name for each in folder.iterdir() if not each.is_dir()] == ["exported_job.py"]


@pytest.mark.parametrize("name", ENGINES)
def test_help_names_every_engine(name: str) -> None:
    assert name in CliRunner().invoke(fwf, ["export", "--help"]).stdout
    assert name in CliRunner().invoke(fwf, ["show", "--help"]).stdout


# What is written, by an engine that is made for these tests


def export_files(cut: Cut, request: ExportRequest) -> ExportFiles:
    text = f"{request.target} {request.name}: {cut.tasks}\n"
    more = {"run.sh": "run\n"} if request.name == "job" else {}
    return ExportFiles({"machine.json": text, **more}, ("aws deploy",))


@pytest.fixture
def known(folder: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    table, printer = ENGINES["step-functions"].table, f"{__name__}:export_files"
    fake = Engine("fake", "Fake", table, printer=printer)
    monkeypatch.setattr(engines.engines, "ENGINES", {**ENGINES, "fake": fake})
    monkeypatch.setitem(sys.modules, __name__, sys.modules.get(__name__) or _here())
    return folder


def _here() -> object:
    from types import SimpleNamespace

    return SimpleNamespace(export_files=export_files)


@pytest.mark.usefixtures("known")
def test_one_file_goes_to_stdout_and_gaps_aside() -> None:
    done = call("--to", "fake", target="exported_job:lossy")
    assert (done.exit_code, done.stdout) == (0, "exported_job:lossy lossy: 1\n")
    assert done.stderr.startswith("lossy: delay of a part of a second: ")
    assert done.stderr.endswith("aws deploy\n")


def test_files_go_to_a_folder(known: Path) -> None:
    done = call("--to", "fake", "-o", "out/there")
    assert (done.exit_code, done.stdout) == (0, "")
    there = {path.name: path.read_text() for path in (known / "out/there").iterdir()}
    assert {"machine.json", "run.sh"} == {*json.loads(there.pop(MANIFEST))["files"]}
    assert there == {"machine.json": "exported_job:workflow job: 3\n", "run.sh": "run\n"}
    assert "wrote out/there/machine.json\n" in done.stderr


def test_a_folder_in_a_files_place_is_told_before_anything_is_written(known: Path) -> None:
    (known / "out/run.sh").mkdir(parents=True)
    done = call("--to", "fake", "-o", "out")
    assert (done.exit_code, done.stdout) == (2, "")
    assert done.stderr.endswith(": run.sh (a folder); move it away, or name another folder\n")
    assert [each.name for each in (known / "out").iterdir()] == ["run.sh"]


@pytest.mark.parametrize("engine", [each for each in ENGINES if each != "dask"])
def test_a_file_that_no_other_process_can_import_is_refused(folder: Path, engine: str) -> None:
    (folder / "my job.py").write_text((folder / "exported_job.py").read_text())
    done = call("--to", engine, "-o", "out", target="my job.py")
    assert done.exit_code == 2 and not (folder / "out").exists()
    assert "my job.py: no other process can import it by its name: name files" in done.stderr


@pytest.mark.parametrize("engine", [each for each in ENGINES if each != "dask"])
def test_a_file_whose_name_is_another_modules_is_refused(folder: Path, engine: str) -> None:
    other = folder / "elsewhere" / "exported_job.py"
    other.parent.mkdir()
    other.write_text((folder / "exported_job.py").read_text())
    done = call("--to", engine, "-o", "out", target="elsewhere/exported_job.py")
    assert done.exit_code == 2 and not (folder / "out").exists()
    assert "there is another module 'exported_job'; give the file a name of its" in done.stderr


@pytest.mark.parametrize("engine", ["step-functions", "airflow", "argo"])
def test_a_schedule_that_is_not_written_down_is_told(folder: Path, engine: str) -> None:
    code = (folder / "exported_job.py").read_text()
    told = "its schedule isn't written down"
    assert told not in call("--to", engine, "--gaps").stdout
    daily = (
        "from datetime import date\nfrom fwf import every_day\n"
        "@task\ndef today(*, day: date) -> date:\n    return day\n"
        'nightly = every_day(named("nights", today), tz="Europe/Berlin", param="day")\n'
    )
    (folder / "timed_job.py").write_text(code + daily)
    done = call("--to", engine, "--gaps", target="timed_job:nightly")
    assert done.exit_code == 0 and (told in done.stdout) is (engine != "airflow")


def test_several_files_want_a_folder(known: Path) -> None:
    done = call("--to", "fake")
    assert done.exit_code == 2
    assert (
        "there are several files, machine.json, run.sh: say where they go, with -o" in done.stderr
    )
    (known / "file").write_text("")
    assert "name another folder" in call("--to", "fake", "-o", "file").stderr
    empty = call("--to", "fake", "-o", "")
    assert empty.exit_code == 2 and "it names no folder" in empty.stderr
    assert not (known / "run.sh").exists()


def test_what_is_lossy_is_not_written_if_strict(known: Path) -> None:
    done = call("--to", "fake", "--strict", "-o", "out", target="exported_job:lossy")
    assert (done.exit_code, done.stdout) == (1, "") and not (known / "out").exists()
    assert "lossy: delay" in done.stderr and "aws" not in done.stderr
    assert done.stderr.endswith("lossy isn't exported: 1 lossy\n")


def test_what_no_text_is_of_is_told_by_its_path_and_not_written(known: Path) -> None:
    done = call("--to", "fake", "-o", "out", target="exported_job:textless")
    assert (done.exit_code, done.stdout) == (1, "") and not (known / "out").exists()
    first, where, *_, last = done.stderr.splitlines()
    assert first.startswith("impossible: value: it gives a Connection, which can't be written")
    assert where == "  textless > connect"
    assert last == "textless isn't exported: 1 impossible"


@pytest.mark.usefixtures("known")
def test_engines_that_are_written_for_are_named() -> None:
    assert call("--to", "dask").stderr.endswith(", fake\n")


# The cut


@pytest.mark.usefixtures("folder")
def test_a_tree_shows_which_parts_are_tasks() -> None:
    done = show("--cut", "step-functions", "--width", "90")
    assert done.exit_code == 0
    assert [" ".join(line.split()) for line in done.stdout.splitlines()] == [
        "job",
        "├▸ task ─ shops read",
        "├▸ map_each(at_once=4) ─ task ─ load idempotent",
        "└▸ block(timeout of a part) ─ timeout(9s) ─ retry(attempts=2) ─ mail unrepeatable",
    ]


@pytest.mark.usefixtures("folder")
def test_on_dask_only_tasks_are_tasks() -> None:
    done = show("--cut", "dask", "--width", "90")
    assert "block" not in done.stdout and done.stdout.count("task ─ ") == 3


@pytest.mark.parametrize("form", ["mermaid", "dot", "svg", "html"])
@pytest.mark.usefixtures("folder")
def test_pictures_show_them_too(form: str) -> None:
    done = show("--cut", "step-functions", "--as", form)
    assert done.exit_code == 0
    assert "block(timeout of a part)" in done.stdout and "task" in done.stdout


@pytest.mark.usefixtures("folder")
def test_json_is_of_the_workflow_and_shows_the_cut() -> None:
    plain, cut = (
        json.loads(show(*words, "--json").stdout) for words in ([], ["--cut", "step-functions"])
    )
    assert "block(" in cut.pop("text") and "block(" not in plain.pop("text")
    assert cut == plain


@pytest.mark.usefixtures("folder")
def test_an_engine_that_is_not_known() -> None:
    done = show("--cut", "nomad")
    assert (done.exit_code, done.stdout) == (2, "")
    there = ", ".join(ENGINES)
    assert done.stderr == f"fwf: --cut nomad: there is no engine 'nomad'; there are {there}\n"
