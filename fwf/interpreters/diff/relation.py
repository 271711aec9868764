"""Whether two parts have anything to do with each other: one name, one kind, one in the other."""

from collections.abc import Iterator
from typing import Final

from fwf.algebra.nodes import Branch, Graph, Node, Par, Seq, Task
from fwf.algebra.traverse import children
from fwf.interpreters.diff.part_words import core_of, kind_of, name_of

_SEVERAL: Final = (Seq, Par, Branch, Graph)


def related(old: Node, new: Node) -> bool:
    """Whether two parts without layers are worth comparing, rather than one put for the other."""
    if isinstance(old, Task) and isinstance(new, Task):
        return old.name == new.name
    if kind_of(old) == kind_of(new):
        return True
    return same_among(old, new) is not None or same_among(new, old) is not None


def same_among(
    node: Node, several: Node, *, by_name: bool = True, by_kind: bool = True
) -> int | None:
    """Which part of `several` is the node: the equal one, else its namesake, else one like it."""
    if not isinstance(several, _SEVERAL):
        return None
    parts = children(several)
    return next(_same(node, parts, by_name=by_name, by_kind=by_kind), None)


def _same(node: Node, parts: tuple[Node, ...], *, by_name: bool, by_kind: bool) -> Iterator[int]:
    yield from (at for at, part in enumerate(parts) if part.digest == node.digest)
    if by_name and (name := name_of(node)) is not None:
        yield from (at for at, part in enumerate(parts) if name_of(part) == name)
    if by_kind and isinstance(core_of(node), _SEVERAL):
        kind = type(core_of(node))
        yield from (at for at, part in enumerate(parts) if type(core_of(part)) is kind)
