"""What is each kind of state in Amazon's States Language, as this printer writes it?

No text of somebody's stands in a field that is read as a path: paths are made of names of ours.
Names of states have nothing in them that JSON escapes.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final, NamedTuple

from fwf.interpreters.engines.step_functions.ropes import FUNCTION, Rope, quoted

SECONDS: Final = 960
"""The longest that a call may take: the 15 minutes of a function, and a minute on the way."""
MOST_SECONDS: Final = 99_999_999
"""The longest that a Wait may take."""
CONTEXT: Final = {"in.$": "$"}
"""What a call is given: the whole context."""
FACTS: Final = {"in": {"run.$": "$.run", "scope.$": "$.scope", "out.$": "$.out"}}
"""The same, of a state that has something beside it."""
_AGAIN: Final = [
    {
        "ErrorEquals": ["Lambda.TooManyRequestsException"],
        "IntervalSeconds": 2,
        "MaxAttempts": 8,
        "BackoffRate": 2,
        "MaxDelaySeconds": 60,
    },
    {
        "ErrorEquals": [
            "Lambda.ServiceException",
            "Lambda.AWSLambdaException",
            "Lambda.SdkClientException",
            "Lambda.ClientExecutionTimeoutException",
            "Lambda.Unknown",
            "Runtime.ExitError",
            "Sandbox.Timedout",
            "States.Timeout",
        ],
        "IntervalSeconds": 5,
        "MaxAttempts": 3,
        "BackoffRate": 2,
    },
]
"""What Lambda itself does wrong isn't the work's failure, and has attempts of its own.

Whether it was begun nobody knows, unless there were too many: claims make a second start safe, and
a block goes on behind what is finished in it.
"""
AGAIN: Final = quoted(_AGAIN)
ITEM: Final = {
    "run.$": "$.run",
    "scope.$": "$.scope",
    "item.$": "$$.Map.Item.Value",
    "out": {
        "word": "ok",
        "to": "",
        "wait": 0,
        "value.$": "$$.Map.Item.Value.value",
        "begun.$": "$$.Map.Item.Value.begun",
    },
}
"""What each item of a map begins with."""


class State(NamedTuple):
    """A state: its name, the states that it may go on to, its text."""

    name: str
    to: tuple[str, ...]
    text: Rope


def state(name: str, kind: str, fields: Mapping[str, Any], *to: str) -> State:
    """A state of one of the plain kinds; one that goes on to another says so as `Next`."""
    following = to or ((fields["Next"],) if "Next" in fields else ())
    return State(name, following, f"{quoted(name)}:{quoted({'Type': kind, **fields})}")


def task(
    name: str,
    parameters: Mapping[str, Any],
    lost: str,
    following: str,
    seconds: int = SECONDS,
) -> State:
    """A call of the function; `lost` is the state for when it can't be called."""
    text = (
        f'"{name}":{{"Type":"Task","Resource":"{FUNCTION}","Parameters":{quoted(parameters)},'
        f'"TimeoutSeconds":{seconds},"Retry":{AGAIN},"Catch":[{{"ErrorEquals":["States.ALL"],'
        f'"ResultPath":"$.lost","Next":"{lost}"}}],"Next":"{following}"}}'
    )
    return State(name, (following, lost), text)


def choice(name: str, variable: str, goes: Sequence[tuple[str, str]], otherwise: str) -> State:
    """By a text at a path, to one state or another."""
    choices = ",".join(
        f'{{"Variable":"{variable}","StringEquals":"{value}","Next":"{to}"}}'
        for value, to in goes
        if to != otherwise
    )
    text = f'"{name}":{{"Type":"Choice","Choices":[{choices}],"Default":"{otherwise}"}}'
    return State(name, (*(each for _, each in goes), otherwise), text)


def copied(name: str, source: str, to: str, following: str) -> State:
    """What is at one path is put at another."""
    return state(name, "Pass", {"InputPath": source, "ResultPath": to, "Next": following})


def put(name: str, result: object, to: str, following: str) -> State:
    """A value is put at a path."""
    return state(name, "Pass", {"Result": result, "ResultPath": to, "Next": following})


def lost(name: str, path: object, following: str) -> State:
    """What comes out of a call that nothing came back from, but an error of Lambda's."""
    out = {"word": "held", "to": "", "wait": 0, "path": path, "lost.$": "$.lost"}
    fields = {"Parameters": out, "ResultPath": "$.out", "Next": following}
    return state(name, "Pass", fields)


def machine(start: str, states: Sequence[State]) -> Rope:
    """The fields of a machine, or a branch: those states that can be come to, the last first.

    AWS refuses others, such as a handler of what can't fail.
    """
    to = {each.name: each.to for each in states}
    todo, reached = [start], {start}
    while todo:
        new = {*to[todo.pop()]} - reached
        reached |= new
        todo += new
    lines: list[Rope] = []
    for each in reversed(states):
        if each.name in reached:
            lines += [",\n", each.text]
    return [f'"StartAt":{quoted(start)},"States":{{\n', lines[1:], "}"]


def parallel(name: str, branches: Sequence[Rope], fields: Mapping[str, Any], to: str) -> State:
    """Branches side by side, each the fields of a machine."""
    inner: list[Rope] = []
    for each in branches:
        inner += [",", ["{", each, "}"]]
    head = f'{quoted(name)}:{{"Type":"Parallel","Branches":['
    text = [head, inner[1:], "],", quoted({**fields, "Next": to})[1:]]
    return State(name, (to,), text)


def mapped(name: str, body: Rope, fields: Mapping[str, Any], to: str) -> State:
    """A body for each item of what came out last."""
    head = f'{quoted(name)}:{{"Type":"Map","ItemsPath":"$.out.items","ItemSelector":{quoted(ITEM)},'
    inner = ['"ItemProcessor":{"ProcessorConfig":{"Mode":"INLINE"},', body, "},"]
    return State(name, (to,), [head, inner, quoted({**fields, "Next": to})[1:]])
