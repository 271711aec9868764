"""Does a journal keep small things between runs, as safely as runs, and apart from them?"""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from fwf.journal import versioned_logs
from fwf.journal.errors import Held, JournalCorrupt, Replaced
from fwf.journal.run_records import Record
from fwf.journal.sqlite import SQLite
from fwf.journal.store import Store
from tests.journal.places import ME, OTHER, TEXTS, Place, filled

MARK = "state orders_watermark"


def written(store: Store, *values: object, name: str = MARK) -> None:
    """A version for each value, added by a writer of its own."""
    for value in values:
        with versioned_logs.open_writer(store, name, ME) as log:
            log.add({"value": value})


def values(store: Store, name: str = MARK) -> list[object]:
    return [each.body["value"] for each in versioned_logs.history(store, name)]


def test_of_what_was_never_written_there_is_nothing(store: Store) -> None:
    assert versioned_logs.latest(store, MARK) is None
    assert list(versioned_logs.history(store, MARK)) == []
    assert list(versioned_logs.names(store, "")) == []
    with versioned_logs.open_writer(store, MARK, ME) as log:
        assert log.latest is None
    assert list(versioned_logs.names(store, "")) == []


def test_versions_count_up_and_the_last_one_holds(place: Place, store: Store) -> None:
    with versioned_logs.open_writer(store, MARK, ME) as log:
        added = [log.add({"value": n}) for n in range(3)]
        assert log.latest == added[-1]
    for each in (store, place.open()):
        with versioned_logs.open_writer(each, MARK, ME) as log:
            assert log.latest == added[-1]
        assert list(versioned_logs.history(each, MARK)) == added
        assert versioned_logs.latest(each, MARK) == added[-1]
    assert [each.number for each in added] == [1, 2, 3]
    written(store, "more")
    assert values(place.open()) == [0, 1, 2, "more"]


def test_when_a_version_was_added_can_be_told(store: Store) -> None:
    with versioned_logs.open_writer(store, MARK, ME) as log:
        log.add({}, at=7)
    assert versioned_logs.latest(store, MARK) == (1, 7, {})


@pytest.mark.parametrize("text", TEXTS)
def test_names_and_bodies_of_any_text_come_back(place: Place, store: Store, text: str) -> None:
    written(store, text, name=f"state {text}")
    assert list(versioned_logs.names(place.open(), "state ")) == [f"state {text}"]
    assert values(place.open(), f"state {text}") == [json.loads(json.dumps(text))]


def test_names_are_found_by_how_they_begin(store: Store) -> None:
    for name in ("state b", "state a", "states", "pause ü", "pause \\xfc", "pause u"):
        written(store, 1, name=name)
    assert list(versioned_logs.names(store, "state ")) == ["state a", "state b"]
    assert list(versioned_logs.names(store, "pause ü")) == ["pause ü"]
    assert list(versioned_logs.names(store, "pause \\")) == ["pause \\xfc"]
    assert len(versioned_logs.names(store, "")) == 6
    assert list(versioned_logs.names(store, "%")) == []


@pytest.mark.parametrize("body", [{"value": float("nan")}, {"value": object()}])
def test_what_is_no_json_adds_nothing(store: Store, body: dict[str, object]) -> None:
    with versioned_logs.open_writer(store, MARK, ME) as log:
        with pytest.raises((TypeError, ValueError)):
            log.add(body)
        assert log.latest is None
        log.add({"value": 1})
    assert values(store) == [1]


def test_runs_are_told_without_logs_and_logs_without_runs(place: Place, store: Store) -> None:
    filled(store, 3, key="a")
    written(store, *range(5))
    filled(store, 3, key="b")
    written(store, 1, name="pause daily")
    filled(store, 3, key="c")
    written(store, 1, name="pause weekly")
    for each in (store, place.open()):
        assert [run.key for run in each.runs()] == ["c", "b", "a"]
        assert [run.key for run in each.runs(newest=2)] == ["c", "b"]
        assert [run.key for run in each.runs(newest=9)] == ["c", "b", "a"]
        assert [run.key for run in each.runs(like="")] == ["c", "b", "a"]
        assert [run.key for run in each.runs(like="daily", newest=2)] == ["c", "b"]
        assert list(each.runs(like="pause")) == list(each.runs(like="log ")) == []
        assert list(versioned_logs.names(each, "")) == ["pause daily", "pause weekly", MARK]


def test_pruning_leaves_logs_alone(place: Place, store: Store) -> None:
    written(store, *range(50))
    filled(store, 50)
    assert store.prune(2**62)[0] == 1
    assert values(place.open()) == [*range(50)]


# One writer at a time


