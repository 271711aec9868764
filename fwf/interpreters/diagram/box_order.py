"""Which box comes after which: the arrows of a picture that other programs lay out."""

from itertools import pairwise
from typing import Final, NamedTuple, final

from fwf.algebra.nodes import LoopUntil, Task
from fwf.interpreters.diagram.boxes import Box, datasets
from fwf.printing import elided

MOST: Final = 80
"""The characters of a line, at most."""


class Arrow(NamedTuple):
    """An arrow from point to point, by name; `dashed` where it is not the usual way of the data."""

    start: str
    end: str
    label: str = ""
    dashed: bool = False


class Point(NamedTuple):
    """What arrows lead to besides boxes: the choice of a branch, or a joint of many arrows."""

    name: str
    choice: bool


class Ends(NamedTuple):
    """Where arrows enter a part and leave it."""

    first: tuple[str, ...]
    last: tuple[str, ...]


@final
class Arrows:
    """The arrows of a picture, in the order in which work goes along them.

    Boxes are called `b0`, `b1`, … as they are written; `points` are those that a box holds
    besides its parts.
    """

    __slots__ = ("_at", "_ends", "arrows", "points")

    def __init__(self, boxes: list[Box]) -> None:
        self._at = {f"b{at}": float(at) for at in range(len(boxes))}
        self._ends: dict[int, Ends] = {}
        self.points: dict[str, list[Point]] = {}
        self.arrows: list[Arrow] = []
        for at in range(len(boxes) - 1, -1, -1):
            box = boxes[at]
            box.name = f"b{at}"
            self._ends[id(box)] = self._with_loop(box, self._enter(box))
        self.arrows.sort(key=lambda arrow: (self._at[arrow.start], self._at[arrow.end]))

    def _enter(self, box: Box) -> Ends:
        """Join the parts of a box by arrows ⟶ its own ends."""
        if not box.parts:
            return Ends((box.name,), (box.name,))
        ends = [self._ends[id(part)] for part in box.parts]
        match box.kind:
            case "seq" | "always":
                for one, other in pairwise(ends):
                    self._join(box, one.last, other.first, dashed=box.kind == "always")
                return Ends(ends[0].first, ends[-1].last)
            case "branch":
                return self._choice(box, ends)
            case "fallback":
                label = box.parts[1].label
                self._join(box, ends[0].last, ends[1].first, label=label, dashed=True)
                return Ends(ends[0].first, ends[0].last + ends[1].last)
            case "graph":
                return self._graph(box, ends)
            case "aside":
                for part, end in zip(box.parts[1:], ends[1:], strict=True):
                    self._join(box, ends[0].last, end.first, label=part.label, dashed=True)
                return ends[0]
            case _:
                return _together(ends)

    def _choice(self, box: Box, ends: list[Ends]) -> Ends:
        name = self._point(box, self._at[box.name], choice=True)
        for part, end in zip(box.parts, ends, strict=True):
            self._join(box, (name,), end.first, label=part.label)
        return Ends((name,), _together(ends).last)

    def _graph(self, box: Box, ends: list[Ends]) -> Ends:
        for start, to, data in box.edges:
            label = box.parts[to].label or box.parts[start].label
            self._join(box, ends[start].last, ends[to].first, label=label, dashed=not data)
        targets, sources = {to for _, to, _ in box.edges}, {start for start, _, _ in box.edges}
        first = [end for at, end in enumerate(ends) if at not in targets]
        last = [end for at, end in enumerate(ends) if at not in sources]
        return Ends(_together(first).first, _together(last).last)

    def _with_loop(self, box: Box, ends: Ends) -> Ends:
        if box.loops():
            last = next(each for each in box.badges if isinstance(each.node, LoopUntil))
            self._join(box, ends.last, ends.first, label=last.text, dashed=True)
        return ends

    def _join(
        self, box: Box, starts: tuple[str, ...], to: tuple[str, ...], *, label: str = "",
        dashed: bool = False,
    ) -> None:  # fmt: skip
        """Arrows from all to all: by way of a joint where they would be many."""
        if len(starts) > 1 and len(to) > 1:
            joint = self._point(box, max(self._at[start] for start in starts) + 0.5)
            self.arrows += [Arrow(start, joint, "", dashed) for start in starts]
            starts = (joint,)
        self.arrows += [Arrow(start, end, label, dashed) for start in starts for end in to]

    def _point(self, box: Box, at: float, *, choice: bool = False) -> str:
        """A point in a box, and where it stands in the order of work."""
        points = self.points.setdefault(box.name, [])
        points.append(Point(f"{'c' if choice else 'j'}{len(points)}_{box.name}", choice))
        self._at[points[-1].name] = at
        return points[-1].name


def label_lines(box: Box) -> list[str]:
    """Box ⟶ what it says, line by line: its badges, its word, what it touches."""
    lines = [" · ".join(badge.text for badge in box.badges), box.text]
    if isinstance(box.node, Task) and box.kind == "task":
        contract = box.node.contract
        lines += [contract.effect or "undeclared", *datasets(contract)]
    return [elided(line, MOST) for line in lines if line]


def kind_of(box: Box) -> str:
    """Box ⟶ the class of its look: a task's effect, or its own kind."""
    if isinstance(box.node, Task) and box.kind == "task":
        return box.node.contract.effect or "undeclared"
    return box.kind


def _together(ends: list[Ends]) -> Ends:
    return Ends(
        tuple(name for end in ends for name in end.first),
        tuple(name for end in ends for name in end.last),
    )
