"""A part of a workflow at its place: found by its path, with all that it inherits from around it.

A path names a place, and not a node: `retry(load)` and the `load` in it stand at one path. What
tells them apart is the part's `id`, a digest of its definition, its path, and what is bound around
it. It is the same as long as the part means the same there, whatever else in the workflow changes.
"""

from __future__ import annotations

import re
from collections.abc import Hashable, Mapping, Sequence
from contextlib import suppress
from itertools import chain, combinations, pairwise, takewhile
from typing import Any, Final, TypeAlias, final

from fwf.algebra.expr import Const
from fwf.algebra.nodes import (
    Always,
    AsResult,
    Extension,
    Fallback,
    Graph,
    InPool,
    LoopUntil,
    MapEach,
    Node,
    Retry,
    Seq,
    Timeout,
    WithParams,
)
from fwf.algebra.paths import SEPARATOR, near_place, untagged
from fwf.algebra.plain_values import digest, encode
from fwf.algebra.traverse import Visit, visit
from fwf.algebra.workflow import AnyWorkflow
from fwf.analysis.identity import definition_digest, expr_plain
from fwf.analysis.wants import open_in
from fwf.machine.fibers import Env, Tries
from fwf.machine.places import Place, Places
from fwf.records import record

Items: TypeAlias = tuple[str | int, ...]
"""The keys of items, or their numbers, and the numbers of rounds that a part is in, the outermost
first."""
_FORM: Final = "fwf part 1"
_STILL: Final = (AsResult, InPool, Retry, Timeout, WithParams)
"""Nodes that the machine doesn't note in places."""
_NAMELESS: Final = (*_STILL, Seq, Graph, Fallback, Always)
"""Nodes at whose path their first part stands, too."""
_TAG: Final = re.compile(r"\[((?:[^\]\\]|\\.)*)\]")
_MOST_ITEMS: Final = 1_000


@final
class NoPart(LookupError):
    """There is no such part in a workflow: which one was asked for, and what is there."""


