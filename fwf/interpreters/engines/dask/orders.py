"""What is a worker asked, and what does it answer? One attempt of one task, as bytes and back.

A line of JSON; behind it the tables that are in its values, by name and length.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any, Final, Literal, NamedTuple, TypeAlias

Blobs: TypeAlias = dict[str, bytes]
"""The tables of values, by the digest of their content."""
Word: TypeAlias = Literal["ok", "failed", "cut", "doubt", "refused", "broken"]
"""How an attempt ended: "doubt": it was begun before, and nobody knows whether it was done;
"refused": nothing was begun, since the worker can't; "broken": nothing was begun, since the cluster
is in trouble."""


class Order(NamedTuple):
    """One attempt of one task.

    station: what of the worker is the run's.
    task: the digest of the task's definition; code: that of its body.
    run: the run's id; started: when it began; run_key: its name.
    step: what the attempt is claimed by; number: which it is of those of its step; tries: the
        numbers of the attempts of the retries around it.
    value: what it is given, as text; params: what is injected of parameters.
    facts: what is injected of facts, by local name: which fact, and its value.
    resources: by local name, the names in the run.
    given: a digest of value and params.
    again: whether the step was begun before, as a journal has it.
    asks: whether an earlier attempt of a repeatable step may be at work: the keeper is asked.
    watched: whether it is claimed though it has no effect: its workers died before.
    located: whether its code may ask which attempt it is.
    decimals: the context of `decimal`, if the caller has changed it.
    """

    station: str
    task: str
    code: str
    name: str
    path: str
    run: str
    started: str
    run_key: str | None
    step: str
    number: int
    tries: tuple[int, ...]
    value: str
    params: str
    facts: Mapping[str, tuple[str, Any]]
    resources: Mapping[str, str]
    given: str
    again: bool = False
    asks: bool = False
    watched: bool = False
    located: bool = False
    decimals: str = ""


class Answer(NamedTuple):
    """How an attempt ended.

    text: the value's; of "failed" the fault as JSON; of the others what is to be said.
    """

    word: Word
    text: str


TOO_LATE: Final = Answer("cut", "")
"""Of an attempt that was cut before it began."""
_LINE: Final = b"\n"


def order_to_bytes(order: Order, blobs: Blobs) -> bytes:
    """Order, the tables in its values ⟶ bytes."""
    return _sealed(order, blobs)


def order_from_bytes(content: bytes) -> tuple[Order, Blobs]:
    """Bytes ⟶ the order, and the tables in its values."""
    fields, blobs = _opened(content)
    order = Order(*fields)
    return order._replace(tries=tuple(order.tries)), blobs


def answer_to_bytes(answer: Answer, blobs: Blobs) -> bytes:
    """Answer, the tables in its value ⟶ bytes."""
    return _sealed(answer, blobs)


def answer_from_bytes(content: bytes) -> tuple[Answer, Blobs]:
    """Bytes ⟶ the answer, and the tables in its value."""
    fields, blobs = _opened(content)
    return Answer(*fields), blobs


def _sealed(fields: tuple[Any, ...], blobs: Blobs) -> bytes:
    sizes = [(name, len(each)) for name, each in blobs.items()]
    return b"".join((json.dumps([fields, sizes]).encode(), _LINE, *blobs.values()))


def _opened(content: bytes) -> tuple[list[Any], Blobs]:
    end = content.index(_LINE)
    fields, sizes = json.loads(content[:end])
    blobs: Blobs = {}
    at = end + 1
    for name, size in sizes:
        blobs[name] = content[at : at + size]
        at += size
    return fields, blobs
