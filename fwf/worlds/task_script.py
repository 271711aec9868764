"""What a script says of one task: what its attempts give, how they fail, how long they take."""

import math
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import timedelta
from decimal import Decimal
from typing import Any, Literal, TypeAlias, cast, final, get_args

from fwf.algebra.contract import Contract
from fwf.algebra.expr import name_of_function
from fwf.algebra.functions import named_function
from fwf.durations import checked_delay, checked_duration, duration_source
from fwf.faults import Failed, counted, group_tags, near, tags_of_class, text
from fwf.faults.delays import longest_retry_delay, retry_delay
from fwf.faults.error_tags import tags_with_bases
from fwf.faults.error_texts import full_text, singles
from fwf.records import record
from fwf.types.single_use import read_once
from fwf.worlds.distributions import Distribution, draw

Takes: TypeAlias = tuple[timedelta, ...] | Distribution | Callable[[Any], timedelta]
"""One for each attempt, the last for all further ones; drawn; or worked out from the input."""
WhenCut: TypeAlias = Literal["stops", "works on"]
"""What an attempt does that is cut, by a deadline or by the failure of what runs beside it."""
WHEN_CUT: tuple[WhenCut, ...] = get_args(WhenCut)


# How it fails


@final
@record(repr=False)
class Failing:
    """A failed attempt. `tags` name the error, most specific first, as a `Failed` fault has them.

    `retry_after` is how long the error asks to wait before the next attempt. `parts` are the single
    errors of a group.
    """

    tags: tuple[str, ...]
    message: str = ""
    retry_after: timedelta | None = None
    parts: "tuple[Failing, ...]" = ()

    def fault(self, path: str, not_before: int | None) -> Failed:
        """The fault that it means at a place, as a task's own would be."""
        parts = (Failed("", tags_with_bases(part.tags), part.message) for part in self.parts)
        tags, cause = group_tags(tags_with_bases(self.tags), parts)
        return Failed(path, tags, self.message, None, not_before, None, cause)

    def __repr__(self) -> str:
        arguments = [repr(self.tags[0] if len(self.tags) == 1 else list(self.tags))]
        arguments += [repr(self.message)] if self.message else []
        if self.retry_after is not None:
            arguments.append(f"retry_after={duration_source(self.retry_after)}")
        arguments += [f"parts={[*self.parts]}"] if self.parts else []
        return f"failing({', '.join(arguments)})"


Error: TypeAlias = str | type[BaseException] | Failing
"""An error by its tag, by its class, or with a message."""


def failing(
    error: str | Sequence[str] | type[BaseException] | BaseException,
    message: str = "",
    *,
    retry_after: timedelta | float | Decimal | None = None,
    parts: Sequence[Failing] = (),
) -> Failing:
    """Tag, tags, exception class or exception ⟶ a failed attempt with that error.

    retry_after: a duration, or a number of seconds.
    parts: of a group its single errors, which `on=` must take all; an exception has its own.

    >>> failing("RateLimited", "10 a minute")
    failing('RateLimited', '10 a minute')
    """
    after = None if retry_after is None else checked_delay(retry_after, "failing(retry_after=…)")
    if isinstance(error, BaseException):
        single = singles(error)
        text_of_error = message or f"{full_text(error)}{retry_delay(error)[1]}"
        delay = longest_retry_delay((error, *single)) if after is None else after
        own = parts or [Failing(tags_of_class(type(part)), text(part)) for part in single]
        return Failing(tags_of_class(type(error)), text_of_error, delay, tuple(own))
    if isinstance(error, type):
        return Failing(tags_of_class(error), message, after, tuple(parts))
    tags = (error,) if isinstance(error, str) else tuple(error)
    if not tags or not all(isinstance(cast(object, tag), str) and tag for tag in tags):
        raise TypeError(f"failing({error!r}): needs an error's tag or class")
    return Failing(tags, message, after, tuple(parts))


