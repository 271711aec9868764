"""How long to wait between attempts: words of delays, as data, under a small algebra.

A schedule is a finite or endless sequence of delays. `retry(w, attempts=3, wait=s)` waits for the
first delay of `s` after the first failure, and for the second after the second.
"""

import math
from collections.abc import Callable, Iterator
from datetime import timedelta
from itertools import islice
from typing import Any, TypeAlias, final

from fwf.algebra.plain_values import digest, encode
from fwf.durations import ZERO, checked_duration, duration_source
from fwf.records import record

MAX_DEPTH = 100
MAX_SIZE = 10_000


class _Combinators:
    """What every schedule can do."""

    __slots__ = ("depth", "size")

    def __post_init__(self) -> None:
        this: Any = self
        parts = [getattr(this, name) for name in this.__match_args__]
        nested = [part for part in parts if isinstance(part, _Combinators)]
        depth = 1 + max((part.depth for part in nested), default=0)
        size = 1 + sum(part.size for part in nested)
        if depth > MAX_DEPTH or size > MAX_SIZE:
            raise ValueError(
                f"a schedule may nest {MAX_DEPTH} levels deep and have {MAX_SIZE:,} parts, not more"
            )
        object.__setattr__(self, "depth", depth)
        object.__setattr__(self, "size", size)

    depth: int
    size: int

    def __and__(self, other: "Schedule | timedelta") -> "Pointwise":
        """The longer delay of two, for as many attempts as both give."""
        return Pointwise(_own(self), as_schedule(other), longer=True)

    def __or__(self, other: "Schedule | timedelta") -> "Pointwise":
        """The shorter delay of two, for as many attempts as either gives."""
        return Pointwise(_own(self), as_schedule(other), longer=False)

    def then(self, other: "Schedule | timedelta", *, gap: timedelta = ZERO) -> "Chained":
        """These delays, then `gap`, then the other's; for good if these never end."""
        return Chained(_own(self), as_schedule(other), checked_duration(gap, "then(gap=…)"))

    def nest(self, inner: "Schedule | timedelta") -> "Nested":
        """`retry(retry(w, inner), outer)` as one schedule: inner delays between outer ones."""
        return Nested(_own(self), as_schedule(inner))

    def times(self, delays: int) -> "First":
        """The first so many delays."""
        if _whole(delays, "times", "delays") < 0:
            raise ValueError(f"times({delays}): needs 0 delays or more")
        return First(_own(self), delays)

    def within(self, total: timedelta) -> "Within":
        """The delays that together take no longer than `total`."""
        return Within(_own(self), checked_duration(total, "within(…)"))

    def jitter(self, seed: int, low: float = 0.5, high: float = 1.0) -> "Jitter":
        """Each delay times a factor in [low, high), drawn for each run, place and attempt anew."""
        if not 0 <= low <= high < math.inf:
            raise ValueError(f"jitter(low={low}, high={high}): needs 0 <= low <= high")
        return Jitter(_own(self), _whole(seed, "jitter", "seed"), float(low), float(high))


@final
@record(repr=False)
class Delays(_Combinators):
    """A fixed word of delays."""

    delays: tuple[timedelta, ...]

    def __repr__(self) -> str:
        return f"delays({', '.join(map(duration_source, self.delays))})"


@final
@record(repr=False)
class Constant(_Combinators):
    """The same delay for ever."""

    delay: timedelta

    def __repr__(self) -> str:
        return f"every({duration_source(self.delay)})"


@final
@record(repr=False)
class Backoff(_Combinators):
    """first, first·factor, first·factor², … up to the cap."""

    first: timedelta
    factor: float
    cap: timedelta | None

    def __repr__(self) -> str:
        factor = "" if self.factor == 2 else f", factor={self.factor!r}"
        cap = "" if self.cap is None else f", cap={duration_source(self.cap)}"
        return f"backoff({duration_source(self.first)}{factor}{cap})"


@final
@record(repr=False)
class Pointwise(_Combinators):
    """The longer (`&`) or the shorter (`|`) of two delays, a missing one counting as endless."""

    left: "Schedule"
    right: "Schedule"
    longer: bool

    def __repr__(self) -> str:
        return f"({self.left!r} {'&' if self.longer else '|'} {self.right!r})"


