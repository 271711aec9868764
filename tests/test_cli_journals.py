"""Which journal a command means, and which run in it."""

from pathlib import Path

import pytest
from click.exceptions import Exit

from fwf.cli import journals
from fwf.cli.refused_commands import Misuse
from fwf.journal.errors import Held, JournalCorrupt
from tests.cli_support import fwf
from tests.telling.kept import BEGAN, Kept, Written, kept


@pytest.fixture
def store() -> Kept:
    store = Kept()
    for day in (1, 2, 3):
        shown = {"day": f"2026-06-0{day}"}
        written = Written(BEGAN + day).begin()
        kept(store, written, "ok", id=f"0198-7000-8000-aaaa0{day}", shown=shown, key=f"k{day}")
    kept(store, Written().begin(), workflow="daily_eu", id="0198-7000-8000-bbbb01", key="eu")
    again = {"shown": {"day": "2026-06-03", "at": "02:00+02:00"}}
    kept(store, Written().begin(), id="0198-7000-8000-aaaa13", key="k3", generation=2, **again)
    return store


@pytest.mark.parametrize(
    ("text", "meant"),
    [
        ("aaaa01", "aaaa01"),
        ("AAAA01", "aaaa01"),
        ("0198-7000-8000-aaaa01", "aaaa01"),
        ("bbbb", "bbbb01"),
        ("daily_eu", "bbbb01"),
        ("eu", "bbbb01"),
        ("daily+day=2026-06-02", "aaaa02"),
        ("day=2026-06-02", "aaaa02"),
        ("daily+aaaa02", "aaaa02"),
        ("daily+day=2026-06-03+at=02:00+02:00", "aaaa13"),
    ],
)
def test_a_run_is_meant_by_part_of_its_id_or_workflow_and_parameters(
    store: Kept, text: str, meant: str
) -> None:
    assert journals.find_run(store, text).id.endswith(meant)


def test_of_generations_the_last_is_meant_unless_an_id_says_another(store: Kept) -> None:
    assert journals.find_run(store, "daily+day=2026-06-03").generation == 2
    assert journals.find_run(store, "aaaa03").generation == 1


def test_a_text_that_stands_for_several_names_them(store: Kept) -> None:
    with pytest.raises(Misuse) as caught:
        journals.find_run(store, "daily")
    assert "stands for 4 runs: " in str(caught.value)
    assert "aaaa02" in str(caught.value)
    assert "generation 2" in str(caught.value)
    assert str(caught.value).endswith("add a parameter after the workflow: daily+day=2026-06-03")


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("dialy", "did you mean 'daily'?"),
        ("daily+day=2026-06-20", "did you mean 'day=2026-06-0"),
        ("zzz", "; the newest are "),
        ("", "'' is no RUN: write a part of its id"),
        (" ", "is no RUN"),
    ],
)
def test_a_run_that_is_not_there_is_told_with_what_is_near(
    store: Kept, text: str, said: str
) -> None:
    with pytest.raises(Misuse) as caught:
        journals.find_run(store, text)
    assert said in str(caught.value)


def test_an_empty_journal_says_so() -> None:
    with pytest.raises(Misuse, match="memory has none yet"):
        journals.find_run(Kept(), "daily")


def test_the_default_is_in_the_folder_of_the_project(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    inside = tmp_path / "a" / "b"
    inside.mkdir(parents=True)
    monkeypatch.chdir(inside)
    assert journals.place_of(None) == str(inside / ".fwf" / "runs.db")
    (tmp_path / "a" / ".git").write_text("gitdir: elsewhere")
    assert journals.place_of(None) == str(tmp_path / "a" / ".fwf" / "runs.db")
    (inside / "fwf.toml").touch()
    assert journals.place_of(None) == str(inside / ".fwf" / "runs.db")


def test_a_journal_can_be_off_or_elsewhere() -> None:
    assert journals.place_of("off") is None
    assert journals.place_of("postgresql://etl@db/runs") == "postgresql://etl@db/runs"
    with pytest.raises(Misuse, match="--journal off: no run is remembered"):
        journals.open_journal("off")


def test_looking_makes_no_journal(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    with pytest.raises(Misuse, match=r"there is no journal .*runs\.db yet"):
        journals.open_journal(None)
    assert not list(tmp_path.iterdir())


def test_what_is_held_has_an_exit_status_of_its_own(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(Exit) as caught, journals.refusals():
        raise Held("daily: held by etl on nightly-1", None)
    assert caught.value.exit_code == 75
    assert capsys.readouterr().err == "fwf: daily: held by etl on nightly-1\n"
    with pytest.raises(Misuse, match="record 7"), journals.refusals():
        raise JournalCorrupt("record 7 isn't what was written")


def test_a_run_is_resumed_as_what_it_is_and_not_as_another_target(tmp_path: Path) -> None:
    head = "from fwf import const, fail, named"
    pair = f"{head}\none = named('one', fail('X'))\ntwo = named('two', const(2))"
    (tmp_path / "pair.py").write_text(pair)
    journal = ("--journal", str(tmp_path / "runs.db"))
    assert fwf("run", "pair.py:one", *journal, cwd=tmp_path).status == 1
    done = fwf("run", "pair.py:two", "--resume", "one", *journal, cwd=tmp_path)
    assert done.status == 2 and "is one of one, and pair.py:two is two now" in done.err
    assert fwf("run", "pair.py:one", "--resume", "one", *journal, cwd=tmp_path).status == 1
    (tmp_path / "pair.py").write_text(pair.replace("named('one'", "named('three'"))
    done = fwf("run", "pair.py:one", "--resume", "one", *journal, cwd=tmp_path)
    assert done.status == 2 and "if the workflow was renamed" in done.err


def test_a_journal_that_is_begun_is_told_and_one_of_an_unknown_kind_refused(tmp_path: Path) -> None:
    (tmp_path / "one.py").write_text("from fwf import const\nworkflow = const(1)\n")
    place = str(tmp_path / "runs.db")
    assert f"a new journal: {place}" in fwf("run", "one.py", "--journal", place, cwd=tmp_path).err
    assert "a new journal" not in fwf("run", "one.py", "--journal", place, cwd=tmp_path).err
    done = fwf("run", "one.py", "--journal", "mysql://x", cwd=tmp_path)
    assert done.status == 2 and "in PostgreSQL (postgresql://…)" in done.err
    assert not (tmp_path / "mysql:").exists()


def test_the_journal_of_a_project_is_left_out_by_git_whoever_makes_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "fwf.toml").touch()
    monkeypatch.chdir(tmp_path)
    journals.open_journal(None, make=True).close()
    assert (tmp_path / ".fwf" / ".gitignore").read_text() == "*\n"
