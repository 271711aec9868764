"""What a dry run takes for the world: what each task gives, how it fails, how long it takes.

Immutable, and built up entry by entry:

>>> from fwf.algebra.schedule import seconds
>>> Scenario().task("orders", gives=3, takes=seconds(5)).task("rates", fails=["VendorDown"])
Scenario().task('orders', gives=3, takes=seconds(5)).task('rates', fails=['VendorDown'])

What an entry leaves open is taken from a wider one: that of a place, then of an item, then of the
task, then what the task declares about itself (`duration=`, `example=`).
"""

import math
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import timedelta
from decimal import Decimal
from typing import Any, TypeAlias, cast, final

from pyrsistent import PMap, pmap

from fwf.algebra.documents import DocumentError
from fwf.algebra.expr import name_of_function
from fwf.algebra.functions import named_function
from fwf.algebra.once import read_once
from fwf.algebra.values import digest, duration, encode
from fwf.faults import as_delay, asked_delay, counted, full_text, tags_of_class
from fwf.records import changed, record

MICROSECOND = timedelta(microseconds=1)


# How long


@final
@record(repr=False)
class Uniform:
    """Any duration from `low` to `high`, all alike."""

    low: timedelta
    high: timedelta

    def __repr__(self) -> str:
        return f"uniform({duration(self.low)}, {duration(self.high)})"


@final
@record(repr=False)
class Normal:
    """Around a mean, two thirds of them within one deviation; never below 0."""

    mean: timedelta
    deviation: timedelta

    def __repr__(self) -> str:
        return f"normal({duration(self.mean)}, {duration(self.deviation)})"


@final
@record(repr=False)
class LogNormal:
    """Half of them below the median; two thirds within a factor of e^sigma of it."""

    median: timedelta
    sigma: float

    def __repr__(self) -> str:
        return f"lognormal({duration(self.median)}, {self.sigma!r})"


@final
@record(repr=False)
class Exponential:
    """Times between events that know nothing of one another."""

    mean: timedelta

    def __repr__(self) -> str:
        return f"exponential({duration(self.mean)})"


Distribution: TypeAlias = Uniform | Normal | LogNormal | Exponential
"""Durations drawn at random. Closed: match on the classes."""
Takes: TypeAlias = tuple[timedelta, ...] | Distribution | Callable[[Any], timedelta]
"""One for each attempt, the last for all further ones; drawn; or worked out from the input."""


def uniform(low: timedelta, high: timedelta) -> Uniform:
    """Duration, duration ⟶ any between them."""
    if _checked(high, "uniform(high=…)") < _checked(low, "uniform(low=…)"):
        raise ValueError(f"uniform({duration(low)}, {duration(high)}): needs low <= high")
    return Uniform(low, high)


def normal(mean: timedelta, deviation: timedelta) -> Normal:
    """Mean, standard deviation ⟶ the bell curve, cut off at 0."""
    return Normal(_checked(mean, "normal(mean=…)"), _checked(deviation, "normal(deviation=…)"))


def lognormal(median: timedelta, sigma: float) -> LogNormal:
    """Median, spread ⟶ durations with a long tail; a sigma of 0.5 is usual for queries."""
    if not 0 <= sigma < 10:
        raise ValueError(f"lognormal(sigma={sigma!r}): needs 0 <= sigma < 10")
    return LogNormal(_checked(median, "lognormal(median=…)"), float(sigma))


def exponential(mean: timedelta) -> Exponential:
    """Mean ⟶ durations of what may end at any moment."""
    return Exponential(_checked(mean, "exponential(mean=…)"))


def drawn(distribution: Distribution, seed: int, path: str, attempt: int) -> timedelta:
    """What is drawn for an attempt at a path: a pure function of all four."""
    bits = digest(encode(seed), encode(path), encode(attempt))
    numbers = (int.from_bytes(bits[at : at + 7], "big") >> 3 for at in (0, 7))
    first, second = (each / 2**53 for each in numbers)  # below 1: a float holds 53 bits
    match distribution:
        case Uniform(low, high):
            return low + (high - low) * first
        case Normal(mean, deviation):
            return max(timedelta(0), mean + deviation * _standard_normal(first, second))
        case LogNormal(median, sigma):
            return median * math.exp(sigma * _standard_normal(first, second))
        case Exponential(mean):
            return mean * -math.log1p(-first)


