"""A worker answers whatever happens: a value, a fault, that it was cut, that nothing was begun."""

import json
import signal
import time
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from pyrsistent import pmap

from fwf.faults import Failed, Interrupted, TimedOut
from fwf.interpreters.engines.worker.call_forms import Deadline, Unclear
from fwf.interpreters.engines.worker.claims import InMemory
from fwf.interpreters.engines.worker.lambda_handler import handler
from fwf.interpreters.engines.worker.packed_values import Inline, Reference, unpacked
from fwf.interpreters.engines.worker.work import Places, places_at
from fwf.records import changed
from tests.cli_support import fwf
from tests.engines.worker.conftest import ROOT, Answer, Shop, call_of, said, work

NOWHERE = Places(None, None)


def refusal(answer: Answer) -> str:
    """Why nothing was begun."""
    assert answer.how == "held" and isinstance(answer.fault, Failed)
    assert answer.fault.tags == ("Refused",)
    return answer.fault.message


@pytest.fixture(autouse=True)
def log(tmp_path: Any, monkeypatch: pytest.MonkeyPatch) -> Any:
    monkeypatch.setenv("STEPS_LOG", str(tmp_path / "log"))
    return tmp_path / "log"


@pytest.mark.parametrize(
    ("path", "tags"),
    [
        ("ends > leaves", ("SystemExit", "BaseException")),
        ("ends > interrupts", ("KeyboardInterrupt", "BaseException")),
    ],
)
def test_whatever_a_task_raises_is_a_fault(path: str, tags: tuple[str, ...]) -> None:
    answer = work(call_of("ends", path, 3), places=NOWHERE)
    assert answer.how == "failed" and isinstance(answer.fault, Failed)
    assert (answer.fault.path, answer.fault.tags) == (path, tags)


def test_an_expression_without_a_value_is_one_at_its_path() -> None:
    answer = work(call_of("sizes", "sizes > pure", 3), places=NOWHERE)
    assert answer.fault is not None and answer.fault.path == "sizes > pure"
    assert answer.fault.tags == ("PredicateDefect", "Defect")


def test_none_is_a_value() -> None:
    assert work(call_of("none", "nothing"), places=NOWHERE).value == Inline("null")


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"part": "0" * 32}, ["0" * 32, "has the id"]),
        ({"path": "daily > lod"}, ["there is no part 'daily > lod'", "did you mean"]),
        ({"target": "nowhere_at_all:w"}, ["'nowhere_at_all' can't be imported here"]),
        ({"target": "tests.engines.worker.steps:hole"}, ["has no such attribute; did you mean"]),
        ({"target": "tests.engines.worker.steps:mark"}, ["is no workflow"]),
        ({"target": "os.path"}, ["names no workflow: write module:attribute"]),
    ],
)
def test_what_doesnt_fit_is_held_and_nothing_begun(
    changes: Any, words: list[str], log: Any
) -> None:
    answer = work(changed(call_of("whole", "daily > pay"), **changes), places=NOWHERE)
    message = refusal(answer)
    assert not log.exists() and all(word in message for word in words), message


@pytest.mark.parametrize(
    ("value", "words"),
    [
        (Inline("{"), ["the call /value: ", "can't be read back"]),
        (Reference("a.json", 3), ["/value: a.json: ", "no store is given"]),
    ],
)
def test_a_value_that_cant_be_read_is_no_call(value: Any, words: list[str], log: Any) -> None:
    with pytest.raises(Unclear) as caught:
        work(changed(call_of("whole", "daily > pay"), value=value), places=NOWHERE)
    assert not log.exists() and all(word in str(caught.value) for word in words)


def test_parameters_that_cant_be_read_are_no_call(log: Any) -> None:
    params = pmap({"x": Inline('{"coded":"no:C","plain":1}')})
    with pytest.raises(Unclear, match="no:C"):
        work(call_of("whole", "daily > pay").with_run(params=params), places=NOWHERE)
    assert not log.exists()


def test_a_refusal_names_both_ids() -> None:
    call = call_of("whole", "daily > pay")
    other = call_of("whole", "daily > put").part
    answer = work(changed(call, part=other), places=NOWHERE)
    assert call.part in refusal(answer) and other in refusal(answer)


def test_a_large_value_goes_by_reference(tmp_path: Any) -> None:
    call = changed(call_of("sizes", "sizes > large", 5_000), limit=1_000)
    answer = work(call, places=NOWHERE)
    assert answer.how == "failed" and answer.fault is not None
    assert answer.fault.tags == ("Unwritable", "Defect") and "name a store" in answer.fault.message
    store = f"file://{tmp_path}/lake"
    value = work(call.with_run(store=store)).value
    assert isinstance(value, Reference)
    assert json.loads(unpacked(value, places_at(store, "").blobs)) == "x" * 5_000


def test_what_was_done_is_answered_on_any_thread(log: Any) -> None:
    """Where a run isn't on the main thread, or has several workers, nothing is done on its own."""
    places = Places(InMemory(), None)
    call = call_of("whole", "daily > put", 5)
    with ThreadPoolExecutor(1) as threads:
        first, second = (threads.submit(work, call, places=places).result() for _ in range(2))
    assert first == second and first.value not in (None, Inline("5"))


