"""How a run fails (`Fault`) and how a workflow is wrong (`Issue`).

raised.py       what comes out of a task that failed, as data
error_tags.py   ... the names that its error goes by
error_texts.py  ... what it says
delays.py       ... how long it asks to wait
tracebacks.py   ... and where it was raised
fault_form.py   faults as JSON, and back
phrases.py      how numbers, near names and paths read in messages
"""

from collections.abc import Iterable
from datetime import timedelta
from decimal import Decimal
from typing import TYPE_CHECKING, Any, Final, Literal, TypeAlias, final

from fwf.durations import MICROSECOND, checked_delay, in_words
from fwf.faults.error_tags import exception_class, tag_of, tags_of, tags_of_class
from fwf.faults.error_texts import error_in, named_text, pickle_of, text
from fwf.faults.phrases import at_path, counted, listed, near, shortened, shown_path
from fwf.printing import printable
from fwf.records import record
from fwf.secrets import masked

if TYPE_CHECKING:
    from fwf.faults.tracebacks import Traceback

__all__ = [
    "TAGS", "BadInput", "Both", "Exhausted", "Failed", "Fault", "Interrupted", "Issue", "Permanent",
    "PredicateDefect", "RetryAfter", "Severity", "Then", "TimedOut", "both", "carries",
    "counted", "exception_class", "group_tags", "leaves", "listed", "matches", "named_text", "near",
    "shortened", "shown_path", "tag_of", "tags_of", "tags_of_class", "text", "then",
]  # fmt: skip
MOST_CAUSES: Final = 100
"""So many causes of one fault are told in a text; the values have them all."""
TAGS = (
    "Timeout", "Exhausted", "PredicateDefect", "BadInput", "Defect", "Interrupted"
)  # fmt: skip
"""The tags that fwf itself gives, beside those of exceptions."""


@final
@record(hidden=("error", "not_before", "traceback", "cause"))
class Failed:
    """A task raised or returned a `Failure`, or a `fail` was reached.

    `tags` name the error, most specific first: an exception's qualified class name and those of
    its bases, or the tag given to `fail`. `error` is the exception itself, without its frames;
    None where it can't leave the process that it was raised in. `not_before` is the time on the
    run's clock, in microseconds, before which the error asked not to be tried again. `traceback`
    says where it was raised. `cause` is the fault of another run that came out of the task, whose
    tags stand first; or that of a group of exceptions, all of its single ones together, whose tags
    stand last.
    """

    path: str
    tags: tuple[str, ...]
    message: str
    error: object = None
    not_before: float | None = None
    traceback: "Traceback | None" = None
    cause: "Fault | None" = None

    @property
    def of_run(self) -> bool:
        """Whether it is the fault of another run that came out of the task."""
        return self.cause is not None and self.tags[: len(self.cause.tags)] == self.cause.tags

    @property
    def own_tags(self) -> tuple[str, ...]:
        """Of the tags, those of the task's own error, not of its cause."""
        n = 0 if self.cause is None else len(self.cause.tags)
        return self.tags[n:] if self.of_run else self.tags[: len(self.tags) - n]

    def __str__(self) -> str:
        if self.of_run:
            return at_path(self.path, f"a run in it failed: {self.message}")
        reason = f"{self.tags[0]}: {self.message}" if self.message else self.tags[0]
        return at_path(self.path, reason)

    def __reduce__(self) -> tuple[Any, ...]:
        rest = self.not_before, self.traceback, self.cause
        return _failed, (self.path, self.tags, self.message, pickle_of(self.error), *rest)


def _failed(
    path: str, tags: tuple[str, ...], message: str, error: bytes | None, *rest: Any
) -> Failed:
    return Failed(path, tags, message, error_in(error), *rest)


@final
@record()
class TimedOut:
    """The part at `path` was still at work when its `timeout` struck, `within` after its start."""

    path: str
    within: timedelta
    tags = ("Timeout", "TimeoutError")

    @property
    def message(self) -> str:
        return f"not done within {in_words(self.within // MICROSECOND)}"

    def __str__(self) -> str:
        return at_path(self.path, f"Timeout: {self.message}")


@final
@record(hidden=("why",))
class Exhausted:
    """A loop used up its bound before its condition held.

    `why` is what is said behind the path, in the words of the extension that the loop is part of.
    """

    path: str
    rounds: int
    why: str = ""
    tags = ("Exhausted",)

    @property
    def message(self) -> str:
        return self.why.lstrip(": ") or f"not done after {counted(self.rounds, 'round')}"

    def __str__(self) -> str:
        if self.why:
            return shown_path(self.path) + masked(self.why)
        return at_path(self.path, f"Exhausted: {self.message}")


@final
@record(hidden=("traceback",))
class PredicateDefect:
    """An expression could not be evaluated: a missing field, or a wrongly typed comparison.

    `traceback` says where the user's own code raised something, if it did.
    """

    path: str
    message: str
    traceback: "Traceback | None" = None
    tags = ("PredicateDefect", "Defect")

    def __str__(self) -> str:
        return at_path(self.path, f"PredicateDefect: {self.message}")


