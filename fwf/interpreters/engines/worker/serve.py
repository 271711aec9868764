"""`python -m fwf worker`: a call or order on stdin or in a file, its answer on stdout or in one."""

from __future__ import annotations

import json
import os
import signal
import sys
from argparse import ArgumentParser
from pathlib import Path
from types import FrameType
from typing import Any, final

from fwf.faults import Failed, Interrupted, tags_of, text
from fwf.forms.refusal import Refused
from fwf.forms.scalar_form import Json
from fwf.forms.strict import parsed
from fwf.interpreters.engines.worker.answer import Answer, answer_to_text
from fwf.interpreters.engines.worker.call import is_call
from fwf.interpreters.engines.worker.loading import Loaded, loaded
from fwf.interpreters.engines.worker.order import MOST, Order, Unclear, order_from_text
from fwf.interpreters.engines.worker.verbs import answered
from fwf.interpreters.engines.worker.work import work
from fwf.interpreters.run import SystemClock
from fwf.interpreters.run.signals import DEFAULTS


@final
class _Stopped(BaseException):
    """A signal has come before anything was begun; its name."""


def main(words: list[str]) -> int:
    """The words behind `worker` ⟶ the exit status: 0 if there is an answer, whatever it says.

    To an order there is always one. To what is no call, or before a signal lets one begin, there is
    none: 2 with the reason on stderr, or 128 and the signal's number. What tasks print goes to
    stderr.
    """
    parser = ArgumentParser("fwf worker", description="Runs one part of a workflow for an engine.")
    parser.add_argument("--order", metavar="FILE", help="the call or order; stdin if none is named")
    parser.add_argument("--answer", metavar="FILE", help="the answer; stdout if none is named")
    given = parser.parse_args(words)
    out = _stdout_apart()
    _on_signals(_stop)
    try:
        said = _said(given.order)
    except _Stopped as stopped:
        return 128 + signal.Signals[str(stopped)]
    except Unclear as error:
        sys.stderr.write(f"fwf worker: {error}\n")
        return 2
    _on_signals(signal.SIG_IGN)
    _write(said.encode() + b"\n", given.answer, out)
    return 0


def _said(file: str | None) -> str:
    """Where a call or an order is ⟶ the text of the answer to it."""
    try:
        given = _read(file)
    except OSError as error:
        return answer_to_text(Answer("refused", said=text(error)))
    call = _call_in(given)
    if call is None:
        return answer_to_text(_answered(given), SystemClock().now())
    return json.dumps(answered(call, load=_loaded))


def _call_in(given: bytes) -> Json:
    """The call that a text is; None if it is meant to be an order, or nothing that is known."""
    try:
        found = parsed(given, MOST)
    except Refused:
        return None
    return found if is_call(found) else None


def _write(said: bytes, file: str | None, out: int) -> None:
    """Write an answer to a file, as a whole or not at all, or to where stdout was."""
    sys.stdout.flush()
    if file is None:
        with os.fdopen(out, "wb") as stream:
            stream.write(said)
    else:
        beside = Path(f"{file}.{os.getpid()}")
        beside.write_bytes(said)
        beside.replace(file)


def _answered(given: bytes) -> Answer:
    """A text ⟶ the answer to the order that it is. Whatever happens, there is one."""
    order: Order | None = None
    try:
        order = order_from_text(given)
        return work(order, load=_loaded)
    except _Stopped as stopped:
        return Answer("cut", fault=Interrupted(by=str(stopped)))
    except KeyboardInterrupt as error:  # of a second signal
        return Answer("cut", fault=Interrupted(by=str(error)))
    except Unclear as error:
        return Answer("refused", said=text(error))
    except BaseException as error:  # a mistake of ours: nobody knows what was begun
        path = "" if order is None else order.path
        return Answer("held", fault=Failed(path, tags_of(error), text(error)))


def _read(file: str | None) -> bytes:
    return sys.stdin.buffer.read() if file is None else Path(file).read_bytes()


def _loaded(target: str) -> Loaded:
    """The workflow; from then on signals are the run's."""
    found = loaded(target)
    _on_signals(None)
    return found


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
