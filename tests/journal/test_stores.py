"""Do all stores keep what they are given, all of it or nothing, for one holder at a time?"""

from __future__ import annotations

import os
import signal
import threading
import time
from collections.abc import Callable
from hashlib import blake2b
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings, strategies as st

from fwf.journal import chain as chains
from fwf.journal.errors import Held, JournalCorrupt, JournalError, Replaced
from fwf.journal.run_records import FIRST, Record, RunRow
from fwf.journal.store import Claim, Store
from tests.journal.places import LEASE, ME, OTHER, TEXTS, Place, chain, filled, row, some, until


def only(store: Store, key: str = "k") -> RunRow:
    (found,) = store.generations(key)
    return found


def read(store: Store, key: str = "k") -> list[Record]:
    return list(store.records(only(store, key)))


# What is written comes back


def test_records_of_any_text_come_back_as_they_were(place: Place, store: Store) -> None:
    records = chain(
        *(("ok", text, "2,1", at, text) for at, text in enumerate(TEXTS)),
        *(("start", "", text, -(2**63) + 1 + at, "{}") for at, text in enumerate(TEXTS)),
    )
    half = len(records) // 2
    claim = store.claim("k", ME)
    run = store.begin(row(), records[:half], claim)
    store.append(run, records[half:], claim)
    assert read(store) == records
    assert read(place.open()) == records


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=30)
@given(told=st.lists(st.tuples(st.text(), st.text(), st.integers(0, 2**62), st.text())))
def test_records_of_any_kind_come_back(place: Place, told: list[tuple[str, str, int, str]]) -> None:
    store = place.stores[0] if place.stores else place.open()
    key = f"k{time.monotonic_ns()}"
    claim = store.claim(key, ME)
    records = chain(*(("ok", *each) for each in told))
    run = store.begin(row(key=key), [], claim)
    store.append(run, records, claim)
    claim.release()
    assert read(store, key) == records


def test_ten_thousand_records_come_back_in_order(store: Store) -> None:
    records = some(10_000)
    claim = store.claim("k", ME)
    run = store.begin(row(), records[:3_000], claim)
    store.append(run, records[3_000:], claim)
    assert read(store) == records


def test_records_are_read_a_few_at_a_time_while_others_are_added(store: Store) -> None:
    records = some(10_000)
    claim = store.claim("k", ME)
    run = store.begin(row(), records, claim)
    reading = store.records(only(store))
    next(reading)
    store.append(run, some(1, after=records[-1]), claim)
    assert len(list(reading)) in (9_999, 10_000)


@pytest.mark.parametrize("text", TEXTS)
def test_a_run_of_any_text_comes_back_as_it_was(store: Store, text: str) -> None:
    claim = store.claim("k", ME)
    begun = row(workflow=text, about=text)
    records = some(3)
    run = store.begin(begun, records, claim)
    assert run == 1
    head = records[-1].sum
    assert only(store) == RunRow(
        1, "id-k-1", "k", text, 1, "running", 5, 30, None, 1, 3, head, text
    )


def test_with_a_state_the_row_of_a_run_is_brought_up_to_date(place: Place, store: Store) -> None:
    claim = store.claim("k", ME)
    records = some(3)
    run = store.begin(row(), records[:1], claim)
    store.append(run, records[1:], claim, state="ok")
    assert only(store) == RunRow(
        1, "id-k-1", "k", "daily", 1, "ok", 5, 30, 30, 1, 3, records[-1].sum, "{}"
    )
    more = chain(("try", "", "", 70, "{}"), ("start", "a", "1", 80, "{}"), after=records[-1])
    store.append(run, more, claim, state="running")
    assert only(place.open()) == RunRow(
        1, "id-k-1", "k", "daily", 1, "running", 5, 80, None, 2, 5, more[-1].sum, "{}"
    )
    last = chain(("end", "", "", 90, "{}"), after=more[-1])
    store.append(run, last, claim, state="failed")
    assert only(store) == RunRow(
        1, "id-k-1", "k", "daily", 1, "failed", 5, 90, 90, 2, 6, last[-1].sum, "{}"
    )
    assert store.runs() == store.generations("k")