@final
@record()
class BadInput:
    """A value, parameter or resource doesn't fit what the workflow takes."""

    path: str
    message: str
    tags = ("BadInput", "Defect")

    def __str__(self) -> str:
        return at_path(self.path, self.message)


@final
@record()
class Interrupted:
    """The run was stopped from outside, by the signal of that name if one is known."""

    path: str = ""
    by: str = ""
    tags = ("Interrupted",)

    @property
    def message(self) -> str:
        return f"stopped by {self.by}" if self.by else "stopped from outside"

    def __str__(self) -> str:
        return at_path(self.path, f"Interrupted: {self.message}")


@final
@record()
class Then:
    """One fault, and then another in its finaliser."""

    causes: tuple["Fault", ...]

    @property
    def path(self) -> str:
        return leaves(self)[0].path

    @property
    def tags(self) -> tuple[str, ...]:
        return tuple(tag for leaf in leaves(self) for tag in leaf.tags)

    @property
    def message(self) -> str:
        return _together(self)

    def __str__(self) -> str:
        return self.message


@final
@record()
class Both:
    """Faults of parts that ran side by side, in the order of their paths."""

    causes: tuple["Fault", ...]

    @property
    def path(self) -> str:
        return leaves(self)[0].path

    @property
    def tags(self) -> tuple[str, ...]:
        return tuple(tag for leaf in leaves(self) for tag in leaf.tags)

    @property
    def message(self) -> str:
        return _together(self)

    def __str__(self) -> str:
        return self.message


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
    single_faults: list[Fault] = []
    todo: list[Fault] = [fault]
    while todo:
        cause = todo.pop()
        if isinstance(cause, Then | Both):
            todo.extend(reversed(cause.causes))
        else:
            single_faults.append(cause)
    return single_faults


def carries(fault: Fault, on: tuple[str, ...]) -> bool:
    """Whether a single fault carries one of the tags.

    If it is that of a group, or came out of another run: whether each of the faults there does, or
    the error that brought them.
    """
    if not isinstance(fault, Failed) or fault.cause is None:
        return not set(on).isdisjoint(fault.tags)
    return not set(on).isdisjoint(fault.own_tags) or all(
        carries(cause, on) for cause in leaves(fault.cause)
    )


def matches(on: tuple[str, ...], cause: Fault, *, otherwise_all: bool) -> bool:
    """Whether a filter catches a fault: all its single faults must carry one of the tags.

    Without tags everything is caught or, unless `otherwise_all`, everything but defects.
    """
    for leaf in leaves(cause):
        if on:
            if not carries(leaf, on):
                return False
        elif not otherwise_all and "Defect" in leaf.tags:
            return False
    return True


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
        return printable(f"{at_path(self.path, self.message)} [{self.rule}]")


class RetryAfter(Exception):
    """An error that says when to try again; `retry` then waits at least that long.

    after: a duration, or a number of seconds.

    Any exception with such a `retry_after` does the same (RFC 9110 §10.2.3).
    """

    def __init__(self, message: str, *, after: timedelta | float | Decimal) -> None:
        super().__init__(message)
        self.retry_after = checked_delay(after, "RetryAfter(after=…)")

    def __reduce__(self) -> tuple[Any, ...]:
        return _retry_after, (type(self), self.args, self.__dict__)


class Permanent(Exception):
    """An error that says that trying again can't help; `retry` doesn't, unless `on=` names it.

    As for those that mean the program is wrong, its tags have `Defect` among them.
    """


def _retry_after(cls: type[RetryAfter], args: tuple[Any, ...], state: dict[str, Any]) -> RetryAfter:
    error = cls.__new__(cls, *args)
    error.args = args
    error.__dict__.update(state)
    return error


def group_tags(
    own: tuple[str, ...], parts: Iterable[Failed]
) -> tuple[tuple[str, ...], Fault | None]:
    """The tags of a group's own, its single faults ⟶ all its tags, and its cause."""
    faults = tuple(parts)
    cause = both(faults) if faults else None
    return (own if cause is None else (*own, *cause.tags)), cause


def _together(fault: Then | Both) -> str:
    """The first of the single faults, and how many more there are. Explicit stack."""
    texts: list[str] = []
    count = 0
    todo: list[Fault | str] = [fault]
    while todo and count < MOST_CAUSES:
        top = todo.pop()
        if isinstance(top, str):
            texts.append(top)
        elif isinstance(top, Then | Both):
            between = "; then " if isinstance(top, Then) else "; and "
            for n, cause in enumerate(reversed(top.causes)):
                todo.extend([between, cause] if n else [cause])
        else:
            texts.append(str(top))
            count += 1
    more = len(leaves(fault)) - count
    return "".join(texts) + (f"{todo[-1]}{more:,} more" if more else "")
