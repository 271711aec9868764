"""What earlier runs gave, used again: found by what is done, on what, and never in its place."""

import json
from contextlib import nullcontext
from dataclasses import dataclass
from pathlib import Path
from threading import Barrier
from typing import Annotated, Any

import pyarrow as pa
import pytest
from returns.result import Failure, Success

from fwf import (
    Resource,
    cached,
    const,
    fail,
    it,
    map_each,
    named,
    par,
    pure,
    run,
    task,
    using,
    with_params,
)
from fwf.interpreters.run import Journal
from fwf.journal import versioned_logs
from fwf.journal.holders import me
from fwf.journal.opening import open_store
from tests.interpreters.run.journaled.support import Runs
from tests.journal.conftest import (
    journal_url as journal_url,
    place as place,
    postgres_url as postgres_url,
    server_place as server_place,
)
from tests.journal.places import Place

PREFIX = "cached "


def step(
    runs: Runs, gives: Any = int, *, name: str = "step", version: str = "1", **more: Any
) -> Any:
    """A task that tells that it was called."""

    def called(x: Any, *, scale: int = 1) -> Any:
        runs.did((name, x, scale))
        return x * scale if isinstance(x, int) else x

    called.__annotations__["return"] = gives
    return task(name=name, effect="read", version=version, config=more)(called)


def did(runs: Runs, w: Any, key: str, **more: Any) -> list[Any]:
    """Run it as a run of that key ⟶ what its tasks did."""
    runs.log.clear()
    result = run(named("w", w), journal=more.pop("journal", runs.path), key=key, **more)
    assert isinstance(result, Success), result
    return [*runs.log]


def kept(runs: Runs) -> list[str]:
    store = open_store(runs.path)
    try:
        return [*versioned_logs.names(store, PREFIX)]
    finally:
        store.close()


# Found, and not found


def test_another_run_finds_what_one_gave(runs: Runs) -> None:
    w = const(3) >> cached(step(runs)) >> step(runs, name="after")
    assert did(runs, w, "a") == [("step", 3, 1), ("after", 3, 1)]
    assert did(runs, w, "b") == [("after", 3, 1)]
    other = const(3) >> step(runs, name="other") >> cached(step(runs))
    assert did(runs, other, "c") == [("other", 3, 1)]


def test_another_input_is_another_result(runs: Runs) -> None:
    for n in (1, 2, 1, 2):
        did(runs, const(n) >> cached(step(runs)), f"a{n}")
    assert len(kept(runs)) == 2
    assert did(runs, const(2) >> cached(step(runs)), "b") == []
    assert did(runs, const(1.0) >> cached(step(runs, Any)), "c") == [("step", 1.0, 1)]
    assert did(runs, const(1) >> cached(step(runs, Any)), "d") == [("step", 1, 1)]


def test_by_says_what_tells_inputs_apart(runs: Runs) -> None:
    def of(name: str, etag: int) -> Any:
        return const({"name": name, "etag": etag}) >> cached(step(runs, Any), by=it["etag"])

    assert did(runs, of("a", 1), "a") != []
    assert did(runs, of("b", 1), "b") == []
    assert did(runs, of("b", 2), "c") != []


def test_each_item_is_found_by_itself(runs: Runs) -> None:
    def w(items: list[int]) -> Any:
        return const(items) >> map_each(cached(step(runs)))

    assert len(did(runs, w([1, 2]), "a")) == 2
    assert did(runs, w([2, 3, 1]), "b") == [("step", 3, 1)]


def test_parameters_count_wherever_they_are_bound(runs: Runs) -> None:
    w = const(3) >> cached(step(runs))
    assert did(runs, w, "a", params={"scale": 2}) == [("step", 3, 2)]
    assert did(runs, w, "b", params={"scale": 2}) == []
    assert did(runs, w, "c", params={"scale": 5}) == [("step", 3, 5)]
    assert did(runs, const(3) >> with_params(cached(step(runs)), scale=5), "d") == []
    bound = const(3) >> cached(with_params(step(runs), scale=5))
    assert did(runs, bound, "e") == [("step", 3, 5)]


def test_a_default_is_as_if_it_were_given(runs: Runs) -> None:
    w = const(3) >> cached(step(runs))
    assert did(runs, w, "a") != []
    assert did(runs, w, "b", params={"scale": 1}) == []


def test_the_names_of_resources_count_wherever_they_are_changed(runs: Runs) -> None:
    @task(effect="read", config={})
    def read(n: int, *, shop: Annotated[Any, Resource]) -> str:
        runs.did(shop)
        return str(shop)

    def opened(shop: str) -> Any:
        return lambda: nullcontext(shop)

    given = {"resources": {"shop": opened("eu"), "other": opened("us")}}
    w = const(3) >> cached(read)
    assert did(runs, w, "a", **given) == ["eu"]
    assert did(runs, const(3) >> using(cached(read), shop="other"), "b", **given) == ["us"]
    assert did(runs, const(3) >> using(cached(read), shop="other"), "c", **given) == []
    both = const(3) >> par(cached(read), using(cached(read), shop="other"))
    runs.log.clear()
    assert run(both, journal=runs.path, key="d", **given).unwrap() == ("eu", "us")
    assert runs.log == []


