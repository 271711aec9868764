"""What is an engine's printer told, and what does it write?"""

from collections.abc import Callable, Mapping
from typing import Any, TypeAlias, final

from pyrsistent import pmap

from fwf.interpreters.engines.cut import Cut
from fwf.records import record


@final
@record()
class ExportRequest:
    """What is exported.

    target: what the worker imports, as `module:attribute`; name: what people call it; pools: the
        sizes of pools that its module has.
    """

    target: str
    name: str
    pools: Mapping[str, Any] = pmap()


@final
@record()
class ExportFiles:
    """What an export writes: texts by the names of their files, and what to do with them.

    `commands` are for people, in their order.
    """

    files: Mapping[str, str]
    commands: tuple[str, ...] = ()


def is_importable(target: str) -> bool:
    """Whether a target is `module:attribute`, of identifiers, that others may import."""
    module, _, attribute = target.partition(":")
    return all(part.isidentifier() for part in [*module.split("."), attribute])


def check_importable(target: str, who: str) -> None:
    """Raises `ValueError` unless whoever runs an engine's task there may be able to import it."""
    if not is_importable(target):
        raise ValueError(
            f"{target!r} is nothing that {who} can import: name the workflow as module:attribute"
        )


Printer: TypeAlias = Callable[[Cut, ExportRequest], ExportFiles]
"""Writes a cut in an engine's language."""
