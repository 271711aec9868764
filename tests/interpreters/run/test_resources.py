"""Resources that are opened once per run: by whom, how often, and when they are closed."""

import asyncio
import gc
import os
import signal
import threading
import time
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager, nullcontext
from contextvars import ContextVar
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from returns.result import Failure, Success

from fwf import (
    Workflow,
    always,
    map_each,
    milliseconds,
    minutes,
    par,
    retry,
    run,
    seconds,
    task,
    timeout,
    using,
)
from fwf.faults import Failed, Interrupted, Then, TimedOut, leaves
from tests.interpreters.run.support import until

log: list[str] = []


class Client:
    """A client that says when it is opened and closed, and whether it is open."""

    per_run = True

    def __init__(self, name: str = "db") -> None:
        self.name = name
        self.open = False

    def __enter__(self) -> "Client":
        log.append(f"open {self.name}")
        self.open = True
        return self

    def __exit__(self, *error: object) -> None:
        assert error == (None, None, None)
        self.open = False
        log.append(f"close {self.name}")


class Apart:
    """A client that writes down in a file which process opens and closes it."""

    per_run = True

    def __init__(self, file: Path) -> None:
        self.file = file

    def __enter__(self) -> "Apart":
        self.say("open")
        return self

    def __exit__(self, *error: object) -> None:
        self.say("close")

    def say(self, word: str) -> None:
        with self.file.open("a") as file:
            file.write(f"{word} {os.getpid()}\n")


@pytest.fixture(autouse=True)
def clean() -> Iterator[None]:
    log.clear()
    yield
    log.clear()


@task(effect="read")
def used(*, db: Client) -> str:
    assert db.open
    log.append("use")
    return db.name


@task(effect="read")
def other(*, other: Client) -> str:
    assert other.open
    return other.name


@task(effect="pure")
def before() -> None:
    log.append("before")


# Kinds of task, and how they end


def inline(act: Callable[[], Any]) -> Workflow[Any, Any]:
    @task(effect="read", name="step", config={})
    def step(*, db: Client) -> None:
        act()
        assert db.open

    return step


def in_thread(act: Callable[[], Any]) -> Workflow[Any, Any]:
    return timeout(inline(act), minutes(1))


def in_loop(act: Callable[[], Any]) -> Workflow[Any, Any]:
    @task(effect="read", name="step", config={})
    async def step(*, db: Client) -> None:
        found = act()
        if found is not None:
            await found
        assert db.open

    return step


KINDS = {"inline": inline, "in a thread": in_thread, "async": in_loop}
kinds = pytest.mark.parametrize("kind", KINDS.values(), ids=KINDS)


@kinds
def test_it_is_opened_once_by_who_needs_it_first_and_closed_at_the_end(kind: Any) -> None:
    w = before >> kind(lambda: None) >> used >> used
    assert run(w, resources={"db": Client}).unwrap() == "db"
    assert log == ["before", "open db", "use", "use", "close db"]


@kinds
def test_a_run_that_fails_closes_it_and_its_attempts_shared_it(kind: Any) -> None:
    def refuse() -> None:
        log.append("try")
        raise ConnectionError("no")

    ran = run(retry(kind(refuse), attempts=2), resources={"db": Client})
    assert log == ["open db", "try", "try", "close db"]
    assert str(ran.failure()) == "step: ConnectionError: no"


@kinds
def test_a_run_that_a_signal_stops_closes_it(kind: Any) -> None:
    def killed() -> Any:
        os.kill(os.getpid(), signal.SIGTERM)
        if kind is in_loop:
            return asyncio.sleep(30)
        time.sleep(30 if kind is inline else 0.1)

    ran = run(always(kind(killed), then=used), resources={"db": Client})
    assert ran == Failure(Interrupted(by="SIGTERM"))
    until(lambda: log[-1:] == ["close db"])
    assert log == ["open db", "use", "close db"]


def test_a_coroutine_that_is_cut_has_left_it_before_it_is_closed() -> None:
    async def sleeps() -> None:
        try:
            await asyncio.sleep(30)
        finally:
            await asyncio.sleep(0.05)
            log.append("cleaned up")

    ran = run(timeout(in_loop(sleeps), milliseconds(50)), resources={"db": Client})
    assert isinstance(ran.failure(), TimedOut)
    assert log == ["open db", "cleaned up", "close db"]


