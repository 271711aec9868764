"""Progress on a real pseudo-terminal: a picture there, plain lines on a dumb one."""

import contextlib
import fcntl
import os
import pty
import re
import select
import signal
import struct
import subprocess
import termios
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.cli_support import command, environment

SOURCE = """
import time
from pathlib import Path
from fwf import always, const, map_each, named, retry, seconds, task

@task(effect="read")
def flaky() -> list[int]:
    time.sleep(0.5)
    if not Path("tried").exists():
        Path("tried").touch()
        raise ConnectionError("no [route] ü")
    return list(range(300))

@task(effect="read")
def item(i: int) -> int:
    time.sleep(0.02)
    return i

@task(effect="read")
def finish(done: object) -> str:
    print("a task prints")
    time.sleep(0.5)
    return "all done"

@task(effect="read")
def tidy() -> None:
    Path("tidied").touch()

workflow = named(
    "night",
    retry(flaky, attempts=2, wait=seconds(1)) >> map_each(item) >> always(finish, then=tidy),
)
"""
COLOUR = re.compile(r"\x1b\[[0-9;]*[1-9][0-9;]*m")
CONTROL = re.compile(r"\x1b\[[0-9;?]*[A-Za-z]|\r")


class Terminal:
    """A process on a terminal of 100 columns and 12 lines, and all that it has shown."""

    def __init__(self, folder: Path, env: dict[str, str], *words: str) -> None:
        self.master, slave = pty.openpty()
        fcntl.ioctl(slave, termios.TIOCSWINSZ, struct.pack("HHHH", 12, 100, 0, 0))
        self.process = subprocess.Popen(
            command(*words), cwd=folder, env=env, stdin=slave, stdout=slave, stderr=slave,
            start_new_session=True,
        )  # fmt: skip
        os.close(slave)
        self.shown = ""

    def read(self, until: str | None = None) -> str:
        """Read until a text is shown, or to the end ⟶ all that was shown."""
        give_up = time.monotonic() + 60
        while until is None or until not in self.shown:
            if time.monotonic() > give_up:
                pytest.fail(f"{until!r} never came: {self.shown!r}")
            if select.select([self.master], [], [], 0.1)[0]:
                try:
                    found = os.read(self.master, 65_536)
                except OSError:  # Linux's way of saying that nobody writes any more
                    found = b""
                if not found:
                    break
                self.shown += found.decode(errors="replace")
        return self.shown

    def end(self) -> int:
        self.read()
        return self.process.wait(timeout=60)


@contextlib.contextmanager
def terminal(folder: Path, *words: str, **more: str) -> Iterator[Terminal]:
    env = {**environment(TERM="xterm-256color"), **more}
    for size in ("COLUMNS", "LINES"):
        env.pop(size, None)
    opened = Terminal(folder, env, *words)
    try:
        yield opened
    finally:
        opened.process.kill()
        opened.process.wait()
        os.close(opened.master)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "job.py").write_text(SOURCE, encoding="utf-8")
    return tmp_path


def test_a_terminal_shows_what_runs_and_what_is_tried_again(folder: Path) -> None:
    with terminal(folder, "run", "job", "--workers", "4") as shown:
        assert shown.end() == 0
        text = CONTROL.sub("", shown.shown)
    assert re.search(r"night > flaky +[2-5]\d0 ms", text)
    assert re.search(r"night > flaky +will retry in \d+ ms: ConnectionError: no \[route\] ü", text)
    assert re.search(r"night > flaky +attempt 2  \d+ ms", text)
    assert re.search(r"night > map_each\[\*\] > item +4 running, \d+ ok  [\d.]+ [mµ]?s", text)
    assert "map_each[7]" not in text
    assert COLOUR.search(shown.shown)
    assert "a task prints" in text
    last = [line for line in shown.shown.splitlines() if line.strip()][-2:]
    assert CONTROL.sub("", last[0]).startswith("night  ")
    assert last[0].endswith("303 ok, 1 failed, 1 retry")
    assert last[1] == "all done"
    assert shown.shown.count("\x1b[?25h") == shown.shown.count("\x1b[?25l") == 1


def test_no_color_shows_no_colours(folder: Path) -> None:
    with terminal(folder, "run", "job", NO_COLOR="1") as shown:
        assert shown.end() == 0
    assert "will retry in" in shown.shown
    assert not re.search(r"\x1b\[[0-9;]*3[0-7][0-9;]*m", shown.shown)


@pytest.mark.parametrize("dumb", ["dumb", ""])
def test_a_dumb_terminal_gets_plain_lines(folder: Path, dumb: str) -> None:
    with terminal(folder, "run", "job", TERM=dumb) as shown:
        assert shown.end() == 0
    assert "\x1b" not in shown.shown
    assert "failed night > flaky  5" in shown.shown  # half a second
    assert " ms, will retry in 1 s: ConnectionError: no [route] ü" in shown.shown


def test_an_ascii_terminal_is_drawn_in_ascii(folder: Path) -> None:
    ascii_only = {"LC_ALL": "C", "PYTHONUTF8": "0", "PYTHONCOERCECLOCALE": "0"}
    with terminal(folder, "run", "job", **ascii_only) as shown:
        assert shown.end() == 0, shown.shown
    assert shown.shown.isascii()
    assert "no [route] \\xfc" in shown.shown


def test_ctrl_c_leaves_the_terminal_in_order(folder: Path) -> None:
    with terminal(folder, "run", "job") as shown:
        shown.read(until="a task prints")
        shown.process.send_signal(signal.SIGINT)
        assert shown.end() == 130
    assert (folder / "tidied").exists()
    assert shown.shown.endswith("Interrupted: stopped by SIGINT\r\n")
    assert shown.shown.count("\x1b[?25h") == shown.shown.count("\x1b[?25l") == 1
    assert "Traceback" not in shown.shown
