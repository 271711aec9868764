"""Where the lines of a printed workflow stand: connectors, marks, columns."""

from typing import Any, NamedTuple, cast, final

from fwf.algebra.contract import Contract
from fwf.algebra.nodes import Branch, Graph, Named, Node, Seq, Task
from fwf.algebra.parts import visible_parts
from fwf.algebra.traverse import wrapped
from fwf.algebra.workflow import AnyWorkflow
from fwf.display.heads import head
from fwf.interpreters.pretty.part_lines import Arm, Shape, gist, outputs_of
from fwf.printing import elided, printable

MIN_WIDTH = 24
WIDEST_TREE = 0.5
"""What share of the width the tree may take before effects leave their column."""
LEAST_DATASETS = 16


class PrintedPart(NamedTuple):
    """A part to be printed: what its first line and its further lines begin with."""

    arm: Arm
    lead: str
    rest: str


class TreeLine(NamedTuple):
    """A line: the tree on the left, and the task at its end, if any."""

    left: str
    task: Task[Any, Any] | None = None


@final
class Printer:
    """Prints one workflow. Every distinct part once; explicit stack."""

    __slots__ = (
        "_later", "_lines", "_marks", "_numbers", "_printed",
        "_shape", "_todo", "_waiting", "_width",
    )  # fmt: skip

    def __init__(self, w: AnyWorkflow, width: int) -> None:
        self._width = width
        self._shape = Shape(w)
        self._lines: list[TreeLine] = []
        self._marks: dict[bytes, str] = {}
        self._numbers = 0
        self._printed: set[bytes] = set()
        self._waiting: set[bytes] = set()
        self._later: list[Node] = [cast(Node, w)]
        self._todo: list[PrintedPart] = []

    def text(self) -> str:
        """The whole text: the tree and, below it, what stood too deep in it."""
        for node in self._later:  # grows while it is printed
            if self._lines:
                self._lines.append(TreeLine(""))
            self._waiting.discard(node.digest)
            self._todo.append(PrintedPart(Arm(node), "", ""))
            while self._todo:
                self._print(self._todo.pop())
        return "\n".join(in_columns(self._lines, self._width))

    def _print(self, place: PrintedPart) -> None:
        """One part's own line, and its parts on the stack."""
        node = place.arm.node
        reference = self._reference(node)
        if not reference and len(place.rest) > self._width // 2 and visible_parts(node):
            self._waiting.add(node.digest)
            self._later.append(node)
            reference = self._reference(node)
        if reference:
            self._line(place, [reference])
            return
        self._printed.add(node.digest)
        if isinstance(node, Seq) and node.parts:
            self._chain(place, node)
        else:
            self._wrappers(place, node)

    def _reference(self, node: Node) -> str:
        """What stands for a part that is printed elsewhere; nothing for any other."""
        waits = node.digest in self._waiting
        if not waits and not (node.digest in self._printed and self._shape.shared(node)):
            return ""
        name = self._mark(node) or printable(cast(Named[Any, Any], node).name)
        word = "" if isinstance(node, Named) else f" {self._word(node)}"
        return f"{'↓' if waits else '↑'} {name}{word}"

    def _mark(self, node: Node) -> str:
        """`(1)`; nothing for a part whose own name says which it is."""
        if node.digest not in self._marks:
            unique = isinstance(node, Named) and self._shape.names[node.name] == 1
            self._numbers += not unique
            self._marks[node.digest] = "" if unique else f"({self._numbers})"
        return self._marks[node.digest]

    def _marked_word(self, node: Node) -> str:
        """A part's word, with its mark in front if it is referred to."""
        referred = self._shape.shared(node) or node.digest in self._marks
        mark = self._mark(node) if referred else ""
        return f"{mark} {self._word(node)}" if mark else self._word(node)

    def _word(self, node: Node) -> str:
        match node:
            case Branch():
                return self._shape.word_of_branch(node)
            case Graph() if node.steps:
                return f"graph → {outputs_of(node)}"
            case Seq() if node.parts:
                return gist(node)
            case _:
                return head(node)

    def _chain(self, place: PrintedPart, node: Seq[Any, Any]) -> None:
        """The steps of a chain, below its label if it has one, else from its own line on."""
        arm, steps = place.arm, self._shape.arms(node)
        mark = self._marked_word(node).removesuffix(gist(node)).strip()
        text = " ".join(filter(None, (arm.label.rstrip(": "), mark)))
        if text or arm.source:
            self._line(place._replace(arm=arm._replace(label="")), [text])
            self._below(steps, place.rest, "▸")
        elif len(steps) == 1:
            self._todo.append(place._replace(arm=steps[0]))
        else:
            self._below(steps, place.rest[:-1], "▸")
            lead = place.lead[:-1] + "┬▸ " if place.lead else "┌▸ "
            self._todo.append(self._todo.pop()._replace(lead=lead))

    def _wrappers(self, place: PrintedPart, node: Node) -> None:
        """A part's word, and those of what it wraps as far as there is room; then its parts."""
        words = [self._marked_word(node)]
        room = self._width - sum(
            map(len, (place.lead, place.arm.label, place.arm.source, words[0]))
        )
        while (body := wrapped(node)) is not None:
            reference = self._reference(body)
            if not reference and isinstance(body, Seq) and body.parts:
                break
            words.append(reference or self._marked_word(body))
            room -= len(words[-1]) + len(" ─ ")
            if room < 0:
                words.pop()
                break
            if reference:
                self._line(place, words)
                return
            self._printed.add(body.digest)
            node = body
        self._line(place, words, node if isinstance(node, Task) else None)
        self._parts(node, place.rest)

    def _parts(self, node: Node, rest: str) -> None:
        """What stands below a line; the chain in a wrapper hangs right below the wrapper."""
        arms = self._shape.arms(node)
        if wrapped(node) is not None and self._shape.hangs(arms[0].node):
            self._below(self._shape.arms(arms[0].node), rest, "▸")
        else:
            self._below(arms, rest, "─")

    def _below(self, arms: list[Arm], prefix: str, connector: str) -> None:
        last = len(arms) - 1
        for at in range(last, -1, -1):
            corner, bar = ("└", " ") if at == last else ("├", "│")
            place = PrintedPart(arms[at], f"{prefix}{corner}{connector} ", f"{prefix}{bar}  ")
            self._todo.append(place)

    def _line(
        self, place: PrintedPart, words: list[str], task: Task[Any, Any] | None = None
    ) -> None:
        arm = place.arm
        self._lines.append(
            TreeLine(f"{place.lead}{arm.label}{' ─ '.join(words)}{arm.source}".rstrip(), task)
        )


