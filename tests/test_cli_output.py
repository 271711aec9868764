"""Files that commands write: whole or not at all."""

import os
import stat
import sys
from pathlib import Path

import pytest

from fwf.cli.output import as_json, complain, elided, write_file
from fwf.cli.refused_commands import Misuse


def test_a_file_is_written_and_said(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    place = tmp_path / "größe 🎈.txt"
    write_file(place, "a\r\nb\ud800")
    assert place.read_bytes() == b"a\r\nb\\ud800\n"
    assert list(tmp_path.iterdir()) == [place]
    assert capsys.readouterr() == ("", f"wrote {place}\n")


def test_a_file_keeps_its_mode_and_a_link_stays_a_link(tmp_path: Path) -> None:
    real, link = tmp_path / "real", tmp_path / "link"
    real.write_text("old")
    real.chmod(0o640)
    link.symlink_to(real)
    write_file(link, "new\n")
    assert link.is_symlink() and real.read_text() == "new\n"
    assert stat.S_IMODE(real.stat().st_mode) == 0o640


def test_an_unwritable_place_is_told_on_one_line_with_the_remedy(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    for place, why in [
        (tmp_path, "it is a folder; name a file in it"),
        (tmp_path / "no" / "x", f"there is no folder {tmp_path / 'no'}; make it"),
        (tmp_path / "file" / "x", "not a directory; nothing is left there"),
        (tmp_path / ("n" * 300), "file name too long; nothing is left there"),
        (tmp_path / "a\0b", "embedded null byte"),
    ]:
        with pytest.raises(Misuse) as caught:
            write_file(place, "x")
        assert why in caught.value.lines[0]
        assert len(caught.value.lines) == 1
    assert [each.name for each in tmp_path.iterdir()] == ["file"]


def test_a_full_disk_leaves_the_old_file_and_nothing_beside_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    place = tmp_path / "x"
    place.write_text("old")

    def full(self: Path, target: Path) -> Path:
        raise OSError(28, os.strerror(28))

    monkeypatch.setattr(Path, "replace", full)
    with pytest.raises(Misuse, match="no space left on device; nothing was changed there"):
        write_file(place, "new")
    assert place.read_text() == "old"
    assert list(tmp_path.iterdir()) == [place]


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="there is no /dev/full here")
def test_a_device_is_written_to_as_it_stands() -> None:
    write_file("/dev/null", "x")
    with pytest.raises(Misuse, match="no space left on device"):
        write_file("/dev/full", "x")
    assert stat.S_ISCHR(os.stat("/dev/full").st_mode)


HOSTILE = "a\tb\x1b[2J\r\nc\u202ed\x0ce\ud800"


def test_a_text_is_data_in_a_pipe_and_shows_what_it_holds_on_a_terminal(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    assert elided(HOSTILE) == HOSTILE
    assert elided("a\n\nb\n") == "a\n\nb"
    monkeypatch.setattr(sys.stdout, "isatty", lambda: True)
    assert elided(HOSTILE) == "a       b\\x1b[2J\nc\\u202ed\ne\\ud800"


def test_what_goes_to_stderr_shows_what_it_holds(capsys: pytest.CaptureFixture[str]) -> None:
    complain(f"Traceback:\n\t{HOSTILE}")
    said = "Traceback:\n        a       b\\x1b[2J\\r\nc\\u202ed\\x0ce\\ud800\n"
    assert capsys.readouterr().err == said


def test_json_is_ascii_whatever_the_text() -> None:
    text = as_json({HOSTILE: [HOSTILE]})
    assert text.isascii()
    assert all(line.isprintable() for line in text.split("\n"))
