"""What an attempt of a task is given, what it may give back, and what is checked before a run."""

import contextlib
import pickle
from collections.abc import AsyncIterator, Iterator
from datetime import date, timedelta
from typing import Any

import pytest
from returns.result import Failure, Success

from fwf import (
    Attempt,
    IdempotencyKey,
    RunInfo,
    Secret,
    always,
    const,
    execute,
    fail,
    fallback,
    identity,
    in_pool,
    it,
    loop_until,
    map_each,
    named,
    par,
    param,
    pure,
    retry,
    task,
    timeout,
    using,
    with_params,
)
from fwf.faults import BadInput, Both, Failed, TimedOut, leaves
from fwf.interpreters.dry_run import dry_run
from fwf.interpreters.run import Pool, run
from fwf.worlds.trace import events
from tests.interpreters.run.support import doing, go, log, sleep, told, until, us, work, written


class Db:
    def __init__(self, name: str) -> None:
        self.name = name


def opener(name: str) -> Any:
    @contextlib.contextmanager
    def opened() -> Iterator[Db]:
        log.append(f"open {name}")
        try:
            yield Db(name)
        except BaseException as error:
            log.append(f"{name} saw {type(error).__name__}")
            raise
        finally:
            log.append(f"close {name}")

    return opened


@task(effect="read")
def read(*, db: Db) -> str:
    log.append(f"read {db.name}")
    return db.name


@task(effect="read")
def copy(*, db: Db, other: Db) -> str:
    log.append("copy")
    return f"{db.name} {other.name}"


@task(effect="read")
async def read_async(*, db: Db) -> str:
    log.append(f"read {db.name}")
    return db.name


@task(effect="read")
def torn(*, db: Db) -> None:
    raise ConnectionError("torn")


@task(effect="read")
def refused(*, db: Db) -> Any:
    return Failure("refused")


@task(effect="read")
def refused_with(*, db: Db) -> Any:
    return Failure(ConnectionError("torn"))


@task(effect="read")
def slow(*, db: Db) -> None:
    sleep(10)


# Resources


def test_a_resource_is_entered_for_each_attempt_and_left_after_it() -> None:
    assert go(read >> read, resources={"db": opener("d")}).result == Success("d")
    assert log == ["open d", "read d", "close d"] * 2


def test_a_resource_is_left_when_the_task_fails_and_sees_why() -> None:
    for failing, seen in [
        (torn, "ConnectionError"),
        (refused, "ReturnedError"),
        (refused_with, "ConnectionError"),
    ]:
        ran = go(retry(failing, attempts=2), resources={"db": opener("d")})
        assert log == ["open d", f"d saw {seen}", "close d"] * 2
        assert not isinstance(ran.result, Success)


def test_resources_are_left_in_the_reverse_order() -> None:
    go(copy, resources={"db": opener("a"), "other": opener("b")})
    assert log == ["open a", "open b", "copy", "close b", "close a"]


def test_a_resource_is_left_when_its_task_is_cut() -> None:
    ran = go(timeout(slow, us(3)), resources={"db": opener("d")})
    assert isinstance(ran.result.failure(), TimedOut)
    until(lambda: log == ["open d", "close d"])


def test_a_resource_that_a_task_doesn_t_take_isn_t_opened() -> None:
    go(work("a"), resources={"db": opener("d")})
    assert log == []


def test_an_opener_that_raises_is_a_failed_attempt_and_what_is_open_is_left() -> None:
    def refuses() -> Any:
        raise ConnectionRefusedError("no")

    ran = go(retry(copy, attempts=2), resources={"db": opener("a"), "other": refuses})
    assert log == ["open a", "a saw ConnectionRefusedError", "close a"] * 2
    assert told(ran) == "copy: ConnectionRefusedError: resource 'other': no at 0"


