"""How the tests of the command line run it: in this process, or in one of its own."""

import os
import re
import subprocess
import sys
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import NamedTuple

ROOT = Path(__file__).parents[1]
Write = Callable[..., Path]
EVENT = re.compile(r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d[+-]\d\d:\d\d [0-9a-f]{8} ")
"""What lines of progress begin with: date, time, zone, and the end of the run's id."""


class Done(NamedTuple):
    """How a command ended, and what it wrote."""

    status: int
    out: str
    err: str


def environment(**more: str) -> dict[str, str]:
    """A plain environment in which `fwf` can be imported from the checkout."""
    kept = {name: value for name, value in os.environ.items() if not _about_terminals(name)}
    return {**kept, "PYTHONPATH": str(ROOT), "COLUMNS": "100", "TERM": "dumb", **more}


def _about_terminals(name: str) -> bool:
    return name.startswith(("LC_", "PYTHON")) or name in ("LANG", "NO_COLOR", "FORCE_COLOR")


def command(*words: str) -> list[str]:
    return [sys.executable, "-m", "fwf", *words]


def fwf(
    *words: str, cwd: Path, env: Mapping[str, str] | None = None, encoding: str = "utf-8"
) -> Done:
    """Run one command in a process of its own."""
    return python("-m", "fwf", *words, cwd=cwd, env=env, encoding=encoding)


def python(
    *words: str, cwd: Path, env: Mapping[str, str] | None = None, encoding: str = "utf-8"
) -> Done:
    """Run Python in a process of its own."""
    done = subprocess.run(
        [sys.executable, *words],
        cwd=cwd,
        env=environment() if env is None else env,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        timeout=60,
        check=False,
    )
    return Done(done.returncode, done.stdout.decode(encoding), done.stderr.decode(encoding))


def events_of(stderr: str) -> list[str]:
    """Progress in plain lines ⟶ what each says behind date, time, zone and the run's id."""
    found = [EVENT.match(line) for line in stderr.splitlines()]
    return [line.string[line.end() :] for line in found if line]
