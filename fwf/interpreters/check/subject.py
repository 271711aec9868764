"""The workflow under examination: its places, and two ways of passing over it."""

from collections.abc import Callable, Iterator
from typing import Any, TypeAlias, TypeVar, cast, final

from fwf.algebra.nodes import (
    Always,
    AsResult,
    Extension,
    Fallback,
    InPool,
    Named,
    Node,
    Par,
    Retry,
    Seq,
    Task,
    Timeout,
    WithParams,
)
from fwf.algebra.paths import Paths, Spot
from fwf.algebra.traverse import children, fold
from fwf.algebra.workflow import AnyWorkflow
from fwf.analysis.requirements import Requirements, requirements

R = TypeVar("R")
S = TypeVar("S")
Inward: TypeAlias = Callable[[Node], Node | None]
SILENCE = "silence"
"""The note of a name that says which rules are silent in that part."""


@final
class NodePlace:
    """A node where it stands: what is above it, and which part of that it is.

    Its path is worked out only if there is something to say about it.
    """

    __slots__ = ("above", "at", "node", "spot")

    def __init__(self, node: Node, above: "NodePlace | None" = None, at: int = 0) -> None:
        self.node = node
        self.above = above
        self.at = at
        self.spot: Spot | None = None

    def parts(self) -> "list[NodePlace]":
        """The node's direct parts where they stand."""
        return [NodePlace(part, self, at) for at, part in enumerate(children(self.node))]


@final
class Subject:
    """A workflow, with each distinct node at its first place."""

    __slots__ = ("_at", "_bottom_up", "_ends", "_paths", "journal", "places", "required", "root")

    def __init__(self, w: AnyWorkflow, *, journal: str | None = None) -> None:
        self.root = cast(Node, w)
        self.journal = journal
        """Where its runs are kept, if they are."""
        self.required: Requirements = requirements(w)
        self._paths = Paths()
        self._ends: dict[tuple[Inward, int], Node] = {}
        self._bottom_up: list[tuple[Node, tuple[Node, ...]]] = []
        fold(self._remember, w)
        self.places = [place for place, _ in self.descend(None, lambda node, at, nothing: None)]
        self._at = {id(place.node): place for place in self.places}

    def _remember(self, node: Node, parts: tuple[None, ...]) -> None:
        self._bottom_up.append((node, children(node)))

    def tasks(self) -> Iterator[tuple[NodePlace, Task[Any, Any]]]:
        """The distinct tasks where they first stand."""
        for here in self.places:
            if isinstance(here.node, Task):
                yield here, here.node

    def summaries(self, step: Callable[[Node, tuple[R, ...]], R]) -> dict[int, R]:
        """What a fold says of every distinct node, by its `id`."""
        summaries: dict[int, R] = {}
        for node, parts in self._bottom_up:
            summaries[id(node)] = step(node, tuple([summaries[id(part)] for part in parts]))
        return summaries

    def end(self, inward: Inward, node: Node) -> Node:
        """Where a way inward ends. Each part is passed once for each way, however many ask."""
        steps: list[tuple[Inward, int]] = []
        while (inward, id(node)) not in self._ends:
            steps.append((inward, id(node)))
            below = inward(node)
            if below is None:
                break
            node = below
        end = self._ends.get((inward, id(node)), node)
        self._ends.update(dict.fromkeys(steps, end))
        return end

    def title(self, node: Node) -> str | None:
        """What a reader calls a part by the value it gives: its name, or that of its last task."""
        end = self.end(titled, node)
        return end.name if isinstance(end, Task | Named) else None

    def descend(
        self,
        start: S,
        step: Callable[[Node, int, S], S],
        wanted: Callable[[Task[Any, Any]], bool] | None = None,
    ) -> Iterator[tuple[NodePlace, S]]:
        """Each node with each different thing that it inherits, from the root down.

        `step` says what a node's part inherits: the node, which part, what it inherits itself.
        With `wanted`, only what leads to such tasks. Last what a name silences, so that a part
        which also stands elsewhere is told of there.
        """
        leads = None if wanted is None else self._leading(wanted)
        seen: set[tuple[int, S]] = set()
        todo, quiet = [(NodePlace(self.root), start)], list[tuple[NodePlace, S]]()
        while todo or quiet:
            if not todo:
                todo, quiet = quiet[::-1], []
            here, inherited = todo.pop()
            node = here.node
            if (id(node), inherited) in seen or (leads is not None and not leads[id(node)]):
                continue
            seen.add((id(node), inherited))
            yield here, inherited
            below = [(part, step(node, part.at, inherited)) for part in here.parts()]
            if silences(node):
                quiet.extend(below)
            else:
                todo.extend(reversed(below))

    def _leading(self, wanted: Callable[[Task[Any, Any]], bool]) -> dict[int, bool]:
        """Whether there is a wanted task in a part."""
        return self.summaries(
            lambda node, parts: wanted(node) if isinstance(node, Task) else any(parts)
        )

    def path(self, here: NodePlace) -> str:
        """The path of a node where it stands."""
        return self._paths.path(self._spot(here))

    def path_of(self, node: Node) -> str:
        """The path of a node's first place."""
        return self.path(self._at[id(node)])

    def part_path(self, here: NodePlace, at: int) -> str:
        """The path of a node's part."""
        return self._paths.path(self._paths.child(self._spot(here), here.node, at))

    def word(self, here: NodePlace, otherwise: str) -> str:
        """What a node is called: by the word of the extension whose meaning it is a joint of."""
        if not self._paths.is_joint(self._spot(here)):
            return otherwise
        place = here.above
        while place is not None and not (isinstance(place.node, Extension) and place.node.word):
            place = place.above
        return otherwise if place is None else cast("Extension[Any, Any]", place.node).word

    def _spot(self, here: NodePlace) -> Spot:
        unknown: list[NodePlace] = []
        place: NodePlace | None = here
        while place is not None and place.spot is None:
            unknown.append(place)
            place = place.above
        for each in reversed(unknown):
            above = each.above
            if above is None or above.spot is None:
                each.spot = self._paths.root(self.root)
            else:
                each.spot = self._paths.child(above.spot, above.node, each.at)
        return cast(Spot, here.spot)


def silences(node: Node) -> bool:
    """Whether a node is a name that silences a rule."""
    return isinstance(node, Named) and SILENCE in node.notes


# Ways inward: a node ⟶ which of its parts is next; None at the end


def first(node: Node) -> Node | None:
    """To what takes its value, through chains and what neither repeats nor changes it."""
    if isinstance(node, AsResult):
        return node.body
    return node.parts[0] if isinstance(node, Seq) and node.parts else _unwrapped(node)


def last(node: Node) -> Node | None:
    """To what gives its value, through chains and what neither repeats nor changes it."""
    return node.parts[-1] if isinstance(node, Seq) and node.parts else _unwrapped(node)


def giving(node: Node) -> Node | None:
    """To the task whose value it gives; of several side by side, the first."""
    match node:
        case Par() if node.parts:
            return node.parts[0]
        case Fallback() | Always() | AsResult():
            return node.body
        case _:
            return last(node)


def titled(node: Node) -> Node | None:
    """To the name or the last task that it goes by."""
    match node:
        case Named():
            return None
        case Fallback() | AsResult():
            return node.body
        case _:
            return last(node)


def _unwrapped(node: Node) -> Node | None:
    match node:
        case Retry() | Timeout() | InPool() | WithParams() | Named():
            return node.body
        case Extension():
            return node.meaning
        case _:
            return None
