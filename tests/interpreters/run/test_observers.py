"""Observers of a whole try: how it began, what happened, how it ended; several of them at once."""

import threading
from datetime import UTC, date, datetime, timedelta
from enum import Enum
from typing import Any

import pytest
from returns.result import Failure, Result, Success

from fwf import Secret, always, fallback, map_each, named, retry, task
from fwf.faults import Fault, Interrupted
from fwf.interpreters.run import Note, Try, VirtualClock, execute, run, several
from tests.interpreters.run.support import bad, go, work
from tests.interpreters.run.test_stopping import interrupted

a, b = work("a", 2), work("b", 3)


class Memory:
    """Remembers what it is told, and on which thread."""

    def __init__(self) -> None:
        self.told: list[tuple[str, Any]] = []
        self.threads: set[int] = set()

    def began(self, this: Try, /) -> None:
        self._keep("began", this)

    def note(self, note: Note, /) -> None:
        self._keep("note", note)

    def ended(self, this: Try, result: Result[Any, Fault], /) -> None:
        self._keep("ended", result)

    def _keep(self, word: str, what: Any) -> None:
        self.told.append((word, what))
        self.threads.add(threading.get_ident())

    @property
    def words(self) -> list[str]:
        return [what.kind if word == "note" else word for word, what in self.told]

    @property
    def this(self) -> Try:
        ((_, this),) = [each for each in self.told if each[0] == "began"]
        assert isinstance(this, Try)
        return this


@pytest.mark.parametrize("workers", [None, 1, 3])
def test_an_observer_is_told_once_how_a_try_began_and_ended_around_all_that_happened(
    workers: int | None,
) -> None:
    memory = Memory()
    ran = go(a >> b, 0, workers=workers, observe=memory)
    assert memory.words == ["began", "start", "ok", "start", "ok", "ended"]
    assert memory.told[-1][1] == ran.result == Success(0)
    assert memory.threads == {threading.get_ident()}


def test_an_observer_is_told_of_a_run_that_fails() -> None:
    memory = Memory()
    ran = go(a >> bad("F"), 0, observe=memory)
    assert memory.words == ["began", "start", "ok", "start", "failed", "ended"]
    assert memory.told[-1][1] == ran.result
    assert isinstance(ran.result, Failure)


def test_what_a_run_is_refused_for_is_no_try() -> None:
    memory = Memory()

    @task(effect="pure")
    def asks(*, day: date) -> date:
        return day

    assert isinstance(run(asks, observe=memory), Failure)
    assert memory.told == []


def test_the_end_is_told_when_what_was_open_for_the_run_is_closed() -> None:
    memory = Memory()

    class Shop:
        per_run = True

        def __enter__(self) -> "Shop":
            return self

        def __exit__(self, *error: object) -> None:
            memory.told.append(("closed", None))
            raise OSError("gone")

    @task(effect="read")
    def reads(*, shop: Shop) -> int:
        return 1

    went = run(reads, resources={"shop": Shop}, observe=memory)
    assert memory.words == ["began", "start", "ok", "closed", "ended"]
    assert memory.told[-1][1] == went
    assert went.failure().tags[0] == "OSError"


class Colour(Enum):
    RED = 7


def test_a_try_is_described_by_run_workflow_key_and_parameters_without_secrets() -> None:
    token = Secret.env("PATH")

    @task(effect="read")
    def reads(*, day: date, colour: Colour, tags: list[str], note: str) -> int:
        return 1

    w = named("night", retry(reads, attempts=2))
    params = {
        "day": date(2026, 6, 1), "colour": Colour.RED, "tags": ["ä", "b"],
        "note": f"with {token.reveal()}",
    }  # fmt: skip
    first, second = Memory(), Memory()
    run(w, params=params, observe=first)
    run(w, params=params, observe=second)
    this = first.this
    assert this.params == {
        "day": "2026-06-01", "colour": "RED", "tags": "['ä', 'b']", "note": f"with {token!r}",
    }  # fmt: skip
    assert (this.workflow, this.generation, this.number, this.died) == ("night", 1, 1, None)
    assert this.key is not None and this.key == second.this.key
    assert this.id != second.this.id
    assert abs(datetime.now(UTC) - this.started) < timedelta(minutes=1)


def test_the_id_of_a_try_is_the_one_that_tasks_are_told() -> None:
    from fwf import RunInfo

    @task(effect="read")
    def knows(*, run: RunInfo) -> str:
        return run.run_id

    memory = Memory()
    assert run(knows, observe=memory) == Success(memory.this.id)


def test_a_try_tells_local_times_from_the_runs_clock() -> None:
    memory = Memory()
    execute(a, 0, clock=VirtualClock(start=5_000), observe=memory)
    this = memory.this
    assert this.start == 5_000
    assert this.when(5_000) == this.started
    assert this.when(3_605_000_000 + 5_000) - this.started == timedelta(seconds=3_605)
    assert this.when(0).tzinfo is not None


def test_a_note_of_what_was_kept_says_by_which_try() -> None:
    note = Note("kept", "a > b", "b", (1,), 7, 3, 2)
    assert note.earlier == 2
    assert note != Note("kept", "a > b", "b", (1,), 7, 3)
    assert eval(repr(note)) == note


# Observers that raise


