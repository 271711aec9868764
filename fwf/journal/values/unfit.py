"""Why a value can't be kept in a journal, and what to give instead."""

from __future__ import annotations

import sys
from typing import Any, Final, cast, final

from fwf.printing import elided
from fwf.secrets import Secret, masked
from fwf.types.single_use import read_once

MOST: Final = 16 * 2**20
"""How long a value's JSON may be: a step's record is written, checked and read as one."""
_OTHERWISE: Final = "or run with --journal off"
_PLAIN: Final = (bool, int, float, str, bytes, dict, list, tuple, set, frozenset)
_LIKE: Final = {"bytearray": "bytes", "memoryview": "bytes", "deque": "list", "range": "list"}
_LONGEST: Final = 60


@final
class Unfit(Exception):
    """What a value, or a part of it, is that can't be kept; stays within those who write values.

    `at` is the way to it, the innermost step first.
    """

    def __init__(self, message: str) -> None:
        super().__init__(message)
        self.message = message
        self.at: list[str] = []

    def __str__(self) -> str:
        return masked(f"{''.join(reversed(self.at)) or 'the value'} {self.message}")


def key_step(key: object) -> str:
    """Key of a dictionary ⟶ how the way to what it stands for says it."""
    kind = cast(Any, type(key))
    text = repr(key) if kind in (str, int, bool, type(None)) else f"a {kind.__qualname__}"
    return f"[{elided(text, _LONGEST)}]"


def article(cls: Any) -> str:
    """Class ⟶ how a message names what is of it: `a Money`, `a numpy.int64`."""
    module = str(cls.__module__).partition(".")[0]
    name = f"{module}.{cls.__qualname__}" if module in _FOREIGN else str(cls.__qualname__)
    return f"{'an' if name[0] in 'aeiouAEIOU' else 'a'} {name}"


def would_change(cls: Any, how: str) -> Unfit:
    """What wouldn't come back as it was."""
    return Unfit(f"is {article(cls)} {how}: call fwf.register_codec for the class, {_OTHERWISE}")


def unknown_class(cls: Any, name: str) -> Unfit:
    """What would not be found again, since no task says that it gives such a thing."""
    return Unfit(
        f"is {article(cls)}, and no type that the workflow's tasks declare mentions {name!r}: "
        f"annotate the result of the task with it, call fwf.register_codec where the class is "
        f"defined, {_OTHERWISE}"
    )


def not_plain(value: object) -> Unfit:
    """What is of a class of which nobody knows how it is written down."""
    once = read_once(value)
    if once:
        return Unfit(f"is {once}")
    return Unfit(f"is {article(type(value))}, which a journal can't keep: {_remedy(value)}")


def _remedy(value: object) -> str:
    cls = cast(Any, type(value))
    if isinstance(value, Secret):
        return "have the task that needs the secret take it as a parameter"
    root = str(cls.__module__).partition(".")[0]
    if root in _FOREIGN:
        return f"{_FOREIGN_REMEDY[root](value)}, {_OTHERWISE}"
    base = next((base.__name__ for base in cls.__mro__ if base in _PLAIN), None)
    base = base or _LIKE.get(cls.__qualname__)
    if base is not None:
        return f"write {base}(…) of it, call fwf.register_codec for the class, {_OTHERWISE}"
    if hasattr(cls, "__arrow_c_stream__"):
        return f"write pyarrow.table(…) of it, {_OTHERWISE}"
    return (
        "give plain data, dataclasses or pyarrow tables, or call fwf.register_codec for the class, "
        f"{_OTHERWISE}"
    )


def _of_numpy(value: Any) -> str:
    item = getattr(value, "item", None)
    if getattr(value, "shape", None) == () and callable(item):
        return f"write {type(item()).__name__}(…) of it"
    return "write .tolist() of it, or put it into a pyarrow.table"


def _of_pandas(value: Any) -> str:
    if hasattr(value, "columns"):
        return "write pyarrow.Table.from_pandas(…) of it"
    return "write .to_frame() and pyarrow.Table.from_pandas(…), or .tolist(), of it"


def _of_polars(value: Any) -> str:
    if hasattr(value, "collect"):
        return "write .collect().to_arrow() of it"
    return "write .to_arrow() of it" if hasattr(value, "columns") else "write .to_list() of it"


def _of_pyarrow(value: Any) -> str:
    pyarrow = sys.modules["pyarrow"]
    if isinstance(value, pyarrow.RecordBatch):
        return "write pyarrow.Table.from_batches([…]) of it"
    if hasattr(value, "as_py"):
        return "write .as_py() of it"
    if hasattr(value, "read_all"):
        return "write .read_all() of it"
    return "write .to_pylist() of it, or put it into a pyarrow.table"


_FOREIGN_REMEDY: Final = {
    "numpy": _of_numpy,
    "pandas": _of_pandas,
    "polars": _of_polars,
    "pyarrow": _of_pyarrow,
}
_FOREIGN: Final = frozenset(_FOREIGN_REMEDY)


def too_large(size: int | None = None) -> Unfit:
    """A value of which the JSON is longer than a record may be."""
    amount = "more than 16 MiB" if size is None else f"{size / 2**20:.1f} MiB"
    return Unfit(
        f"has {amount} of JSON, and a journal keeps at most 16 MiB of one value: give a pyarrow "
        f"Table, or write it to a file or a store and give its name, {_OTHERWISE}"
    )


def secret(mask: str) -> Unfit:
    """A value with a secret in it, which must not be written down."""
    return Unfit(
        f"holds the value of {mask}, and secrets are never in a journal: give it without the "
        "secret, which the task that needs it takes as a parameter"
    )


def too_deep(depth: int) -> Unfit:
    """A value that nests too deep, or that holds itself."""
    return Unfit(f"nests more than {depth} levels deep, or holds itself: give it flat")
