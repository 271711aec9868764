"""What people decide: what is done again, and how an attempt ended that nobody knows about."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from socket import gethostname
from typing import Any, NamedTuple

import pytest
from returns.result import Failure, Success

from fwf import (
    IdempotencyKey,
    Pool,
    Task,
    as_result,
    const,
    in_pool,
    it,
    map_each,
    named,
    par,
    pure,
    run,
    task,
    timeout,
)
from fwf.interpreters.run import Again, How, Note, Taken, resolve, take_back
from fwf.interpreters.run.journaled import kept_limits
from fwf.interpreters.run.journaled.decisions import taking_back
from fwf.interpreters.run.journaled.earlier_tries import EarlierTries
from fwf.journal.errors import JournalError
from fwf.journal.opening import open_store
from fwf.journal.story import story
from tests.cli_support import fwf
from tests.interpreters.run.journaled.support import Runs
from tests.interpreters.run.journaled.test_going_on import step

Take = Callable[[Runs, Again], Taken]


def taken_before(runs: Runs, what: Again) -> Taken:
    store = open_store(runs.path, durability="process")
    try:
        return take_back(store, store.runs()[0], what)
    finally:
        store.close()


def taken_as_it_begins(runs: Runs, what: Again) -> Taken:
    """The next try takes it back ⟶ how much that will be; refused at once, as that would be."""
    store = open_store(runs.path, durability="process")
    try:
        row = store.runs()[0]
        _, taken = taking_back(EarlierTries(store.records(row)), row, what)
        runs.take_back = row.id, what
        return taken
    finally:
        store.close()


@pytest.fixture(params=[taken_before, taken_as_it_begins])
def taken(request: pytest.FixtureRequest) -> Take:
    """Both ways to take something back, which must come to the same."""
    take: Take = request.param
    return take


def resolved(runs: Runs, w: Any, path: str, how: How, value: Any = None) -> str:
    store = open_store(runs.path, durability="process")
    try:
        return resolve(store, store.runs()[0], w, path, how, lambda _: value)
    finally:
        store.close()


@task
def start() -> int:
    return 0


def clean(runs: Runs, scale: list[int]) -> Task[Any, list[int]]:
    @task(config={"of": "clean"})
    def clean(x: int) -> list[int]:
        runs.did("clean")
        return [1 * scale[0], 2, 3]

    return clean


def post(runs: Runs) -> Task[Any, int]:
    @task(effect="idempotent", config={"of": "post"})
    def post(x: int, *, key: IdempotencyKey) -> int:
        runs.did((x, key))
        return x

    return post


def test_what_follows_a_step_is_done_again_where_its_input_changed_with_a_new_key(
    runs: Runs,
    taken: Take,
) -> None:
    scale = [10]
    w = named("w", start >> clean(runs, scale) >> map_each(post(runs)))
    first = dict(runs.once(w)[1][1:])
    scale[0] = 1
    assert taken(runs, Again(start="w > clean")) == Taken(steps=1, after=3, failures=0)
    result, log = runs.once(w)
    assert result == Success([1, 2, 3]) and log[0] == "clean" and len(log) == 2
    x, key = log[1]
    assert x == 1 and key not in first.values()
    scale[0] = 10
    taken(runs, Again(start="clean"))
    assert runs.once(w)[1] == ["clean", (10, first[10])], "the same input has the same key"


def test_what_is_done_again_on_the_same_input_has_the_same_key(runs: Runs, taken: Take) -> None:
    w = named("w", start >> clean(runs, [1]) >> map_each(post(runs)))
    first = dict(runs.once(w)[1][1:])
    assert taken(runs, Again(start="w > map_each")).steps == 3
    assert dict(runs.once(w)[1]) == first
    assert taken(runs, Again(item="1")).steps == 1
    assert dict(runs.once(w)[1]) == {2: first[2]}


@pytest.mark.parametrize(
    ("before", "after", "again"),
    [
        (["b", "c"], ["a", "b", "c"], ["a", "b", "c"]),  # by number all are others
        (["a", "b", "c"], ["a", "b"], []),
        (["a", "b", "c"], ["b", "a", "c"], ["b", "a"]),
        (["a"], ["a", "b"], ["b"]),
        (["a"], [], []),
    ],
)
@pytest.mark.parametrize("by_key", [False, True])
def test_an_item_is_kept_only_if_it_is_the_same(
    runs: Runs, taken: Take, before: list[str], after: list[str], again: list[str], by_key: bool
) -> None:
    there = [before]

    @task(config={"of": "files"})
    def files() -> list[str]:
        return there[0]

    @task(effect="idempotent", config={"of": "load"})
    def load(x: str) -> str:
        runs.did(x)
        return x.upper()

    w = named("w", files >> map_each(load, key=it if by_key else None))
    runs.once(w)
    there[0] = after
    taken(runs, Again(start="w > files"))
    result, log = runs.once(w)
    assert result == Success([x.upper() for x in after])
    new = [x for x in after if x not in before]
    assert sorted(log) == sorted(new if by_key else again)


def test_failures_that_were_collected_are_tried_again_and_what_depends_on_them(
    runs: Runs, taken: Take
) -> None:
    down = [2]

    @task(effect="idempotent", config={"of": "each"})
    def each(x: int) -> int:
        runs.did(x)
        if x in down:
            raise ConnectionError(x)
        return x

    @task(config={"of": "count"})
    def count(xs: list[Any]) -> int:
        runs.did("count")
        return sum(isinstance(x, Success) for x in xs)

    w = named("w", start >> clean(runs, [1]) >> map_each(each, on_error="collect") >> count)
    assert runs.once(w)[0] == Success(2)
    assert runs.once(w) == (Success(2), [])
    assert taken(runs, Again(failed=True)).failures == 1
    down.clear()
    assert runs.once(w) == (Success(3), [2, "count"])
    with pytest.raises(JournalError, match="nothing failed in run"):
        taken(runs, Again(failed=True))


def test_a_fault_that_was_data_is_tried_again_when_asked_for(runs: Runs, taken: Take) -> None:
    fails = ["a"]
    w = named("w", start >> as_result(step(runs, "a", fails)) >> const("done"))
    assert runs.once(w) == (Success("done"), [("a", 0)])
    assert runs.once(w) == (Success("done"), [])
    taken(runs, Again(failed=True))
    assert runs.once(w) == (Success("done"), [("a", 0)])


@pytest.mark.parametrize(
    ("what", "said"),
    [
        (Again(start="w > clen"), "did you mean 'w > clean'"),
        (Again(start="nowhere at all"), "nothing was done there"),
        (Again(item="9"), "no item of that key that was done; its items are 0, 1, 2"),
        (Again(failed=True), "nothing failed"),
    ],
)
def test_what_is_not_there_is_not_done_again(
    runs: Runs, taken: Take, what: Again, said: str
) -> None:
    w = named("w", start >> clean(runs, [1]) >> map_each(post(runs)))
    runs.once(w)
    before = runs.records()
    with pytest.raises(JournalError, match=said.replace("?", r"\?")):
        taken(runs, what)
    assert runs.records() == before
    assert runs.once(w)[1] == []


@pytest.mark.parametrize("what", [Again(start="w > clen"), Again(item="9"), Again(failed=True)])
def test_a_try_that_is_to_take_back_what_is_not_there_is_refused(runs: Runs, what: Again) -> None:
    w = named("w", start >> clean(runs, [1]) >> map_each(post(runs)))
    runs.once(w)
    before, row = runs.records(), runs.row()
    with pytest.raises(JournalError):
        runs.once(w, journal={"take_back": (row.id, what)})
    assert (runs.records(), runs.row()) == (before, row)
    assert runs.once(w)[1] == []


def test_of_a_try_that_died_nothing_has_failed_for_good(runs: Runs) -> None:
    w = transfer(runs)
    runs.once(w, after=3)
    with pytest.raises(JournalError, match=r"hasn't ended, so .*; fwf run --resume [0-9a-f]+ goes"):
        taken_before(runs, Again(failed=True))


def test_a_try_takes_back_of_the_run_that_was_meant_or_of_none(runs: Runs) -> None:
    w = named("w", start >> clean(runs, [1]) >> map_each(post(runs)))
    take_back = ("00000000-0000-0000-0000-000000000000", Again(start="w > clean"))
    with pytest.raises(JournalError, match="isn't there any more"):
        runs.once(w, journal={"take_back": take_back})
    runs.once(w)
    with pytest.raises(JournalError, match="another generation was begun since"):
        runs.once(w, journal={"take_back": take_back})
    first = runs.row().id
    runs.once(w, journal={"again": True})
    with pytest.raises(JournalError, match="another generation was begun since"):
        runs.once(w, journal={"take_back": (first, Again(start="w > clean")), "again": True})
    assert runs.once(w)[1] == []


@pytest.mark.parametrize("written", [True, False])
@pytest.mark.parametrize("after", [1, 2, 3])
def test_a_try_that_dies_has_taken_back_all_or_nothing(
    runs: Runs, after: int, written: bool
) -> None:
    w = named("w", start >> step(runs, "pay", [], "unrepeatable") >> step(runs, "z", []))
    runs.once(w)
    died, log = runs.once(
        w,
        after=after,
        written=written,
        journal={"take_back": (runs.row().id, Again(start="w > z"))},
    )
    assert died is None
    begins = written or after > 1
    assert [each.kind for each in runs.records()].count("taken back") == begins
    result, more = runs.once(w)
    assert isinstance(result, Success)
    assert {*log, *more} == ({("z", 1)} if begins else set())


# In doubt


def transfer(runs: Runs) -> Any:
    return named("w", start >> step(runs, "pay", [], "unrepeatable") >> step(runs, "z", []))


def in_doubt(runs: Runs) -> Any:
    """A workflow whose unrepeatable task was begun, and then its process died."""
    w = transfer(runs)
    died, log = runs.once(w, after=2, written=True)
    assert died is None and log == []
    return w


def test_an_unrepeatable_attempt_that_nobody_knows_about_holds_the_run(runs: Runs) -> None:
    w = in_doubt(runs)
    for _ in range(2):
        result, log = runs.once(w)
        assert isinstance(result, Failure) and log == []
        fault = result.failure()
        assert fault.tags == ("InDoubt",) and fault.path == "w > pay"
        assert "fwf resolve" in str(fault)


@pytest.mark.parametrize(
    ("how", "value", "gives", "log"),
    [
        ("value", 7, 8, [("z", 7)]),
        ("again", None, 2, [("pay", 0), ("z", 1)]),
        ("value", 1, 2, [("z", 1)]),
    ],
)
def test_a_person_says_how_it_ended(
    runs: Runs, how: How, value: Any, gives: int, log: list[Any]
) -> None:
    w = in_doubt(runs)
    runs.once(w)
    assert resolved(runs, w, "pay", how, value) == "w > pay"
    (step,) = story(runs.records()).resolved_steps
    assert step.decision and (step.decision.how, step.decision.host) == (how, gethostname())
    assert runs.once(w) == (Success(gives), log)


def test_only_what_is_in_doubt_can_be_resolved(runs: Runs) -> None:
    w = in_doubt(runs)
    with pytest.raises(JournalError, match=r"nothing is to be resolved there.*w > pay is open"):
        resolved(runs, w, "w > z", "again")
    resolved(runs, w, "w > pay", "value", 1)
    with pytest.raises(JournalError, match="every attempt has told how it ended"):
        resolved(runs, w, "w > pay", "again")


def test_what_stands_beside_a_step_in_doubt_is_done(runs: Runs) -> None:
    from fwf import fallback, par, retry, seconds, timeout

    pay = step(runs, "pay", [], "unrepeatable")
    held = fallback(timeout(retry(pay, attempts=3), seconds(3600)), step(runs, "never", []))
    w = named("w", start >> par(held, step(runs, "a", []) >> step(runs, "b", [])))
    died, _ = runs.once(w, after=2)
    assert died is None
    result, log = runs.once(w)
    assert isinstance(result, Failure) and result.failure().tags == ("InDoubt",)
    assert [name for name, _ in log if name != "a"] == ["b"]


def test_a_step_whose_process_always_dies_is_given_up_and_its_siblings_finish(
    tmp_path: Path,
) -> None:
    import subprocess
    import sys

    code = f"""
