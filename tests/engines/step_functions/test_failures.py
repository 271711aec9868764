"""What goes wrong beside the work: functions that can't be called, are ended, or are late."""

from __future__ import annotations

import json
from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from fwf import (
    IdempotencyKey,
    always,
    as_result,
    delay,
    fallback,
    named,
    par,
    retry,
    seconds,
    task,
    timeout,
)
from fwf.interpreters.engines.step_functions.definition import definition
from fwf.interpreters.engines.step_functions.ropes import FUNCTION as PLACE
from fwf.interpreters.engines.worker.claims import InObjects
from fwf.interpreters.engines.worker.loading import Loaded
from fwf.interpreters.engines.worker.objects import Objects
from fwf.interpreters.engines.worker.verbs import answer_call
from fwf.interpreters.engines.worker.work import Places
from tests.engines.step_functions.functions import FUNCTION, Thrown
from tests.engines.step_functions.interpreters import Interpreter, Ran
from tests.engines.step_functions.machines import LIMITS, cut_of

pytestmark = pytest.mark.services  # whole executions


class Shop:
    """A workflow on an interpreter, whose function fails as is said before or after it works."""

    def __init__(self, w: Any, folder: Path) -> None:
        objects = Objects(f"file://{folder}/store")
        self.places = Places(InObjects(objects), objects)
        self.loaded = Loaded.of(w)
        self.text = definition(cut_of(w), "m:w", "w", LIMITS, {}).replace(PLACE, FUNCTION)
        self.calls = Counter[str]()
        self.before: dict[tuple[str, int], str] = {}
        self.after: dict[tuple[str, int], str] = {}

    def __call__(self, given: Any) -> Any:
        key = f"{given['do']} {given['path']}"
        self.calls[key] += 1
        if (key, self.calls[key]) in self.before:
            raise Thrown(self.before[key, self.calls[key]], "no way")
        found = answer_call(given, load=lambda target: self.loaded, places=self.places)
        if (key, self.calls[key]) in self.after:
            raise Thrown(self.after[key, self.calls[key]], "out of memory")
        return found

    def run(self, interpreter: Interpreter, value: Any = 1, *, waits: bool = False) -> Ran:
        return interpreter.run(self.text, {"value": value, "key": "k"}, self, waits=waits)


log: list[str] = []


@pytest.fixture(autouse=True)
def empty() -> None:
    log.clear()


@task(effect="unrepeatable")
def pay(n: int) -> int:
    log.append("pay")
    return n + 1


@task(effect="idempotent")
def put(n: int, *, key: IdempotencyKey) -> int:
    log.append(f"put {key}")
    return n + 2


@task(effect="read")
def broken(n: int) -> int:
    log.append("broken")
    raise ConnectionError("down")


@task(effect="read")
def undo(n: int) -> int:
    log.append("undo")
    return n


@task(effect="read")
def seen(n: int) -> int:
    log.append(f"seen {n}")
    return 10 * n


@task(effect="read")
def broken_once(n: int) -> int:
    log.append("broken once")
    if log.count("broken once") == 1:
        raise ConnectionError("down")
    return n


def value_of(ran: Ran) -> Any:
    return json.loads(ran.output["value"]["text"])


def test_a_function_that_was_not_started_is_called_again(
    interpreter: Interpreter, tmp_path: Path
) -> None:
    shop = Shop(pay >> put, tmp_path)
    shop.before = dict.fromkeys([("run pay", 1), ("run pay", 2)], "Lambda.TooManyRequestsException")
    assert value_of(shop.run(interpreter)) == 4
    assert shop.calls["run pay"] == 3 and log.count("pay") == 1


def test_a_function_that_was_done_but_is_lost_is_answered_by_its_claim(
    interpreter: Interpreter, tmp_path: Path
) -> None:
    shop = Shop(pay >> put, tmp_path)
    shop.after = {("run pay", 1): "Lambda.Unknown", ("run put", 1): "Lambda.ServiceException"}
    assert value_of(shop.run(interpreter)) == 4
    assert shop.calls["run pay"] == shop.calls["run put"] == 2
    assert log.count("pay") == 1 and len({*log}) == 2


def test_a_function_that_is_never_answered_ends_the_run(
    interpreter: Interpreter, tmp_path: Path
) -> None:
    """No handler takes that up: nobody knows what was done."""
    shop = Shop(fallback(always(pay >> put, then=undo), undo), tmp_path)
    shop.before = {("run put", at): "Lambda.Unknown" for at in range(1, 9)}
    ran = shop.run(interpreter)
    assert ran.error == "Lambda.Unknown" and "no way" in ran.cause
    assert log == ["pay"] and shop.calls["run put"] == 4


def test_in_a_branch_it_is_told_with_its_path(interpreter: Interpreter, tmp_path: Path) -> None:
    shop = Shop(named("day", par(as_result(pay), retry(put, attempts=3))), tmp_path)
    shop.before = {("run day > put", at): "Lambda.Unknown" for at in range(1, 9)}
    ran = shop.run(interpreter)
    assert ran.error == "Held"
    assert ran.cause.startswith("day > put: Lost: the worker never answered: ")
    assert log == ["pay"]


def test_a_mistake_of_the_calls_own_is_not_tried_again(
    interpreter: Interpreter, tmp_path: Path
) -> None:
    shop = Shop(pay >> put, tmp_path)
    shop.before = {("run pay", 1): "Unclear"}
    assert shop.run(interpreter).error == "Unclear" and shop.calls["run pay"] == 1


@pytest.mark.parametrize(
    ("w", "said", "value"),
    [
        (seen >> always(seen, then=seen), ["seen 1", "seen 10", "seen 10"], 100),
        (
            seen >> fallback(seen >> always(broken, then=seen), seen),
            ["seen 1", "seen 10", "broken", "seen 100", "seen 10"],
            100,
        ),
        (
            seen >> retry(seen >> broken_once, attempts=2),
            ["seen 1", "seen 10", "broken once", "seen 10", "broken once"],
            100,
        ),
    ],
)
def test_handlers_get_what_their_part_was_given(
    interpreter: Interpreter, tmp_path: Path, w: Any, said: list[str], value: int
) -> None:
    assert value_of(Shop(w, tmp_path).run(interpreter)) == value
    assert log == said


def test_a_failed_run_says_why(interpreter: Interpreter, tmp_path: Path) -> None:
    shop = Shop(named("day", always(broken >> pay, then=undo)), tmp_path)
    ran = shop.run(interpreter)
    assert (ran.error, ran.cause) == ("Failed", "day > broken: ConnectionError: down")
    assert log == ["broken", "undo"]


def test_what_a_run_is_started_with_is_checked(interpreter: Interpreter, tmp_path: Path) -> None:
    ran = Shop(pay, tmp_path).run(interpreter, "no number")
    assert ran.error == "Failed" and "the input can't be read" in ran.cause and not log


def test_a_deadline_of_the_whole_ends_it_after_its_finalisers(
    interpreter: Interpreter, tmp_path: Path
) -> None:
    w = named("day", timeout(always(delay(seconds(1)) >> put, then=undo), seconds(0.5)))
    ran = Shop(w, tmp_path).run(interpreter, waits=True)
    assert (ran.error, ran.cause) == ("Failed", "day: Timeout: not done within 500 ms")
    assert log == ["undo"]
