"""Which values can be read only once: iterators, and what is to be awaited.

None goes from one part of a workflow to another: the second that reads it, be it a part beside the
first or another attempt, would find it empty.
"""

from datetime import date, datetime, timedelta
from decimal import Decimal
from types import AsyncGeneratorType, CoroutineType, GeneratorType, NoneType
from typing import Any, TypeVar, cast

T = TypeVar("T")
FREE = frozenset(
    {NoneType, bool, int, float, str, bytes, list, dict, set, frozenset}
    | {Decimal, date, datetime, timedelta}
)
"""Classes of which it is known at once that they can be read again."""
_WORDS: dict[type, str] = {
    GeneratorType: "a generator",
    AsyncGeneratorType: "an async generator",
    CoroutineType: "a coroutine",
}
_REMEDY = "collect it into a list, or write rows to a store and return where"


def readable(value: T) -> T:
    """The result of a task itself; raises `TypeError` if it can be read only once."""
    if type(value) not in FREE:
        complaint = read_once(value)
        if complaint:
            raise TypeError(f"its result is {complaint}")
    return value


def read_once(value: Any) -> str:
    """Value ⟶ what it is and what to give instead, if it can be read only once; else nothing.

    What stands in a tuple counts too, since its parts go to several parameters.
    """
    cls = cast(Any, type(value))
    if cls in FREE:
        return ""
    if cls is tuple:
        for each in value:
            if type(each) not in FREE and (complaint := read_once(each)):
                return complaint
        return ""
    if hasattr(cls, "__await__"):
        if cls is CoroutineType:
            value.close()  # else Python warns that nobody awaited it
        return f"{_what_it_is(cls)}, which nobody awaits: write async def, and await it there"
    return (
        f"{_what_it_is(cls)}, which can be read only once: {_REMEDY}" if _is_iterator(value) else ""
    )


def _is_iterator(value: Any) -> bool:
    """Whether it is its own iterator, as cursors and open files are too."""
    cls = cast(Any, type(value))
    try:
        if hasattr(cls, "__next__"):
            return iter(value) is value
        return hasattr(cls, "__anext__") and value.__aiter__() is value
    except Exception:  # whatever somebody's `__iter__` raises, of a closed file or cursor
        return True


def _what_it_is(cls: type) -> str:
    name = cls.__qualname__
    return _WORDS.get(cls) or f"{'an' if name[0] in 'aeiouAEIOU' else 'a'} {name}"