import os, sys
from fwf import *
@task(effect="idempotent")
def bad(x: int) -> int: os._exit(9)
@task(effect="idempotent")
def good(x: int) -> int: return x
@task
def zero() -> int: return 0
goods = [named(f"g{{n}}", good >> delay(milliseconds(n))) for n in range(4)]
w = named("w", zero >> par(bad, *goods))
result = run(w, journal=Journal({str(tmp_path / "runs.db")!r}, "process"))
print(result)
"""
    ends = [
        subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
        for _ in range(6)
    ]
    assert [done.returncode for done in ends] == [9] * 5 + [0], ends[-1].stderr
    assert "Poisoned" in ends[-1].stdout and "w > par > bad" in ends[-1].stdout


# Contradictions


def test_a_change_of_what_was_done_is_refused_by_its_path_and_accepted_when_told(
    runs: Runs,
) -> None:
    fails = ["z"]
    a, z = step(runs, "a", []), step(runs, "z", fails)
    runs.once(named("w", start >> a >> z))
    changed = named("w", start >> pure(it + 1) >> a >> z)
    before = len(runs.records())
    result, log = runs.once(changed)
    assert isinstance(result, Failure) and log == []
    assert result.failure().tags == ("Changed",) and result.failure().path == "w > a"
    assert [each.kind for each in runs.records()[before:]] == ["try", "end"]
    result, log = runs.once(changed, journal={"accept_changes": True})
    assert (result, log) == (Success(3), [("a", 1), ("z", 2)])


def test_what_was_not_done_yet_may_change(runs: Runs) -> None:
    fails = ["z"]
    a, z = step(runs, "a", []), step(runs, "z", fails)
    runs.once(named("w", start >> a >> z))
    w = named("w", start >> a >> pure(it + 10) >> step(runs, "y", []) >> z)
    assert runs.once(w) == (Success(13), [("y", 11), ("z", 12)])


def test_parameters_are_those_that_the_run_was_started_with(runs: Runs) -> None:
    fails = ["z"]

    @task(config={"of": "read"})
    def read(*, day: str, full: bool = False) -> int:
        return 1 if full else 0

    w = named("w", read >> step(runs, "z", fails))
    runs.once(w, params={"day": "x", "full": True})
    with pytest.raises(JournalError, match=r"parameter 'full': False is given.*with True"):
        runs.once(w, params={"day": "x", "full": False})
    assert runs.once(w, params={"day": "x"}) == (Success(2), [("z", 1)])
    assert runs.once(w, params={"day": "y"})[0] == Success(1), "another run"


def test_a_default_is_that_of_the_first_start(runs: Runs) -> None:
    fails = ["z"]

    def workflow(default: int) -> Any:
        @task(name="read", config={"of": "read"})
        def read(*, n: int = default) -> int:
            return n

        @task(name="scale", config={"of": "scale"})
        def scale(x: int, *, n: int = default) -> int:
            return x * n

        return named("w", read >> step(runs, "z", fails) >> scale)

    assert isinstance(runs.once(workflow(3))[0], Failure)
    assert runs.once(workflow(5)) == (Success(12), [("z", 3)])


def test_a_default_of_nothing_is_that_of_the_first_start_too(runs: Runs) -> None:
    fails = ["z"]

    def workflow(default: int | None) -> Any:
        @task(name="read", config={"of": "read"})
        def read(*, n: int | None = default) -> int:
            return -1 if n is None else n

        @task(name="scale", config={"of": "scale"})
        def scale(x: int, *, n: int | None = default) -> tuple[int, int | None]:
            return x, n

        return named("w", read >> step(runs, "z", fails) >> scale)

    assert isinstance(runs.once(workflow(None))[0], Failure)
    assert runs.once(workflow(5)) == (Success((0, None)), [("z", -1)])


def test_pools_are_those_that_the_run_was_started_with(runs: Runs) -> None:
    fails = ["a"]
    a, b, c = (step(runs, name, fails) for name in "abc")
    both = in_pool(par(b, c), "vendor")
    w = named("w", start >> a >> timeout(both, timedelta(seconds=0.2)))
    pool = Pool(starts=1, per=timedelta(hours=1))
    runs.once(w, pools={"vendor": pool})
    result, log = runs.once(w)
    assert isinstance(result, Failure) and "Timeout" in str(result.failure())
    assert log == [("a", 0), ("b", 1)]  # and not c, which waits for its turn
    with pytest.raises(JournalError, match=r"pool 'vendor': 2 is given, but run .* with Pool"):
        runs.once(w, pools={"vendor": 2})
    assert not runs.log
    accepted = runs.once(w, pools={"vendor": 2}, journal={"accept_changes": True})
    assert accepted == (Success((2, 2)), [("c", 1)])


@pytest.mark.parametrize(
    "pool",
    [2, Pool(2), Pool(), Pool(starts=3, per=timedelta(microseconds=7)), Pool(1, 3, timedelta(9))],
)
def test_a_pool_is_kept_with_its_rate(runs: Runs, pool: Any) -> None:
    a = step(runs, "a", ["a"])
    runs.once(named("w", start >> in_pool(a, "p")), pools={"p": pool})
    store = open_store(runs.path)
    (row,) = store.runs()
    store.close()
    assert kept_limits.pools_of(row) == {"p": 2 if pool == Pool(2) else pool}
    refuse = kept_limits.refuse_others
    refuse(row, kept_limits.limits_form(None, {"p": pool, "q": 1}))
    with pytest.raises(JournalError):
        refuse(row, kept_limits.limits_form(None, {"p": 8}))


def test_again_is_for_what_is_complete(runs: Runs) -> None:
    fails = ["a"]
    w = named("w", start >> step(runs, "a", fails))
    runs.once(w)
    with pytest.raises(JournalError, match="isn't complete"):
        runs.once(w, journal={"again": True})
    assert runs.once(w)[0] == Success(1)
    assert runs.once(w, journal={"again": True})[1] == [("a", 0)]


def test_what_cannot_be_written_is_one_error_that_says_what_to_do(runs: Runs) -> None:
    @task(config={"of": "odd"})
    def odd() -> object:
        return object()

    w = named("w", odd)
    result = run(w, journal=str(runs.path))
    assert isinstance(result, Failure)
    assert "Unwritable" in result.failure().tags and "register_codec" in str(result.failure())


def test_what_goes_on_is_what_the_journal_reads_in_the_first_try_too(runs: Runs) -> None:
    seen: list[Any] = []
    shared = [1, 2]

    @task(config={"of": "give"})
    def give() -> list[int]:
        return shared

    @task(config={"of": "take"})
    def take(xs: list[int]) -> int:
        seen.append(xs)
        return len(xs)

    runs.once(named("w", give >> take))
    assert seen[0] == shared and seen[0] is not shared


def test_code_that_has_changed_is_told_once_and_decides_nothing(runs: Runs) -> None:
    @task(config={"of": "numbers"})
    def numbers(x: int) -> list[int]:
        return [1, 2]

    @task(config={"of": "z"})
    def z(xs: list[int]) -> int:
        raise ConnectionError

    def kept(source: str) -> list[str]:
        names: dict[str, Any] = {}
        exec(source, names)
        clean = task(name="clean", config={"of": "clean"})(names["clean"])
        remarks: list[str] = []

        def observe(note: Note) -> None:
            if note.kind == "kept" and note.detail is not None:
                remarks.append(note.detail)

        runs.once(named("w", start >> numbers >> map_each(clean) >> z), observe=observe)
        return remarks

    first = "def clean(x: int) -> int:\n    return x * 10"
    noted = 'def clean(x: int) -> int:\n    """Why."""\n    return x * 10  # as before'
    other = "def clean(x: int) -> int:\n    return x * 100"
    assert kept(first) == []
    assert kept(noted) == []
    (remark,) = kept(other)
    assert remark.startswith("clean has changed since")
    assert "--from 'w > map_each > clean'" in remark


# What may have been done, and can't be done twice


@pytest.mark.parametrize("ends", ["os._exit(3)", "os.kill(os.getpid(), 9)"])
def test_an_unrepeatable_task_whose_own_process_ends_is_in_doubt(tmp_path: Path, ends: str) -> None:
    (tmp_path / "pays.py").write_text(
        f"""
