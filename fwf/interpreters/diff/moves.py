"""What is lost in one place and gained in another: moved; and what then is really lost or new."""

from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence
from typing import Any, Final, final

from fwf.algebra.nodes import Node, Task
from fwf.algebra.parts import visible_parts
from fwf.algebra.traverse import Visit
from fwf.analysis.identity import own_bytes
from fwf.interpreters.diff.matches import MOVED, Edit
from fwf.interpreters.diff.part_words import (
    listed,
    name_of,
    names_of,
    other_keys,
    tasks_in,
    words_of,
)
from fwf.printing import printable
from fwf.records import changed


@final
class Loose:
    """A part that seems to be on one side only, and what of it is found on the other."""

    __slots__ = ("digests", "edit", "part")

    def __init__(self, edit: Edit, part: Visit) -> None:
        self.edit = edit
        self.part = part
        self.digests: list[bytes] = []

    @property
    def is_found(self) -> bool:
        """Whether it is found whole."""
        return self.digests == [self.part.node.digest]


def with_moves(edits: Sequence[Edit]) -> list[Edit]:
    """Edits ⟶ the same with moves recognised, and reasons for what is lost, new or replaced."""
    lost = {id(edit): Loose(edit, edit.was) for edit in edits if edit.was and edit.kind in _LOST}
    gained = {id(edit): Loose(edit, edit.now) for edit in edits if edit.now and edit.kind in _NEW}
    moves = _moves(list(lost.values()), list(gained.values()))
    edits_now: list[Edit] = []
    for edit in edits:
        mine, theirs = lost.get(id(edit)), gained.get(id(edit))
        if mine is None and theirs is None:
            edits_now.append(edit)
        else:
            edits_now += _with_reasons(edit, mine, theirs) + moves[id(edit)]
    return edits_now


_LOST: Final = ("removed", "replaced")
_NEW: Final = ("added", "replaced")


# Moves


def _moves(lost: Sequence[Loose], gained: Sequence[Loose]) -> dict[int, list[Edit]]:
    """By what gained it: the edits that say what has moved there."""
    digests = _digests(loose.part.node for loose in gained)
    here = _outermost(lost, digests.__contains__)
    there = _outermost(gained, here.__contains__)
    moves: defaultdict[int, list[Edit]] = defaultdict(list)
    for digest, places in there.items():
        for (old, was), (new, now) in zip(here[digest], places, strict=False):
            old.digests.append(digest)
            new.digests.append(digest)
            moves[id(new.edit)].append(_move(old, was, new, now))
    return moves


def _digests(parts: Iterable[Node]) -> set[bytes]:
    """Of all that stands in the parts and does work."""
    seen: set[bytes] = set()
    todo = list(parts)
    while todo:
        node = todo.pop()
        if node.digest not in seen:
            seen.add(node.digest)
            todo.extend(visible_parts(node))
    return seen


def _outermost(
    parts: Sequence[Loose], is_wanted: Callable[[bytes], bool]
) -> dict[bytes, list[tuple[Loose, Visit]]]:
    """The outermost wanted parts by their digests; of equal ones in one part, the first."""
    places: defaultdict[bytes, list[tuple[Loose, Visit]]] = defaultdict(list)
    for loose in parts:
        seen: set[bytes] = set()
        todo = [loose.part]
        while todo:
            here = todo.pop()
            digest = here.node.digest
            if digest in seen:
                continue
            seen.add(digest)
            if is_wanted(digest) and (isinstance(here.node, Task) or visible_parts(here.node)):
                places[digest].append((loose, here))
            else:
                todo.extend(reversed(here.arms()))
    return places


def _move(old: Loose, was: Visit, new: Loose, now: Visit) -> Edit:
    """Order among siblings decides when a part runs, or where its result goes."""
    if old.edit.match is new.edit.match and old.part is was and new.part is now:
        return Edit("moved", MOVED, new.edit.match, was=was, now=now)
    reason = f"moved{new.edit.where}{other_keys(now.node)}"
    return Edit("moved", reason, None, was=was, now=now)


# What hasn't moved


def _with_reasons(edit: Edit, mine: Loose | None, theirs: Loose | None) -> list[Edit]:
    """An edit with its reason; none where all of it has moved."""
    lost = None if mine is None or mine.is_found else mine
    gained = None if theirs is None or theirs.is_found else theirs
    if lost is not None and gained is not None:
        return [_replacement(edit, lost.part, gained.part)]
    if lost is not None:
        return [Edit("removed", _reason(lost, "no longer"), edit.match, was=lost.part)]
    if gained is not None:
        return [Edit("added", _reason(gained, "now also"), edit.match, now=gained.part)]
    return []


def _replacement(edit: Edit, was: Visit, now: Visit) -> Edit:
    old, new = was.node, now.node
    if isinstance(old, Task) and isinstance(new, Task) and _alike_but_for_name(old, new):
        names = f"{printable(old.name)} is called {printable(new.name)} now, or is another task"
        reason = f"{names} of the same contract{other_keys(new)}"
        return Edit("renamed", reason, edit.match, was=was, now=now)
    reason = f"was {_name_text(old)}, is now {_name_text(new)}{edit.where}{_datasets(old, new)}"
    return Edit("replaced", reason, edit.match, was=was, now=now)


def _name_text(node: Node) -> str:
    name = name_of(node)
    return words_of(node) if name is None else printable(name)


def _alike_but_for_name(old: Task[Any, Any], new: Task[Any, Any]) -> bool:
    return own_bytes(changed(old, name=new.name)) == own_bytes(new)


def _reason(loose: Loose, often: str) -> str:
    """`now also runs to_crm (writes crm://sales) where it.total > 0`."""
    node, where = loose.part.node, loose.edit.where
    tasks = list(tasks_in(node, loose.digests))
    if tasks:
        return f"{often} runs {names_of(tasks)}{_writes_text(tasks)}{where}"
    return f"{often} {words_of(node)}{where}{' around what has moved' if loose.digests else ''}"


def _writes_text(tasks: Iterable[Task[Any, Any]]) -> str:
    datasets = sorted({printable(each) for task in tasks for each in task.contract.writes})
    return f" (writes {listed(datasets, len(datasets))})" if datasets else ""


def _datasets(old: Node, new: Node) -> str:
    """What one part writes and the other doesn't."""
    mine, theirs = _writes(old), _writes(new)
    more, less = sorted(theirs - mine), sorted(mine - theirs)
    gains = f"; also writes {listed(more, len(more))}" if more else ""
    return f"{gains}; no longer writes {listed(less, len(less))}" if less else gains


def _writes(node: Node) -> set[str]:
    return {printable(each) for task in tasks_in(node) for each in task.contract.writes}