def in_columns(lines: list[TreeLine], width: int) -> list[str]:
    """Lines ⟶ their texts, the tasks' effects and datasets in columns, none wider than `width`."""
    tasks = [(len(line.left), line.task.contract) for line in lines if line.task is not None]
    effects = max((len(contract.effect or "") for _, contract in tasks), default=0)
    datasets = max((len(_datasets(contract)) for _, contract in tasks), default=0)
    most = max(int(width * WIDEST_TREE), width - effects - datasets - 4)
    column = max((end for end, _ in tasks if end <= most), default=0) + 2
    return [_fit(line, column, effects, width) for line in lines]


def _fit(line: TreeLine, column: int, effects: int, width: int) -> str:
    """A line with what there is room for; in the columns unless its tree is too wide for them."""
    left = elided(line.left, width)
    if line.task is None:
        return left
    contract = line.task.contract
    aligned = len(left) + 2 <= column
    effect = (contract.effect or "").ljust(effects if aligned else 0)
    text = left.ljust(column - 2) + "  " + effect
    if len(text.rstrip()) > width:
        return left
    datasets, room = _datasets(contract), width - len(text) - 2
    if room >= min(len(datasets), LEAST_DATASETS):
        text += "  " + elided(datasets, room)
    return text.rstrip()


def _datasets(contract: Contract) -> str:
    reads, writes = contract.reads, contract.writes
    parts = [f"← {', '.join(reads)}"] if reads else []
    return printable(" ".join([*parts, f"→ {', '.join(writes)}"] if writes else parts))
