"""Which functions may stand in a workflow: those whose name says what they do.

A function is known by the place where it is defined, `module:qualified.name`. So what is found
there is taken, whatever it is; and else a function defined in another one, if it holds nothing.
"""

import sys
from collections.abc import Callable
from types import BuiltinMethodType, FunctionType, MethodType
from typing import Any

VARARGS, KWARGS, GENERATOR, COROUTINE, ASYNC_GENERATOR = 0x04, 0x08, 0x20, 0x80, 0x200
"""Flags of code objects, as in `inspect.CO_VARARGS`, whose import takes 10 ms."""


def place_of(thing: Any) -> str:
    """Function or class ⟶ where it is defined, as `module:qualified.name`.

    What stands in the program's script has the place that it has where the script is imported, so
    that a run which a script began is gone on with by `fwf run`, and the other way round.
    """
    module, name = _place(thing)
    return f"{_script() if module in _SCRIPT else module}:{name}"


_SCRIPT = "__main__", "__mp_main__"  # the latter in processes of `multiprocessing`


def _script() -> str:
    """The name of the program's script as a module; `__main__` where it is in no file."""
    main = sys.modules.get("__main__")
    spec = getattr(main, "__spec__", None)
    if spec is not None:
        return str(spec.name)
    file = getattr(main, "__file__", None)
    if file is None:
        return "__main__"
    name = str(file).replace("\\", "/").rpartition("/")[2]
    return name.rpartition(".")[0] or name


def _place(thing: Any) -> tuple[str, str]:
    """Methods of built-in classes have no module of their own, but the class has."""
    module = getattr(thing, "__module__", None)
    if module is None:
        owner = getattr(thing, "__objclass__", None) or getattr(thing, "__self__", None)
        module = getattr(owner, "__module__", None)
    return str(module), thing.__qualname__


def named_function(function: object, where: str) -> Callable[[Any], Any]:
    """The function itself; raises `TypeError` if its name doesn't say what it does."""
    name = getattr(function, "__qualname__", None)
    if not callable(function) or isinstance(function, type):
        remedy = "; write a function that calls it" if callable(function) else ""
        complaint = "is not an expression, a workflow or a function"
        raise TypeError(f"{where}: {function!r} {complaint}{remedy}")
    refuse_lambda(name, where)
    flags = getattr(getattr(function, "__code__", None), "co_flags", 0)
    if flags & (GENERATOR | COROUTINE | ASYNC_GENERATOR):
        kind = "async def" if flags & COROUTINE else "a generator"
        raise TypeError(f"{where}: {name} is {kind}; write a def that returns the value")
    there = _value_there(function) if isinstance(name, str) else None
    if there is function or (isinstance(there, _METHODS) and there == function):
        return function
    flaw = _flaw(function, there)
    if flaw:
        refuse_definition(function, where)
        raise TypeError(
            f"{where}: {name or repr(function)} {flaw}, so its name doesn't say what it does; "
            f"{uncalled(function) or _REMEDY}"
        )
    return function


def of_one_value(function: object, where: str) -> Callable[[Any], Any]:
    """A named function that can be called on one value; raises `TypeError` for others.

    Where it is written with def: signatures of others aren't known without `inspect`.
    """
    checked = named_function(function, where)
    if isinstance(function, FunctionType):
        code, by_name = function.__code__, function.__kwdefaults__ or {}
        most = code.co_argcount
        least = most - len(function.__defaults__ or ())
        others = code.co_varnames[most : most + code.co_kwonlyargcount]
        lacking = next((name for name in others if name not in by_name), None)
        if lacking is not None:
            raise TypeError(
                f"{where}: {function.__qualname__} is called on one value, and nothing gives it "
                f"{lacking!r}: write an expression with param({lacking!r}), or a task"
            )
        if least > 1 or not (most or code.co_flags & VARARGS):
            raise TypeError(
                f"{where}: {function.__qualname__} takes {least} arguments, but is called on one "
                "value: let it take the tuple of them, or write a task"
            )
    return checked


_METHODS = (MethodType, BuiltinMethodType)
_REMEDY = "define a function at the top of a module, or write an expression with param(…)"


def refuse_lambda(name: object, where: str) -> None:
    """Raise for the name of a lambda."""
    if isinstance(name, str) and "<lambda>" in name:
        raise TypeError(
            f"{where}: a lambda has no name, so it can't be printed, compared or exported; "
            "write an expression such as it.total > 0, or a function with def"
        )


def refuse_definition(value: Any, where: str) -> None:
    """Raise for a workflow or an expression, which are called in definitions alone."""
    from fwf.algebra.builder import It  # which takes functions itself
    from fwf.algebra.workflow import Workflow

    if isinstance(value, Workflow | It):
        kind = "a workflow" if isinstance(value, Workflow) else "an expression"
        raise TypeError(f"{where}: {value!r} is {kind}; a function with def goes here")


def _value_there(function: Any) -> object:
    """What is at the place where a function says that it is defined."""
    module, name = _place(function)
    value: Any = sys.modules.get(module)
    try:
        for part in name.split("."):
            value = getattr(value, part)
    except Exception:  # whatever somebody's `__getattr__` raises
        return None
    return value


def _flaw(function: Any, there: object) -> str:
    """What a function has in it that its name doesn't say."""
    if not isinstance(function, FunctionType):
        return "is a method of an object" if isinstance(function, _METHODS) else "holds state"
    if function.__closure__:
        return "is a closure"
    if "<locals>" in function.__qualname__:
        defaults = function.__defaults__ or function.__kwdefaults__
        return "is made in another function and has defaults" if defaults else ""
    return "has been defined anew" if isinstance(there, FunctionType) else ""


def uncalled(value: object) -> str:
    """What to write for an expression's method that isn't called, `it.rows.present`; else none."""
    if not isinstance(value, MethodType):
        return ""
    from fwf.algebra.builder import It  # which takes functions itself

    if not isinstance(value.__self__, It):
        return ""
    arguments = "…" if value.__func__.__code__.co_argcount > 1 else ""
    return f"call it: write {value.__self__!r}.{value.__name__}({arguments})"