def test_a_raised_version_or_another_config_is_another_result(runs: Runs) -> None:
    others = step(runs), step(runs, version="2"), step(runs, table="x"), step(runs, Any)
    for n, made in enumerate(others):
        w = const(3) >> cached(made)
        assert did(runs, w, f"a{n}") == [("step", 3, 1)]
        assert did(runs, w, f"b{n}") == []


def test_a_body_that_changed_is_no_other_result(runs: Runs) -> None:
    def first(n: int) -> int:
        return 1

    def second(n: int) -> int:
        return 2

    w = [
        const(3) >> cached(task(name="t", effect="pure", config={})(each))
        for each in (first, second)
    ]
    assert [run(each, journal=runs.path, key=str(n)).unwrap() for n, each in enumerate(w)] == [1, 1]


def test_a_failure_is_not_kept(runs: Runs) -> None:
    w: Any = const(3) >> cached(step(runs) >> fail("Closed"))
    for key in "ab":
        runs.log.clear()
        assert isinstance(run(w, journal=runs.path, key=key), Failure)
        assert runs.log == [("step", 3, 1)]
    assert kept(runs) == []


def test_none_is_a_result(runs: Runs) -> None:
    w = const(None) >> cached(step(runs, type(None)), by=it)
    assert did(runs, w, "a") and did(runs, w, "b") == []


def test_what_is_cached_twice_is_found_inside(runs: Runs) -> None:
    inner = cached(step(runs))
    assert did(runs, const(3) >> cached(inner >> step(runs, name="outer")), "a") == [
        ("step", 3, 1), ("outer", 3, 1),
    ]  # fmt: skip
    assert did(runs, const(3) >> cached(inner >> step(runs, name="other")), "b") == [
        ("other", 3, 1)
    ]
    assert did(runs, const(3) >> cached(cached(step(runs))), "c") == []


# Values


@dataclass
class Row:
    name: str
    n: int


VALUES: list[Any] = [
    None, True, 3, 2.5, "x", b"x", (1, "a"), [1, [2]], {"a": 1, "b": {2}}, {3: "x"},
    Row("a", 1), [Row("a", 1), Row("b", 2)],
]  # fmt: skip


@pytest.mark.parametrize("value", VALUES, ids=repr)
def test_values_of_all_kinds_are_found_by_and_given_back(runs: Runs, value: Any) -> None:
    @task(effect="pure", config={})
    def given() -> Row | Any:
        return value

    echo = step(runs, Row | Any)
    w = given >> cached(par(echo, given) >> pure(it[1]))
    assert len(did(runs, w, "a")) == 1
    runs.log.clear()
    result = run(named("w", w), journal=runs.path, key="b").unwrap()
    assert runs.log == []
    assert result == value and type(result) is type(value)


def test_tables_are_found_by_their_content_and_given_back(runs: Runs) -> None:
    @task(effect="pure", config={})
    def table(*, n: int) -> pa.Table:
        return pa.table({"a": pa.chunked_array([[1], [n]])})

    w = table >> cached(step(runs, pa.Table))
    for key, n, calls in (("a", 2, 1), ("b", 2, 0), ("c", 3, 1)):
        assert len(did(runs, w, key, params={"n": n})) == calls
    again = run(named("w", w), journal=runs.path, key="d", params={"n": 2}).unwrap()
    assert again.to_pydict() == {"a": [1, 2]}


def test_pruning_drops_no_result_and_no_table(runs: Runs) -> None:
    @task(effect="pure", config={})
    def table() -> pa.Table:
        return pa.table({"a": [1]})

    w = table >> cached(step(runs, pa.Table)) >> pure(it.num_rows)
    assert did(runs, w, "a")
    store = open_store(runs.path)
    store.prune(2**62)
    store.close()
    assert did(runs, w, "b") == []


class Odd:
    """Of it nothing is written."""


def test_an_input_without_a_written_form_is_never_found_which_is_told_once(runs: Runs) -> None:
    with pytest.warns(RuntimeWarning, match="no written form: say with by=") as told:
        result = run(cached_only(runs), journal=runs.path, key="a")
    assert len([each for each in told if "cached:" in str(each.message)]) == 1
    assert result.unwrap() == (1, 1)
    assert kept(runs) == []


def cached_only(runs: Runs) -> Any:
    """Two parts that are cached by something that can't be written."""
    part = cached(step(runs) >> const(1), by=odd_of)
    return const(3) >> par(part, part)


def odd_of(value: Any) -> Any:
    return Odd()


def test_a_result_that_the_journal_cannot_write_is_an_error_as_without_cached(runs: Runs) -> None:
    @task(effect="read", config={})
    def odd(n: int) -> Any:
        return Odd()

    result = run(const(3) >> cached(odd), journal=runs.path, key="a")
    assert "Unwritable" in result.failure().tags


# What was kept is another, or damaged


