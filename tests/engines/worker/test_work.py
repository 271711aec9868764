"""A worker answers whatever happens: a value, a fault, that it was cut, or that it refuses."""

import json
import signal
import time
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from pyrsistent import pmap

from fwf.faults import Failed, Interrupted, TimedOut
from fwf.interpreters.engines.worker import Deadline, work
from fwf.interpreters.engines.worker.answer import answer_from_json, answer_from_text
from fwf.interpreters.engines.worker.claims import InMemory
from fwf.interpreters.engines.worker.lambda_handler import handler
from fwf.interpreters.engines.worker.order import order_to_json
from fwf.interpreters.engines.worker.packed_values import Inline, Reference, unpacked
from fwf.interpreters.engines.worker.work import Places, places_at
from fwf.records import changed
from tests.cli_support import fwf
from tests.engines.worker.conftest import Shop, ordered, said

NOWHERE = Places(None, None)


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
    answer = work(ordered("ends", path, 3), places=NOWHERE)
    assert answer.how == "failed" and isinstance(answer.fault, Failed)
    assert (answer.fault.path, answer.fault.tags) == (path, tags)


def test_an_expression_without_a_value_is_one_at_its_path() -> None:
    answer = work(ordered("sizes", "sizes > pure", 3), places=NOWHERE)
    assert answer.fault is not None and answer.fault.path == "sizes > pure"
    assert answer.fault.tags == ("PredicateDefect", "Defect")


def test_none_is_a_value() -> None:
    assert work(ordered("none", "nothing"), places=NOWHERE).value == Inline("null")


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"part": "0" * 32}, ["0" * 32, "has the id"]),
        ({"path": "daily > lod"}, ["there is no part 'daily > lod'", "did you mean"]),
        ({"items": (1,)}, ["around it there are 0"]),
        ({"tries": (1, 2)}, ["of retries around it there are 1"]),
        ({"target": "nowhere_at_all:w"}, ["'nowhere_at_all' can't be imported here"]),
        ({"target": "tests.engines.worker.steps:hole"}, ["has no such attribute; did you mean"]),
        ({"target": "tests.engines.worker.steps:mark"}, ["is no workflow"]),
        ({"target": "os.path"}, ["names no workflow: write module:attribute"]),
        ({"value": Inline("{")}, ["the order /value: ", "can't be read back"]),
        ({"value": Reference("a.json", 3)}, ["/value: a.json: ", "no store is given"]),
        ({"params": pmap({"x": Inline('{"coded":"no:C","plain":1}')})}, ["/params/x", "no:C"]),
    ],
)
def test_what_doesnt_fit_is_refused_and_nothing_begun(
    changes: Any, words: list[str], log: Any
) -> None:
    answer = work(changed(ordered("whole", "daily > pay"), **changes), places=NOWHERE)
    assert answer.how == "refused" and not log.exists()
    assert all(word in answer.said for word in words), answer.said


def test_a_refusal_names_both_ids() -> None:
    order = ordered("whole", "daily > pay")
    other = ordered("whole", "daily > put").part
    answer = work(changed(order, part=other), places=NOWHERE)
    assert order.part in answer.said and other in answer.said


def test_a_large_value_goes_by_reference(tmp_path: Any) -> None:
    order = changed(ordered("sizes", "sizes > large", 5_000), limit=1_000)
    answer = work(order, places=NOWHERE)
    assert answer.how == "failed" and answer.fault is not None
    assert answer.fault.tags == ("Unwritable", "Defect") and "name a store" in answer.fault.message
    kept = changed(order, store=f"file://{tmp_path}/lake")
    value = work(kept).value
    assert isinstance(value, Reference)
    assert json.loads(unpacked(value, places_at(kept.store, kept.claims).blobs)) == "x" * 5_000


def test_what_was_done_is_answered_on_any_thread(log: Any) -> None:
    """Where a run isn't on the main thread, or has several workers, nothing is done on its own."""
    places = Places(InMemory(), None)
    order = ordered("whole", "daily > put", 5)
    with ThreadPoolExecutor(1) as threads:
        first, second = (threads.submit(work, order, places=places).result() for _ in range(2))
    assert first == second and first.value not in (None, Inline("5"))


def test_attempts_are_those_that_were_told(log: Any) -> None:
    order = ordered("items", "items > map_each[3] > counts", attempt=4)
    assert work(order, places=NOWHERE).value == Inline("4")


# Deadlines and signals


