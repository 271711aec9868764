"""A worker is killed anywhere, started again, and twice at once: nothing is done that may not."""

import os
from collections.abc import Iterator
from threading import Barrier, Thread
from typing import Any

import pytest

from fwf.faults import Failed
from fwf.interpreters.engines.worker.claims import (
    ClaimedAttempt,
    Claims,
    InMemory,
    InObjects,
    began,
    mine,
)
from fwf.interpreters.engines.worker.claims_postgres import InPostgres
from fwf.interpreters.engines.worker.objects import Objects
from fwf.records import changed
from tests.engines.worker.conftest import Shop, said

pytestmark = pytest.mark.services  # each crash is a process

POINTS = ("before", "in", "after")


def in_doubt(answer: Any) -> bool:
    fault = answer.fault
    return answer.how == "held" and isinstance(fault, Failed) and fault.tags == ("InDoubt",)


@pytest.mark.parametrize("point", POINTS)
def test_an_unrepeatable_step_never_starts_twice(folder: Shop, point: str) -> None:
    call = folder.call("whole", "daily > pay")
    folder.killed(call, point)
    for _ in range(2):
        assert in_doubt(folder.answer(call))
    again = changed(call, tries=(2,))
    assert in_doubt(folder.answer(again)) and in_doubt(folder.answer(again))
    assert folder.marks()["pay"] == (0 if point == "before" else 1)


@pytest.mark.parametrize("point", POINTS)
@pytest.mark.parametrize("step", ["put", "undeclared", "look"])
def test_others_go_on_with_the_same_key(folder: Shop, step: str, point: str) -> None:
    call = folder.call("whole", f"daily > {step}")
    folder.killed(call, point)
    answer = folder.answer(call)
    assert (answer.how, answer.value and answer.value.text) == ("ok", "2")  # type: ignore[union-attr]
    begun = 1 if point == "before" else 2
    assert folder.marks() == {step: begun, f"{step} keys": 1}
    assert folder.answer(call) == answer
    assert folder.marks()[step] == begun + (step == "look")


@pytest.mark.parametrize("step", ["pay", "put"])
def test_it_is_so_wherever_claims_are_kept(shop: Shop, step: str) -> None:
    call = shop.call("whole", f"daily > {step}")
    shop.killed(call, "in")
    answer = shop.answer(call)
    assert in_doubt(answer) if step == "pay" else answer.how == "ok"
    other = call.with_run(under=changed(call.run.under, key="other"))
    first = shop.answer(other)
    assert first.how == "ok" and shop.answer(other) == first
    assert shop.marks()[step] == (2 if step == "pay" else 3)


def test_of_two_at_once_one_begins_and_both_answer_its_outcome(shop: Shop) -> None:
    call = shop.call("whole", "daily > pay")
    with shop.started(call) as one, shop.started(call) as other:
        answers = said(one), said(other)
    assert answers[0] == answers[1] and answers[0].how == "ok"
    assert shop.marks() == {"pay": 1, "pay keys": 1}


def test_who_waits_for_one_that_is_killed_is_in_doubt(folder: Shop) -> None:
    call = folder.call("whole", "daily > pay")
    with folder.started(call, "in") as one:
        folder.wait_for_pause(one)
        with folder.started(call) as other:
            one.kill()
            one.wait()
            assert in_doubt(said(other))
    assert folder.marks()["pay"] == 1


def test_a_block_goes_on_behind_what_is_finished(folder: Shop) -> None:
    call = folder.call("block", "block")
    folder.killed(call, "in")  # in `put`
    assert folder.answer(call).how == "ok"
    assert folder.marks() == {
        "put": 2, "put keys": 1, "pay": 1, "pay keys": 1, "look": 1, "look keys": 1,
    }  # fmt: skip
    assert folder.answer(call).how == "ok"
    assert (folder.marks()["put"], folder.marks()["pay"], folder.marks()["look"]) == (2, 1, 2)