def _as_failing(error: object, where: str) -> Failing | None:
    if error is None or isinstance(error, Failing):
        return error
    if isinstance(error, str) and error:
        return Failing((error,))
    if isinstance(error, type) and issubclass(cast(Any, error), BaseException):
        return Failing(tags_of_class(cast(Any, error)))
    raise TypeError(
        f"{where}(fails={error!r}): needs an error's tag or class, failing(…), or None for an "
        "attempt that succeeds"
    )


# What a task does


@final
@record()
class Script:
    """What is said of a task's attempts; an empty field says nothing.

    outputs: one for each attempt that could succeed, the last for all further ones.
    by: works the output out from the input, which it takes as the task does, or all of it as one
        argument; what it raises fails the attempt.
    fails: for each attempt its failure, or None if it succeeds; then all succeed or, if
        `always`, fail as the last one does.
    when_cut: whether an attempt that is cut stops there, or works on for the rest of its time.
    """

    outputs: tuple[Any, ...] = ()
    by: Callable[[Any], Any] | None = None
    fails: tuple[Failing | None, ...] | None = None
    always: bool = False
    takes: Takes | None = None
    when_cut: WhenCut | None = None

    def over(self, wider: "Script") -> "Script":
        """This, and where it says nothing what another says."""
        gives = self if self.outputs or self.by is not None else wider
        fails = self if self.fails is not None else wider
        takes = wider.takes if self.takes is None else self.takes
        when_cut = self.when_cut or wider.when_cut
        return Script(gives.outputs, gives.by, fails.fails, fails.always, takes, when_cut)

    @property
    def durations(self) -> tuple[timedelta, ...]:
        """How long the attempts take, one by one; empty if that is drawn, worked out or open."""
        takes: object = self.takes
        return cast("tuple[timedelta, ...]", takes) if isinstance(takes, tuple) else ()

    def failure(self, attempt: int) -> Failing | None:
        """How an attempt fails, counted from 0; None if it doesn't."""
        fails = self.fails
        if not fails or (attempt >= len(fails) and not self.always):
            return None
        return fails[min(attempt, len(fails) - 1)]

    def output(self, attempt: int) -> Any:
        """What an attempt that succeeds gives, counted from 0; those that fail give nothing."""
        failed = sum(failure is not None for failure in (self.fails or ())[:attempt])
        return self.outputs[min(attempt - failed, len(self.outputs) - 1)]

    def duration(
        self, attempt: int, value: Any, seed: int, path: str, inputs: int = 1
    ) -> timedelta:
        """How long an attempt takes, counted from 0, on an input, at a path."""
        takes = self.takes
        if isinstance(takes, Distribution):
            return draw(takes, seed, path, attempt)
        if callable(takes):
            took = cast(object, call_function(takes, value, inputs))
            return checked_duration(took, f"takes={name_of_function(takes)}")
        each = self.durations or (timedelta(0),)
        return each[min(attempt, len(each) - 1)]

    @property
    def tells_attempts_apart(self) -> bool:
        """Whether it matters how many attempts there were before."""
        several = len(self.durations) > 1 or len(self.outputs) > 1
        hopeless = self.always and len(self.fails or ()) == 1
        return several or (bool(self.fails) and not hopeless)


def works_on(script: Script, contract: Contract) -> bool:
    """Whether an attempt that is cut works on for the rest of its time.

    If nothing is said: a `def` task does, since a thread can't be stopped; a coroutine, or the
    process of an isolated task, is stopped.
    """
    if script.when_cut is None:
        return not (contract.is_async or contract.isolate)
    return script.when_cut == "works on"


def call_function(function: Callable[..., Any], value: Any, inputs: int) -> Any:
    """What a function says of a task's input: called on each of the inputs, as the task is.

    Or on all of them as one argument, if that is what it takes: the tuple, None where the task
    takes nothing.
    """
    least, most = _arguments_of(function)
    if inputs == 1 or not least <= inputs <= most:
        return function(value)
    return function(*value) if inputs else function()


