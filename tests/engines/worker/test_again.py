"""What people have done anew is begun anew, under its old key; what must not be repeated isn't."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from fwf import IdempotencyKey, Workflow, minutes, named, task, timeout
from fwf.algebra.traverse import visit
from fwf.faults import Fault
from fwf.interpreters.engines.worker.call import call_to_json
from fwf.interpreters.engines.worker.call_forms import fault_from_text
from fwf.interpreters.engines.worker.claims import ClaimedAttempt, InMemory, mine
from fwf.interpreters.engines.worker.loading import Loaded
from fwf.interpreters.engines.worker.verbs import answer_call
from fwf.interpreters.engines.worker.work import Places
from fwf.machine.part import Part

Done = list[tuple[str, str]]


class Run:
    """A run of tasks that write down what they do, of which one may fail."""

    def __init__(self) -> None:
        self.done: Done = []
        self.down = False
        self.claims = InMemory()
        self.facts: dict[str, Any] = {}
        """What is changed of the run's."""

        @task(effect="unrepeatable", config={})
        def mail(n: int, *, key: IdempotencyKey) -> int:
            self.done.append(("mail", key))
            return n + 1

        @task(effect="idempotent", config={})
        def put(n: int, *, key: IdempotencyKey) -> int:
            self.done.append(("put", key))
            if self.down:
                raise ConnectionError("down")
            return n + 1

        self.mail, self.put = mail, put

    def asked(self, w: Workflow[Any, Any], value: int = 1, *, again: int = 0) -> Any:
        """The whole as one part, the value that comes to it ⟶ what came out."""
        loaded, part = Loaded.of(w), Part(visit(w))
        where = ("m:w", part.id, part.static_path)
        more: dict[str, Any] = {"load": lambda _: loaded, "places": Places(self.claims, None)}
        start = {"value": 1, "key": "monday"}
        context = answer_call({**call_to_json("begin", *where, timed=True), "in": start}, **more)
        context["run"] = {**context["run"], **self.facts}
        context["out"]["value"] = {"text": str(value)}
        call = {**call_to_json("run", *where, again=again or None), "in": context}
        return answer_call(call, **more)["out"]


def fault(out: Any) -> Fault:
    return fault_from_text(out["fault"]["text"], 0)


@pytest.fixture
def run() -> Run:
    return Run()


def test_an_idempotent_step_is_done_anew_under_its_key(run: Run) -> None:
    w = named("w", run.put)
    assert run.asked(w)["value"] == run.asked(w)["value"] and len(run.done) == 1
    run.asked(w, again=1)
    run.asked(w, 7, again=2)  # also on what is another input by now
    assert len(run.done) == 3 and len({*run.done}) == 1


def test_what_failed_is_done_anew(run: Run) -> None:
    w = named("w", run.put)
    run.down = True
    assert run.asked(w)["word"] == run.asked(w)["word"] == "up" and len(run.done) == 1
    run.down = False
    assert run.asked(w)["word"] == "up"
    assert run.asked(w, again=1)["word"] == "ok"


def test_in_a_block_what_must_not_be_repeated_is_not(run: Run) -> None:
    w = named("w", run.mail >> run.put)
    run.down = True
    assert run.asked(w)["word"] == "up"
    run.down = False
    assert run.asked(w, again=1)["value"] == {"text": "3"}
    assert run.asked(w, again=2)["value"] == {"text": "3"}
    assert [name for name, _ in run.done] == ["mail", "put", "put", "put"]


def test_an_unrepeatable_step_on_another_input_is_held(run: Run) -> None:
    w = named("w", run.mail)
    run.asked(w)
    out = run.asked(w, 2, again=1)
    assert out["word"] == "held" and fault(out).tags == ("Changed",)


@pytest.mark.parametrize("how", ["begun", "held"])
def test_an_unrepeatable_step_that_is_in_doubt_stays_so(run: Run, how: str) -> None:
    w = named("w", run.mail)
    run.asked(w)
    (this,) = run.claims._claims
    run.claims = InMemory()
    run.claims.claim(ClaimedAttempt(this.step, "0"), mine())
    if how == "held":
        run.claims.finish(ClaimedAttempt(this.step, "0"), '{"held": true}')
    for again in (1, 2):
        out = run.asked(w, again=again)
        assert out["word"] == "held" and fault(out).tags == ("InDoubt",)
    assert len(run.done) == 1


def test_what_is_done_anew_has_as_long_as_before(run: Run) -> None:
    w = named("w", timeout(run.put >> run.put, minutes(1)))
    past = (datetime.now(UTC) - timedelta(hours=1)).isoformat()
    run.facts = {"deadline": {"at": past, "path": "w", "within": "1m"}}
    assert run.asked(w)["word"] == "up" and not run.done
    assert run.asked(w, again=1)["word"] == "ok"