def _standard_normal(first: float, second: float) -> float:
    """Box and Muller, 1958."""
    return math.sqrt(-2 * math.log1p(-first)) * math.cos(2 * math.pi * second)


# How it fails


@final
@record(repr=False)
class Failing:
    """A failed attempt. `tags` name the error, most specific first, as a `Failed` fault has them.

    `retry_after` is how long the error asks to wait before the next attempt.
    """

    tags: tuple[str, ...]
    message: str = ""
    retry_after: timedelta | None = None

    def __repr__(self) -> str:
        tag = self.tags[0] if len(self.tags) == 1 else list(self.tags)
        said = f", {self.message!r}" if self.message else ""
        after = self.retry_after
        return (
            f"failing({tag!r}{said}{'' if after is None else f', retry_after={duration(after)}'})"
        )


Error: TypeAlias = str | type[BaseException] | Failing
"""An error by its tag, by its class, or with a message."""


def failing(
    error: str | Sequence[str] | type[BaseException] | BaseException,
    message: str = "",
    *,
    retry_after: timedelta | float | Decimal | None = None,
) -> Failing:
    """Tag, tags, exception class or exception ⟶ a failed attempt with that error.

    retry_after: a duration, or a number of seconds.

    >>> failing("RateLimited", "10 a minute")
    failing('RateLimited', '10 a minute')
    """
    after = None if retry_after is None else as_delay(retry_after, "failing(retry_after=…)")
    if isinstance(error, BaseException):
        asked, unusable = asked_delay(error)
        said = message or f"{full_text(error)}{unusable}"
        return Failing(tags_of_class(type(error)), said, asked if after is None else after)
    if isinstance(error, type):
        return Failing(tags_of_class(error), message, after)
    tags = (error,) if isinstance(error, str) else tuple(error)
    if not tags or not all(isinstance(cast(object, tag), str) and tag for tag in tags):
        raise TypeError(f"failing({error!r}): needs an error's tag or class")
    return Failing(tags, message, after)


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
    """

    outputs: tuple[Any, ...] = ()
    by: Callable[[Any], Any] | None = None
    fails: tuple[Failing | None, ...] | None = None
    always: bool = False
    takes: Takes | None = None

    def over(self, wider: "Script") -> "Script":
        """This, and where it says nothing what another says."""
        gives = self if self.outputs or self.by is not None else wider
        fails = self if self.fails is not None else wider
        takes = wider.takes if self.takes is None else self.takes
        return Script(gives.outputs, gives.by, fails.fails, fails.always, takes)

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
            return drawn(takes, seed, path, attempt)
        if callable(takes):
            took = cast(object, called(takes, value, inputs))
            return _checked(took, f"takes={name_of_function(takes)}")
        each = self.durations or (timedelta(0),)
        return each[min(attempt, len(each) - 1)]

    @property
    def tells_attempts_apart(self) -> bool:
        """Whether it matters how many attempts there were before."""
        several = len(self.durations) > 1 or len(self.outputs) > 1
        hopeless = self.always and len(self.fails or ()) == 1
        return several or (bool(self.fails) and not hopeless)


def called(function: Callable[..., Any], value: Any, inputs: int) -> Any:
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
    wanted = f"({', '.join(inputs)})"
    one = "; or one argument, the tuple of them" if len(inputs) > 1 else ""
    return f"takes {counted(least, 'argument')}: let it take those of the task, {wanted}{one}"


def _arguments_of(function: Callable[..., Any]) -> tuple[int, float]:
    """How few and how many arguments a function takes by position; one if it doesn't tell."""
    code = getattr(function, "__code__", None)
    if code is None:
        return 1, 1
    named = code.co_argcount - hasattr(function, "__self__")
    defaults: tuple[object, ...] = getattr(function, "__defaults__", None) or ()
    return named - len(defaults), math.inf if code.co_flags & _VARARGS else named