def test_a_thread_that_is_cut_and_works_on_keeps_it_and_closes_it() -> None:
    released, seen = threading.Event(), list[bool]()

    @task(effect="read", config={})
    def slow(*, db: Client) -> None:
        released.wait(10)
        seen.append(db.open)

    resources: dict[str, Any] = {"db": Client, "other": partial(Client, "other")}
    ran = run(other >> timeout(slow, milliseconds(50)), resources=resources)
    assert isinstance(ran.failure(), TimedOut)
    assert log == ["open other", "open db", "close other"]
    released.set()
    until(lambda: log[-1] == "close db")
    assert seen == [True]


def test_a_thread_that_is_cut_while_it_opens_closes_it_too() -> None:
    released = threading.Event()

    class Slow(Client):
        def __enter__(self) -> Client:
            released.wait(10)
            return super().__enter__()

    ran = run(timeout(used, milliseconds(50)), resources={"db": Slow})
    assert isinstance(ran.failure(), TimedOut) and log == []
    released.set()
    until(lambda: log == ["open db", "use", "close db"])


# In a process of its own


@task(isolate=True, effect="read")
def apart(x: int, *, db: Apart) -> int:
    db.say("use")
    if x < 0:
        raise ConnectionError("no")
    return os.getpid()


@task(isolate=True, effect="read")
def apart_slow(*, db: Apart) -> None:
    db.say("use")
    time.sleep(60)


@task(isolate=True, effect="read")
def apart_killer(*, db: Apart) -> None:
    os.kill(os.getppid(), signal.SIGTERM)
    time.sleep(60)


def words(file: Path) -> list[str]:
    return [line.split()[0] for line in file.read_text().splitlines()]


def test_an_isolated_task_opens_it_there_for_each_attempt(tmp_path: Path) -> None:
    file = tmp_path / "log"
    ran = run(retry(apart, attempts=2), -1, resources={"db": partial(Apart, file)})
    assert isinstance(ran.failure(), Failed)
    assert words(file) == ["open", "use", "close"] * 2
    assert str(os.getpid()) not in file.read_text()


def test_an_isolated_task_leaves_what_the_others_share_alone(tmp_path: Path) -> None:
    file = tmp_path / "log"

    @task(effect="read")
    def here(*, db: Apart) -> int:
        db.say("use")
        return 1

    assert isinstance(run(here >> apart, resources={"db": partial(Apart, file)}), Success)
    lines = file.read_text().splitlines()
    assert words(file) == ["open", "use", "open", "use", "close", "close"]
    assert lines[0].split()[1] == lines[-1].split()[1] == str(os.getpid())


@pytest.mark.parametrize(
    ("w", "fault"),
    [(timeout(apart_slow, seconds(1.5)), TimedOut), (apart_killer, Interrupted)],
    ids=["timeout", "SIGTERM"],
)
def test_an_isolated_task_that_is_killed_closes_nothing_here(
    tmp_path: Path, w: Workflow[Any, Any], fault: type
) -> None:
    file = tmp_path / "log"
    ran = run(w, resources={"db": partial(Apart, file)})
    assert isinstance(ran.failure(), fault)
    assert not file.exists() or "close" not in words(file)  # it may have been cut as it began


# Several at once


def test_attempts_that_start_at_once_open_it_once() -> None:
    meet = threading.Barrier(16)

    class Slow(Client):
        def __enter__(self) -> Client:
            time.sleep(0.05)
            return super().__enter__()

    def opened() -> Client:
        meet.wait(10)  # all have asked their opener before any has opened
        return Slow()

    @task(effect="read")
    def each(x: int, *, db: Client) -> int:
        assert db.open
        return id(db)

    ran = run(map_each(each), list(range(16)), resources={"db": opened})
    assert len(set(ran.unwrap())) == 1
    assert log == ["open db", "close db"]


def test_threads_and_coroutines_share_it() -> None:
    async def seen() -> None:
        await asyncio.sleep(0.01)

    w = par(*(KINDS[kind](lambda: None) for kind in KINDS), in_loop(seen), used)
    assert isinstance(run(w, resources={"db": Client}), Success)
    assert log.count("open db") == log.count("close db") == 1 and log[-1] == "close db"


def test_it_is_shared_by_the_name_that_using_gives() -> None:
    resources = {"db": partial(Client, "db"), "eu": partial(Client, "eu")}
    w = used >> par(used, using(used, db="eu"), using(other, other="eu"))
    assert run(w, resources=resources).unwrap() == ("db", "eu", "eu")
    assert [line for line in log if line != "use"] == ["open db", "open eu", "close eu", "close db"]


def test_two_runs_never_share_one() -> None:
    @task(effect="read")
    def outer(*, db: Client) -> str:
        return run(used, resources={"db": Client}).unwrap()

    run(outer >> used, resources={"db": Client})
    run(used, resources={"db": Client})
    assert log == [
        "open db", "open db", "use", "close db", "use", "close db", "open db", "use", "close db"
    ]  # fmt: skip