def test_without_a_state_count_and_head_are_those_of_what_is_there(store: Store) -> None:
    claim = store.claim("k", ME)
    records = some(4)
    run = store.begin(row(), records[:1], claim)
    store.append(run, records[1:], claim)
    found = only(store)
    assert (found.state, found.count, found.head) == ("running", 4, records[-1].sum)


def test_a_state_may_come_without_records(store: Store) -> None:
    claim = store.claim("k", ME)
    records = some(4)
    run = store.begin(row(), records, claim)
    store.append(run, [], claim, state="held")
    store.append(run, [], claim)
    found = only(store)
    assert (found.state, found.count, found.head) == ("held", 4, records[-1].sum)
    assert read(store) == records
    store.append(run, some(1, after=records[-1]), claim)
    assert (only(store).state, only(store).ended) == ("held", 40)


def test_a_run_may_begin_without_records(store: Store) -> None:
    claim = store.claim("k", ME)
    run = store.begin(row(), [], claim)
    found = only(store)
    assert (found.count, found.head, read(store)) == (0, FIRST, [])
    store.append(run, some(2), claim)
    assert read(store) == some(2)


# Which runs there are


def test_generations_are_those_of_a_name_the_oldest_first(store: Store) -> None:
    for key, generation in (("a", 1), ("b", 1), ("a", 2), ("a", 3)):
        filled(store, 2, key=key, generation=generation)
    assert [(run.number, run.generation) for run in store.generations("a")] == [
        (1, 1), (3, 2), (4, 3),
    ]  # fmt: skip
    assert [run.number for run in store.generations("b")] == [2]
    assert list(store.generations("c")) == []


def test_runs_are_the_newest_first_and_so_many(store: Store) -> None:
    for key in "abcde":
        filled(store, 2, key=key)
    assert [run.key for run in store.runs()] == ["e", "d", "c", "b", "a"]
    assert [run.key for run in store.runs(newest=2)] == ["e", "d"]
    assert list(store.runs(newest=0)) == []
    assert len(store.runs(newest=100)) == 5


def test_runs_are_found_by_a_part_of_their_id_or_workflow(store: Store) -> None:
    given = {"a": "nightly", "b": "Nächtlich", "c": "100%_x", "d": "100abx", "e": "\0\ud800"}
    for key, workflow in given.items():
        claim = store.claim(key, ME)
        store.begin(row(key=key, id=f"0199-{key}{key}", workflow=workflow), some(1), claim)

    def found(like: str, newest: int | None = None) -> str:
        return "".join(run.key for run in store.runs(like=like, newest=newest))

    assert found("ight") == "a"
    assert found("ächt") == "b"
    assert found("%_") == "c"
    assert found("100") == "dc"
    assert found("100", newest=1) == "d"
    assert found("-dd") == "d"
    assert found("\ud800") == found("\0") == "e"
    assert found("") == found("0199") == "edcba"
    assert found("'; --") == found("zzz") == ""


# All or nothing


@pytest.mark.parametrize(
    "wrong",
    [
        pytest.param(lambda all_: all_[:3], id="again"),
        pytest.param(lambda all_: all_[2:4], id="the last one again"),
        pytest.param(lambda all_: all_[4:], id="a gap"),
    ],
)
def test_numbers_follow_those_that_are_there(
    store: Store, wrong: Callable[[list[Record]], list[Record]]
) -> None:
    records = some(6)
    claim = store.claim("k", ME)
    run = store.begin(row(), records[:3], claim)
    with pytest.raises(ValueError, match="can't follow"):
        store.append(run, wrong(records), claim, state="ok")
    assert read(store) == records[:3]
    assert only(store).state == "running"
    store.append(run, records[3:], claim)
    assert read(store) == records


def test_numbers_follow_within_what_is_given(store: Store) -> None:
    records = some(6)
    claim = store.claim("k", ME)
    with pytest.raises(ValueError, match="can't follow"):
        store.begin(row(), records[1:], claim)
    assert list(store.runs()) == []
    run = store.begin(row(), records[:1], claim)
    for wrong in (records[1:3] + records[4:], records[1:3] + records[2:]):
        with pytest.raises((ValueError, JournalError)):
            store.append(run, wrong, claim)
    assert read(store) == records[:1]