import os
from fwf import named, task

@task(effect="unrepeatable", isolate=True)
def pay() -> int:
    with open("paid", "a") as file:
        file.write("paid ")
    {ends}
    return 1

workflow = named("pays", pay)
"""
    )
    for _ in range(2):
        done = fwf("run", "pays.py", "--journal", "runs.db", cwd=tmp_path)
        assert done.status == 1 and "InDoubt" in done.err and "fwf resolve" in done.err
    assert (tmp_path / "paid").read_text() == "paid "


def test_an_unrepeatable_task_that_gave_what_cannot_be_written_is_in_doubt(runs: Runs) -> None:
    @task(effect="unrepeatable", config={"of": "odd"})
    def odd() -> object:
        runs.did("odd")
        return object()

    w = named("w", odd)
    result, log = runs.once(w)
    assert isinstance(result, Failure) and log == ["odd"]
    assert "InDoubt" in result.failure().tags and "it was done, but" in str(result.failure())
    result, log = runs.once(w)
    assert isinstance(result, Failure) and log == [] and "InDoubt" in result.failure().tags
    resolved(runs, w, "w", "skip")
    assert runs.once(w) == (Success(None), [])


def test_an_unrepeatable_task_that_failed_is_not_started_again_by_the_next_try(runs: Runs) -> None:
    w = named("w", start >> step(runs, "pay", ["pay"], "unrepeatable"))
    result, log = runs.once(w)
    assert isinstance(result, Failure) and log == [("pay", 0)]
    assert "ConnectionError" in result.failure().tags
    result, log = runs.once(w)
    assert isinstance(result, Failure) and log == []
    assert "failed at" in str(result.failure()) and "InDoubt" in result.failure().tags
    resolved(runs, w, "pay", "again")
    assert runs.once(w) == (Success(1), [("pay", 0)])


def test_an_unrepeatable_task_is_not_done_again_because_its_input_changed(
    runs: Runs, taken: Take
) -> None:
    there = [[1, 2]]

    @task(config={"of": "items"})
    def items() -> list[int]:
        return there[0]

    w = named("w", items >> map_each(step(runs, "pay", [], "unrepeatable")))
    assert runs.once(w)[1] == [("pay", 1), ("pay", 2)]
    there[0] = [2, 2]
    taken(runs, Again(start="items"))
    for _ in range(2):
        result, log = runs.once(w)
        assert isinstance(result, Failure) and log == []
        assert "its input or a parameter has changed" in str(result.failure())
    resolved(runs, w, "w > map_each[0] > pay", "again")
    assert runs.once(w) == (Success([3, 3]), [("pay", 2)])


@pytest.mark.parametrize("change", ["renamed", "named", "beside", "gone"])
def test_what_was_done_and_has_lost_its_place_is_refused_unless_accepted(
    runs: Runs, change: str
) -> None:
    from fwf import par

    a, other, z = step(runs, "a", []), step(runs, "other", []), step(runs, "z", ["z", "z"])
    runs.once(named("w", start >> a >> z))
    changed = {
        "renamed": named("w", start >> other >> z),
        "named": named("w", start >> named("part", a) >> z),
        "beside": named("w", start >> par(a, const(0)) >> pure(it[0]) >> z),
        "gone": named("w", start >> z),
    }[change]
    before = runs.records()
    with pytest.raises(JournalError, match="has no place in the workflow any more: w > a"):
        runs.once(changed)
    assert runs.records() == before
    runs.once(changed, journal={"accept_changes": True})


def test_a_result_is_lost_whatever_its_value_says_of_itself(runs: Runs) -> None:
    @task(config={"of": "report"})
    def report() -> dict[str, bool]:
        return {"passing": True}

    runs.once(named("w", report >> const(3) >> step(runs, "z", ["z"])))
    with pytest.raises(JournalError, match="has no place in the workflow any more: w > report"):
        runs.once(named("w", const(3) >> step(runs, "z", [])))


def test_a_doubt_outlasts_a_change_of_the_workflow(runs: Runs) -> None:
    in_doubt(runs)
    other = named("w", start >> step(runs, "pay2", [], "unrepeatable") >> step(runs, "z", []))
    for accepts in (False, True):
        with pytest.raises(JournalError, match="w > pay may have been done, and can't be done"):
            runs.once(other, journal={"accept_changes": accepts})


def test_other_keys_of_the_same_items_are_a_contradiction(runs: Runs) -> None:
    fails = ["z"]
    numbers = named("numbers", start >> const([3, 4]))
    w = named("w", numbers >> map_each(step(runs, "a", []), key=it) >> pure(it[0]))
    runs.once(named("v", w >> step(runs, "z", fails)))
    w = named("w", numbers >> map_each(step(runs, "a", [])) >> pure(it[0]))
    result, log = runs.once(named("v", w >> step(runs, "z", fails)))
    assert isinstance(result, Failure) and log == []
    assert "Was key= changed" in str(result.failure())


def test_items_of_another_attempt_are_no_contradiction(runs: Runs, tmp_path: Path) -> None:
    from fwf import retry

    there = [[1, 2], [2, 3]]

    @task(config={"of": "items"})
    def items() -> list[int]:
        return there.pop(0)

    z = step(runs, "z", ["z"])
    w = named(
        "w", retry(items >> map_each(step(runs, "a", []), key=it) >> pure(it[0]) >> z, attempts=2)
    )
    died, log = runs.once(w, after=8)
    assert died is None and ("z", 2) in log
    assert runs.once(w)[0] == Success(4)


def test_other_data_has_another_key_though_nothing_was_done(runs: Runs) -> None:
    @task(effect="idempotent", config={"of": "send"})
    def send(x: int, *, key: IdempotencyKey) -> int:
        runs.did((x, key))
        raise ConnectionError

    ((_, first),) = runs.once(named("w", start >> send))[1]
    ((_, second),) = runs.once(named("w", start >> pure(it + 1) >> send))[1]
    ((_, third),) = runs.once(named("w", start >> send))[1]
    assert second != first == third


@dataclass(frozen=True)
class Extract:
    rows: int
    file: Path


class Pair(NamedTuple):
    file: Path | None
    rows: int = 0


@pytest.mark.parametrize(
    ("annotation", "holding"),
    [
        (Path, lambda path: path),
        (Path | None, lambda path: path),
        (list[Path], lambda path: [Path("/"), path]),
        (tuple[int, Path], lambda path: (1, path)),
        (set[Path], lambda path: {path}),
        (dict[str, list[Path]], lambda path: {"a": [], "b": [path]}),
        (dict[str, bool | Path], lambda path: {"there": True, "file": path}),
        (Extract, lambda path: Extract(1, path)),
        (list[Extract], lambda path: [Extract(1, path)]),
        (Pair, Pair),
    ],
)
def test_a_path_counts_as_gone_only_if_something_was_there(
    runs: Runs, tmp_path: Path, annotation: Any, holding: Callable[[Path], Any]
) -> None:
    file = tmp_path / "rows.csv"
    file.touch()

    def gives(name: str, path: Path) -> Any:
        def give():  # type: ignore[no-untyped-def]
            return holding(path)

        give.__annotations__ = {"return": annotation}
        return task(name=name, config={"of": name})(give)

    @task(config={"of": "last"})
    def last(given: Any) -> str:
        raise ConnectionError

    elsewhere = named("elsewhere", gives("far", Path("/nowhere/rows.csv")) >> last)
    here = named("here", gives("near", file) >> last)
    for w in (elsewhere, here):
        runs.once(w)
    file.unlink()
    assert runs.once(elsewhere)[0].failure().tags[0] == "ConnectionError"  # type: ignore[union-attr]
    assert runs.once(here)[0].failure().tags == ("Gone",)  # type: ignore[union-attr]


def test_an_item_that_failed_and_was_collected_is_tried_again_alone(
    runs: Runs, taken: Take
) -> None:
    down = [2, 3]

    @task(effect="idempotent", config={"of": "each"})
    def each(x: int) -> int:
        runs.did(x)
        if x in down:
            raise ConnectionError(x)
        return x

    w = named("w", start >> clean(runs, [1]) >> map_each(each, key=it, on_error="collect"))
    runs.once(w)
    down.clear()
    assert taken(runs, Again(item="3")) == Taken(steps=0, after=0, failures=1)
    assert runs.once(w)[1] == [3]
    assert taken(runs, Again(item="2")).failures == 1
    assert runs.once(w)[1] == [2]


@pytest.mark.parametrize("at_once", [1, 2, None])
def test_items_beside_one_that_is_held_are_done(runs: Runs, at_once: int | None) -> None:
    @task(config={"of": "many"})
    def many() -> list[int]:
        return [1, 2, 3, 4]

    pay = step(runs, "pay", [], "unrepeatable")
    w = named("w", many >> map_each(map_each_of_one(pay), at_once=at_once))
    died, _ = runs.once(w, after=2)
    assert died is None
    begun = {record.path for record in runs.records() if record.kind == "start"}
    result, log = runs.once(w)
    assert isinstance(result, Failure)
    assert sorted(x for _, x in log) == [1, 2, 3, 4][len(begun) - 1 :]


def map_each_of_one(w: Any) -> Any:
    """A map in the map, so that its slot is held up too."""
    return pure(par_of_one) >> map_each(w, at_once=1)


def par_of_one(x: int) -> list[int]:
    return [x]