def test_what_nobody_used_is_not_opened() -> None:
    run(used, resources={"db": Client, "other": partial(Client, "other")})
    assert log == ["open db", "use", "close db"]


def test_what_does_not_say_so_is_opened_for_each_attempt() -> None:
    class Each(Client):
        per_run = False

    class Odd(Client):
        per_run: Any = 1

    for opener in (Each, Odd):
        log.clear()
        run(used >> used, resources={"db": opener})
        assert log == ["open db", "use", "close db"] * 2


def test_a_generator_may_say_so_of_the_manager_that_it_gives() -> None:
    @contextmanager
    def opening() -> Iterator[Client]:
        with Client() as client:
            yield client

    def opened() -> Any:
        manager: Any = opening()
        manager.per_run = True
        return manager

    run(used >> used, resources={"db": opened})
    assert log == ["open db", "use", "use", "close db"]


def test_what_opening_sets_in_its_context_is_there_when_it_is_closed() -> None:
    variable: ContextVar[str] = ContextVar("variable", default="")

    class Setting(Client):
        def __enter__(self) -> Client:
            self.token = variable.set("open")
            return super().__enter__()

        def __exit__(self, *error: object) -> None:
            variable.reset(self.token)
            super().__exit__(*error)

    assert run(par(used, used), resources={"db": Setting}).unwrap() == ("db", "db")


# What goes wrong


@kinds
def test_an_opener_that_fails_is_a_failed_attempt_and_the_next_one_tries_again(kind: Any) -> None:
    class Refusing(Client):
        def __enter__(self) -> Client:
            log.append("try")
            if log.count("try") < 3:
                raise ConnectionError("no")
            return super().__enter__()

    w = retry(kind(lambda: None), attempts=3) >> used
    assert run(w, resources={"db": Refusing}).unwrap() == "db"
    assert log == ["try", "try", "try", "open db", "use", "close db"]


def test_one_that_was_never_opened_is_not_closed() -> None:
    class Refusing(Client):
        def __enter__(self) -> Client:
            raise ConnectionError("no")

    ran = run(par(used, used), resources={"db": Refusing})
    assert [str(leaf) for leaf in leaves(ran.failure())] == [
        "par > used: ConnectionError: resource 'db': no",
        "par > used#2: ConnectionError: resource 'db': no",
    ]
    assert log == []


@kinds
def test_an_asynchronous_one_is_refused_with_the_remedy(kind: Any) -> None:
    @asynccontextmanager
    async def opening() -> Any:
        yield Client()

    def opened() -> Any:
        manager: Any = opening()
        manager.per_run = True
        return manager

    fault = run(retry(kind(lambda: None), attempts=2), resources={"db": opened}).failure()
    assert str(fault) == (
        "step: TypeError: resource 'db': its opener returned a _AsyncGeneratorContextManager that "
        "is to be opened once per run (per_run = True), so it needs __enter__ and __exit__: one "
        "that is asynchronous is opened for each attempt; leave per_run out"
    )


class Torn(Client):
    def __exit__(self, *error: object) -> None:
        super().__exit__(*error)
        raise OSError("disk full")


SAID = "OSError: disk full (when the resource 'db' was closed)"


def test_one_that_fails_to_close_fails_the_run_and_the_others_are_closed() -> None:
    resources: dict[str, Any] = {"db": Torn, "other": partial(Torn, "other")}
    fault = run(other >> used, resources=resources).failure()
    assert isinstance(fault, Then)
    assert [str(leaf) for leaf in leaves(fault)] == [SAID, SAID.replace("db", "other")]
    assert log == ["open other", "open db", "use", "close db", "close other"]
    first = leaves(fault)[0]
    assert isinstance(first, Failed) and first.traceback is not None


def test_what_closing_raises_comes_behind_what_the_run_failed_with() -> None:
    def refuse() -> None:
        raise ConnectionError("no")

    fault = run(inline(refuse), resources={"db": Torn}).failure()
    assert [str(leaf) for leaf in leaves(fault)] == ["step: ConnectionError: no", SAID]


@contextmanager
def torn() -> Iterator[Client]:
    client = Client()
    client.open = True
    yield client
    raise OSError("disk full")


@asynccontextmanager
async def torn_later() -> AsyncIterator[Client]:
    with torn() as client:
        yield client


@contextmanager
def again() -> Iterator[Client]:
    with torn() as client:
        yield client
        yield client


def kept_open() -> Any:
    client = Client()
    client.open = True
    return nullcontext(client)