@final
@record(repr=False)
class Chained(_Combinators):
    """The delays of one, a gap, and the delays of another."""

    before: "Schedule"
    after: "Schedule"
    gap: timedelta

    def __repr__(self) -> str:
        gap = f", gap={duration_source(self.gap)}" if self.gap else ""
        return f"{self.before!r}.then({self.after!r}{gap})"


@final
@record(repr=False)
class Nested(_Combinators):
    """All delays of `inner` before, between and after the delays of `outer`."""

    outer: "Schedule"
    inner: "Schedule"

    def __repr__(self) -> str:
        return f"{self.outer!r}.nest({self.inner!r})"


@final
@record(repr=False)
class First(_Combinators):
    """The first few delays of a schedule."""

    of: "Schedule"
    n: int

    def __repr__(self) -> str:
        return f"{self.of!r}.times({self.n})"


@final
@record(repr=False)
class Within(_Combinators):
    """The delays of a schedule whose sum stays within a total."""

    of: "Schedule"
    total: timedelta

    def __repr__(self) -> str:
        return f"{self.of!r}.within({duration_source(self.total)})"


@final
@record(repr=False)
class Jitter(_Combinators):
    """The delays of a schedule, each times a factor; `draw` says what decides it."""

    of: "Schedule"
    seed: int
    low: float
    high: float

    def __repr__(self) -> str:
        bounds = "" if (self.low, self.high) == (0.5, 1.0) else f", {self.low!r}, {self.high!r}"
        return f"{self.of!r}.jitter({self.seed!r}{bounds})"


Schedule: TypeAlias = (
    Delays | Constant | Backoff | Pointwise | Chained | Nested | First | Within | Jitter
)
"""How long to wait between attempts. Closed: match on the classes."""


Factor: TypeAlias = Callable[[Jitter, int], float]
"""Jitter, which of its delays ⟶ the factor for it."""


def delays(*each: timedelta) -> Delays:
    """Durations ⟶ the schedule of exactly these delays.

    >>> from fwf import minutes, seconds
    >>> delays(seconds(1), seconds(5)).then(delays(minutes(1)))
    delays(seconds(1), seconds(5)).then(delays(minutes(1)))
    """
    return Delays(tuple(checked_duration(delay, "delays(…)") for delay in each))


def every(delay: timedelta) -> Constant:
    """Duration ⟶ the schedule that always waits so long; a plain duration means the same."""
    return Constant(checked_duration(delay, "every(…)"))


def backoff(first: timedelta, *, factor: float = 2, cap: timedelta | None = None) -> Backoff:
    """Duration ⟶ delays that grow by `factor` from `first` and never pass `cap`.

    >>> from fwf import seconds
    >>> list(islice(each(backoff(seconds(5), cap=seconds(15))), 3))
    [datetime.timedelta(seconds=5), datetime.timedelta(seconds=10), datetime.timedelta(seconds=15)]
    """
    if not 1 <= factor < math.inf:
        raise ValueError(f"backoff(factor={factor!r}): needs 1 or more; delays don't shrink")
    if cap is not None:
        checked_duration(cap, "backoff(cap=…)")
    return Backoff(checked_duration(first, "backoff(…)"), float(factor), cap)


def as_schedule(wait: object) -> Schedule:
    """A schedule, or the duration of a constant one ⟶ a schedule."""
    if isinstance(wait, timedelta):
        return Constant(checked_duration(wait, "wait"))
    if isinstance(wait, Schedule):
        return wait
    raise TypeError(
        f"wait={wait!r}: needs a duration such as seconds(5), or a schedule such as "
        "backoff(seconds(5), cap=minutes(1))"
    )