def _late(seconds: float) -> Deadline:
    at = datetime.now(UTC) + timedelta(seconds=seconds)
    return Deadline(at, "late > slow", timedelta(minutes=5))


def test_the_worker_ends_what_is_late_itself() -> None:
    claims = Places(InMemory(), None)
    order = changed(ordered("late", "late > slow", 30), deadline=_late(0.3))
    for _ in range(2):
        start = time.monotonic()
        answer = work(order, places=claims)
        assert (answer.how, answer.fault) == ("cut", TimedOut("late > slow", timedelta(minutes=5)))
        assert time.monotonic() - start < 20


def test_what_is_late_already_isnt_begun(log: Any) -> None:
    answer = work(changed(ordered("late", "late > slow", 0), deadline=_late(-1)), places=NOWHERE)
    assert answer.how == "cut" and not log.exists()


@pytest.mark.parametrize("name", ["SIGTERM", "SIGINT", "SIGHUP"])
def test_a_signal_is_answered(folder: Shop, name: str) -> None:
    with folder.started(folder.order("whole", "daily > pay"), "in") as worker:
        folder.wait_for_pause(worker)
        worker.send_signal(getattr(signal, name))
        answer = said(worker)
    assert (answer.how, answer.fault) == ("cut", Interrupted(by=name))
    assert folder.answer(folder.order("whole", "daily > pay")).how == "held"


def test_a_signal_before_anything_is_begun_is_answered(folder: Shop) -> None:
    with folder.started(folder.order("whole", "daily > pay"), "import") as worker:
        folder.wait_for_pause(worker)
        worker.send_signal(signal.SIGTERM)
        answer = said(worker)
    assert (answer.how, answer.fault) == ("cut", Interrupted(by="SIGTERM"))
    assert folder.answer(folder.order("whole", "daily > pay")).how == "ok"


def _deaf_to_hangups() -> None:
    signal.signal(signal.SIGHUP, signal.SIG_IGN)


@pytest.mark.parametrize("point", ["import", "in"])
def test_a_signal_that_nohup_ignores_does_nothing(folder: Shop, point: str) -> None:
    order = folder.order("whole", "daily > put")
    with folder.started(order, point, _deaf_to_hangups) as worker:
        folder.wait_for_pause(worker)
        worker.send_signal(signal.SIGHUP)
        worker.send_signal(signal.SIGTERM)
        answer = said(worker)
    assert (answer.how, answer.fault) == ("cut", Interrupted(by="SIGTERM"))


def test_a_signal_in_a_task_that_has_a_deadline_is_answered(folder: Shop) -> None:
    order = changed(folder.order("whole", "daily > put"), deadline=_late(100))
    with folder.started(order, "in") as worker:
        folder.wait_for_pause(worker)
        worker.send_signal(signal.SIGTERM)
        answer = said(worker)
    assert (answer.how, answer.fault) == ("cut", Interrupted(by="SIGTERM"))


def test_what_tasks_print_isnt_in_the_answer(folder: Shop) -> None:
    with folder.started(folder.order("ends", "ends > prints", 1)) as worker:
        out, err = worker.communicate(timeout=60)
    assert json.loads(out)["how"] == "ok" and out.count("\n") == 1
    assert "to stdout" in err and "from a child" in err


@pytest.mark.parametrize("text", ["", "{}", "no JSON"])
def test_an_order_that_cant_be_read_is_answered(tmp_path: Any, text: str) -> None:
    order, answer = tmp_path / "order", tmp_path / "answer"
    order.write_text(text)
    done = fwf("worker", "--order", str(order), "--answer", str(answer), cwd=tmp_path)
    assert (done.status, done.out) == (0, "")
    found = answer_from_text(answer.read_bytes())
    assert found.how == "refused" and "the order: " in found.said
    assert {*tmp_path.iterdir()} == {order, answer}


def test_a_file_that_isnt_there_is_answered(tmp_path: Any) -> None:
    done = fwf("worker", "--order", "nowhere.json", cwd=tmp_path)
    assert done.status == 0 and "No such file" in answer_from_text(done.out).said


class Context:
    def get_remaining_time_in_millis(self) -> int:
        return 60_000


def test_the_function_of_lambda_answers(log: Any) -> None:
    event = json.loads(json.dumps(order_to_json(ordered("whole", "daily > put"))))
    answer = answer_from_json(json.loads(json.dumps(handler(event, Context()))))
    assert answer.value == Inline("2")
    refused = answer_from_json(handler({**event, "path": 5}, Context()))
    assert refused.how == "refused" and "/path: 5 is given" in refused.said
