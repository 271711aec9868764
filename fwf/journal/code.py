"""Has a function's body changed since? A hint for people, which decides nothing."""

from __future__ import annotations

import dis
import sys
from functools import partial
from hashlib import blake2b
from types import CodeType, FunctionType, MethodType
from typing import Any, Final, cast

DIGEST: Final = 16
_LINE: Final = "__firstlineno__"
"""What the body of a class assigns from Python 3.13 on: where it stands."""
_MOST: Final = 100


def code_digest(fn: object) -> str:
    """Function ⟶ a digest of its body; "" for what has none.

    It is another one when the body or a default is, and the same with other comments, docstrings,
    positions and file names. The version of Python stands before it: bytes of another one say
    nothing. Functions that it calls, constants of its module and what it closes over aren't in it;
    the docstring of a class in it is.
    """
    text = _function(fn, 0)
    if text is None:
        return ""
    version = f"{sys.implementation.cache_tag}-{sys.flags.optimize}"
    return f"{version}:{blake2b(text.encode(), digest_size=DIGEST).hexdigest()}"


def _function(fn: Any, depth: int) -> str | None:
    """A function with what it wraps; None for what isn't made of code."""
    if depth > _MOST:
        return None
    if isinstance(fn, partial):
        inner = _function(fn.func, depth + 1)
        return inner and f"{inner} {_constant(fn.args)} {_constants(fn.keywords)}"
    if isinstance(fn, MethodType):
        return _function(fn.__func__, depth + 1)
    if not isinstance(fn, FunctionType):
        return None
    defaults = f"{_constant(fn.__defaults__ or ())} {_constants(fn.__kwdefaults__ or {})}"
    original = getattr(fn, "__wrapped__", None)
    inner = (original is not None and _function(original, depth + 1)) or ""
    return f"{_code(fn.__code__)} {defaults} {inner}"


def _code(code: CodeType) -> str:
    counts = code.co_argcount, code.co_posonlyargcount, code.co_kwonlyargcount, code.co_flags
    names = code.co_names, code.co_varnames, code.co_freevars, code.co_cellvars
    steps = " ".join(_steps(code))
    # The table of exceptions, which Python 3.11 has instead of blocks.
    table = getattr(code, "co_exceptiontable", b"").hex()
    return f"({counts} {names} {steps} {table})"


def _steps(code: CodeType) -> list[str]:
    """Its instructions, with what they load in the place of its number among the constants.

    So a docstring, which is a constant that no instruction loads, isn't in it.
    """
    steps: list[str] = []
    more = 0
    raw = code.co_code
    for at in range(0, len(raw), 2):
        op, argument = raw[at], raw[at + 1] | more
        more = argument << 8 if op == dis.EXTENDED_ARG else 0
        if op == dis.EXTENDED_ARG:
            continue
        if op in dis.hasconst:
            steps.append(f"{op}={_constant(code.co_consts[argument])}")
        elif dis.opname[op] == "STORE_NAME" and code.co_names[argument] == _LINE:
            steps.pop()
        else:
            steps.append(f"{op},{argument}")
    return steps


def _constant(value: Any) -> str:
    """A constant, or a default; of a thing that isn't plain the class alone."""
    kind = cast(Any, type(value))
    if isinstance(value, CodeType):
        return _code(value)
    if isinstance(value, FunctionType):
        return _function(value, _MOST) or "function"
    if kind in (tuple, list):
        return f"{kind.__name__}[{' '.join(map(_constant, value))}]"
    if kind in (set, frozenset):
        return f"{kind.__name__}{{{' '.join(sorted(map(_constant, value)))}}}"
    if kind is dict:
        return _constants(value)
    if kind in (bool, int, float, complex, str, bytes, type(None), type(...)):
        return f"{kind.__name__} {value!a}"
    return f"{kind.__module__}.{kind.__qualname__}"


def _constants(mapping: dict[Any, Any]) -> str:
    return f"dict{{{' '.join(f'{_constant(key)}={_constant(mapping[key])}' for key in mapping)}}}"
