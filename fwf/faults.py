"""How a run fails (`Fault`) and how a workflow is wrong (`Issue`)."""

from collections.abc import Iterable
from datetime import timedelta
from typing import Literal, TypeAlias, final

from fwf.printing import printable
from fwf.records import record

DEFECTS = frozenset({"TypeError", "NameError", "AttributeError", "ImportError", "AssertionError"})
"""Exceptions that mean the program is wrong, so that trying again can't help."""


@final
@record(hidden=("error", "not_before"))
class Failed:
    """A task raised or returned a `Failure`, or a `fail` was reached.

    `tags` name the error, most specific first: an exception's qualified class name and those of
    its bases, or the tag given to `fail`. `not_before` is the time on the run's clock, in
    microseconds, before which the error asked not to be tried again.
    """

    path: str
    tags: tuple[str, ...]
    message: str
    error: object = None
    not_before: float | None = None

    def __str__(self) -> str:
        said = f"{self.tags[0]}: {self.message}" if self.message else self.tags[0]
        return _at(self.path, said)


@final
@record()
class TimedOut:
    """The part at `path` was still at work when its `timeout` of `limit` struck."""

    path: str
    limit: timedelta
    tags = ("Timeout",)

    def __str__(self) -> str:
        return _at(self.path, f"Timeout: not done within {self.limit}")


@final
@record()
class Exhausted:
    """A loop used up its bound before its condition held."""

    path: str
    rounds: int
    tags = ("Exhausted",)

    def __str__(self) -> str:
        return _at(self.path, f"Exhausted: not done after {counted(self.rounds, 'round')}")


@final
@record()
class PredicateDefect:
    """An expression could not be evaluated: a missing field, or a wrongly typed comparison."""

    path: str
    message: str
    tags = ("PredicateDefect", "Defect")

    def __str__(self) -> str:
        return _at(self.path, f"PredicateDefect: {self.message}")


@final
@record()
class BadInput:
    """A value, parameter or resource doesn't fit what the workflow takes."""

    path: str
    message: str
    tags = ("BadInput", "Defect")

    def __str__(self) -> str:
        return _at(self.path, self.message)


@final
@record()
class Interrupted:
    """The run was stopped from outside (ctrl-C)."""

    path: str = ""
    tags = ("Interrupted",)

    def __str__(self) -> str:
        return _at(self.path, "Interrupted: stopped from outside")


@final
@record()
class Then:
    """One fault, and then another in its finaliser."""

    causes: tuple["Fault", ...]

    @property
    def path(self) -> str:
        return self.causes[0].path

    @property
    def tags(self) -> tuple[str, ...]:
        return tuple(tag for cause in self.causes for tag in cause.tags)

    def __str__(self) -> str:
        return "; then ".join(str(cause) for cause in self.causes)


@final
@record()
class Both:
    """Faults of parts that ran side by side, in the order of their paths."""

    causes: tuple["Fault", ...]

    @property
    def path(self) -> str:
        return self.causes[0].path

    @property
    def tags(self) -> tuple[str, ...]:
        return tuple(tag for cause in self.causes for tag in cause.tags)

    def __str__(self) -> str:
        return "; and ".join(str(cause) for cause in self.causes)


Fault: TypeAlias = (
    Failed | TimedOut | Exhausted | PredicateDefect | BadInput | Interrupted | Then | Both
)
"""How a run fails. Closed: match on the classes."""


def then(first: Fault, second: Fault) -> Fault:
    """Fault, Fault ⟶ Fault: the second happened in a finaliser after the first; associative."""
    before = first.causes if isinstance(first, Then) else (first,)
    after = second.causes if isinstance(second, Then) else (second,)
    return Then(before + after)


def both(causes: Iterable[Fault]) -> Fault:
    """Faults ⟶ Fault: they happened side by side; order doesn't matter, and one is itself."""
    flat: list[Fault] = []
    for cause in causes:
        flat.extend(cause.causes) if isinstance(cause, Both) else flat.append(cause)
    if len(flat) == 1:
        return flat[0]
    return Both(tuple(sorted(flat, key=lambda cause: (cause.path, str(cause)))))


def leaves(fault: Fault) -> list[Fault]:
    """Fault ⟶ the single faults that it is made of, in order."""
    found: list[Fault] = []
    todo: list[Fault] = [fault]
    while todo:
        cause = todo.pop()
        if isinstance(cause, Then | Both):
            todo.extend(reversed(cause.causes))
        else:
            found.append(cause)
    return found


def tags_of(error: BaseException) -> tuple[str, ...]:
    """Exception ⟶ its tags: the qualified names of its class and bases, and `Defect`."""
    return tags_of_class(type(error))


def tags_of_class(cls: type[BaseException]) -> tuple[str, ...]:
    """Exception class ⟶ the tags of its exceptions."""
    names = [tag_of(each) for each in cls.__mro__ if each is not object]
    if not DEFECTS.isdisjoint(names):
        names.append("Defect")
    return tuple(names)


def tag_of(cls: type) -> str:
    """Class ⟶ its tag: `module.QualName`, and `QualName` alone for built-ins."""
    module = cls.__module__
    return cls.__qualname__ if module == "builtins" else f"{module}.{cls.__qualname__}"


Severity: TypeAlias = Literal["error", "warning", "note"]


@final
@record()
class Issue:
    """Something wrong with a workflow, found without running it.

    `rule` names the check, so that it can be silenced; `path` is empty for the whole workflow.
    """

    path: str
    rule: str
    message: str
    severity: Severity = "error"

    def __str__(self) -> str:
        return printable(f"{_at(self.path, self.message)} [{self.rule}]")


class RetryAfter(Exception):
    """An error that says when to try again; `retry` then waits at least that long.

    Any exception with a `retry_after: timedelta` does the same (RFC 9110 §10.2.3).
    """

    def __init__(self, message: str, *, after: timedelta) -> None:
        super().__init__(message)
        self.retry_after = after


def counted(n: int, noun: str) -> str:
    """3, "round" ⟶ "3 rounds"."""
    return f"{n:,} {noun}" if n == 1 else f"{n:,} {noun}s"


def near(name: str, names: Iterable[object]) -> str:
    """A name, the names there are ⟶ "; did you mean 'x'?" where one is close."""
    from difflib import get_close_matches  # 2 ms that only mistakes need

    known = [each for each in names if isinstance(each, str) and each[:1] != "_" and each != name]
    close = get_close_matches(name, known, n=1)
    return f"; did you mean {close[0]!r}?" if close else ""


def _at(path: str, message: str) -> str:
    return f"{path}: {message}" if path else message