def test_what_no_database_can_hold_adds_nothing(store: Store) -> None:
    claim = store.claim("k", ME)
    first = some(1)
    run = store.begin(row(), first, claim)
    beyond = chain(("ok", "a", "1", 1, "{}"), ("ok", "b", "1", 2**63, "{}"), after=first[-1])
    with pytest.raises((JournalError, OverflowError)):
        store.append(run, beyond, claim, state="ok")
    assert read(store) == first
    assert only(store).state == "running"


def test_there_is_no_run_but_those_that_were_begun(store: Store) -> None:
    claim = store.claim("k", ME)
    with pytest.raises(ValueError, match="no run 7"):
        store.append(7, some(1), claim)
    with pytest.raises(ValueError, match="no run 7"):
        store.append(7, [], claim, state="ok")


@pytest.mark.parametrize(
    "again", [row(id="other"), row(generation=2, id="id-k-1")], ids=["generation", "id"]
)
def test_a_generation_and_an_id_begin_once(store: Store, again: RunRow) -> None:
    claim = store.claim("k", ME)
    store.begin(row(), some(2), claim)
    with pytest.raises(JournalError):
        store.begin(again, some(3), claim)
    assert read(store) == some(2)
    store.begin(row(generation=2), some(1), claim)  # and nothing is in the way of others
    assert len(store.generations("k")) == 2


# One holder at a time


def test_a_second_claim_is_refused_and_names_the_holder(place: Place, store: Store) -> None:
    claim = store.claim("k", ME)
    store.begin(row(), some(1), claim)
    for other in (store, place.open()):
        with pytest.raises(Held, match=r"etl.*process 11.*here.*since 20\d\d-.*sign") as caught:
            other.claim("k", OTHER)
        assert caught.value.holder == ME
    place.open().claim("other", OTHER)


def test_who_holds_a_name_can_be_asked_by_anyone(place: Place, store: Store) -> None:
    other = place.open()
    assert other.holder("k") is None
    claim = store.claim("k", ME)
    assert other.holder("k") == store.holder("k") == ME
    assert other.holder("x") is None
    with pytest.raises(Held):
        other.claim("k", OTHER)
    claim.release()
    assert other.holder("k") is None
    other.claim("k", OTHER)
    assert store.holder("k") == OTHER


def test_what_is_given_back_can_be_claimed_and_gives_no_right(place: Place, store: Store) -> None:
    records = some(3)
    claim = store.claim("k", ME)
    run = store.begin(row(), records[:1], claim)
    claim.release()
    claim.release()
    with pytest.raises(Replaced, match="given back"):
        store.append(run, records[1:], claim)
    other = place.open()
    mine = other.claim("k", OTHER)
    claim.release()  # is no longer its to give back
    with pytest.raises(Held):
        store.claim("k", ME)
    with pytest.raises(Replaced, match="given back"):
        store.append(run, records[1:], claim, state="ok")
    with pytest.raises(Replaced, match="given back"):
        store.begin(row(generation=2), some(1), claim)
    with pytest.raises(Replaced, match="given back"):
        store.salvage(only(store), claim)
    assert read(store) == records[:1]
    other.append(run, records[1:], mine)
    assert read(store) == records


def test_a_claim_is_on_one_name(store: Store) -> None:
    a, b = store.claim("a", ME), store.claim("b", ME)
    run = store.begin(row(key="a"), some(1), a)
    for wrong in (
        lambda: store.begin(row(key="a", generation=2), some(1), b),
        lambda: store.append(run, some(1, after=some(1)[-1]), b),
        lambda: store.append(run, [], b, state="ok"),
        lambda: store.salvage(only(store, "a"), b),
    ):
        with pytest.raises(ValueError, match="the claim isn't one on the runs of this key"):
            wrong()
    assert [run.state for run in store.runs()] == ["running"]
    assert read(store, "a") == some(1)


def test_of_threads_that_claim_at_once_one_gets_it(place: Place) -> None:
    stores = [place.open() for _ in range(4)]
    for round_ in range(20):
        ready = threading.Barrier(len(stores))
        got: list[Claim | Held] = []

        def race(store: Store, key: str, ready: threading.Barrier, got: list[Any]) -> None:
            ready.wait()
            try:
                got.append(store.claim(key, ME))
            except Held as held:
                got.append(held)

        threads = [
            threading.Thread(target=race, args=(each, f"k{round_ % 2}", ready, got))
            for each in stores
        ]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        (claim,) = (each for each in got if not isinstance(each, Held))
        assert len(got) == len(stores)
        claim.release()


