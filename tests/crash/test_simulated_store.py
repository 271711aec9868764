"""The simulated store does what a store promises, and loses what a crash may lose."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from fwf.journal.errors import Held, JournalCorrupt, Replaced
from fwf.journal.run_records import FIRST, Record, RunRow, checksum_of
from fwf.journal.store import Claim, Holder

from .simulated_outside import Crash, Crashes
from .simulated_store import Disk, Durability, SimulatedStore

ME = Holder("here", 1, "etl", 0)
ROW = RunRow(0, "id", "key", "daily", 1, "running", 0, 0, None, 1, 0, FIRST, "{}")


def records(count: int, after: Record | None = None) -> list[Record]:
    made: list[Record] = []
    for _ in range(count):
        n, head = (1, FIRST) if after is None else (after.n + 1, after.sum)
        kind = "try" if n == 1 else "ok"
        said = n, kind, f"step {n}", "1", n, "{}"
        after = Record(*said, checksum_of(head, *said))  # type: ignore[arg-type]
        made.append(after)
    return made


def begun(store: SimulatedStore, count: int = 1) -> tuple[int, Claim, list[Record]]:
    claim, first = store.claim("key", ME), records(count)
    return store.begin(ROW, first, claim), claim, first


class TestAStore:
    def test_gives_back_what_was_appended_in_order(self) -> None:
        store = SimulatedStore(Disk())
        run, claim, first = begun(store)
        more = records(3, first[-1])
        store.append(run, more, claim, state="ok")
        (row,) = store.generations("key")
        assert (row.number, row.state, row.count, row.head) == (run, "ok", 4, more[-1].sum)
        assert [*store.records(row)] == [*first, *more]

    def test_refuses_records_that_do_not_follow(self) -> None:
        store = SimulatedStore(Disk())
        run, claim, first = begun(store)
        with pytest.raises(AssertionError):
            store.append(run, first, claim)

    def test_lets_one_process_go_on_at_a_time(self) -> None:
        disk = Disk()
        _, claim, _ = begun(SimulatedStore(disk))
        other = SimulatedStore(disk)
        with pytest.raises(Held):
            other.claim("key", ME)
        claim.release()
        claim.release()
        other.claim("key", ME).release()

    def test_lets_nobody_commit_who_was_replaced(self) -> None:
        disk = Disk()
        store = SimulatedStore(disk)
        run, claim, first = begun(store)
        disk.process_died()
        SimulatedStore(disk).claim("key", ME)
        with pytest.raises(Replaced):
            store.append(run, records(1, first[-1]), claim)

    def test_names_the_first_bad_record_and_salvages_what_is_before(self) -> None:
        store = SimulatedStore(Disk())
        run, claim, _ = begun(store, 4)
        kept = store.disk.runs[run].records
        kept[2] = kept[2]._replace(body='{"x": 1}')
        (row,) = store.runs()
        with pytest.raises(JournalCorrupt, match="record 3"):
            list(store.records(row))
        assert store.salvage(row, claim) == 2
        (row,) = store.runs()
        assert (len(list(store.records(row))), row.count) == (2, 2)


def appended(durability: Durability, die: int) -> tuple[Disk, int, bool]:
    """Three appends, dying at an event ⟶ the disk, how many came back, whether it died."""
    disk, crashes = Disk(), Crashes((die,))
    store = SimulatedStore(disk, crashes, durability=durability)
    acknowledged = 0
    try:
        run, claim, last = begun(store)
        acknowledged = 1
        for _ in range(3):
            last = records(1, last[-1])
            store.append(run, last, claim)
            acknowledged += 1
    except Crash:
        return disk, acknowledged, True
    return disk, acknowledged, False


def there(disk: Disk) -> int:
    return len(disk.runs[1].records) if disk.runs else 0


LEAVES: list[Callable[[Disk], object]] = [
    Disk.process_died, lambda disk: disk.power_went(0), lambda disk: disk.power_went(9),
]  # fmt: skip


class TestACrash:
    @pytest.mark.parametrize("durability", ["power", "process"])
    @pytest.mark.parametrize("dies", LEAVES, ids=["process", "power", "power, but all was written"])
    def test_loses_nothing_that_was_acknowledged(
        self, dies: Callable[[Disk], object], durability: Durability
    ) -> None:
        extra: set[int] = set()
        for die in range(1, 14):
            disk, acknowledged, died = appended(durability, die)
            assert died
            dies(disk)
            if dies is LEAVES[1] and durability == "process":
                assert there(disk) == 0
                continue
            extra.add(there(disk) - acknowledged)
        assert extra == (set() if dies is LEAVES[1] and durability == "process" else {0, 1})

    def test_without_power_leaves_the_first_of_what_was_not_synced(self) -> None:
        for keep in range(5):
            disk, _, died = appended("process", 99)
            assert not died
            disk.power_went(keep)
            assert there(disk) == keep
            store = SimulatedStore(disk)
            assert all(len(list(store.records(row))) == keep for row in store.runs())