@final
@record(eq=False)
class Part:
    """What stands at a place of a workflow."""

    visit: Visit
    items: Items = ()

    @property
    def node(self) -> Node:
        """What stands there."""
        return self.visit.node

    @property
    def whole(self) -> Node:
        """The workflow that it is a part of."""
        return self.inward[0].node

    @property
    def static_path(self) -> str:
        """Its path without items and rounds."""
        return self.visit.path

    @property
    def path(self) -> str:
        """Its path, as the machine tells it."""
        return Places(self.whole).path(self.place)

    @property
    def place(self) -> Place:
        """Its place, as the machine notes it."""
        place: Place = None
        items = iter(self.items)
        inward = self.inward
        for above, here in pairwise(inward):
            node = above.node
            if not isinstance(node, _STILL):
                tag = next(items) if isinstance(node, MapEach | LoopUntil) else None
                place = (place, node, here.at, tag)
        return place

    @property
    def id(self) -> str:
        """32 hexadecimal digits that name its definition where it stands."""
        return self.id_by({})

    def id_by(self, digests: dict[Hashable, bytes]) -> str:
        """The same; `digests` keeps those of nodes for the parts that are asked next."""
        own = definition_digest(self.node, digests)
        about = self.static_path, self._bindings(), self._renames(), *self._in_word()
        return digest(encode((_FORM, *about)), own).hex()

    def _in_word(self) -> tuple[int, ...]:
        """Where it stands in what a word is made of, and in which of the words at that path."""
        inward: list[int] = []
        here = self.visit
        while here.around is not None and here.paths.is_joint(here.spot):
            inward.append(here.at)
            here = here.around
        if not inward:
            return ()
        path = self.static_path
        same = takewhile(lambda each: each.path == path, chain((here,), here.enclosing()))
        return (*inward, sum(isinstance(each.node, Extension) for each in same))

    def _bindings(self) -> tuple[object, ...]:
        """The parameters that it takes and that are bound around it; of computed ones just that."""
        params = self.visit.params
        if not params:
            return ()
        names = sorted({want.name for want in open_in(self.node).values() if want.name in params})
        return tuple((name, _plain_binding(params[name])) for name in names)

    def _renames(self) -> tuple[object, ...]:
        """The resources that it takes and that go by other names around it."""
        renames = self.visit.resources
        if not renames:
            return ()
        names = sorted({want.name for want in open_in(self.node).values() if want.name in renames})
        return tuple((name, renames[name]) for name in names)

    @property
    def computed_names(self) -> tuple[str, ...]:
        """The parameters that it takes and that are computed around it, from inputs there."""
        params = self.visit.params
        names = {want.name for want in open_in(self.node).values()}
        own = (name for name in names if not isinstance(params.get(name, _CONST), Const))
        return tuple(sorted(own))

    def env(self, params: Mapping[str, Any], bindings: Mapping[str, Any]) -> Env:
        """What is bound by name there: the run's parameters, and what was computed around it."""
        absent = [name for name in self.computed_names if name not in bindings]
        if absent:
            raise NoPart(
                f"{self.static_path}: the parameter {absent[0]!r} is computed around it, so its "
                "value has to be given in bindings"
            )
        env = Env(params)
        for each in self._around():
            if isinstance(each, WithParams):
                env = env.within(each)
        return env.binding({name: bindings[name] for name in self.computed_names})

    @property
    def pools(self) -> tuple[str, ...]:
        """The pools around it, each once, the outermost first."""
        around = self._around()
        return tuple(dict.fromkeys(each.pool for each in around if isinstance(each, InPool)))

    @property
    def retries(self) -> int:
        """How many retries are around it."""
        return sum(isinstance(each, Retry) for each in self._around())

    def tries(self, numbers: Sequence[int]) -> Tries:
        """The numbers of its attempts in the retries around it; none given is all the first."""
        if numbers and len(numbers) != self.retries:
            raise NoPart(
                f"{self.static_path}: of numbers of attempts {len(numbers)} are given, and of "
                f"retries around it there are {self.retries}: give one of each, the outermost first"
            )
        tries: Tries = None
        for number in numbers or [1] * self.retries:
            tries = tries, number
        return tries

    @property
    def in_finaliser(self) -> bool:
        """Whether it is in a finaliser, which nothing cuts that is around it."""
        inward = self.inward
        pairs = pairwise(inward)
        return any(isinstance(above.node, Always) and here.at == 1 for above, here in pairs)

    @property
    def inward(self) -> list[Visit]:
        """The nodes that it is in, and itself, the outermost first."""
        return [self.visit, *self.visit.enclosing()][::-1]

    def _around(self) -> list[Node]:
        """The nodes that it is in, the outermost first."""
        return [each.node for each in self.inward[:-1]]


_CONST: Final = Const(None)


def _plain_binding(expr: Any) -> object:
    return expr_plain(expr) if isinstance(expr, Const) else ("computed",)


def part_at(w: AnyWorkflow, path: str, items: Items | None = None, *, id: str = "") -> Part:
    """Workflow, path ⟶ the part that stands there; raises `NoPart`.

    items: the items and rounds that it is in; if None, the path has them: `tenants[acme] > load`.
    id: that of the part; without one, of several at one path the outermost that the path is named
        by.
    """
    plain = untagged(path)
    visits = [each for each in _standing(w, plain) if items is None or each.path == path]
    if not visits:
        raise NoPart(f"there is no part {path!r}{_near(w, plain)}")
    parts = _parts_of_id(visits, path, id, {})
    return _with_items_of(parts, path) if items is None else _fitting(parts, items)


def parts_at(w: AnyWorkflow, path: str, id: str, digests: dict[Hashable, bytes]) -> list[Part]:
    """Workflow, path without items and rounds, id ⟶ the parts that are meant; raises `NoPart`.

    There are several where what a word is made of has no path of its own, and one of another
    number of maps and loops. `digests` keeps those of nodes for the parts that are asked next.
    """
    visits = _standing(w, untagged(path))
    if not visits:
        raise NoPart(f"there is no part {path!r}{_near(w, path)}")
    return _parts_of_id(visits, path, id, digests)


