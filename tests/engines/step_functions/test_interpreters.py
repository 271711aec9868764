"""What is written uses only what both interpreters take, and take alike: tried here one by one."""

import json
from typing import Any

import pytest

from tests.engines.step_functions.functions import FUNCTION, Thrown
from tests.engines.step_functions.interpreters import Interpreter, Ran

OUT = {"word": "ok", "to": "", "wait": 0, "value": {"text": "5"}}
CONTEXT = {"run": {"key": "k"}, "scope": {}, "out": OUT}
END = {"End": True}
HOSTILE = "$.x {{ it }} ${a} \"'\n States.Format('x') é 😀 \u2028"


def machine(**states: Any) -> str:
    return json.dumps({"StartAt": next(iter(states)), "States": states})


def task(**fields: Any) -> dict[str, Any]:
    return {"Type": "Task", "Resource": FUNCTION, **fields}


def answer(given: Any) -> Any:
    """What it is given, or what that asks for."""
    if isinstance(given, dict) and "fail" in given:
        raise Thrown(given["fail"], "oh")
    return given


def inner(kind: str, **fields: Any) -> dict[str, Any]:
    return {"StartAt": kind, "States": {kind: fields}}


ITEMS: dict[str, Any] = {
    "Type": "Map",
    "ItemsPath": "$.out.items",
    "ItemSelector": {
        "scope.$": "$.scope",
        "item.$": "$$.Map.Item.Value",
        "out": {"word": "ok", "value.$": "$$.Map.Item.Value.value"},
    },
    "ItemProcessor": {
        "ProcessorConfig": {"Mode": "INLINE"},
        **inner("x", **task(Parameters={"in.$": "$"}, OutputPath="$.in.out", **END)),
    },
    "ResultPath": "$.parts",
    **END,
}
WORKED: dict[str, tuple[str, Any, Any]] = {
    "texts of somebody's in parameters": (
        machine(a=task(Parameters={"path": HOSTILE, "in.$": "$"}, **END)),
        CONTEXT,
        {"path": HOSTILE, "in": CONTEXT},
    ),
    "a copy into what isn't there yet": (
        machine(a={"Type": "Pass", "InputPath": "$.out", "ResultPath": "$.scope.p1.item", **END}),
        CONTEXT,
        {**CONTEXT, "scope": {"p1": {"item": OUT}}},
    ),
    "a result, in which nothing is a path": (
        machine(
            a={"Type": "Pass", "Result": {"a.$": "$.x", "b": "$.y"}, "ResultPath": "$.out", **END}
        ),
        CONTEXT,
        {**CONTEXT, "out": {"a.$": "$.x", "b": "$.y"}},
    ),
    "a text as a result": (
        machine(a={"Type": "Pass", "Result": "done", "ResultPath": "$.out.word", **END}),
        CONTEXT,
        {**CONTEXT, "out": {**OUT, "word": "done"}},
    ),
    "a way back": (
        machine(
            a={
                "Type": "Choice",
                "Choices": [{"Variable": "$.out.word", "StringEquals": "ok", "Next": "b"}],
                "Default": "c",
            },
            b={"Type": "Pass", "Result": "up", "ResultPath": "$.out.word", "Next": "a"},
            c={"Type": "Succeed", "InputPath": "$.out"},
        ),
        CONTEXT,
        {**OUT, "word": "up"},
    ),
    "a wait of no time": (
        machine(a={"Type": "Wait", "SecondsPath": "$.out.wait", **END}),
        CONTEXT,
        CONTEXT,
    ),
    "branches that end in different ways": (
        machine(
            a={
                "Type": "Parallel",
                "Parameters": {"in": {"run.$": "$.run", "out.$": "$.out"}},
                "Branches": [
                    inner("x", **task(OutputPath="$.in.out", **END)),
                    inner("y", Type="Succeed", InputPath="$.in.run"),
                ],
                "ResultPath": "$.steps.l0",
                "Next": "b",
            },
            b=task(Parameters={"parts.$": "States.Array($.steps.l0[1], $.steps.l0[0])"}, **END),
        ),
        CONTEXT,
        {"parts": [{"key": "k"}, OUT]},
    ),
    "items": (
        machine(a={**ITEMS, "MaxConcurrency": 1}),
        {"scope": {}, "out": {"items": [{"value": "$.x"}, {"value": None}, {"value": [1]}]}},
        {
            "scope": {},
            "out": {"items": [{"value": "$.x"}, {"value": None}, {"value": [1]}]},
            "parts": [{"word": "ok", "value": value} for value in ("$.x", None, [1])],
        },
    ),
    "no items": (
        machine(a=ITEMS),
        {"scope": {}, "out": {"items": []}},
        {"scope": {}, "out": {"items": []}, "parts": []},
    ),
    "a function that can't be called": (
        machine(
            a=task(
                Parameters={"fail": "Lambda.Unknown"},
                Retry=[{"ErrorEquals": ["Lambda.Unknown"], "MaxAttempts": 2, "BackoffRate": 2}],
                Catch=[{"ErrorEquals": ["States.ALL"], "ResultPath": "$.lost", "Next": "b"}],
                **END,
            ),
            b={"Type": "Pass", "Result": {"word": "held"}, "ResultPath": "$.out", "Next": "c"},
            c={"Type": "Succeed", "OutputPath": "$.out"},
        ),
        CONTEXT,
        {"word": "held"},
    ),
}


@pytest.mark.parametrize("case", WORKED)
def test_both_take_alike(case: str, interpreter: Interpreter) -> None:
    definition, given, output = WORKED[case]
    assert interpreter.run(definition, given, answer) == Ran(output)


def test_an_error_and_its_cause_are_taken_from_paths(interpreter: Interpreter) -> None:
    failing = machine(a={"Type": "Fail", "ErrorPath": "$.word", "CausePath": "$.said"})
    found = interpreter.run(failing, {"word": "up", "said": HOSTILE}, answer)
    assert found == Ran(None, "up", HOSTILE)


def test_what_waits_really_waits(interpreter: Interpreter) -> None:
    import time

    waiting = machine(a={"Type": "Wait", "SecondsPath": "$.out.wait", **END})
    before = time.monotonic()
    interpreter.run(waiting, {"out": {"wait": 1}}, answer, waits=True)
    assert time.monotonic() - before >= 0.95
