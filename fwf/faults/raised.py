"""What comes out of a task that failed: an exception becomes data where it was raised."""

from __future__ import annotations

import sys
from collections.abc import Callable
from datetime import timedelta
from typing import Any, Final, cast, final, get_args

from returns.primitives.exceptions import UnwrapFailedError
from returns.result import Failure

from fwf.durations import MICROSECOND
from fwf.faults import Failed, Fault, both, group_tags, leaves
from fwf.faults.delays import longest_retry_delay, retry_delay
from fwf.faults.error_tags import tag_of, tags_of, tags_of_class
from fwf.faults.error_texts import error_in, full_text, parts_of, pickle_of, singles, text
from fwf.faults.tracebacks import Traceback, traceback_of
from fwf.records import changed, record
from fwf.secrets import masked

MOST_NESTED: Final = 20
"""How deep a fault may lie in groups of exceptions and results."""


@final
class ReturnedError(Exception):
    """A task returned `Failure(error)` with an error that is no exception."""

    def __init__(self, error: object) -> None:
        super().__init__(error)
        self.error = error


@final
@record()
class Raised:
    """A task's error without the frames that it passed through: what a fault needs of it.

    Alike in every worker. It can always be pickled; `error` is left out if it can't.
    """

    tags: tuple[str, ...]
    message: str
    error: object = None
    retry_after: timedelta | None = None
    traceback: Traceback | None = None
    cause: Fault | None = None

    def fault(self, path: str, now: int) -> Failed:
        """The fault that it means at a place, at a time on the run's clock."""
        after = self.retry_after
        not_before = None if after is None else now + after // MICROSECOND
        return Failed(
            path, self.tags, self.message, self.error, not_before, self.traceback, self.cause
        )

    def __reduce__(self) -> tuple[Any, ...]:
        rest = self.retry_after, self.traceback, self.cause
        return _arrived, (self.tags, self.message, pickle_of(self.error), *rest)


def _arrived(tags: tuple[str, ...], message: str, error: bytes | None, *rest: Any) -> Raised:
    return Raised(tags, message, error_in(error), *rest)


def raised(error: BaseException, fn: Callable[..., Any] | None = None) -> Raised:
    """Exception, the function that was called ⟶ data. To be called once it is no longer handled.

    A fault that comes out of the function, by itself or in an exception, is the cause.
    """
    traceback = traceback_of(error, sys.exception(), fn)
    problem: object = error
    if type(error) is ReturnedError:
        problem = error.error
        traceback = changed(
            traceback, error=": ".join(filter(None, (tags(problem)[0], text(problem))))
        )
    cause = fault_in(problem)
    unusable = retry_delay(problem)[1]
    if cause is None:
        parts = singles(problem)
        all_tags, cause = group_tags(
            tags(problem), (Failed("", tags_of(part), text(part)) for part in parts)
        )
        after = longest_retry_delay((problem, *parts))
        return Raised(all_tags, f"{full_text(problem)}{unusable}", problem, after, traceback, cause)
    all_tags = cause.tags if isinstance(problem, Fault) else (*cause.tags, *tags(problem))
    errors = [leaf.error for leaf in leaves(cause) if isinstance(leaf, Failed)]
    after = longest_retry_delay((problem, *errors))
    return Raised(all_tags, f"{cause}{unusable}", problem, after, traceback, cause)


def fault_in(error: object, depth: int = 0) -> Fault | None:
    """The fault that something is, or that it carries: an unwrapped `Failure`, or a group."""
    kind = cast(Any, type(error))  # not `isinstance`, which asks an error what it claims to be
    if issubclass(kind, get_args(Fault)):
        return cast(Fault, error)
    if depth == MOST_NESTED:
        return None
    if issubclass(kind, UnwrapFailedError):
        halted: Any = cast(Any, error).halted_container
        failure = cast(Any, type(halted)) is Failure
        return fault_in(halted.failure(), depth + 1) if failure else None
    if issubclass(kind, BaseExceptionGroup):
        return _fault_of_group(parts_of(cast(BaseException, error)), depth)
    return None


def _fault_of_group(parts: tuple[BaseException, ...], depth: int) -> Fault | None:
    faults = [fault_in(part, depth + 1) for part in parts]
    if not any(faults):
        return None
    pairs = zip(faults, parts, strict=True)
    return both(fault or Failed("", tags_of(part), full_text(part)) for fault, part in pairs)


def tags(error: object) -> tuple[str, ...]:
    """What a task raised, or the error of a `Failure` that it returned ⟶ its tags."""
    kind = type(error)
    if issubclass(kind, str):
        return (masked(str.__str__(cast(str, error))),)
    if issubclass(kind, BaseException):
        return tags_of_class(kind)
    return tuple(tag_of(cls) for cls in kind.__mro__ if cls is not object)