def _standing(w: AnyWorkflow, plain: str) -> list[Visit]:
    """All that stands at a path without items and rounds, the outermost first. Explicit stack.

    What is below another path isn't looked at.
    """
    visits: list[Visit] = []
    todo = [visit(w)]
    while todo:
        here = todo.pop()
        if untagged(here.path) == plain:
            visits.append(here)
        todo.extend(part for part in reversed(here.parts()) if _leads(part, plain))
    return visits


def _leads(part: Visit, plain: str) -> bool:
    """Whether what encloses a part is on the way to a path; of what a word is made of it may be."""
    if part.paths.is_joint(part.spot):
        return True
    above = untagged(part.paths.enclosing(part.spot))
    return not above or plain == above or plain.startswith(above + SEPARATOR)


def _parts_of_id(
    visits: list[Visit], path: str, id: str, digests: dict[Hashable, bytes]
) -> list[Part]:
    """The parts of an id among those at a path; without, the one that the path is named by.

    There are several where what a word is made of has no path of its own.
    """
    own = [each for each in visits if not isinstance(each.node, _NAMELESS)]
    usual = Part((own or visits)[0])
    if not id:
        return [usual]
    parts = [each for each in map(Part, visits) if each.id_by(digests) == id]
    if not parts:
        raise NoPart(
            f"{path}: its definition here has the id {usual.id}, and {id} is asked for: it has "
            "changed since; go on with the version of the code that the run began with, or start "
            "the run anew"
        )
    return parts


def _with_items_of(parts: list[Part], path: str) -> Part:
    """The part with the items and rounds that stand in a path; some of its tags are the words'."""
    tags = tuple(_key_of_tag(tag) for tag in _TAG.findall(path))
    for part in parts:
        for items in combinations(tags, len(_spreading(part))):
            with suppress(NoPart):
                match = _fitting([part], items)
                if match.path == path:
                    return match
    return _fitting(parts, tags)


def _spreading(part: Part) -> list[Visit]:
    """The maps and loops around a part, the outermost first."""
    return [each for each in part.inward[:-1] if isinstance(each.node, MapEach | LoopUntil)]


def _fitting(parts: list[Part], items: Items) -> Part:
    """The first part with these items and rounds, if they are as many as it has maps and loops."""
    for part in parts:
        around = _spreading(part)
        if len(around) == len(items):
            fit = tuple(_item(each, item) for each, item in zip(around, items, strict=True))
            return Part(part.visit, fit)
    around = _spreading(parts[0])
    where = ", ".join(each.path for each in around) or "none"
    raise NoPart(
        f"{parts[0].static_path}: of items and rounds {len(items)} are given, and of maps and "
        f"loops around it there are {len(around)} ({where}): give one each, the outermost first"
    )


def _item(around: Visit, item: str | int) -> str | int:
    """An item's key or number, or a round's number, as the machine has it."""
    node = around.node
    if isinstance(node, MapEach) and node.key is not None:
        return str(item)
    least = 0 if isinstance(node, MapEach) else 1
    number = int(item) if str(item).isdecimal() else -1
    if number < least:
        what = "an item goes by its number, from 0" if least == 0 else "a round by its, from 1"
        raise NoPart(f"{around.path}: {item!r} is given, and there {what}")
    return number


def _key_of_tag(tag: str) -> str:
    """What stands between brackets in a path ⟶ the key that it is made of."""
    return re.sub(r"\\(?:x..|u....|U........|.)", _unescape, tag)


def _unescape(match: re.Match[str]) -> str:
    return match[0].encode("ascii").decode("unicode_escape")


def _near(w: AnyWorkflow, path: str) -> str:
    """The place that may have been meant, among the first that there are."""
    there: dict[str, None] = {}
    todo = [visit(w)]
    while todo and len(there) < _MOST_ITEMS:
        here = todo.pop()
        there[here.path] = None
        todo.extend(reversed(here.parts()))
    return near_place(untagged(path), filter(None, there))
