import pickle
from datetime import timedelta
from itertools import islice
from typing import Any

import pytest
from hypothesis import given, strategies as st

from fwf import Schedule, backoff, delays, every, minutes, seconds
from fwf.algebra.schedule import as_schedule, cap_of, each, length
from fwf.durations import ZERO
from tests.samples import durations, namespace, schedules


def first(schedule: Schedule, n: int = 12) -> list[timedelta]:
    return list(islice(each(schedule), n))


def secs(schedule: Schedule, n: int = 8) -> list[float]:
    return [delay.total_seconds() for delay in first(schedule, n)]


def word(*lengths: float) -> Schedule:
    return delays(*map(seconds, lengths))


@given(schedules)
def test_a_schedule_prints_as_the_source_that_makes_it(schedule: Schedule) -> None:
    again = eval(repr(schedule), namespace())
    assert again == schedule and repr(again) == repr(schedule)
    assert pickle.loads(pickle.dumps(schedule)) == schedule
    assert all(ZERO <= delay <= timedelta.max for delay in first(schedule))


@given(schedules, schedules, schedules)
def test_and_or_are_a_distributive_lattice(a: Schedule, b: Schedule, c: Schedule) -> None:
    assert first(a & b) == first(b & a) and first(a | b) == first(b | a)
    assert first(a & (b & c)) == first((a & b) & c)
    assert first(a | (b | c)) == first((a | b) | c)
    assert first(a & (a | b)) == first(a) == first(a | (a & b))
    assert first(a & (b | c)) == first((a & b) | (a & c))
    assert first(a | delays()) == first(a) == first(a & every(ZERO))


@given(schedules)
def test_a_schedule_knows_how_many_delays_it_has(schedule: Schedule) -> None:
    if "within" not in repr(schedule):
        assert min(length(schedule), 2_000) == len(first(schedule, 2_000))
    assert length(schedule.within(ZERO)) == length(schedule)
    assert length(schedule.times(10**400)) <= length(schedule)


words = st.lists(durations, max_size=3).map(lambda given: delays(*given))


@given(words, words, words, durations, durations)
def test_then_is_associative(
    a: Schedule, b: Schedule, c: Schedule, gap: timedelta, other: timedelta
) -> None:
    left = a.then(b, gap=gap).then(c, gap=other)
    assert first(left, 99) == first(a.then(b.then(c, gap=other), gap=gap), 99)


@given(words, words, words)
def test_nest_is_a_monoid_in_which_attempts_multiply(a: Schedule, b: Schedule, c: Schedule) -> None:
    assert first(a.nest(b).nest(c), 999) == first(a.nest(b.nest(c)), 999)
    assert first(a.nest(delays()), 99) == first(a, 99) == first(delays().nest(a), 99)
    attempts = len(first(a, 99)) + 1, len(first(b, 99)) + 1
    assert len(first(a.nest(b), 999)) + 1 == attempts[0] * attempts[1]


@given(schedules, st.integers())
def test_jitter_is_a_function_of_seed_and_place(schedule: Schedule, seed: int) -> None:
    shaken = first(schedule.jitter(seed))
    assert shaken == first(schedule.jitter(seed))
    for delay, plain in zip(shaken, first(schedule), strict=True):
        assert delay <= plain and delay >= plain / 2 - timedelta(microseconds=1)


def test_jitter_differs_by_seed_and_by_place_and_is_the_same_everywhere() -> None:
    assert secs(every(seconds(100)).jitter(1), 3) == [73.993911, 54.401091, 82.218754]
    assert len(set(secs(every(seconds(100)).jitter(7), 8))) == 8
    assert secs(every(seconds(100)).jitter(1)) != secs(every(seconds(100)).jitter(2))
    assert secs(every(seconds(1)).jitter(1, 2, 2), 2) == [2, 2]


def test_jitter_draws_from_all_of_its_bounds_and_never_from_beyond() -> None:
    drawn = [secs(every(seconds(100)).jitter(seed, 1, 3), 1)[0] for seed in range(200)]
    assert 100 <= min(drawn) < 110 and 290 < max(drawn) < 300


