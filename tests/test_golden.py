"""Every example's golden folder is as it was reviewed."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests import golden

for library in ("duckdb", "pyarrow", "sqlglot"):
    pytest.importorskip(library)


def test_nothing_has_drifted() -> None:
    changed = golden.drift()
    assert not changed, f"not as reviewed: {', '.join(changed)}; `{golden.COMMAND}` writes it anew"


def test_every_example_has_its_folder() -> None:
    assert {"first", "daily", "sql_transform"} <= {*golden.examples()}
    folders = {path.name for path in golden.GOLDEN.iterdir() if path.is_dir()}
    assert folders == {*golden.examples()}


@pytest.fixture
def copied(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A golden folder of its own, as it should be."""
    monkeypatch.setattr(golden, "GOLDEN", tmp_path)
    golden.write()
    return tmp_path


def test_a_changed_a_missing_and_a_stray_file_are_drift(copied: Path) -> None:
    assert golden.drift() == []
    (copied / "first" / "needs.txt").write_text("nothing\n", encoding="utf-8")
    (copied / "daily" / "trace.txt").unlink()
    (copied / "gone").mkdir()
    (copied / "gone" / "pretty.txt").write_text("gone\n", encoding="utf-8")
    assert golden.drift() == ["daily/trace.txt", "first/needs.txt", "gone/pretty.txt"]
    golden.write()
    assert golden.drift() == []


def test_the_bytes_are_the_same_in_any_process(tmp_path: Path) -> None:
    program = (
        f"import sys; sys.path.insert(0, {str(golden.ROOT)!r})\n"
        "from tests import golden; print(golden.drift())"
    )
    for seed in ("0", "1"):
        done = subprocess.run(
            [sys.executable, "-c", program],
            cwd=tmp_path,
            env={**os.environ, "PYTHONHASHSEED": seed, "COLUMNS": "37", "TZ": "Asia/Tokyo"},
            capture_output=True,
            text=True,
            check=True,
            timeout=120,
        )
        assert done.stdout == "[]\n"
