"""A partition's run as a process of its own: `fwf run`, with the options that its parent was given.

It is in a process group of its own, so that ctrl-C and what ends a whole group reach it by its
parent alone, and once.
"""

import os
import signal
import subprocess
import sys
from collections.abc import Callable, Collection, Generator, Iterator, Sequence
from contextlib import contextmanager, suppress
from threading import Thread
from typing import IO, Any, Final, TextIO, cast, final

import click
from click.core import ParameterSource

from fwf import early
from fwf.cli.output import complain
from fwf.cli.program import debugging
from fwf.cli.timetables.launch import Ended
from fwf.schedules.planning import Partition

PATIENCE: Final = 2.0
"""So many seconds after the end of a process its output is waited for: another may keep it open."""


def options_of_command(ctx: click.Context, without: Collection[str]) -> list[str]:
    """The options that a command was given ⟶ the same for others, but for some by their names.

    What the environment says, others are told by that.
    """
    words = ["--debug"] if debugging(ctx) else []
    for option in ctx.command.params:
        name = option.name or ""
        source = ctx.get_parameter_source(name) is ParameterSource.COMMANDLINE
        if isinstance(option, click.Option) and source and name not in without:
            words += _words(option.opts[-1], ctx.params.get(name))
    return words


def _words(option: str, value: Any) -> Iterator[str]:
    if value is True:
        yield option
    elif isinstance(value, tuple):
        yield from (f"{option}={each}" for each in cast(tuple[object, ...], value))
    elif value is not None and value is not False:
        yield f"{option}={value}"


@final
class Children:
    """Starts the runs of one target.

    alone: whether there is one at a time, which has the terminal; else what they write are lines,
        each with its partition before it.
    as_json: whether stdout is kept for what is to be told in the end.
    """

    def __init__(
        self, target: str, options: Sequence[str], *, alone: bool, as_json: bool = False
    ) -> None:
        self._command = [sys.executable, "-m", "fwf", "run", target, *options]
        self._alone = alone
        self._as_json = as_json

    def __call__(self, each: Partition, tell: Callable[[Ended], None]) -> "Child":
        """Start one; who is told hears of it when it has ended."""
        run = each.run
        again = ["--again"] if each.again else []
        words = [*self._command, f"--param={run.param}={run.text}", *again]
        for stream in (sys.stdout, sys.stderr):
            stream.flush()
        piped = None if self._alone else subprocess.PIPE
        out = 2 if self._alone and self._as_json else piped
        with _signals_kept_back():
            process = subprocess.Popen(
                words, stdin=subprocess.DEVNULL, stdout=out, stderr=piped, process_group=0
            )
        return Child(process, run.label, self._readers(process, run.label), tell)

    def _readers(self, process: "subprocess.Popen[bytes]", label: str) -> list[Thread]:
        to = ((process.stdout, sys.stderr if self._as_json else sys.stdout),
              (process.stderr, sys.stderr))  # fmt: skip
        return [_reader(pipe, label, out) for pipe, out in to if pipe is not None]


@final
class Child:
    """One process, which a thread waits for."""

    def __init__(
        self,
        process: "subprocess.Popen[bytes]",
        label: str,
        readers: Sequence[Thread],
        tell: Callable[[Ended], None],
    ) -> None:
        self._process = process
        self._label = label
        self._readers = readers
        self._tell = tell
        Thread(target=self._wait, name=f"fwf-{label}", daemon=True).start()

    def stop(self, number: int, /) -> None:
        """Hand a signal on."""
        with suppress(ProcessLookupError):
            self._process.send_signal(number)

    def _wait(self) -> None:
        status = self._process.wait()
        for each in self._readers:
            each.join(PATIENCE)
        self._tell(Ended(self._label, status))


@contextmanager
def _signals_kept_back() -> Generator[None]:
    """What is started has a signal that is handed on to it once it can tell it: see `fwf.early`."""
    if not hasattr(signal, "pthread_sigmask"):
        yield
        return
    before = signal.pthread_sigmask(signal.SIG_BLOCK, early.numbers())
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


def _reader(pipe: IO[bytes], label: str, to: TextIO) -> Thread:
    """A thread that writes each line of a pipe to a stream, with a label before it."""

    def read() -> None:
        with pipe:
            for line in pipe:
                complain(f"{label}  {line.decode(errors='replace').rstrip(os.linesep)}", to=to)

    thread = Thread(target=read, name=f"fwf-{label}-lines", daemon=True)
    thread.start()
    return thread
