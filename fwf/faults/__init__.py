"""How a run fails (`Fault`) and how a workflow is wrong (`Issue`).

raised.py      what comes out of a task that failed, as data
tracebacks.py  ... and where that was raised
fault_form.py  faults as JSON, and back
"""

import builtins
import sys
from collections.abc import Iterable, Iterator
from datetime import timedelta
from decimal import Decimal
from itertools import islice
from typing import TYPE_CHECKING, Any, Literal, TypeAlias, cast, final

from fwf.printing import printable
from fwf.records import record
from fwf.secrets import masked

if TYPE_CHECKING:
    from fwf.faults.tracebacks import Traceback

TAGS = (
    "Timeout", "Exhausted", "PredicateDefect", "BadInput", "Defect", "Interrupted"
)  # fmt: skip
"""The tags that fwf itself gives, beside those of exceptions."""
DEFECTS = frozenset(
    {
        "TypeError", "NameError", "AttributeError", "ImportError", "AssertionError",
        "fwf.faults.Permanent",
    }
)  # fmt: skip
"""Exceptions that mean the program is wrong, or say themselves that trying again can't help."""
MOST_PATH = 200
MOST_CAUSES = 100
MOST_PARTS = 5
"""So long paths, so many causes of one fault and so many exceptions of a group are told in a text;
the values have them all."""
_parts = vars(BaseExceptionGroup)["exceptions"]


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
            return _at(self.path, f"a run in it failed: {self.message}")
        said = f"{self.tags[0]}: {self.message}" if self.message else self.tags[0]
        return _at(self.path, said)

    def __reduce__(self) -> tuple[Any, ...]:
        rest = self.not_before, self.traceback, self.cause
        return _failed, (self.path, self.tags, self.message, packed(self.error), *rest)


def _failed(path: str, tags: tuple[str, ...], said: str, error: bytes | None, *rest: Any) -> Failed:
    return Failed(path, tags, said, unpacked(error), *rest)


@final
@record()
class TimedOut:
    """The part at `path` was still at work when its `timeout` struck, `within` after its start."""

    path: str
    within: timedelta
    tags = ("Timeout", "TimeoutError")

    @property
    def message(self) -> str:
        return f"not done within {self.within}"

    def __str__(self) -> str:
        return _at(self.path, f"Timeout: {self.message}")


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
        return _at(self.path, f"Exhausted: {self.message}")


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
    """The run was stopped from outside, by the signal of that name if one is known."""

    path: str = ""
    by: str = ""
    tags = ("Interrupted",)

    @property
    def message(self) -> str:
        return f"stopped by {self.by}" if self.by else "stopped from outside"

    def __str__(self) -> str:
        return _at(self.path, f"Interrupted: {self.message}")


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
    found: list[Fault] = []
    todo: list[Fault] = [fault]
    while todo:
        cause = todo.pop()
        if isinstance(cause, Then | Both):
            todo.extend(reversed(cause.causes))
        else:
            found.append(cause)
    return found


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
    if module == "__mp_main__":  # what `multiprocessing` calls the script in its processes
        module = "__main__"
    return cls.__qualname__ if module == "builtins" else f"{module}.{cls.__qualname__}"


def exception_class(tag: str) -> type[BaseException] | None:
    """The exception class that a tag names, if it is built in or its module is loaded.

    Only looked at for the names of its bases. Nothing is imported, and nothing is made of it.
    """
    module, _, name = tag.rpartition(".")
    found: Any = sys.modules.get(module) if module else builtins
    found = getattr(found, name, None)
    return found if isinstance(found, type) and issubclass(found, BaseException) else None


