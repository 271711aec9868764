"""Which values are results whose failure is a fault, and what is said of the others."""

from collections.abc import Callable
from typing import Any, cast, get_args

from returns.result import Failure, Result, Success

from fwf.algebra.plain_values import Codec, codec_of, freeze, register_codec, source
from fwf.faults import Fault, matches
from fwf.faults.fault_form import fault_from_json, fault_to_json
from fwf.types.comparison import type_only


def content_of(result: Any) -> tuple[bool, Any]:
    """Result ⟶ whether it is a failure, and what is in it."""
    is_failure = isinstance(result, Failure)
    inside: Any = cast(Any, result).failure() if is_failure else result.unwrap()
    return is_failure, inside


def misfit(value: Any) -> str:
    """Why a value isn't what `as_result` gives; empty if it is."""
    if not isinstance(value, Result):
        return f"{type_only(value)} is no result; put as_result(…) around what makes it"
    is_failure, inside = content_of(value)
    if not is_failure or isinstance(inside, Fault):
        return ""
    return (
        f"a Failure of {type_only(inside)} is no fault; put as_result(…) around a task that "
        "raises it"
    )


def answer(word: str, value: Any, on: tuple[str, ...] = ()) -> Any:
    """What `failed`, `value_of` and `fault_of` say of a result; raises `ValueError` if nothing."""
    wrong = misfit(value)
    if wrong:
        raise ValueError(wrong)
    is_failure, inside = content_of(value)
    if word == "failed":
        return is_failure and matches(on, inside, otherwise_all=True)
    if is_failure != (word == "fault_of"):
        outcome = f"it failed ({inside.tags[0]})" if is_failure else "it is a success"
        raise ValueError(f"{outcome}; choose by branch(failed(…), …) first")
    return inside


def copied(value: Any, copy: Callable[[Any], Any]) -> Any:
    """A result with a copy of what is in it; a fault itself, which can't change."""
    if not isinstance(value, Result):
        return value
    is_failure, inside = content_of(value)
    return Failure(copy(inside)) if is_failure else Success(copy(inside))


def source_of(value: Any, depth: int = 0) -> str:
    """Result or fault ⟶ Python source that makes it, but for exceptions and their tracebacks."""
    if isinstance(value, Result):
        is_failure, inside = content_of(value)
        return f"{'Failure' if is_failure else 'Success'}({_source(inside, depth)})"
    names: tuple[str, ...] = value.__match_args__
    fields = [(name, getattr(value, name)) for name in names if name not in _UNTOLD]
    fields = [(name, each) for name, each in fields if (name, each) != ("why", "")]
    arguments = [f"{name}={_source(each, depth)}" for name, each in fields if each is not None]
    return f"{type(value).__name__}({', '.join(arguments)})"


_UNTOLD = ("error", "traceback")
MAX_DEPTH = 20
"""So deep a fault is written down; what is deeper is …, as in the source of workflows."""


def _source(value: Any, depth: int) -> str:
    if depth > MAX_DEPTH:
        return "…"
    if isinstance(value, Fault | Result):
        return source_of(value, depth + 1)
    several = cast(Any, value) if isinstance(value, tuple) else ()
    if several and all(isinstance(each, Fault) for each in several):
        parts = [_source(each, depth) for each in several]
        return f"({', '.join(parts)}{',' if len(parts) == 1 else ''})"
    return source(freeze(cast(Any, value)))


def _inside(result: Any) -> object:
    return content_of(result)[1]


def codecs() -> dict[str, Codec]:
    """The codecs of results and faults by their names."""
    all_codecs = [codec_of(cls) for cls in (Success, Failure, *get_args(Fault))]
    return {codec.name: codec for codec in all_codecs if codec is not None}


register_codec(Success, name="fwf.Success", to_plain=_inside, from_plain=Success)
register_codec(Failure, name="fwf.Failure", to_plain=_inside, from_plain=Failure)
for _cls in get_args(Fault):
    register_codec(
        _cls,
        name=f"fwf.{_cls.__name__}",
        to_plain=fault_to_json,
        from_plain=fault_from_json,
    )
