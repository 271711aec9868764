"""Files that a step leaves on its machine: the paths in what it gave."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, Final

from returns.result import Failure, Success

THERE: Final = '"there":true'
"""In the record of a result: all paths in it led to something on this machine."""


def all_there(value: Any, *, within: bool) -> bool:
    """Whether there are paths in a value, and all lead to something.

    within: whether they are looked for in its parts, too, which its type says.
    """
    paths = [*_paths(value, within)]
    return bool(paths) and all(path.exists() for path in paths)


def missing_path(value: Any, *, within: bool) -> Path | None:
    """The first path in a value that leads nowhere."""
    return next((path for path in _paths(value, within) if not path.exists()), None)


def _paths(value: Any, within: bool) -> Iterator[Path]:
    todo = [value]
    while todo:
        part = todo.pop()
        if isinstance(part, Path):
            yield part
        elif within:
            todo.extend(_parts(part))


def _parts(value: Any) -> Iterator[Any]:
    if isinstance(value, Mapping):
        yield from value.keys()
        yield from value.values()
    elif isinstance(value, list | tuple | set | frozenset):
        yield from value
    elif isinstance(value, Success):
        yield value.unwrap()
    elif isinstance(value, Failure):
        yield value.failure()
    else:
        fields: Mapping[str, Any] = getattr(value, "__dataclass_fields__", {})
        yield from (getattr(value, name) for name in fields if hasattr(value, name))
