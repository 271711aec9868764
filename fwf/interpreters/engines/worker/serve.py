"""`python -m fwf worker`: one order on stdin or in a file, its answer on stdout or in one."""

from __future__ import annotations

import os
import signal
import sys
from argparse import ArgumentParser
from collections.abc import Callable
from pathlib import Path
from types import FrameType
from typing import Any, final

from fwf.faults import Failed, Interrupted, tags_of, text
from fwf.interpreters.engines.worker.answer import Answer, answer_to_text
from fwf.interpreters.engines.worker.loading import Loaded, loaded
from fwf.interpreters.engines.worker.order import Order, Unclear, order_from_text
from fwf.interpreters.engines.worker.work import work
from fwf.interpreters.run import SystemClock
from fwf.interpreters.run.signals import DEFAULTS


@final
class _Stopped(BaseException):
    """A signal has come before anything was begun; its name."""


def main(words: list[str]) -> int:
    """The words behind `worker` ⟶ the exit status: 0 if there is an answer, whatever it says.

    What tasks print goes to stderr.
    """
    parser = ArgumentParser("fwf worker", description="Runs one part of a workflow for an engine.")
    parser.add_argument("--order", metavar="FILE", help="the order; stdin if there is none")
    parser.add_argument("--answer", metavar="FILE", help="the answer; stdout if there is none")
    given = parser.parse_args(words)
    out = _stdout_apart()
    _on_signals(_stop)
    answer = _answered(lambda: _read(given.order))
    _on_signals(signal.SIG_IGN)
    said = answer_to_text(answer, SystemClock().now()).encode() + b"\n"
    sys.stdout.flush()
    if given.answer is None:
        with os.fdopen(out, "wb") as stream:
            stream.write(said)
    else:
        beside = Path(f"{given.answer}.{os.getpid()}")
        beside.write_bytes(said)
        beside.replace(given.answer)
    return 0


def _answered(read: Callable[[], bytes]) -> Answer:
    """What is read ⟶ the answer to the order that it is. Whatever happens, there is one."""
    order: Order | None = None
    try:
        order = order_from_text(read())
        return work(order, load=_loaded)
    except _Stopped as stopped:
        return Answer("cut", fault=Interrupted(by=str(stopped)))
    except KeyboardInterrupt as error:  # of a second signal
        return Answer("cut", fault=Interrupted(by=str(error)))
    except (Unclear, OSError) as error:
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