def test_each_kind_of_schedule_gives_its_delays() -> None:
    assert secs(word(1, 5)) == [1, 5]
    assert secs(every(seconds(3)), 3) == [3, 3, 3]
    assert secs(backoff(seconds(5), cap=minutes(1)), 5) == [5, 10, 20, 40, 60]
    assert secs(backoff(seconds(90), cap=minutes(1)), 2) == [60, 60]
    assert secs(backoff(seconds(1), factor=3), 3) == [1, 3, 9]
    assert secs(word(1, 5) & word(3, 4, 9)) == [3, 5]
    assert secs(word(1, 5) | word(3, 4, 9)) == [1, 4, 9]
    assert secs(word(1) & seconds(2)) == [2]
    assert secs(word(1).then(word(2, 3), gap=seconds(9))) == [1, 9, 2, 3]
    assert secs(word(10, 20).nest(word(1, 2))) == [1, 2, 10, 1, 2, 20, 1, 2]
    assert secs(every(seconds(1)).times(2)) == [1, 1]
    assert secs(every(seconds(1)).times(0)) == []
    assert secs(word(3, 3, 3).within(seconds(6))) == [3, 3]
    assert secs(word(3, 9, 1).within(seconds(6))) == [3]


def test_delays_that_grow_beyond_all_bounds_stay_the_longest_duration() -> None:
    growing = first(backoff(timedelta(days=400_000_000), factor=10), 4)
    assert growing[1:] == [timedelta.max] * 3
    assert first(every(timedelta.max).jitter(1, 3, 4), 1) == [timedelta.max]
    assert first(every(timedelta.max).within(timedelta.max), 3) == [timedelta.max]


def test_the_cap_bounds_what_an_error_may_ask_for() -> None:
    capped = backoff(seconds(5), cap=minutes(1))
    assert cap_of(capped) == cap_of(capped.times(3).jitter(1)) == minutes(1)
    assert cap_of(every(seconds(5))) is None
    assert cap_of(capped & every(seconds(1))) is None
    assert cap_of(every(seconds(1)).then(capped)) is cap_of(capped.nest(word(1))) is None
    assert cap_of(capped.within(seconds(5)) | backoff(seconds(1), cap=seconds(9))) == minutes(1)
    assert cap_of(backoff(seconds(1), cap=seconds(9)).nest(capped)) == minutes(1)
    assert cap_of(capped.then(backoff(seconds(1), cap=minutes(5)))) == minutes(5)


def test_schedules_nest_a_hundred_levels_and_have_ten_thousand_parts_at_most() -> None:
    schedule: Schedule = every(seconds(1))
    for _ in range(99):
        schedule = schedule.times(5)
    repr(schedule)
    with pytest.raises(ValueError, match="may nest 100 levels deep"):
        schedule.times(5)
    wide: Schedule = every(seconds(1))
    for _ in range(12):
        wide = wide & wide
    with pytest.raises(ValueError, match="have 10,000 parts, not more"):
        wide & wide


@pytest.mark.parametrize(
    ("misuse", "said"),
    [
        (lambda: delays(5), r"delays\(…\): 5 is not a duration; write seconds\(…\)"),
        (lambda: delays(seconds(-1)), "negative; a duration is 0 or more"),
        (lambda: every(-seconds(1)), r"every\(…\): seconds\(-1\) is negative"),
        (lambda: backoff(seconds(1), factor=0.5), r"backoff\(factor=0.5\): needs 1 or more"),
        (lambda: backoff(seconds(1), factor=float("nan")), r"backoff\(factor=nan\)"),
        (lambda: backoff(seconds(1), factor=float("inf")), r"backoff\(factor=inf\)"),
        (lambda: backoff(seconds(1), cap=5), r"backoff\(cap=…\): 5 is not"),
        (lambda: word(1).times(-1), r"times\(-1\): needs 0 delays or more"),
        (lambda: word(1).times(1.5), r"times\(delays=1.5\): needs a whole"),
        (lambda: word(1).within(seconds(-1)), "negative"),
        (lambda: word(1).jitter(1, 2, 1), r"needs 0 <= low <= high"),
        (lambda: word(1).jitter("a"), r"jitter\(seed='a'\): needs a whole"),
        (lambda: as_schedule(5), r"wait=5: needs a duration such as seconds\(5\), or a schedule"),
        (lambda: word(1) & 5, "wait=5: needs"),
    ],
)
def test_misuse_of_schedules_is_refused_with_the_remedy(misuse: Any, said: str) -> None:
    with pytest.raises((TypeError, ValueError), match=said):
        misuse()
