"""An export is written whole or not at all, and takes nothing that no export wrote."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from fwf.cli.exported_files import MANIFEST, write_export
from fwf.cli.refused_commands import Misuse
from tests.small_disks import small_disk

TEXTS = {"job.json": "{}\n", "run.sh": "run\n"}
LATER = {"job.json": '{"n": 2}\n', "run.sh": "run\n", "README.md": "Later.\n"}


OF = "jobs:daily"


def export(folder: str, texts: dict[str, str], of: str = OF) -> None:
    write_export(folder, texts, of)


def there(folder: Path) -> dict[str, str]:
    return {
        path.name: path.read_text()
        for path in folder.iterdir()
        if path.is_file() and path.name != MANIFEST
    }


@pytest.fixture
def small() -> Iterator[Path]:
    """A file system of some pages."""
    with small_disk("64k") as folder:
        yield folder


def test_a_later_export_replaces_what_an_earlier_one_wrote(tmp_path: Path) -> None:
    export(f"{tmp_path}/out", TEXTS)
    export(f"{tmp_path}/out", LATER)
    assert there(tmp_path / "out") == LATER
    export(f"{tmp_path}/out", TEXTS)
    assert there(tmp_path / "out") == {**LATER, **TEXTS}


def test_exports_share_a_folder_with_one_another_and_with_other_files(tmp_path: Path) -> None:
    (tmp_path / "own.py").write_text("own")
    for name in ("a.py", "b.py", "a.py"):
        export(str(tmp_path), {name: f"dag {name}\n"})
    export(str(tmp_path), {"a.py": "another\n"})
    assert there(tmp_path) == {"own.py": "own", "a.py": "another\n", "b.py": "dag b.py\n"}


def test_files_of_ones_own_are_named_all_and_nothing_is_written(tmp_path: Path) -> None:
    export(str(tmp_path), {"run.sh": "run\n"})
    (tmp_path / "README.md").write_text("My own.\n")
    (tmp_path / "run.sh").write_text("run slowly\n")
    (tmp_path / "job.json").symlink_to(tmp_path / "away")
    (tmp_path / "same.txt").write_text("same\n")
    (tmp_path / "deep").mkdir()
    before = there(tmp_path)
    with pytest.raises(Misuse) as caught:
        export(str(tmp_path), {**LATER, "same.txt": "same\n", "deep": "", "new": ""})
    (line,) = caught.value.lines
    assert line == (
        f"-o {tmp_path}: no export of jobs:daily wrote what is there: job.json (a link), run.sh "
        "(changed since it was exported), README.md, deep (a folder); move it away, or name "
        "another folder"
    )
    assert there(tmp_path) == before and not (tmp_path / "away").exists()


@pytest.mark.parametrize("text", ["", "[]", "{", '{"files": 1}', '{"files": {}}', "\0"])
def test_a_list_of_files_that_says_nothing_lets_nothing_be_replaced(
    tmp_path: Path, text: str
) -> None:
    (tmp_path / "run.sh").write_text("mine\n")
    (tmp_path / MANIFEST).write_text(text)
    with pytest.raises(Misuse, match=r"run\.sh"):
        export(str(tmp_path), TEXTS)
    assert there(tmp_path) == {"run.sh": "mine\n"}
    assert (tmp_path / MANIFEST).read_text() == text


def test_what_is_no_plain_file_is_nobodys_export(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "run.sh")
    with pytest.raises(Misuse, match=r"run\.sh; move it away"):
        export(str(tmp_path), TEXTS)
    assert [each.name for each in tmp_path.iterdir()] == ["run.sh"]


def test_a_full_disk_leaves_what_was_there(small: Path) -> None:
    export(f"{small}/out", TEXTS)
    large = {**LATER, "large": "x" * 100_000}
    for folder in ("out", "new/folder"):
        with pytest.raises(Misuse, match=r"no space left on device; nothing was changed there"):
            export(f"{small}/{folder}", large)
    assert [each.name for each in small.iterdir()] == ["out"]
    assert there(small / "out") == TEXTS
    export(f"{small}/out", LATER)
    assert there(small / "out") == LATER


@pytest.mark.parametrize("last", ["README.md", MANIFEST])
def test_where_one_file_cant_be_put_the_others_are_as_they_were(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, last: str
) -> None:
    export(str(tmp_path), TEXTS)
    before = (tmp_path / MANIFEST).read_bytes()
    replace = Path.replace

    def refusing(part: Path, target: Path) -> Path:
        if target.name == last:
            raise PermissionError(1, "Operation not permitted")
        return replace(part, target)

    monkeypatch.setattr(Path, "replace", refusing)
    with pytest.raises(Misuse, match="operation not permitted; nothing was changed there"):
        export(str(tmp_path), LATER)
    assert there(tmp_path) == TEXTS
    assert (tmp_path / MANIFEST).read_bytes() == before


def test_what_an_export_replaces_keeps_who_may_read_it(tmp_path: Path) -> None:
    export(str(tmp_path), TEXTS)
    (tmp_path / "run.sh").chmod(0o750)
    export(str(tmp_path), {"run.sh": "run anew\n"})
    assert (tmp_path / "run.sh").stat().st_mode & 0o777 == 0o750


def test_a_file_of_another_target_isnt_replaced(tmp_path: Path) -> None:
    export(str(tmp_path), TEXTS)
    with pytest.raises(Misuse, match=r"job\.json \(an export of jobs:daily\); move it away"):
        export(str(tmp_path), {"job.json": "other\n", "run.sh": "run\n"}, of="jobs:hourly")
    assert there(tmp_path) == TEXTS


def test_a_file_that_is_not_of_the_export_any_more_is_told(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    export(str(tmp_path), {"old.py": "dag\n"})
    export(str(tmp_path), {"others.py": "dag\n"}, of="jobs:hourly")
    assert "earlier" not in capsys.readouterr().err
    export(str(tmp_path), {"new.py": "dag\n"})
    told = capsys.readouterr().err
    assert "old.py is of an earlier export of jobs:daily, and not of this one: remove it" in told
    assert "others.py" not in told
