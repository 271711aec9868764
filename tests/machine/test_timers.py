"""Who is woken, and what is struck, in which order; and that what nobody waits for is let go."""

from typing import Any

from hypothesis import given, strategies as st

from fwf.machine.timers import FEW, NEVER, Timers


class Sleeper:
    """Somebody who waits for a time, or not any more."""

    def __init__(self, time: int | None) -> None:
        self.time = time

    def sleeps_until(self, time: int) -> bool:
        return self.time == time


def asleep(timers: Timers[Sleeper, Any], time: int) -> Sleeper:
    who = Sleeper(time)
    timers.wake(time, who)
    return who


def put_off(timers: Timers[Sleeper, Any], who: Sleeper) -> None:
    time, who.time = who.time, None
    assert time is not None
    timers.let_sleep(time, who)


def test_at_one_time_what_wakes_comes_before_what_strikes() -> None:
    timers: Timers[Sleeper, str] = Timers()
    timers.strike(3, "scope")
    one, other = asleep(timers, 3), asleep(timers, 3)
    assert timers.next_time() == 3
    assert timers.take_wakes(3) == [one, other]
    assert timers.next_time() == 3 and timers.take_wakes(3) is None
    assert [*timers.take_strikes(3)] == ["scope"]
    assert timers.next_time() == NEVER


def test_a_time_at_which_nothing_is_due_any_more_is_passed_over() -> None:
    timers: Timers[Sleeper, str] = Timers()
    first, second = asleep(timers, 1), asleep(timers, 2)
    timers.strike(1, "scope")
    put_off(timers, first)
    timers.spare(1, "scope")
    assert timers.next_time() == 2
    put_off(timers, second)
    timers.spare(2, "never struck")
    assert timers.next_time() == NEVER


def test_those_who_are_put_off_are_let_go_also_where_many_wait_for_one_time() -> None:
    timers: Timers[Sleeper, Any] = Timers()
    kept = asleep(timers, 7)
    for _ in range(20):
        for who in [asleep(timers, 7) for _ in range(10 * FEW)]:
            put_off(timers, who)
    assert len(timers.wakes[7]) < 20 * FEW
    assert kept in timers.wakes[7]


def test_times_that_are_put_off_do_not_pile_up() -> None:
    timers: Timers[Sleeper, Any] = Timers()
    for time in range(10_000):
        put_off(timers, asleep(timers, time))
        timers.strike(time, "scope")
        timers.spare(time, "scope")
    assert len(timers.times) < 500


@given(st.lists(st.tuples(st.integers(0, 5), st.booleans(), st.booleans()), max_size=300))
def test_all_are_woken_and_struck_in_time_but_those_put_off(
    events: list[tuple[int, bool, bool]],
) -> None:
    timers: Timers[Sleeper, int] = Timers()
    wanted: list[tuple[int, int, object]] = []
    for n, (time, wakes, off) in enumerate(events):
        if wakes:
            who = asleep(timers, time)
            if off:
                put_off(timers, who)
            else:
                wanted.append((time, 0, who))
        else:
            timers.strike(time, n)
            if off:
                timers.spare(time, n)
            else:
                wanted.append((time, 1, n))
    found: list[tuple[int, int, object]] = []
    while (due := timers.next_time()) != NEVER:
        time = int(due)
        woken = timers.take_wakes(time)
        if woken is not None:
            found += [(time, 0, who) for who in woken if who.sleeps_until(time)]
        else:
            found += [(time, 1, what) for what in timers.take_strikes(time)]
    assert found == sorted(wanted, key=lambda each: each[:2])
