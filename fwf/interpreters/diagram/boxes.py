"""Which boxes a picture of a workflow has: one a part, the wrappers around it as badges on it."""

from collections import deque
from collections.abc import Iterator
from typing import Any, Final, Literal, NamedTuple, TypeAlias, cast, final

from fwf.algebra.contract import Contract
from fwf.algebra.counts import count_text, total
from fwf.algebra.extensions import Shape
from fwf.algebra.nodes import (
    Always,
    Branch,
    Delay,
    Extension,
    Fail,
    Fallback,
    FromResult,
    Graph,
    InPool,
    LoopUntil,
    MapEach,
    Named,
    Node,
    Par,
    Pure,
    Retry,
    Seq,
    Task,
    Timeout,
)
from fwf.algebra.parts import arms_of, visible_parts
from fwf.algebra.paths import Paths, Spot
from fwf.algebra.traverse import fold, wrapped
from fwf.algebra.workflow import AnyWorkflow
from fwf.display.heads import head, predicate, tag_names
from fwf.printing import printable

MAX_BOXES: Final = 12_000
MAX_DEPTH: Final = 32
MAX_NAMES: Final = 100
"""Boxes in all, boxes in one another, and wrappers that add a name to every path within."""
MAX_ARMS: Final = 60
MAX_BADGES: Final = 6
SMALL: Final = 8
"""What occurs again is drawn again if it has so few boxes, and is referred to if it has more."""

Kind: TypeAlias = Literal[
    "task", "pure", "fail", "delay", "seq", "par", "branch", "graph", "fallback", "always",
    "aside", "again", "more",
]  # fmt: skip
_KINDS: Final[dict[type, Kind]] = {
    Task: "task", Pure: "pure", Fail: "fail", Delay: "delay", Seq: "seq", Par: "par",
    Branch: "branch", Graph: "graph", Fallback: "fallback", Always: "always",
    FromResult: "pure",
}  # fmt: skip
_HOLDERS: Final = frozenset({"seq", "par", "branch", "graph", "fallback", "always", "aside"})
_SHAPES: Final[dict[Shape, Kind]] = {"steps": "graph", "choice": "branch", "aside": "aside"}


class Badge(NamedTuple):
    """A wrapper on the box of what it wraps; `node` is None where it stands for several."""

    node: Node | None
    path: str
    text: str


@final
class Box:
    """A box: what it shows, what the box around it says of it, and the boxes within.

    `hidden` are the tasks that it stands for and doesn't show. Where it lies is found later:
    `x`, `y`, `width` and `height` include its label, and whatever sticks out.
    """

    __slots__ = (
        "badges", "depth", "edges", "height", "hidden", "kind", "label", "lines", "name", "names",
        "node", "parts", "path", "routes", "rows", "spot", "text", "width", "word_at", "x", "y",
    )  # fmt: skip

    def __init__(self, kind: Kind, node: Node, spot: Spot, path: str, text: str) -> None:
        self.kind: Kind = kind
        self.node, self.spot, self.path, self.text = node, spot, path, text
        self.label = self.name = ""
        self.badges: list[Badge] = []
        self.parts: list[Box] = []
        self.edges: list[tuple[int, int, bool]] = []  # from, to (in parts), whether data flows
        self.hidden = self.depth = self.names = 0
        self.rows: list[list[tuple[str, int]]] = []  # of badges: text, width
        self.lines: list[tuple[str, str]] = []  # of text: class, text
        self.word_at: tuple[int, int] = (0, 0)  # of a frame's word: from the left, which row
        self.routes: list[list[tuple[int, int]]] = []  # of edges, seen from (x, y)
        self.x = self.y = self.width = self.height = 0

    def loops(self) -> bool:
        """Whether its work is done again and again."""
        return self._wears(LoopUntil)

    def stacks(self) -> bool:
        """Whether its work is done for each item of a list."""
        return self._wears(MapEach)

    def _wears(self, kind: type[Node]) -> bool:
        return bool(self.badges) and any(isinstance(badge.node, kind) for badge in self.badges)


class _Size(NamedTuple):
    boxes: int
    tasks: int


class _Arm(NamedTuple):
    node: Node
    spot: Spot
    label: str = ""


def boxes(w: AnyWorkflow) -> list[Box]:
    """Workflow ⟶ its boxes as they are written, each before those within.

    At most 12,000 of them, 32 deep: whatever there is more of is counted in `hidden`.
    """
    in_order: list[Box] = []
    todo = [_Boxes(w).boxes[0]]
    while todo:
        in_order.append(todo.pop())
        todo.extend(reversed(in_order[-1].parts))
    return in_order