def test_of_processes_that_claim_at_once_one_gets_it(place: Place, store: Store) -> None:
    with (
        place.process("claim") as one,
        place.process("claim") as two,
        place.process("claim") as three,
    ):
        said = [each.stdout.readline().strip() for each in (one, two, three) if each.stdout]
        assert sorted(said) == ["Held", "Held", "held"]


def test_a_holder_in_another_process_is_named_and_replaced_when_it_is_dead(place: Place) -> None:
    store = place.open(LEASE)
    with place.process("hold", lease=LEASE) as child:
        assert child.stdout is not None
        assert child.stdout.readline() == "held\n"
        with pytest.raises(Held, match="child") as caught:
            store.claim("k", ME)
        assert caught.value.holder is not None
        assert caught.value.holder.pid == child.pid
        child.kill()
        child.wait()
        if place.is_server:
            with pytest.raises(Held):
                store.claim("k", ME)

        def claimed() -> bool:
            try:
                store.claim("k", ME)
            except Held:
                return False
            return True

        until(claimed)
        assert store.holder("k") == ME


def test_a_living_holder_keeps_its_claim_however_long_it_takes(place: Place) -> None:
    store = place.open(lease=0.3)
    claim = store.claim("k", ME)
    other = place.open(lease=0.3)
    end = time.monotonic() + 1.5
    while time.monotonic() < end:
        with pytest.raises(Held):
            other.claim("k", OTHER)
        time.sleep(0.05)
    store.begin(row(), some(1), claim)
    claim.release()
    other.claim("k", OTHER)


@pytest.mark.services
def test_a_holder_that_sleeps_is_replaced_by_a_lease_alone_and_then_adds_nothing(
    place: Place,
) -> None:
    store = place.open(lease=1)
    with place.process("wait", lease=1) as child:
        assert child.stdin is not None
        assert child.stdout is not None
        assert child.stdout.readline() == "1\n"

        def told() -> str:
            assert child.stdin is not None
            assert child.stdout is not None
            child.stdin.write("\n")
            child.stdin.flush()
            return child.stdout.readline().strip()

        assert told() == "added"
        os.kill(child.pid, signal.SIGSTOP)
        time.sleep(1.5)  # its lease runs out, and nobody comes
        os.kill(child.pid, signal.SIGCONT)
        assert told() == "added"
        os.kill(child.pid, signal.SIGSTOP)
        time.sleep(1.5)
        if not place.is_server:
            with pytest.raises(Held):
                store.claim("k", ME)
            os.kill(child.pid, signal.SIGCONT)
            assert told() == "added"
            return
        claim = store.claim("k", ME)
        os.kill(child.pid, signal.SIGCONT)
        before = read(store)
        assert len(before) == 3
        assert told() == "Replaced"
        store.append(1, some(1, after=before[-1]), claim)
        assert told() == "Replaced"
        assert len(read(store)) == 4


def test_another_process_reads_while_one_writes(place: Place, store: Store) -> None:
    with place.process("write", "300") as child:
        assert child.stdout is not None
        assert child.stdout.readline() == "1\n"
        seen = [0]
        while seen[-1] < 300:
            found = only(store)
            records = list(store.records(found))
            assert records == some(len(records))
            assert len(records) >= found.count >= seen[-1]
            seen.append(len(records))
        assert child.stdout.readline() == "written\n"
        assert only(store).state == "ok"
        assert store.holder("k") is not None


# What was changed behind its back is told


@pytest.mark.parametrize(
    ("column", "value"),
    [
        ("body", '{"v": 2}'),
        ("body", ""),
        ("path", "daily > s8"),
        ("tries", "2"),
        ("at", 1),
        ("kind", "failed"),
        ("sum", bytes(16)),
        ("sum", b""),
        ("body", b"\xff\xfe"),
        ("path", b"\xc3"),
        ("tries", b"\xed"),
    ],
)
@pytest.mark.parametrize("n", [1, 4, 7])
def test_a_record_that_was_changed_is_told(
    place: Place, store: Store, column: str, value: object, n: int
) -> None:
    filled(store, 7)
    place.change(1, n, column, value)
    for each in (store, place.open()):
        got = list[Record]()
        with pytest.raises(JournalCorrupt, match=rf"run id-k-1: record {n}\b.*--salvage"):
            got.extend(_taken(each, got))
        assert got == some(n - 1)