_VARARGS = 0x04  # inspect.CO_VARARGS, without importing that


class _Nothing:
    def __repr__(self) -> str:
        return "nothing"


_NOTHING = _Nothing()


def _script(
    where: str,
    gives: object,
    gives_each: Sequence[object] | None,
    gives_by: Callable[[Any], Any] | None,
    fails: object,
    takes: object,
) -> Script:
    if sum((gives is not _NOTHING, gives_each is not None, gives_by is not None)) > 1:
        raise TypeError(f"{where}: needs one of gives=, gives_each= and gives_by=, not several")
    outputs = () if gives_each is None else _each(gives_each, f"{where}(gives_each=…)", "an output")
    if gives_each is not None and not outputs:
        raise ValueError(f"{where}(gives_each=[]): needs at least one output")
    for output in outputs if gives is _NOTHING else (gives,):
        once = read_once(output)
        if once:
            raise TypeError(f"{where}(gives=…): it is {once}")
    if gives_by is not None:
        named_function(gives_by, f"{where}(gives_by=…)")
    always = isinstance(fails, str | type | Failing)
    said = (fails,) if always else () if fails is None else fails
    each = _each(said, f"{where}(fails=…)", "an error or None")
    return Script(
        (gives,) if gives is not _NOTHING else outputs,
        gives_by,
        None if fails is None else tuple(_as_failing(one, where) for one in each),
        always,
        _as_takes(takes, where),
    )


def _each(given: object, where: str, what: str) -> tuple[object, ...]:
    """What is said attempt by attempt; a text is a single thing, though it has letters."""
    if isinstance(given, str | bytes | Mapping) or not isinstance(given, Iterable):
        raise TypeError(f"{where}: {given!r} is not a list with {what} for each attempt")
    return tuple(cast(Iterable[object], given))


def _as_takes(takes: object, where: str) -> Takes | None:
    if takes is None or isinstance(takes, Distribution):
        return takes
    if isinstance(takes, timedelta):
        return (_checked(takes, f"{where}(takes=…)"),)
    if callable(takes):
        return named_function(takes, f"{where}(takes=…)")
    if isinstance(takes, Sequence) and not isinstance(takes, str) and takes:
        each = cast(Sequence[object], takes)
        return tuple(_checked(one, f"{where}(takes=…)") for one in each)
    raise TypeError(
        f"{where}(takes={takes!r}): needs a duration such as seconds(5), one for each attempt, "
        "a distribution such as normal(seconds(5), seconds(1)), or a function of the input"
    )


def _checked(given: object, where: str) -> timedelta:
    if not isinstance(given, timedelta):
        raise TypeError(f"{where}: {given!r} is not a duration; write seconds(…) or minutes(…)")
    if given < timedelta(0):
        raise ValueError(f"{where}: {given} is negative; a duration is 0 or more")
    return given