def test_a_second_writer_is_refused_and_names_the_first(place: Place, store: Store) -> None:
    written(store, 1)
    assert versioned_logs.holder(store, MARK) is None
    with versioned_logs.open_writer(store, MARK, ME) as log:
        other = place.open()
        with pytest.raises(Held) as refused, versioned_logs.open_writer(other, MARK, OTHER):
            pass
        assert refused.value.holder == ME
        assert versioned_logs.holder(other, MARK) == ME
        with versioned_logs.open_writer(other, "state another", OTHER) as another:
            another.add({})
        assert log.add({"value": 2}).number == 2
    with versioned_logs.open_writer(place.open(), MARK, OTHER) as log:
        assert log.add({"value": 3}).number == 3
    assert values(store) == [1, 2, 3]


def test_two_who_write_in_turn_follow_each_other(place: Place, store: Store) -> None:
    other = place.open()
    for n in range(3):
        written(store, 2 * n)
        written(other, 2 * n + 1)
    assert values(place.open()) == [*range(6)]


def test_who_gave_the_right_back_adds_nothing(store: Store) -> None:
    with versioned_logs.open_writer(store, MARK, ME) as log:
        log.add({"value": 1})
    log.release()
    with pytest.raises(Replaced):
        log.add({"value": 2})
    assert values(store) == [1]


def test_the_right_is_given_back_whatever_happens(place: Place, store: Store) -> None:
    with pytest.raises(KeyError), versioned_logs.open_writer(store, MARK, ME):
        raise KeyError
    written(place.open(), 1)
    place.change(1, 1, "body", '{"value": 2}')
    with pytest.raises(JournalCorrupt):
        versioned_logs.claim(store, MARK, ME)
    assert versioned_logs.holder(store, MARK) is None


# Damage


@pytest.mark.parametrize("column", ["body", "at", "sum"])
@pytest.mark.parametrize("n", [1, 3, 5])
def test_a_version_that_was_changed_is_told(
    place: Place, store: Store, column: str, n: int
) -> None:
    written(store, *range(5))
    place.change(1, n, column, {"body": '{"value": 9}', "at": 9, "sum": bytes(16)}[column])
    for each in (store, place.open()):
        with pytest.raises(JournalCorrupt) as told:
            versioned_logs.latest(each, MARK)
        assert n < 5 or "isn't what was written" in str(told.value)


@pytest.mark.parametrize("n", [1, 3, 5])
def test_a_version_that_is_gone_is_told(place: Place, store: Store, n: int) -> None:
    written(store, *range(5))
    place.drop(1, n)
    for each in (store, place.open()):
        with pytest.raises(JournalCorrupt, match=f"(?s){n}.* is missing"):
            versioned_logs.history(each, MARK)


def test_a_log_that_is_gone_is_told(tmp_path: Path) -> None:
    place = Place(str(tmp_path / "runs.db"))
    written(place.open(), 1)
    filled(place.open(), 1)
    place.ask("DELETE FROM runs WHERE number = 1")
    for ask in (lambda store: versioned_logs.latest(store, MARK), lambda store: store.runs()):
        with pytest.raises(JournalCorrupt, match="run 1 is missing"):
            ask(place.open())
    place.close()


@pytest.mark.parametrize("n", [1, 3, 5])
def test_what_follows_the_last_good_version_is_dropped(place: Place, store: Store, n: int) -> None:
    written(store, *range(5))
    place.change(1, n, "body", '{"value": 9}')
    assert versioned_logs.salvage(place.open(), MARK, ME) > 0
    assert values(place.open()) == [*range(n - 1)]
    assert list(place.open().runs()) == []
    written(store, "more")
    assert values(place.open()) == [*range(n - 1), "more"]
    assert versioned_logs.salvage(store, MARK, ME) == versioned_logs.salvage(store, "none", ME) == 0


def test_a_log_whose_row_was_changed_is_saved_as_one(tmp_path: Path) -> None:
    place = Place(str(tmp_path / "runs.db"))
    written(place.open(), *range(5))
    filled(place.open(), 3)
    place.ask("UPDATE runs SET about = '{1}' WHERE number = 1")
    place.close()
    store = SQLite.open(place.where, salvage=True)
    assert values(store) == [*range(5)]
    store.close()
    store = SQLite.open(place.where)
    assert values(store) == [*range(5)]
    assert [run.key for run in store.runs()] == ["k"]
    written(store, 5)
    assert values(store) == [*range(6)]
    store.close()


def test_what_is_said_of_damage_names_the_log(place: Place, store: Store) -> None:
    written(store, *range(5))
    place.change(1, 2, "body", "{}")
    found = list[Record]()
    with pytest.raises(JournalCorrupt, match=rf"{MARK}: version 2 isn't.*--salvage"):
        found.extend(store.records(store.logs("log ")[0]))