def _taken(store: Store, got: list[Record]) -> list[Record]:
    for record in store.records(only(store)):
        got.append(record)
    return []


@pytest.mark.parametrize("n", [1, 4, 7])
def test_a_record_that_is_gone_is_told(place: Place, store: Store, n: int) -> None:
    filled(store, 7)
    run = only(store)
    place.drop(1, n)
    with pytest.raises(JournalCorrupt, match=rf"record {n} is missing"):
        list(store.records(run))
    with pytest.raises(JournalCorrupt, match=rf"record {n} is missing"):
        read(place.open())


def test_a_last_record_that_was_exchanged_is_told(place: Place, store: Store) -> None:
    records = filled(store, 7)
    (other,) = chain(("failed", "x", "1", 70, "{}"), after=records[5])
    place.change(1, 7, "kind", other.kind)
    for column, value in (("path", "x"), ("body", "{}"), ("sum", other.sum)):
        place.change(1, 7, column, value)
    with pytest.raises(JournalCorrupt, match="record 7"):
        read(store)


def test_records_that_changed_places_are_told(place: Place, store: Store) -> None:
    filled(store, 7)
    for before, after in ((3, 99), (4, 3), (99, 4)):
        place.move(1, before, 1, after)
    with pytest.raises(JournalCorrupt, match="record 3"):
        read(store)


def test_records_of_another_run_are_told(place: Place, store: Store) -> None:
    filled(store, 7)
    claim = store.claim("o", ME)
    store.begin(row(key="o"), chain(*(("ok", "x", "1", 3, "{}") for _ in range(7))), claim)
    place.drop(1, 5)
    place.move(2, 5, 1, 5)
    with pytest.raises(JournalCorrupt, match="record 5"):
        read(store)


@pytest.mark.parametrize("column", ["workflow", "about"])
@pytest.mark.parametrize("value", ["other", b"\xff"])
def test_a_run_that_was_changed_is_told(
    place: Place, store: Store, column: str, value: object
) -> None:
    filled(store, 3)
    place.ask(f"UPDATE @runs SET {column} = ? WHERE number = 1", value)
    with pytest.raises(JournalCorrupt, match="run 1"):
        store.generations("k")
    with pytest.raises(JournalCorrupt, match="run 1"):
        store.runs()


# Salvage


@pytest.mark.parametrize("n", [1, 2, 5, 7])
@pytest.mark.parametrize("how", ["changed", "gone"])
def test_what_follows_the_last_good_record_is_dropped_and_the_run_goes_on(
    place: Place, store: Store, n: int, how: str
) -> None:
    filled(store, 7)
    run = only(store)
    if how == "changed":
        place.change(1, n, "body", "{}")
    else:
        place.drop(1, n)
    claim = store.claim("k", ME)
    dropped = store.salvage(run, claim)
    assert dropped in (8 - n, 7 - n if how == "gone" else 8 - n)
    good = some(n - 1)
    assert read(store) == good
    found = only(store)
    assert (found.state, found.ended, found.count) == ("running", None, n - 1)
    assert found.head == (good[-1].sum if good else FIRST)
    assert found.tries == (1 if n > 1 else 0)
    store.append(1, some(3, after=good[-1] if good else None), claim, state="ok")
    assert read(place.open()) == some(n + 2)
    assert only(place.open()).count == n + 2


def test_a_run_without_damage_is_left_as_it_is(store: Store) -> None:
    records = filled(store, 7)
    before = only(store)
    claim = store.claim("k", ME)
    assert store.salvage(before, claim) == 0
    assert only(store) == before
    assert read(store) == records


# Prune


