"""Who gets a worker and slots of pools: all at once, in order, and only while there are some."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from fwf.machine.slots import Pool, SlotQueue
from fwf.machine.timers import NEVER

SECOND = 1_000_000


class Customer:
    """Somebody in the line, by his number."""

    def __init__(self, number: int, *pools: str) -> None:
        self.number = number
        self.pools = pools
        self.cut = False

    def __lt__(self, other: Any) -> bool:
        return self.number < other.number


def lined_up(line: SlotQueue[Customer], *customers: Customer) -> None:
    for each in customers:
        line.join(each)


def test_the_first_starts_first_whenever_he_came() -> None:
    line: SlotQueue[Customer] = SlotQueue(1, {})
    lined_up(line, Customer(2), Customer(1), Customer(3))
    started = []
    while (who := line.next(0)) is not None:
        started.append(who.number)
        line.release(who.pools)
    assert started == [1, 2, 3] and not line.waiting


def test_nobody_starts_while_there_is_no_worker() -> None:
    line: SlotQueue[Customer] = SlotQueue(1, {})
    assert line.take((), 0)
    assert not line.take((), 0)
    lined_up(line, Customer(1))
    assert line.next(0) is None
    line.release(())
    assert line.next(0) is not None


def test_who_waits_for_a_pool_holds_up_nobody_else() -> None:
    line: SlotQueue[Customer] = SlotQueue(None, {"p": 1, "q": 1})
    assert line.take(("p",), 0)
    lined_up(line, Customer(1, "p", "q"), Customer(2, "q"), Customer(3, "q"))
    second = line.next(0)
    assert second is not None and second.number == 2
    assert line.next(0) is None
    line.release(("p",))
    assert line.next(0) is None, "he needs both at once"
    line.release(("q",))
    first = line.next(0)
    assert first is not None and first.number == 1


def test_nobody_goes_past_those_who_wait() -> None:
    line: SlotQueue[Customer] = SlotQueue(2, {})
    lined_up(line, Customer(1))
    assert not line.take((), 0)


def test_a_rate_counts_starts_in_any_window_of_its_length() -> None:
    line: SlotQueue[Customer] = SlotQueue(None, {"p": Pool(starts=2, per=timedelta(seconds=10))})
    assert line.take(("p",), 0) and line.take(("p",), 4 * SECOND)
    line.release(("p",))
    assert not line.take(("p",), 9 * SECOND)
    lined_up(line, Customer(1, "p"), Customer(2, "p"))
    assert line.ready_at(9 * SECOND) == 10 * SECOND
    assert line.next(10 * SECOND) is not None
    assert line.next(10 * SECOND) is None
    assert line.ready_at(10 * SECOND) == 14 * SECOND
    assert line.next(14 * SECOND) is not None
    assert line.ready_at(14 * SECOND) == NEVER


def test_who_has_left_takes_no_slot_and_no_start_of_a_rate() -> None:
    line: SlotQueue[Customer] = SlotQueue(1, {"p": Pool(1, starts=1, per=timedelta(seconds=10))})
    gone, here = Customer(1, "p"), Customer(2, "p")
    lined_up(line, gone, here)
    gone.cut = True
    assert line.next(0) is here
    line.release(("p",))
    later = Customer(3, "p")
    lined_up(line, later)
    later.cut = True
    assert line.next(10 * SECOND) is None and not line.waiting
    assert line.ready_at(10 * SECOND) == NEVER
    assert line.take(("p",), 10 * SECOND)
