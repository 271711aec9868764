"""What pods leave to one another: the first one's counts, and what is missing is told."""

from __future__ import annotations

import time
from typing import Any

import pytest

from fwf.interpreters.engines.argo.contexts import Contexts
from fwf.interpreters.engines.argo.orders import Order, decoded, encoded, order_of
from fwf.interpreters.engines.argo.pod import Pod
from fwf.interpreters.engines.worker.objects import StoreError
from fwf.interpreters.engines.worker.packed_values import packed, packed_to_json
from tests.engines.argo.running import Memory

ORDER = Order("ask", "begin", ({"do": "run", "part": "p", "path": "ask"},))


def context(word: str, **more: Any) -> dict[str, Any]:
    out = {"word": word, "to": "", "wait": 0, "value": {"text": "1"}, **more}
    return {"run": {}, "scope": {}, "out": out}


def test_of_two_pods_that_do_the_same_at_once_the_first_one_counts() -> None:
    contexts = Contexts(Memory(), "run")
    contexts.leave("begin@r", context("ok"))

    def call(given: Any) -> dict[str, Any]:
        contexts.leave("ask@r", context("then"))  # by another pod, meanwhile
        return context("otherwise")

    assert Pod(ORDER, contexts, target="shop:daily", call=call).done().word == "then"


TRIED = Order("ask", "begin", ({"note": "p1"}, *ORDER.ops), "p1")


@pytest.mark.parametrize(("number", "found"), [(2, "3"), (1, "3"), (0, "1")])
def test_an_attempt_goes_on_from_the_last_one_that_has_left_something(
    number: int, found: str
) -> None:
    """A pod that was killed in between has left nothing."""
    contexts, given, slept = Contexts(Memory(), "run"), list[Any](), list[float]()
    contexts.leave("begin@r", context("ok"))
    before = context("up", to="p1", wait=5, value={"text": "3"})
    contexts.put("ask@r.try0.0", {"context": before, "until": time.time() + 5})

    def call(asked: Any) -> dict[str, Any]:
        given.append(asked["in"])
        return context("ok")

    how: Any = {"number": number, "call": call, "sleep": slept.append}
    assert Pod(TRIED, contexts, target="shop:daily", **how).done().status == 0
    assert [each["out"]["value"]["text"] for each in given] == [found]
    assert [4 < seconds <= 5 for seconds in slept] == [True] * (number > 0)


def test_an_attempt_anew_goes_on_from_none_of_those_before() -> None:
    contexts, given = Contexts(Memory(), "run"), list[Any]()
    contexts.leave("begin@r", context("ok"))
    contexts.put("ask@r.try0.0", {"context": context("up", value={"text": "3"}), "until": 0})

    def call(asked: Any) -> dict[str, Any]:
        given.append(asked)
        return context("ok")

    Pod(TRIED, contexts, target="shop:daily", number=1, again=2, call=call).done()
    assert [(each["in"]["out"]["value"]["text"], each["again"]) for each in given] == [("1", 2)]


def test_a_failed_attempt_leaves_when_the_next_one_may_begin() -> None:
    contexts = Contexts(Memory(), "run")
    contexts.leave("begin@r", context("ok"))
    up = context("up", to="p1", wait=7)
    now = time.time()
    done = Pod(TRIED, contexts, target="shop:daily", call=lambda _: up).done()
    left = contexts.find("ask@r.try0.0")
    assert done.status == 75 and left is not None and left["context"] == up
    assert now + 7 <= left["until"] <= time.time() + 7


def test_what_nobody_has_left_is_told_by_name() -> None:
    done = Pod(ORDER, Contexts(Memory(), "run"), target="shop:daily").done()
    assert done.status == 1
    assert done.said.startswith("begin@r: nothing is left in the store by this name")


def test_many_are_found_in_their_order() -> None:
    contexts = Contexts(Memory(), "run")
    names = [f"item@r.{at}" for at in range(50)]
    for name in names[::2]:
        contexts.leave(name, context(name))
    found = contexts.find_all(names)
    assert [each and each["out"]["word"] for each in found[:3]] == ["item@r.0", None, "item@r.2"]
    assert len(found) == 50


def test_a_text_that_is_kept_by_reference_is_read_and_compared() -> None:
    memory = Memory()
    contexts = Contexts(memory, "run")
    assert contexts.text(packed_to_json(packed('"long"', 1, memory))) == '"long"'
    memory.put("other.json", b'"long"')
    with pytest.raises(StoreError, match=r"other\.json: what is kept there isn't what was written"):
        contexts.text({"ref": "other.json", "bytes": 6})


def test_an_order_is_read_as_it_was_written() -> None:
    order = Order(
        "a", {"any": ["b", {"item": "c"}]}, ({"note": "p1"},), "p1", "e", True, True, True
    )
    read = order_of(order.text())
    fields = Order.__match_args__
    assert [getattr(read, name) for name in fields] == [getattr(order, name) for name in fields]
    assert decoded(encoded({"é": [None, 1.5, '"{{']})) == {"é": [None, 1.5, '"{{']}
    with pytest.raises(ValueError, match="is no JSON in base64"):
        decoded("{}")