def each(schedule: Schedule, factor: Factor | None = None) -> Iterator[timedelta]:
    """Schedule ⟶ its delays, in order; may never end. Jitter is drawn by `factor`."""
    factor = factor or draw
    match schedule:
        case Delays(delays):
            yield from delays
        case Constant(delay):
            while True:
                yield delay
        case Backoff():
            yield from _growing(schedule)
        case Pointwise(left, right, longer):
            yield from _pointwise(each(left, factor), each(right, factor), longer)
        case Chained(before, after, gap):
            yield from each(before, factor)
            yield gap
            yield from each(after, factor)
        case Nested(outer, inner):
            yield from each(inner, factor)
            for delay in each(outer, factor):
                yield delay
                yield from each(inner, factor)
        case First(of, n):
            yield from islice(each(of, factor), n)
        case Within(of, total):
            remaining = total
            for delay in each(of, factor):
                if delay > remaining:
                    return
                remaining -= delay
                yield delay
        case Jitter(of):
            for index, delay in enumerate(each(of, factor)):
                yield _clipped(delay, factor(schedule, index))


def _growing(schedule: Backoff) -> Iterator[timedelta]:
    cap = timedelta.max if schedule.cap is None else schedule.cap
    delay = min(schedule.first, cap)
    while True:
        yield delay
        delay = min(_clipped(delay, schedule.factor), cap)


def _clipped(delay: timedelta, factor: float) -> timedelta:
    try:
        return delay * factor
    except OverflowError:
        return timedelta.max


def _pointwise(
    mine: Iterator[timedelta], theirs: Iterator[timedelta], longer: bool
) -> Iterator[timedelta]:
    while True:
        pair = [delay for delay in (next(mine, None), next(theirs, None)) if delay is not None]
        if not pair or (longer and len(pair) < 2):
            return
        yield max(pair) if longer else min(pair)


def draw(jitter: Jitter, index: int, run: bytes = b"", path: str = "") -> float:
    """Jitter, which delay, run, place ⟶ the factor for it: a pure function of these.

    The place has the items and rounds that it is in. So items and runs wait for different times,
    and a run that is repeated for the same ones.
    """
    place = run + path.encode("utf-8", "surrogatepass")
    fraction = digest(encode(jitter.seed), encode(index), place)
    share = int.from_bytes(fraction[:7], "big") / 2**56
    return jitter.low + (jitter.high - jitter.low) * share


def least(jitter: Jitter, index: int) -> float:
    """The factor below which none is drawn; with it, `each` gives the shortest delays."""
    return jitter.low


def most(jitter: Jitter, index: int) -> float:
    """The factor that none reaches; with it, `each` gives the longest delays."""
    return jitter.high


def length(schedule: Schedule) -> float:
    """Schedule ⟶ how many delays it has, infinity if it never ends.

    `within` doesn't count here: it ends a schedule by the clock, on purpose.
    """
    match schedule:
        case Delays(each):
            return float(len(each))
        case Constant() | Backoff():
            return math.inf
        case Pointwise(left, right, longer):
            both = length(left), length(right)
            return min(both) if longer else max(both)
        case Chained(before, after):
            return length(before) + 1 + length(after)
        case Nested(outer, inner):
            rounds, delays = length(outer), length(inner)
            return delays + rounds * (delays + 1) if rounds else delays
        case First(of, n):
            return min(float(min(n, 2**53)), length(of))
        case Within(of) | Jitter(of):
            return length(of)


def cap_of(schedule: Schedule) -> timedelta | None:
    """Schedule ⟶ the longest that an error's own `retry_after` may make it wait, if bounded."""
    match schedule:
        case Backoff(cap=cap):
            return cap
        case First(of) | Within(of) | Jitter(of):
            return cap_of(of)
        case Chained(before, after):
            caps = [cap_of(before), cap_of(after)]
        case Pointwise(left, right):
            caps = [cap_of(left), cap_of(right)]
        case Nested(outer, inner):
            caps = [cap_of(outer), cap_of(inner)]
        case _:  # Delays, Constant
            caps = [None]
    limits = [cap for cap in caps if cap is not None]
    return max(limits) if len(limits) == len(caps) else None


def _own(schedule: _Combinators) -> Schedule:
    assert isinstance(schedule, Schedule)
    return schedule


def _whole(n: object, where: str, name: str) -> int:
    if isinstance(n, int) and not isinstance(n, bool):
        return n
    raise TypeError(f"{where}({name}={n!r}): needs a whole number")
