"""How retry schedules are written, and read back."""

from collections.abc import Callable
from typing import assert_never

from fwf.algebra.schedule import (
    MAX_DEPTH,
    Backoff,
    Chained,
    Constant,
    Delays,
    First,
    Jitter,
    Nested,
    Pointwise,
    Schedule,
    Within,
    backoff,
)
from fwf.forms.duration_text import duration_text
from fwf.forms.refusal import Refused, refused, under
from fwf.forms.scalar_form import (
    Json,
    is_object,
    read_duration,
    read_list,
    read_whole,
    written_whole,
)
from fwf.forms.value_form import read_float, written_float


def written(schedule: Schedule) -> Json:
    """Schedule ⟶ JSON that says it; a constant one is its duration."""
    match schedule:
        case Constant(delay):
            return duration_text(delay)
        case Delays(delays):
            return {"delays": [*map(duration_text, delays)]}
        case Backoff(first, factor, cap):
            most = None if cap is None else duration_text(cap)
            return {
                "backoff": duration_text(first),
                "factor": written_float(factor),
                "cap": most,
            }
        case Pointwise(left, right, longer):
            return {"longer" if longer else "shorter": [written(left), written(right)]}
        case Chained(before, after, gap):
            then = {"then": written(after), "gap": duration_text(gap)}
            return {"first": written(before), **then}
        case Nested(outer, inner):
            return {"outer": written(outer), "inner": written(inner)}
        case First(of, n):
            return {"times": written_whole(n), "of": written(of)}
        case Within(of, total):
            return {"within": duration_text(total), "of": written(of)}
        case Jitter(of, seed, low, high):
            bounds = {"low": written_float(low), "high": written_float(high)}
            return {"jitter": written_whole(seed), **bounds, "of": written(of)}
        case _:
            assert_never(schedule)


def read(given: Json, at: str, depth: int = 1) -> Schedule:
    """JSON ⟶ the schedule that it says."""
    if type(given) is str:
        return Constant(read_duration(given, at))
    if depth > MAX_DEPTH:
        raise Refused(at, f"a schedule may nest {MAX_DEPTH} levels deep, not more")
    reader = _READERS.get(frozenset(given)) if is_object(given) else None
    if reader is None:
        raise refused(at, given, f"a duration, or an object with {_FORMS},")
    try:
        return reader(given, at, depth)
    except ValueError as error:  # past a bound that the schedule itself has
        raise Refused(at, str(error)) from None


def _part(given: Json, at: str, key: str, depth: int) -> Schedule:
    return read(given[key], under(at, key), depth + 1)


def _read_delays(given: Json, at: str, depth: int) -> Schedule:
    there = f"{at}/delays"
    each = enumerate(read_list(given["delays"], there))
    return Delays(tuple(read_duration(delay, under(there, i)) for i, delay in each))


def _read_backoff(given: Json, at: str, depth: int) -> Schedule:
    first, cap = read_duration(given["backoff"], f"{at}/backoff"), given["cap"]
    factor = read_float(given["factor"], f"{at}/factor")
    return backoff(
        first, factor=factor, cap=None if cap is None else read_duration(cap, f"{at}/cap")
    )


def _read_pointwise(given: Json, at: str, depth: int) -> Schedule:
    (word,) = given
    there = f"{at}/{word}"
    if len(read_list(given[word], there)) != 2:
        raise refused(there, given[word], "a list of two schedules")
    left, right = (read(each, under(there, i), depth + 1) for i, each in enumerate(given[word]))
    return Pointwise(left, right, word == "longer")


def _read_chained(given: Json, at: str, depth: int) -> Schedule:
    before, after = _part(given, at, "first", depth), _part(given, at, "then", depth)
    return Chained(before, after, read_duration(given["gap"], f"{at}/gap"))


def _read_nested(given: Json, at: str, depth: int) -> Schedule:
    return Nested(_part(given, at, "outer", depth), _part(given, at, "inner", depth))


def _read_first(given: Json, at: str, depth: int) -> Schedule:
    return First(_part(given, at, "of", depth), read_whole(given["times"], f"{at}/times", 0))


def _read_within(given: Json, at: str, depth: int) -> Schedule:
    return Within(_part(given, at, "of", depth), read_duration(given["within"], f"{at}/within"))


def _read_jitter(given: Json, at: str, depth: int) -> Schedule:
    seed = read_whole(given["jitter"], f"{at}/jitter")
    low, high = (read_float(given[key], f"{at}/{key}") for key in ("low", "high"))
    return _part(given, at, "of", depth).jitter(seed, low, high)


_READERS: dict[frozenset[str], Callable[[Json, str, int], Schedule]] = {
    frozenset({"delays"}): _read_delays,
    frozenset({"backoff", "factor", "cap"}): _read_backoff,
    frozenset({"longer"}): _read_pointwise,
    frozenset({"shorter"}): _read_pointwise,
    frozenset({"first", "then", "gap"}): _read_chained,
    frozenset({"outer", "inner"}): _read_nested,
    frozenset({"times", "of"}): _read_first,
    frozenset({"within", "of"}): _read_within,
    frozenset({"jitter", "low", "high", "of"}): _read_jitter,
}
"""By the fields that an object has."""
_FORMS = ", or ".join(" and ".join(sorted(fields)) for fields in _READERS)
