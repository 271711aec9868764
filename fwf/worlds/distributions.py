"""Durations drawn at random: which distributions there are, and what is drawn for an attempt."""

import math
from datetime import timedelta
from typing import TypeAlias, final

from fwf.algebra.plain_values import digest, encode
from fwf.durations import checked_duration, duration_source
from fwf.records import record


@final
@record(repr=False)
class Uniform:
    """Any duration from `low` to `high`, all alike."""

    low: timedelta
    high: timedelta

    def __repr__(self) -> str:
        return f"uniform({duration_source(self.low)}, {duration_source(self.high)})"


@final
@record(repr=False)
class Normal:
    """Around a mean, two thirds of them within one deviation; never below 0."""

    mean: timedelta
    deviation: timedelta

    def __repr__(self) -> str:
        return f"normal({duration_source(self.mean)}, {duration_source(self.deviation)})"


@final
@record(repr=False)
class LogNormal:
    """Half of them below the median; two thirds within a factor of e^sigma of it."""

    median: timedelta
    sigma: float

    def __repr__(self) -> str:
        return f"lognormal({duration_source(self.median)}, {self.sigma!r})"


@final
@record(repr=False)
class Exponential:
    """Times between events that know nothing of one another."""

    mean: timedelta

    def __repr__(self) -> str:
        return f"exponential({duration_source(self.mean)})"


Distribution: TypeAlias = Uniform | Normal | LogNormal | Exponential
"""Durations drawn at random. Closed: match on the classes."""


def uniform(low: timedelta, high: timedelta) -> Uniform:
    """Duration, duration ⟶ any between them."""
    if checked_duration(high, "uniform(high=…)") < checked_duration(low, "uniform(low=…)"):
        raise ValueError(
            f"uniform({duration_source(low)}, {duration_source(high)}): needs low <= high"
        )
    return Uniform(low, high)


def normal(mean: timedelta, deviation: timedelta) -> Normal:
    """Mean, standard deviation ⟶ the bell curve, cut off at 0."""
    return Normal(
        checked_duration(mean, "normal(mean=…)"), checked_duration(deviation, "normal(deviation=…)")
    )


def lognormal(median: timedelta, sigma: float) -> LogNormal:
    """Median, spread ⟶ durations with a long tail; a sigma of 0.5 is usual for queries."""
    if not 0 <= sigma < 10:
        raise ValueError(f"lognormal(sigma={sigma!r}): needs 0 <= sigma < 10")
    return LogNormal(checked_duration(median, "lognormal(median=…)"), float(sigma))


def exponential(mean: timedelta) -> Exponential:
    """Mean ⟶ durations of what may end at any moment."""
    return Exponential(checked_duration(mean, "exponential(mean=…)"))


def draw(distribution: Distribution, seed: int, path: str, attempt: int) -> timedelta:
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
