"""What to write where something else stands in a workflow's place. Loaded when something does."""

from collections.abc import Iterable, Iterator, Mapping, Set
from datetime import timedelta
from inspect import isawaitable
from typing import Any, cast

from fwf.algebra.builder import It
from fwf.algebra.functions import uncalled
from fwf.algebra.graph_steps import Ref
from fwf.algebra.plain_values import freeze
from fwf.algebra.workflow import Workflow
from fwf.durations import duration_source
from fwf.printing import elided

MAX_TEXT = 60


def instead(value: object) -> str:
    """What isn't a workflow ⟶ what it is, and what to write instead."""
    if isinstance(value, Ref):
        return f"{value.label} is a step's result; it feeds the step that is called on it"
    if isawaitable(value):
        return f"{_text(value)} comes of a call; write the function's name, with @task above it"
    if callable(value) and not isinstance(value, type):
        return _of_function(value)
    return f"{_text(value)} is not a workflow; {_remedy(value)}"


def _of_function(function: Any) -> str:
    name = getattr(function, "__qualname__", None) or _text(function)
    if "<lambda>" in name:
        return (
            "a lambda has no name, so it can't be printed, compared or exported; "
            "write an expression such as it.total, or a function with @task"
        )
    hint = uncalled(function)
    if hint:
        return f"{_text(function)}: {hint}"
    if not hasattr(function, "__code__") or hasattr(function, "__self__"):
        return f"{name} can't be a task; write a function with @task that calls it"
    namesake: Any = function.__globals__.get(function.__name__)
    if getattr(namesake, "fn", None) is function:
        return f"{name} is the bare function of a task; write {name} for the task"
    return f"{name} is a plain function; put @task above it"


def _remedy(value: object) -> str:
    match value:
        case Iterator():
            return "to run all the workflows that it gives at once write par(*…)"
        case list() | tuple() | Set() | Mapping() if _holds_workflows(value):
            return _of_several(cast(Any, value))
        case type() if issubclass(value, BaseException):
            return f"to fail write fail({value.__name__!r})"
        case BaseException():
            return f"to fail write fail({type(value).__name__!r})"
        case type():
            return "write a function with @task that calls it"
        case timedelta():
            return f"to wait write delay({duration_source(value)})"
        case None:
            return (
                "a function that builds one has to return it; to do nothing write identity, "
                "to give None const(None)"
            )
        case _:
            return _of_plain(value)


def _of_plain(value: object) -> str:
    try:
        freeze(value)
    except Exception:  # not plain, too deep, or whatever printing it raises
        return "and it isn't plain data either: write a function with @task that makes it"
    remedy = f"to give a plain value write {_const(value)}"
    if isinstance(value, bool):
        remedy += "; if it came from a comparison, compare `it` or `param`, not plain values"
    if isinstance(value, str) and value.isidentifier() and len(value) < MAX_TEXT:
        remedy += f"; a task of that name is {value} without quotes"
    return remedy


def _of_several(value: Any) -> str:
    """A collection of workflows: all at once, or what its kind suggests."""
    parts = _parts(value)
    if isinstance(value, Set):
        parts.sort(key=repr)
    sources = [_source(part) for part in parts]
    arguments = ", ".join(sources)
    if isinstance(value, Mapping):
        options = ", ".join(map("=".join, zip(map(str, cast(Any, value)), sources, strict=True)))
        return (
            f"to feed a task with all of them by name write join(task, {options}), to choose one "
            "of them switch(it, {…}, otherwise=…)"
        )
    if all(isinstance(part, It) for part in parts):
        return f"for the tuple of them write pick({arguments})"
    if len(parts) == 1:
        return f"write {arguments} alone; par({arguments}) gives a tuple of one"
    return f"to run all at once write par({arguments}), one after another seq({arguments})"


def _holds_workflows(value: Any) -> bool:
    parts = _parts(value)
    return _any(parts) or any(_is_nest(part) for part in parts)


def _parts(value: Any) -> list[Any]:
    values: Any = value.values if isinstance(value, Mapping) else value.__iter__
    return list(values())


def _is_nest(part: object) -> bool:
    return isinstance(part, list | tuple) and _any(cast(Any, part))


def _any(parts: Iterable[object]) -> bool:
    return any(isinstance(part, Workflow | It) for part in parts)


def _source(part: object) -> str:
    """A part as it would be written; of a list in a list, the parts as they are."""
    if isinstance(part, Workflow | It):
        return _text(cast(object, part))
    if _is_nest(part):
        return f"par({', '.join(map(_text, cast('list[object]', part)))})"
    return _const(part)


def _const(value: object) -> str:
    return f"const({_text(value)})"


def _text(value: object) -> str:
    try:
        text = repr(value)
    except Exception:  # whatever somebody's class raises when it is printed
        text = f"a {type(value).__qualname__}"
    return elided(text, MAX_TEXT)