ODD: list[BaseException] = [
    ValueError("no"), SystemExit(3), KeyboardInterrupt(), GeneratorExit(), RuntimeWarning("no"),
]  # fmt: skip
SHAPES = {
    "chain": a >> b,
    "fails": a >> bad("F"),
    "finaliser": always(fallback(bad("F"), a), then=b),
    "items": map_each(a, on_error="collect"),
}


class Broken(Memory):
    """Raises whenever it is told one of some words."""

    def __init__(self, error: BaseException, *words: str) -> None:
        super().__init__()
        self._error = error
        self._words = words

    def _keep(self, word: str, what: Any) -> None:
        super()._keep(word, what)
        if word in self._words:
            raise self._error


@pytest.mark.parametrize("error", ODD, ids=lambda error: type(error).__name__)
@pytest.mark.parametrize("words", [("began",), ("note",), ("ended",), ("began", "note", "ended")])
def test_an_observer_that_raises_anywhere_is_told_all_the_same_and_warned_of_once(
    error: BaseException, words: tuple[str, ...]
) -> None:
    w = SHAPES["finaliser"]
    fine, broken = Memory(), Broken(error, *words)
    expected = go(w, observe=fine)
    with pytest.warns(RuntimeWarning, match=type(error).__name__) as warned:
        ran = go(w, observe=broken)
    assert len(warned) == 1
    assert (ran.result, ran.trace) == (expected.result, expected.trace)
    assert broken.words == fine.words


@pytest.mark.parametrize("error", ODD, ids=lambda error: type(error).__name__)
@pytest.mark.parametrize("shape", SHAPES)
def test_of_several_observers_one_that_raises_keeps_nothing_from_the_others(
    shape: str, error: BaseException
) -> None:
    value = [1, 2] if shape == "items" else 0
    first, last, broken = Memory(), Memory(), Broken(error, "began", "note", "ended")
    heard: list[str] = []
    every = several(first, broken, lambda note: heard.append(note.kind), last)
    with pytest.warns(RuntimeWarning, match=type(error).__name__) as warned:
        ran = go(SHAPES[shape], value, observe=every)
    assert len(warned) == 1
    assert ran.result == go(SHAPES[shape], value).result
    assert first.words == broken.words == last.words
    assert heard == first.words[1:-1]


def test_each_of_several_that_raise_is_named_once() -> None:
    def shaky(note: Note) -> None:
        raise OSError("full")

    with pytest.warns(RuntimeWarning) as warned:
        go(a >> b, observe=several(Broken(ValueError("no"), "note"), several(shaky)))
    assert [str(each.message) for each in warned] == [
        "run(observe=…): Broken raised ValueError: no; the run goes on",
        f"run(observe=…): {shaky.__qualname__} raised OSError: full; the run goes on",
    ]


class Half:
    def note(self, note: Note) -> None: ...


@pytest.mark.parametrize("odd", [3, "x", object(), Half()], ids=lambda odd: type(odd).__name__)
@pytest.mark.parametrize("joined", [False, True])
def test_what_is_no_observer_is_refused(odd: Any, joined: bool) -> None:
    with pytest.raises(TypeError, match=r"run\(observe=.*: it has no began"):
        run(a, 0, observe=several(odd) if joined else odd)


# Signals


WATCHES = """
class Watch:
    def __init__(self, naps=""): self.naps = naps
    def say(self, word):
        say(word)
        if word == self.naps: time.sleep(30)
    def began(self, this): self.say("began")
    def note(self, note): self.say(f"{note.kind} {note.task}")
    def ended(self, this, result): self.say(f"ended {result}")
from fwf.interpreters.run import several
"""
CUT = "<Failure: Interrupted: stopped by SIGINT>"


@pytest.mark.parametrize("observer", ["Watch('began')", "several(Watch('began'))"])
def test_ctrl_c_while_an_observer_is_told_of_the_beginning_cuts_the_run(observer: str) -> None:
    said = interrupted(f"{WATCHES}result(always(quick, then=says), observe={observer})", "began")
    assert said == ["began", f"ended {CUT}", CUT]


def test_ctrl_c_interrupts_one_of_several_observers_and_the_others_are_told() -> None:
    code = f"{WATCHES}result(quick, observe=several(Watch('start quick'), Watch()))"
    assert interrupted(code, "start quick") == [
        "began", "began", "start quick", "start quick", "cut quick", "cut quick",
        f"ended {CUT}", f"ended {CUT}", CUT,
    ]  # fmt: skip


@pytest.mark.parametrize("observer", ["Watch()", "several(Watch())"])
def test_an_observer_is_told_the_end_that_a_second_signal_makes(observer: str) -> None:
    code = f"{WATCHES}result(always(naps, then=finishes), observe={observer})"
    said = interrupted(code, "napping", "finishing")
    assert said[-2:] == [f"ended {CUT}", "KeyboardInterrupt"]
    assert "finished" not in said


def test_the_fault_of_an_error_of_the_runs_own_is_told_at_the_end(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    memory = Memory()

    def fails(*_: object) -> None:
        raise AssertionError("a mistake")

    monkeypatch.setattr("fwf.machine.machine.Machine.execute", fails)
    with pytest.raises(AssertionError, match="a mistake"):
        run(a, 0, observe=memory)
    result = memory.told[-1][1]
    assert isinstance(result, Failure)
    assert not isinstance(result.failure(), Interrupted)