def test_an_item_is_done_at_its_place(log: Any) -> None:
    assert work(call_of("items", "items > map_each[3] > counts"), places=NOWHERE).value == Inline(
        "1"
    )


# Deadlines and signals


def _late(seconds: float) -> Deadline:
    at = datetime.now(UTC) + timedelta(seconds=seconds)
    return Deadline(at, "late > slow", timedelta(minutes=5))


def test_the_worker_ends_what_is_late_itself() -> None:
    claims = Places(InMemory(), None)
    call = call_of("late", "late > slow", 30).with_run(deadline=_late(0.3))
    for _ in range(2):
        start = time.monotonic()
        answer = work(call, places=claims)
        assert (answer.how, answer.fault) == ("cut", TimedOut("late > slow", timedelta(minutes=5)))
        assert time.monotonic() - start < 20


def test_what_is_late_already_isnt_begun(log: Any) -> None:
    answer = work(call_of("late", "late > slow", 0).with_run(deadline=_late(-1)), places=NOWHERE)
    assert answer.how == "cut" and not log.exists()


@pytest.mark.parametrize("name", ["SIGTERM", "SIGINT", "SIGHUP"])
def test_a_signal_is_answered(folder: Shop, name: str) -> None:
    with folder.started(folder.call("whole", "daily > pay"), "in") as worker:
        folder.wait_for_pause(worker)
        worker.send_signal(getattr(signal, name))
        answer = said(worker)
    assert (answer.how, answer.fault) == ("cut", Interrupted(by=name))
    assert folder.answer(folder.call("whole", "daily > pay")).how == "held"


def test_after_a_signal_before_anything_is_begun_there_is_no_answer(folder: Shop) -> None:
    with folder.started(folder.call("whole", "daily > pay"), "import") as worker:
        folder.wait_for_pause(worker)
        worker.send_signal(signal.SIGTERM)
        assert worker.wait() == 128 + signal.SIGTERM
    assert folder.answer(folder.call("whole", "daily > pay")).how == "ok"


def _deaf_to_hangups() -> None:
    signal.signal(signal.SIGHUP, signal.SIG_IGN)


def test_a_signal_that_nohup_ignores_does_nothing(folder: Shop) -> None:
    with folder.started(folder.call("whole", "daily > put"), "in", _deaf_to_hangups) as worker:
        folder.wait_for_pause(worker)
        worker.send_signal(signal.SIGHUP)
        worker.send_signal(signal.SIGTERM)
        answer = said(worker)
    assert (answer.how, answer.fault) == ("cut", Interrupted(by="SIGTERM"))


def test_a_signal_in_a_task_that_has_a_deadline_is_answered(folder: Shop) -> None:
    call = folder.call("whole", "daily > put").with_run(deadline=_late(100))
    with folder.started(call, "in") as worker:
        folder.wait_for_pause(worker)
        worker.send_signal(signal.SIGTERM)
        answer = said(worker)
    assert (answer.how, answer.fault) == ("cut", Interrupted(by="SIGTERM"))


def test_what_tasks_print_isnt_in_the_answer(folder: Shop) -> None:
    with folder.started(folder.call("ends", "ends > prints", 1)) as worker:
        out, err = worker.communicate(timeout=60)
    assert json.loads(out)["out"]["word"] == "ok" and out.count("\n") == 1
    assert "to stdout" in err and "from a child" in err


@pytest.mark.parametrize("text", ["", "{}", "no JSON"])
def test_what_is_no_call_is_told(tmp_path: Any, text: str) -> None:
    call, answer = tmp_path / "call", tmp_path / "answer"
    call.write_text(text)
    done = fwf("worker", "--call", str(call), "--answer", str(answer), cwd=tmp_path)
    assert (done.status, done.out) == (2, "") and done.err.startswith("fwf worker: ")
    assert {*tmp_path.iterdir()} == {call}


def test_an_answer_is_written_to_a_file(folder: Shop) -> None:
    call, answer = folder.folder / "call", folder.folder / "answer"
    call.write_text(json.dumps(folder.call("sizes", "sizes > large", 3).to_json()))
    done = fwf("worker", "--call", str(call), "--answer", str(answer), cwd=ROOT)
    assert (done.status, done.out) == (0, "")
    assert Answer.of(json.loads(answer.read_bytes())).value == Inline('"xxx"')


def test_a_file_that_isnt_there_is_told(tmp_path: Any) -> None:
    done = fwf("worker", "--call", "nowhere.json", cwd=tmp_path)
    assert done.status == 2 and "No such file" in done.err


class Context:
    def get_remaining_time_in_millis(self) -> int:
        return 60_000


def test_the_function_of_lambda_answers(log: Any) -> None:
    event = call_of("whole", "daily > put").to_json()
    assert Answer.of(handler(event, Context())).value == Inline("2")
    with pytest.raises(Unclear, match="/path: 5 is given"):
        handler({**event, "path": 5}, Context())
