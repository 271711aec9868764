"""Which errors `on=` means: their classes or tags ⟶ the tags that are stored and exported."""

from collections.abc import Iterable, Sequence
from typing import Any, TypeAlias, cast

from fwf.faults import tag_of

Error: TypeAlias = type[BaseException] | str
"""An error by its class or its tag."""


def tags(on: Error | Sequence[Error], where: str) -> tuple[str, ...]:
    """Error classes and tags ⟶ their tags, sorted: what `on=` stores, so that it is exported."""
    several: Iterable[object] = (on,) if isinstance(on, str | type) else on
    names: set[str] = set()
    for one in several if _is_iterable(several) else (several,):
        if isinstance(one, str) and one:
            names.add(one)
        elif isinstance(one, type) and issubclass(cast(Any, one), BaseException):
            names.add(tag_of(one))
        else:
            raise TypeError(f"{where}(on={one!r}): needs exception classes or error tags")
    return tuple(sorted(names))


def _is_iterable(value: object) -> bool:
    return isinstance(value, Iterable)