def test_an_opener_that_returns_no_context_manager_is_a_defect_with_the_remedy() -> None:
    ran = go(retry(read, attempts=3), resources={"db": lambda: Db("d")})
    assert told(ran) == (
        "read: TypeError: resource 'db': its opener returned a Db, which is no context manager; "
        "wrap it in contextlib.closing(…) or contextlib.nullcontext(…) at 0"
    )
    assert len(list(events(ran.trace))) == 1


def test_an_opener_that_returns_a_class_has_not_made_one_of_it() -> None:
    class Opened(contextlib.nullcontext[Db]): ...

    for one in (read, read_async):
        fault = told(go(one, resources={"db": lambda: Opened}))
        assert "its opener returned a ABCMeta, which is no context manager; wrap it in" in fault


def test_a_resource_that_fails_to_close_fails_the_attempt() -> None:
    @contextlib.contextmanager
    def opened() -> Iterator[Db]:
        yield Db("d")
        raise OSError("disk full")

    assert told(go(read, resources={"db": opened})) == (
        "read: OSError: disk full (when the resource 'db' was closed) at 0"
    )


def test_an_async_task_takes_both_kinds_of_resources() -> None:
    @contextlib.asynccontextmanager
    async def opened() -> AsyncIterator[Db]:
        log.append("open")
        yield Db("async")
        log.append("close")

    assert go(read_async, resources={"db": opened}).result == Success("async")
    assert log == ["open", "read async", "close"]
    assert go(read_async, resources={"db": opener("d")}).result == Success("d")
    assert log == ["open d", "read d", "close d"]


def test_an_async_resource_for_a_def_task_is_a_fault_with_the_remedy() -> None:
    @contextlib.asynccontextmanager
    async def opened() -> AsyncIterator[Db]:
        yield Db("async")

    assert "it is asynchronous, so the task must be async def" in told(
        go(read, resources={"db": opened})
    )


def test_using_points_a_part_at_another_resource_and_composes() -> None:
    resources = {"db": opener("a"), "eu": opener("b"), "us": opener("c")}
    w = par(read, using(read, db="eu"), using(using(read, db="us"), us="eu"))
    assert go(w, resources=resources).result == Success(("a", "b", "b"))


def test_one_task_reads_two_databases_that_using_names() -> None:
    resources = {"shop": opener("s"), "crm": opener("c")}
    assert go(using(copy, db="shop", other="crm"), resources=resources).result == Success("s c")


# Secrets


@task(effect="read")
def login(*, token: Secret) -> int:
    return len(token.reveal())