def change(runs: Runs, body: str, *, chained: bool) -> None:
    """Change the only result behind the journal's back, or as its next version."""
    (name,) = kept(runs)
    if chained:
        store = open_store(runs.path)
        with versioned_logs.open_writer(store, name, me()) as writer:
            writer.add(json.loads(body))
        store.close()
        return
    place = Place(str(runs.path))
    place.ask("UPDATE @records SET body = ? WHERE kind = 'version'", body)
    place.close()


@pytest.mark.parametrize(
    "body", ["{}", '{"value": {"of": "nobody.Knows", "x": 1}}'], ids=["empty", "unknown"]
)
def test_a_result_that_cannot_be_read_is_told_and_done_anew(runs: Runs, body: str) -> None:
    w = const(3) >> cached(step(runs))
    did(runs, w, "a")
    change(runs, body, chained=True)
    with pytest.warns(RuntimeWarning, match="a result that was kept is done anew"):
        assert did(runs, w, "b") == [("step", 3, 1)]
    assert did(runs, w, "c") == []


def test_a_damaged_result_is_told_and_done_anew(runs: Runs) -> None:
    w = const(3) >> cached(step(runs))
    did(runs, w, "a")
    change(runs, '{"value": 4}', chained=False)
    with pytest.warns(RuntimeWarning, match="can't be read: .*isn't what was written"):
        assert did(runs, w, "b") == [("step", 3, 1)]
    assert did(runs, w, "c") == []


def test_a_table_that_is_gone_is_told_and_done_anew(runs: Runs) -> None:
    @task(effect="read", config={})
    def table(n: int) -> pa.Table:
        runs.did(n)
        return pa.table({"a": [n]})

    w = const(3) >> cached(table) >> pure(it.num_rows)
    assert did(runs, w, "a") == [3]
    for file in Path(f"{runs.path}-values").iterdir():
        file.unlink()
    with pytest.warns(RuntimeWarning, match="is gone"):
        assert did(runs, w, "b") == [3]
    assert did(runs, w, "c") == []


# Runs that go on, and runs side by side


def test_a_run_that_goes_on_has_what_it_found(runs: Runs) -> None:
    w: Any = named("w", const(3) >> cached(step(runs)) >> step(runs, name="after"))
    whole, log = runs.once(w, key="a")
    assert whole == Success(3) and len(log) == 2
    for after in range(1, 30):
        result, _ = runs.once(w, after=after, key=f"k{after}")
        again, log = runs.once(w, key=f"k{after}")
        assert again == Success(3)
        assert ("step", 3, 1) not in log
        if result is not None:
            break
    else:
        raise AssertionError("it never came to its end")


def test_a_crash_anywhere_loses_no_result_and_keeps_no_other(runs: Runs) -> None:
    for after in range(1, 40):
        w: Any = named("w", const(after) >> cached(step(runs)))
        for written in (True, False):
            key = f"k{after}-{written}"
            ended, _ = runs.once(w, after=after, written=written, key=key)
            assert runs.once(w, key=key)[0] == Success(after)
        assert did(runs, const(after) >> cached(step(runs)), f"l{after}") == []
        if ended is not None:
            return
    raise AssertionError("it never came to its end")


def test_of_two_that_do_the_same_at_once_the_first_is_kept(runs: Runs) -> None:
    barrier, given = Barrier(2), iter([1, 2])

    @task(effect="read", config={})
    def slow(n: int) -> int:
        barrier.wait(20)
        return next(given)

    w: Any = const(3) >> par(cached(slow), cached(slow))
    one, other = run(w, journal=runs.path, key="a").unwrap()
    assert {one, other} == {1, 2}
    first, second = run(w, journal=runs.path, key="b").unwrap()
    assert first == second and first in (1, 2)
    (name,) = kept(runs)
    store = open_store(runs.path)
    assert [each.number for each in versioned_logs.history(store, name)] == [1]
    store.close()


def test_both_stores_keep_results(place: Place, runs: Runs) -> None:
    w = const(3) >> cached(step(runs))
    assert did(runs, w, "a", journal=place.where) == [("step", 3, 1)]
    assert did(runs, w, "b", journal=place.where) == []
    store = place.open()
    assert did(runs, w, "c", journal=Journal(store)) == []
    (name,) = versioned_logs.names(store, PREFIX)
    (version,) = versioned_logs.history(store, name)
    assert version.body["value"] == 3 and version.body["by"] == "w"
    assert store.runs() and all(row.workflow == "w" for row in store.runs())


def test_results_of_ones_own_may_be_given(runs: Runs) -> None:
    class Mine:
        def look(self, of: str, by: Any, params: Any, resources: Any, /) -> dict[str, Any]:
            return {"found": True, "value": 42, "key": "", "seen": 1}

        def keep(self, looked: Any, value: Any, /) -> None: ...

    given = {"cached_results": lambda: nullcontext(Mine())}
    assert run(const(3) >> cached(step(runs)), resources=given).unwrap() == 42
    assert run(const(3) >> cached(step(runs)), resources=given, journal=runs.path).unwrap() == 42