def test_complete_runs_keep_their_row_and_their_first_and_last_record(
    place: Place, store: Store
) -> None:
    records = filled(store, 500)
    before = store.generations("k")
    runs, freed = store.prune(10**6)
    assert runs == 1
    assert freed > 0
    for each in (store, place.open()):
        assert each.generations("k") == before == each.runs()
        first, anchor, last = read(each)
        assert (first, last) == (records[0], records[-1])
        assert (anchor.kind, anchor.n) == ("anchor", 499)
        assert chains.anchor_count(anchor.body) == 498
    assert store.prune(10**6)[0] == 0
    assert len(read(store)) == 3
    claim = store.claim("k", ME)
    more = some(2, after=records[-1])
    store.append(1, more, claim, state="ok")  # it may still be done again
    assert read(store)[2:] == [records[-1], *more]
    claim.release()
    assert store.prune(10**6)[0] == 1
    first, anchor, last = read(place.open())
    assert (first, last, anchor.n) == (records[0], more[-1], 501)


def test_only_complete_runs_that_ended_before_are_pruned(store: Store) -> None:
    states: dict[str, Any] = {
        "a": "ok", "b": "failed", "c": "interrupted", "d": "held", "e": "running",
    }  # fmt: skip
    for key, state in states.items():
        claim = store.claim(key, ME)
        store.begin(row(key=key), some(5), claim)
        store.append(store.runs()[0].number, [], claim, state=state)
        claim.release()
    assert store.prune(50) == (0, 0)
    assert store.prune(51)[0] == 1
    assert [len(read(store, key)) for key in states] == [3, 5, 5, 5, 5]


@pytest.mark.parametrize("count", [1, 2, 3, 4])
def test_a_short_run_loses_nothing_that_has_to_be_there(store: Store, count: int) -> None:
    records = filled(store, count)
    store.prune(10**6)
    found = read(store)
    assert (found[0], found[-1], len(found)) == (records[0], records[-1], min(count, 3))
    assert only(store).count == count


@pytest.mark.parametrize("column", ["body", "path"])
def test_a_changed_anchor_is_told(place: Place, store: Store, column: str) -> None:
    filled(store, 9)
    store.prune(10**6)
    place.change(1, 8, column, '{"gone": 7, "sum": "00"}')
    with pytest.raises(JournalCorrupt, match=r"record (2|8)"):
        read(store)


def test_what_pruning_left_can_be_salvaged(place: Place, store: Store) -> None:
    records = filled(store, 9)
    store.prune(10**6)
    place.change(1, 9, "body", "x")
    claim = store.claim("k", ME)
    assert store.salvage(only(store), claim) == 1
    assert (only(store).count, only(store).head) == (8, records[7].sum)
    store.append(1, records[8:], claim, state="ok")
    assert len(read(place.open())) == 3


# Large values


def named(content: bytes) -> str:
    return blake2b(content, digest_size=16).hexdigest() + ".arrow"


@pytest.mark.parametrize(
    "content",
    [b"", b"a", b"\0" * 100, b"ARROW1" * 4_000_000],
    ids=["none", "one", "zeros", "24 MB"],
)
def test_a_large_value_comes_back(place: Place, store: Store, content: bytes) -> None:
    store.put(named(content), memoryview(content))
    store.put(named(content), content)
    assert bytes(place.open().get(named(content))) == content


def test_a_value_that_is_gone_or_another_is_told_and_can_be_put_again(
    place: Place, store: Store
) -> None:
    content = b"what was written"
    name = named(content)
    with pytest.raises(JournalCorrupt, match=f"{name}.* is gone"):
        store.get(name)
    store.put(name, content)
    for harm in (b"what was WRITTEN", b"what", b""):
        _harm(place, name, harm)
        with pytest.raises(JournalCorrupt, match=rf"{name}.* isn't what was written.*fwf rerun"):
            store.get(name)
        store.put(name, content)
        assert bytes(store.get(name)) == content


def _harm(place: Place, name: str, content: bytes) -> None:
    if place.is_server:
        place.ask(f"UPDATE @contents SET content = ? WHERE name = '{name}'", content)
    else:
        path = Path(f"{place.where}-values") / name
        path.unlink()
        path.write_bytes(content)


