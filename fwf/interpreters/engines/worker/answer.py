"""How did a part end that a worker was asked to run? As JSON, and back."""

from __future__ import annotations

import json
from typing import Any, Final, Literal, TypeAlias, cast, final

from fwf.faults import Fault
from fwf.faults.fault_form import fault_from_json, fault_to_json
from fwf.forms.refusal import Refused
from fwf.forms.scalar_form import (
    Json,
    read_choice,
    read_fields,
    read_text,
    read_texts,
    written_text,
)
from fwf.forms.strict import parsed
from fwf.interpreters.engines.worker.order import FORM, MOST, clear, read_form
from fwf.interpreters.engines.worker.packed_values import Packed, packed_from_json, packed_to_json
from fwf.records import record

Ending: TypeAlias = Literal["ok", "failed", "cut", "held", "refused"]
Word: TypeAlias = Literal["retry", "fallback", "as_result", "map_each"]
_ENDINGS: Final = ("ok", "failed", "cut", "held", "refused")
_WORDS: Final = ("retry", "fallback", "as_result", "map_each")
_SECOND: Final = 1_000_000


@final
@record()
class Taker:
    """What takes up a fault: the innermost node around the part that does, and its path."""

    word: Word
    path: str


@final
@record()
class Answer:
    """How a part ended.

    how: "ok", with a value; "failed", with a fault that what is around the part may take up;
        "cut", by the deadline it was given or by a signal, which nothing between takes up; "held",
        until a person has decided, which nothing takes up at all; "refused", without anything
        having been started: `said` says why.
    taker: what takes the fault up, as far as the part alone decides it: a `retry` while it has
        attempts left, a `fallback`, `as_result`, or a `map_each` that collects.
    degraded: the paths where the value isn't what was meant.
    """

    how: Ending
    value: Packed | None = None
    fault: Fault | None = None
    taker: Taker | None = None
    degraded: tuple[str, ...] = ()
    said: str = ""


_FIELDS: Final = ("fwf", "how", "value", "fault", "taker", "degraded", "said")


def answer_to_json(answer: Answer, now: int = 0) -> Json:
    """Answer, the time on the worker's clock (µs) ⟶ JSON.

    Before which time an error asked not to be tried again is said as seconds from now.
    """
    fault, taker = answer.fault, answer.taker
    return {
        "fwf": FORM,
        "how": answer.how,
        "value": None if answer.value is None else packed_to_json(answer.value),
        "fault": None if fault is None else fault_to_text(fault, now),
        "taker": taker and {"word": taker.word, "path": written_text(taker.path)},
        "degraded": [*map(written_text, answer.degraded)],
        "said": written_text(answer.said),
    }


def answer_from_json(given: Json, now: int = 0) -> Answer:
    """JSON, the time on the reader's clock (µs) ⟶ the answer; raises `Unclear` for others."""
    return clear("answer", lambda: _answer(given, now))


def answer_to_text(answer: Answer, now: int = 0) -> str:
    """Answer ⟶ its text."""
    return json.dumps(answer_to_json(answer, now))


def answer_from_text(text: str | bytes, now: int = 0) -> Answer:
    """The text of an answer ⟶ the answer; raises `Unclear`."""
    return clear("answer", lambda: _answer(parsed(text, MOST), now))


def _answer(given: Json, now: int) -> Answer:
    fields = read_form(given, _FIELDS)
    how: Ending = read_choice(fields["how"], "/how", _ENDINGS)
    value, fault, taker = fields["value"], fields["fault"], fields["taker"]
    if (value is None) is (how == "ok"):
        raise Refused("/value", "of what is ok there is a value, and of nothing else")
    if (fault is None) is (how in ("failed", "cut", "held")):
        raise Refused("/fault", "of what failed, was cut or is held there is a fault")
    return Answer(
        how,
        None if value is None else packed_from_json(value, "/value"),
        None if fault is None else fault_from_text(read_text(fault, "/fault"), now),
        None if taker is None else _taker(taker),
        read_texts(fields["degraded"], "/degraded"),
        read_text(fields["said"], "/said"),
    )


def fault_to_text(fault: Fault, now: int) -> str:
    """Fault, the time on the worker's clock (µs) ⟶ its text: JSON, and of ASCII alone.

    A lone surrogate in it is as Python's own JSON has it; others refuse that, and needn't read it.
    """
    return json.dumps(_shifted(fault_to_json(fault), -now))


def fault_from_text(text: str, now: int) -> Fault:
    """The text of a fault, the time on the reader's clock (µs) ⟶ the fault; raises `Refused`."""
    try:
        return fault_from_json(_shifted(json.loads(text), now))
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
        raise Refused("/fault", str(error)) from None


def _taker(given: Json) -> Taker:
    fields = read_fields(given, "/taker", ("word", "path"))
    word: Word = read_choice(fields["word"], "/taker/word", _WORDS)
    return Taker(word, read_text(fields["path"], "/taker/path"))


def _shifted(form: dict[str, Any], by: int) -> dict[str, Any]:
    """The form of a fault, its times on another clock (µs). Explicit stack."""
    todo = [form]
    while todo:
        for leaf in cast("list[dict[str, Any]]", todo.pop()["leaves"]):
            if leaf.get("not_before") is not None:
                leaf["not_before"] += by / _SECOND
            if leaf.get("cause") is not None:
                todo.append(leaf["cause"])
    return form