def test_a_secret_is_given_as_it_is_and_shows_nowhere(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TOKEN", "hunter2")
    ran = go(login, resources={"token": Secret.env("TOKEN")})
    assert ran.result == Success(7)
    assert "hunter2" not in repr(ran)


def test_a_secret_that_can_t_be_read_is_a_failed_attempt() -> None:
    assert "the environment variable NO_SUCH is not set" in told(
        go(login, resources={"token": Secret.env("NO_SUCH")})
    )


def test_a_secret_isn_t_taken_for_a_parameter_of_the_same_name() -> None:
    @task(config={})
    def greet(*, token: str = "none") -> str:
        return token

    assert go(greet, resources={"token": Secret.env("TOKEN")}).result == Success("none")


# Facts


@task
def attempt(n: Any, *, attempt: Attempt) -> int:
    if attempt < 3:
        raise ConnectionError("no")
    return attempt


@task
def key(n: Any, *, key: IdempotencyKey) -> str:
    log.append(key)
    return key


@task
def failing_key(n: Any, *, key: IdempotencyKey) -> str:
    log.append(key)
    raise ConnectionError("no")


@task
def info(n: Any, *, run: RunInfo) -> RunInfo:
    return run


def test_attempts_are_counted_from_one() -> None:
    assert go(retry(attempt, attempts=3)).result == Success(3)
    assert "no" in told(go(retry(attempt, attempts=2)))


def test_attempts_count_through_nested_retries_and_apart_by_item() -> None:
    nested = retry(retry(attempt, attempts=2), attempts=2)
    assert go(nested).result == Success(3)
    assert go(map_each(nested), [1, 2]).result == Success([3, 3])


def test_the_key_is_the_same_on_every_attempt_and_every_run() -> None:
    go(named("n", retry(failing_key, attempts=3)))
    first = list(log)
    assert len(first) == 3 and len(set(first)) == 1
    go(named("n", retry(failing_key, attempts=2)))
    assert log == first[:2]


def test_the_key_is_the_same_when_a_chain_around_it_is_repeated() -> None:
    go(retry(key >> fail("X"), attempts=2))
    assert len(log) == 2 and len(set(log)) == 1


def test_keys_differ_between_steps_items_rounds_inputs_and_parameters() -> None:
    rounds = loop_until(key, it == "x", limit=2, on_limit="stop")
    w = named("w", par(key, key, named("n", key), rounds))
    go(w, 1, workers=1)
    first = list(log)
    assert len(set(first)) == len(first) == 5
    go(w, 2, workers=1)
    assert not set(first) & set(log)
    go(named("m", map_each(key)), [1, 2, 3])
    assert len(set(log)) == 3
    keyed = named("m", map_each(key, key=it))
    go(keyed, ["a", "b"], workers=1)
    there = dict(zip("ab", log, strict=True))
    assert there["a"] != there["b"]


def test_a_key_by_name_doesn_t_depend_on_the_order_of_the_items() -> None:
    keyed = named("m", const(["a", "b"]) >> map_each(key, key=it))
    turned = named("m", const(["b", "a"]) >> map_each(key, key=it))
    here, there = go(keyed).result, go(turned).result
    assert isinstance(here, Success) and isinstance(there, Success)
    assert here.unwrap() == there.unwrap()[::-1]


def test_keys_differ_with_parameters() -> None:
    @task(config={})
    def day_key(*, day: date, key: IdempotencyKey) -> str:
        return key

    keys = {
        run(day_key, params={"day": date(2026, 7, day)}).unwrap() for day in (1, 2) for _ in "ab"
    }
    assert len(keys) == 2


def test_run_info_knows_where_it_is() -> None:
    ran = go(named("daily", work("w") >> par(info, named("x", info >> identity))))
    assert isinstance(ran.result, Success)
    first, second = ran.result.unwrap()
    assert (first.path, second.path) == ("daily > par > info", "daily > par > x > info")
    assert first.run_id == second.run_id and first.started == second.started
    assert run(named("t", map_each(info, key=it)), ["acme"]).unwrap()[0].path == "t[acme] > info"
    looped = run(loop_until(info, it.path.present(), limit=2)).unwrap()
    assert looped.path == "loop_until[1] > info"


class Unprintable:
    def __repr__(self) -> str:
        raise RuntimeError("no")


@pytest.mark.parametrize(
    "value",
    [object(), Unprintable(), [[[]]] * 3, {1: {2}}, float("nan"), "\ud800", b"\xff"],
    ids=lambda v: type(v).__name__,
)
def test_a_run_has_an_id_whatever_its_input(value: Any) -> None:
    assert len(run(info, value).unwrap().run_id) == 36


def test_a_run_has_an_id_whatever_its_parameters_and_however_deep_its_input() -> None:
    @task(config={})
    def takes(*, thing, run: RunInfo) -> str:  # type: ignore[no-untyped-def]
        return run.run_id

    deep: Any = 1
    for _ in range(99):
        deep = [deep]
    for thing in (object(), Unprintable(), deep, [deep]):
        assert len(run(takes, params={"thing": thing}).unwrap()) == 36
        assert len(run(info, thing).unwrap().run_id) == 36


def test_a_key_that_can_t_be_encoded_names_its_item_all_the_same() -> None:
    assert len(run(map_each(key, key=it), ["\ud800"]).unwrap()) == 1


# What a task gives back


class Odd(Exception):
    def __str__(self) -> str:
        raise RuntimeError("no text")


class OddTags(Exception):
    @property
    def retry_after(self) -> timedelta:
        raise RuntimeError("no")


class NeedsTwo(Exception):
    def __init__(self, one: int, two: int) -> None:
        super().__init__(f"{one} and {two}")
        self.lock = [one]


GIVEN: list[tuple[Any, str]] = [
    (Success(5), "Ok 5"),
    (Success(Failure("x")), "Ok <Failure: x>"),
    (Failure("closed"), "does: closed"),
    (Failure(ValueError("bad")), "does: ValueError: bad"),
    (Failure(404), "does: int: 404"),
    (Failure(None), "does: NoneType: None"),
    (
        Failure(Odd()),
        "does: tests.interpreters.run.test_tasks.Odd: "
        "(its text is unknown: __str__ raised RuntimeError)",
    ),
    (None, "Ok None"),
]


@pytest.mark.parametrize(("given", "expected"), GIVEN, ids=lambda each: str(type(each)))
def test_a_task_may_return_a_result(given: Any, expected: str) -> None:
    does = doing("does", lambda x: given)

    @task(name="does", config={})
    async def does_async(x: Any) -> Any:
        return given

    for each in (does, does_async, timeout(does, us(5))):
        assert told(go(each)) == f"{expected} at 0"


RAISED: list[Any] = [
    ValueError("bad"),
    KeyError("x"),
    Odd(),
    OddTags(),
    NeedsTwo(1, 2),
    StopIteration(1),
    StopAsyncIteration(),
    SystemExit(3),
    GeneratorExit(),
    RecursionError("deep"),
    ExceptionGroup("several", [ValueError(1)]),
]


def raising(error: BaseException) -> Any:
    def act(x: Any) -> Any:
        raise error

    return act


@pytest.mark.parametrize("error", RAISED, ids=lambda error: type(error).__name__)
def test_whatever_a_task_raises_is_a_fault(error: BaseException) -> None:
    does = doing("does", raising(error))

    @task(name="does", config={"error": type(error).__name__})
    async def does_async(x: Any) -> Any:
        raise error

    for each in (does, timeout(does, us(10**8)), does_async):
        if each is does_async and isinstance(error, StopIteration):
            continue  # Python itself makes a RuntimeError of it
        fault = run(each, 0).failure()
        assert isinstance(fault, Failed)
        assert fault.tags[0].rpartition(".")[2] == type(error).__name__
        assert fault.path == "does" and isinstance(str(fault), str)
        assert fault.error is error
        assert run(fallback(each, const("caught"))).unwrap() == "caught"


def test_keyboard_interrupt_raised_by_a_task_in_a_thread_is_a_fault() -> None:
    fault = run(timeout(doing("does", raising(KeyboardInterrupt())), us(10**7))).failure()
    assert fault.tags[:1] == ("KeyboardInterrupt",)


def test_faults_can_be_pickled() -> None:
    w = par(
        fail("A", "why"),
        doing("b", raising(ValueError("bad"))),
        timeout(work("c", 5), us(1)),
        always(fail("X"), then=fail("Y")),
        loop_until(identity, it > 5, limit=1),
        pure(it.x),
        map_each(identity),
    )
    cause = go(w).result.failure()
    assert len(leaves(cause)) == 8
    assert pickle.loads(pickle.dumps(cause)) == cause


# What is checked before anything runs


@task
def wants(*, day: date, n: int = 3, db: Db, token: Secret) -> int:
    log.append("ran")
    return n


def test_all_that_is_missing_is_reported_at_once_before_anything_runs() -> None:
    fault = go(named("daily", work("first") >> wants >> pure(param("limit", int)))).result.failure()
    assert isinstance(fault, Both) and log == []
    assert all(isinstance(cause, BadInput) for cause in fault.causes)
    said = str(fault)
    for name in ("day", "db", "token", "limit"):
        assert repr(name) in said
    assert "'n'" not in said


def test_what_is_unknown_or_wrongly_typed_is_reported_at_once() -> None:
    fault = go(
        wants,
        params={"day": "yesterday", "n": "3", "dya": 1},
        resources={"db": 3, "token": lambda: None},
    ).result.failure()
    said = str(fault)
    assert len(leaves(fault)) == 5
    for part in ("'yesterday'", "'3'", "'dya'", "'db'", "'token'"):
        assert part in said


def test_what_is_missing_in_a_part_that_is_never_reached_is_reported_too() -> None:
    assert "'day'" in told(go(fallback(const(1), wants), resources={"db": opener("d")}))


def test_a_default_stands_in_for_what_isn_t_given() -> None:
    @task(config={})
    def optional(*, n: int = 3, day: date | None = None, db: Db | None = None) -> Any:
        return n, day, db

    assert go(optional).result == Success((3, None, None))
    assert go(optional, params={"n": 4}).result == Success((4, None, None))
    assert go(with_params(optional, n=5), params={}).result == Success((5, None, None))


def test_a_parameter_reaches_every_task_and_expression() -> None:
    @task(config={})
    def shown(*, n: int) -> int:
        return n

    w = par(
        shown, pure(param("n", int) + 1), map_each(shown) >> pure(it[0]), with_params(shown, n=9)
    )
    ran = go(w, [0], params={"n": 4})
    assert ran.result == Success((4, 5, 4, 9))


@pytest.mark.parametrize("workers", [0, -1, True, "3", 2.5])
def test_workers_must_be_a_count(workers: Any) -> None:
    with pytest.raises(ValueError, match="workers="):
        run(identity, 1, workers=workers)


@pytest.mark.parametrize("size", [0, -1, True, "3", None])
def test_a_pool_s_size_must_be_a_count_or_a_pool(size: Any) -> None:
    with pytest.raises(ValueError, match="pools="):
        run(identity, 1, pools={"p": size})


@pytest.mark.parametrize(
    "given",
    [
        {"at_once": 0}, {"starts": 3}, {"per": us(1)}, {"starts": 0, "per": us(1)},
        {"at_once": True}, {"at_once": 1.5}, {"at_once": "2"}, {"starts": 1, "per": 1},
        {"starts": 1, "per": us(0)}, {"starts": 1, "per": us(-1)},
    ],
)  # fmt: skip
def test_a_pool_says_what_is_wrong_with_it(given: Any) -> None:
    with pytest.raises(ValueError, match=r"Pool\("):
        Pool(**given)


@pytest.mark.parametrize("start", [run, dry_run])
def test_pools_must_have_names(start: Any) -> None:
    with pytest.raises(TypeError, match="needs sizes by name, such as"):
        start(identity, 1, pools=[("p", 1)])


@pytest.mark.parametrize("start", [run, execute, dry_run])
def test_a_pool_that_the_workflow_has_not_is_refused_with_a_near_one(start: Any) -> None:
    two, name = in_pool(in_pool(identity, "vendor"), "shop"), start.__name__
    start(two, 1, pools={"vendor": 2, "shop": Pool(1)})
    for w, pool, remedy in (
        (two, "vendr", "the workflow has no such pool; did you mean 'vendor'?"),
        (two, "crm", "the workflow has no such pool; its pools are vendor, shop"),
        (identity, "crm", "the workflow has no such pool; it has none"),
        (two, 3, "the workflow has no such pool; its pools are vendor, shop"),
    ):
        with pytest.raises(ValueError, match="such pool") as error:
            start(w, 1, pools={pool: 2})
        assert str(error.value) == f"{name}(pools={{{pool!r}: …}}): {remedy}"


def test_what_is_no_workflow_is_refused() -> None:
    with pytest.raises(TypeError, match="run: 3 is not a workflow"):
        run(3, 1)  # type: ignore[call-overload]


def test_a_task_that_is_cut_leaves_its_result_behind() -> None:
    ran = go(timeout(work("a", 5), us(2)))
    assert written(ran.trace) == "a~ 0-2"
    assert next(iter(events(ran.trace))).result is None
