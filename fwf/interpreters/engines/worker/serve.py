"""`python -m fwf worker`: a call on stdin or in a file, what it answers on stdout or in one."""

from __future__ import annotations

import json
import os
import signal
import sys
from argparse import ArgumentParser
from pathlib import Path
from types import FrameType
from typing import Any, final

from fwf.faults import text
from fwf.forms.refusal import Refused
from fwf.forms.strict import parse
from fwf.interpreters.engines.worker.call_forms import MOST, Unclear
from fwf.interpreters.engines.worker.loading import Loaded, loaded
from fwf.interpreters.engines.worker.verbs import answer_call
from fwf.interpreters.run.signals import DEFAULTS


@final
class _Stopped(BaseException):
    """A signal has come before anything was begun; its name."""


def main(words: list[str]) -> int:
    """The words behind `worker` ⟶ the exit status: 0 if there is an answer, whatever it says.

    To what is no call, or before a signal lets one begin, there is none: 2 with the reason on
    stderr, or 128 and the signal's number. What tasks print goes to stderr.
    """
    parser = ArgumentParser("fwf worker", description="Runs one part of a workflow for an engine.")
    parser.add_argument("--call", metavar="FILE", help="the call; stdin if none is named")
    parser.add_argument("--answer", metavar="FILE", help="the answer; stdout if none is named")
    options = parser.parse_args(words)
    out = _stdout_apart()
    _on_signals(_stop)
    try:
        context = answer_call(parse(_content(options.call), MOST), load=_loaded)
    except _Stopped as stopped:
        return 128 + signal.Signals[str(stopped)]
    except (OSError, Refused, Unclear) as error:
        sys.stderr.write(f"fwf worker: {text(error)}\n")
        return 2
    _on_signals(signal.SIG_IGN)
    _write(json.dumps(context).encode() + b"\n", options.answer, out)
    return 0


def _content(file: str | None) -> bytes:
    return sys.stdin.buffer.read() if file is None else Path(file).read_bytes()


def _write(content: bytes, file: str | None, out: int) -> None:
    """Write an answer to a file, as a whole or not at all, or to where stdout was."""
    sys.stdout.flush()
    if file is None:
        with os.fdopen(out, "wb") as stream:
            stream.write(content)
    else:
        beside = Path(f"{file}.{os.getpid()}")
        beside.write_bytes(content)
        beside.replace(file)


def _loaded(target: str) -> Loaded:
    """The workflow; from then on signals are the run's."""
    there = loaded(target)
    _on_signals(None)
    return there


def _stdout_apart() -> int:
    """Let what is printed, here or in other processes, go to stderr ⟶ where answers go."""
    sys.stdout.flush()
    out = os.dup(1)
    os.set_inheritable(out, False)
    os.dup2(2, 1)
    return out


def _on_signals(do: Any) -> None:
    """Let signals do something, or None: what is usual. One that `nohup` ignores stays ignored."""
    for name, usual in DEFAULTS.items():
        number = getattr(signal, name, None)
        if number is not None and signal.getsignal(number) is not signal.SIG_IGN:
            signal.signal(number, do or usual)


def _stop(number: int, frame: FrameType | None) -> None:
    raise _Stopped(signal.Signals(number).name)
