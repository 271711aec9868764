"""What an observer is told while a workflow runs, and what becomes of an error of its own."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterable, Mapping
from contextlib import suppress
from datetime import datetime, timedelta
from enum import Enum
from functools import partial
from typing import TYPE_CHECKING, Any, Final, Protocol, TypeAlias, final

from returns.result import Result

from fwf.faults import Fault, named_text, text
from fwf.interpreters.run.here import Here, locate
from fwf.interpreters.run.interruption import uninterrupted, users
from fwf.machine.fibers import Tries, numbers
from fwf.machine.places import Place
from fwf.records import changed, record
from fwf.secrets import masked

if TYPE_CHECKING:
    from fwf.analysis.run_keys import RunName
    from fwf.machine.machine import Machine


@final
class Note:
    """Something an observer is told while a workflow runs.

    `kind` is start, ok, failed or cut of a task's attempt; retry; caught, where a fallback or a map
    that collects takes up a fault; kept, where an earlier try did what this one needn't do again
    (no start comes before it); or held, where the run can't go on until a person decides. `at` is
    in microseconds of the run's clock; a retry's is when it will try again. `detail` is the task's
    result, or the fault. `path` is worked out when first asked for. `earlier` is, of what was kept,
    the number of the try that did it, if that is known. `final` is, of what failed, whether the run
    can't end well any more: nothing can take that up, or try again.
    """

    __slots__ = ("_where", "at", "detail", "earlier", "final", "kind", "task", "tries")

    def __init__(
        self,
        kind: str,
        path: str | Callable[[], str],
        task: str,
        tries: tuple[int, ...],
        at: int,
        detail: Any = None,
        earlier: int | None = None,
        final: bool = False,
    ) -> None:
        self.kind = kind
        self.task = task
        self.tries = tries
        self.at = at
        self.detail = detail
        self.earlier = earlier
        self.final = final
        self._where = path

    @property
    def path(self) -> str:
        """The path of the place that it tells of."""
        if not isinstance(self._where, str):
            self._where = self._where()
        return self._where

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Note):
            return NotImplemented
        return _fields(self) == _fields(other)

    def __hash__(self) -> int:
        return hash((self.kind, self.path, self.task, self.tries, self.at))

    def __repr__(self) -> str:
        return f"Note{_fields(self)!r}"


def _fields(note: Note) -> tuple[Any, ...]:
    fields = note.kind, note.path, note.task, note.tries, note.at, note.detail
    return fields if note.earlier is None else (*fields, note.earlier)


@final
@record()
class Try:
    """One go at a run, from its start, or from where an earlier one left it, to its end.

    id: the run's, the same for all its tries.
    workflow: its name; empty if it has none.
    key: what names the run; None if nothing does.
    generation: 1, and one more whenever what was complete is done again.
    number: which try of the run it is, from 1.
    started: when this try began, with its zone.
    start: the same on the run's clock, in microseconds.
    params: its parameters as text, without secrets.
    remarks: what people should know of the journal that it is kept in.
    died: if the try before ended without a word, what is known of that; else None.
    taken_back: how much of earlier tries it does again, because somebody wants that; else empty.
    degraded: once it has ended well, the paths where what it gave isn't what was meant.
    """

    id: str
    workflow: str
    key: str | None
    generation: int
    number: int
    started: datetime
    start: int
    params: Mapping[str, str]
    died: str | None = None
    remarks: tuple[str, ...] = ()
    degraded: tuple[str, ...] = ()
    taken_back: str = ""

    def when(self, at: int) -> datetime:
        """Microseconds of the run's clock ⟶ local time, with its zone."""
        return (self.started + timedelta(microseconds=at - self.start)).astimezone()


class Observer(Protocol):
    """Who is told of a run, on the scheduler's thread. What it raises is no part of the run.

    With an attribute `locates` that is True, code of tasks can ask which attempt it is: `here`.
    With a method `inside` too, that is called with it before each attempt, in the attempt's own
    context (`contextvars`); not where the attempt is in a process of its own.
    """

    def began(self, this: Try, /) -> None:
        """A try begins; told once, before all else."""
        ...

    def note(self, note: Note, /) -> None:
        """Something happened."""
        ...

    def ended(self, this: Try, result: Result[Any, Fault], /) -> None:
        """The try is over, also where a second signal ended it; told once, after all else."""
        ...


Observe: TypeAlias = Callable[[Note], None] | Observer
"""Who may be told: a function of notes, or one who is also told of beginning and end."""
_METHODS: Final = ("began", "note", "ended")