def test_a_failure_is_an_outcome_and_the_next_try_is_another(folder: Shop) -> None:
    call = folder.call("failing", "failing > fails", tries=(1,))
    first, second = folder.answer(call), folder.answer(call)
    assert first == second and first.how == "failed"
    assert folder.marks()["fails"] == 1
    assert folder.answer(changed(call, tries=(2,))).how == "failed"
    assert folder.marks() == {"fails": 2, "fails keys": 1}


def test_another_input_is_told_and_nothing_is_done(folder: Shop) -> None:
    call = folder.call("whole", "daily > put")
    assert folder.answer(call).how == "ok"
    answer = folder.answer(folder.call("whole", "daily > put", 2))
    assert answer.how == "held" and answer.fault is not None and answer.fault.tags == ("Changed",)
    assert folder.marks()["put"] == 1


# Where claims are kept


@pytest.fixture(params=["memory", "folder", "bucket", "server"])
def kept(request: pytest.FixtureRequest, monkeypatch: Any) -> Iterator[Any]:
    """What opens the claims of one place, once for each who uses them."""
    opened: list[Claims] = []
    if request.param == "memory":
        claims = InMemory()
        yield lambda: claims
        return
    shop: Shop = request.getfixturevalue(request.param)
    for name, value in shop.env.items():
        monkeypatch.setenv(name, value)

    def opens() -> Claims:
        at_server = request.param == "server"
        opened.append(InPostgres(shop.claims) if at_server else InObjects(Objects(shop.store)))
        return opened[-1]

    yield opens
    for each in opened:
        each.close()


def test_of_many_at_once_one_has_the_claim(kept: Any) -> None:
    everybody, found = Barrier(8), list[object]()

    def claims() -> None:
        here: Claims = kept()
        here.unfinished("other")
        everybody.wait()
        found.append(here.claim(ClaimedAttempt("step", "1"), mine()))

    threads = [Thread(target=claims) for _ in range(8)]
    for each in threads:
        each.start()
    for each in threads:
        each.join()
    assert found.count(None) == 1 and len(found) == 8
    assert len({each for each in found if each is not None}) == 1


def test_what_is_kept_of_an_attempt(kept: Any) -> None:
    claims: Claims = kept()
    one, two, other = ClaimedAttempt("s", "1"), ClaimedAttempt("s", "2-1"), ClaimedAttempt("t", "0")
    assert claims.outcome(one) is None and claims.unfinished("s") == []
    first, second = mine(7, "abc"), mine()
    assert claims.claim(one, first) is None and claims.claim(one, first) in (None, first)
    assert claims.claim(one, second) == first
    assert claims.claim(two, second) is None and claims.claim(other, mine()) is None
    assert sorted(claims.unfinished("s")) == [one, two] == sorted(claims.attempts("s"))
    assert claims.finish(one, '{"ok": "1"}') == '{"ok": "1"}'
    assert claims.finish(one, '{"ok": "2"}') == '{"ok": "1"}' == claims.outcome(one)
    assert claims.unfinished("s") == [two] and sorted(claims.attempts("s")) == [one, two]
    claims.take_over(two, first)
    assert claims.claim(two, mine()) == first


def test_who_is_gone() -> None:
    here = mine()
    assert here._replace(pid=1).is_gone(0) is True  # another process has that number
    assert here._replace(pid=2**22 + 1, began="x").is_gone(0) is True
    assert here._replace(host="elsewhere").is_gone(0) is None
    assert here._replace(host="elsewhere", until=5).is_gone(4) is None
    assert here._replace(host="elsewhere", until=5).is_gone(5) is True
    parent = here._replace(pid=os.getppid(), began=began(os.getppid()))
    assert parent.is_gone(0) is False and parent._replace(until=5).is_gone(5) is True
    assert here.is_gone(0) is True  # of this process, and it is at work on none