def outline(root: Box) -> Iterator[tuple[Box, bool]]:
    """Boxes as nested text has them: each when it opens (True) and when it closes."""
    todo = [(root, True)]
    while todo:
        box, opens = todo.pop()
        yield box, opens
        if opens:
            todo.append((box, False))
            todo.extend((part, True) for part in reversed(box.parts))


@final
class _Boxes:
    """Makes boxes level by level, so that a bound leaves the outline and drops what is inside."""

    __slots__ = ("_first", "_paths", "_sizes", "boxes")

    def __init__(self, w: AnyWorkflow) -> None:
        self._paths = Paths()
        self._sizes: dict[int, _Size] = {}
        self._first: dict[int, Box] = {}
        fold(self._measure, w, parts_of=visible_parts)
        root = self._box(_Arm(cast(Node, w), self._paths.root(w)), None)
        self.boxes = [root]
        waiting = deque([root] if root.kind in _HOLDERS else [])
        while waiting:
            box = waiting.popleft()
            parts = self._parts(box, len(waiting) + 1)
            box.parts.extend(parts)
            self.boxes.extend(parts)
            waiting.extend(part for part in parts if part.kind in _HOLDERS)

    def _measure(self, node: Node, parts: tuple[_Size, ...]) -> _Size:
        if not parts:
            size = _Size(1, 1 if isinstance(node, Task) else 0)
        elif wrapped(node) is not None:
            size = parts[0]
        else:
            boxes, tasks = zip(*parts, strict=True)
            size = _Size(total(boxes, own=1), total(tasks))
        self._sizes[id(node)] = size
        return size

    def _box(self, arm: _Arm, around: Box | None) -> Box:
        """The box of a part, with its wrappers on it."""
        node, spot = arm.node, arm.spot
        wrappers: list[tuple[Node, Spot]] = []
        names = around.names if around else 0
        while names <= MAX_NAMES and (body := wrapped(node)) is not None:
            wrappers.append((node, spot))
            names += isinstance(node, Named | MapEach | LoopUntil | Extension)
            spot = self._paths.arms(spot, node)[0]
            node = body
        depth = around.depth + framed(around) if around else 0
        box = self._bare(node, spot, depth, names)
        box.label = arm.label
        if wrappers:
            box.badges = self._badges(wrappers)
        return box

    def _bare(self, node: Node, spot: Spot, depth: int, names: int) -> Box:
        tasks, path = self._sizes[id(node)].tasks, self._paths.path(spot)
        first = self._first.get(id(node))
        if names > MAX_NAMES or (depth > MAX_DEPTH and visible_parts(node)):
            box = Box("more", node, spot, path, f"… {count_text(tasks, 'task')}")
        elif first is not None and self._sizes[id(node)].boxes > SMALL:
            box = Box(
                "again", node, spot, path, f"↑ {name_of(first)} · {count_text(tasks, 'task')}"
            )
        else:
            box = Box(_kind(node), node, spot, path, _text(node))
            self._first[id(node)] = box
        box.hidden = tasks if box.kind in ("again", "more") else 0
        box.depth, box.names = depth, names
        return box

    def _badges(self, wrappers: list[tuple[Node, Spot]]) -> list[Badge]:
        badges = [Badge(node, self._paths.path(spot), badge(node)) for node, spot in (
            wrappers if len(wrappers) <= MAX_BADGES else [*wrappers[:3], *wrappers[-2:]]
        )]  # fmt: skip
        if len(wrappers) > MAX_BADGES:
            badges.insert(3, Badge(None, badges[3].path, f"… {len(wrappers) - 5:,} more"))
        return badges

    def _parts(self, box: Box, waiting: int) -> list[Box]:
        """The boxes in a box; those that there is no room for are one at the end."""
        arms = self._arms(box)
        room = MAX_BOXES - len(self.boxes)
        if len(self.boxes) + self._sizes[id(box.node)].boxes > MAX_BOXES:
            room = max(SMALL, room // waiting) if room > 0 else 1
        shown = len(arms) if len(arms) <= room else room - 1
        parts = [self._box(arm, box) for arm in arms[:shown]]
        if shown < len(arms):
            parts.append(self._rest(arms[shown:]))
        if isinstance(box.node, Graph):
            box.edges = _edges(box.node, shown)
        elif isinstance(box.node, Extension):
            box.edges = [(at, to, True) for at, to in box.node.edges() if to < shown]
        return parts

    def _rest(self, arms: list[_Arm]) -> Box:
        tasks = total(self._sizes[id(arm.node)].tasks for arm in arms)
        node, spot = arms[0].node, arms[0].spot
        text = f"… {len(arms):,} more · {count_text(tasks, 'task')}"
        box = Box("more", node, spot, self._paths.path(spot), text)
        box.hidden = tasks
        return box

    def _arms(self, box: Box) -> list[_Arm]:
        """The parts of a box's node where they stand, with what is said of each."""
        node, spot = box.node, box.spot
        if isinstance(node, Branch):
            return self._row(node, spot)
        arms = [*map(_Arm, visible_parts(node), self._paths.arms(spot, node))]
        if isinstance(node, Extension):
            labels = [printable(arm.label) for arm in arms_of(node)]
            arms = [arm._replace(label=label) for arm, label in zip(arms, labels, strict=True)]
        elif isinstance(node, Fallback):
            on = tag_names(node.on) if node.on else "failure"
            arms[1] = arms[1]._replace(label=f"on {on}")
        elif isinstance(node, Always):
            arms[1] = arms[1]._replace(label="finally")
        return arms

    def _row(self, node: Branch[Any, Any], spot: Spot) -> list[_Arm]:
        """Both arms or, where the second is again a branch, all arms of the whole row."""
        if not isinstance(node.otherwise, Branch):
            then, other = self._paths.child(spot, node, 0), self._paths.child(spot, node, 1)
            return [_Arm(node.then, then, "then"), _Arm(node.otherwise, other, "otherwise")]
        arms: list[_Arm] = []
        rest: Node = node
        while isinstance(rest, Branch) and len(arms) < MAX_ARMS:
            then = self._paths.child(spot, rest, 0)
            arms.append(_Arm(rest.then, then, f"if {predicate(rest.predicate)}"))
            spot, rest = self._paths.child(spot, rest, 1), rest.otherwise
        return [*arms, _Arm(rest, spot, "otherwise")]


def _kind(node: Node) -> Kind:
    """Which box it is; an extension says how its parts hang together."""
    if isinstance(node, Extension):
        return _SHAPES[node.shape] if visible_parts(node) else "pure"
    return _KINDS[type(node)]


def _edges(graph: Graph[Any, Any], limit: int) -> list[tuple[int, int, bool]]:
    """The edges between the steps that are shown, each once."""
    edges: dict[tuple[int, int], bool] = {}
    for to, step in enumerate(graph.steps[:limit]):
        edges.update({(at, to): False for at in step.after if at >= 0})
        edges.update({(at, to): True for at in step.inputs if at >= 0})
    return [(start, to, data) for (start, to), data in edges.items()]


def badge(node: Node) -> str:
    """Wrapper ⟶ what its badge says: short, since there may be many."""
    text = head(node)
    match node:
        case Retry():
            return text.replace("retry(attempts=", "retry ×", 1).replace("wait=", "", 1)[:-1]
        case Timeout() | InPool():
            return text.replace("(", " ", 1)[:-1]
        case LoopUntil():
            return f"↻ {text}"
        case MapEach():
            return f"▤ {text}"
        case _:
            return text


def _text(node: Node) -> str:
    if isinstance(node, Seq) and node.parts:
        return ""
    if isinstance(node, Branch) and not isinstance(node.otherwise, Branch):
        return f"branch {predicate(node.predicate)}"
    return head(node)


def datasets(contract: Contract) -> list[str]:
    """What a task reads, and what it writes: a line for each."""
    both = (("←", contract.reads), ("→", contract.writes))
    return [printable(f"{arrow} {', '.join(sets)}") for arrow, sets in both if sets]


def name_of(box: Box) -> str:
    """What a reader would call a box."""
    names = [badge.node.name for badge in box.badges if isinstance(badge.node, Named)]
    return printable(names[-1]) if names else box.text or "chain"


def title_of(root: Box) -> str:
    """What a whole picture is called: its outermost name, if it has one."""
    names = [badge.node.name for badge in root.badges if isinstance(badge.node, Named)]
    return printable(names[0]) if names else "workflow"


def framed(box: Box) -> bool:
    """Whether a box is drawn as one: a bare chain is just its steps."""
    return box.kind != "seq" or bool(box.badges) or bool(box.text)


def hidden_tasks(boxes: list[Box]) -> int:
    """How many tasks a picture counts without showing them."""
    return total(box.hidden for box in boxes)


def elements(boxes: list[Box]) -> Iterator[Box | Badge]:
    """Boxes ⟶ all that a reader can point at, in the order in which it is drawn."""
    for box in boxes:
        if framed(box):
            yield box
            yield from box.badges