@final
class Stream:
    """Tells one observer of one run. Of what it raises, a warning says so, once."""

    __slots__ = (
        "_call", "_observer", "_tell", "_warned", "inside", "locate", "machine", "this",
    )  # fmt: skip

    def __init__(self, observe: Observe, this: Callable[[], Try]) -> None:
        is_group = isinstance(observe, _ObserverGroup)  # which interrupts one, and tells the others
        self._call: Callable[..., object] = _call if is_group else users
        self._observer = _observer(observe)
        self._tell = _noting(observe)
        self.machine: Machine
        self.this = this
        """The try; not worked out for those who are told notes alone."""
        locates = getattr(observe, "locates", False) is True
        self.locate = partial(locate, self) if locates else None
        self.inside: Callable[[Here], None] | None = getattr(observe, "inside", None)
        self._warned = False

    def __call__(
        self,
        kind: str,
        place: Place,
        task: str,
        tries: Tries,
        at: int,
        detail: Any = None,
        earlier: int | None = None,
        final: bool = False,
    ) -> None:
        path = partial(self.machine.path, place)
        note = Note(kind, path, task, numbers(tries), at, detail, earlier, final)
        try:
            self._call(self._tell, note)
        except BaseException as error:
            self._on_error(error)

    def began(self) -> None:
        if self._observer is not None:
            try:
                self._call(self._observer.began, self.this())
            except BaseException as error:
                self._on_error(error)

    def ended(self, result: Result[Any, Fault], degraded: tuple[str, ...] = ()) -> None:
        if self._observer is not None:
            try:
                this = changed(self.this(), degraded=degraded)
                self._call(self._observer.ended, this, result)
            except BaseException as error:
                self._on_error(error)

    def enter(self, attempt: Here) -> None:
        """An attempt is about to run, in this context."""
        try:
            if self.inside is not None:
                self.inside(attempt)
        except BaseException as error:
            self._on_error(error)

    def _on_error(self, error: BaseException) -> None:
        machine = self.machine
        if machine.passes(error):
            raise error
        if machine.stopping and isinstance(error, KeyboardInterrupt):
            return  # the signal's, which stops the run and not its observer
        if not self._warned:
            self._warned = True
            warn(f"run(observe=…): it raised {named_text(error)}; the run goes on")


def _call(tell: Callable[..., None], /, *args: object) -> None:
    tell(*args)


def _observer(observe: Any) -> Observer | None:
    """An observer of beginning and end too; None for a function. Raises `TypeError` for others."""
    absent = [each for each in _METHODS if not callable(getattr(observe, each, None))]
    if not absent:
        observer: Observer = observe
        return observer
    if len(absent) < len(_METHODS) or not callable(observe):
        raise TypeError(
            f"run(observe={_name_of(observe)}): it has no {', '.join(absent)}; give a function "
            "of a Note, or an object with the methods of fwf.interpreters.run.Observer"
        )
    return None


def _noting(observe: Any) -> Callable[[Note], None]:
    note: Callable[[Note], None] = getattr(observe, "note", observe)
    return note


def several(*observers: Observe) -> Observer:
    """Observers ⟶ one that tells them all, in this order.

    One that raises is warned of once, by name, and keeps nothing from the others.
    """
    return _ObserverGroup(observers)


@final
class _ObserverGroup:
    """Observers told one after another."""

    __slots__ = ("_all", "_faulty", "_insides", "_names", "_notes", "locates")

    def __init__(self, observers: tuple[Observe, ...]) -> None:
        self._names = [_name_of(each) for each in observers]
        self._notes = [_noting(each) for each in observers]
        self._all = [_observer(each) for each in observers]
        self._insides = [getattr(each, "inside", None) for each in observers]
        self._faulty: set[int] = set()
        self.locates = any(getattr(each, "locates", False) is True for each in observers)

    def began(self, this: Try, /) -> None:
        self._tell(None if each is None else partial(each.began, this) for each in self._all)

    def note(self, note: Note, /) -> None:
        self._tell(partial(tell, note) for tell in self._notes)

    def inside(self, attempt: Here, /) -> None:
        self._tell(None if each is None else partial(each, attempt) for each in self._insides)

    def ended(self, this: Try, result: Result[Any, Fault], /) -> None:
        self._tell(
            None if each is None else partial(each.ended, this, result) for each in self._all
        )

    @uninterrupted
    def _tell(self, calls: Iterable[Callable[[], None] | None]) -> None:
        stop: BaseException | None = None
        for number, call in enumerate(calls):
            try:
                if call is not None:
                    users(call)
            except KeyboardInterrupt as error:  # a signal's, as a rule: the stream knows that
                stop = error
            except BaseException as error:
                if number not in self._faulty:
                    self._faulty.add(number)
                    message = f"{self._names[number]} raised {named_text(error)}; the run goes on"
                    warn(f"run(observe=…): {message}")
        if stop is not None:
            raise stop


def _name_of(observe: object) -> str:
    """What to call an observer: the function's name, or that of its class."""
    name = getattr(observe, "__qualname__", None)
    return name if isinstance(name, str) else type(observe).__qualname__


def try_of(
    name: RunName,
    workflow: str,
    tells_id: Callable[[], str],
    date: datetime,
    start: int,
    params: Mapping[str, object],
) -> Try:
    """The first try of a run that nothing is known of but what it was started with."""
    texts = {each: masked(_text(value)) for each, value in params.items()}
    return Try(tells_id(), workflow, name.key, 1, 1, date.astimezone(), start, texts)


def _text(value: object) -> str:
    """A parameter as it is written on a command line, where that can be said."""
    if isinstance(value, Enum):
        return value.name
    return value if isinstance(value, str) else text(value)


def warn(message: str) -> None:
    """Tell what is no part of how the run ends: a `RuntimeWarning`, or a line on stderr."""
    import warnings

    try:
        warnings.warn(message, RuntimeWarning, stacklevel=2)
    except Exception:  # warnings are errors here, which must not end the run either
        with suppress(Exception):
            sys.stderr.write(f"{message}\n")