@final
@record(repr=False)
class Scenario:
    """What a dry run takes for the world. `seed` is that of all drawn durations."""

    seed: int = 0
    tasks: PMap[str, Script] = pmap({})
    items: PMap[tuple[str, str], Script] = pmap({})
    paths: PMap[str, Script] = pmap({})

    def task(
        self,
        name: str,
        /,
        *,
        item: str | None = None,
        gives: object = _NOTHING,
        gives_each: Sequence[object] | None = None,
        gives_by: Callable[[Any], Any] | None = None,
        fails: Error | Sequence[Error | None] | None = None,
        takes: timedelta
        | Sequence[timedelta]
        | Distribution
        | Callable[[Any], timedelta]
        | None = None,
    ) -> "Scenario":
        """A task, wherever it stands, or only inside the item of a `map_each` with that key.

        gives: its output; `gives_each`: attempt by attempt, the last for all further ones;
            `gives_by`: a named function of the input, which takes what the task takes.
        fails: one error for every attempt, or a list, attempt by attempt, with None for one that
            succeeds; those after the list succeed.
        takes: how long; one duration, one for each attempt, drawn, or a named function of the
            input.

        Attempts are those of the task on the same input that came before, on the way to this one.
        """
        where = f"task({name!r})" if item is None else f"task({name!r}, item={item!r})"
        script = _script(where, gives, gives_each, gives_by, fails, takes)
        if item is None:
            return changed(self, tasks=_put(self.tasks, name, script))
        return changed(self, items=_put(self.items, (name, item), script))

    def at(
        self,
        path: str,
        /,
        *,
        gives: object = _NOTHING,
        gives_each: Sequence[object] | None = None,
        gives_by: Callable[[Any], Any] | None = None,
        fails: Error | Sequence[Error | None] | None = None,
        takes: timedelta
        | Sequence[timedelta]
        | Distribution
        | Callable[[Any], timedelta]
        | None = None,
    ) -> "Scenario":
        """The task at one place: `daily > par > visits`, `tenants[acme] > load`.

        As for `task`, but attempts are those at this place.
        """
        script = _script(f"at({path!r})", gives, gives_each, gives_by, fails, takes)
        return changed(self, paths=_put(self.paths, path, script))

    def seeded(self, seed: int) -> "Scenario":
        """The same with other drawn durations."""
        return changed(self, seed=seed)

    @staticmethod
    def from_json(text: str) -> "Scenario":
        """JSON ⟶ scenario; see `fwf.algebra.scenario_form`. Raises `ScenarioError`."""
        from fwf.algebra.scenario_form import from_json

        return from_json(text)

    @staticmethod
    def from_toml(text: str) -> "Scenario":
        """TOML ⟶ scenario; see `fwf.algebra.scenario_form`. Raises `ScenarioError`."""
        from fwf.algebra.scenario_form import from_toml

        return from_toml(text)

    @staticmethod
    def load(path: str) -> "Scenario":
        """The scenario in a `.json` or `.toml` file. Raises `ScenarioError`."""
        from fwf.algebra.scenario_form import load

        return load(path)

    def __repr__(self) -> str:
        parts = [f"Scenario({f'seed={self.seed}' if self.seed else ''})"]
        for name, script in sorted(self.tasks.items()):
            parts.append(f"task({_arguments([repr(name)], script)})")
        for (name, item), script in sorted(self.items.items()):
            parts.append(f"task({_arguments([repr(name), f'item={item!r}'], script)})")
        for path, script in sorted(self.paths.items()):
            parts.append(f"at({_arguments([repr(path)], script)})")
        return ".".join(parts)


def _put(entries: "PMap[Any, Script]", key: object, script: Script) -> "PMap[Any, Script]":
    before = entries.get(key)
    return entries.set(key, script if before is None else script.over(before))


def _arguments(before: list[str], script: Script) -> str:
    said = list(before)
    if script.by is not None:
        said.append(f"gives_by={name_of_function(script.by)}")
    elif len(script.outputs) == 1:
        said.append(f"gives={script.outputs[0]!r}")
    elif script.outputs:
        said.append(f"gives_each={list(script.outputs)!r}")
    if script.fails is not None:
        shown = ", ".join(map(_shown_failure, script.fails))
        said.append(f"fails={shown}" if script.always else f"fails=[{shown}]")
    if script.takes is not None:
        said.append(f"takes={_shown_takes(script.takes)}")
    return ", ".join(said)


def _shown_failure(failure: Failing | None) -> str:
    if failure is not None and failure == Failing(failure.tags[:1]):
        return repr(failure.tags[0])
    return repr(failure)


def _shown_takes(takes: Takes) -> str:
    if isinstance(takes, Distribution):
        return repr(takes)
    if callable(takes):
        return name_of_function(takes)
    each = ", ".join(map(duration, takes))
    return each if len(takes) == 1 else f"[{each}]"


class ScenarioError(DocumentError):
    """A scenario that can't be used: everything that is wrong with it, at once."""


EMPTY = Scenario()