def wrong_call(function: Callable[..., Any], inputs: Sequence[str]) -> str:
    """What is wrong with a function for a task of these inputs; empty if nothing is."""
    least, most = _arguments_of(function)
    if least <= len(inputs) <= most or least <= 1 <= most:
        return ""
    signature = f"({', '.join(inputs)})"
    one = "; or one argument, the tuple of them" if len(inputs) > 1 else ""
    return f"takes {counted(least, 'argument')}: let it take those of the task, {signature}{one}"


def _arguments_of(function: Callable[..., Any]) -> tuple[int, float]:
    """How few and how many arguments a function takes by position; one if it doesn't tell."""
    code = getattr(function, "__code__", None)
    if code is None:
        return 1, 1
    most = code.co_argcount - hasattr(function, "__self__")
    defaults: tuple[object, ...] = getattr(function, "__defaults__", None) or ()
    return most - len(defaults), math.inf if code.co_flags & _VARARGS else most


_VARARGS = 0x04  # inspect.CO_VARARGS, without importing that


class Nothing:
    """Says that no output is told; None would be one."""

    def __repr__(self) -> str:
        return "nothing"


NOTHING = Nothing()


def script_of(
    where: str,
    gives: object,
    gives_each: Sequence[object] | None,
    gives_by: Callable[[Any], Any] | None,
    fails: object,
    takes: object,
    when_cut: object,
) -> Script:
    """What `Scenario.task` and `Scenario.at` are told ⟶ the script; raises what is wrong in it."""
    if sum((gives is not NOTHING, gives_each is not None, gives_by is not None)) > 1:
        raise TypeError(f"{where}: needs one of gives=, gives_each= and gives_by=, not several")
    outputs = () if gives_each is None else _each(gives_each, f"{where}(gives_each=…)", "an output")
    if gives_each is not None and not outputs:
        raise ValueError(f"{where}(gives_each=[]): needs at least one output")
    for output in outputs if gives is NOTHING else (gives,):
        once = read_once(output)
        if once:
            raise TypeError(f"{where}(gives=…): it is {once}")
    if gives_by is not None:
        named_function(gives_by, f"{where}(gives_by=…)")
    always = isinstance(fails, str | type | Failing)
    failures = (fails,) if always else () if fails is None else fails
    each = _each(failures, f"{where}(fails=…)", "an error or None")
    return Script(
        (gives,) if gives is not NOTHING else outputs,
        gives_by,
        None if fails is None else tuple(_as_failing(one, where) for one in each),
        always,
        _as_takes(takes, where),
        _as_when_cut(when_cut, where),
    )


def _each(values: object, where: str, what: str) -> tuple[object, ...]:
    """What is said attempt by attempt; a text is a single thing, though it has letters."""
    if isinstance(values, str | bytes | Mapping) or not isinstance(values, Iterable):
        raise TypeError(f"{where}: {values!r} is not a list with {what} for each attempt")
    return tuple(cast(Iterable[object], values))


def _as_takes(takes: object, where: str) -> Takes | None:
    if takes is None or isinstance(takes, Distribution):
        return takes
    if isinstance(takes, timedelta):
        return (checked_duration(takes, f"{where}(takes=…)"),)
    if callable(takes):
        return named_function(takes, f"{where}(takes=…)")
    if isinstance(takes, Sequence) and not isinstance(takes, str) and takes:
        each = cast(Sequence[object], takes)
        return tuple(checked_duration(one, f"{where}(takes=…)") for one in each)
    raise TypeError(
        f"{where}(takes={takes!r}): needs a duration such as seconds(5), one for each attempt, "
        "a distribution such as normal(seconds(5), seconds(1)), or a function of the input"
    )


def _as_when_cut(when_cut: object, where: str) -> WhenCut | None:
    if when_cut is None:
        return None
    needs = f"{where}(when_cut={when_cut!r}): needs {' or '.join(map(repr, WHEN_CUT))}"
    if not isinstance(when_cut, str):
        raise TypeError(needs)
    if when_cut in WHEN_CUT:
        return when_cut
    raise ValueError(f"{needs}{near(when_cut, WHEN_CUT)}")