@pytest.mark.parametrize(
    ("kind", "opener"),
    [
        *[(kind, opener) for kind in KINDS.values() for opener in (torn, again)],
        (in_loop, torn_later),
    ],
)
def test_one_of_an_attempt_that_fails_to_close_is_named(kind: Any, opener: Any) -> None:
    said = SAID.replace("OSError: disk full", "RuntimeError: generator didn't stop")
    fault = run(kind(lambda: None), resources={"db": opener}).failure()
    assert str(fault) == f"step: {said if opener is again else SAID}"


@kinds
@pytest.mark.parametrize("opener", [torn, kept_open])
def test_what_a_step_raises_is_not_said_to_be_a_resources(kind: Any, opener: Any) -> None:
    def refuse() -> None:
        raise ConnectionError("no")

    fault = run(kind(refuse), resources={"db": opener}).failure()
    assert str(fault) == "step: ConnectionError: no"


def test_the_one_that_raised_is_named_of_several() -> None:
    @contextmanager
    def opening(name: str, fails: str) -> Iterator[Client]:
        if fails == "opening":
            raise OSError("no")
        yield Client(name)
        if fails == "closing":
            raise OSError("no")

    @task(effect="read", name="step")
    def step(*, a: Client, b: Client) -> None: ...

    def told(**fails: str) -> str:
        resources: dict[str, Any] = {name: partial(opening, name, fails[name]) for name in "ab"}
        return str(run(step, resources=resources).failure())

    assert told(a="", b="closing") == "step: OSError: no (when the resource 'b' was closed)"
    assert told(a="closing", b="") == "step: OSError: no (when the resource 'a' was closed)"
    assert told(a="", b="opening") == "step: OSError: resource 'b': no"
    assert told(a="opening", b="closing") == "step: OSError: resource 'a': no"


@kinds
def test_an_opener_that_is_async_def_is_told_what_to_be(
    kind: Any, recwarn: pytest.WarningsRecorder
) -> None:
    async def opening() -> Client:
        return Client()

    fault = run(kind(lambda: None), resources={"db": opening}).failure()
    assert str(fault) == (
        "step: TypeError: resource 'db': its opener returned a coroutine, since it is async def: "
        "make it def, or for async def tasks an @asynccontextmanager"
    )
    gc.collect()
    assert not [each for each in recwarn if "never awaited" in str(each.message)]


def test_a_keyboard_interrupt_of_its_own_is_a_fault_too() -> None:
    class Odd(Client):
        def __exit__(self, *error: object) -> None:
            raise KeyboardInterrupt

    fault = run(used, resources={"db": Odd}).failure()
    assert str(fault).startswith("KeyboardInterrupt:  (when the resource 'db' was closed)")


def test_what_closing_raises_after_the_run_is_told_as_a_warning(
    capfd: pytest.CaptureFixture[str],
) -> None:
    released = threading.Event()

    @task(effect="read", config={})
    def slow(*, db: Client) -> None:
        released.wait(10)

    run(timeout(slow, milliseconds(50)), resources={"db": Torn})
    released.set()
    said = until(lambda: capfd.readouterr().err)
    assert said == f"a task that was cut closed what it used: {SAID}\n"


def test_a_signal_that_comes_while_it_is_closed_lets_it_end() -> None:
    class Slow(Client):
        def __exit__(self, *error: object) -> None:
            os.kill(os.getpid(), signal.SIGINT)
            time.sleep(0.05)
            super().__exit__(*error)

    assert run(used, resources={"db": Slow}) == Success("db")
    assert log == ["open db", "use", "close db"]


def test_a_second_signal_interrupts_what_closes() -> None:
    class Hanging(Client):
        def __exit__(self, *error: object) -> None:
            for number in (signal.SIGINT, signal.SIGTERM):
                os.kill(os.getpid(), number)
            time.sleep(30)

    with pytest.raises(KeyboardInterrupt, match="SIGTERM"):
        run(used, resources={"db": Hanging})


def test_a_second_signal_ends_the_run_and_it_is_closed_all_the_same() -> None:
    def killed() -> None:
        try:
            os.kill(os.getpid(), signal.SIGINT)
            time.sleep(30)
        finally:
            os.kill(os.getpid(), signal.SIGTERM)
            time.sleep(30)

    with pytest.raises(KeyboardInterrupt):
        run(inline(killed), resources={"db": Client})
    assert log == ["open db", "close db"]


def test_a_fork_of_a_task_closes_nothing() -> None:
    @task(effect="read")
    def forks(*, db: Client) -> int | None:
        child = os.fork()
        if not child:
            return None
        return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])

    assert run(forks >> used, resources={"db": Client}).unwrap() == "db"
    assert log == ["open db", "use", "close db"]
