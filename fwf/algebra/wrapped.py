"""Which function does a task's function wrap, and does what it is called with get through to it?

A decorator that uses `functools.wraps` gives a function with `__wrapped__`. Such a function is a
task by the signature, and by the name, of the one that it wraps in the end; whether what it returns
is awaited, it says itself. So the decorators are a part of the task's body: like that, they are no
part of its identity, and `version=` says that they do something else.
"""

from collections.abc import Callable, Iterator
from types import BuiltinFunctionType, FunctionType, MethodType
from typing import Any, cast

from fwf.algebra.functions import COROUTINE, KWARGS, VARARGS, place_of

MAX_WRAPPERS = 100


def chain(function: Any) -> Iterator[Any]:
    """Function ⟶ itself, the one that it wraps, and so on."""
    for _ in range(MAX_WRAPPERS):
        yield function
        if not isinstance(function, FunctionType) or not hasattr(function, "__wrapped__"):
            return
        function = cast(Any, function).__wrapped__
    raise TypeError(f"@task: {function.__qualname__} wraps itself")


def innermost(function: Any) -> Any:
    """Function ⟶ the one that it wraps in the end; itself if it wraps none."""
    *_, last = chain(function)
    return last


def is_awaited(function: Any) -> bool:
    """Whether what a function returns is to be awaited, as itself or its marker says."""
    if function.__code__.co_flags & COROUTINE:
        return True
    return hasattr(function, "_is_coroutine_mark")  # by `inspect.markcoroutinefunction`


def plain_function(function: Any) -> Any:
    """What stands under `@task` ⟶ the plain function that it is in the end; raises `TypeError`."""
    for each in chain(function):
        if not isinstance(each, FunctionType):
            raise TypeError(
                f"@task: {_label(each)} is not a plain function; a task is written with def: "
                "write one that calls it, and take what it holds as parameters after *, or as "
                "config= of the function that makes the task"
            )
    inner = innermost(function)
    for each in chain(function):
        if each is not inner:
            _refuse_other_name(each, inner)
            _refuse_other_call(each, inner)
    return inner


def _label(thing: Any) -> str:
    """What isn't a function, without what it holds, which may be a password."""
    if isinstance(thing, type):
        return f"the class {thing.__qualname__}"
    if isinstance(thing, MethodType):
        return f"the method {thing.__func__.__qualname__} of an object"
    if isinstance(thing, BuiltinFunctionType):
        return f"the built-in {thing.__qualname__}"
    inner = getattr(thing, "func", None) or getattr(thing, "__wrapped__", None)
    name = getattr(inner, "__qualname__", None)
    kind = cast(Any, type(thing))
    kind_text = f"{'an' if kind.__name__[0] in 'aeiouAEIOU' else 'a'} {kind.__name__}"
    if name is not None:
        return f"{kind_text} of {name}"
    has_no_name = callable(thing) or kind in (staticmethod, classmethod, property)
    return kind_text if has_no_name else repr(thing)


def _refuse_other_name(wrapper: Any, inner: Any) -> None:
    if place_of(wrapper) != place_of(inner):
        raise TypeError(
            f"@task: {wrapper.__qualname__} wraps {inner.__qualname__} under another name, which "
            f"doesn't say where the task is defined: write @functools.wraps(…) above "
            f"{wrapper.__code__.co_name}, with nothing left out"
        )


def _refuse_other_call(wrapper: Any, inner: Any) -> None:
    """Raise where a wrapper can't be called as the signature of what it wraps says."""
    inner_code, own = inner.__code__, wrapper.__code__
    n, m = inner_code.co_argcount, inner_code.co_kwonlyargcount
    by_name = set(inner_code.co_varnames[n : n + m])
    k, keys = own.co_argcount, own.co_kwonlyargcount
    parameters = set(own.co_varnames[: k + keys])
    required = set(own.co_varnames[k : k + keys]) - set(wrapper.__kwdefaults__ or ())
    fits = (
        n == k or (n > k and own.co_flags & VARARGS) or k > n >= k - len(wrapper.__defaults__ or ())
    )
    lost = (
        required - by_name
        if own.co_flags & KWARGS
        else (by_name - parameters) | (required - by_name)
    )
    if lost or not fits:
        what = f"{min(lost)!r}" if lost else f"{n} positional argument{'' if n == 1 else 's'}"
        raise TypeError(
            f"@task: {inner.__qualname__} is wrapped in {own.co_name}, which isn't called with the "
            f"same as it is, by {what}: let {own.co_name} take *args and **kwargs and pass them "
            "on; if it is to have a signature of its own, leave functools.wraps out, and write a "
            "task that calls it"
        )


def same_functions(one: Callable[..., Any], other: Callable[..., Any]) -> bool:
    """Whether two tasks' functions are of one source, and their decorators called alike."""
    return [*map(_source_and_cells, chain(one))] == [*map(_source_and_cells, chain(other))]


def _source_and_cells(function: Any) -> tuple[Any, ...]:
    """A function ⟶ its code and, of a decorator's, the plain values that it was called with."""
    code = function.__code__
    if not hasattr(function, "__wrapped__"):
        return (code,)
    cells = zip(code.co_freevars, function.__closure__ or (), strict=True)
    return code, *[
        (name, type(value), value) for name, value in map(_cell_value, cells) if value != ()
    ]


def _cell_value(cell: tuple[str, Any]) -> tuple[str, Any]:
    """A closure's name ⟶ what it holds, if that is plain and can't change."""
    name, content = cell
    try:
        value = content.cell_contents
    except ValueError:  # it is empty yet
        return name, ()
    return name, value if type(value) in _PLAIN else ()


_PLAIN = (type(None), bool, int, float, str, bytes)