def known_tags(tags: tuple[str, ...]) -> tuple[str, ...]:
    """A tag alone ⟶ with those of its class's bases, as a real error would carry them."""
    cls = exception_class(tags[0]) if len(tags) == 1 else None
    return tags if cls is None else tags_of_class(cls)


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

    after: a duration, or a number of seconds.

    Any exception with such a `retry_after` does the same (RFC 9110 §10.2.3).
    """

    def __init__(self, message: str, *, after: timedelta | float | Decimal) -> None:
        super().__init__(message)
        self.retry_after = as_delay(after, "RetryAfter(after=…)")

    def __reduce__(self) -> tuple[Any, ...]:
        return _retry_after, (type(self), self.args, self.__dict__)


class Permanent(Exception):
    """An error that says that trying again can't help; `retry` doesn't, unless `on=` names it.

    As for those that mean the program is wrong, its tags have `Defect` among them.
    """


def _retry_after(cls: type[RetryAfter], args: tuple[Any, ...], state: dict[str, Any]) -> RetryAfter:
    made = cls.__new__(cls, *args)
    made.args = args
    made.__dict__.update(state)
    return made


def as_delay(after: object, where: str) -> timedelta:
    """A duration or a number of seconds ⟶ the duration; raises where it is neither."""
    if isinstance(after, timedelta):
        delay = after
    elif isinstance(after, bool) or not hasattr(after, "__float__"):
        raise TypeError(f"{where}: {after!r} is no time; write seconds(…), or a number of seconds")
    else:
        try:
            delay = timedelta(seconds=float(cast(Any, after)))
        except (ValueError, OverflowError) as error:
            raise ValueError(f"{where}: {after!r} seconds can't be waited for; {error}") from error
    if delay < timedelta(0):
        raise ValueError(f"{where}: {after!r} is negative; a delay is 0 or more")
    return delay


def asked_delay(error: object) -> tuple[timedelta | None, str]:
    """How long an error asks to wait before another attempt; and why that can't be done.

    None if it doesn't say. What it says goes into the fault's message where it is of no use.
    """
    try:
        after = getattr(error, "retry_after", None)
        return (None if after is None else as_delay(after, "retry_after")), ""
    except KeyboardInterrupt:
        raise
    except BaseException as another:  # whatever somebody's property raises
        return None, f" (its retry_after is ignored: {named_text(another)})"


def text(error: object) -> str:
    """What an error says, whatever its `__str__` may do; nothing if it is its own tag."""
    if issubclass(type(error), str):
        return ""
    try:
        return masked(str(error))
    except KeyboardInterrupt:
        raise
    except BaseException as another:
        return f"(its text is unknown: __str__ raised {tag_of(type(another))})"


def full_text(error: object) -> str:
    """`text` and, of a group of exceptions, what they say, which the group itself only counts."""
    kind, group = cast(Any, type(error)), cast(Any, BaseExceptionGroup)
    if not issubclass(kind, group) or kind.__str__ is not group.__str__:
        return text(error)
    said = list(map(named_text, islice(_singles(cast(BaseException, error)), MOST_PARTS + 1)))
    return f"{text(error)}: {'; '.join([*said[:MOST_PARTS], *('…' for _ in said[MOST_PARTS:])])}"


def singles(error: object) -> tuple[BaseException, ...]:
    """The exceptions of a group and of the groups in it, each once; none of what is no group."""
    if not issubclass(cast(Any, type(error)), BaseExceptionGroup):
        return ()
    return tuple(_singles(cast(BaseException, error), set()))


def _singles(group: BaseException, seen: set[int] | None = None) -> Iterator[BaseException]:
    """Those of a group in their order; with `seen`, what stands in many places comes once."""
    todo = [group]
    while todo:
        one = todo.pop()
        if seen is not None and id(one) in seen:
            continue
        if not (parts := parts_of(one)):
            yield one
        if seen is not None:
            seen.add(id(one))
        todo.extend(reversed(parts))


def asked_by(errors: Iterable[object]) -> timedelta | None:
    """Of the delays that errors ask for, the longest, which suits them all."""
    delays = (asked_delay(error)[0] for error in errors)
    return max((delay for delay in delays if delay is not None), default=None)


def of_group(own: tuple[str, ...], parts: Iterable[Failed]) -> tuple[tuple[str, ...], Fault | None]:
    """The tags of a group's own, its single faults ⟶ all its tags, and its cause."""
    singly = tuple(parts)
    cause = both(singly) if singly else None
    return (own if cause is None else (*own, *cause.tags)), cause


def parts_of(error: BaseException) -> tuple[BaseException, ...]:
    """The exceptions of a group; none of others."""
    return _parts.__get__(error) if issubclass(type(error), BaseExceptionGroup) else ()


def named_text(error: BaseException) -> str:
    """Exception ⟶ `ValueError: bad`, its tag and what it says."""
    tag, said = tag_of(type(error)), text(error)
    return f"{tag}: {said}" if said else tag


def packed(error: object) -> bytes | None:
    """An error ⟶ its pickle; None if it has none, or arrives as something else."""
    import pickle

    try:
        content = pickle.dumps(error)
        there = pickle.loads(content)  # noqa: S301 (we have just written it)
        return content if type(there) is type(error) else None
    except KeyboardInterrupt:
        raise
    except BaseException:  # whatever somebody's `__reduce__` or `__init__` raises
        return None


def unpacked(content: bytes | None) -> object:
    """The pickle of an error ⟶ the error; None where there is none, or its class isn't here."""
    import pickle

    try:
        return None if content is None else pickle.loads(content)  # noqa: S301 (in a pickle)
    except KeyboardInterrupt:
        raise
    except BaseException:
        return None


def counted(n: int, noun: str) -> str:
    """3, "round" ⟶ "3 rounds"."""
    return f"{n:,} {noun}" if n == 1 else f"{n:,} {noun}s"


def near(name: str, names: Iterable[object]) -> str:
    """A name, the names there are ⟶ "; did you mean 'x'?" where one is close."""
    from difflib import get_close_matches  # 2 ms that only mistakes need

    known = [each for each in names if isinstance(each, str) and each[:1] != "_" and each != name]
    close = get_close_matches(name, known, n=1)
    return f"; did you mean {close[0]!r}?" if close else ""


def shortened(path: str) -> str:
    """Path ⟶ the same for people, with … in its middle if it is long."""
    half = MOST_PATH // 2
    return path if len(path) <= MOST_PATH else f"{path[:half]}…{path[-half:]}"


def _at(path: str, message: str) -> str:
    return f"{shown_path(path)}: {masked(message)}" if path else masked(message)


def shown_path(path: str) -> str:
    """A path as people are shown it: without secrets, and without its middle if it is long."""
    if len(path) > 20 * MOST_PATH:  # what is far from both ends isn't shown anyhow
        path = f"{path[: 10 * MOST_PATH]}…{path[-10 * MOST_PATH :]}"
    return shortened(masked(path))


def _together(fault: Then | Both) -> str:
    """The first of the single faults, and how many more there are. Explicit stack."""
    told: list[str] = []
    count = 0
    todo: list[Fault | str] = [fault]
    while todo and count < MOST_CAUSES:
        top = todo.pop()
        if isinstance(top, str):
            told.append(top)
        elif isinstance(top, Then | Both):
            between = "; then " if isinstance(top, Then) else "; and "
            for n, cause in enumerate(reversed(top.causes)):
                todo.extend([between, cause] if n else [cause])
        else:
            told.append(str(top))
            count += 1
    more = len(leaves(fault)) - count
    return "".join(told) + (f"{todo[-1]}{more:,} more" if more else "")