@pytest.mark.parametrize("name", ["", "x", "../../x", "0" * 32, f"{'A' * 32}.arrow", "\0"])
def test_a_value_has_a_name_of_its_content(store: Store, name: str) -> None:
    with pytest.raises(ValueError, match="name is 32 hexadecimal digits"):
        store.put(name, b"")
    with pytest.raises(ValueError, match="name is 32 hexadecimal digits"):
        store.get(name)
    with pytest.raises(ValueError, match="isn't the digest"):
        store.put(named(b"other"), b"")


def _aged(place: Place, name: str) -> None:
    if place.is_server:
        place.ask(
            "UPDATE @contents SET added = added - interval '25 hours' "
            f"WHERE name = '{name}' AND part = 0"
        )
    else:
        past = time.time() - 25 * 3600
        os.utime(Path(f"{place.where}-values") / name, (past, past))


def test_a_value_stays_while_a_record_names_it_and_a_day_after_it_was_put(
    place: Place, store: Store
) -> None:
    kept, first, young, orphan = (f"{word} {'x' * 100}".encode() for word in "abcd")
    for content in (kept, first, young, orphan):
        store.put(named(content), content)
    for key, content in (("a", kept), ("b", first)):
        claim = store.claim(key, ME)
        body = f'{{"value": "{named(content)}"}}'
        records = chain(*(("ok", "x", "1", 30, body if n == 2 else "{}") for n in range(5)))
        run = store.begin(row(key=key), records[:2], claim)
        store.append(run, records[2:], claim, state="failed" if key == "a" else "ok")
        claim.release()
    for content in (kept, first, orphan):
        _aged(place, named(content))
    assert store.prune(0)[0] == 0
    with pytest.raises(JournalCorrupt, match="is gone"):
        store.get(named(orphan))
    assert [bytes(store.get(named(each))) for each in (kept, first, young)] == [kept, first, young]
    store.put(named(first), first)  # somebody else is about to name it
    assert store.prune(10**6)[0] == 1
    assert bytes(store.get(named(first))) == first
    _aged(place, named(first))
    store.prune(10**6)
    with pytest.raises(JournalCorrupt, match="is gone"):
        store.get(named(first))
    assert bytes(store.get(named(kept))) == kept


# The end


def test_a_store_may_be_closed_twice_and_then_does_nothing(place: Place, store: Store) -> None:
    claim = store.claim("k", ME)
    run = store.begin(row(), some(1), claim)
    found = only(store)
    store.close()
    store.close()
    claim.release()
    uses: list[Callable[[], object]] = [
        lambda: store.generations("k"),
        lambda: store.runs(),
        lambda: list(store.records(found)),
        lambda: store.append(run, some(1, after=some(1)[-1]), claim),
        lambda: store.claim("k", ME),
        lambda: store.prune(1),
    ]
    for use in uses:
        with pytest.raises(JournalError):
            use()
    other = place.open()
    assert read(other) == some(1)
    other.claim("k", OTHER)


def test_a_forked_process_neither_uses_nor_ends_what_its_parent_opened(
    place: Place, store: Store
) -> None:
    claim = store.claim("k", ME)
    run = store.begin(row(), some(1), claim)
    child = os.fork()
    if child == 0:
        refused = 0
        try:
            for use in (
                lambda: store.append(run, some(1, after=some(1)[-1]), claim),
                lambda: store.begin(row(generation=2), some(1), claim),
            ):
                try:
                    use()
                except JournalError:
                    refused += 1
            claim.release()
            store.close()
        finally:
            os._exit(refused)
    _, status = os.waitpid(child, 0)
    assert os.waitstatus_to_exitcode(status) == 2
    with pytest.raises(Held):
        place.open().claim("k", OTHER)
    store.append(run, some(1, after=some(1)[-1]), claim)
    assert read(store) == some(2)


def test_a_store_says_where_it_is(place: Place, store: Store) -> None:
    name = place.where.partition("?")[0].rpartition("/")[2]
    assert name in store.where


def test_the_last_record_is_there_without_the_others(place: Place) -> None:
    store = place.open()
    for count in (1, 2, 5):
        records = filled(store, count, key=f"k{count}")
        (row,) = store.generations(f"k{count}")
        assert store.last(row) == records[-1]
    place.change(row.number, 5, "body", '{"v": 2}')
    with pytest.raises(JournalCorrupt):
        store.last(row)
